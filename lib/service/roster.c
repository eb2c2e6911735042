#include "service/roster.h"

#include "base/text.h"
#include "service/people.h"
#include "store/people.h"
#include "store/points.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

static const char *const names[FPI_ROSTER_RESULTS] = { "ADDED", "CHANGED", "UNCHANGED", "REFUSED" };

const char *fpi_roster_result_name(fpi_roster_result_t result)
{
    return names[result];
}

bool fpi_roster_is_refusal(const fpi_err_t *err)
{
    static const fpi_code_t codes[] = { FPI_E_FIELD, FPI_E_STATE, FPI_E_DUPLICATE, FPI_E_ROLE, FPI_E_ABSENT };

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        if (err->code == codes[i]) {
            return true;
        }
    }
    return false;
}

/* A refusal becomes what is told; what is left is the store's. */
static fpi_err_t *judge(fpi_roster_told_t *out, fpi_err_t *err)
{
    if (err && fpi_roster_is_refusal(err)) {
        *out = (fpi_roster_told_t){ .result = FPI_ROSTER_REFUSED, .id = out->id, .why = err };
        return NULL;
    }
    return err;
}

static void finish(fpi_roster_told_t *out, int64_t id)
{
    out->result = !out->id ? FPI_ROSTER_ADDED : out->changes ? FPI_ROSTER_CHANGED : FPI_ROSTER_UNCHANGED;
    out->id = id;
}

/* ---- who is meant ---- */

static const char *said(const char *text, fpi_task_t *task)
{
    const char *trimmed = text ? fpi_text_trim(task->pool, text) : "";

    return *trimmed ? trimmed : NULL;
}

static fpi_err_t *no_mobile(const char *name, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, "mobile", "新用户 %s 缺少手机号 (ERP 账号按手机号对应), 请补充后再导入",
                      "the new user %s has no mobile, by which the ERP's account is matched: fill it in", name ? name : "");
}

/* By name: an old row without mobile is completed, another mobile may be another person. */
static fpi_err_t *find_named(fpi_user_t **out, fpi_tx_t *tx, const char *name, const char *mobile, fpi_task_t *task)
{
    FPI_TRY(fpi_user_find(out, tx, task->tenant, name, task));
    if (!*out || !mobile || !(*out)->mobile) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_DUPLICATE, "name",
                      "已有同名用户 %s (手机号 %s): 若是同一人, 请先修改其手机号; 若是另一人, 请用可区分的姓名, 如 %s-财务",
                      "there is a user %s with the mobile %s: if it is he, change his mobile first; if not, give this one a name "
                      "that differs, like %s-2", (*out)->name, (*out)->mobile, name);
}

static fpi_err_t *find_person(fpi_user_t **out, fpi_tx_t *tx, const fpi_roster_row_t *row, const char *mobile, fpi_task_t *task)
{
    const char *name = said(row->name, task);

    *out = NULL;
    if (mobile) {
        FPI_TRY(fpi_user_find_by_mobile(out, tx, task->tenant, mobile, task));
    }
    if (!*out && name) {
        FPI_TRY(find_named(out, tx, name, mobile, task));
    }
    if (*out || mobile) {
        return NULL;
    }
    return no_mobile(name, task);
}

/* Lists are opened in spreadsheets again: none of the names may be a formula there. */
static fpi_err_t *check_name(const char *name, fpi_task_t *task)
{
    return name && strchr("=+-@", *name)
               ? fpi_refuse(task, FPI_E_FIELD, "name", "姓名 %.50s 以 %c 开头, 像是公式: 请改为姓名",
                            "the name %.50s begins with %c as a formula does: put a name there", name, *name)
               : NULL;
}

/* ---- what becomes of him ---- */

