/* Asking a business system what it made of our notices, and putting right what differs.
 *
 *   ours                       theirs (facts-erp.md 2.4)    what is done
 *   submitted, told ready      2, 4                         settled: not asked again
 *                              0, 1                         told once more, REPAIRS_MOST times; then only shown
 *                              3, and we had sent it back   told once more
 *                              3, and we had not            shown: EAS's send-back is not overwritten
 *                              5                            shown
 *                              unknown                      settled: nothing can be learnt
 *   parked, was not reached    what the notice says         it counts as told
 *                              else                         tried again
 *   parked, refused            what the notice says         it counts as told
 *                              else                         stays parked, for a person
 *
 * All of it is in the timelines. One job for each system, which puts itself again.
 *
 * Life:    a job's task.
 * Threads: a worker's.
 * Limits:  every FPI_RECONCILE_PAUSE, FPI_RECONCILE_MOST bills of either kind; it ends when the system can't be reached. */
#ifndef FPI_RECONCILE_H
#define FPI_RECONCILE_H

#include "service/jobs.h"

#define FPI_JOB_RECONCILE "reconcile"
#define FPI_RECONCILE_PAUSE apr_time_from_sec(600)

enum { FPI_RECONCILE_MOST = 50 };

/* Puts the job of each enabled system of all tenants that has none; cheap when all have. For the keeper. */
fpi_err_t *fpi_reconcile_arrange(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* Now, and of all bills rather than of those that had time. */
fpi_err_t *fpi_reconcile_put(fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task) FPI_MUST_USE;

fpi_err_t *fpi_reconcile_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_reconcile_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

#endif
