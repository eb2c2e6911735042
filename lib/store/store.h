/* The storage API: transactions over the metadata, and the epoch that tells when people's data changed.
 * The nouns (bills.h, pushes.h, jobs.h, ...) say what is stored; blob.h holds the images' bytes.
 *
 *   many threads ──write──> queue ──> whoever finds no leader leads: BEGIN, every waiting function,
 *                                     COMMIT (one flush for all), wake them
 *   many threads ──read───> connections of their own, never blocked by the flush
 *
 * Life:    opened after fork, in a pool of the child; closed with fpi_store_close or the pool.
 * Threads: one store serves many threads.
 * Limits:  at most FPI_STORE_QUEUE waiting writes, then FPI_E_STORE at once; a write waits at most
 *          10 s for another process's transaction; readers are bounded by the calling threads. */
#ifndef FPI_STORE_H
#define FPI_STORE_H

#include "base/secret.h"
#include "base/task.h"
#include "store/tx.h"

#include <stdint.h>

enum { FPI_STORE_QUEUE = 4096 };

typedef struct fpi_store_t fpi_store_t;

typedef struct fpi_store_options_t {
    const char *database;      /* "sqlite:/path/file" or "postgresql://..." */
    const char *data_dir;      /* where the epoch file lives */
    const fpi_secret_t *master; /* seals secrets in rows; FPI_KEY_LEN bytes; borrowed for life */
    bool may_migrate;          /* make or migrate the schema; else an old one is refused */
} fpi_store_options_t;

/* Refuses with FPI_E_CONFIG: a network file system under SQLite, a newer schema (naming both versions),
 * a file of another program, rights. With may_migrate, concurrent openers migrate once. */
fpi_err_t *fpi_store_open(fpi_store_t **store, apr_pool_t *pool, const fpi_store_options_t *options,
                          fpi_task_t *task) FPI_MUST_USE;
void fpi_store_close(fpi_store_t **store);

typedef fpi_err_t *fpi_tx_fn(fpi_tx_t *tx, void *baton, fpi_task_t *task);

/* Runs `fn` in a read transaction (a snapshot). */
fpi_err_t *fpi_store_read(fpi_store_t *store, fpi_tx_fn *fn, void *baton, fpi_task_t *task) FPI_MUST_USE;

/* Runs `fn` in a write transaction. NULL means: committed and flushed. A failure of `fn` undoes what it
 * did and nothing of others. `fn` may be run by another thread while this one waits, and again from the
 * start, whether it had failed or not, when the shared transaction was lost or another's function
 * failed in it: it must keep to its baton and task, and assign anew. */
fpi_err_t *fpi_store_write(fpi_store_t *store, fpi_tx_fn *fn, void *baton, fpi_task_t *task) FPI_MUST_USE;

/* A counter shared by all processes of the node (mapped memory; no call, no lock): changes of
 * enterprises, token keys, push table and settings raise it after their commit. */
uint64_t fpi_store_epoch(const fpi_store_t *store);
void fpi_store_raise_epoch(fpi_store_t *store);

/* The master key, for nouns that seal columns. */
const fpi_secret_t *fpi_tx_master(const fpi_tx_t *tx);

/* Can it read, and is there room to write? For /fpimage/ready and the doctor. */
fpi_err_t *fpi_store_check(fpi_store_t *store, fpi_task_t *task) FPI_MUST_USE;

/* A consistent copy of the metadata in a new file, while it is being used. */
fpi_err_t *fpi_store_copy(fpi_store_t *store, const char *path, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_store_stats_t {
    uint64_t commits, writes, failures; /* writes / commits = how many share a flush */
    int64_t waiting;                    /* writes, at this moment */
    int64_t schema;
} fpi_store_stats_t;
void fpi_store_stats(const fpi_store_t *store, fpi_store_stats_t *out);

const char *fpi_store_version(void);

#endif
