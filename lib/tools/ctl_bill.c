/* One bill: all that is known of it, and why it does not go on. */
#include "tools/ctl.h"

#include "base/clock.h"
#include "service/found.h"
#include "service/match.h"
#include "service/notices.h"
#include "service/pull.h"
#include "service/views.h"
#include "store/bills.h"
#include "store/report.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

enum { FILES_MOST = 5000, INVOICES_MOST = 2000, DELIVERIES_MOST = 20, TRAIL_PAGE = 1000, TRAIL_MOST = 10000 };

typedef struct look_t {
    ctl_t *ctl;
    const char *number, *resource; /* resource NULL: not said */
    fpi_namesake_t *namesakes;
    int namesake_count;
    fpi_bill_t *bill;              /* NULL: absent or ambiguous */
    fpi_file_t *files;
    int file_count;
    fpi_invoice_t *invoices;
    int invoice_count;
    fpi_json_t *found;             /* read from its files */
    fpi_mode_said_t mode;
    fpi_delivery_t *deliveries, *next; /* newest first; next: the oldest that the ERP is still to be told, or NULL */
    int delivery_count;
    fpi_match_row_t match;
    fpi_job_t *job;                /* the pending pull, or NULL */
    fpi_push_t *push;              /* the last one, or NULL */
    fpi_push_t *refused;           /* the last refused one that named this number, or NULL */
    apr_array_header_t *trail;     /* fpi_event_t */
} look_t;

/* ---- finding it ---- */

static fpi_err_t *find_bill(look_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_namesake_t *found = NULL;
    int hits = 0;

    l->bill = NULL;
    FPI_TRY(fpi_report_bills(&l->namesakes, &l->namesake_count, tx, FPI_TENANT_FIRST, l->number, task));
    for (int i = 0; i < l->namesake_count; i++) {
        if (!l->resource || strcmp(l->namesakes[i].resource, l->resource) == 0) {
            found = &l->namesakes[i];
            hits++;
        }
    }
    if (hits == 1) {
        return fpi_bill_find_by_id(&l->bill, tx, FPI_TENANT_FIRST, found->id, task);
    }
    /* people also know the ERP's own number */
    return l->namesake_count ? NULL : fpi_bill_find_by_erp(&l->bill, tx, FPI_TENANT_FIRST, l->number,
                                                           l->number, task);
}

static fpi_err_t *find_push(fpi_push_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task)
{
    *out = NULL;
    return id ? fpi_push_find(out, tx, id, task) : NULL;
}

static fpi_err_t *find_pushes(look_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t id = 0;

    if (l->bill) {
        FPI_TRY(fpi_report_last_push(&id, tx, l->bill->id, task));
    }
    FPI_TRY(find_push(&l->push, tx, id, task));
    FPI_TRY(fpi_report_last_refused(&id, tx, FPI_TENANT_FIRST, l->number, task));
    return find_push(&l->refused, tx, id, task);
}

static fpi_err_t *find_trail(look_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t after = 0;
    int count;

    l->trail = apr_array_make(task->pool, 64, sizeof(fpi_event_t));
    do {
        fpi_event_t *page;

        FPI_TRY(fpi_trail_list(&page, &count, tx, l->bill, after, TRAIL_PAGE, task));
        for (int i = 0; i < count; i++) {
            APR_ARRAY_PUSH(l->trail, fpi_event_t) = page[i];
            after = page[i].id;
        }
    } while (count == TRAIL_PAGE && l->trail->nelts < TRAIL_MOST);
    return NULL;
}

