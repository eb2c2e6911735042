/* The client against a peer that follows a script: what each path does is listed at `scripts`. Both ways of an
 * exchange, libcurl's and our own framing, have to pass the same. */
#include "unit.h"
#include "wire/http.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS(n) ((apr_interval_time_t)(n) * 1000)

enum { HEAD_MAX = 64 * 1024, BIG = 256 << 20 };

/* ---- the peer ---- */

typedef struct request_t {
    char head[HEAD_MAX];
    char path[64];
    int on_connection; /* 1: the first one on its connection */
    long long body;    /* bytes of it that came */
} request_t;

typedef struct seen_t {
    request_t last;
    int connections, requests;
} seen_t;

static struct {
    int listener, port;
    pthread_mutex_t lock; /* guards what follows */
    seen_t seen;
    int threads;
    bool is_closing;
} peer;

static seen_t seen; /* our copy, as of the end of the last call */

static void look(void)
{
    pthread_mutex_lock(&peer.lock);
    seen = peer.seen;
    pthread_mutex_unlock(&peer.lock);
}

/* Sleeps, but not past the end of the test. */
static void rest(int ms)
{
    for (bool closing = false; ms > 0 && !closing; ms -= 10) {
        usleep(10 * 1000);
        pthread_mutex_lock(&peer.lock);
        closing = peer.is_closing;
        pthread_mutex_unlock(&peer.lock);
    }
}

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n <= 0) {
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool say(int fd, const char *text)
{
    return send_all(fd, text, strlen(text));
}

/* Ends the connection as a crash would: what was not read makes it a reset. */
static bool reset(int fd)
{
    const struct linger now = { 1, 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    return false;
}

static bool do_ok(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static bool do_chunked(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                   "3\r\nabc\r\n") && say(fd, "4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n");
}

static bool do_interim(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                   "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                   "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Late: 1\r\n\r\nok");
}

static bool do_headers(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2, c\r\nX-Empty:\r\n"
                   "X-Fold: one\r\n \t two\r\nX-Blank: \t v \t\r\nContent-Length: 0\r\n\r\n");
}

static bool do_redirect(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
}

static bool do_no_content(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
}

static bool do_head_only(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 123456\r\n\r\n");
}

static bool do_until_close(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.0 200 OK\r\n\r\nto the end") && false;
}

static bool do_silent(int fd, const request_t *rq)
{
    rest(3000);
    return false;
}

static bool do_drip(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 20 && say(fd, "X-Drip: 1\r\n"); i++) {
        rest(100);
    }
    return false;
}

static bool do_stall(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    rest(3000);
    return false;
}

static bool do_slow(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < 10 && say(fd, "x"); i++) {
        rest(100);
    }
    return true;
}

static bool do_cut(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this") && false;
}

static bool do_cut_chunk(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n") && false;
}

static bool do_bad_chunk(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n")
           && false;
}

static bool do_garbage(int fd, const request_t *rq)
{
    return say(fd, "this is no HTTP at all\r\n\r\n") && false;
}

static bool do_nothing(int fd, const request_t *rq)
{
    return false;
}

static bool do_reset(int fd, const request_t *rq)
{
    return reset(fd);
}

/* Serves one request on each connection; takes a second one and dies of it. */
static bool do_die_later(int fd, const request_t *rq)
{
    return rq->on_connection == 1 ? do_ok(fd, rq) : reset(fd);
}

/* Closes a connection that it had said nothing about closing. */
static bool do_close_after(int fd, const request_t *rq)
{
    return do_ok(fd, rq) && false;
}

static bool do_long_head(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000 && say(fd, "X-Many: 1\r\n"); i++) {
    }
    say(fd, "Content-Length: 0\r\n\r\n");
    return false;
}

static bool do_wide_head(int fd, const request_t *rq)
{
    static char line[1000];

    memset(line, 'x', sizeof(line) - 1);
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 200 && say(fd, "X-Wide: ") && say(fd, line) && say(fd, "\r\n"); i++) {
    }
    say(fd, "Content-Length: 0\r\n\r\n");
    return false;
}

static bool do_big(int fd, const request_t *rq)
{
    static const char block[65536];
    char head[100];

    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", BIG);
    if (!say(fd, head)) {
        return false;
    }
    for (int sent = 0; sent < BIG; sent += (int)sizeof(block)) {
        if (!send_all(fd, block, sizeof(block))) {
            return false;
        }
    }
    return true;
}

/* Stays a little: closing with bytes unread would reset the connection, and the answer with it. */
static bool do_early(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    rest(500);
    return false;
}

static const struct {
    const char *path;
    bool (*answer)(int fd, const request_t *rq);
    bool is_before_body; /* answered without reading the body */
} scripts[] = {
    { "/ok", do_ok, false },
    { "/chunked", do_chunked, false },
    { "/interim", do_interim, false },
    { "/headers", do_headers, false },
    { "/redirect", do_redirect, false },
    { "/204", do_no_content, false },
    { "/head", do_head_only, false },
    { "/until-close", do_until_close, false },
    { "/silent", do_silent, false },
    { "/unread", do_silent, true },
    { "/drip", do_drip, false },
    { "/stall", do_stall, false },
    { "/slow", do_slow, false },
    { "/cut", do_cut, false },
    { "/cut-chunk", do_cut_chunk, false },
    { "/bad-chunk", do_bad_chunk, false },
    { "/garbage", do_garbage, false },
    { "/nothing", do_nothing, false },
    { "/reset", do_reset, false },
    { "/die-later", do_die_later, false },
    { "/close-after", do_close_after, false },
    { "/long-head", do_long_head, false },
    { "/wide-head", do_wide_head, false },
    { "/big", do_big, false },
    { "/early", do_early, true },
};

static int find_script(const char *path)
{
    for (int i = 0; i < UNIT_COUNT(scripts); i++) {
        if (strcmp(scripts[i].path, path) == 0) {
            return i;
        }
    }
    return 0;
}

/* One byte at a time: what follows the head stays in the socket. */
static bool read_line(FILE *in, char *line, size_t room)
{
    return fgets(line, (int)room, in) != NULL;
}

static bool read_head(FILE *in, request_t *rq)
{
    size_t at = 0;

    while (at + 2 < HEAD_MAX && read_line(in, rq->head + at, HEAD_MAX - at)) {
        if (strcmp(rq->head + at, "\r\n") == 0) {
            return sscanf(rq->head, "%*s %63[^ ?]", rq->path) == 1;
        }
        at += strlen(rq->head + at);
    }
    return false;
}

