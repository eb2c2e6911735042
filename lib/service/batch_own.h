/* What the parts of the batch share.
 *
 * Life:    as batch.h.
 * Threads: as batch.h.
 * Limits:  as batch.h. */
#ifndef FPI_BATCH_OWN_H
#define FPI_BATCH_OWN_H

#include "service/batch.h"

/* ---- batch_sheets.c ---- */
/* Sheets and leaves of the capture's pages; has_folded. */
fpi_err_t *fpi_batch_read_sheets(fpi_batch_t *batch, const fpi_rule_t *rules, int rule_count, fpi_tx_t *tx,
                                fpi_task_t *task) FPI_MUST_USE;
/* In a transaction of its own: a row for each page of contents that have several. Another's change meanwhile is no
 * failure: nothing is done then, the next load sees to it. */
fpi_err_t *fpi_batch_unfold(fpi_batch_t *batch, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
