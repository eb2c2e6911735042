/* One request between httpd and service: what is ours, its trace, its body, its finished answer.
 * Streamed answers are mfp_stream's.
 *
 *   post_read_request  is the path as it came ours? then a task with a trace id, told to the client
 *                      and to the access log whatever comes of the request; httpd goes on with the
 *                      normalised path
 *   translate          claims it; behind mod_rewrite also what was rewritten onto our paths
 *   handler            call ─> service ─> reply
 *
 * Life:    in the request's pool.
 * Threads: the request's.
 * Limits:  a body that was not read is drained up to 256 KiB; beyond, the connection is closed. Over
 *          HTTP/2 up to twice FPImageMaxFile within Timeout. */
#ifndef MFP_REQUEST_H
#define MFP_REQUEST_H

#include "service/call.h"

#include <httpd.h>

#define MFP_HANDLER "fpimage"

typedef struct mfp_request_t {
    request_rec *r;
    fpi_task_t *task;
    const char *path;          /* as it came, without query */
    enum { MFP_API, MFP_STATUS, MFP_WEB } place; /* under /api, /fpimage, /imgsys-web */
    const char *client_ip, *scheme; /* behind trusted proxies: as they say */

    /* the body, while it is read */
    apr_bucket_brigade *in;
    int64_t body_len, taken;   /* body_len -1: not known before it ends */
    bool at_end;
    apr_time_t dry_since;      /* clock tick since when nothing came; 0: something did */
    int filter_status;         /* what httpd's input filters would have answered by themselves */
    bool is_late;              /* the client took too long */
    bool is_answered;          /* another module has answered while we read */

    /* a streamed answer: mfp_stream */
    apr_bucket_brigade *out; /* one for all writes: a brigade a piece would grow with the answer */
    int64_t length, sent;      /* length -1: not known */
    bool has_begun, has_ended;
} mfp_request_t;

void mfp_request_register(apr_pool_t *pconf);

/* post_read_request, also of a redirect inside httpd: makes the record of a request of ours. */
int mfp_request_begin(request_rec *r);
/* The record, or NULL: not ours. */
mfp_request_t *mfp_request_of(const request_rec *r);
/* pre_translate_name (where httpd has it) and translate_name: claim what is ours. */
int mfp_request_guard(request_rec *r);
int mfp_request_translate(request_rec *r);
/* translate_name, behind mod_rewrite: claims what was rewritten onto our paths. */
int mfp_request_translate_again(request_rec *r);

/* What service needs to know of it. */
fpi_call_t *mfp_request_call(mfp_request_t *req);

/* Has the whole body been taken? */
bool mfp_request_is_read(const mfp_request_t *req);

/* Sends a finished answer; what the handler returns. */
int mfp_request_send(mfp_request_t *req, const fpi_reply_t *reply);
/* Sends a failure in the envelope of the path's family. `allow` (may be NULL) lists methods. */
int mfp_request_refuse(mfp_request_t *req, const fpi_err_t *err, const char *allow);

#endif