static fpi_err_t *find_deliveries(look_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_delivery_query_t query = { .tenant = FPI_TENANT_FIRST, .bill = l->bill->id, .state = -1,
                                         .most = DELIVERIES_MOST, .bound = DELIVERIES_MOST };
    int64_t total;

    FPI_TRY(fpi_deliveries_list(&l->deliveries, &l->delivery_count, &total, tx, &query, task));
    return fpi_delivery_find_next(&l->next, tx, FPI_TENANT_FIRST, l->bill->id, task);
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    look_t *l = baton;
    const char *key;

    FPI_TRY(find_bill(l, tx, task));
    FPI_TRY(find_pushes(l, tx, task));
    if (!l->bill) {
        return NULL;
    }
    key = apr_psprintf(task->pool, "%" APR_INT64_T_FMT, (apr_int64_t)l->bill->id);
    FPI_TRY(fpi_files_list(&l->files, &l->file_count, tx, FPI_TENANT_FIRST, l->bill->id, FILES_MOST, task));
    FPI_TRY(fpi_invoices_list(&l->invoices, &l->invoice_count, tx, FPI_TENANT_FIRST, l->bill->id,
                              INVOICES_MOST, task));
    FPI_TRY(fpi_found_answer(&l->found, tx, l->bill, NULL, task));
    FPI_TRY(fpi_mode_find(&l->mode, tx, l->bill, task));
    FPI_TRY(find_deliveries(l, tx, task));
    FPI_TRY(fpi_match_find(&l->match, tx, FPI_TENANT_FIRST, l->bill->id, task));
    FPI_TRY(fpi_job_find(&l->job, tx, FPI_JOB_PULL, key, task));
    return find_trail(l, tx, task);
}

static fpi_err_t *fail_ambiguous(look_t *l)
{
    ctl_t *ctl = l->ctl;
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    const char *names = "";

    for (int i = 0; i < l->namesake_count; i++) {
        const fpi_namesake_t *n = &l->namesakes[i];
        fpi_json_t *doc = fpi_json_make_object(ctl->task);

        fpi_json_put_text(doc, "resource", n->resource);
        fpi_json_put_int(doc, "state", n->state);
        fpi_json_put_text(doc, "state_name", fpi_state_name(n->state, ctl->task->lang));
        fpi_json_put_time(doc, "created", n->created);
        fpi_json_add(list, doc);
        names = apr_pstrcat(ctl->task->pool, names, i ? ", \"" : "\"", n->resource, "\"", NULL);
    }
    ctl->more = fpi_json_make_object(ctl->task);
    fpi_json_put(ctl->more, "candidates", list);
    if (l->resource) {
        return fpi_refuse(ctl->task, FPI_E_ABSENT, "resource", "影像编号 %s 没有来源为 \"%.50s\" 的单据; 有: %s",
                          "image number %s has no bill of resource \"%.50s\"; there are: %s", l->number, l->resource, names);
    }
    return ctl_usage(ctl, "影像编号 %s 有 %d 张单据, 来源为 %s: 请加 --resource",
                     "image number %s has %d bills, of resource %s: say --resource", l->number, l->namesake_count, names);
}

static fpi_err_t *fail_absent(look_t *l)
{
    ctl_t *ctl = l->ctl;

    if (!l->refused) {
        return fpi_refuse(ctl->task, FPI_E_ABSENT, NULL, "没有影像编号或单据号为 %s 的单据: ERP 尚未推送, 也没有收到收票推送",
                          "there is no bill with image or bill number %s: the ERP has not announced it, and no push "
                          "has come", l->number);
    }
    return fpi_refuse(ctl->task, FPI_E_ABSENT, NULL, "没有单据 %s, 但 %s 有一次推送被拒绝 (推送 %ld): %s",
                      "there is no bill %s, but a push of it was refused at %s (push %ld): %s", l->number,
                      ctl_time(ctl, l->refused->at), (long)l->refused->id, l->refused->reason ? l->refused->reason : "-");
}

static fpi_err_t *look(look_t *l, ctl_t *ctl, const char *number)
{
    memset(l, 0, sizeof(*l));
    l->ctl = ctl;
    l->resource = ctl_option(ctl, "resource");
    FPI_TRY(fpi_bill_take_number(&l->number, number, "NUMBER", ctl->task));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_look, l, ctl->task));
    if (l->bill) {
        return NULL;
    }
    return l->namesake_count ? fail_ambiguous(l) : fail_absent(l);
}

