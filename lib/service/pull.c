#include "service/pull.h"

#include "service/access.h"
#include "service/attach.h"
#include "service/events.h"
#include "service/fetch.h"
#include "service/looks.h"
#include "service/match.h"
#include "service/pull_own.h"
#include "store/bills.h"
#include "store/people.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

enum { FILES_MAX = 5000, FAILURES_MAX = 3, REFUSALS_TOLD = 20 };

/* ---- what it is about ---- */

static fpi_err_t *read_payload(fpi_pulling_t *pull, const fpi_job_t *job)
{
    fpi_json_t *doc;

    FPI_TRY(fpi_json_parse(&doc, job->payload, strlen(job->payload), pull->task));
    FPI_TRY(fpi_json_find_int(&pull->bill_id, doc, "bill", 0, 0, INT64_MAX, pull->task));
    return fpi_json_find_int(&pull->push_id, doc, "push", 0, 0, INT64_MAX, pull->task);
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_pulling_t *pull = baton;

    FPI_TRY(fpi_bill_find_by_id(&pull->bill, tx, task->tenant, pull->bill_id, task));
    if (!pull->bill) {
        return fpi_fail(task, FPI_E_ABSENT, "bill %" APR_INT64_T_FMT " is gone", pull->bill_id);
    }
    FPI_TRY(fpi_push_find(&pull->push, tx, pull->push_id, task));
    FPI_TRY(fpi_setting_find(&pull->path, tx, task->tenant, FPI_PULL_SETTING, task));
    return fpi_files_list(&pull->files, &pull->file_count, tx, task->tenant, pull->bill_id, FILES_MAX, task);
}

/* ---- files, one at a time, each durable by itself ---- */

const char *fpi_pull_origin(const fpi_link_t *link, fpi_task_t *task)
{
    const char *place = fpi_file_place(link->url, task->pool);

    return link->url[strlen(place)] == '\0'
               ? place
               : apr_psprintf(task->pool, "%s#%.16s", place, fpi_sha256_hex(link->url, strlen(link->url), task));
}

static bool is_of(const fpi_file_t *file, const fpi_link_t *link, const char *origin)
{
    if (file->kind != link->kind) {
        return false;
    }
    return link->hash ? strcasecmp(link->hash, file->sha256) == 0 : file->origin && strcmp(file->origin, origin) == 0;
}

/* The bytes that the bill has of the link already, those that came last; NULL: none. */
static const char *find_there(const fpi_pulling_t *pull, const fpi_link_t *link, const char *origin)
{
    const fpi_file_t *found = NULL;

    for (int i = 0; i < pull->file_count; i++) {
        const fpi_file_t *file = &pull->files[i];

        if (is_of(file, link, origin) && (!found || file->created > found->created)) {
            found = file;
        }
    }
    return found ? found->sha256 : NULL;
}

typedef struct storing_t {
    fpi_pulling_t *pull;
    fpi_file_t file;
    bool is_new;
} storing_t;

static fpi_err_t *tx_file(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    storing_t *s = baton;
    fpi_state_t to;

    /* it may have been voided or locked while the file was on its way */
    FPI_TRY(fpi_bill_find_by_id(&s->pull->bill, tx, task->tenant, s->file.bill, task));
    FPI_TRY(fpi_attach_refuse_locked(s->pull->bill, FPI_ACT_PUSH, task));
    FPI_TRY(fpi_bill_move(&to, s->pull->bill, FPI_ACT_PUSH, task));
    FPI_TRY(fpi_file_put(&s->file, &s->is_new, tx, task));
    if (!s->is_new) {
        return NULL;
    }
    FPI_TRY(fpi_bill_raise_version(s->pull->bill, tx, task));
    FPI_TRY(fpi_look_put(NULL, tx, s->file.tenant, s->file.sha256, task));
    return fpi_trail_add(tx, s->pull->bill, "file",
                         apr_psprintf(task->pool, "%s %s stored, %" APR_INT64_T_FMT " bytes, sha256 %s",
                                      fpi_kind_name(s->file.kind), s->file.name, s->file.size, s->file.sha256),
                         NULL, task);
}

