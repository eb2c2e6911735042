#include "tools/ctl.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every option once. */
typedef struct option_t {
    const char *name, *value; /* value NULL: a flag */
    const char *en, *zh;
} option_t;

/* Those that may be given again: their values, a comma between. */
static const char *const many[] = { "role", "related" };

static const option_t globals[] = {
    { "c", "CONF", "httpd's configuration, whose FPImage directives say where the store is",
      "httpd 配置文件, 从其 FPImage 指令得知数据所在" },
    { "d", "DATADIR", "the data directory, with defaults for the rest", "数据目录, 其余用默认值" },
    { "json", NULL, "one JSON document on standard output", "在标准输出给出一个 JSON" },
    { "lang", "zh|en", "language (default from LANG, else English)", "语言 (默认按 LANG, 否则英文)" },
    { "help", NULL, "help on a command", "帮助" },
};

static const option_t options[] = {
    { "tax-no", "T", "tax number, 15 to 20 letters and digits", "税号, 15-20 位字母或数字" },
    { "name", "N", "name of the enterprise or person", "企业或人员名称" },
    { "client-id", "C", "client id", "client_id" },
    { "secret-file", "F", "client secret: a file, - or env:NAME", "client_secret: 文件, - 或 env:NAME" },
    { "encrypt-key-file", "F", "encrypt_key of 16 bytes: a file, - or env:NAME",
      "16 字节的 encrypt_key: 文件, - 或 env:NAME" },
    { "cloud-client-id", "C", "where the cloud knows it by another id", "发票云侧的 client_id (不同时)" },
    { "cloud-secret-file", "F", "and secret: a file, - or env:NAME", "发票云侧的 secret: 文件, - 或 env:NAME" },
    { "unchecked", NULL, "save without asking the cloud", "不向发票云校验, 直接保存" },
    { "tenant", "T", "name, domain or id of the tenant (default: the first)", "租户名称、域名或编号 (默认第一个)" },
    { "domain", "D", "what its people say at the login: /imgsys-web/login?domain=D", "登录域名: /imgsys-web/login?domain=D" },
    { "dry-run", NULL, "only say what would become of each line", "仅试算, 不保存" },
    { "passwords", NULL, "one-time passwords for new users, printed once (1,000 at most)", "为新用户生成一次性密码, 只显示一次 (最多 1000 个)" },
    { "scope", "all|own", "everybody's bills there (default), or his own", "所有人的单据 (默认) 或仅本人的" },
    { "below", NULL, "and of the organisations below it", "含下级组织" },
    { "partial", NULL, "store the good lines though others are bad", "有错误行时仍保存其余行" },
    { "yes", NULL, "do not ask", "不再询问" },
    { "confirm", NULL, "though it does not match", "未匹配仍提交" },
    { "upstream", "URL", "production, demo or the cloud's address", "production, demo 或发票云地址" },
    { "upstream-ca", "FILE", "trust anchors for the cloud", "发票云的根证书" },
    { "url", "U", "the address that is pushed to", "推送地址" },
    { "kind", "K", "an address: imaging, erp or push (default: told by its words); a business system: eas (default) or webhook",
      "地址用途: imaging, erp 或 push (默认自动判断); 业务系统类型: eas (默认) 或 webhook" },
    { "reason", "TEXT", "why, for the timeline", "原因, 记入轨迹" },
    { "org", "CODE", "code of an organisation", "组织编码" },
    { "bill-type", "CODE", "code of a bill type", "单据类型编码" },
    { "resource", "R", "which system's bill", "单据来源系统" },
    { "prefix", "URL", "http(s)://host:port/ormrpc/services/, or a webhook's address", "http(s)://IP:端口/ormrpc/services/, 或 webhook 地址" },
    { "password-file", "F", "password, or the webhook's key: a file, - or env:NAME", "密码, 或 webhook 密钥: 文件, - 或 env:NAME" },
    { "solution", "S", "solution name (default eas)", "解决方案名 (默认 eas)" },
    { "dc", "CODE", "data centre's code, as in EAS's admin console", "数据中心编码, 见 EAS 管理控制台" },
    { "language", "L", "L1 English, L2 simplified (default), L3 traditional Chinese", "L1 英文, L2 简体 (默认), L3 繁体" },
    { "db-type", "N", "EAS's number of the database (default 1): often 0 SQL Server, 1 Oracle, 2 DB2, 3 PostgreSQL",
      "EAS 的数据库类型 (默认 1): 常见 0 SQL Server, 1 Oracle, 2 DB2, 3 PostgreSQL" },
    { "auth-pattern", "P", "7th parameter of the login (BaseDB, say); \"\" for none", "登录的第7个参数 (如 BaseDB); 空为不用" },
    { "encode-pwd", "N", "8th parameter of the login; -1 for none", "登录的第8个参数; -1 为不用" },
    { "names", "KEY=VALUE,...", "names and codes that this EAS has otherwise", "该 EAS 与缺省不同的名称与状态码" },
    { "rename", "NAME", "its new name", "新名称" },
    { "full", NULL, "all of them, not only what changed", "全部, 而非仅变化的" },
    { "disable-missing", NULL, "disable whom the ERP names no more (all are asked for)", "停用 ERP 中已没有的用户 (按全量)" },
    { "failed", NULL, "refused and parked ones only", "仅被拒绝和挂起的" },
    { "state", "STATE", "waiting, delivered, parked, skipped or unaddressed", "waiting, delivered, parked, skipped 或 unaddressed" },
    { "bill", "NUMBER", "those of this bill; of a user: why he sees it, or not", "该单据的; 对用户: 能否看到该单据及原因" },
    { "all", NULL, "all that were not told, or not submitted yet", "全部未通知的, 或未提交的" },
    { "limit", "N", "at most so many (default 50)", "最多条数 (默认 50)" },
    { "before", "ID", "those before this one", "此 ID 之前的" },
    { "actor", "WHO", "of this one", "操作者" },
    { "action", "WHAT", "of this kind", "操作" },
    { "object", "OF", "to this one", "对象" },
    { "noted", "ID:MARK", "as an earlier audit verify printed it", "此前 audit verify 给出的 编号:校验值" },
    { "minutes", "N|off", "for how long (1 to 1440)", "时长 (1-1440 分钟)" },
    { "quick", NULL, "compare sizes only", "只比较大小" },
    { "repair", NULL, "remove orphans older than a day, put damaged ones aside", "清理无主文件, 移开损坏的文件" },
    { "link", NULL, "hard links instead of copies (the same disk)", "用硬链接代替复制 (同一磁盘)" },
    { "with-key", NULL, "the key file, too: whoever has the backup can read its secrets", "同时备份密钥文件: 持有备份者即可读取密文" },
    { "key-file", "F", "the key file that was kept apart", "另行保存的密钥文件" },
    { "o", "FILE", "where to write it; - for standard output", "输出文件; - 为标准输出" },
    { "title", "TEXT", "title of the cover pages", "封面标题" },
    { "line", "TEXT|TEXT...", "further lines on each cover", "封面上的其他文字行" },
    { "user", "NAME", "httpd's user, for a new data directory; or the account at the ERP", "httpd 用户 (新建数据目录时); 或 ERP 的账号" },
    { "mobile", "M", "mobile number, by which the ERP knows the person", "手机号 (与业务系统账号匹配)" },
    { "mail", "ADDRESS", "mail address", "邮箱" },
    { "role", "R", "a role, by name or id; may be given again", "角色名或编号, 可重复给出" },
    { "parent", "CODE", "code of the organisation above it", "上级组织编码" },
    { "related", "CODE", "a related organisation; may be given again", "关联组织编码, 可重复给出" },
    { "address", "TEXT", "where the scan point is; a network scanner's address", "扫描点地址; 网络扫描仪的地址" },
    { "point", "NAME", "only for the people of this scan point; \"\" for all", "仅供该扫描点的人员使用; 空为不限" },
    { "source", "S", "auto (default), feeder or flatbed", "auto (默认), feeder 进纸器 或 flatbed 平板" },
    { "duplex", NULL, "both sides", "双面" },
    { "dpi", "N", "resolution (default 300)", "分辨率 (默认 300)" },
    { "color", "C", "color (default), gray or mono", "color 彩色 (默认), gray 灰度 或 mono 黑白" },
    { "format", "F", "jpeg (default) or pdf", "jpeg (默认) 或 pdf" },
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static const option_t *find_in(const option_t *list, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i].name) == len && strncmp(list[i].name, name, len) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static const option_t *find_option(const char *name, size_t len)
{
    const option_t *found = find_in(globals, COUNT(globals), name, len);

    return found ? found : find_in(options, COUNT(options), name, len);
}

