/* A peer in the same process that answers as a test says: one thread for each connection, kept alive.
 *
 * Life:    from fake_open to fake_close, within one test.
 * Threads: `answer` is called by many at once; `lock` guards the counters and `last`.
 * Limits:  heads of 32 KiB; of a body 256 KiB are kept, more is counted only. */
#ifndef FPI_FAKECLOUD_H
#define FPI_FAKECLOUD_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAKE_HEAD = 32 * 1024, FAKE_BODY = 256 * 1024, FAKE_CONNECTIONS = 256 };

typedef struct fake_request_t {
    char method[16], target[16 * 1024];
    char head[FAKE_HEAD];   /* header lines, each with its line end */
    char body[FAKE_BODY + 1];
    size_t body_len;        /* all of it */
    int on_connection;      /* 1: the first one on its connection */
} fake_request_t;

typedef struct fake_t fake_t;
/* Writes the whole answer; false: close the connection. */
typedef bool fake_answer_fn(fake_t *fake, int fd, const fake_request_t *rq);

typedef struct fake_connection_t {
    fake_t *fake;
    pthread_t thread;
    int fd;
} fake_connection_t;

struct fake_t {
    int listener, port;
    char base[64];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    fake_answer_fn *answer;
    int delay_ms;            /* before each answer */
    int requests, tokens;    /* tokens: of them token calls */
    fake_request_t last;     /* that was no token call */
    fake_connection_t connections[FAKE_CONNECTIONS];
    int connection_count;
    size_t body_seen;        /* bytes of bodies so far, for tests that watch them come */
    char token_body[1024];   /* of the last token call */
    const char *refuse;      /* what token calls are answered with; NULL: a token */
    int refuse_status;
    int expires_in;
};

static inline bool fake_send(int fd, const char *data, size_t len)
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

static inline bool fake_say(int fd, const char *text)
{
    return fake_send(fd, text, strlen(text));
}

/* `headers`: further lines, each with its line end. */
static inline bool fake_reply(int fd, int status, const char *headers, const char *body)
{
    char head[4096];

    snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %lu\r\n%s\r\n", status,
             (unsigned long)strlen(body), headers);
    return fake_say(fd, head) && fake_say(fd, body);
}

/* The value of the first header of this name, in a buffer of the caller; false when there is none. */
static inline bool fake_header(char *out, size_t room, const fake_request_t *rq, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = rq->head; *line; line = strchr(line, '\n') + 1) {
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1 + strspn(line + len + 1, " ");

            snprintf(out, room, "%.*s", (int)strcspn(value, "\r\n"), value);
            return true;
        }
    }
    return false;
}

/* ---- reading requests ---- */

typedef struct fake_input_t {
    int fd;
    char data[16 * 1024];
    size_t at, len;
} fake_input_t;

static inline int fake_byte(fake_input_t *in)
{
    if (in->at == in->len) {
        ssize_t n = recv(in->fd, in->data, sizeof(in->data), 0);

        if (n <= 0) {
            return -1;
        }
        in->at = 0;
        in->len = (size_t)n;
    }
    return (unsigned char)in->data[in->at++];
}