static bool skip_body(FILE *in, request_t *rq, long long len)
{
    char block[65536];

    while (len > 0) {
        size_t n = fread(block, 1, len < 65536 ? (size_t)len : 65536, in);

        if (n == 0) {
            return false;
        }
        rq->body += (long long)n;
        len -= (long long)n;
    }
    return true;
}

static bool read_body(FILE *in, request_t *rq)
{
    const char *len = strcasestr(rq->head, "\r\nContent-Length:");
    char line[100];

    if (len) {
        return skip_body(in, rq, atoll(len + 17));
    }
    if (!strcasestr(rq->head, "\r\nTransfer-Encoding: chunked")) {
        return true;
    }
    while (read_line(in, line, sizeof(line))) {
        long long chunk = strtoll(line, NULL, 16);

        if (!skip_body(in, rq, chunk) || !read_line(in, line, sizeof(line))) {
            return false;
        }
        if (chunk == 0) {
            return true;
        }
    }
    return false;
}

static void note(const request_t *rq)
{
    pthread_mutex_lock(&peer.lock);
    peer.seen.last = *rq;
    peer.seen.requests++;
    pthread_mutex_unlock(&peer.lock);
}

static bool serve_one(int fd, FILE *in, request_t *rq)
{
    int script;

    memset(rq->head, 0, sizeof(rq->head));
    rq->body = 0;
    if (!read_head(in, rq)) {
        return false;
    }
    rq->on_connection++;
    script = find_script(rq->path);
    if (!scripts[script].is_before_body && !read_body(in, rq)) {
        note(rq);
        return false;
    }
    note(rq);
    return scripts[script].answer(fd, rq);
}

static int count_threads(int change)
{
    int n;

    pthread_mutex_lock(&peer.lock);
    n = peer.threads += change;
    pthread_mutex_unlock(&peer.lock);
    return n;
}

static void *serve(void *data)
{
    int fd = (int)(intptr_t)data;
    FILE *in = fdopen(fd, "r");
    request_t *rq = calloc(1, sizeof(*rq));

    while (in && rq && serve_one(fd, in, rq)) {
    }
    free(rq);
    fclose(in);
    count_threads(-1);
    return NULL;
}

static void *accept_all(void *data)
{
    int fd;

    while ((fd = accept(peer.listener, NULL, NULL)) >= 0) {
        const int on = 1;
        pthread_t thread;

        setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
        pthread_mutex_lock(&peer.lock);
        peer.seen.connections++;
        peer.threads++;
        pthread_mutex_unlock(&peer.lock);
        ck_assert_int_eq(pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd), 0);
        pthread_detach(thread);
    }
    return NULL;
}

static pthread_t acceptor;

static void open_peer(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);

    memset(&peer, 0, sizeof(peer));
    memset(&seen, 0, sizeof(seen));
    pthread_mutex_init(&peer.lock, NULL);
    peer.listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(peer.listener, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(peer.listener, 100), 0);
    ck_assert_int_eq(getsockname(peer.listener, (struct sockaddr *)&at, &len), 0);
    peer.port = ntohs(at.sin_port);
    ck_assert_int_eq(pthread_create(&acceptor, NULL, accept_all, NULL), 0);
}

/* Until the peer has closed all its connections. */
static void wait_served(void)
{
    for (int i = 0; i < 500 && count_threads(0) > 0; i++) {
        usleep(10 * 1000);
    }
}

static void close_peer(void)
{
    shutdown(peer.listener, SHUT_RDWR);
    pthread_join(acceptor, NULL);
    close(peer.listener);
    pthread_mutex_lock(&peer.lock);
    peer.is_closing = true;
    pthread_mutex_unlock(&peer.lock);
    wait_served();
}

/* ---- our side ---- */

static fpi_http_options_t options;
static fpi_http_exchange_t ex;

static void open_both(void)
{
    unit_open();
    open_peer();
    options = (fpi_http_options_t){ .slots = 4, .slot_wait = MS(200), .user_agent = "unit/1",
        .times = { .connect = MS(2000), .first_byte = MS(400), .idle = MS(600) } };
    memset(&ex, 0, sizeof(ex));
}

static void open_both_direct(void)
{
    open_both();
    options.is_direct = true;
}

static void close_both(void)
{
    unit_close();
    close_peer();
}

static const char *url(const char *path)
{
    return apr_psprintf(task->pool, "http://127.0.0.1:%d%s", peer.port, path);
}

static fpi_http_client_t *client(void)
{
    fpi_http_client_t *made = NULL;

    unit_done(fpi_http_client_make(&made, task->pool, &options, task));
    return made;
}

static fpi_err_t *call(fpi_http_client_t *c, const char *method, const char *path)
{
    fpi_err_t *err;

    ex.method = method;
    ex.url = url(path);
    if (!ex.reply_max) {
        ex.reply_max = 10000;
    }
    err = fpi_http_perform(c, &ex, task);
    look();
    return err;
}

static bool has_line(const char *line)
{
    return strstr(seen.last.head, apr_pstrcat(task->pool, "\r\n", line, "\r\n", NULL)) != NULL;
}

/* ---- answers ---- */

START_TEST(test_answer)
{
    static const struct {
        const char *method, *path;
        int status;
        const char *body;
    } cases[] = {
        { "GET", "/ok", 200, "hello" },
        { "DELETE", "/ok", 200, "hello" },
        { "GET", "/chunked", 200, "abcdefg" },
        { "GET", "/interim", 201, "ok" },
        { "GET", "/redirect", 302, "" },
        { "GET", "/204", 204, "" },
        { "HEAD", "/head", 200, "" },
        { "GET", "/until-close", 200, "to the end" },
        { "POST", "/ok", 200, "hello" },
        { "PATCH", "/ok", 200, "hello" },
    };

    unit_done(call(client(), cases[_i].method, cases[_i].path));
    ck_assert_int_eq(ex.status, cases[_i].status);
    ck_assert_str_eq(ex.reply->data, cases[_i].body);
    ck_assert(ex.is_connected && ex.is_sent && ex.is_answered && !ex.is_reused);
    ck_assert(ex.upstream_us > 0);
    ck_assert_ptr_null(apr_table_get(ex.reply_headers, "X-Early"));
    ck_assert_ptr_null(apr_table_get(ex.reply_headers, "X-Sum"));
    ck_assert_ptr_null(apr_table_get(ex.reply_headers, "Link"));
}
END_TEST

