/* The acts on files that a bill has already: order, facts, documents, deleting, moving to another bill. */
#include "service/filework.h"

#include "service/attach.h"
#include "service/found.h"
#include "service/views.h"
#include "store/catalogue.h"

#include <apr_strings.h>
#include <string.h>

enum { LABEL_LEN = 200, PAGE_MOST = 100000 };

/* ---- ids ---- */

typedef struct ids_t {
    int64_t *list;
    int count;
} ids_t;

static fpi_err_t *refuse_member(const char *name, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, name, "字段 %s 应为正整数的列表", "field %s is a list of positive numbers", name);
}

static fpi_err_t *read_ids(ids_t *out, const fpi_json_t *body, const char *name, bool is_needed, fpi_task_t *task)
{
    fpi_json_t *list;

    FPI_TRY(fpi_json_find_array(&list, body, name, FPI_PILE_MOST, task));
    if (!list && is_needed) {
        return fpi_refuse(task, FPI_E_FIELD, name, "字段 %s 缺失", "field %s is missing", name);
    }
    out->count = list ? (int)fpi_json_size(list) : 0;
    out->list = apr_pcalloc(task->pool, sizeof(int64_t) * ((size_t)out->count + 1));
    for (int i = 0; i < out->count; i++) {
        fpi_json_t *one = fpi_json_make_object(task);

        fpi_json_put(one, name, fpi_json_at(list, (size_t)i));
        if (!fpi_json_find(one, name)
            || fpi_json_find_int(&out->list[i], one, name, 0, 1, INT64_MAX, task) || !out->list[i]) {
            return refuse_member(name, task);
        }
    }
    return NULL;
}

static const char *say_ids(const int64_t *ids, int count, fpi_task_t *task)
{
    const char *text = "";

    for (int i = 0; i < count && i < 20; i++) {
        text = apr_psprintf(task->pool, "%s%s%" APR_INT64_T_FMT, text, i ? ", " : "", ids[i]);
    }
    return count > 20 ? apr_pstrcat(task->pool, text, ", ...", NULL) : text;
}

static fpi_json_t *ids_detail(const char *name, const int64_t *ids, int count, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *list = fpi_json_make_array(task);

    for (int i = 0; i < count; i++) {
        fpi_json_t *one = fpi_json_make_object(task);

        fpi_json_put_int(one, "id", ids[i]);
        fpi_json_add(list, fpi_json_find(one, "id"));
    }
    fpi_json_put(doc, name, list);
    return doc;
}

/* ---- order ---- */

static bool is_same_order(const fpi_pile_t *a, const fpi_pile_t *b)
{
    for (int i = 0; i < a->count; i++) {
        if (a->files[i].id != b->files[i].id) {
            return false;
        }
    }
    return true;
}

static fpi_err_t *act_order(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    ids_t *ids = work->baton;

    FPI_TRY(fpi_pile_order(work->pile, ids->list, ids->count, task));
    if (!is_same_order(work->pile, &work->before)) {
        work->note = "files put in another order";
        work->detail = ids_detail("order", ids->list, ids->count, task);
    }
    return NULL;
}

fpi_err_t *fpi_handle_files_order(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_filework_t work = { .act = act_order };
    ids_t ids;

    FPI_TRY(fpi_filework_read(&work, app, call, call->json, false));
    FPI_TRY(read_ids(&ids, call->json, "order", true, call->task));
    work.baton = &ids;
    return fpi_filework_run(&work, answer);
}

/* ---- documents ---- */

static fpi_err_t *act_merge(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    ids_t *ids = work->baton;

    for (int i = 0; i < ids->count; i++) {
        int at = fpi_pile_find(work->pile, ids->list[i]);

        FPI_TRY(at < 0 ? NULL : fpi_filework_may(work, &work->pile->files[at], FPI_TOUCH_REPLACE, tx, task));
    }
    FPI_TRY(fpi_pile_merge(work->pile, ids->list, ids->count, task));
    work->note = apr_psprintf(task->pool, "files %s merged into one document", say_ids(ids->list, ids->count, task));
    work->detail = ids_detail("file_ids", ids->list, ids->count, task);
    return NULL;
}

