/* How family C tells bills, their files, their timeline and their invoices: snake_case, UPPER_CASE values, ISO times.
 *
 * Life:    documents of the task.
 * Threads: the task's.
 * Limits:  none of its own. */
#ifndef FPI_VIEWS_H
#define FPI_VIEWS_H

#include "model/arrange.h"
#include "store/bills.h"
#include "store/contents.h"
#include "wire/json.h"

fpi_json_t *fpi_view_bill(const fpi_bill_t *bill, fpi_task_t *task);
/* `content` may be NULL: nothing is said of pages then. */
fpi_json_t *fpi_view_file(const fpi_file_t *file, const fpi_content_t *content, fpi_task_t *task);
fpi_json_t *fpi_view_files(const fpi_file_t *files, const fpi_content_t *contents, int count, fpi_task_t *task);
fpi_json_t *fpi_view_event(const fpi_event_t *event, fpi_task_t *task);
fpi_json_t *fpi_view_invoice(const fpi_invoice_t *invoice, fpi_task_t *task);
/* One that was read from a file, with where each field came from and its twin. */

/* "COVER", "INVOICE", "ATTACHMENT"; "NORMAL", "UNCHANGED", ... */
const char *fpi_view_kind(fpi_kind_t kind);
const char *fpi_view_file_state(fpi_file_state_t state);
/* FPI_E_FIELD naming the field and what may stand there. Lower case is taken, too. */
fpi_err_t *fpi_view_take_kind(fpi_kind_t *out, const char *text, fpi_task_t *task) FPI_MUST_USE;

#endif
