/* A gate for log lines: of many that say the same, the first goes through at once, then one in
 * FPI_GATE_PAUSE with the number of those that did not.
 *
 *   shut ──first: told──> open ──pause over: told──> open ──end──> shut
 *                          └─ before that: counted
 *
 * Life:    plain memory, zeroed = shut; put into memory shared by all children, it is shared.
 * Threads: atomics only; any thread or process.
 * Limits:  FPI_GATE_ROOM causes of one kind; those beyond share the last gate. */
#ifndef FPI_GATE_H
#define FPI_GATE_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FPI_GATE_PAUSE ((int64_t)60 * APR_USEC_PER_SEC)

enum { FPI_GATE_ROOM = 32 };

typedef struct fpi_gate_t {
    _Atomic int64_t told;    /* fpi_clock_tick of the last line; 0: shut */
    _Atomic uint64_t untold; /* since then */
} fpi_gate_t;

/* One gate for each cause. */
typedef struct fpi_gates_t {
    struct {
        _Atomic uint64_t key; /* hash of the cause; 0: free, as are all behind it */
        fpi_gate_t gate;
    } slots[FPI_GATE_ROOM];
} fpi_gates_t;

/* May a line be written? Then *untold is how many were not, since the last one. `now` is
 * fpi_clock_tick's. */
bool fpi_gate_may_tell(fpi_gate_t *gate, int64_t now, uint64_t *untold);
/* The cause is over. True for one asker, if anything had been told: a line that says so. */
bool fpi_gate_end(fpi_gate_t *gate, uint64_t *untold);

/* The gate of a cause, taken for it when it has none yet. */
fpi_gate_t *fpi_gate_take(fpi_gates_t *gates, const char *cause);
/* NULL when nothing was told of it. Costs next to nothing as long as there are no causes at all. */
fpi_gate_t *fpi_gate_find(fpi_gates_t *gates, const char *cause);

#endif