fpi_err_t *fpi_handle_files_merge(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_filework_t work = { .act = act_merge };
    ids_t ids;

    FPI_TRY(fpi_filework_read(&work, app, call, call->json, false));
    FPI_TRY(read_ids(&ids, call->json, "file_ids", true, call->task));
    work.baton = &ids;
    return fpi_filework_run(&work, answer);
}

static fpi_err_t *act_split(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    ids_t *pages = work->baton;
    int *at = apr_pcalloc(task->pool, sizeof(*at) * ((size_t)pages->count + 1));
    int count = work->pile->count;
    fpi_file_t *file;

    FPI_TRY(fpi_filework_file(&file, work, task));
    FPI_TRY(fpi_filework_may(work, file, FPI_TOUCH_REPLACE, tx, task));
    for (int i = 0; i < pages->count; i++) {
        at[i] = pages->list[i] > PAGE_MOST ? PAGE_MOST : (int)pages->list[i];
    }
    work->detail = fpi_filework_detail(file, task);
    work->note = apr_psprintf(task->pool, "%s split", file->name);
    FPI_TRY(fpi_pile_split(work->pile, work->file_id, at, pages->count, task));
    fpi_json_put_int(work->detail, "new_files", work->pile->count - count);
    if (pages->count) {
        work->note = apr_psprintf(task->pool, "%s at page %s", work->note, say_ids(pages->list, pages->count, task));
    }
    return NULL;
}

fpi_err_t *fpi_handle_file_split(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_filework_t work = { .act = act_split };
    ids_t pages = { NULL, 0 };

    FPI_TRY(fpi_filework_read(&work, app, call, call->json, true));
    if (call->json) {
        FPI_TRY(read_ids(&pages, call->json, "at", false, call->task));
    }
    work.baton = &pages;
    return fpi_filework_run(&work, answer);
}

/* ---- facts ---- */

typedef struct patch_t {
    const fpi_json_t *body;
    const char *kind, *label, *state;
    int64_t rotation, attachment_type;
} patch_t;

static fpi_err_t *read_patch(patch_t *patch, const fpi_json_t *body, fpi_task_t *task)
{
    patch->body = body;
    FPI_TRY(fpi_json_find_text(&patch->kind, body, "kind", 20, task));
    FPI_TRY(fpi_json_find_text(&patch->label, body, "label", LABEL_LEN, task));
    FPI_TRY(fpi_json_find_text(&patch->state, body, "state", 20, task));
    FPI_TRY(fpi_json_find_int(&patch->rotation, body, "rotation", -1, -270, 270, task));
    FPI_TRY(fpi_json_find_int(&patch->attachment_type, body, "attachment_type", -1, 0, FPI_ATTACHMENT_TYPE_MOST, task));
    if (patch->rotation != -1 && patch->rotation % 90 != 0) {
        return fpi_refuse(task, FPI_E_FIELD, "rotation", "字段 rotation 应为 0, 90, 180 或 270 度",
                          "field rotation is 0, 90, 180 or 270 degrees");
    }
    if (patch->state && strcmp(patch->state, "CONFIRMED") != 0) {
        return fpi_refuse(task, FPI_E_FIELD, "state", "字段 state 只能为 CONFIRMED", "field state can be CONFIRMED only");
    }
    return NULL;
}

static void told(fpi_filework_t *work, fpi_task_t *task, const char *what)
{
    work->note = work->note ? apr_pstrcat(task->pool, work->note, ", ", what, NULL) : what;
}

/* Its pages may be on the bill as that kind already. */
static fpi_err_t *check_kind_free(const fpi_filework_t *work, const fpi_file_t *file, fpi_kind_t kind, fpi_task_t *task)
{
    for (int i = 0; i < work->pile->count; i++) {
        const fpi_file_t *other = &work->pile->files[i];

        if (other != file && other->kind == kind && fpi_file_overlaps(other, file)) {
            return fpi_refuse(task, FPI_E_DUPLICATE, "kind", "内容与文件 %" APR_INT64_T_FMT " (%s) 相同, 其已是该类别, 请删除其中一个",
                              "these are the bytes of file %" APR_INT64_T_FMT " (%s), which is of that kind already; take one of "
                              "them off", other->id, other->name);
        }
    }
    return NULL;
}

