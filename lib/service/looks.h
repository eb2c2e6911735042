/* Looking at stored bytes in the background: pages, codes, invoices; then what the bills and captures that hold them
 * gain by it.
 *
 *   content put ──job "look" (one per content)──> decode helper ──> content.doc, pages, state
 *                                                        └──job "read" (one per bill, service/reads.h)──> found invoices,
 *                                                           page count, twins, the cloud's recognition
 *
 *   waiting ──looked at──────────────────────────────────────────────> looked
 *      │ the helper died or ran out of time on it: later, FPI_LOOK_TRIES_MOST times in about an hour
 *      └──damaged, no preview, FPI_LOOK_TRIES tries──> unreadable ──tried on, or the same bytes come again──> looked at
 *
 * Reading moves no bill in basic and sync mode; in match mode comparing follows, in the same transaction, and moves it
 * (service/match.h).
 *
 * Life:    jobs, leased in the store.
 * Threads: the workers of the lane FPI_LANE_LOOK (service/jobs.h).
 * Limits:  those of wire/decode.h. */
#ifndef FPI_LOOKS_H
#define FPI_LOOKS_H

#include "service/call.h"
#include "service/jobs.h"
#include "store/contents.h"
#include "store/tx.h"

#define FPI_JOB_LOOK "look"

enum { FPI_LOOK_TRIES = 5, FPI_LOOK_TRIES_MOST = 12, FPI_LOOK_WAITERS = 8 };

/* In the transaction that puts the content, behind the row that names it, by whoever stores files or capture pages.
 * Nothing to do for bytes that were looked at already (*known, else NULL; may be NULL itself): what the row's owner gains
 * by them is his to see to (fpi_read_put for a bill). */
fpi_err_t *fpi_look_put(fpi_content_t **known, fpi_tx_t *tx, int64_t tenant, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* The bill's files changed: read its invoices again. In the same transaction. */
fpi_err_t *fpi_read_put(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task) FPI_MUST_USE;
/* The same in a few seconds, once for all that came until then: nothing new can be read before the looks have ended,
 * and the last of them brings it forward. */
fpi_err_t *fpi_read_put_later(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task) FPI_MUST_USE;

/* Files or pages came, and their transaction is over: what is to be done with them begins at once. is_readable: a bill has
 * some that were looked at before. */
void fpi_looks_wake(fpi_app_t *app, bool is_readable);

fpi_err_t *fpi_look_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_look_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

/* Can't it be shown, and is no further look to come? */
fpi_err_t *fpi_look_is_over(bool *is_over, fpi_tx_t *tx, const fpi_content_t *content, fpi_task_t *task) FPI_MUST_USE;

/* Bills that hold the bytes are read again; those that still wait for others of theirs a little later, so that a bill
 * of many pages is not read once for each. */
fpi_err_t *fpi_look_told(fpi_tx_t *tx, const char *sha256, fpi_task_t *task) FPI_MUST_USE;

/* Reads by `ask`, which sets *is_waiting, again and again until nothing waits, `most` is over or the client left. Each
 * who waits holds a thread of the server: only FPI_LOOK_WAITERS of a child do, the others read once. */
fpi_err_t *fpi_look_wait(fpi_app_t *app, fpi_call_t *call, fpi_tx_fn *ask, void *baton, const bool *is_waiting,
                         apr_interval_time_t most) FPI_MUST_USE;

/* Opens the bytes and says as what they are looked at: an office document as the PDF that is made of it (office.h). */
fpi_err_t *fpi_look_open(int *fd, int64_t *size, fpi_media_t *media, fpi_app_t *app, const char *sha256,
                         fpi_task_t *task) FPI_MUST_USE;

#endif
