/* The relay between a caller that is a few functions and a cloud in this process. Who may call is
 * decided by stand-ins of service/access, so that no store is needed. */
#include "unit.h"
#include "fakecloud.h"
#include "service/access.h"
#include "service/relay.h"
#include "service/relay_own.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <fcntl.h>
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

static fpi_err_t *caller_read(void *baton, char *data, size_t room, size_t *len)
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

static fpi_err_t *caller_begin(void *baton, int status, const apr_table_t *headers, int64_t length)
{
    caller_t *c = baton;

    c->begins++;
    c->status = status;
    c->headers = headers;
    c->length = length;
    return NULL;
}

static fpi_err_t *caller_write(void *baton, const char *data, size_t len)
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

static bool caller_is_gone(void *baton)
{
    return ((caller_t *)baton)->is_gone;
}

static void caller_note(void *baton, const char *name, const char *value)
{
    ck_assert_str_eq(name, "FPIMAGE_UPSTREAM_US");
    ((caller_t *)baton)->note = value;
}

/* `headers`: "Name: value" lines. */
static caller_t *caller(const char *method, const char *uri, const char *headers, const char *body)
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

static fpi_err_t *relay(caller_t *c)
{
    return fpi_relay(app, &c->call, &c->began);
}

static caller_t *relayed(const char *method, const char *uri, const char *headers, const char *body)
{
    caller_t *c = caller(method, uri, headers, body);

    unit_done(relay(c));
    ck_assert(c->began);
    ck_assert_int_eq(c->begins, 1);
    return c;
}

static fpi_err_t *refused(const char *method, const char *uri, const char *headers,
                          const char *body)
{
    caller_t *c = caller(method, uri, headers, body);
    fpi_err_t *err = relay(c);

    ck_assert(!c->began && c->begins == 0);
    ck_assert_int_eq(fake->requests, 0);
    return err;
}

/* What the cloud saw of a header, or NULL. */
static const char *seen(const char *name)
{
    char value[8192];

    return fake_header(value, sizeof(value), &fake->last, name) ? apr_pstrdup(task->pool,
                                                                              value) : NULL;
}

/* ---- the cloud ---- */

static int stale_answers; /* so many are refusals */

