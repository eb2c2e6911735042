/* Pushes of the log, put back to work by hand. */
#include "service/push.h"

#include "service/access.h"
#include "service/pull.h"
#include "service/push_own.h"
#include "store/pushes.h"

#include <apr_strings.h>
#include <string.h>

typedef struct replay_t {
    int64_t id;
    fpi_push_t *push;
} replay_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    replay_t *r = baton;

    FPI_TRY(fpi_push_find(&r->push, tx, r->id, task));
    return r->push ? NULL : fpi_refuse(task, FPI_E_ABSENT, NULL, "推送 %" APR_INT64_T_FMT " 不存在",
                                       "there is no push %" APR_INT64_T_FMT, r->id);
}

static fpi_err_t *tx_pull(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_pull_replay(tx, ((replay_t *)baton)->id, task);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_push_put(((replay_t *)baton)->push, tx, task);
}

static fpi_err_t *refuse_again(fpi_push_intake_t *in, replay_t *r, fpi_err_t *err)
{
    fpi_task_t *task = in->call->task;
    fpi_err_t *again;

    if (!fpi_push_is_ours_to_tell(err)) {
        return err;
    }
    r->push->reason = fpi_push_reason(err);
    FPI_TRY(fpi_store_write(in->app->store, tx_put, r, task));
    again = fpi_recode(task, err, FPI_E_STATE, "push %" APR_INT64_T_FMT " was refused again", r->id);
    again->zh = fpi_err_public(err, "zh"); /* the push is there: what is said is why */
    again->en = fpi_err_public(err, "en");
    return again;
}

/* What its client_id means anyway its sender need not have said. */
static bool is_implied(const fpi_push_intake_t *in, const fpi_push_t *push)
{
    const fpi_enterprise_t *named = push->client_id ? fpi_people_find(in->app, push->client_id, in->call->task) : NULL;

    return named && push->tax_no && strcmp(named->tax_no, push->tax_no) == 0;
}

/* By its row, as its sender's words stand there; whether they may be believed is for the push table of today to say. */
static fpi_err_t *read_again(fpi_push_intake_t *in, const fpi_push_t *push)
{
    fpi_task_t *task = in->call->task;

    in->beside.client_id = push->client_id;
    in->beside.tax_no = is_implied(in, push) ? NULL : push->tax_no;
    FPI_TRY(fpi_push_read(in));
    if (in->count != 1 || in->notices[0].tenant != push->tenant) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "按现在的推送表, 该推送属于另一租户, 请让发送方重推",
                          "by the push table of today it is another tenant's: have the sender push again");
    }
    return NULL;
}

static fpi_err_t *take_refused(const char **result, fpi_app_t *app, replay_t *r, fpi_task_t *task)
{
    fpi_buf_t body = { .data = apr_pstrdup(task->pool, r->push->body ? r->push->body : ""), .len = (size_t)r->push->body_len };
    fpi_call_t call = { .task = task, .client_ip = r->push->source, .body = &body };
    fpi_push_intake_t in = { .app = app, .call = &call, .row = r->id };
    fpi_err_t *err;

    if (body.len == 0) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "推送 %" APR_INT64_T_FMT " 已被拒绝且未留存内容, 请让发送方重推",
                          "push %" APR_INT64_T_FMT " was refused and nothing of it was kept: have the sender push again", r->id);
    }
    err = read_again(&in, r->push);
    err = err ? err : fpi_store_write(app->store, fpi_push_take, &in, task);
    if (err) {
        return refuse_again(&in, r, err);
    }
    *result = in.notices[0].result;
    return NULL;
}

fpi_err_t *fpi_push_replay(const char **result, fpi_app_t *app, int64_t id, fpi_task_t *task)
{
    replay_t r = { id, NULL };

    *result = "queued";
    FPI_TRY(fpi_store_read(app->store, tx_find, &r, task));
    return strcmp(r.push->status, "refused") == 0 ? take_refused(result, app, &r, task)
                                                  : fpi_store_write(app->store, tx_pull, &r, task);
}
