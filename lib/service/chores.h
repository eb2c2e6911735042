/* What a child does by the way, with no job: people who changed, counters, cloud tokens before they end, work that begins
 * by the clock, what is swept, keys that are changed, memory that is given back.
 *
 * Life:    called by a child's keeper, about once a second.
 * Threads: the keeper's.
 * Limits:  a turn takes as long as the cloud lets its tokens wait (15 s each) and one hourly sweep; it is called off when
 *          the child stops. */
#ifndef FPI_CHORES_H
#define FPI_CHORES_H

#include "service/app.h"
#include "store/store.h"

/* When each is due again; zeroed at first. */
typedef struct fpi_chores_t {
    fpi_store_stats_t counted;
    apr_time_t renew, arranged, hourly, trimmed;
    int64_t cleaned;
} fpi_chores_t;

/* Does what is due; where the app is not open (fpi_app_ready), only what needs no store. */
void fpi_chores_turn(fpi_chores_t *chores, bool is_open, fpi_app_t *app, fpi_task_t *task);

#endif
