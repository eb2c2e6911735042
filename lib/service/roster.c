#include "service/roster.h"

#include "base/text.h"
#include "service/people.h"
#include "wire/crypto.h"

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
    FPI_TRY(find_person(&user, tx, row, mobile, task));
    out->user = user ? user->id : 0;
    if (!user && row->is_active == 0) {
        out->result = FPI_ROSTER_UNCHANGED;
        return NULL;
    }
    if (!user && form.role_count < 0) {
        form.roles = usual;
        form.role_count = 1;
    }
    FPI_TRY(fpi_people_user_put(&user, &out->changes, tx, by, out->user, row->hash ? row->hash : FPI_PASSWORD_NONE, &form, task));
    out->result = !out->user ? FPI_ROSTER_ADDED : out->changes ? FPI_ROSTER_CHANGED : FPI_ROSTER_UNCHANGED;
    out->user = user->id;
    return NULL;
}

fpi_err_t *fpi_roster_person(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const fpi_roster_row_t *row,
                             fpi_task_t *task)
{
    fpi_err_t *err;

    *out = (fpi_roster_told_t){ .result = FPI_ROSTER_REFUSED };
    err = put(out, tx, by, row, task);
    if (err && fpi_roster_is_refusal(err)) {
        *out = (fpi_roster_told_t){ .result = FPI_ROSTER_REFUSED, .user = out->user, .why = err };
        return NULL;
    }
    return err;
}
