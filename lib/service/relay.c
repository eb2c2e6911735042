/* A try, and what may come of it:
 *
 *   send ──> head 401 ───────────────> stale ──┬─ body kept, first: swallow, drop token, send again
 *        ├─> small JSON: hold ── 1300 ─────┘   └─ else: drop token, hand the answer on
 *        │                    └─ other ─┐
 *        └─> all else ──────────────────┴──> begin, write as it comes
 */
#include "service/relay.h"

#include "base/text.h"
#include "remote/reply.h"
#include "service/access.h"
#include "service/relay_own.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum {
    TOKEN_LEAST = 8,           /* a shorter one would be found in all sorts of words */
    HELD_MAX = 4096,           /* a longer answer of known length is not a refusal of a token */
    GATHERED_MAX = 64 * 1024,  /* of unknown length */
    SWALLOWED_MAX = 64 * 1024  /* to keep the connection; more is not worth it */
};

/* ---- handing the answer on ---- */

/* In a redirect, say, that repeats the query: the cloud's token must not reach the caller. */
static const char *without_token(const fpi_relay_t *relay, const char *value)
{
    if (!relay->token || strlen(relay->token) < TOKEN_LEAST) {
        return value;
    }
    return fpi_relay_replace(value, relay->token, relay->call->token, relay->task->pool);
}

static bool is_for_caller(const char *name, const char *named)
{
    return !fpi_relay_is_hop(name, named) && strcasecmp(name, "Content-Length") != 0
           && strcasecmp(name, "X-Trace-Id") != 0;
}

static fpi_err_t *begin(fpi_relay_t *relay)
{
    const apr_array_header_t *rows = apr_table_elts(relay->headers);
    const char *named = fpi_relay_named_hops(relay->headers, relay->task->pool);
    apr_table_t *headers = apr_table_make(relay->task->pool, rows->nelts + 1);

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (row->key && is_for_caller(row->key, named)) {
            apr_table_addn(headers, row->key, without_token(relay, row->val));
        }
    }
    apr_table_addn(headers, "X-Trace-Id", relay->task->trace);
    *relay->began = true;
    return relay->call->begin(relay->call->baton, relay->status, headers, relay->length);
}

static fpi_err_t *write_on(fpi_relay_t *relay, const char *data, size_t len)
{
    relay->out += len;
    return relay->call->write(relay->call->baton, data, len);
}

static fpi_err_t *begin_with(fpi_relay_t *relay, const char *data, size_t len)
{
    relay->is_holding = false;
    FPI_TRY(begin(relay));
    return len ? write_on(relay, data, len) : NULL;
}

/* ---- was the token taken? ---- */

/* The token was not. On the second try it was fresh, so it is not at fault and stays. */
static void note_stale(fpi_relay_t *relay)
{
    fpi_cloud_t *cloud = relay->app->cloud;
    const fpi_enterprise_t *enterprise = relay->call->enterprise;

    relay->is_stale = true;
    if (relay->is_repeat) {
        fpi_cloud_token_note_vain(cloud, enterprise, relay->task);
    }
    else if (fpi_cloud_token_drop(cloud, enterprise, relay->token, relay->task)) {
        relay->is_swallowed = !relay->is_last;
    }
}

/* Looks at a whole answer. */
static fpi_err_t *examine(fpi_relay_t *relay, const char *data, size_t len)
{
    relay->is_holding = false;
    if (fpi_reply_is_token_refused(data, len, relay->task)) {
        note_stale(relay);
    }
    return relay->is_swallowed ? NULL : begin_with(relay, data, len);
}

static fpi_err_t *hold(fpi_relay_t *relay, const char *data, size_t len)
{
    size_t most = relay->length >= 0 ? (size_t)relay->length : GATHERED_MAX;

    if (!relay->held) {
        relay->held = fpi_buf_make(relay->task->pool, GATHERED_MAX);
    }
    if (len > most - relay->held->len || !fpi_buf_put(relay->held, data, len)) {
        FPI_TRY(begin_with(relay, relay->held->data, relay->held->len));
        return write_on(relay, data, len);
    }
    if (relay->held->len == most) {
        return examine(relay, relay->held->data, relay->held->len);
    }
    return NULL;
}

