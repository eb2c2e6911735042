/* Organisations: a tree of at most FPI_ORG_LEVELS levels, the tenant being the first. */
#include "service/people.h"

#include "base/text.h"
#include "service/admin_own.h"
#include "service/changes.h"
#include "store/audit.h"
#include "store/orgs.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

enum { CODE_MOST = 50, NAME_MOST = 100 };

typedef struct putting_t {
    const fpi_org_form_t *form;
    int64_t id;
    fpi_org_t *org;
} putting_t;

/* ---- the tree ---- */

static const fpi_org_t *find_org(const fpi_org_t *orgs, int count, int64_t id)
{
    for (int i = 0; i < count; i++) {
        if (orgs[i].id == id) {
            return &orgs[i];
        }
    }
    return NULL;
}

/* More than FPI_ORG_LEVELS: too deep, or a ring. */
static int level_of(const fpi_org_t *orgs, int count, const fpi_org_t *org)
{
    int level = 2;

    for (const fpi_org_t *above = org; above->parent && level <= 2 * FPI_ORG_LEVELS; level++) {
        above = find_org(orgs, count, above->parent);
        if (!above) {
            break;
        }
    }
    return level;
}

void fpi_people_levels(int *levels, const fpi_org_t *orgs, int count)
{
    for (int i = 0; i < count; i++) {
        levels[i] = level_of(orgs, count, &orgs[i]);
    }
}

static fpi_err_t *too_deep(const char *code, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_STATE, "parent", "组织最多 %d 级 (第1级为租户), 组织 %s 将超过, 请选择更高一级的上级组织",
                      "organisations have at most %d levels, the tenant being the first: %s would be deeper; choose one "
                      "further up", FPI_ORG_LEVELS, code);
}

static fpi_err_t *check_ring(const fpi_org_t *orgs, int count, const fpi_org_t *org, fpi_task_t *task)
{
    const fpi_org_t *parent = find_org(orgs, count, org->parent), *above = parent;

    for (int level = 1; above && level <= FPI_ORG_LEVELS; level++) {
        if (above->id == org->id) {
            return fpi_refuse(task, FPI_E_STATE, "parent", "组织 %s 不能移到自己或自己的下级 (%s) 之下",
                              "organisation %s can't stand below itself, nor below one of its own (%s)", org->code,
                              parent->code);
        }
        above = find_org(orgs, count, above->parent);
    }
    return NULL;
}

/* A new one: nothing stands below it. */
static fpi_err_t *check_above(const fpi_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t parent = org->parent;

    for (int level = 2; parent; level++) {
        fpi_org_t *above;

        if (level == FPI_ORG_LEVELS) {
            return too_deep(org->code, task);
        }
        FPI_TRY(fpi_org_find_by_id(&above, tx, org->tenant, parent, task));
        parent = above ? above->parent : 0;
    }
    return NULL;
}

/* Neither it nor what stands below it may be too deep where it will stand. */
static fpi_err_t *check_tree(const fpi_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *orgs;
    int count;

    FPI_TRY(fpi_orgs_list(&orgs, &count, tx, org->tenant, task));
    FPI_TRY(check_ring(orgs, count, org, task));
    for (int i = 0; i < count; i++) {
        orgs[i].parent = orgs[i].id == org->id ? org->parent : orgs[i].parent;
    }
    for (int i = 0; i < count; i++) {
        if (level_of(orgs, count, &orgs[i]) > FPI_ORG_LEVELS) {
            return too_deep(orgs[i].code, task);
        }
    }
    return NULL;
}

fpi_err_t *fpi_people_org_of(int64_t *out, fpi_tx_t *tx, int64_t tenant, const char *code, bool must_live,
                             const char *field, fpi_task_t *task)
{
    fpi_org_t *org;

    *out = 0;
    if (!*code) {
        return NULL;
    }
    FPI_TRY(fpi_org_find(&org, tx, tenant, NULL, code, task));
    if (!org || (must_live && !org->is_active)) {
        return fpi_refuse(task, FPI_E_FIELD, field, "组织 %.50s 不存在或已停用", "there is no organisation %.50s, or it is disabled",
                          code);
    }
    *out = org->id;
    return NULL;
}

/* ---- put ---- */

