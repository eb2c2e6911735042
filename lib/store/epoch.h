/* A counter in a mapped file, shared by all processes of the node. Private to this folder.
 *
 * Life:    mapped until its pool goes; the file `epoch` stays, and the count with it.
 * Threads: any, any process.
 * Limits:  one page. The file must not be cut short or replaced while anybody runs. */
#ifndef FPI_EPOCH_H
#define FPI_EPOCH_H

#include "base/task.h"

#include <stdint.h>

typedef struct fpi_epoch_t fpi_epoch_t;

/* FPI_E_CONFIG: rights; FPI_E_STORE: no room. */
fpi_err_t *fpi_epoch_open(fpi_epoch_t **epoch, apr_pool_t *pool, const char *data_dir,
                          fpi_task_t *task) FPI_MUST_USE;
uint64_t fpi_epoch_get(const fpi_epoch_t *epoch);
void fpi_epoch_raise(fpi_epoch_t *epoch);

#endif
