#include "store/found_list.h"

#include "store/bill_list.h"
#include "store/bills.h"

#include <apr_cstr.h>
#include <string.h>

/* rows that are read to fill a page, and to count on once it is full: each takes its bill along */
enum { STEP = 100, SCAN = 800, COUNT = 200 };

#define DAY_LAST "9999-12-31"

/* What the filters need of a row, and whose it is. */
typedef struct mark_t {
    int64_t id;
    const char *number, *date, *seller_name, *seller_tax_no;
    int twin_kind;
    fpi_whose_t whose;
} mark_t;

typedef struct walk_t {
    fpi_found_page_t *out;
    const fpi_found_query_t *query;
    fpi_tx_t *tx;
    fpi_task_t *task;
    fpi_sql_t sql;
    const char *value;           /* of the index; NULL */
    int64_t spot;                /* read up to this id */
    const char *day;             /* and this day, where days are the index */
    int64_t *ids;
    int scanned, counted;        /* rows read; rows read once the page was full */
    bool is_end;
} walk_t;

static void take_mark(mark_t *mark, const fpi_rows_t *rows, int row)
{
    int64_t bill;
    int c = 0;

    mark->id = fpi_rows_int(rows, row, c++);
    bill = fpi_rows_int(rows, row, c++);
    mark->number = fpi_rows_text(rows, row, c++);
    mark->date = fpi_rows_text(rows, row, c++);
    mark->seller_name = fpi_rows_text(rows, row, c++);
    mark->seller_tax_no = fpi_rows_text(rows, row, c++);
    mark->twin_kind = (int)fpi_rows_int(rows, row, c++);
    mark->whose = fpi_rows_whose(rows, row, c, bill);
}

/* ---- what fits ---- */

