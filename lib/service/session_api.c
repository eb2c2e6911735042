/* /api/v1/session: sign in, who am I, sign out, another password; /api/v1/event-sessions; /api/v1/tenant. */
#include "service/handlers.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/people_forms.h"
#include "service/phone.h"
#include "service/sessions.h"
#include "service/tenants.h"
#include "store/users.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { CODE_MOST = 100, LOGIN_MOST = 100, DOMAIN_MOST = 100, PASSWORD_MOST = 200 };

typedef struct telling_t {
    int64_t tenant, user;
    fpi_json_t *doc;             /* NULL: he is gone */
    fpi_json_t *of;              /* the tenant */
} telling_t;

static fpi_json_t *tenant_json(const fpi_tenant_t *tenant, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "name", tenant->name);
    fpi_json_put_text(doc, "domain", tenant->domain);
    return doc;
}

static fpi_err_t *tx_tell(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    telling_t *t = baton;
    fpi_tenant_t *tenant;
    fpi_user_t *user;

    t->doc = NULL;
    FPI_TRY(fpi_tenant_find_by_id(&tenant, tx, t->tenant, task));
    t->of = tenant ? tenant_json(tenant, task) : NULL;
    FPI_TRY(fpi_user_find_by_id(&user, tx, t->tenant, t->user, task));
    return user ? fpi_form_user(&t->doc, tx, user, task) : fpi_fail(task, FPI_E_SESSION, "the user is gone");
}

static fpi_err_t *answer_session(fpi_answer_t *answer, fpi_app_t *app, fpi_call_t *call, telling_t *telling,
                                 const char *secret)
{
    FPI_TRY(fpi_store_read(app->store, tx_tell, telling, call->task));
    if (call->viewer) { /* of an event code fewer than the user has */
        fpi_json_put(telling->doc, "permissions", fpi_form_permission_set(call->viewer->permissions, call->task));
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put(answer->data, "user", telling->doc);
    if (telling->of) {
        fpi_json_put(answer->data, "tenant", telling->of);
    }
    fpi_json_put_text(answer->data, "csrf_token", fpi_session_csrf(secret, call->task));
    return NULL;
}

static void set_cookie(fpi_answer_t *answer, const char *secret, const fpi_call_t *call)
{
    apr_table_t *headers = apr_table_make(call->task->pool, 2);

    apr_table_setn(headers, "Set-Cookie", fpi_session_set_cookie(secret, call));
    apr_table_setn(headers, "Cache-Control", "no-store");
    answer->headers = headers;
}

/* Another site's page can't send this type without being asked first: nobody is signed in as somebody else unawares. */
static fpi_err_t *want_json(const fpi_call_t *call)
{
    const char *type = apr_table_get(call->headers, "Content-Type");

    if (!type || strncasecmp(type, "application/json", 16) != 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, "Content-Type", "请求体应为 application/json 的对象",
                          "the body must be an object of type application/json");
    }
    return fpi_json_is_object(call->json) ? NULL : fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象",
                                                              "the body must be a JSON object");
}

static fpi_err_t *read_secret(fpi_secret_t **out, const fpi_call_t *call, const char *name)
{
    const char *text;

    FPI_TRY(fpi_json_get_text(&text, call->json, name, PASSWORD_MOST, call->task));
    *out = fpi_secret_make_text(call->task->pool, text);
    return NULL;
}

fpi_err_t *fpi_handle_session_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_task_t *task = call->task;
    fpi_login_t login = { .address = call->client_ip };
    telling_t telling;
    fpi_secret_t *password;

    FPI_TRY(want_json(call));
    FPI_TRY(fpi_json_get_text(&login.login, call->json, "login", LOGIN_MOST, task));
    FPI_TRY(fpi_json_find_text(&login.domain, call->json, "domain", DOMAIN_MOST, task));
    FPI_TRY(read_secret(&password, call, "password"));
    login.login = fpi_text_trim(task->pool, login.login);
    login.password = password;
    FPI_TRY(fpi_session_login(&login, app, task));
    telling = (telling_t){ .tenant = login.tenant, .user = login.user };
    FPI_TRY(answer_session(answer, app, call, &telling, login.secret));
    fpi_json_put_time(answer->data, "expires_at", login.expires);
    set_cookie(answer, login.secret, call);
    return NULL;
}

static fpi_json_t *numbers_of(const fpi_viewer_t *viewer, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < viewer->bills.count; i++) {
        fpi_json_add_int(list, viewer->bills.items[i]);
    }
    return list;
}

