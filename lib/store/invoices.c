#include "store/bills.h"

#include <stdlib.h>
#include <string.h>

static void take_invoice(fpi_invoice_t *invoice, const fpi_rows_t *rows, int row)
{
    int c = 0;

    invoice->id = fpi_rows_int(rows, row, c++);
    invoice->tenant = fpi_rows_int(rows, row, c++);
    invoice->bill = fpi_rows_int(rows, row, c++);
    invoice->serial_no = fpi_rows_text(rows, row, c++);
    invoice->identity = fpi_rows_text(rows, row, c++);
    invoice->type = fpi_rows_int(rows, row, c++);
    invoice->code = fpi_rows_text(rows, row, c++);
    invoice->number = fpi_rows_text(rows, row, c++);
    invoice->date = fpi_rows_text(rows, row, c++);
    invoice->has_net = !fpi_rows_is_null(rows, row, c);
    invoice->net = fpi_rows_int(rows, row, c++);
    invoice->has_tax = !fpi_rows_is_null(rows, row, c);
    invoice->tax = fpi_rows_int(rows, row, c++);
    invoice->has_gross = !fpi_rows_is_null(rows, row, c);
    invoice->gross = fpi_rows_int(rows, row, c++);
    invoice->seller_name = fpi_rows_text(rows, row, c++);
    invoice->seller_tax_no = fpi_rows_text(rows, row, c++);
    invoice->buyer_name = fpi_rows_text(rows, row, c++);
    invoice->buyer_tax_no = fpi_rows_text(rows, row, c++);
    invoice->check_status = fpi_rows_int(rows, row, c++);
    invoice->doc = fpi_rows_text(rows, row, c++);
}

/* ---- put ---- */

static fpi_err_t *find_by(fpi_invoice_t *found, fpi_tx_t *tx, fpi_sql_t sql,
                          const fpi_invoice_t *invoice, const char *key, fpi_task_t *task)
{
    fpi_rows_t *rows;

    if (found->id || !key || !*key) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(
        tx, sql,
        FPI_ARGS(fpi_arg_int(invoice->tenant), fpi_arg_int(invoice->bill), fpi_arg_text(key)),
        &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        take_invoice(found, rows, 0);
    }
    return NULL;
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_sum(bool has_a, int64_t a, bool has_b, int64_t b)
{
    return has_a == has_b && (!has_a || a == b);
}

static bool is_same(const fpi_invoice_t *a, const fpi_invoice_t *b)
{
    return is_same_text(a->serial_no, b->serial_no) && is_same_text(a->identity, b->identity)
           && a->type == b->type && is_same_text(a->code, b->code)
           && is_same_text(a->number, b->number) && is_same_text(a->date, b->date)
           && is_same_sum(a->has_net, a->net, b->has_net, b->net)
           && is_same_sum(a->has_tax, a->tax, b->has_tax, b->tax)
           && is_same_sum(a->has_gross, a->gross, b->has_gross, b->gross)
           && is_same_text(a->seller_name, b->seller_name)
           && is_same_text(a->seller_tax_no, b->seller_tax_no)
           && is_same_text(a->buyer_name, b->buyer_name)
           && is_same_text(a->buyer_tax_no, b->buyer_tax_no) && a->check_status == b->check_status
           && is_same_text(a->doc, b->doc);
}

static fpi_arg_t sum_arg(bool has, int64_t fen)
{
    return has ? fpi_arg_int(fen) : fpi_arg_text(NULL);
}

enum { INSERT_ARGS = 17, UPDATE_ARGS = 18 };

/* The update takes the insert's arguments and the id. */
static void fill_args(fpi_arg_t args[UPDATE_ARGS], const fpi_invoice_t *invoice)
{
    int n = 0;

    args[n++] = fpi_arg_int(invoice->tenant);
    args[n++] = fpi_arg_int(invoice->bill);
    args[n++] = fpi_arg_text(invoice->serial_no);
    args[n++] = fpi_arg_text(invoice->identity);
    args[n++] = fpi_arg_int(invoice->type);
    args[n++] = fpi_arg_text(invoice->code);
    args[n++] = fpi_arg_text(invoice->number);
    args[n++] = fpi_arg_text(invoice->date);
    args[n++] = sum_arg(invoice->has_net, invoice->net);
    args[n++] = sum_arg(invoice->has_tax, invoice->tax);
    args[n++] = sum_arg(invoice->has_gross, invoice->gross);
    args[n++] = fpi_arg_text(invoice->seller_name);
    args[n++] = fpi_arg_text(invoice->seller_tax_no);
    args[n++] = fpi_arg_text(invoice->buyer_name);
    args[n++] = fpi_arg_text(invoice->buyer_tax_no);
    args[n++] = fpi_arg_int(invoice->check_status);
    args[n++] = fpi_arg_text(invoice->doc);
    args[n++] = fpi_arg_int(invoice->id);
}

fpi_err_t *fpi_invoice_put(fpi_invoice_t *invoice, bool *is_changed, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_invoice_t found = { 0 };
    fpi_arg_t args[UPDATE_ARGS];

    if (invoice->serial_no && !*invoice->serial_no) {
        invoice->serial_no = NULL; /* "" would make all without a number the same */
    }
    FPI_TRY(
        find_by(&found, tx, FPI_SQL_INVOICE_FIND_BY_SERIAL_NO, invoice, invoice->serial_no, task));
    FPI_TRY(
        find_by(&found, tx, FPI_SQL_INVOICE_FIND_BY_IDENTITY, invoice, invoice->identity, task));
    invoice->id = found.id;
    invoice->doc_before = found.doc;
    *is_changed = !found.id || !is_same(invoice, &found);
    if (!*is_changed) {
        return NULL;
    }
    fill_args(args, invoice);
    if (found.id) {
        return fpi_tx_run(tx, FPI_SQL_INVOICE_UPDATE, args, UPDATE_ARGS, NULL, NULL, task);
    }
    return fpi_tx_insert(&invoice->id, tx, FPI_SQL_INVOICE_INSERT, args, INSERT_ARGS, task);
}

/* ---- list, keep ---- */

static void take_invoices(fpi_invoice_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_invoice(&(*out)[i], rows, i);
    }
}

