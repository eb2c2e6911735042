/* What is believed of a found invoice. */
#include "service/found.h"

#include "base/text.h"
#include "service/evidence_forms.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

enum { TYPE_MOST = 9999, CHECK_MOST = 9, ROWS_MOST = 5000 };

/* ---- what was said, as evidence ---- */

typedef struct voices_t {
    fpi_evidence_t evidence[FPI_SOURCE_COUNT];
    apr_array_header_t *sayings[FPI_SOURCE_COUNT];
    apr_pool_t *pool;
} voices_t;

static void add(voices_t *voices, const char *source, const char *name, const char *value)
{
    fpi_source_t which = source ? fpi_source_find(source) : FPI_SOURCE_COUNT;

    if (which == FPI_SOURCE_COUNT || !value) {
        return;
    }
    if (!voices->sayings[which]) {
        voices->sayings[which] = apr_array_make(voices->pool, 16, sizeof(fpi_saying_t));
    }
    APR_ARRAY_PUSH(voices->sayings[which], fpi_saying_t) = (fpi_saying_t){ which, name, value };
}

static const char *text_in(const fpi_json_t *object, const char *name)
{
    return fpi_json_text(fpi_json_find(object, name));
}

static void hear_fields(voices_t *voices, const fpi_json_t *fields)
{
    void *iter = NULL;
    const char *name;
    fpi_json_t *field;

    while (fields && fpi_json_next(&iter, fields, &name, &field)) {
        fpi_json_t *others = fpi_json_find(field, "others");

        add(voices, text_in(field, "source"), name, text_in(field, "value"));
        for (size_t i = 0; others && i < fpi_json_size(others); i++) {
            const fpi_json_t *other = fpi_json_at(others, i);

            add(voices, text_in(other, "source"), name, text_in(other, "value"));
        }
    }
}

static void hear_hand(voices_t *voices, const fpi_json_t *hand)
{
    const char *source = fpi_source_name(FPI_SOURCE_HAND), *name;
    void *iter = NULL;
    fpi_json_t *value;

    while (hand && fpi_json_next(&iter, hand, &name, &value)) {
        if (strcmp(name, "type") != 0) {
            add(voices, source, name, fpi_json_text(value));
        }
    }
}

/* One evidence for each source, all of one invoice. */
static fpi_err_t *hear(voices_t *voices, int *count, const fpi_json_t *doc, fpi_task_t *task)
{
    const fpi_json_t *said = fpi_json_find(doc, "said");
    fpi_json_t *lines = fpi_json_find(said, "lines");
    const char *best = text_in(said, "source");
    int64_t page, type;

    memset(voices, 0, sizeof(*voices));
    voices->pool = task->pool;
    hear_fields(voices, fpi_json_find(said, "fields"));
    hear_hand(voices, fpi_json_find(doc, "hand"));
    FPI_TRY(fpi_json_find_int(&page, said, "page", 0, 0, INT32_MAX, task));
    FPI_TRY(fpi_json_find_int(&type, said, "type", 0, 0, TYPE_MOST, task));
    *count = 0;
    for (int i = 0; i < FPI_SOURCE_COUNT; i++) {
        bool is_best = best && fpi_source_find(best) == (fpi_source_t)i;

        if (voices->sayings[i]) {
            voices->evidence[(*count)++] = (fpi_evidence_t){
                .source = (fpi_source_t)i, .page = (int)page, .invoice = 1, .type = is_best ? type : 0,
                .lines = is_best && lines ? fpi_json_format(lines, false, task) : NULL,
                .sayings = (fpi_saying_t *)voices->sayings[i]->elts, .count = voices->sayings[i]->nelts
            };
        }
    }
    return NULL;
}

static fpi_err_t *believe(fpi_found_t *out, const fpi_json_t *doc, fpi_task_t *task)
{
    voices_t *voices = apr_palloc(task->pool, sizeof(*voices));
    fpi_json_t *hand = fpi_json_find(doc, "hand");
    fpi_found_t *found;
    int64_t type;
    int count;

    FPI_TRY(hear(voices, &count, doc, task));
    FPI_TRY(fpi_evidence_merge(&found, &count, voices->evidence, count, task));
    if (count != 1) {
        return fpi_fail(task, FPI_E_INTERNAL, "%d invoices where one was read", count);
    }
    *out = *found;
    FPI_TRY(fpi_json_find_int(&type, hand, "type", 0, 0, TYPE_MOST, task));
    if (type) {
        out->invoice.type = type;
        out->invoice.identity = fpi_invoice_identity(&out->invoice, task->pool);
    }
    return NULL;
}

