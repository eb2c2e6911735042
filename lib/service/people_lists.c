/* What each list has for columns, and how its rows are read. */
#include "service/people_file.h"

#include "service/people.h"

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ---- cells ---- */

/* -1: blank. */
static fpi_err_t *read_flag(int *out, const char *cell, const char *field, fpi_task_t *task)
{
    static const char *const words[2][8] = { { "否", "no", "false", "0", "n", "停用", "disabled", NULL },
                                             { "是", "yes", "true", "1", "y", "启用", "active", NULL } };

    *out = -1;
    cell = fpi_text_trim(task->pool, cell);
    for (int flag = 0; flag < 2; flag++) {
        for (const char *const *word = words[flag]; *word; word++) {
            if (strcasecmp(*word, cell) == 0) {
                *out = flag;
                return NULL;
            }
        }
    }
    return *cell ? fpi_refuse(task, FPI_E_FIELD, field, "%s 应为 是 或 否, 而不是 %.20s", "%s must be yes or no, not %.20s", field, cell)
                 : NULL;
}

/* Where does a word end? Commas, semicolons and the marks of Chinese texts; *len of the mark. */
static const char *word_end(const char *text, size_t *len)
{
    static const char *const marks[] = { ";", ",", "；", "，", "、" };

    for (; *text; text++) {
        for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
            *len = strlen(marks[i]);
            if (strncmp(text, marks[i], *len) == 0) {
                return text;
            }
        }
    }
    *len = 0;
    return text;
}

/* *count -1: blank. */
static fpi_err_t *read_words(const char *const **out, int *count, const char *cell, const char *field, fpi_task_t *task)
{
    const char **words = apr_palloc(task->pool, sizeof(*words) * FPI_COLUMN_WORDS);
    size_t len = 1;

    *out = words;
    *count = 0;
    for (const char *at = cell; len; at += len) {
        const char *end = word_end(at, &len), *word = fpi_text_trim(task->pool, apr_pstrmemdup(task->pool, at, (size_t)(end - at)));

        at = end;
        if (!*word) {
            continue;
        }
        if (*count == FPI_COLUMN_WORDS) {
            return fpi_refuse(task, FPI_E_FIELD, field, "%s 最多 %d 项", "%s has at most %d words", field, FPI_COLUMN_WORDS);
        }
        words[(*count)++] = word;
    }
    *count = *count ? *count : -1;
    return NULL;
}

/* ---- users ---- */

enum { USER_MOBILE, USER_NAME, USER_MAIL, USER_ORG, USER_ROLES, USER_IS_HEAD, USER_IS_ACTIVE, USER_COLUMNS };

static const fpi_list_column_t user_columns[USER_COLUMNS] = {
    [USER_MOBILE] = { { "手机号", "mobile", "手机", "phone" }, true, "唯一; ERP 账号按它对应; 已有的用户按它更新",
                      "unique; the ERP's account is matched by it, and so is a user who is there already" },
    [USER_NAME] = { { "姓名", "name", "用户名", "用户" }, true, "1-50 个字, 不得重名", "1 to 50 characters, nobody else's" },
    [USER_MAIL] = { { "邮箱", "mail", "电子邮箱", "email" }, false, "可空", "may be blank" },
    [USER_ORG] = { { "组织编码", "org", "组织", "所属组织编码" }, false, "已有组织的编码; 空: 租户",
                   "code of an organisation that is there; blank: the tenant" },
    [USER_ROLES] = { { "角色", "roles", "role" }, false, "多个用分号分隔, 如 扫描员;默认角色; 空: 默认角色",
                     "several with ; between, like scanner;default; blank: the role of everybody" },
    [USER_IS_HEAD] = { { "部门负责人", "is_head", "负责人" }, false, "是 或 否", "yes or no" },
    [USER_IS_ACTIVE] = { { "启用", "is_active", "状态" }, false, "是 或 否; 空: 启用", "yes or no; blank: yes" },
};

static fpi_err_t *put_user(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const char *const *cells,
                           const char *hash, fpi_task_t *task)
{
    fpi_roster_row_t row = { .name = cells[USER_NAME], .mobile = cells[USER_MOBILE], .mail = cells[USER_MAIL],
                             .org = cells[USER_ORG], .hash = hash };

    FPI_TRY(read_words(&row.roles, &row.role_count, cells[USER_ROLES], "roles", task));
    FPI_TRY(read_flag(&row.is_head, cells[USER_IS_HEAD], "is_head", task));
    FPI_TRY(read_flag(&row.is_active, cells[USER_IS_ACTIVE], "is_active", task));
    return fpi_roster_person(out, tx, by, &row, task);
}

/* ---- organisations ---- */

enum { ORG_CODE, ORG_NAME, ORG_TAX_NO, ORG_PARENT, ORG_IS_ACTIVE, ORG_COLUMNS };

