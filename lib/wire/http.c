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

enum { HEAD_ROOM = 16 }; /* headers of an ordinary answer */

/* One exchange, or the making of one connection, in libcurl's hands. */
typedef struct run_t {
    fpi_http_run_t *of;
    CURL *easy;
    CURLM *multi;
    fpi_err_t *err;      /* what a callback failed with */
    fpi_url_t url;       /* for may_connect only */
    bool may_replay;
    int sockets;         /* opened for this exchange */
    bool was_sent;       /* on an earlier try of libcurl's */
    bool is_replay_refused;
    char refused[INET6_ADDRSTRLEN]; /* address that may_connect forbade */
} run_t;

static const char *where(const run_t *run)
{
    return fpi_http_request_name(run->of->ex, run->of->task->pool);
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    run_t *run = data;
    size_t len = size * count;

    run->of->ex->is_answered = true;
    /* behind the head only trailers of a chunked body can come */
    if (len > 0 && !run->of->has_head) {
        run->err = fpi_http_head_take(run->of, line, len);
    }
    fpi_http_run_moved(run->of);
    return run->err ? 0 : len;
}

/* ---- bodies ---- */

static size_t on_body(char *data, size_t size, size_t count, void *baton)
{
    run_t *run = baton;
    size_t len = size * count;

    if (len == 0) {
        return 0;
    }
    run->err = fpi_http_body_take(run->of, data, len);
    fpi_http_run_moved(run->of);
    return run->err ? 0 : len;
}

static size_t on_source(char *data, size_t size, size_t count, void *baton)
{
    run_t *run = baton;
    size_t len = 0;

    run->err = fpi_http_source_ask(run->of, data, size * count, &len);
    if (run->err) {
        return CURL_READFUNC_ABORT;
    }
    return run->of->is_dry ? CURL_READFUNC_PAUSE : len;
}

/* libcurl goes back to the start of the body when it had sent some of it and means to repeat the
 * request; its own count of what was sent is gone by then. */
static int on_rewind(void *baton, curl_off_t offset, int origin)
{
    run_t *run = baton;

    run->was_sent = true;
    return run->of->taken == 0 && offset == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
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
    return has_body(run->of->ex) ? body_sent(run->easy) > 0 : head_sent(run->easy) > 0;
}

static void note_upload(run_t *run)
{
    const fpi_http_exchange_t *ex = run->of->ex;

    if (!ex->source) { /* else fpi_http_source_ask() knows */
        run->of->is_upload_over = ex->body_len == 0 || body_sent(run->easy) >= (int64_t)ex->body_len;
    }
}

/* ---- connections ---- */

/* Asked for each address that is tried. When part of the request has left already, libcurl is about
 * to repeat it because the kept connection turned out dead: this is the one place to say no. */
static curl_socket_t on_socket(void *baton, curlsocktype purpose, struct curl_sockaddr *address)
{
    run_t *run = baton;
    const fpi_http_options_t *options = run->of->options;

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
    const fpi_http_exchange_t *ex = run->of->ex;
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
    apr_interval_time_t most = run->of->options->times.connect;
    apr_interval_time_t left = fpi_task_left(run->of->task, most ? most : 300 * APR_USEC_PER_SEC);

    return (long)(left / 1000) + 1;
}

static fpi_err_t *set_request(run_t *run)
{
    struct curl_slist *lines;
    bool done = true;

    FPI_TRY(fpi_http_request_check(run->of->ex, run->of->task));
    FPI_TRY(fpi_http_request_headers(&lines, run->of->ex, run->of->task));
    if (run->of->options->may_connect) {
        FPI_TRY(fpi_url_parse(&run->url, run->of->ex->url, run->of->task));
    }
    SET(run, done, CURLOPT_URL, run->of->ex->url);
    SET(run, done, CURLOPT_HTTPHEADER, lines);
    SET(run, done, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(run));
    if (!done || !set_method(run) || !set_callbacks(run)) {
        return fpi_fail(run->of->task, FPI_E_INTERNAL, "%s: libcurl refuses an option or has no memory",
                        where(run));
    }
    return NULL;
}

