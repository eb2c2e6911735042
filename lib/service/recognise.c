#include "service/recognise.h"

#include "base/clock.h"
#include "remote/recognise.h"
#include "service/access.h"
#include "service/forms.h"
#include "service/looks.h"
#include "service/match.h"
#include "store/bills.h"
#include "store/contents.h"
#include "wire/decode.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PICTURE_WIDTH = 2480, PICTURE_HEIGHT = 3508 }; /* A4 at 300 dpi */

typedef struct work_t {
    fpi_app_t *app;
    fpi_task_t *task;
    const char *sha256, *client_id;
    int64_t bill_id;
    const fpi_enterprise_t *enterprise;
    fpi_content_t *content;
    fpi_json_t *evidence;        /* array: what the cloud said */
    const char *refused;         /* its words, when it would not */
    const char *unread;          /* sums that it said and that can't be read */
    const char *left_out;        /* members of its answer that are no invoices */
} work_t;

/* ---- what it is about ---- */

static fpi_err_t *tx_content(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    work_t *work = baton;

    return fpi_content_find(&work->content, tx, work->sha256, task);
}

static fpi_err_t *read_payload(work_t *work, const fpi_job_t *job)
{
    fpi_json_t *payload;

    FPI_TRY(fpi_json_parse(&payload, job->payload, strlen(job->payload), work->task));
    FPI_TRY(fpi_json_get_text(&work->sha256, payload, "sha256", FPI_SHA256_HEX, work->task));
    FPI_TRY(fpi_json_get_text(&work->client_id, payload, "client_id", 200, work->task));
    return fpi_json_find_int(&work->bill_id, payload, "bill", 0, 0, INT64_MAX, work->task);
}

static fpi_err_t *parse_doc(fpi_json_t **doc, const fpi_content_t *content, fpi_task_t *task)
{
    return fpi_json_parse(doc, content->doc, strlen(content->doc), task);
}

/* Nothing to ask: the content is gone or can't be read, its answer is there, or the enterprise was taken away. */
static fpi_err_t *find_work(bool *is_due, work_t *work)
{
    fpi_json_t *doc, *cloud;

    *is_due = false;
    work->enterprise = fpi_people_find(work->app, work->client_id, work->task);
    FPI_TRY(fpi_store_read(work->app->store, tx_content, work, work->task));
    if (!work->enterprise || !work->enterprise->is_enabled || work->enterprise->tenant != work->task->tenant
        || !work->content || work->content->state != FPI_CONTENT_LOOKED) {
        return NULL;
    }
    FPI_TRY(parse_doc(&doc, work->content, work->task));
    cloud = fpi_json_find(doc, "cloud");
    *is_due = !cloud || fpi_json_find(cloud, "refused");
    return NULL;
}

/* ---- the cloud's words as evidence ---- */

/* The answer is paid for: what can't be read of it is told, and no reason to ask again. */
static void note(const char **notes, const char *text, fpi_task_t *task)
{
    enum { ENOUGH = 500 };

    if (!*notes || strlen(*notes) < ENOUGH) {
        *notes = apr_pstrcat(task->pool, *notes ? *notes : "", *notes ? "; " : "", text, NULL);
    }
}

/* A member that is nothing that we keep counts as not said. */
static const char *said(const fpi_json_t *object, const char *name, size_t most, fpi_task_t *task)
{
    const char *value = NULL;

    return fpi_form_find(&value, object, name, most, task) ? NULL : value;
}

static void put_money(fpi_json_t *fields, const char *name, bool has, int64_t fen, fpi_task_t *task)
{
    if (has) {
        fpi_json_put_fen(fields, name, fen, task);
    }
}

