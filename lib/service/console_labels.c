/* Labels and attachment types of files for the console: what the page offers when a file is given one. */
#include "service/handlers.h"

#include "service/admin_own.h"
#include "service/words.h"
#include "store/audit.h"
#include "store/catalogue.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { NAME_LEN = 100 };

static const char *const kinds[] = { "LABEL", "ATTACHMENT_TYPE" };

static fpi_err_t *take_kind(fpi_label_kind_t *out, const char *text, fpi_task_t *task)
{
    for (int i = 0; i < 2; i++) {
        if (strcasecmp(kinds[i], text) == 0) {
            *out = (fpi_label_kind_t)i;
            return NULL;
        }
    }
    return fpi_refuse(task, FPI_E_FIELD, "kind", "kind 应为 LABEL 或 ATTACHMENT_TYPE, 收到 %.40s",
                      "kind is LABEL or ATTACHMENT_TYPE, not %.40s", text);
}

static fpi_json_t *view(const fpi_label_t *label, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", label->id);
    fpi_json_put_text(doc, "kind", kinds[label->kind]);
    fpi_json_put_int(doc, "number", label->number);
    fpi_json_put_text(doc, "name", label->name);
    fpi_json_put_bool(doc, "is_enabled", label->is_enabled);
    fpi_json_put_time(doc, "created_at", label->created);
    return doc;
}

typedef struct labels_t {
    fpi_label_t *items;
    int count;
    int64_t id;
    fpi_label_t said, *there;
    bool has_name, has_number, has_enabled;
} labels_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    labels_t *l = baton;

    return fpi_labels_list(&l->items, &l->count, tx, task->tenant, task);
}

fpi_err_t *fpi_handle_labels_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    const char *word = fpi_params_find(call->params, "kind");
    fpi_label_kind_t kind = FPI_LABEL;
    labels_t l = { .items = NULL };
    fpi_page_t page;
    int64_t seen = 0;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(word && *word ? take_kind(&kind, word, call->task) : NULL);
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        if (word && *word && l.items[i].kind != kind) {
            continue;
        }
        if (seen >= page.skip && seen < page.skip + page.size) {
            fpi_json_add(items, view(&l.items[i], call->task));
        }
        seen++;
    }
    answer->data = fpi_page_answer(&page, items, seen, call->task);
    return NULL;
}

/* ---- make, change, drop ---- */

static fpi_err_t *read_said(labels_t *l, const fpi_call_t *call)
{
    const char *text;

    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_json_find_text(&text, call->json, "name", NAME_LEN, call->task));
    l->has_name = text != NULL;
    if (text || !l->id) {
        FPI_TRY(fpi_admin_take_name(&l->said.name, text, call->task));
    }
    l->has_number = fpi_json_find(call->json, "number") != NULL;
    l->has_enabled = fpi_json_find(call->json, "is_enabled") != NULL;
    FPI_TRY(fpi_json_find_int(&l->said.number, call->json, "number", 0, 0, FPI_ATTACHMENT_TYPE_MOST, call->task));
    FPI_TRY(fpi_json_find_bool(&l->said.is_enabled, call->json, "is_enabled", true, call->task));
    FPI_TRY(fpi_json_find_text(&text, call->json, "kind", 20, call->task));
    return l->id ? NULL : take_kind(&l->said.kind, text ? text : kinds[FPI_LABEL], call->task);
}

static fpi_err_t *check(const labels_t *l, fpi_task_t *task)
{
    const fpi_label_t *said = &l->said;

    if ((said->kind == FPI_LABEL) != (said->number == 0)) {
        return fpi_refuse(task, FPI_E_FIELD, "number", "附件类型须有 1 到 %d 的编号, 标签没有编号",
                          "an attachment type has a number of 1 to %d, a label has none", FPI_ATTACHMENT_TYPE_MOST);
    }
    for (int i = 0; i < l->count; i++) {
        const fpi_label_t *one = &l->items[i];

        if (one->id == said->id || one->kind != said->kind) {
            continue;
        }
        if (strcmp(one->name, said->name) == 0 || (said->number && one->number == said->number)) {
            return fpi_refuse(task, FPI_E_DUPLICATE, "name", "已有同名或同编号的 %s", "there is one of that name or number already: %s",
                              one->name);
        }
    }
    return NULL;
}

static fpi_err_t *find_there(labels_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(tx_list(tx, l, task));
    l->there = NULL;
    for (int i = 0; i < l->count; i++) {
        l->there = l->items[i].id == l->id ? &l->items[i] : l->there;
    }
    return l->there || !l->id ? NULL
                              : fpi_refuse(task, FPI_E_ABSENT, "label_id", "标签 %" APR_INT64_T_FMT " 不存在",
                                           "there is no label %" APR_INT64_T_FMT, l->id);
}

static fpi_err_t *audit(fpi_tx_t *tx, const char *action, const fpi_label_t *label, fpi_task_t *task)
{
    return fpi_audit_add(tx, action, label->name, fpi_json_format(view(label, task), false, task), task);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    labels_t *l = baton;

    FPI_TRY(find_there(l, tx, task));
    l->said.id = l->id;
    l->said.tenant = task->tenant;
    if (l->there) {
        l->said.kind = l->there->kind;
        l->said.created = l->there->created;
        l->said.name = l->has_name ? l->said.name : l->there->name;
        l->said.number = l->has_number ? l->said.number : l->there->number;
        l->said.is_enabled = l->has_enabled ? l->said.is_enabled : l->there->is_enabled;
    }
    else if (l->count >= FPI_LABELS_MAX) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "最多 %d 个标签与附件类型", "there are %d labels already", FPI_LABELS_MAX);
    }
    FPI_TRY(check(l, task));
    FPI_TRY(fpi_label_put(&l->said, tx, task));
    return audit(tx, l->id ? "label.changed" : "label.added", &l->said, task);
}

fpi_err_t *fpi_handle_label_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    labels_t l = { .id = 0 };

    FPI_TRY(read_said(&l, call));
    FPI_TRY(fpi_store_write(app->store, tx_put, &l, call->task));
    answer->data = view(&l.said, call->task);
    answer->status = 201;
    return NULL;
}

fpi_err_t *fpi_handle_label_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    labels_t l = { .id = 0 };

    FPI_TRY(fpi_call_id(&l.id, call, "label_id"));
    FPI_TRY(read_said(&l, call));
    FPI_TRY(fpi_store_write(app->store, tx_put, &l, call->task));
    answer->data = view(&l.said, call->task);
    return NULL;
}

static fpi_err_t *tx_drop(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    labels_t *l = baton;

    FPI_TRY(find_there(l, tx, task));
    FPI_TRY(fpi_label_drop(tx, task->tenant, l->id, task));
    return audit(tx, "label.removed", l->there, task);
}

fpi_err_t *fpi_handle_label_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    labels_t l = { .id = 0 };

    FPI_TRY(fpi_call_id(&l.id, call, "label_id"));
    FPI_TRY(fpi_store_write(app->store, tx_drop, &l, call->task));
    answer->status = 204;
    return NULL;
}
