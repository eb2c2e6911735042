#include "store/found.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

static void take_row(fpi_found_row_t *row, const fpi_rows_t *rows, int at)
{
    fpi_invoice_t *invoice = &row->invoice;
    int c = 0;

    invoice->id = fpi_rows_int(rows, at, c++);
    invoice->tenant = fpi_rows_int(rows, at, c++);
    invoice->bill = fpi_rows_int(rows, at, c++);
    row->file = fpi_rows_int(rows, at, c++);
    row->page = fpi_rows_int(rows, at, c++);
    invoice->identity = fpi_rows_text(rows, at, c++);
    invoice->type = fpi_rows_int(rows, at, c++);
    invoice->code = fpi_rows_text(rows, at, c++);
    invoice->number = fpi_rows_text(rows, at, c++);
    invoice->date = fpi_rows_text(rows, at, c++);
    invoice->has_net = !fpi_rows_is_null(rows, at, c);
    invoice->net = fpi_rows_int(rows, at, c++);
    invoice->has_tax = !fpi_rows_is_null(rows, at, c);
    invoice->tax = fpi_rows_int(rows, at, c++);
    invoice->has_gross = !fpi_rows_is_null(rows, at, c);
    invoice->gross = fpi_rows_int(rows, at, c++);
    row->check_code = fpi_rows_text(rows, at, c++);
    invoice->seller_name = fpi_rows_text(rows, at, c++);
    invoice->seller_tax_no = fpi_rows_text(rows, at, c++);
    invoice->buyer_name = fpi_rows_text(rows, at, c++);
    invoice->buyer_tax_no = fpi_rows_text(rows, at, c++);
    invoice->check_status = fpi_rows_int(rows, at, c++);
    row->source = fpi_rows_text(rows, at, c++);
    row->fields = fpi_rows_text(rows, at, c++);
    row->twin_kind = (fpi_twin_kind_t)fpi_rows_int(rows, at, c++);
    row->twin_bill = fpi_rows_int(rows, at, c++);
    row->twin_file = fpi_rows_int(rows, at, c++);
    row->editor = fpi_rows_text(rows, at, c++);
    row->created = fpi_rows_int(rows, at, c++);
    row->updated = fpi_rows_int(rows, at, c++);
}

static void take_rows(fpi_found_row_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_row(&(*out)[i], rows, i);
    }
}

fpi_err_t *fpi_found_list(fpi_found_row_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill, int most,
                          fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FOUND_LIST, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(most)),
                       &rows, NULL, task));
    take_rows(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_found_find(fpi_found_row_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int count;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FOUND_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), &rows, NULL, task));
    take_rows(out, &count, rows, task);
    *out = count ? *out : NULL;
    return NULL;
}

/* ---- put ---- */

static fpi_arg_t sum_arg(bool has, int64_t fen)
{
    return has ? fpi_arg_int(fen) : fpi_arg_text(NULL);
}

enum { INSERT_ARGS = 26, UPDATE_ARGS = 27 };

/* The update takes the insert's arguments and the id. */
static void fill_args(fpi_arg_t args[UPDATE_ARGS], const fpi_found_row_t *row)
{
    const fpi_invoice_t *invoice = &row->invoice;
    int n = 0;

    args[n++] = fpi_arg_int(invoice->tenant);
    args[n++] = fpi_arg_int(invoice->bill);
    args[n++] = fpi_arg_int(row->file);
    args[n++] = fpi_arg_int(row->page);
    args[n++] = fpi_arg_text(invoice->identity);
    args[n++] = fpi_arg_int(invoice->type);
    args[n++] = fpi_arg_text(invoice->code);
    args[n++] = fpi_arg_text(invoice->number);
    args[n++] = fpi_arg_text(invoice->date);
    args[n++] = sum_arg(invoice->has_net, invoice->net);
    args[n++] = sum_arg(invoice->has_tax, invoice->tax);
    args[n++] = sum_arg(invoice->has_gross, invoice->gross);
    args[n++] = fpi_arg_text(row->check_code);
    args[n++] = fpi_arg_text(invoice->seller_name);
    args[n++] = fpi_arg_text(invoice->seller_tax_no);
    args[n++] = fpi_arg_text(invoice->buyer_name);
    args[n++] = fpi_arg_text(invoice->buyer_tax_no);
    args[n++] = fpi_arg_int(invoice->check_status);
    args[n++] = fpi_arg_text(row->source);
    args[n++] = fpi_arg_text(row->fields);
    args[n++] = fpi_arg_int(row->twin_kind);
    args[n++] = fpi_arg_int(row->twin_bill);
    args[n++] = fpi_arg_int(row->twin_file);
    args[n++] = fpi_arg_text(row->editor);
    args[n++] = fpi_arg_int(row->created);
    args[n++] = fpi_arg_int(row->updated);
    args[n++] = fpi_arg_int(invoice->id);
}