/* None that is compressed was asked for (relay_send.c); one that comes is handed on. */
static bool may_be_refusal(const fpi_relay_t *relay)
{
    return relay->token && relay->status < 500 && relay->status != 204 && relay->status != 304
           && (relay->length < 0 || (relay->length > 0 && relay->length <= HELD_MAX))
           && strcmp(relay->call->method, "HEAD") != 0
           && !apr_table_get(relay->headers, "Content-Encoding");
}

static bool looks_like_object(const char *data, size_t len)
{
    size_t at = 0;

    while (at < len && strchr(" \t\r\n", data[at])) {
        at++;
    }
    return at < len && data[at] == '{';
}

/* The first piece decides most: what is no object, or of unknown length and without the code in its
 * first piece, goes on at once; what is all there is looked at where it lies. */
static fpi_err_t *take_first(fpi_relay_t *relay, const char *data, size_t len)
{
    if (!may_be_refusal(relay) || !looks_like_object(data, len)
        || (relay->length < 0 && !memmem(data, len, "1300", 4))) {
        return begin_with(relay, data, len);
    }
    if (relay->length == (int64_t)len) {
        return examine(relay, data, len);
    }
    return hold(relay, data, len);
}

/* ---- what the exchange calls ---- */

static fpi_err_t *source(void *baton, char *data, size_t room, size_t *len)
{
    fpi_relay_t *relay = baton;
    fpi_call_t *call = relay->call;

    if (!call->read_now) {
        FPI_TRY(call->read(call->baton, data, room, len));
        relay->in += *len;
        return NULL;
    }
    FPI_TRY(call->read_now(call->baton, data, room, len));
    if (*len == FPI_CALL_LATER) {
        *len = FPI_HTTP_LATER;
        return NULL;
    }
    relay->in += *len;
    return NULL;
}

static int source_fd(void *baton)
{
    const fpi_relay_t *relay = baton;

    return relay->call->source_fd(relay->call->baton);
}

static int64_t length_of(const apr_table_t *headers)
{
    const char *text = apr_table_get(headers, "Content-Length");
    int64_t length;

    if (!text || apr_table_get(headers, "Transfer-Encoding")
        || !fpi_int_parse(&length, text, 0, INT64_MAX)) {
        return -1;
    }
    return length;
}

static fpi_err_t *head(void *baton, int status, const apr_table_t *headers)
{
    fpi_relay_t *relay = baton;

    relay->status = status;
    relay->headers = headers;
    relay->length = length_of(headers);
    if (relay->token && status == 401) {
        note_stale(relay);
        return relay->is_swallowed ? NULL : begin(relay);
    }
    /* the caller gets the head with the first byte: a failure before it can still be told */
    relay->is_holding = true;
    return NULL;
}

static fpi_err_t *sink(void *baton, const char *data, size_t len)
{
    fpi_relay_t *relay = baton;

    if (relay->is_swallowed) {
        relay->swallowed += len;
        return relay->swallowed <= SWALLOWED_MAX ? NULL
            : fpi_fail(relay->task, FPI_E_TOO_LARGE, "a refusal that is repeated is too long");
    }
    if (!relay->is_holding) {
        return write_on(relay, data, len);
    }
    return relay->held ? hold(relay, data, len) : take_first(relay, data, len);
}

static bool is_gone(void *baton)
{
    const fpi_relay_t *relay = baton;

    return relay->call->is_gone(relay->call->baton);
}

/* ---- one try ---- */

static void set_body(fpi_http_exchange_t *ex, fpi_relay_t *relay)
{
    if (relay->is_whole) {
        ex->body = relay->body;
        ex->body_len = relay->body_len;
        ex->is_repeatable = true;
        relay->in += relay->body_len;
        return;
    }
    ex->source = source;
    ex->source_fd = relay->call->source_fd ? source_fd : NULL;
    ex->source_len = relay->call->body_len;
}

