/* /api/v1/users: list, make, look at, change, disable, unlock, reset, grant. */
#include "service/handlers.h"

#include "base/text.h"
#include "service/people.h"
#include "service/people_forms.h"
#include "service/people_read.h"
#include "service/people_why.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

typedef struct asking_t {
    int64_t id, bill;
    fpi_page_t page;
    fpi_user_query_t query;
    const char *org;
    int64_t total;
    fpi_json_t *doc;             /* one, or the items */
} asking_t;

/* ---- read ---- */

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_user_t *user;

    FPI_TRY(fpi_people_user_get(&user, tx, task->tenant, a->id, task));
    return fpi_form_user(&a->doc, tx, user, task);
}

static fpi_err_t *answer_user(fpi_answer_t *answer, fpi_app_t *app, int64_t id, fpi_task_t *task)
{
    asking_t a = { .id = id };

    FPI_TRY(fpi_store_read(app->store, tx_get, &a, task));
    answer->data = a.doc;
    return NULL;
}

fpi_err_t *fpi_handle_user_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "user_id"));
    return answer_user(answer, app, id, call->task);
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_user_t *users;
    int count;

    a->doc = fpi_json_make_array(task);
    if (a->org) {
        FPI_TRY(fpi_people_org_of(&a->query.org, tx, task->tenant, a->org, false, "org", task));
    }
    FPI_TRY(fpi_users_list(&users, &count, &a->total, tx, &a->query, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one;

        FPI_TRY(fpi_form_user(&one, tx, &users[i], task));
        fpi_json_add(a->doc, one);
    }
    return NULL;
}

static fpi_err_t *read_param(const char **out, const fpi_call_t *call, const char *name)
{
    *out = fpi_params_find(call->params, name);
    if (*out && fpi_utf8_length(*out) > FPI_READ_TEXT) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 超过 %d 个字符", "parameter %s is longer than %d characters", name,
                          FPI_READ_TEXT);
    }
    return NULL;
}

static fpi_err_t *read_active(int *out, const fpi_call_t *call)
{
    const char *text = fpi_params_find(call->params, "is_active");

    *out = !text ? -1 : strcmp(text, "true") == 0 ? 1 : strcmp(text, "false") == 0 ? 0 : 2;
    return *out < 2 ? NULL : fpi_refuse(call->task, FPI_E_FIELD, "is_active", "参数 is_active 应为 true 或 false",
                                        "parameter is_active is true or false");
}

fpi_err_t *fpi_handle_users_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asking_t a = { .query = { .tenant = call->task->tenant, .org = -1 } };

    FPI_TRY(fpi_page_read(&a.page, call));
    FPI_TRY(read_active(&a.query.active, call));
    FPI_TRY(read_param(&a.query.search, call, "q"));
    FPI_TRY(read_param(&a.org, call, "org"));
    a.query.search = a.query.search && *a.query.search ? a.query.search : NULL;
    a.query.skip = a.page.skip;
    a.query.most = a.page.size;
    FPI_TRY(fpi_store_read(app->store, tx_list, &a, call->task));
    answer->data = fpi_page_answer(&a.page, a.doc, a.total, call->task);
    return NULL;
}

/* ---- change ---- */

static fpi_err_t *read_form(fpi_user_form_t *form, const fpi_call_t *call)
{
    fpi_task_t *task = call->task;

    FPI_TRY(fpi_read_object(call));
    FPI_TRY(fpi_json_find_text(&form->name, call->json, "name", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form->mobile, call->json, "mobile", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form->mail, call->json, "mail", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form->org, call->json, "org", FPI_READ_TEXT, task));
    FPI_TRY(fpi_read_flag(&form->is_head, call->json, "is_head", task));
    form->is_active = -1;        /* by calls of its own */
    return fpi_read_words(&form->roles, &form->role_count, call->json, "roles", task);
}

static void put_password(fpi_answer_t *answer, const fpi_secret_t *password, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 1);

    fpi_json_put_text(answer->data, "one_time_password", password->bytes);
    apr_table_setn(headers, "Cache-Control", "no-store");
    answer->headers = headers;
}

fpi_err_t *fpi_handle_user_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    static const char *const usual[] = { "默认角色" };
    fpi_user_form_t form;
    fpi_secret_t *password;
    fpi_user_t *user;

    FPI_TRY(read_form(&form, call));
    if (form.role_count < 0) {
        form.roles = usual;
        form.role_count = 1;
    }
    FPI_TRY(fpi_people_user_make(&user, &password, app, call->viewer, &form, call->task));
    FPI_TRY(answer_user(answer, app, user->id, call->task));
    put_password(answer, password, call->task);
    answer->status = 201;
    return NULL;
}

