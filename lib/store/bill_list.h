/* Lists of bills out of a store with a million of them. Every look is along an index and bounded: a list that would
 * have to read more than FPI_LIST_SCAN rows to fill its page stops there and says where to go on.
 *
 *   query ──> lanes (ranges of one index, merged in order) ──> marks ──filter──> page of bills
 *
 *   created   all of the tenant | of its organisation | of the tax numbers that may be seen | of a person who sees
 *             only a part: his own, his scan point's, his mobile's, and one lane for each organisation he sees all of
 *   updated   one lane for each state                number   one lane
 *   search    prefixes of number, bill number, applicant: what they bring is sorted here, and so are few bills of few
 *             states, of a person who sees few, and those of an event code
 *
 * Every mark is held against model/viewer.h, whatever lane it came by.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  pages up to FPI_LIST_DEEP rows deep, then by `after`; a total counts up to FPI_LIST_TOTAL; of bills whose pull was
 *          given up the oldest 2,000 count as in trouble for it. */
#ifndef FPI_BILL_LIST_H
#define FPI_BILL_LIST_H

#include "model/viewer.h"
#include "store/bills.h"

/* rows that are read to fill a page, and to count on once it is full */
enum { FPI_LIST_TOTAL = 500, FPI_LIST_DEEP = 5000, FPI_LIST_SCAN = 2000, FPI_LIST_COUNT = 600 };

/* Nor is a page tried to the end whose first row is out of reach, however many rows before it had been read: fewer fit so
 * far than must fit of the rows that may be read, even were it a quarter more. */
bool fpi_list_is_out_of_reach(int64_t scanned, int64_t fitting, int64_t skip);

typedef enum fpi_sort_t { FPI_SORT_CREATED, FPI_SORT_UPDATED, FPI_SORT_NUMBER } fpi_sort_t;

/* Where a page ended: the last bill's key in the order of the list. */
typedef struct fpi_spot_t {
    int64_t key;                 /* created or updated */
    const char *number;          /* of FPI_SORT_NUMBER */
    int64_t id;
} fpi_spot_t;

/* In trouble is a bill by its state (FPI_STATES_TROUBLE), and, unless it is void, when a pull for it was given up. */
typedef enum fpi_trouble_t { FPI_TROUBLE_ANY, FPI_TROUBLE_ONLY, FPI_TROUBLE_NONE } fpi_trouble_t;

typedef struct fpi_bill_query_t {
    int64_t tenant;
    const fpi_viewer_t *viewer;  /* who asks, and sees what he may; NULL: all */
    unsigned states;             /* bit n: state n; 0: all */
    int64_t org;                 /* -1: any */
    const char *type_code, *resource; /* NULL: any */
    const char *search;          /* how number, bill number or applicant begins, in whatever width; the
                                  * numbers also in upper case; NULL */
    apr_time_t from, to;         /* created; 0: open */
    fpi_trouble_t trouble;
    fpi_sort_t sort;
    bool is_rising;
    const fpi_spot_t *after;     /* NULL: by skip */
    int64_t skip;
    int most;
} fpi_bill_query_t;

typedef struct fpi_bill_page_t {
    fpi_bill_t **bills;
    int count;
    int64_t total;               /* that fit */
    bool is_bound;               /* there are more than `total` */
    bool has_more;
    bool is_partial;             /* the look ended before the page was full: go on behind `last` */
    fpi_spot_t last;             /* id 0: there was nothing */
} fpi_bill_page_t;

fpi_err_t *fpi_bills_page(fpi_bill_page_t *out, fpi_tx_t *tx, const fpi_bill_query_t *query, fpi_task_t *task)
    FPI_MUST_USE;

/* How many bills a viewer sees in each of `states` (bit n: state n), by one look for all of them. */
typedef struct fpi_bill_tally_t {
    int64_t counts[FPI_STATE_VOID + 1]; /* up to FPI_LIST_TOTAL */
    unsigned bounds;             /* bit n: there are more, or may be, as not all of his bills were looked at */
} fpi_bill_tally_t;
fpi_err_t *fpi_bills_tally(fpi_bill_tally_t *out, fpi_tx_t *tx, int64_t tenant, const fpi_viewer_t *viewer, unsigned states,
                           fpi_task_t *task) FPI_MUST_USE;

#endif
