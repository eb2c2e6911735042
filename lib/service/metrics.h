/* Counters shared by all children. One list (metrics.def) makes the struct and every export of it.
 *
 * Life:    plain memory, zeroed; in httpd it lies in shared memory and lives as long as the parent.
 * Threads: atomics; any thread or process.
 * Limits:  64-bit, never reset. */
#ifndef FPI_METRICS_H
#define FPI_METRICS_H

#include "base/text.h"

#include <stdatomic.h>
#include <stdint.h>

typedef struct fpi_metrics_t {
#define FPI_METRIC(member, name, help) _Atomic uint64_t member;
#include "service/metrics.def"
#undef FPI_METRIC
} fpi_metrics_t;

#define FPI_COUNT(app, member, n) \
    atomic_fetch_add_explicit(&(app)->shared->metrics.member, (uint64_t)(n), memory_order_relaxed)

struct fpi_app_t;
struct fpi_store_stats_t;

/* Prometheus text (exposition format 0.0.4), with the gauges that are asked from the store, queue
 * and breaker of this child. A store that is down leaves its gauges out. */
const char *fpi_metrics_format(struct fpi_app_t *app, struct fpi_task_t *task);

/* Adds to the shared counters what this child's store has written since `last`, and moves `last`
 * on; zero it first. For the thread that comes by once a second. */
void fpi_metrics_gather(struct fpi_app_t *app, struct fpi_store_stats_t *last);

/* The release of this build, "1.2.3". */
const char *fpi_version(void);

/* Walks the counters: `i` from 0; false at the end. */
bool fpi_metrics_next(const fpi_metrics_t *metrics, int i, const char **name, const char **help,
                      uint64_t *value);

#endif
