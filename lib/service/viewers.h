/* Persons as viewers (model/viewer.h), made of their rows: roles, grants, organisations, scan point.
 *
 *   user ─ roles (active) ──> permissions
 *        ─ grants, the tree below them ──> all_orgs, work_orgs     ─ scan point (enabled) ──> point, its organisations
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  those of the rows; of more than FPI_VIEWER_ORGS organisations the rest is not seen. */
#ifndef FPI_VIEWERS_H
#define FPI_VIEWERS_H

#include "model/viewer.h"
#include "store/tx.h"

/* NULL when there is no such user, or a disabled one. */
fpi_err_t *fpi_viewer_load(fpi_viewer_t **out, fpi_tx_t *tx, int64_t tenant, int64_t user, fpi_task_t *task) FPI_MUST_USE;

/* What his active roles hold together. */
fpi_err_t *fpi_viewer_permissions(uint64_t *out, fpi_tx_t *tx, int64_t tenant, int64_t user, fpi_task_t *task)
    FPI_MUST_USE;

#endif
