#include "service/filework.h"

#include "service/attach.h"
#include "service/jobs.h"
#include "service/modes.h"
#include "service/views.h"

#include <apr_strings.h>
#include <string.h>

enum { REASON_LEN = 500 };

/* ---- reading ---- */

static fpi_err_t *read_flag(bool *out, const fpi_filework_t *work, const fpi_json_t *fields, const char *name)
{
    const char *text = fpi_params_find(work->call->params, name);

    *out = text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
    return fields ? fpi_json_find_bool(out, fields, name, *out, work->call->task) : NULL;
}

fpi_err_t *fpi_filework_read(fpi_filework_t *work, fpi_app_t *app, fpi_call_t *call, const fpi_json_t *fields,
                             bool has_file)
{
    fpi_task_t *task = call->task;

    work->app = app;
    work->call = call;
    if (fields && !fpi_json_is_object(fields)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_call_id(&work->bill_id, call, "bill_id"));
    if (has_file) {
        FPI_TRY(fpi_call_id(&work->file_id, call, "file_id"));
    }
    FPI_TRY(fpi_version_read(&work->version, call));
    FPI_TRY(fpi_call_field(&work->order.reason, call, "reason", REASON_LEN));
    return read_flag(&work->is_confirmed, work, fields, "confirm");
}

/* ---- the rules of amending ---- */

static bool is_amendment(const fpi_bill_t *bill)
{
    return bill->state == FPI_STATE_SUBMITTED || bill->state == FPI_STATE_REVIEWED;
}

static fpi_err_t *check_mode(const fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_mode_said_t said;

    FPI_TRY(fpi_mode_find(&said, tx, bill, task));
    if (said.mode != FPI_MODE_MATCH) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_STATE, NULL, "单据 %s 为影像匹配模式, 提交后只能补扫 (新增文件) 或退扫, 不能补改",
                      "bill %s is in match mode: once submitted it can be supplemented or sent back, not amended",
                      bill->number);
}

static fpi_err_t *refuse_cover(const fpi_bill_t *bill, const fpi_file_t *file, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_STATE, "file_id", "单据 %s 已提交, 封面 %s 可以替换, 不能删除或改为其他类别",
                      "bill %s is submitted: its cover %s may be replaced, not deleted or made something else",
                      bill->number, file->name);
}

static fpi_err_t *refuse_unconfirmed(const fpi_bill_t *bill, const fpi_file_t *file, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_STATE, "confirm", "单据 %s 已提交, 删除 %s 须确认: 请带 confirm=true",
                      "bill %s is submitted: deleting %s must be confirmed; say confirm=true", bill->number, file->name);
}

/* Signed for at the receipt: matchStatus 3 or 4 of the cloud's document. */
static bool is_signed(const fpi_invoice_t *invoice, fpi_task_t *task)
{
    fpi_json_t *doc;
    int64_t status = 0;

    if (!invoice->doc || fpi_json_parse(&doc, invoice->doc, strlen(invoice->doc), task)
        || fpi_json_find_int(&status, doc, "matchStatus", 0, 0, 99, task)) {
        return false;
    }
    return status == 3 || status == 4;
}

static fpi_err_t *check_signed(const fpi_bill_t *bill, const fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_invoice_t *invoices;
    int count;

    FPI_TRY(fpi_invoices_of_file(&invoices, &count, tx, file, task));
    for (int i = 0; i < count; i++) {
        if (is_signed(&invoices[i], task)) {
            return fpi_refuse(task, FPI_E_STATE, "file_id", "单据 %s 的发票 %s 已签收并匹配, 文件 %s 不能改动",
                              "invoice %2$s of bill %1$s was signed for and matched: file %3$s can't be changed",
                              bill->number, invoices[i].number ? invoices[i].number : "-", file->name);
        }
    }
    return NULL;
}

fpi_err_t *fpi_filework_may(const fpi_filework_t *work, const fpi_file_t *file, fpi_touch_t touch, fpi_tx_t *tx,
                            fpi_task_t *task)
{
    if (!is_amendment(work->bill) || touch == FPI_TOUCH_SHOW) {
        return NULL;
    }
    if (file->kind == FPI_KIND_COVER && touch != FPI_TOUCH_REPLACE) {
        return refuse_cover(work->bill, file, task);
    }
    FPI_TRY(check_signed(work->bill, file, tx, task));
    return touch == FPI_TOUCH_DROP && !work->is_confirmed ? refuse_unconfirmed(work->bill, file, task) : NULL;
}

/* ---- one act ---- */

