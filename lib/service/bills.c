/* What the ERP calls: announce a bill, ask its state, send it back, void it, bind a voucher. */
#include "service/handlers.h"

#include "service/forms.h"
#include "service/pull.h"
#include "store/bills.h"
#include "store/people.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_MAX = 500, NAME_LEN = 200, VOUCHER_MAX = 100, INVOICES_MAX = 2000 };

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

fpi_err_t *fpi_bill_check_owner(const fpi_enterprise_t *enterprise, const char *tax_no, fpi_task_t *task)
{
    if (!tax_no || !*tax_no || strncmp(enterprise->client_id, "TN_", 3) == 0
        || strcmp(tax_no, enterprise->tax_no) == 0) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FOREIGN, "taxNo",
                      "该授权 (税号 %s) 无权访问税号 %s 的单据",
                      "this enterprise (tax number %s) may not touch bills of tax number %s",
                      enterprise->tax_no, tax_no);
}

/* ---- announce ---- */

typedef struct announce_t {
    fpi_app_t *app;
    const fpi_enterprise_t *enterprise;
    fpi_bill_t *wanted;    /* as the ERP says them */
    const char **results;  /* "created", "updated", "unchanged" */
    int count;
} announce_t;

/* What the ERP says over what is stored; what it leaves out stays. */
static void overwrite(fpi_bill_t *bill, const fpi_bill_t *said)
{
#define TAKE(member) bill->member = said->member && *said->member ? said->member : bill->member
    bill->resource = said->resource;
    TAKE(erp_id);
    TAKE(bill_no);
    TAKE(type_code);
    TAKE(type_name);
    TAKE(tax_no);
    TAKE(apply_name);
    TAKE(apply_phone);
    TAKE(apply_erp_user);
    TAKE(org_code);
    TAKE(org_name);
#undef TAKE
    bill->doc_sha = said->doc_sha;
    bill->is_announced = true;
}

static fpi_err_t *find_org(fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *org;
    bool is_new;

    FPI_TRY(fpi_org_find(&org, tx, bill->tenant, bill->tax_no, NULL, task));
    if (!org && bill->org_code && *bill->org_code) {
        FPI_TRY(fpi_org_put(&org, &is_new, tx, bill->tenant, bill->org_code,
                            bill->org_name && *bill->org_name ? bill->org_name : bill->org_code, NULL, task));
    }
    bill->org = org ? org->id : 0;
    return NULL;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(or_empty(a), or_empty(b)) == 0;
}

/* The receipt assistant was first: what it announced can be asked for now that the ERP's key is known. */
static fpi_err_t *pull_again(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    int64_t push;

    FPI_TRY(fpi_push_find_same(&push, tx, bill->id, bill->push_sha, task));
    return push ? fpi_pull_put(tx, bill, push, task) : NULL;
}

static fpi_err_t *announce_one(const char **result, fpi_tx_t *tx, const announce_t *job, const fpi_bill_t *said,
                               fpi_task_t *task)
{
    fpi_bill_t *bill;
    bool is_new, type_is_new, key_is_new;

    FPI_TRY(fpi_bill_find(&bill, tx, job->enterprise->tenant, said->number, said->resource, task));
    is_new = bill == NULL;
    if (bill) {
        fpi_state_t to;

        FPI_TRY(fpi_bill_check_owner(job->enterprise, bill->tax_no, task));
        FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_ANNOUNCE, task));
        if (bill->is_announced && bill->doc_sha && strcmp(bill->doc_sha, said->doc_sha) == 0) {
            *result = "unchanged";
            return NULL;
        }
    }
    else {
        bill = apr_pcalloc(task->pool, sizeof(*bill));
        bill->tenant = job->enterprise->tenant;
        bill->number = said->number;
    }
    key_is_new = !is_same(bill->erp_id, said->erp_id) || !is_same(bill->bill_no, said->bill_no);
    overwrite(bill, said);
    FPI_TRY(fpi_bill_type_put(&type_is_new, tx, bill->tenant, bill->type_code,
                              bill->type_name && *bill->type_name ? bill->type_name : bill->type_code, task));
    FPI_TRY(find_org(bill, tx, task));
    FPI_TRY(fpi_bill_put(bill, tx, task));
    *result = is_new ? "created" : "updated";
    if (key_is_new && bill->push_sha) {
        FPI_TRY(pull_again(tx, bill, task));
    }
    return fpi_trail_add(tx, bill, "announced",
                         is_new ? "the ERP announced the bill" : "the ERP changed the bill's data", NULL, task);
}

