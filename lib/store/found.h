/* Rows of the invoices that were read from the files of bills (model/evidence.h), beside those that were announced
 * (bills.h). A file may hold many; the same invoice in two files is two rows, each naming its twin.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  lists take a `most`.
 * Every look-up is by tenant: another tenant's row does not exist. */
#ifndef FPI_STORE_FOUND_H
#define FPI_STORE_FOUND_H

#include "model/invoice.h"
#include "model/viewer.h"
#include "store/tx.h"

#include <apr_time.h>

/* What else is the same invoice; of several the first that holds. */
typedef enum fpi_twin_kind_t {
    FPI_TWIN_NONE = 0,
    FPI_TWIN_CLAIMED = 1,        /* on another bill that is submitted */
    FPI_TWIN_OTHER_BILL = 2,     /* on another bill */
    FPI_TWIN_SAME_BILL = 3,      /* in another file before it on this bill */
    FPI_TWIN_ALIKE = 4           /* nothing but seller, sum and day are the same: a warning */
} fpi_twin_kind_t;

typedef struct fpi_found_row_t {
    fpi_invoice_t invoice;       /* with id, tenant, bill; serial_no and doc are not kept here */
    int64_t file, page;          /* page 0: not told */
    const char *check_code;
    const char *source;          /* name of the best source that spoke */
    const char *fields;          /* provenance of each field, service/found.h */
    fpi_twin_kind_t twin_kind;
    int64_t twin_bill, twin_file; /* twin_file 0: it was announced there, no file holds it */
    const char *editor;          /* who changed it by hand last, or NULL */
    apr_time_t created, updated; /* updated: its version */
} fpi_found_row_t;

/* By id, that is in the order in which they were found. */
fpi_err_t *fpi_found_list(fpi_found_row_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill, int most,
                          fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_found_find(fpi_found_row_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* Inserts (id 0, sets it and `created`) or changes the row; `updated` becomes now, and later than it was. */
fpi_err_t *fpi_found_put(fpi_found_row_t *row, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_found_drop(const fpi_found_row_t *row, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Are all columns but id, created, updated the same? */
bool fpi_found_is_same(const fpi_found_row_t *a, const fpi_found_row_t *b);

/* ---- twins ---- */
typedef struct fpi_twin_t {
    int64_t bill, file;
    bool is_claimed;             /* that bill is submitted, reviewed, or was and is to be scanned again */
} fpi_twin_t;
/* Where else in the tenant this identity is, found or announced, on bills that are not void: claimed ones first, then the
 * oldest. */
fpi_err_t *fpi_found_twins(fpi_twin_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                           const char *identity, int most, fpi_task_t *task) FPI_MUST_USE;
/* The oldest other row of the same seller, sum and day where one of the two has no identity; *out NULL: none. */
fpi_err_t *fpi_found_alike(fpi_twin_t **out, fpi_tx_t *tx, const fpi_found_row_t *row, fpi_task_t *task)
    FPI_MUST_USE;
/* The other bills on which an invoice of this bill, or (identity not NULL) that one, was found. */
fpi_err_t *fpi_found_neighbours(int64_t **bills, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                                const char *identity, int most, fpi_task_t *task) FPI_MUST_USE;

#endif
