/* fpimagectl: the administrator's tool. The table of its commands, and main. */
#include "tools/ctl.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLOUD "upstream upstream-ca"
#define ERP "kind resource solution dc user language db-type auth-pattern encode-pwd names"

const ctl_command_t ctl_commands[] = {
    { "init", NULL, "", 0, 0, "user",
      "make or migrate the store; prints the first administrator's one-time password",
      "创建或升级数据库; 首次输出管理员一次性密码", ctl_init },
    { "enterprise", "add", "", 0, 0,
      "tax-no! name! client-id! secret-file! encrypt-key-file cloud-client-id cloud-secret-file unchecked " CLOUD,
      "add an enterprise authorisation, or change the one of that client id, once the cloud has given a token for it",
      "新增企业授权 (或修改同一 client_id 的), 先向发票云校验", ctl_enterprise_add },
    { "enterprise", "list", "", 0, 0, "", "list them, secrets masked", "列出企业授权 (密文不显示)",
      ctl_enterprise_list },
    { "enterprise", "check", "[CLIENT_ID]", 0, 1, CLOUD,
      "really fetch a token from the cloud, for one or for all enabled",
      "向发票云实际取 token, 指定一个或全部启用的", ctl_enterprise_check },
    { "enterprise", "disable", "CLIENT_ID", 1, 1, "", "disable it; its tokens die at once",
      "停用, 其 token 立即失效",
      ctl_enterprise_disable },
    { "enterprise", "enable", "CLIENT_ID", 1, 1, "", "enable it again", "重新启用", ctl_enterprise_enable },
    { "enterprise", "remove", "CLIENT_ID", 1, 1, "yes",
      "remove it, after asking twice; its tokens die at once",
      "删除 (两次确认), 其 token 立即失效", ctl_enterprise_remove },
    { "enterprise", "import", "FILE.csv|FILE.xlsx", 1, 1, "partial unchecked " CLOUD,
      "add many: a first line tax_no,name,client_id,secret,encrypt_key; all lines or none",
      "批量导入: 首行 税号,名称,client_id,client_secret,encrypt_key; 全部成功才保存", ctl_enterprise_import },
    { "erp", "add", "NAME", 1, 1, "prefix! password-file! " ERP,
      "add a business system that is told of images, or change the one of that name", "新增对接业务系统 (或修改同名的)",
      ctl_erp_add },
    { "erp", "set", "NAME", 1, 1, "prefix password-file rename " ERP, "change what is said of it; the rest stays",
      "修改其中给出的项, 其余不变", ctl_erp_set },
    { "erp", "verify", "[NAME]", 0, 1, "", "really log in, and say which setting is wrong; one, or all enabled",
      "实际登录, 指出哪一项有误; 指定一个或全部启用的", ctl_erp_verify },
    { "erp", "state", "NAME NUMBER...", 2, 50, "", "what the ERP itself says of image numbers", "向 ERP 查询影像编号的状态",
      ctl_erp_state },
    { "erp", "sync-people", "NAME", 1, 1, "full disable-missing",
      "take organisations and users from it: what changed since the last time, or all (--full); a row for each; "
      "--disable-missing: disable whom it names no more",
      "从 ERP 同步组织与用户: 自上次以来的变化, 或全部 (--full), 逐行给出结果; --disable-missing 停用 ERP 中已没有的用户",
      ctl_erp_sync_people },
    { "erp", "people", "NAME [RUN]", 1, 2, "", "the last times that organisations and users were taken from it, or the rows of one",
      "历次组织与用户同步, 或其中一次的逐行结果", ctl_erp_people },
    { "erp", "list", "", 0, 0, "", "list them, without passwords", "列出对接业务系统 (不含密码)", ctl_erp_list },
    { "erp", "show", "NAME", 1, 1, "", "one of them, with the names that are not standard", "显示一个, 含非缺省的名称",
      ctl_erp_show },
    { "erp", "names", "", 0, 0, "", "names and codes of EAS that --names can set", "列出 --names 可设置的名称与状态码",
      ctl_erp_names },
    { "erp", "disable", "NAME", 1, 1, "", "no bill is told to it", "停用, 不再通知", ctl_erp_disable },
    { "erp", "enable", "NAME", 1, 1, "", "enable it again", "重新启用", ctl_erp_enable },
    { "erp", "remove", "NAME", 1, 1, "yes", "remove it, after asking", "删除 (须确认)", ctl_erp_remove },
    { "push-table", "add", "", 0, 0, "name! tax-no! client-id! url!",
      "admit pushes of the receipt assistant for this enterprise", "登记推送表: 允许收票助手为该企业推送", ctl_push_table_add },
    { "push-table", "list", "", 0, 0, "", "list its rows", "列出推送表", ctl_push_table_list },
    { "push-table", "check", "", 0, 0, "", "what does not fit the enterprises, and which url does not lead here",
      "检查与企业授权是否一致, 地址是否指向本系统", ctl_push_table_check },
    { "push-table", "remove", "[ID]", 0, 1, "tax-no client-id", "remove a row, by its id or by both keys",
      "删除一行: 按 ID, 或税号加 client_id", ctl_push_table_remove },
    { "bill", "show", "NUMBER", 1, 1, "resource", "all that is known of a bill, and why it is stuck",
      "显示单据的全部信息, 以及卡在哪里", ctl_bill_show },
    { "bill", "trail", "NUMBER", 1, 1, "resource", "its timeline", "显示单据轨迹", ctl_bill_trail },
    { "bill", "match", "NUMBER", 1, 1, "resource", "what of its invoices matches, and what does not", "显示发票匹配结果",
      ctl_bill_match },
    { "bill", "resubmit", "NUMBER", 1, 1, "resource reason confirm", "submit it again, as after a send-back", "重新提交单据",
      ctl_bill_resubmit },
    { "bill", "review", "NUMBER", 1, 1, "resource reason", "its images are in order", "影像审核通过", ctl_bill_review },
    { "bill", "sync", "NUMBER", 1, 1, "resource reason", "ask the receipt again, by hand", "重新同步收票数据与影像", ctl_bill_sync },
    { "bill", "void", "NUMBER", 1, 1, "resource reason yes", "void it, after asking", "作废单据 (须确认)", ctl_bill_void },
    { "match", "rerun", "[NUMBER]...", 0, 1000, "resource all",
      "compare the invoices of bills again: these, or (--all) all that are not submitted yet; exit 1: one was refused",
      "重新匹配: 指定单据, 或 (--all) 全部未提交的; 有被拒绝的时退出码为 1", ctl_match_rerun },
    { "mode", "set", "basic|match|sync", 1, 1, "org bill-type",
      "the mode of the tenant, or of an organisation or bill type, which goes before it", "设置模式: 全局, 组织或单据类型 (优先级依次升高)",
      ctl_mode_set },
    { "mode", "show", "", 0, 0, "", "all modes that were set", "显示模式设置", ctl_mode_show },
    { "switch", "list", "", 0, 0, "", "what is switched on and off", "列出开关", ctl_switch_list },
    { "switch", "set", "NAME on|off|standard", 2, 2, "", "switch it", "设置开关", ctl_switch_set },
    { "read", NULL, "FILE", 1, 1, "",
      "what an invoice file says, field by field, and which source says it; exit 1: no invoice, or sources disagree",
      "读取发票文件: 逐字段给出值及来源; 无发票或来源不一致时退出码为 1", ctl_read },
    { "push", "list", "", 0, 0, "failed limit before", "the push log, newest first", "推送日志, 新的在前",
      ctl_push_list },
    { "push", "show", "ID", 1, 1, "", "one push with its body", "显示一次推送及其报文", ctl_push_show },
    { "push", "replay", "[ID]", 0, 1, "failed", "put it back to work (a refused one: with the push table as it is now), or all "
      "that were given up", "重新处理一次推送 (被拒绝的: 按现在的推送表), 或全部已放弃的", ctl_push_replay },
    { "delivery", "list", "", 0, 0, "state bill resource limit", "notices to the ERP, newest first", "对 ERP 的通知, 新的在前",
      ctl_delivery_list },
    { "delivery", "show", "ID", 1, 1, "", "one notice, and what became of it", "显示一条通知及其结果", ctl_delivery_show },
    { "delivery", "retry", "[ID|ID-ID]...", 0, 1000, "bill resource all state",
      "tell the ERP again: notices by ID, from one to another, those of a bill, or all that were given up or had no business system",
      "重新通知 ERP: 指定通知, 一段编号, 某张单据的, 或全部已放弃与无业务系统的", ctl_delivery_retry },
    { "delivery", "reconcile", "[SYSTEM]", 0, 1, "", "ask the ERP for the state of bills that look stuck, and put right what differs",
      "向 ERP 核对疑似卡住的单据状态并修复差异", ctl_delivery_reconcile },
    { "journal", "list", "", 0, 0, "limit", "calls to unknown paths", "未知接口的调用", ctl_journal_list },
    { "journal", "show", "ID", 1, 1, "", "one of them", "显示其中一条", ctl_journal_show },
    { "journal", "suggest", "ID", 1, 1, "", "the FPImageRoute line that would serve it",
      "给出可处理该调用的 FPImageRoute 配置行",
      ctl_journal_suggest },
    { "journal", "capture", "[off]", 0, 1, "minutes", "keep bodies of unknown calls in clear for a time",
      "限时以明文保存未知调用的报文", ctl_journal_capture },
    { "audit", "list", "", 0, 0, "actor action object limit", "what administrators changed, newest first",
      "管理操作日志, 新的在前", ctl_audit_list },
    { "audit", "verify", "", 0, 0, "noted", "was the audit log tampered with? (--noted ID:MARK: as it was printed before)",
      "核对管理操作日志是否被改动 (--noted 编号:校验值 为此前所记)", ctl_audit_verify },
    { "verify", NULL, "", 0, 0, "quick repair",
      "read every stored original and compare its hash; name what is missing, damaged or orphaned (--quick: sizes only; "
      "--repair: remove orphans, put damaged ones aside)",
      "校验全部原件的哈希, 列出缺失, 损坏与无主的文件 (--quick 只比较大小; --repair 清理无主文件并移开损坏的)", ctl_verify },
    { "storage", NULL, "", 0, 0, "", "how much space is used, by month and bill type, and what is free",
      "空间占用 (按月份与单据类型) 与剩余空间", ctl_storage },
    { "backup", NULL, "DIR", 1, 1, "link with-key",
      "save database and originals while httpd serves; what is in DIR already is not copied again (--link: hard links; "
      "--with-key: the key file, too)",
      "在线备份数据库与原件, 已有的不再复制 (--link 用硬链接; --with-key 同时备份密钥文件)", ctl_backup },
    { "restore", NULL, "DIR", 1, 1, "key-file partial user",
      "make an empty data directory of a backup, once all of it has been verified (--partial: without originals that "
      "can't be read)", "校验备份后恢复到空的数据目录 (--partial: 略过无法读取的原件)", ctl_restore },
    { "export", NULL, "zip|xlsx [NUMBER]...", 1, 1000, "o! resource",
      "write the originals of bills as a zip, or a list of them as a workbook, to the file of -o",
      "将单据原件导出为 zip, 或将列表导出为 xlsx", ctl_export },
    { "cover", "print", "NUMBER...", 1, 500, "o! title line", "cover pages with the QR of image numbers, as PDF",
      "打印影像编号的二维码封面 (PDF)", ctl_cover_print },
    { "cover", "read", "FILE", 1, 1, "", "the codes on each page, and which are covers by which rule",
      "识别各页上的码, 以及哪些是封面, 按哪条规则", ctl_cover_read },
    { "cover", "without", "on|off", 1, 1, "", "may pages without a cover be filed under a number of ours",
      "是否允许无封面归档 (自动编号)", ctl_cover_without },
    { "url", "check", "URL", 1, 1, "kind", "what is wrong with an interface address, and the right one",
      "检查接口地址并给出正确写法", ctl_url_check },
    { "routes", NULL, "", 0, 0, "", "the routes and the handlers that FPImageRoute can name", "列出路由与可用的处理器",
      ctl_routes },
    { "doctor", NULL, "", 0, 0, CLOUD, "every self-check, with remedies", "全部自检及处理办法", ctl_doctor },
    { "tenant", "list", "", 0, 0, "", "the tenants of this installation", "列出租户", ctl_tenant_list },
    { "tenant", "add", "NAME", 1, 1, "domain!", "add one, with an administrator of its own; prints his one-time password",
      "新增租户及其管理员, 输出一次性密码", ctl_tenant_add },
    { "tenant", "set", "NAME|DOMAIN|ID", 1, 1, "domain rename", "change its login domain or its name", "修改租户的登录域名或名称",
      ctl_tenant_set },
    { "user", "list", "", 0, 0, "tenant", "list users", "列出用户", ctl_user_list },
    { "user", "add", "", 0, 0, "name! mobile mail org role tenant",
      "add a user; prints a one-time password (without --role: the default role)",
      "新增用户, 输出一次性密码 (未给 --role 则为默认角色)", ctl_user_add },
    { "user", "reset", "NAME|MOBILE", 1, 1, "tenant", "print a new one-time password; ends his sessions",
      "重置为新的一次性密码, 其登录立即失效", ctl_user_reset },
    { "user", "unlock", "NAME|MOBILE|ADDRESS", 1, 1, "tenant", "lift the lock of failed logins, of an account or of an address",
      "解除账号或来源地址的登录锁定", ctl_user_unlock },
    { "user", "disable", "NAME|MOBILE", 1, 1, "tenant", "disable him; ends his sessions", "停用用户, 其登录立即失效",
      ctl_user_disable },
    { "user", "enable", "NAME|MOBILE", 1, 1, "tenant", "enable him again", "重新启用用户", ctl_user_enable },
    { "user", "why", "NAME|MOBILE", 1, 1, "bill resource tenant",
      "why he can scan, or (--bill) see a bill, or not; exit 1: he can't", "能否扫描, 或 (--bill) 查看某单据, 及原因; 不能时退出码为 1",
      ctl_user_why },
    { "user", "import", "FILE.csv|FILE.xlsx", 1, 1, "dry-run partial passwords tenant",
      "add and change many by a list (first line mobile,name,mail,org,roles,is_head,is_active): all lines or none",
      "批量导入用户: 首行 手机号,姓名,邮箱,组织编码,角色,部门负责人,启用; 全部成功才保存", ctl_user_import },
    { "grant", "list", "NAME|MOBILE", 1, 1, "tenant", "whose bills a user sees, by organisation", "列出用户按组织的查看范围",
      ctl_grant_list },
    { "grant", "add", "NAME|MOBILE ORG", 2, 2, "scope below tenant",
      "he sees the bills of that organisation, - being the tenant; in place of what was said of it before",
      "授权用户查看该组织的单据 (- 为租户), 替换原有设定", ctl_grant_add },
    { "grant", "remove", "NAME|MOBILE ORG", 2, 2, "tenant", "take it away", "取消授权", ctl_grant_remove },
    { "org", "import", "FILE.csv|FILE.xlsx", 1, 1, "dry-run partial tenant",
      "add and change many by a list (first line code,name,tax_no,parent,is_active): all lines or none",
      "批量导入组织: 首行 组织编码,组织名称,税号,上级组织编码,启用; 全部成功才保存", ctl_org_import },
    { "org", "list", "", 0, 0, "tenant", "list organisations", "列出组织", ctl_org_list },
    { "org", "add", "CODE NAME", 2, 2, "parent tax-no tenant", "add an organisation", "新增组织", ctl_org_add },
    { "org", "move", "CODE PARENT", 2, 2, "tenant", "put it below another, with what stands below it; - is the tenant",
      "移动组织及其下级 (- 为租户)", ctl_org_move },
    { "role", "list", "", 0, 0, "tenant", "list roles and their permissions", "列出角色及权限", ctl_role_list },
    { "role", "set", "NAME PERMISSION...", 2, 64, "tenant", "make a role of these permissions, or change it",
      "新建角色或修改其权限", ctl_role_set },
    { "scan-point", "list", "", 0, 0, "tenant", "list scan points and their scanners", "列出扫描点及扫描员", ctl_point_list },
    { "scan-point", "add", "NAME", 1, 1, "org related address tenant", "add a scan point", "新增扫描点", ctl_point_add },
    { "scan-point", "import", "FILE.csv|FILE.xlsx", 1, 1, "dry-run partial tenant",
      "add and change many by a list (first line name,org,address,related,scanners,is_active): all lines or none",
      "批量导入扫描点: 首行 扫描点,所属组织编码,地址,关联组织编码,扫描员,启用; 全部成功才保存", ctl_point_import },
    { "scan-point", "bind", "POINT NAME|MOBILE", 2, 2, "tenant", "bind a scanner to it", "绑定扫描员", ctl_point_bind },
    { "scan-point", "unbind", "POINT NAME|MOBILE", 2, 2, "tenant", "unbind him", "解绑扫描员", ctl_point_unbind },
    { "scanner", "list", "", 0, 0, "", "list network scanners", "列出网络扫描仪", ctl_scanner_list },
    { "scanner", "discover", "", 0, 0, "", "ask the local network for scanners, for a few seconds", "在本地网络中查找扫描仪",
      ctl_scanner_discover },
    { "scanner", "add", "NAME", 1, 1, "address! org point", "add one by its address, 192.168.1.20 or http://host:port/eSCL",
      "按地址新增, 如 192.168.1.20 或 http://IP:端口/eSCL", ctl_scanner_add },
    { "scanner", "set", "NAME", 1, 1, "address org point rename", "change what is said of it; the rest stays",
      "修改给出的项, 其余不变", ctl_scanner_set },
    { "scanner", "verify", "NAME", 1, 1, "", "really ask it what it can do, and how it is", "真实连接, 查询其能力与状态",
      ctl_scanner_verify },
    { "scanner", "scan", "NAME", 1, 1, "o! source duplex dpi color format",
      "try it: scan into the files PREFIX-001.jpg ... of -o PREFIX", "试扫: 保存为 -o 前缀 后加 -001.jpg 等", ctl_scanner_scan },
    { "scanner", "disable", "NAME", 1, 1, "", "nobody can scan with it", "停用", ctl_scanner_disable },
    { "scanner", "enable", "NAME", 1, 1, "", "enable it again", "重新启用", ctl_scanner_enable },
    { "scanner", "remove", "NAME", 1, 1, "", "remove it", "删除", ctl_scanner_remove },
    { "keys", "rotate", "", 0, 0, "", "sign new tokens with a new key", "更换签发 token 的密钥", ctl_keys_rotate },
    { "version", NULL, "", 0, 0, "", "versions of this program and what it is linked with", "显示版本",
      ctl_version },
    { NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};

static void write_log(void *baton, fpi_level_t level, const char *line)
{
    fprintf(stderr, "fpimagectl: %s\n", line);
}

/* Who did it, for timelines: the person behind sudo, too. */
static const char *actor_of(apr_pool_t *pool)
{
    const char *name = getenv("SUDO_USER");
    const struct passwd *pw = name ? NULL : getpwuid(getuid());

    name = name ? name : pw ? pw->pw_name : "?";
    return apr_pstrcat(pool, "admin:", apr_pstrndup(pool, name, 64), NULL);
}

/* No memory of ours is to be left on a disk, and no file be open to others. */
static void prepare_process(void)
{
    const struct rlimit none = { 0, 0 };

    signal(SIGPIPE, SIG_IGN);
    umask(077);
    setrlimit(RLIMIT_CORE, &none);
    fpi_http_setup();
}

static bool has_noun(const char *noun)
{
    for (const ctl_command_t *c = ctl_commands; c->noun; c++) {
        if (strcmp(c->noun, noun) == 0) {
            return true;
        }
    }
    return false;
}

static int help(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put(doc, "commands", ctl_command_names(ctl));
    if (ctl->arg_count && !has_noun(ctl->args[0])) {
        return ctl_fail(ctl, ctl_usage(ctl, "没有 %.40s 命令; fpimagectl help 列出全部", "there is no command %.40s; fpimagectl help "
                                       "lists all", ctl->args[0]));
    }
    if (!ctl_json(ctl, doc)) {
        ctl_help(ctl, ctl->arg_count ? ctl->args[0] : NULL, true);
    }
    return CTL_DONE;
}

static int serve(ctl_t *ctl, int argc, const char *const *argv)
{
    fpi_err_t *err = ctl_parse(ctl, argc, argv);

    if (!err && !ctl->command) {
        return help(ctl);
    }
    err = err ? err : ctl->command->run(ctl);
    return err ? ctl_fail(ctl, err) : (int)ctl->exit;
}

int main(int argc, const char *const *argv)
{
    static const fpi_log_sink_t sink = { write_log, NULL, FPI_LEVEL_WARN };
    ctl_t ctl = { .exit = CTL_DONE };
    apr_pool_t *pool;
    int code;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return CTL_FAILED;
    }
    prepare_process();
    ctl.task = fpi_task_make(pool, &sink);
    ctl.task->tenant = FPI_TENANT_FIRST;
    ctl.task->actor = actor_of(pool);
    code = serve(&ctl, argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "fpimagectl: standard output can't be written\n");
        code = code ? code : CTL_FAILED;
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return code;
}
