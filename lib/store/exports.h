/* Rows of exports: archives and workbooks that are made in the background for who asked, and kept for a week.
 *
 *   put ──> WAITING ──step──> RUNNING ──end──> READY (its bytes are a blob) | FAILED
 *   dropped in any state: what runs for it sees that at its next step, and stops
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  `query` as the request's body. */
#ifndef FPI_STORE_EXPORTS_H
#define FPI_STORE_EXPORTS_H

#include "store/tx.h"

#include <apr_time.h>

typedef enum fpi_export_state_t {
    FPI_EXPORT_WAITING = 0, FPI_EXPORT_RUNNING = 1, FPI_EXPORT_READY = 2, FPI_EXPORT_FAILED = 3
} fpi_export_state_t;

typedef struct fpi_export_t {
    int64_t id, tenant;
    const char *owner;     /* who asked, and may have it */
    const char *kind;      /* "ZIP", "XLSX" */
    const char *query;     /* JSON: what is wanted */
    fpi_export_state_t state;
    int64_t done, total;   /* bills */
    const char *name;      /* to save it under */
    const char *sha256;    /* of a ready one */
    int64_t size;
    const char *note;      /* why it failed, or what is missing in it */
    apr_time_t created, ended;
} fpi_export_t;

/* Sets id and created. */
fpi_err_t *fpi_export_put(fpi_export_t *export, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* NULL when there is none. */
fpi_err_t *fpi_export_find(fpi_export_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* One owner's, newest first. */
fpi_err_t *fpi_exports_list(fpi_export_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *owner,
                            int64_t skip, int most, fpi_task_t *task) FPI_MUST_USE;
/* How many he has, and how many of them have not ended. */
fpi_err_t *fpi_exports_count(int64_t *all, int64_t *live, fpi_tx_t *tx, int64_t tenant, const char *owner,
                             fpi_task_t *task) FPI_MUST_USE;
/* It runs, and is that far; *is_wanted false: it was dropped, or has ended. */
fpi_err_t *fpi_export_step(bool *is_wanted, fpi_tx_t *tx, const fpi_export_t *export, fpi_task_t *task) FPI_MUST_USE;
/* With its state, done, total, sha256, size, note; sets ended. */
fpi_err_t *fpi_export_end(bool *is_wanted, fpi_tx_t *tx, fpi_export_t *export, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_export_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* Of all tenants, those that ended before that time. */
fpi_err_t *fpi_exports_list_ended(fpi_export_t **out, int *count, fpi_tx_t *tx, apr_time_t before, int most,
                                  fpi_task_t *task) FPI_MUST_USE;

/* Bytes of the bill's originals, each once. */
fpi_err_t *fpi_export_size(int64_t *bytes, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task) FPI_MUST_USE;

#endif
