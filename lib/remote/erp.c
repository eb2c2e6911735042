#include "remote/erp_own.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

enum {
    LOGIN_TIME = 30 * APR_USEC_PER_SEC,
    WORDS_MOST = 200
};

/* a wrong password that is tried for each notice would have EAS lock the account */
static const apr_interval_time_t refused_for = 300 * APR_USEC_PER_SEC;

/* ---- kinds ---- */

static const fpi_erp_kind_t *const kinds[] = { &fpi_erp_eas, &fpi_erp_webhook };

static fpi_err_t *get_kind(const fpi_erp_kind_t **out, const fpi_system_t *system, fpi_task_t *task)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i]->name, system->kind) == 0) {
            *out = kinds[i];
            return NULL;
        }
    }
    return fpi_fail(task, FPI_E_CONFIG, "the business system %s is of the unknown kind %s", system->name, system->kind);
}

fpi_err_t *fpi_erp_verify(fpi_erp_verdict_t *out, fpi_erp_t *erp, const fpi_system_t *system, fpi_task_t *task)
{
    const fpi_erp_kind_t *kind;

    memset(out, 0, sizeof(*out));
    FPI_TRY(get_kind(&kind, system, task));
    FPI_TRY(kind->verify(out, erp, system, task));
    out->is_right = out->count == 0;
    return NULL;
}

fpi_err_t *fpi_erp_notify(fpi_erp_t *erp, const fpi_system_t *system, const fpi_notice_t *notice, fpi_task_t *task)
{
    const fpi_erp_kind_t *kind;
    fpi_err_t *err;

    FPI_TRY(get_kind(&kind, system, task));
    err = kind->notify(erp, system, notice, task);
    return err ? fpi_wrap(task, err, "telling %s \"%s\" of %.100s", system->name, fpi_notice_name(notice->kind, "en"),
                          notice->number) : NULL;
}

fpi_err_t *fpi_erp_find_state(int *state, fpi_erp_t *erp, const fpi_system_t *system, const char *number,
                              fpi_task_t *task)
{
    const fpi_erp_kind_t *kind;

    *state = -1;
    FPI_TRY(get_kind(&kind, system, task));
    return kind->find_state ? kind->find_state(state, erp, system, number, task) : NULL;
}

fpi_err_t *fpi_erp_list_orgs(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                             fpi_task_t *task)
{
    const fpi_erp_kind_t *kind;

    *out = fpi_json_make_array(task);
    FPI_TRY(get_kind(&kind, system, task));
    return kind->list_orgs ? kind->list_orgs(out, erp, system, since, task) : NULL;
}

fpi_err_t *fpi_erp_list_users(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                              fpi_task_t *task)
{
    const fpi_erp_kind_t *kind;

    *out = fpi_json_make_array(task);
    FPI_TRY(get_kind(&kind, system, task));
    return kind->list_users ? kind->list_users(out, erp, system, since, task) : NULL;
}

/* ---- one exchange ---- */

static fpi_err_t *recode(const fpi_err_t *err, const fpi_system_t *system, fpi_task_t *task)
{
    fpi_code_t code = err->code == FPI_E_CLOUD_LATE ? FPI_E_ERP_LATE : FPI_E_ERP;

    if (err->code == FPI_E_SLOTS || err->code == FPI_E_GONE || err->code == FPI_E_INTERNAL) {
        return fpi_wrap(task, err, "calling %s", system->name);
    }
    return fpi_recode(task, err, code, "calling %s", system->name);
}

fpi_err_t *fpi_erp_post(fpi_http_exchange_t *ex, fpi_erp_t *erp, const fpi_system_t *system, apr_interval_time_t most,
                        fpi_task_t *task)
{
    apr_time_t deadline = task->deadline;
    fpi_err_t *err;

    ex->method = "POST";
    ex->is_repeatable = true;
    ex->reply_max = FPI_ERP_REPLY_MAX;
    fpi_task_limit(task, most);
    err = fpi_http_perform(erp->client, ex, task);
    task->deadline = deadline;
    return err ? recode(err, system, task) : NULL;
}

/* ---- words ---- */

const char *fpi_erp_words(const char *text, const fpi_system_t *system, fpi_task_t *task)
{
    const fpi_secret_t *secret = system->password;
    char *line;
    size_t n = 0, at = 0;

    if (!text || !*text || !fpi_utf8_is_valid(text, strlen(text))) {
        return "-";
    }
    if (secret && secret->len && strstr(text, secret->bytes)) {
        return "***"; /* before anything is cut, so that no half of it stays */
    }
    line = fpi_text_trim(task->pool, text);
    for (; line[at]; at++) {
        if (((unsigned char)line[at] & 0xC0) != 0x80 && n++ == WORDS_MOST) {
            break;
        }
        line[at] = (unsigned char)line[at] < ' ' || line[at] == 0x7F ? ' ' : line[at];
    }
    line[at] = '\0';
    return line;
}

