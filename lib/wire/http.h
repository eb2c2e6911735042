/* HTTP client: one exchange at a time in the calling thread, over connections that are kept.
 * The only owner of libcurl. Not a policy: who may be called, with which credentials and how often to
 * try stands with the callers.
 *
 *      caller thread ── slot ── handle (keeps its connection) ── peer
 *         │  source(): gives body bytes, or says "later"; may block on the caller's own client
 *         └─ head(), sink(): take the answer as it comes; a slow sink slows the peer
 *
 * Life:    a client lives as long as the pool it was made in (a child's); exchanges live in a task.
 * Threads: a client serves many threads; each exchange stays in its own.
 * Limits:  slots per client; connect, first-byte, idle and whole-exchange times; bytes of an answer
 *          that is gathered; redirects are never followed; only http and https; DNS and the connected
 *          address can be restricted. A connection is used for one request at a time (HTTP/1.1).
 *          ALPN offers HTTP/2 and HTTP/1.1, and the peer's choice is followed: HTTP/2 is libcurl's. */
#ifndef FPI_HTTP_H
#define FPI_HTTP_H

#include "base/task.h"
#include "base/text.h"

#include <apr_tables.h>
#include <stdint.h>

typedef struct fpi_http_client_t fpi_http_client_t;

typedef struct fpi_http_times_t {
    apr_interval_time_t connect;    /* also TLS */
    apr_interval_time_t first_byte; /* from the last byte sent to the answer's head */
    apr_interval_time_t idle;       /* no byte either way; time inside source() and sink(), and while the
                                       source says "later", not counted */
} fpi_http_times_t;

typedef struct fpi_http_options_t {
    const char *ca_file;     /* NULL: the system's trust anchors. One that can't be read fails each TLS connection */
    int slots;               /* exchanges at once; a further one waits, see slot_wait */
    apr_interval_time_t slot_wait; /* then FPI_E_SLOTS with retry_after */
    fpi_http_times_t times;
    const char *user_agent;
    bool is_direct;         /* HTTP/1.1 in our own framing over libcurl's connection: a third of the work */
    /* May this resolved address be connected to? NULL: any. `host` as in the URL. Called before
     * connect, on whatever DNS said last, so a name can't be rebound behind a check. */
    bool (*may_connect)(void *baton, const char *host, int port, const struct sockaddr *address);
    void *baton;
} fpi_http_options_t;

/* Must be called once per process before threads start (libcurl's global part). */
void fpi_http_setup(void);

/* A client for a child or tool. Connections are closed with `pool`. Call after fork only. */
fpi_err_t *fpi_http_client_make(fpi_http_client_t **client, apr_pool_t *pool,
                                const fpi_http_options_t *options, fpi_task_t *task) FPI_MUST_USE;

#define FPI_HTTP_LATER ((size_t)-1)

/* Where an exchange failed, for who explains it to people. */
typedef enum fpi_http_stage_t {
    FPI_HTTP_NOWHERE, FPI_HTTP_AT_NAME, FPI_HTTP_AT_CONNECT, FPI_HTTP_AT_TLS, FPI_HTTP_AT_ANSWER
} fpi_http_stage_t;

