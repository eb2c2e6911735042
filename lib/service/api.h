/* The one door: finds the route, checks access and limits, calls the handler or the relay, shapes the answer
 * of its family, counts it and logs a failure once.
 *
 *   module ──> fpi_api_serve ──> normalise ─> route ─> access ─> body ─> handler ─┐
 *                                    └ not local ─> relay (streams) ──────────────┴─> shape ─> reply
 *
 * Life:    requests only.
 * Threads: many.
 * Limits:  of the route. */
#ifndef FPI_API_H
#define FPI_API_H

#include "service/app.h"
#include "service/call.h"

typedef enum fpi_family_t { FPI_FAMILY_A, FPI_FAMILY_B, FPI_FAMILY_C } fpi_family_t;

/* What a handler gives back: `data` goes into the family's envelope; `flat` members beside it (tokens). */
typedef struct fpi_answer_t {
    fpi_json_t *data;      /* NULL: none */
    bool is_flat;          /* the members of data stand beside errcode */
    bool is_sent;          /* the handler has streamed the answer by call->begin itself */
    int status;            /* of a success on family C: 201, 202, 204 ...; 0: 200 */
    const apr_table_t *headers; /* further ones; NULL: none */
} fpi_answer_t;

typedef fpi_err_t *fpi_handler_fn(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer);

typedef struct fpi_route_t {
    const char *method, *path;
    fpi_family_t family;
    const char *handler;
    fpi_handler_fn *run;
    enum { FPI_ACCESS_OPEN, FPI_ACCESS_TOKEN, FPI_ACCESS_PUSH, FPI_ACCESS_CONSOLE, FPI_ACCESS_SESSION } access;
    fpi_permission_t permission;
    enum { FPI_BODY_NONE, FPI_BODY_JSON, FPI_BODY_RAW, FPI_BODY_FORM, FPI_BODY_STREAM } body;
    enum { FPI_LIMIT_JSON, FPI_LIMIT_SMALL, FPI_LIMIT_FILE } limit;
    const char *help;
} fpi_route_t;

/* The table, ended by a row with method NULL. */
const fpi_route_t *fpi_routes(void);
/* The first route of a handler's name whose path has no "{name}" parts, so that FPImageRoute can put it elsewhere; or
 * NULL. */
const fpi_route_t *fpi_route_by_handler(const char *handler);
bool fpi_handler_is_known(const char *name);

/* Is this path (encoded, without query) ours to serve: under /api once normalised? */
bool fpi_api_is_ours(const char *uri, apr_pool_t *pool);

/* Serves a call; fills `reply` unless it streamed. Never fails: a failure is an answer. Sets the X-Trace-Id
 * header. A streamed answer that broke in the middle is told by the return: false, cut the connection. */
bool fpi_api_serve(fpi_app_t *app, fpi_call_t *call, fpi_reply_t *reply);

/* Does the path fit the route's, "{name}" standing for any one segment? */
bool fpi_route_fits(const char *pattern, const char *path);
/* The table's route; NULL: none. */
const fpi_route_t *fpi_route_find(const char *method, const char *path);
/* What Allow says of a method: HEAD is served where GET is. */
const char *fpi_route_allowed(const char *method);
/* Every method that the path has, "GET, HEAD, POST"; NULL when it is no path of ours. */
const char *fpi_route_methods(const char *path, apr_pool_t *pool);
/* The segment of the call's path that stands where its route says "{name}". Our own mistake (assert) when the route
 * has no such part. */
const char *fpi_call_part(const fpi_call_t *call, const char *name);
/* The same as a positive number; FPI_E_ABSENT when it is none: such a thing does not exist. */
fpi_err_t *fpi_call_id(int64_t *out, const fpi_call_t *call, const char *name) FPI_MUST_USE;
/* FPI_E_MEDIA for a body that is compressed. */
fpi_err_t *fpi_call_check_encoding(const fpi_call_t *call) FPI_MUST_USE;
/* Parses a JSON body that was already gathered. FPI_E_FIELD unless it is an object or an array. */
fpi_err_t *fpi_call_parse(fpi_call_t *call) FPI_MUST_USE;

/* The value of a field of a FORM call, wherever it came: JSON body, form, or query. NULL when absent. */
fpi_err_t *fpi_call_field(const char **out, fpi_call_t *call, const char *name, size_t most) FPI_MUST_USE;

/* Normalises "/api" paths (still encoded): repeated slashes, a stray ':' round a slash, /api/api, trailing slash.
 * FPI_E_BAD_REQUEST for "." and ".." segments, bad escapes, encoded slashes, backslashes and control bytes. *was_malformed says
 * whether the prefix had to be corrected. */
fpi_err_t *fpi_path_normalise(const char **out, bool *was_malformed, const char *uri, fpi_task_t *task)
    FPI_MUST_USE;

/* /fpimage/ready: a failure says what is not ready. */
fpi_err_t *fpi_api_ready(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
