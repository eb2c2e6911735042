/* What the client files share with each other. Not for other files.
 *
 *      client ── slots, last in first out, so that few connections stay warm
 *                  ├─ easy + multi: one exchange at a time by libcurl, its own kept connections
 *                  └─ line: one kept connection, made by libcurl, for exchanges in our own framing
 *
 *      http.c         the exchange: which way it goes, and libcurl's way
 *      http_direct.c  the other way: one exchange in our own framing
 *      http_line.c    its connection
 *      http_answer.c  its answer: where it ends (http_answer.h)
 *      http_head.c    of both ways: the answer's head and body
 *      http_watch.c   of both ways: the source, time, who has left
 *
 * Life:    a slot lives as long as its client; its handles are made at its first use.
 * Threads: a slot belongs to the thread that took it.
 * Limits:  options.slots; CONNECTIONS kept for each slot, and one line; heads of 128 KiB and 256 lines. */
#ifndef FPI_HTTP_OWN_H
#define FPI_HTTP_OWN_H

#include "wire/http.h"

#define FPI_HTTP_LOOK APR_USEC_PER_SEC /* how often time, and who has left, are looked at */

enum { FPI_HTTP_SAID = 256 };

enum {
    FPI_HTTP_READ = 16 * 1024,   /* a TLS record; more gains nothing and is touched for each small call */
    FPI_HTTP_UPLOAD = 64 * 1024, /* is had for uploads only, which cost less in large pieces */
    FPI_HTTP_ORIGIN = 300,
    FPI_HTTP_HEAD_BYTES = 128 * 1024,
    FPI_HTTP_HEAD_LINES = 256
};

/* The kept connection of a slot. */
typedef struct fpi_http_line_t {
    void *easy, *multi;           /* CURL, CURLM; both NULL: none is open */
    int fd;
    bool is_blocking;             /* a call waits, for a second at most; else not at all */
    void *tls;                    /* OpenSSL's SSL; NULL: no TLS */
    apr_time_t used_at;
    char origin[FPI_HTTP_ORIGIN]; /* "https://host:port" as in the URL */
    char *in, *out;               /* room of FPI_HTTP_READ and FPI_HTTP_UPLOAD bytes; of direct clients only */
} fpi_http_line_t;

typedef struct fpi_http_slot_t {
    struct fpi_http_slot_t *next; /* free ones */
    void *easy, *multi;           /* CURL, CURLM */
    fpi_http_line_t line;
    char said[FPI_HTTP_SAID];     /* libcurl's own words about the last failure */
} fpi_http_slot_t;

/* One exchange under way: what both ways need. */
typedef struct fpi_http_run_t {
    fpi_http_exchange_t *ex;
    const fpi_http_options_t *options;
    fpi_task_t *task;
    /* ---- the answer ---- */
    bool has_head;               /* the final head came to its end */
    size_t head_bytes;
    int head_lines;
    /* ---- the request ---- */
    int64_t taken;               /* from source() */
    bool is_source_over;
    bool is_dry;                 /* the source had nothing yet */
    bool is_upload_over;
    int64_t sent;                /* bytes of the request that have left; 0 also while connecting */
    /* ---- time ---- */
    apr_time_t start, sent_at, moved_at, asked_at;
} fpi_http_run_t;

const fpi_http_options_t *fpi_http_options(const fpi_http_client_t *client);

/* Waits for a slot as options.slot_wait and the task's deadline allow. */
fpi_err_t *fpi_http_slot_take(fpi_http_slot_t **slot, fpi_http_client_t *client, fpi_task_t *task)
    FPI_MUST_USE;
void fpi_http_slot_drop(fpi_http_client_t *client, fpi_http_slot_t *slot);
/* An easy handle with all that is the same for each exchange; false: no memory. *easy is the caller's to end. */
bool fpi_http_handle_open(void **easy, const fpi_http_client_t *client, char *said);

/* Does the peer choose HTTP/2? Learned by lines; of the last such origin only. */
bool fpi_http_origin_is_h2(fpi_http_client_t *client, const char *origin);
void fpi_http_origin_note_h2(fpi_http_client_t *client, const char *origin);

/* Until something happens on a socket of the multi handle's, `fd` (-1: none) can be read, or `wait` is
 * over; a CURLMcode. */
int fpi_http_wait(void *multi, int fd, apr_interval_time_t wait);

/* How far an exchange that failed had come. */
fpi_http_stage_t fpi_http_stage(void *easy, const fpi_http_exchange_t *ex);

/* ---- http_request.c: what is sent ---- */

