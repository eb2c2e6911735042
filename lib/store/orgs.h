/* Rows of organisations as administrators keep them: a tree below the tenant. Finding the one of a bill or a push is
 * people.h's.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_ROWS_MAX organisations of a tenant.
 * After a committed change the caller raises the store's epoch. */
#ifndef FPI_STORE_ORGS_H
#define FPI_STORE_ORGS_H

#include "model/people.h"
#include "store/tx.h"

/* All of a tenant, by code. */
fpi_err_t *fpi_orgs_list(fpi_org_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0, sets it) or updates. FPI_E_DUPLICATE: another has the code. */
fpi_err_t *fpi_org_save(fpi_org_t *org, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* Active users, scan points and organisations that need it. */
typedef struct fpi_org_use_t {
    int64_t users, points, orgs;
} fpi_org_use_t;
fpi_err_t *fpi_org_use(fpi_org_use_t *out, fpi_tx_t *tx, const fpi_org_t *org, fpi_task_t *task) FPI_MUST_USE;

#endif
