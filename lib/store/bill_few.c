#include "store/bill_list_own.h"

#include "base/text.h"
#include "model/said.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ---- sorted ---- */

fpi_few_t fpi_few_make(fpi_task_t *task)
{
    return (fpi_few_t){ apr_array_make(task->pool, 100, sizeof(fpi_mark_t)), false };
}

static int by_place(const void *a, const void *b)
{
    const fpi_mark_t *left = a, *right = b;
    fpi_spot_t left_spot = fpi_mark_spot(left->query, left), right_spot = fpi_mark_spot(left->query, right);

    return fpi_spot_compare(left->query, &left_spot, &right_spot);
}

void fpi_few_sort(fpi_few_t *few, const fpi_bill_query_t *query)
{
    fpi_mark_t *marks = (fpi_mark_t *)(void *)few->marks->elts;
    int kept = 0;

    for (int i = 0; i < few->marks->nelts; i++) {
        marks[i].query = query;
    }
    qsort(marks, (size_t)few->marks->nelts, sizeof(*marks), by_place);
    for (int i = 0; i < few->marks->nelts; i++) {
        if (!kept || marks[kept - 1].id != marks[i].id) {
            marks[kept++] = marks[i];
        }
    }
    few->marks->nelts = kept;
}

/* ---- gathered ---- */

static void add_rows(fpi_few_t *few, const fpi_rows_t *rows, const fpi_look_t *look)
{
    int count = fpi_rows_count(rows);
    fpi_mark_t mark = { 0 };

    few->is_cut = few->is_cut || count == FPI_FEW_MOST;
    for (int i = 0; i < count; i++) {
        fpi_mark_take(&mark, rows, i);
        if (fpi_mark_fits(look, &mark)) {
            APR_ARRAY_PUSH(few->marks, fpi_mark_t) = mark;
        }
    }
}

static fpi_err_t *add_like(fpi_few_t *few, fpi_sql_t sql, const char *prefix, fpi_look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    const char *end = apr_pstrcat(look->task->pool, prefix, FPI_NUMBER_LAST, NULL);
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(look->tx, sql,
                       FPI_ARGS(fpi_arg_int(q->tenant), fpi_arg_text(prefix), fpi_arg_text(end), fpi_arg_int(FPI_FEW_MOST)),
                       &rows, NULL, look->task));
    add_rows(few, rows, look);
    return NULL;
}

/* Each index is asked once for each form that it may hold. */
static fpi_err_t *add_forms(fpi_few_t *few, fpi_sql_t sql, const char *const *forms, int count, fpi_look_t *look)
{
    for (int i = 0; i < count; i++) {
        bool is_new = true;

        for (int j = 0; j < i; j++) {
            is_new = is_new && strcmp(forms[i], forms[j]) != 0;
        }
        FPI_TRY(is_new ? add_like(few, sql, forms[i], look) : NULL);
    }
    return NULL;
}

/* As typed, in half-width letters as numbers are as a rule, and those in upper case. */
static fpi_err_t *search(fpi_few_t *few, fpi_look_t *look)
{
    apr_pool_t *pool = look->task->pool;
    const char *text = look->query->search, *narrow = fpi_said_narrow(text, pool);
    const char *const forms[] = { text, narrow, fpi_text_upper(apr_pstrdup(pool, narrow)) };
    const char *const numbers[] = { forms[2], fpi_text_upper(apr_pstrdup(pool, text)) };

    FPI_TRY(add_forms(few, FPI_SQL_BILLS_LIKE_NUMBER, numbers, 2, look));
    FPI_TRY(add_forms(few, FPI_SQL_BILLS_LIKE_BILL_NO, forms, 3, look));
    return add_forms(few, FPI_SQL_BILLS_LIKE_APPLICANT, forms, 2, look);
}

/* Counted first: what is more than few is not read in vain. */
static fpi_err_t *count_states(fpi_few_t *few, unsigned states, fpi_look_t *look)
{
    for (int state = 0; state <= FPI_STATE_VOID && !few->is_cut; state++) {
        fpi_lane_t lane = { .kind = FPI_LANE_STATE, .value = state };
        int count = 0;

        if (states >> state & 1) {
            FPI_TRY(fpi_lane_count(&count, look, &lane, FPI_FEW_MOST));
        }
        few->is_cut = count == FPI_FEW_MOST;
    }
    return NULL;
}

