#include "mfp_request.h"

#include "base/clock.h"
#include "mfp_config.h"
#include "mfp_land.h"
#include "mfp_log.h"
#include "mfp_stream.h"
#include "service/answer.h"
#include "service/web.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <string.h>
#include <strings.h>
#include <util_filter.h>

#define GUARD "FPIMAGE_BODY_GUARD"
#define TRACE_HEADER "X-Trace-Id"

enum { DRAIN_MOST = 256 * 1024, DRAIN_PIECE = 64 * 1024, HOPS_MOST = 32 };

mfp_request_t *mfp_request_of(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &fpimage_module);
}

/* ---- is it ours? ---- */

/* The path of the request line as it came: httpd's own is decoded, "/api//x" merged in it. */
static const char *raw_path(const request_rec *r)
{
    const char *uri = r->unparsed_uri;
    const char *authority;

    if (!uri) {
        return NULL;
    }
    if (*uri != '/') { /* absolute form; "*" and CONNECT's have no "://" */
        authority = strstr(uri, "://");
        uri = authority ? authority + 3 + strcspn(authority + 3, "/?#") : "";
    }
    return *uri == '/' ? apr_pstrmemdup(r->pool, uri, strcspn(uri, "?#")) : NULL;
}

/* What a client asks for, and where another module of httpd sends it to instead; no part of a page (SSI), no document of
 * an error: that would have our status. */
static bool is_asked(const request_rec *r)
{
    return !r->proxyreq && !r->main && (!r->prev || !ap_is_HTTP_ERROR(r->prev->status));
}

static bool is_status(const char *path)
{
    return strncmp(path, "/fpimage", 8) == 0 && (path[8] == '\0' || path[8] == '/');
}

/* ---- who asks ---- */

