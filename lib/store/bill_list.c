#include "store/bill_list.h"

#include "base/text.h"

#include <apr_strings.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LANES_MAX = 40, ORG_LANES = 32, STEP_FIRST = 250, STEP_MOST = 500, STEP_LEAST = 30, FEW_MOST = 2000 };

#define NUMBER_LAST "\xF4\x8F\xBF\xBF" /* behind every text */

/* What the filters and the order need of a bill. */
typedef struct mark_t {
    int64_t id, org, created, updated, owner, point;
    int state;
    const char *number, *resource, *type_code, *tax_no, *phone;
    const fpi_bill_query_t *query; /* for the sorting */
} mark_t;

/* One range of an index, read step by step. */
typedef struct lane_t {
    fpi_sql_t sql;
    int64_t value;               /* of the index behind the tenant: organisation, state */
    const char *text;            /* tax number, mobile */
    fpi_spot_t spot;             /* read up to here */
    mark_t *marks;
    int count, next;             /* of the step at hand */
    bool is_over;
} lane_t;

typedef struct look_t {
    fpi_tx_t *tx;
    const fpi_bill_query_t *query;
    fpi_task_t *task;
    lane_t lanes[LANES_MAX];
    int lane_count;
    int scanned;                 /* marks taken, from whichever lane */
    int64_t last;                /* id of the last mark: two lanes may bring the same bill */
} look_t;

/* ---- marks ---- */

static void take_mark(mark_t *mark, const fpi_rows_t *rows, int row)
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

