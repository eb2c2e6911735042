/* fpimagectl delivery: notices to the ERP. */
#include "tools/ctl.h"

#include "base/text.h"
#include "service/notices.h"
#include "service/reconcile.h"
#include "store/people.h"
#include "store/systems.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { LIST_USUAL = 50, LIST_MOST = 10000, RETRY_MOST = 1000 };

/* ---- list ---- */

const ctl_column_t ctl_delivery_columns[] = {
    { "id", "ID", "ID", CTL_TEXT },                       { "created_at", "CREATED", "时间", CTL_TIME },
    { "number", "IMAGE NUMBER", "影像编号", CTL_TEXT },   { "kind", "NOTICE", "通知", CTL_TEXT },
    { "state", "STATE", "状态", CTL_TEXT },               { "attempts", "TRIES", "次数", CTL_TEXT },
    { "business_system", "SYSTEM", "业务系统", CTL_TEXT }, { "note", "NOTE", "说明", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

const char *ctl_why_delivery(ctl_t *ctl, const fpi_delivery_t *d)
{
    if (d->state == FPI_DELIVERY_PARKED) {
        return ctl_text(ctl, "通知 ERP 已放弃 (%ld 次): %s; 排除原因后运行 fpimagectl delivery retry --bill %s",
                        "telling the ERP was given up after %ld tries: %s; remove the cause, then fpimagectl delivery "
                        "retry --bill %s", (long)d->attempts, d->note ? d->note : "-", d->number);
    }
    return d->note ? ctl_text(ctl, "通知 ERP 失败 %ld 次, 将继续重试: %s",
                                  "the ERP was not told in %ld tries, which go on: %s", (long)d->attempts,
                                  d->note ? d->note : "-")
                       : ctl_text(ctl, "等待通知 ERP", "the ERP is being told");
}

typedef struct listing_t {
    fpi_delivery_query_t query;
    fpi_delivery_t *items;
    int count;
    int64_t total;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_deliveries_list(&l->items, &l->count, &l->total, tx, &l->query, task);
}

static fpi_err_t *take_state(int *out, ctl_t *ctl)
{
    const char *text = ctl_option(ctl, "state");

    *out = -1;
    for (int i = 0; text && i < FPI_DELIVERY_STATES; i++) {
        *out = strcasecmp(fpi_delivery_state_symbol((fpi_delivery_state_t)i), text) == 0 ? i : *out;
    }
    return !text || *out >= 0 ? NULL
                              : ctl_usage(ctl, "状态应为 waiting, delivered, parked, skipped 或 unaddressed, 收到 %.40s",
                                          "a state is waiting, delivered, parked, skipped or unaddressed, not %.40s", text);
}

/* The store is open behind it. */
static fpi_err_t *take_query(fpi_delivery_query_t *q, ctl_t *ctl, const char *number)
{
    fpi_bill_t *bill;

    *q = (fpi_delivery_query_t){ .tenant = FPI_TENANT_FIRST, .bound = LIST_MOST };
    FPI_TRY(take_state(&q->state, ctl));
    if (!number) {
        return ctl_open(ctl);
    }
    FPI_TRY(ctl_find_bill(&bill, ctl, number));
    q->bill = bill->id;
    return NULL;
}

fpi_err_t *ctl_delivery_list(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    int64_t most;
    listing_t l;

    FPI_TRY(ctl_option_int(&most, ctl, "limit", LIST_USUAL, 1, LIST_MOST));
    FPI_TRY(take_query(&l.query, ctl, ctl_option(ctl, "bill")));
    l.query.most = (int)most;
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &l, ctl->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(list, fpi_view_delivery(&l.items[i], ctl->task));
    }
    ctl_list(ctl, list, ctl_delivery_columns);
    return NULL;
}

/* ---- show ---- */

typedef struct finding_t {
    int64_t id;
    fpi_delivery_t *delivery;
} finding_t;

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    finding_t *f = baton;

    FPI_TRY(fpi_delivery_find(&f->delivery, tx, FPI_TENANT_FIRST, f->id, task));
    return f->delivery ? NULL
                       : fpi_refuse(task, FPI_E_ABSENT, "id", "通知 %ld 不存在", "there is no notice %ld", (long)f->id);
}