/* States that few bills are in are found by the state, whatever the order. */
static fpi_err_t *gather_states(fpi_few_t *few, unsigned states, fpi_look_t *look)
{
    FPI_TRY(count_states(few, states, look));
    for (int state = 0; state <= FPI_STATE_VOID && !few->is_cut; state++) {
        fpi_lane_t lane = { .kind = FPI_LANE_STATE, .value = state };
        fpi_rows_t *rows;

        if (states >> state & 1) {
            FPI_TRY(fpi_lane_read(&rows, look, &lane, FPI_FEW_MOST));
            add_rows(few, rows, look);
        }
    }
    return NULL;
}

fpi_err_t *fpi_few_read_parked(fpi_look_t *look)
{
    fpi_rows_t *rows;

    if (look->query->trouble == FPI_TROUBLE_ANY) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(look->tx, FPI_SQL_BILLS_PARKED, FPI_ARGS(fpi_arg_int(look->query->tenant), fpi_arg_int(FPI_FEW_MOST)),
                       &rows, NULL, look->task));
    fpi_marks_take(&look->parked, &look->parked_count, rows, look->task);
    return NULL;
}

/* Those whose pull was given up are there already, whatever their state. */
static fpi_err_t *gather_troubled(fpi_few_t *few, fpi_look_t *look)
{
    FPI_TRY(gather_states(few, fpi_look_states(look) & FPI_STATES_TROUBLE, look));
    for (int i = 0; i < look->parked_count && !few->is_cut; i++) {
        if (fpi_mark_fits(look, &look->parked[i])) {
            APR_ARRAY_PUSH(few->marks, fpi_mark_t) = look->parked[i];
        }
    }
    return NULL;
}

/* Counted first: what is more than few is not read in vain. */
fpi_err_t *fpi_few_add_own(fpi_few_t *few, fpi_look_t *look)
{
    fpi_look_t own = { .tx = look->tx, .query = look->query, .task = look->task };
    fpi_rows_t *rows;
    int count, left = FPI_FEW_MOST;

    fpi_lanes_add_own(&own);
    for (int i = 0; i < own.lane_count && left > 0; i++) {
        FPI_TRY(fpi_lane_count(&count, &own, &own.lanes[i], left));
        left -= count;
    }
    few->is_cut = left == 0;
    for (int i = 0; i < own.lane_count && !few->is_cut; i++) {
        FPI_TRY(fpi_lane_read(&rows, &own, &own.lanes[i], FPI_FEW_MOST));
        add_rows(few, rows, look);
    }
    return NULL;
}

fpi_err_t *fpi_few_add_named(fpi_few_t *few, fpi_look_t *look)
{
    const fpi_ids_t *bills = &look->query->viewer->bills;

    for (int i = 0; i < bills->count; i++) {
        fpi_rows_t *rows;

        FPI_TRY(fpi_tx_run(look->tx, FPI_SQL_BILLS_BY_ID,
                           FPI_ARGS(fpi_arg_int(look->query->tenant), fpi_arg_int(bills->items[i])), &rows, NULL,
                           look->task));
        add_rows(few, rows, look);
    }
    return NULL;
}

bool fpi_few_is_by_code(const fpi_viewer_t *viewer)
{
    return viewer && (viewer->kind == FPI_VIEWER_EVENT || viewer->kind == FPI_VIEWER_PHONE);
}

fpi_err_t *fpi_few_find(bool *is_found, fpi_few_t *few, fpi_look_t *look)
{
    const fpi_bill_query_t *q = look->query;

    *is_found = true;
    if (q->search) {
        return search(few, look);
    }
    if (fpi_few_is_by_code(q->viewer)) {
        FPI_TRY(fpi_few_add_named(few, look));
    }
    else if (q->trouble == FPI_TROUBLE_ONLY) {
        FPI_TRY(gather_troubled(few, look));
    }
    else if (fpi_lanes_has_own(q->viewer) && q->sort != FPI_SORT_CREATED) {
        FPI_TRY(fpi_few_add_own(few, look));
    }
    else if ((q->states || q->trouble) && q->sort != FPI_SORT_UPDATED && !fpi_lanes_has_own(q->viewer)) {
        FPI_TRY(gather_states(few, fpi_look_states(look), look));
    }
    else {
        *is_found = false;
    }
    *is_found = *is_found && !few->is_cut;
    return NULL;
}
