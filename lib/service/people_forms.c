#include "service/people_forms.h"

#include "service/sessions.h"
#include "service/viewers.h"
#include "store/people.h"
#include "store/points.h"
#include "store/duties.h"
#include "store/users.h"

#include <string.h>

/* ---- roles, permissions ---- */

fpi_json_t *fpi_form_permission_set(uint64_t permissions, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = FPI_MAY_NONE + 1; i < FPI_MAY_COUNT; i++) {
        if (permissions >> i & 1) {
            fpi_json_add_text(list, fpi_permission_symbol((fpi_permission_t)i));
        }
    }
    return list;
}

fpi_json_t *fpi_form_permissions(fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = FPI_MAY_NONE + 1; i < FPI_MAY_COUNT; i++) {
        fpi_json_t *one = fpi_json_make_object(task);

        fpi_json_put_text(one, "permission", fpi_permission_symbol((fpi_permission_t)i));
        fpi_json_put_text(one, "name", fpi_permission_name((fpi_permission_t)i, task->lang));
        fpi_json_add(list, one);
    }
    return list;
}

static const char *role_name(const fpi_duty_t *role, const fpi_task_t *task)
{
    return !role->tenant && strcmp(task->lang, "en") == 0 ? fpi_duty_english(role->id) : role->name;
}

fpi_json_t *fpi_form_role(const fpi_duty_t *role, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "role_id", role->id);
    fpi_json_put_text(doc, "name", role_name(role, task));
    fpi_json_put_bool(doc, "is_built_in", !role->tenant);
    fpi_json_put_bool(doc, "is_active", role->is_active);
    fpi_json_put(doc, "permissions", fpi_form_permission_set(role->permissions, task));
    fpi_json_put_int(doc, "user_count", role->users);
    fpi_json_put_time(doc, "created_at", role->created);
    fpi_json_put_time(doc, "updated_at", role->updated);
    return doc;
}

/* ---- organisations ---- */

fpi_json_t *fpi_form_org(const fpi_org_t *org, int level, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "org_id", org->id);
    fpi_json_put_text(doc, "code", org->code);
    fpi_json_put_text(doc, "name", org->name);
    fpi_json_put_text(doc, "tax_no", org->tax_no);
    fpi_json_put_int(doc, "parent_id", org->parent);
    if (level) {
        fpi_json_put_int(doc, "level", level);
    }
    fpi_json_put_bool(doc, "is_active", org->is_active);
    return doc;
}

/* org_id, org_code and org_name of the organisation; the top has no row. */
static fpi_err_t *put_org(fpi_json_t *doc, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_org_t *org = NULL;

    if (id) {
        FPI_TRY(fpi_org_find_by_id(&org, tx, tenant, id, task));
    }
    fpi_json_put_int(doc, "org_id", id);
    fpi_json_put_text(doc, "org_code", org ? org->code : "");
    fpi_json_put_text(doc, "org_name", org ? org->name : NULL);
    return NULL;
}

/* ---- users ---- */

static fpi_err_t *put_roles(fpi_json_t *doc, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    uint64_t permissions;
    fpi_ids_t roles;

    FPI_TRY(fpi_user_roles_list(&roles, tx, user->id, task));
    for (int i = 0; i < roles.count; i++) {
        fpi_json_t *one = fpi_json_make_object(task);
        fpi_duty_t *role;

        FPI_TRY(fpi_duty_find(&role, tx, user->tenant, roles.items[i], task));
        fpi_json_put_int(one, "role_id", roles.items[i]);
        fpi_json_put_text(one, "name", role ? role_name(role, task) : NULL);
        fpi_json_add(list, one);
    }
    FPI_TRY(fpi_viewer_permissions(&permissions, tx, user->tenant, user->id, task));
    fpi_json_put(doc, "roles", list);
    fpi_json_put(doc, "permissions", fpi_form_permission_set(permissions, task));
    return NULL;
}

