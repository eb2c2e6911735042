/* In which mode a bill is worked on: that of its bill type, else of its organisation or one above it, else of the
 * tenant, else basic. What can't be worked on in its mode falls to basic (facts-cloud.md 6.5): a bill that should be
 * synchronised but was never announced by the ERP, so that its type is not known; one that should be matched and was
 * announced, while the receipt says that it has no invoices of it.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  codes of 100 bytes; FPI_MODE_LEVELS levels of organisations. */
#ifndef FPI_MODES_H
#define FPI_MODES_H

#include "service/app.h"
#include "store/bills.h"

enum { FPI_MODE_LEVELS = 4, FPI_MODE_CODE = 100 };

/* What a mode was said for. */
typedef enum fpi_scope_t { FPI_SCOPE_DEFAULT, FPI_SCOPE_TENANT, FPI_SCOPE_ORG, FPI_SCOPE_TYPE } fpi_scope_t;
const char *fpi_scope_name(fpi_scope_t scope); /* "default", "tenant", "organisation", "bill type" */

typedef struct fpi_mode_said_t {
    fpi_mode_t mode;
    fpi_scope_t scope;
    const char *code;            /* of the organisation or bill type; NULL */
    fpi_mode_t fallen;           /* the mode that it fell from; NONE */
} fpi_mode_said_t;

/* Where the bill's mode comes from, too. */
fpi_err_t *fpi_mode_find(fpi_mode_said_t *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
/* All that were said for the tenant: itself first, then organisations, then bill types. */
fpi_err_t *fpi_modes_list(fpi_mode_said_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
    FPI_MUST_USE;
/* Says it for the task's tenant, or takes it back (mode NONE); the audit log is told. FPI_E_FIELD for a bad code. The
 * caller raises the store's epoch. */
fpi_err_t *fpi_mode_put(fpi_tx_t *tx, const fpi_mode_said_t *said, fpi_task_t *task) FPI_MUST_USE;

/* "basic", "match", "sync" in any case or 1, 2, 3; FPI_E_FIELD. */
fpi_err_t *fpi_mode_parse(fpi_mode_t *out, const char *text, fpi_task_t *task) FPI_MUST_USE;

#endif
