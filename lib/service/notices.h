/* The outbox: what the ERP is told of a bill, and how it gets there.
 *
 *   fpi_move ──> fpi_notice_moved: a row of store/notices.h and the bill's job "notice", in the move's own transaction
 *   job ──> oldest that is not told ──> claim it ──> images there? ──> fpi_erp_notify ──> told, later, or parked
 *
 *   state move                      notice
 *   submit, resubmit                ready (again, once a send-back was told)
 *   rescan                          sent back
 *   cancel rescan, to submitted or  ready again; none when the send-back had not been tried yet, which is skipped
 *     reviewed
 *   review                          review
 *   void                            none; what was not told yet is skipped
 *   supplement, amendment           none: the state stays (facts-cloud.md 6.6), and EAS moves its workflow on each
 *                                     "ready" that it gets
 *   a newer push of a submitted     ready, with the pages of now, when it has taken files away or brought some
 *     bill, in sync mode              (service/pull.h): two pushes per bill are normal, and the first submits it
 *
 * Order. Notices of one bill are told one by one in the order of the moves. None is left out because a newer one waits:
 * EAS takes a send-back only behind its image node, which "ready" opens, so even an outdated "ready" goes first.
 * Skipped, and told so in the timeline, is only what makes no difference to what EAS has seen: a send-back that was
 * withdrawn before its first try; what waits for a bill that was voided; and what EAS has refused, which it therefore
 * does not hold, as soon as something newer waits behind it.
 *
 * Once, and one at a time. The job is keyed by bill, so its lease keeps others away. A lease can run out under a call
 * that is still in the air (a child that was stopped, a store that could not be written for 12 s), so the row carries a
 * claim of its own that outlasts the call's limit by FPI_NOTICE_MARGIN: whoever leases the job meanwhile waits for the
 * claim to end. Clocks of nodes that lie further apart than the margin can break this, nothing else can. The price: when
 * a child is killed in mid-call nobody knows what EAS has got, and the notice is told again after the claim, 65 s at the
 * latest. So each is told at least once; twice only after a kill or an answer that was lost, which EAS takes as the same.
 *
 * Failures. 1 s doubling to 1 h, for 3 days, then PARKED, in the timeline, in metrics, by the event command. While a
 * system can't be reached, one bill at a time tries it; the first that gets through makes the others due at once. A
 * parked one is tried again when the bill moves on, by the reconciliation (service/reconcile.h), and by hand.
 * "Ready" is not told while an image of the bill is missing from the blob store.
 *
 * Life:    moved, retry: a write transaction's; run: a job's task.
 * Threads: as the transaction; a worker's.
 * Limits:  a call has FPI_NOTICE_LIMIT; reasons are cut at 500 bytes. */
#ifndef FPI_NOTICES_H
#define FPI_NOTICES_H

#include "service/jobs.h"
#include "service/moves.h"
#include "store/notices.h"

#define FPI_JOB_NOTICE "notice"
#define FPI_NOTICE_LIMIT apr_time_from_sec(60)
#define FPI_NOTICE_MARGIN apr_time_from_sec(5)

/* The bill has just moved from `from` by that order: writes down what is to be told of it. Without a business system for
 * its resource the row is UNADDRESSED and the timeline says so, once. */
fpi_err_t *fpi_notice_moved(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_order_t *order, fpi_state_t from,
                            fpi_task_t *task) FPI_MUST_USE;

/* The images of a submitted bill are others now, by the receipt: "ready" behind all that is told before. One that waits
 * and is not in the air does as well. */
fpi_err_t *fpi_notice_images(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

/* The bill's parked and unaddressed notices are tried again from the first on; *count of them. When all were told, the
 * last is told once more, unless the bill has moved on since: *count 1. 0: it waits already, or there is none. */
fpi_err_t *fpi_notice_retry(int64_t *count, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
    FPI_MUST_USE;
/* The same, asked for by one of its notices: FPI_E_STATE when that one is over and says nothing that still holds. */
fpi_err_t *fpi_notice_retry_one(int64_t *count, fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_delivery_t *delivery,
                                fpi_task_t *task) FPI_MUST_USE;
/* All bills that fpi_deliveries_stuck finds, query->most from behind the bill `after` on; those without a business system
 * are counted and left. */
typedef struct fpi_retried_t {
    int64_t bills, notices, without_system;
    int64_t next;                /* `after` of the next ones; 0: that was all */
} fpi_retried_t;
fpi_err_t *fpi_notices_retry(fpi_retried_t *out, fpi_tx_t *tx, const fpi_delivery_query_t *query, int64_t after,
                             fpi_task_t *task) FPI_MUST_USE;
/* Tells the bill's state once more, as the ERP has lost `lost`: its row is settled, a new one counts the repair. */
fpi_err_t *fpi_notice_repair(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_delivery_t *lost, const char *why,
                             fpi_task_t *task) FPI_MUST_USE;

fpi_err_t *fpi_notice_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_notice_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

/* Puts the bill's notices to work at `due`. */
fpi_err_t *fpi_notice_put_job(fpi_tx_t *tx, int64_t tenant, int64_t bill, apr_time_t due, fpi_task_t *task)
    FPI_MUST_USE;
/* Adds to the bill's timeline, kind "notice", what became of a delivery. */
fpi_err_t *fpi_notice_note(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_delivery_t *delivery, const char *note,
                           fpi_task_t *task) FPI_MUST_USE;

/* As family C and the tool tell it. */
fpi_json_t *fpi_view_delivery(const fpi_delivery_t *delivery, fpi_task_t *task);

#endif