static fpi_err_t *patch_kind(fpi_filework_t *work, fpi_file_t *file, const char *text, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_kind_t kind;

    if (!text) {
        return NULL;
    }
    FPI_TRY(fpi_view_take_kind(&kind, text, task));
    if (kind == file->kind) {
        if (file->is_guessed) {
            told(work, task, apr_psprintf(task->pool, "%s: %s, said by hand", file->name, fpi_kind_name(kind)));
        }
        file->is_guessed = false;
        return NULL;
    }
    FPI_TRY(fpi_filework_may(work, file, FPI_TOUCH_RECLASS, tx, task));
    if (file->group_id) {
        return fpi_refuse(task, FPI_E_STATE, "kind", "文件 %s 属于合并的一份, 请先拆分再改类别",
                          "%s is part of a merged document; split it before its kind is changed", file->name);
    }
    FPI_TRY(check_kind_free(work, file, kind, task));
    told(work, task, apr_psprintf(task->pool, "%s: %s -> %s", file->name, fpi_kind_name(file->kind), fpi_kind_name(kind)));
    file->kind = kind;
    file->is_guessed = false;
    file->state = fpi_file_state_changed(file->state);
    return NULL;
}

static void patch_rotation(fpi_filework_t *work, fpi_file_t *file, int64_t rotation, fpi_task_t *task)
{
    int turn = (int)((rotation + 360) % 360);

    if (rotation == -1 || turn == file->rotation) {
        return;
    }
    told(work, task, apr_psprintf(task->pool, "%s: turned from %d to %d", file->name, file->rotation, turn));
    file->rotation = turn;
    file->state = fpi_file_state_changed(file->state);
}

static void patch_words(fpi_filework_t *work, fpi_file_t *file, const patch_t *patch, fpi_task_t *task)
{
    const char *old = file->label ? file->label : "";

    if (patch->label && strcmp(old, patch->label) != 0) {
        told(work, task, apr_psprintf(task->pool, "%s: label \"%s\"", file->name, patch->label));
        file->label = *patch->label ? patch->label : NULL;
    }
    if (patch->attachment_type >= 0 && patch->attachment_type != file->attachment_type) {
        told(work, task, apr_psprintf(task->pool, "%s: attachment type %d", file->name, (int)patch->attachment_type));
        file->attachment_type = (int)patch->attachment_type;
    }
}

static fpi_err_t *patch_state(fpi_filework_t *work, fpi_file_t *file, const char *text, fpi_task_t *task)
{
    if (!text || file->state == FPI_FILE_CONFIRMED) {
        return NULL;
    }
    if (file->state == FPI_FILE_NORMAL) {
        return fpi_refuse(task, FPI_E_STATE, "state", "文件 %s 未被退扫, 无需确认", "%s was not sent back: nothing to confirm",
                          file->name);
    }
    told(work, task, apr_psprintf(task->pool, "%s: confirmed", file->name));
    file->state = FPI_FILE_CONFIRMED;
    return NULL;
}

static bool is_put_right(const fpi_filework_t *work, const fpi_file_t *file)
{
    const fpi_file_t *was = &work->before.files[fpi_pile_find(&work->before, file->id)];

    return was->kind != file->kind || was->rotation != file->rotation;
}

static fpi_err_t *act_patch(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    const patch_t *patch = work->baton;
    fpi_file_t *file;

    FPI_TRY(fpi_filework_file(&file, work, task));
    FPI_TRY(patch_kind(work, file, patch->kind, tx, task));
    patch_rotation(work, file, patch->rotation, task);
    work->is_remark = !is_put_right(work, file);
    patch_words(work, file, patch, task);
    FPI_TRY(patch_state(work, file, patch->state, task));
    work->detail = fpi_filework_detail(file, task);
    return NULL;
}

