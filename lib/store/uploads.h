/* Files that come in pieces: how much of each has been taken. Their bytes lie in a spool of the blob store
 * (fpi_spool_resume) until they are whole, under their hash then.
 *
 *   put ──> taken grows ──> whole: sha256 is the content's ──> used, or swept
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  whose it is sees it, nobody else. */
#ifndef FPI_STORE_UPLOADS_H
#define FPI_STORE_UPLOADS_H

#include "store/tx.h"

#include <apr_time.h>

typedef struct fpi_upload_t {
    const char *id;              /* 32 hex digits */
    int64_t tenant;
    const char *owner, *name;
    int64_t size, taken;
    const char *sha256;          /* as promised, or NULL; the content's own once it is known */
    bool is_whole;               /* the bytes are in the blob store under sha256 */
    apr_time_t created, updated;
} fpi_upload_t;

fpi_err_t *fpi_upload_put(const fpi_upload_t *upload, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent, or another's. */
fpi_err_t *fpi_upload_find(fpi_upload_t **out, fpi_tx_t *tx, const char *id, int64_t tenant, const char *owner,
                           fpi_task_t *task) FPI_MUST_USE;
/* Overwrites taken, sha256, is_whole; `updated` is set to now. FPI_E_ABSENT when it is gone. */
fpi_err_t *fpi_upload_tell(const fpi_upload_t *upload, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_upload_drop(fpi_tx_t *tx, const char *id, fpi_task_t *task) FPI_MUST_USE;
/* Those of one owner that are not whole. */
fpi_err_t *fpi_uploads_count(int64_t *count, fpi_tx_t *tx, int64_t tenant, const char *owner, fpi_task_t *task)
    FPI_MUST_USE;
/* Not whole and untouched since `unfinished`, or whole and untouched since `whole`; the oldest `most`. */
fpi_err_t *fpi_uploads_list_old(fpi_upload_t **out, int *count, fpi_tx_t *tx, apr_time_t unfinished, apr_time_t whole,
                                int most, fpi_task_t *task) FPI_MUST_USE;

#endif