fpi_err_t *ctl_find_bill(fpi_bill_t **out, ctl_t *ctl, const char *number)
{
    look_t l;

    FPI_TRY(look(&l, ctl, number));
    *out = l.bill;
    return NULL;
}

/* ---- why is it stuck? ---- */

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

static const char *why_job(look_t *l)
{
    const fpi_job_t *job = l->job;
    ctl_t *ctl = l->ctl;
    apr_time_t now = fpi_clock_now();

    if (strcmp(job->state, "parked") == 0 && !l->push) {
        return ctl_text(ctl, "向发票云取数 %ld 次后已放弃: %s; 排除原因后运行 fpimagectl bill sync %s",
                        "asking the receipt was given up after %ld tries: %s; remove the cause, then fpimagectl bill sync %s",
                        (long)job->attempts, or_dash(job->last_error), l->bill->number);
    }
    if (strcmp(job->state, "parked") == 0) {
        return ctl_text(ctl, "向发票云取数 %ld 次后已放弃: %s; 排除原因后运行 fpimagectl push replay %ld",
                        "pulling it was given up after %ld tries: %s; remove the cause, then fpimagectl push replay %ld",
                        (long)job->attempts, or_dash(job->last_error), (long)(l->push ? l->push->id : 0));
    }
    if (strcmp(job->state, "leased") == 0 && job->lease_until > now) {
        return ctl_text(ctl, "正在处理 (第 %ld 次, %s)", "it is being worked on (try %ld, by %s)",
                        (long)job->attempts,
                        or_dash(job->owner));
    }
    if (job->due + apr_time_from_sec(60) < now) {
        return ctl_text(ctl, "自 %s 起等待后台处理, 无人接手: httpd 是否在运行?",
                        "it has waited for a worker since %s and none took it: does httpd run?", ctl_time(ctl, job->due));
    }
    if (job->last_error) {
        return ctl_text(ctl, "第 %ld 次取数失败: %s; 将于 %s 重试", "try %ld to pull it failed: %s; the next is at %s",
                        (long)job->attempts, job->last_error, ctl_time(ctl, job->due));
    }
    return ctl_text(ctl, "等待后台处理 (%s)", "it waits for a worker (%s)", ctl_time(ctl, job->due));
}

static const char *why_waiting(look_t *l)
{
    ctl_t *ctl = l->ctl;

    if (l->refused && (!l->push || l->refused->id > l->push->id)) {
        return ctl_text(ctl, "收票推送于 %s 被拒绝 (推送 %ld): %s", "the push of %s was refused (push %ld): %s",
                        ctl_time(ctl, l->refused->at), (long)l->refused->id, or_dash(l->refused->reason));
    }
    if (l->push && strcmp(l->push->status, "done") == 0) {
        return ctl_text(ctl, "推送 %ld 已处理完, 但没有得到影像%s%s", "push %ld was worked off and brought no images%s%s",
                        (long)l->push->id, l->push->reason ? ": " : "", l->push->reason ? l->push->reason : "");
    }
    if (!l->push && l->bill->is_announced) {
        return ctl_text(ctl, "ERP 已推送单据, 尚未收到收票推送, 也没有人扫描",
                        "the ERP has announced it; no push has come, and nobody has scanned");
    }
    return ctl_text(ctl, "没有影像, 也没有待处理的任务", "there are no images, and no work is pending");
}

