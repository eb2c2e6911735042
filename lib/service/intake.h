/* How bytes that a client brings become a durable content: whatever way they come (multipart, raw, JSON with base64
 * or an address, an upload in pieces), they are hashed while they go to the blob store, flushed, and known by their
 * bytes before anybody speaks of success. The rows that name them are the caller's: fpi_content_put and fpi_look_put
 * in its own transaction; bytes that no row names are swept after a day.
 *
 *   call ──> multipart | raw | JSON ──> spool (hash, limit, type by bytes, format allowed?) ──> taken
 *
 * Life:    a request's.
 * Threads: the request's.
 * Limits:  FPImageMaxFile for each file, FPI_INTAKE_FILES files and 64 fields of 64 KiB for each call, FPImageMaxJSON
 *          for a JSON body. */
#ifndef FPI_INTAKE_H
#define FPI_INTAKE_H

#include "service/app.h"
#include "service/call.h"
#include "wire/media.h"

enum { FPI_INTAKE_FILES = 200, FPI_UPLOAD_CHUNK = 8 * 1024 * 1024 };

/* Where files enter; the administrator enables formats for each. */
typedef enum fpi_entry_t { FPI_ENTRY_UPLOAD, FPI_ENTRY_CAPTURE, FPI_ENTRY_ERP, FPI_ENTRY_COUNT } fpi_entry_t;

typedef struct fpi_taken_t {
    char sha256[FPI_SHA256_HEX + 1];
    int64_t size;
    fpi_media_t media;
    const char *name;            /* safe (fpi_file_take_name) */
} fpi_taken_t;

typedef struct fpi_intake_t {
    fpi_taken_t *files;          /* in the order in which they came */
    int count;
    const apr_array_header_t *fields; /* fpi_param_t: text fields of multipart; query parameters of a raw body */
    fpi_json_t *json;            /* the body where it was JSON; NULL */
} fpi_intake_t;

/* Takes what the body holds. JSON: base64 | fileDownUrl | url | upload_id, beside name | fileName and fileSuffix.
 * FPI_E_FIELD no file in it, bad base64; FPI_E_MEDIA not a type that is taken here (names it); FPI_E_TOO_LARGE;
 * FPI_E_GONE the client left: nothing is kept. */
fpi_err_t *fpi_intake_read(fpi_intake_t **out, fpi_app_t *app, fpi_call_t *call, fpi_entry_t entry) FPI_MUST_USE;
/* A text field wherever it came: multipart field, JSON member, query. NULL when absent. */
fpi_err_t *fpi_intake_field(const char **out, const fpi_intake_t *intake, const fpi_call_t *call, const char *name,
                            size_t most) FPI_MUST_USE;

/* ---- formats.c ---- */
/* The size of a piece that clients should send: what the server lets through at once, at most FPI_UPLOAD_CHUNK. */
int64_t fpi_upload_chunk(const fpi_call_t *call);

/* Is the format enabled for the tenant's entry? */
fpi_err_t *fpi_formats_may(bool *may, fpi_app_t *app, int64_t tenant, fpi_entry_t entry, fpi_media_t media,
                           fpi_task_t *task) FPI_MUST_USE;
/* All that are: bit n for FPI_MEDIA n. */
fpi_err_t *fpi_formats_find(uint32_t *mask, fpi_app_t *app, int64_t tenant, fpi_entry_t entry, fpi_task_t *task)
    FPI_MUST_USE;
/* FPI_E_MEDIA naming the file, its type and what is taken here, unless the type is in `mask`. */
fpi_err_t *fpi_formats_check(uint32_t mask, fpi_media_t media, const char *name, fpi_task_t *task) FPI_MUST_USE;
/* "PDF, OFD, ..." */
const char *fpi_formats_names(uint32_t mask, const char *between, apr_pool_t *pool);
/* The other way round, blanks passed over; FPI_E_FIELD naming a word that is none or can't be enabled. */
fpi_err_t *fpi_formats_parse(uint32_t *mask, const char *names, fpi_task_t *task) FPI_MUST_USE;

#endif