static fpi_err_t *store_file(fpi_pulling_t *pull, fpi_link_t *link, const char *origin, const fpi_fetched_t *got)
{
    storing_t s = { .pull = pull };
    const fpi_media_info_t *media = fpi_media_info(got->media);
    const char *name = link->name ? link->name : strrchr(fpi_file_place(origin, pull->task->pool), '/') + 1;

    if (!strrchr(name, '.')) {
        name = apr_pstrcat(pull->task->pool, name, ".", media->extension, NULL);
    }
    s.file.tenant = pull->bill->tenant;
    s.file.bill = pull->bill_id;
    s.file.kind = link->kind;
    s.file.name = fpi_file_take_name(name, "file", pull->task->pool);
    s.file.sha256 = apr_pstrdup(pull->task->pool, got->sha256);
    s.file.media = media->type;
    s.file.size = got->size;
    s.file.source = "push";
    s.file.origin = origin;
    FPI_COUNT(pull->app, files_fetched, 1);
    FPI_TRY(fpi_store_write(pull->app->store, tx_file, &s, pull->task));
    link->got = s.file.sha256;
    pull->fetched += s.is_new;
    return NULL;
}

static void note_refusal(fpi_pulling_t *pull, const fpi_link_t *link, const fpi_err_t *err)
{
    fpi_task_t *task = pull->task;

    fpi_log_err(task, FPI_M_FETCH_REFUSED, err, "file of bill %s", pull->bill->number);
    if (++pull->refused <= REFUSALS_TOLD) {
        pull->refusals = apr_pstrcat(task->pool, pull->refusals ? pull->refusals : "", pull->refusals ? "; " : "",
                                     link->name ? link->name : fpi_file_place(link->url, task->pool), ": ",
                                     fpi_err_chain(task->pool, err), NULL);
    }
}

/* A file that can't be had is told in the timeline; one that may come later is a failure. */
static fpi_err_t *fetch_one(fpi_pulling_t *pull, fpi_link_t *link)
{
    const char *origin = fpi_pull_origin(link, pull->task);
    fpi_fetched_t got;
    fpi_err_t *err;

    link->got = find_there(pull, link, origin);
    if (link->got) {
        return NULL;
    }
    err = fpi_fetch(&got, pull->app, link->url, pull->task);
    if (!err) {
        return store_file(pull, link, origin, &got);
    }
    if (fpi_code_info(err->code)->retry != FPI_RETRY_CALLER) {
        return fpi_wrap(pull->task, err, "fetching %.200s", fpi_file_place(link->url, pull->task->pool));
    }
    note_refusal(pull, link, err);
    return NULL;
}

/* One that may come later fails the run, but holds up no other: they have their turn first, unless all seem to fail. */
static fpi_err_t *fetch_all(fpi_pulling_t *pull)
{
    fpi_err_t *late = NULL;
    int failures = 0;

    for (int i = 0; i < pull->links->nelts && failures < FAILURES_MAX; i++) {
        fpi_err_t *err = fetch_one(pull, &APR_ARRAY_IDX(pull->links, i, fpi_link_t));

        late = late ? late : err;
        failures = err ? failures + 1 : 0;
    }
    return late;
}

/* ---- the end ---- */

/* Of what is new or changed, so that repeats say nothing. */
static void note_invoice(fpi_pulling_t *pull, int i, fpi_task_t *task)
{
    const fpi_invoice_t *invoice = &pull->invoices[i];
    const char *sums = fpi_form_unread_sums(invoice, task);
    const char *name = invoice->number ? invoice->number : invoice->serial_no ? invoice->serial_no : "without number";

    if (sums && pull->unread_count++ < REFUSALS_TOLD) {
        pull->unread = apr_psprintf(task->pool, "%s%s%s: %s", pull->unread ? pull->unread : "", pull->unread ? "; " : "", name,
                                    sums);
    }
    if (!pull->has_link[i] && pull->linkless_count++ < REFUSALS_TOLD) {
        pull->linkless = apr_pstrcat(task->pool, pull->linkless ? pull->linkless : "", pull->linkless ? ", " : "", name, NULL);
    }
}

/* In other modes the images come otherwise. */
static fpi_err_t *tell_linkless(const fpi_pulling_t *pull, bool is_synced, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!is_synced || !pull->linkless_count) {
        return NULL;
    }
    return fpi_trail_add(tx, pull->bill, "pull",
                         apr_psprintf(task->pool, "%d of %d invoices came without a link to a file, so that no image of them can "
                                      "be fetched: %s%s", pull->linkless_count, pull->invoice_count, pull->linkless,
                                      pull->linkless_count > REFUSALS_TOLD ? ", ..." : ""),
                         NULL, task);
}

static fpi_err_t *tell_unread(const fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task)
{
    return pull->unread ? fpi_trail_add(tx, pull->bill, "pull",
                                        apr_psprintf(task->pool, "sums of %d invoices can't be read and count as different: %s",
                                                     pull->unread_count, pull->unread), NULL, task)
                        : NULL;
}

