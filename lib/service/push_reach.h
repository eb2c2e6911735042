/* Does the address of each row of the push table lead to us? What the head office has registered there is where the cloud
 * sends its pushes; a wrong host, port or path is seen by nobody here, as nothing comes.
 *
 *   GET url ─> 405 with our X-Trace-Id: it is us (the path takes POST only)
 *           └> anything else: what stands in the way, and what to do
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  FPI_PUSH_REACH_MOST different addresses, 5 s for each, and nothing past the task's deadline; link-local and
 *          multicast addresses are not called. Of the answer nothing but its status is told. */
#ifndef FPI_PUSH_REACH_H
#define FPI_PUSH_REACH_H

#include "service/app.h"
#include "store/people.h"

#include <apr_tables.h>

enum { FPI_PUSH_REACH_MOST = 10 };

typedef struct fpi_push_reach_t {
    const fpi_push_row_t *row;   /* the first of those that have this url */
    const char *found, *remedy;  /* in the task's language; NULL: it leads to us */
} fpi_push_reach_t;

/* A new array of fpi_push_reach_t, one for each different url of the task's tenant; *left: how many were not asked. */
fpi_err_t *fpi_push_reach(apr_array_header_t **out, int *left, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
