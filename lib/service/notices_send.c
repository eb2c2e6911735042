/* The job "notice": tells the ERP the oldest notice of a bill that it was not told yet. */
#include "service/notices.h"

#include "base/clock.h"
#include "base/text.h"
#include "remote/erp.h"
#include "service/events.h"
#include "store/systems.h"

#include <apr_strings.h>
#include <string.h>

enum { FILES_MOST = 5000 };

/* While a system can't be reached, so long after one bill's failed try the others don't try it, too. */
#define QUIET apr_time_from_sec(10)

typedef struct sending_t {
    fpi_app_t *app;
    const fpi_job_t *job;
    int64_t bill_id;
    fpi_bill_t *bill;
    fpi_delivery_t *next;        /* NULL: nothing to tell */
    fpi_system_t *system;
    fpi_file_t *files;
    int file_count;
    apr_time_t wait;             /* not now: in another's hands until then; 0 */
    apr_time_t missed;           /* not now: another bill could not reach the system then; 0 */
    bool held;
    const fpi_err_t *err;        /* of the try; NULL: told */
    bool is_skipped;             /* it was refused, and need not be told any more */
} sending_t;

/* ---- claim ---- */

static fpi_err_t *look(sending_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_bill_find_by_id(&s->bill, tx, task->tenant, s->bill_id, task));
    if (s->bill) {
        FPI_TRY(fpi_delivery_find_next(&s->next, tx, task->tenant, s->bill_id, task));
    }
    if (s->next && s->next->state != FPI_DELIVERY_WAITING) {
        s->next = NULL;
    }
    if (!s->next) {
        return NULL;
    }
    FPI_TRY(fpi_files_list(&s->files, &s->file_count, tx, task->tenant, s->bill_id, FILES_MOST, task));
    return fpi_system_find_for(&s->system, tx, task->tenant, s->bill->resource, task);
}

/* It is not tried itself, but as little told; who asks why it waits must see that. */
static fpi_err_t *put_off(sending_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    bool is_known = s->next->miss == FPI_MISS_UNREACHED;

    s->next->miss = FPI_MISS_UNREACHED;
    s->next->system = s->system->id;
    s->next->note = apr_psprintf(task->pool, "%s could not be reached just now", s->system->name);
    FPI_TRY(fpi_delivery_miss(&s->held, s->next, tx, task));
    return is_known ? NULL : fpi_notice_note(tx, s->bill, s->next,
                                             apr_pstrcat(task->pool, "not told: ", s->next->note,
                                                         "; it is tried on for 3 days", NULL),
                                             task);
}

static bool is_quiet(apr_time_t missed, apr_time_t now)
{
    return missed && missed <= now && now - missed < QUIET;
}

static fpi_err_t *tx_claim(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sending_t *s = baton;
    apr_time_t now = fpi_clock_now(), missed = 0;

    s->bill = NULL;
    s->next = NULL;
    s->system = NULL;
    s->wait = s->missed = 0;
    FPI_TRY(look(s, tx, task));
    if (!s->next) {
        return NULL;
    }
    if (s->next->claimed > now) {
        s->wait = s->next->claimed;
        return fpi_notice_put_job(tx, task->tenant, s->bill_id, s->wait, task);
    }
    if (s->system) {
        FPI_TRY(fpi_deliveries_last_miss(&missed, tx, s->system->id, s->bill_id, task));
    }
    if (is_quiet(missed, now)) {
        s->missed = missed;
        return put_off(s, tx, task);
    }
    return fpi_delivery_claim(&s->held, s->next, tx, s->system ? s->system->id : 0,
                              now + FPI_NOTICE_LIMIT + FPI_NOTICE_MARGIN, task);
}

/* ---- tell ---- */

/* A bill that has been sent back or voided meanwhile may have lost files; when it was submitted they were there. */
static fpi_err_t *check_images(const sending_t *s, fpi_task_t *task)
{
    bool is_shown = s->bill->state == FPI_STATE_SUBMITTED || s->bill->state == FPI_STATE_REVIEWED;

    if (s->next->kind != FPI_NOTICE_READY || !is_shown) {
        return NULL;
    }
    for (int i = 0; i < s->file_count; i++) {
        if (!fpi_blob_has(s->app->blobs, s->files[i].sha256)) {
            return fpi_fail(task, FPI_E_STORE, "not told, as image %s (%s) is missing from the blob store: fpimagectl verify",
                            s->files[i].name, s->files[i].sha256);
        }
    }
    return s->file_count ? NULL : fpi_fail(task, FPI_E_STORE, "not told, as the bill has no images");
}

