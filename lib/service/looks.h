/* Looking at stored bytes in the background: pages, codes, invoices; then what the bills and captures that hold them
 * gain by it.
 *
 *   content put ──job "look" (one per content)──> decode helper ──> content.doc, pages, state
 *                                                        └──job "read" (one per bill)──> found invoices, page count,
 *                                                           twins, the cloud's recognition for what can't be read
 *
 * Life:    jobs, leased in the store.
 * Threads: the workers'.
 * Limits:  those of wire/decode.h. */
#ifndef FPI_LOOKS_H
#define FPI_LOOKS_H

#include "service/app.h"
#include "store/tx.h"

/* In the transaction that puts the content, by whoever stores files or capture pages. A content that was looked at
 * already only makes its bills read again. */
fpi_err_t *fpi_look_put(fpi_tx_t *tx, int64_t tenant, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* The bill's files changed: read its invoices again. In the same transaction. */
fpi_err_t *fpi_read_put(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task) FPI_MUST_USE;

#endif
