/* A user of a business system.
 *
 *   named before ──> that one      else by mobile (service/roster.h) ──> added, changed, unchanged, refused */
#include "service/erp_people_own.h"

#include "service/people.h"
#include "service/roster.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

typedef struct taking_t {
    erp_people_t *p;
    const fpi_erp_user_t *theirs;
    fpi_origin_t origin;
    fpi_user_t *here;            /* NULL: none yet */
    erp_said_t said;
    bool is_org_unknown;
} taking_t;

/* ---- who he is ---- */

static fpi_err_t *no_mobile(const fpi_erp_user_t *user, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, "mobile", "ERP 用户 %s (%s) 没有手机号, 无法对应账号: 请在 ERP 中补录; 手机号用其他键名时, "
                      "请在该业务系统的接口与字段名中设定 user_mobile",
                      "the ERP's user %s (%s) has no mobile, by which he is matched: fill it in there; where it has another key, say "
                      "user_mobile among the names of the business system", user->name, user->code ? user->code : user->id);
}

static fpi_err_t *find_here(taking_t *a, const char *mobile, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_origin_t key, *other;

    if (a->origin.local > 0) {
        FPI_TRY(fpi_user_find_by_id(&a->here, tx, a->origin.tenant, a->origin.local, task));
    }
    if (!a->here && !mobile) {
        return no_mobile(a->theirs, task);
    }
    if (!a->here) {
        FPI_TRY(fpi_user_find_by_mobile(&a->here, tx, a->origin.tenant, mobile, task));
    }
    if (!a->here) {
        return NULL;
    }
    key = a->origin;
    key.local = a->here->id;
    FPI_TRY(fpi_origin_find_other(&other, tx, &key, task));
    return other ? fpi_refuse(task, FPI_E_DUPLICATE, "mobile", "手机号 %s 与 ERP 的另一用户 %s (%s) 相同: 请在 ERP 中更正",
                              "the mobile %s is that of another user of the ERP, %s (%s), too: correct it there",
                              mobile ? mobile : "-", other->name ? other->name : "-", other->theirs)
                 : NULL;
}

/* ---- what he is to be ---- */

/* By the ERP's id, else by code; NULL: it is not known here. */
static fpi_err_t *find_org(const char **code, taking_t *a, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_origin_t key = a->origin, *origin;
    fpi_org_t *org = NULL;

    *code = NULL;
    if (!a->theirs->org) {
        return NULL;
    }
    key.kind = FPI_ORIGIN_ORG;
    key.theirs = a->theirs->org;
    FPI_TRY(fpi_origin_find(&origin, tx, &key, task));
    if (origin && origin->local > 0) {
        FPI_TRY(fpi_org_find_by_id(&org, tx, key.tenant, origin->local, task));
    }
    else if (!origin) {
        FPI_TRY(fpi_org_find(&org, tx, key.tenant, NULL, a->theirs->org, task));
    }
    *code = org && org->is_active ? org->code : origin && origin->local == 0 ? "" : NULL;
    a->is_org_unknown = !*code;
    return NULL;
}

static fpi_err_t *org_here(const char **code, const taking_t *a, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t *org = NULL;

    if (a->here && a->here->org) {
        FPI_TRY(fpi_org_find_by_id(&org, tx, a->origin.tenant, a->here->org, task));
    }
    *code = org ? org->code : "";
    return NULL;
}

/* Names are unique here, and namesakes common: the second is told apart by his account at the ERP. One without a mobile is
 * completed by the roster. */
static fpi_err_t *choose_name(const char **out, taking_t *a, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *name = erp_said_choose(&a->said, "name", a->here ? a->here->name : NULL, a->theirs->name, task);
    fpi_user_t *namesake;

    *out = name;
    if (a->here && name == a->here->name) {
        return NULL;
    }
    FPI_TRY(fpi_user_find(&namesake, tx, a->origin.tenant, name, task));
    if (namesake && namesake->mobile && (!a->here || namesake->id != a->here->id) && a->theirs->code) {
        *out = apr_psprintf(task->pool, "%s (%s)", name, a->theirs->code);
        erp_said_take(&a->said, "name", *out, task);
    }
    return NULL;
}

static fpi_err_t *fill(fpi_roster_row_t *row, taking_t *a, const char *mobile, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_user_t none = { .id = 0 }, *here = a->here ? a->here : &none;
    const char *org, *mine;

    FPI_TRY(find_org(&org, a, tx, task));
    FPI_TRY(org_here(&mine, a, tx, task));
    *row = (fpi_roster_row_t){ .user = here->id, .role_count = -1, .is_head = -1, .is_active = -1 };
    FPI_TRY(choose_name(&row->name, a, tx, task));
    row->mobile = erp_said_choose(&a->said, "mobile", here->mobile, mobile, task);
    row->mail = erp_said_choose(&a->said, "mail", here->mail, a->theirs->mail, task);
    row->org = erp_said_choose(&a->said, "org", mine, org, task);
    row->org = strcmp(row->org, mine) == 0 ? NULL : row->org;
    return NULL;
}

