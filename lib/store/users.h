/* Rows of users, the roles they have and their grants.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_USER_ROLES roles and FPI_USER_GRANTS grants of one. Every look-up is by tenant.
 * After a committed change the caller raises the store's epoch: sessions are read anew. */
#ifndef FPI_STORE_USERS_H
#define FPI_STORE_USERS_H

#include "model/people.h"
#include "model/viewer.h"
#include "store/tx.h"

enum { FPI_USER_ROLES = 50, FPI_USER_GRANTS = 500 };

/* Active administrators of all tenants; those of one, beside this user. */
fpi_err_t *fpi_users_count_admins(int64_t *admins, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_users_count_other_admins(int64_t *admins, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
    FPI_MUST_USE;

/* NULL when absent. */
fpi_err_t *fpi_user_find(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_user_find_by_id(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_user_find_by_mobile(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *mobile,
                                   fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_user_query_t {
    int64_t tenant;
    int64_t org;                 /* -1: any */
    int active;                  /* -1: any, 0, 1 */
    const char *search;          /* a part of name, mobile or mail; NULL */
    int64_t skip;
    int most;
} fpi_user_query_t;
/* By name; *total of all that fit. */
fpi_err_t *fpi_users_list(fpi_user_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_user_query_t *query,
                          fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0, sets id and created) or updates; sets updated. FPI_E_DUPLICATE: another has the name or the mobile. */
fpi_err_t *fpi_user_put(fpi_user_t *user, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_user_tell_login(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;

fpi_err_t *fpi_user_roles_list(fpi_ids_t *out, fpi_tx_t *tx, int64_t user, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_user_roles_put(fpi_tx_t *tx, int64_t user, const fpi_ids_t *roles, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_user_grants_list(fpi_grant_t **out, int *count, fpi_tx_t *tx, int64_t user, fpi_task_t *task) FPI_MUST_USE;
/* Each organisation once. */
fpi_err_t *fpi_user_grants_put(fpi_tx_t *tx, int64_t user, const fpi_grant_t *grants, int count, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- for the other files of this folder ---- */
struct fpi_rows_t;
void fpi_user_take(fpi_user_t *user, const struct fpi_rows_t *rows, int row);
/* The first column as ids. */
fpi_ids_t fpi_ids_take(const struct fpi_rows_t *rows, fpi_task_t *task);

#endif
