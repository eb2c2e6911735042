/* Users: made, changed, disabled, unlocked, reset, granted. */
#include "service/people.h"

#include "base/text.h"
#include "model/people.h"
#include "service/admin_own.h"
#include "service/changes.h"
#include "store/audit.h"
#include "service/sessions.h"
#include "service/setup.h"
#include "service/viewers.h"
#include "store/orgs.h"
#include "store/points.h"
#include "store/duties.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_MOST = 50 };

/* ---- find ---- */

fpi_err_t *fpi_people_user_get(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    FPI_TRY(fpi_user_find_by_id(out, tx, tenant, id, task));
    return *out ? NULL : fpi_refuse(task, FPI_E_ABSENT, "user_id", "用户 %d 不存在", "there is no user %d", (int)id);
}

fpi_err_t *fpi_people_user_of_mobile(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *text, fpi_task_t *task)
{
    const char *key = fpi_people_mobile_key(text, task);

    FPI_TRY(fpi_user_find_by_mobile(out, tx, tenant, key, task));
    return *out || strcmp(key, text) == 0 ? NULL : fpi_user_find_by_mobile(out, tx, tenant, text, task);
}

fpi_err_t *fpi_people_user_named(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *word, fpi_task_t *task)
{
    FPI_TRY(fpi_people_user_of_mobile(out, tx, tenant, word, task));
    if (!*out) {
        FPI_TRY(fpi_user_find(out, tx, tenant, word, task));
    }
    return *out ? NULL : fpi_refuse(task, FPI_E_ABSENT, "name", "用户 %.100s 不存在", "there is no user %.100s", word);
}

/* ---- the rules ---- */

/* Who has more than oneself is not one's to change. */
static fpi_err_t *check_reach(const fpi_viewer_t *by, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    uint64_t permissions;

    FPI_TRY(fpi_viewer_permissions(&permissions, tx, user->tenant, user->id, task));
    return fpi_people_check_reach(by, permissions, task);
}

/* Before he is disabled or loses the role. */
static fpi_err_t *check_last_admin(fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    int64_t others;
    fpi_ids_t roles;

    FPI_TRY(fpi_user_roles_list(&roles, tx, user->id, task));
    if (!user->is_active || !fpi_ids_has(&roles, FPI_DUTY_ADMIN)) {
        return NULL;
    }
    FPI_TRY(fpi_users_count_other_admins(&others, tx, user, task));
    return others ? NULL : fpi_refuse(task, FPI_E_STATE, "roles", "%s 是最后一个系统管理员, 不能停用或移除该角色",
                                      "%s is the last administrator: neither disabled nor without that role", user->name);
}

static fpi_err_t *refuse_bound(fpi_tx_t *tx, const fpi_user_t *user, const char *field, fpi_task_t *task)
{
    fpi_point_t *point;

    FPI_TRY(fpi_point_of_user(&point, tx, user->tenant, user->id, task));
    return point ? fpi_refuse(task, FPI_E_STATE, field, "用户 %s 已绑定扫描点 %s, 请先解绑", "user %s is bound to scan point %s: "
                              "unbind him first", user->name, point->name)
                 : NULL;
}

/* ---- put ---- */

static fpi_err_t *take_org(fpi_user_t *user, const char *code, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t org;

    FPI_TRY(fpi_people_org_of(&org, tx, user->tenant, fpi_text_trim(task->pool, code), true, "org", task));
    if (user->id && org != user->org) {
        FPI_TRY(refuse_bound(tx, user, "org", task));
    }
    user->org = org;
    return NULL;
}

