/* Where the lines of base/log go in httpd: the error log, with the module's own level
 * (LogLevel fpimage:debug) and the client of a request. Not a rotation, not an access log.
 *
 * Life:    a sink lives in the pool that it was made in, no longer than its server or request.
 * Threads: a server's sink serves all threads; a request's sink its own.
 * Limits:  those of base/log. */
#ifndef MFP_LOG_H
#define MFP_LOG_H

#include "base/log.h"

#include <httpd.h>

const fpi_log_sink_t *mfp_log_server(apr_pool_t *pool, server_rec *server);
const fpi_log_sink_t *mfp_log_request(request_rec *r);

#endif