static bool is_address(const char *text)
{
    unsigned char room[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1;
}

/* The address of one entry: "1.2.3.4", "1.2.3.4:567", "::1", "[::1]:567"; NULL when it is none. */
static const char *entry_address(apr_pool_t *pool, const char *entry)
{
    const char *colon;
    char *address;

    if (*entry == '[') {
        address = apr_pstrmemdup(pool, entry + 1, strcspn(entry + 1, "]"));
    }
    else {
        colon = strchr(entry, ':');
        address = colon && !strchr(colon + 1, ':')
                      ? apr_pstrmemdup(pool, entry, (size_t)(colon - entry))
                      : apr_pstrdup(pool, entry);
    }
    return is_address(address) ? address : NULL;
}

/* The address that the nearest untrusted party had: proxies of ours may be several, and all that
 * stands left of the first stranger is the stranger's own word. */
static const char *client_address(request_rec *r, const fpi_settings_t *settings)
{
    const char *address = r->useragent_ip;
    const char *header = apr_table_get(r->headers_in, "X-Forwarded-For");
    char *list = header ? apr_pstrdup(r->pool, header) : NULL;

    for (int i = 0; list && i < HOPS_MOST; i++) {
        char *comma = strrchr(list, ',');
        const char *entry = fpi_text_trim(r->pool, comma ? comma + 1 : list);

        if (!fpi_subnets_has(settings->trusted_proxy, address, r->pool)
            || !(entry = entry_address(r->pool, entry))) {
            break;
        }
        address = entry;
        if (comma) {
            *comma = '\0';
        }
        list = comma ? list : NULL;
    }
    return address;
}

static const char *client_scheme(request_rec *r, const fpi_settings_t *settings)
{
    const char *proto = apr_table_get(r->headers_in, "X-Forwarded-Proto");

    if (proto && fpi_subnets_has(settings->trusted_proxy, r->useragent_ip, r->pool)) {
        if (strcasecmp(proto, "https") == 0) {
            return "https";
        }
        if (strcasecmp(proto, "http") == 0) {
            return "http";
        }
    }
    return ap_http_scheme(r);
}

/* With UseCanonicalName the server's own name and port; else NULL. */
static const char *canonical_host(request_rec *r)
{
    const char *name = ap_get_server_name(r);
    apr_port_t port = ap_get_server_port(r);

    if (!r->hostname || strcmp(name, r->hostname) == 0) {
        return NULL;
    }
    name = ap_get_server_name_for_url(r);
    return ap_is_default_port(port, r) ? name : apr_psprintf(r->pool, "%s:%u", name, (unsigned)port);
}

/* The Host header where it names the host that httpd has found (an absolute request line overrules
 * it), for its port. */
static const char *client_host(request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Host"), *canonical = canonical_host(r);
    size_t len = r->hostname ? strlen(r->hostname) : 0;

    if (canonical) {
        return canonical;
    }
    if (header && len && strncasecmp(header, r->hostname, len) == 0
        && (header[len] == '\0' || header[len] == ':')) {
        return header;
    }
    return r->hostname ? r->hostname : header;
}

/* -1: chunked. httpd has refused or cut a Content-Length beside it. */
static int64_t body_length(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    int64_t bytes;

    if (apr_table_get(r->headers_in, "Transfer-Encoding")) {
        return -1;
    }
    if (!length) {
        return 0;
    }
    return fpi_int_parse(&bytes, length, 0, INT64_MAX) ? bytes : -1; /* the read is refused */
}

/* ---- beginning ---- */

/* From here on httpd knows the request by its normalised path, so that <Location> sections hold
 * for what is served and not for how it was spelt. A path that will be refused goes as "/api":
 * httpd would answer some of them (bad escapes, encoded slashes) by itself, with a page instead
 * of JSON. */
static void rename_path(mfp_request_t *req)
{
    request_rec *r = req->r;
    bool was_malformed;
    const char *path;

    if (req->place != MFP_API) {
        return;
    }
    if (fpi_path_normalise(&path, &was_malformed, req->path, req->task)) {
        path = "/api";
    }
    r->uri = r->parsed_uri.path = apr_pstrdup(r->pool, path);
}

static int begin(request_rec *r, const mfp_config_t *config, const char *path)
{
    mfp_request_t *req;

    if (!(is_status(path) || fpi_web_is_ours(path) || fpi_api_is_ours(path, r->pool))) {
        return DECLINED;
    }
    req = apr_pcalloc(r->pool, sizeof(*req));
    req->r = r;
    req->path = path;
    req->place = is_status(path) ? MFP_STATUS : fpi_web_is_ours(path) ? MFP_WEB : MFP_API;
    req->task = fpi_task_make(r->pool, mfp_log_request(r));
    fpi_task_take_traceparent(req->task, apr_table_get(r->headers_in, "traceparent"));
    req->client_ip = client_address(r, config->settings);
    req->scheme = client_scheme(r, config->settings);
    req->body_len = body_length(r);
    ap_set_module_config(r->request_config, &fpimage_module, req);
    rename_path(req);
    /* err_headers_out: also with the documents that httpd itself makes of errors */
    apr_table_setn(r->err_headers_out, TRACE_HEADER, req->task->trace);
    apr_table_setn(r->subprocess_env, "FPIMAGE_TRACE", req->task->trace);
    return DECLINED;
}

int mfp_request_begin(request_rec *r)
{
    const mfp_config_t *config = mfp_config_of(r->server);
    const char *path = config->app && is_asked(r) ? raw_path(r) : NULL;

    return path ? begin(r, config, path) : DECLINED;
}

/* Before any other module claims or rewrites it. */
int mfp_request_guard(request_rec *r)
{
    return mfp_request_of(r) ? OK : DECLINED;
}

int mfp_request_translate(request_rec *r)
{
    if (!mfp_request_of(r)) {
        return DECLINED;
    }
    r->filename = apr_pstrcat(r->pool, MFP_HANDLER ":", r->uri, NULL);
    r->handler = MFP_HANDLER;
    return OK;
}

/* "RewriteRule … [PT]" leaves nothing but another path, decoded. */
int mfp_request_translate_again(request_rec *r)
{
    const mfp_config_t *config = mfp_config_of(r->server);
    const char *path = r->parsed_uri.path;

    if (config->app && is_asked(r) && path && *r->uri == '/' && strcmp(r->uri, path) != 0) {
        begin(r, config, ap_escape_uri(r->pool, r->uri));
    }
    return mfp_request_translate(r);
}

/* ---- the body ---- */

/* httpd's input filter answers a body that is too long or badly chunked by itself, with a page.
 * The guard stands in that answer's way while we read and keeps its status, so that the client
 * gets JSON. */
static apr_status_t guard_body(ap_filter_t *f, apr_bucket_brigade *bb)
{
    mfp_request_t *req = f->ctx;

    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (AP_BUCKET_IS_ERROR(b)) {
            req->filter_status = ((ap_bucket_error *)b->data)->status;
            apr_brigade_cleanup(bb);
            return AP_FILTER_ERROR;
        }
    }
    req->is_answered = true;
    return ap_pass_brigade(f->next, bb);
}

void mfp_request_register(apr_pool_t *pconf)
{
    ap_register_output_filter(GUARD, guard_body, NULL, AP_FTYPE_RESOURCE);
}