START_TEST(test_answer_headers)
{
    const apr_array_header_t *rows;
    const apr_table_entry_t *row;

    unit_done(call(client(), "GET", "/headers"));
    rows = apr_table_elts(ex.reply_headers);
    ck_assert_int_eq(rows->nelts, 6);
    row = &APR_ARRAY_IDX(rows, 1, apr_table_entry_t);
    ck_assert_str_eq(row->key, "Set-Cookie");
    ck_assert_str_eq(row->val, "b=2, c");
    ck_assert_str_eq(apr_table_get(ex.reply_headers, "x-empty"), "");
    ck_assert_str_eq(apr_table_get(ex.reply_headers, "X-Fold"), "one two");
    ck_assert_str_eq(apr_table_get(ex.reply_headers, "X-Blank"), "v");
}
END_TEST

/* ---- requests as the peer sees them ---- */

START_TEST(test_request_head)
{
    apr_table_t *headers = apr_table_make(task->pool, 8);

    apr_table_add(headers, "X-One", "1");
    apr_table_add(headers, "X-One", "2");
    apr_table_add(headers, "X-Empty", "");
    apr_table_add(headers, "Host", "evil");
    apr_table_add(headers, "Content-Length", "99");
    apr_table_add(headers, "Transfer-Encoding", "chunked");
    apr_table_add(headers, "Expect", "100-continue");
    apr_table_add(headers, "Content-Type", "application/json");
    ex.headers = headers;
    ex.body = "{}";
    ex.body_len = 2;
    unit_done(call(client(), "POST", "/ok/../a%2Fb//c?x=1&y=%20"));
    ck_assert_ptr_eq(strstr(seen.last.head, "POST /ok/../a%2Fb//c?x=1&y=%20 HTTP/1.1\r\n"),
                     seen.last.head);
    ck_assert(has_line("X-One: 1") && has_line("X-One: 2") && has_line("X-Empty:"));
    ck_assert(has_line(apr_psprintf(task->pool, "Host: 127.0.0.1:%d", peer.port)));
    ck_assert(has_line("Content-Length: 2") && has_line("Content-Type: application/json"));
    ck_assert(has_line("User-Agent: unit/1"));
    ck_assert_ptr_null(strstr(seen.last.head, "Expect"));
    ck_assert_ptr_null(strstr(seen.last.head, "chunked"));
    ck_assert_ptr_null(strstr(seen.last.head, "Accept"));
    ck_assert_int_eq(seen.last.body, 2);
}
END_TEST

/* What one exchange set on a handle is gone in the next. */
START_TEST(test_no_leftovers)
{
    fpi_http_client_t *c = client();

    ex.body = "12345";
    ex.body_len = 5;
    unit_done(call(c, "POST", "/ok"));
    ck_assert_int_eq(seen.last.body, 5);
    ck_assert_ptr_null(strstr(seen.last.head, "Content-Type"));
    ex.body = NULL;
    ex.body_len = 0;
    unit_done(call(c, "HEAD", "/head"));
    ck_assert_ptr_null(strstr(seen.last.head, "Content-Length"));
    unit_done(call(c, "GET", "/ok"));
    ck_assert_str_eq(ex.reply->data, "hello");
    ck_assert_ptr_null(strstr(seen.last.head, "Content-Length"));
    unit_done(call(c, "POST", "/ok"));
    ck_assert(has_line("Content-Length: 0"));
    unit_done(call(c, "OPTIONS", "/ok"));
    ck_assert_ptr_eq(strstr(seen.last.head, "OPTIONS /ok"), seen.last.head);
    ck_assert_int_eq(seen.connections, 1);
}
END_TEST

START_TEST(test_request_refused)
{
    static const struct {
        const char *method, *url, *name, *value;
    } cases[] = {
        { "GET", "ftp://127.0.0.1/", NULL, NULL },
        { "GET", "file:///etc/passwd", NULL, NULL },
        { "GET", "http://127.0.0.1/a b", NULL, NULL },
        { "GET", "http://127.0.0.1/\r\nX: y", NULL, NULL },
        { "GET", "http://user:pass@127.0.0.1/", NULL, NULL },
        { "GET", "", NULL, NULL },
        { "GET X", "http://127.0.0.1/", NULL, NULL },
        { "", "http://127.0.0.1/", NULL, NULL },
        { "GET", "http://127.0.0.1/", "X", "a\r\nY: b" },
        { "GET", "http://127.0.0.1/", "X: y\r\nZ", "a" },
    };
    apr_table_t *headers = apr_table_make(task->pool, 1);

    if (cases[_i].name) {
        apr_table_addn(headers, cases[_i].name, cases[_i].value);
    }
    ex = (fpi_http_exchange_t){ .method = cases[_i].method, .url = cases[_i].url,
                                .headers = headers };
    unit_failed(fpi_http_perform(client(), &ex, task), FPI_E_FIELD);
    ck_assert(!ex.is_sent && !ex.is_connected);
}
END_TEST

/* ---- connections ---- */

START_TEST(test_reuse)
{
    fpi_http_client_t *c = client();

    unit_done(call(c, "GET", "/ok"));
    ck_assert(!ex.is_reused);
    for (int i = 0; i < 10; i++) {
        unit_done(call(c, "GET", "/chunked"));
        ck_assert(ex.is_reused && ex.is_connected);
    }
    ck_assert_int_eq(seen.connections, 1);
    ck_assert_int_eq(seen.last.on_connection, 11);
    ck_assert_int_eq(fpi_http_in_use(c), 0);
}
END_TEST

/* The peer closed a kept connection before we came back: nobody may notice. */
START_TEST(test_closed_kept_connection)
{
    fpi_http_client_t *c = client();

    unit_done(call(c, "POST", "/close-after"));
    wait_served();
    ex.body = "x";
    ex.body_len = 1;
    unit_done(call(c, "POST", "/ok"));
    ck_assert(!ex.is_reused && ex.is_sent && ex.is_answered);
    ck_assert_int_eq(seen.requests, 2);
}
END_TEST

