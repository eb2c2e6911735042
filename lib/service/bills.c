/* What the ERP calls: announce a bill, ask its state, send it back, void it, bind a voucher. */
#include "service/handlers.h"

#include "service/asked.h"
#include "service/attach.h"
#include "service/forms.h"
#include "service/jobs.h"
#include "service/match.h"
#include "service/moves.h"
#include "service/pull.h"
#include "store/bills.h"
#include "store/people.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_MAX = 500, NAME_LEN = 200, VOUCHER_MAX = 100, INVOICES_MAX = 2000 };

#define OPERATOR_ALIASES "operator|operatorName|userName|operateUser|userPhone"

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

static bool is_another(const char *said, const char *stored)
{
    return said && *said && stored && *stored && strcmp(said, stored) != 0;
}

/* What was said of a former type, applicant or organisation is not true of another one. */
static void forget_former(fpi_bill_t *bill, const fpi_bill_t *said)
{
    if (is_another(said->type_code, bill->type_code)) {
        bill->type_name = NULL;
    }
    if (is_another(said->apply_name, bill->apply_name)) {
        bill->apply_phone = bill->apply_erp_user = NULL;
    }
    if (is_another(said->org_code, bill->org_code)) {
        bill->org_name = NULL;
    }
}

/* What the ERP says over what is stored; what it leaves out stays. */
static void overwrite(fpi_bill_t *bill, const fpi_bill_t *said)
{
    forget_former(bill, said);
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

/* The receipt assistant was first: what it announced can be asked for now that the ERP's key is known; and now that the
 * bill is in the pool, it is in its own mode (service/modes.h). */
static fpi_err_t *pull_again(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    int64_t push;

    FPI_TRY(fpi_push_find_same(&push, tx, bill->id, bill->push_sha, task));
    return push ? fpi_pull_put(tx, bill, push, task) : NULL;
}

/* Where the ERP does not name it, it is what the tenant calls it. */
static fpi_err_t *put_type(fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    bool is_new;

    return bill->type_name && *bill->type_name ? fpi_bill_type_put(&is_new, tx, bill->tenant, bill->type_code, bill->type_name, task)
                                               : fpi_attach_put_type(bill, bill->type_code, tx, task);
}

static fpi_err_t *announce_one(const char **result, fpi_tx_t *tx, const announce_t *job, const fpi_bill_t *said,
                               fpi_task_t *task)
{
    fpi_bill_t *bill;
    bool is_new, key_is_new;

    FPI_TRY(fpi_bill_find(&bill, tx, job->enterprise->tenant, said->number, said->resource, task));
    is_new = bill == NULL;
    if (bill) {
        fpi_viewer_t viewer = fpi_viewer_of_enterprise(job->enterprise);
        fpi_state_t to;

        FPI_TRY(fpi_viewer_check(&viewer, bill, task));
        if (bill->is_announced && bill->doc_sha && strcmp(bill->doc_sha, said->doc_sha) == 0) {
            *result = "unchanged";
            return NULL;
        }
        FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_ANNOUNCE, task));
    }
    else {
        bill = apr_pcalloc(task->pool, sizeof(*bill));
        bill->tenant = job->enterprise->tenant;
        bill->number = said->number;
    }
    key_is_new = !bill->is_announced || !is_same(bill->erp_id, said->erp_id) || !is_same(bill->bill_no, said->bill_no);
    overwrite(bill, said);
    FPI_TRY(put_type(bill, tx, task));
    FPI_TRY(find_org(bill, tx, task));
    FPI_TRY(fpi_bill_put(bill, tx, task));
    *result = is_new ? "created" : "updated";
    if (key_is_new && bill->push_sha) {
        FPI_TRY(pull_again(tx, bill, task));
    }
    if (!is_new) {
        FPI_TRY(fpi_match_announced(tx, bill, task));
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

static fpi_err_t *tx_status(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_asked_find(baton, tx, task);
}

fpi_err_t *fpi_handle_bill_status(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_asked_t asked;

    FPI_TRY(fpi_asked_read(&asked, call));
    FPI_TRY(fpi_store_read(app->store, tx_status, &asked, call->task));
    answer->data = fpi_asked_status(asked.bill, call->task);
    return NULL;
}

typedef struct invoices_t {
    fpi_asked_t asked;
    fpi_invoice_t *list;
    int count;
} invoices_t;

static fpi_err_t *tx_invoices(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    invoices_t *job = baton;

    FPI_TRY(fpi_asked_find(&job->asked, tx, task));
    return fpi_invoices_list(&job->list, &job->count, tx, job->asked.bill->tenant, job->asked.bill->id, INVOICES_MAX,
                             task);
}

fpi_err_t *fpi_handle_bill_invoices(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    invoices_t job;

    FPI_TRY(fpi_asked_read(&job.asked, call));
    FPI_TRY(fpi_store_read(app->store, tx_invoices, &job, call->task));
    answer->data = fpi_json_make_array(call->task);
    for (int i = 0; i < job.count; i++) {
        fpi_json_add(answer->data, fpi_form_write_invoice(&job.list[i], call->task));
    }
    return NULL;
}

/* ---- moves that the ERP orders ---- */

typedef struct ordered_t {
    fpi_asked_t asked;
    fpi_order_t order;
    const char *voucher;
    bool is_locking;
} ordered_t;

static fpi_err_t *tx_move(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    ordered_t *job = baton;
    bool is_changed;

    FPI_TRY(fpi_asked_find_one(&job->asked, tx, task));
    return fpi_move(&is_changed, job->asked.bill, &job->order, tx, task);
}

static fpi_err_t *order_move(fpi_app_t *app, fpi_call_t *call, fpi_act_t act, fpi_answer_t *answer)
{
    ordered_t job = { .order = { act, NULL, NULL } };

    FPI_TRY(fpi_asked_read(&job.asked, call));
    FPI_TRY(fpi_form_find(&job.order.by, call->json, OPERATOR_ALIASES, NAME_LEN, call->task));
    if (act == FPI_ACT_RESCAN) {
        FPI_TRY(fpi_form_get(&job.order.reason, call->json, "reason|rescanReason|remark|description", REASON_MAX,
                             call->task));
    }
    else {
        FPI_TRY(fpi_form_find(&job.order.reason, call->json, "reason|remark|description", REASON_MAX, call->task));
    }
    FPI_TRY(fpi_store_write(app->store, tx_move, &job, call->task));
    fpi_jobs_wake(app);
    answer->data = fpi_asked_status(job.asked.bill, call->task);
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

fpi_err_t *fpi_handle_bill_review(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order_move(app, call, FPI_ACT_REVIEW, answer);
}

fpi_err_t *fpi_handle_bill_invalid(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return order_move(app, call, FPI_ACT_VOID, answer);
}

/* ---- voucher ---- */

static fpi_err_t *tx_voucher(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    ordered_t *job = baton;
    fpi_bill_t *bill;
    fpi_state_t to;

    FPI_TRY(fpi_asked_find_one(&job->asked, tx, task));
    bill = job->asked.bill;
    FPI_TRY(fpi_bill_move(&to, bill, FPI_ACT_VOUCHER, task));
    if (is_same(bill->voucher, job->voucher)) {
        if (bill->is_locked == job->is_locking) {
            return NULL;
        }
    }
    else {
        FPI_TRY(fpi_attach_refuse_locked(bill, FPI_ACT_VOUCHER, task));
    }
    bill->voucher = job->voucher;
    bill->is_locked = job->is_locking;
    return fpi_bill_note(bill, tx, "voucher",
                         apr_psprintf(task->pool, "voucher %s bound%s", job->voucher,
                                      bill->is_locked ? ", bill locked" : ""),
                         NULL, task);
}

fpi_err_t *fpi_handle_bill_voucher(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    ordered_t job = { .order = { FPI_ACT_VOUCHER, NULL, NULL } };

    FPI_TRY(fpi_asked_read(&job.asked, call));
    FPI_TRY(fpi_form_get(&job.voucher, call->json, "voucherNo|voucher|voucherNumber|fvoucherNo", VOUCHER_MAX,
                         call->task));
    FPI_TRY(fpi_json_find_bool(&job.is_locking, call->json, "lock", true, call->task));
    FPI_TRY(fpi_store_write(app->store, tx_voucher, &job, call->task));
    answer->data = fpi_asked_status(job.asked.bill, call->task);
    fpi_json_put_text(answer->data, "voucherNo", job.asked.bill->voucher);
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
                 { "review", fpi_handle_bill_review },
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
                      "字段 operate 的值 %.50s 无效, 应为 queryBillStatus, rescan, cancelRescan, review 或 invalid",
                      "field operate is %.50s; expected queryBillStatus, rescan, cancelRescan, review or invalid", name);
}