static fpi_err_t *take_form(fpi_org_t *org, const fpi_org_form_t *form, fpi_tx_t *tx, fpi_task_t *task)
{
    if (form->code) {
        FPI_TRY(fpi_people_take_word(&org->code, form->code, "code", CODE_MOST, task));
    }
    if (form->name) {
        FPI_TRY(fpi_people_take_name(&org->name, form->name, "name", NAME_MOST, task));
    }
    if (form->tax_no && !*fpi_text_trim(task->pool, form->tax_no)) {
        org->tax_no = NULL;
    }
    else if (form->tax_no) {
        FPI_TRY(fpi_people_take_tax_no(&org->tax_no, form->tax_no, "tax_no", task));
    }
    if (form->parent) {
        FPI_TRY(fpi_people_org_of(&org->parent, tx, org->tenant, form->parent, true, "parent", task));
    }
    if (form->is_active >= 0) {
        org->is_active = form->is_active != 0;
    }
    if (!org->code || !org->name) {
        return fpi_refuse(task, FPI_E_FIELD, org->code ? "name" : "code", "code 与 name 不能为空", "code and name must be there");
    }
    return NULL;
}

static fpi_err_t *check_use(const fpi_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_use_t use;

    FPI_TRY(fpi_org_use(&use, tx, org, task));
    if (!use.users && !use.points && !use.orgs) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_STATE, "is_active",
                      "组织 %s 仍在使用: 启用的用户 %d 个, 扫描点 %d 个, 下级组织 %d 个, 请先移走或停用",
                      "organisation %s is in use by %d active users, %d scan points and %d organisations below: move or disable "
                      "them first", org->code, (int)use.users, (int)use.points, (int)use.orgs);
}

static fpi_err_t *find(fpi_org_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task)
{
    if (!id) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        **out = (fpi_org_t){ .tenant = task->tenant, .is_active = true };
        return NULL;
    }
    FPI_TRY(fpi_org_find_by_id(out, tx, task->tenant, id, task));
    return *out ? NULL : fpi_refuse(task, FPI_E_ABSENT, "org_id", "组织 %d 不存在", "there is no organisation %d", (int)id);
}

/* NULL: nothing. */
static fpi_err_t *find_changes(const char **out, const fpi_org_t *old, const fpi_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_json_t *changes = fpi_json_make_object(task);

    fpi_change_text(changes, "code", old->code, org->code, task);
    fpi_change_text(changes, "name", old->name, org->name, task);
    fpi_change_text(changes, "tax_no", old->tax_no, org->tax_no, task);
    FPI_TRY(fpi_change_org(changes, "parent", old->parent, org->parent, tx, task));
    fpi_change_bool(changes, "is_active", old->is_active, org->is_active, task);
    *out = fpi_changes_text(changes, task);
    return NULL;
}

static fpi_err_t *check(const fpi_org_t *old, const fpi_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *other;

    FPI_TRY(fpi_org_find(&other, tx, org->tenant, NULL, org->code, task));
    if (other && other->id != org->id) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "code", "组织编码 %s 已存在", "there is an organisation %s already", org->code);
    }
    if (org->id && old->is_active && !org->is_active) {
        FPI_TRY(check_use(org, tx, task));
    }
    if (!org->id) {
        return check_above(org, tx, task);
    }
    return org->parent != old->parent ? check_tree(org, tx, task) : NULL;
}

fpi_err_t *fpi_people_org_put_in(fpi_org_t **out, const char **changes, fpi_tx_t *tx, int64_t id, const fpi_org_form_t *form,
                                 fpi_task_t *task)
{
    fpi_org_t *org, old;

    FPI_TRY(find(&org, tx, id, task));
    old = *org;
    *out = org;
    FPI_TRY(take_form(org, form, tx, task));
    FPI_TRY(check(&old, org, tx, task));
    FPI_TRY(find_changes(changes, &old, org, tx, task));
    if (id && !*changes) {
        return NULL;
    }
    FPI_TRY(fpi_org_save(org, tx, task));
    return fpi_audit_add(tx, id ? "organisation.changed" : "organisation.added", org->code, *changes, task);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    const char *changes;

    return fpi_people_org_put_in(&p->org, &changes, tx, p->id, p->form, task);
}

fpi_err_t *fpi_people_org_put(fpi_org_t **out, fpi_app_t *app, int64_t id, const fpi_org_form_t *form, fpi_task_t *task)
{
    putting_t p = { .form = form, .id = id };

    FPI_TRY(fpi_admin_write(app, tx_put, &p, task));
    *out = p.org;
    return NULL;
}
