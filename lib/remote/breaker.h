/* A circuit breaker: after FPI_BREAKER_FAILURES failures in a row calls are refused at once; one probe at
 * a time asks whether the other side is back.
 *
 *   closed ──n failures──> open ──pause over──> one probe ──success──> closed
 *                           ^                        └──failure──> open, pause doubled (5 s to 60 s)
 *
 * Life:    plain memory, zeroed = closed; put into memory shared by all children, it is shared.
 * Threads: atomics only; any thread or process.
 * Limits:  times in fpi_clock_tick microseconds, which all processes of a node share. */
#ifndef FPI_BREAKER_H
#define FPI_BREAKER_H

#include "base/task.h"

#include <stdatomic.h>
#include <stdint.h>

enum { FPI_BREAKER_FAILURES = 5 };

typedef struct fpi_breaker_t {
    _Atomic int64_t failures;   /* in a row */
    _Atomic int64_t open_until; /* 0: closed */
    _Atomic int64_t probe_until; /* a probe is under way till then */
    _Atomic int64_t pause;      /* the last one */
} fpi_breaker_t;

/* NULL: go ahead, and say how it went. FPI_E_CLOUD with retry_after: it is open. */
fpi_err_t *fpi_breaker_enter(fpi_breaker_t *breaker, fpi_task_t *task) FPI_MUST_USE;
/* True when this success closed / this failure opened it: a line for the log. */
bool fpi_breaker_succeeded(fpi_breaker_t *breaker);
bool fpi_breaker_failed(fpi_breaker_t *breaker);
/* Neither: the exchange ended for a reason that says nothing of the other side (the caller left). */
void fpi_breaker_left(fpi_breaker_t *breaker);
bool fpi_breaker_is_open(const fpi_breaker_t *breaker);

#endif
