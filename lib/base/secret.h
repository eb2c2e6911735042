/* A secret text: wiped when its pool goes, compared in constant time, printed as ***.
 *
 * Life:    as its pool; the bytes are overwritten before the memory is given back.
 * Threads: read-only once made.
 * Limits:  64 KiB. */
#ifndef FPI_SECRET_H
#define FPI_SECRET_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct fpi_secret_t {
    size_t len;
    char *bytes; /* NUL-terminated behind len */
} fpi_secret_t;

/* A wiped-on-clear copy. */
fpi_secret_t *fpi_secret_make(apr_pool_t *pool, const void *bytes, size_t len);
fpi_secret_t *fpi_secret_make_text(apr_pool_t *pool, const char *text);
bool fpi_secret_is_same(const fpi_secret_t *a, const fpi_secret_t *b);
/* Overwrites memory in a way the compiler keeps. */
void fpi_secret_wipe(void *bytes, size_t len);

/* For a log or a page: "***" or "(empty)". */
const char *fpi_secret_print(const fpi_secret_t *secret);

/* Reads a secret for the tool: `where` is a path, "-" for standard input, or "env:NAME". Trailing line
 * ends are cut. A file that others can read is refused only with `strict`. */
struct fpi_task_t;
fpi_err_t *fpi_secret_read(fpi_secret_t **out, const char *where, bool strict,
                           struct fpi_task_t *task) FPI_MUST_USE;

#endif
