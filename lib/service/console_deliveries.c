/* The outbox for the console: notices to the ERP, listed and tried again. */
#include "service/handlers.h"

#include "base/text.h"
#include "service/export_own.h"
#include "service/notices.h"

#include <apr_strings.h>
#include <strings.h>

enum { COUNT_BOUND = 1000, COUNT_OF_FEW = 100, RETRY_MOST = 1000, WORD_LEN = 40 };

/* ---- words ---- */

static fpi_err_t *take_state(int *out, const char *text, fpi_task_t *task)
{
    *out = -1;
    for (int i = 0; text && *text && i < FPI_DELIVERY_STATES; i++) {
        *out = strcasecmp(fpi_delivery_state_symbol((fpi_delivery_state_t)i), text) == 0 ? i : *out;
    }
    if (!text || !*text || *out >= 0) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FIELD, "state",
                      "state 的值 %.40s 无效, 应为 WAITING, DELIVERED, PARKED, SKIPPED 或 UNADDRESSED",
                      "state is %.40s; expected WAITING, DELIVERED, PARKED, SKIPPED or UNADDRESSED", text);
}

static fpi_err_t *take_kind(int *out, const char *text, fpi_task_t *task)
{
    *out = 0;
    for (int i = FPI_NOTICE_READY; text && *text && i <= FPI_NOTICE_REVIEW; i++) {
        *out = strcasecmp(fpi_notice_symbol((fpi_notice_kind_t)i), text) == 0 ? i : *out;
    }
    if (!text || !*text || *out) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FIELD, "kind", "kind 的值 %.40s 无效, 应为 READY, SENT_BACK 或 REVIEW",
                      "kind is %.40s; expected READY, SENT_BACK or REVIEW", text);
}

static fpi_err_t *take_id(int64_t *out, const char *name, const char *text, fpi_task_t *task)
{
    *out = 0;
    if (!text || !*text || fpi_int_parse(out, text, 1, INT64_MAX)) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FIELD, name, "%s 应为单据 id (正整数)", "%s is a bill's id, a positive number", name);
}

static fpi_err_t *take_query(fpi_delivery_query_t *q, const fpi_call_t *call, const char *state, const char *kind,
                             const char *bill)
{
    *q = (fpi_delivery_query_t){ .tenant = call->viewer->tenant, .tax_no = call->viewer->tax_no,
                               .bound = call->viewer->tax_no ? COUNT_OF_FEW : COUNT_BOUND };
    FPI_TRY(take_state(&q->state, state, call->task));
    FPI_TRY(take_kind(&q->kind, kind, call->task));
    FPI_TRY(take_id(&q->bill, "bill_id", bill, call->task));
    if (!q->bill && fpi_viewer_is_person(call->viewer) && fpi_viewer_is_limited(call->viewer)) {
        return fpi_refuse(call->task, FPI_E_ROLE, "bill_id", "您只能查看部分单据, 请用 bill_id 指定其中一张",
                          "you see a part of the bills only: name one of them by bill_id");
    }
    return NULL;
}

/* ---- the list ---- */

typedef struct listing_t {
    const fpi_call_t *call;
    fpi_delivery_query_t query;
    fpi_delivery_t *items;
    int count;
    int64_t total;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;
    fpi_bill_t *bill;

    if (l->query.bill) {
        FPI_TRY(fpi_console_bill(&bill, tx, l->call, l->query.bill, task));
    }
    return fpi_deliveries_list(&l->items, &l->count, &l->total, tx, &l->query, task);
}

fpi_err_t *fpi_handle_deliveries_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_page_t page;
    listing_t l = { .call = call };

    FPI_TRY(take_query(&l.query, call, fpi_params_find(call->params, "state"), fpi_params_find(call->params, "kind"),
                       fpi_params_find(call->params, "bill_id")));
    FPI_TRY(fpi_page_read(&page, call));
    l.query.skip = page.skip;
    l.query.most = page.size;
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(items, fpi_view_delivery(&l.items[i], call->task));
    }
    answer->data = fpi_page_answer(&page, items, l.total, call->task);
    fpi_json_put_bool(fpi_json_find(answer->data, "pagination"), "total_is_bound", l.total == l.query.bound);
    return NULL;
}

