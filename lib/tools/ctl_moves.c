/* What an administrator does to a bill by hand, and the modes in which bills are worked on. */
#include "tools/ctl.h"

#include "service/modes.h"
#include "service/pull.h"
#include "service/submit.h"
#include "store/catalogue.h"
#include "store/people.h"

#include <stdio.h>
#include <string.h>

/* ---- resubmit, void ---- */

typedef struct by_hand_t {
    int64_t id;
    fpi_submit_t submit;
    fpi_bill_t *bill;
} by_hand_t;

static fpi_err_t *tx_by_hand(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    by_hand_t *job = baton;

    FPI_TRY(fpi_bill_find_by_id(&job->bill, tx, FPI_TENANT_FIRST, job->id, task));
    if (!job->bill) {
        return fpi_fail(task, FPI_E_ABSENT, "the bill is gone");
    }
    if (job->submit.order.act == FPI_ACT_RESUBMIT) {
        return fpi_submit(&job->submit, job->bill, tx, task);
    }
    return fpi_move(&job->submit.is_changed, job->bill, &job->submit.order, tx, task);
}

static fpi_err_t *move_by_hand(ctl_t *ctl, const fpi_bill_t *bill, fpi_act_t act)
{
    by_hand_t job = { .id = bill->id,
                      .submit = { .order = { .act = act, .reason = ctl_option(ctl, "reason") },
                                  .is_confirmed = ctl_has(ctl, "confirm") } };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    FPI_TRY(fpi_store_write(ctl->app->store, tx_by_hand, &job, ctl->task));
    fpi_json_put_text(doc, "number", job.bill->number);
    fpi_json_put_int(doc, "state", job.bill->state);
    fpi_json_put_text(doc, "state_name", fpi_state_name(job.bill->state, ctl->task->lang));
    fpi_json_put_bool(doc, "is_changed", job.submit.is_changed);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "单据 %s: %s%s%.0s", "bill %s: %s%.0s%s", job.bill->number,
                fpi_state_name(job.bill->state, ctl->task->lang), job.submit.is_changed ? "" : " (未变化)",
                job.submit.is_changed ? "" : " (unchanged)");
    }
    return NULL;
}

fpi_err_t *ctl_bill_resubmit(ctl_t *ctl)
{
    fpi_bill_t *bill;

    FPI_TRY(ctl_find_bill(&bill, ctl, ctl->args[0]));
    return move_by_hand(ctl, bill, FPI_ACT_RESUBMIT);
}

fpi_err_t *ctl_bill_review(ctl_t *ctl)
{
    fpi_bill_t *bill;

    FPI_TRY(ctl_find_bill(&bill, ctl, ctl->args[0]));
    return move_by_hand(ctl, bill, FPI_ACT_REVIEW);
}

static fpi_err_t *tx_sync(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    by_hand_t *job = baton;

    FPI_TRY(fpi_bill_find_by_id(&job->bill, tx, FPI_TENANT_FIRST, job->id, task));
    return job->bill ? fpi_pull_by_hand(tx, job->bill, &job->submit.order, task)
                     : fpi_fail(task, FPI_E_ABSENT, "the bill is gone");
}

fpi_err_t *ctl_bill_sync(ctl_t *ctl)
{
    by_hand_t job = { .submit = { .order = { .act = FPI_ACT_PUSH, .reason = ctl_option(ctl, "reason") } } };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_bill_t *bill;

    FPI_TRY(ctl_find_bill(&bill, ctl, ctl->args[0]));
    job.id = bill->id;
    FPI_TRY(fpi_store_write(ctl->app->store, tx_sync, &job, ctl->task));
    fpi_json_put_text(doc, "number", bill->number);
    fpi_json_put_text(doc, "result", "queued");
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "单据 %s 将由运行中的 httpd 重新同步", "bill %s is synchronised again by the running httpd", bill->number);
    }
    return NULL;
}

static bool is_agreed(ctl_t *ctl, const fpi_bill_t *bill)
{
    char line[256];

    if (ctl_has(ctl, "yes")) {
        return true;
    }
    fprintf(stderr, ctl->is_zh ? "作废后不能恢复。输入影像编号 %s 以确认: " : "This can't be undone. Type %s to confirm: ",
            ctl_clean(ctl, bill->number));
    if (!fgets(line, sizeof(line), stdin)) {
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, bill->number) == 0;
}

