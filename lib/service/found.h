/* Found invoices: what is believed of each and why, its twins, and how it is shown.
 *
 * The column `fields` of a row:
 *   { "key": "2411..." | "#3.1",        how the row is known again in its file: its number, else page and place
 *     "said": { ... },                  what was read, with provenance (service/evidence_forms.h)
 *     "hand": { "gross": "113.00", "type": "27" },     what a clerk has set; absent: nothing
 *     "replaced": true }      the file got other bytes since: the next reading sees whether "hand" is still of that invoice
 * The columns beside it are what follows of the two: a hand before all others.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  those of model/evidence.h. */
#ifndef FPI_FOUND_SERVICE_H
#define FPI_FOUND_SERVICE_H

#include "model/evidence.h"
#include "model/viewer.h"
#include "store/bills.h"
#include "store/found.h"
#include "wire/json.h"

/* Fills the row's invoice, source, page, check_code and fields of what `doc` (as above) says; the rest stays. */
fpi_err_t *fpi_found_compose(fpi_found_row_t *row, fpi_json_t *doc, fpi_task_t *task) FPI_MUST_USE;
/* The row's `fields`, parsed. */
fpi_err_t *fpi_found_doc(fpi_json_t **doc, const fpi_found_row_t *row, fpi_task_t *task) FPI_MUST_USE;

/* ---- corrections, when files change ---- */
#define FPI_FOUND_REPLACED "replaced"

/* Other bytes are put in the file's place. */
fpi_err_t *fpi_found_replaced(fpi_tx_t *tx, const fpi_file_t *file, fpi_task_t *task) FPI_MUST_USE;
/* The file became `now` of another bill: what a hand has set of its invoices goes with it, and is told there. */
fpi_err_t *fpi_found_follow(fpi_tx_t *tx, const fpi_file_t *file, const fpi_file_t *now, const fpi_bill_t *there,
                            fpi_task_t *task) FPI_MUST_USE;

/* ---- twins ---- */
/* Finds the row's twin and keeps it in the row, which is not put. `rows` are those of its bill in the order of their
 * files, the row among them. */
fpi_err_t *fpi_found_find_twin(fpi_found_row_t *row, fpi_tx_t *tx, const fpi_found_row_t *rows, int count,
                               fpi_task_t *task) FPI_MUST_USE;
/* The invoice of that identity (NULL: of none) came to the bill or left it: other bills that have it are read again. */
fpi_err_t *fpi_found_wake(fpi_tx_t *tx, const fpi_bill_t *bill, const char *identity, fpi_task_t *task) FPI_MUST_USE;
/* The bill was submitted, sent back, voided or came back: bills that share an invoice with it are read again, as what
 * they say of it is no longer true. */
fpi_err_t *fpi_found_moved(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

/* An invoice of the bill that is on another submitted bill, too. */
typedef struct fpi_duplicate_t {
    const fpi_found_row_t *row;
    const fpi_bill_t *other;
    int64_t other_file;          /* 0: it was announced there, no file holds it */
    bool is_attachment;          /* its file is no invoice of this bill, but goes with it */
} fpi_duplicate_t;
/* As things stand in this transaction, whatever the rows say. */
fpi_err_t *fpi_found_duplicates(fpi_duplicate_t **out, int *count, fpi_tx_t *tx, const fpi_bill_t *bill,
                                fpi_task_t *task) FPI_MUST_USE;
/* For a submit. FPI_E_DUPLICATE naming invoice and bill when there are any and the tenant's switch duplicate.refuse is
 * "on"; otherwise, and where they are attachments only, they are told in the timeline. A bill that `viewer` may not see is not named. */
fpi_err_t *fpi_found_check_submit(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_viewer_t *viewer,
                                  fpi_task_t *task) FPI_MUST_USE;

/* ---- showing ---- */
/* One of them, for family C. */
fpi_err_t *fpi_found_write_row(fpi_json_t **out, fpi_tx_t *tx, const fpi_found_row_t *row,
                               const fpi_viewer_t *viewer, fpi_task_t *task) FPI_MUST_USE;
/* All of a bill, as an array. */
fpi_err_t *fpi_found_answer(fpi_json_t **out, fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_viewer_t *viewer,
                            fpi_task_t *task) FPI_MUST_USE;

#endif