static const char *why_state(look_t *l)
{
    const fpi_bill_t *bill = l->bill;
    ctl_t *ctl = l->ctl;

    switch (bill->state) {
    case FPI_STATE_WAITING:
        return why_waiting(l);
    case FPI_STATE_RECOGNISED:
        return l->match.reason ? l->match.reason : "-";
    case FPI_STATE_UPLOADED:
    case FPI_STATE_MATCHED:
        return ctl_text(ctl, "影像已齐, 等待提交", "the images are there; it waits to be submitted");
    case FPI_STATE_SUBMITTED:
        return ctl_text(ctl, "已提交, 等待 ERP 审核", "it is submitted and waits for the ERP's review");
    case FPI_STATE_REVIEWED:
        return ctl_text(ctl, "已完成", "it is done");
    case FPI_STATE_RESCAN:
        return ctl_text(ctl, "已退扫: %s", "it was sent back: %s", or_dash(bill->reason));
    case FPI_STATE_MISMATCH:
    case FPI_STATE_FAILED:
        return ctl_text(ctl, "%s%.0s: %s", "%.0s%s: %s", fpi_state_name(bill->state, "zh"),
                        fpi_state_name(bill->state, "en"), or_dash(bill->reason));
    case FPI_STATE_VOID:
        return ctl_text(ctl, "已作废: %s", "it is void: %s", or_dash(bill->reason));
    }
    return "?";
}

static const char *why(look_t *l)
{
    if (l->job && l->bill->state != FPI_STATE_VOID) {
        return why_job(l);
    }
    return l->next ? apr_pstrcat(l->ctl->task->pool, why_state(l), "; ", ctl_why_delivery(l->ctl, l->next), NULL)
                   : why_state(l);
}

/* ---- as JSON ---- */

static fpi_json_t *files_json(look_t *l)
{
    fpi_json_t *list = fpi_json_make_array(l->ctl->task);

    for (int i = 0; i < l->file_count; i++) {
        const fpi_file_t *file = &l->files[i];
        fpi_json_t *doc = fpi_json_make_object(l->ctl->task);

        fpi_json_put_int(doc, "id", file->id);
        fpi_json_put_text(doc, "kind", fpi_kind_name(file->kind));
        fpi_json_put_text(doc, "name", file->name);
        fpi_json_put_text(doc, "media", file->media);
        fpi_json_put_int(doc, "size", file->size);
        fpi_json_put_text(doc, "sha256", file->sha256);
        fpi_json_put_int(doc, "position", file->position);
        fpi_json_put_text(doc, "state", fpi_view_file_state(file->state));
        fpi_json_put_int(doc, "rotation", file->rotation);
        fpi_json_put_int(doc, "page_first", file->page_first);
        fpi_json_put_int(doc, "page_last", file->page_last);
        fpi_json_put_int(doc, "group_id", file->group_id);
        fpi_json_put_text(doc, "label", file->label);
        fpi_json_put_int(doc, "invoice", file->invoice);
        fpi_json_put_text(doc, "source", file->source);
        fpi_json_put_text(doc, "origin", fpi_file_place(file->origin, l->ctl->task->pool));
        fpi_json_put_time(doc, "created", file->created);
        fpi_json_add(list, doc);
    }
    return list;
}

static void put_money(fpi_json_t *doc, const char *name, bool has, int64_t fen, fpi_task_t *task)
{
    if (has) {
        fpi_json_put_fen(doc, name, fen, task);
    }
    else {
        fpi_json_put(doc, name, NULL);
    }
}

static fpi_json_t *invoices_json(look_t *l)
{
    fpi_json_t *list = fpi_json_make_array(l->ctl->task);
    fpi_task_t *task = l->ctl->task;

    for (int i = 0; i < l->invoice_count; i++) {
        const fpi_invoice_t *invoice = &l->invoices[i];
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_int(doc, "id", invoice->id);
        fpi_json_put_text(doc, "serial_no", invoice->serial_no);
        fpi_json_put_int(doc, "type", invoice->type);
        fpi_json_put_text(doc, "code", invoice->code);
        fpi_json_put_text(doc, "number", invoice->number);
        fpi_json_put_text(doc, "date", invoice->date);
        put_money(doc, "net", invoice->has_net, invoice->net, task);
        put_money(doc, "tax", invoice->has_tax, invoice->tax, task);
        put_money(doc, "gross", invoice->has_gross, invoice->gross, task);
        fpi_json_put_text(doc, "seller_name", invoice->seller_name);
        fpi_json_put_text(doc, "seller_tax_no", invoice->seller_tax_no);
        fpi_json_put_text(doc, "buyer_name", invoice->buyer_name);
        fpi_json_put_text(doc, "buyer_tax_no", invoice->buyer_tax_no);
        fpi_json_put_int(doc, "check_status", invoice->check_status);
        fpi_json_add(list, doc);
    }
    return list;
}