static fpi_err_t *put_grants(fpi_json_t *doc, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    fpi_grant_t *grants;
    int count;

    FPI_TRY(fpi_user_grants_list(&grants, &count, tx, user->id, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one = fpi_json_make_object(task);

        FPI_TRY(put_org(one, tx, user->tenant, grants[i].org, task));
        fpi_json_put_text(one, "scope", grants[i].sees_all ? "ALL" : "OWN");
        fpi_json_put_bool(one, "with_below", grants[i].with_below);
        fpi_json_add(list, one);
    }
    fpi_json_put(doc, "grants", list);
    return NULL;
}

static fpi_err_t *put_point(fpi_json_t *doc, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    fpi_json_t *one = NULL;
    fpi_point_t *point;

    FPI_TRY(fpi_point_of_user(&point, tx, user->tenant, user->id, task));
    if (point) {
        one = fpi_json_make_object(task);
        fpi_json_put_int(one, "scan_point_id", point->id);
        fpi_json_put_text(one, "name", point->name);
        fpi_json_put_bool(one, "is_active", point->is_active);
    }
    fpi_json_put(doc, "scan_point", one);
    return NULL;
}

fpi_err_t *fpi_form_user(fpi_json_t **out, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    fpi_json_t *doc = *out = fpi_json_make_object(task);
    apr_time_t locked;

    FPI_TRY(fpi_guard_locked(&locked, tx, user->id, task));
    fpi_json_put_int(doc, "user_id", user->id);
    fpi_json_put_text(doc, "name", user->name);
    fpi_json_put_text(doc, "mobile", user->mobile);
    fpi_json_put_text(doc, "mail", user->mail);
    FPI_TRY(put_org(doc, tx, user->tenant, user->org, task));
    fpi_json_put_bool(doc, "is_head", user->is_head);
    fpi_json_put_bool(doc, "is_active", user->is_active);
    fpi_json_put_bool(doc, "must_change", user->must_change);
    fpi_json_put_time(doc, "locked_until", locked);
    fpi_json_put_time(doc, "last_login_at", user->last_login);
    fpi_json_put_time(doc, "created_at", user->created);
    fpi_json_put_time(doc, "updated_at", user->updated);
    FPI_TRY(put_roles(doc, tx, user, task));
    FPI_TRY(put_grants(doc, tx, user, task));
    return put_point(doc, tx, user, task);
}

/* ---- scan points ---- */

static fpi_err_t *put_related(fpi_json_t *doc, fpi_tx_t *tx, const fpi_point_t *point, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    fpi_ids_t orgs;

    FPI_TRY(fpi_point_orgs_list(&orgs, tx, point->id, task));
    for (int i = 0; i < orgs.count; i++) {
        fpi_json_t *one = fpi_json_make_object(task);
        fpi_org_t *org;

        FPI_TRY(fpi_org_find_by_id(&org, tx, point->tenant, orgs.items[i], task));
        fpi_json_put_int(one, "org_id", orgs.items[i]);
        fpi_json_put_text(one, "code", org ? org->code : NULL);
        fpi_json_put_text(one, "name", org ? org->name : NULL);
        fpi_json_add(list, one);
    }
    fpi_json_put(doc, "related", list);
    return NULL;
}

static fpi_err_t *put_scanners(fpi_json_t *doc, fpi_tx_t *tx, const fpi_point_t *point, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    fpi_user_t *users;
    int count;

    FPI_TRY(fpi_point_users_list(&users, &count, tx, point->id, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one = fpi_json_make_object(task);

        fpi_json_put_int(one, "user_id", users[i].id);
        fpi_json_put_text(one, "name", users[i].name);
        fpi_json_put_text(one, "mobile", users[i].mobile);
        fpi_json_put_bool(one, "is_active", users[i].is_active);
        fpi_json_add(list, one);
    }
    fpi_json_put(doc, "scanners", list);
    return NULL;
}

fpi_err_t *fpi_form_point(fpi_json_t **out, fpi_tx_t *tx, const fpi_point_t *point, fpi_task_t *task)
{
    fpi_json_t *doc = *out = fpi_json_make_object(task);

    fpi_json_put_int(doc, "scan_point_id", point->id);
    fpi_json_put_text(doc, "name", point->name);
    fpi_json_put_text(doc, "address", point->address);
    FPI_TRY(put_org(doc, tx, point->tenant, point->org, task));
    fpi_json_put_bool(doc, "is_active", point->is_active);
    FPI_TRY(put_related(doc, tx, point, task));
    FPI_TRY(put_scanners(doc, tx, point, task));
    fpi_json_put_time(doc, "created_at", point->created);
    fpi_json_put_time(doc, "updated_at", point->updated);
    return NULL;
}