/* Without its line end; false at the end of the connection. */
static inline bool fake_line(fake_input_t *in, char *line, size_t room)
{
    size_t len = 0;
    int c;

    while ((c = fake_byte(in)) >= 0 && c != '\n') {
        if (len + 1 < room) {
            line[len++] = (char)c;
        }
    }
    while (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    line[len] = '\0';
    return c >= 0;
}

static inline bool fake_take(fake_t *fake, fake_input_t *in, fake_request_t *rq, size_t len)
{
    for (; len > 0; len--) {
        int c = fake_byte(in);

        if (c < 0) {
            return false;
        }
        if (rq->body_len < FAKE_BODY) {
            rq->body[rq->body_len] = (char)c;
        }
        rq->body_len++;
        if (in->at == in->len || len == 1) {
            pthread_mutex_lock(&fake->lock);
            fake->body_seen = rq->body_len;
            pthread_cond_broadcast(&fake->changed);
            pthread_mutex_unlock(&fake->lock);
        }
    }
    return true;
}

static inline bool fake_read_body(fake_t *fake, fake_input_t *in, fake_request_t *rq)
{
    char value[64];
    size_t len;

    rq->body_len = 0;
    if (fake_header(value, sizeof(value), rq, "Content-Length")) {
        return fake_take(fake, in, rq, strtoul(value, NULL, 10));
    }
    if (!fake_header(value, sizeof(value), rq, "Transfer-Encoding")) {
        return true;
    }
    do {
        if (!fake_line(in, value, sizeof(value))) {
            return false;
        }
        len = strtoul(value, NULL, 16);
        if (!fake_take(fake, in, rq, len) || !fake_line(in, value, sizeof(value))) {
            return false;
        }
    } while (len > 0);
    return true;
}

static inline bool fake_read(fake_t *fake, fake_input_t *in, fake_request_t *rq)
{
    char line[20 * 1024];
    size_t len = 0;

    if (!fake_line(in, line, sizeof(line))
        || sscanf(line, "%15s %16383s", rq->method, rq->target) != 2) {
        return false;
    }
    for (;;) {
        if (!fake_line(in, line, sizeof(line))) {
            return false;
        }
        if (!*line) {
            break;
        }
        len += (size_t)snprintf(rq->head + len, sizeof(rq->head) - len, "%s\n", line);
    }
    rq->head[len] = '\0';
    if (!fake_read_body(fake, in, rq)) {
        return false;
    }
    rq->body[rq->body_len < FAKE_BODY ? rq->body_len : FAKE_BODY] = '\0';
    return true;
}

/* ---- answering ---- */

static inline bool fake_give_token(fake_t *fake, int fd, int number)
{
    char body[256];

    if (fake->refuse) {
        return fake_reply(fd, fake->refuse_status ? fake->refuse_status : 200, "", fake->refuse);
    }
    snprintf(body, sizeof(body),
             "{\"errcode\":\"0000\",\"description\":\"ok\",\"access_token\":\"cloud-token-%04d\","
             "\"token_type\":\"bearer\",\"expires_in\":%d}", number, fake->expires_in);
    return fake_reply(fd, 200, "Content-Type: application/json\r\n", body);
}

static inline bool fake_serve(fake_t *fake, int fd, const fake_request_t *rq)
{
    bool is_token = strcmp(rq->target, "/base/oauth/token") == 0;
    int number;

    pthread_mutex_lock(&fake->lock);
    fake->requests++;
    fake->tokens += is_token;
    number = fake->tokens;
    if (is_token) {
        snprintf(fake->token_body, sizeof(fake->token_body), "%.1000s", rq->body);
    }
    else {
        fake->last = *rq;
    }
    pthread_mutex_unlock(&fake->lock);
    if (fake->delay_ms) {
        usleep((useconds_t)fake->delay_ms * 1000);
    }
    return is_token ? fake_give_token(fake, fd, number) : fake->answer(fake, fd, rq);
}

static inline void *fake_connection(void *data)
{
    fake_connection_t *conn = data;
    fake_request_t *rq = calloc(1, sizeof(*rq));
    fake_input_t *in = calloc(1, sizeof(*in));

    in->fd = conn->fd;
    while (fake_read(conn->fake, in, rq)) {
        rq->on_connection++;
        if (!fake_serve(conn->fake, conn->fd, rq)) {
            break;
        }
    }
    shutdown(conn->fd, SHUT_RDWR);
    free(rq);
    free(in);
    return NULL;
}

static inline void *fake_accept(void *data)
{
    fake_t *fake = data;

    while (fake->connection_count < FAKE_CONNECTIONS) {
        fake_connection_t *conn = &fake->connections[fake->connection_count];

        conn->fake = fake;
        conn->fd = accept(fake->listener, NULL, NULL);
        if (conn->fd < 0 || pthread_create(&conn->thread, NULL, fake_connection, conn) != 0) {
            break;
        }
        fake->connection_count++;
    }
    return NULL;
}

/* ---- life ---- */

/* The socket only, so that a test can fork before there are threads. */
static inline fake_t *fake_listen(fake_answer_fn *answer)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    fake_t *fake = calloc(1, sizeof(*fake));
    socklen_t len = sizeof(addr);

    fake->answer = answer;
    fake->expires_in = 3600;
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fake->listener, (struct sockaddr *)&addr, sizeof(addr)) != 0
        || listen(fake->listener, 128) != 0
        || getsockname(fake->listener, (struct sockaddr *)&addr, &len) != 0) {
        perror("fake cloud");
        exit(EXIT_FAILURE);
    }
    fake->port = ntohs(addr.sin_port);
    snprintf(fake->base, sizeof(fake->base), "http://127.0.0.1:%d", fake->port);
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
    return fake;
}

static inline void fake_start(fake_t *fake)
{
    if (pthread_create(&fake->thread, NULL, fake_accept, fake) != 0) {
        perror("fake cloud");
        exit(EXIT_FAILURE);
    }
}

static inline fake_t *fake_open(fake_answer_fn *answer)
{
    fake_t *fake = fake_listen(answer);

    fake_start(fake);
    return fake;
}

static inline void fake_close(fake_t *fake)
{
    shutdown(fake->listener, SHUT_RDWR);
    pthread_join(fake->thread, NULL);
    close(fake->listener);
    for (int i = 0; i < fake->connection_count; i++) {
        shutdown(fake->connections[i].fd, SHUT_RDWR);
        pthread_join(fake->connections[i].thread, NULL);
        close(fake->connections[i].fd);
    }
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->lock);
    free(fake);
}

static inline int fake_token_calls(fake_t *fake)
{
    int n;

    pthread_mutex_lock(&fake->lock);
    n = fake->tokens;
    pthread_mutex_unlock(&fake->lock);
    return n;
}

#endif