static fpi_json_t *job_json(look_t *l)
{
    fpi_json_t *doc;

    if (!l->job) {
        return NULL;
    }
    doc = fpi_json_make_object(l->ctl->task);
    fpi_json_put_text(doc, "kind", l->job->kind);
    fpi_json_put_text(doc, "state", l->job->state);
    fpi_json_put_int(doc, "attempts", l->job->attempts);
    fpi_json_put_time(doc, "first", l->job->first);
    fpi_json_put_time(doc, "due", l->job->due);
    fpi_json_put_text(doc, "last_error", l->job->last_error);
    fpi_json_put_text(doc, "trace", l->job->trace);
    return doc;
}

static fpi_json_t *push_json(look_t *l, const fpi_push_t *push)
{
    fpi_json_t *doc;

    if (!push) {
        return NULL;
    }
    doc = fpi_json_make_object(l->ctl->task);
    fpi_json_put_int(doc, "id", push->id);
    fpi_json_put_text(doc, "status", push->status);
    fpi_json_put_text(doc, "reason", push->reason);
    fpi_json_put_time(doc, "at", push->at);
    fpi_json_put_int(doc, "repeats", push->repeats);
    fpi_json_put_text(doc, "trace", push->trace);
    return doc;
}

static fpi_json_t *deliveries_json(look_t *l)
{
    fpi_json_t *list = fpi_json_make_array(l->ctl->task);

    for (int i = 0; i < l->delivery_count; i++) {
        fpi_json_add(list, fpi_view_delivery(&l->deliveries[i], l->ctl->task));
    }
    return list;
}

static fpi_json_t *bill_json(look_t *l)
{
    const fpi_bill_t *bill = l->bill;
    fpi_json_t *doc = fpi_json_make_object(l->ctl->task);

    fpi_json_put_text(doc, "number", bill->number);
    fpi_json_put_text(doc, "resource", bill->resource);
    fpi_json_put_int(doc, "state", bill->state);
    fpi_json_put_text(doc, "state_name", fpi_state_name(bill->state, l->ctl->task->lang));
    fpi_json_put_text(doc, "why", why(l));
    fpi_json_put_text(doc, "reason", bill->reason);
    fpi_json_put_text(doc, "erp_id", bill->erp_id);
    fpi_json_put_text(doc, "bill_no", bill->bill_no);
    fpi_json_put_text(doc, "type_code", bill->type_code);
    fpi_json_put_text(doc, "type_name", bill->type_name);
    fpi_json_put_text(doc, "tax_no", bill->tax_no);
    fpi_json_put_text(doc, "apply_name", bill->apply_name);
    fpi_json_put_text(doc, "apply_phone", bill->apply_phone);
    fpi_json_put_text(doc, "apply_erp_user", bill->apply_erp_user);
    fpi_json_put_text(doc, "org_code", bill->org_code);
    fpi_json_put_text(doc, "org_name", bill->org_name);
    fpi_json_put_bool(doc, "is_announced", bill->is_announced);
    fpi_json_put_bool(doc, "is_locked", bill->is_locked);
    fpi_json_put_text(doc, "voucher", bill->voucher);
    fpi_json_put_int(doc, "page_count", bill->page_count);
    fpi_json_put_int(doc, "version", bill->version);
    fpi_json_put_text(doc, "mode", fpi_mode_name(l->mode.mode));
    fpi_json_put_text(doc, "mode_from", fpi_scope_name(l->mode.scope));
    fpi_json_put_text(doc, "mode_fallen_from", l->mode.fallen ? fpi_mode_name(l->mode.fallen) : NULL);
    fpi_json_put_text(doc, "match_result", l->match.result ? fpi_match_result_name(l->match.result) : NULL);
    fpi_json_put_text(doc, "match_reason", l->match.reason);
    fpi_json_put_time(doc, "created", bill->created);
    fpi_json_put_time(doc, "updated", bill->updated);
    fpi_json_put(doc, "job", job_json(l));
    fpi_json_put(doc, "last_push", push_json(l, l->push));
    fpi_json_put(doc, "last_refused_push", push_json(l, l->refused));
    fpi_json_put(doc, "deliveries", deliveries_json(l));
    fpi_json_put(doc, "files", files_json(l));
    fpi_json_put(doc, "invoices", invoices_json(l));
    fpi_json_put(doc, "found_invoices", l->found);
    return doc;
}

