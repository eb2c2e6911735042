/* What the files of multipart share. Private to them.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  16 parameters per field. */
#ifndef FPI_MULTIPART_OWN_H
#define FPI_MULTIPART_OWN_H

#include "wire/multipart.h"

/* False refuses the field. */
typedef bool fpi_param_fn(void *baton, const char *name, const char *value, fpi_task_t *task);

/* Reads "kind; name=value; ..." of a header field. FPI_E_FIELD when it is malformed. */
fpi_err_t *fpi_params_walk(const char **kind, const char *text, fpi_param_fn *take, void *baton, fpi_task_t *task)
    FPI_MUST_USE;

#endif
