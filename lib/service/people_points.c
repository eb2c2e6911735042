/* Scan points and their scanners. */
#include "service/people.h"

#include "base/text.h"
#include "service/admin_own.h"
#include "service/changes.h"
#include "store/audit.h"
#include "service/viewers.h"
#include "store/points.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_MOST = 50, ADDRESS_MOST = 200 };

fpi_err_t *fpi_people_point_get(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    FPI_TRY(fpi_point_find(out, tx, tenant, id, task));
    return *out ? NULL : fpi_refuse(task, FPI_E_ABSENT, "scan_point_id", "扫描点 %d 不存在", "there is no scan point %d", (int)id);
}

/* ---- who may be bound ---- */

static fpi_err_t *say(const fpi_user_t *user, const char *zh, const char *en, const char *more, fpi_task_t *task)
{
    /* each text takes its own of the two languages and prints nothing of the other */
    return fpi_refuse(task, FPI_E_STATE, "user_id", "用户 %s %s%.0s%s", "user %s %.0s%s%s", user->name, zh, en, more);
}

fpi_err_t *fpi_people_why_not_bind(const fpi_err_t **why, fpi_tx_t *tx, const fpi_point_t *point, const fpi_user_t *user,
                                   fpi_task_t *task)
{
    fpi_point_t *bound;
    uint64_t permissions;

    FPI_TRY(fpi_point_of_user(&bound, tx, user->tenant, user->id, task));
    FPI_TRY(fpi_viewer_permissions(&permissions, tx, user->tenant, user->id, task));
    *why = NULL;
    if (!user->is_active) {
        *why = say(user, "已停用", "is disabled", "", task);
    }
    else if (user->org != point->org) {
        *why = say(user, "不属于扫描点的组织", "is not of the scan point's organisation", "", task);
    }
    else if (!(permissions >> FPI_MAY_CAPTURE & 1)) {
        *why = say(user, "没有扫描权限, 请授予扫描员角色", "lacks the permission to scan: give him the role of a scanner", "", task);
    }
    else if (bound) {
        *why = say(user, "已绑定扫描点 ", "is bound already to scan point ", bound->name, task);
    }
    return NULL;
}

/* ---- put ---- */

typedef struct putting_t {
    const fpi_point_form_t *form;
    int64_t id, user;
    fpi_point_t *point;
    apr_array_header_t *scanners; /* const fpi_user_t *: to be bound */
} putting_t;

static fpi_err_t *find(putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    if (p->id) {
        return fpi_people_point_get(&p->point, tx, task->tenant, p->id, task);
    }
    p->point = apr_pcalloc(task->pool, sizeof(*p->point));
    p->point->tenant = task->tenant;
    p->point->is_active = true;
    return NULL;
}

/* The names of up to five enabled scanners, NULL when there is none. */
static fpi_err_t *name_scanners(const char **out, fpi_tx_t *tx, const fpi_point_t *point, fpi_task_t *task)
{
    fpi_user_t *users;
    int count, named = 0;

    *out = NULL;
    FPI_TRY(fpi_point_users_list(&users, &count, tx, point->id, task));
    for (int i = 0; i < count && named < 5; i++) {
        if (users[i].is_active) {
            *out = named++ ? apr_pstrcat(task->pool, *out, ", ", users[i].name, NULL) : users[i].name;
        }
    }
    return NULL;
}

static fpi_err_t *check_scanners(putting_t *p, const char *field, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *names;

    FPI_TRY(name_scanners(&names, tx, p->point, task));
    return names ? fpi_refuse(task, FPI_E_STATE, field, "扫描点 %s 仍有启用的扫描员: %s, 请先解绑",
                              "scan point %s has enabled scanners: %s; unbind them first", p->point->name, names)
                 : NULL;
}

static fpi_err_t *take_org(putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t org;

    FPI_TRY(fpi_people_org_of(&org, tx, task->tenant, fpi_text_trim(task->pool, p->form->org), true, "org", task));
    if (p->id && org != p->point->org) {
        FPI_TRY(check_scanners(p, "org", tx, task));
    }
    p->point->org = org;
    return NULL;
}