/* ---- for people ---- */

static const ctl_column_t bill_card[] = {
    { "number", "image number", "影像编号", CTL_TEXT },
    { "resource", "resource", "来源系统", CTL_TEXT },
    { "state_name", "state", "状态", CTL_TEXT },
    { "why", "why", "说明", CTL_TEXT },
    { "bill_no", "bill number", "单据号", CTL_TEXT },
    { "erp_id", "the ERP's key", "ERP 单据 ID", CTL_TEXT },
    { "type_code", "type", "单据类型", CTL_TEXT },
    { "type_name", "type name", "类型名称", CTL_TEXT },
    { "tax_no", "tax number", "税号", CTL_TEXT },
    { "org_code", "organisation", "组织", CTL_TEXT },
    { "org_name", "organisation name", "组织名称", CTL_TEXT },
    { "apply_name", "submitter", "提单人", CTL_TEXT },
    { "apply_phone", "submitter's mobile", "提单人手机", CTL_TEXT },
    { "apply_erp_user", "submitter's ERP account", "提单人 ERP 账号", CTL_TEXT },
    { "is_announced", "announced by the ERP", "ERP 已推送", CTL_FLAG },
    { "is_locked", "locked", "锁定", CTL_FLAG },
    { "voucher", "voucher", "凭证号", CTL_TEXT },
    { "page_count", "pages", "影像页数", CTL_TEXT },
    { "mode", "mode", "模式", CTL_TEXT },
    { "mode_fallen_from", "fallen from mode", "原模式", CTL_TEXT },
    { "match_result", "match", "匹配结果", CTL_TEXT },
    { "match_reason", "why it matches or not", "匹配说明", CTL_TEXT },
    { "version", "version", "版本", CTL_TEXT },
    { "created", "created", "创建时间", CTL_TIME },
    { "updated", "updated", "更新时间", CTL_TIME },
    { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t job_card[] = {
    { "state", "state", "状态", CTL_TEXT },          { "attempts", "tries", "次数", CTL_TEXT },
    { "due", "next try", "下次", CTL_TIME },         { "last_error", "last error", "最近错误", CTL_TEXT },
    { "trace", "trace", "trace", CTL_TEXT },         { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t push_card[] = {
    { "id", "id", "ID", CTL_TEXT },           { "status", "status", "状态", CTL_TEXT },
    { "reason", "reason", "原因", CTL_TEXT }, { "at", "at", "时间", CTL_TIME },
    { "trace", "trace", "trace", CTL_TEXT },  { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t file_columns[] = {
    { "id", "ID", "ID", CTL_TEXT },         { "position", "PLACE", "位置", CTL_TEXT },
    { "state", "STATE", "状态", CTL_TEXT },
    { "kind", "KIND", "类别", CTL_TEXT },   { "media", "MEDIA", "格式", CTL_TEXT },
    { "size", "BYTES", "字节", CTL_TEXT },  { "created", "CREATED", "时间", CTL_TIME },
    { "name", "NAME", "文件名", CTL_TEXT }, { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t invoice_columns[] = {
    { "type", "TYPE", "票种", CTL_TEXT },     { "code", "CODE", "代码", CTL_TEXT },
    { "number", "NUMBER", "号码", CTL_TEXT }, { "date", "DATE", "日期", CTL_TEXT },
    { "gross", "GROSS", "价税合计", CTL_TEXT }, { "seller_name", "SELLER", "销方", CTL_TEXT },
    { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t found_columns[] = {
    { "file_id", "FILE", "文件", CTL_TEXT },  { "page", "PAGE", "页", CTL_TEXT },
    { "source", "SOURCE", "来源", CTL_TEXT }, { "type", "TYPE", "票种", CTL_TEXT },
    { "number", "NUMBER", "号码", CTL_TEXT }, { "date", "DATE", "日期", CTL_TEXT },
    { "gross", "GROSS", "价税合计", CTL_TEXT }, { "seller_name", "SELLER", "销方", CTL_TEXT },
    { NULL, NULL, NULL, CTL_TEXT },
};

static void section(look_t *l, const char *zh, const char *en)
{
    printf("\n");
    ctl_say(l->ctl, "%s%.0s", "%.0s%s", zh, en);
}

static void tell_bill(look_t *l, const fpi_json_t *doc)
{
    ctl_t *ctl = l->ctl;

    ctl_card(ctl, doc, bill_card);
    if (l->job) {
        section(l, "[后台任务]", "[pending work]");
        ctl_card(ctl, fpi_json_find(doc, "job"), job_card);
    }
    if (l->push) {
        section(l, "[最近一次推送]", "[last push]");
        ctl_card(ctl, fpi_json_find(doc, "last_push"), push_card);
    }
    if (l->refused) {
        section(l, "[最近被拒绝的推送]", "[last refused push]");
        ctl_card(ctl, fpi_json_find(doc, "last_refused_push"), push_card);
    }
    if (l->delivery_count) {
        section(l, "[对 ERP 的通知]", "[notices to the ERP]");
        ctl_table(ctl, fpi_json_find(doc, "deliveries"), ctl_delivery_columns);
    }
    if (l->file_count) {
        section(l, "[文件]", "[files]");
        ctl_table(ctl, fpi_json_find(doc, "files"), file_columns);
    }
    if (l->invoice_count) {
        section(l, "[发票]", "[invoices]");
        ctl_table(ctl, fpi_json_find(doc, "invoices"), invoice_columns);
    }
    if (fpi_json_size(l->found)) {
        section(l, "[识别到的发票]", "[invoices read from its files]");
        ctl_table(ctl, fpi_json_find(doc, "found_invoices"), found_columns);
    }
}

fpi_err_t *ctl_bill_show(ctl_t *ctl)
{
    fpi_json_t *doc;
    look_t l;

    FPI_TRY(look(&l, ctl, ctl->args[0]));
    doc = bill_json(&l);
    if (!ctl_json(ctl, doc)) {
        tell_bill(&l, doc);
    }
    return NULL;
}

/* ---- trail ---- */

static fpi_json_t *event_json(ctl_t *ctl, const fpi_event_t *event)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task), *detail;

    fpi_json_put_int(doc, "id", event->id);
    fpi_json_put_time(doc, "at", event->at);
    fpi_json_put_text(doc, "kind", event->kind);
    fpi_json_put_text(doc, "actor", event->actor);
    fpi_json_put_text(doc, "note", event->note);
    if (event->detail && fpi_json_parse(&detail, event->detail, strlen(event->detail), ctl->task) == NULL) {
        fpi_json_put(doc, "detail", detail);
    }
    else {
        fpi_json_put_text(doc, "detail", event->detail);
    }
    fpi_json_put_text(doc, "trace", event->trace);
    return doc;
}

fpi_err_t *ctl_bill_trail(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "at", "AT", "时间", CTL_TIME },      { "kind", "KIND", "事件", CTL_TEXT },
        { "actor", "WHO", "操作者", CTL_TEXT }, { "trace", "TRACE", "TRACE", CTL_TEXT },
        { "note", "NOTE", "说明", CTL_LONG },  { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    look_t l;

    FPI_TRY(look(&l, ctl, ctl->args[0]));
    for (int i = 0; i < l.trail->nelts; i++) {
        fpi_json_add(list, event_json(ctl, &APR_ARRAY_IDX(l.trail, i, fpi_event_t)));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}
