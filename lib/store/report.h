/* What the tool, the doctor and the console's first page ask: counts and look-ups that no peer's request needs.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  lists up to FPI_ROWS_MAX. */
#ifndef FPI_STORE_REPORT_H
#define FPI_STORE_REPORT_H

#include "model/bill.h"
#include "store/tx.h"

/* The bills of one image number: several systems may have announced the same. Oldest first. */
typedef struct fpi_namesake_t {
    int64_t id;
    const char *resource;
    fpi_state_t state;
    apr_time_t created;
} fpi_namesake_t;
fpi_err_t *fpi_report_bills(fpi_namesake_t **out, int *count, fpi_tx_t *tx, int64_t tenant,
                            const char *number,
                            fpi_task_t *task) FPI_MUST_USE;

/* Id of the bill's newest push, 0: none. */
fpi_err_t *fpi_report_last_push(int64_t *id, fpi_tx_t *tx, int64_t bill, fpi_task_t *task) FPI_MUST_USE;
/* Id of the newest refused push that named this image number, 0: none. Such a push has no bill. */
fpi_err_t *fpi_report_last_refused(int64_t *id, fpi_tx_t *tx, int64_t tenant, const char *number,
                                   fpi_task_t *task)
    FPI_MUST_USE;

/* Pushes refused, and shapes of unknown calls seen, from `since` on. */
typedef struct fpi_troubles_t {
    int64_t refused, unknown;
} fpi_troubles_t;
fpi_err_t *fpi_report_troubles(fpi_troubles_t *out, fpi_tx_t *tx, apr_time_t since,
                               fpi_task_t *task) FPI_MUST_USE;

/* Pushes refused for a tenant, or for nobody known, since then. */
fpi_err_t *fpi_report_refused(int64_t *count, fpi_tx_t *tx, int64_t tenant, apr_time_t since, fpi_task_t *task)
    FPI_MUST_USE;

/* Notices to the ERP that were given up, or that no business system is for; counts up to `bound`. */
fpi_err_t *fpi_report_untold(int64_t *count, fpi_tx_t *tx, int64_t tenant, int64_t bound, fpi_task_t *task) FPI_MUST_USE;

#endif
