/* What the tests of the relay share: a caller that is a few functions, a cloud in this process, and stand-ins of
 * service/access that decide who may call, so that no store is needed.
 *
 * Life:    app and cloud are made before each test and gone after it.
 * Threads: one; the cloud has its own.
 * Limits:  as fakecloud.h; of an answer 1 MiB is kept. */
#ifndef FPI_RELAY_UNIT_H
#define FPI_RELAY_UNIT_H

#include "unit.h"
#include "fakecloud.h"
#include "service/access.h"
#include "service/relay.h"
#include "service/relay_own.h"

#include <apr_strings.h>
#include <signal.h>

#define OURS "b3Vycw.dG9rZW4tb2Ytb3Vycy1mb3ItdGVzdHM"
#define FIRST "cloud-token-0001"
#define SECOND "cloud-token-0002"

static fake_t *fake;
static fpi_app_t *app;
static fpi_enterprise_t *who;

/* ---- stand-ins of service/access ---- */

fpi_err_t *fpi_access_call(fpi_app_t *asked, fpi_call_t *call)
{
    const char *bearer = apr_table_get(call->headers, "Authorization");

    call->token = fpi_params_find(call->params, "access_token");
    if (!call->token && bearer && strncmp(bearer, "Bearer ", 7) == 0) {
        call->token = bearer + 7;
    }
    if (!call->token) {
        call->token = apr_table_get(call->headers, "accessToken");
    }
    if (!call->token || strcmp(call->token, OURS) != 0) {
        return fpi_fail(call->task, FPI_E_TOKEN, "missing or wrong");
    }
    call->enterprise = who;
    return NULL;
}

fpi_err_t *fpi_access_sign_check(const fpi_enterprise_t **enterprise, fpi_app_t *asked,
                                 const char *client_id,
                                 const char *timestamp, const char *sign, const char *enc_type,
                                 fpi_task_t *asker)
{
    if (!client_id || strcmp(client_id, who->client_id) != 0) {
        return fpi_fail(asker, FPI_E_CLIENT, "unknown");
    }
    *enterprise = who;
    return fpi_sign_verify(sign, enc_type ? atoi(enc_type) : 0, client_id, who->secret, timestamp,
                           asker);
}

/* ---- the caller ---- */

typedef struct caller_t {
    fpi_call_t call;
    const char *body;
    size_t len, at, piece;    /* piece: most bytes given at once */
    int64_t endless;          /* bytes of 'x' instead of a body */
    int status, begins;
    const apr_table_t *headers;
    int64_t length;
    fpi_buf_t *out;
    int64_t out_len;
    bool is_gone;
    int64_t fail_after;       /* bytes written; 0: never */
    const char *note;
    bool began;
    int turns;
} caller_t;

static inline fpi_err_t *caller_read(void *baton, char *data, size_t room, size_t *len)
{
    caller_t *c = baton;

    if (c->endless > 0) {
        *len = room < (size_t)c->endless ? room : (size_t)c->endless;
        memset(data, 'x', *len);
        c->endless -= (int64_t)*len;
        return NULL;
    }
    *len = c->len - c->at < room ? c->len - c->at : room;
    if (*len > c->piece) {
        *len = c->piece;
    }
    if (*len) {
        memcpy(data, c->body + c->at, *len);
    }
    c->at += *len;
    return NULL;
}

static inline fpi_err_t *caller_begin(void *baton, int status, const apr_table_t *headers, int64_t length)
{
    caller_t *c = baton;

    c->begins++;
    c->status = status;
    c->headers = headers;
    c->length = length;
    return NULL;
}

static inline fpi_err_t *caller_write(void *baton, const char *data, size_t len)
{
    caller_t *c = baton;

    ck_assert_int_eq(c->begins, 1);
    c->out_len += (int64_t)len;
    if (c->out->len + len <= c->out->limit) {
        ck_assert(fpi_buf_put(c->out, data, len));
    }
    if (c->fail_after && c->out_len >= c->fail_after) {
        return fpi_fail(c->call.task, FPI_E_GONE, "the caller left");
    }
    return NULL;
}

static inline bool caller_is_gone(void *baton)
{
    return ((caller_t *)baton)->is_gone;
}

