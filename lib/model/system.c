#include "model/system.h"

#include "base/text.h"
#include "model/people.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_MOST = 50, RESOURCE_MOST = 50, WORD_MOST = 100, PASSWORD_MOST = 200, KEY_LEAST = 16, DB_TYPE_MOST = 9,
       XML_NAME_MOST = 100, SPACE_MOST = 200 };

void fpi_system_init(fpi_system_t *system, int64_t tenant)
{
    memset(system, 0, sizeof(*system));
    system->tenant = tenant;
    system->kind = "eas";
    system->resource = "";
    system->solution = "eas";
    system->language = "L2";
    system->db_type = 1;
    system->encode_pwd = -1;
    system->is_enabled = true;
}

/* ---- checks ---- */

static fpi_err_t *take_name(fpi_system_t *system, fpi_task_t *task)
{
    const char *name = fpi_text_trim(task->pool, system->name ? system->name : "");
    bool has_control = false;

    for (const char *c = name; *c; c++) {
        has_control = has_control || (unsigned char)*c < 0x20 || *c == 0x7F;
    }
    if (!*name || has_control || !fpi_utf8_is_valid(name, strlen(name)) || fpi_utf8_length(name) > NAME_MOST) {
        return fpi_refuse(task, FPI_E_FIELD, "name", "name应为1-%d个字符, 不得有控制字符",
                          "name must have 1-%d characters and no control characters", NAME_MOST);
    }
    system->name = name;
    return NULL;
}

static fpi_err_t *take_resource(fpi_system_t *system, fpi_task_t *task)
{
    const char *resource = fpi_text_trim(task->pool, system->resource ? system->resource : "");

    system->resource = "";
    return *resource ? fpi_people_take_word(&system->resource, resource, "resource", RESOURCE_MOST, task) : NULL;
}

/* People paste it: blanks round it are cut, but one inside may belong to it. */
static fpi_err_t *take_password(fpi_system_t *system, size_t least, fpi_task_t *task)
{
    const fpi_secret_t *given = system->password;
    char *text = fpi_text_trim(task->pool, given ? given->bytes : "");
    size_t len = strlen(text);

    if (given && given->len != strlen(given->bytes)) {
        return fpi_refuse(task, FPI_E_FIELD, "password", "password含有NUL字节", "password holds a NUL byte");
    }
    system->password = fpi_secret_make(task->pool, text, len);
    fpi_secret_wipe(text, len);
    if (len < least || len > PASSWORD_MOST) {
        return fpi_refuse(task, FPI_E_FIELD, "password", "password应为%d-%d字节, 收到%d字节",
                          "password must have %d-%d bytes; %d came", (int)least, PASSWORD_MOST, (int)len);
    }
    return NULL;
}

/* EAS takes both cases of the letter. */
static fpi_err_t *take_language(fpi_system_t *system, fpi_task_t *task)
{
    char *language = fpi_text_upper(fpi_text_trim(task->pool, system->language ? system->language : "L2"));

    if (language[0] != 'L' || language[1] < '1' || language[1] > '3' || language[2]) {
        return fpi_refuse(task, FPI_E_FIELD, "language", "language应为L1 (英文)、L2 (简体) 或L3 (繁体), 收到 %.20s",
                          "language must be L1 (English), L2 (simplified) or L3 (traditional Chinese), not %.20s",
                          language);
    }
    system->language = language;
    return NULL;
}

static fpi_err_t *take_auth(fpi_system_t *system, fpi_task_t *task)
{
    const char *pattern = fpi_text_trim(task->pool, system->auth_pattern ? system->auth_pattern : "");

    system->auth_pattern = NULL;
    if (*pattern) {
        FPI_TRY(fpi_people_take_word(&system->auth_pattern, pattern, "auth_pattern", WORD_MOST, task));
    }
    if (system->encode_pwd < -1 || system->encode_pwd > DB_TYPE_MOST) {
        return fpi_refuse(task, FPI_E_FIELD, "encode_pwd", "encode_pwd应为0-%d", "encode_pwd must be 0-%d",
                          DB_TYPE_MOST);
    }
    if (system->encode_pwd >= 0 && !system->auth_pattern) {
        return fpi_refuse(task, FPI_E_FIELD, "encode_pwd", "encode_pwd须与auth_pattern (如 BaseDB) 同时给出",
                          "encode_pwd must come with auth_pattern (BaseDB, say)");
    }
    return NULL;
}

