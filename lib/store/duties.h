/* Rows of own roles (duties); the built-in ones are model/duty.h's, and are found here by their ids, too.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_DUTIES own roles of a tenant.
 * After a committed change the caller raises the store's epoch. */
#ifndef FPI_STORE_DUTIES_H
#define FPI_STORE_DUTIES_H

#include "model/duty.h"
#include "store/tx.h"

enum { FPI_DUTIES = 500 };

/* The built-in ones first, each with its count of users. */
fpi_err_t *fpi_duties_list(fpi_duty_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* Sets its count of users, which costs as many steps. */
fpi_err_t *fpi_duty_count_users(fpi_duty_t *role, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* Its users are not counted. NULL when absent. */
fpi_err_t *fpi_duty_find(fpi_duty_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* Built-in names in both languages, too. */
fpi_err_t *fpi_duty_find_by_name(fpi_duty_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
    FPI_MUST_USE;
/* Inserts (id 0, sets it) or updates. FPI_E_DUPLICATE: another has the name. */
fpi_err_t *fpi_duty_put(fpi_duty_t *role, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

#endif
