#include "service/notices.h"

#include "base/clock.h"
#include "store/systems.h"

#include <apr_strings.h>
#include <string.h>

/* ---- the timeline, the job ---- */

static const char *say(const fpi_delivery_t *d)
{
    return d->is_again ? "ready again" : d->kind == FPI_NOTICE_READY ? "ready"
                                     : d->kind == FPI_NOTICE_REVIEW  ? "reviewed" : "sent back";
}

fpi_err_t *fpi_notice_note(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_delivery_t *d, const char *note,
                           fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "delivery_id", d->id);
    fpi_json_put_text(doc, "notice", fpi_notice_symbol(d->kind));
    return fpi_trail_add(tx, bill, "notice", apr_psprintf(task->pool, "notice \"%s\": %s", say(d), note),
                         fpi_json_format(doc, false, task), task);
}

fpi_err_t *fpi_notice_put_job(fpi_tx_t *tx, int64_t tenant, int64_t bill, apr_time_t due, fpi_task_t *task)
{
    const char *key = apr_psprintf(task->pool, "%" APR_INT64_T_FMT, bill);

    return fpi_job_put(tx, tenant, FPI_JOB_NOTICE, key, NULL, due, task);
}

/* ---- written with the move ---- */

#define NO_SYSTEM "{\"notice\":\"no business system\"}"

static fpi_err_t *tell_unaddressed(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    bool has;

    FPI_TRY(fpi_trail_has(&has, tx, bill, "notice", NO_SYSTEM, task));
    if (has) {
        return NULL;
    }
    return fpi_trail_add(tx, bill, "notice",
                         apr_psprintf(task->pool, "no business system for resource \"%s\": the ERP is told nothing; add "
                                      "one with fpimagectl erp add, then fpimagectl delivery retry --bill %s",
                                      bill->resource, bill->number),
                         NO_SYSTEM, task);
}

static fpi_err_t *put(fpi_delivery_t *d, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_system_t *system;
    int64_t reopened;

    FPI_TRY(fpi_system_find_for(&system, tx, bill->tenant, bill->resource, task));
    d->tenant = bill->tenant;
    d->bill = bill->id;
    d->state = system ? FPI_DELIVERY_WAITING : FPI_DELIVERY_UNADDRESSED;
    if (d->kind == FPI_NOTICE_READY) {
        FPI_TRY(fpi_delivery_has(&d->is_again, tx, bill->tenant, bill->id, FPI_NOTICE_SENT_BACK, task));
    }
    if (!system) {
        FPI_TRY(fpi_delivery_put(d, tx, task));
        return tell_unaddressed(tx, bill, task);
    }
    /* what was given up, or had nobody to go to, comes first */
    FPI_TRY(fpi_deliveries_reopen(&reopened, tx, bill->id, task));
    FPI_TRY(fpi_delivery_put(d, tx, task));
    return fpi_notice_put_job(tx, bill->tenant, bill->id, fpi_clock_now(), task);
}

static fpi_err_t *put_kind(fpi_notice_kind_t kind, fpi_tx_t *tx, const fpi_bill_t *bill, const char *reason,
                           fpi_task_t *task)
{
    fpi_delivery_t d = { .kind = kind, .reason = reason };

    return put(&d, tx, bill, task);
}

static fpi_err_t *skip_waiting(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    int64_t count;

    FPI_TRY(fpi_deliveries_skip(&count, tx, bill->id, "the bill was voided", task));
    if (!count) {
        return NULL;
    }
    return fpi_trail_add(tx, bill, "notice",
                         apr_psprintf(task->pool, "%d notices to the ERP are skipped, as the bill was voided",
                                      (int)count),
                         NULL, task);
}

/* Back to where the ERP believes it to be, or to where it must be told again. */
static fpi_err_t *withdrawn(fpi_tx_t *tx, const fpi_bill_t *bill, const char *reason, fpi_task_t *task)
{
    fpi_delivery_t *last;

    FPI_TRY(fpi_delivery_find_last(&last, tx, bill->tenant, bill->id, task));
    if (last && last->kind == FPI_NOTICE_SENT_BACK && last->tried == 0) {
        FPI_TRY(fpi_delivery_skip(tx, last->id, "the send-back was withdrawn before it was told", task));
        return fpi_notice_note(tx, bill, last, "skipped, as it was withdrawn before the ERP was told", task);
    }
    if (bill->state != FPI_STATE_SUBMITTED && bill->state != FPI_STATE_REVIEWED) {
        return NULL;
    }
    return put_kind(FPI_NOTICE_READY, tx, bill, reason, task);
}

