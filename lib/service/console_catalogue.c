/* Bill types, with the mode that is said for each, and labels of files, for the console. */
#include "service/handlers.h"

#include "service/admin_own.h"
#include "service/changes.h"
#include "service/modes.h"
#include "service/words.h"
#include "store/audit.h"
#include "store/catalogue.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { WORD = 100, NAME_LEN = 200 };

static fpi_err_t *must_be_object(const fpi_call_t *call)
{
    return fpi_json_is_object(call->json) ? NULL
                                          : fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象",
                                                       "the body must be a JSON object");
}

/* ---- bill types ---- */

static const char *mode_of(const char *code, const fpi_mode_said_t *modes, int count, fpi_task_t *task)
{
    for (int i = 0; i < count; i++) {
        if (modes[i].scope == FPI_SCOPE_TYPE && strcmp(modes[i].code, code) == 0 && modes[i].mode != FPI_MODE_NONE) {
            return fpi_text_upper(apr_pstrdup(task->pool, fpi_mode_name(modes[i].mode)));
        }
    }
    return NULL;
}

static fpi_json_t *view_type(const fpi_bill_type_t *type, const char *mode, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", type->id);
    fpi_json_put_text(doc, "code", type->code);
    fpi_json_put_text(doc, "name", type->name);
    fpi_json_put_text(doc, "mode", mode);
    return doc;
}

typedef struct types_t {
    const char *search;
    fpi_page_t page;
    fpi_bill_type_t *items;
    int count, mode_count;
    int64_t total;
    fpi_mode_said_t *modes;
} types_t;

static fpi_err_t *tx_types(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    types_t *t = baton;

    FPI_TRY(fpi_modes_list(&t->modes, &t->mode_count, tx, task->tenant, task));
    return fpi_bill_types_list(&t->items, &t->count, &t->total, tx, task->tenant, t->search, t->page.skip, t->page.size, task);
}

fpi_err_t *fpi_handle_bill_types_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    types_t t = { .items = NULL };

    FPI_TRY(fpi_page_read(&t.page, call));
    FPI_TRY(fpi_word_find(&t.search, call, "q", WORD));
    FPI_TRY(fpi_store_read(app->store, tx_types, &t, call->task));
    for (int i = 0; i < t.count; i++) {
        fpi_json_add(items, view_type(&t.items[i], mode_of(t.items[i].code, t.modes, t.mode_count, call->task), call->task));
    }
    answer->data = fpi_page_answer(&t.page, items, t.total, call->task);
    return NULL;
}

/* What is said of one: a name, and a mode or its end (null). */
typedef struct type_said_t {
    int64_t id;                  /* 0: a new one */
    const char *code, *name;
    bool has_mode;
    fpi_mode_t mode;
    fpi_bill_type_t *there;
    fpi_mode_said_t *modes;
    int mode_count;
} type_said_t;

static fpi_err_t *read_mode(type_said_t *said, const fpi_call_t *call)
{
    const char *text;
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;

    while (fpi_json_next(&iter, call->json, &name, &value)) {
        said->has_mode = said->has_mode || strcmp(name, "mode") == 0; /* null counts */
    }
    FPI_TRY(fpi_json_find_text(&text, call->json, "mode", 20, call->task));
    said->mode = FPI_MODE_NONE;
    return text ? fpi_mode_parse(&said->mode, text, call->task) : NULL;
}

static fpi_err_t *read_type(type_said_t *said, const fpi_call_t *call)
{
    const char *text;

    FPI_TRY(must_be_object(call));
    FPI_TRY(fpi_json_find_text(&text, call->json, "code", WORD, call->task));
    if (!said->id) {
        FPI_TRY(fpi_people_take_word(&said->code, text, "code", WORD, call->task));
    }
    FPI_TRY(fpi_json_find_text(&text, call->json, "name", NAME_LEN, call->task));
    if (text) {
        FPI_TRY(fpi_admin_take_name(&said->name, text, call->task));
    }
    return read_mode(said, call);
}

static fpi_err_t *make_type(type_said_t *said, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_json_t *changes = fpi_json_make_object(task);
    bool is_new;

    FPI_TRY(fpi_bill_type_put(&is_new, tx, task->tenant, said->code, said->name, task));
    if (!is_new) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "code", "单据类型 %s 已存在", "there is a bill type %s already", said->code);
    }
    FPI_TRY(fpi_bill_type_find_by_code(&said->there, tx, task->tenant, said->code, task));
    fpi_change_text(changes, "name", NULL, said->there->name, task);
    return fpi_audit_add(tx, "bill-type.added", said->code, fpi_changes_text(changes, task), task);
}

static fpi_err_t *change_type(type_said_t *said, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_json_t *changes = fpi_json_make_object(task);

    FPI_TRY(fpi_bill_type_find(&said->there, tx, task->tenant, said->id, task));
    if (!said->there) {
        return fpi_refuse(task, FPI_E_ABSENT, "type_id", "单据类型 %" APR_INT64_T_FMT " 不存在",
                          "there is no bill type %" APR_INT64_T_FMT, said->id);
    }
    if (!said->name) {
        return NULL;
    }
    fpi_change_text(changes, "name", said->there->name, said->name, task);
    if (!fpi_json_size(changes)) {
        return NULL;
    }
    said->there->name = said->name;
    FPI_TRY(fpi_bill_type_rename(tx, task->tenant, said->id, said->name, task));
    return fpi_audit_add(tx, "bill-type.changed", said->there->code, fpi_changes_text(changes, task), task);
}

static fpi_err_t *tx_type(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    type_said_t *said = baton;

    FPI_TRY(said->id ? change_type(said, tx, task) : make_type(said, tx, task));
    if (said->has_mode) {
        fpi_mode_said_t mode = { .mode = said->mode, .scope = FPI_SCOPE_TYPE, .code = said->there->code };

        FPI_TRY(fpi_mode_put(tx, &mode, task));
    }
    return fpi_modes_list(&said->modes, &said->mode_count, tx, task->tenant, task);
}

static fpi_err_t *write_type(fpi_answer_t *answer, type_said_t *said, fpi_app_t *app, const fpi_call_t *call)
{
    FPI_TRY(fpi_store_write(app->store, tx_type, said, call->task));
    fpi_store_raise_epoch(app->store);
    answer->data = view_type(said->there, mode_of(said->there->code, said->modes, said->mode_count, call->task), call->task);
    return NULL;
}

fpi_err_t *fpi_handle_bill_type_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    type_said_t said = { .id = 0 };

    FPI_TRY(read_type(&said, call));
    answer->status = 201;
    return write_type(answer, &said, app, call);
}

fpi_err_t *fpi_handle_bill_type_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    type_said_t said = { .id = 0 };

    FPI_TRY(fpi_call_id(&said.id, call, "type_id"));
    FPI_TRY(read_type(&said, call));
    return write_type(answer, &said, app, call);
}
