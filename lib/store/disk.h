/* What the parts of this folder ask of the file system under them. Private to this folder.
 *
 * Life:    nothing to make or free.
 * Threads: any.
 * Limits:  Linux. */
#ifndef FPI_DISK_H
#define FPI_DISK_H

#include "base/task.h"

#include <stdint.h>

/* FPI_E_CONFIG when `folder` is on another machine's disk, or not there. */
fpi_err_t *fpi_disk_refuse_network(const char *folder, fpi_task_t *task) FPI_MUST_USE;

/* Makes the folder and those above it, 0700 and flushed. FPI_E_CONFIG. */
fpi_err_t *fpi_disk_make_folder(const char *folder, fpi_task_t *task) FPI_MUST_USE;

/* Bytes free for us, 0 when it is mounted read-only; -1 unknown. */
int64_t fpi_disk_room(const char *folder);

/* FPI_E_STORE made of errno, with the remedy that goes with it. */
fpi_err_t *fpi_disk_fail(int error, const char *doing, const char *path, fpi_task_t *task)
    FPI_MUST_USE;

#endif
