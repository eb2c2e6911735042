/* fpimagectl user, org, role: the people of the first tenant. */
#include "tools/ctl.h"

#include "service/people.h"
#include "service/people_forms.h"
#include "service/people_why.h"
#include "service/sessions.h"
#include "service/setup.h"
#include "store/orgs.h"
#include "store/people.h"
#include "store/duties.h"

#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

typedef struct people_t {
    ctl_t *ctl;
    const char *word;            /* name or mobile */
    fpi_user_t *user;
    fpi_json_t *doc;             /* one, or a list */
} people_t;

const char *const *ctl_words(int *count, ctl_t *ctl, const char *option)
{
    const char *text = ctl_option(ctl, option);
    apr_array_header_t *words = apr_array_make(ctl->task->pool, 4, sizeof(char *));
    char *last;

    *count = -1;
    if (!text) {
        return NULL;
    }
    for (char *word = apr_strtok(apr_pstrdup(ctl->task->pool, text), ",", &last); word; word = apr_strtok(NULL, ",", &last)) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    *count = words->nelts;
    return (const char *const *)words->elts;
}

/* ---- users ---- */

/* "a, b" of a member of each object. */
static const char *join(ctl_t *ctl, const fpi_json_t *list, const char *member)
{
    const char *text = NULL;

    for (size_t i = 0; i < fpi_json_size(list); i++) {
        const char *one = fpi_json_text(fpi_json_find(fpi_json_at(list, i), member));

        text = text ? apr_pstrcat(ctl->task->pool, text, ", ", one, NULL) : one;
    }
    return text;
}

static bool is_admin(const fpi_json_t *roles)
{
    int64_t id;

    for (size_t i = 0; i < fpi_json_size(roles); i++) {
        if (fpi_json_int(&id, fpi_json_find(fpi_json_at(roles, i), "role_id")) && id == FPI_DUTY_ADMIN) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *add_user(people_t *p, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    fpi_json_t *doc, *roles;

    FPI_TRY(fpi_form_user(&doc, tx, user, task));
    roles = fpi_json_find(doc, "roles");
    fpi_json_put_bool(doc, "is_admin", is_admin(roles));
    fpi_json_put_bool(doc, "must_change_password", user->must_change);
    fpi_json_put_text(doc, "role_names", join(p->ctl, roles, "name"));
    fpi_json_put_text(doc, "point_name", fpi_json_text(fpi_json_find(fpi_json_find(doc, "scan_point"), "name")));
    fpi_json_add(p->doc, doc);
    return NULL;
}

static fpi_err_t *tx_users(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    people_t *p = baton;
    fpi_user_query_t query = { .tenant = task->tenant, .org = -1, .active = -1, .most = FPI_ROWS_MAX };
    fpi_user_t *users;
    int64_t total;
    int count;

    p->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_users_list(&users, &count, &total, tx, &query, task));
    for (int i = 0; i < count; i++) {
        FPI_TRY(add_user(p, tx, &users[i], task));
    }
    return NULL;
}

fpi_err_t *ctl_user_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "name", "NAME", "用户", CTL_TEXT },         { "mobile", "MOBILE", "手机", CTL_TEXT },
        { "org_code", "ORG", "组织", CTL_TEXT },      { "role_names", "ROLES", "角色", CTL_TEXT },
        { "point_name", "SCAN POINT", "扫描点", CTL_TEXT }, { "is_active", "ACTIVE", "启用", CTL_FLAG },
        { "must_change_password", "MUST CHANGE PASSWORD", "须改密码", CTL_FLAG },
        { "locked_until", "LOCKED UNTIL", "锁定至", CTL_TEXT }, { NULL, NULL, NULL, CTL_TEXT },
    };
    people_t p = { .ctl = ctl };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_users, &p, ctl->task));
    ctl_list(ctl, p.doc, columns);
    return NULL;
}

static void tell_password(ctl_t *ctl, const char *name, const fpi_secret_t *password)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "name", name);
    fpi_json_put_text(doc, "password", password->bytes);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%s 的一次性密码 (只显示这一次): %s", "one-time password of %s, shown this once: %s", name,
                password->bytes);
    }
}

fpi_err_t *ctl_user_add(ctl_t *ctl)
{
    fpi_user_form_t form = { .name = ctl_option(ctl, "name"), .mobile = ctl_option(ctl, "mobile"),
                             .mail = ctl_option(ctl, "mail"), .org = ctl_option(ctl, "org"), .is_head = -1,
                             .is_active = -1 };
    static const char *const usual[] = { "默认角色" };
    fpi_secret_t *password;
    fpi_user_t *user;

    form.roles = ctl_words(&form.role_count, ctl, "role");
    if (form.role_count < 0) {
        form.roles = usual;
        form.role_count = 1;
    }
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_people_user_make(&user, &password, ctl->app, NULL, &form, ctl->task));
    tell_password(ctl, user->name, password);
    return NULL;
}

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    people_t *p = baton;

    return fpi_people_user_named(&p->user, tx, task->tenant, p->word, task);
}

