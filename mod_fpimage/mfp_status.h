/* What the operator looks at: /fpimage/health, /fpimage/ready, /fpimage/metrics, and a section in
 * the page of mod_status.
 *
 *   FPImageStatus not said   metrics and the section only for this machine
 *   FPImageStatus On         for whom httpd's Require lets in
 *   FPImageStatus Off        not there
 *
 * Life:    requests only.
 * Threads: the request's.
 * Limits:  health and ready tell no internals, and are open. */
#ifndef MFP_STATUS_H
#define MFP_STATUS_H

#include "mfp_request.h"
#include "service/app.h"

/* Serves a path under /fpimage; `app` may be NULL. What the handler returns. */
int mfp_status_serve(mfp_request_t *req, fpi_app_t *app);

/* mod_status' hook. */
int mfp_status_section(request_rec *r, int flags);

#endif
