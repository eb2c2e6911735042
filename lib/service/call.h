/* A request and its answer, without httpd: what the module fills in and the handlers read.
 *
 * Life:    one request; all of it in the task's pool.
 * Threads: the request's thread only.
 * Limits:  a body that is gathered is bounded by its route's limit; a streamed one is not held. */
#ifndef FPI_CALL_H
#define FPI_CALL_H

#include "base/task.h"
#include "base/text.h"
#include "model/viewer.h"
#include "wire/json.h"

#include <apr_tables.h>
#include <stdint.h>

#define FPI_CALL_LATER ((size_t)-1)

typedef struct fpi_call_t {
    /* ---- filled in by the module ---- */
    fpi_task_t *task;
    const char *method;
    const char *uri;           /* path as it came, still encoded, without query */
    const char *query;         /* as it came, without "?"; NULL: none */
    const apr_table_t *headers;
    const char *client_ip;     /* behind trusted proxies: the address they give */
    const char *scheme;        /* "http" or "https", as the client sees it */
    const char *host;          /* Host as the client sees it */
    int64_t body_len;          /* -1: not known before it ends (chunked) */
    int64_t body_most;         /* the server's own limit for a body; 0: none */

    /* The body, piece by piece: *len 0 at the end. FPI_E_GONE when the client left, FPI_E_BUSY on its
     * time-out. */
    fpi_err_t *(*read)(void *baton, char *data, size_t room, size_t *len);
    /* As read, but it does not wait: *len FPI_CALL_LATER when nothing has come. For who has other things
     * to do meanwhile; source_fd's descriptor (-1: none, read anew each time) can be waited on. Both
     * NULL where it can't be had. */
    fpi_err_t *(*read_now)(void *baton, char *data, size_t room, size_t *len);
    int (*source_fd)(void *baton);
    /* A streamed answer: its head (hop-by-hop headers already cut; length -1: unknown), then its bytes. */
    fpi_err_t *(*begin)(void *baton, int status, const apr_table_t *headers, int64_t length);
    fpi_err_t *(*write)(void *baton, const char *data, size_t len);
    /* The same from a file, by sendfile where the server can. The descriptor stays the caller's, and open until the
     * request ends. */
    fpi_err_t *(*send_file)(void *baton, int fd, int64_t offset, int64_t len);
    bool (*is_gone)(void *baton);
    /* For the access log: FPIMAGE_BILL, FPIMAGE_CODE, FPIMAGE_TENANT, FPIMAGE_UPSTREAM_US. */
    void (*note)(void *baton, const char *name, const char *value);
    void *baton;

    /* ---- filled in on the way (service/api, access) ---- */
    const char *path;          /* normalised and still encoded: "/api/..." */
    const char *local;         /* decoded form of path, for look-ups in the route table */
    const char *route;         /* path of the route that serves it, with its "{name}" parts */
    const apr_array_header_t *params; /* fpi_param_t of the query, decoded */
    const char *token;         /* our token, wherever it was; NULL: none came */
    enum { FPI_TOKEN_NONE, FPI_TOKEN_QUERY, FPI_TOKEN_BEARER, FPI_TOKEN_HEADER } token_place;
    const char *token_header;  /* name of the header for FPI_TOKEN_HEADER */
    const fpi_enterprise_t *enterprise; /* whose token it is; valid as long as the task; NULL: a person calls */
    const fpi_viewer_t *viewer; /* who calls, by token or session; NULL on routes that ask for neither */
    const char *session;       /* the cookie's value, when a person calls by it */
    fpi_buf_t *body;           /* gathered body, where the route gathers it */
    fpi_json_t *json;          /* parsed, where the route wants JSON */
    const apr_array_header_t *form; /* fpi_param_t of a form body */
} fpi_call_t;

typedef struct fpi_param_t {
    const char *name, *value;
} fpi_param_t;

typedef struct fpi_reply_t {
    int status;
    const char *type;          /* media type; NULL: JSON */
    apr_table_t *headers;      /* further ones */
    const char *body;
    size_t len;
    bool is_streamed;          /* begin() and write() were used; nothing more to send */
} fpi_reply_t;

/* Decodes a query or a form. FPI_E_FIELD for a bad escape, more than 256 pairs, or a name given twice;
 * what has no name is skipped. */
fpi_err_t *fpi_params_parse(const apr_array_header_t **out, const char *text, size_t len, fpi_task_t *task)
    FPI_MUST_USE;
/* What can be read of a query that is another's to judge: of a name given twice the first, and nothing of what
 * can't be decoded or comes behind 256 pairs. */
const apr_array_header_t *fpi_params_scan(const char *text, size_t len, fpi_task_t *task);
/* The value, or NULL. */
const char *fpi_params_find(const apr_array_header_t *params, const char *name);

/* Gathers the whole body. FPI_E_TOO_LARGE naming the limit, before a byte is read when the length is told. */
fpi_err_t *fpi_call_gather(fpi_call_t *call, int64_t most) FPI_MUST_USE;

#endif