/* One exchange. Fill it, perform, read the lower half. Zero it first. */
typedef struct fpi_http_exchange_t {
    /* in */
    const char *method;              /* "GET" ... */
    const char *url;                 /* absolute, already encoded */
    const apr_table_t *headers;      /* sent as they are, besides Host, Content-Length and
                                        Transfer-Encoding which are made here; may be NULL */
    const char *body;                /* when it is all there */
    size_t body_len;
    bool is_repeatable;              /* may it reach the peer twice though its method (POST, PATCH) does
                                        not say so: a token, a query */
    /* streamed body: fills at most `room` bytes, *len 0 at the end. Used when not NULL. One that does
     * not block says *len FPI_HTTP_LATER, and is asked again when source_fd's descriptor can be read,
     * or within a second; the answer is served meanwhile. source_fd may be NULL, or say -1. */
    fpi_err_t *(*source)(void *baton, char *data, size_t room, size_t *len);
    int (*source_fd)(void *baton);
    int64_t source_len;              /* -1: unknown, sent chunked (HTTP/1.1) */
    /* the answer's head; final one only (1xx are passed over). NULL: none */
    fpi_err_t *(*head)(void *baton, int status, const apr_table_t *headers);
    /* the answer's body as it comes. NULL: gathered into `reply` */
    fpi_err_t *(*sink)(void *baton, const char *data, size_t len);
    /* asked about once a second while nothing moves; true ends the exchange with FPI_E_GONE. NULL: no */
    bool (*is_gone)(void *baton);
    void *baton;
    size_t reply_max;                /* bytes gathered before FPI_E_TOO_LARGE */
    /* out */
    int status;                      /* 0: no head came */
    apr_table_t *reply_headers;      /* each line by itself, in the order received; no trailers */
    fpi_buf_t *reply;                /* gathered body; NULL with a sink */
    bool is_connected;               /* did a connection stand when it failed? */
    bool is_reused;                  /* was it an old connection? */
    bool is_sent;                    /* had any body byte left us (without a body: of the head)? If not,
                                        the peer can't have acted on it */
    bool is_answered;                /* had any line of an answer come? */
    fpi_http_stage_t failed_at;      /* of a failure of the exchange itself */
    apr_interval_time_t upstream_us; /* from start to the answer's head */
} fpi_http_exchange_t;

/* Performs it. Failures: FPI_E_CLOUD (no connection, TLS, broken answer; detail says which),
 * FPI_E_CLOUD_LATE (a time limit, naming it), FPI_E_SLOTS, FPI_E_TOO_LARGE, FPI_E_FOREIGN (address not
 * allowed), FPI_E_GONE (is_gone, or the task was called off), or what source, head or sink returned.
 * FPI_E_FIELD is a URL, method or header that can't be sent. An HTTP status of any kind is not a failure.
 * Never repeats by itself, except that a fresh connection is opened when a kept one turns out dead
 * before a line of an answer came, and then only when nothing of the request had left or it may be made
 * twice: GET, HEAD, PUT, DELETE, OPTIONS or `is_repeatable`, and no source. The task's deadline holds as
 * well; a limit of 0 is none. The program must ignore SIGPIPE, as httpd does. */
fpi_err_t *fpi_http_perform(fpi_http_client_t *client, fpi_http_exchange_t *exchange,
                            fpi_task_t *task) FPI_MUST_USE;

/* Slots in use, for metrics. */
int fpi_http_in_use(const fpi_http_client_t *client);

/* An absolute http(s) URL taken apart; strict: no user info, no control bytes, no backslash. */
typedef struct fpi_url_t {
    const char *scheme, *host; /* host in lower case, IPv6 without brackets */
    int port;                  /* the scheme's own when absent */
    const char *path;          /* with leading slash, without query */
    const char *query;         /* without "?", or NULL */
} fpi_url_t;
/* FPI_E_FIELD naming what is wrong. */
fpi_err_t *fpi_url_parse(fpi_url_t *url, const char *text, fpi_task_t *task) FPI_MUST_USE;

/* Is it loopback, link-local, private, multicast, unspecified or another address that the public
 * network does not route? IPv4 in IPv6 forms are seen through. */
bool fpi_address_is_private(const struct sockaddr *address);

/* Is it link-local, multicast, reserved or "this network": one that no service of a private network has, either?
 * IPv4 in IPv6 is seen through. */
bool fpi_address_is_link(const struct sockaddr *address);

/* Is it this machine's own: loopback or "this host"? IPv4 in IPv6 is seen through. */
bool fpi_address_is_own(const struct sockaddr *address);

const char *fpi_http_version(void);

#endif
