/* The cloud's recognise-and-verify call: the bytes of one file, and what invoices the cloud sees in it (vendor:
 * POST /m3/bill/invoice/img/analyze/multiple/check with access_token, type and checkFlag; the body is the file's
 * Base64 and nothing else).
 *
 * Life:    results live in the task's pool.
 * Threads: many.
 * Limits:  FPI_RECOGNISE_MOST bytes of a file; answers of 16 MiB. */
#ifndef FPI_RECOGNISE_REMOTE_H
#define FPI_RECOGNISE_REMOTE_H

#include "remote/cloud.h"

enum { FPI_RECOGNISE_MOST = 8 * 1000 * 1000 };

typedef struct fpi_recognition_t {
    fpi_json_t *invoices;        /* array, maybe empty; NULL: the cloud refused the file */
    const char *words;           /* the cloud's, when it refused */
} fpi_recognition_t;

/* `type` is the extension of what the bytes are: "pdf", "ofd", "jpg", "png". A token that the cloud does not take is
 * fetched anew once. Failures: FPI_E_TOO_LARGE; FPI_E_CLOUD, _CLOUD_LATE, _SLOTS later; FPI_E_CLOUD_REFUSED no token. */
fpi_err_t *fpi_cloud_recognise(fpi_recognition_t *out, fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise,
                               const char *type, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

#endif
