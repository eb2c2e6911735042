/* The handlers that routes.def names, one file per group of endpoints, and what they share.
 * A handler reads the call, changes the store in one transaction, and gives back data; the envelope is api's.
 *
 * Life:    requests only.
 * Threads: many.
 * Limits:  lists of at most FPI_LIST_MAX objects per call. */
#ifndef FPI_HANDLERS_H
#define FPI_HANDLERS_H

#include "service/access.h"
#include "service/api.h"

enum { FPI_LIST_MAX = 1000 };

/* oauth.c */
fpi_err_t *fpi_handle_oauth_token(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* bills.c */
fpi_err_t *fpi_handle_bill_push(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_status(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_rescan(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_cancel(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_invalid(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_voucher(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_invoices(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
fpi_err_t *fpi_handle_bill_operate(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;
/* push.c */
fpi_err_t *fpi_handle_push(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer) FPI_MUST_USE;

/* ---- journal.c: what nobody here can serve ---- */
/* Puts the call into the journal of unknown calls, with the shape of its body (values masked, or in clear while
 * the administrator's time-limited capture is on), and makes the refusal that names the entry. Failing to write the
 * journal is logged, not answered. */
fpi_err_t *fpi_journal_unknown(fpi_app_t *app, fpi_call_t *call) FPI_MUST_USE;
/* The same for a push whose identity can't be found; the refusal is the caller's. */
void fpi_journal_push(fpi_app_t *app, fpi_call_t *call, const char *body, size_t len);

/* ---- bills.c: shared with pushes ---- */
/* May this enterprise touch the bill? A tenant authorisation (client id "TN_...") may touch all of its tenant,
 * others their own tax number. FPI_E_FOREIGN. */
fpi_err_t *fpi_bill_check_owner(const fpi_enterprise_t *enterprise, const char *tax_no, fpi_task_t *task)
    FPI_MUST_USE;

#endif
