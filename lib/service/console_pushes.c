/* The push log for the console: what came, what became of it, and putting it back to work. */
#include "service/handlers.h"

#include "base/text.h"
#include "service/jobs.h"
#include "service/pull.h"
#include "service/push.h"
#include "store/people.h"
#include "store/pushes.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { COUNT_BOUND = 1000, COUNT_OF_FEW = 100, REPLAY_MOST = 500, WORD_LEN = 100 };

static const char *const states[] = { "taken", "done", "unchanged", "older", "refused", "parked" };

/* ---- showing ---- */

static fpi_json_t *view(const fpi_push_t *push, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", push->id);
    fpi_json_put_time(doc, "at", push->at);
    fpi_json_put_text(doc, "status", fpi_text_upper(apr_pstrdup(task->pool, push->status)));
    fpi_json_put_text(doc, "reason", push->reason);
    fpi_json_put_text(doc, "number", push->number);
    if (push->bill) {
        fpi_json_put_int(doc, "bill_id", push->bill);
    }
    fpi_json_put_text(doc, "client_id", push->client_id);
    fpi_json_put_text(doc, "tax_no", push->tax_no);
    fpi_json_put_text(doc, "source", push->source);
    fpi_json_put_int(doc, "repeats", push->repeats);
    fpi_json_put_time(doc, "repeated_at", push->last);
    fpi_json_put_int(doc, "size", push->body_len);
    fpi_json_put_text(doc, "trace_id", push->trace);
    return doc;
}

static void put_body(fpi_json_t *doc, const fpi_push_t *push, fpi_task_t *task)
{
    fpi_json_t *body;

    if (push->body && push->body_len && !fpi_json_parse(&body, push->body, (size_t)push->body_len, task)) {
        fpi_json_put(doc, "body", body);
    }
    else {
        fpi_json_put_text(doc, "body", push->body);
    }
}

/* ---- the list ---- */

typedef struct listing_t {
    fpi_push_query_t query;
    fpi_push_t *items;
    int count;
    int64_t total;
    int pulls;                   /* that were put back to work beside pushes */
    fpi_push_row_t *table;       /* whose pushes are taken */
    int table_count;
} listing_t;

static fpi_err_t *take_status(const char **out, const char *text, fpi_task_t *task)
{
    *out = NULL;
    for (size_t i = 0; text && *text && i < sizeof(states) / sizeof(*states); i++) {
        *out = strcasecmp(states[i], text) == 0 ? states[i] : *out;
    }
    if (!text || !*text || *out) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FIELD, "status", "参数 status 的值 %.40s 无效, 应为 TAKEN, DONE, OLDER, REFUSED 或 PARKED",
                      "status is %.40s; expected TAKEN, DONE, OLDER, REFUSED or PARKED", text);
}

/* A push belongs to no organisation: who sees a part of the bills only has no part in the log. */
static fpi_err_t *refuse_limited(const fpi_call_t *call)
{
    if (!fpi_viewer_is_person(call->viewer) || !fpi_viewer_is_limited(call->viewer)) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_ROLE, NULL, "您只能查看部分单据, 不能查看推送日志",
                      "you see a part of the bills only, which does not include the push log");
}

static fpi_err_t *take_bill(int64_t *out, const fpi_call_t *call)
{
    const char *text = fpi_params_find(call->params, "bill_id");

    *out = 0;
    if (!text || !*text || fpi_int_parse(out, text, 1, INT64_MAX)) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "bill_id", "bill_id 应为单据 id (正整数)",
                      "bill_id is a bill's id, a positive number");
}

static fpi_err_t *read_query(fpi_push_query_t *q, const fpi_call_t *call)
{
    const char *number = fpi_params_find(call->params, "number");

    *q = (fpi_push_query_t){ .tenant = call->viewer->tenant, .tax_no = call->viewer->tax_no,
                               .bound = call->viewer->tax_no ? COUNT_OF_FEW : COUNT_BOUND };
    FPI_TRY(refuse_limited(call));
    FPI_TRY(take_status(&q->status, fpi_params_find(call->params, "status"), call->task));
    FPI_TRY(take_bill(&q->bill, call));
    return number && *number ? fpi_bill_take_number(&q->number, number, "number", call->task) : NULL;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    FPI_TRY(fpi_push_rows_list(&l->table, &l->table_count, tx, task));
    return fpi_pushes_page(&l->items, &l->count, &l->total, tx, &l->query, task);
}

