/* What is known of bytes: size, kind, pages, and what the decoding helper saw in them. One row per content,
 * whatever number of files, pages and bills has it; it says nothing of who may see it: that is the files' part.
 *
 *   put ──> waiting ──told──> looked at | can't be read        (a later put changes nothing)
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  doc at most FPI_CONTENT_DOC bytes; FPI_HOLDERS bills that hold the same bytes are told of a look. */
#ifndef FPI_STORE_CONTENTS_H
#define FPI_STORE_CONTENTS_H

#include "model/file.h"
#include "store/tx.h"

#include <apr_time.h>

enum { FPI_CONTENT_DOC = 4 * 1024 * 1024, FPI_HOLDERS = 1000 };

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
 * them. Known ones stay as they are, but for what a file of a bill makes of them: such bytes stay for good, those of others
 * for a day after nothing names them. */
typedef enum fpi_content_of_t { FPI_CONTENT_OF_FILE, FPI_CONTENT_OF_PAGE } fpi_content_of_t;
fpi_err_t *fpi_content_put(fpi_tx_t *tx, const char *sha256, int64_t size, const char *media, fpi_content_of_t of,
                           fpi_task_t *task) FPI_MUST_USE;
/* NULL when nobody has such bytes. */
fpi_err_t *fpi_content_find(fpi_content_t **out, fpi_tx_t *tx, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* What a look has shown: pages, state, note, doc and looked (0: now) of `content`. FPI_E_TOO_LARGE: the doc. */
fpi_err_t *fpi_content_tell(fpi_content_t *content, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* A bill with a file of these bytes. */
typedef struct fpi_holder_t {
    int64_t tenant, bill;
    bool is_waiting;             /* other bytes of it have not been looked at yet */
} fpi_holder_t;
/* The youngest first. */
fpi_err_t *fpi_content_holders(fpi_holder_t **out, int *count, fpi_tx_t *tx, const char *sha256, fpi_task_t *task)
    FPI_MUST_USE;

/* Of each of the files: hash, pages, state and note; not the rest. As many as files. */
fpi_err_t *fpi_contents_list(fpi_content_t **out, fpi_tx_t *tx, const fpi_file_t *files, int count, fpi_task_t *task)
    FPI_MUST_USE;
/* The files of a bill by position, and the same of each of them. */
fpi_err_t *fpi_files_list_looked(fpi_file_t **out, fpi_content_t **contents, int *count, fpi_tx_t *tx, int64_t tenant,
                                 int64_t bill, int most, fpi_task_t *task) FPI_MUST_USE;

#endif
