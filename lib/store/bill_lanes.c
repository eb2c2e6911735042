#include "store/bill_list_own.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ORG_LANES = 32, STEP_FIRST = 250, STEP_MOST = 500, STEP_LEAST = 30 };

/* ---- marks ---- */

void fpi_mark_take(fpi_mark_t *mark, const fpi_rows_t *rows, int row)
{
    int c = 0;

    mark->id = fpi_rows_int(rows, row, c++);
    mark->created = fpi_rows_int(rows, row, c++);
    mark->updated = fpi_rows_int(rows, row, c++);
    mark->state = (int)fpi_rows_int(rows, row, c++);
    mark->org = fpi_rows_int(rows, row, c++);
    mark->number = fpi_rows_text(rows, row, c++);
    mark->resource = fpi_rows_text(rows, row, c++);
    mark->type_code = fpi_rows_text(rows, row, c++);
    mark->tax_no = fpi_rows_text(rows, row, c++);
    mark->owner = fpi_rows_int(rows, row, c++);
    mark->point = fpi_rows_int(rows, row, c++);
    mark->phone = fpi_rows_text(rows, row, c++);
}

void fpi_marks_take(fpi_mark_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_palloc(task->pool, sizeof(**out) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        fpi_mark_take(&(*out)[i], rows, i);
    }
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool may_be_seen(const fpi_bill_query_t *q, const fpi_mark_t *mark)
{
    fpi_whose_t whose = { mark->id, mark->org, mark->owner, mark->point, mark->tax_no, mark->phone };

    return fpi_viewer_sees(q->viewer, &whose);
}

bool fpi_mark_is_in_span(const fpi_bill_query_t *q, const fpi_mark_t *mark)
{
    return (!q->from || mark->created >= q->from) && (!q->to || mark->created < q->to);
}

static int by_id(const void *a, const void *b)
{
    int64_t left = ((const fpi_mark_t *)a)->id, right = ((const fpi_mark_t *)b)->id;

    return (left > right) - (left < right);
}

static bool is_in_trouble(const fpi_look_t *look, const fpi_mark_t *mark)
{
    if (FPI_STATES_TROUBLE >> mark->state & 1) {
        return true;
    }
    return mark->state != FPI_STATE_VOID && look->parked_count
           && bsearch(mark, look->parked, (size_t)look->parked_count, sizeof(*mark), by_id);
}

static bool is_in_state(const fpi_look_t *look, const fpi_mark_t *mark)
{
    const fpi_bill_query_t *q = look->query;

    return (!q->states || (q->states >> mark->state & 1))
           && (q->trouble == FPI_TROUBLE_ANY || (q->trouble == FPI_TROUBLE_ONLY) == is_in_trouble(look, mark));
}

bool fpi_mark_fits(const fpi_look_t *look, const fpi_mark_t *mark)
{
    const fpi_bill_query_t *q = look->query;

    return may_be_seen(q, mark) && is_in_state(look, mark) && (q->org < 0 || q->org == mark->org)
           && (!q->type_code || is_same(q->type_code, mark->type_code))
           && (!q->resource || is_same(q->resource, mark->resource)) && fpi_mark_is_in_span(q, mark);
}

fpi_spot_t fpi_mark_spot(const fpi_bill_query_t *q, const fpi_mark_t *mark)
{
    return (fpi_spot_t){ q->sort == FPI_SORT_UPDATED ? mark->updated : mark->created, mark->number ? mark->number : "", mark->id };
}

int fpi_spot_compare(const fpi_bill_query_t *q, const fpi_spot_t *a, const fpi_spot_t *b)
{
    int by = q->sort == FPI_SORT_NUMBER ? strcmp(a->number, b->number) : (a->key > b->key) - (a->key < b->key);

    by = by ? by : (a->id > b->id) - (a->id < b->id);
    return q->is_rising ? by : -by;
}

unsigned fpi_look_states(const fpi_look_t *look)
{
    unsigned asked = look->query->states ? look->query->states : FPI_STATES_ALL, troubled = FPI_STATES_TROUBLE;

    for (int i = 0; i < look->parked_count; i++) {
        troubled |= 1U << look->parked[i].state;
    }
    switch (look->query->trouble) {
    case FPI_TROUBLE_ONLY:
        return asked & troubled;
    case FPI_TROUBLE_NONE:
        return asked & ~FPI_STATES_TROUBLE;
    default:
        return asked;
    }
}

/* ---- lanes ---- */

static const struct {
    fpi_sql_t down, up, count;
} statements[] = {
    [FPI_LANE_ALL] = { FPI_SQL_BILLS_BY_CREATED_DOWN, FPI_SQL_BILLS_BY_CREATED_UP, FPI_SQL_COUNT },
    [FPI_LANE_TAX_NO] = { FPI_SQL_BILLS_BY_TAX_NO_DOWN, FPI_SQL_BILLS_BY_TAX_NO_UP, FPI_SQL_COUNT },
    [FPI_LANE_ORG] = { FPI_SQL_BILLS_BY_ORG_DOWN, FPI_SQL_BILLS_BY_ORG_UP, FPI_SQL_BILLS_COUNT_ORG },
    [FPI_LANE_OWNER] = { FPI_SQL_BILLS_BY_OWNER_DOWN, FPI_SQL_BILLS_BY_OWNER_UP, FPI_SQL_BILLS_COUNT_OWNER },
    [FPI_LANE_POINT] = { FPI_SQL_BILLS_BY_POINT_DOWN, FPI_SQL_BILLS_BY_POINT_UP, FPI_SQL_BILLS_COUNT_POINT },
    [FPI_LANE_PHONE] = { FPI_SQL_BILLS_BY_PHONE_DOWN, FPI_SQL_BILLS_BY_PHONE_UP, FPI_SQL_BILLS_COUNT_PHONE },
    [FPI_LANE_STATE] = { FPI_SQL_BILLS_BY_STATE_DOWN, FPI_SQL_BILLS_BY_STATE_UP, FPI_SQL_BILLS_COUNT_STATE },
    [FPI_LANE_NUMBER] = { FPI_SQL_BILLS_BY_NUMBER_DOWN, FPI_SQL_BILLS_BY_NUMBER_UP, FPI_SQL_COUNT },
};

static fpi_spot_t beginning(const fpi_bill_query_t *q)
{
    return q->is_rising ? (fpi_spot_t){ INT64_MIN, "", INT64_MIN } : (fpi_spot_t){ INT64_MAX, FPI_NUMBER_LAST, INT64_MAX };
}

static fpi_lane_t *add_lane(fpi_look_t *look, fpi_lane_kind_t kind)
{
    const fpi_bill_query_t *q = look->query;
    fpi_lane_t *lane = &look->lanes[look->lane_count++];

    assert(look->lane_count <= FPI_LANES_MAX);
    memset(lane, 0, sizeof(*lane));
    lane->kind = kind;
    lane->spot = q->after ? *q->after : beginning(q);
    return lane;
}

/* A lane by time of creation begins where the asked span does. */
static void begin_in_span(fpi_look_t *look, fpi_lane_t *lane)
{
    const fpi_bill_query_t *q = look->query;

    if (q->is_rising && q->from && lane->spot.key < q->from) {
        lane->spot = (fpi_spot_t){ q->from, "", INT64_MIN };
    }
    if (!q->is_rising && q->to && lane->spot.key >= q->to) {
        lane->spot = (fpi_spot_t){ q->to, "", INT64_MIN };
    }
}

bool fpi_lanes_has_own(const fpi_viewer_t *viewer)
{
    return viewer && viewer->kind == FPI_VIEWER_PERSON && fpi_viewer_is_limited(viewer)
           && viewer->all_orgs.count <= ORG_LANES;
}

void fpi_lanes_add_own(fpi_look_t *look)
{
    const fpi_viewer_t *viewer = look->query->viewer;

    add_lane(look, FPI_LANE_OWNER)->value = viewer->user;
    if (viewer->point) {
        add_lane(look, FPI_LANE_POINT)->value = viewer->point;
    }
    if (viewer->mobile) {
        add_lane(look, FPI_LANE_PHONE)->text = viewer->mobile;
    }
    for (int i = 0; i < viewer->all_orgs.count; i++) {
        add_lane(look, FPI_LANE_ORG)->value = viewer->all_orgs.items[i];
    }
}

static void lanes_of_tax_no(fpi_look_t *look, const char *tax_no)
{
    add_lane(look, FPI_LANE_TAX_NO)->text = "";
    if (*tax_no) {
        add_lane(look, FPI_LANE_TAX_NO)->text = tax_no;
    }
}

/* An organisation that he sees all of is its own lane; of another he sees only what his lanes hold. */
static void lanes_by_created(fpi_look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    const fpi_viewer_t *viewer = q->viewer;
    bool is_person = fpi_lanes_has_own(viewer);

    if (q->org >= 0 && !(is_person && !fpi_ids_has(&viewer->all_orgs, q->org))) {
        add_lane(look, FPI_LANE_ORG)->value = q->org;
    }
    else if (is_person) {
        fpi_lanes_add_own(look);
    }
    else if (viewer && viewer->tax_no) {
        lanes_of_tax_no(look, viewer->tax_no);
    }
    else {
        add_lane(look, FPI_LANE_ALL);
    }
    for (int i = 0; i < look->lane_count; i++) {
        begin_in_span(look, &look->lanes[i]);
    }
}

static void lanes_by_state(fpi_look_t *look)
{
    unsigned states = fpi_look_states(look);

    for (int state = 0; state <= FPI_STATE_VOID; state++) {
        if (states >> state & 1) {
            add_lane(look, FPI_LANE_STATE)->value = state;
        }
    }
}

void fpi_lanes_open(fpi_look_t *look)
{
    switch (look->query->sort) {
    case FPI_SORT_CREATED:
        lanes_by_created(look);
        break;
    case FPI_SORT_UPDATED:
        lanes_by_state(look);
        break;
    case FPI_SORT_NUMBER:
        add_lane(look, FPI_LANE_NUMBER);
        break;
    }
}

/* ---- reading ---- */

static fpi_arg_t value_of(const fpi_lane_t *lane)
{
    return lane->text ? fpi_arg_text(lane->text) : fpi_arg_int(lane->value);
}

static bool is_picky(const fpi_bill_query_t *q)
{
    return q->states || q->trouble || q->type_code || q->resource;
}

/* By the way they are opened: an organisation's, those of one who sees few, an enterprise's, or all for one who sees all. */
bool fpi_lanes_are_sure(const fpi_bill_query_t *q)
{
    if (q->sort != FPI_SORT_CREATED || is_picky(q)) {
        return false;
    }
    if (!fpi_viewer_is_limited(q->viewer)) {
        return true;
    }
    if (q->org >= 0) {
        return fpi_lanes_has_own(q->viewer) && fpi_ids_has(&q->viewer->all_orgs, q->org);
    }
    return fpi_lanes_has_own(q->viewer) || q->viewer->kind == FPI_VIEWER_ENTERPRISE;
}

static fpi_err_t *read_behind(fpi_rows_t **rows, const fpi_look_t *look, const fpi_lane_t *lane, const fpi_spot_t *spot, int most)
{
    fpi_sql_t sql = look->query->is_rising ? statements[lane->kind].up : statements[lane->kind].down;
    fpi_arg_t tenant = fpi_arg_int(look->query->tenant), key = fpi_arg_int(spot->key);
    fpi_arg_t id = fpi_arg_int(spot->id), limit = fpi_arg_int(most), is_thin = fpi_arg_int(look->is_sure);

    switch (lane->kind) {
    case FPI_LANE_ALL:
        return fpi_tx_run(look->tx, sql, FPI_ARGS(tenant, key, id, limit, is_thin), rows, NULL, look->task);
    case FPI_LANE_NUMBER:
        return fpi_tx_run(look->tx, sql, FPI_ARGS(tenant, fpi_arg_text(spot->number), id, limit), rows, NULL, look->task);
    case FPI_LANE_STATE:
        return fpi_tx_run(look->tx, sql, FPI_ARGS(tenant, value_of(lane), key, id, limit), rows, NULL, look->task);
    default:
        return fpi_tx_run(look->tx, sql, FPI_ARGS(tenant, value_of(lane), key, id, limit, is_thin), rows, NULL, look->task);
    }
}

fpi_err_t *fpi_lane_read(fpi_rows_t **rows, const fpi_look_t *look, const fpi_lane_t *lane, int most)
{
    fpi_spot_t spot = beginning(look->query);

    return read_behind(rows, look, lane, &spot, most);
}

fpi_err_t *fpi_lane_count(int *count, const fpi_look_t *look, const fpi_lane_t *lane, int most)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(look->tx, statements[lane->kind].count,
                       FPI_ARGS(fpi_arg_int(look->query->tenant), value_of(lane), fpi_arg_int(most)), &rows, NULL, look->task));
    *count = (int)fpi_rows_int(rows, 0, 0);
    return NULL;
}

