/* A child's side of the apps: opened after fork, entered by requests, ended before the child is.
 *
 *   child_init:     signals blocked ─> libraries ─> cache ─> each app: open, start its threads
 *   child_stopping: a helper ends the background threads while requests in hand go on
 *   end of pchild:  wait for the helper ─> if no request is left in here, close the apps
 *
 * Life:    the child's. An app's pool hangs on no other, so that a child which is ended in the
 *          middle of a request (prefork's signal handler, threads that were not joined) leaves it
 *          alone: the store bears a sudden end, a half-closed one may not.
 * Threads: enter and leave from any; the rest by the child's main thread.
 * Limits:  none of its own. */
#ifndef MFP_CHILD_H
#define MFP_CHILD_H

#include "service/app.h"

#include <httpd.h>

void mfp_child_open(apr_pool_t *pchild, server_rec *main);
void mfp_child_stopping(apr_pool_t *pchild, int graceful);

/* The app that serves this host, or NULL when it could not be made in this child; each enter needs
 * its leave. */
fpi_app_t *mfp_child_enter(const server_rec *host);
void mfp_child_leave(void);

#endif