/* ---- all of it ---- */

static void tell(fpi_people_row_t *row, const taking_t *a, fpi_task_t *task)
{
    erp_said_tell(row, &a->said, task);
    if (!row->zh && a->is_org_unknown) {
        row->zh = apr_psprintf(task->pool, "ERP 的组织 %s 在本地不存在或已停用, 未设置组织", a->theirs->org);
        row->en = apr_psprintf(task->pool, "the ERP's organisation %s is not here, or disabled: his own was left alone",
                               a->theirs->org);
    }
    if (!row->zh && a->here && !a->here->is_active) {
        row->zh = "该用户在本地已停用, 保持停用";
        row->en = "he is disabled here, and stays so";
    }
}

static fpi_err_t *take(taking_t *a, fpi_people_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    static const fpi_people_result_t results[FPI_ROSTER_RESULTS] = {
        [FPI_ROSTER_ADDED] = FPI_PEOPLE_ADDED, [FPI_ROSTER_CHANGED] = FPI_PEOPLE_CHANGED,
        [FPI_ROSTER_UNCHANGED] = FPI_PEOPLE_UNCHANGED, [FPI_ROSTER_REFUSED] = FPI_PEOPLE_REFUSED,
    };
    fpi_roster_row_t wanted;
    fpi_roster_told_t told;
    const char *mobile;

    if (a->theirs->why) {
        return fpi_wrap(task, a->theirs->why, "a user of %s", a->p->system->name);
    }
    FPI_TRY(fpi_people_take_mobile(&mobile, a->theirs->mobile ? a->theirs->mobile : "", "mobile", task));
    FPI_TRY(find_here(a, mobile, tx, task));
    FPI_TRY(fill(&wanted, a, mobile, tx, task));
    FPI_TRY(fpi_roster_person(&told, tx, NULL, &wanted, task));
    if (told.why) {
        return fpi_wrap(task, told.why, "a user of %s", a->p->system->name);
    }
    row->result = results[told.result];
    a->origin.local = told.id;
    tell(row, a, task);
    return NULL;
}

fpi_err_t *erp_people_user(fpi_people_row_t *row, erp_people_t *p, const fpi_erp_user_t *user, fpi_tx_t *tx,
                           fpi_task_t *task)
{
    taking_t a = { .p = p, .theirs = user };

    *row = (fpi_people_row_t){ .kind = FPI_ORIGIN_USER, .result = FPI_PEOPLE_UNCHANGED, .theirs = user->id, .code = user->code,
                               .name = user->name, .local = FPI_ORIGIN_NONE };
    if (!user->id) {
        return erp_people_refuse(row, take(&a, row, tx, task));
    }
    FPI_TRY(erp_people_before(&a.origin, &a.said, p, FPI_ORIGIN_USER, user->id, user->name, tx, task));
    return erp_people_after(row, &a.origin, &a.said, take(&a, row, tx, task), tx, task);
}

/* ---- who is gone ---- */

fpi_err_t *erp_people_missing(fpi_people_row_t *row, erp_people_t *p, const fpi_origin_t *origin, fpi_tx_t *tx,
                              fpi_task_t *task)
{
    const fpi_roster_row_t off = { .user = origin->local, .role_count = -1, .is_head = -1, .is_active = 0 };
    fpi_roster_told_t told;
    fpi_user_t *user;

    *row = (fpi_people_row_t){ .kind = FPI_ORIGIN_USER, .result = FPI_PEOPLE_MISSING, .theirs = origin->theirs,
                               .name = origin->name, .local = origin->local, .zh = "ERP 中已没有该用户, 本地账号未改动",
                               .en = "the ERP names him no more; nothing was changed here" };
    FPI_TRY(fpi_user_find_by_id(&user, tx, origin->tenant, origin->local, task));
    if (!user || !user->is_active || !p->how->disables_missing) {
        return NULL;
    }
    FPI_TRY(fpi_roster_person(&told, tx, NULL, &off, task));
    if (told.why) {
        return erp_people_refuse(row, fpi_wrap(task, told.why, "disabling a user that %s names no more", p->system->name));
    }
    row->result = FPI_PEOPLE_DISABLED;
    row->zh = "ERP 中已没有该用户, 已停用";
    row->en = "the ERP names him no more: disabled";
    return NULL;
}
