/* What the client files share with each other. Not for other files.
 *
 *      client ── slots, last in first out, so that few connections stay warm
 *                  └─ easy + multi: one exchange at a time, its own kept connections
 *
 * Life:    a slot lives as long as its client; its handles are made at its first use.
 * Threads: a slot belongs to the thread that took it.
 * Limits:  options.slots; CONNECTIONS kept for each slot. */
#ifndef FPI_HTTP_OWN_H
#define FPI_HTTP_OWN_H

#include "wire/http.h"

enum { FPI_HTTP_SAID = 256 };

typedef struct fpi_http_slot_t {
    struct fpi_http_slot_t *next; /* free ones */
    void *easy, *multi;           /* CURL, CURLM */
    char said[FPI_HTTP_SAID];     /* libcurl's own words about the last failure */
} fpi_http_slot_t;

const fpi_http_options_t *fpi_http_options(const fpi_http_client_t *client);

/* Waits for a slot as options.slot_wait and the task's deadline allow. */
fpi_err_t *fpi_http_slot_take(fpi_http_slot_t **slot, fpi_http_client_t *client, fpi_task_t *task)
    FPI_MUST_USE;
void fpi_http_slot_drop(fpi_http_client_t *client, fpi_http_slot_t *slot);

/* Until something happens on a socket of the multi handle's, `fd` (-1: none) can be read, or `wait` is
 * over; a CURLMcode. */
int fpi_http_wait(void *multi, int fd, apr_interval_time_t wait);

/* How far an exchange that failed had come. */
fpi_http_stage_t fpi_http_stage(void *easy, const fpi_http_exchange_t *ex);

/* ---- http_request.c: what is sent ---- */

/* "GET https://host/path", without the query, for messages. */
const char *fpi_http_request_name(const fpi_http_exchange_t *ex, apr_pool_t *pool);
/* FPI_E_FIELD for a method or URL that can't be sent. */
fpi_err_t *fpi_http_request_check(const fpi_http_exchange_t *ex, fpi_task_t *task) FPI_MUST_USE;
/* The header lines as libcurl takes them, in the task's pool. FPI_E_FIELD for a line end in one. */
struct curl_slist;
fpi_err_t *fpi_http_request_headers(struct curl_slist **lines, const fpi_http_exchange_t *ex, fpi_task_t *task)
    FPI_MUST_USE;
bool fpi_http_request_may_replay(const fpi_http_exchange_t *ex);

/* ---- http_url.c ---- */

/* As digits, "" for another family; `out` has INET6_ADDRSTRLEN bytes. */
void fpi_address_format(char *out, const struct sockaddr *address);

#endif
