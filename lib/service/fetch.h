/* Files by URL, for which a peer only gave the address: to allowed hosts only, checked again at each redirect and
 * on the address that is really connected to.
 *
 * Life:    a task.
 * Threads: any.
 * Limits:  FPImageMaxFile bytes, 3 redirects, the client's time limits. */
#ifndef FPI_FETCH_H
#define FPI_FETCH_H

#include "service/app.h"
#include "wire/media.h"

typedef struct fpi_fetched_t {
    char sha256[FPI_SHA256_HEX + 1];
    int64_t size;
    fpi_media_t media;
} fpi_fetched_t;

/* FPI_E_FOREIGN: host, scheme or address is not allowed; FPI_E_MEDIA: not a kind that is kept; FPI_E_TOO_LARGE;
 * FPI_E_CLOUD: no answer, or not 200; FPI_E_ABSENT: 404 or 410. NULL: the bytes are in the blob store, flushed. */
fpi_err_t *fpi_fetch(fpi_fetched_t *out, fpi_app_t *app, const char *url, fpi_task_t *task) FPI_MUST_USE;

/* The same but for the kind: its bytes, not kept yet. */
fpi_err_t *fpi_fetch_spool(fpi_spool_t **out, fpi_app_t *app, const char *url, fpi_task_t *task) FPI_MUST_USE;

/* The client for it, with the address rule of app->settings; for fpi_app_open. */
fpi_err_t *fpi_fetch_client_make(fpi_http_client_t **client, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
