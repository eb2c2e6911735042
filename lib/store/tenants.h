/* Rows of tenants. The first is made with the schema; several of one installation are told apart at the login by their
 * domain. Everything else carries its tenant's id.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_TENANTS tenants; none is ever dropped, for its bills are kept. */
#ifndef FPI_STORE_TENANTS_H
#define FPI_STORE_TENANTS_H

#include "store/tx.h"

#include <apr_time.h>

enum { FPI_TENANTS = 1000 };

typedef struct fpi_tenant_t {
    int64_t id;
    const char *name, *domain;   /* domain NULL: none; the first may do without */
    apr_time_t created;
    int64_t users;               /* active ones */
} fpi_tenant_t;

/* By id. */
fpi_err_t *fpi_tenants_list(fpi_tenant_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* By its login domain, by its id; NULL when there is none. Users are not counted. */
fpi_err_t *fpi_tenant_find(fpi_tenant_t **out, fpi_tx_t *tx, const char *domain, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_tenant_find_by_id(fpi_tenant_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0, sets it and created) or updates. FPI_E_DUPLICATE: another has the name or the domain. */
fpi_err_t *fpi_tenant_put(fpi_tenant_t *tenant, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

#endif
