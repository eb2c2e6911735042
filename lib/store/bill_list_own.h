/* What bill_list.c, bill_lanes.c, bill_few.c and bill_tally.c share. Private to these; bill_list.h is for all others.
 *
 *   lane    one range of an index, read step by step; lanes are merged in the order of the list
 *   few     bills that other indexes than the order's bring, sorted in memory
 *
 * Life:    all in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_LANES_MAX lanes; FPI_FEW_MOST rows of each look for few. */
#ifndef FPI_BILL_LIST_OWN_H
#define FPI_BILL_LIST_OWN_H

#include "store/bill_list.h"

#include <apr_tables.h>

enum { FPI_LANES_MAX = 40, FPI_FEW_MOST = 2000 };

#define FPI_NUMBER_LAST "\xF4\x8F\xBF\xBF" /* behind every text */

/* ---- marks: what the filters and the order need of a bill ---- */

typedef struct fpi_mark_t {
    int64_t id, org, created, updated, owner, point;
    int state;
    const char *number, *resource, *type_code, *tax_no, *phone;
    const fpi_bill_query_t *query; /* for the sorting of few */
} fpi_mark_t;

/* Its texts are the rows'. */
void fpi_mark_take(fpi_mark_t *mark, const fpi_rows_t *rows, int row);
void fpi_marks_take(fpi_mark_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task);
bool fpi_mark_is_in_span(const fpi_bill_query_t *query, const fpi_mark_t *mark);
fpi_spot_t fpi_mark_spot(const fpi_bill_query_t *query, const fpi_mark_t *mark);
/* Negative: a stands before b in the list. */
int fpi_spot_compare(const fpi_bill_query_t *query, const fpi_spot_t *a, const fpi_spot_t *b);

/* ---- lanes ---- */

typedef enum fpi_lane_kind_t {
    FPI_LANE_ALL, FPI_LANE_TAX_NO, FPI_LANE_ORG, FPI_LANE_OWNER, FPI_LANE_POINT, FPI_LANE_PHONE, FPI_LANE_STATE, FPI_LANE_NUMBER
} fpi_lane_kind_t;

typedef struct fpi_lane_t {
    fpi_lane_kind_t kind;
    int64_t value;               /* of the index behind the tenant: organisation, state */
    const char *text;            /* tax number, mobile */
    fpi_spot_t spot;             /* read up to here */
    fpi_mark_t *marks;
    int count, next;             /* of the step at hand */
    bool is_over;
} fpi_lane_t;

typedef struct fpi_look_t {
    fpi_tx_t *tx;
    const fpi_bill_query_t *query;
    fpi_task_t *task;
    fpi_lane_t lanes[FPI_LANES_MAX];
    int lane_count;
    bool is_sure;                /* all that the lanes hold fits, but for the span: marks are id and created alone */
    int scanned;                 /* marks taken, from whichever lane */
    int64_t last;                /* id of the last mark: two lanes may bring the same bill */
    fpi_mark_t *parked;          /* bills whose pull was given up, by id: read where the query asks for trouble */
    int parked_count;
} fpi_look_t;

bool fpi_mark_fits(const fpi_look_t *look, const fpi_mark_t *mark);
/* Bit n: a bill of state n may fit. */
unsigned fpi_look_states(const fpi_look_t *look);

/* Is all of his in few lanes? His own, his point's, his mobile's and, up to so many, his organisations'. */
bool fpi_lanes_has_own(const fpi_viewer_t *viewer);
void fpi_lanes_add_own(fpi_look_t *look);
/* Lanes in the order of the query. */
void fpi_lanes_open(fpi_look_t *look);
/* One lane for itself, from its beginning. */
fpi_err_t *fpi_lane_read(fpi_rows_t **rows, const fpi_look_t *look, const fpi_lane_t *lane, int most) FPI_MUST_USE;
/* How many rows it has, up to `most`: by the index alone. Not of FPI_LANE_ALL, _TAX_NO, _NUMBER. */
fpi_err_t *fpi_lane_count(int *count, const fpi_look_t *look, const fpi_lane_t *lane, int most) FPI_MUST_USE;
/* Do the lanes of this query hold nothing but what fits, but for the span? */
bool fpi_lanes_are_sure(const fpi_bill_query_t *query);
/* Can rows be passed unseen? */
bool fpi_lanes_may_pass(const fpi_bill_query_t *query);
/* The lanes, which stand at their beginning, pass `count` rows in their common order, by the index alone; *is_there false:
 * there are not so many, and they stay. */
fpi_err_t *fpi_lanes_pass(bool *is_there, fpi_look_t *look, int64_t count) FPI_MUST_USE;
/* The next mark of all lanes in order; NULL at the end. */
fpi_err_t *fpi_lanes_next(fpi_mark_t **out, fpi_look_t *look) FPI_MUST_USE;

/* ---- few ---- */

typedef struct fpi_few_t {
    apr_array_header_t *marks;   /* fpi_mark_t that fit; doubles among them until sorted */
    bool is_cut;                 /* there were more than we take */
} fpi_few_t;

fpi_few_t fpi_few_make(fpi_task_t *task);
/* First, where the query asks for trouble. */
fpi_err_t *fpi_few_read_parked(fpi_look_t *look) FPI_MUST_USE;
/* What of this query is few. *is_found false: it is many, the order's own index is the way. */
fpi_err_t *fpi_few_find(bool *is_found, fpi_few_t *few, fpi_look_t *look) FPI_MUST_USE;
/* All that a person with own lanes sees; cut, and nothing read, when that is more than FPI_FEW_MOST. */
fpi_err_t *fpi_few_add_own(fpi_few_t *few, fpi_look_t *look) FPI_MUST_USE;
/* Those that an event code names: all that its viewer sees. */
bool fpi_few_is_by_code(const fpi_viewer_t *viewer);
fpi_err_t *fpi_few_add_named(fpi_few_t *few, fpi_look_t *look) FPI_MUST_USE;
/* In the order of the query, each once. */
void fpi_few_sort(fpi_few_t *few, const fpi_bill_query_t *query);

#endif