static fpi_err_t *announce_all(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    announce_t *job = baton;

    for (int i = 0; i < job->count; i++) {
        fpi_err_t *err = announce_one(&job->results[i], tx, job, &job->wanted[i], task);

        if (err) {
            return job->count > 1 ? fpi_wrap(task, err, "bill %d of %d (%s)", i + 1, job->count,
                                             job->wanted[i].number)
                                  : err;
        }
    }
    return NULL;
}

/* In a list, the refusal says which of its members is at fault. */
static fpi_err_t *name_member(fpi_err_t *err, int i, int count, fpi_task_t *task)
{
    if (!err || count == 1) {
        return err;
    }
    return fpi_refuse(task, err->code, err->field, "第 %d 条: %s%.0s", "item %d: %.0s%s", i + 1,
                      fpi_err_public(err, "zh"), fpi_err_public(err, "en"));
}

static fpi_err_t *read_one(announce_t *job, int i, const fpi_json_t *object, fpi_task_t *task)
{
    fpi_bill_t *bill = &job->wanted[i];

    if (!fpi_json_is_object(object)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "应为单据对象", "a bill object was expected");
    }
    FPI_TRY(fpi_form_read_announcement(bill, object, task));
    FPI_TRY(fpi_bill_check_owner(job->enterprise, bill->tax_no, task));
    if (!bill->tax_no && strncmp(job->enterprise->client_id, "TN_", 3) != 0) {
        bill->tax_no = job->enterprise->tax_no;
    }
    bill->doc_sha = fpi_form_announcement_sha(bill, task);
    return NULL;
}

static fpi_err_t *read_all(announce_t *job, const fpi_json_t *doc, fpi_task_t *task)
{
    bool is_list = fpi_json_is_array(doc);

    job->count = is_list ? (int)fpi_json_size(doc) : 1;
    if (job->count < 1 || job->count > FPI_LIST_MAX) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "单据列表应有 1 到 %d 条, 实有 %d 条",
                          "a list must have 1 to %d bills; it has %d", FPI_LIST_MAX, job->count);
    }
    job->wanted = apr_pcalloc(task->pool, sizeof(fpi_bill_t) * (size_t)job->count);
    job->results = apr_pcalloc(task->pool, sizeof(char *) * (size_t)job->count);
    for (int i = 0; i < job->count; i++) {
        FPI_TRY(name_member(read_one(job, i, is_list ? fpi_json_at(doc, (size_t)i) : doc, task), i, job->count,
                            task));
    }
    return NULL;
}

static fpi_json_t *announce_result(const announce_t *job, int i, fpi_task_t *task)
{
    fpi_json_t *item = fpi_json_make_object(task);

    fpi_json_put_text(item, "scanBillNo", job->wanted[i].number);
    fpi_json_put_text(item, "resource", job->wanted[i].resource);
    fpi_json_put_text(item, "result", job->results[i]);
    return item;
}

fpi_err_t *fpi_handle_bill_push(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    announce_t job = { app, call->enterprise, NULL, NULL, 0 };

    FPI_TRY(read_all(&job, call->json, call->task));
    call->note(call->baton, "FPIMAGE_BILL", job.wanted[0].number);
    FPI_TRY(fpi_store_write(app->store, announce_all, &job, call->task));
    FPI_COUNT(app, bills_announced, job.count);
    if (!fpi_json_is_array(call->json)) {
        answer->data = announce_result(&job, 0, call->task);
        return NULL;
    }
    answer->data = fpi_json_make_array(call->task);
    for (int i = 0; i < job.count; i++) {
        fpi_json_add(answer->data, announce_result(&job, i, call->task));
    }
    return NULL;
}

/* ---- one bill by number and resource ---- */

typedef struct asked_t {
    const fpi_enterprise_t *enterprise;
    const char *number, *resource;
    fpi_act_t act;
    const char *reason, *operator_name, *voucher;
    bool is_locking;
    fpi_bill_t *bill;
    fpi_invoice_t *invoices;
    int count;
} asked_t;

static fpi_err_t *read_asked(asked_t *asked, fpi_call_t *call)
{
    const char *number;

    memset(asked, 0, sizeof(*asked));
    asked->enterprise = call->enterprise;
    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_form_find(&number, call->json, "scanBillNo|fscanBillNo|imageNo|imageNumber", NAME_LEN,
                          call->task));
    FPI_TRY(fpi_bill_take_number(&asked->number, or_empty(number), "scanBillNo", call->task));
    FPI_TRY(fpi_form_find(&asked->resource, call->json, "resource", 50, call->task));
    asked->resource = or_empty(asked->resource);
    call->note(call->baton, "FPIMAGE_BILL", asked->number);
    return NULL;
}

