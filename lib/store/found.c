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

/* ---- search ---- */

/* Any text with `part` in it. */
static const char *pattern_of(const char *part, apr_pool_t *pool)
{
    char *pattern = apr_palloc(pool, 2 * strlen(part) + 3), *to = pattern;

    *to++ = '%';
    for (; *part; part++) {
        if (strchr("%_\\", *part)) {
            *to++ = '\\';
        }
        *to++ = *part;
    }
    *to++ = '%';
    *to = '\0';
    return pattern;
}

enum { FILTERS = 14, SEARCH_ARGS = FILTERS + 2 };

/* ",1,2,": in which one is found by what stands round it. */
static const char *list_of(const fpi_ids_t *ids, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, ids->count + 2, sizeof(char *));

    APR_ARRAY_PUSH(parts, const char *) = "";
    for (int i = 0; i < ids->count; i++) {
        APR_ARRAY_PUSH(parts, const char *) = apr_ltoa(pool, (long)ids->items[i]);
    }
    APR_ARRAY_PUSH(parts, const char *) = "";
    return apr_array_pstrcat(pool, parts, ',');
}

static void fill_viewer(fpi_arg_t args[5], const fpi_viewer_t *viewer, fpi_task_t *task)
{
    bool is_limited = fpi_viewer_is_person(viewer) && fpi_viewer_is_limited(viewer);
    bool is_event = is_limited && viewer->kind != FPI_VIEWER_PERSON;
    int n = 0;

    args[n++] = fpi_arg_text(!is_limited ? NULL : is_event ? "," : list_of(&viewer->all_orgs, task->pool));
    args[n++] = fpi_arg_text(is_event ? list_of(&viewer->bills, task->pool) : ",");
    args[n++] = fpi_arg_int(is_limited && !is_event ? viewer->user : -1);
    args[n++] = fpi_arg_int(is_limited && !is_event ? viewer->point : 0);
    args[n++] = fpi_arg_text(is_limited && !is_event ? viewer->mobile : NULL);
}

static void fill_filters(fpi_arg_t args[SEARCH_ARGS], const fpi_found_query_t *query, fpi_task_t *task)
{
    int n = 0;

    args[n++] = fpi_arg_int(query->tenant);
    args[n++] = fpi_arg_text(query->viewer ? query->viewer->tax_no : NULL);
    args[n++] = fpi_arg_text(query->number);
    args[n++] = fpi_arg_text(query->seller);
    args[n++] = fpi_arg_text(query->seller ? pattern_of(query->seller, task->pool) : NULL);
    args[n++] = fpi_arg_text(query->date_from);
    args[n++] = fpi_arg_text(query->date_to);
    args[n++] = query->bill ? fpi_arg_int(query->bill) : fpi_arg_text(NULL);
    args[n++] = query->twin_kind >= 0 ? fpi_arg_int(query->twin_kind) : fpi_arg_text(NULL);
    fill_viewer(&args[n], query->viewer, task);
}

fpi_err_t *fpi_found_search(fpi_found_row_t **out, int *count, int64_t *total, fpi_tx_t *tx,
                            const fpi_found_query_t *query, int64_t skip, int most, fpi_task_t *task)
{
    static const struct way_t {
        fpi_sql_t search, count;
    } by_bill = { FPI_SQL_FOUND_SEARCH_BILL, FPI_SQL_FOUND_COUNT_BILL },
      by_number = { FPI_SQL_FOUND_SEARCH_NUMBER, FPI_SQL_FOUND_COUNT_NUMBER },
      by_id = { FPI_SQL_FOUND_SEARCH, FPI_SQL_FOUND_COUNT };
    const struct way_t *way = query->bill ? &by_bill : query->number ? &by_number : &by_id;
    fpi_arg_t args[SEARCH_ARGS];
    fpi_rows_t *rows;

    fill_filters(args, query, task);
    args[FILTERS] = fpi_arg_int(most);
    args[FILTERS + 1] = fpi_arg_int(skip);
    FPI_TRY(fpi_tx_run(tx, way->search, args, SEARCH_ARGS, &rows, NULL, task));
    take_rows(out, count, rows, task);
    FPI_TRY(fpi_tx_run(tx, way->count, args, FILTERS, &rows, NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    return NULL;
}
