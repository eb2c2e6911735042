#include "store/bill_list_own.h"

#include <string.h>

/* ---- the page ---- */

bool fpi_list_is_out_of_reach(int64_t scanned, int64_t fitting, int64_t skip)
{
    return scanned >= FPI_LIST_SCAN && fitting < skip && fitting * 5 / 4 * (skip + FPI_LIST_SCAN) < skip * scanned;
}

typedef struct filling_t {
    int64_t fitting;             /* seen so far */
    int64_t *ids;
    int count;
    bool is_over;                /* the lanes have no more */
} filling_t;

static int64_t enough(const fpi_bill_query_t *q)
{
    int64_t page = q->skip + q->most + 1;

    return page > FPI_LIST_TOTAL ? page : FPI_LIST_TOTAL + 1;
}

static void take_fitting(fpi_bill_page_t *out, filling_t *f, const fpi_bill_query_t *q, const fpi_mark_t *mark)
{
    if (f->fitting >= q->skip && f->count < q->most) {
        f->ids[f->count++] = mark->id;
        out->last = fpi_mark_spot(q, mark);
    }
    f->fitting++;
}

/* Outside the span nothing more can come. */
static bool is_behind_span(const fpi_bill_query_t *q, const fpi_mark_t *mark)
{
    return q->sort == FPI_SORT_CREATED
           && (q->is_rising ? q->to && mark->created >= q->to : q->from && mark->created < q->from);
}

static void stop_early(fpi_bill_page_t *out, const filling_t *f, const fpi_bill_query_t *q, const fpi_mark_t *last)
{
    out->has_more = true;
    if (f->count < q->most) {
        out->is_partial = true;
        out->last = fpi_mark_spot(q, last);
    }
}

static bool is_tired(const filling_t *f, const fpi_look_t *look)
{
    const fpi_bill_query_t *q = look->query;

    return look->scanned > (f->count == q->most ? FPI_LIST_COUNT : q->skip + FPI_LIST_SCAN)
           || fpi_list_is_out_of_reach(look->scanned, f->fitting, q->skip);
}

static fpi_err_t *walk(fpi_bill_page_t *out, filling_t *f, fpi_look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    fpi_mark_t *mark, *last = NULL;

    while (f->fitting < enough(q)) {
        if (is_tired(f, look)) {
            stop_early(out, f, q, last);
            return NULL;
        }
        FPI_TRY(fpi_lanes_next(&mark, look));
        if (!mark || is_behind_span(q, mark)) {
            f->is_over = true;
            return NULL;
        }
        if (look->is_sure ? fpi_mark_is_in_span(q, mark) : fpi_mark_fits(look, mark)) {
            take_fitting(out, f, q, mark);
        }
        last = mark;
    }
    return NULL;
}

/* Where all rows fit, those before the page are passed along the index, unseen. */
static fpi_err_t *jump(filling_t *f, fpi_look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    bool is_there;

    if (!q->skip || !fpi_lanes_may_pass(q)) {
        return NULL;
    }
    FPI_TRY(fpi_lanes_pass(&is_there, look, q->skip));
    if (is_there) {
        f->fitting = q->skip;
        look->scanned = (int)q->skip;
    }
    return NULL;
}

static fpi_err_t *get_bills(fpi_bill_page_t *out, const filling_t *f, fpi_tx_t *tx, const fpi_bill_query_t *q,
                            fpi_task_t *task)
{
    out->bills = apr_pcalloc(task->pool, sizeof(*out->bills) * ((size_t)f->count + 1));
    for (int i = 0; i < f->count; i++) {
        FPI_TRY(fpi_bill_find_by_id(&out->bills[out->count], tx, q->tenant, f->ids[i], task));
        out->count += out->bills[out->count] != NULL;
    }
    return NULL;
}

static void tell_total(fpi_bill_page_t *out, const filling_t *f, const fpi_bill_query_t *q)
{
    int64_t page = q->skip + f->count;

    out->has_more = out->has_more || f->fitting > page;
    out->is_bound = !f->is_over;
    out->total = f->is_over || f->fitting <= FPI_LIST_TOTAL ? f->fitting : f->fitting - 1;
}

/* ---- which way ---- */

/* A part of few bills, in their order. */
static void slice(fpi_bill_page_t *out, filling_t *f, const fpi_few_t *few, const fpi_bill_query_t *q)
{
    for (int i = 0; i < few->marks->nelts; i++) {
        const fpi_mark_t *mark = &APR_ARRAY_IDX(few->marks, i, fpi_mark_t);
        fpi_spot_t spot = fpi_mark_spot(q, mark);

        if (!q->after || fpi_spot_compare(q, &spot, q->after) > 0) {
            take_fitting(out, f, q, mark);
        }
    }
    f->is_over = !few->is_cut;
}

fpi_err_t *fpi_bills_page(fpi_bill_page_t *out, fpi_tx_t *tx, const fpi_bill_query_t *query, fpi_task_t *task)
{
    fpi_look_t look = { .tx = tx, .query = query, .task = task };
    filling_t f = { 0, apr_palloc(task->pool, sizeof(int64_t) * ((size_t)query->most + 1)), 0, false };
    fpi_few_t few = fpi_few_make(task);
    bool is_few;

    memset(out, 0, sizeof(*out));
    FPI_TRY(fpi_few_read_parked(&look));
    FPI_TRY(fpi_few_find(&is_few, &few, &look));
    if (is_few) {
        fpi_few_sort(&few, query);
        slice(out, &f, &few, query);
    }
    else {
        fpi_lanes_open(&look);
        look.is_sure = fpi_lanes_are_sure(query);
        FPI_TRY(jump(&f, &look));
        FPI_TRY(walk(out, &f, &look));
    }
    tell_total(out, &f, query);
    return get_bills(out, &f, tx, query, task);
}