fpi_err_t *fpi_invoices_of_file(fpi_invoice_t **out, int *count, fpi_tx_t *tx, const fpi_file_t *file, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_INVOICE_LIST_OF_FILE,
                       FPI_ARGS(fpi_arg_int(file->tenant), fpi_arg_int(file->bill), fpi_arg_int(file->invoice),
                                fpi_arg_int(file->id)),
                       &rows, NULL, task));
    take_invoices(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_invoices_list(fpi_invoice_t **out, int *count, fpi_tx_t *tx, int64_t tenant,
                             int64_t bill, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_INVOICE_LIST,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(most)), &rows,
                       NULL, task));
    take_invoices(out, count, rows, task);
    return NULL;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

/* The files stay, as files of no invoice: original bytes are never thrown away. */
static fpi_err_t *drop_invoice(fpi_tx_t *tx, int64_t tenant, int64_t bill, int64_t id,
                               fpi_task_t *task)
{
    const fpi_arg_t args[] = { fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(id) };

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FILE_UNLINK, args, 3, NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_MATCH_PAIR_DROP_INVOICE, args, 3, NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_INVOICE_DROP, args, 3, NULL, NULL, task);
}

fpi_err_t *fpi_invoices_keep_only(int64_t *dropped, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                                  const int64_t *ids, int count, fpi_task_t *task)
{
    int64_t *sorted = apr_palloc(task->pool, ((apr_size_t)count + 1) * sizeof(*sorted));
    fpi_rows_t *rows;

    if (count) {
        memcpy(sorted, ids, (size_t)count * sizeof(*sorted));
        qsort(sorted, (size_t)count, sizeof(*sorted), compare_ids);
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_INVOICE_IDS, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill)),
                       &rows, NULL, task));
    *dropped = 0;
    for (int i = 0; i < fpi_rows_count(rows); i++) {
        int64_t id = fpi_rows_int(rows, i, 0);

        if (!bsearch(&id, sorted, (size_t)count, sizeof(*sorted), compare_ids)) {
            FPI_TRY(drop_invoice(tx, tenant, bill, id, task));
            ++*dropped;
        }
    }
    return NULL;
}