static fpi_json_t *fields_of(const fpi_invoice_t *invoice, const char *check_code, fpi_task_t *task)
{
    fpi_json_t *fields = fpi_json_make_object(task);

    fpi_json_put_text(fields, "number", invoice->number);
    fpi_json_put_text(fields, "code", invoice->code);
    fpi_json_put_text(fields, "date", invoice->date);
    put_money(fields, "net", invoice->has_net, invoice->net, task);
    put_money(fields, "tax", invoice->has_tax, invoice->tax, task);
    put_money(fields, "gross", invoice->has_gross, invoice->gross, task);
    fpi_json_put_text(fields, "check_code", check_code);
    fpi_json_put_text(fields, "seller_name", invoice->seller_name);
    fpi_json_put_text(fields, "seller_tax_no", invoice->seller_tax_no);
    fpi_json_put_text(fields, "buyer_name", invoice->buyer_name);
    fpi_json_put_text(fields, "buyer_tax_no", invoice->buyer_tax_no);
    fpi_json_put_text(fields, "serial_no", invoice->serial_no);
    if (invoice->check_status) {
        fpi_json_put_text(fields, "check_status", apr_psprintf(task->pool, "%" APR_INT64_T_FMT, invoice->check_status));
    }
    return fields;
}

static fpi_json_t *line_of(const fpi_json_t *item, fpi_task_t *task)
{
    static const struct {
        const char *ours, *theirs;
    } names[] = { { "name", "goodsName" }, { "spec", "specModel" },  { "unit", "unit" },    { "quantity", "num" },
                  { "price", "unitPrice" }, { "net", "detailAmount" }, { "rate", "taxRate" }, { "tax", "taxAmount" } };

    fpi_json_t *line = fpi_json_make_object(task);

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        fpi_json_put_text(line, names[i].ours, said(item, names[i].theirs, 500, task));
    }
    return line;
}

static fpi_json_t *lines_of(const fpi_json_t *object, fpi_task_t *task)
{
    fpi_json_t *items = fpi_json_find(object, "items"), *lines = NULL;

    for (size_t i = 0; fpi_json_is_array(items) && i < fpi_json_size(items) && i < FPI_EVIDENCE_MAX; i++) {
        lines = lines ? lines : fpi_json_make_array(task);
        if (fpi_json_is_object(fpi_json_at(items, i))) {
            fpi_json_add(lines, line_of(fpi_json_at(items, i), task));
        }
    }
    return lines;
}

static void note_unread(work_t *work, const fpi_invoice_t *invoice)
{
    const char *sums = fpi_form_unread_sums(invoice, work->task);

    if (sums) {
        note(&work->unread,
             apr_pstrcat(work->task->pool, invoice->number ? invoice->number : "without number", ": ", sums, NULL), work->task);
    }
}

static fpi_err_t *add_invoice(work_t *work, const fpi_json_t *object, int64_t page)
{
    fpi_task_t *task = work->task;
    fpi_json_t *evidence = fpi_json_make_object(task), *lines = lines_of(object, task);
    fpi_invoice_t invoice;

    FPI_TRY(fpi_form_read_invoice(&invoice, object, task));
    note_unread(work, &invoice);
    fpi_json_put_text(evidence, "source", fpi_source_name(FPI_SOURCE_CLOUD));
    fpi_json_put_int(evidence, "page", page);
    fpi_json_put_int(evidence, "type", invoice.type);
    fpi_json_put(evidence, "fields", fields_of(&invoice, said(object, "checkCode", 100, task), task));
    if (lines) {
        fpi_json_put(evidence, "lines", lines);
    }
    fpi_json_add(work->evidence, evidence);
    return NULL;
}

static fpi_err_t *ask(work_t *work, const char *type, const void *data, size_t len, int64_t page)
{
    fpi_recognition_t answer;

    FPI_COUNT(work->app, recognised, 1);
    FPI_TRY(fpi_cloud_recognise(&answer, work->app->cloud, work->enterprise, type, data, len, work->task));
    if (!answer.invoices) {
        work->refused = answer.words;
        return NULL;
    }
    for (size_t i = 0; i < fpi_json_size(answer.invoices) && i < FPI_FOUND_MAX; i++) {
        fpi_err_t *err = add_invoice(work, fpi_json_at(answer.invoices, i), page);

        if (err) {
            note(&work->left_out, apr_psprintf(work->task->pool, "member %d, %s", (int)i + 1, fpi_err_public(err, "en")),
                 work->task);
        }
    }
    return NULL;
}

