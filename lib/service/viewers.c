#include "service/viewers.h"

#include "store/orgs.h"
#include "store/points.h"
#include "store/duties.h"
#include "store/users.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

typedef struct loading_t {
    fpi_viewer_t *viewer;
    fpi_org_t *orgs;
    int org_count;
    int64_t *all, *work;         /* being gathered, unsorted */
    int all_count, work_count;
} loading_t;

/* ---- the tree ---- */

static const fpi_org_t *find_org(const loading_t *l, int64_t id)
{
    return fpi_org_of(l->orgs, l->org_count, id);
}

/* Is it `above`, or below it? A tree that were damaged into a ring ends with its levels. */
static bool is_below(const loading_t *l, const fpi_org_t *org, int64_t above)
{
    for (int level = 0; org && level <= FPI_ORG_LEVELS; level++) {
        if (org->id == above || !above) {
            return true;
        }
        org = find_org(l, org->parent);
    }
    return false;
}


/* ---- what he sees and works for ---- */

static void add(int64_t *to, int *count, int64_t id)
{
    if (*count < FPI_VIEWER_ORGS) {
        to[(*count)++] = id;
    }
}

static void add_both(loading_t *l, int64_t id, bool sees_all)
{
    if (sees_all) {
        add(l->all, &l->all_count, id);
    }
    add(l->work, &l->work_count, id);
}

static void add_grant(loading_t *l, const fpi_grant_t *grant)
{
    add_both(l, grant->org, grant->sees_all);
    for (int i = 0; grant->with_below && i < l->org_count; i++) {
        if (l->orgs[i].id != grant->org && is_below(l, &l->orgs[i], grant->org)) {
            add_both(l, l->orgs[i].id, grant->sees_all);
        }
    }
}

static fpi_err_t *add_point(loading_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_point_t *point;
    fpi_ids_t related;

    FPI_TRY(fpi_point_of_user(&point, tx, l->viewer->tenant, l->viewer->user, task));
    if (!point || !point->is_active) {
        return NULL;
    }
    l->viewer->point = point->id;
    l->viewer->point_org = point->org;
    add_both(l, point->org, false);
    FPI_TRY(fpi_point_orgs_list(&related, tx, point->id, task));
    for (int i = 0; i < related.count; i++) {
        add_both(l, related.items[i], false);
    }
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static fpi_ids_t in_order(int64_t *items, int count)
{
    int kept = 0;

    qsort(items, (size_t)count, sizeof(*items), by_id);
    for (int i = 0; i < count; i++) {
        if (!kept || items[kept - 1] != items[i]) {
            items[kept++] = items[i];
        }
    }
    return (fpi_ids_t){ items, kept };
}

static fpi_err_t *add_orgs(loading_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_viewer_t *viewer = l->viewer;
    fpi_grant_t *grants;
    int count;

    FPI_TRY(fpi_orgs_list(&l->orgs, &l->org_count, tx, viewer->tenant, task));
    FPI_TRY(fpi_user_grants_list(&grants, &count, tx, viewer->user, task));
    l->all = apr_palloc(task->pool, sizeof(int64_t) * FPI_VIEWER_ORGS);
    l->work = apr_palloc(task->pool, sizeof(int64_t) * FPI_VIEWER_ORGS);
    for (int i = 0; i < count; i++) {
        add_grant(l, &grants[i]);
    }
    add_both(l, viewer->org, false);
    FPI_TRY(add_point(l, tx, task));
    viewer->all_orgs = in_order(l->all, l->all_count);
    viewer->work_orgs = in_order(l->work, l->work_count);
    viewer->org_tax_no = fpi_org_tax_no(l->orgs, l->org_count, viewer->point ? viewer->point_org : viewer->org);
    return NULL;
}

fpi_err_t *fpi_viewer_permissions(uint64_t *out, fpi_tx_t *tx, int64_t tenant, int64_t user, fpi_task_t *task)
{
    fpi_ids_t roles;

    *out = 0;
    FPI_TRY(fpi_user_roles_list(&roles, tx, user, task));
    for (int i = 0; i < roles.count; i++) {
        fpi_duty_t *role;

        FPI_TRY(fpi_duty_find(&role, tx, tenant, roles.items[i], task));
        *out |= role && role->is_active ? role->permissions : 0;
    }
    return NULL;
}

fpi_err_t *fpi_viewer_load(fpi_viewer_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    loading_t l = { 0 };
    fpi_user_t *user;

    *out = NULL;
    FPI_TRY(fpi_user_find_by_id(&user, tx, tenant, id, task));
    if (!user || !user->is_active) {
        return NULL;
    }
    l.viewer = apr_pcalloc(task->pool, sizeof(*l.viewer));
    *l.viewer = (fpi_viewer_t){ .kind = FPI_VIEWER_PERSON, .tenant = tenant, .user = id, .org = user->org,
                                .name = user->name, .mobile = user->mobile, .must_change = user->must_change };
    FPI_TRY(fpi_viewer_permissions(&l.viewer->permissions, tx, tenant, id, task));
    FPI_TRY(add_orgs(&l, tx, task));
    *out = l.viewer;
    return NULL;
}
