/* Reading the bodies of people's routes: what is not said is left as it is, null counts as not said.
 *
 * Life:    results live in the task's pool.
 * Threads: the request's.
 * Limits:  texts of 200 characters; 500 words in a list. */
#ifndef FPI_PEOPLE_READ_H
#define FPI_PEOPLE_READ_H

#include "service/call.h"

enum { FPI_READ_TEXT = 200, FPI_READ_WORDS = 500 };

/* FPI_E_FIELD unless the body is an object. */
fpi_err_t *fpi_read_object(const fpi_call_t *call) FPI_MUST_USE;
/* -1: not said. */
fpi_err_t *fpi_read_flag(int *out, const fpi_json_t *object, const char *name, fpi_task_t *task) FPI_MUST_USE;
/* Texts and numbers as texts; *count -1: not said. */
fpi_err_t *fpi_read_words(const char *const **out, int *count, const fpi_json_t *object, const char *name,
                          fpi_task_t *task) FPI_MUST_USE;

#endif
