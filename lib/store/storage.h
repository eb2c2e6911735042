/* What rows and blobs know of each other: which blob no row names, which row's blob is gone, how much there is.
 *
 *   a blob is named by the row of a file, a page of a capture, an upload or an export, and by that of its content when it
 *   was a file once; one that none names is an orphan: an upload that was never answered, an export that was given up. It
 *   goes a day after it was last kept (FPI_ORPHAN_AGE), at the latest when the sweep has come round (FPI_ORPHAN_ROUND).
 *
 *   content:  page put ──> loose ──last page dropped──> a day later: row, then blob and pictures of it go
 *                            └──────file put──────────> stays, also when the file is dropped or replaced
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
/* KNOWN: only the row of its content is there, which goes with it. */
typedef enum fpi_standing_t { FPI_STANDING_NONE, FPI_STANDING_KNOWN, FPI_STANDING_NAMED } fpi_standing_t;
/* A content that has been loose since before `before` does not name it; 0: each does. */
fpi_err_t *fpi_storage_standing(fpi_standing_t *standing, fpi_tx_t *tx, const char *sha256, apr_time_t before,
                                fpi_task_t *task) FPI_MUST_USE;
/* Takes it away, with what is known of it, when no row names it and it was kept `age` ago or longer. */
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
    bool is_kept;          /* false: a content that the sweep may take away any time */
} fpi_naming_t;
/* Rows of all tenants, in pages: those behind `after`, at most `most`. */
fpi_err_t *fpi_storage_list_files(fpi_naming_t **out, int *count, fpi_tx_t *tx, int64_t after, int most,
                                  fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_storage_list_exports(fpi_naming_t **out, int *count, fpi_tx_t *tx, int64_t after, int most,
                                    fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_storage_list_contents(fpi_naming_t **out, int *count, fpi_tx_t *tx, const char *after, int most,
                                     fpi_task_t *task) FPI_MUST_USE;

/* Takes away the rows whose bytes a restore leaves out: exports, uploads, contents that are not kept. */
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
