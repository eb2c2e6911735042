/* Rows of image-code rules.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_RULES_MAX rules per tenant. Every look-up is by tenant. */
#ifndef FPI_STORE_COVER_RULES_H
#define FPI_STORE_COVER_RULES_H

#include "model/cover.h"
#include "store/tx.h"

/* In the order in which they are tried: the oldest first. */
fpi_err_t *fpi_cover_rules_list(fpi_rule_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
    FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_cover_rule_find(fpi_rule_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* Inserts (id 0, sets it) or overwrites; sets version. FPI_E_DUPLICATE: the tenant has one of that name. */
fpi_err_t *fpi_cover_rule_put(fpi_rule_t *rule, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_cover_rule_drop(fpi_tx_t *tx, const fpi_rule_t *rule, fpi_task_t *task) FPI_MUST_USE;

#endif