/* Another address of its files is no news: they are told by their bytes. */
static bool is_news(const fpi_invoice_t *invoice, fpi_task_t *task)
{
    return !invoice->doc_before || !fpi_form_is_same_invoice(invoice->doc_before, invoice->doc, task);
}

/* Each once, however often it comes so. */
static fpi_err_t *tell_notes(const fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < pull->notes->nelts; i++) {
        const char *note = APR_ARRAY_IDX(pull->notes, i, const char *), *detail;
        fpi_json_t *told = fpi_json_make_object(task);
        bool has;

        fpi_json_put_text(told, "told", note);
        detail = fpi_json_format(told, true, task);
        FPI_TRY(fpi_trail_has(&has, tx, pull->bill, "pull", detail, task));
        if (!has) {
            FPI_TRY(fpi_trail_add(tx, pull->bill, "pull", note, detail, task));
        }
    }
    return NULL;
}

static fpi_err_t *put_invoices(fpi_pulling_t *pull, fpi_tx_t *tx, int *changed, int64_t *dropped, fpi_task_t *task)
{
    int64_t *ids = apr_pcalloc(task->pool, sizeof(*ids) * (size_t)(pull->invoice_count + 1));

    pull->unread = NULL;
    pull->unread_count = 0;
    pull->linkless = NULL;
    pull->linkless_count = 0;
    for (int i = 0; i < pull->invoice_count; i++) {
        bool is_changed;

        FPI_TRY(fpi_invoice_put(&pull->invoices[i], &is_changed, tx, task));
        ids[i] = pull->invoices[i].id;
        is_changed = is_changed && is_news(&pull->invoices[i], task);
        *changed += is_changed;
        if (is_changed) {
            note_invoice(pull, i, task);
        }
    }
    return pull->is_whole ? fpi_invoices_keep_only(dropped, tx, pull->bill->tenant, pull->bill_id, ids, pull->invoice_count, task)
                          : NULL;
}

/* What was there when a bill was sent back is no answer to that. */
static fpi_err_t *move_state(fpi_pulling_t *pull, fpi_tx_t *tx, bool is_news, fpi_task_t *task)
{
    fpi_bill_t *bill = pull->bill;
    fpi_state_t from = bill->state, to = bill->state;
    fpi_tally_t tally;

    FPI_TRY(fpi_files_tally(&tally, tx, bill->tenant, bill->id, task));
    if (tally.count > 0) {
        FPI_TRY(fpi_read_put(tx, bill->tenant, bill->id, task));
    }
    if (tally.count > 0 && (is_news || from != FPI_STATE_RESCAN)) {
        FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_ATTACH, task));
    }
    if (to == from && bill->page_count == tally.pages) {
        return NULL;
    }
    bill->state = to;
    bill->page_count = tally.pages;
    FPI_TRY(fpi_bill_put(bill, tx, task));
    if (to == from) {
        return NULL;
    }
    return fpi_trail_add(tx, bill, "state",
                         apr_psprintf(task->pool, "images are there: %s -> %s", fpi_state_name(from, "en"),
                                      fpi_state_name(to, "en")),
                         NULL, task);
}

/* ---- a bill that must not change ---- */

static fpi_err_t *end_locked(fpi_pulling_t *pull, const fpi_err_t *locked, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *why = apr_pstrcat(task->pool, fpi_err_public(locked, "en"), "; unlock it, then replay the push", NULL);
    fpi_push_t *push = pull->push;

    if (push && strcmp(push->status, "parked") == 0) {
        return NULL;
    }
    FPI_TRY(fpi_trail_add(tx, pull->bill, "pull", apr_pstrcat(task->pool, "nothing was changed: ", why, NULL), NULL, task));
    if (!push) {
        return NULL;
    }
    push->status = "parked";
    push->reason = why;
    return fpi_push_put(push, tx, task);
}

