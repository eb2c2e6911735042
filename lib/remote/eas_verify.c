/* What a login says of the settings: the way (erp.c), the path, the fault's words, or the session that is missing; then
 * a question to the facade tells whether it is there and the session holds between calls. */
#include "remote/erp_own.h"

#include <apr_strings.h>
#include <string.h>

#define UNKNOWN_NUMBER "FPIMAGE-VERIFY-0"

enum { NOT_FOUND = 404 };

typedef struct clue_t {
    const char *word, *about, *zh, *en;
} clue_t;

/* Words of faults, tried in order: the more telling first. */
static const clue_t clues[] = {
    { "isEncodePwd", "password", "密码加密方式 (encode_pwd) 不符", "the way of the password (encode_pwd) is not taken" },
    { "dbType", "db_type", "数据库类型有误", "the database type is wrong" },
    { "database type", "db_type", "数据库类型有误", "the database type is wrong" },
    { "数据库类型", "db_type", "数据库类型有误", "the database type is wrong" },
    { "slnName", "solution", "解决方案名有误, 一般为 eas", "the solution's name is wrong; it is eas as a rule" },
    { "solution", "solution", "解决方案名有误, 一般为 eas", "the solution's name is wrong; it is eas as a rule" },
    { "解决方案", "solution", "解决方案名有误, 一般为 eas", "the solution's name is wrong; it is eas as a rule" },
    { "dcName", "dc", "数据中心编码有误: 见 EAS 管理控制台", "the data centre's code is wrong: see EAS's admin console" },
    { "datacenter", "dc", "数据中心编码有误: 见 EAS 管理控制台", "the data centre's code is wrong: see EAS's admin console" },
    { "data center", "dc", "数据中心编码有误: 见 EAS 管理控制台", "the data centre's code is wrong: see EAS's admin console" },
    { "数据中心", "dc", "数据中心编码有误: 见 EAS 管理控制台", "the data centre's code is wrong: see EAS's admin console" },
    { "password", "password", "密码有误", "the password is wrong" },
    { "密码", "password", "密码有误", "the password is wrong" },
    { "user", "user", "用户有误: 不存在、停用或被锁定", "the user is wrong: unknown, disabled or locked" },
    { "用户", "user", "用户有误: 不存在、停用或被锁定", "the user is wrong: unknown, disabled or locked" },
};

/* Axis: "The AXIS engine could not find a target service to invoke!", with the code Server.NoService. */
static bool is_no_service(const fpi_soap_fault_t *fault)
{
    return strcasestr(fault->text, "no service for") || strcasestr(fault->text, "could not find a target service")
           || strcmp(fault->code, "Server.NoService") == 0;
}

static void find_in_fault(fpi_erp_verdict_t *out, const fpi_soap_fault_t *fault, const fpi_system_t *system,
                          fpi_task_t *task)
{
    const char *words = fpi_erp_words(fault->text, system, task);

    if (is_no_service(fault)) {
        fpi_erp_find(out, task, "path", "该地址没有 EASLogin 服务: 请核对前缀, 应为 http(s)://IP:端口/ormrpc/services/ (%s)",
                     "there is no EASLogin at that address: the prefix must be http(s)://host:port/ormrpc/services/ (%s)",
                     words);
        return;
    }
    if (strcasestr(fault->text, "No such operation")) {
        fpi_erp_find(out, task, "answer", "该 EAS 版本没有这种参数个数的 login: 请去掉 auth_pattern 与 encode_pwd, 或按版本设置 (%s)",
                     "this EAS has no login with so many parameters: leave auth_pattern and encode_pwd out, or set them as "
                     "its version needs (%s)", words);
        return;
    }
    for (size_t i = 0; i < sizeof(clues) / sizeof(*clues); i++) {
        if (strcasestr(fault->text, clues[i].word)) {
            fpi_erp_find(out, task, clues[i].about, "%s%.0s (%s)", "%.0s%s (%s)", clues[i].zh, clues[i].en, words);
            return;
        }
    }
    fpi_erp_find(out, task, "answer", "EAS 登录出错, 未说明哪一项有误: %s", "the login failed, and EAS does not say of "
                 "what: %s", words);
}

/* EAS tells no more than that there is no session (facts-erp.md 1.7). */
static void find_no_session(fpi_erp_verdict_t *out, const fpi_system_t *system, fpi_task_t *task)
{
    if (strcmp(system->solution, "eas") != 0) {
        fpi_erp_find(out, task, "solution", "解决方案名为 %s, 而 EAS 的缺省值为 eas", "the solution is %s, where EAS has eas as a rule",
                     system->solution);
    }
    fpi_erp_find(out, task, "answer",
                 "地址正确, 但 EAS 未建立会话, 也不说明原因: 用户 (%s)、密码、数据中心编码 (%s)、数据库类型 (%d) 之一有误",
                 "the address is right, but EAS gave no session and does not say why: user (%s), password, data centre "
                 "(%s) or database type (%d) is wrong",
                 system->user, system->dc, system->db_type);
}