static fpi_err_t *take_form(fpi_user_t *user, const fpi_user_form_t *form, fpi_tx_t *tx, fpi_task_t *task)
{
    if (form->name || !user->name) {
        FPI_TRY(fpi_people_take_name(&user->name, form->name, "name", NAME_MOST, task));
    }
    if (form->mobile) {
        FPI_TRY(fpi_people_take_mobile(&user->mobile, form->mobile, "mobile", task));
    }
    if (form->mail) {
        FPI_TRY(fpi_people_take_mail(&user->mail, form->mail, "mail", task));
    }
    if (form->org) {
        FPI_TRY(take_org(user, form->org, tx, task));
    }
    if (form->is_head >= 0) {
        user->is_head = form->is_head != 0;
    }
    return NULL;
}

static bool is_among(const int64_t *ids, int count, int64_t id)
{
    for (int i = 0; i < count; i++) {
        if (ids[i] == id) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *find_roles(fpi_ids_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const fpi_user_form_t *form,
                             fpi_task_t *task)
{
    int64_t *ids = apr_palloc(task->pool, sizeof(*ids) * FPI_USER_ROLES);
    int count = 0;

    for (int i = 0; i < form->role_count; i++) {
        fpi_duty_t *role;

        FPI_TRY(fpi_people_role_of(&role, tx, task->tenant, form->roles[i], task));
        FPI_TRY(fpi_people_check_reach(by, role->permissions, task));
        if (!is_among(ids, count, role->id) && count < FPI_USER_ROLES) {
            ids[count++] = role->id;
        }
    }
    *out = (fpi_ids_t){ ids, count };
    return NULL;
}

static bool are_same(const fpi_ids_t *a, const fpi_ids_t *b)
{
    for (int i = 0; i < a->count; i++) {
        if (!is_among(b->items, b->count, a->items[i])) {
            return false;
        }
    }
    return a->count == b->count;
}

/* roles: those he has, then those he is to have. */
static fpi_err_t *take_roles(fpi_ids_t *roles, bool *are_others, fpi_tx_t *tx, const fpi_viewer_t *by, const fpi_user_t *user,
                             const fpi_user_form_t *form, fpi_task_t *task)
{
    fpi_ids_t wanted;

    *are_others = false;
    if (form->role_count < 0) {
        return NULL;
    }
    FPI_TRY(fpi_user_roles_list(roles, tx, user->id, task));
    FPI_TRY(find_roles(&wanted, tx, by, form, task));
    if (!is_among(wanted.items, wanted.count, FPI_DUTY_ADMIN)) {
        FPI_TRY(check_last_admin(tx, user, task));
    }
    *are_others = !are_same(roles, &wanted);
    *roles = wanted;
    return NULL;
}

static fpi_err_t *check_disable(fpi_tx_t *tx, const fpi_user_t *user, const char *field, fpi_task_t *task)
{
    FPI_TRY(check_last_admin(tx, user, task));
    return refuse_bound(tx, user, field, task);
}

static fpi_err_t *take_active(fpi_user_t *user, const fpi_user_form_t *form, fpi_tx_t *tx, fpi_task_t *task)
{
    if (form->is_active == 0 && user->is_active) {
        FPI_TRY(check_disable(tx, user, "is_active", task));
    }
    user->is_active = form->is_active < 0 ? user->is_active : form->is_active != 0;
    return NULL;
}

/* Which of the two that must be unique another has. */
static fpi_err_t *refuse_twice(fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    fpi_user_t *other;

    FPI_TRY(fpi_user_find(&other, tx, user->tenant, user->name, task));
    if (other && other->id != user->id) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "name", "用户名 %s 已存在", "there is a user %s already", user->name);
    }
    FPI_TRY(fpi_user_find_by_mobile(&other, tx, user->tenant, user->mobile ? user->mobile : "", task));
    if (other && other->id != user->id) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "mobile", "手机号 %s 已属于用户 %s", "the mobile %s is user %s's", user->mobile,
                          other->name);
    }
    return NULL;
}