/* The peer takes a request on a kept connection and dies of it. */
START_TEST(test_dead_kept_connection)
{
    static const struct {
        const char *method, *body;
        bool is_repeatable, is_repeated;
    } cases[] = {
        { "GET", NULL, false, true },
        { "PUT", "x", false, true },
        { "DELETE", NULL, false, true },
        { "POST", "x", false, false },
        { "POST", NULL, false, false },
        { "PATCH", "x", false, false },
        { "POST", "x", true, true },
    };
    fpi_http_client_t *c = client();
    fpi_err_t *err;

    unit_done(call(c, "GET", "/ok"));
    ex.body = cases[_i].body;
    ex.body_len = cases[_i].body ? 1 : 0;
    ex.is_repeatable = cases[_i].is_repeatable;
    err = call(c, cases[_i].method, "/die-later");
    ck_assert(ex.is_sent && ex.is_connected);
    if (cases[_i].is_repeated) {
        unit_done(err);
        ck_assert(!ex.is_reused && ex.is_answered);
        ck_assert_int_eq(seen.last.body, (long long)ex.body_len);
    }
    else {
        unit_failed(err, FPI_E_CLOUD);
        ck_assert(ex.is_reused && !ex.is_answered);
    }
    ck_assert_int_eq(seen.requests, cases[_i].is_repeated ? 3 : 2);
    ck_assert_int_eq(seen.connections, cases[_i].is_repeated ? 2 : 1);
    unit_done(call(c, "GET", "/ok"));
}
END_TEST

static fpi_err_t *give_hello(void *baton, char *data, size_t room, size_t *len)
{
    int *left = baton;

    *len = *left > 5 ? 5 : (size_t)*left;
    memcpy(data, "hello", *len);
    *left -= (int)*len;
    return NULL;
}

START_TEST(test_dead_kept_connection_source)
{
    fpi_http_client_t *c = client();
    int left = 5;

    unit_done(call(c, "GET", "/ok"));
    ex.source = give_hello;
    ex.source_len = 5;
    ex.baton = &left;
    unit_failed(call(c, "PUT", "/die-later"), FPI_E_CLOUD);
    ck_assert(ex.is_sent && ex.is_reused && !ex.is_answered);
    ck_assert_int_eq(seen.requests, 2);
}
END_TEST

START_TEST(test_no_connection)
{
    fpi_http_client_t *c = client();
    fpi_err_t *err;

    ex.body = "x";
    ex.body_len = 1;
    close_peer();
    unit_failed(call(c, "POST", "/ok"), FPI_E_CLOUD);
    ck_assert(!ex.is_connected && !ex.is_sent && !ex.is_answered && !ex.is_reused);
    ck_assert_int_eq(ex.status, 0);
    open_peer();
    ex.url = "http://no-such-host.invalid/";
    err = fpi_http_perform(c, &ex, task);
    /* without any name server it may be the time that ends it */
    unit_failed(err, err && err->code == FPI_E_CLOUD_LATE ? FPI_E_CLOUD_LATE : FPI_E_CLOUD);
    ck_assert(!ex.is_connected);
}
END_TEST

START_TEST(test_tls_with_plain_peer)
{
    fpi_http_client_t *c = client();

    ex.method = "GET";
    ex.url = apr_psprintf(task->pool, "https://127.0.0.1:%d/?token=hidden", peer.port);
    for (int i = 0; i < 2; i++) {
        fpi_err_t *err = fpi_http_perform(c, &ex, task);

        ck_assert_ptr_nonnull(err);
        /* the plain peer waits for a line and says nothing */
        ck_assert(err->code == FPI_E_CLOUD || err->code == FPI_E_CLOUD_LATE);
        ck_assert_ptr_null(strstr(err->detail, "hidden"));
        ck_assert(!ex.is_sent && !ex.is_connected);
    }
}
END_TEST

static bool refuse_loopback(void *baton, const char *host, int port, const struct sockaddr *address)
{
    int *asked = baton;

    ck_assert_str_eq(host, "127.0.0.1");
    ck_assert_int_eq(port, peer.port);
    (*asked)++;
    return !fpi_address_is_private(address);
}

START_TEST(test_may_connect)
{
    int asked = 0;
    fpi_err_t *err;

    options.may_connect = refuse_loopback;
    options.baton = &asked;
    err = call(client(), "GET", "/ok");
    unit_failed(err, FPI_E_FOREIGN);
    ck_assert_ptr_nonnull(strstr(err->detail, "127.0.0.1 is not allowed"));
    ck_assert_int_ge(asked, 1);
    ck_assert_int_eq(seen.connections, 0);
}
END_TEST

/* ---- failures ---- */

START_TEST(test_failure)
{
    static const struct {
        const char *path;
        fpi_code_t code;
        const char *says;
        bool is_answered;
    } cases[] = {
        { "/silent", FPI_E_CLOUD_LATE, "no answer's head within 400 ms", false },
        { "/drip", FPI_E_CLOUD_LATE, "no answer's head within 400 ms", true },
        { "/stall", FPI_E_CLOUD_LATE, "not a byte moved within 600 ms", true },
        { "/cut", FPI_E_CLOUD, "cut short", true },
        { "/cut-chunk", FPI_E_CLOUD, "cut short", true },
        { "/bad-chunk", FPI_E_CLOUD, "broken answer", true },
        { "/garbage", FPI_E_CLOUD, "broken answer", false },
        { "/nothing", FPI_E_CLOUD, "without an answer", false },
        { "/reset", FPI_E_CLOUD, "the connection broke", false },
        { "/long-head", FPI_E_CLOUD, "256 lines", true },
        { "/wide-head", FPI_E_CLOUD, "131072 bytes", true },
        { "/big", FPI_E_TOO_LARGE, "10000 bytes", true },
    };
    fpi_http_client_t *c = client();
    fpi_err_t *err = call(c, "POST", cases[_i].path);

    unit_failed(err, cases[_i].code);
    ck_assert_msg(strstr(err->detail, cases[_i].says), "%s", err->detail);
    ck_assert(ex.is_connected && ex.is_sent && !ex.is_reused);
    ck_assert_int_eq(ex.is_answered, cases[_i].is_answered);
    ck_assert_int_eq(seen.requests, 1);
    ck_assert_int_eq(fpi_http_in_use(c), 0);
    /* the broken connection is not used again, and the handle is fine */
    unit_done(call(c, "GET", "/ok"));
    ck_assert(!ex.is_reused);
}
END_TEST

START_TEST(test_slow_is_not_idle)
{
    unit_done(call(client(), "GET", "/slow"));
    ck_assert_str_eq(ex.reply->data, "xxxxxxxxxx");
}
END_TEST