/* Is `name` among the command's own? *is_needed: with a "!". */
static bool takes(const ctl_command_t *command, const char *name, bool *is_needed)
{
    size_t len = strlen(name);

    *is_needed = false;
    for (const char *at = command->options; *at;) {
        size_t word = strcspn(at, " ");

        bool has_mark = word > 0 && at[word - 1] == '!';

        if (word - has_mark == len && strncmp(at, name, len) == 0) {
            *is_needed = has_mark;
            return true;
        }
        at += word + strspn(at + word, " ");
    }
    return false;
}

const char *ctl_option(const ctl_t *ctl, const char *name)
{
    return apr_hash_get(ctl->options, name, APR_HASH_KEY_STRING);
}

bool ctl_has(const ctl_t *ctl, const char *name)
{
    return ctl_option(ctl, name) != NULL;
}

/* ---- the command line ---- */

static fpi_err_t *unknown_option(ctl_t *ctl, const char *word)
{
    return ctl_usage(ctl, "不认识的选项 %.100s; 见 fpimagectl --help",
                     "unknown option %.100s; see fpimagectl --help", word);
}

static bool is_many(const option_t *option)
{
    for (size_t i = 0; i < COUNT(many); i++) {
        if (strcmp(many[i], option->name) == 0) {
            return true;
        }
    }
    return false;
}