/* NULL: nothing. */
static fpi_err_t *find_changes(const char **out, const fpi_user_t *old, const fpi_user_t *user, const fpi_user_form_t *form,
                               bool are_others, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_json_t *changes = fpi_json_make_object(task), *roles = fpi_json_make_array(task);

    fpi_change_text(changes, "name", old->name, user->name, task);
    fpi_change_text(changes, "mobile", old->mobile, user->mobile, task);
    fpi_change_text(changes, "mail", old->mail, user->mail, task);
    fpi_change_bool(changes, "is_head", old->is_head, user->is_head, task);
    fpi_change_bool(changes, "is_active", old->is_active, user->is_active, task);
    FPI_TRY(fpi_change_org(changes, "org", old->org, user->org, tx, task));
    for (int i = 0; are_others && i < form->role_count; i++) {
        fpi_json_add_text(roles, form->roles[i]);
    }
    if (are_others) {
        fpi_json_put(changes, "roles", roles);
    }
    *out = fpi_changes_text(changes, task);
    return NULL;
}

static fpi_err_t *find_or_make(fpi_user_t **user, fpi_tx_t *tx, const fpi_viewer_t *by, int64_t id, const char *hash,
                               fpi_task_t *task)
{
    if (id) {
        FPI_TRY(fpi_people_user_get(user, tx, task->tenant, id, task));
        return check_reach(by, tx, *user, task);
    }
    *user = apr_pcalloc(task->pool, sizeof(**user));
    **user = (fpi_user_t){ .tenant = task->tenant, .password = hash, .is_active = true, .must_change = true };
    return NULL;
}

fpi_err_t *fpi_people_user_put(fpi_user_t **out, const char **changes, fpi_tx_t *tx, const fpi_viewer_t *by, int64_t id,
                               const char *hash, const fpi_user_form_t *form, fpi_task_t *task)
{
    fpi_user_t *user, old;
    fpi_ids_t roles;
    bool are_others;

    FPI_TRY(find_or_make(&user, tx, by, id, hash, task));
    old = *user;
    *out = user;
    FPI_TRY(take_form(user, form, tx, task));
    FPI_TRY(refuse_twice(tx, user, task));
    FPI_TRY(take_roles(&roles, &are_others, tx, by, user, form, task));
    FPI_TRY(take_active(user, form, tx, task));
    FPI_TRY(find_changes(changes, &old, user, form, are_others, tx, task));
    if (id && !*changes) {
        return NULL;
    }
    FPI_TRY(fpi_user_put(user, tx, task));
    if (are_others) {
        FPI_TRY(fpi_user_roles_put(tx, user->id, &roles, task));
    }
    if (old.is_active && !user->is_active) {
        FPI_TRY(fpi_sessions_drop_of(tx, user->id, NULL, task));
    }
    return fpi_audit_add(tx, id ? "user.changed" : "user.added", user->name, *changes, task);
}

typedef struct doing_t {
    const fpi_user_form_t *form;
    const fpi_viewer_t *by;
    int64_t id;
    const char *hash;
    bool flag;
    const fpi_grant_form_t *grants;
    int count;
    fpi_user_t *user;
} doing_t;

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *d = baton;
    const char *changes;

    return fpi_people_user_put(&d->user, &changes, tx, d->by, d->id, d->hash, d->form, task);
}

fpi_err_t *fpi_people_user_make(fpi_user_t **out, fpi_secret_t **password, fpi_app_t *app, const fpi_viewer_t *by,
                                const fpi_user_form_t *form, fpi_task_t *task)
{
    doing_t d = { .form = form, .by = by };

    FPI_TRY(fpi_setup_make_password(password, task));
    FPI_TRY(fpi_password_hash(&d.hash, *password, task));
    FPI_TRY(fpi_admin_write(app, tx_put, &d, task));
    *out = d.user;
    return NULL;
}

fpi_err_t *fpi_people_user_change(fpi_user_t **out, fpi_app_t *app, const fpi_viewer_t *by, int64_t id,
                                  const fpi_user_form_t *form, fpi_task_t *task)
{
    doing_t d = { .form = form, .by = by, .id = id };

    FPI_TRY(fpi_admin_write(app, tx_put, &d, task));
    *out = d.user;
    return NULL;
}

