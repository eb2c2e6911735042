/* Parts of following a result (match.h). Not for use elsewhere.
 *
 * Life:    a write transaction's.
 * Threads: as the transaction.
 * Limits:  those of match.h. */
#ifndef FPI_MATCH_SERVICE_OWN_H
#define FPI_MATCH_SERVICE_OWN_H

#include "service/match.h"

/* ---- match.c ---- */
/* Of most bills there is nothing to say. */
fpi_err_t *match_is_concerned(bool *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
/* Row, state, timeline; nothing when all is as it was. */
fpi_err_t *match_keep(const fpi_matching_t *m, fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

/* ---- match_submit.c ---- */
/* A matched bill is submitted by itself, where the tenant wants it. */
fpi_err_t *match_submit(const fpi_matching_t *m, fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

#endif
