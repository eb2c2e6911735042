#include "service/attach.h"

#include "service/handlers.h"
#include "service/looks.h"
#include "store/catalogue.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

/* ---- the bill ---- */

fpi_err_t *fpi_attach_refuse_locked(const fpi_bill_t *bill, fpi_act_t act, fpi_task_t *task)
{
    if (!bill->is_locked) {
        return NULL;
    }
    if (!bill->voucher || !*bill->voucher) {
        return fpi_refuse(task, FPI_E_STATE, "scanBillNo", "单据 %s 已锁定, 不能再%s%.0s, 请先解锁",
                          "bill %s is locked: not allowed: %.0s%s; unlock it first", bill->number, fpi_act_name(act, "zh"),
                          fpi_act_name(act, "en"));
    }
    /* each text takes its own of the two languages and prints nothing of the other */
    return fpi_refuse(task, FPI_E_STATE, "scanBillNo",
                      "单据 %s 已绑定凭证 %s 并锁定 (状态: %s%.0s), 不能再%s%.0s",
                      "bill %s is locked by voucher %s (state: %.0s%s): not allowed: %.0s%s", bill->number,
                      bill->voucher, fpi_state_name(bill->state, "zh"), fpi_state_name(bill->state, "en"),
                      fpi_act_name(act, "zh"), fpi_act_name(act, "en"));
}

fpi_err_t *fpi_attach_check_amend(const fpi_bill_t *bill, const fpi_viewer_t *viewer, fpi_task_t *task)
{
    if (bill->state != FPI_STATE_REVIEWED || fpi_viewer_may(viewer, FPI_MAY_BILL_REVIEW)) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_ROLE, NULL, "单据 %s 已审核, 补改须有权限: %s%.0s, 请管理员在角色中授予",
                      "bill %s is reviewed; to amend it is not permitted without: %.0s%s; have an administrator give a role that "
                      "holds it", bill->number, fpi_permission_name(FPI_MAY_BILL_REVIEW, "zh"),
                      fpi_permission_name(FPI_MAY_BILL_REVIEW, "en"));
}

fpi_err_t *fpi_attach_mark(fpi_bill_t *bill, fpi_tx_t *tx, const fpi_viewer_t *viewer, fpi_task_t *task)
{
    fpi_org_t *org;

    fpi_viewer_mark(viewer, bill);
    if (fpi_viewer_is_person(viewer)) {
        return NULL;
    }
    FPI_TRY(fpi_org_find(&org, tx, bill->tenant, bill->tax_no, NULL, task));
    bill->org = org ? org->id : 0;
    return NULL;
}

/* An announced bill is his who files its first pages. */
static fpi_err_t *take_bill(fpi_bill_t *bill, fpi_tx_t *tx, const fpi_viewer_t *viewer, fpi_task_t *task)
{
    if (!fpi_viewer_is_person(viewer) || bill->owner) {
        return NULL;
    }
    bill->owner = viewer->user;
    bill->point = viewer->point;
    return fpi_bill_put(bill, tx, task);
}

fpi_err_t *fpi_attach_put_type(fpi_bill_t *bill, const char *code, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_bill_type_t *type;
    bool is_new;

    FPI_TRY(fpi_bill_type_put(&is_new, tx, bill->tenant, code, code, task));
    FPI_TRY(fpi_bill_type_find_by_code(&type, tx, bill->tenant, code, task));
    bill->type_code = code;
    bill->type_name = type ? type->name : NULL;
    return NULL;
}

fpi_err_t *fpi_attach_type(fpi_bill_t *bill, const char *code, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!code || !*code || (bill->type_code && *bill->type_code)) {
        return NULL;
    }
    FPI_TRY(fpi_attach_put_type(bill, code, tx, task));
    FPI_TRY(fpi_bill_put(bill, tx, task));
    return fpi_trail_add(tx, bill, "type", apr_psprintf(task->pool, "bill type %s", code), NULL, task);
}

static fpi_err_t *make_bill(fpi_bill_t **out, fpi_tx_t *tx, const fpi_viewer_t *viewer, const char *number,
                            const char *resource, const char *type_code, fpi_task_t *task)
{
    fpi_bill_t *bill = apr_pcalloc(task->pool, sizeof(*bill));

    FPI_TRY(fpi_attach_mark(bill, tx, viewer, task));
    bill->number = number;
    bill->resource = resource ? resource : "";
    if (type_code && *type_code) {
        FPI_TRY(fpi_attach_put_type(bill, type_code, tx, task));
    }
    FPI_TRY(fpi_bill_put(bill, tx, task));
    *out = bill;
    return fpi_trail_add(tx, bill, "made", "files came before the ERP announced the bill", NULL, task);
}

fpi_err_t *fpi_attach_bill(fpi_bill_t **bill, fpi_tx_t *tx, const fpi_viewer_t *viewer, const char *number,
                           const char *resource, const char *type_code, fpi_task_t *task)
{
    FPI_TRY(fpi_bill_find(bill, tx, viewer->tenant, number, resource, task));
    if (*bill) {
        FPI_TRY(fpi_viewer_check(viewer, *bill, task));
        FPI_TRY(take_bill(*bill, tx, viewer, task));
        return fpi_attach_type(*bill, type_code, tx, task);
    }
    if (viewer->kind == FPI_VIEWER_EVENT || viewer->kind == FPI_VIEWER_PHONE) { /* it is for bills that are there */
        return fpi_refuse(task, FPI_E_FOREIGN, "scanBillNo", "链接只能用于其指定的单据, 不含影像编号 %s",
                          "the link is for the bills that it names, of which %s is none", number);
    }
    return make_bill(bill, tx, viewer, number, resource, type_code, task);
}

