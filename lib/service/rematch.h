/* Comparing many bills again (service/match.h): those in match mode that are not submitted yet.
 *
 *   a switch of comparison was changed ──> one job for the tenant, in the change's own transaction ──┐
 *   fpimagectl match rerun --all ────────────────────────────────────────────────────────────────────┴──> bill by bill
 *
 * Only what the files and the receipt have given is compared; nobody is asked anew. A bill whose result is the same leaves
 * no trace; what matches now goes on as if it had just been read. One that is refused on its way (it is locked, say)
 * stays as it was, and is counted.
 *
 * Life:    a job's task, or the tool's.
 * Threads: a worker's; two at once come to the same.
 * Limits:  a transaction for each bill; FPI_REMATCH_LIMIT in all, after which the job begins anew. */
#ifndef FPI_REMATCH_H
#define FPI_REMATCH_H

#include "service/jobs.h"

#define FPI_JOB_REMATCH "rematch"
#define FPI_REMATCH_LIMIT apr_time_from_sec(3600)

typedef struct fpi_rematched_t {
    int64_t bills, changed, left; /* left: refused, as they were */
} fpi_rematched_t;

/* All of the task's tenant. What is done stays done when it fails in the middle. */
fpi_err_t *fpi_rematch_all(fpi_rematched_t *out, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

/* Puts the job of the task's tenant when that setting decides a comparison or what follows of it. */
fpi_err_t *fpi_rematch_switched(fpi_tx_t *tx, const char *setting, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_rematch_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_rematch_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

#endif
