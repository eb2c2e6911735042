/* A file of a bill: original bytes by their hash, and the facts beside them.
 *
 * Life:    plain data in the pool of whoever made it.
 * Threads: none of its own.
 * Limits:  name at most 255 bytes of UTF-8 without path separators or control characters. */
#ifndef FPI_FILE_H
#define FPI_FILE_H

#include "base/task.h"

#include <stdint.h>

typedef enum fpi_kind_t { FPI_KIND_COVER = 0, FPI_KIND_INVOICE = 1, FPI_KIND_ATTACHMENT = 2 } fpi_kind_t;

typedef struct fpi_file_t {
    int64_t id, tenant, bill, invoice; /* invoice 0: of none */
    fpi_kind_t kind;
    const char *name, *sha256, *media; /* media: MIME type by the bytes */
    int64_t size, position;
    const char *source;                /* where it came from: "push", "upload" */
    const char *origin;                /* the URL it was pulled from, without query */
    apr_time_t created;
} fpi_file_t;

/* A name that is safe to show and to save under: the last path part, control characters and separators
 * replaced, cut to 255 bytes at a character; `otherwise` when nothing is left. */
const char *fpi_file_take_name(const char *text, const char *otherwise, apr_pool_t *pool);

const char *fpi_kind_name(fpi_kind_t kind);

#endif
