#include "wire/http.h"

#include "base/clock.h"
#include "wire/http_own.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 128 * 1024,
    HEAD_LINES = 256,
    HEAD_ROOM = 16, /* headers of an ordinary answer */
    WAIT_MOST = APR_USEC_PER_SEC
};

/* One exchange under way. */
typedef struct run_t {
    fpi_http_exchange_t *ex;
    const fpi_http_options_t *options;
    fpi_task_t *task;
    CURL *easy;
    CURLM *multi;
    fpi_err_t *err;      /* what a callback failed with */
    fpi_url_t url;       /* for may_connect only */
    bool may_replay;
    bool has_head;       /* the final head came to its end */
    size_t head_bytes;
    int head_lines;
    int64_t taken;       /* from source() */
    bool is_source_over;
    bool is_dry;         /* the source had nothing yet: libcurl's upload pauses */
    int64_t sent;        /* bytes of the request that have left */
    apr_time_t start, sent_at, moved_at, asked_at;
    int sockets;         /* opened for this exchange */
    bool was_sent;       /* on an earlier try of libcurl's */
    bool is_replay_refused;
    char refused[INET6_ADDRSTRLEN]; /* address that may_connect forbade */
} run_t;

static const char *where(const run_t *run)
{
    return fpi_http_request_name(run->ex, run->task->pool);
}

static void moved(run_t *run)
{
    run->moved_at = fpi_clock_tick();
}

/* ---- the answer's head ---- */

static bool is_status_line(const char *line, size_t len)
{
    return len >= 5 && memcmp(line, "HTTP/", 5) == 0;
}

/* Each head begins anew: interim ones (1xx) and those of a replaced connection are passed over. */
static void start_head(run_t *run, const char *line, size_t len)
{
    const char *code = memchr(line, ' ', len);
    int status = 0;

    for (int i = 1; code && code + i < line + len && i <= 3 && apr_isdigit(code[i]); i++) {
        status = status * 10 + code[i] - '0';
    }
    run->ex->status = status;
    apr_table_clear(run->ex->reply_headers);
}

static const char *copy_value(const char *from, const char *end, apr_pool_t *pool)
{
    while (from < end && apr_isspace(*from)) {
        from++;
    }
    while (end > from && apr_isspace(end[-1])) {
        end--;
    }
    return apr_pstrmemdup(pool, from, (size_t)(end - from));
}

/* A line that begins with a blank goes on with the header before it (RFC 9112, 5.2). */
static void fold_header(run_t *run, const char *line, size_t len)
{
    const apr_array_header_t *rows = apr_table_elts(run->ex->reply_headers);
    apr_table_entry_t *last;

    if (rows->nelts > 0) {
        last = &APR_ARRAY_IDX(rows, rows->nelts - 1, apr_table_entry_t);
        last->val = apr_pstrcat(run->task->pool, last->val, " ",
                                copy_value(line, line + len, run->task->pool), NULL);
    }
}

static bool is_token_byte(char c)
{
    return apr_isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static fpi_err_t *add_header(run_t *run, const char *line, size_t len)
{
    const char *end = line + len;
    const char *colon = line;
    apr_pool_t *pool = run->task->pool;

    while (end > line && (end[-1] == '\n' || end[-1] == '\r')) {
        end--;
    }
    for (const char *c = line; c < end; c++) {
        if (apr_iscntrl(*c) && *c != '\t') {
            return fpi_fail(run->task, FPI_E_CLOUD, "%s: broken answer: a control byte in a header",
                            where(run));
        }
    }
    if (*line == ' ' || *line == '\t') {
        fold_header(run, line, len);
        return NULL;
    }
    while (colon < end && is_token_byte(*colon)) {
        colon++;
    }
    if (colon == line || colon == end || *colon != ':') {
        return fpi_fail(run->task, FPI_E_CLOUD, "%s: broken answer: a header without a proper name",
                        where(run));
    }
    apr_table_addn(run->ex->reply_headers, apr_pstrmemdup(pool, line, (size_t)(colon - line)),
                   copy_value(colon + 1, end, pool));
    return NULL;
}

/* libcurl takes the last of several lengths, and of each only what begins it: where the answer ends
 * would be told to our side in another way than it is read (RFC 9112, 6.3). */
static fpi_err_t *check_length(const run_t *run)
{
    const apr_array_header_t *rows = apr_table_elts(run->ex->reply_headers);
    int64_t length, before = -1;

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (!row->key || strcasecmp(row->key, "Content-Length") != 0) {
            continue;
        }
        if (!fpi_int_parse(&length, row->val, 0, INT64_MAX) || (before >= 0 && length != before)) {
            return fpi_fail(run->task, FPI_E_CLOUD,
                            "%s: broken answer: its Content-Length is no number, or there are two",
                            where(run));
        }
        before = length;
    }
    return NULL;
}

