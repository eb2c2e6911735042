#include "model/viewer.h"

#include <apr_strings.h>
#include <string.h>

static const struct permission_t {
    const char *symbol, *holders, *zh, *en;
} permissions[FPI_MAY_COUNT] = {
    [FPI_MAY_NONE] = { "NONE", "", "", "" },
#define FPI_PERMISSION(symbol, holders, zh, en) [FPI_MAY_##symbol] = { #symbol, holders, zh, en },
#include "model/permissions.def"
#undef FPI_PERMISSION
};

/* ---- permissions ---- */

const char *fpi_permission_symbol(fpi_permission_t permission)
{
    return permissions[permission].symbol;
}

const char *fpi_permission_name(fpi_permission_t permission, const char *lang)
{
    return strcmp(lang, "en") == 0 ? permissions[permission].en : permissions[permission].zh;
}

fpi_permission_t fpi_permission_find(const char *symbol)
{
    for (int i = FPI_MAY_NONE + 1; i < FPI_MAY_COUNT; i++) {
        if (strcmp(permissions[i].symbol, symbol) == 0) {
            return (fpi_permission_t)i;
        }
    }
    return FPI_MAY_NONE;
}

uint64_t fpi_permissions_of(char holder)
{
    uint64_t held = 0;

    for (int i = FPI_MAY_NONE + 1; i < FPI_MAY_COUNT; i++) {
        held |= strchr(permissions[i].holders, holder) ? UINT64_C(1) << i : 0;
    }
    return held;
}

bool fpi_viewer_may(const fpi_viewer_t *viewer, fpi_permission_t permission)
{
    return !viewer || permission == FPI_MAY_NONE || (viewer->permissions >> permission & 1);
}

/* ---- what he sees ---- */

bool fpi_ids_has(const fpi_ids_t *ids, int64_t id)
{
    int low = 0, high = ids->count;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (ids->items[middle] == id) {
            return true;
        }
        if (ids->items[middle] < id) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return false;
}

fpi_whose_t fpi_whose(const fpi_bill_t *bill)
{
    return (fpi_whose_t){ bill->id, bill->org, bill->owner, bill->point, bill->tax_no, bill->apply_phone };
}

static fpi_sight_t sight_of_person(const fpi_viewer_t *viewer, const fpi_whose_t *whose)
{
    if (whose->owner == viewer->user) {
        return FPI_SIGHT_OWNER;
    }
    if (viewer->point && whose->point == viewer->point) {
        return FPI_SIGHT_POINT;
    }
    if (viewer->mobile && whose->phone && strcmp(viewer->mobile, whose->phone) == 0) {
        return FPI_SIGHT_MOBILE;
    }
    return fpi_ids_has(&viewer->all_orgs, whose->org) ? FPI_SIGHT_ORG : FPI_SIGHT_NONE;
}

fpi_sight_t fpi_viewer_sight(const fpi_viewer_t *viewer, const fpi_whose_t *whose)
{
    if (!fpi_viewer_is_limited(viewer)) {
        return FPI_SIGHT_ALL;
    }
    switch (viewer->kind) {
    case FPI_VIEWER_ENTERPRISE:
        return !whose->tax_no || !*whose->tax_no || strcmp(whose->tax_no, viewer->tax_no) == 0 ? FPI_SIGHT_TAX_NO
                                                                                              : FPI_SIGHT_NONE;
    case FPI_VIEWER_EVENT:
        return fpi_ids_has(&viewer->bills, whose->bill) ? FPI_SIGHT_NAMED : FPI_SIGHT_NONE;
    case FPI_VIEWER_PHONE:
        return FPI_SIGHT_NONE;
    default:
        return sight_of_person(viewer, whose);
    }
}

bool fpi_viewer_sees(const fpi_viewer_t *viewer, const fpi_whose_t *whose)
{
    return fpi_viewer_sight(viewer, whose) != FPI_SIGHT_NONE;
}

bool fpi_viewer_sees_bill(const fpi_viewer_t *viewer, const fpi_bill_t *bill)
{
    fpi_whose_t whose = fpi_whose(bill);

    return fpi_viewer_sees(viewer, &whose);
}

bool fpi_viewer_works_for(const fpi_viewer_t *viewer, const fpi_bill_t *bill)
{
    return fpi_viewer_sees_bill(viewer, bill)
           || (viewer->kind == FPI_VIEWER_PERSON && (!bill->org || fpi_ids_has(&viewer->work_orgs, bill->org)));
}