static inline void caller_note(void *baton, const char *name, const char *value)
{
    ck_assert_str_eq(name, "FPIMAGE_UPSTREAM_US");
    ((caller_t *)baton)->note = value;
}

/* `headers`: "Name: value" lines. */
static inline caller_t *caller(const char *method, const char *uri, const char *headers, const char *body)
{
    caller_t *c = apr_pcalloc(task->pool, sizeof(*c));
    apr_table_t *table = apr_table_make(task->pool, 4);
    char *last, *question;

    for (char *line = apr_strtok(apr_pstrdup(task->pool, headers), "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        char *colon = strchr(line, ':');

        *colon = '\0';
        apr_table_add(table, line, colon + 2);
    }
    c->call = (fpi_call_t){ .task = task, .method = method, .uri = uri, .headers = table,
                            .client_ip = "192.0.2.7", .scheme = "https", .host = "gw",
                            .body_len = body ? (int64_t)strlen(body) : 0, .read = caller_read,
                            .begin = caller_begin, .write = caller_write, .is_gone = caller_is_gone,
                            .note = caller_note, .baton = c };
    c->body = body;
    c->len = body ? strlen(body) : 0;
    c->piece = 7;
    c->out = fpi_buf_make(task->pool, 1 << 20);
    c->call.path = apr_pstrdup(task->pool, uri);
    question = strchr(c->call.path, '?');
    if (question) {
        *question = '\0';
        c->call.query = question + 1;
        fpi_ignore(fpi_params_parse(&c->call.params, question + 1, strlen(question + 1), task));
    }
    c->call.local = fpi_url_decode(task->pool, c->call.path, strlen(c->call.path), false);
    return c;
}

static inline fpi_err_t *relay(caller_t *c)
{
    return fpi_relay(app, &c->call, &c->began);
}

static inline caller_t *relayed(const char *method, const char *uri, const char *headers, const char *body)
{
    caller_t *c = caller(method, uri, headers, body);

    unit_done(relay(c));
    ck_assert(c->began);
    ck_assert_int_eq(c->begins, 1);
    return c;
}

/* What the cloud saw of a header, or NULL. */
static inline const char *seen(const char *name)
{
    char value[8192];

    return fake_header(value, sizeof(value), &fake->last, name) ? apr_pstrdup(task->pool,
                                                                              value) : NULL;
}

/* ---- the cloud ---- */

static int stale_answers; /* so many are refusals */

static inline bool refuse_chunked(int fd, const char *text)
{
    char chunk[256];

    snprintf(chunk, sizeof(chunk), "%x\r\n%s\r\n", (unsigned)strlen(text), text);
    return fake_say(fd, "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
           && fake_say(fd, chunk) && fake_say(fd, "7\r\n       \r\n0\r\n\r\n");
}

static inline bool answer_halves(fake_t *peer, int fd)
{
    if (!fake_say(fd, "HTTP/1.1 200 X\r\nContent-Length: 8\r\n\r\n{abc")) {
        return false;
    }
    usleep(100000);
    return fake_say(fd, "defg");
}

static inline bool answer_big(int fd)
{
    static char block[64 * 1024];
    bool done = fake_say(fd, "HTTP/1.1 200 X\r\nContent-Length: 67108864\r\n\r\n");

    for (int i = 0; done && i < 1024; i++) {
        done = fake_send(fd, block, sizeof(block));
    }
    return done;
}

static const struct {
    const char *path;
    int status;
    const char *headers, *body;
} pages[] = {
    { "/hops", 200, "Connection: X-Mine, close\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nProxy-Authenticate: x\r\n"
                    "Upgrade: h9\r\nSet-Cookie: a=1\r\nX-Trace-Id: theirs\r\nSet-Cookie: b=2\r\nX-Stays: 1\r\n",
      "hello" },
    { "/redirect", 302, "Location: https://elsewhere.example/x?y=1\r\n", "" },
    { "/mirror", 302, "Location: /x?access_token=" FIRST "&y=1\r\n", "" },
    { "/1300/amount", 200, "", "{\"errcode\":\"0000\",\"data\":1300}" },
    { "/1300/list", 200, "", "[\"1300\"]" },
    { "/1300/text", 200, "", "errcode 1300" },
    { "/1300/broken", 200, "", "{\"errcode\":\"1300\"" },
    { "/1300/deep", 200, "", "{\"data\":{\"errcode\":\"1300\"}}" },
    { "/1300/zipped", 200, "Content-Encoding: gzip\r\n", "{\"errcode\":\"1300\"}" },
    { "/empty", 204, "", "" },
};

static inline bool is_below(const fake_request_t *rq, const char *path)
{
    return strncmp(rq->target, path, strlen(path)) == 0;
}

static inline bool take_stale_turn(fake_t *peer)
{
    bool is_turn;

    pthread_mutex_lock(&peer->lock);
    is_turn = stale_answers > 0;
    stale_answers -= is_turn;
    pthread_mutex_unlock(&peer->lock);
    return is_turn;
}

static inline bool answer(fake_t *peer, int fd, const fake_request_t *rq)
{
    for (int i = 0; i < UNIT_COUNT(pages); i++) {
        if (is_below(rq, pages[i].path)) {
            return fake_reply(fd, pages[i].status, pages[i].headers, pages[i].body);
        }
    }
    if (is_below(rq, "/halves")) {
        return answer_halves(peer, fd);
    }
    if (is_below(rq, "/big")) {
        return answer_big(fd);
    }
    if (is_below(rq, "/cut")) {
        fake_say(fd, "HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\nhello");
        return false;
    }
    if (is_below(rq, "/hang")) {
        return sleep(4) == 0;
    }
    if (is_below(rq, "/die") && rq->on_connection > 1) {
        return false;
    }
    if (take_stale_turn(peer)) {
        return is_below(rq, "/401") ? fake_reply(fd, 401, "X-Why: token\r\n", "no")
               : is_below(rq, "/chunked") ? refuse_chunked(fd, "{\"errcode\":\"1300\"}")
               : fake_reply(fd, 200, "", " {\"errcode\":\"1300\",\"description\":\"x\"}");
    }
    if (strcmp(rq->method, "HEAD") == 0) {
        return fake_say(fd, "HTTP/1.1 200 X\r\nContent-Length: 42\r\n\r\n");
    }
    return fake_reply(fd, 200, "Content-Type: application/json\r\n", "{\"errcode\":\"0000\"}");
}

/* ---- what each test has ---- */

static inline void make_app(void)
{
    fpi_settings_t *settings = apr_pcalloc(task->pool, sizeof(*settings));
    fpi_cloud_options_t options = { .base = fake->base };

    app = apr_pcalloc(task->pool, sizeof(*app));
    app->pool = task->pool;
    app->settings = settings;
    app->shared = apr_pcalloc(task->pool, sizeof(*app->shared));
    settings->max_json = 1 << 20;
    settings->encrypt = apr_array_make(task->pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(settings->encrypt, const char *) = "/m5/bill/invoice/create";
    APR_ARRAY_PUSH(settings->encrypt, const char *) = "/m7/";
    options.breaker = &app->shared->breaker;
    options.counts = &app->shared->cloud;
    options.http.slots = 4;
    options.http.slot_wait = apr_time_from_sec(1);
    options.http.times.connect = options.http.times.first_byte = options.http.times.idle
        = apr_time_from_sec(20);
    unit_done(fpi_cloud_make(&app->cloud, task->pool, &options, task));
}

static inline void open_all(void)
{
    unit_open();
    fpi_http_setup();
    fake = fake_open(answer);
    stale_answers = 0;
    make_app();
    who = apr_pcalloc(task->pool, sizeof(*who));
    who->id = who->tenant = 3;
    who->client_id = "client-1";
    who->secret = fpi_secret_make_text(task->pool, "secret-1");
    who->encrypt_key = fpi_secret_make_text(task->pool, "0123456789abcdef");
    who->is_enabled = true;
}

static inline void close_all(void)
{
    unit_close();
    fake_close(fake);
}

/* A test case of `suite` whose tests have a cloud and an app that relays to it. */
static inline TCase *relay_case(Suite *suite, const char *name)
{
    signal(SIGPIPE, SIG_IGN);
    return unit_case_with(suite, name, open_all, close_all);
}

#endif
