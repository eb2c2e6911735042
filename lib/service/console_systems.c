/* Business systems for the console. The password goes in and never comes out. */
#include "service/api.h"
#include "service/erps.h"
#include "service/handlers.h"

#include <stddef.h>
#include <string.h>

enum { TEXT_MOST = 500 };

/* ---- reading ---- */

typedef struct member_t {
    const char *name;
    size_t offset;
} member_t;

static const member_t members[] = {
    { "name", offsetof(fpi_erp_form_t, name) },
    { "kind", offsetof(fpi_erp_form_t, kind) },
    { "resource", offsetof(fpi_erp_form_t, resource) },
    { "prefix", offsetof(fpi_erp_form_t, prefix) },
    { "solution", offsetof(fpi_erp_form_t, solution) },
    { "dc", offsetof(fpi_erp_form_t, dc) },
    { "user", offsetof(fpi_erp_form_t, user) },
    { "language", offsetof(fpi_erp_form_t, language) },
    { "auth_pattern", offsetof(fpi_erp_form_t, auth_pattern) },
};

static fpi_err_t *read_texts(fpi_erp_form_t *form, const fpi_json_t *json, fpi_task_t *task)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        const char **slot = (const char **)((char *)form + members[i].offset);

        FPI_TRY(fpi_json_find_text(slot, json, members[i].name, TEXT_MOST, task));
    }
    return NULL;
}

static fpi_err_t *read_names(fpi_erp_form_t *form, const fpi_json_t *json, fpi_task_t *task)
{
    const fpi_json_t *names = fpi_json_find(json, "names");
    const char *key;
    fpi_json_t *value;
    void *iter = NULL;

    if (!names) {
        return NULL;
    }
    if (!fpi_json_is_object(names)) {
        return fpi_refuse(task, FPI_E_FIELD, "names", "字段 names 应为对象", "names must be an object");
    }
    while (fpi_json_next(&iter, names, &key, &value)) {
        fpi_eas_name_t name;

        if (!fpi_eas_name_find(&name, key)) {
            return fpi_refuse(task, FPI_E_FIELD, "names", "字段 names 中没有可设置的 %.60s", "names: there is no %.60s to be set",
                              key);
        }
        FPI_TRY(fpi_json_find_text(&form->names[name], names, key, TEXT_MOST, task));
        form->names[name] = form->names[name] ? form->names[name] : "";
    }
    return NULL;
}

static fpi_err_t *read_form(fpi_erp_form_t *form, const fpi_call_t *call)
{
    fpi_task_t *task = call->task;
    const char *password;
    bool is_enabled;

    fpi_erp_form_init(form);
    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(read_texts(form, call->json, task));
    FPI_TRY(fpi_json_find_text(&password, call->json, "password", TEXT_MOST, task));
    form->password = password ? fpi_secret_make_text(task->pool, password) : NULL;
    FPI_TRY(fpi_json_find_int(&form->db_type, call->json, "db_type", FPI_ERP_AS_IT_WAS, 0, 9, task));
    FPI_TRY(fpi_json_find_int(&form->encode_pwd, call->json, "encode_pwd", FPI_ERP_AS_IT_WAS, -1, 9, task));
    if (fpi_json_find(call->json, "is_enabled")) {
        FPI_TRY(fpi_json_find_bool(&is_enabled, call->json, "is_enabled", true, task));
        form->is_enabled = is_enabled;
    }
    return read_names(form, call->json, task);
}

static fpi_err_t *read_which(fpi_erp_which_t *which, const fpi_call_t *call)
{
    *which = (fpi_erp_which_t){ .tenant = call->viewer->tenant, .version = -1 };
    FPI_TRY(fpi_call_id(&which->id, call, "system_id"));
    return fpi_version_read(&which->version, call);
}

/* ---- asking ---- */

fpi_err_t *fpi_handle_systems_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_systems_t all;
    fpi_page_t page;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(fpi_erps_list(&all, app, call->viewer->tenant, call->task));
    for (int64_t i = page.skip; i < all.count && i < page.skip + page.size; i++) {
        fpi_json_add(items, fpi_erps_json(all.items[i], call->task));
    }
    answer->data = fpi_page_answer(&page, items, all.count, call->task);
    return NULL;
}

static bool is_listed(const fpi_systems_t *all, int before, const char *resource)
{
    for (int i = 0; i < before; i++) {
        if (all->items[i]->is_enabled && strcmp(all->items[i]->resource, resource) == 0) {
            return true;
        }
    }
    return false;
}

fpi_err_t *fpi_handle_resources_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_page_t page = { 1, FPI_ROWS_MAX, 0 };
    fpi_systems_t all;

    FPI_TRY(fpi_erps_list(&all, app, call->viewer->tenant, call->task));
    for (int i = 0; i < all.count; i++) {
        const fpi_system_t *system = all.items[i];

        if (system->is_enabled && *system->resource && !is_listed(&all, i, system->resource)) {
            fpi_json_t *one = fpi_json_make_object(call->task);

            fpi_json_put_text(one, "resource", system->resource);
            fpi_json_put_text(one, "name", system->name);
            fpi_json_add(items, one);
        }
    }
    answer->data = fpi_page_answer(&page, items, (int64_t)fpi_json_size(items), call->task);
    return NULL;
}

fpi_err_t *fpi_handle_system_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which = { .tenant = call->viewer->tenant, .version = -1 };
    fpi_system_t *system;

    FPI_TRY(fpi_call_id(&which.id, call, "system_id"));
    FPI_TRY(fpi_erps_get(&system, app, &which, call->task));
    answer->data = fpi_erps_json(system, call->task);
    return NULL;
}

/* ---- changing ---- */

static fpi_err_t *put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, const fpi_erp_which_t *which, bool is_whole)
{
    fpi_erp_form_t form;
    fpi_erp_put_t done;

    FPI_TRY(read_form(&form, call));
    FPI_TRY(fpi_erps_put(&done, app, which, &form, which->id == 0, is_whole, call->task));
    answer->data = fpi_erps_json(done.system, call->task);
    fpi_json_put_text(answer->data, "corrected", done.corrected);
    answer->status = done.is_new ? 201 : 200;
    return NULL;
}

fpi_err_t *fpi_handle_system_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const fpi_erp_which_t which = { .tenant = call->viewer->tenant, .version = -1 };

    return put(app, call, answer, &which, true);
}

fpi_err_t *fpi_handle_system_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which;

    FPI_TRY(read_which(&which, call));
    return put(app, call, answer, &which, true);
}

fpi_err_t *fpi_handle_system_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which;

    FPI_TRY(read_which(&which, call));
    return put(app, call, answer, &which, false);
}

fpi_err_t *fpi_handle_system_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which;

    FPI_TRY(read_which(&which, call));
    FPI_TRY(fpi_erps_remove(app, &which, call->task));
    answer->status = 204;
    return NULL;
}

fpi_err_t *fpi_handle_system_verify(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which = { .tenant = call->viewer->tenant, .version = -1 };
    fpi_erp_verdict_t verdict;
    fpi_system_t *system;

    FPI_TRY(fpi_call_id(&which.id, call, "system_id"));
    FPI_TRY(fpi_erps_verify(&verdict, &system, app, &which, call->task));
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_bool(answer->data, "is_right", verdict.is_right);
    fpi_json_put(answer->data, "findings", fpi_erps_findings_json(&verdict, call->task));
    fpi_json_put(answer->data, "system", fpi_erps_json(system, call->task));
    return NULL;
}