/* ---- the rest ---- */

static fpi_err_t *tx_enable(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *d = baton;

    FPI_TRY(fpi_people_user_get(&d->user, tx, task->tenant, d->id, task));
    FPI_TRY(check_reach(d->by, tx, d->user, task));
    if (!d->flag) {
        FPI_TRY(check_disable(tx, d->user, "user_id", task));
        FPI_TRY(fpi_sessions_drop_of(tx, d->id, NULL, task));
    }
    d->user->is_active = d->flag;
    FPI_TRY(fpi_user_put(d->user, tx, task));
    return fpi_audit_add(tx, d->flag ? "user.enabled" : "user.disabled", d->user->name, NULL, task);
}

fpi_err_t *fpi_people_user_enable(fpi_user_t **out, fpi_app_t *app, const fpi_viewer_t *by, int64_t id, bool is_active,
                                  fpi_task_t *task)
{
    doing_t d = { .by = by, .id = id, .flag = is_active };

    FPI_TRY(fpi_admin_write(app, tx_enable, &d, task));
    *out = d.user;
    return NULL;
}

static fpi_err_t *tx_unlock(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *d = baton;
    apr_time_t until;

    FPI_TRY(fpi_people_user_get(&d->user, tx, task->tenant, d->id, task));
    FPI_TRY(fpi_guard_locked(&until, tx, d->id, task));
    FPI_TRY(fpi_guard_drop(&d->flag, tx, fpi_guard_key_user(d->id, task), task));
    d->flag = until != 0;
    return d->flag ? fpi_audit_add(tx, "user.unlocked", d->user->name, NULL, task) : NULL;
}

fpi_err_t *fpi_people_user_unlock(bool *was_locked, fpi_app_t *app, int64_t id, fpi_task_t *task)
{
    doing_t d = { .id = id };

    FPI_TRY(fpi_store_write(app->store, tx_unlock, &d, task));
    *was_locked = d.flag;
    return NULL;
}

static fpi_err_t *tx_reset(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *d = baton;
    bool was_there;

    FPI_TRY(fpi_people_user_get(&d->user, tx, task->tenant, d->id, task));
    FPI_TRY(check_reach(d->by, tx, d->user, task));
    d->user->password = d->hash;
    d->user->must_change = true;
    FPI_TRY(fpi_guard_drop(&was_there, tx, fpi_guard_key_user(d->id, task), task));
    FPI_TRY(fpi_sessions_drop_of(tx, d->id, NULL, task));
    FPI_TRY(fpi_user_put(d->user, tx, task));
    return fpi_audit_add(tx, "user.reset", d->user->name, NULL, task);
}

fpi_err_t *fpi_people_user_reset(fpi_secret_t **password, fpi_app_t *app, const fpi_viewer_t *by, int64_t id,
                                 fpi_task_t *task)
{
    doing_t d = { .by = by, .id = id };

    FPI_TRY(fpi_setup_make_password(password, task));
    FPI_TRY(fpi_password_hash(&d.hash, *password, task));
    return fpi_admin_write(app, tx_reset, &d, task);
}

/* ---- grants ---- */

