#include "mfp_stream.h"

#include "mfp_config.h"

#include <apr_portable.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <util_filter.h>

/* ---- head ---- */

/* Made by httpd, or told by other means than the table. */
static bool is_own_header(const char *name)
{
    static const char *const names[] = { "Content-Length", "Content-Type",      "Connection",
                                         "Keep-Alive",     "Transfer-Encoding", "Trailer",
                                         "Upgrade",        "X-Trace-Id" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if ((names[i][0] | 0x20) == (name[0] | 0x20) && strcasecmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Added, not set: Set-Cookie may come several times and can't be joined. */
static int add_header(void *baton, const char *name, const char *value)
{
    request_rec *r = baton;

    if (strcasecmp(name, "Content-Type") == 0) {
        ap_set_content_type(r, apr_pstrdup(r->pool, value));
    }
    else if (!is_own_header(name)) {
        apr_table_add(r->headers_out, name, value);
    }
    return 1;
}

/* httpd would make a 500 of a status that it has no line for. */
static const char *line_of(int status, apr_pool_t *pool)
{
    const char *number = apr_itoa(pool, status);

    return strncmp(ap_get_status_line(status), number, 3) == 0 ? NULL : apr_pstrcat(pool, number, " Other", NULL);
}

fpi_err_t *mfp_stream_begin(void *baton, int status, const apr_table_t *headers, int64_t length)
{
    mfp_request_t *req = baton;
    request_rec *r = req->r;

    req->has_begun = true;
    req->length = length;
    r->status = status;
    r->status_line = line_of(status, r->pool);
    apr_table_do(add_header, r, headers, NULL);
    if (length >= 0) {
        ap_set_content_length(r, (apr_off_t)length);
    }
    if (!mfp_request_is_read(req)) {
        r->connection->keepalive = AP_CONN_CLOSE; /* answered before the body was read to its end */
    }
    /* the other side has answered a Range as it meant to; httpd must not cut once more */
    apr_table_unset(r->headers_in, "Range");
    return NULL;
}

/* ---- bytes ---- */

static fpi_err_t *pass(mfp_request_t *req, apr_bucket_brigade *bb)
{
    request_rec *r = req->r;
    apr_status_t rv = ap_pass_brigade(r->output_filters, bb);
    char reason[120];

    apr_brigade_cleanup(bb);
    /* the client may leave as soon as it has all: HTTP/2 says so at once */
    if (rv == APR_SUCCESS && (req->has_ended || !r->connection->aborted)) {
        return NULL;
    }
    return fpi_fail(req->task, FPI_E_GONE, "the answer could not be sent on: %s",
                    rv ? apr_strerror(rv, reason, sizeof(reason)) : "the client left");
}

static apr_bucket_brigade *brigade_of(mfp_request_t *req)
{
    if (!req->out) {
        req->out = apr_brigade_create(req->r->pool, req->r->connection->bucket_alloc);
    }
    return req->out;
}

fpi_err_t *mfp_stream_write(void *baton, const char *data, size_t len)
{
    mfp_request_t *req = baton;
    request_rec *r = req->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb;

    if (len == 0 || req->has_ended) {
        return NULL;
    }
    bb = brigade_of(req);
    req->sent += (int64_t)len;
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_transient_create(data, len, alloc));
    if (req->length >= 0 && req->sent >= req->length) {
        req->has_ended = true;
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    }
    else {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(alloc));
    }
    return pass(req, bb);
}

/* The end-of-request bucket keeps the request, and with it the descriptor, until the last byte has left. */
fpi_err_t *mfp_stream_send_file(void *baton, int fd, int64_t offset, int64_t len)
{
    mfp_request_t *req = baton;
    request_rec *r = req->r;
    apr_bucket_brigade *bb = brigade_of(req);
    apr_file_t *file = NULL;

    if (len == 0 || req->has_ended) {
        return NULL;
    }
    if (apr_os_file_put(&file, &fd, APR_FOPEN_READ | APR_FOPEN_SENDFILE_ENABLED, r->pool) != APR_SUCCESS) {
        return fpi_fail(req->task, FPI_E_INTERNAL, "the file can't be handed to httpd");
    }
    req->sent += len;
    apr_brigade_insert_file(bb, file, offset, len, r->pool);
    if (req->length >= 0 && req->sent >= req->length) {
        req->has_ended = true;
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(r->connection->bucket_alloc));
    }
    return pass(req, bb);
}

bool mfp_stream_is_whole(const mfp_request_t *req)
{
    const request_rec *r = req->r;

    return req->length < 0 || req->sent >= req->length || r->header_only
           || AP_STATUS_IS_HEADER_ONLY(r->status);
}

/* ---- the end that is none ---- */

/* An answer that ends with its connection (HTTP/1.0 without length) looks whole after a clean
 * close: only a reset tells. */
static void reset_at_close(request_rec *r)
{
    const struct linger now = { 1, 0 };
    apr_socket_t *socket = ap_get_conn_socket(r->connection);
    apr_os_sock_t fd;

    if (socket && apr_os_sock_get(&fd, socket) == APR_SUCCESS && fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        r->connection->aborted = 1; /* no orderly farewell before the close */
    }
}

void mfp_stream_abort(mfp_request_t *req)
{
    request_rec *r = req->r;
    conn_rec *c = r->connection;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, c->bucket_alloc);

    req->has_ended = true;
    c->keepalive = AP_CONN_CLOSE;
    /* as mod_proxy: the chunk filter leaves out its end at this error, HTTP/2 resets the stream */
    APR_BRIGADE_INSERT_TAIL(
        bb, ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, c->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(c->bucket_alloc));
    ap_pass_brigade(r->output_filters, bb);
    if (!c->master && !r->chunked && req->length < 0) {
        reset_at_close(r);
    }
}

/* ---- the client ---- */

int mfp_stream_fd(void *baton)
{
    const mfp_request_t *req = baton;
    apr_socket_t *socket = ap_get_conn_socket(req->r->connection);
    apr_os_sock_t fd;

    return socket && apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : -1;
}

bool mfp_stream_is_gone(void *baton)
{
    const mfp_request_t *req = baton;
    conn_rec *c = req->r->connection;
    apr_socket_t *socket = ap_get_conn_socket(c);
    struct pollfd asked = { -1, POLLIN, 0 };
    char byte;

    if (c->aborted) {
        return true;
    }
    if (!socket || apr_os_sock_get(&asked.fd, socket) != APR_SUCCESS) {
        return false;
    }
    if (asked.fd < 0) {
        return true; /* closed under us: a child that is to end at once does so */
    }
#ifdef POLLRDHUP
    asked.events |= POLLRDHUP; /* also behind bytes that nobody has read: TLS's farewell, say */
#endif
    if (poll(&asked, 1, 0) <= 0) {
        return false;
    }
#ifdef POLLRDHUP
    if (asked.revents & POLLRDHUP) {
        return true;
    }
#endif
    return (asked.revents & (POLLERR | POLLHUP | POLLNVAL))
           || ((asked.revents & POLLIN) && recv(asked.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0);
}

void mfp_stream_note(void *baton, const char *name, const char *value)
{
    const mfp_request_t *req = baton;

    apr_table_set(req->r->subprocess_env, name, value);
}