static fpi_err_t *end_head(run_t *run)
{
    fpi_http_exchange_t *ex = run->ex;

    if (ex->status < 200) {
        return NULL;
    }
    FPI_TRY(check_length(run));
    run->has_head = true;
    ex->upstream_us = fpi_clock_tick() - run->start;
    return ex->head ? ex->head(ex->baton, ex->status, ex->reply_headers) : NULL;
}

static fpi_err_t *take_head_line(run_t *run, const char *line, size_t len)
{
    run->head_bytes += len;
    if (run->head_bytes > HEAD_BYTES || ++run->head_lines > HEAD_LINES) {
        return fpi_fail(run->task, FPI_E_CLOUD,
                        "%s: broken answer: its head has more than %d lines or %d bytes",
                        where(run), HEAD_LINES, HEAD_BYTES);
    }
    if (is_status_line(line, len)) {
        start_head(run, line, len);
    }
    else if (*line == '\r' || *line == '\n') {
        return end_head(run);
    }
    else {
        return add_header(run, line, len);
    }
    return NULL;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    run_t *run = data;
    size_t len = size * count;

    run->ex->is_answered = true;
    /* behind the head only trailers of a chunked body can come */
    if (len > 0 && !run->has_head) {
        run->err = take_head_line(run, line, len);
    }
    moved(run);
    return run->err ? 0 : len;
}

/* ---- bodies ---- */

static fpi_err_t *take_body(run_t *run, const char *data, size_t len)
{
    fpi_http_exchange_t *ex = run->ex;

    if (!run->has_head) {
        return fpi_fail(run->task, FPI_E_CLOUD, "%s: broken answer: a body without a head",
                        where(run));
    }
    if (ex->sink) {
        return ex->sink(ex->baton, data, len);
    }
    if (!fpi_buf_put(ex->reply, data, len)) {
        return fpi_fail(run->task, FPI_E_TOO_LARGE, "%s: the answer has more than %lu bytes",
                        where(run), (unsigned long)ex->reply_max);
    }
    return NULL;
}

static size_t on_body(char *data, size_t size, size_t count, void *baton)
{
    run_t *run = baton;
    size_t len = size * count;

    if (len == 0) {
        return 0;
    }
    run->err = take_body(run, data, len);
    moved(run);
    return run->err ? 0 : len;
}

static fpi_err_t *ask_source(run_t *run, char *data, size_t room, size_t *len)
{
    fpi_http_exchange_t *ex = run->ex;

    if (ex->source_len >= 0 && (uint64_t)(ex->source_len - run->taken) < room) {
        room = (size_t)(ex->source_len - run->taken);
    }
    if (room == 0) {
        return NULL;
    }
    FPI_TRY(ex->source(ex->baton, data, room, len));
    run->is_dry = *len == FPI_HTTP_LATER;
    if (run->is_dry) {
        return NULL;
    }
    run->taken += (int64_t)*len;
    if (*len > room || (*len == 0 && run->taken < ex->source_len)) {
        return fpi_fail(run->task, FPI_E_INTERNAL,
                        "%s: the source of the body gave %" APR_INT64_T_FMT " bytes of %"
                        APR_INT64_T_FMT, where(run), (apr_int64_t)run->taken,
                        (apr_int64_t)ex->source_len);
    }
    return NULL;
}