/* ---- the exchange ---- */

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
    if (run->of->is_dry) {
        run->of->is_dry = false;
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
        note_upload(run);
        FPI_TRY(fpi_http_watch(run->of, head_sent(run->easy) + body_sent(run->easy), &wait));
        rc = (CURLMcode)fpi_http_wait(run->multi, fpi_http_source_fd(run->of), wait);
        resume(run);
    }
    if (rc != CURLM_OK) {
        return fpi_fail(run->of->task, FPI_E_INTERNAL, "%s: libcurl: %s", where(run),
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
    run->of->ex->is_sent = run->was_sent || is_sent(run);
    run->of->ex->is_connected = ready > 0 || head_sent(run->easy) > 0;
    run->of->ex->is_reused = run->sockets == 0 && run->of->ex->is_connected;
}

static const char *stage_of(const run_t *run, CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        run->of->ex->failed_at = FPI_HTTP_AT_NAME;
        return "the host's name is not known to DNS";
    case CURLE_COULDNT_CONNECT:
        run->of->ex->failed_at = FPI_HTTP_AT_CONNECT;
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
        run->of->ex->failed_at = FPI_HTTP_AT_TLS;
        return "TLS failed";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
        return run->of->ex->is_answered ? "broken answer" : "the connection broke";
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
        return run->of->ex->is_connected ? NULL
            : fpi_fail(run->of->task, FPI_E_FIELD, "%s: a URL that can't be called", where(run));
    case CURLE_OUT_OF_MEMORY: /* also said of a head line that is too long for libcurl */
    case CURLE_FAILED_INIT:
        return run->of->ex->is_answered && !run->of->has_head ? NULL
            : fpi_fail(run->of->task, FPI_E_INTERNAL, "%s: libcurl: %s", where(run),
                       curl_easy_strerror(result));
    case CURLE_OPERATION_TIMEDOUT:
        return fpi_http_late(run->of, "no connection", run->of->options->times.connect);
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
        return fpi_fail(run->of->task, FPI_E_CLOUD, "%s: the kept connection was closed before an "
                        "answer; not repeated, since it can't be known to be safe", where(run));
    }
    if (result == CURLE_COULDNT_CONNECT && *run->refused && run->sockets == 0) {
        return fpi_fail(run->of->task, FPI_E_FOREIGN, "%s: the address %s is not allowed", where(run),
                        run->refused);
    }
    return fpi_fail(run->of->task, FPI_E_CLOUD, "%s: %s: %s (libcurl %d)", where(run),
                    stage_of(run, result), *said ? said : curl_easy_strerror(result), (int)result);
}

static fpi_err_t *perform(run_t *run, char *said)
{
    CURLcode result = CURLE_OK;
    fpi_err_t *err;

    FPI_TRY(set_request(run));
    *said = '\0';
    fpi_http_run_start(run->of);
    err = drive(run, &result);
    note_outcome(run);
    if (run->err || err || result != CURLE_OK) {
        run->of->ex->failed_at = fpi_http_stage(run->easy, run->of->ex);
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
    return run->of->has_head ? NULL : explain(run, CURLE_WEIRD_SERVER_REPLY, said);
}

/* ---- only a connection ---- */

static fpi_err_t *set_connection(run_t *run)
{
    bool done = true;

    if (run->of->options->may_connect) {
        FPI_TRY(fpi_url_parse(&run->url, run->of->ex->url, run->of->task));
    }
    SET(run, done, CURLOPT_URL, run->of->ex->url);
    SET(run, done, CURLOPT_CONNECT_ONLY, 1L);
    SET(run, done, CURLOPT_CONNECTTIMEOUT_MS, connect_ms(run));
    SET(run, done, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(run, done, CURLOPT_OPENSOCKETDATA, run);
    return done ? NULL : fpi_fail(run->of->task, FPI_E_INTERNAL,
                                  "%s: libcurl refuses an option or has no memory", where(run));
}

fpi_err_t *fpi_http_connect(fpi_http_run_t *of, void *easy, void *multi, char *said)
{
    run_t run = { .of = of, .easy = easy, .multi = multi, .may_replay = true };
    CURLcode result = CURLE_OK;
    fpi_err_t *err;

    FPI_TRY(set_connection(&run));
    *said = '\0';
    err = drive(&run, &result);
    of->ex->is_connected = !err && result == CURLE_OK;
    if (of->ex->is_connected) {
        return NULL;
    }
    of->ex->failed_at = fpi_http_stage(easy, of->ex);
    return err ? err : explain(&run, result, said);
}

/* ---- which way ---- */

static void clear_outcome(fpi_http_exchange_t *ex, fpi_task_t *task)
{
    ex->status = 0;
    ex->reply_headers = apr_table_make(task->pool, HEAD_ROOM);
    ex->reply = ex->sink ? NULL : fpi_buf_make(task->pool, ex->reply_max);
    ex->is_connected = ex->is_reused = ex->is_sent = ex->is_answered = false;
    ex->failed_at = FPI_HTTP_NOWHERE;
    ex->upstream_us = 0;
}

static fpi_err_t *perform_either(fpi_http_slot_t *slot, fpi_http_client_t *client, fpi_http_run_t *of)
{
    run_t run = { .of = of, .easy = slot->easy, .multi = slot->multi };
    bool is_h2 = true;

    if (of->options->is_direct) {
        FPI_TRY(fpi_http_direct(slot, client, of, &is_h2));
    }
    if (!is_h2) {
        return NULL;
    }
    run.may_replay = fpi_http_request_may_replay(of->ex);
    return perform(&run, slot->said);
}

fpi_err_t *fpi_http_perform(fpi_http_client_t *client, fpi_http_exchange_t *exchange,
                            fpi_task_t *task)
{
    fpi_http_run_t run = { .ex = exchange, .options = fpi_http_options(client), .task = task };
    fpi_http_slot_t *slot;
    fpi_err_t *err;

    clear_outcome(exchange, task);
    FPI_TRY(fpi_http_slot_take(&slot, client, task));
    err = perform_either(slot, client, &run);
    fpi_http_slot_drop(client, slot);
    return err;
}