static fpi_err_t *find_user(fpi_user_t **out, ctl_t *ctl)
{
    people_t p = { .ctl = ctl, .word = ctl->args[0] };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_find, &p, ctl->task));
    *out = p.user;
    return NULL;
}

/* What the first start wrote there is his password no more. */
static void drop_first_login(ctl_t *ctl, const fpi_user_t *user)
{
    if (user->tenant == FPI_TENANT_FIRST && strcmp(user->name, FPI_SETUP_ADMIN) == 0) {
        unlink(apr_pstrcat(ctl->task->pool, ctl->settings->data_dir, "/first-login", NULL));
    }
}

fpi_err_t *ctl_user_reset(ctl_t *ctl)
{
    fpi_secret_t *password;
    fpi_user_t *user;

    FPI_TRY(find_user(&user, ctl));
    FPI_TRY(fpi_people_user_reset(&password, ctl->app, NULL, user->id, ctl->task));
    drop_first_login(ctl, user);
    tell_password(ctl, user->name, password);
    return NULL;
}

fpi_err_t *ctl_user_unlock(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    const char *name = ctl->args[0];
    bool was_locked;

    if (fpi_guard_is_address(name)) {
        FPI_TRY(ctl_open(ctl));
        FPI_TRY(fpi_guard_unlock_address(&was_locked, ctl->app, name, ctl->task));
    }
    else {
        fpi_user_t *user;

        FPI_TRY(find_user(&user, ctl));
        FPI_TRY(fpi_people_user_unlock(&was_locked, ctl->app, user->id, ctl->task));
        name = user->name;
    }
    fpi_json_put_text(doc, "name", name);
    fpi_json_put_bool(doc, "was_locked", was_locked);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, was_locked ? "%s 已解锁" : "%s 未锁定", was_locked ? "%s is unlocked" : "%s was not locked", name);
    }
    return NULL;
}

static fpi_err_t *enable(ctl_t *ctl, bool is_active)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_user_t *user;

    FPI_TRY(find_user(&user, ctl));
    FPI_TRY(fpi_people_user_enable(&user, ctl->app, NULL, user->id, is_active, ctl->task));
    fpi_json_put_text(doc, "name", user->name);
    fpi_json_put_bool(doc, "is_active", user->is_active);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, is_active ? "%s 已启用" : "%s 已停用", is_active ? "%s is enabled" : "%s is disabled", user->name);
    }
    return NULL;
}

fpi_err_t *ctl_user_disable(ctl_t *ctl)
{
    return enable(ctl, false);
}

fpi_err_t *ctl_user_enable(ctl_t *ctl)
{
    return enable(ctl, true);
}

/* ---- why ---- */

static fpi_err_t *tx_why(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    people_t *p = baton;
    const char *number = ctl_option(p->ctl, "bill");
    fpi_bill_t *bill;

    FPI_TRY(fpi_people_user_named(&p->user, tx, task->tenant, p->word, task));
    if (!number) {
        return fpi_why_scan(&p->doc, tx, p->user, task);
    }
    FPI_TRY(fpi_bill_take_number(&number, number, "bill", task));
    FPI_TRY(fpi_bill_find(&bill, tx, task->tenant, number, ctl_option(p->ctl, "resource"), task));
    if (!bill) {
        return fpi_refuse(task, FPI_E_ABSENT, "bill", "影像编号 %s 的单据不存在", "there is no bill with image number %s", number);
    }
    return fpi_why_see(&p->doc, tx, p->user, bill, task);
}

fpi_err_t *ctl_user_why(ctl_t *ctl)
{
    static const ctl_column_t columns[] = { { "is_ok", "OK", "通过", CTL_FLAG }, { "text", "CHECK", "检查", CTL_LONG },
                                            { NULL, NULL, NULL, CTL_TEXT } };
    people_t p = { .ctl = ctl, .word = ctl->args[0] };
    bool is_allowed;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_why, &p, ctl->task));
    FPI_TRY(fpi_json_find_bool(&is_allowed, p.doc, "is_allowed", false, ctl->task));
    if (!ctl_json(ctl, p.doc)) {
        ctl_say(ctl, is_allowed ? "%s: 可以" : "%s: 不可以", is_allowed ? "%s: yes" : "%s: no", p.user->name);
        ctl_table(ctl, fpi_json_find(p.doc, "checks"), columns);
    }
    ctl->exit = is_allowed ? CTL_DONE : CTL_FAILED;
    return NULL;
}

/* ---- organisations ---- */

/* NULL: it stands below the tenant. */
static const char *above(const fpi_org_t *org, const fpi_org_t *orgs, int count)
{
    for (int i = 0; i < count; i++) {
        if (orgs[i].id == org->parent) {
            return orgs[i].code;
        }
    }
    return NULL;
}

static fpi_err_t *tx_orgs(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    people_t *p = baton;
    fpi_org_t *orgs;
    int *levels, count;

    p->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_orgs_list(&orgs, &count, tx, task->tenant, task));
    levels = apr_palloc(task->pool, sizeof(*levels) * ((size_t)count + 1));
    fpi_people_levels(levels, orgs, count);
    for (int i = 0; i < count; i++) {
        fpi_json_t *doc = fpi_form_org(&orgs[i], levels[i], task);

        fpi_json_put_text(doc, "parent", above(&orgs[i], orgs, count));
        fpi_json_add(p->doc, doc);
    }
    return NULL;
}