static size_t on_source(char *data, size_t size, size_t count, void *baton)
{
    run_t *run = baton;
    size_t len = 0;

    run->err = ask_source(run, data, size * count, &len);
    run->is_source_over = len == 0;
    moved(run);
    run->sent_at = run->moved_at;
    if (run->err) {
        return CURL_READFUNC_ABORT;
    }
    return run->is_dry ? CURL_READFUNC_PAUSE : len;
}

/* libcurl goes back to the start of the body when it had sent some of it and means to repeat the
 * request; its own count of what was sent is gone by then. */
static int on_rewind(void *baton, curl_off_t offset, int origin)
{
    run_t *run = baton;

    run->was_sent = true;
    return run->taken == 0 && offset == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* ---- what has left us ---- */

static int64_t head_sent(CURL *easy)
{
    long bytes = 0;

    return curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK ? bytes : 0;
}

static int64_t body_sent(CURL *easy)
{
    curl_off_t bytes = 0;

    return curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &bytes) == CURLE_OK ? bytes : 0;
}

static bool has_body(const fpi_http_exchange_t *ex)
{
    return ex->source ? ex->source_len != 0 : ex->body_len > 0;
}

/* A request without a body can be acted on as soon as its head is there. */
static bool is_sent(const run_t *run)
{
    return has_body(run->ex) ? body_sent(run->easy) > 0 : head_sent(run->easy) > 0;
}

static bool is_upload_over(const run_t *run)
{
    const fpi_http_exchange_t *ex = run->ex;

    if (ex->source) {
        return run->is_source_over || run->taken == ex->source_len;
    }
    return ex->body_len == 0 || body_sent(run->easy) >= (int64_t)ex->body_len;
}

/* ---- connections ---- */

/* Asked for each address that is tried. When part of the request has left already, libcurl is about
 * to repeat it because the kept connection turned out dead: this is the one place to say no. */