bool fpi_viewer_is_limited(const fpi_viewer_t *viewer)
{
    if (!viewer) {
        return false;
    }
    switch (viewer->kind) {
    case FPI_VIEWER_ENTERPRISE:
        return viewer->tax_no != NULL;
    case FPI_VIEWER_EVENT:
    case FPI_VIEWER_PHONE:
        return true;
    default:
        return !fpi_viewer_may(viewer, FPI_MAY_BILL_SEE_ALL);
    }
}

bool fpi_viewer_is_person(const fpi_viewer_t *viewer)
{
    return viewer && viewer->kind != FPI_VIEWER_ENTERPRISE;
}

fpi_err_t *fpi_viewer_check(const fpi_viewer_t *viewer, const fpi_bill_t *bill, fpi_task_t *task)
{
    if (fpi_viewer_works_for(viewer, bill)) {
        return NULL;
    }
    if (fpi_viewer_is_person(viewer)) {
        return fpi_refuse(task, FPI_E_FOREIGN, "scanBillNo", "影像编号 %s 不在您的数据权限内, 请核对编号或联系管理员授权其组织",
                          "image number %s is not yours: check it, or have an administrator grant you its organisation",
                          bill->number);
    }
    return fpi_wrap(task,
                    fpi_refuse(task, FPI_E_FOREIGN, "scanBillNo", "该授权 (税号 %s) 无权访问影像编号 %s 的单据",
                               "this enterprise (tax number %s) may not touch the bill of image number %s", viewer->tax_no,
                               bill->number),
                    "the bill is of tax number %s", bill->tax_no);
}

void fpi_viewer_mark(const fpi_viewer_t *viewer, fpi_bill_t *bill)
{
    bill->tenant = viewer->tenant;
    if (!fpi_viewer_is_person(viewer)) {
        bill->tax_no = viewer->tax_no;
        return;
    }
    bill->org = viewer->point ? viewer->point_org : viewer->org;
    bill->tax_no = viewer->org_tax_no;
    bill->owner = viewer->user;
    bill->point = viewer->point;
}

fpi_viewer_t fpi_viewer_of_enterprise(const fpi_enterprise_t *enterprise)
{
    bool is_tenant = strncmp(enterprise->client_id, "TN_", 3) == 0;

    return (fpi_viewer_t){ .kind = FPI_VIEWER_ENTERPRISE,
                           .tenant = enterprise->tenant,
                           .permissions = fpi_permissions_of('T'),
                           .enterprise = enterprise->id,
                           .name = enterprise->name,
                           .tax_no = is_tenant ? NULL : enterprise->tax_no ? enterprise->tax_no : "" };
}

const char *fpi_viewer_owner(const fpi_viewer_t *viewer, apr_pool_t *pool)
{
    static const char *const kinds[] = { [FPI_VIEWER_ENTERPRISE] = "enterprise", [FPI_VIEWER_PERSON] = "person",
                                         [FPI_VIEWER_EVENT] = "event", [FPI_VIEWER_PHONE] = "phone" };

    return apr_psprintf(pool, "%s:%" APR_INT64_T_FMT, kinds[viewer->kind],
                        viewer->kind == FPI_VIEWER_ENTERPRISE ? viewer->enterprise : viewer->user);
}

static fpi_ids_t copy_ids(const fpi_ids_t *ids, apr_pool_t *pool)
{
    return (fpi_ids_t){ apr_pmemdup(pool, ids->items, sizeof(*ids->items) * (size_t)ids->count), ids->count };
}

fpi_viewer_t *fpi_viewer_copy(const fpi_viewer_t *viewer, apr_pool_t *pool)
{
    fpi_viewer_t *copy = apr_pmemdup(pool, viewer, sizeof(*viewer));

    copy->tax_no = apr_pstrdup(pool, viewer->tax_no);
    copy->name = apr_pstrdup(pool, viewer->name);
    copy->mobile = apr_pstrdup(pool, viewer->mobile);
    copy->org_tax_no = apr_pstrdup(pool, viewer->org_tax_no);
    copy->all_orgs = copy_ids(&viewer->all_orgs, pool);
    copy->work_orgs = copy_ids(&viewer->work_orgs, pool);
    copy->bills = copy_ids(&viewer->bills, pool);
    return copy;
}
