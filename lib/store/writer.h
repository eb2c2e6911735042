/* Group commit: many threads' writes in one transaction, one flush for all. Private to this folder;
 * not a thread of its own, see the picture in writer.c.
 *
 * Life:    made in a pool of the child, on a connection that it borrows for life.
 * Threads: fpi_writer_run from many at once.
 * Limits:  FPI_STORE_QUEUE waiting writes; FPI_WRITER_BATCH of them in one transaction. */
#ifndef FPI_WRITER_H
#define FPI_WRITER_H

#include "store/backend.h"
#include "store/store.h"

enum { FPI_WRITER_BATCH = 512 };

typedef struct fpi_writer_t fpi_writer_t;

fpi_writer_t *fpi_writer_make(apr_pool_t *pool, const fpi_backend_t *backend, fpi_db_t *db,
                              const fpi_secret_t *master);

/* See fpi_store_write. A write within a write fails with FPI_E_INTERNAL. */
fpi_err_t *fpi_writer_run(fpi_writer_t *writer, fpi_tx_fn *fn, void *baton, fpi_task_t *task)
    FPI_MUST_USE;

/* Is there housekeeping to do? True for one asker, who then does it. */
bool fpi_writer_take_tidy(fpi_writer_t *writer);

/* Fills in what it counts. */
void fpi_writer_stats(fpi_writer_t *writer, fpi_store_stats_t *out);

#endif
