/* Rows of scan points, their related organisations and scanners.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_POINTS points of a tenant; FPI_POINT_ORGS related organisations of one. Every look-up is by tenant.
 * After a committed change the caller raises the store's epoch. */
#ifndef FPI_STORE_POINTS_H
#define FPI_STORE_POINTS_H

#include "model/people.h"
#include "model/viewer.h"
#include "store/tx.h"

enum { FPI_POINTS = 2000, FPI_POINT_ORGS = 500 };

/* By name. */
fpi_err_t *fpi_points_list(fpi_point_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_point_find(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_point_find_by_name(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
    FPI_MUST_USE;
/* The one that a user is bound to, enabled or not. */
fpi_err_t *fpi_point_of_user(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, int64_t user, fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0, sets it) or updates. FPI_E_DUPLICATE: another has the name. */
fpi_err_t *fpi_point_put(fpi_point_t *point, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* Related organisations, without the owning one. */
fpi_err_t *fpi_point_orgs_list(fpi_ids_t *out, fpi_tx_t *tx, int64_t point, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_point_orgs_put(fpi_tx_t *tx, int64_t point, const fpi_ids_t *orgs, fpi_task_t *task) FPI_MUST_USE;
/* By name. */
fpi_err_t *fpi_point_users_list(fpi_user_t **out, int *count, fpi_tx_t *tx, int64_t point, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_DUPLICATE: he is bound already. */
fpi_err_t *fpi_point_bind(fpi_tx_t *tx, int64_t point, int64_t user, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_point_unbind(bool *was_bound, fpi_tx_t *tx, int64_t point, int64_t user, fpi_task_t *task) FPI_MUST_USE;

#endif
