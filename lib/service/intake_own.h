/* What the files of the intake share. Private to them.
 *
 * Life:    a request's.
 * Threads: the request's.
 * Limits:  those of intake.h. */
#ifndef FPI_INTAKE_OWN_H
#define FPI_INTAKE_OWN_H

#include "service/intake.h"

enum { FPI_INTAKE_FIELDS = 64, FPI_INTAKE_PIECE = 64 * 1024 };

typedef struct fpi_reading_t {
    fpi_app_t *app;
    fpi_call_t *call;
    fpi_task_t *task;
    fpi_entry_t entry;
    uint32_t formats;            /* that are taken here */
    fpi_intake_t *out;
    apr_array_header_t *fields;  /* fpi_param_t */
    fpi_spool_t *spool;          /* of the file in hand, or NULL */
    bool is_judged;              /* its kind was looked at */
    const char *name;            /* of file or field, as it was said */
    fpi_buf_t *field;            /* its text, where it is no file */
} fpi_reading_t;

/* A file, begun, fed and ended. The name may be NULL. At the end it is durable and among the taken ones. */
fpi_err_t *fpi_reading_begin(fpi_reading_t *r, const char *name) FPI_MUST_USE;
fpi_err_t *fpi_reading_put(fpi_reading_t *r, const char *data, size_t len) FPI_MUST_USE;
fpi_err_t *fpi_reading_end(fpi_reading_t *r) FPI_MUST_USE;
/* Adds one that is durable already; judges its kind. */
fpi_err_t *fpi_reading_add(fpi_reading_t *r, const char *sha256, int64_t size, fpi_media_t media) FPI_MUST_USE;
/* As many bytes of the body as there is room for, fewer at its end only. */
fpi_err_t *fpi_reading_fill(fpi_reading_t *r, char *data, size_t room, size_t *len) FPI_MUST_USE;

/* intake_json.c: the body is JSON, `len` bytes of it are read already. */
fpi_err_t *fpi_reading_json(fpi_reading_t *r, const char *piece, size_t len) FPI_MUST_USE;

#endif