/* ---- findings ---- */

void fpi_erp_find(fpi_erp_verdict_t *verdict, fpi_task_t *task, const char *about, const char *zh, const char *en, ...)
{
    fpi_erp_finding_t *finding = &verdict->findings[verdict->count];
    va_list args;

    if (verdict->count == FPI_ERP_FINDINGS) {
        return;
    }
    verdict->count++;
    finding->about = about;
    va_start(args, en);
    finding->zh = apr_pvsprintf(task->pool, zh, args);
    va_end(args);
    va_start(args, en);
    finding->en = apr_pvsprintf(task->pool, en, args);
    va_end(args);
}

/* The innermost sentence: the outer ones say which system, which the reader knows. */
static const char *innermost(const fpi_err_t *err, const fpi_system_t *system, fpi_task_t *task)
{
    while (err->cause) {
        err = err->cause;
    }
    return fpi_erp_words(err->detail, system, task);
}

static bool is_foreign(const fpi_err_t *err)
{
    while (err && err->code != FPI_E_FOREIGN) {
        err = err->cause;
    }
    return err != NULL;
}

void fpi_erp_find_way(fpi_erp_verdict_t *verdict, const fpi_http_exchange_t *ex, const fpi_err_t *err,
                      const fpi_system_t *system, fpi_task_t *task)
{
    const char *said = innermost(err, system, task);

    if (is_foreign(err)) {
        fpi_erp_find(verdict, task, "host", "不允许连接该地址: 请核对主机, 或加入 FPImageErpAllow (%s)",
                     "that address may not be called: correct the host, or list it in FPImageErpAllow (%s)", said);
    }
    else if (ex->failed_at == FPI_HTTP_AT_NAME) {
        fpi_erp_find(verdict, task, "host", "主机名无法解析: 请核对主机, 或改用IP (%s)",
                     "the host's name can't be resolved: correct it, or give the IP address (%s)", said);
    }
    else if (ex->failed_at == FPI_HTTP_AT_CONNECT && err->code == FPI_E_ERP_LATE) {
        fpi_erp_find(verdict, task, "host", "该主机与端口没有回应: 请核对IP与端口, 以及两机之间的防火墙 (%s)",
                     "nothing answers at that host and port: compare both, and look at the firewall between (%s)", said);
    }
    else if (ex->failed_at == FPI_HTTP_AT_CONNECT) {
        fpi_erp_find(verdict, task, "port", "主机可达, 但端口未开放: 请核对端口, 以及服务是否已启动 (%s)",
                     "the port takes no connections: correct it, or start the service behind it (%s)", said);
    }
    else if (ex->failed_at == FPI_HTTP_AT_TLS) {
        fpi_erp_find(verdict, task, "port", "TLS 失败: 该端口可能只支持 http, 或其证书不受信任 (%s)",
                     "TLS failed: the port may speak plain http only, or its certificate is not trusted (%s)", said);
    }
    else if (err->code == FPI_E_ERP_LATE) {
        fpi_erp_find(verdict, task, "answer", "已连接, 但未在规定时间内响应: 服务可能正在启动或过载 (%s)",
                     "it took the connection but did not answer in time: it may be starting, or overloaded (%s)", said);
    }
    else {
        fpi_erp_find(verdict, task, "port", "该端口的应答不是完整的 http: 请核对端口与协议 (http/https) (%s)",
                     "what answers at that port is no whole http: compare port and scheme (http/https) (%s)", said);
    }
}

/* ---- life ---- */

fpi_err_t *fpi_erp_make(fpi_erp_t **erp, apr_pool_t *pool, const fpi_erp_options_t *options, fpi_task_t *task)
{
    fpi_erp_t *made = apr_pcalloc(pool, sizeof(*made));
    fpi_tokens_options_t sessions = {
        "session of an ERP", fpi_share_make(pool, options->cache, options->lock_file, task),
        fpi_eas_fetch, made, FPI_E_ERP, FPI_E_ERP_LATE, FPI_E_ERP_REFUSED, LOGIN_TIME, refused_for
    };

    FPI_TRY(fpi_http_client_make(&made->client, pool, &options->http, task));
    FPI_TRY(fpi_tokens_make(&made->sessions, pool, &sessions, task));
    *erp = made;
    return NULL;
}
