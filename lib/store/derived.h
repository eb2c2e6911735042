/* Pictures made of blobs, kept so that they are made once. They may be deleted at any time: they are made again.
 *
 *   <dir>/derived/ab/cd/<sha256>-<what>     what: a-z, 0-9 and hyphens
 *
 * Life:    as the store of blobs.
 * Threads: many; two that make the same at once make it twice, and one of the two stays.
 * Limits:  what has at most FPI_DERIVED_WHAT characters. */
#ifndef FPI_DERIVED_H
#define FPI_DERIVED_H

#include "store/blob.h"

enum { FPI_DERIVED_WHAT = 60, FPI_DERIVED_SLICES = 256 };

/* An open descriptor and the size; closed with the task's pool. FPI_E_ABSENT. */
fpi_err_t *fpi_derived_open(int *fd, int64_t *size, fpi_blobs_t *blobs, const char *sha256, const char *what,
                            fpi_task_t *task) FPI_MUST_USE;
/* Keeps it. A crash leaves it whole or not at all. */
fpi_err_t *fpi_derived_keep(fpi_blobs_t *blobs, const char *sha256, const char *what, const void *data, size_t len,
                            fpi_task_t *task) FPI_MUST_USE;
/* Removes all that were made of a blob. */
void fpi_derived_drop(fpi_blobs_t *blobs, const char *sha256);
/* Removes those that were made more than `age` ago, in one of the FPI_DERIVED_SLICES parts of the tree, so that no
 * sweep takes long. */
void fpi_derived_sweep(fpi_blobs_t *blobs, int slice, apr_interval_time_t age);

#endif