static fpi_err_t *put(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const fpi_roster_row_t *row,
                      fpi_task_t *task)
{
    static const char *const usual[] = { "默认角色" };
    fpi_user_form_t form = { .name = said(row->name, task), .mail = said(row->mail, task), .org = said(row->org, task),
                             .is_head = row->is_head, .is_active = row->is_active, .roles = row->roles,
                             .role_count = row->role_count };
    const char *mobile;
    fpi_user_t *user;

    FPI_TRY(check_name(form.name, task));
    FPI_TRY(fpi_people_take_mobile(&mobile, row->mobile ? row->mobile : "", "mobile", task));
    form.mobile = mobile;
    FPI_TRY(row->user ? fpi_people_user_get(&user, tx, task->tenant, row->user, task)
                      : find_person(&user, tx, row, mobile, task));
    out->id = user ? user->id : 0;
    if (!user && row->is_active == 0) {
        out->result = FPI_ROSTER_UNCHANGED;
        return NULL;
    }
    if (!user && form.role_count < 0) {
        form.roles = usual;
        form.role_count = 1;
    }
    FPI_TRY(fpi_people_user_put(&user, &out->changes, tx, by, out->id, row->hash ? row->hash : FPI_PASSWORD_NONE, &form, task));
    finish(out, user->id);
    return NULL;
}

fpi_err_t *fpi_roster_person(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const fpi_roster_row_t *row,
                             fpi_task_t *task)
{
    fpi_err_t *err;

    *out = (fpi_roster_told_t){ .result = FPI_ROSTER_REFUSED };
    err = put(out, tx, by, row, task);
    return judge(out, err);
}

/* ---- organisations ---- */

fpi_err_t *fpi_roster_org(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_org_form_t *form, fpi_task_t *task)
{
    fpi_org_form_t told = { .code = said(form->code, task), .name = said(form->name, task), .tax_no = said(form->tax_no, task),
                            .parent = said(form->parent, task), .is_active = form->is_active };
    fpi_org_t *org = NULL;
    fpi_err_t *err;

    *out = (fpi_roster_told_t){ .result = FPI_ROSTER_REFUSED };
    if (told.code) {
        FPI_TRY(fpi_org_find(&org, tx, task->tenant, NULL, told.code, task));
    }
    out->id = org ? org->id : 0;
    err = fpi_people_org_put_in(&org, &out->changes, tx, out->id, &told, task);
    if (!err) {
        finish(out, org->id);
    }
    return judge(out, err);
}

/* ---- scan points ---- */

static fpi_err_t *find_scanners(const fpi_user_t **users, fpi_tx_t *tx, const char *const *words, int count, fpi_task_t *task)
{
    for (int i = 0; i < count; i++) {
        fpi_user_t *user;

        FPI_TRY(fpi_people_user_named(&user, tx, task->tenant, words[i], task));
        users[i] = user;
        for (int j = 0; j < i; j++) {
            if (users[j]->id == user->id) {
                return fpi_refuse(task, FPI_E_FIELD, "scanners", "扫描员 %s 重复", "the scanner %s is named twice", user->name);
            }
        }
    }
    return NULL;
}

static fpi_err_t *put_point(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_point_form_t *form, const char *const *scanners,
                            int scanner_count, fpi_task_t *task)
{
    const fpi_user_t **users = apr_palloc(task->pool, sizeof(*users) * ((size_t)scanner_count + 1));
    fpi_point_t *point = NULL;

    if (form->name) {
        FPI_TRY(fpi_point_find_by_name(&point, tx, task->tenant, form->name, task));
    }
    out->id = point ? point->id : 0;
    FPI_TRY(find_scanners(users, tx, scanners, scanner_count, task));
    FPI_TRY(fpi_people_point_put_in(&point, &out->changes, tx, out->id, form, users, scanner_count, task));
    finish(out, point->id);
    return NULL;
}

fpi_err_t *fpi_roster_point(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_point_form_t *form, const char *const *scanners,
                            int scanner_count, fpi_task_t *task)
{
    fpi_point_form_t told = { .name = said(form->name, task), .address = said(form->address, task), .org = said(form->org, task),
                              .related = form->related, .related_count = form->related_count, .is_active = form->is_active };
    fpi_err_t *err;

    *out = (fpi_roster_told_t){ .result = FPI_ROSTER_REFUSED };
    err = put_point(out, tx, &told, scanners, scanner_count, task);
    return judge(out, err);
}
