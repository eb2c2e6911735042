/* What the console orders of a bill as a whole: submit, send back, void, lock. */
#include "service/handlers.h"

#include "service/jobs.h"
#include "service/pull.h"
#include "service/submit.h"
#include "service/views.h"

#include <string.h>

enum { REASON_LEN = 500 };

typedef struct console_move_t {
    fpi_call_t *call;
    fpi_submit_t submit;         /* its order is everybody's */
    int64_t bill_id, version;
    bool is_locking;
    fpi_bill_t *bill;
} console_move_t;

static fpi_err_t *read_flag(bool *out, fpi_call_t *call, const char *name)
{
    const char *text;

    if (fpi_json_is_object(call->json)) {
        return fpi_json_find_bool(out, call->json, name, false, call->task);
    }
    FPI_TRY(fpi_call_field(&text, call, name, REASON_LEN));
    *out = text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
    return NULL;
}

static fpi_err_t *read_order(console_move_t *job, fpi_call_t *call, fpi_act_t act, bool needs_reason)
{
    fpi_order_t *order = &job->submit.order;

    job->call = call;
    order->act = act;
    job->submit.viewer = call->viewer;
    if (call->json && !fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_call_id(&job->bill_id, call, "bill_id"));
    FPI_TRY(fpi_version_read(&job->version, call));
    FPI_TRY(fpi_call_field(&order->reason, call, "reason", REASON_LEN));
    FPI_TRY(read_flag(&job->submit.is_confirmed, call, "confirm"));
    order->reason = order->reason && *order->reason ? order->reason : NULL;
    if (needs_reason && !order->reason) {
        return fpi_refuse(call->task, FPI_E_FIELD, "reason", "字段 reason 缺失: 请说明原因", "field reason is missing");
    }
    return NULL;
}

static fpi_err_t *find_bill(console_move_t *job, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_console_bill(&job->bill, tx, job->call, job->bill_id, task));
    job->call->note(job->call->baton, "FPIMAGE_BILL", job->bill->number);
    return fpi_version_check_bill(job->version, tx, job->bill, task);
}

static fpi_err_t *tx_move(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    console_move_t *job = baton;

    FPI_TRY(find_bill(job, tx, task));
    return fpi_move(&job->submit.is_changed, job->bill, &job->submit.order, tx, task);
}

static fpi_err_t *tx_submit(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    console_move_t *job = baton;

    FPI_TRY(find_bill(job, tx, task));
    return fpi_submit(&job->submit, job->bill, tx, task);
}

static fpi_err_t *tx_lock(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    console_move_t *job = baton;

    FPI_TRY(find_bill(job, tx, task));
    return fpi_move_lock(&job->submit.is_changed, job->bill, job->is_locking, &job->submit.order, tx, task);
}

static fpi_err_t *run(console_move_t *job, fpi_tx_fn *fn, fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *changes;

    FPI_TRY(fpi_store_write(app->store, fn, job, call->task));
    fpi_jobs_wake(app); /* what it is to be told, or asked */
    answer->data = fpi_view_bill(job->bill, call->task);
    fpi_json_put_bool(answer->data, "is_changed", job->submit.is_changed);
    changes = fpi_submit_changes(&job->submit, call->task);
    if (changes) {
        fpi_json_put(answer->data, "changes", changes);
    }
    return NULL;
}

static fpi_err_t *order(fpi_act_t act, bool needs_reason, fpi_tx_fn *fn, fpi_app_t *app, fpi_call_t *call,
                        fpi_answer_t *answer)
{
    console_move_t job = { .is_locking = false };

    FPI_TRY(read_order(&job, call, act, needs_reason));
    return run(&job, fn, app, call, answer);
}

fpi_err_t *fpi_handle_console_submit(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order(FPI_ACT_SUBMIT, false, tx_submit, app, call, answer);
}

fpi_err_t *fpi_handle_console_resubmit(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order(FPI_ACT_RESUBMIT, false, tx_submit, app, call, answer);
}

fpi_err_t *fpi_handle_console_void(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order(FPI_ACT_VOID, false, tx_move, app, call, answer);
}

fpi_err_t *fpi_handle_console_rescan(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order(FPI_ACT_RESCAN, true, tx_move, app, call, answer);
}

fpi_err_t *fpi_handle_console_cancel(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order(FPI_ACT_CANCEL_RESCAN, false, tx_move, app, call, answer);
}

fpi_err_t *fpi_handle_console_review(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order(FPI_ACT_REVIEW, false, tx_move, app, call, answer);
}

static fpi_err_t *tx_sync(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    console_move_t *job = baton;

    FPI_TRY(find_bill(job, tx, task));
    job->submit.is_changed = true;
    return fpi_pull_by_hand(tx, job->bill, &job->submit.order, task);
}

fpi_err_t *fpi_handle_console_sync(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    FPI_TRY(order(FPI_ACT_PUSH, false, tx_sync, app, call, answer));
    answer->status = 202;
    return NULL;
}

fpi_err_t *fpi_handle_console_lock(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    console_move_t job = { .is_locking = true };

    FPI_TRY(read_order(&job, call, FPI_ACT_LOCK, false));
    if (fpi_json_is_object(call->json)) {
        FPI_TRY(fpi_json_find_bool(&job.is_locking, call->json, "is_locked", true, call->task));
    }
    return run(&job, tx_lock, app, call, answer);
}