/* "-c F", "--name V", "--name=V", "--flag"; *at is moved past a value. */
static fpi_err_t *take_option(ctl_t *ctl, int argc, const char *const *argv, int *at)
{
    const char *word = argv[*at];
    bool is_long = word[1] == '-';
    const char *name = word + 1 + is_long;
    size_t len = is_long ? strcspn(name, "=") : strlen(name);
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const option_t *option = find_option(name, len);

    if (!option || (strlen(option->name) == 1) == is_long) {
        return unknown_option(ctl, word);
    }
    if (option->value && !value) {
        if (*at + 1 >= argc) {
            return ctl_usage(ctl, "选项 %s 缺少值 %s", "the option %s needs a value, %s", word, option->value);
        }
        value = argv[++*at];
    }
    else if (!option->value && value) {
        return ctl_usage(ctl, "选项 --%s 不带值", "the option --%s takes no value", option->name);
    }
    if (ctl_has(ctl, option->name) && is_many(option)) {
        value = apr_pstrcat(ctl->task->pool, ctl_option(ctl, option->name), ",", value, NULL);
    }
    else if (ctl_has(ctl, option->name)) {
        return ctl_usage(ctl, "选项 %s 重复", "the option %s is there twice", option->name);
    }
    apr_hash_set(ctl->options, option->name, APR_HASH_KEY_STRING, value ? value : "");
    return NULL;
}

static fpi_err_t *split(ctl_t *ctl, int argc, const char *const *argv)
{
    bool is_over = false;

    ctl->args = apr_pcalloc(ctl->task->pool, sizeof(*ctl->args) * (size_t)(argc + 1));
    for (int i = 1; i < argc; i++) {
        if (!is_over && strcmp(argv[i], "--") == 0) {
            is_over = true;
        }
        else if (!is_over && strcmp(argv[i], "-h") == 0) {
            apr_hash_set(ctl->options, "help", APR_HASH_KEY_STRING, "");
        }
        else if (!is_over && argv[i][0] == '-' && argv[i][1]) {
            FPI_TRY(take_option(ctl, argc, argv, &i));
        }
        else {
            ctl->args[ctl->arg_count++] = argv[i];
        }
    }
    return NULL;
}

/* ---- which command ---- */

fpi_json_t *ctl_command_names(ctl_t *ctl)
{
    fpi_json_t *names = fpi_json_make_array(ctl->task);

    for (const ctl_command_t *c = ctl_commands; c->noun; c++) {
        fpi_json_add_text(names,
                          c->verb ? apr_pstrcat(ctl->task->pool, c->noun, " ", c->verb, NULL) : c->noun);
    }
    return names;
}

/* "a, b, c" of the nouns, or of one noun's verbs. */
static const char *list_words(ctl_t *ctl, const char *noun)
{
    const char *list = "", *last = "";

    for (const ctl_command_t *c = ctl_commands; c->noun; c++) {
        const char *word = noun ? c->verb : c->noun;

        if ((!noun || strcmp(c->noun, noun) == 0) && word && strcmp(word, last) != 0) {
            list = apr_pstrcat(ctl->task->pool, list, *list ? ", " : "", word, NULL);
            last = word;
        }
    }
    return list;
}

