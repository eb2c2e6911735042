/* /api/v1/organisations, /roles, /permissions. */
#include "service/handlers.h"

#include "service/people.h"
#include "service/people_forms.h"
#include "service/people_read.h"
#include "store/orgs.h"
#include "store/people.h"
#include "store/duties.h"

#include <apr_strings.h>
#include <string.h>

/* A list that has one page. */
static fpi_json_t *whole_list(fpi_json_t *items, fpi_task_t *task)
{
    fpi_page_t page = { 1, FPI_ROWS_MAX, 0 };

    return fpi_page_answer(&page, items, (int64_t)fpi_json_size(items), task);
}

/* ---- organisations ---- */

static fpi_err_t *tx_orgs(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_json_t *items = *(fpi_json_t **)baton = fpi_json_make_array(task);
    fpi_org_t *orgs;
    int *levels, count;

    FPI_TRY(fpi_orgs_list(&orgs, &count, tx, task->tenant, task));
    levels = apr_palloc(task->pool, sizeof(*levels) * ((size_t)count + 1));
    fpi_people_levels(levels, orgs, count);
    for (int i = 0; i < count; i++) {
        fpi_json_add(items, fpi_form_org(&orgs[i], levels[i], task));
    }
    return NULL;
}

fpi_err_t *fpi_handle_orgs_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items;

    FPI_TRY(fpi_store_read(app->store, tx_orgs, &items, call->task));
    answer->data = whole_list(items, call->task);
    return NULL;
}

static fpi_err_t *put_org(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, int64_t id)
{
    fpi_task_t *task = call->task;
    fpi_org_form_t form = { NULL };
    fpi_org_t *org;

    FPI_TRY(fpi_read_object(call));
    FPI_TRY(fpi_json_find_text(&form.code, call->json, "code", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form.name, call->json, "name", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form.tax_no, call->json, "tax_no", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form.parent, call->json, "parent", FPI_READ_TEXT, task));
    FPI_TRY(fpi_read_flag(&form.is_active, call->json, "is_active", task));
    FPI_TRY(fpi_people_org_put(&org, app, id, &form, task));
    answer->data = fpi_form_org(org, 0, task);
    answer->status = id ? 200 : 201;
    return NULL;
}

fpi_err_t *fpi_handle_org_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return put_org(app, call, answer, 0);
}

fpi_err_t *fpi_handle_org_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "org_id"));
    return put_org(app, call, answer, id);
}

/* ---- roles ---- */

static fpi_err_t *tx_roles(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_json_t *items = *(fpi_json_t **)baton = fpi_json_make_array(task);
    fpi_duty_t *roles;
    int count;

    FPI_TRY(fpi_duties_list(&roles, &count, tx, task->tenant, task));
    for (int i = 0; i < count; i++) {
        fpi_json_add(items, fpi_form_role(&roles[i], task));
    }
    return NULL;
}

fpi_err_t *fpi_handle_roles_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items;

    FPI_TRY(fpi_store_read(app->store, tx_roles, &items, call->task));
    answer->data = whole_list(items, call->task);
    return NULL;
}

static fpi_err_t *read_permissions(uint64_t *out, const char *const *words, int count, fpi_task_t *task)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        fpi_permission_t one = fpi_permission_find(words[i]);

        if (one == FPI_MAY_NONE) {
            return fpi_refuse(task, FPI_E_FIELD, "permissions", "权限 %.50s 不存在", "there is no permission %.50s", words[i]);
        }
        *out |= UINT64_C(1) << one;
    }
    return NULL;
}

static fpi_err_t *put_role(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, int64_t id)
{
    fpi_task_t *task = call->task;
    fpi_duty_form_t form = { NULL, NULL, -1 };
    const char *const *words;
    uint64_t permissions;
    fpi_duty_t *role;
    int count;

    FPI_TRY(fpi_read_object(call));
    FPI_TRY(fpi_json_find_text(&form.name, call->json, "name", FPI_READ_TEXT, task));
    FPI_TRY(fpi_read_flag(&form.is_active, call->json, "is_active", task));
    FPI_TRY(fpi_read_words(&words, &count, call->json, "permissions", task));
    if (count >= 0) {
        FPI_TRY(read_permissions(&permissions, words, count, task));
        form.permissions = &permissions;
    }
    FPI_TRY(fpi_people_role_put(&role, app, call->viewer, id, &form, task));
    answer->data = fpi_form_role(role, task);
    answer->status = id ? 200 : 201;
    return NULL;
}

fpi_err_t *fpi_handle_role_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return put_role(app, call, answer, 0);
}

fpi_err_t *fpi_handle_role_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "role_id"));
    return put_role(app, call, answer, id);
}

fpi_err_t *fpi_handle_permissions_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    answer->data = whole_list(fpi_form_permissions(call->task), call->task);
    return NULL;
}