static void find_no_envelope(fpi_erp_verdict_t *out, const fpi_eas_answer_t *answer, const fpi_err_t *err,
                             const fpi_system_t *system, fpi_task_t *task)
{
    const char *said = err->cause ? err->cause->detail : "";

    if (answer->ex.status >= 500) {
        fpi_erp_find(out, task, "answer", "该地址应答 HTTP %d, 不是 SOAP: EAS 可能正在启动或其前置代理有误 (%s)",
                     "HTTP %d came, and no SOAP: EAS may be starting, or a proxy before it is at fault (%s)",
                     answer->ex.status, fpi_erp_words(said, system, task));
        return;
    }
    fpi_erp_find(out, task, "path", "该地址不是 EASLogin 服务 (HTTP %d): 请核对端口与路径, 前缀应为 http(s)://IP:端口/ormrpc/services/ (%s)",
                 "that is not EASLogin (HTTP %d): compare port and path; the prefix must be "
                 "http(s)://host:port/ormrpc/services/ (%s)", answer->ex.status, fpi_erp_words(said, system, task));
}

static bool is_over(const fpi_err_t *err)
{
    return err->code == FPI_E_GONE || err->code == FPI_E_SLOTS || err->code == FPI_E_INTERNAL;
}

/* What a failed call says, whichever it was. */
static fpi_err_t *find_in_failure(fpi_erp_verdict_t *out, const fpi_eas_answer_t *answer, fpi_err_t *err,
                                  const fpi_system_t *system, fpi_task_t *task)
{
    if (is_over(err)) {
        return err;
    }
    if (answer->ex.failed_at != FPI_HTTP_NOWHERE) {
        fpi_erp_find_way(out, &answer->ex, err, system, task);
    }
    else if (!answer->soap) {
        find_no_envelope(out, answer, err, system, task);
    }
    else if (answer->fault) {
        find_in_fault(out, answer->fault, system, task);
    }
    else if (err->code == FPI_E_ERP_REFUSED) {
        find_no_session(out, system, task);
    }
    else {
        fpi_erp_find(out, task, "answer", "登录的应答无法识别 (%s)", "the login's answer is not understood (%s)",
                     fpi_erp_words(err->cause ? err->cause->detail : err->detail, system, task));
    }
    return NULL;
}

/* ---- the facade ---- */

static void find_in_facade(fpi_erp_verdict_t *out, const fpi_eas_answer_t *answer, const fpi_system_t *system,
                           fpi_task_t *task)
{
    const fpi_soap_fault_t *fault = answer->fault;

    if (answer->ex.status == NOT_FOUND || (fault && is_no_service(fault))) {
        fpi_erp_find(out, task, "facade", "登录成功, 但 EAS 没有发布影像服务 %s: 请在 EAS 中发布, 或更正服务名",
                     "the login is right, but EAS has no service %s: deploy it there, or correct its name",
                     fpi_eas_name(system, FPI_EAS_FACADE));
    }
    else if (fault && (strcasestr(fault->text, "please login first") || strcasestr(fault->text, "session not found"))) {
        fpi_erp_find(out, task, "session",
                     "登录成功, 但下一次调用已不认会话: 集群端口请改用实例端口, 并在其 webservice.properties 设置 isRomoteLocate=false (%s)",
                     "the login is right, but the next call does not know the session: use an instance's port instead of "
                     "the cluster's, with isRomoteLocate=false in its webservice.properties (%s)",
                     fpi_eas_fault_words(answer, system, task));
    }
    else if (!answer->soap) {
        fpi_erp_find(out, task, "facade", "登录成功, 但影像服务 %s 的应答不是 SOAP (HTTP %d)",
                     "the login is right, but the service %s does not answer in SOAP (HTTP %d)",
                     fpi_eas_name(system, FPI_EAS_FACADE), answer->ex.status);
    }
}

fpi_err_t *fpi_eas_verify(fpi_erp_verdict_t *out, fpi_erp_t *erp, const fpi_system_t *system, fpi_task_t *task)
{
    fpi_eas_session_t session;
    fpi_eas_answer_t answer;
    fpi_err_t *err = fpi_eas_login(&session, &answer, erp, system, task);

    if (err) {
        return find_in_failure(out, &answer, err, system, task);
    }
    err = fpi_eas_ask(&answer, erp, system, &session, "getImageState", "imageNumber", UNKNOWN_NUMBER, task);
    if (err && answer.ex.failed_at != FPI_HTTP_NOWHERE) {
        return find_in_failure(out, &answer, err, system, task);
    }
    if (err && is_over(err)) {
        return err;
    }
    find_in_facade(out, &answer, system, task);
    return NULL;
}
