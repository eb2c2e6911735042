/* The same invoice elsewhere: which row is whose twin, and what that means at a submit. */
#include "service/found.h"

#include "service/handlers.h"
#include "service/looks.h"
#include "store/people.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

enum { NEIGHBOURS_MOST = 100, ROWS_MOST = 5000, NAMED_MOST = 5 };

static void set_twin(fpi_found_row_t *row, fpi_twin_kind_t kind, int64_t bill, int64_t file)
{
    row->twin_kind = kind;
    row->twin_bill = bill;
    row->twin_file = file;
}

static bool is_same_identity(const fpi_found_row_t *a, const fpi_found_row_t *b)
{
    return a->invoice.identity && b->invoice.identity && strcmp(a->invoice.identity, b->invoice.identity) == 0;
}

/* The first row of another file before it; the first of all has none. */
static const fpi_found_row_t *find_here(const fpi_found_row_t *row, const fpi_found_row_t *rows, int count)
{
    for (int i = 0; i < count && rows[i].invoice.id != row->invoice.id; i++) {
        if (rows[i].file != row->file && is_same_identity(&rows[i], row)) {
            return &rows[i];
        }
    }
    return NULL;
}

fpi_err_t *fpi_found_find_twin(fpi_found_row_t *row, fpi_tx_t *tx, const fpi_found_row_t *rows, int count,
                               fpi_task_t *task)
{
    const fpi_invoice_t *invoice = &row->invoice;
    const fpi_found_row_t *here = find_here(row, rows, count);
    fpi_twin_t *twin;
    int found = 0;

    if (invoice->identity) {
        FPI_TRY(fpi_found_twins(&twin, &found, tx, invoice->tenant, invoice->bill, invoice->identity, 1, task));
    }
    if (found) {
        set_twin(row, twin->is_claimed ? FPI_TWIN_CLAIMED : FPI_TWIN_OTHER_BILL, twin->bill, twin->file);
        return NULL;
    }
    if (here) {
        set_twin(row, FPI_TWIN_SAME_BILL, invoice->bill, here->file);
        return NULL;
    }
    FPI_TRY(fpi_found_alike(&twin, tx, row, task));
    set_twin(row, twin ? FPI_TWIN_ALIKE : FPI_TWIN_NONE, twin ? twin->bill : 0, twin ? twin->file : 0);
    return NULL;
}

/* `identity` NULL: whatever invoice they share. */
static fpi_err_t *read_neighbours(fpi_tx_t *tx, const fpi_bill_t *bill, const char *identity, fpi_task_t *task)
{
    int64_t *bills;
    int count;

    FPI_TRY(fpi_found_neighbours(&bills, &count, tx, bill->tenant, bill->id, identity, NEIGHBOURS_MOST, task));
    for (int i = 0; i < count; i++) {
        FPI_TRY(fpi_read_put(tx, bill->tenant, bills[i], task));
    }
    return NULL;
}

fpi_err_t *fpi_found_wake(fpi_tx_t *tx, const fpi_bill_t *bill, const char *identity, fpi_task_t *task)
{
    return identity ? read_neighbours(tx, bill, identity, task) : NULL;
}

fpi_err_t *fpi_found_moved(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    return read_neighbours(tx, bill, NULL, task);
}

/* ---- at a submit ---- */

static fpi_err_t *add_duplicate(apr_array_header_t *list, fpi_tx_t *tx, const fpi_found_row_t *row, fpi_task_t *task)
{
    const fpi_invoice_t *invoice = &row->invoice;
    fpi_duplicate_t one = { .row = row };
    fpi_bill_t *other;
    fpi_whose_t whose;
    fpi_file_t *file;
    fpi_twin_t *twin;
    int count;

    if (!invoice->identity) {
        return NULL;
    }
    FPI_TRY(fpi_found_twins(&twin, &count, tx, invoice->tenant, invoice->bill, invoice->identity, 1, task));
    if (!count || !twin->is_claimed) {
        return NULL;
    }
    FPI_TRY(fpi_bill_find_by_id(&other, tx, invoice->tenant, twin->bill, task));
    if (!other) {
        return NULL;
    }
    FPI_TRY(fpi_file_find(&file, &whose, tx, invoice->tenant, row->file, task));
    one.other = other;
    one.other_file = twin->file;
    one.is_attachment = file && file->kind != FPI_KIND_INVOICE;
    APR_ARRAY_PUSH(list, fpi_duplicate_t) = one;
    return NULL;
}