fpi_err_t *fpi_filework_open(fpi_filework_t *work, fpi_act_t act, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_console_bill(&work->bill, tx, work->call, work->bill_id, task));
    work->call->note(work->call->baton, "FPIMAGE_BILL", work->bill->number);
    FPI_TRY(fpi_version_check_bill(work->version, tx, work->bill, task));
    FPI_TRY(fpi_move_may(work->bill, act, 0, task));
    return fpi_attach_check_amend(work->bill, work->call->viewer, task);
}

fpi_err_t *fpi_filework_file(fpi_file_t **out, fpi_filework_t *work, fpi_task_t *task)
{
    int at = fpi_pile_find(work->pile, work->file_id);

    if (at < 0) {
        return fpi_refuse(task, FPI_E_ABSENT, "file_id", "单据 %s 没有文件 %" APR_INT64_T_FMT,
                          "bill %s has no file %" APR_INT64_T_FMT, work->bill->number, work->file_id);
    }
    *out = &work->pile->files[at];
    return NULL;
}

fpi_json_t *fpi_filework_detail(const fpi_file_t *file, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "file_id", file->id);
    fpi_json_put_text(doc, "name", file->name);
    fpi_json_put_text(doc, "sha256", file->sha256);
    return doc;
}

/* Words put nothing right, unless by now each file has its answer: changed, added, or confirmed as it is. */
static bool is_still_sent_back(const fpi_filework_t *work)
{
    if (work->bill->state != FPI_STATE_RESCAN || !work->is_remark) {
        return false;
    }
    for (int i = 0; i < work->pile->count; i++) {
        if (work->pile->files[i].state == FPI_FILE_UNCHANGED) {
            return true;
        }
    }
    return false;
}

fpi_err_t *fpi_filework_keep(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_act_t act = work->pile->count ? work->moves : FPI_ACT_EMPTY;
    fpi_state_t to;

    if (!work->note) {
        return NULL;
    }
    FPI_TRY(fpi_pile_put(work->pile, &work->before, tx, task));
    FPI_TRY(fpi_bill_move(&to, work->bill, act, task));
    if (work->dropped && !is_amendment(work->bill)) {
        FPI_TRY(fpi_dropped_add(tx, work->bill, work->dropped, task));
    }
    work->bill->state = is_still_sent_back(work) ? FPI_STATE_RESCAN : to;
    return fpi_bill_changed(work->bill, tx, "file", fpi_order_note(&work->order, work->note, task), work->detail, task);
}

static fpi_err_t *tx_work(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_filework_t *work = baton;

    work->note = NULL;
    work->detail = NULL;
    work->is_remark = false;
    work->dropped = 0;
    work->moves = FPI_ACT_EDIT;
    FPI_TRY(fpi_filework_open(work, FPI_ACT_EDIT, tx, task));
    if (is_amendment(work->bill)) {
        FPI_TRY(check_mode(work->bill, tx, task));
    }
    FPI_TRY(fpi_pile_get(&work->pile, &work->before, tx, work->bill, task));
    FPI_TRY(work->act(work, tx, task));
    return fpi_filework_keep(work, tx, task);
}

/* ---- the answer ---- */

typedef struct showing_t {
    const fpi_bill_t *bill;
    fpi_file_t *files;
    fpi_content_t *contents;
    int count;
} showing_t;

static fpi_err_t *tx_show(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    showing_t *s = baton;

    return fpi_files_list_looked(&s->files, &s->contents, &s->count, tx, s->bill->tenant, s->bill->id, FPI_PILE_MOST, task);
}

void fpi_filework_tell(fpi_answer_t *answer, const fpi_bill_t *bill, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 1);

    answer->data = fpi_json_make_object(task);
    fpi_json_put(answer->data, "bill", fpi_view_bill(bill, task));
    apr_table_setn(headers, "ETag", apr_psprintf(task->pool, "\"%" APR_INT64_T_FMT "\"", bill->version));
    answer->headers = headers;
}

static fpi_err_t *show(fpi_answer_t *answer, const fpi_filework_t *work)
{
    fpi_task_t *task = work->call->task;
    showing_t s = { .bill = work->bill };

    FPI_TRY(fpi_store_read(work->app->store, tx_show, &s, task));
    fpi_filework_tell(answer, work->bill, task);
    fpi_json_put(answer->data, "files", fpi_view_files(s.files, s.contents, s.count, task));
    return NULL;
}

fpi_err_t *fpi_filework_run(fpi_filework_t *work, fpi_answer_t *answer)
{
    FPI_TRY(fpi_store_write(work->app->store, tx_work, work, work->call->task));
    if (work->app->jobs) {
        fpi_jobs_wake(work->app);
    }
    return show(answer, work);
}