/* ---- passing ---- */

static const struct {
    fpi_sql_t down, up;
} passes[] = {
    [FPI_LANE_ALL] = { FPI_SQL_BILLS_PASS_CREATED_DOWN, FPI_SQL_BILLS_PASS_CREATED_UP },
    [FPI_LANE_TAX_NO] = { FPI_SQL_BILLS_PASS_TAX_NO_DOWN, FPI_SQL_BILLS_PASS_TAX_NO_UP },
    [FPI_LANE_NUMBER] = { FPI_SQL_BILLS_PASS_NUMBER_DOWN, FPI_SQL_BILLS_PASS_NUMBER_UP },
};

/* A person's lanes share bills, so their rows can't be counted; nor can those by update, of which each state has one. */
bool fpi_lanes_may_pass(const fpi_bill_query_t *q)
{
    if (is_picky(q) || q->org >= 0 || q->from || q->to || q->after) {
        return false;
    }
    return q->sort == FPI_SORT_NUMBER ? !fpi_viewer_is_limited(q->viewer)
                                      : fpi_lanes_are_sure(q) && !fpi_lanes_has_own(q->viewer);
}

fpi_err_t *fpi_lanes_pass(bool *is_there, fpi_look_t *look, int64_t count)
{
    fpi_lane_kind_t kind = look->lanes[0].kind;
    const fpi_viewer_t *viewer = look->query->viewer;
    fpi_arg_t args[] = { fpi_arg_int(look->query->tenant), fpi_arg_int(count - 1), fpi_arg_text(viewer ? viewer->tax_no : NULL) };
    fpi_rows_t *rows;
    fpi_spot_t spot;

    FPI_TRY(fpi_tx_run(look->tx, look->query->is_rising ? passes[kind].up : passes[kind].down, args,
                       kind == FPI_LANE_TAX_NO ? 3 : 2, &rows, NULL, look->task));
    *is_there = fpi_rows_count(rows) > 0;
    if (!*is_there) {
        return NULL;
    }
    spot = kind == FPI_LANE_NUMBER ? (fpi_spot_t){ 0, fpi_rows_text(rows, 0, 0), fpi_rows_int(rows, 0, 1) }
                                   : (fpi_spot_t){ fpi_rows_int(rows, 0, 0), "", fpi_rows_int(rows, 0, 1) };
    for (int i = 0; i < look->lane_count; i++) {
        look->lanes[i].spot = spot;
    }
    return NULL;
}