fpi_err_t *fpi_found_duplicates(fpi_duplicate_t **out, int *count, fpi_tx_t *tx, const fpi_bill_t *bill,
                                fpi_task_t *task)
{
    apr_array_header_t *list = apr_array_make(task->pool, 4, sizeof(fpi_duplicate_t));
    fpi_found_row_t *rows;
    int found;

    FPI_TRY(fpi_found_list(&rows, &found, tx, bill->tenant, bill->id, ROWS_MOST, task));
    for (int i = 0; i < found; i++) {
        FPI_TRY(add_duplicate(list, tx, &rows[i], task));
    }
    *out = (fpi_duplicate_t *)list->elts;
    *count = list->nelts;
    return NULL;
}

static const char *name_of(const fpi_duplicate_t *d, const fpi_viewer_t *viewer, const char *hidden)
{
    return fpi_viewer_sees_bill(viewer, d->other) ? d->other->number : hidden;
}

/* "X (bill B), Y (bill C)" */
static const char *list_of(const fpi_duplicate_t *list, int count, const fpi_viewer_t *viewer, const char *bill,
                           const char *hidden, fpi_task_t *task)
{
    const char *text = "";

    for (int i = 0; i < count && i < NAMED_MOST; i++) {
        text = apr_pstrcat(task->pool, text, i ? ", " : "", list[i].row->invoice.identity, " (", bill,
                           name_of(&list[i], viewer, hidden), ")", NULL);
    }
    return count > NAMED_MOST ? apr_psprintf(task->pool, "%s ... %d", text, count) : text;
}

/* Those of either kind. */
static int pick(fpi_duplicate_t *out, const fpi_duplicate_t *list, int count, bool is_attachment)
{
    int picked = 0;

    for (int i = 0; i < count; i++) {
        if (list[i].is_attachment == is_attachment) {
            out[picked++] = list[i];
        }
    }
    return picked;
}

static fpi_err_t *check_refused(const fpi_duplicate_t *list, int count, fpi_tx_t *tx, const fpi_bill_t *bill,
                                const fpi_viewer_t *viewer, fpi_task_t *task)
{
    const char *refuse;

    FPI_TRY(fpi_setting_find(&refuse, tx, bill->tenant, "duplicate.refuse", task));
    if (!refuse || strcmp(refuse, "on") != 0) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_DUPLICATE, "invoices",
                      "以下发票已在其他已提交的单据中, 不能重复提交: %s%.0s; 请移除后重试",
                      "these invoices are on other submitted bills already: %.0s%s; take them off this one first",
                      list_of(list, count, viewer, "单据 ", "无权查看的单据", task),
                      list_of(list, count, viewer, "bill ", "that you may not see", task));
}

static fpi_err_t *tell(const char *words, const fpi_duplicate_t *list, int count, fpi_tx_t *tx, const fpi_bill_t *bill,
                       const fpi_viewer_t *viewer, fpi_task_t *task)
{
    return count ? fpi_trail_add(tx, bill, "duplicate",
                                 apr_pstrcat(task->pool, words, list_of(list, count, viewer, "bill ", "of others", task), NULL),
                                 NULL, task)
                 : NULL;
}

/* What goes with a bill as an attachment, it does not claim. */
fpi_err_t *fpi_found_check_submit(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_viewer_t *viewer,
                                  fpi_task_t *task)
{
    fpi_duplicate_t *list, *invoices, *attachments;
    int count, invoice_count, attachment_count;

    FPI_TRY(fpi_found_duplicates(&list, &count, tx, bill, task));
    if (!count) {
        return NULL;
    }
    invoices = apr_palloc(task->pool, sizeof(*list) * (size_t)count);
    attachments = apr_palloc(task->pool, sizeof(*list) * (size_t)count);
    invoice_count = pick(invoices, list, count, false);
    attachment_count = pick(attachments, list, count, true);
    if (invoice_count) {
        FPI_TRY(check_refused(invoices, invoice_count, tx, bill, viewer, task));
    }
    FPI_TRY(tell("submitted all the same with invoices that are on other submitted bills: ", invoices, invoice_count, tx, bill,
                 viewer, task));
    return tell("submitted with invoices that are on other submitted bills, here as attachments: ", attachments, attachment_count,
                tx, bill, viewer, task);
}
