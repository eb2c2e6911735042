/* The unit of work: a request, a job, a command of the tool, a test.
 * It carries what each step needs and none may pick for itself: the pool, the deadline, whether it
 * was called off, the trace id, who acts, in which language to speak, and where log lines go.
 *
 * Life:    made in the pool that it carries, gone with it.
 * Threads: one thread at a time. Another may wait for it while a third runs it (group commit does),
 *          and `called_off` may be set from anywhere.
 * Limits:  the trace id is 32 lower-case hex digits. */
#ifndef FPI_TASK_H
#define FPI_TASK_H

#include "base/err.h"
#include "base/log.h"

#include <apr_pools.h>
#include <apr_time.h>
#include <stdbool.h>

enum { FPI_TRACE_LEN = 32 };

typedef struct fpi_task_t {
    apr_pool_t *pool;
    const fpi_log_sink_t *log;     /* never NULL */
    apr_time_t deadline;           /* in fpi_clock_tick time; 0: none */
    _Atomic int called_off;        /* non-zero: stop at the next good place */
    char trace[FPI_TRACE_LEN + 1];
    const char *actor;             /* who: "client:ID", "user:ID", "cloud", "erp", "system" */
    const char *lang;              /* "zh" or "en": language of public texts */
    apr_int64_t tenant;            /* whose rows may be touched; 0: not known yet */
} fpi_task_t;

/* A task in `pool` that logs to `log` (NULL: nowhere), with a fresh trace id, no deadline, actor
 * "system", language zh. */
fpi_task_t *fpi_task_make(apr_pool_t *pool, const fpi_log_sink_t *log);

/* Takes over the trace id of a W3C traceparent header when it is well formed, else leaves the task's
 * own: "00-<32 hex, not all zero>-<16 hex, not all zero>-<2 hex>". */
void fpi_task_take_traceparent(fpi_task_t *task, const char *header);

/* The traceparent to send on with this task's trace id and a fresh span id, made in the task's pool. */
const char *fpi_task_traceparent(fpi_task_t *task);

/* Sets the deadline `span` from now, unless an earlier one stands. */
void fpi_task_limit(fpi_task_t *task, apr_interval_time_t span);

/* What is left until the deadline, at least 0; `most` when there is none or more is left. */
apr_interval_time_t fpi_task_left(const fpi_task_t *task, apr_interval_time_t most);

/* Is it time to stop: called off, or past the deadline? */
bool fpi_task_is_over(const fpi_task_t *task);

#endif