/* ---- merging ---- */

/* Rows of a lane at once: few while a page may soon be full, and the fewer the more lanes there are. */
static int step_of(const fpi_look_t *look)
{
    int step = (look->scanned > 4 * STEP_FIRST ? STEP_MOST : STEP_FIRST) / look->lane_count;

    return step > STEP_LEAST ? step : STEP_LEAST;
}

/* The next step of a lane whose last one is used up. */
static fpi_err_t *fill(fpi_look_t *look, fpi_lane_t *lane)
{
    int step = step_of(look);
    fpi_rows_t *rows;

    if (lane->next < lane->count || lane->is_over) {
        return NULL;
    }
    FPI_TRY(read_behind(&rows, look, lane, &lane->spot, step));
    fpi_marks_take(&lane->marks, &lane->count, rows, look->task);
    lane->next = 0;
    lane->is_over = lane->count < step;
    if (lane->count) {
        lane->spot = fpi_mark_spot(look->query, &lane->marks[lane->count - 1]);
    }
    return NULL;
}

/* A bill of two lanes comes twice. */
static fpi_err_t *next_of_lanes(fpi_mark_t **out, fpi_look_t *look)
{
    fpi_lane_t *best = NULL;
    fpi_spot_t best_spot = { 0, NULL, 0 };

    *out = NULL;
    for (int i = 0; i < look->lane_count; i++) {
        fpi_lane_t *lane = &look->lanes[i];
        fpi_spot_t spot;

        FPI_TRY(fill(look, lane));
        if (lane->next >= lane->count) {
            continue;
        }
        spot = fpi_mark_spot(look->query, &lane->marks[lane->next]);
        if (!best || fpi_spot_compare(look->query, &spot, &best_spot) < 0) {
            best = lane;
            best_spot = spot;
        }
    }
    if (best) {
        *out = &best->marks[best->next++];
        look->scanned++;
    }
    return NULL;
}

/* The same bill out of several lanes comes one behind the other. */
fpi_err_t *fpi_lanes_next(fpi_mark_t **out, fpi_look_t *look)
{
    do {
        FPI_TRY(next_of_lanes(out, look));
    } while (*out && (*out)->id == look->last);
    look->last = *out ? (*out)->id : 0;
    return NULL;
}

