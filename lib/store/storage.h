/* What rows and blobs know of each other: which blob no row names, which row's blob is gone, how much there is.
 *
 *   a blob is named by the row of its content, of a file, a page of a capture, an upload or an export; one that none
 *   names is an orphan: an upload that was never answered, an export that was given up. It goes a day after it was
 *   last kept (FPI_ORPHAN_AGE), at the latest when the sweep has come round (FPI_ORPHAN_ROUND).
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  lists of FPI_ROWS_MAX. */
#ifndef FPI_STORAGE_H
#define FPI_STORAGE_H

#include "store/blob.h"
#include "store/store.h"

#define FPI_ORPHAN_AGE apr_time_from_sec(86400)
#define FPI_ORPHAN_TURN apr_time_from_sec(120) /* one of 256 folders */
#define FPI_ORPHAN_ROUND (256 * FPI_ORPHAN_TURN)

/* ---- orphans ---- */
fpi_err_t *fpi_storage_is_named(bool *is_named, fpi_tx_t *tx, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* Takes it away when no row names it and it was kept `age` ago or longer. */
fpi_err_t *fpi_storage_drop_orphan(bool *dropped, fpi_store_t *store, fpi_blobs_t *blobs, const char *sha256,
                                   apr_interval_time_t age, fpi_task_t *task) FPI_MUST_USE;
/* All of that kind whose names begin with the byte `first`. */
fpi_err_t *fpi_storage_sweep(int64_t *dropped, fpi_store_t *store, fpi_blobs_t *blobs, unsigned char first,
                             apr_interval_time_t age, fpi_task_t *task) FPI_MUST_USE;

/* ---- who names what ---- */
typedef struct fpi_naming_t {
    int64_t id, bill;      /* of the row; 0: its key is the hash */
    const char *sha256;
    int64_t size;
} fpi_naming_t;
/* Rows of all tenants, in pages: those behind `after`, at most `most`. */
fpi_err_t *fpi_storage_list_files(fpi_naming_t **out, int *count, fpi_tx_t *tx, int64_t after, int most,
                                  fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_storage_list_exports(fpi_naming_t **out, int *count, fpi_tx_t *tx, int64_t after, int most,
                                    fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_storage_list_contents(fpi_naming_t **out, int *count, fpi_tx_t *tx, const char *after, int most,
                                     fpi_task_t *task) FPI_MUST_USE;

/* Takes away the rows whose bytes a backup leaves out: exports, and uploads that are not whole. */
fpi_err_t *fpi_storage_drop_passing(fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* ---- how much ---- */
typedef struct fpi_usage_t {
    const char *key, *name; /* "2026-01"; code and name of a bill type */
    int64_t bills, files, bytes;
} fpi_usage_t;
/* Files of a tenant, or of one tax number in it (NULL: all), by the month in China when they came, newest first; by
 * bill type, largest first. The same bytes on two bills count twice. */
fpi_err_t *fpi_storage_by_month(fpi_usage_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *tax_no,
                                fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_storage_by_type(fpi_usage_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *tax_no,
                               fpi_task_t *task) FPI_MUST_USE;
/* Contents of all tenants, each once. */
fpi_err_t *fpi_storage_sum(int64_t *count, int64_t *bytes, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Bytes of the database's files; of what lies in a folder of the blob store (not in folders within it). */
int64_t fpi_storage_database_size(const char *database, apr_pool_t *pool);
int64_t fpi_storage_folder_size(const char *folder);
/* With all folders below; takes a while where there are many. */
int64_t fpi_storage_tree_size(const char *folder);

#endif
