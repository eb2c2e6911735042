/* Clients that use a malformed prefix: said once for each source in the log, and kept for the doctor.
 *
 * Life:    what is kept lives in the store; results in the task's pool.
 * Threads: any.
 * Limits:  64 sources are known at a time; the last FPI_PREFIX_MOST are kept, for a week. */
#ifndef FPI_PREFIX_H
#define FPI_PREFIX_H

#include "service/app.h"
#include "service/call.h"

enum { FPI_PREFIX_MOST = 5 };

typedef struct fpi_prefix_t {
    apr_time_t at;
    const char *source, *right;  /* its address, and the prefix that it should have */
} fpi_prefix_t;

/* Counts the call, whose path was malformed; tells and keeps a new source. */
void fpi_prefix_tell(fpi_app_t *app, fpi_call_t *call);
/* Newest first. */
fpi_err_t *fpi_prefix_list(fpi_prefix_t out[FPI_PREFIX_MOST], int *count, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

#endif
