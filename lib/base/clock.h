/* The time source, deadlines and the pauses between tries.
 * Not a timer: nothing is called back.
 *
 * Life:    nothing to make or free.
 * Threads: reading is safe everywhere; fpi_clock_set only before threads start.
 * Limits:  64-bit microseconds since 1970 UTC. */
#ifndef FPI_CLOCK_H
#define FPI_CLOCK_H

#include <apr_time.h>
#include <stdbool.h>

/* Wall time in microseconds. */
apr_time_t fpi_clock_now(void);

/* Microseconds of a clock that never steps: for deadlines and durations only. */
apr_time_t fpi_clock_tick(void);

/* Replaces the wall clock by `source`; NULL restores the system's. For tests. */
void fpi_clock_set(apr_time_t (*source)(void));

/* Pause before try number `attempt` (1 = the first repeat): `first` doubled each time up to `most`,
 * with up to a fifth taken off at random so that many waiters do not come back together. */
apr_interval_time_t fpi_clock_backoff(int attempt, apr_interval_time_t first,
                                      apr_interval_time_t most);

/* Reads a peer's time: seconds (9-11 digits), milliseconds (13), or a calendar time in China's zone, with any of "-/: T."
 * between or none: yyyyMMdd, yyyyMMddHHmm, yyyyMMddHHmmss and up to six more digits of a fraction; behind a time of day
 * that begins with "T" or a blank ISO 8601's zone may stand (Z, +08, +0800, +08:00) and goes before China's. False when
 * it is none of these. */
bool fpi_clock_read(apr_time_t *out, const char *text);

/* ISO 8601 UTC with seconds, "2026-01-31T08:00:00Z", in `out` of at least 21 bytes; returns it. */
char *fpi_clock_format(char out[21], apr_time_t when);

#endif