fpi_err_t *fpi_handle_file_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_filework_t work = { .act = act_patch };
    patch_t patch;

    FPI_TRY(fpi_filework_read(&work, app, call, call->json, true));
    FPI_TRY(read_patch(&patch, call->json, call->task));
    work.baton = &patch;
    return fpi_filework_run(&work, answer);
}

/* ---- deleting ---- */

static fpi_err_t *act_drop(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_file_t *file;

    FPI_TRY(fpi_filework_file(&file, work, task));
    FPI_TRY(fpi_filework_may(work, file, FPI_TOUCH_DROP, tx, task));
    work->detail = fpi_filework_detail(file, task);
    work->note = apr_psprintf(task->pool, "%s %s taken off the bill, sha256 %s; the bytes are kept",
                              fpi_kind_name(file->kind), file->name, file->sha256);
    work->dropped = 1;
    return fpi_pile_drop(work->pile, work->file_id, task);
}

fpi_err_t *fpi_handle_file_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_filework_t work = { .act = act_drop };

    FPI_TRY(fpi_filework_read(&work, app, call, NULL, true));
    return fpi_filework_run(&work, answer);
}

/* ---- to another bill ---- */

/* It is as if it were taken off here and came to the other bill. */
static fpi_err_t *put_there(fpi_filework_t *work, const fpi_file_t *file, fpi_bill_t *there, fpi_tx_t *tx,
                            fpi_task_t *task)
{
    fpi_attach_t attach = { .bill = there, .act = FPI_ACT_ATTACH, .count = 1, .source = file->source,
                            .why = work->order.reason };
    fpi_file_t wanted = *file;

    wanted.group_id = wanted.invoice = 0;
    wanted.state = FPI_FILE_NORMAL;
    attach.wanted = &wanted;
    FPI_TRY(fpi_attach_files(&attach, tx, task));
    if (attach.added) {
        return fpi_found_follow(tx, file, &attach.stored[0], there, task);
    }
    return fpi_refuse(task, FPI_E_DUPLICATE, "to_bill_id", "单据 %s 已有内容相同的文件 %" APR_INT64_T_FMT,
                      "bill %s has these bytes already: file %" APR_INT64_T_FMT, there->number, attach.stored[0].id);
}

static fpi_err_t *act_move(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_bill_t *there;
    fpi_file_t *file;
    fpi_err_t *err;

    FPI_TRY(fpi_filework_file(&file, work, task));
    FPI_TRY(fpi_filework_may(work, file, FPI_TOUCH_DROP, tx, task));
    err = fpi_console_bill(&there, tx, work->call, *(int64_t *)work->baton, task);
    if (err) {
        err->field = err->field ? "to_bill_id" : NULL;
        return err;
    }
    if (there->id == work->bill->id) {
        return fpi_refuse(task, FPI_E_FIELD, "to_bill_id", "文件已在该单据中", "the file is on that bill already");
    }
    FPI_TRY(fpi_attach_check_amend(there, work->call->viewer, task));
    work->detail = fpi_filework_detail(file, task);
    fpi_json_put_text(work->detail, "to", there->number);
    work->note = apr_psprintf(task->pool, "%s %s moved to bill %s, sha256 %s", fpi_kind_name(file->kind), file->name,
                              there->number, file->sha256);
    FPI_TRY(put_there(work, file, there, tx, task));
    work->dropped = 1;
    return fpi_pile_drop(work->pile, work->file_id, task);
}

fpi_err_t *fpi_handle_file_move(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_filework_t work = { .act = act_move };
    int64_t to;

    FPI_TRY(fpi_filework_read(&work, app, call, call->json, true));
    FPI_TRY(fpi_json_find_int(&to, call->json, "to_bill_id", 0, 1, INT64_MAX, call->task));
    if (!to) {
        return fpi_refuse(call->task, FPI_E_FIELD, "to_bill_id", "字段 to_bill_id 缺失", "field to_bill_id is missing");
    }
    work.baton = &to;
    return fpi_filework_run(&work, answer);
}
