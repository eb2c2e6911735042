/* Matching in the console: what it shows, and what a clerk does about it. */
#include "service/handlers.h"

#include "service/jobs.h"
#include "service/match.h"

#include <string.h>

typedef struct matching_call_t {
    const fpi_call_t *call;
    int64_t bill_id, version;
    const char *action;
    fpi_match_pair_t pair;
    int64_t file;                /* in the place of a found invoice */
    bool is_changed;
    fpi_bill_t *bill;
    fpi_matching_t matching;
} matching_call_t;

static fpi_err_t *tx_show(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    matching_call_t *c = baton;

    FPI_TRY(fpi_console_bill(&c->bill, tx, c->call, c->bill_id, task));
    return fpi_match_look(&c->matching, tx, c->bill, task);
}

fpi_err_t *fpi_handle_bill_match(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    matching_call_t c = { .call = call };

    FPI_TRY(fpi_call_id(&c.bill_id, call, "bill_id"));
    FPI_TRY(fpi_store_read(app->store, tx_show, &c, call->task));
    call->note(call->baton, "FPIMAGE_BILL", c.bill->number);
    answer->data = fpi_match_answer(&c.matching, c.bill, call->task);
    return NULL;
}

/* ---- by hand ---- */

static fpi_err_t *get_id(int64_t *out, const fpi_call_t *call, const char *name)
{
    FPI_TRY(fpi_json_find_int(out, call->json, name, 0, 1, INT64_MAX, call->task));
    return *out ? NULL : fpi_refuse(call->task, FPI_E_FIELD, name, "字段 %s 缺失", "field %s is missing", name);
}

static fpi_err_t *read_action(matching_call_t *c, fpi_call_t *call)
{
    fpi_task_t *task = call->task;

    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_call_id(&c->bill_id, call, "bill_id"));
    FPI_TRY(fpi_version_read(&c->version, call));
    FPI_TRY(fpi_json_get_text(&c->action, call->json, "action", 20, task));
    c->pair.is_apart = strcmp(c->action, "unpair") == 0;
    if (strcmp(c->action, "rerun") == 0) {
        return NULL;
    }
    if (!c->pair.is_apart && strcmp(c->action, "pair") != 0) {
        return fpi_refuse(task, FPI_E_FIELD, "action", "字段 action 应为 pair, unpair 或 rerun, 收到 %.20s",
                          "field action is pair, unpair or rerun, not %.20s", c->action);
    }
    FPI_TRY(get_id(&c->pair.invoice, call, "invoice_id"));
    if (!c->pair.is_apart) {
        FPI_TRY(fpi_json_find_int(&c->file, call->json, "file_id", 0, 1, INT64_MAX, task));
    }
    return c->file ? NULL : get_id(&c->pair.found, call, "found_id");
}

static fpi_err_t *tx_act(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    matching_call_t *c = baton;

    FPI_TRY(fpi_console_bill(&c->bill, tx, c->call, c->bill_id, task));
    FPI_TRY(fpi_version_check_bill(c->version, tx, c->bill, task));
    if (c->file) {
        FPI_TRY(fpi_match_vouch(tx, c->bill, c->pair.invoice, c->file, task));
        c->is_changed = true;
    }
    else if (c->pair.invoice) {
        FPI_TRY(fpi_match_pair(&c->is_changed, tx, c->bill, &c->pair, task));
    }
    else {
        FPI_TRY(fpi_match_rerun(tx, c->bill, task));
    }
    return fpi_match_look(&c->matching, tx, c->bill, task);
}

fpi_err_t *fpi_handle_bill_match_act(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    matching_call_t c = { .call = call };

    FPI_TRY(read_action(&c, call));
    FPI_TRY(fpi_store_write(app->store, tx_act, &c, call->task));
    call->note(call->baton, "FPIMAGE_BILL", c.bill->number);
    fpi_jobs_wake(app);
    answer->data = fpi_match_answer(&c.matching, c.bill, call->task);
    fpi_json_put_bool(answer->data, "is_changed", c.is_changed);
    return NULL;
}