fpi_err_t *fpi_found_put(fpi_found_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_arg_t args[UPDATE_ARGS];
    apr_time_t now = fpi_clock_now();

    row->created = row->created ? row->created : now;
    row->updated = now > row->updated ? now : row->updated + 1;
    fill_args(args, row);
    if (row->invoice.id) {
        return fpi_tx_run(tx, FPI_SQL_FOUND_UPDATE, args, UPDATE_ARGS, NULL, NULL, task);
    }
    return fpi_tx_insert(&row->invoice.id, tx, FPI_SQL_FOUND_INSERT, args, INSERT_ARGS, task);
}

fpi_err_t *fpi_found_drop(const fpi_found_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_arg_t args[] = { fpi_arg_int(row->invoice.tenant), fpi_arg_int(row->invoice.bill),
                               fpi_arg_int(row->invoice.id) };

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_MATCH_PAIR_DROP_FOUND, args, 3, NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_FOUND_DROP, args, 3, NULL, NULL, task);
}

static bool is_same_arg(const fpi_arg_t *a, const fpi_arg_t *b)
{
    return a->kind == b->kind && a->number == b->number && a->len == b->len
           && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

bool fpi_found_is_same(const fpi_found_row_t *a, const fpi_found_row_t *b)
{
    enum { COMPARED = 24 }; /* created, updated and id stand last */
    fpi_arg_t left[UPDATE_ARGS], right[UPDATE_ARGS];

    fill_args(left, a);
    fill_args(right, b);
    for (int i = 0; i < COMPARED; i++) {
        if (!is_same_arg(&left[i], &right[i])) {
            return false;
        }
    }
    return true;
}

/* ---- twins ---- */

fpi_err_t *fpi_found_twins(fpi_twin_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                           const char *identity, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FOUND_TWINS,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_text(identity), fpi_arg_int(most)),
                       &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        (*out)[i].bill = fpi_rows_int(rows, i, 0);
        (*out)[i].file = fpi_rows_int(rows, i, 1);
        (*out)[i].is_claimed = fpi_rows_int(rows, i, 2) != 0;
    }
    return NULL;
}

fpi_err_t *fpi_found_alike(fpi_twin_t **out, fpi_tx_t *tx, const fpi_found_row_t *row, fpi_task_t *task)
{
    const fpi_invoice_t *invoice = &row->invoice;
    fpi_rows_t *rows;

    *out = NULL;
    if (!invoice->seller_tax_no || !invoice->has_gross || !invoice->date) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_FOUND_ALIKE,
                       FPI_ARGS(fpi_arg_int(invoice->tenant), fpi_arg_text(invoice->seller_tax_no),
                                fpi_arg_int(invoice->gross), fpi_arg_text(invoice->date), fpi_arg_int(invoice->id),
                                fpi_arg_text(invoice->identity)),
                       &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        (*out)->bill = fpi_rows_int(rows, 0, 0);
        (*out)->file = fpi_rows_int(rows, 0, 1);
    }
    return NULL;
}

fpi_err_t *fpi_found_neighbours(int64_t **bills, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                                const char *identity, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    if (identity) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_FOUND_BILLS_OF_IDENTITY,
                           FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_text(identity), fpi_arg_int(most)),
                           &rows, NULL, task));
    }
    else {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_FOUND_NEIGHBOURS,
                           FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(most)), &rows, NULL, task));
    }
    *count = fpi_rows_count(rows);
    *bills = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**bills));
    for (int i = 0; i < *count; i++) {
        (*bills)[i] = fpi_rows_int(rows, i, 0);
    }
    return NULL;
}