/* NULL: the push table does not know it. */
static const char *enterprise_of(const listing_t *l, const fpi_push_t *push)
{
    const char *found = NULL;

    for (int i = 0; i < l->table_count; i++) {
        const fpi_push_row_t *row = &l->table[i];

        if (row->tenant == push->tenant && push->tax_no && strcmp(row->tax_no, push->tax_no) == 0) {
            found = row->name;
        }
    }
    return found;
}

fpi_err_t *fpi_handle_pushes_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_page_t page;
    listing_t l;

    FPI_TRY(read_query(&l.query, call));
    FPI_TRY(fpi_page_read(&page, call));
    l.query.skip = page.skip;
    l.query.most = page.size;
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_t *doc = view(&l.items[i], call->task);

        fpi_json_put_text(doc, "enterprise_name", enterprise_of(&l, &l.items[i]));
        fpi_json_add(items, doc);
    }
    answer->data = fpi_page_answer(&page, items, l.total, call->task);
    fpi_json_put_bool(fpi_json_find(answer->data, "pagination"), "total_is_bound", l.total == l.query.bound);
    return NULL;
}

/* ---- one ---- */

typedef struct one_t {
    const fpi_call_t *call;
    int64_t id;
    fpi_push_t *push;
} one_t;

/* As the lists have it: what nobody's tax number stands at may be anybody's, and is for those who see all (scope NULL). */
static bool is_of(const fpi_push_t *push, const char *scope)
{
    return !scope || (*scope && push->tax_no && strcmp(push->tax_no, scope) == 0);
}

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    one_t *one = baton;
    fpi_push_t *push;

    FPI_TRY(fpi_push_find(&push, tx, one->id, task));
    if (!push || push->tenant != one->call->viewer->tenant || !is_of(push, one->call->viewer->tax_no)) {
        return fpi_refuse(task, FPI_E_ABSENT, "push_id", "推送 %" APR_INT64_T_FMT " 不存在",
                          "there is no push %" APR_INT64_T_FMT, one->id);
    }
    one->push = push;
    return NULL;
}

fpi_err_t *fpi_handle_push_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    one_t one = { .call = call };

    FPI_TRY(refuse_limited(call));
    FPI_TRY(fpi_call_id(&one.id, call, "push_id"));
    FPI_TRY(fpi_store_read(app->store, tx_get, &one, call->task));
    answer->data = view(one.push, call->task);
    put_body(answer->data, one.push, call->task);
    return NULL;
}

/* ---- back to work ---- */

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    one_t *one = baton;

    FPI_TRY(fpi_push_find(&one->push, tx, one->id, task));
    return one->push ? NULL : fpi_fail(task, FPI_E_ABSENT, "push %" APR_INT64_T_FMT " is gone", one->id);
}

fpi_err_t *fpi_handle_push_replay(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    one_t one = { .call = call };
    const char *result; /* as the row says then */

    FPI_TRY(refuse_limited(call));
    FPI_TRY(fpi_call_id(&one.id, call, "push_id"));
    FPI_TRY(fpi_store_read(app->store, tx_get, &one, call->task));
    FPI_TRY(fpi_push_replay(&result, app, one.id, call->task));
    FPI_TRY(fpi_store_read(app->store, tx_find, &one, call->task));
    fpi_jobs_wake(app);
    answer->status = 202;
    answer->data = view(one.push, call->task);
    return NULL;
}

static fpi_err_t *tx_replay_parked(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    FPI_TRY(fpi_pull_replay_lone(&l->pulls, tx, l->query.tax_no, REPLAY_MOST, task));
    FPI_TRY(fpi_pushes_page(&l->items, &l->count, &l->total, tx, &l->query, task));
    for (int i = 0; i < l->count; i++) {
        FPI_TRY(fpi_pull_replay(tx, l->items[i].id, task));
    }
    return NULL;
}

/* All that were given up: each is taken again, so the next call finds the rest. */
fpi_err_t *fpi_handle_pushes_replay(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    listing_t l = { .query = { .tenant = call->viewer->tenant, .tax_no = call->viewer->tax_no, .status = "parked",
                               .most = REPLAY_MOST, .bound = COUNT_BOUND } };

    FPI_TRY(refuse_limited(call));
    FPI_TRY(fpi_store_write(app->store, tx_replay_parked, &l, call->task));
    fpi_jobs_wake(app);
    answer->status = 202;
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_int(answer->data, "pushes", l.count);
    fpi_json_put_int(answer->data, "pulls", l.pulls);
    fpi_json_put_bool(answer->data, "has_more", l.total > l.count || l.pulls == REPLAY_MOST);
    return NULL;
}
