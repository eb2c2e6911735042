/* Roles, and that nobody gives what he has not. */
#include "service/people.h"

#include "base/text.h"
#include "service/admin_own.h"
#include "service/changes.h"
#include "store/audit.h"
#include "store/duties.h"

#include <string.h>

enum { NAME_MOST = 50 };

fpi_err_t *fpi_people_check_reach(const fpi_viewer_t *by, uint64_t permissions, fpi_task_t *task)
{
    uint64_t beyond = by ? permissions & ~by->permissions : 0;

    for (int i = FPI_MAY_NONE + 1; i < FPI_MAY_COUNT; i++) {
        if (beyond >> i & 1) {
            return fpi_refuse(task, FPI_E_ROLE, "permissions", "不能授予或管理您自己没有的权限: %s%.0s",
                              "you can't give or manage a permission that you have not: %.0s%s",
                              fpi_permission_name((fpi_permission_t)i, "zh"), fpi_permission_name((fpi_permission_t)i, "en"));
        }
    }
    return NULL;
}

fpi_err_t *fpi_people_role_of(fpi_duty_t **out, fpi_tx_t *tx, int64_t tenant, const char *word, fpi_task_t *task)
{
    int64_t id;

    if (fpi_int_parse(&id, word, 1, INT64_MAX)) {
        FPI_TRY(fpi_duty_find(out, tx, tenant, id, task));
    }
    else {
        FPI_TRY(fpi_duty_find_by_name(out, tx, tenant, word, task));
    }
    if (!*out || !(*out)->is_active) {
        return fpi_refuse(task, FPI_E_FIELD, "roles", "角色 %.50s 不存在或已停用", "there is no role %.50s, or it is disabled", word);
    }
    return NULL;
}

/* ---- put ---- */

typedef struct putting_t {
    const fpi_duty_form_t *form;
    const fpi_viewer_t *by;
    int64_t id;
    fpi_duty_t *role;
} putting_t;

static fpi_err_t *find(putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!p->id) {
        p->role = apr_pcalloc(task->pool, sizeof(*p->role));
        p->role->tenant = task->tenant;
        p->role->is_active = true;
        return NULL;
    }
    FPI_TRY(fpi_duty_find(&p->role, tx, task->tenant, p->id, task));
    if (!p->role) {
        return fpi_refuse(task, FPI_E_ABSENT, "role_id", "角色 %d 不存在", "there is no role %d", (int)p->id);
    }
    if (!p->role->tenant) {
        return fpi_refuse(task, FPI_E_STATE, "role_id", "内置角色 %s 不能修改, 请新建角色",
                          "the built-in role %s can't be changed: make a role of your own", p->role->name);
    }
    FPI_TRY(fpi_duty_count_users(p->role, tx, task->tenant, task));
    return fpi_people_check_reach(p->by, p->role->permissions, task);
}

static fpi_err_t *take_form(putting_t *p, fpi_task_t *task)
{
    fpi_duty_t *role = p->role;

    if (p->form->name) {
        FPI_TRY(fpi_people_take_name(&role->name, p->form->name, "name", NAME_MOST, task));
    }
    if (!role->name || fpi_duty_find_built_in(role->name) || strspn(role->name, "0123456789") == strlen(role->name)) {
        return fpi_refuse(task, FPI_E_FIELD, "name", "角色名不能为空, 不能与内置角色同名或全为数字",
                          "a role must have a name, not a built-in one's and not digits alone");
    }
    if (p->form->permissions) {
        role->permissions = *p->form->permissions;
    }
    if (p->form->is_active >= 0) {
        role->is_active = p->form->is_active != 0;
    }
    if (!role->is_active && role->users) {
        return fpi_refuse(task, FPI_E_STATE, "is_active", "角色 %s 仍有 %d 个启用的用户, 不能停用",
                          "role %s is held by %d active users: take it from them before it is disabled", role->name,
                          (int)role->users);
    }
    return fpi_people_check_reach(p->by, role->permissions, task);
}

static fpi_err_t *audit(const fpi_duty_t *old, const fpi_duty_t *role, bool is_new, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_json_t *changes = fpi_json_make_object(task);

    fpi_change_text(changes, "name", old->name, role->name, task);
    fpi_change_text(changes, "permissions", fpi_permissions_format(old->permissions, task->pool),
                    fpi_permissions_format(role->permissions, task->pool), task);
    fpi_change_bool(changes, "is_active", old->is_active, role->is_active, task);
    return fpi_audit_add(tx, is_new ? "role.added" : "role.changed", role->name, fpi_changes_text(changes, task), task);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    fpi_duty_t old;
    fpi_err_t *err;

    FPI_TRY(find(p, tx, task));
    old = *p->role;
    FPI_TRY(take_form(p, task));
    err = fpi_duty_put(p->role, tx, task);
    if (err && err->code == FPI_E_DUPLICATE) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "name", "角色 %s 已存在", "there is a role %s already", p->role->name);
    }
    FPI_TRY(err);
    return audit(&old, p->role, p->id == 0, tx, task);
}

fpi_err_t *fpi_people_role_put(fpi_duty_t **out, fpi_app_t *app, const fpi_viewer_t *by, int64_t id,
                               const fpi_duty_form_t *form, fpi_task_t *task)
{
    putting_t p = { .form = form, .by = by, .id = id };

    FPI_TRY(fpi_admin_write(app, tx_put, &p, task));
    *out = p.role;
    return NULL;
}