static bool has_org(const fpi_grant_t *grants, int count, int64_t org)
{
    for (int i = 0; i < count; i++) {
        if (grants[i].org == org) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *audit_grants(fpi_tx_t *tx, const char *action, const doing_t *d, const fpi_grant_t *grants, int count,
                               fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *list = fpi_json_make_array(task);

    for (int i = 0; i < count; i++) {
        const char *org;

        FPI_TRY(fpi_change_org_name(&org, grants[i].org, tx, task));
        fpi_json_add_text(list, apr_pstrcat(task->pool, org ? org : "", grants[i].sees_all ? ": ALL" : ": OWN",
                                            grants[i].with_below ? " with below" : "", NULL));
    }
    fpi_json_put(doc, "grants", list);
    return fpi_audit_add(tx, action, d->user->name, fpi_json_format(doc, false, task), task);
}

static fpi_err_t *tx_grant(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *d = baton;
    fpi_grant_t *grants = apr_palloc(task->pool, sizeof(*grants) * ((size_t)d->count + 1));

    FPI_TRY(fpi_people_user_get(&d->user, tx, task->tenant, d->id, task));
    for (int i = 0; i < d->count; i++) {
        const fpi_grant_form_t *form = &d->grants[i];

        grants[i] = (fpi_grant_t){ 0, form->sees_all, form->with_below };
        FPI_TRY(fpi_people_org_of(&grants[i].org, tx, task->tenant, form->org, false, "grants", task));
        if (has_org(grants, i, grants[i].org)) {
            return fpi_refuse(task, FPI_E_FIELD, "grants", "组织 %s 重复授权", "organisation %s is granted twice", form->org);
        }
    }
    FPI_TRY(fpi_user_grants_put(tx, d->id, grants, d->count, task));
    return audit_grants(tx, "user.granted", d, grants, d->count, task);
}

fpi_err_t *fpi_people_user_grant(fpi_user_t **out, fpi_app_t *app, int64_t id, const fpi_grant_form_t *grants, int count,
                                 fpi_task_t *task)
{
    doing_t d = { .id = id, .grants = grants, .count = count };

    FPI_TRY(fpi_admin_write(app, tx_grant, &d, task));
    *out = d.user;
    return NULL;
}

/* *count of those that stay, without that of `org`. */
static fpi_err_t *keep_others(fpi_grant_t **out, int *count, bool *was_there, fpi_tx_t *tx, int64_t user, int64_t org,
                              fpi_task_t *task)
{
    fpi_grant_t *had;
    int all;

    FPI_TRY(fpi_user_grants_list(&had, &all, tx, user, task));
    *out = apr_palloc(task->pool, sizeof(**out) * ((size_t)all + 1));
    *was_there = false;
    *count = 0;
    for (int i = 0; i < all; i++) {
        if (had[i].org == org) {
            *was_there = true;
        }
        else {
            (*out)[(*count)++] = had[i];
        }
    }
    return NULL;
}

static fpi_err_t *tx_grant_one(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *d = baton;
    fpi_grant_t *grants;
    int64_t org;
    bool was_there;
    int count;

    FPI_TRY(fpi_people_user_get(&d->user, tx, task->tenant, d->id, task));
    FPI_TRY(fpi_people_org_of(&org, tx, task->tenant, d->grants->org, false, "org", task));
    FPI_TRY(keep_others(&grants, &count, &was_there, tx, d->id, org, task));
    if (!d->flag && !was_there) {
        return fpi_refuse(task, FPI_E_ABSENT, "org", "用户 %s 在组织 %s 没有授权", "user %s has no grant in organisation %s",
                          d->user->name, *d->grants->org ? d->grants->org : "-");
    }
    if (d->flag && count == FPI_USER_GRANTS) {
        return fpi_refuse(task, FPI_E_STATE, "org", "一个用户最多 %d 项授权", "a user has at most %d grants", FPI_USER_GRANTS);
    }
    grants[count] = (fpi_grant_t){ org, d->grants->sees_all, d->grants->with_below };
    FPI_TRY(fpi_user_grants_put(tx, d->id, grants, d->flag ? count + 1 : count, task));
    return audit_grants(tx, d->flag ? "user.granted" : "user.grant-removed", d, &grants[count], 1, task);
}

fpi_err_t *fpi_people_user_grant_one(fpi_user_t **out, fpi_app_t *app, int64_t id, const fpi_grant_form_t *grant, bool is_given,
                                     fpi_task_t *task)
{
    doing_t d = { .id = id, .grants = grant, .count = 1, .flag = is_given };

    FPI_TRY(fpi_admin_write(app, tx_grant_one, &d, task));
    *out = d.user;
    return NULL;
}
