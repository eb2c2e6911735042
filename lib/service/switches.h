/* What a tenant can switch on and off (switches.def), and what was said of each.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  the table's. */
#ifndef FPI_SWITCHES_H
#define FPI_SWITCHES_H

#include "store/tx.h"

typedef struct fpi_switch_t {
    const char *name, *standard, *en, *zh; /* as the table has them */
    const char *value;           /* "on", "off"; NULL: nothing was said */
} fpi_switch_t;

/* Those of the task's tenant, in the order of the table. */
fpi_err_t *fpi_switches_list(fpi_switch_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* "on", "off", or "standard" as if nothing was ever said; the audit log is told. FPI_E_FIELD for an unknown switch or
 * value. The caller raises the store's epoch. */
fpi_err_t *fpi_switch_put(fpi_tx_t *tx, const char *name, const char *value, fpi_task_t *task) FPI_MUST_USE;

#endif