/* ---- one again ---- */

typedef struct retry_t {
    const fpi_call_t *call;
    int64_t id;
    fpi_bill_t *bill;
    int64_t count;
} retry_t;

static fpi_err_t *tx_retry(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    retry_t *r = baton;
    fpi_delivery_t *d;

    FPI_TRY(fpi_delivery_find(&d, tx, r->call->viewer->tenant, r->id, task));
    if (!d || fpi_console_bill(&r->bill, tx, r->call, d->bill, task)) {
        return fpi_refuse(task, FPI_E_ABSENT, "delivery_id", "通知 %" APR_INT64_T_FMT " 不存在",
                          "there is no notice %" APR_INT64_T_FMT, r->id);
    }
    return fpi_notice_retry_one(&r->count, tx, r->bill, d, task);
}

fpi_err_t *fpi_handle_delivery_retry(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    retry_t r = { .call = call };

    FPI_TRY(fpi_call_id(&r.id, call, "delivery_id"));
    FPI_TRY(fpi_store_write(app->store, tx_retry, &r, call->task));
    fpi_jobs_wake(app);
    call->note(call->baton, "FPIMAGE_BILL", r.bill->number);
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_int(answer->data, "bill_id", r.bill->id);
    fpi_json_put_int(answer->data, "notices", r.count);
    return NULL;
}

/* ---- many again ---- */

typedef struct retries_t {
    const fpi_call_t *call;
    fpi_delivery_query_t query;
    int64_t after;
    fpi_retried_t done;
} retries_t;

static fpi_err_t *tx_retry_many(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    retries_t *r = baton;
    fpi_bill_t *bill;

    if (!r->query.bill) {
        return fpi_notices_retry(&r->done, tx, &r->query, r->after, task);
    }
    r->done = (fpi_retried_t){ .bills = 1 };
    FPI_TRY(fpi_console_bill(&bill, tx, r->call, r->query.bill, task));
    return fpi_notice_retry(&r->done.notices, tx, bill, task);
}

fpi_err_t *fpi_handle_deliveries_retry(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const char *state, *kind, *bill, *after, *first, *last;
    retries_t r = { .call = call };

    FPI_TRY(fpi_call_field(&state, call, "state", WORD_LEN));
    FPI_TRY(fpi_call_field(&kind, call, "kind", WORD_LEN));
    FPI_TRY(fpi_call_field(&bill, call, "bill_id", WORD_LEN));
    FPI_TRY(fpi_call_field(&after, call, "after", WORD_LEN));
    FPI_TRY(take_query(&r.query, call, state, kind, bill));
    FPI_TRY(take_id(&r.after, "after", after, call->task));
    FPI_TRY(fpi_call_field(&first, call, "first_id", WORD_LEN));
    FPI_TRY(fpi_call_field(&last, call, "last_id", WORD_LEN));
    FPI_TRY(take_id(&r.query.first, "first_id", first, call->task));
    FPI_TRY(take_id(&r.query.last, "last_id", last, call->task));
    r.query.most = RETRY_MOST;
    FPI_TRY(fpi_store_write(app->store, tx_retry_many, &r, call->task));
    fpi_jobs_wake(app);
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_int(answer->data, "bills", r.done.bills);
    fpi_json_put_int(answer->data, "notices", r.done.notices);
    fpi_json_put_int(answer->data, "without_system", r.done.without_system);
    fpi_json_put_bool(answer->data, "has_more", r.done.next != 0);
    fpi_json_put_int(answer->data, "next", r.done.next);
    return NULL;
}