fpi_err_t *ctl_org_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "org_id", "ID", "编号", CTL_TEXT },       { "code", "CODE", "编码", CTL_TEXT },
        { "name", "NAME", "名称", CTL_TEXT },       { "level", "LEVEL", "级次", CTL_TEXT },
        { "parent", "PARENT", "上级", CTL_TEXT }, { "tax_no", "TAX NUMBER", "税号", CTL_TEXT },
        { "is_active", "ACTIVE", "启用", CTL_FLAG }, { NULL, NULL, NULL, CTL_TEXT },
    };
    people_t p = { .ctl = ctl };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_orgs, &p, ctl->task));
    ctl_list(ctl, p.doc, columns);
    return NULL;
}

fpi_err_t *ctl_org_add(ctl_t *ctl)
{
    fpi_org_form_t form = { .code = ctl->args[0], .name = ctl->args[1], .tax_no = ctl_option(ctl, "tax-no"),
                            .parent = ctl_option(ctl, "parent"), .is_active = -1 };
    fpi_org_t *org;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_people_org_put(&org, ctl->app, 0, &form, ctl->task));
    if (!ctl_json(ctl, fpi_form_org(org, 0, ctl->task))) {
        ctl_say(ctl, "已新增组织 %s %s", "organisation %s %s is added", org->code, org->name);
    }
    return NULL;
}

static fpi_err_t *tx_org(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_org_t **org = baton;
    const char *code = (*org)->code;

    FPI_TRY(fpi_org_find(org, tx, task->tenant, NULL, code, task));
    return *org ? NULL : fpi_refuse(task, FPI_E_ABSENT, "CODE", "组织 %.50s 不存在", "there is no organisation %.50s", code);
}

fpi_err_t *ctl_org_move(ctl_t *ctl)
{
    bool is_top = strcmp(ctl->args[1], "-") == 0;
    fpi_org_form_t form = { .parent = is_top ? "" : ctl->args[1], .is_active = -1 };
    fpi_org_t wanted = { .code = ctl->args[0] }, *org = &wanted;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_org, &org, ctl->task));
    FPI_TRY(fpi_people_org_put(&org, ctl->app, org->id, &form, ctl->task));
    if (!ctl_json(ctl, fpi_form_org(org, 0, ctl->task))) {
        ctl_say(ctl, is_top ? "组织 %s 已移到租户之下" : "组织 %s 已移到 %s 之下",
                is_top ? "organisation %s now stands below the tenant" : "organisation %s now stands below %s", org->code, form.parent);
    }
    return NULL;
}

/* ---- roles ---- */

static fpi_err_t *tx_roles(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    people_t *p = baton;
    fpi_duty_t *roles;
    int count;

    p->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_duties_list(&roles, &count, tx, task->tenant, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one = fpi_form_role(&roles[i], task);

        fpi_json_put_text(one, "permission_words", fpi_permissions_format(roles[i].permissions, task->pool));
        fpi_json_add(p->doc, one);
    }
    return NULL;
}

fpi_err_t *ctl_role_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "role_id", "ID", "编号", CTL_TEXT },        { "name", "NAME", "角色", CTL_TEXT },
        { "user_count", "USERS", "用户数", CTL_TEXT }, { "is_active", "ACTIVE", "启用", CTL_FLAG },
        { "permission_words", "PERMISSIONS", "权限", CTL_LONG }, { NULL, NULL, NULL, CTL_TEXT },
    };
    people_t p = { .ctl = ctl };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_roles, &p, ctl->task));
    ctl_list(ctl, p.doc, columns);
    return NULL;
}

static fpi_err_t *tx_role(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_duty_t **role = baton;

    return fpi_duty_find_by_name(role, tx, task->tenant, (*role)->name, task);
}

fpi_err_t *ctl_role_set(ctl_t *ctl)
{
    fpi_duty_t wanted = { .name = ctl->args[0] }, *role = &wanted;
    uint64_t permissions = 0;
    fpi_duty_form_t form = { ctl->args[0], &permissions, -1 };

    for (int i = 1; i < ctl->arg_count; i++) {
        fpi_permission_t one = fpi_permission_find(ctl->args[i]);

        if (one == FPI_MAY_NONE) {
            return ctl_usage(ctl, "权限 %.40s 不存在, 可用: %s", "there is no permission %.40s; there are %s", ctl->args[i],
                             fpi_permissions_format(~UINT64_C(0), ctl->task->pool));
        }
        permissions |= UINT64_C(1) << one;
    }
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_role, &role, ctl->task));
    FPI_TRY(fpi_people_role_put(&role, ctl->app, NULL, role ? role->id : 0, &form, ctl->task));
    if (!ctl_json(ctl, fpi_form_role(role, ctl->task))) {
        ctl_say(ctl, "角色 %s 的权限: %s", "role %s may: %s", role->name, fpi_permissions_format(permissions, ctl->task->pool));
    }
    return NULL;
}
