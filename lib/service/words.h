/* Parameters of lists, in one way for all of family C: words, flags, times.
 *
 * Life:    results live in the task's pool.
 * Threads: the request's.
 * Limits:  as the caller says. */
#ifndef FPI_WORDS_H
#define FPI_WORDS_H

#include "service/call.h"

/* Trimmed; NULL when absent or blank. FPI_E_FIELD naming the parameter when it is longer than `most` characters. */
fpi_err_t *fpi_word_find(const char **out, const fpi_call_t *call, const char *name, size_t most) FPI_MUST_USE;
/* "true", "1", "false", "0"; *is_said false when absent. */
fpi_err_t *fpi_word_flag(bool *out, bool *is_said, const fpi_call_t *call, const char *name) FPI_MUST_USE;
/* ISO 8601: 2026-01-31 (UTC), 2026-01-31T08:00:00Z, or with +08:00 behind. 0 when absent. */
fpi_err_t *fpi_word_time(apr_time_t *out, const fpi_call_t *call, const char *name) FPI_MUST_USE;
/* A calendar day "2026-01-31" as days since 1970-01-01; `otherwise` when absent. */
fpi_err_t *fpi_word_day(int64_t *out, const fpi_call_t *call, const char *name, int64_t otherwise) FPI_MUST_USE;

#endif