static bool is_noun(const char *word)
{
    for (const ctl_command_t *c = ctl_commands; c->noun; c++) {
        if (strcmp(c->noun, word) == 0) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *unknown_command(ctl_t *ctl)
{
    const char *noun = ctl->args[0];

    ctl->more = fpi_json_make_object(ctl->task);
    fpi_json_put(ctl->more, "commands", ctl_command_names(ctl));
    if (!is_noun(noun)) {
        return ctl_usage(ctl, "没有命令 %.60s; 可用: %s", "there is no command %.60s; there are: %s", noun,
                         list_words(ctl, NULL));
    }
    if (ctl->arg_count < 2) {
        return ctl_usage(ctl, "%s 之后应为: %s", "after %s comes one of: %s", noun, list_words(ctl, noun));
    }
    return ctl_usage(ctl, "没有命令 %s %.60s; %s 可用: %s", "there is no command %s %.60s; %s has: %s", noun,
                     ctl->args[1],
                     noun, list_words(ctl, noun));
}

static fpi_err_t *find_command(ctl_t *ctl)
{
    for (const ctl_command_t *c = ctl_commands; c->noun; c++) {
        if (strcmp(c->noun, ctl->args[0]) != 0) {
            continue;
        }
        if (!c->verb || (ctl->arg_count > 1 && strcmp(c->verb, ctl->args[1]) == 0)) {
            int words = c->verb ? 2 : 1;

            ctl->command = c;
            ctl->args += words;
            ctl->arg_count -= words;
            return NULL;
        }
    }
    return unknown_command(ctl);
}

/* ---- does it fit ---- */

static const char *dashes(const char *name)
{
    return name[1] ? "--" : "-";
}

static const char *usage_of(ctl_t *ctl, const ctl_command_t *c)
{
    const char *line = apr_pstrcat(ctl->task->pool, "fpimagectl ", c->noun, c->verb ? " " : "",
                                   c->verb ? c->verb : "", NULL);

    for (size_t i = 0; i < COUNT(options); i++) {
        const option_t *o = &options[i];
        bool is_needed;

        if (takes(c, o->name, &is_needed)) {
            line = apr_pstrcat(ctl->task->pool, line, is_needed ? " " : " [", dashes(o->name), o->name,
                               o->value ? " " : "",
                               o->value ? o->value : "", is_needed ? "" : "]", NULL);
        }
    }
    return *c->args ? apr_pstrcat(ctl->task->pool, line, " ", c->args, NULL) : line;
}

static fpi_err_t *check_options(ctl_t *ctl)
{
    bool is_needed;

    for (size_t i = 0; i < COUNT(options); i++) {
        const char *name = options[i].name;
        bool is_known = takes(ctl->command, name, &is_needed);

        if (ctl_has(ctl, name) && !is_known) {
            return ctl_usage(ctl, "此命令没有选项 %s%s; 用法: %s", "this command has no option %s%s; usage: %s", dashes(name), name,
                             usage_of(ctl, ctl->command));
        }
        if (is_needed && !ctl_has(ctl, name)) {
            return ctl_usage(ctl, "缺少选项 %s%s; 用法: %s", "the option %s%s is missing; usage: %s", dashes(name), name,
                             usage_of(ctl, ctl->command));
        }
    }
    return NULL;
}

static fpi_err_t *check_arguments(ctl_t *ctl)
{
    if (ctl->arg_count >= ctl->command->least && ctl->arg_count <= ctl->command->most) {
        return NULL;
    }
    return ctl_usage(ctl, "参数个数不对; 用法: %s", "that are too few or too many words; usage: %s",
                     usage_of(ctl, ctl->command));
}

/* ---- language ---- */

static bool is_chinese_here(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = getenv(names[i]);

        if (value && *value) {
            return strncmp(value, "zh", 2) == 0;
        }
    }
    return false;
}

static void set_language(ctl_t *ctl, const char *lang)
{
    ctl->is_zh = lang ? strcmp(lang, "zh") == 0 : is_chinese_here();
    ctl->task->lang = ctl->is_zh ? "zh" : "en";
}

/* Before anything can fail, so that the failure comes as it is wanted. */
static void look_ahead(ctl_t *ctl, int argc, const char *const *argv)
{
    const char *lang = NULL;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        ctl->is_json = ctl->is_json || strcmp(argv[i], "--json") == 0;
        lang = strncmp(argv[i], "--lang=", 7) == 0 ? argv[i] + 7
               : strcmp(argv[i], "--lang") == 0 && i + 1 < argc ? argv[i + 1] : lang;
    }
    set_language(ctl, lang);
}