static fpi_err_t *refuse_length(mfp_request_t *req)
{
    int64_t most = ap_get_limit_req_body(req->r);

    if (req->body_len < 0) {
        return fpi_refuse(req->task, FPI_E_TOO_LARGE, NULL,
                          "请求体超过服务器上限 %" APR_INT64_T_FMT " 字节 (LimitRequestBody)",
                          "the body is larger than the server's limit of %" APR_INT64_T_FMT
                          " bytes (LimitRequestBody)", most);
    }
    return fpi_refuse(req->task, FPI_E_TOO_LARGE, NULL,
                      "请求体 %" APR_INT64_T_FMT " 字节, 超过服务器上限 %" APR_INT64_T_FMT " 字节 (LimitRequestBody)",
                      "the body of %" APR_INT64_T_FMT " bytes is larger than the server's limit of %" APR_INT64_T_FMT
                      " bytes (LimitRequestBody)", req->body_len, most);
}

/* Does a failed read tell of the client, or of one of httpd's filters (a body that can't be unpacked, say)? */
static bool is_of_client(mfp_request_t *req, apr_status_t rv)
{
    return APR_STATUS_IS_EOF(rv) || APR_STATUS_IS_INCOMPLETE(rv) || APR_STATUS_IS_ECONNRESET(rv) || APR_STATUS_IS_ECONNABORTED(rv)
           || APR_STATUS_IS_EPIPE(rv) || mfp_stream_is_gone(req);
}

static fpi_err_t *judge_read(mfp_request_t *req, apr_status_t rv)
{
    fpi_task_t *task = req->task;
    char reason[120];

    req->r->connection->keepalive = AP_CONN_CLOSE; /* where the next request begins is not known */
    if (req->filter_status == HTTP_REQUEST_ENTITY_TOO_LARGE || rv == APR_ENOSPC) {
        return refuse_length(req);
    }
    if (APR_STATUS_IS_TIMEUP(rv) || req->filter_status == HTTP_REQUEST_TIME_OUT) {
        req->is_late = true;
        return fpi_refuse(task, FPI_E_BUSY, NULL, "请求体未在规定时间内到达",
                          "the body did not arrive in time");
    }
    if (req->filter_status) {
        return fpi_refuse(task, FPI_E_BAD_REQUEST, NULL, "请求体的传输编码有误",
                          "the body's transfer coding is broken");
    }
    req->is_answered = req->is_answered || rv == AP_FILTER_ERROR;
    if (rv && !req->is_answered && !is_of_client(req, rv)) {
        return fpi_refuse(task, FPI_E_BAD_REQUEST, NULL, "请求体无法解压或读取 (%s): 请检查 Content-Encoding, 文件是否完整, 及解压上限 (DeflateInflateLimitRequestBody)",
                          "the body could not be unpacked or read (%s): check Content-Encoding, that it is whole, and the limits of "
                          "unpacking (DeflateInflateLimitRequestBody)", apr_strerror(rv, reason, sizeof(reason)));
    }
    return fpi_fail(task, FPI_E_GONE, "the body ended early: %s",
                    apr_strerror(rv, reason, sizeof(reason)));
}

/* What comes may be at `data` already: see mfp_land_offer. */
static apr_status_t get_brigade(mfp_request_t *req, char *data, size_t room, apr_read_type_e how)
{
    mfp_land_t *land = req->body_len > req->taken ? mfp_land_of(req->r) : NULL;
    int64_t left = req->body_len - req->taken;
    apr_status_t rv;

    mfp_land_offer(land, data, left < (int64_t)room ? (size_t)left : room);
    rv = ap_get_brigade(req->r->input_filters, req->in, AP_MODE_READBYTES, how, (apr_off_t)room);
    mfp_land_withdraw(land);
    return rv;
}

/* APR_NONBLOCK_READ may leave req->in empty. */
static fpi_err_t *fill_in(mfp_request_t *req, char *data, size_t room, apr_read_type_e how)
{
    request_rec *r = req->r;
    ap_filter_t *guard;
    apr_status_t rv;

    if (!req->in) {
        int64_t limit = ap_get_limit_req_body(r);

        if (limit > 0 && req->body_len > limit) {
            return refuse_length(req);
        }
        req->in = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    }
    guard = ap_add_output_filter(GUARD, req, r, r->connection);
    /* prefork tells its children of a graceful restart by a signal, which interrupts their waiting */
    do {
        rv = get_brigade(req, data, room, how);
    } while (APR_STATUS_IS_EINTR(rv));
    ap_remove_output_filter(guard);
    if (how == APR_NONBLOCK_READ && APR_STATUS_IS_EAGAIN(rv)) {
        rv = APR_SUCCESS; /* some filters say it so, others by giving nothing */
    }
    if (rv || req->filter_status || req->is_answered) {
        apr_brigade_cleanup(req->in);
        return judge_read(req, rv);
    }
    return NULL;
}