fpi_err_t *ctl_delivery_show(ctl_t *ctl)
{
    static const ctl_column_t card[] = {
        { "id", "id", "ID", CTL_TEXT },                      { "number", "image number", "影像编号", CTL_TEXT },
        { "resource", "resource", "来源系统", CTL_TEXT },    { "kind", "notice", "通知", CTL_TEXT },
        { "is_again", "again", "再次", CTL_FLAG },           { "reason", "reason", "原因", CTL_TEXT },
        { "state", "state", "状态", CTL_TEXT },              { "failure", "failure", "失败类别", CTL_TEXT },
        { "note", "note", "说明", CTL_TEXT },                { "business_system", "business system", "业务系统", CTL_TEXT },
        { "attempts", "tries", "次数", CTL_TEXT },           { "created_at", "created", "创建时间", CTL_TIME },
        { "tried_at", "last try", "最近尝试", CTL_TIME },    { "ended_at", "over", "结束时间", CTL_TIME },
        { "actor", "by", "操作者", CTL_TEXT },               { "trace_id", "trace", "trace", CTL_TEXT },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    finding_t f = { 0, NULL };
    fpi_json_t *doc;

    FPI_TRY(ctl_arg_id(&f.id, ctl, 0));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_find, &f, ctl->task));
    doc = fpi_view_delivery(f.delivery, ctl->task);
    if (!ctl_json(ctl, doc)) {
        ctl_card(ctl, doc, card);
    }
    return NULL;
}

/* ---- retry ---- */

typedef struct retry_t {
    ctl_t *ctl;
    int64_t ids[RETRY_MOST];
    int count;
    fpi_delivery_query_t query;
    int64_t after;
    fpi_retried_t done;
} retry_t;

static fpi_err_t *retry_bill(retry_t *r, fpi_tx_t *tx, int64_t id, const fpi_delivery_t *one, fpi_task_t *task)
{
    fpi_bill_t *bill;
    int64_t notices;

    FPI_TRY(fpi_bill_find_by_id(&bill, tx, FPI_TENANT_FIRST, id, task));
    if (!bill) {
        return fpi_fail(task, FPI_E_ABSENT, "the bill is gone");
    }
    FPI_TRY(one ? fpi_notice_retry_one(&notices, tx, bill, one, task) : fpi_notice_retry(&notices, tx, bill, task));
    r->done.bills++;
    r->done.notices += notices;
    return NULL;
}

static fpi_err_t *tx_retry_ids(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    retry_t *r = baton;

    r->done = (fpi_retried_t){ 0 };
    for (int i = 0; i < r->count; i++) {
        finding_t f = { r->ids[i], NULL };

        FPI_TRY(tx_find(tx, &f, task));
        FPI_TRY(retry_bill(r, tx, f.delivery->bill, f.delivery, task));
    }
    return NULL;
}

static fpi_err_t *tx_retry_bill(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    retry_t *r = baton;

    r->done = (fpi_retried_t){ 0 };
    return retry_bill(r, tx, r->query.bill, NULL, task);
}

static fpi_err_t *tx_retry_some(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    retry_t *r = baton;

    return fpi_notices_retry(&r->done, tx, &r->query, r->after, task);
}

static fpi_err_t *retry_all(retry_t *r)
{
    fpi_retried_t all = { 0 };

    r->query.most = RETRY_MOST;
    do {
        FPI_TRY(fpi_store_write(r->ctl->app->store, tx_retry_some, r, r->ctl->task));
        all.bills += r->done.bills;
        all.notices += r->done.notices;
        all.without_system += r->done.without_system;
        r->after = r->done.next;
    } while (r->after);
    r->done = all;
    return NULL;
}

