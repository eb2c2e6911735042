/* The three families' envelopes.
 *
 * Life:    bodies live in the task's pool.
 * Threads: the request's.
 * Limits:  none of its own. */
#ifndef FPI_ANSWER_H
#define FPI_ANSWER_H

#include "service/api.h"

/* Fills in the reply of a success. */
void fpi_answer_success(fpi_reply_t *reply, fpi_family_t family, const fpi_answer_t *answer, fpi_task_t *task);
/* Fills in the reply of a failure, with Retry-After where a pause helps. */
void fpi_answer_failure(fpi_reply_t *reply, fpi_family_t family, const fpi_err_t *err, fpi_task_t *task);
/* Whose envelope a path without a route gets. */
fpi_family_t fpi_family_of(const char *path);

#endif