static bool holds(const char *text, const char *part)
{
    size_t length = strlen(part);

    for (; text && *text; text++) {
        if (apr_cstr_casecmpn(text, part, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_text(const char *text, const char *wanted)
{
    return !wanted || (text && strcmp(text, wanted) == 0);
}

static bool fits_day(const fpi_found_query_t *q, const char *date)
{
    return (!q->date_from || (date && strcmp(date, q->date_from) >= 0)) && (!q->date_to || (date && strcmp(date, q->date_to) <= 0));
}

static bool fits_twin(const fpi_found_query_t *q, int kind)
{
    return q->twin_kind == FPI_FOUND_ANY || (q->twin_kind == FPI_FOUND_TWINNED ? kind != 0 : kind == q->twin_kind);
}

static bool fits(const fpi_found_query_t *q, const mark_t *mark)
{
    return fpi_viewer_sees(q->viewer, &mark->whose) && (!q->bill || mark->whose.bill == q->bill) && is_text(mark->number, q->number)
           && (!q->seller || (mark->seller_tax_no && strcmp(mark->seller_tax_no, q->seller) == 0) || holds(mark->seller_name, q->seller))
           && fits_day(q, mark->date) && fits_twin(q, mark->twin_kind);
}

/* ---- along which index ---- */

static fpi_err_t *has(bool *out, const walk_t *w, fpi_sql_t sql)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(w->tx, sql, FPI_ARGS(fpi_arg_int(w->query->tenant), fpi_arg_text(w->query->seller)), &rows, NULL, w->task));
    *out = fpi_rows_count(rows) > 0;
    return NULL;
}

/* A whole name or tax number is an index; a part of a name is looked for among the youngest. */
static fpi_err_t *choose_seller(walk_t *w)
{
    bool is_name, is_tax_no;

    FPI_TRY(has(&is_name, w, FPI_SQL_FOUND_HAS_SELLER));
    FPI_TRY(has(&is_tax_no, w, FPI_SQL_FOUND_HAS_SELLER_TAX_NO));
    if (is_name || is_tax_no) {
        w->sql = is_name ? FPI_SQL_FOUND_MARKS_OF_SELLER : FPI_SQL_FOUND_MARKS_OF_SELLER_TAX_NO;
        w->value = w->query->seller;
    }
    return NULL;
}

static fpi_err_t *begin_at_day(walk_t *w)
{
    const fpi_found_query_t *q = w->query;
    fpi_found_row_t *row;

    w->sql = FPI_SQL_FOUND_MARKS_OF_DAYS;
    w->value = q->date_from ? q->date_from : "";
    w->day = q->date_to ? q->date_to : DAY_LAST;
    if (!q->after) {
        return NULL;
    }
    FPI_TRY(fpi_found_find(&row, w->tx, q->tenant, q->after, w->task));
    if (!row || !row->invoice.date) {
        return fpi_refuse(w->task, FPI_E_FIELD, "after", "参数 after 所指的发票已不存在, 请从头开始", "the invoice of parameter after is gone: begin anew");
    }
    w->day = row->invoice.date;
    return NULL;
}

static fpi_err_t *choose(walk_t *w)
{
    const fpi_found_query_t *q = w->query;

    w->sql = FPI_SQL_FOUND_MARKS;
    w->spot = q->after ? q->after : INT64_MAX;
    if (q->bill) {
        w->sql = FPI_SQL_FOUND_MARKS_OF_BILL;
    }
    else if (q->number) {
        w->sql = FPI_SQL_FOUND_MARKS_OF_NUMBER;
        w->value = q->number;
    }
    else if (q->twin_kind > 0 || q->twin_kind == FPI_FOUND_TWINNED) {
        w->sql = FPI_SQL_FOUND_MARKS_OF_TWINS;
    }
    else if (q->seller) {
        FPI_TRY(choose_seller(w));
    }
    return w->sql == FPI_SQL_FOUND_MARKS && (q->date_from || q->date_to) ? begin_at_day(w) : NULL;
}

static fpi_err_t *read_step(fpi_rows_t **rows, const walk_t *w)
{
    fpi_arg_t tenant = fpi_arg_int(w->query->tenant), spot = fpi_arg_int(w->spot), most = fpi_arg_int(STEP);

    switch (w->sql) {
    case FPI_SQL_FOUND_MARKS:
    case FPI_SQL_FOUND_MARKS_OF_TWINS:
        return fpi_tx_run(w->tx, w->sql, FPI_ARGS(tenant, spot, most), rows, NULL, w->task);
    case FPI_SQL_FOUND_MARKS_OF_BILL:
        return fpi_tx_run(w->tx, w->sql, FPI_ARGS(tenant, spot, most, fpi_arg_int(w->query->bill)), rows, NULL, w->task);
    case FPI_SQL_FOUND_MARKS_OF_DAYS:
        return fpi_tx_run(w->tx, w->sql, FPI_ARGS(tenant, spot, most, fpi_arg_text(w->value), fpi_arg_text(w->day)), rows, NULL,
                          w->task);
    default:
        return fpi_tx_run(w->tx, w->sql, FPI_ARGS(tenant, spot, most, fpi_arg_text(w->value)), rows, NULL, w->task);
    }
}

/* ---- the page ---- */

static bool is_full(const walk_t *w)
{
    return w->out->count == w->query->most;
}

static void take(walk_t *w, const mark_t *mark)
{
    fpi_found_page_t *out = w->out;

    w->spot = mark->id;
    w->day = mark->date;
    w->scanned++;
    w->counted += is_full(w);
    if (!is_full(w)) {
        out->last = mark->id; /* whether it fits or not: the next page goes on behind it */
    }
    if (!fits(w->query, mark)) {
        return;
    }
    out->total++;
    out->has_more = out->has_more || is_full(w);
    if (!is_full(w) && out->total > w->query->skip) {
        w->ids[out->count++] = mark->id;
    }
}

static bool is_over(const walk_t *w)
{
    if (w->is_end || fpi_list_is_out_of_reach(w->scanned, w->out->total, w->query->skip)) {
        return true;
    }
    return is_full(w) ? w->counted >= COUNT || w->out->total >= FPI_LIST_TOTAL : w->scanned >= SCAN + w->query->skip;
}

static bool is_everything(const walk_t *w)
{
    const fpi_found_query_t *q = w->query;

    return w->sql == FPI_SQL_FOUND_MARKS && !fpi_viewer_is_limited(q->viewer) && !q->seller && q->twin_kind == FPI_FOUND_ANY && !q->after;
}

/* Where all of them fit, those before the page are passed along the ids, without their bills. */
static fpi_err_t *jump(walk_t *w)
{
    int64_t skip = w->query->skip;
    fpi_rows_t *rows;

    if (!skip || !is_everything(w)) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(w->tx, FPI_SQL_FOUND_PASS, FPI_ARGS(fpi_arg_int(w->query->tenant), fpi_arg_int(skip - 1)), &rows, NULL, w->task));
    if (fpi_rows_count(rows)) {
        w->spot = w->out->last = fpi_rows_int(rows, 0, 0);
        w->out->total = skip;
        w->scanned = (int)skip;
    }
    return NULL;
}

static fpi_err_t *take_rows(walk_t *w)
{
    fpi_found_page_t *out = w->out;

    out->rows = apr_pcalloc(w->task->pool, sizeof(*out->rows) * ((size_t)out->count + 1));
    for (int i = 0; i < out->count; i++) {
        fpi_found_row_t *row;

        FPI_TRY(fpi_found_find(&row, w->tx, w->query->tenant, w->ids[i], w->task));
        out->rows[i] = *row; /* of the same transaction: it is there */
    }
    return NULL;
}

fpi_err_t *fpi_found_page(fpi_found_page_t *out, fpi_tx_t *tx, const fpi_found_query_t *query, fpi_task_t *task)
{
    walk_t w = { .out = out, .query = query, .tx = tx, .task = task };
    fpi_rows_t *rows;
    mark_t mark;

    memset(out, 0, sizeof(*out));
    w.ids = apr_palloc(task->pool, sizeof(*w.ids) * ((size_t)query->most + 1));
    FPI_TRY(choose(&w));
    FPI_TRY(jump(&w));
    while (!is_over(&w)) {
        FPI_TRY(read_step(&rows, &w));
        w.is_end = fpi_rows_count(rows) < STEP;
        for (int i = 0; i < fpi_rows_count(rows); i++) {
            take_mark(&mark, rows, i);
            take(&w, &mark);
        }
    }
    out->is_bound = !w.is_end;
    out->is_partial = !w.is_end && !is_full(&w);
    out->has_more = out->has_more || !w.is_end;
    return take_rows(&w);
}
