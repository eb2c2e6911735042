/* Submitting a bill, whoever does it: the ERP (commit, scanBillSubmit), the console, the tool.
 *
 *   who may ──> files named and put in order ──> held | supplement | moved ──> what changed is told
 *
 * Life:    a write transaction's.
 * Threads: as the transaction.
 * Limits:  FPI_PILE_MOST files. */
#ifndef FPI_SUBMIT_H
#define FPI_SUBMIT_H

#include "model/viewer.h"
#include "service/moves.h"
#include "store/piles.h"

typedef struct fpi_submit_t {
    fpi_order_t order;           /* SUBMIT or RESUBMIT */
    const char *const *files;    /* what fileList names: a file's id, or a path that ends in id or hash; in order */
    int file_count;              /* 0: no list, the order stays */
    bool is_supplement;          /* of a submitted bill: it stays as it is */
    bool is_held;                /* not yet to the ERP: it stays uploaded */
    bool is_confirmed;           /* also where it does not match, if the tenant allows that (service/match.h) */
    const fpi_viewer_t *viewer;  /* who submits, and is told of other bills what he may see; NULL: all */
    /* out */
    fpi_pile_t *pile;
    bool is_changed;
    int changed, added, confirmed, unchanged, dropped; /* files, where the bill was sent back */
} fpi_submit_t;

/* May he submit at all? Persons need an enabled scan point (FPI_E_NO_POINT), unless the tenant's switch "scan.everyone"
 * is "on"; systems with a token and administrators of the machine (NULL) are no persons. `number` NULL: of no bill. */
fpi_err_t *fpi_submit_may(fpi_tx_t *tx, const fpi_viewer_t *viewer, int64_t tenant, const char *number, fpi_task_t *task)
    FPI_MUST_USE;

/* FPI_E_NO_POINT, FPI_E_STATE (what does not match, too), FPI_E_ABSENT naming a file that the bill has not, FPI_E_DUPLICATE
 * naming the bill that has an invoice of this one already (service/found.h). The same again: done, unchanged. */
fpi_err_t *fpi_submit(fpi_submit_t *submit, fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* {"changed": n, "added": n, "confirmed": n, "unchanged": n, "dropped": n}; NULL when the bill was never sent back. */
fpi_json_t *fpi_submit_changes(const fpi_submit_t *submit, fpi_task_t *task);

#endif