/* Moves what has come into `data`; *len 0 with at_end unset: nothing yet. */
static fpi_err_t *take_out(mfp_request_t *req, char *data, size_t room, size_t *len)
{
    while (!APR_BRIGADE_EMPTY(req->in) && *len < room && !req->at_end) {
        apr_bucket *b = APR_BRIGADE_FIRST(req->in);
        const char *bytes;
        apr_size_t n;
        apr_status_t rv;

        if (APR_BUCKET_IS_METADATA(b)) {
            req->at_end = APR_BUCKET_IS_EOS(b);
            apr_bucket_delete(b);
            continue;
        }
        do {
            rv = apr_bucket_read(b, &bytes, &n, APR_BLOCK_READ);
        } while (APR_STATUS_IS_EINTR(rv));
        if (rv) {
            return judge_read(req, rv);
        }
        if (n > room - *len) {
            n = room - *len;
            apr_bucket_split(b, n);
        }
        if (bytes != data + *len) {
            memcpy(data + *len, bytes, n);
        }
        *len += n;
        apr_bucket_delete(b);
    }
    req->taken += (int64_t)*len;
    return NULL;
}

static fpi_err_t *read_body(void *baton, char *data, size_t room, size_t *len)
{
    mfp_request_t *req = baton;

    *len = 0;
    while (*len == 0 && !req->at_end) {
        if (!req->in || APR_BRIGADE_EMPTY(req->in)) {
            FPI_TRY(fill_in(req, data, room, APR_BLOCK_READ));
        }
        FPI_TRY(take_out(req, data, room, len));
    }
    return NULL;
}

/* httpd's input filter tells a client that holds its body back to go on when a read blocks only. */
static void ask_for_body(request_rec *r)
{
    int status = r->status;
    const char *line = r->status_line;

    if (!r->expecting_100) {
        return;
    }
    r->status = HTTP_CONTINUE;
    r->status_line = NULL;
    ap_send_interim_response(r, 0);
    r->status = status;
    r->status_line = line;
}

/* Who waits without blocking keeps httpd's time limits himself: mod_reqtimeout's are looked at with
 * each read, Timeout here. */
static fpi_err_t *note_dry(mfp_request_t *req, size_t *len)
{
    apr_time_t now = fpi_clock_tick();

    if (!req->dry_since) {
        req->dry_since = now;
    }
    if (now - req->dry_since >= req->r->server->timeout) {
        return judge_read(req, APR_TIMEUP);
    }
    *len = FPI_CALL_LATER;
    return NULL;
}

static fpi_err_t *read_now(void *baton, char *data, size_t room, size_t *len)
{
    mfp_request_t *req = baton;

    *len = 0;
    while (*len == 0 && !req->at_end) {
        if (!req->in || APR_BRIGADE_EMPTY(req->in)) {
            FPI_TRY(fill_in(req, data, room, APR_NONBLOCK_READ));
        }
        if (APR_BRIGADE_EMPTY(req->in)) {
            ask_for_body(req->r);
            return note_dry(req, len);
        }
        FPI_TRY(take_out(req, data, room, len));
    }
    req->dry_since = 0;
    return NULL;
}

fpi_call_t *mfp_request_call(mfp_request_t *req)
{
    fpi_call_t *call = apr_pcalloc(req->r->pool, sizeof(*call));

    call->task = req->task;
    call->method = req->r->method;
    call->uri = req->path;
    call->query = req->r->args;
    call->headers = req->r->headers_in;
    call->client_ip = req->client_ip;
    call->scheme = req->scheme;
    call->host = client_host(req->r);
    call->body_len = req->body_len;
    call->body_most = ap_get_limit_req_body(req->r);
    call->read = read_body;
    if (!req->r->connection->master) { /* an HTTP/2 stream has no socket of its own to wait on */
        call->read_now = read_now;
        call->source_fd = mfp_stream_fd;
    }
    call->begin = mfp_stream_begin;
    call->write = mfp_stream_write;
    call->send_file = mfp_stream_send_file;
    call->is_gone = mfp_stream_is_gone;
    call->note = mfp_stream_note;
    call->baton = req;
    return call;
}