static curl_socket_t on_socket(void *baton, curlsocktype purpose, struct curl_sockaddr *address)
{
    run_t *run = baton;
    const fpi_http_options_t *options = run->options;

    if (head_sent(run->easy) > 0) {
        run->was_sent = true;
        if (!run->may_replay) {
            run->is_replay_refused = true;
            return CURL_SOCKET_BAD;
        }
    }
    if (options->may_connect && !options->may_connect(options->baton, run->url.host, run->url.port,
                                                      &address->addr)) {
        fpi_address_format(run->refused, &address->addr);
        return CURL_SOCKET_BAD;
    }
    run->sockets++;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- the request ---- */

#define SET(run, done, option, value) \
    ((done) = (done) && curl_easy_setopt((run)->easy, option, value) == CURLE_OK)

/* HTTPGET takes back what the handle's exchange before this one has set. */
static bool set_method(run_t *run)
{
    const fpi_http_exchange_t *ex = run->ex;
    bool is_post = strcmp(ex->method, "POST") == 0 || strcmp(ex->method, "PUT") == 0
                   || strcmp(ex->method, "PATCH") == 0;
    bool done = true;

    SET(run, done, CURLOPT_HTTPGET, 1L);
    SET(run, done, CURLOPT_CUSTOMREQUEST, ex->method);
    if (ex->source) {
        SET(run, done, CURLOPT_UPLOAD, 1L);
        SET(run, done, CURLOPT_INFILESIZE_LARGE, (curl_off_t)ex->source_len);
    }
    else if (ex->body_len > 0 || is_post) {
        SET(run, done, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ex->body_len);
        SET(run, done, CURLOPT_POSTFIELDS, ex->body ? ex->body : "");
    }
    else if (strcmp(ex->method, "HEAD") == 0) {
        SET(run, done, CURLOPT_NOBODY, 1L);
    }
    return done;
}

static bool set_callbacks(run_t *run)
{
    bool done = true;

    SET(run, done, CURLOPT_HEADERFUNCTION, on_header);
    SET(run, done, CURLOPT_HEADERDATA, run);
    SET(run, done, CURLOPT_WRITEFUNCTION, on_body);
    SET(run, done, CURLOPT_WRITEDATA, run);
    SET(run, done, CURLOPT_READFUNCTION, on_source);
    SET(run, done, CURLOPT_READDATA, run);
    SET(run, done, CURLOPT_SEEKFUNCTION, on_rewind);
    SET(run, done, CURLOPT_SEEKDATA, run);
    SET(run, done, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(run, done, CURLOPT_OPENSOCKETDATA, run);
    return done;
}

/* libcurl takes 0 for its own 300 seconds. */
static long connect_ms(const run_t *run)
{
    apr_interval_time_t most = run->options->times.connect;
    apr_interval_time_t left = fpi_task_left(run->task, most ? most : 300 * APR_USEC_PER_SEC);

    return (long)(left / 1000) + 1;
}

static fpi_err_t *set_request(run_t *run)
{
    struct curl_slist *lines;
    bool done = true;

    FPI_TRY(fpi_http_request_check(run->ex, run->task));
    FPI_TRY(fpi_http_request_headers(&lines, run->ex, run->task));
    if (run->options->may_connect) {
        FPI_TRY(fpi_url_parse(&run->url, run->ex->url, run->task));
    }
    SET(run, done, CURLOPT_URL, run->ex->url);
    SET(run, done, CURLOPT_HTTPHEADER, lines);
    SET(run, done, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(run));
    if (!done || !set_method(run) || !set_callbacks(run)) {
        return fpi_fail(run->task, FPI_E_INTERNAL, "%s: libcurl refuses an option or has no memory",
                        where(run));
    }
    return NULL;
}

/* ---- time ---- */

static fpi_err_t *late(const run_t *run, const char *limit, apr_interval_time_t span)
{
    return fpi_fail(run->task, FPI_E_CLOUD_LATE, "%s: %s within %" APR_INT64_T_FMT " ms",
                    where(run), limit, (apr_int64_t)(span / 1000));
}

/* Fails when `span` has passed since `since`; else shortens *wait so that it is noticed in time. */
static fpi_err_t *check_limit(const run_t *run, apr_time_t now, apr_time_t since,
                              apr_interval_time_t span, const char *limit,
                              apr_interval_time_t *wait)
{
    apr_interval_time_t left = since + span - now;

    if (span <= 0) {
        return NULL;
    }
    if (left <= 0) {
        return late(run, limit, span);
    }
    if (left < *wait) {
        *wait = left;
    }
    return NULL;
}

static fpi_err_t *check_times(const run_t *run, apr_time_t now, apr_interval_time_t *wait)
{
    const fpi_http_times_t *times = &run->options->times;

    if (run->task->deadline) {
        FPI_TRY(check_limit(run, now, run->start, run->task->deadline - run->start,
                            "not done, as the caller's deadline asks,", wait));
    }
    if (run->sent == 0) {
        return NULL; /* connecting: libcurl's own clock runs */
    }
    if (!run->has_head && is_upload_over(run)) {
        return check_limit(run, now, run->sent_at, times->first_byte,
                           "request sent, but no answer's head", wait);
    }
    return check_limit(run, now, run->moved_at, times->idle, "not a byte moved", wait);
}

static fpi_err_t *check_wanted(run_t *run, apr_time_t now)
{
    fpi_http_exchange_t *ex = run->ex;

    if (run->task->called_off) {
        return fpi_fail(run->task, FPI_E_GONE, "%s: called off", where(run));
    }
    if (!ex->is_gone || now - run->moved_at < APR_USEC_PER_SEC
        || now - run->asked_at < APR_USEC_PER_SEC) {
        return NULL;
    }
    run->asked_at = now;
    if (ex->is_gone(ex->baton)) {
        return fpi_fail(run->task, FPI_E_GONE, "%s: the caller has left", where(run));
    }
    return NULL;
}

static fpi_err_t *check_limits(run_t *run, apr_interval_time_t *wait)
{
    apr_time_t now = fpi_clock_tick();
    int64_t sent = head_sent(run->easy) + body_sent(run->easy);

    if (sent != run->sent || run->is_dry) { /* it is not the peer that keeps us waiting */
        run->sent = sent;
        run->sent_at = run->moved_at = now;
    }
    *wait = WAIT_MOST;
    FPI_TRY(check_wanted(run, now));
    return check_times(run, now, wait);
}

/* ---- the exchange ---- */

/* Asked for anew each time: who ends us may have closed it. */
static int dry_fd(const run_t *run)
{
    const fpi_http_exchange_t *ex = run->ex;

    return run->is_dry && ex->source_fd ? ex->source_fd(ex->baton) : -1;
}

static CURLcode read_result(CURLM *multi)
{
    int left;
    const CURLMsg *msg = curl_multi_info_read(multi, &left);

    return msg && msg->msg == CURLMSG_DONE ? msg->data.result : CURLE_OUT_OF_MEMORY;
}

/* Lets libcurl ask the source again; whatever woke us, asking costs little. Also when an answer came
 * before the end of the upload: a paused upload would keep libcurl from ending. */
static void resume(run_t *run)
{
    if (run->is_dry) {
        run->is_dry = false;
        /* it can only fail as the transfer itself, which says so when it goes on */
        (void)curl_easy_pause(run->easy, CURLPAUSE_CONT);
    }
}

/* Moves bytes until the end; *result is libcurl's when no failure of our own came first. */
static fpi_err_t *drive(run_t *run, CURLcode *result)
{
    CURLMcode rc = curl_multi_add_handle(run->multi, run->easy);
    int running = 1;

    while (rc == CURLM_OK) {
        apr_interval_time_t wait;

        rc = curl_multi_perform(run->multi, &running);
        if (rc != CURLM_OK || !running) {
            break;
        }
        FPI_TRY(check_limits(run, &wait));
        rc = (CURLMcode)fpi_http_wait(run->multi, dry_fd(run), wait);
        resume(run);
    }
    if (rc != CURLM_OK) {
        return fpi_fail(run->task, FPI_E_INTERNAL, "%s: libcurl: %s", where(run),
                        curl_multi_strerror(rc));
    }
    *result = read_result(run->multi);
    return NULL;
}

static void note_outcome(run_t *run)
{
    curl_off_t ready = 0;

    if (curl_easy_getinfo(run->easy, CURLINFO_PRETRANSFER_TIME_T, &ready) != CURLE_OK) {
        ready = 0;
    }
    run->ex->is_sent = run->was_sent || is_sent(run);
    run->ex->is_connected = ready > 0 || head_sent(run->easy) > 0;
    run->ex->is_reused = run->sockets == 0 && run->ex->is_connected;
}

static const char *stage_of(const run_t *run, CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        run->ex->failed_at = FPI_HTTP_AT_NAME;
        return "the host's name is not known to DNS";
    case CURLE_COULDNT_CONNECT:
        run->ex->failed_at = FPI_HTTP_AT_CONNECT;
        return "no connection";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
#if LIBCURL_VERSION_NUM < 0x073e00
    case CURLE_SSL_CACERT: /* the same as the one above since 7.62 */
#endif
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        run->ex->failed_at = FPI_HTTP_AT_TLS;
        return "TLS failed";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
        return run->ex->is_answered ? "broken answer" : "the connection broke";
    case CURLE_GOT_NOTHING:
        return "closed without an answer";
    case CURLE_PARTIAL_FILE:
        return "broken answer: cut short";
    default:
        return "broken answer";
    }
}

/* Some of these are said of answers too, and then mean something else. */
static fpi_err_t *explain_setup(const run_t *run, CURLcode result)
{
    switch (result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_LOGIN_DENIED: /* user information in the URL */
        return run->ex->is_connected ? NULL
            : fpi_fail(run->task, FPI_E_FIELD, "%s: a URL that can't be called", where(run));
    case CURLE_OUT_OF_MEMORY: /* also said of a head line that is too long for libcurl */
    case CURLE_FAILED_INIT:
        return run->ex->is_answered && !run->has_head ? NULL
            : fpi_fail(run->task, FPI_E_INTERNAL, "%s: libcurl: %s", where(run),
                       curl_easy_strerror(result));
    case CURLE_OPERATION_TIMEDOUT:
        return late(run, "no connection", run->options->times.connect);
    default:
        return NULL;
    }
}

static fpi_err_t *explain(const run_t *run, CURLcode result, const char *said)
{
    fpi_err_t *err = explain_setup(run, result);

    if (err) {
        return err;
    }
    if (run->is_replay_refused) {
        return fpi_fail(run->task, FPI_E_CLOUD, "%s: the kept connection was closed before an "
                        "answer; not repeated, since it can't be known to be safe", where(run));
    }
    if (result == CURLE_COULDNT_CONNECT && *run->refused && run->sockets == 0) {
        return fpi_fail(run->task, FPI_E_FOREIGN, "%s: the address %s is not allowed", where(run),
                        run->refused);
    }
    return fpi_fail(run->task, FPI_E_CLOUD, "%s: %s: %s (libcurl %d)", where(run),
                    stage_of(run, result), *said ? said : curl_easy_strerror(result), (int)result);
}

static fpi_err_t *perform(run_t *run, char *said)
{
    CURLcode result = CURLE_OK;
    fpi_err_t *err;

    FPI_TRY(set_request(run));
    *said = '\0';
    run->start = run->sent_at = run->moved_at = run->asked_at = fpi_clock_tick();
    err = drive(run, &result);
    note_outcome(run);
    if (run->err || err || result != CURLE_OK) {
        run->ex->failed_at = fpi_http_stage(run->easy, run->ex);
    }
    /* also ends what is still under way, and closes its connection */
    (void)curl_multi_remove_handle(run->multi, run->easy);
    if (run->err) {
        return run->err;
    }
    if (err) {
        return err;
    }
    if (result != CURLE_OK) {
        return explain(run, result, said);
    }
    return run->has_head ? NULL : explain(run, CURLE_WEIRD_SERVER_REPLY, said);
}

static void clear_outcome(fpi_http_exchange_t *ex, fpi_task_t *task)
{
    ex->status = 0;
    ex->reply_headers = apr_table_make(task->pool, HEAD_ROOM);
    ex->reply = ex->sink ? NULL : fpi_buf_make(task->pool, ex->reply_max);
    ex->is_connected = ex->is_reused = ex->is_sent = ex->is_answered = false;
    ex->failed_at = FPI_HTTP_NOWHERE;
    ex->upstream_us = 0;
}

fpi_err_t *fpi_http_perform(fpi_http_client_t *client, fpi_http_exchange_t *exchange,
                            fpi_task_t *task)
{
    run_t run = { .ex = exchange, .task = task };
    fpi_http_slot_t *slot;
    fpi_err_t *err;

    clear_outcome(exchange, task);
    FPI_TRY(fpi_http_slot_take(&slot, client, task));
    run.options = fpi_http_options(client);
    run.easy = slot->easy;
    run.multi = slot->multi;
    run.may_replay = fpi_http_request_may_replay(exchange);
    err = perform(&run, slot->said);
    fpi_http_slot_drop(client, slot);
    return err;
}