static fpi_err_t *take_form(putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_point_form_t *form = p->form;
    fpi_point_t *point = p->point;

    if (form->name || !point->name) {
        FPI_TRY(fpi_people_take_name(&point->name, form->name, "name", NAME_MOST, task));
    }
    if (form->address && !*fpi_text_trim(task->pool, form->address)) {
        point->address = NULL;
    }
    else if (form->address) {
        FPI_TRY(fpi_people_take_name(&point->address, form->address, "address", ADDRESS_MOST, task));
    }
    if (form->org) {
        FPI_TRY(take_org(p, tx, task));
    }
    if (form->is_active == 0 && point->is_active && p->id) {
        FPI_TRY(check_scanners(p, "is_active", tx, task));
    }
    point->is_active = form->is_active < 0 ? point->is_active : form->is_active != 0;
    return NULL;
}

/* related: those it has, then those it is to have. */
static fpi_err_t *take_related(fpi_ids_t *related, bool *are_others, const putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_point_form_t *form = p->form;
    int64_t *orgs;
    int count = 0;
    fpi_ids_t wanted;

    *are_others = false;
    if (form->related_count < 0) {
        return NULL;
    }
    orgs = apr_palloc(task->pool, sizeof(*orgs) * ((size_t)form->related_count + 1));
    for (int i = 0; i < form->related_count; i++) {
        FPI_TRY(fpi_people_org_of(&orgs[count], tx, task->tenant, form->related[i], true, "related", task));
        count += orgs[count] != p->point->org;
    }
    FPI_TRY(fpi_point_orgs_list(related, tx, p->point->id, task));
    wanted = (fpi_ids_t){ orgs, count };
    *are_others = related->count != count;
    for (int i = 0; i < count; i++) {
        *are_others |= !fpi_ids_has(related, orgs[i]);
    }
    *related = wanted;
    return NULL;
}

static fpi_err_t *check_name(const fpi_point_t *point, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_point_t *other;

    FPI_TRY(fpi_point_find_by_name(&other, tx, point->tenant, point->name, task));
    return other && other->id != point->id
               ? fpi_refuse(task, FPI_E_DUPLICATE, "name", "扫描点 %s 已存在", "there is a scan point %s already", point->name)
               : NULL;
}

/* Those of `users` that are not bound to it yet; FPI_E_STATE when one can't be. */
static fpi_err_t *take_scanners(putting_t *p, const fpi_user_t *const *users, int count, fpi_tx_t *tx, fpi_task_t *task)
{
    p->scanners = apr_array_make(task->pool, count + 1, sizeof(fpi_user_t *));
    for (int i = 0; i < count; i++) {
        fpi_point_t *bound;
        const fpi_err_t *why;

        FPI_TRY(fpi_point_of_user(&bound, tx, task->tenant, users[i]->id, task));
        if (bound && p->point->id == bound->id) {
            continue;
        }
        FPI_TRY(fpi_people_why_not_bind(&why, tx, p->point, users[i], task));
        if (why) {
            return fpi_wrap(task, why, "binding");
        }
        APR_ARRAY_PUSH(p->scanners, const fpi_user_t *) = users[i];
    }
    return NULL;
}

/* The organisations that it scans for, too. */
static fpi_err_t *put_related(fpi_json_t *changes, const fpi_ids_t *related, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_json_t *names = fpi_json_make_array(task);

    for (int i = 0; i < related->count; i++) {
        const char *name;

        FPI_TRY(fpi_change_org_name(&name, related->items[i], tx, task));
        fpi_json_add_text(names, name);
    }
    fpi_json_put(changes, "related", names);
    return NULL;
}

/* NULL: nothing. `related` NULL: the same as before. */
static fpi_err_t *find_changes(const char **out, const fpi_point_t *old, const putting_t *p, const fpi_ids_t *related, fpi_tx_t *tx,
                               fpi_task_t *task)
{
    fpi_json_t *changes = fpi_json_make_object(task), *names = fpi_json_make_array(task);

    fpi_change_text(changes, "name", old->name, p->point->name, task);
    fpi_change_text(changes, "address", old->address, p->point->address, task);
    fpi_change_bool(changes, "is_active", old->is_active, p->point->is_active, task);
    FPI_TRY(fpi_change_org(changes, "org", old->org, p->point->org, tx, task));
    FPI_TRY(related ? put_related(changes, related, tx, task) : NULL);
    for (int i = 0; i < p->scanners->nelts; i++) {
        fpi_json_add_text(names, APR_ARRAY_IDX(p->scanners, i, const fpi_user_t *)->name);
    }
    if (p->scanners->nelts) {
        fpi_json_put(changes, "scanners", names);
    }
    *out = fpi_changes_text(changes, task);
    return NULL;
}