static const fpi_list_column_t org_columns[ORG_COLUMNS] = {
    [ORG_CODE] = { { "组织编码", "code", "编码" }, true, "唯一; 已有的组织按它更新", "unique; an organisation that is there is changed by it" },
    [ORG_NAME] = { { "组织名称", "name", "名称" }, true, "1-100 个字", "1 to 100 characters" },
    [ORG_TAX_NO] = { { "税号", "tax_no", "纳税人识别号" }, false, "15-20 位, 可空", "15 to 20 letters and digits; may be blank" },
    [ORG_PARENT] = { { "上级组织编码", "parent", "上级编码", "上级" }, false, "写在上级组织之后的行; 空: 租户之下",
                     "a code that is there, or in a line above; blank: below the tenant" },
    [ORG_IS_ACTIVE] = { { "启用", "is_active", "状态" }, false, "是 或 否; 空: 启用", "yes or no; blank: yes" },
};

static fpi_err_t *put_org(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const char *const *cells,
                          const char *hash, fpi_task_t *task)
{
    fpi_org_form_t form = { .code = cells[ORG_CODE], .name = cells[ORG_NAME], .tax_no = cells[ORG_TAX_NO],
                            .parent = cells[ORG_PARENT] };

    (void)by;
    (void)hash;
    FPI_TRY(read_flag(&form.is_active, cells[ORG_IS_ACTIVE], "is_active", task));
    return fpi_roster_org(out, tx, &form, task);
}

/* ---- scan points ---- */

enum { POINT_NAME, POINT_ORG, POINT_ADDRESS, POINT_RELATED, POINT_SCANNERS, POINT_IS_ACTIVE, POINT_COLUMNS };

static const fpi_list_column_t point_columns[POINT_COLUMNS] = {
    [POINT_NAME] = { { "扫描点", "name", "扫描点名称", "名称" }, true, "唯一; 已有的扫描点按它更新", "unique; a scan point that is there is changed by it" },
    [POINT_ORG] = { { "所属组织编码", "org", "组织编码", "所属组织" }, false, "已有组织的编码; 空: 租户",
                    "code of an organisation that is there; blank: the tenant" },
    [POINT_ADDRESS] = { { "地址", "address" }, false, "可空", "may be blank" },
    [POINT_RELATED] = { { "关联组织编码", "related", "关联组织" }, false, "多个用分号分隔", "codes with ; between" },
    [POINT_SCANNERS] = { { "扫描员", "scanners", "扫描员手机号" }, false,
                         "手机号或姓名, 多个用分号分隔; 须属于所属组织并有扫描权限; 只绑定, 不解绑",
                         "mobiles or names with ; between, of users of its organisation who may scan; they are bound, and nobody is unbound" },
    [POINT_IS_ACTIVE] = { { "启用", "is_active", "状态" }, false, "是 或 否; 空: 启用", "yes or no; blank: yes" },
};

static fpi_err_t *put_point(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const char *const *cells,
                            const char *hash, fpi_task_t *task)
{
    fpi_point_form_t form = { .name = cells[POINT_NAME], .org = cells[POINT_ORG], .address = cells[POINT_ADDRESS] };
    const char *const *scanners;
    int count;

    (void)by;
    (void)hash;
    FPI_TRY(read_words(&form.related, &form.related_count, cells[POINT_RELATED], "related", task));
    FPI_TRY(read_words(&scanners, &count, cells[POINT_SCANNERS], "scanners", task));
    FPI_TRY(read_flag(&form.is_active, cells[POINT_IS_ACTIVE], "is_active", task));
    return fpi_roster_point(out, tx, &form, scanners, count < 0 ? 0 : count, task);
}

/* ---- all ---- */

static const fpi_list_t lists[FPI_LISTS] = {
    [FPI_LIST_USERS] = { "用户", "users", USER_COLUMNS, 2, user_columns, put_user },
    [FPI_LIST_ORGS] = { "组织", "organisations", ORG_COLUMNS, 1, org_columns, put_org },
    [FPI_LIST_POINTS] = { "扫描点", "scan points", POINT_COLUMNS, 1, point_columns, put_point },
};

const fpi_list_t *fpi_list_of(fpi_people_list_t list)
{
    return &lists[list];
}

const char *fpi_list_key(const fpi_list_t *list, int column, const char *cell, fpi_task_t *task)
{
    const char *mobile = NULL, *key = fpi_text_trim(task->pool, cell);

    if (list->put == put_user && column == USER_MOBILE) {
        fpi_ignore(fpi_people_take_mobile(&mobile, cell, "mobile", task)); /* a malformed one is the row's to refuse */
        key = mobile ? mobile : key;
    }
    return *key ? key : NULL;
}