static void take_marks(mark_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_palloc(task->pool, sizeof(**out) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        take_mark(&(*out)[i], rows, i);
    }
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool may_be_seen(const fpi_bill_query_t *q, const mark_t *mark)
{
    fpi_whose_t whose = { mark->id, mark->org, mark->owner, mark->point, mark->tax_no, mark->phone };

    return fpi_viewer_sees(q->viewer, &whose);
}

static bool fits(const fpi_bill_query_t *q, const mark_t *mark)
{
    return may_be_seen(q, mark) && (!q->states || (q->states >> mark->state & 1)) && (q->org < 0 || q->org == mark->org)
           && (!q->type_code || is_same(q->type_code, mark->type_code))
           && (!q->resource || is_same(q->resource, mark->resource)) && (!q->from || mark->created >= q->from)
           && (!q->to || mark->created < q->to);
}

static fpi_spot_t spot_of(const fpi_bill_query_t *q, const mark_t *mark)
{
    return (fpi_spot_t){ q->sort == FPI_SORT_UPDATED ? mark->updated : mark->created, mark->number, mark->id };
}

/* Negative: a stands before b in the list. */
static int compare(const fpi_bill_query_t *q, const fpi_spot_t *a, const fpi_spot_t *b)
{
    int by = q->sort == FPI_SORT_NUMBER ? strcmp(a->number, b->number) : (a->key > b->key) - (a->key < b->key);

    by = by ? by : (a->id > b->id) - (a->id < b->id);
    return q->is_rising ? by : -by;
}

/* ---- lanes ---- */

static lane_t *add_lane(look_t *look, fpi_sql_t down, fpi_sql_t up)
{
    const fpi_bill_query_t *q = look->query;
    lane_t *lane = &look->lanes[look->lane_count++];

    assert(look->lane_count <= LANES_MAX);
    memset(lane, 0, sizeof(*lane));
    lane->sql = q->is_rising ? up : down;
    if (q->after) {
        lane->spot = *q->after;
    }
    else {
        lane->spot = q->is_rising ? (fpi_spot_t){ INT64_MIN, "", INT64_MIN }
                                  : (fpi_spot_t){ INT64_MAX, NUMBER_LAST, INT64_MAX };
    }
    return lane;
}

/* A lane by time of creation begins where the asked span does. */
static void begin_in_span(look_t *look, lane_t *lane)
{
    const fpi_bill_query_t *q = look->query;

    if (q->is_rising && q->from && lane->spot.key < q->from) {
        lane->spot = (fpi_spot_t){ q->from, "", INT64_MIN };
    }
    if (!q->is_rising && q->to && lane->spot.key >= q->to) {
        lane->spot = (fpi_spot_t){ q->to, "", INT64_MIN };
    }
}

/* Is all of his in these lanes? His own, his point's, his mobile's and, up to so many, his organisations'. */
static bool has_person_lanes(const fpi_viewer_t *viewer)
{
    return viewer && viewer->kind == FPI_VIEWER_PERSON && fpi_viewer_is_limited(viewer)
           && viewer->all_orgs.count <= ORG_LANES;
}

static void lanes_of_person(look_t *look)
{
    const fpi_viewer_t *viewer = look->query->viewer;

    add_lane(look, FPI_SQL_BILLS_BY_OWNER_DOWN, FPI_SQL_BILLS_BY_OWNER_UP)->value = viewer->user;
    if (viewer->point) {
        add_lane(look, FPI_SQL_BILLS_BY_POINT_DOWN, FPI_SQL_BILLS_BY_POINT_UP)->value = viewer->point;
    }
    if (viewer->mobile) {
        add_lane(look, FPI_SQL_BILLS_BY_PHONE_DOWN, FPI_SQL_BILLS_BY_PHONE_UP)->text = viewer->mobile;
    }
    for (int i = 0; i < viewer->all_orgs.count; i++) {
        add_lane(look, FPI_SQL_BILLS_BY_ORG_DOWN, FPI_SQL_BILLS_BY_ORG_UP)->value = viewer->all_orgs.items[i];
    }
}

static void lanes_of_tax_no(look_t *look, const char *tax_no)
{
    add_lane(look, FPI_SQL_BILLS_BY_TAX_NO_DOWN, FPI_SQL_BILLS_BY_TAX_NO_UP)->text = "";
    if (*tax_no) {
        add_lane(look, FPI_SQL_BILLS_BY_TAX_NO_DOWN, FPI_SQL_BILLS_BY_TAX_NO_UP)->text = tax_no;
    }
}

/* An organisation that he sees all of is its own lane; of another he sees only what his lanes hold. */
static void lanes_by_created(look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    const fpi_viewer_t *viewer = q->viewer;
    bool is_person = has_person_lanes(viewer);

    if (q->org >= 0 && !(is_person && !fpi_ids_has(&viewer->all_orgs, q->org))) {
        add_lane(look, FPI_SQL_BILLS_BY_ORG_DOWN, FPI_SQL_BILLS_BY_ORG_UP)->value = q->org;
    }
    else if (is_person) {
        lanes_of_person(look);
    }
    else if (viewer && viewer->tax_no) {
        lanes_of_tax_no(look, viewer->tax_no);
    }
    else {
        add_lane(look, FPI_SQL_BILLS_BY_CREATED_DOWN, FPI_SQL_BILLS_BY_CREATED_UP);
    }
    for (int i = 0; i < look->lane_count; i++) {
        begin_in_span(look, &look->lanes[i]);
    }
}

static void lanes_by_state(look_t *look)
{
    for (int state = 0; state <= FPI_STATE_VOID; state++) {
        if (!look->query->states || (look->query->states >> state & 1)) {
            add_lane(look, FPI_SQL_BILLS_BY_STATE_DOWN, FPI_SQL_BILLS_BY_STATE_UP)->value = state;
        }
    }
}

static fpi_err_t *run_lane(fpi_rows_t **rows, const look_t *look, const lane_t *lane, int most)
{
    fpi_arg_t tenant = fpi_arg_int(look->query->tenant), key = fpi_arg_int(lane->spot.key);
    fpi_arg_t id = fpi_arg_int(lane->spot.id), limit = fpi_arg_int(most);

    switch (lane->sql) {
    case FPI_SQL_BILLS_BY_CREATED_DOWN:
    case FPI_SQL_BILLS_BY_CREATED_UP:
        return fpi_tx_run(look->tx, lane->sql, FPI_ARGS(tenant, key, id, limit), rows, NULL, look->task);
    case FPI_SQL_BILLS_BY_NUMBER_DOWN:
    case FPI_SQL_BILLS_BY_NUMBER_UP:
        return fpi_tx_run(look->tx, lane->sql, FPI_ARGS(tenant, fpi_arg_text(lane->spot.number), id, limit), rows, NULL,
                          look->task);
    default:
        return fpi_tx_run(look->tx, lane->sql,
                          FPI_ARGS(tenant, lane->text ? fpi_arg_text(lane->text) : fpi_arg_int(lane->value), key, id, limit),
                          rows, NULL, look->task);
    }
}

/* Rows of a lane at once: few while a page may soon be full, and the fewer the more lanes there are. */
static int step_of(const look_t *look)
{
    int step = (look->scanned > 4 * STEP_FIRST ? STEP_MOST : STEP_FIRST) / look->lane_count;

    return step > STEP_LEAST ? step : STEP_LEAST;
}

/* The next step of a lane whose last one is used up. */
static fpi_err_t *fill(look_t *look, lane_t *lane)
{
    int step = step_of(look);
    fpi_rows_t *rows;

    if (lane->next < lane->count || lane->is_over) {
        return NULL;
    }
    FPI_TRY(run_lane(&rows, look, lane, step));
    take_marks(&lane->marks, &lane->count, rows, look->task);
    lane->next = 0;
    lane->is_over = lane->count < step;
    if (lane->count) {
        lane->spot = spot_of(look->query, &lane->marks[lane->count - 1]);
    }
    return NULL;
}

/* The next mark of all lanes in order; NULL at the end. */
static fpi_err_t *next_of_lanes(mark_t **out, look_t *look)
{
    lane_t *best = NULL;
    fpi_spot_t best_spot = { 0, NULL, 0 };

    *out = NULL;
    for (int i = 0; i < look->lane_count; i++) {
        lane_t *lane = &look->lanes[i];
        fpi_spot_t spot;

        FPI_TRY(fill(look, lane));
        if (lane->next >= lane->count) {
            continue;
        }
        spot = spot_of(look->query, &lane->marks[lane->next]);
        if (!best || compare(look->query, &spot, &best_spot) < 0) {
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
static fpi_err_t *next_mark(mark_t **out, look_t *look)
{
    do {
        FPI_TRY(next_of_lanes(out, look));
    } while (*out && (*out)->id == look->last);
    look->last = *out ? (*out)->id : 0;
    return NULL;
}

/* ---- the page ---- */

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

static void take_fitting(fpi_bill_page_t *out, filling_t *f, const fpi_bill_query_t *q, const mark_t *mark)
{
    if (f->fitting >= q->skip && f->count < q->most) {
        f->ids[f->count++] = mark->id;
        out->last = spot_of(q, mark);
    }
    f->fitting++;
}

/* Outside the span nothing more can come. */
static bool is_behind_span(const fpi_bill_query_t *q, const mark_t *mark)
{
    return q->sort == FPI_SORT_CREATED
           && (q->is_rising ? q->to && mark->created >= q->to : q->from && mark->created < q->from);
}

static void stop_early(fpi_bill_page_t *out, const filling_t *f, const fpi_bill_query_t *q, const mark_t *last)
{
    out->has_more = true;
    if (f->count < q->most) {
        out->is_partial = true;
        out->last = spot_of(q, last);
    }
}

static fpi_err_t *walk(fpi_bill_page_t *out, filling_t *f, look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    mark_t *mark, *last = NULL;

    while (f->fitting < enough(q)) {
        if (look->scanned > (f->count == q->most ? FPI_LIST_COUNT : q->skip + FPI_LIST_SCAN)) {
            stop_early(out, f, q, last);
            return NULL;
        }
        FPI_TRY(next_mark(&mark, look));
        if (!mark || is_behind_span(q, mark)) {
            f->is_over = true;
            return NULL;
        }
        if (fits(q, mark)) {
            take_fitting(out, f, q, mark);
        }
        last = mark;
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

/* ---- few, gathered by other indexes than the order's and sorted here ---- */

typedef struct few_t {
    mark_t *marks;
    int count;
    bool is_cut;                 /* there were more than we take */
} few_t;

static bool is_there(const few_t *few, int64_t id)
{
    for (int i = 0; i < few->count; i++) {
        if (few->marks[i].id == id) {
            return true;
        }
    }
    return false;
}

static int by_place(const void *a, const void *b)
{
    const mark_t *left = a, *right = b;
    fpi_spot_t left_spot = spot_of(left->query, left), right_spot = spot_of(left->query, right);

    return compare(left->query, &left_spot, &right_spot);
}

static void slice(fpi_bill_page_t *out, filling_t *f, few_t *few, const fpi_bill_query_t *q)
{
    for (int i = 0; i < few->count; i++) {
        few->marks[i].query = q;
    }
    qsort(few->marks, (size_t)few->count, sizeof(mark_t), by_place);
    for (int i = 0; i < few->count; i++) {
        fpi_spot_t spot = spot_of(q, &few->marks[i]);

        if (!q->after || compare(q, &spot, q->after) > 0) {
            take_fitting(out, f, q, &few->marks[i]);
        }
    }
    f->is_over = !few->is_cut;
}

/* Adds what fits and did not come from a statement before. */
static void add_rows(few_t *few, const fpi_rows_t *rows, const fpi_bill_query_t *q, fpi_task_t *task)
{
    few_t before = *few;
    mark_t *marks;
    int count;

    take_marks(&marks, &count, rows, task);
    few->is_cut = few->is_cut || count == FEW_MOST;
    for (int i = 0; i < count; i++) {
        if (fits(q, &marks[i]) && !is_there(&before, marks[i].id)) {
            few->marks[few->count++] = marks[i];
        }
    }
}

static fpi_err_t *add_like(few_t *few, fpi_sql_t sql, const char *prefix, look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    const char *end = apr_pstrcat(look->task->pool, prefix, NUMBER_LAST, NULL);
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(look->tx, sql,
                       FPI_ARGS(fpi_arg_int(q->tenant), fpi_arg_text(prefix), fpi_arg_text(end), fpi_arg_int(FEW_MOST)),
                       &rows, NULL, look->task));
    add_rows(few, rows, q, look->task);
    return NULL;
}

static fpi_err_t *search(few_t *few, look_t *look)
{
    const char *text = look->query->search;

    FPI_TRY(add_like(few, FPI_SQL_BILLS_LIKE_NUMBER, fpi_text_upper(apr_pstrdup(look->task->pool, text)), look));
    FPI_TRY(add_like(few, FPI_SQL_BILLS_LIKE_BILL_NO, text, look));
    return add_like(few, FPI_SQL_BILLS_LIKE_APPLICANT, text, look);
}

static fpi_err_t *add_state(few_t *few, int state, look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(look->tx, FPI_SQL_BILLS_BY_STATE_DOWN,
                       FPI_ARGS(fpi_arg_int(q->tenant), fpi_arg_int(state), fpi_arg_int(INT64_MAX),
                                fpi_arg_int(INT64_MAX), fpi_arg_int(FEW_MOST)),
                       &rows, NULL, look->task));
    add_rows(few, rows, q, look->task);
    return NULL;
}

/* States that few bills are in are found by the state, whatever the order. */
static fpi_err_t *gather_states(few_t *few, look_t *look)
{
    for (int state = 0; state <= FPI_STATE_VOID && !few->is_cut; state++) {
        if (look->query->states >> state & 1) {
            FPI_TRY(add_state(few, state, look));
        }
    }
    return NULL;
}

/* A bill whose pull was given up is a problem in whatever state it is. */
static fpi_err_t *gather_problems(few_t *few, look_t *look)
{
    fpi_bill_query_t any_state = *look->query;
    fpi_rows_t *rows;

    FPI_TRY(gather_states(few, look));
    FPI_TRY(fpi_tx_run(look->tx, FPI_SQL_BILLS_PARKED,
                       FPI_ARGS(fpi_arg_int(any_state.tenant), fpi_arg_int(FEW_MOST)), &rows, NULL, look->task));
    any_state.states = 0;
    add_rows(few, rows, &any_state, look->task);
    return NULL;
}

static fpi_err_t *add_lane_rows(few_t *few, look_t *look, const lane_t *lane)
{
    lane_t whole = *lane;
    fpi_rows_t *rows;

    whole.spot = look->query->is_rising ? (fpi_spot_t){ INT64_MIN, "", INT64_MIN }
                                        : (fpi_spot_t){ INT64_MAX, NUMBER_LAST, INT64_MAX };
    FPI_TRY(run_lane(&rows, look, &whole, FEW_MOST));
    add_rows(few, rows, look->query, look->task);
    return NULL;
}

/* A person who sees few: all of his, whatever the order. */
static fpi_err_t *gather_own(few_t *few, look_t *look)
{
    lanes_of_person(look);
    for (int i = 0; i < look->lane_count && !few->is_cut; i++) {
        FPI_TRY(add_lane_rows(few, look, &look->lanes[i]));
        few->is_cut = few->is_cut || few->count > FEW_MOST;
    }
    look->lane_count = 0;
    return NULL;
}

static fpi_err_t *gather_named(few_t *few, look_t *look)
{
    const fpi_ids_t *bills = &look->query->viewer->bills;

    for (int i = 0; i < bills->count; i++) {
        fpi_rows_t *rows;

        FPI_TRY(fpi_tx_run(look->tx, FPI_SQL_BILLS_BY_ID,
                           FPI_ARGS(fpi_arg_int(look->query->tenant), fpi_arg_int(bills->items[i])), &rows, NULL,
                           look->task));
        add_rows(few, rows, look->query, look->task);
    }
    return NULL;
}

/* *is_done false: they are many, the order's own index is the way. */
static fpi_err_t *try_few(bool *is_done, fpi_bill_page_t *out, filling_t *f, look_t *look)
{
    const fpi_bill_query_t *q = look->query;
    few_t few = { apr_palloc(look->task->pool, sizeof(mark_t) * FEW_MOST * (FPI_STATE_VOID + 3)), 0, false };
    bool is_event = q->viewer && (q->viewer->kind == FPI_VIEWER_EVENT || q->viewer->kind == FPI_VIEWER_PHONE);

    *is_done = false;
    if (is_event && !q->search) {
        FPI_TRY(gather_named(&few, look));
    }
    else if (q->search) {
        FPI_TRY(search(&few, look));
    }
    else if (q->has_problem) {
        FPI_TRY(gather_problems(&few, look));
    }
    else if (has_person_lanes(q->viewer) && q->sort != FPI_SORT_CREATED) {
        FPI_TRY(gather_own(&few, look));
    }
    else if (q->states && q->sort != FPI_SORT_UPDATED && !has_person_lanes(q->viewer)) {
        FPI_TRY(gather_states(&few, look));
    }
    else {
        return NULL;
    }
    *is_done = !few.is_cut || q->search;
    if (*is_done) {
        slice(out, f, &few, q);
    }
    return NULL;
}

/* ---- which way ---- */

static void open_lanes(look_t *look)
{
    switch (look->query->sort) {
    case FPI_SORT_CREATED:
        lanes_by_created(look);
        break;
    case FPI_SORT_UPDATED:
        lanes_by_state(look);
        break;
    case FPI_SORT_NUMBER:
        add_lane(look, FPI_SQL_BILLS_BY_NUMBER_DOWN, FPI_SQL_BILLS_BY_NUMBER_UP);
        break;
    }
}

fpi_err_t *fpi_bills_page(fpi_bill_page_t *out, fpi_tx_t *tx, const fpi_bill_query_t *query, fpi_task_t *task)
{
    look_t look = { .tx = tx, .query = query, .task = task };
    filling_t f = { 0, apr_palloc(task->pool, sizeof(int64_t) * ((size_t)query->most + 1)), 0, false };
    bool is_done;

    memset(out, 0, sizeof(*out));
    FPI_TRY(try_few(&is_done, out, &f, &look));
    if (!is_done) {
        open_lanes(&look);
        FPI_TRY(walk(out, &f, &look));
    }
    tell_total(out, &f, query);
    return get_bills(out, &f, tx, query, task);
}