/* What the cloud says of the tax bureau's register. */
static int64_t check_of(const fpi_found_t *found)
{
    int64_t status = 0;

    for (int i = 0; i < found->field_count; i++) {
        if (strcmp(found->fields[i].name, "check_status") == 0
            && !fpi_int_parse(&status, found->fields[i].value, 0, CHECK_MOST)) {
            return 0;
        }
    }
    return status;
}

fpi_err_t *fpi_found_compose(fpi_found_row_t *row, fpi_json_t *doc, fpi_task_t *task)
{
    const fpi_invoice_t place = row->invoice;
    fpi_found_t found;

    FPI_TRY(believe(&found, doc, task));
    row->invoice = found.invoice;
    row->invoice.id = place.id;
    row->invoice.tenant = place.tenant;
    row->invoice.bill = place.bill;
    row->invoice.check_status = check_of(&found);
    row->page = found.page;
    row->check_code = found.check_code;
    row->source = fpi_source_name(found.source);
    row->fields = fpi_json_format(doc, false, task);
    return NULL;
}

fpi_err_t *fpi_found_doc(fpi_json_t **doc, const fpi_found_row_t *row, fpi_task_t *task)
{
    if (!row->fields) {
        *doc = fpi_json_make_object(task);
        return NULL;
    }
    return fpi_json_parse(doc, row->fields, strlen(row->fields), task);
}

/* ---- corrections, when files change ---- */

typedef fpi_err_t *follow_fn(fpi_found_row_t *row, fpi_json_t *doc, const void *baton, fpi_tx_t *tx, fpi_task_t *task);

