/* multipart/form-data (RFC 7578 over RFC 2046) as a stream: bytes go in as they come, parts come out of callbacks
 * piece by piece, and nothing of a part's content is held.
 *
 *   preamble CRLF --boundary CRLF headers CRLF CRLF content CRLF --boundary ... CRLF --boundary-- epilogue
 *
 * Life:    a task's.
 * Threads: one.
 * Limits:  boundary 70 characters, FPI_MULTIPART_HEAD bytes of headers per part, FPI_MULTIPART_PARTS parts,
 *          FPI_MULTIPART_FIELD bytes of a part that is no file, as many of preamble and epilogue. */
#ifndef FPI_MULTIPART_H
#define FPI_MULTIPART_H

#include "base/task.h"

#include <stddef.h>

enum { FPI_MULTIPART_HEAD = 8 * 1024, FPI_MULTIPART_PARTS = 264, FPI_MULTIPART_FIELD = 64 * 1024 };

/* Of Content-Disposition. Texts are as they came, but for quoting and encoding: a file's name may hold anything but
 * NUL and is not to be trusted (fpi_file_take_name). */
typedef struct fpi_disposition_t {
    const char *kind;     /* "form-data", "attachment"; lower case */
    const char *name;     /* NULL: none */
    const char *filename; /* filename* (RFC 5987) where it can be read, else filename; NULL: no file */
} fpi_disposition_t;
/* FPI_E_FIELD when it is malformed. */
fpi_err_t *fpi_disposition_parse(fpi_disposition_t *out, const char *value, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_part_t {
    const char *name;     /* UTF-8 */
    const char *filename; /* NULL: a text field */
} fpi_part_t;

/* A failure of any ends it and comes out of fpi_multipart_put. A part has begin, puts, end. */
typedef struct fpi_multipart_sink_t {
    fpi_err_t *(*begin)(void *baton, const fpi_part_t *part, fpi_task_t *task);
    fpi_err_t *(*put)(void *baton, const char *data, size_t len, fpi_task_t *task);
    fpi_err_t *(*end)(void *baton, fpi_task_t *task);
} fpi_multipart_sink_t;

typedef struct fpi_multipart_t fpi_multipart_t;

/* Is it a Content-Type of this kind? NULL: no. */
bool fpi_multipart_is(const char *content_type);
/* FPI_E_FIELD when the boundary is missing or malformed. */
fpi_err_t *fpi_multipart_open(fpi_multipart_t **out, const char *content_type, const fpi_multipart_sink_t *sink,
                              void *baton, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_FIELD saying which part is malformed or passes a limit. Not to be called again then. */
fpi_err_t *fpi_multipart_put(fpi_multipart_t *m, const char *data, size_t len) FPI_MUST_USE;
/* FPI_E_FIELD when the last boundary has not come: the body was cut. */
fpi_err_t *fpi_multipart_end(fpi_multipart_t *m) FPI_MUST_USE;

#endif
