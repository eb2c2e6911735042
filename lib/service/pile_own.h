/* What the parts of the pile share.
 *
 * Life:    as pile.h.
 * Threads: as pile.h.
 * Limits:  as pile.h. */
#ifndef FPI_PILE_OWN_H
#define FPI_PILE_OWN_H

#include "service/pile.h"

/* ---- pile_sheets.c ---- */
/* Sheets and leaves of the capture's pages; has_folded. */
fpi_err_t *fpi_pile_read_sheets(fpi_pile_t *pile, const fpi_rule_t *rules, int rule_count, fpi_tx_t *tx,
                                fpi_task_t *task) FPI_MUST_USE;
/* In a transaction of its own: a row for each page of contents that have several. Another's change meanwhile is no
 * failure: nothing is done then, the next load sees to it. */
fpi_err_t *fpi_pile_unfold(fpi_pile_t *pile, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