fpi_err_t *fpi_handle_user_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_user_form_t form;
    fpi_user_t *user;
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "user_id"));
    FPI_TRY(read_form(&form, call));
    FPI_TRY(fpi_people_user_change(&user, app, call->viewer, id, &form, call->task));
    return answer_user(answer, app, id, call->task);
}

static fpi_err_t *enable(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, bool is_active)
{
    fpi_user_t *user;
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "user_id"));
    FPI_TRY(fpi_people_user_enable(&user, app, call->viewer, id, is_active, call->task));
    return answer_user(answer, app, id, call->task);
}

fpi_err_t *fpi_handle_user_disable(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return enable(app, call, answer, false);
}

fpi_err_t *fpi_handle_user_enable(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    return enable(app, call, answer, true);
}

fpi_err_t *fpi_handle_user_unlock(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    bool was_locked;
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "user_id"));
    FPI_TRY(fpi_people_user_unlock(&was_locked, app, id, call->task));
    FPI_TRY(answer_user(answer, app, id, call->task));
    fpi_json_put_bool(answer->data, "was_locked", was_locked);
    return NULL;
}

fpi_err_t *fpi_handle_user_reset(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_secret_t *password;
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "user_id"));
    FPI_TRY(fpi_people_user_reset(&password, app, call->viewer, id, call->task));
    FPI_TRY(answer_user(answer, app, id, call->task));
    put_password(answer, password, call->task);
    return NULL;
}

/* ---- why ---- */

static fpi_err_t *tx_why(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_user_t *user;
    fpi_bill_t *bill;

    FPI_TRY(fpi_people_user_get(&user, tx, task->tenant, a->id, task));
    if (!a->bill) {
        return fpi_why_scan(&a->doc, tx, user, task);
    }
    FPI_TRY(fpi_bill_find_by_id(&bill, tx, task->tenant, a->bill, task));
    if (!bill) {
        return fpi_refuse(task, FPI_E_ABSENT, "bill", "单据 %d 不存在", "there is no bill %d", (int)a->bill);
    }
    return fpi_why_see(&a->doc, tx, user, bill, task);
}

/* ?bill=ID: may he see it? Without: may he scan? */
fpi_err_t *fpi_handle_user_why(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const char *bill = fpi_params_find(call->params, "bill");
    asking_t a = { 0 };

    FPI_TRY(fpi_call_id(&a.id, call, "user_id"));
    if (bill && !fpi_int_parse(&a.bill, bill, 1, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "bill", "参数 bill 应为单据 id", "parameter bill must be a bill's id");
    }
    FPI_TRY(fpi_store_read(app->store, tx_why, &a, call->task));
    answer->data = a.doc;
    return NULL;
}

/* ---- grants ---- */

static fpi_err_t *read_grant(fpi_grant_form_t *grant, const fpi_json_t *one, fpi_task_t *task)
{
    const char *scope;

    if (!fpi_json_is_object(one)) {
        return fpi_refuse(task, FPI_E_FIELD, "grants", "grants 应为对象的数组", "grants must be an array of objects");
    }
    FPI_TRY(fpi_json_find_text(&grant->org, one, "org", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_get_text(&scope, one, "scope", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_bool(&grant->with_below, one, "with_below", false, task));
    if (!grant->org || (strcmp(scope, "ALL") != 0 && strcmp(scope, "OWN") != 0)) {
        return fpi_refuse(task, FPI_E_FIELD, grant->org ? "scope" : "org",
                          "授权应含 org (组织编码, 空文本为租户) 与 scope (ALL 或 OWN)",
                          "a grant has an org (a code, empty: the tenant) and a scope (ALL or OWN)");
    }
    grant->sees_all = *scope == 'A';
    return NULL;
}

fpi_err_t *fpi_handle_user_grants(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_grant_form_t *grants;
    fpi_json_t *list;
    fpi_user_t *user;
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "user_id"));
    FPI_TRY(fpi_read_object(call));
    FPI_TRY(fpi_json_find_array(&list, call->json, "grants", FPI_USER_GRANTS, call->task));
    if (!list) {
        return fpi_refuse(call->task, FPI_E_FIELD, "grants", "缺少字段 grants", "grants is missing");
    }
    grants = apr_pcalloc(call->task->pool, sizeof(*grants) * (fpi_json_size(list) + 1));
    for (size_t i = 0; i < fpi_json_size(list); i++) {
        FPI_TRY(read_grant(&grants[i], fpi_json_at(list, i), call->task));
    }
    FPI_TRY(fpi_people_user_grant(&user, app, id, grants, (int)fpi_json_size(list), call->task));
    return answer_user(answer, app, id, call->task);
}