static bool refuse_chunked(int fd, const char *text)
{
    char chunk[256];

    snprintf(chunk, sizeof(chunk), "%x\r\n%s\r\n", (unsigned)strlen(text), text);
    return fake_say(fd, "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
           && fake_say(fd, chunk) && fake_say(fd, "7\r\n       \r\n0\r\n\r\n");
}

static bool answer_halves(fake_t *peer, int fd)
{
    if (!fake_say(fd, "HTTP/1.1 200 X\r\nContent-Length: 8\r\n\r\n{abc")) {
        return false;
    }
    usleep(100000);
    return fake_say(fd, "defg");
}

static bool answer_big(int fd)
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

static bool is_below(const fake_request_t *rq, const char *path)
{
    return strncmp(rq->target, path, strlen(path)) == 0;
}

static bool take_stale_turn(fake_t *peer)
{
    bool is_turn;

    pthread_mutex_lock(&peer->lock);
    is_turn = stale_answers > 0;
    stale_answers -= is_turn;
    pthread_mutex_unlock(&peer->lock);
    return is_turn;
}

static bool answer(fake_t *peer, int fd, const fake_request_t *rq)
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

static void make_app(void)
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

static void open_all(void)
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

static void close_all(void)
{
    unit_close();
    fake_close(fake);
}

/* ---- address and query ---- */

static const struct {
    const char *uri, *target;
} addresses[] = {
    { "/api/m3/x?access_token=" OURS, "/m3/x?access_token=" FIRST },
    { "/api/m3/x?a=1&access_token=" OURS "&b=%e4%bd%a0+%20",
      "/m3/x?a=1&access_token=" FIRST "&b=%e4%bd%a0+%20" },
    { "/api/m3/x?access%5Ftoken=" OURS "&&c", "/m3/x?access%5Ftoken=" FIRST "&&c" },
    { "/api/m3/x?access_token=" OURS "&also=" OURS "&d=1", "/m3/x?access_token=" FIRST "&d=1" },
    { "/api/m3/x?access_token=" OURS "&also=b3Vycw%2EdG9rZW4tb2Ytb3Vycy1mb3ItdGVzdHM",
      "/m3/x?access_token=" FIRST "&" },
    { "/api/%E5%8D%95/@evil:80/x?access_token=" OURS, "/%E5%8D%95/@evil:80/x?access_token=" FIRST },
    { "/api?access_token=" OURS, "/?access_token=" FIRST },
};

START_TEST(address_and_query)
{
    relayed("GET", addresses[_i].uri, "", NULL);
    ck_assert_str_eq(fake->last.target, addresses[_i].target);
    ck_assert_str_eq(fake->last.method, "GET");
    ck_assert_ptr_eq(strstr(fake->last.head, OURS), NULL);
}
END_TEST

static const struct {
    const char *in, *out;
} pairs[] = {
    { "", "" },
    { "&", "&" },
    { "a", "a=N" },
    { "a=1", "a=N" },
    { "%61=1&b=%", "%61=N&b=%" },
    { "aa=1&=a&b=a&a=", "aa=1&=a&b=a&a=N" },
    { "x=1&b=hidden&y=%ff%fe&c=%68idden&d=%FFhidde%6e", "x=1&y=%ff%fe&" },
    { "b=hidden", "" },
    { "b=hidden&c", "c" },
};

START_TEST(pairs_are_swapped)
{
    fpi_swap_t swap = { "a", "N" };
    size_t len;
    const char *out = fpi_relay_pairs_swap(&len, pairs[_i].in, strlen(pairs[_i].in), &swap, 1, "hidden",
                                     task->pool);

    ck_assert_str_eq(out, pairs[_i].out);
    ck_assert_int_eq((int)len, (int)strlen(out));
}
END_TEST

static const struct {
    const char *method, *uri, *headers;
    fpi_code_t code;
} bad_calls[] = {
    { "GET", "/api/m3/x", "", FPI_E_TOKEN },
    { "GET", "/api/m3/x?access_token=other", "", FPI_E_TOKEN },
    { "GET", "/api/m3/x?client_id=client-1&timestamp=1&sign=x", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzsx?client_id=client-1&timestamp=1&sign=x", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzs/x", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzs/x?client_id=client-1&timestamp=1", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzs/x?client_id=client-1&timestamp=1&sign=x", "", FPI_E_SIGN },
    { "GET", "/api/m4/fpzs/x?access_token=other&client_id=client-1&timestamp=1&sign=x", "",
      FPI_E_TOKEN },
    { "TRACE", "/api/m3/x?access_token=" OURS, "", FPI_E_METHOD },
    { "CONNECT", "/api/m3/x?access_token=" OURS, "", FPI_E_METHOD },
    { "get", "/api/m3/x?access_token=" OURS, "", FPI_E_METHOD },
    { "GET", "/apim3/x?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/x?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "@evil/x?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/api/x#y?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/api/x\r\ny?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/api/x?access_token=" OURS "&a= b", "", FPI_E_BAD_REQUEST },
};

START_TEST(refused_calls)
{
    unit_failed(refused(bad_calls[_i].method, bad_calls[_i].uri, bad_calls[_i].headers, NULL),
                bad_calls[_i].code);
}
END_TEST

START_TEST(our_token_in_the_path)
{
    caller_t *c = caller("GET", "/api/x/" OURS "/y?access_token=" OURS, "", NULL);

    unit_failed(relay(c), FPI_E_BAD_REQUEST);
    ck_assert_int_eq(fake->requests - fake->tokens, 0);
}
END_TEST

/* ---- headers ---- */

START_TEST(request_headers)
{
    caller_t *c = relayed("GET", "/api/m3/x?access_token=" OURS,
                          "Host: gw\nConnection: X-Hop, keep-alive\nX-Hop: 1\nKeep-Alive: 5\n"
                          "Proxy-Authorization: Basic eDp5\nTE: trailers\nTrailer: X\nUpgrade: h9\n"
                          "HTTP2-Settings: x\nExpect: 100-continue\nX-Forwarded-For: 10.0.0.1\n"
                          "X-Forwarded-Proto: ftp\nX-Forwarded-Host: evil\nForwarded: for=1\n"
                          "X-Real-IP: 1\ntraceparent: 00-1-1-1\nX-Trace-Id: theirs\nCookie: a=1; b=2\n"
                          "Accept-Encoding: br\nX-Stays: 1\nReferer: http://gw/?access_token=" OURS "\n",
                          NULL);
    static const char *const cut[] = { "X-Hop", "Keep-Alive", "Proxy-Authorization", "TE",
                                       "Trailer",
        "Upgrade", "HTTP2-Settings", "Expect", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Referer",
        "Transfer-Encoding", "Content-Length" };

    for (int i = 0; i < UNIT_COUNT(cut); i++) {
        ck_assert_msg(!seen(cut[i]), "%s went on", cut[i]);
    }
    ck_assert_str_eq(seen("X-Forwarded-For"), "192.0.2.7");
    ck_assert_str_eq(seen("X-Forwarded-Proto"), "https");
    ck_assert_str_eq(seen("X-Trace-Id"), task->trace);
    ck_assert_ptr_ne(strstr(seen("traceparent"), task->trace), NULL);
    ck_assert_str_eq(seen("Cookie"), "a=1; b=2");
    ck_assert_str_eq(seen("Accept-Encoding"), "br");
    ck_assert_str_eq(seen("X-Stays"), "1");
    ck_assert_str_eq(seen("Host") + 10, apr_psprintf(task->pool, "%d", fake->port));
    ck_assert_int_eq(c->status, 200);
    ck_assert(c->note && atoi(c->note) > 0);
}
END_TEST

static const struct {
    const char *headers, *name, *value;
} places[] = {
    { "Authorization: Bearer " OURS, "Authorization", "Bearer " FIRST },
    { "accessToken: " OURS, "accessToken", FIRST },
    { "accessToken: " OURS "\nAuthorization: Bearer " OURS, "Authorization", "Bearer " FIRST },
    { "accessToken: " OURS "\nAuthorization: Basic eDp5", "Authorization", "Basic eDp5" },
};

START_TEST(token_in_a_header)
{
    relayed("POST", "/api/m3/x?a=b", places[_i].headers, "{}");
    ck_assert_str_eq(seen(places[_i].name), places[_i].value);
    ck_assert_str_eq(fake->last.target, "/m3/x?a=b");
    ck_assert_ptr_eq(strstr(fake->last.head, OURS), NULL);
    ck_assert_str_eq(fake->last.body, "{}");
}
END_TEST

START_TEST(answer_headers)
{
    caller_t *c = relayed("GET", "/api/hops?access_token=" OURS, "", NULL);
    static const char *const cut[] = { "Connection", "X-Mine", "Keep-Alive", "Proxy-Authenticate",
                                       "Upgrade", "Content-Length" };

    for (int i = 0; i < UNIT_COUNT(cut); i++) {
        ck_assert_msg(!apr_table_get(c->headers, cut[i]), "%s came back", cut[i]);
    }
    ck_assert_int_eq((int)c->length, 5);
    ck_assert_str_eq(c->out->data, "hello");
    ck_assert_str_eq(apr_table_getm(task->pool, c->headers, "Set-Cookie"), "a=1,b=2");
    ck_assert_str_eq(apr_table_getm(task->pool, c->headers, "X-Trace-Id"), task->trace);
    ck_assert_str_eq(apr_table_get(c->headers, "X-Stays"), "1");
}
END_TEST

START_TEST(redirects_are_handed_on)
{
    caller_t *c = relayed("GET", "/api/redirect?access_token=" OURS, "", NULL);

    ck_assert_int_eq(c->status, 302);
    ck_assert_str_eq(apr_table_get(c->headers, "Location"), "https://elsewhere.example/x?y=1");
    ck_assert_int_eq(fake->requests, 2);
    c = relayed("GET", "/api/mirror?access_token=" OURS, "", NULL);
    ck_assert_str_eq(apr_table_get(c->headers, "Location"), "/x?access_token=" OURS "&y=1");
}
END_TEST

START_TEST(answers_without_a_body)
{
    caller_t *c = relayed("HEAD", "/api/m3/x?access_token=" OURS, "", NULL);

    ck_assert_int_eq((int)c->length, 42);
    ck_assert_int_eq((int)c->out_len, 0);
    c = relayed("GET", "/api/empty?access_token=" OURS, "", NULL);
    ck_assert_int_eq(c->status, 204);
    c = relayed("DELETE", "/api/m3/x?access_token=" OURS, "", NULL);
    ck_assert_str_eq(fake->last.method, "DELETE");
}
END_TEST

/* ---- bodies ---- */

START_TEST(large_bodies_are_streamed)
{
    caller_t *c = caller("POST", "/api/m3/x?access_token=" OURS, "", NULL);

    c->call.body_len = c->endless = 64 << 20;
    unit_done(relay(c));
    ck_assert_int_eq((int)fake->last.body_len, 64 << 20);
    ck_assert_str_eq(seen("Content-Length"), "67108864");
    c = caller("PUT", "/api/m3/x?access_token=" OURS, "", NULL);
    c->call.body_len = -1;
    c->endless = 1 << 20;
    unit_done(relay(c));
    ck_assert_int_eq((int)fake->last.body_len, 1 << 20);
    ck_assert_str_eq(seen("Transfer-Encoding"), "chunked");
    ck_assert_int_eq((int)atomic_load(&app->shared->metrics.relayed_in), 65 << 20);
    ck_assert_int_eq((int)atomic_load(&app->shared->metrics.relayed), 2);
}
END_TEST

START_TEST(answers_are_streamed)
{
    caller_t *c = caller("GET", "/api/big?access_token=" OURS, "", NULL);

    unit_done(relay(c));
    ck_assert_int_eq((int)c->out_len, 64 << 20);
    ck_assert_int_eq((int)atomic_load(&app->shared->metrics.relayed_out), 64 << 20);
}
END_TEST

static fpi_err_t *paced_read(void *baton, char *data, size_t room, size_t *len)
{
    caller_t *c = baton;

    if (c->at == 4) {
        /* what was given before has to be there by now */
        struct timespec until = { .tv_sec = time(NULL) + 10 };

        pthread_mutex_lock(&fake->lock);
        while (fake->body_seen < 4) {
            ck_assert_int_eq(pthread_cond_timedwait(&fake->changed, &fake->lock, &until), 0);
        }
        pthread_mutex_unlock(&fake->lock);
    }
    c->piece = 4;
    return caller_read(baton, data, room, len);
}

START_TEST(bodies_are_streamed)
{
    caller_t *c = caller("POST", "/api/m3/x?access_token=" OURS, "", "abcdefgh");

    fake->body_seen = 0;
    unit_done(relay(caller("GET", "/api/m3/x?access_token=" OURS, "", NULL)));
    c->call.body_len = -1;
    c->call.read = paced_read;
    unit_done(relay(c));
    ck_assert_str_eq(fake->last.body, "abcdefgh");
}
END_TEST

/* A caller who pauses: each second asking finds nothing. */
static fpi_err_t *paused_read(void *baton, char *data, size_t room, size_t *len)
{
    caller_t *c = baton;

    if (c->turns++ % 2 == 0) {
        *len = FPI_CALL_LATER;
        return NULL;
    }
    c->piece = 2;
    return caller_read(baton, data, room, len);
}

static int ready_fd(void *baton)
{
    static int fd = -1;

    (void)baton;
    fd = fd < 0 ? open("/dev/zero", O_RDONLY | O_CLOEXEC) : fd;
    return fd;
}

START_TEST(a_paused_body_is_streamed)
{
    caller_t *c = caller("POST", "/api/m3/x?access_token=" OURS, "", "abcdefgh");

    c->call.body_len = -1;
    c->call.read = NULL;
    c->call.read_now = paused_read;
    c->call.source_fd = ready_fd;
    unit_done(relay(c));
    ck_assert_str_eq(fake->last.body, "abcdefgh");
    ck_assert_int_eq(c->turns, 10);
}
END_TEST

/* ---- refused tokens ---- */

static const char *const stale_paths[] = { "/api/401/x", "/api/m3/x", "/api/chunked/x" };

START_TEST(a_refused_token_is_renewed_once)
{
    const char *uri = apr_pstrcat(task->pool, stale_paths[_i], "?access_token=" OURS, NULL);
    caller_t *c;

    stale_answers = 1;
    c = relayed("POST", uri, "", "{\"a\":1}");
    ck_assert_int_eq(c->status, 200);
    ck_assert_str_eq(c->out->data, "{\"errcode\":\"0000\"}");
    ck_assert_str_eq(fake->last.body, "{\"a\":1}");
    ck_assert_ptr_ne(strstr(fake->last.target, SECOND), NULL);
    ck_assert_int_eq(fake->tokens, 2);
    ck_assert_int_eq(fake->requests, 4);
    ck_assert_int_eq((int)atomic_load(&app->shared->cloud.repeats), 1);
    c = relayed("GET", uri, "", NULL);
    ck_assert_int_eq(fake->tokens, 2);
}
END_TEST

START_TEST(a_second_refusal_is_handed_on)
{
    const char *uri = apr_pstrcat(task->pool, stale_paths[_i], "?access_token=" OURS, NULL);
    caller_t *c;

    stale_answers = 2;
    c = relayed("GET", uri, "", NULL);
    ck_assert_int_eq(c->status, _i == 0 ? 401 : 200);
    ck_assert_str_eq(c->out->data, _i == 0 ? "no" : _i == 1 ? " {\"errcode\":\"1300\",\"description\":\"x\"}"
                                                            : "{\"errcode\":\"1300\"}       ");
    ck_assert_int_eq(fake->tokens, 2);
    relayed("GET", uri, "", NULL);
    ck_assert_int_eq(fake->tokens, 2);
}
END_TEST

START_TEST(a_streamed_body_is_not_repeated)
{
    const char *uri = apr_pstrcat(task->pool, stale_paths[_i], "?access_token=" OURS, NULL);
    caller_t *c = caller("POST", uri, "", NULL);

    stale_answers = 1;
    c->call.body_len = c->endless = FPI_RELAY_REPLAY + 1;
    unit_done(relay(c));
    ck_assert_int_eq(c->status, _i == 0 ? 401 : 200);
    ck_assert_ptr_ne(c->out->data, NULL);
    ck_assert_int_eq(fake->tokens, 1);
    relayed("GET", uri, "", NULL);
    ck_assert_int_eq(fake->tokens, 2);
}
END_TEST

START_TEST(what_only_looks_like_a_refusal)
{
    static const char *const paths[] = { "amount", "list", "text", "broken", "deep", "zipped" };

    for (int i = 0; i < UNIT_COUNT(paths); i++) {
        relayed("GET", apr_pstrcat(task->pool, "/api/1300/", paths[i], "?access_token=" OURS,
                                   NULL), "",
                NULL);
    }
    ck_assert_int_eq(fake->tokens, 1);
    ck_assert_int_eq(fake->requests, 1 + UNIT_COUNT(paths));
}
END_TEST

START_TEST(an_answer_in_two_pieces)
{
    caller_t *c = relayed("GET", "/api/halves?access_token=" OURS, "", NULL);

    ck_assert_str_eq(c->out->data, "{abcdefg");
}
END_TEST

/* ---- failures ---- */

START_TEST(a_cloud_that_is_not_there)
{
    caller_t *c = caller("GET", "/api/m3/x?access_token=" OURS, "", NULL);

    unit_done(relay(c));
    c = caller("GET", "/api/cut?access_token=" OURS, "", NULL);
    unit_failed(relay(c), FPI_E_CLOUD);
    c = caller("GET", "/api/hang?access_token=" OURS, "", NULL);
    c->is_gone = true;
    unit_failed(relay(c), FPI_E_GONE);
    ck_assert(!c->began);
    c = caller("GET", "/api/big?access_token=" OURS, "", NULL);
    c->fail_after = 1 << 20;
    unit_failed(relay(c), FPI_E_GONE);
    ck_assert(c->began);
    c = caller("POST", "/api/m3/x?access_token=" OURS, "", "short");
    c->call.body_len = 10;
    unit_failed(relay(c), FPI_E_GONE);
    c = caller("GET", "/api/m3/x?access_token=" OURS, "", NULL);
    unit_done(relay(c));
}
END_TEST

START_TEST(a_kept_connection_that_died)
{
    relayed("GET", "/api/die?access_token=" OURS, "", NULL);
    relayed("POST", "/api/die?access_token=" OURS, "", "{}");
    relayed("GET", "/api/die?access_token=" OURS, "", NULL);
}
END_TEST

START_TEST(a_refused_token_call)
{
    fpi_err_t *err;

    fake->refuse = "{\"errcode\":\"1101\",\"description\":\"签名认证不通过\"}";
    err = relay(caller("GET", "/api/m3/x?access_token=" OURS, "", NULL));
    unit_failed(err, FPI_E_CLOUD_REFUSED);
    ck_assert_ptr_ne(strstr(fpi_err_public(err, "zh"), "签名认证不通过"), NULL);
}
END_TEST

/* ---- encryption ---- */

static const struct {
    const char *uri, *body;
    enum { ENCRYPTED, AS_IS, REFUSED } what;
} cases[] = {
    { "/api/m5/bill/invoice/create", "{\"a\":1}", ENCRYPTED },
    { "/api/m5/bill/invoice/create/more", " [1]", ENCRYPTED },
    { "/api/m5/bill/invoice/%63reate", "{\"a\":1}", ENCRYPTED },
    { "/api/m5/bill/invoice/create", "QUJD\r\nREVG", AS_IS },
    { "/api/m5/bill/invoice/create", "a=b", REFUSED },
    { "/api/m5/bill/invoice/created", "{\"a\":1}", AS_IS },
    { "/api/m7/x", "{\"a\":1}", ENCRYPTED },
    { "/api/m7", "{\"a\":1}", ENCRYPTED },
    { "/api/m70/x", "{\"a\":1}", AS_IS },
};

START_TEST(bodies_are_encrypted)
{
    caller_t *c = caller("POST", apr_pstrcat(task->pool, cases[_i].uri, "?access_token=" OURS,
                                             NULL),
                         "Content-Type: application/json", cases[_i].body);
    fpi_err_t *err = relay(c);
    char *plain;
    size_t len;

    if (cases[_i].what == REFUSED) {
        unit_failed(err, FPI_E_FIELD);
        ck_assert_int_eq(fake->requests, 0);
        return;
    }
    unit_done(err);
    ck_assert_str_eq(seen("Content-Type"), "application/json");
    if (cases[_i].what == AS_IS) {
        ck_assert_str_eq(fake->last.body, cases[_i].body);
        return;
    }
    unit_done(fpi_body_decrypt(&plain, &len, who->encrypt_key, fake->last.body,
                               fake->last.body_len, task));
    ck_assert_int_eq((int)len, (int)strlen(cases[_i].body));
    ck_assert(memcmp(plain, cases[_i].body, len) == 0);
}
END_TEST

START_TEST(without_a_key_nothing_is_encrypted)
{
    who->encrypt_key = fpi_secret_make_text(task->pool, "");
    relayed("POST", "/api/m7/x?access_token=" OURS, "", "{\"a\":1}");
    ck_assert_str_eq(fake->last.body, "{\"a\":1}");
}
END_TEST

START_TEST(an_encrypted_body_has_a_limit)
{
    caller_t *c = caller("POST", "/api/m7/x?access_token=" OURS, "", NULL);

    c->call.body_len = -1;
    c->endless = 2 << 20;
    unit_failed(relay(c), FPI_E_TOO_LARGE);
}
END_TEST

/* ---- signs ---- */

static const char *sign_of(const char *id, const char *secret, int type)
{
    const char *sign;

    unit_done(fpi_sign_make(&sign, type, id, fpi_secret_make_text(task->pool, secret),
                            "1700000000123",
                            task));
    return sign;
}

static const struct {
    const char *uri, *type, *body; /* %s: the sign, %i: the client id */
    int enc_type;
} signs[] = {
    { "/api/m4/fpzs/x?bxd_key=1%20&client_id=%i&timestamp=1700000000123&sign=%s&z=%2F", "", NULL,
      0 },
    { "/api/m4/fpzs/x?client_id=%i&timestamp=1700000000123&sign=%s&encType=1", "image/png",
      "\x89PNG", 1 },
    { "/api/m4/fpzs/getUserKey", "application/json",
      "{ \"x\":[{\"sign\":1}],\"client_id\" : \"%i\",\"timestamp\":1700000000123 ,\"m\":12.30,\"sign\":\"%s\"}",
      0 },
    { "/api/m4/fpzs/getUserKey", "", "{\"sign\":\"%s\",\"encType\":2,\"timestamp\":\"1700000000123\","
      "\"client_id\":\"%i\",\"q\":\"\\\"}\"}", 2 },
    { "/api/m4/fpzs/x", "application/x-www-form-urlencoded",
      "tin=1%2B&client_id=%i&sign=%s&timestamp=1700000000123", 0 },
};

static const char *fill(const char *text, const char *id, const char *secret, int type)
{
    text = fpi_relay_replace(text, "%s", sign_of(id, secret, type), task->pool);
    return fpi_relay_replace(text, "%i", id, task->pool);
}

static void check_sign(int i, const char *cloud_id, const char *cloud_secret)
{
    const char *body = signs[i].body ? fill(signs[i].body, "client-1", "secret-1",
                                            signs[i].enc_type) : NULL;
    const char *headers = *signs[i].type ? apr_pstrcat(task->pool, "Content-Type: ", signs[i].type,
                                                       NULL)
                                         : "";

    relayed(body ? "POST" : "GET", fill(signs[i].uri, "client-1", "secret-1", signs[i].enc_type),
            headers,
            body);
    ck_assert_str_eq(fake->last.target, fill(signs[i].uri, cloud_id, cloud_secret,
                                             signs[i].enc_type) + 4);
    ck_assert_str_eq(fake->last.body,
                     body ? fill(signs[i].body, cloud_id, cloud_secret, signs[i].enc_type) : "");
    ck_assert_int_eq(fake->tokens, 0);
    ck_assert_int_eq((int)task->tenant, 3);
    ck_assert_str_eq(task->actor, "client:client-1");
}

START_TEST(signed_calls_pass)
{
    check_sign(_i, "client-1", "secret-1");
}
END_TEST

START_TEST(signed_calls_are_signed_anew)
{
    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    check_sign(_i, "cloud-1", "cloud-secret");
}
END_TEST

/* With a token beside it. */
static void relay_signed(int i, const char *own_id, const char *secret)
{
    const char *uri = apr_pstrcat(task->pool, signs[i].uri, strchr(signs[i].uri, '?') ? "&" : "?",
                                  "access_token=" OURS, NULL);
    const char *body = signs[i].body;
    const char *headers = *signs[i].type ? apr_pstrcat(task->pool, "Content-Type: ", signs[i].type,
                                                       NULL)
                                         : "";

    relayed(body ? "POST" : "GET", fill(uri, own_id, secret, signs[i].enc_type), headers,
            body ? fill(body, own_id, secret, signs[i].enc_type) : NULL);
}

static void came_signed(int i, const char *id, const char *secret)
{
    const char *uri = apr_pstrcat(task->pool, signs[i].uri + 4, strchr(signs[i].uri, '?') ? "&" : "?",
                                  "access_token=" FIRST, NULL);

    ck_assert_str_eq(fake->last.target, fill(uri, id, secret, signs[i].enc_type));
    ck_assert_str_eq(fake->last.body,
                     signs[i].body ? fill(signs[i].body, id, secret, signs[i].enc_type) : "");
    ck_assert_int_eq(fake->tokens, 1);
}

START_TEST(a_sign_beside_a_token_is_renewed)
{
    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    relay_signed(_i, "client-1", "secret-1");
    came_signed(_i, "cloud-1", "cloud-secret");
}
END_TEST

START_TEST(a_sign_beside_a_token_passes)
{
    relay_signed(_i, "client-1", "secret-1");
    came_signed(_i, "client-1", "secret-1");
    /* not looked at either, as the cloud knows the enterprise by the same name */
    relay_signed(_i, "client-1", "wrong");
    came_signed(_i, "client-1", "wrong");
}
END_TEST

START_TEST(anothers_sign_beside_a_token_passes)
{
    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    relay_signed(_i, "cloud-1", "cloud-secret");
    came_signed(_i, "cloud-1", "cloud-secret");
}
END_TEST

START_TEST(a_wrong_sign_beside_a_token_is_not_made_good)
{
    const char *body = "{\"client_id\":\"client-1\",\"timestamp\":\"1700000000123\",\"sign\":\"x\"}";

    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    unit_failed(relay(caller("POST", "/api/m4/fpzs/x?access_token=" OURS, "", body)), FPI_E_SIGN);
    ck_assert_int_eq(fake->tokens, 0);
}
END_TEST

/* Bodies that hold no sign we know of, beside a token: as they came. */
static const struct {
    const char *type, *body;
} unsigned_bodies[] = {
    { "", "{\"sign\":\"x\"}" }, { "", "{\"sign\":\"x\",\"client_id\":" }, { "", "plain" }, { "", "[{\"sign\":1}]" },
    { "Content-Type: application/x-www-form-urlencoded", "sign=%zz&client_id=client-1" },
    { "Content-Type: image/png", "{\"client_id\":\"client-1\",\"sign\":\"x\"}" },
};

START_TEST(unsigned_bodies_pass)
{
    who->cloud_client_id = "cloud-1";
    relayed("POST", "/api/m4/fpzs/x?access_token=" OURS, unsigned_bodies[_i].type,
            unsigned_bodies[_i].body);
    ck_assert_str_eq(fake->last.target, "/m4/fpzs/x?access_token=" FIRST);
    ck_assert_str_eq(fake->last.body, unsigned_bodies[_i].body);
}
END_TEST

START_TEST(a_token_goes_before_a_sign)
{
    relayed("POST", "/api/m4/fpzs/x?access_token=" OURS, "", "{\"sign\":\"x\"}");
    ck_assert_str_eq(fake->last.target, "/m4/fpzs/x?access_token=" FIRST);
    ck_assert_str_eq(fake->last.body, "{\"sign\":\"x\"}");
}
END_TEST

static const struct {
    const char *json, *out;
} splices[] = {
    { "{\"a\":\"1\"}", "{\"a\":\"N\"}" },
    { " { \"a\" : 12 , \"b\":1}", " { \"a\" : \"N\" , \"b\":1}" },
    { "{\"b\":{\"a\":1},\"a\":null}", "{\"b\":{\"a\":1},\"a\":\"N\"}" },
    { "{\"b\":\"\\\\\\\"a\",\"a\":[1,\"]\",{}]}", "{\"b\":\"\\\\\\\"a\",\"a\":\"N\"}" },
    { "{\"b\":-1.5e3,\"a\":true\n}", "{\"b\":-1.5e3,\"a\":\"N\"\n}" },
    { "{\"b\":[[],[]],\"a\":\"\"}", "{\"b\":[[],[]],\"a\":\"N\"}" },
    { "{\"\\u0061\":1}", NULL },
    { "{}", NULL },
    { "{ }", NULL },
    { "{\"aa\":1,\"b\":\"a\"}", NULL },
};

START_TEST(json_is_spliced)
{
    size_t len;
    const char *out = fpi_relay_json_splice(&len, splices[_i].json, strlen(splices[_i].json), "a", "N",
                                      task);

    if (!splices[_i].out) {
        ck_assert_ptr_eq(out, NULL);
        return;
    }
    ck_assert_str_eq(out, splices[_i].out);
    ck_assert_int_eq((int)len, (int)strlen(out));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay");
    TCase *all = tcase_create("all");

    signal(SIGPIPE, SIG_IGN);
    tcase_add_checked_fixture(all, open_all, close_all);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    tcase_add_loop_test(all, address_and_query, 0, UNIT_COUNT(addresses));
    tcase_add_loop_test(all, pairs_are_swapped, 0, UNIT_COUNT(pairs));
    tcase_add_loop_test(all, refused_calls, 0, UNIT_COUNT(bad_calls));
    tcase_add_test(all, our_token_in_the_path);
    tcase_add_test(all, request_headers);
    tcase_add_loop_test(all, token_in_a_header, 0, UNIT_COUNT(places));
    tcase_add_test(all, answer_headers);
    tcase_add_test(all, redirects_are_handed_on);
    tcase_add_test(all, answers_without_a_body);
    tcase_add_test(all, large_bodies_are_streamed);
    tcase_add_test(all, answers_are_streamed);
    tcase_add_test(all, bodies_are_streamed);
    tcase_add_test(all, a_paused_body_is_streamed);
    tcase_add_loop_test(all, a_refused_token_is_renewed_once, 0, UNIT_COUNT(stale_paths));
    tcase_add_loop_test(all, a_second_refusal_is_handed_on, 0, UNIT_COUNT(stale_paths));
    tcase_add_loop_test(all, a_streamed_body_is_not_repeated, 0, UNIT_COUNT(stale_paths));
    tcase_add_test(all, what_only_looks_like_a_refusal);
    tcase_add_test(all, an_answer_in_two_pieces);
    tcase_add_test(all, a_cloud_that_is_not_there);
    tcase_add_test(all, a_kept_connection_that_died);
    tcase_add_test(all, a_refused_token_call);
    tcase_add_loop_test(all, bodies_are_encrypted, 0, UNIT_COUNT(cases));
    tcase_add_test(all, without_a_key_nothing_is_encrypted);
    tcase_add_test(all, an_encrypted_body_has_a_limit);
    tcase_add_loop_test(all, signed_calls_pass, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(all, signed_calls_are_signed_anew, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(all, a_sign_beside_a_token_is_renewed, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(all, a_sign_beside_a_token_passes, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(all, anothers_sign_beside_a_token_passes, 0, UNIT_COUNT(signs));
    tcase_add_test(all, a_wrong_sign_beside_a_token_is_not_made_good);
    tcase_add_loop_test(all, unsigned_bodies_pass, 0, UNIT_COUNT(unsigned_bodies));
    tcase_add_test(all, a_token_goes_before_a_sign);
    tcase_add_loop_test(all, json_is_spliced, 0, UNIT_COUNT(splices));
    return unit_run(suite);
}
