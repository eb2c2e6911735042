#include "service/erps.h"
#include "tools/ctl.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

static const ctl_column_t card[] = {
    { "name", "name", "名称", CTL_TEXT },
    { "kind", "kind", "类型", CTL_TEXT },
    { "resource", "bills of resource", "单据来源", CTL_TEXT },
    { "prefix", "prefix", "接口前缀", CTL_TEXT },
    { "solution", "solution", "解决方案", CTL_TEXT },
    { "dc", "data centre", "数据中心", CTL_TEXT },
    { "user", "user", "用户", CTL_TEXT },
    { "language", "language", "语言", CTL_TEXT },
    { "db_type", "database type", "数据库类型", CTL_TEXT },
    { "auth_pattern", "auth pattern", "认证方式", CTL_TEXT },
    { "encode_pwd", "encode pwd", "密码加密", CTL_TEXT },
    { "is_enabled", "enabled", "启用", CTL_FLAG },
    { "is_checked", "verified", "已验证", CTL_FLAG },
    { "check_note", "last verification", "最近验证", CTL_TEXT },
    { "checked_at", "verified at", "验证时间", CTL_TIME },
    { "created_at", "created", "创建时间", CTL_TIME },
    { "updated_at", "updated", "更新时间", CTL_TIME },
    { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t columns[] = {
    { "name", "NAME", "名称", CTL_TEXT },
    { "kind", "KIND", "类型", CTL_TEXT },
    { "resource", "RESOURCE", "单据来源", CTL_TEXT },
    { "is_enabled", "ENABLED", "启用", CTL_FLAG },
    { "is_checked", "VERIFIED", "已验证", CTL_FLAG },
    { "prefix", "PREFIX", "接口前缀", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t finding_columns[] = {
    { "system", "SYSTEM", "业务系统", CTL_TEXT },
    { "about", "ABOUT", "哪一项", CTL_TEXT },
    { "message", "MESSAGE", "说明", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static fpi_erp_which_t named(ctl_t *ctl)
{
    return (fpi_erp_which_t){ .tenant = FPI_TENANT_FIRST, .name = ctl->args[0], .version = -1 };
}

/* ---- add, set ---- */

/* "facade=WSX,code_ready=2": names that the installation has otherwise; nothing behind "=" is the standard again. */
static fpi_err_t *read_names(fpi_erp_form_t *form, ctl_t *ctl)
{
    const char *text = ctl_option(ctl, "names");
    char *rest = text ? apr_pstrdup(ctl->task->pool, text) : NULL;

    for (char *pair = rest ? apr_strtok(rest, ",", &rest) : NULL; pair; pair = apr_strtok(NULL, ",", &rest)) {
        char *value = strchr(pair, '=');
        fpi_eas_name_t name;

        if (value) {
            *value++ = '\0';
        }
        if (!value || !fpi_eas_name_find(&name, pair)) {
            return ctl_usage(ctl, "--names 应为 KEY=VALUE[,KEY=VALUE], 收到 %.60s; 可用的 KEY 见 fpimagectl erp names",
                             "--names takes KEY=VALUE[,KEY=VALUE], not %.60s; fpimagectl erp names lists the keys", pair);
        }
        form->names[name] = value;
    }
    return NULL;
}

static fpi_err_t *read_form(fpi_erp_form_t *form, ctl_t *ctl)
{
    fpi_secret_t *password;

    fpi_erp_form_init(form);
    FPI_TRY(ctl_secret(&password, ctl, "password-file"));
    form->kind = ctl_option(ctl, "kind");
    form->resource = ctl_option(ctl, "resource");
    form->prefix = ctl_option(ctl, "prefix");
    form->solution = ctl_option(ctl, "solution");
    form->dc = ctl_option(ctl, "dc");
    form->user = ctl_option(ctl, "user");
    form->language = ctl_option(ctl, "language");
    form->auth_pattern = ctl_option(ctl, "auth-pattern");
    form->password = password;
    FPI_TRY(ctl_option_int(&form->db_type, ctl, "db-type", FPI_ERP_AS_IT_WAS, 0, 9));
    FPI_TRY(ctl_option_int(&form->encode_pwd, ctl, "encode-pwd", FPI_ERP_AS_IT_WAS, -1, 9));
    return read_names(form, ctl);
}

static void tell(ctl_t *ctl, const fpi_system_t *system, const char *result, const char *corrected)
{
    fpi_json_t *doc = fpi_erps_json(system, ctl->task);

    fpi_json_put_text(doc, "result", result);
    if (corrected) {
        fpi_json_put_text(doc, "corrected", corrected);
        ctl_warn(ctl, "前缀已更正: %s", "the prefix was put right: %s", corrected);
    }
    if (!ctl_json(ctl, doc)) {
        ctl_card(ctl, doc, card);
    }
}

static fpi_err_t *put(ctl_t *ctl, bool may_make)
{
    fpi_erp_form_t form;
    fpi_erp_which_t which;
    fpi_erp_put_t done;

    FPI_TRY(ctl_read_settings(ctl));
    FPI_TRY(read_form(&form, ctl));
    FPI_TRY(ctl_open(ctl));
    which = named(ctl);
    form.name = may_make ? which.name : ctl_option(ctl, "rename");
    FPI_TRY(fpi_erps_put(&done, ctl->app, &which, &form, may_make, false, ctl->task));
    ctl_say(ctl, "%s%.0s %s", "%.0s%s %s", done.is_new ? "已新增" : "已修改", done.is_new ? "added" : "changed",
            done.system->name);
    tell(ctl, done.system, done.is_new ? "added" : "changed", done.corrected);
    if (!done.system->is_checked) {
        ctl_warn(ctl, "尚未验证: fpimagectl erp verify %s", "not verified yet: fpimagectl erp verify %s",
                 done.system->name);
    }
    return NULL;
}

fpi_err_t *ctl_erp_add(ctl_t *ctl)
{
    return put(ctl, true);
}

fpi_err_t *ctl_erp_set(ctl_t *ctl)
{
    return put(ctl, false);
}

static fpi_err_t *set_enabled(ctl_t *ctl, bool is_enabled)
{
    fpi_erp_which_t which = named(ctl);
    fpi_erp_form_t form;
    fpi_erp_put_t done;

    fpi_erp_form_init(&form);
    form.is_enabled = is_enabled;
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_erps_put(&done, ctl->app, &which, &form, false, false, ctl->task));
    tell(ctl, done.system, is_enabled ? "enabled" : "disabled", NULL);
    return NULL;
}

fpi_err_t *ctl_erp_enable(ctl_t *ctl)
{
    return set_enabled(ctl, true);
}

fpi_err_t *ctl_erp_disable(ctl_t *ctl)
{
    return set_enabled(ctl, false);
}

/* ---- list, show, names ---- */

fpi_err_t *ctl_erp_list(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    fpi_systems_t all;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_erps_list(&all, ctl->app, FPI_TENANT_FIRST, ctl->task));
    for (int i = 0; i < all.count; i++) {
        fpi_json_add(list, fpi_erps_json(all.items[i], ctl->task));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

/* Those that are not standard, below the card. */
static void say_names(ctl_t *ctl, const fpi_system_t *system)
{
    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        if (system->names[i]) {
            ctl_say(ctl, "%s = %s", "%s = %s", fpi_eas_name_info((fpi_eas_name_t)i)->key, system->names[i]);
        }
    }
}

fpi_err_t *ctl_erp_show(ctl_t *ctl)
{
    fpi_erp_which_t which = named(ctl);
    fpi_system_t *system;
    fpi_json_t *doc;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_erps_get(&system, ctl->app, &which, ctl->task));
    doc = fpi_erps_json(system, ctl->task);
    if (!ctl_json(ctl, doc)) {
        ctl_card(ctl, doc, card);
        say_names(ctl, system);
    }
    return NULL;
}

static const ctl_column_t name_columns[] = {
    { "key", "KEY", "KEY", CTL_TEXT },
    { "standard", "STANDARD", "缺省值", CTL_TEXT },
    { "help", "MEANING", "含义", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

fpi_err_t *ctl_erp_names(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);

    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        const fpi_eas_name_info_t *info = fpi_eas_name_info((fpi_eas_name_t)i);
        fpi_json_t *doc = fpi_json_make_object(ctl->task);

        fpi_json_put_text(doc, "key", info->key);
        fpi_json_put_text(doc, "standard", info->standard);
        fpi_json_put_text(doc, "help", ctl->is_zh ? info->zh : info->en);
        fpi_json_add(list, doc);
    }
    ctl_list(ctl, list, name_columns);
    return NULL;
}

/* ---- verify ---- */

/* What the other side refused weighs more than a way that is blocked. */
static ctl_exit_t exit_of(const fpi_erp_verdict_t *verdict)
{
    ctl_exit_t code = CTL_DONE;

    for (int i = 0; i < verdict->count; i++) {
        const char *about = verdict->findings[i].about;
        bool is_way = strcmp(about, "host") == 0 || strcmp(about, "port") == 0 || strcmp(about, "path") == 0;

        code = is_way && code == CTL_DONE ? CTL_FAILED : is_way ? code : CTL_REFUSED;
    }
    return code;
}

static fpi_err_t *verify_one(ctl_t *ctl, fpi_json_t *list, const char *name)
{
    fpi_erp_which_t which = { .tenant = FPI_TENANT_FIRST, .name = name, .version = -1 };
    fpi_erp_verdict_t verdict;
    fpi_system_t *system;
    fpi_json_t *findings;
    ctl_exit_t code;

    FPI_TRY(fpi_erps_verify(&verdict, &system, ctl->app, &which, ctl->task));
    findings = fpi_erps_findings_json(&verdict, ctl->task);
    for (size_t i = 0; i < fpi_json_size(findings); i++) {
        fpi_json_put_text(fpi_json_at(findings, i), "system", system->name);
        fpi_json_add(list, fpi_json_at(findings, i));
    }
    code = exit_of(&verdict);
    ctl->exit = code > ctl->exit ? code : ctl->exit;
    if (verdict.is_right) {
        ctl_say(ctl, "%s: 登录成功", "%s: it lets us log in", system->name);
    }
    return NULL;
}

static fpi_err_t *verify_all(ctl_t *ctl, fpi_json_t *list)
{
    fpi_systems_t all;

    FPI_TRY(fpi_erps_list(&all, ctl->app, FPI_TENANT_FIRST, ctl->task));
    for (int i = 0; i < all.count; i++) {
        if (all.items[i]->is_enabled) {
            FPI_TRY(verify_one(ctl, list, all.items[i]->name));
        }
    }
    return NULL;
}

fpi_err_t *ctl_erp_verify(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task), *doc = fpi_json_make_object(ctl->task);

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(ctl->arg_count ? verify_one(ctl, list, ctl->args[0]) : verify_all(ctl, list));
    fpi_json_put_bool(doc, "is_right", fpi_json_size(list) == 0);
    fpi_json_put(doc, "findings", list);
    if (!ctl_json(ctl, doc) && fpi_json_size(list)) {
        ctl_table(ctl, list, finding_columns);
    }
    return NULL;
}

/* ---- state ---- */

static const ctl_column_t state_columns[] = {
    { "number", "IMAGE NUMBER", "影像编号", CTL_TEXT },
    { "state", "STATE", "状态", CTL_TEXT },
    { "meaning", "MEANING", "含义", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static fpi_json_t *state_json(ctl_t *ctl, const char *number, int state)
{
    static const char *const zh[] = { "无影像", "上传中", "已就绪", "退回重扫", "已重传", "作废" };
    static const char *const en[] = { "none", "uploading", "ready", "sent back", "uploaded again", "void" };
    bool is_known = state >= 0 && state < (int)(sizeof(zh) / sizeof(*zh));
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "number", number);
    if (state >= 0) {
        fpi_json_put_int(doc, "state", state);
    }
    fpi_json_put_text(doc, "meaning", is_known ? (ctl->is_zh ? zh : en)[state]
                                               : ctl_text(ctl, "未知", "not known to it"));
    return doc;
}

fpi_err_t *ctl_erp_state(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    fpi_erp_which_t which = named(ctl);
    fpi_system_t *system;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_erps_get(&system, ctl->app, &which, ctl->task));
    for (int i = 1; i < ctl->arg_count; i++) {
        int state;

        FPI_TRY(fpi_erp_find_state(&state, ctl->app->erp, system, ctl->args[i], ctl->task));
        fpi_json_add(list, state_json(ctl, ctl->args[i], state));
    }
    ctl_list(ctl, list, state_columns);
    return NULL;
}

/* ---- remove ---- */

static fpi_err_t *confirm(ctl_t *ctl, const fpi_system_t *system)
{
    char answer[256];

    fprintf(stderr, "%s", ctl_clean(ctl, ctl_text(ctl, "删除 %s? 它的单据不再通知 ERP. [y/N] ",
                                                  "Remove %s? Its ERP is told of bills no more. [y/N] ", system->name)));
    fflush(stderr);
    return fgets(answer, sizeof(answer), stdin) && (answer[0] | 0x20) == 'y'
               ? NULL : ctl_usage(ctl, "未确认, 未删除; 非交互时请加 --yes", "not confirmed, not removed; say --yes where nobody can be "
                                  "asked");
}

fpi_err_t *ctl_erp_remove(ctl_t *ctl)
{
    fpi_erp_which_t which = named(ctl);
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_system_t *system;

    FPI_TRY(ctl_open(ctl));
    if (!ctl_has(ctl, "yes")) {
        FPI_TRY(fpi_erps_get(&system, ctl->app, &which, ctl->task));
        FPI_TRY(confirm(ctl, system));
    }
    FPI_TRY(fpi_erps_remove(ctl->app, &which, ctl->task));
    fpi_json_put_text(doc, "name", which.name);
    fpi_json_put_text(doc, "result", "removed");
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "已删除 %s", "removed %s", which.name);
    }
    return NULL;
}
