/* Sends bytes of the blob store: whole, one range of them, or the word that the client has them already
 * (RFC 9110 13 and 14). Hostile bytes never run: what a browser would not show as a mere picture or PDF is a download,
 * nothing is sniffed, and a policy forbids all else.
 *
 * Life:    a request's.
 * Threads: the request's.
 * Limits:  one range; a request for several gets the whole, as the standard allows. */
#ifndef FPI_SERVICE_CONTENT_H
#define FPI_SERVICE_CONTENT_H

#include "service/api.h"

typedef struct fpi_sending_t {
    const char *sha256;
    const char *type;            /* media type */
    const char *name;            /* the file's, UTF-8 */
    apr_time_t modified;         /* 0: not told */
    bool is_download;            /* as an attachment whatever it is */
    const apr_table_t *headers;  /* further ones; NULL */
} fpi_sending_t;

/* Answers the call; who may see it was checked by the caller. FPI_E_ABSENT: the blob is gone.
 * FPI_E_PRECONDITION, FPI_E_RANGE: what the client says of it does not hold. */
fpi_err_t *fpi_content_send(fpi_app_t *app, fpi_call_t *call, const fpi_sending_t *what, fpi_answer_t *answer)
    FPI_MUST_USE;

#endif
