#include "service/people_why.h"

#include "base/clock.h"
#include "service/sessions.h"
#include "service/submit.h"
#include "service/viewers.h"
#include "store/people.h"
#include "store/points.h"

#include <apr_strings.h>
#include <string.h>

typedef struct asking_t {
    const fpi_user_t *user;
    fpi_tx_t *tx;
    fpi_task_t *task;
    fpi_json_t *checks;
    bool is_allowed;
} asking_t;

static void add(asking_t *a, const char *check, bool is_ok, const char *zh, const char *en)
{
    fpi_json_t *one = fpi_json_make_object(a->task);

    fpi_json_put_text(one, "check", check);
    fpi_json_put_bool(one, "is_ok", is_ok);
    fpi_json_put_text(one, "text", strcmp(a->task->lang, "en") == 0 ? en : zh);
    fpi_json_add(a->checks, one);
    a->is_allowed = a->is_allowed && is_ok;
}

static fpi_json_t *answer(asking_t *a, const char *question)
{
    fpi_json_t *doc = fpi_json_make_object(a->task);

    fpi_json_put_text(doc, "question", question);
    fpi_json_put_int(doc, "user_id", a->user->id);
    fpi_json_put_text(doc, "user_name", a->user->name);
    fpi_json_put_bool(doc, "is_allowed", a->is_allowed);
    fpi_json_put(doc, "checks", a->checks);
    return doc;
}

/* ---- may he sign in? ---- */

static fpi_err_t *add_account(asking_t *a)
{
    apr_time_t locked;

    FPI_TRY(fpi_guard_locked(&locked, a->tx, a->user->id, a->task));
    if (a->user->is_active) {
        add(a, "ACTIVE", true, "账号已启用", "the account is enabled");
    }
    else {
        add(a, "ACTIVE", false, "账号已停用: 请管理员启用", "the account is disabled: have an administrator enable it");
    }
    if (a->user->must_change) {
        add(a, "PASSWORD", false, "一次性密码尚未修改: 请登录并修改密码", "the one-time password was not changed: sign in and change it");
    }
    if (locked) {
        const char *left = apr_psprintf(a->task->pool, "%d", (int)(apr_time_sec(locked - fpi_clock_now()) / 60) + 1);

        add(a, "LOCKED", false, apr_pstrcat(a->task->pool, "登录失败过多已锁定, 还剩 ", left, " 分钟: 请等待或请管理员解锁", NULL),
            apr_pstrcat(a->task->pool, "locked after failed logins for another ", left,
                        " min: wait, or have an administrator unlock it", NULL));
    }
    return NULL;
}

static void add_permission(asking_t *a, const fpi_viewer_t *viewer, fpi_permission_t permission)
{
    bool has = viewer && fpi_viewer_may(viewer, permission);
    const char *zh = fpi_permission_name(permission, "zh"), *en = fpi_permission_name(permission, "en");

    add(a, fpi_permission_symbol(permission), has,
        apr_pstrcat(a->task->pool, has ? "有权限: " : "没有权限, 请在其角色中授予: ", zh, NULL),
        apr_pstrcat(a->task->pool, has ? "holds the permission: " : "lacks a permission, which one of his roles must hold: ", en,
                    NULL));
}

/* ---- scan ---- */

static fpi_err_t *add_point(asking_t *a, const fpi_viewer_t *viewer)
{
    fpi_err_t *err = fpi_submit_may(a->tx, viewer, a->user->tenant, NULL, a->task);
    fpi_point_t *point;

    if (err && err->code != FPI_E_NO_POINT) {
        return err;
    }
    FPI_TRY(fpi_point_of_user(&point, a->tx, a->user->tenant, a->user->id, a->task));
    if (err && point) {
        add(a, "SCAN_POINT", false, apr_pstrcat(a->task->pool, "扫描点 ", point->name, " 已停用: 请启用或改绑其他扫描点", NULL),
            apr_pstrcat(a->task->pool, "scan point ", point->name, " is disabled: enable it, or bind him to another", NULL));
    }
    else if (err) {
        add(a, "SCAN_POINT", false, "未绑定扫描点: 请管理员绑定, 或打开开关 scan.everyone",
            "not bound to a scan point: bind him to one, or switch scan.everyone on");
    }
    else if (point && point->is_active) {
        add(a, "SCAN_POINT", true, apr_pstrcat(a->task->pool, "已绑定扫描点 ", point->name, NULL),
            apr_pstrcat(a->task->pool, "bound to scan point ", point->name, NULL));
    }
    else {
        add(a, "SCAN_POINT", true, "开关 scan.everyone 已打开, 无需扫描点", "the switch scan.everyone is on: no scan point is needed");
    }
    return NULL;
}

