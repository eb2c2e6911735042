/* Working off a push: what it did not bring is pulled from the cloud, files are fetched into the blob store, and
 * the bill gets its invoices, files and state. Every step is in the bill's timeline.
 *
 *   job {bill, push} ─> document of the push, completed by the cloud, or the cloud's answer
 *                    ─> each file (skipped when it is there)
 *                    ─> one transaction: invoices, state, push row "done", timeline
 *
 * In sync mode the bill mirrors the receipt until it is reviewed or locked: files that came from it and are no longer there
 * are taken off (what people brought stays), and with its images there the bill is submitted; an empty receipt does
 * neither. When that changes the images of a submitted bill, it stays submitted and the ERP is told "ready" once more, as
 * the receipt pushes twice per bill, on save and on submit (facts-cloud.md 4.3), and the first push has submitted it.
 * A file is known by the bytes that its link gave, wherever that stands now: under another address, or one signed anew for each
 * call, it is the same file, and no news. Nothing is taken off a submitted bill while a file of the receipt can't be had. In
 * the other modes, and once reviewed, what comes is added and its invoices are brought up to date, and the ERP is not told again
 * (facts-cloud.md 6.6). A locked bill is not touched: the push is parked, to be replayed once it is unlocked.
 *
 * What is no invoice is none (forms.h): a push without one is a notice, whatever it looks like, and a member of a list without
 * number, code, date, sum, party or file is left out and told. Invoices and files are taken away by the whole of a receipt only:
 * not by a page of it, nor by one with a member left out, nor by an answer that lists no invoices. Of covers or attachments that a
 * push does not speak of the cloud is asked; where it can't be, those that are there stay.
 *
 * Life:    a job's task.
 * Threads: a worker's.
 * Limits:  2,000 invoices and 5,000 files per bill. Running it twice changes nothing more. */
#ifndef FPI_PULL_H
#define FPI_PULL_H

#include "model/bill.h"
#include "service/jobs.h"
#include "service/moves.h"

#define FPI_JOB_PULL "pull"

fpi_err_t *fpi_pull_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_pull_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

/* Where the cloud has the invoices of a bill, below its address, and the tenant's setting that says otherwise. */
#define FPI_PULL_PATH "/m4/fpzs/bxdInvoices"
#define FPI_PULL_SETTING "pull.path"

/* Puts the bill's pull to work now, or again when it is at work; `push` is the push row it works off. */
fpi_err_t *fpi_pull_put(fpi_tx_t *tx, const fpi_bill_t *bill, int64_t push, fpi_task_t *task) FPI_MUST_USE;

/* Puts the pull of a push back to work that was taken (fpi_push_replay: of any push). FPI_E_ABSENT. */
fpi_err_t *fpi_pull_replay(fpi_tx_t *tx, int64_t push, fpi_task_t *task) FPI_MUST_USE;

/* Puts pulls back to work that were given up and belong to no parked push: the receipt was asked by hand or by matching.
 * `tax_no` not NULL: of bills of it only. *count of them, at most `most`. */
fpi_err_t *fpi_pull_replay_lone(int *count, fpi_tx_t *tx, const char *tax_no, int most, fpi_task_t *task) FPI_MUST_USE;

/* Asks the receipt again, by hand: the push in effect is worked off once more; without one, what the cloud has under the
 * ERP's key. FPI_E_STATE: void, locked, or neither pushed nor announced. */
fpi_err_t *fpi_pull_by_hand(fpi_tx_t *tx, fpi_bill_t *bill, const fpi_order_t *order, fpi_task_t *task) FPI_MUST_USE;

#endif
