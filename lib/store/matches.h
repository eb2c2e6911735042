/* What matching keeps of a bill (model/match.h): its result as it was last told, and what clerks said of single invoices.
 * Differences are not kept: they follow of the invoices at any time.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  lists take a `most`.
 * Every look-up is by tenant. A pair goes when either of its invoices goes (FPI_SQL_MATCH_PAIR_DROP_...). */
#ifndef FPI_STORE_MATCHES_H
#define FPI_STORE_MATCHES_H

#include "model/match.h"
#include "model/viewer.h"
#include "store/tx.h"

#include <apr_time.h>

typedef enum fpi_match_result_t {
    FPI_RESULT_NONE = 0,         /* never matched, or no longer */
    FPI_RESULT_READING = 1,      /* its files are still being read or recognised; never kept */
    FPI_RESULT_WAITING = 2,      /* read; the receipt's invoices have not come */
    FPI_RESULT_MATCHED = 3,
    FPI_RESULT_FAILED = 4,
    FPI_RESULT_FALLEN = 5        /* the receipt has none: worked on in basic mode */
} fpi_match_result_t;

typedef struct fpi_match_row_t {
    int64_t tenant, bill;
    fpi_match_result_t result;
    int64_t expected, matched, differs, missing, extra;
    const char *reason;          /* as the timeline was told, or NULL */
    apr_time_t at;               /* when it came to be so */
    apr_time_t empty_at;         /* when the receipt last said that it has no invoices of this bill; 0 never */
    bool is_asked;               /* the cloud was asked what is in its files, and has not answered */
} fpi_match_row_t;

/* One without anything when there is none. */
fpi_err_t *fpi_match_find(fpi_match_row_t *out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_match_put(const fpi_match_row_t *row, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Bills that were compared and are not submitted yet, by id behind `after`. */
fpi_err_t *fpi_matches_open(fpi_ids_t *out, fpi_tx_t *tx, int64_t tenant, int64_t after, int most, fpi_task_t *task)
    FPI_MUST_USE;
/* Are bytes of the bill's files still to be looked at? */
fpi_err_t *fpi_match_is_looking(bool *is_looking, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_pair_row_t {
    fpi_match_pair_t pair;
    const char *actor;
    apr_time_t created;
} fpi_pair_row_t;
/* By id of the announced invoice. */
fpi_err_t *fpi_pairs_list(fpi_pair_row_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill, int most,
                          fpi_task_t *task) FPI_MUST_USE;
/* With the task's actor, now. What was said before of the two, and another pair of the found one, goes. */
fpi_err_t *fpi_pair_put(fpi_tx_t *tx, int64_t tenant, int64_t bill, const fpi_match_pair_t *pair, fpi_task_t *task)
    FPI_MUST_USE;

#endif
