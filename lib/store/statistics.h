/* What was done, by day, organisation, scan point and scanner: one small row for each of these together, kept by triggers
 * of the schema in the transaction of the bill itself, so that no way of changing a bill can forget it, and a report reads
 * rows of days instead of millions of bills.
 *
 *   bill inserted ──> bills + 1        page_count changed ──> pages + what came or went
 *   state to 2    ──> submitted + 1    state to 4         ──> sent_back + 1
 *
 * Triggers of these rows keep their sums in turn: by day and organisation, and by spans of 16 days; a year by scanner is
 * 22 spans and the days at both ends.
 *
 * Counted on the day it happens (Beijing time), for the organisation, scan point and owner that the bill has then; what
 * changes hands later stays counted where it was.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_STATISTICS_DAYS days; FPI_ROWS_MAX lines. */
#ifndef FPI_STORE_STATISTICS_H
#define FPI_STORE_STATISTICS_H

#include "model/viewer.h"
#include "store/tx.h"

enum { FPI_STATISTICS_DAYS = 366, FPI_STATISTICS_ZONE = 8 * 3600 };

typedef enum fpi_statistics_by_t { FPI_BY_DAY, FPI_BY_ORG, FPI_BY_POINT, FPI_BY_SCANNER } fpi_statistics_by_t;

typedef struct fpi_statistic_t {
    int64_t key;                 /* day since 1970-01-01, or id; 0: of none */
    const char *name;            /* of what the id is of; NULL: of none, or it is gone */
    int64_t bills, pages, submitted, sent_back;
} fpi_statistic_t;

typedef struct fpi_statistics_query_t {
    int64_t tenant;
    fpi_statistics_by_t by;
    int64_t first, last;         /* days, both included */
    const fpi_ids_t *orgs;       /* of these, few; NULL: of all */
} fpi_statistics_query_t;

/* By key. */
fpi_err_t *fpi_statistics_list(fpi_statistic_t **out, int *count, fpi_tx_t *tx, const fpi_statistics_query_t *query,
                               fpi_task_t *task) FPI_MUST_USE;

#endif