/* Submitted once more, for the ERP's sake: one that waits will do. */
static fpi_err_t *submitted_again(fpi_tx_t *tx, const fpi_bill_t *bill, const char *reason, fpi_task_t *task)
{
    fpi_delivery_t *next;

    FPI_TRY(fpi_delivery_find_next(&next, tx, bill->tenant, bill->id, task));
    if (next && next->state == FPI_DELIVERY_WAITING) {
        return fpi_notice_put_job(tx, bill->tenant, bill->id, fpi_clock_now(), task);
    }
    return put_kind(FPI_NOTICE_READY, tx, bill, reason, task);
}

/* What is in the air was told without the change. */
static bool is_still_to_be_told(const fpi_delivery_t *last)
{
    return last && last->kind == FPI_NOTICE_READY && last->state != FPI_DELIVERY_DELIVERED && last->claimed <= fpi_clock_now();
}

fpi_err_t *fpi_notice_images(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_delivery_t *last;
    fpi_system_t *system;
    int64_t reopened;

    FPI_TRY(fpi_delivery_find_last(&last, tx, bill->tenant, bill->id, task));
    if (!is_still_to_be_told(last)) {
        return put_kind(FPI_NOTICE_READY, tx, bill, NULL, task);
    }
    FPI_TRY(fpi_system_find_for(&system, tx, bill->tenant, bill->resource, task));
    if (!system) {
        return NULL;
    }
    FPI_TRY(fpi_deliveries_reopen(&reopened, tx, bill->id, task));
    return fpi_notice_put_job(tx, bill->tenant, bill->id, fpi_clock_now(), task);
}

fpi_err_t *fpi_notice_moved(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_order_t *order, fpi_state_t from,
                            fpi_task_t *task)
{
    switch (order->act) {
    case FPI_ACT_SUBMIT:
    case FPI_ACT_RESUBMIT:
        if (from == FPI_STATE_SUBMITTED) {
            return submitted_again(tx, bill, order->reason, task);
        }
        return put_kind(FPI_NOTICE_READY, tx, bill, order->reason, task);
    case FPI_ACT_RESCAN: /* again, with another reason: the ERP knows */
        return from == FPI_STATE_RESCAN ? NULL : put_kind(FPI_NOTICE_SENT_BACK, tx, bill, order->reason, task);
    case FPI_ACT_CANCEL_RESCAN:
        return withdrawn(tx, bill, order->reason, task);
    case FPI_ACT_REVIEW:
        return put_kind(FPI_NOTICE_REVIEW, tx, bill, order->reason, task);
    case FPI_ACT_VOID:
        return skip_waiting(tx, bill, task);
    default:
        return NULL;
    }
}

/* ---- once more ---- */

static fpi_state_t state_told(const fpi_delivery_t *d)
{
    return d->kind == FPI_NOTICE_READY ? FPI_STATE_SUBMITTED : d->kind == FPI_NOTICE_REVIEW ? FPI_STATE_REVIEWED
                                                                                        : FPI_STATE_RESCAN;
}

static fpi_err_t *tell_again(int64_t *count, fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_delivery_t *last,
                             fpi_task_t *task)
{
    fpi_delivery_t again = { .kind = last->kind, .reason = last->reason };

    if (last->state != FPI_DELIVERY_DELIVERED || bill->state != state_told(last)) {
        return NULL;
    }
    *count = 1;
    FPI_TRY(put(&again, tx, bill, task));
    return fpi_notice_note(tx, bill, &again, "it is told once more, by hand", task);
}

static fpi_err_t *wake_all(fpi_tx_t *tx, const fpi_bill_t *bill, int64_t count, fpi_task_t *task)
{
    FPI_TRY(fpi_notice_put_job(tx, bill->tenant, bill->id, fpi_clock_now(), task));
    if (!count) {
        return NULL;
    }
    return fpi_trail_add(tx, bill, "notice",
                         apr_psprintf(task->pool, "%d notices to the ERP are tried again, by hand", (int)count), NULL, task);
}

