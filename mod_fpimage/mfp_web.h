/* The page under /imgsys-web/: service/web between httpd's start and its requests.
 *
 * Life:    loaded into pconf at each start and restart.
 * Threads: set before children are made; then read only.
 * Limits:  of service/web. */
#ifndef MFP_WEB_H
#define MFP_WEB_H

#include "mfp_request.h"

/* Reads the page. Without one the module serves all the same, and says so once at start. */
void mfp_web_setup(apr_pool_t *pconf, fpi_task_t *task);
/* Answers a request for it; what the handler returns. */
int mfp_web_serve(mfp_request_t *req);

#endif