static fpi_err_t *tell(const sending_t *s, fpi_task_t *task)
{
    const fpi_bill_t *bill = s->bill;
    const fpi_notice_t notice = {
        .kind = s->next->kind, .is_again = s->next->is_again, .number = bill->number, .erp_id = bill->erp_id,
        .bill_no = bill->bill_no, .resource = bill->resource, .pages = bill->page_count,
        /* the only account of the ERP's that we know of; who sends back or reviews is somebody else */
        .person = s->next->kind == FPI_NOTICE_READY && bill->apply_erp_user && *bill->apply_erp_user
                      ? bill->apply_erp_user : NULL,
        .reason = s->next->reason,
    };

    if (!s->system) {
        return fpi_fail(task, FPI_E_ERP, "no enabled business system for resource \"%s\": fpimagectl erp add",
                        bill->resource);
    }
    FPI_TRY(check_images(s, task));
    return fpi_erp_notify(s->app->erp, s->system, &notice, task);
}

/* ---- what became of it ---- */

static fpi_miss_t miss_of(const sending_t *s)
{
    switch (s->err->code) {
    case FPI_E_ERP_REFUSED:
    case FPI_E_ERP_UNCLEAR: /* it is there: no other bill waits for this one */
        return FPI_MISS_REFUSED;
    case FPI_E_ERP:
    case FPI_E_ERP_LATE:
        return s->system ? FPI_MISS_UNREACHED : FPI_MISS_OURS;
    default:
        return FPI_MISS_OURS;
    }
}

static fpi_err_t *told(sending_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t hurried;

    FPI_TRY(fpi_delivery_done(&s->held, s->next, tx, task));
    if (!s->held) {
        return NULL;
    }
    FPI_TRY(fpi_notice_note(tx, s->bill, s->next,
                            apr_psprintf(task->pool, "told to %s%s", s->system->name,
                                         s->next->attempts > 1
                                             ? apr_psprintf(task->pool, " at try %d", (int)s->next->attempts) : ""),
                            task));
    return fpi_deliveries_hurry(&hurried, tx, s->system->id, task);
}

/* It does not hold what it refused, so what is newer can go before it is right. */
static fpi_err_t *skip_refused(sending_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_delivery_t *last;
    const char *note = apr_pstrcat(task->pool, "refused, and a newer one waits: ", s->next->note, NULL);

    FPI_TRY(fpi_delivery_find_last(&last, tx, task->tenant, s->bill_id, task));
    s->is_skipped = last && last->id > s->next->id && last->state == FPI_DELIVERY_WAITING;
    if (!s->is_skipped) {
        return NULL;
    }
    FPI_TRY(fpi_delivery_skip(tx, s->next->id, note, task));
    return fpi_notice_note(tx, s->bill, s->next, apr_pstrcat(task->pool, "skipped: ", note, NULL), task);
}

static fpi_err_t *missed(sending_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_miss_t before = s->next->miss;

    s->is_skipped = false;
    s->next->miss = miss_of(s);
    s->next->note = fpi_err_chain(task->pool, s->err);
    FPI_TRY(fpi_delivery_miss(&s->held, s->next, tx, task));
    if (!s->held) {
        return NULL;
    }
    if (s->err->code == FPI_E_ERP_REFUSED) {
        FPI_TRY(skip_refused(s, tx, task));
    }
    if (s->is_skipped) {
        return NULL;
    }
    if (s->next->state == FPI_DELIVERY_PARKED) {
        return fpi_notice_note(tx, s->bill, s->next,
                               apr_psprintf(task->pool, "given up after %d tries: %s; remove the cause, then fpimagectl "
                                            "delivery retry --bill %s", (int)s->next->attempts, s->next->note,
                                            s->bill->number),
                               task);
    }
    if (before == s->next->miss) {
        return NULL;
    }
    return fpi_notice_note(tx, s->bill, s->next,
                           apr_pstrcat(task->pool, "not told: ", s->next->note, "; it is tried on for 3 days", NULL),
                           task);
}

