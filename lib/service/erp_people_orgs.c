/* An organisation of a business system.
 *
 *   named before ──> that one      the only root ──> the top      its code is here ──> that one      else ──> a new one */
#include "service/erp_people_own.h"

#include "service/people.h"
#include "store/orgs.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

typedef struct placing_t {
    erp_people_t *p;
    const fpi_erp_org_t *theirs;
    fpi_origin_t origin;
    fpi_org_t *here;             /* NULL: none yet */
    erp_said_t said;
} placing_t;

/* ---- who it is ---- */

static fpi_origin_t key_of(const erp_people_t *p, const char *theirs)
{
    return (fpi_origin_t){ .tenant = p->system->tenant, .system = p->system->id, .kind = FPI_ORIGIN_ORG, .theirs = theirs,
                           .local = FPI_ORIGIN_NONE };
}

static bool is_top(const placing_t *a)
{
    return a->origin.local == 0 || (a->p->root && strcmp(a->p->root, a->theirs->id) == 0);
}

/* By its code, unless another of this system is it already. */
static fpi_err_t *find_here(placing_t *a, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_origin_t key = a->origin, *other;

    if (a->origin.local > 0) {
        FPI_TRY(fpi_org_find_by_id(&a->here, tx, a->origin.tenant, a->origin.local, task));
    }
    if (!a->here) {
        FPI_TRY(fpi_org_find(&a->here, tx, a->origin.tenant, NULL, a->theirs->code, task));
    }
    if (!a->here) {
        return NULL;
    }
    key.local = a->here->id;
    FPI_TRY(fpi_origin_find_other(&other, tx, &key, task));
    return other ? fpi_refuse(task, FPI_E_DUPLICATE, "code", "组织 %s 已对应 ERP 的另一组织 %s (%s): 请在 ERP 中更正编码",
                              "organisation %s is another one of the ERP already, %s (%s): correct the code there", a->here->code,
                              other->name ? other->name : "-", other->theirs)
                 : NULL;
}

/* ---- where it stands ---- */

static fpi_err_t *find_parent(const char **code, const placing_t *a, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_origin_t key, *above;
    fpi_org_t *parent;

    *code = "";
    if (!a->theirs->parent) {
        return NULL;
    }
    key = key_of(a->p, a->theirs->parent);
    FPI_TRY(fpi_origin_find(&above, tx, &key, task));
    if (!above) {
        return fpi_refuse(task, FPI_E_FIELD, "parent", "上级组织 %s 不在已同步的组织中: 请先做一次全量同步",
                          "the organisation above it, %s, was never listed: take all of them once", a->theirs->parent);
    }
    if (above->local == FPI_ORIGIN_NONE) {
        return fpi_refuse(task, FPI_E_STATE, "parent", "上级组织 %s 未能同步", "the organisation above it, %s, was refused",
                          above->name ? above->name : above->theirs);
    }
    if (above->local > 0) {
        FPI_TRY(fpi_org_find_by_id(&parent, tx, key.tenant, above->local, task));
        *code = parent ? parent->code : "";
    }
    return NULL;
}

static fpi_err_t *find_parent_here(const char **code, const placing_t *a, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *parent = NULL;

    if (a->here && a->here->parent) {
        FPI_TRY(fpi_org_find_by_id(&parent, tx, a->origin.tenant, a->here->parent, task));
    }
    *code = parent ? parent->code : "";
    return NULL;
}

/* ---- all of it ---- */

static fpi_err_t *keep(placing_t *a, fpi_people_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_form_t form = { .is_active = -1 };
    const char *above, *above_here, *changes;
    fpi_org_t *org;

    FPI_TRY(find_here(a, tx, task));
    FPI_TRY(find_parent(&above, a, tx, task));
    FPI_TRY(find_parent_here(&above_here, a, tx, task));
    form.code = erp_said_choose(&a->said, "code", a->here ? a->here->code : NULL, a->theirs->code, task);
    form.name = erp_said_choose(&a->said, "name", a->here ? a->here->name : NULL, a->theirs->name, task);
    form.parent = erp_said_choose(&a->said, "parent", above_here, above, task);
    if (strcmp(form.parent, above_here) == 0) {
        form.parent = NULL; /* as it is, be it disabled */
    }
    FPI_TRY(fpi_people_org_put_in(&org, &changes, tx, a->here ? a->here->id : 0, &form, task));
    row->result = !a->here ? FPI_PEOPLE_ADDED : changes ? FPI_PEOPLE_CHANGED : FPI_PEOPLE_UNCHANGED;
    a->origin.local = org->id;
    erp_said_tell(row, &a->said, task);
    return NULL;
}

static void say_top(fpi_people_row_t *row)
{
    row->zh = "ERP 的根组织即本租户";
    row->en = "the ERP's root is the tenant itself";
}

static fpi_err_t *place(placing_t *a, fpi_people_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    if (a->theirs->why) {
        return fpi_wrap(task, a->theirs->why, "an organisation of %s", a->p->system->name);
    }
    if (is_top(a)) {
        a->origin.local = 0;
        say_top(row);
        return NULL;
    }
    return keep(a, row, tx, task);
}

fpi_err_t *erp_people_org(fpi_people_row_t *row, erp_people_t *p, const fpi_erp_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
{
    placing_t a = { .p = p, .theirs = org };

    *row = (fpi_people_row_t){ .kind = FPI_ORIGIN_ORG, .result = FPI_PEOPLE_UNCHANGED, .theirs = org->id, .code = org->code,
                               .name = org->name, .local = FPI_ORIGIN_NONE };
    if (!org->id) {
        return erp_people_refuse(row, place(&a, row, tx, task));
    }
    FPI_TRY(erp_people_before(&a.origin, &a.said, p, FPI_ORIGIN_ORG, org->id, org->name, tx, task));
    return erp_people_after(row, &a.origin, &a.said, place(&a, row, tx, task), tx, task);
}
