/* Why a person can or can't scan, or see a bill: the server's own rules (model/viewer.h, service/submit.h, the guards of
 * service/sessions.h), asked one by one, each with its answer and the remedy.
 *
 *   {"question": "SCAN"|"SEE", "is_allowed": bool, "checks": [{"check", "is_ok", "text"}]}
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  none of its own. */
#ifndef FPI_PEOPLE_WHY_H
#define FPI_PEOPLE_WHY_H

#include "store/bills.h"
#include "store/users.h"
#include "wire/json.h"

/* May he scan and submit? */
fpi_err_t *fpi_why_scan(fpi_json_t **out, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task) FPI_MUST_USE;
/* May he see this bill, and file pages onto it? */
fpi_err_t *fpi_why_see(fpi_json_t **out, fpi_tx_t *tx, const fpi_user_t *user, const fpi_bill_t *bill, fpi_task_t *task)
    FPI_MUST_USE;

#endif
