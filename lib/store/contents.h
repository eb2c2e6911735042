/* What is known of bytes: size, kind, pages, and what the decoding helper saw in them. One row per content,
 * whatever number of files, pages and bills has it; it says nothing of who may see it: that is the files' part.
 *
 *   put ──> waiting ──told──> looked at | can't be read        (a later put changes nothing)
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  doc at most FPI_CONTENT_DOC bytes. */
#ifndef FPI_STORE_CONTENTS_H
#define FPI_STORE_CONTENTS_H

#include "store/tx.h"

#include <apr_time.h>

enum { FPI_CONTENT_DOC = 4 * 1024 * 1024 };

typedef enum fpi_content_state_t {
    FPI_CONTENT_WAITING = 0, FPI_CONTENT_LOOKED = 1, FPI_CONTENT_UNREADABLE = 2
} fpi_content_state_t;

typedef struct fpi_content_t {
    const char *sha256, *media;
    int64_t size, pages;         /* pages 0: not known yet, or has none */
    fpi_content_state_t state;
    const char *note;            /* why it can't be read, or what is odd with it */
    const char *doc;             /* JSON of the look, format in wire/decode.h; NULL before */
    apr_time_t created, looked;
} fpi_content_t;

/* The bytes are in the blob store and belong to somebody now. In the same transaction as the row that names
 * them. Known ones stay as they are. */
fpi_err_t *fpi_content_put(fpi_tx_t *tx, const char *sha256, int64_t size, const char *media, fpi_task_t *task)
    FPI_MUST_USE;

#endif