static fpi_err_t *send_once(fpi_relay_t *relay)
{
    fpi_http_exchange_t ex = { .method = relay->call->method, .head = head, .sink = sink,
                               .baton = relay };
    fpi_err_t *err;

    relay->is_stale = relay->is_swallowed = relay->is_holding = false;
    relay->held = NULL;
    FPI_TRY(fpi_relay_make_url(&ex.url, relay));
    ex.headers = fpi_relay_make_headers(relay);
    ex.is_gone = relay->call->is_gone ? is_gone : NULL;
    set_body(&ex, relay);
    err = fpi_cloud_perform(relay->app->cloud, &ex, relay->task);
    relay->upstream_us += ex.upstream_us;
    if (!err && relay->is_holding) {
        err = examine(relay, relay->held ? relay->held->data : "",
                      relay->held ? relay->held->len : 0);
    }
    /* what happened to the rest of an answer that is not wanted does not matter */
    return relay->is_swallowed ? NULL : err;
}

static fpi_err_t *send_with_token(fpi_relay_t *relay)
{
    fpi_cloud_t *cloud = relay->app->cloud;
    const fpi_enterprise_t *enterprise = relay->call->enterprise;

    relay->is_last = !relay->is_whole;
    FPI_TRY(fpi_cloud_token_get(&relay->token, cloud, enterprise, relay->task));
    FPI_TRY(send_once(relay));
    if (!relay->is_swallowed) {
        return NULL;
    }
    relay->is_last = relay->is_repeat = true;
    atomic_fetch_add_explicit(&relay->app->shared->cloud.repeats, 1, memory_order_relaxed);
    FPI_TRY(fpi_cloud_token_get(&relay->token, cloud, enterprise, relay->task));
    return send_once(relay);
}

/* ---- the call ---- */

/* The cloud's pages bring keys of its own, which we can't look up. */
static fpi_err_t *explain(fpi_relay_t *relay, fpi_err_t *err)
{
    if (err->code != FPI_E_TOKEN || relay->call->token || !fpi_relay_is_below(relay->local, "/m4-web")) {
        return err;
    }
    return fpi_refuse(relay->task, FPI_E_TOKEN, NULL, "此页面需携带本系统的 access_token (参数 access_token); userKey、linkKey 不能代替",
                      "this page needs a token of ours (parameter access_token); a userKey or linkKey does not replace it");
}

static fpi_err_t *check_access(fpi_relay_t *relay)
{
    fpi_call_t *call = relay->call;
    fpi_err_t *err = fpi_access_call(relay->app, call);

    if (err && !call->token && fpi_relay_may_be_signed(relay)) {
        return fpi_relay_take_sign(relay);
    }
    return err ? explain(relay, err) : fpi_relay_renew_sign(relay);
}

static void tell(fpi_relay_t *relay)
{
    const fpi_call_t *call = relay->call;

    FPI_COUNT(relay->app, relayed, 1);
    FPI_COUNT(relay->app, relayed_in, relay->in);
    FPI_COUNT(relay->app, relayed_out, relay->out);
    if (call->note) {
        call->note(call->baton, "FPIMAGE_UPSTREAM_US",
                   apr_psprintf(relay->task->pool, "%" APR_INT64_T_FMT, relay->upstream_us));
    }
}

fpi_err_t *fpi_relay(fpi_app_t *app, fpi_call_t *call, bool *began)
{
    fpi_relay_t relay = { .app = app, .call = call, .task = call->task, .began = began };
    fpi_err_t *err;

    *began = false;
    FPI_TRY(fpi_relay_take_address(&relay));
    FPI_TRY(check_access(&relay));
    FPI_TRY(fpi_relay_take_body(&relay));
    err = call->token ? send_with_token(&relay) : send_once(&relay);
    tell(&relay);
    return err;
}
