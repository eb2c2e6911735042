/* The files of a bill as a pile, out of the store and back: only what differs is written.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_PILE_MOST files. */
#ifndef FPI_PILES_H
#define FPI_PILES_H

#include "model/arrange.h"
#include "store/bills.h"

/* `before`: the rows as they are, for fpi_pile_put. */
fpi_err_t *fpi_pile_get(fpi_pile_t **out, fpi_pile_t *before, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
    FPI_MUST_USE;
/* Brings the store from `before` to `after`, whose new files get their ids. Bytes are kept whatever rows go. */
fpi_err_t *fpi_pile_put(fpi_pile_t *after, const fpi_pile_t *before, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

#endif
