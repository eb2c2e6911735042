/* Rows of business systems. The password is sealed with the master key, bound to tenant and name.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_SYSTEMS_MOST systems a tenant. */
#ifndef FPI_SYSTEMS_H
#define FPI_SYSTEMS_H

#include "model/system.h"
#include "store/tx.h"

enum { FPI_SYSTEMS_MOST = 100 };

typedef struct fpi_systems_t {
    int count;
    fpi_system_t **items;
} fpi_systems_t;

/* All of a tenant by name, passwords unsealed. FPI_E_CONFIG: one can't be, as the master key is another. */
fpi_err_t *fpi_systems_list(fpi_systems_t *out, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* *out NULL when there is none. */
fpi_err_t *fpi_system_find(fpi_system_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_system_find_by_id(fpi_system_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* The enabled one that bills of this resource are told to: its own, else the one for all others. *out NULL: none. */
fpi_err_t *fpi_system_find_for(fpi_system_t **out, fpi_tx_t *tx, int64_t tenant, const char *resource,
                               fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0) or overwrites by id; sets id, epoch (raised), created, updated. FPI_E_DUPLICATE: another has the
 * name, or, both being enabled, is for the same bills, named; FPI_E_STATE: there are FPI_SYSTEMS_MOST. */
fpi_err_t *fpi_system_put(fpi_system_t *system, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Notes is_checked, check_note and checked, unless it was changed (its epoch) since it was read. When it let us log
 * in, the epoch is raised: refusals that are remembered of it (remote/erp.c) are forgotten. */
fpi_err_t *fpi_system_note(const fpi_system_t *system, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_system_drop(bool *was_there, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;

#endif