/* "12-40": from this notice to that one. False when the word is no range. */
static bool take_range(fpi_delivery_query_t *q, const char *word, fpi_task_t *task)
{
    const char *dash = strchr(word, '-');
    int64_t first, last;

    if (!dash || !fpi_int_parse(&first, apr_pstrmemdup(task->pool, word, (apr_size_t)(dash - word)), 1, INT64_MAX)
        || !fpi_int_parse(&last, dash + 1, first, INT64_MAX)) {
        return false;
    }
    q->first = first;
    q->last = last;
    return true;
}

static fpi_err_t *retry(retry_t *r)
{
    ctl_t *ctl = r->ctl;
    const char *number = ctl_option(ctl, "bill");
    bool is_all = ctl_has(ctl, "all");
    fpi_delivery_query_t range = { 0 };

    if ((ctl->arg_count > 0) + (number != NULL) + is_all != 1) {
        return ctl_usage(ctl, "请指定通知 ID, --bill 影像编号, 或 --all 之一", "say IDs of notices, --bill NUMBER, or --all");
    }
    if (ctl->arg_count == 1 && take_range(&range, ctl->args[0], ctl->task)) {
        is_all = true;
    }
    for (; !is_all && r->count < ctl->arg_count; r->count++) {
        FPI_TRY(ctl_arg_id(&r->ids[r->count], ctl, r->count));
    }
    FPI_TRY(take_query(&r->query, ctl, number));
    if (is_all) {
        r->query.first = range.first;
        r->query.last = range.last;
        return retry_all(r);
    }
    return fpi_store_write(ctl->app->store, number ? tx_retry_bill : tx_retry_ids, r, ctl->task);
}

fpi_err_t *ctl_delivery_retry(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    retry_t *r = apr_pcalloc(ctl->task->pool, sizeof(*r));

    r->ctl = ctl;
    FPI_TRY(retry(r));
    fpi_json_put_int(doc, "bills", r->done.bills);
    fpi_json_put_int(doc, "notices", r->done.notices);
    fpi_json_put_int(doc, "without_system", r->done.without_system);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%ld 张单据的 %ld 条通知已重新排队, 由运行中的 httpd 发送; 另有 %ld 张没有对接业务系统",
                "%ld bills with %ld notices are queued again; the running httpd tells them; %ld more have no business system",
                (long)r->done.bills, (long)r->done.notices, (long)r->done.without_system);
    }
    return NULL;
}

/* ---- reconcile ---- */

typedef struct reconciling_t {
    const char *name; /* NULL: all */
    fpi_systems_t systems;
    int count;
} reconciling_t;

static fpi_err_t *tx_reconcile(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    reconciling_t *r = baton;

    r->count = 0;
    FPI_TRY(fpi_systems_list(&r->systems, tx, FPI_TENANT_FIRST, task));
    for (int i = 0; i < r->systems.count; i++) {
        const fpi_system_t *system = r->systems.items[i];

        if (system->is_enabled && (!r->name || strcasecmp(r->name, system->name) == 0)) {
            FPI_TRY(fpi_reconcile_put(tx, FPI_TENANT_FIRST, system->id, task));
            r->count++;
        }
    }
    return NULL;
}

fpi_err_t *ctl_delivery_reconcile(ctl_t *ctl)
{
    reconciling_t r = { .name = ctl->arg_count ? ctl->args[0] : NULL };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_write(ctl->app->store, tx_reconcile, &r, ctl->task));
    if (!r.count) {
        return fpi_refuse(ctl->task, FPI_E_ABSENT, NULL, "没有启用的对接业务系统%s%.50s", "there is no enabled business system%s%.50s",
                          r.name ? " " : "", r.name ? r.name : "");
    }
    fpi_json_put_int(doc, "systems", r.count);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%d 个业务系统将由运行中的 httpd 对账, 结果见单据轨迹",
                "%d business systems will be asked by the running httpd; the timelines tell what differs", r.count);
    }
    return NULL;
}