static fpi_err_t *find_asked(fpi_tx_t *tx, asked_t *asked, fpi_task_t *task)
{
    FPI_TRY(fpi_bill_find(&asked->bill, tx, asked->enterprise->tenant, asked->number, asked->resource, task));
    if (!asked->bill) {
        return fpi_refuse(task, FPI_E_ABSENT, "scanBillNo", "影像编号 %s 的单据不存在",
                          "there is no bill with image number %s", asked->number);
    }
    return fpi_bill_check_owner(asked->enterprise, asked->bill->tax_no, task);
}

static fpi_err_t *tx_status(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return find_asked(tx, baton, task);
}

static fpi_json_t *status_of(const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *data = fpi_json_make_object(task);

    fpi_json_put_text(data, "scanBillNo", bill->number);
    fpi_json_put_int(data, "imageStatus", bill->state);
    fpi_json_put_text(data, "imageStatusName", fpi_state_name(bill->state, task->lang));
    fpi_json_put_text(data, "billType", bill->type_code);
    fpi_json_put_int(data, "pageCount", bill->page_count);
    fpi_json_put_text(data, "updateTime", fpi_form_time(bill->updated, task));
    if (bill->reason && *bill->reason) {
        fpi_json_put_text(data, "reason", bill->reason);
    }
    return data;
}

fpi_err_t *fpi_handle_bill_status(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asked_t asked;

    FPI_TRY(read_asked(&asked, call));
    FPI_TRY(fpi_store_read(app->store, tx_status, &asked, call->task));
    answer->data = status_of(asked.bill, call->task);
    return NULL;
}

static fpi_err_t *tx_invoices(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asked_t *asked = baton;

    FPI_TRY(find_asked(tx, asked, task));
    return fpi_invoices_list(&asked->invoices, &asked->count, tx, asked->bill->tenant, asked->bill->id,
                             INVOICES_MAX, task);
}

fpi_err_t *fpi_handle_bill_invoices(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asked_t asked;

    FPI_TRY(read_asked(&asked, call));
    FPI_TRY(fpi_store_read(app->store, tx_invoices, &asked, call->task));
    answer->data = fpi_json_make_array(call->task);
    for (int i = 0; i < asked.count; i++) {
        fpi_json_add(answer->data, fpi_form_write_invoice(&asked.invoices[i], call->task));
    }
    return NULL;
}

/* ---- moves that the ERP orders ---- */

static fpi_err_t *refuse_locked(const asked_t *asked, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_STATE, "scanBillNo",
                      "单据 %s 已绑定凭证 %s 并锁定, 不能再%s", "bill %s is locked by voucher %s: it can't be changed (%s)",
                      asked->number, or_empty(asked->bill->voucher), fpi_act_name(asked->act, "zh"));
}

/* Where the act leads; a withdrawn send-back leads where the bill came from. */
static fpi_err_t *move(fpi_bill_t *bill, fpi_act_t act, fpi_task_t *task)
{
    fpi_state_t to;

    FPI_TRY(fpi_bill_move(&to, bill, act, task));
    if (act == FPI_ACT_CANCEL_RESCAN && bill->state_before != FPI_STATE_WAITING) {
        to = bill->state_before;
    }
    if (act == FPI_ACT_RESCAN && bill->state != FPI_STATE_RESCAN) {
        bill->state_before = bill->state;
    }
    bill->state = to;
    return NULL;
}

static const char *move_note(const asked_t *asked, fpi_state_t from, fpi_task_t *task)
{
    const char *note = apr_psprintf(task->pool, "%s: %s -> %s", fpi_act_name(asked->act, "en"),
                                    fpi_state_name(from, "en"), fpi_state_name(asked->bill->state, "en"));

    if (asked->operator_name) {
        note = apr_pstrcat(task->pool, note, ", by ", asked->operator_name, NULL);
    }
    return asked->reason ? apr_pstrcat(task->pool, note, ", because: ", asked->reason, NULL) : note;
}