static fpi_err_t *tx_end(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_pulling_t *pull = baton;
    int changed = 0;
    int64_t dropped = 0;
    fpi_err_t *locked;
    bool is_synced, was_submitted;

    FPI_TRY(tx_look(tx, pull, task));
    was_submitted = pull->bill->state == FPI_STATE_SUBMITTED;
    locked = fpi_attach_refuse_locked(pull->bill, FPI_ACT_PUSH, task);
    if (locked) {
        return end_locked(pull, locked, tx, task);
    }
    if (!pull->links) {
        return fpi_fail(task, FPI_E_BUSY, "bill %s was unlocked just now: it is looked at again", pull->bill->number);
    }
    FPI_TRY(fpi_pull_mirror(&is_synced, pull, tx, task));
    FPI_TRY(put_invoices(pull, tx, &changed, &dropped, task));
    if (changed || dropped || pull->fetched || pull->refused) {
        FPI_TRY(fpi_trail_add(tx, pull->bill, "pull",
                              apr_psprintf(task->pool,
                                           "%d invoices (%d new or changed, %d taken away), %d files fetched, %d "
                                           "refused%s%s",
                                           pull->invoice_count, changed, (int)dropped, pull->fetched, pull->refused,
                                           pull->refusals ? ": " : "", pull->refusals ? pull->refusals : ""),
                              NULL, task));
    }
    else if (pull->invoice_count == 0 && pull->links->nelts == 0 && !pull->notes->nelts) {
        FPI_TRY(fpi_trail_add(tx, pull->bill, "pull", "the cloud has no invoices for this bill", NULL, task));
    }
    FPI_TRY(tell_unread(pull, tx, task));
    FPI_TRY(tell_linkless(pull, is_synced, tx, task));
    FPI_TRY(tell_notes(pull, tx, task));
    if (pull->invoice_count == 0 && !pull->left_out) {
        FPI_TRY(fpi_match_empty(tx, pull->bill, task));
    }
    FPI_TRY(move_state(pull, tx, changed || fpi_pull_came_since(pull, pull->since) || pull->taken_off, task));
    if (is_synced) {
        FPI_TRY(fpi_pull_mirrored(pull, was_submitted, tx, task));
    }
    if (!pull->push || strcmp(pull->push->status, "done") == 0) {
        return NULL;
    }
    pull->push->status = "done";
    pull->push->reason = pull->refusals;
    return fpi_push_put(pull->push, tx, task);
}

static fpi_err_t *work(fpi_pulling_t *pull)
{
    if (!pull->bill->is_locked) { /* tx_end says so */
        FPI_TRY(fpi_pull_read(pull));
        FPI_TRY(fetch_all(pull));
    }
    return fpi_store_write(pull->app->store, tx_end, pull, pull->task);
}

fpi_err_t *fpi_pull_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    fpi_pulling_t *pull = apr_pcalloc(task->pool, sizeof(*pull));
    fpi_err_t *err;

    pull->app = app;
    pull->task = task;
    pull->since = job->first;
    FPI_TRY(read_payload(pull, job));
    FPI_TRY(fpi_store_read(app->store, tx_look, pull, task));
    if (pull->bill->state == FPI_STATE_VOID) {
        return NULL;
    }
    err = work(pull);
    if (!err || err->code != FPI_E_STATE) {
        return err;
    }
    FPI_TRY(fpi_store_read(app->store, tx_look, pull, task)); /* voided or locked while we asked */
    if (pull->bill->state == FPI_STATE_VOID) {
        return NULL;
    }
    return pull->bill->is_locked ? fpi_store_write(app->store, tx_end, pull, task) : err;
}

/* ---- given up ---- */

typedef struct parking_t {
    fpi_pulling_t *pull;
    const fpi_err_t *why;
} parking_t;

static fpi_err_t *tx_park(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    parking_t *parking = baton;
    fpi_pulling_t *pull = parking->pull;
    const char *why = fpi_err_chain(task->pool, parking->why);

    FPI_TRY(tx_look(tx, pull, task));
    FPI_TRY(fpi_trail_add(tx, pull->bill, "pull",
                          apr_pstrcat(task->pool, "given up: ", why, pull->push ? "; remove the cause, then replay the push"
                                                                                : "; remove the cause, then sync it again", NULL),
                          NULL, task));
    if (!pull->push) {
        return NULL;
    }
    pull->push->status = "parked";
    pull->push->reason = why;
    return fpi_push_put(pull->push, tx, task);
}

void fpi_pull_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    fpi_pulling_t *pull = apr_pcalloc(task->pool, sizeof(*pull));
    parking_t parking = { pull, why };
    fpi_err_t *err;

    pull->app = app;
    pull->task = task;
    err = read_payload(pull, job);
    err = err ? err : fpi_store_write(app->store, tx_park, &parking, task);
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "a parked pull could not be noted on its bill");
    }
    fpi_event_tell(app, "push-failed", apr_psprintf(task->pool, "push %" APR_INT64_T_FMT " was given up: %s", pull->push_id,
                                                    fpi_err_chain(task->pool, why)), task);
}