/* ---- the finished answer ---- */

bool mfp_request_is_read(const mfp_request_t *req)
{
    return req->at_end || (req->body_len >= 0 && req->taken >= req->body_len);
}

/* httpd drains what is left of a body, and only then takes the next request. A long rest, or one
 * that the client holds back until it hears "100 Continue", is not worth it: the connection is
 * closed, and httpd's lingering close sees to it that the client can still read the answer. An HTTP/2
 * stream has no such close: see drain_stream. */
static bool is_body_left(mfp_request_t *req)
{
    if (mfp_request_is_read(req)) {
        return false;
    }
    if (!req->r->connection->master
        && (req->r->expecting_100 || req->body_len < 0 || req->body_len - req->taken > DRAIN_MOST)) {
        req->r->connection->keepalive = AP_CONN_CLOSE;
    }
    return true;
}

/* Adds to *bytes what came; false at the stream's end. */
static bool drop_piece(int64_t *bytes, request_rec *r, apr_bucket_brigade *bb)
{
    apr_off_t len = 0;
    bool is_more = ap_get_brigade(r->connection->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, DRAIN_PIECE) == APR_SUCCESS
                   && !APR_BRIGADE_EMPTY(bb) && !APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(bb))
                   && apr_brigade_length(bb, 1, &len) == APR_SUCCESS;

    *bytes += len;
    apr_brigade_cleanup(bb);
    return is_more;
}

/* httpd ends an HTTP/2 stream whose answer is complete at once, whatever of the body is still on its way, and curl
 * 7.88 then forgets the answer, too: the end waits until the body has come. Below the request's own filters, which would
 * stop at LimitRequestBody. */
static void drain_stream(mfp_request_t *req)
{
    request_rec *r = req->r;
    int64_t most = 2 * mfp_config_of(r->server)->settings->max_file, bytes = 0;
    apr_time_t end = fpi_clock_tick() + r->server->timeout;
    apr_bucket_brigade *bb;

    if (r->expecting_100 || req->body_len - req->taken > most) {
        return;
    }
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    while (bytes < most && fpi_clock_tick() < end && !r->connection->aborted && drop_piece(&bytes, r, bb)) {
    }
}

static int add_header(void *baton, const char *name, const char *value)
{
    apr_table_addn(baton, name, value);
    return 1;
}

static void put_head(mfp_request_t *req, const fpi_reply_t *reply)
{
    request_rec *r = req->r;

    r->status = req->is_late ? HTTP_REQUEST_TIME_OUT : reply->status;
    if (reply->headers) {
        apr_table_do(add_header, r->headers_out, reply->headers, NULL);
    }
    if (!apr_table_get(r->headers_out, "Cache-Control")) {
        apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    }
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_set_content_type(r, reply->type ? reply->type : "application/json; charset=utf-8");
    if (!AP_STATUS_IS_HEADER_ONLY(r->status)) { /* mod_cache compares it with the answer that it keeps */
        ap_set_content_length(r, (apr_off_t)reply->len);
    }
    /* httpd would cut pieces out of any answer with status 200 */
    apr_table_unset(r->headers_in, "Range");
}

int mfp_request_send(mfp_request_t *req, const fpi_reply_t *reply)
{
    request_rec *r = req->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, alloc);
    bool is_left = is_body_left(req);

    if (req->is_answered) {
        return AP_FILTER_ERROR;
    }
    put_head(req, reply);
    if (reply->len) {
        APR_BRIGADE_INSERT_TAIL(bb,
                                apr_bucket_pool_create(reply->body, reply->len, r->pool, alloc));
    }
    if (is_left) { /* the client may wait for the answer before it sends the rest */
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(alloc));
    }
    if (is_left && r->connection->master) {
        ap_pass_brigade(r->output_filters, bb);
        apr_brigade_cleanup(bb);
        drain_stream(req);
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    ap_pass_brigade(r->output_filters, bb);
    return OK;
}

int mfp_request_refuse(mfp_request_t *req, const fpi_err_t *err, const char *allow)
{
    fpi_reply_t reply = { 0 };

    reply.headers = apr_table_make(req->r->pool, 2);
    if (allow) {
        apr_table_setn(reply.headers, "Allow", allow);
    }
    fpi_answer_failure(&reply, fpi_family_of(req->path), err, req->task);
    apr_table_setn(req->r->subprocess_env, "FPIMAGE_CODE", fpi_code_info(err->code)->wire);
    return mfp_request_send(req, &reply);
}
