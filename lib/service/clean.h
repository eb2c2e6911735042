/* The clean-up of what nobody names any more: exports after their week, orphaned blobs after a day, a folder of the
 * blob store at a time, so that a large store is gone through in FPI_ORPHAN_ROUND without anybody noticing.
 *
 * Life:    called by a child's keeper; children of all nodes agree by the store who takes a turn.
 * Threads: the keeper's.
 * Limits:  one folder of 256 per FPI_ORPHAN_TURN; 100 exports an hour. */
#ifndef FPI_CLEAN_H
#define FPI_CLEAN_H

#include "service/app.h"

/* About once a second; does something when a new turn has begun. *last: the caller's memory, 0 at first. */
void fpi_clean_turn(int64_t *last, fpi_app_t *app, fpi_task_t *task);

#endif