fpi_err_t *fpi_handle_session_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const fpi_viewer_t *viewer = call->viewer;
    telling_t telling = { .tenant = viewer->tenant, .user = viewer->user };

    if (viewer->kind == FPI_VIEWER_PHONE) {
        return fpi_phone_tell(app, call, answer);
    }
    FPI_TRY(answer_session(answer, app, call, &telling, call->session));
    fpi_json_put_text(answer->data, "kind", viewer->kind == FPI_VIEWER_EVENT ? "EVENT" : "PERSON");
    fpi_json_put_time(answer->data, "expires_at", fpi_clock_now() + FPI_SESSION_IDLE);
    if (viewer->kind == FPI_VIEWER_EVENT) {
        fpi_json_put(answer->data, "bill_ids", numbers_of(viewer, call->task));
    }
    return NULL;
}

/* ---- by an event code ---- */

static fpi_err_t *refuse_code(fpi_taking_t how, fpi_task_t *task)
{
    if (how == FPI_TAKING_USED) {
        return fpi_refuse(task, FPI_E_EVENT, "event_code", "链接已使用过, 只能使用一次, 请从业务系统重新打开",
                          "the link was used already, and is good once: open it from the ERP again");
    }
    if (how == FPI_TAKING_EXPIRED) {
        return fpi_refuse(task, FPI_E_EVENT, "event_code", "链接已过期 (10分钟内有效), 请从业务系统重新打开",
                          "the link has expired, it is good for 10 minutes: open it from the ERP again");
    }
    return fpi_fail(task, FPI_E_EVENT, "an unknown event code");
}

fpi_err_t *fpi_handle_event_session(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    telling_t telling;
    fpi_by_code_t t = { .is_phone = false, .address = call->client_ip };

    FPI_TRY(want_json(call));
    FPI_TRY(fpi_json_get_text(&t.code, call->json, "event_code", CODE_MOST, call->task));
    FPI_TRY(fpi_session_by_code(&t, app, call->task));
    if (t.how != FPI_TAKING_DONE) {
        return refuse_code(t.how, call->task);
    }
    FPI_TRY(fpi_session_check(&call->viewer, app, t.secret, call->task));
    telling = (telling_t){ .tenant = t.tenant, .user = t.user };
    FPI_TRY(answer_session(answer, app, call, &telling, t.secret));
    fpi_json_put_text(answer->data, "kind", "EVENT");
    fpi_json_put(answer->data, "bill_ids", numbers_of(call->viewer, call->task));
    fpi_json_put_time(answer->data, "expires_at", t.expires);
    set_cookie(answer, t.secret, call);
    answer->status = 201;
    return NULL;
}

fpi_err_t *fpi_handle_session_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    FPI_TRY(fpi_session_end(app, call->session, call->task));
    set_cookie(answer, NULL, call);
    answer->status = 204;
    return NULL;
}

fpi_err_t *fpi_handle_session_password(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    telling_t telling = { .tenant = call->viewer->tenant, .user = call->viewer->user };
    fpi_secret_t *old, *wanted;

    if (call->viewer->kind == FPI_VIEWER_EVENT) {
        return fpi_fail(call->task, FPI_E_ROLE, "a session of an event code changes no password");
    }
    FPI_TRY(want_json(call));
    FPI_TRY(read_secret(&old, call, "old"));
    FPI_TRY(read_secret(&wanted, call, "new"));
    FPI_TRY(fpi_session_change_password(app, call->viewer, call->session, old, wanted, call->task));
    return answer_session(answer, app, call, &telling, call->session);
}

/* ---- whose login page ---- */

typedef struct naming_t {
    const char *domain, *guard;
    fpi_tenant_t *tenant;
} naming_t;

static fpi_err_t *tx_name(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    naming_t *n = baton;

    FPI_TRY(fpi_guard_check(tx, n->guard, task));
    return fpi_tenant_of_domain(&n->tenant, tx, n->domain, task);
}

static fpi_err_t *tx_guessed(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const naming_t *n = baton;

    return fpi_guard_charge(tx, n->guard, FPI_GUARD_DOMAINS, task);
}

/* Before anybody is signed in: who has the link to a tenant's page may know its name. Who has none may not try names until
 * he has found one. */
fpi_err_t *fpi_handle_tenant_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    naming_t n = { .domain = fpi_params_find(call->params, "domain"), .guard = fpi_guard_key_domain(call->client_ip, call->task) };

    if (!n.domain || !*n.domain || strlen(n.domain) > DOMAIN_MOST) {
        return fpi_refuse(call->task, FPI_E_FIELD, "domain", "参数 domain 应为租户标识, 1-%d 个字符", "parameter domain is a tenant's, 1-%d characters",
                          DOMAIN_MOST);
    }
    FPI_TRY(fpi_store_read(app->store, tx_name, &n, call->task));
    if (!n.tenant) {
        FPI_TRY(fpi_store_write(app->store, tx_guessed, &n, call->task));
        return fpi_refuse(call->task, FPI_E_ABSENT, "domain", "没有标识为 %.100s 的租户, 请核对登录地址, 或向管理员索取",
                          "no tenant has the domain %.100s: check the address, or ask the administrator for it", n.domain);
    }
    answer->data = tenant_json(n.tenant, call->task);
    return NULL;
}
