/* What is done to a bill, whoever asks for it: the one mover of states.def, and what every change leaves behind
 * (version, row, timeline, notice to the ERP, background work). Not who may ask: that is the caller's.
 *
 *   order ──> locked? ──> states.def ──> images there? ──> state, reason, files' marks ──> version + timeline
 *
 * Life:    a write transaction's.
 * Threads: as the transaction.
 * Limits:  a reason as long as the caller lets it be. */
#ifndef FPI_MOVES_H
#define FPI_MOVES_H

#include "store/bills.h"
#include "wire/json.h"

typedef struct fpi_order_t {
    fpi_act_t act;
    const char *reason, *by;     /* as the caller says them; NULL */
    const char *told;            /* what the timeline should say of it besides; NULL */
} fpi_order_t;

/* May it be done now? FPI_E_STATE says why not: locked (names the voucher), the state, or no images where it must have some. */
fpi_err_t *fpi_move_may(const fpi_bill_t *bill, fpi_act_t act, int64_t files, fpi_task_t *task) FPI_MUST_USE;
/* Does it. *is_changed false: the same order again, nothing was written. A send-back marks all files unchanged, a
 * withdrawn one takes the marks away. */
fpi_err_t *fpi_move(bool *is_changed, fpi_bill_t *bill, const fpi_order_t *order, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
/* Locks, or unlocks: then in any state. FPI_E_STATE. */
fpi_err_t *fpi_move_lock(bool *is_changed, fpi_bill_t *bill, bool is_locking, const fpi_order_t *order, fpi_tx_t *tx,
                         fpi_task_t *task) FPI_MUST_USE;

/* Next version, row, timeline. `detail` gets the version; NULL: nothing more to tell. */
fpi_err_t *fpi_bill_note(fpi_bill_t *bill, fpi_tx_t *tx, const char *kind, const char *note, fpi_json_t *detail,
                         fpi_task_t *task) FPI_MUST_USE;
/* The same when its files changed: pages are counted, and its invoices are read again. */
fpi_err_t *fpi_bill_changed(fpi_bill_t *bill, fpi_tx_t *tx, const char *kind, const char *note, fpi_json_t *detail,
                            fpi_task_t *task) FPI_MUST_USE;

/* "note, what is told besides, by X, because: Y" */
const char *fpi_order_note(const fpi_order_t *order, const char *note, fpi_task_t *task);

#endif