static fpi_err_t *save(putting_t *p, const fpi_ids_t *related, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_point_put(p->point, tx, task));
    if (related) {
        FPI_TRY(fpi_point_orgs_put(tx, p->point->id, related, task));
    }
    for (int i = 0; i < p->scanners->nelts; i++) {
        FPI_TRY(fpi_point_bind(tx, p->point->id, APR_ARRAY_IDX(p->scanners, i, const fpi_user_t *)->id, task));
    }
    return NULL;
}

fpi_err_t *fpi_people_point_put_in(fpi_point_t **out, const char **changes, fpi_tx_t *tx, int64_t id,
                                   const fpi_point_form_t *form, const fpi_user_t *const *scanners, int scanner_count,
                                   fpi_task_t *task)
{
    putting_t p = { .form = form, .id = id };
    fpi_point_t old;
    fpi_ids_t related;
    bool are_others;

    FPI_TRY(find(&p, tx, task));
    old = *p.point;
    *out = p.point;
    FPI_TRY(take_form(&p, tx, task));
    FPI_TRY(check_name(p.point, tx, task));
    FPI_TRY(take_related(&related, &are_others, &p, tx, task));
    FPI_TRY(take_scanners(&p, scanners, scanner_count, tx, task));
    FPI_TRY(find_changes(changes, &old, &p, are_others ? &related : NULL, tx, task));
    if (id && !*changes) {
        return NULL;
    }
    FPI_TRY(save(&p, are_others ? &related : NULL, tx, task));
    return fpi_audit_add(tx, id ? "scan-point.changed" : "scan-point.added", p.point->name, *changes, task);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    const char *changes;

    return fpi_people_point_put_in(&p->point, &changes, tx, p->id, p->form, NULL, 0, task);
}

fpi_err_t *fpi_people_point_put(fpi_point_t **out, fpi_app_t *app, int64_t id, const fpi_point_form_t *form,
                                fpi_task_t *task)
{
    putting_t p = { .form = form, .id = id };

    FPI_TRY(fpi_admin_write(app, tx_put, &p, task));
    *out = p.point;
    return NULL;
}

/* ---- scanners ---- */

static const char *who(const fpi_user_t *user, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "user", user->name);
    return fpi_json_format(doc, false, task);
}

static fpi_err_t *tx_bind(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    const fpi_err_t *why;
    fpi_user_t *user;

    FPI_TRY(fpi_people_point_get(&p->point, tx, task->tenant, p->id, task));
    FPI_TRY(fpi_people_user_get(&user, tx, task->tenant, p->user, task));
    FPI_TRY(fpi_people_why_not_bind(&why, tx, p->point, user, task));
    if (why) {
        return fpi_wrap(task, why, "binding");
    }
    FPI_TRY(fpi_point_bind(tx, p->id, p->user, task));
    return fpi_audit_add(tx, "scan-point.bound", p->point->name, who(user, task), task);
}

fpi_err_t *fpi_people_point_bind(fpi_app_t *app, int64_t point, int64_t user, fpi_task_t *task)
{
    putting_t p = { .id = point, .user = user };

    return fpi_admin_write(app, tx_bind, &p, task);
}

static fpi_err_t *tx_unbind(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    fpi_user_t *user;
    bool was_bound;

    FPI_TRY(fpi_people_point_get(&p->point, tx, task->tenant, p->id, task));
    FPI_TRY(fpi_people_user_get(&user, tx, task->tenant, p->user, task));
    FPI_TRY(fpi_point_unbind(&was_bound, tx, p->id, p->user, task));
    if (!was_bound) {
        return fpi_refuse(task, FPI_E_ABSENT, "user_id", "用户 %s 未绑定到该扫描点", "user %s is not bound to that scan point",
                          user->name);
    }
    return fpi_audit_add(tx, "scan-point.unbound", p->point->name, who(user, task), task);
}

fpi_err_t *fpi_people_point_unbind(fpi_app_t *app, int64_t point, int64_t user, fpi_task_t *task)
{
    putting_t p = { .id = point, .user = user };

    return fpi_admin_write(app, tx_unbind, &p, task);
}