static fpi_err_t *check_globals(ctl_t *ctl)
{
    const char *lang = ctl_option(ctl, "lang");

    if (lang && strcmp(lang, "zh") != 0 && strcmp(lang, "en") != 0) {
        return ctl_usage(ctl, "--lang 应为 zh 或 en, 收到 %.20s", "--lang is zh or en, not %.20s", lang);
    }
    if (ctl_has(ctl, "c") && ctl_has(ctl, "d")) {
        return ctl_usage(ctl, "-c 与 -d 只能用其一", "say -c or -d, not both");
    }
    return NULL;
}

fpi_err_t *ctl_parse(ctl_t *ctl, int argc, const char *const *argv)
{
    ctl->options = apr_hash_make(ctl->task->pool);
    look_ahead(ctl, argc, argv);
    FPI_TRY(split(ctl, argc, argv));
    FPI_TRY(check_globals(ctl));
    if (ctl_has(ctl, "help") || (ctl->arg_count && strcmp(ctl->args[0], "help") == 0)) {
        bool is_word = !ctl_has(ctl, "help");

        ctl->args += is_word;
        ctl->arg_count -= is_word;
        return NULL;
    }
    if (ctl->arg_count == 0) {
        ctl->more = fpi_json_make_object(ctl->task);
        fpi_json_put(ctl->more, "commands", ctl_command_names(ctl));
        return ctl_usage(ctl, "缺少命令; 可用: %s", "a command is missing; there are: %s", list_words(ctl, NULL));
    }
    FPI_TRY(find_command(ctl));
    FPI_TRY(check_options(ctl));
    return check_arguments(ctl);
}

fpi_err_t *ctl_option_int(int64_t *out, ctl_t *ctl, const char *name, int64_t otherwise, int64_t least,
                          int64_t most)
{
    const char *text = ctl_option(ctl, name);

    *out = otherwise;
    if (!text || fpi_int_parse(out, text, least, most)) {
        return NULL;
    }
    return ctl_usage(ctl, "--%s 应为 %ld 到 %ld 的整数, 收到 \"%.50s\"",
                     "--%s is a whole number from %ld to %ld, not \"%.50s\"",
                     name, (long)least, (long)most, text);
}

fpi_err_t *ctl_arg_id(int64_t *out, ctl_t *ctl, int i)
{
    if (fpi_int_parse(out, ctl->args[i], 1, INT64_MAX)) {
        return NULL;
    }
    return ctl_usage(ctl, "ID 应为正整数, 收到 \"%.50s\"", "an id is a positive number, not \"%.50s\"",
                     ctl->args[i]);
}

/* ---- help ---- */

static void print_options(ctl_t *ctl, FILE *to, const ctl_command_t *c)
{
    bool is_needed;

    for (size_t i = 0; i < COUNT(options); i++) {
        const option_t *o = &options[i];

        if (takes(c, o->name, &is_needed)) {
            fprintf(to, "      --%-18s %-6s %s\n", o->name, o->value ? o->value : "",
                    ctl->is_zh ? o->zh : o->en);
        }
    }
}

static void print_globals(ctl_t *ctl, FILE *to)
{
    fprintf(to, "%s\n",
            ctl->is_zh ? "通用选项 (命令前后均可):" : "options of all commands, before or after the command:");
    for (size_t i = 0; i < COUNT(globals); i++) {
        const option_t *o = &globals[i];

        fprintf(to, "  %s%-8s %-8s %s\n", o->name[1] ? "--" : " -", o->name, o->value ? o->value : "",
                ctl->is_zh ? o->zh : o->en);
    }
}

void ctl_help(ctl_t *ctl, const char *noun, bool is_asked_for)
{
    FILE *to = is_asked_for ? stdout : stderr;

    for (const ctl_command_t *c = ctl_commands; c->noun; c++) {
        if (!noun || strcmp(noun, c->noun) == 0) {
            fprintf(to, "%s\n    %s\n", usage_of(ctl, c), ctl->is_zh ? c->zh : c->en);
            if (noun) {
                print_options(ctl, to, c);
            }
        }
    }
    print_globals(ctl, to);
    fprintf(to, "%s\n", ctl->is_zh ? "退出码: 0 完成, 1 检查未通过, 2 用法错误, 3 数据不可用, 4 对方拒绝"
                                   : "exit: 0 done, 1 a check failed, 2 usage, 3 store not reachable, 4 the other side "
                                     "refused");
}