fpi_err_t *fpi_notice_retry(int64_t *count, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_system_t *system;
    fpi_delivery_t *next, *last;

    *count = 0;
    FPI_TRY(fpi_system_find_for(&system, tx, bill->tenant, bill->resource, task));
    if (!system) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "来源 \"%s\" 没有启用的对接业务系统, 请先用 fpimagectl erp add 添加",
                          "there is no enabled business system for resource \"%s\": add one with fpimagectl erp add",
                          bill->resource);
    }
    FPI_TRY(fpi_deliveries_reopen(count, tx, bill->id, task));
    FPI_TRY(fpi_delivery_find_next(&next, tx, bill->tenant, bill->id, task));
    if (next) {
        return wake_all(tx, bill, *count, task);
    }
    FPI_TRY(fpi_delivery_find_last(&last, tx, bill->tenant, bill->id, task));
    return last ? tell_again(count, tx, bill, last, task) : NULL;
}

fpi_err_t *fpi_notice_retry_one(int64_t *count, fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_delivery_t *d,
                                fpi_task_t *task)
{
    bool is_over = d->state == FPI_DELIVERY_DELIVERED || d->state == FPI_DELIVERY_SKIPPED;
    fpi_delivery_t *last;

    FPI_TRY(fpi_delivery_find_last(&last, tx, bill->tenant, bill->id, task));
    if (is_over && (!last || last->id != d->id || bill->state != state_told(d))) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "通知 %" APR_INT64_T_FMT " 已处理完, 单据 %s 已有新的进展, 不再重发旧通知",
                          "notice %" APR_INT64_T_FMT " is over and bill %s has moved on: it is not told again", d->id,
                          bill->number);
    }
    return fpi_notice_retry(count, tx, bill, task);
}

static fpi_err_t *retry_stuck(fpi_retried_t *out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_bill_t *bill;
    fpi_err_t *err;
    int64_t count;

    FPI_TRY(fpi_bill_find_by_id(&bill, tx, tenant, id, task));
    if (!bill) {
        return NULL;
    }
    err = fpi_notice_retry(&count, tx, bill, task);
    if (err && err->code == FPI_E_STATE) {
        out->without_system++;
        return NULL;
    }
    out->bills += !err;
    out->notices += err ? 0 : count;
    return err;
}

fpi_err_t *fpi_notices_retry(fpi_retried_t *out, fpi_tx_t *tx, const fpi_delivery_query_t *query, int64_t after,
                             fpi_task_t *task)
{
    int64_t *bills;
    int count;

    *out = (fpi_retried_t){ 0 };
    FPI_TRY(fpi_deliveries_stuck(&bills, &count, tx, query, after, task));
    for (int i = 0; i < count; i++) {
        FPI_TRY(retry_stuck(out, tx, query->tenant, bills[i], task));
    }
    out->next = count == query->most ? bills[count - 1] : 0;
    return NULL;
}

fpi_err_t *fpi_notice_repair(fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_delivery_t *lost, const char *why,
                             fpi_task_t *task)
{
    fpi_delivery_t again = { .kind = lost->kind, .reason = lost->reason, .repairs = lost->repairs + 1 };

    FPI_TRY(fpi_delivery_checked(tx, lost->id, true, why, task));
    FPI_TRY(put(&again, tx, bill, task));
    return fpi_notice_note(tx, bill, &again, apr_pstrcat(task->pool, "it is told once more: ", why, NULL), task);
}

/* ---- showing ---- */

fpi_json_t *fpi_view_delivery(const fpi_delivery_t *d, fpi_task_t *task)
{
    static const char *const misses[] = { NULL, "UNREACHED", "REFUSED", "OURS" };
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", d->id);
    fpi_json_put_int(doc, "bill_id", d->bill);
    fpi_json_put_text(doc, "number", d->number);
    fpi_json_put_text(doc, "resource", d->resource);
    fpi_json_put_text(doc, "kind", fpi_notice_symbol(d->kind));
    fpi_json_put_text(doc, "kind_name", fpi_notice_name(d->kind, task->lang));
    fpi_json_put_bool(doc, "is_again", d->is_again);
    fpi_json_put_text(doc, "state", fpi_delivery_state_symbol(d->state));
    fpi_json_put_text(doc, "failure", misses[d->miss]);
    fpi_json_put_text(doc, "note", d->note);
    fpi_json_put_text(doc, "reason", d->reason);
    fpi_json_put_text(doc, "business_system", d->system_name);
    fpi_json_put_int(doc, "attempts", d->attempts);
    fpi_json_put_time(doc, "created_at", d->created);
    fpi_json_put_time(doc, "tried_at", d->tried);
    fpi_json_put_time(doc, "ended_at", d->ended);
    fpi_json_put_text(doc, "actor", d->actor);
    fpi_json_put_text(doc, "trace_id", d->trace);
    return doc;
}