/* ---- whole, or page by page ---- */

static const char *type_taken(fpi_media_t media)
{
    switch (media) {
    case FPI_MEDIA_PDF: case FPI_MEDIA_OFD: case FPI_MEDIA_JPEG: case FPI_MEDIA_PNG:
        return fpi_media_info(media)->extension;
    default:
        return NULL;
    }
}

static fpi_err_t *read_all(char **out, int fd, int64_t size, fpi_task_t *task)
{
    int64_t at = 0;

    *out = apr_palloc(task->pool, (apr_size_t)size + 1);
    while (at < size) {
        ssize_t n = pread(fd, *out + at, (size_t)(size - at), at);

        if (n == 0 || (n < 0 && errno != EINTR)) {
            return fpi_fail(task, FPI_E_STORE, "a blob can't be read");
        }
        at += n > 0 ? n : 0;
    }
    return NULL;
}

static fpi_err_t *put_piece(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    return fpi_buf_put(baton, data, len) ? NULL
                                         : fpi_fail(task, FPI_E_TOO_LARGE, "a page's picture is larger than the cloud takes");
}

static fpi_err_t *ask_page(work_t *work, int fd, fpi_media_t source, int page)
{
    fpi_picture_t want = { page, PICTURE_WIDTH, PICTURE_HEIGHT, 0 };
    fpi_buf_t *picture = fpi_buf_make(work->task->pool, FPI_RECOGNISE_MOST);
    fpi_decoder_t *decoder;
    fpi_media_t media;

    FPI_TRY(fpi_app_decoder(&decoder, work->app, work->task));
    FPI_TRY(fpi_decode_render(&media, decoder, fd, source, &want, put_piece, picture, work->task));
    return ask(work, fpi_media_info(media)->extension, picture->data, picture->len, page);
}

/* What a page took is given back; what the cloud said of it is held by the list of evidence. */
static fpi_err_t *ask_pages(work_t *work, int fd, fpi_media_t source)
{
    int64_t pages = work->content->pages > 0 ? work->content->pages : 1;
    fpi_task_t *task = work->task, turn = *task;
    fpi_err_t *err = NULL;

    apr_pool_create(&turn.pool, task->pool);
    work->task = &turn;
    for (int page = 1; page <= pages && page <= FPI_RECOGNISE_PAGES && !err; page++) {
        err = fpi_task_is_over(task) ? fpi_fail(task, FPI_E_GONE, "called off") : ask_page(work, fd, source, page);
        err = fpi_err_copy(task->pool, err);
        work->refused = work->refused ? apr_pstrdup(task->pool, work->refused) : NULL;
        work->unread = work->unread ? apr_pstrdup(task->pool, work->unread) : NULL;
        work->left_out = work->left_out ? apr_pstrdup(task->pool, work->left_out) : NULL;
        apr_pool_clear(turn.pool);
    }
    work->task = task;
    return err;
}

static fpi_err_t *ask_all(work_t *work)
{
    const char *type;
    fpi_media_t media;
    int64_t size;
    char *data;
    int fd;

    work->evidence = fpi_json_make_array(work->task);
    FPI_TRY(fpi_look_open(&fd, &size, &media, work->app, work->sha256, work->task));
    type = type_taken(media);
    if (!type || size > FPI_RECOGNISE_MOST) {
        return ask_pages(work, fd, media);
    }
    FPI_TRY(read_all(&data, fd, size, work->task));
    return ask(work, type, data, (size_t)size, work->content->pages == 1 ? 1 : 0);
}

