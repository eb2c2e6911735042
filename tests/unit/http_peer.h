/* A peer of the client that follows a script, and our side of the exchange: what each path does is listed at `scripts`. Both
 * ways of an exchange, libcurl's and our own framing, have to pass the same.
 *
 * Life:    the peer is opened before each test and closed after it.
 * Threads: the peer has one for each connection; `lock` guards what they share.
 * Limits:  heads of 64 KiB; bodies are counted only. */
#ifndef FPI_HTTP_PEER_H
#define FPI_HTTP_PEER_H

#include "unit.h"
#include "wire/http.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <netinet/in.h>
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

static inline void look(void)
{
    pthread_mutex_lock(&peer.lock);
    seen = peer.seen;
    pthread_mutex_unlock(&peer.lock);
}

/* Sleeps, but not past the end of the test. */
static inline void rest(int ms)
{
    for (bool closing = false; ms > 0 && !closing; ms -= 10) {
        usleep(10 * 1000);
        pthread_mutex_lock(&peer.lock);
        closing = peer.is_closing;
        pthread_mutex_unlock(&peer.lock);
    }
}

static inline bool send_all(int fd, const char *data, size_t len)
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

static inline bool say(int fd, const char *text)
{
    return send_all(fd, text, strlen(text));
}

/* Ends the connection as a crash would: what was not read makes it a reset. */
static inline bool reset(int fd)
{
    const struct linger now = { 1, 0 };

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    return false;
}

static inline bool do_ok(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
}

static inline bool do_chunked(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                   "3\r\nabc\r\n") && say(fd, "4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n");
}

static inline bool do_interim(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
                   "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                   "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nX-Late: 1\r\n\r\nok");
}

static inline bool do_headers(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2, c\r\nX-Empty:\r\n"
                   "X-Fold: one\r\n \t two\r\nX-Blank: \t v \t\r\nContent-Length: 0\r\n\r\n");
}

static inline bool do_redirect(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n");
}

static inline bool do_no_content(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 204 No Content\r\n\r\n");
}

static inline bool do_head_only(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 123456\r\n\r\n");
}

static inline bool do_until_close(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.0 200 OK\r\n\r\nto the end") && false;
}

static inline bool do_silent(int fd, const request_t *rq)
{
    rest(3000);
    return false;
}

static inline bool do_drip(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 20 && say(fd, "X-Drip: 1\r\n"); i++) {
        rest(100);
    }
    return false;
}

static inline bool do_stall(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    rest(3000);
    return false;
}

static inline bool do_slow(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    for (int i = 0; i < 10 && say(fd, "x"); i++) {
        rest(100);
    }
    return true;
}

static inline bool do_cut(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this") && false;
}

static inline bool do_cut_chunk(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n") && false;
}

static inline bool do_bad_chunk(int fd, const request_t *rq)
{
    return say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n")
           && false;
}

static inline bool do_garbage(int fd, const request_t *rq)
{
    return say(fd, "this is no HTTP at all\r\n\r\n") && false;
}

static inline bool do_nothing(int fd, const request_t *rq)
{
    return false;
}

static inline bool do_reset(int fd, const request_t *rq)
{
    return reset(fd);
}

/* Serves one request on each connection; takes a second one and dies of it. */
static inline bool do_die_later(int fd, const request_t *rq)
{
    return rq->on_connection == 1 ? do_ok(fd, rq) : reset(fd);
}

/* Closes a connection that it had said nothing about closing. */
static inline bool do_close_after(int fd, const request_t *rq)
{
    return do_ok(fd, rq) && false;
}

static inline bool do_long_head(int fd, const request_t *rq)
{
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000 && say(fd, "X-Many: 1\r\n"); i++) {
    }
    say(fd, "Content-Length: 0\r\n\r\n");
    return false;
}

static inline bool do_wide_head(int fd, const request_t *rq)
{
    static char line[1000];

    memset(line, 'x', sizeof(line) - 1);
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 200 && say(fd, "X-Wide: ") && say(fd, line) && say(fd, "\r\n"); i++) {
    }
    say(fd, "Content-Length: 0\r\n\r\n");
    return false;
}

static inline bool do_big(int fd, const request_t *rq)
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
static inline bool do_early(int fd, const request_t *rq)
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

static inline int find_script(const char *path)
{
    for (int i = 0; i < UNIT_COUNT(scripts); i++) {
        if (strcmp(scripts[i].path, path) == 0) {
            return i;
        }
    }
    return 0;
}

/* One byte at a time: what follows the head stays in the socket. */
static inline bool read_line(FILE *in, char *line, size_t room)
{
    return fgets(line, (int)room, in) != NULL;
}

static inline bool read_head(FILE *in, request_t *rq)
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

static inline bool skip_body(FILE *in, request_t *rq, long long len)
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

static inline bool read_body(FILE *in, request_t *rq)
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

static inline void note(const request_t *rq)
{
    pthread_mutex_lock(&peer.lock);
    peer.seen.last = *rq;
    peer.seen.requests++;
    pthread_mutex_unlock(&peer.lock);
}

static inline bool serve_one(int fd, FILE *in, request_t *rq)
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

static inline int count_threads(int change)
{
    int n;

    pthread_mutex_lock(&peer.lock);
    n = peer.threads += change;
    pthread_mutex_unlock(&peer.lock);
    return n;
}

static inline void *serve(void *data)
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

static inline void *accept_all(void *data)
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

static inline void open_peer(void)
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
static inline void wait_served(void)
{
    for (int i = 0; i < 500 && count_threads(0) > 0; i++) {
        usleep(10 * 1000);
    }
}

static inline void close_peer(void)
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

static inline void open_both(void)
{
    unit_open();
    open_peer();
    options = (fpi_http_options_t){ .slots = 4, .slot_wait = MS(200), .user_agent = "unit/1",
        .times = { .connect = MS(2000), .first_byte = MS(400), .idle = MS(600) } };
    memset(&ex, 0, sizeof(ex));
}

static inline void open_both_direct(void)
{
    open_both();
    options.is_direct = true;
}

static inline void close_both(void)
{
    unit_close();
    close_peer();
}

static inline const char *url(const char *path)
{
    return apr_psprintf(task->pool, "http://127.0.0.1:%d%s", peer.port, path);
}

static inline fpi_http_client_t *client(void)
{
    fpi_http_client_t *made = NULL;

    unit_done(fpi_http_client_make(&made, task->pool, &options, task));
    return made;
}

static inline fpi_err_t *call(fpi_http_client_t *c, const char *method, const char *path)
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

static inline bool has_line(const char *line)
{
    return strstr(seen.last.head, apr_pstrcat(task->pool, "\r\n", line, "\r\n", NULL)) != NULL;
}

/* ---- cases ---- */

static inline TCase *peer_case(Suite *suite, const char *name, bool direct)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, direct ? open_both_direct : open_both, close_both);
    tcase_set_timeout(made, 120);
    suite_add_tcase(suite, made);
    return made;
}

/* Runs the suite, whose cases `add` adds, for both ways of an exchange; what main returns. */
static inline int peer_run(Suite *suite, void (*add)(Suite *suite, bool direct))
{
    signal(SIGPIPE, SIG_IGN);
    fpi_http_setup();
    add(suite, false);
    add(suite, true);
    return unit_run(suite);
}

#endif
