/* A folder of blobs belongs to one database. What a database does not know of another's blobs it would take for orphans,
 * and in time take all of them away; so both bear the same name, drawn when they first meet.
 *
 *   the database has   the folder has no name                      the same   another
 *   no name            it is empty, or holds what is known:        -          refused
 *                      both are given one
 *   a name             the same: it is given that one              fine       refused
 *
 * An empty folder where originals are known (a disk that is not mounted), and a folder of originals of which none is
 * known (another database, or a new one in the place of the old), are refused.
 *
 * Life:    nothing to make or free.
 * Threads: any; httpd's set-up and the tool may join at once.
 * Limits:  of the blobs in a folder without a name FPI_IDENTITY_LOOK are asked for. */
#ifndef FPI_IDENTITY_H
#define FPI_IDENTITY_H

#include "store/blob.h"
#include "store/store.h"

enum { FPI_IDENTITY_LOOK = 200 };

/* Before the store is used. FPI_E_CONFIG says which of the two is wrong. */
fpi_err_t *fpi_identity_join(fpi_store_t *store, fpi_blobs_t *blobs, fpi_task_t *task) FPI_MUST_USE;
/* The folder is the database's, whatever it holds: a backup's, or one that was filled from it. FPI_E_CONFIG when it is another's. */
fpi_err_t *fpi_identity_give(fpi_store_t *store, fpi_blobs_t *blobs, fpi_task_t *task) FPI_MUST_USE;
/* Before anything is taken away for want of a row: do both bear the same name? FPI_E_CONFIG. */
fpi_err_t *fpi_identity_check(fpi_store_t *store, fpi_blobs_t *blobs, fpi_task_t *task) FPI_MUST_USE;

#endif