/* The rows of the file that a hand has worked on. */
static fpi_err_t *each_corrected(int *done, const fpi_file_t *file, follow_fn *act, const void *baton, fpi_tx_t *tx,
                                 fpi_task_t *task)
{
    fpi_found_row_t *rows;
    int count;

    *done = 0;
    FPI_TRY(fpi_found_list(&rows, &count, tx, file->tenant, file->bill, ROWS_MOST, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *doc;

        if (rows[i].file != file->id || !rows[i].editor) {
            continue;
        }
        FPI_TRY(fpi_found_doc(&doc, &rows[i], task));
        if (fpi_json_find(doc, "hand")) {
            FPI_TRY(act(&rows[i], doc, baton, tx, task));
            ++*done;
        }
    }
    return NULL;
}

static fpi_err_t *mark_replaced(fpi_found_row_t *row, fpi_json_t *doc, const void *baton, fpi_tx_t *tx, fpi_task_t *task)
{
    (void)baton;
    fpi_json_put_bool(doc, FPI_FOUND_REPLACED, true);
    row->fields = fpi_json_format(doc, false, task);
    return fpi_found_put(row, tx, task);
}

fpi_err_t *fpi_found_replaced(fpi_tx_t *tx, const fpi_file_t *file, fpi_task_t *task)
{
    int done;

    return each_corrected(&done, file, mark_replaced, NULL, tx, task);
}

static fpi_err_t *put_there(fpi_found_row_t *row, fpi_json_t *doc, const void *baton, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_file_t *now = baton;

    (void)doc;
    row->invoice.id = 0;
    row->invoice.bill = now->bill;
    row->file = now->id;
    row->twin_kind = FPI_TWIN_NONE;
    row->twin_bill = row->twin_file = 0;
    return fpi_found_put(row, tx, task);
}

fpi_err_t *fpi_found_follow(fpi_tx_t *tx, const fpi_file_t *file, const fpi_file_t *now, const fpi_bill_t *there,
                            fpi_task_t *task)
{
    int done;

    FPI_TRY(each_corrected(&done, file, put_there, now, tx, task));
    return done ? fpi_trail_add(tx, there, "invoice", apr_psprintf(task->pool, "the corrections of %d invoices came with %s", done,
                                                                   now->name), NULL, task)
                : NULL;
}

/* ---- showing ---- */

static void put_fen(fpi_json_t *to, const char *name, bool has, int64_t fen, fpi_task_t *task)
{
    if (has) {
        fpi_json_put_fen(to, name, fen, task);
    }
    else {
        fpi_json_put_text(to, name, NULL);
    }
}

static void write_invoice(fpi_json_t *to, const fpi_found_row_t *row, fpi_task_t *task)
{
    static const char *const checks[] = { "UNKNOWN", "PASSED", "FAILED", "NOT_CHECKED" };
    const fpi_invoice_t *invoice = &row->invoice;
    size_t check = (size_t)invoice->check_status < sizeof(checks) / sizeof(*checks) ? (size_t)invoice->check_status : 0;

    fpi_json_put_int(to, "id", invoice->id);
    fpi_json_put_int(to, "bill_id", invoice->bill);
    fpi_json_put_int(to, "file_id", row->file);
    fpi_json_put_int(to, "page", row->page);
    fpi_json_put_text(to, "identity", invoice->identity);
    fpi_json_put_int(to, "type", invoice->type);
    fpi_json_put_text(to, "code", invoice->code);
    fpi_json_put_text(to, "number", invoice->number);
    fpi_json_put_text(to, "date", invoice->date);
    put_fen(to, "net", invoice->has_net, invoice->net, task);
    put_fen(to, "tax", invoice->has_tax, invoice->tax, task);
    put_fen(to, "gross", invoice->has_gross, invoice->gross, task);
    fpi_json_put_text(to, "check_code", row->check_code);
    fpi_json_put_text(to, "seller_name", invoice->seller_name);
    fpi_json_put_text(to, "seller_tax_no", invoice->seller_tax_no);
    fpi_json_put_text(to, "buyer_name", invoice->buyer_name);
    fpi_json_put_text(to, "buyer_tax_no", invoice->buyer_tax_no);
    fpi_json_put_text(to, "check_status", checks[check]);
    fpi_json_put_text(to, "source", row->source);
}

static fpi_err_t *write_twin(fpi_json_t **out, fpi_tx_t *tx, const fpi_found_row_t *row,
                             const fpi_viewer_t *viewer, fpi_task_t *task)
{
    static const char *const kinds[] = { NULL, "CLAIMED", "OTHER_BILL", "SAME_BILL", "ALIKE" };
    fpi_bill_t *bill;
    bool is_hidden;

    *out = NULL;
    if (row->twin_kind == FPI_TWIN_NONE) {
        return NULL;
    }
    FPI_TRY(fpi_bill_find_by_id(&bill, tx, row->invoice.tenant, row->twin_bill, task));
    is_hidden = !bill || !fpi_viewer_sees_bill(viewer, bill);
    *out = fpi_json_make_object(task);
    fpi_json_put_text(*out, "kind", kinds[row->twin_kind]);
    if (!is_hidden) {
        fpi_json_put_int(*out, "bill_id", bill->id);
        fpi_json_put_text(*out, "bill_number", bill->number);
        fpi_json_put_text(*out, "bill_state", fpi_state_name(bill->state, task->lang));
        fpi_json_put_int(*out, "file_id", row->twin_file);
    }
    return NULL;
}

/* Where each field came from; a row whose provenance can't be understood is shown all the same, without it. */
static fpi_json_t *view_of(const fpi_found_row_t *row, fpi_task_t *task)
{
    fpi_found_t found;
    fpi_json_t *doc;

    if (fpi_found_doc(&doc, row, task) || believe(&found, doc, task)) {
        return fpi_json_make_object(task);
    }
    return fpi_found_write(&found, task);
}

fpi_err_t *fpi_found_write_row(fpi_json_t **out, fpi_tx_t *tx, const fpi_found_row_t *row,
                               const fpi_viewer_t *viewer, fpi_task_t *task)
{
    fpi_json_t *view, *twin;

    FPI_TRY(write_twin(&twin, tx, row, viewer, task));
    view = view_of(row, task);
    *out = fpi_json_make_object(task);
    write_invoice(*out, row, task);
    fpi_json_put(*out, "has_conflict", fpi_json_find(view, "has_conflict"));
    fpi_json_put(*out, "fields", fpi_json_find(view, "fields"));
    fpi_json_put(*out, "lines", fpi_json_find(view, "lines"));
    fpi_json_put(*out, "twin", twin);
    fpi_json_put_text(*out, "editor", row->editor);
    fpi_json_put_time(*out, "created_at", row->created);
    fpi_json_put_time(*out, "updated_at", row->updated);
    fpi_json_put_int(*out, "version", row->updated);
    return NULL;
}

fpi_err_t *fpi_found_answer(fpi_json_t **out, fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_viewer_t *viewer,
                            fpi_task_t *task)
{
    enum { MOST = 2000 };
    fpi_found_row_t *rows;
    int count;

    FPI_TRY(fpi_found_list(&rows, &count, tx, bill->tenant, bill->id, MOST, task));
    *out = fpi_json_make_array(task);
    for (int i = 0; i < count; i++) {
        fpi_json_t *item;

        FPI_TRY(fpi_found_write_row(&item, tx, &rows[i], viewer, task));
        fpi_json_add(*out, item);
    }
    return NULL;
}
