/* Rows of network scanners: machines that are asked to scan, by their address. The people who scan are users of scan
 * points (points.h).
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_SCANNERS scanners of a tenant. Every look-up is by tenant. */
#ifndef FPI_STORE_SCANNERS_H
#define FPI_STORE_SCANNERS_H

#include "store/tx.h"

enum { FPI_SCANNERS = 500 };

typedef struct fpi_scanner_t {
    int64_t id, tenant, version; /* version counts changes */
    const char *name;            /* unique in the tenant */
    const char *address;         /* "http://host[:port]/path" */
    int64_t org, point;          /* who may use it: those who work for the organisation, or scan at the point; 0: all */
    bool is_enabled, is_checked; /* checked: it has answered as a scanner since its address was entered */
    const char *model;           /* as it said last; NULL */
    const char *check_note;      /* what the last check said, one sentence; NULL: none yet */
    apr_time_t checked, created, updated;
} fpi_scanner_t;

/* By name. */
fpi_err_t *fpi_scanners_list(fpi_scanner_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_scanner_find(fpi_scanner_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_scanner_find_by_name(fpi_scanner_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
    FPI_MUST_USE;
/* Inserts (id 0, sets it) or overwrites; raises the version, sets created and updated. FPI_E_DUPLICATE: another has the
 * name. */
fpi_err_t *fpi_scanner_put(fpi_scanner_t *scanner, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Notes is_checked, check_note, model and checked, unless it was changed since it was read. */
fpi_err_t *fpi_scanner_note(const fpi_scanner_t *scanner, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_scanner_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;

#endif
