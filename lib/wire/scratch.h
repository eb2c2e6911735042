/* A file without a name, for what is too large for memory and needed only now: written, then read once.
 *
 * Life:    gone with the task's pool, and with the process, however it ends.
 * Threads: one.
 * Limits:  the disk of the folder. */
#ifndef FPI_SCRATCH_H
#define FPI_SCRATCH_H

#include "base/task.h"

#include <stdint.h>

typedef struct fpi_scratch_t fpi_scratch_t;

/* How bytes are handed on. */
typedef fpi_err_t *fpi_put_fn(void *baton, const void *data, size_t len, fpi_task_t *task);

/* FPI_E_STORE naming the folder. */
fpi_err_t *fpi_scratch_open(fpi_scratch_t **scratch, const char *folder, fpi_task_t *task) FPI_MUST_USE;
/* Ends it before the pool does. */
void fpi_scratch_close(fpi_scratch_t **scratch);
fpi_err_t *fpi_scratch_put(fpi_scratch_t *scratch, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;
int64_t fpi_scratch_size(const fpi_scratch_t *scratch);
/* A path under which this process can open it, for libraries that want one; what they wrote counts in size(). */
const char *fpi_scratch_path(const fpi_scratch_t *scratch);
/* Hands all of it on, from its beginning. */
fpi_err_t *fpi_scratch_send(fpi_scratch_t *scratch, fpi_put_fn *put, void *baton, fpi_task_t *task) FPI_MUST_USE;

#endif