static fpi_err_t *tx_move(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asked_t *asked = baton;
    fpi_state_t from;

    FPI_TRY(find_asked(tx, asked, task));
    from = asked->bill->state;
    if (asked->bill->is_locked) {
        return refuse_locked(asked, task);
    }
    FPI_TRY(move(asked->bill, asked->act, task));
    if (asked->bill->state == from
        && strcmp(or_empty(asked->bill->reason), or_empty(asked->reason)) == 0) {
        return NULL; /* the same order again */
    }
    asked->bill->reason = asked->reason;
    FPI_TRY(fpi_bill_put(asked->bill, tx, task));
    return fpi_trail_add(tx, asked->bill, "state", move_note(asked, from, task), NULL, task);
}

static fpi_err_t *order_move(fpi_app_t *app, fpi_call_t *call, fpi_act_t act, fpi_answer_t *answer)
{
    asked_t asked;
    const char *reason;

    FPI_TRY(read_asked(&asked, call));
    asked.act = act;
    FPI_TRY(fpi_form_find(&asked.operator_name, call->json,
                          "operator|operatorName|userName|operateUser|userPhone", NAME_LEN, call->task));
    if (act == FPI_ACT_RESCAN) {
        FPI_TRY(fpi_form_get(&reason, call->json, "reason|rescanReason|remark|description", REASON_MAX, call->task));
    }
    else {
        FPI_TRY(fpi_form_find(&reason, call->json, "reason|remark|description", REASON_MAX, call->task));
    }
    asked.reason = reason;
    FPI_TRY(fpi_store_write(app->store, tx_move, &asked, call->task));
    answer->data = status_of(asked.bill, call->task);
    return NULL;
}

fpi_err_t *fpi_handle_bill_rescan(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order_move(app, call, FPI_ACT_RESCAN, answer);
}

fpi_err_t *fpi_handle_bill_cancel(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order_move(app, call, FPI_ACT_CANCEL_RESCAN, answer);
}

fpi_err_t *fpi_handle_bill_invalid(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order_move(app, call, FPI_ACT_VOID, answer);
}

/* ---- voucher ---- */

static fpi_err_t *tx_voucher(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asked_t *asked = baton;
    fpi_bill_t *bill;
    fpi_state_t to;

    FPI_TRY(find_asked(tx, asked, task));
    bill = asked->bill;
    FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_VOUCHER, task));
    if (strcmp(or_empty(bill->voucher), asked->voucher) == 0 && bill->is_locked == asked->is_locking) {
        return NULL;
    }
    if (bill->is_locked && strcmp(or_empty(bill->voucher), asked->voucher) != 0) {
        return refuse_locked(asked, task);
    }
    bill->voucher = asked->voucher;
    bill->is_locked = asked->is_locking;
    FPI_TRY(fpi_bill_put(bill, tx, task));
    return fpi_trail_add(tx, bill, "voucher",
                         apr_psprintf(task->pool, "voucher %s bound%s", asked->voucher,
                                      bill->is_locked ? ", bill locked" : ""),
                         NULL, task);
}

fpi_err_t *fpi_handle_bill_voucher(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asked_t asked;

    FPI_TRY(read_asked(&asked, call));
    asked.act = FPI_ACT_VOUCHER;
    FPI_TRY(fpi_form_get(&asked.voucher, call->json, "voucherNo|voucher|voucherNumber|fvoucherNo", VOUCHER_MAX,
                         call->task));
    FPI_TRY(fpi_json_find_bool(&asked.is_locking, call->json, "lock", true, call->task));
    FPI_TRY(fpi_store_write(app->store, tx_voucher, &asked, call->task));
    answer->data = status_of(asked.bill, call->task);
    fpi_json_put_text(answer->data, "voucherNo", asked.bill->voucher);
    return NULL;
}

/* ---- family B's one door for four acts ---- */

fpi_err_t *fpi_handle_bill_operate(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    static const struct {
        const char *name;
        fpi_handler_fn *run;
    } acts[] = { { "queryBillStatus", fpi_handle_bill_status },
                 { "rescan", fpi_handle_bill_rescan },
                 { "cancelRescan", fpi_handle_bill_cancel },
                 { "invalid", fpi_handle_bill_invalid } };
    const char *name;

    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_form_get(&name, call->json, "operate|operateType|operation|operationType|type|method", 50,
                         call->task));
    for (size_t i = 0; i < sizeof(acts) / sizeof(*acts); i++) {
        if (strcmp(acts[i].name, name) == 0) {
            return acts[i].run(app, call, answer);
        }
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "operate",
                      "字段 operate 的值 %.50s 无效, 应为 queryBillStatus, rescan, cancelRescan 或 invalid",
                      "field operate is %.50s; expected queryBillStatus, rescan, cancelRescan or invalid", name);
}