static fpi_err_t *check_eas(fpi_system_t *system, fpi_task_t *task)
{
    FPI_TRY(fpi_people_take_word(&system->solution, system->solution ? system->solution : "eas", "solution", WORD_MOST,
                                 task));
    FPI_TRY(fpi_people_take_word(&system->dc, system->dc, "dc", WORD_MOST, task));
    FPI_TRY(fpi_people_take_word(&system->user, system->user, "user", WORD_MOST, task));
    FPI_TRY(take_language(system, task));
    FPI_TRY(take_auth(system, task));
    if (system->db_type < 0 || system->db_type > DB_TYPE_MOST) {
        return fpi_refuse(task, FPI_E_FIELD, "db_type", "db_type应为0-%d (常见: 0 SQL Server, 1 Oracle, 2 DB2, 3 PostgreSQL)",
                          "db_type must be 0-%d (often 0 SQL Server, 1 Oracle, 2 DB2, 3 PostgreSQL)", DB_TYPE_MOST);
    }
    return take_password(system, 1, task);
}

fpi_err_t *fpi_system_check(fpi_system_t *system, fpi_task_t *task)
{
    FPI_TRY(take_name(system, task));
    FPI_TRY(take_resource(system, task));
    if (strcmp(system->kind, "eas") == 0) {
        return check_eas(system, task);
    }
    if (strcmp(system->kind, "webhook") == 0) {
        system->solution = system->dc = system->user = system->auth_pattern = NULL;
        system->language = "L2";
        return take_password(system, KEY_LEAST, task);
    }
    return fpi_refuse(task, FPI_E_FIELD, "kind", "kind应为eas或webhook, 收到 %.20s", "kind must be eas or webhook, not %.20s",
                      system->kind);
}

/* ---- names of an EAS ---- */

static const fpi_eas_name_info_t infos[] = {
#define FPI_EAS_NAME(symbol, key, kind, standard, zh, en) { key, FPI_EAS_KIND_##kind, standard, zh, en },
#include "model/eas_names.def"
#undef FPI_EAS_NAME
};

const fpi_eas_name_info_t *fpi_eas_name_info(fpi_eas_name_t name)
{
    return &infos[name];
}

bool fpi_eas_name_find(fpi_eas_name_t *name, const char *key)
{
    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        if (strcmp(infos[i].key, key) == 0) {
            *name = (fpi_eas_name_t)i;
            return true;
        }
    }
    return false;
}

const char *fpi_eas_name(const fpi_system_t *system, fpi_eas_name_t name)
{
    return system->names[name] ? system->names[name] : infos[name].standard;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_xml_name(const char *text)
{
    if (!is_letter(*text) || strlen(text) > XML_NAME_MOST) {
        return false;
    }
    while (is_letter(*text) || (*text >= '0' && *text <= '9') || *text == '-' || *text == '.') {
        text++;
    }
    return *text == '\0';
}

static bool is_space(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c <= ' ' || *c >= 0x7F || strchr("<>\"'&", *c)) {
            return false;
        }
    }
    return strlen(text) <= SPACE_MOST;
}

static bool is_code(const char *text)
{
    int64_t number;

    return fpi_int_parse(&number, text, 0, 999);
}

fpi_err_t *fpi_eas_name_set(fpi_system_t *system, fpi_eas_name_t name, const char *value, fpi_task_t *task)
{
    static bool (*const checks[])(const char *) = { [FPI_EAS_KIND_NAME] = is_xml_name, [FPI_EAS_KIND_SPACE] = is_space,
                                                    [FPI_EAS_KIND_CODE] = is_code };
    const fpi_eas_name_info_t *info = &infos[name];
    const char *text = fpi_text_trim(task->pool, value ? value : "");

    system->names[name] = NULL;
    if (!*text || (info->standard && strcmp(text, info->standard) == 0)) {
        return NULL;
    }
    if (!checks[info->kind](text)) {
        return fpi_refuse(task, FPI_E_FIELD, info->key, "%s (%s%.0s) 的值无效: %.60s",
                          "%s (%.0s%s) can't be this: %.60s", info->key, info->zh, info->en, text);
    }
    system->names[name] = text;
    return NULL;
}

/* ---- notices ---- */

const char *fpi_notice_name(fpi_notice_kind_t kind, const char *lang)
{
    static const struct {
        const char *id, *zh, *en;
    } names[] = {
        [FPI_NOTICE_READY] = { "ready", "影像已就绪", "images ready" },
        [FPI_NOTICE_SENT_BACK] = { "sent_back", "退回重扫", "sent back for rescan" },
        [FPI_NOTICE_REVIEW] = { "review", "影像已审核", "images reviewed" },
    };

    return strcmp(lang, "id") == 0 ? names[kind].id : strcmp(lang, "en") == 0 ? names[kind].en : names[kind].zh;
}