START_TEST(test_deadline)
{
    fpi_http_client_t *c = client();
    apr_time_t start = fpi_clock_tick();
    fpi_err_t *err;

    fpi_task_limit(task, MS(250));
    err = call(c, "GET", "/silent");
    unit_failed(err, FPI_E_CLOUD_LATE);
    ck_assert_ptr_nonnull(strstr(err->detail, "deadline"));
    ck_assert(fpi_clock_tick() - start < MS(2000));
    /* past it nothing is begun */
    unit_failed(call(c, "GET", "/silent"), FPI_E_CLOUD_LATE);
}
END_TEST

START_TEST(test_connect_limit)
{
    fpi_err_t *err;

    /* a queue of one, full: further connections are not answered */
    int full = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int held[4];

    ck_assert_int_eq(bind(full, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(full, 0), 0);
    ck_assert_int_eq(getsockname(full, (struct sockaddr *)&at, &len), 0);
    for (int i = 0; i < 4; i++) {
        held[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(held[i], (struct sockaddr *)&at, len);
    }
    options.times.connect = MS(200);
    ex.method = "GET";
    ex.url = apr_psprintf(task->pool, "http://127.0.0.1:%d/", ntohs(at.sin_port));
    err = fpi_http_perform(client(), &ex, task);
    unit_failed(err, FPI_E_CLOUD_LATE);
    ck_assert_msg(strstr(err->detail, "no connection within 200 ms"), "%s", err->detail);
    ck_assert(!ex.is_connected && !ex.is_sent);
    for (int i = 0; i < 4; i++) {
        close(held[i]);
    }
    close(full);
}
END_TEST

/* ---- bodies that stream ---- */

typedef struct stream_t {
    long long left, got;
    int status, heads, pause_ms, asked;
    fpi_code_t fail;
    bool gone;
} stream_t;

static fpi_err_t *give_zeros(void *baton, char *data, size_t room, size_t *len)
{
    stream_t *s = baton;

    if (s->fail && s->left < 100) {
        return fpi_fail(task, s->fail, "the source failed");
    }
    usleep((unsigned)s->pause_ms * 1000);
    *len = (long long)room < s->left ? room : (size_t)s->left;
    memset(data, 0, *len);
    s->left -= (long long)*len;
    return NULL;
}

static fpi_err_t *take_head(void *baton, int status, const apr_table_t *headers)
{
    stream_t *s = baton;

    s->status = status;
    s->heads++;
    return s->fail == FPI_E_STATE ? fpi_fail(task, s->fail, "the head failed") : NULL;
}

static fpi_err_t *take_bytes(void *baton, const char *data, size_t len)
{
    stream_t *s = baton;

    ck_assert_int_eq(s->heads, 1);
    usleep((unsigned)s->pause_ms * 1000);
    s->got += (long long)len;
    return s->fail == FPI_E_STORE ? fpi_fail(task, s->fail, "the sink failed") : NULL;
}

static bool ask_gone(void *baton)
{
    stream_t *s = baton;

    s->asked++;
    return s->gone;
}

static long resident_kib(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%ld %ld", &size, &resident), 2);
    fclose(statm);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

START_TEST(test_stream_answer)
{
    stream_t s = { 0 };
    long before;
    fpi_http_client_t *c = client();

    unit_done(call(c, "GET", "/ok"));
    before = resident_kib();
    ex.head = take_head;
    ex.sink = take_bytes;
    ex.baton = &s;
    unit_done(call(c, "GET", "/big"));
    ck_assert_int_eq(s.got, BIG);
    ck_assert_int_eq(s.status, 200);
    ck_assert_ptr_null(ex.reply);
    ck_assert_int_lt(resident_kib() - before, 16 * 1024);
}
END_TEST

START_TEST(test_stream_request)
{
    stream_t s = { .left = BIG };
    long before;
    fpi_http_client_t *c = client();

    unit_done(call(c, "GET", "/ok"));
    before = resident_kib();
    ex.source = give_zeros;
    ex.source_len = _i == 0 ? BIG : -1;
    ex.baton = &s;
    unit_done(call(c, "POST", "/ok"));
    ck_assert_str_eq(ex.reply->data, "hello");
    ck_assert_int_eq(seen.last.body, BIG);
    ck_assert(_i == 0 ? has_line(apr_psprintf(task->pool, "Content-Length: %d", BIG))
                      : has_line("Transfer-Encoding: chunked"));
    ck_assert(ex.is_sent && ex.is_reused);
    ck_assert_int_lt(resident_kib() - before, 16 * 1024);
}
END_TEST

START_TEST(test_empty_source)
{
    stream_t s = { 0 };

    ex.source = give_zeros;
    ex.source_len = _i == 0 ? 0 : -1;
    ex.baton = &s;
    unit_done(call(client(), "POST", "/ok"));
    ck_assert_int_eq(seen.last.body, 0);
    ck_assert(_i == 0 ? has_line("Content-Length: 0") : has_line("Transfer-Encoding: chunked"));
}
END_TEST

/* A slow caller is not a slow peer: pauses in source() and sink() are longer than the limits. */
START_TEST(test_slow_caller)
{
    stream_t s = { .left = 3, .pause_ms = 700 };

    ex.source = give_zeros;
    ex.source_len = 3;
    ex.sink = take_bytes;
    ex.head = take_head;
    ex.baton = &s;
    unit_done(call(client(), "POST", "/ok"));
    ck_assert_int_eq(s.got, 5);
}
END_TEST

/* ---- sources that do not block ---- */

/* Bytes come through a pipe; its end stays open until all has come. */
typedef struct later_t {
    int ends[2], asked, pieces;
    int64_t left;
    bool has_fd;
} later_t;

static fpi_err_t *give_later(void *baton, char *data, size_t room, size_t *len)
{
    later_t *l = baton;
    ssize_t n = l->left ? read(l->ends[0], data, room) : 0;

    l->asked++;
    *len = n < 0 ? FPI_HTTP_LATER : (size_t)n;
    l->left -= n > 0 ? n : 0;
    return NULL;
}

static int later_fd(void *baton)
{
    const later_t *l = baton;

    return l->has_fd ? l->ends[0] : -1;
}

static void *feed(void *data)
{
    later_t *l = data;

    for (int i = 0; i < l->pieces; i++) {
        usleep(120 * 1000);
        ck_assert_int_eq(write(l->ends[1], "abcd", 4), 4);
    }
    return NULL;
}

static void later_open(later_t *l, int64_t left)
{
    memset(l, 0, sizeof(*l));
    l->left = left;
    l->has_fd = true;
    ck_assert_int_eq(pipe(l->ends), 0);
    ck_assert_int_eq(fcntl(l->ends[0], F_SETFL, O_NONBLOCK), 0);
    ex.source = give_later;
    ex.source_fd = later_fd;
    ex.baton = l;
}

static void later_close(later_t *l)
{
    close(l->ends[0]);
    close(l->ends[1]);
}

/* Waits with the upload, longer than the peer may be idle, and is woken by what comes. */
START_TEST(test_source_later)
{
    apr_time_t start = fpi_clock_tick();
    pthread_t thread;
    later_t l;

    options.times.idle = options.times.first_byte = MS(100);
    later_open(&l, 20);
    l.pieces = 5;
    ex.source_len = _i == 0 ? 20 : -1;
    ck_assert_int_eq(pthread_create(&thread, NULL, feed, &l), 0);
    unit_done(call(client(), "POST", "/ok"));
    pthread_join(thread, NULL);
    later_close(&l);
    ck_assert_int_eq(seen.last.body, 20);
    ck_assert_int_lt(fpi_clock_tick() - start, MS(2000));
    ck_assert_int_lt(l.asked, 40); /* it is not asked all the time */
}
END_TEST

START_TEST(test_source_later_without_a_descriptor)
{
    pthread_t thread;
    later_t l;

    later_open(&l, 4);
    l.pieces = 1;
    l.has_fd = false;
    ex.source_len = 4;
    ck_assert_int_eq(pthread_create(&thread, NULL, feed, &l), 0);
    unit_done(call(client(), "POST", "/ok"));
    pthread_join(thread, NULL);
    later_close(&l);
    ck_assert_int_eq(seen.last.body, 4);
    ck_assert_int_lt(l.asked, 6);
}
END_TEST

START_TEST(test_early_answer_while_the_source_is_dry)
{
    apr_time_t start = fpi_clock_tick();
    later_t l;

    later_open(&l, 1000);
    ck_assert_int_eq(write(l.ends[1], "abcd", 4), 4);
    ex.source_len = _i == 0 ? 1000 : -1;
    unit_done(call(client(), "POST", "/early"));
    ck_assert_int_eq(ex.status, 413);
    ck_assert_str_eq(ex.reply->data, "big");
    ck_assert_int_lt(fpi_clock_tick() - start, MS(1500));
    later_close(&l);
}
END_TEST

static void *call_off(void *data);

START_TEST(test_called_off_while_the_source_is_dry)
{
    apr_time_t start = fpi_clock_tick();
    pthread_t thread;
    later_t l;

    later_open(&l, 1000);
    ex.source_len = 1000;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_off, task), 0);
    unit_failed(call(client(), "POST", "/ok"), FPI_E_GONE);
    pthread_join(thread, NULL);
    later_close(&l);
    ck_assert_int_lt(fpi_clock_tick() - start, MS(2000));
}
END_TEST

START_TEST(test_failing_callback)
{
    static const struct {
        fpi_code_t fail;
        bool is_sent;
    } cases[] = { { FPI_E_GONE, false }, { FPI_E_STATE, true }, { FPI_E_STORE, true } };
    stream_t s = { .left = 3, .fail = cases[_i].fail };
    fpi_http_client_t *c = client();

    if (cases[_i].fail == FPI_E_GONE) {
        ex.source = give_zeros;
        ex.source_len = 3;
    }
    ex.head = take_head;
    ex.sink = take_bytes;
    ex.baton = &s;
    unit_failed(call(c, "POST", "/ok"), cases[_i].fail);
    ck_assert_int_eq(ex.is_sent, cases[_i].is_sent);
    memset(&ex, 0, sizeof(ex));
    unit_done(call(c, "GET", "/ok"));
    ck_assert(!ex.is_reused);
}
END_TEST

START_TEST(test_short_source)
{
    stream_t s = { .left = 3 };

    ex.source = give_zeros;
    ex.source_len = 5;
    ex.baton = &s;
    unit_failed(call(client(), "POST", "/ok"), FPI_E_INTERNAL);
}
END_TEST

/* An answer in mid-upload ends the upload. */
START_TEST(test_early_answer)
{
    stream_t s = { .left = BIG, .pause_ms = 1 };

    ex.source = give_zeros;
    ex.source_len = BIG;
    ex.baton = &s;
    (void)!call(client(), "POST", "/early");
    ck_assert_int_eq(ex.status, 413);
    ck_assert(ex.is_answered && s.left > 0);
}
END_TEST

START_TEST(test_peer_takes_nothing)
{
    stream_t s = { .left = BIG };
    fpi_err_t *err;

    ex.source = give_zeros;
    ex.source_len = BIG;
    ex.baton = &s;
    err = call(client(), "POST", "/unread");
    unit_failed(err, FPI_E_CLOUD_LATE);
    ck_assert_ptr_nonnull(strstr(err->detail, "not a byte moved"));
    ck_assert(ex.is_sent && !ex.is_answered);
}
END_TEST

/* ---- calling off ---- */

START_TEST(test_is_gone)
{
    stream_t s = { .gone = _i == 0 };
    apr_time_t start = fpi_clock_tick();
    fpi_err_t *err;

    options.times.first_byte = MS(2500);
    ex.is_gone = ask_gone;
    ex.baton = &s;
    err = call(client(), "GET", "/silent");
    unit_failed(err, _i == 0 ? FPI_E_GONE : FPI_E_CLOUD_LATE);
    ck_assert(s.asked >= 1 && s.asked <= (_i == 0 ? 1 : 2));
    ck_assert(_i == 1 || fpi_clock_tick() - start < MS(2000));
}
END_TEST

static void *call_off(void *data)
{
    usleep(100 * 1000);
    __atomic_store_n(&((fpi_task_t *)data)->called_off, 1, __ATOMIC_RELAXED);
    return NULL;
}

START_TEST(test_called_off)
{
    pthread_t thread;

    options.times.first_byte = MS(2500);
    ck_assert_int_eq(pthread_create(&thread, NULL, call_off, task), 0);
    unit_failed(call(client(), "GET", "/silent"), FPI_E_GONE);
    pthread_join(thread, NULL);
}
END_TEST

/* ---- slots ---- */

typedef struct other_t {
    fpi_http_client_t *client;
    const char *url;
    int calls, done;
} other_t;

static void *call_often(void *data)
{
    other_t *other = data;
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return NULL;
    }
    for (int i = 0; i < other->calls; i++) {
        fpi_task_t *own = fpi_task_make(pool, NULL);
        fpi_http_exchange_t x = { .method = "GET", .url = other->url, .reply_max = 100 };

        other->done += fpi_http_perform(other->client, &x, own) == NULL && x.status == 200;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

START_TEST(test_no_slot)
{
    pthread_t thread;
    other_t other;
    fpi_err_t *err;

    options.slots = 1;
    options.times.first_byte = MS(2000);
    other = (other_t){ client(), url("/silent"), 1, 0 };
    ck_assert_int_eq(pthread_create(&thread, NULL, call_often, &other), 0);
    while (fpi_http_in_use(other.client) == 0) {
        usleep(1000);
    }
    err = call(other.client, "GET", "/ok");
    unit_failed(err, FPI_E_SLOTS);
    ck_assert_int_gt(err->retry_after, 0);
    ck_assert(!ex.is_sent);
    pthread_join(thread, NULL);
    unit_done(call(other.client, "GET", "/ok"));
}
END_TEST

/* Eight threads on four slots: all are served, over few connections. */
START_TEST(test_many_threads)
{
    pthread_t threads[8];
    other_t others[8];
    fpi_http_client_t *c;

    options.slot_wait = MS(20000);
    options.times.first_byte = MS(20000);
    c = client();
    for (int i = 0; i < 8; i++) {
        others[i] = (other_t){ c, url("/ok"), 200, 0 };
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, &others[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(others[i].done, 200);
    }
    look();
    ck_assert_int_eq(seen.requests, 1600);
    ck_assert_int_le(seen.connections, 4);
    ck_assert_int_eq(fpi_http_in_use(c), 0);
}
END_TEST

START_TEST(test_bad_options)
{
    fpi_http_client_t *c;

    options.slots = 0;
    unit_failed(fpi_http_client_make(&c, task->pool, &options, task), FPI_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(fpi_http_version(), "libcurl"));
}
END_TEST

/* ---- URLs and addresses ---- */

START_TEST(test_url)
{
    static const struct {
        const char *text, *scheme, *host;
        int port;
        const char *path, *query;
    } cases[] = {
        { "http://a", "http", "a", 80, "/", NULL },
        { "HTTPS://Api.Example.COM:8443/test/?a=b?c#frag", "https", "api.example.com", 8443,
          "/test/", "a=b?c" },
        { "https://a?q", "https", "a", 443, "/", "q" },
        { "https://a#f", "https", "a", 443, "/", NULL },
        { "http://[::1]:8080/x", "http", "::1", 8080, "/x", NULL },
        { "http://[2001:DB8::1]", "http", "2001:db8::1", 80, "/", NULL },
        { "http://a/?", "http", "a", 80, "/", "" },
        { "http://a/@b:c", "http", "a", 80, "/@b:c", NULL },
        { "http://a/\xE5\x8F\x91.pdf", "http", "a", 80, "/\xE5\x8F\x91.pdf", NULL },
        { "", NULL, NULL, 0, NULL, NULL },
        { "/path", NULL, NULL, 0, NULL, NULL },
        { "//a/b", NULL, NULL, 0, NULL, NULL },
        { "ftp://a", NULL, NULL, 0, NULL, NULL },
        { "http:/a", NULL, NULL, 0, NULL, NULL },
        { "http://", NULL, NULL, 0, NULL, NULL },
        { "http:///x", NULL, NULL, 0, NULL, NULL },
        { "http://u@a/", NULL, NULL, 0, NULL, NULL },
        { "http://u:p@a/", NULL, NULL, 0, NULL, NULL },
        { "http://a:/", NULL, NULL, 0, NULL, NULL },
        { "http://a:0/", NULL, NULL, 0, NULL, NULL },
        { "http://a:65536/", NULL, NULL, 0, NULL, NULL },
        { "http://a:-1/", NULL, NULL, 0, NULL, NULL },
        { "http://a:80:81/", NULL, NULL, 0, NULL, NULL },
        { "http://a\\b/", NULL, NULL, 0, NULL, NULL },
        { "http://a/ b", NULL, NULL, 0, NULL, NULL },
        { "http://a/\tb", NULL, NULL, 0, NULL, NULL },
        { "http://a%00b/", NULL, NULL, 0, NULL, NULL },
        { "http://a/\xFF", NULL, NULL, 0, NULL, NULL },
        { "http://\xE5\x8F\x91.cn/", NULL, NULL, 0, NULL, NULL },
        { "http://[::1/", NULL, NULL, 0, NULL, NULL },
        { "http://[::1]x/", NULL, NULL, 0, NULL, NULL },
        { "http://[fe80::1%25eth0]/", NULL, NULL, 0, NULL, NULL },
    };
    fpi_url_t u;
    fpi_err_t *err = fpi_url_parse(&u, cases[_i].text, task);

    if (!cases[_i].scheme) {
        unit_failed(err, FPI_E_FIELD);
        return;
    }
    unit_done(err);
    ck_assert_str_eq(u.scheme, cases[_i].scheme);
    ck_assert_str_eq(u.host, cases[_i].host);
    ck_assert_int_eq(u.port, cases[_i].port);
    ck_assert_str_eq(u.path, cases[_i].path);
    ck_assert_pstr_eq(u.query, cases[_i].query);
}
END_TEST

START_TEST(test_address)
{
    static const struct {
        const char *text;
        bool is_private;
    } cases[] = {
        { "0.0.0.0", true }, { "10.1.2.3", true }, { "100.64.0.1", true }, { "100.128.0.1", false },
        { "127.0.0.1", true }, { "127.255.255.255", true }, { "128.0.0.1", false },
        { "169.254.169.254", true }, { "172.15.255.255", false }, { "172.16.0.1", true },
        { "172.31.255.255", true }, { "172.32.0.1", false }, { "192.168.1.1", true },
        { "192.167.255.255", false }, { "198.18.0.1", true }, { "198.20.0.1", false },
        { "224.0.0.1", true }, { "255.255.255.255", true }, { "8.8.8.8", false },
        { "223.5.5.5", false }, { "203.0.113.9", true }, { "192.0.2.1", true },
        { "::", true }, { "::1", true }, { "::ffff:127.0.0.1", true }, { "::ffff:8.8.8.8", false },
        { "::127.0.0.1", true }, { "64:ff9b::7f00:1", true }, { "64:ff9b::808:808", false },
        { "64:ff9b:1::1", true }, { "fe80::1", true }, { "fc00::1", true }, { "fd12::1", true },
        { "fec0::1", true }, { "ff02::1", true }, { "2001:db8::1", true }, { "2001::1", true },
        { "2002:7f00:1::", true }, { "2002:808:808::", false }, { "2400:3200::1", false },
        { "2001:4860:4860::8888", false }, { "100::1", true }, { "3fff:1::1", true },
    };
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    struct sockaddr *address = (struct sockaddr *)&v4;

    if (inet_pton(AF_INET, cases[_i].text, &v4.sin_addr) != 1) {
        ck_assert_int_eq(inet_pton(AF_INET6, cases[_i].text, &v6.sin6_addr), 1);
        address = (struct sockaddr *)&v6;
    }
    ck_assert_msg(fpi_address_is_private(address) == cases[_i].is_private, "%s", cases[_i].text);
}
END_TEST

/* What no service of a private network has, either. */
START_TEST(test_link_address)
{
    static const struct {
        const char *text;
        bool is_link;
    } cases[] = {
        { "0.0.0.0", true }, { "0.1.2.3", true }, { "169.254.169.254", true }, { "169.253.1.1", false }, { "224.0.0.1", true },
        { "255.255.255.255", true }, { "10.1.2.3", false }, { "127.0.0.1", false }, { "192.168.1.1", false },
        { "fe80::1", true }, { "febf::1", true }, { "fec0::1", false }, { "ff02::1", true }, { "::1", false },
        { "fd12::1", false }, { "::ffff:169.254.169.254", true }, { "::ffff:10.0.0.1", false },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        bool is_v4 = inet_pton(AF_INET, cases[i].text, &v4.sin_addr) == 1;

        ck_assert(is_v4 || inet_pton(AF_INET6, cases[i].text, &v6.sin6_addr) == 1);
        ck_assert_msg(fpi_address_is_link(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6) == cases[i].is_link, "%s",
                      cases[i].text);
    }
}
END_TEST

START_TEST(test_own_address)
{
    static const struct {
        const char *text;
        bool is_own;
    } cases[] = {
        { "127.0.0.1", true }, { "127.9.9.9", true }, { "0.0.0.0", true }, { "10.1.2.3", false }, { "169.254.169.254", false },
        { "192.168.1.1", false }, { "8.8.8.8", false }, { "::1", true }, { "::", true }, { "::127.0.0.1", true },
        { "::ffff:127.0.0.1", true }, { "::ffff:10.0.0.1", false }, { "fd12::1", false }, { "fe80::1", false },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        bool is_v4 = inet_pton(AF_INET, cases[i].text, &v4.sin_addr) == 1;

        ck_assert(is_v4 || inet_pton(AF_INET6, cases[i].text, &v6.sin6_addr) == 1);
        ck_assert_msg(fpi_address_is_own(is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6) == cases[i].is_own, "%s",
                      cases[i].text);
    }
}
END_TEST

static TCase *peer_case(Suite *suite, const char *name, bool direct)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, direct ? open_both_direct : open_both, close_both);
    tcase_set_timeout(made, 120);
    suite_add_tcase(suite, made);
    return made;
}

static void add_exchanges(Suite *suite, bool direct)
{
    TCase *tc = peer_case(suite, direct ? "exchange, direct" : "exchange", direct);

    tcase_add_loop_test(tc, test_answer, 0, 10);
    tcase_add_test(tc, test_answer_headers);
    tcase_add_test(tc, test_request_head);
    tcase_add_test(tc, test_no_leftovers);
    tcase_add_loop_test(tc, test_request_refused, 0, 10);
    tc = peer_case(suite, direct ? "connections, direct" : "connections", direct);
    tcase_add_test(tc, test_reuse);
    tcase_add_test(tc, test_closed_kept_connection);
    tcase_add_loop_test(tc, test_dead_kept_connection, 0, 7);
    tcase_add_test(tc, test_dead_kept_connection_source);
    tcase_add_test(tc, test_no_connection);
    tcase_add_test(tc, test_tls_with_plain_peer);
    tcase_add_test(tc, test_may_connect);
    tc = peer_case(suite, direct ? "failures, direct" : "failures", direct);
    tcase_add_loop_test(tc, test_failure, 0, 12);
    tcase_add_test(tc, test_slow_is_not_idle);
    tcase_add_test(tc, test_deadline);
    tcase_add_test(tc, test_connect_limit);
    tcase_add_loop_test(tc, test_is_gone, 0, 2);
    tcase_add_test(tc, test_called_off);
    tc = peer_case(suite, direct ? "streams, direct" : "streams", direct);
    tcase_add_test(tc, test_stream_answer);
    tcase_add_loop_test(tc, test_stream_request, 0, 2);
    tcase_add_loop_test(tc, test_empty_source, 0, 2);
    tcase_add_test(tc, test_slow_caller);
    tcase_add_loop_test(tc, test_source_later, 0, 2);
    tcase_add_test(tc, test_source_later_without_a_descriptor);
    tcase_add_loop_test(tc, test_early_answer_while_the_source_is_dry, 0, 2);
    tcase_add_test(tc, test_called_off_while_the_source_is_dry);
    tcase_add_loop_test(tc, test_failing_callback, 0, 3);
    tcase_add_test(tc, test_short_source);
    tcase_add_test(tc, test_early_answer);
    tcase_add_test(tc, test_peer_takes_nothing);
    tc = peer_case(suite, direct ? "slots, direct" : "slots", direct);
    tcase_add_test(tc, test_no_slot);
    tcase_add_test(tc, test_many_threads);
    tcase_add_test(tc, test_bad_options);
}

int main(void)
{
    Suite *suite = suite_create("http");
    TCase *tc;

    signal(SIGPIPE, SIG_IGN);
    fpi_http_setup();
    add_exchanges(suite, false);
    add_exchanges(suite, true);
    tc = unit_case(suite, "urls");
    tcase_add_loop_test(tc, test_url, 0, 32);
    tcase_add_loop_test(tc, test_address, 0, 43);
    tcase_add_test(tc, test_link_address);
    tcase_add_test(tc, test_own_address);
    return unit_run(suite);
}