/* ---- keeping the answer ---- */

static fpi_json_t *answer_of(const work_t *work)
{
    fpi_json_t *cloud = fpi_json_make_object(work->task);

    fpi_json_put_int(cloud, "asked", fpi_clock_now());
    fpi_json_put_text(cloud, "client_id", work->client_id);
    fpi_json_put(cloud, "evidence", work->evidence);
    if (work->refused && !fpi_json_size(work->evidence)) {
        fpi_json_put_text(cloud, "refused", work->refused);
    }
    return cloud;
}

static fpi_err_t *tell_bill(const work_t *work, fpi_tx_t *tx, const char *text, fpi_task_t *task)
{
    fpi_bill_t *bill;

    FPI_TRY(fpi_bill_find_by_id(&bill, tx, task->tenant, work->bill_id, task));
    return bill ? fpi_trail_add(tx, bill, "recognise", text, NULL, task) : NULL;
}

static const char *outcome_of(const work_t *work, fpi_task_t *task)
{
    int count = (int)fpi_json_size(work->evidence);

    if (!count && work->refused) {
        return apr_psprintf(task->pool, "the cloud did not recognise content %.12s: %s", work->sha256, work->refused);
    }
    return apr_psprintf(task->pool, "the cloud was asked about content %.12s: %d invoices%s%s%s%s", work->sha256, count,
                        work->unread ? "; sums that can't be read: " : "", work->unread ? work->unread : "",
                        work->left_out ? "; left out, as it can't be read: " : "", work->left_out ? work->left_out : "");
}

static fpi_err_t *tx_keep(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    work_t *work = baton;
    fpi_json_t *doc;

    FPI_TRY(tx_content(tx, work, task));
    if (!work->content || work->content->state != FPI_CONTENT_LOOKED) {
        return NULL;
    }
    FPI_TRY(parse_doc(&doc, work->content, task));
    fpi_json_put(doc, "cloud", answer_of(work));
    work->content->doc = fpi_json_format(doc, false, task);
    FPI_TRY(fpi_content_tell(work->content, tx, task));
    FPI_TRY(fpi_look_told(tx, work->sha256, task));
    return tell_bill(work, tx, outcome_of(work, task), task);
}

static fpi_err_t *tx_unanswered(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const work_t *work = baton;

    return fpi_match_unanswered(tx, work->sha256, task);
}

fpi_err_t *fpi_recognise_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    work_t *work = apr_pcalloc(task->pool, sizeof(*work));
    fpi_err_t *err;
    bool is_due;

    work->app = app;
    work->task = task;
    FPI_TRY(read_payload(work, job));
    FPI_TRY(find_work(&is_due, work));
    if (!is_due) {
        return NULL;
    }
    err = ask_all(work);
    if (!err) {
        return fpi_store_write(app->store, tx_keep, work, task);
    }
    if (job->attempts == FPI_RECOGNISE_PATIENCE) {
        FPI_TRY(fpi_store_write(app->store, tx_unanswered, work, task));
    }
    return err;
}

/* ---- given up ---- */

typedef struct parking_t {
    work_t *work;
    const char *why;
} parking_t;

static fpi_err_t *tx_park(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    parking_t *parking = baton;

    FPI_TRY(tell_bill(parking->work, tx,
                      apr_psprintf(task->pool, "asking the cloud about content %.12s was given up: %s",
                                   parking->work->sha256, parking->why),
                      task));
    return fpi_match_unanswered(tx, parking->work->sha256, task);
}

void fpi_recognise_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    work_t *work = apr_pcalloc(task->pool, sizeof(*work));
    parking_t parking = { work, fpi_err_chain(task->pool, why) };
    fpi_err_t *err;

    work->task = task;
    err = read_payload(work, job);
    err = err ? err : fpi_store_write(app->store, tx_park, &parking, task);
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "a parked recognition could not be noted on its bill");
    }
}