/* "GET https://host/path", without the query, for messages. */
const char *fpi_http_request_name(const fpi_http_exchange_t *ex, apr_pool_t *pool);
/* Of "https://host:port" in front of the path; 0: there is none. */
size_t fpi_http_origin_len(const char *url);
/* FPI_E_FIELD for a method or URL that can't be sent. */
fpi_err_t *fpi_http_request_check(const fpi_http_exchange_t *ex, fpi_task_t *task) FPI_MUST_USE;
/* The header lines as libcurl takes them, in the task's pool. FPI_E_FIELD for a line end in one. */
struct curl_slist;
fpi_err_t *fpi_http_request_headers(struct curl_slist **lines, const fpi_http_exchange_t *ex, fpi_task_t *task)
    FPI_MUST_USE;
bool fpi_http_request_may_replay(const fpi_http_exchange_t *ex);
/* The head as it travels, NUL-terminated, in the task's pool, and room behind it for `spare` bytes. `target`: path and query. */
fpi_err_t *fpi_http_request_format(char **head, size_t *len, const fpi_http_exchange_t *ex, const char *authority,
                                   const char *target, const char *user_agent, size_t spare, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- http_head.c ---- */

/* One line of the answer's head with its line end; the empty one ends it, calls ex->head and sets
 * has_head unless the head is an interim one (1xx), after which another follows. */
fpi_err_t *fpi_http_head_take(fpi_http_run_t *run, const char *line, size_t len) FPI_MUST_USE;
/* Bytes of the body: to the sink, or gathered. */
fpi_err_t *fpi_http_body_take(fpi_http_run_t *run, const char *data, size_t len) FPI_MUST_USE;

/* ---- http_watch.c ---- */

void fpi_http_run_start(fpi_http_run_t *run);
/* The peer, or we, have moved a byte. */
void fpi_http_run_moved(fpi_http_run_t *run);
/* Asks source(); *len 0 at its end (is_source_over), or with is_dry. */
fpi_err_t *fpi_http_source_ask(fpi_http_run_t *run, char *data, size_t room, size_t *len) FPI_MUST_USE;
/* The source's descriptor while it is dry, else -1. Asked for anew each time: who ends us may have closed it. */
int fpi_http_source_fd(const fpi_http_run_t *run);
/* `sent`: bytes of the request that have left by now. Fails when a time limit has passed or nobody waits any
 * more; else *wait is how long nothing has to be looked at. */
fpi_err_t *fpi_http_watch(fpi_http_run_t *run, int64_t sent, apr_interval_time_t *wait) FPI_MUST_USE;
fpi_err_t *fpi_http_late(const fpi_http_run_t *run, const char *limit, apr_interval_time_t span) FPI_MUST_USE;

/* ---- http.c ---- */

/* Connects `easy`, which has nothing set but what is the same for all, to the exchange's URL and stops there; sets
 * is_connected. The handle stays in the multi handle, as long as the connection is wanted. */
fpi_err_t *fpi_http_connect(fpi_http_run_t *run, void *easy, void *multi, char *said) FPI_MUST_USE;

/* ---- http_line.c ---- */

/* The slot's kept connection to the exchange's origin, or a new one. *is_h2: none, for the peer would speak HTTP/2
 * on it. `is_fresh`: not the kept one. Sets is_connected and is_reused. */
fpi_err_t *fpi_http_line_open(fpi_http_slot_t *slot, fpi_http_client_t *client, fpi_http_run_t *run, bool is_fresh,
                              bool *is_h2) FPI_MUST_USE;
void fpi_http_line_close(fpi_http_line_t *line);
void fpi_http_line_set_blocking(fpi_http_line_t *line, bool is_blocking);
typedef enum fpi_http_io_t { FPI_HTTP_MOVED, FPI_HTTP_AGAIN, FPI_HTTP_BROKEN } fpi_http_io_t;
fpi_http_io_t fpi_http_line_send(fpi_http_line_t *line, const char *data, size_t len, size_t *sent);
/* *got 0 with FPI_HTTP_MOVED: the peer has closed. */
fpi_http_io_t fpi_http_line_recv(fpi_http_line_t *line, char *data, size_t room, size_t *got);

/* ---- http_direct.c ---- */

/* The whole exchange over the slot's line. *is_h2: nothing was done, it is libcurl's to do. */
fpi_err_t *fpi_http_direct(fpi_http_slot_t *slot, fpi_http_client_t *client, fpi_http_run_t *run, bool *is_h2)
    FPI_MUST_USE;

/* ---- http_url.c ---- */

/* As digits, "" for another family; `out` has INET6_ADDRSTRLEN bytes. */
void fpi_address_format(char *out, const struct sockaddr *address);

#endif