/* ---- the files ---- */

fpi_file_t fpi_attach_wanted(const fpi_taken_t *taken, fpi_kind_t kind)
{
    return (fpi_file_t){ .kind = kind,
                         .name = taken->name,
                         .sha256 = taken->sha256,
                         .media = fpi_media_info(taken->media)->type,
                         .size = taken->size };
}

/* What comes to a bill that was sent back was added to it. */
static fpi_file_state_t state_of(const fpi_attach_t *a, const fpi_file_t *wanted, const fpi_files_end_t *before)
{
    if (wanted->state != FPI_FILE_NORMAL) {
        return wanted->state;
    }
    return a->bill->state == FPI_STATE_RESCAN || before->is_answer ? FPI_FILE_ADDED : FPI_FILE_NORMAL;
}

static fpi_err_t *tell(fpi_tx_t *tx, const fpi_attach_t *a, const fpi_file_t *file, fpi_task_t *task)
{
    const char *part = file->page_first ? apr_psprintf(task->pool, " pages %d-%d", file->page_first, file->page_last) : "";
    const char *note = apr_psprintf(task->pool, "%s %s%s stored, %" APR_INT64_T_FMT " bytes, sha256 %s%s%s",
                                    fpi_kind_name(file->kind), file->name, part, file->size, file->sha256,
                                    a->why ? ", because: " : "", a->why ? a->why : "");

    /* the version that this is part of: who has seen an older one is told of it */
    return fpi_trail_add(tx, a->bill, "file", note,
                         apr_psprintf(task->pool, "{\"version\":%" APR_INT64_T_FMT ",\"file_id\":%" APR_INT64_T_FMT "}",
                                      a->bill->version + 1, file->id),
                         task);
}

/* All that follows from one that is new. */
static fpi_err_t *settle_new(fpi_attach_t *a, int i, fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_content_t *known;

    FPI_TRY(fpi_look_put(&known, tx, file->tenant, file->sha256, task));
    a->is_readable |= known != NULL;
    /* until its bytes were looked at, and the bill is read, it has one */
    *(fpi_file_t *)apr_array_push(a->fresh) = *file;
    a->news[i].pages += fpi_file_pages(file, known && known->pages > 0 ? known->pages : 1);
    return tell(tx, a, file, task);
}

static fpi_err_t *put_one(fpi_attach_t *a, int i, const fpi_files_end_t *before, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_file_t *file = &a->stored[i], *added;
    int64_t place = a->position ? a->position : before->last_position + 1;
    int count;

    *file = a->wanted[i];
    file->id = 0;
    file->tenant = a->bill->tenant;
    file->bill = a->bill->id;
    file->source = a->source;
    file->position = place + a->added;
    file->state = state_of(a, &a->wanted[i], before);
    FPI_TRY(fpi_file_put_rests(&added, &count, file, tx, task));
    for (int n = 0; n < count; n++) {
        FPI_TRY(settle_new(a, i, &added[n], tx, task));
    }
    a->added += count;
    a->news[i].files = count;
    a->bill->page_count += a->news[i].pages;
    return NULL;
}

static fpi_err_t *move(fpi_attach_t *a, fpi_state_t to, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_bill_t *bill = a->bill;
    fpi_state_t from = bill->state;

    bill->state = to;
    bill->version++;
    FPI_TRY(fpi_bill_put(bill, tx, task));
    FPI_TRY(a->is_readable ? fpi_read_put(tx, bill->tenant, bill->id, task)
                           : fpi_read_put_later(tx, bill->tenant, bill->id, task));
    if (from == to) {
        return NULL;
    }
    return fpi_trail_add(tx, bill, "state",
                         apr_psprintf(task->pool, "%s: %s -> %s", fpi_act_name(a->act, "en"), fpi_state_name(from, "en"),
                                      fpi_state_name(to, "en")),
                         NULL, task);
}

fpi_err_t *fpi_attach_files(fpi_attach_t *a, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_files_end_t before;
    fpi_state_t to;

    a->added = 0;
    a->is_readable = false;
    a->stored = apr_pcalloc(task->pool, sizeof(*a->stored) * (size_t)(a->count + 1));
    a->news = apr_pcalloc(task->pool, sizeof(*a->news) * (size_t)(a->count + 1));
    a->fresh = apr_array_make(task->pool, a->count + 1, sizeof(fpi_file_t));
    FPI_TRY(fpi_attach_refuse_locked(a->bill, a->act, task));
    FPI_TRY(fpi_bill_move(&to, a->bill, a->act, task));
    FPI_TRY(fpi_files_end(&before, tx, a->bill, task));
    for (int i = 0; i < a->count; i++) {
        FPI_TRY(put_one(a, i, &before, tx, task));
    }
    if (before.count + a->added > FPI_BILL_FILES) {
        return fpi_refuse(task, FPI_E_TOO_LARGE, NULL, "单据 %s 的文件数超过上限 %d 个",
                          "bill %s would have more than %d files", a->bill->number, FPI_BILL_FILES);
    }
    return a->added ? move(a, to, tx, task) : NULL;
}