fpi_err_t *fpi_why_scan(fpi_json_t **out, fpi_tx_t *tx, const fpi_user_t *user, fpi_task_t *task)
{
    asking_t a = { user, tx, task, fpi_json_make_array(task), true };
    fpi_viewer_t *viewer;

    FPI_TRY(fpi_viewer_load(&viewer, tx, user->tenant, user->id, task));
    FPI_TRY(add_account(&a));
    if (viewer) {
        add_permission(&a, viewer, FPI_MAY_CAPTURE);
        add_permission(&a, viewer, FPI_MAY_BILL_SUBMIT);
        FPI_TRY(add_point(&a, viewer));
    }
    *out = answer(&a, "SCAN");
    return NULL;
}

/* ---- see ---- */

static const struct sight_t {
    const char *symbol, *zh, *en;
} sights[FPI_SIGHT_COUNT] = {
    [FPI_SIGHT_ALL] = { "SEE_ALL", "有查看所有组织单据的权限", "he may see the bills of all organisations" },
    [FPI_SIGHT_TAX_NO] = { "TAX_NO", "属于该税号", "it is of the tax number" },
    [FPI_SIGHT_NAMED] = { "NAMED", "由链接指定", "the link names it" },
    [FPI_SIGHT_OWNER] = { "OWNER", "由其本人采集", "he filed its first pages" },
    [FPI_SIGHT_POINT] = { "SCAN_POINT", "由同一扫描点采集", "a scanner of his scan point filed its first pages" },
    [FPI_SIGHT_MOBILE] = { "MOBILE", "提单人手机号与其一致", "its applicant has his mobile" },
    [FPI_SIGHT_ORG] = { "GRANT", "已授予单据所属组织的全部数据权限", "he is granted everybody's bills of its organisation" },
};

/* Why not: whose it is, which nobody learns who may not manage people. */
static fpi_err_t *add_no_sight(asking_t *a, const fpi_bill_t *bill)
{
    fpi_org_t *org = NULL;
    const char *name;

    if (bill->org) {
        FPI_TRY(fpi_org_find_by_id(&org, a->tx, bill->tenant, bill->org, a->task));
    }
    name = org ? apr_pstrcat(a->task->pool, org->code, " ", org->name, NULL) : "-";
    add(a, "GRANT", false,
        apr_pstrcat(a->task->pool, "单据属于组织 ", name,
                    ", 非本人或同一扫描点采集, 提单人手机号也不同: 请授予该组织的数据权限 (ALL), 或核对其手机号", NULL),
        apr_pstrcat(a->task->pool, "the bill is of organisation ", name,
                    ", filed neither by him nor at his scan point, and its applicant has another mobile: grant him that "
                    "organisation (ALL), or check his mobile", NULL));
    return NULL;
}

static fpi_err_t *add_sight(asking_t *a, const fpi_viewer_t *viewer, const fpi_bill_t *bill)
{
    fpi_whose_t whose = fpi_whose(bill);
    fpi_sight_t sight = fpi_viewer_sight(viewer, &whose);

    if (sight == FPI_SIGHT_NONE) {
        return add_no_sight(a, bill);
    }
    add(a, sights[sight].symbol, true, sights[sight].zh, sights[sight].en);
    return NULL;
}

fpi_err_t *fpi_why_see(fpi_json_t **out, fpi_tx_t *tx, const fpi_user_t *user, const fpi_bill_t *bill, fpi_task_t *task)
{
    asking_t a = { user, tx, task, fpi_json_make_array(task), true };
    fpi_viewer_t *viewer;

    FPI_TRY(fpi_viewer_load(&viewer, tx, user->tenant, user->id, task));
    FPI_TRY(add_account(&a));
    if (viewer) {
        add_permission(&a, viewer, FPI_MAY_BILL_VIEW);
        FPI_TRY(add_sight(&a, viewer, bill));
    }
    *out = answer(&a, "SEE");
    fpi_json_put_text(*out, "bill_number", bill->number);
    fpi_json_put_bool(*out, "may_file", viewer && fpi_viewer_works_for(viewer, bill));
    return NULL;
}