fpi_err_t *ctl_bill_void(ctl_t *ctl)
{
    fpi_bill_t *bill;

    FPI_TRY(ctl_find_bill(&bill, ctl, ctl->args[0]));
    if (!is_agreed(ctl, bill)) {
        return ctl_usage(ctl, "未确认, 单据 %s 未作废; 非交互时请加 --yes",
                         "not confirmed: bill %s stays as it is; say --yes where nobody can be asked", bill->number);
    }
    return move_by_hand(ctl, bill, FPI_ACT_VOID);
}

/* ---- modes ---- */

typedef struct modes_t {
    fpi_mode_said_t said, *list;
    int count;
    bool is_known;               /* is there what it was said of? */
} modes_t;

/* A mode may be said ahead of the first bill of its kind, and may be a typo. */
static fpi_err_t *look_up(modes_t *m, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_bill_type_t *type = NULL;
    fpi_org_t *org = NULL;

    if (m->said.scope == FPI_SCOPE_ORG) {
        FPI_TRY(fpi_org_find(&org, tx, FPI_TENANT_FIRST, NULL, m->said.code, task));
    }
    if (m->said.scope == FPI_SCOPE_TYPE) {
        FPI_TRY(fpi_bill_type_find_by_code(&type, tx, FPI_TENANT_FIRST, m->said.code, task));
    }
    m->is_known = m->said.scope == FPI_SCOPE_TENANT || org || type;
    return NULL;
}

static fpi_err_t *tx_put_mode(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    modes_t *m = baton;

    FPI_TRY(look_up(m, tx, task));
    FPI_TRY(fpi_mode_put(tx, &m->said, task));
    return fpi_modes_list(&m->list, &m->count, tx, FPI_TENANT_FIRST, task);
}

static fpi_err_t *tx_list_modes(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    modes_t *m = baton;

    return fpi_modes_list(&m->list, &m->count, tx, FPI_TENANT_FIRST, task);
}

static void tell_modes(ctl_t *ctl, const modes_t *m)
{
    static const ctl_column_t columns[] = {
        { "scope", "SCOPE", "范围", CTL_TEXT }, { "code", "CODE", "编码", CTL_TEXT },
        { "mode", "MODE", "模式", CTL_TEXT },   { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list = fpi_json_make_array(ctl->task);

    for (int i = 0; i < m->count; i++) {
        fpi_json_t *doc = fpi_json_make_object(ctl->task);

        fpi_json_put_text(doc, "scope", fpi_scope_name(m->list[i].scope));
        fpi_json_put_text(doc, "code", m->list[i].code);
        fpi_json_put_text(doc, "mode", fpi_mode_name(m->list[i].mode));
        fpi_json_add(list, doc);
    }
    ctl_list(ctl, list, columns);
}

fpi_err_t *ctl_mode_set(ctl_t *ctl)
{
    const char *org = ctl_option(ctl, "org"), *type = ctl_option(ctl, "bill-type");
    modes_t m = { .said = { FPI_MODE_NONE, org ? FPI_SCOPE_ORG : type ? FPI_SCOPE_TYPE : FPI_SCOPE_TENANT,
                            org ? org : type } };

    if (org && type) {
        return ctl_usage(ctl, "--org 与 --bill-type 只能用其一", "say --org or --bill-type, not both");
    }
    FPI_TRY(fpi_mode_parse(&m.said.mode, ctl->args[0], ctl->task));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_write(ctl->app->store, tx_put_mode, &m, ctl->task));
    fpi_store_raise_epoch(ctl->app->store);
    if (!m.is_known) {
        ctl_warn(ctl, "尚无%s %s: 出现后按此模式", "there is no %s %s yet: the mode holds once there is",
                 ctl->is_zh ? (org ? "组织" : "单据类型") : org ? "organisation" : "bill type", m.said.code);
    }
    tell_modes(ctl, &m);
    return NULL;
}

fpi_err_t *ctl_mode_show(ctl_t *ctl)
{
    modes_t m;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list_modes, &m, ctl->task));
    tell_modes(ctl, &m);
    return NULL;
}