static fpi_err_t *go_on(const sending_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_delivery_t *next;

    FPI_TRY(fpi_delivery_find_next(&next, tx, task->tenant, s->bill_id, task));
    return next && next->state == FPI_DELIVERY_WAITING
               ? fpi_notice_put_job(tx, task->tenant, s->bill_id, fpi_clock_now(), task) : NULL;
}

static fpi_err_t *tx_outcome(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sending_t *s = baton;
    fpi_delivery_t *found;

    if (task->called_off && s->err) { /* our own doing: nothing is to be seen of it */
        s->next->state = FPI_DELIVERY_WAITING;
        return fpi_delivery_miss(&s->held, s->next, tx, task);
    }
    FPI_TRY(fpi_delivery_find(&found, tx, task->tenant, s->next->id, task));
    s->next->miss = found ? found->miss : FPI_MISS_NONE;
    FPI_TRY(s->err ? missed(s, tx, task) : told(s, tx, task));
    return s->err && !s->is_skipped ? NULL : go_on(s, tx, task);
}

static void report(sending_t *s, fpi_task_t *task)
{
    const fpi_delivery_t *d = s->next;
    const char *name = s->system ? s->system->name : "-";

    if (!s->err) {
        FPI_COUNT(s->app, notices_told, 1);
        return;
    }
    FPI_COUNT(s->app, notices_failed, 1);
    if (d->state == FPI_DELIVERY_PARKED) {
        FPI_COUNT(s->app, notices_parked, 1);
        fpi_log_err(task, FPI_M_NOTICE_PARKED, s->err, "the notice %s of bill %s to %s is parked",
                    fpi_notice_symbol(d->kind), s->bill->number, name);
    }
    if (d->state == FPI_DELIVERY_PARKED || (d->attempts == 1 && d->miss == FPI_MISS_UNREACHED)) {
        fpi_event_tell(s->app, "erp-unreachable",
                       apr_psprintf(task->pool, "%s could not be told of bill %s%s: %s", name, s->bill->number,
                                    d->state == FPI_DELIVERY_PARKED ? ", given up" : "", d->note),
                       task);
    }
}

/* For 3 days whatever the failure is: what is wrong at the other side may be put right. */
static fpi_err_t *finish(sending_t *s, fpi_task_t *task)
{
    fpi_err_t *err = s->err ? fpi_wrap(task, s->err, "telling bill %s", s->bill->number) : NULL;
    bool is_over = s->err && fpi_clock_now() - s->job->first >= FPI_JOBS_GIVE_UP;

    s->next->state = is_over ? FPI_DELIVERY_PARKED : FPI_DELIVERY_WAITING;
    task->deadline = 0;
    FPI_TRY(fpi_store_write(s->app->store, tx_outcome, s, task));
    if (!s->held || task->called_off) {
        return err;
    }
    report(s, task);
    if (!s->err || s->is_skipped || is_over) {
        return NULL;
    }
    return fpi_err_may_repeat(err) ? err : fpi_recode(task, err, FPI_E_ERP, "it may be put right");
}

fpi_err_t *fpi_notice_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    sending_t s = { .app = app, .job = job };

    if (!fpi_int_parse(&s.bill_id, job->key, 1, INT64_MAX)) {
        return fpi_fail(task, FPI_E_INTERNAL, "%s is no bill", job->key);
    }
    FPI_TRY(fpi_store_write(app->store, tx_claim, &s, task));
    if (s.missed) {
        return fpi_fail(task, FPI_E_ERP, "not tried, as %s could not be reached just now", s.system->name);
    }
    if (!s.next || s.wait || !s.held) {
        return NULL;
    }
    s.err = tell(&s, task);
    return finish(&s, task);
}

/* ---- given up by the queue ---- */

static fpi_err_t *tx_park(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sending_t *s = baton;

    s->bill = NULL;
    s->next = NULL;
    FPI_TRY(look(s, tx, task));
    if (!s->next) {
        return NULL;
    }
    s->next->state = FPI_DELIVERY_PARKED;
    return missed(s, tx, task);
}

void fpi_notice_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    sending_t s = { .app = app, .job = job, .err = why };
    fpi_err_t *err = NULL;

    if (fpi_int_parse(&s.bill_id, job->key, 1, INT64_MAX)) {
        err = fpi_store_write(app->store, tx_park, &s, task);
    }
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "a parked notice could not be noted on its bill");
    }
    else if (s.next && s.held) {
        report(&s, task);
    }
}
