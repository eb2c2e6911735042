#include "store/attachments.h"

#include "store/bill_list.h"
#include "store/bills.h"

#include <string.h>

/* rows that are read to fill a page; each is heavier than a bill's mark */
enum { STEP = 500, SCAN = 2000 };

/* A row with what says whose it is. */
typedef struct mark_t {
    fpi_attachment_t it;
    fpi_whose_t whose;
} mark_t;

static void take_mark(mark_t *mark, const fpi_rows_t *rows, int row)
{
    fpi_attachment_t *it = &mark->it;
    int c = 0;

    it->id = fpi_rows_int(rows, row, c++);
    it->bill = fpi_rows_int(rows, row, c++);
    it->number = fpi_rows_text(rows, row, c++);
    it->type_code = fpi_rows_text(rows, row, c++);
    it->type_name = fpi_rows_text(rows, row, c++);
    it->name = fpi_rows_text(rows, row, c++);
    it->media = fpi_rows_text(rows, row, c++);
    it->size = fpi_rows_int(rows, row, c++);
    it->sha256 = fpi_rows_text(rows, row, c++);
    it->label = fpi_rows_text(rows, row, c++);
    it->attachment_type = fpi_rows_int(rows, row, c++);
    it->source = fpi_rows_text(rows, row, c++);
    it->created = fpi_rows_int(rows, row, c++);
    mark->whose = fpi_rows_whose(rows, row, c, it->bill);
}

static bool fits(const fpi_attachment_query_t *q, const mark_t *mark)
{
    const fpi_attachment_t *it = &mark->it;

    return fpi_viewer_sees(q->viewer, &mark->whose) && (!q->number || strncmp(it->number, q->number, strlen(q->number)) == 0)
           && (!q->name || strstr(it->name, q->name)) && (!q->label || (it->label && strcmp(it->label, q->label) == 0))
           && (q->attachment_type < 0 || it->attachment_type == q->attachment_type) && it->created >= q->from
           && (!q->to || it->created < q->to);
}

typedef struct walk_t {
    fpi_attachment_page_t *out;
    const fpi_attachment_query_t *query;
    int64_t spot;                /* read up to here */
    int scanned, counted;        /* rows read; rows read once the page was full */
    bool is_end;
} walk_t;

static bool is_full(const walk_t *w)
{
    return w->out->count == w->query->most;
}

static void take(walk_t *w, const mark_t *mark)
{
    fpi_attachment_page_t *out = w->out;

    w->spot = mark->it.id;
    w->scanned++;
    w->counted += is_full(w);
    if (!is_full(w)) {
        out->last = mark->it.id; /* whether it fits or not: the next page goes on behind it */
    }
    if (!fits(w->query, mark)) {
        return;
    }
    out->total++;
    out->has_more = out->has_more || is_full(w);
    if (!is_full(w) && out->total > w->query->skip) {
        out->items[out->count++] = mark->it;
    }
}

static bool is_over(const walk_t *w)
{
    if (w->is_end || fpi_list_is_out_of_reach(w->scanned, w->out->total, w->query->skip)) {
        return true;
    }
    return is_full(w) ? w->counted >= FPI_LIST_COUNT || w->out->total >= FPI_LIST_TOTAL : w->scanned >= SCAN + w->query->skip;
}

static bool is_everything(const fpi_attachment_query_t *q)
{
    return !fpi_viewer_is_limited(q->viewer) && !q->number && !q->name && !q->label && q->attachment_type < 0 && !q->from && !q->to
           && !q->after;
}

/* Where all of them fit, those before the page are passed along the index, unseen. */
static fpi_err_t *jump(walk_t *w, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_attachment_query_t *q = w->query;
    fpi_rows_t *rows;

    if (!q->skip || !is_everything(q)) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ATTACHMENT_PASS, FPI_ARGS(fpi_arg_int(q->tenant), fpi_arg_int(q->skip - 1)), &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        w->spot = w->out->last = fpi_rows_int(rows, 0, 0);
        w->out->total = q->skip;
        w->scanned = (int)q->skip;
    }
    return NULL;
}

fpi_err_t *fpi_attachments_page(fpi_attachment_page_t *out, fpi_tx_t *tx, const fpi_attachment_query_t *query,
                                fpi_task_t *task)
{
    walk_t w = { .out = out, .query = query, .spot = query->after ? query->after : INT64_MAX };
    fpi_rows_t *rows;
    mark_t mark;

    memset(out, 0, sizeof(*out));
    out->items = apr_pcalloc(task->pool, sizeof(*out->items) * ((size_t)query->most + 1));
    FPI_TRY(jump(&w, tx, task));
    while (!is_over(&w)) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_ATTACHMENT_LIST,
                           FPI_ARGS(fpi_arg_int(query->tenant), fpi_arg_int(w.spot), fpi_arg_int(STEP)), &rows, NULL, task));
        w.is_end = fpi_rows_count(rows) < STEP;
        for (int i = 0; i < fpi_rows_count(rows); i++) {
            take_mark(&mark, rows, i);
            take(&w, &mark);
        }
    }
    out->is_bound = !w.is_end;
    out->is_partial = !w.is_end && !is_full(&w);
    out->has_more = out->has_more || !w.is_end;
    return NULL;
}
