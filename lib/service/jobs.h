/* Background work of a child: leases due jobs from the store and runs them; does the child's chores (chores.h).
 *
 * Life:    threads from fpi_jobs_start to fpi_jobs_stop, which calls the steps in hand off and waits for them: what
 *          they wait for (the cloud, a file's host) is given up within about a second.
 * Threads: workers of five lanes, one keeper for the chores and one holder of leases per child: 9, and one for each
 *          decoder, at most FPI_JOBS_THREADS + 2. A lane's threads take no other's work, so that a month's
 *          pages keep no push waiting, and a slow cloud keeps no page waiting:
 *            USUAL  what is short: pulls first, then the rest; a fetch wakes it at once
 *            LOOK   documents at the decoding helper: FPImageDecoders at once in the whole installation, so that
 *                   pictures which people wait for have no more than these before them; up to FPI_JOBS_LOOKERS threads
 *            SLOW   the cloud's recognition, exports: one thread
 *            TELL   the ERP: two threads, so that one dead system keeps no other waiting
 *            SCAN   network scanners, which take as long as their paper does: two threads
 * Limits:  a step has 2 minutes, or its kind's own; its lease 12 s, lengthened while it goes on, whatever else the child
 *          waits for. Failures that may pass are repeated after 1 s doubling to 1 h, for 3 days; then, and failures that
 *          won't pass, are parked. A step may run twice and must bear it. */
#ifndef FPI_JOBS_H
#define FPI_JOBS_H

#include "service/app.h"
#include "store/pushes.h"

typedef enum fpi_lane_t { FPI_LANE_USUAL, FPI_LANE_LOOK, FPI_LANE_SLOW, FPI_LANE_TELL, FPI_LANE_SCAN, FPI_LANE_COUNT } fpi_lane_t;

enum {
    FPI_JOBS_WORKERS = 2, FPI_JOBS_LOOKERS = 8, FPI_JOBS_TELLERS = 2, FPI_JOBS_SCANNING = 2,
    FPI_JOBS_THREADS = FPI_JOBS_WORKERS + FPI_JOBS_LOOKERS + FPI_JOBS_TELLERS + FPI_JOBS_SCANNING + 1
};

/* How long a step that fails is tried again. */
#define FPI_JOBS_GIVE_UP apr_time_from_sec(3 * 86400)

typedef fpi_err_t *fpi_job_fn(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task);

typedef struct fpi_job_kind_t {
    const char *kind;
    fpi_job_fn *run;
    /* Told once when the job is given up. */
    void (*parked)(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);
    fpi_lane_t lane;
    apr_interval_time_t limit;   /* of a step; 0: 2 minutes */
} fpi_job_kind_t;

fpi_err_t *fpi_jobs_start(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* May be called again; from one thread at a time. */
void fpi_jobs_stop(fpi_app_t *app);
/* There may be something to do at once, usual or for the ERP. Cheap, but who wakes up reads the store; any thread. */
void fpi_jobs_wake(fpi_app_t *app);
/* The same where only work of this kind (FPI_JOB_...) can have come: wakes one thread of its lane. */
void fpi_jobs_wake_for(fpi_app_t *app, const char *kind);
/* Runs all that is due now in the calling thread, for the tool and tests. */
fpi_err_t *fpi_jobs_run_due(fpi_app_t *app, int *done, fpi_task_t *task) FPI_MUST_USE;

#endif
