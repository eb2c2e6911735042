/* Pulls that are put to work: by a push, by hand, once more. */
#include "service/pull.h"

#include "base/clock.h"
#include "service/attach.h"
#include "store/bills.h"
#include "store/pushes.h"

#include <apr_strings.h>

fpi_err_t *fpi_pull_put(fpi_tx_t *tx, const fpi_bill_t *bill, int64_t push, fpi_task_t *task)
{
    const char *key = apr_psprintf(task->pool, "%" APR_INT64_T_FMT, bill->id);
    const char *payload = apr_psprintf(task->pool, "{\"bill\":%s,\"push\":%" APR_INT64_T_FMT "}", key, push);

    return fpi_job_put(tx, bill->tenant, FPI_JOB_PULL, key, payload, fpi_clock_now(), task);
}

fpi_err_t *fpi_pull_by_hand(fpi_tx_t *tx, fpi_bill_t *bill, const fpi_order_t *order, fpi_task_t *task)
{
    int64_t push = 0;
    fpi_state_t to;

    FPI_TRY(fpi_attach_refuse_locked(bill, FPI_ACT_PUSH, task));
    FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_PUSH, task));
    if (bill->push_sha) {
        FPI_TRY(fpi_push_find_same(&push, tx, bill->id, bill->push_sha, task));
    }
    if (!push && !bill->is_announced) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "单据 %s 既未由 ERP 推送, 也没有收到收票推送, 无从同步",
                          "bill %s was neither announced by the ERP nor pushed: there is nothing to ask for", bill->number);
    }
    FPI_TRY(fpi_trail_add(tx, bill, "pull", fpi_order_note(order, "the receipt is asked again, by hand", task), NULL, task));
    return fpi_pull_put(tx, bill, push, task);
}

fpi_err_t *fpi_pull_replay(fpi_tx_t *tx, int64_t id, fpi_task_t *task)
{
    fpi_push_t *push;
    fpi_bill_t *bill;

    FPI_TRY(fpi_push_find(&push, tx, id, task));
    if (!push || !push->bill) {
        return fpi_fail(task, FPI_E_ABSENT, "push %" APR_INT64_T_FMT " is not there, or has no bill", id);
    }
    FPI_TRY(fpi_bill_find_by_id(&bill, tx, push->tenant, push->bill, task));
    push->status = "taken";
    push->reason = NULL;
    FPI_TRY(fpi_push_put(push, tx, task));
    FPI_TRY(fpi_trail_add(tx, bill, "push", "put back to work by hand", NULL, task));
    return fpi_pull_put(tx, bill, push->id, task);
}

fpi_err_t *fpi_pull_replay_lone(int *count, fpi_tx_t *tx, const char *tax_no, int most, fpi_task_t *task)
{
    fpi_ids_t bills;

    FPI_TRY(fpi_jobs_parked_pulls(&bills, tx, task->tenant, tax_no, most, task));
    for (int i = 0; i < bills.count; i++) {
        fpi_bill_t *bill;

        FPI_TRY(fpi_bill_find_by_id(&bill, tx, task->tenant, bills.items[i], task));
        FPI_TRY(fpi_trail_add(tx, bill, "pull", "put back to work by hand", NULL, task));
        FPI_TRY(fpi_pull_put(tx, bill, 0, task));
    }
    *count = bills.count;
    return NULL;
}
