#include "store/bill_list_own.h"

#include <string.h>

/* rows that are read of states, those first which few are in, and of the newest bills for the others */
enum { STATES_MOST = 2500, NEWEST_MOST = 1000 };

typedef struct tally_t {
    fpi_bill_tally_t *out;
    fpi_look_t look;
    fpi_bill_query_t query;
    int left;                    /* of STATES_MOST */
    unsigned many;               /* states that too many bills are in to read them all */
} tally_t;

static void count_few(tally_t *t, fpi_few_t *few)
{
    fpi_few_sort(few, &t->query);
    for (int i = 0; i < few->marks->nelts; i++) {
        t->out->counts[APR_ARRAY_IDX(few->marks, i, fpi_mark_t).state]++;
    }
}

static fpi_err_t *count_rows(tally_t *t, const fpi_lane_t *lane, int most)
{
    fpi_rows_t *rows;
    fpi_mark_t *marks;
    int count;

    FPI_TRY(fpi_lane_read(&rows, &t->look, lane, most));
    fpi_marks_take(&marks, &count, rows, t->look.task);
    for (int i = 0; i < count; i++) {
        t->out->counts[marks[i].state] += fpi_mark_fits(&t->look, &marks[i]);
    }
    return NULL;
}

static fpi_err_t *count_state(tally_t *t, int state)
{
    fpi_lane_t lane = { .kind = FPI_LANE_STATE, .value = state };
    bool is_whole = !fpi_viewer_is_limited(t->query.viewer);
    int most = is_whole ? FPI_LIST_TOTAL + 1 : t->left + 1, count;

    FPI_TRY(fpi_lane_count(&count, &t->look, &lane, most));
    if (is_whole) {
        t->out->counts[state] = count;
        return NULL;
    }
    if (count == most) {
        t->many |= 1U << state;
        return NULL;
    }
    t->left -= count;
    return count_rows(t, &lane, count);
}

/* Of the others, those among his newest. */
static fpi_err_t *count_newest(tally_t *t)
{
    fpi_mark_t *mark;

    t->query.states = t->many;
    fpi_lanes_open(&t->look);
    do {
        FPI_TRY(fpi_lanes_next(&mark, &t->look));
        if (mark && fpi_mark_fits(&t->look, mark)) {
            t->out->counts[mark->state]++;
        }
    } while (mark && t->look.scanned < NEWEST_MOST);
    t->out->bounds |= mark ? t->many : 0;
    return NULL;
}

static fpi_err_t *count_all(tally_t *t)
{
    for (int state = 0; state <= FPI_STATE_VOID; state++) {
        if (t->query.states >> state & 1) {
            FPI_TRY(count_state(t, state));
        }
    }
    return t->many ? count_newest(t) : NULL;
}

/* Whoever sees few is read whole. */
static fpi_err_t *count_own(bool *is_done, tally_t *t)
{
    fpi_few_t few = fpi_few_make(t->look.task);

    *is_done = false;
    if (fpi_lanes_has_own(t->query.viewer)) {
        FPI_TRY(fpi_few_add_own(&few, &t->look));
    }
    else if (fpi_few_is_by_code(t->query.viewer)) {
        FPI_TRY(fpi_few_add_named(&few, &t->look));
    }
    else {
        return NULL;
    }
    *is_done = !few.is_cut;
    count_few(t, &few);
    return NULL;
}

static void hold_bounds(fpi_bill_tally_t *out)
{
    for (int state = 0; state <= FPI_STATE_VOID; state++) {
        if (out->counts[state] > FPI_LIST_TOTAL) {
            out->counts[state] = FPI_LIST_TOTAL;
            out->bounds |= 1U << state;
        }
    }
}

fpi_err_t *fpi_bills_tally(fpi_bill_tally_t *out, fpi_tx_t *tx, int64_t tenant, const fpi_viewer_t *viewer, unsigned states,
                           fpi_task_t *task)
{
    tally_t t = { .out = out, .left = STATES_MOST, .look = { .tx = tx, .task = task },
                  .query = { .tenant = tenant, .viewer = viewer, .org = -1, .states = states } };
    bool is_done;

    memset(out, 0, sizeof(*out));
    t.look.query = &t.query;
    FPI_TRY(count_own(&is_done, &t));
    if (!is_done) {
        FPI_TRY(count_all(&t));
    }
    hold_bounds(out);
    return NULL;
}
