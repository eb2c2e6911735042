#include "service/push_reach.h"

#include "base/text.h"
#include "service/admin.h"
#include "wire/http.h"

#include <apr_strings.h>
#include <string.h>

enum { CONNECT_SECONDS = 3, STEP_SECONDS = 5, REPLY_MOST = 64 * 1024, NOT_ALLOWED = 405, TRACE_LEN = 32 };

/* ---- words ---- */

static const char *say(fpi_task_t *task, const char *zh, const char *en, ...) FPI_PRINTF(2, 4) FPI_PRINTF(3, 4);

static const char *say(fpi_task_t *task, const char *zh, const char *en, ...)
{
    const char *text;
    va_list args;

    va_start(args, en);
    text = apr_pvsprintf(task->pool, strcmp(task->lang, "en") == 0 ? en : zh, args);
    va_end(args);
    return text;
}

static void tell_unreached(fpi_push_reach_t *reach, const fpi_url_t *url, const fpi_http_exchange_t *ex,
                           const fpi_err_t *err, fpi_task_t *task)
{
    const char *why = fpi_err_chain(task->pool, err);

    switch (ex->failed_at) {
    case FPI_HTTP_AT_NAME:
        reach->found = say(task, "主机 %s 无法解析: %s", "host %s can't be resolved: %s", url->host, why);
        reach->remedy = say(task, "更正推送地址中的主机, 或登记 DNS", "correct the host of the url, or have it put into the DNS");
        break;
    case FPI_HTTP_AT_TLS:
        reach->found = say(task, "主机 %s 端口 %d 的 TLS 失败: %s", "TLS with host %s port %d failed: %s", url->host, url->port, why);
        reach->remedy = say(task, "检查证书与端口 (http 或 https)", "look at the certificate, and whether the port takes https");
        break;
    case FPI_HTTP_AT_ANSWER:
        reach->found = say(task, "主机 %s 端口 %d 没有应答: %s", "host %s port %d does not answer: %s", url->host, url->port, why);
        reach->remedy = say(task, "检查该端口上的服务或中间的代理", "look at what listens at that port, or at a proxy in between");
        break;
    default:
        reach->found = say(task, "主机 %s 端口 %d 无法连接: %s", "host %s port %d can't be reached: %s", url->host, url->port, why);
        reach->remedy = say(task, "更正推送地址的主机与端口, 或放通防火墙; 若只有外网可达, 请从外部访问验证",
                            "correct host and port of the url, or open the firewall; where only the outside can reach it, try it "
                            "from there");
        break;
    }
}

static bool is_ours(const fpi_http_exchange_t *ex)
{
    const char *trace = ex->reply_headers ? apr_table_get(ex->reply_headers, "X-Trace-Id") : NULL;

    return trace && strlen(trace) == TRACE_LEN && strspn(trace, "0123456789abcdef") == TRACE_LEN;
}

static void judge(fpi_push_reach_t *reach, const fpi_url_t *url, const fpi_http_exchange_t *ex, fpi_task_t *task)
{
    if (is_ours(ex) && ex->status == NOT_ALLOWED) {
        return;
    }
    if (is_ours(ex)) {
        reach->found = say(task, "路径 %s 不是推送接口 (HTTP %d)", "path %s takes no pushes (HTTP %d)", url->path, ex->status);
        reach->remedy = say(task, "fpimagectl url check --kind push URL 给出正确的地址; 或用 FPImageRoute 提供该路径",
                            "fpimagectl url check --kind push URL prints the right one; or serve that path with FPImageRoute");
        return;
    }
    reach->found = say(task, "主机 %s 端口 %d 上应答的不是本系统 (HTTP %d)", "at host %s port %d answers somebody else (HTTP %d)",
                       url->host, url->port, ex->status);
    reach->remedy = say(task, "更正推送地址的主机与端口, 或检查代理是否转发该路径",
                        "correct host and port of the url, or have the proxy there hand on this path");
}

/* ---- asking ---- */

static bool may_connect(void *baton, const char *host, int port, const struct sockaddr *address)
{
    (void)baton;
    (void)host;
    (void)port;
    return !fpi_address_is_link(address);
}

static fpi_err_t *make_client(fpi_http_client_t **out, fpi_task_t *task)
{
    const fpi_http_options_t options = {
        .slots = 1,
        .slot_wait = apr_time_from_sec(STEP_SECONDS),
        .times = { apr_time_from_sec(CONNECT_SECONDS), apr_time_from_sec(STEP_SECONDS), apr_time_from_sec(STEP_SECONDS) },
        .user_agent = "mod_fpimage",
        .may_connect = may_connect,
    };

    return fpi_http_client_make(out, task->pool, &options, task);
}

static void ask(fpi_push_reach_t *reach, const fpi_url_t *url, fpi_http_client_t *client, fpi_task_t *task)
{
    fpi_http_exchange_t ex = { .method = "GET", .url = reach->row->url, .reply_max = REPLY_MOST };
    apr_time_t deadline = task->deadline;
    fpi_err_t *err;

    fpi_task_limit(task, apr_time_from_sec(STEP_SECONDS));
    err = fpi_http_perform(client, &ex, task);
    task->deadline = deadline;
    if (err && ex.status == 0) {
        tell_unreached(reach, url, &ex, err, task);
    }
    else {
        judge(reach, url, &ex, task);
    }
}

static bool is_known(const apr_array_header_t *list, const char *url)
{
    for (int i = 0; i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, fpi_push_reach_t).row->url, url) == 0) {
            return true;
        }
    }
    return false;
}

fpi_err_t *fpi_push_reach(apr_array_header_t **out, int *left, fpi_app_t *app, fpi_task_t *task)
{
    apr_array_header_t *list = *out = apr_array_make(task->pool, FPI_PUSH_REACH_MOST, sizeof(fpi_push_reach_t));
    fpi_http_client_t *client;
    fpi_push_row_t *rows;
    int count;

    *left = 0;
    FPI_TRY(fpi_admin_push_rows(&rows, &count, app, task));
    FPI_TRY(make_client(&client, task));
    for (int i = 0; i < count; i++) {
        fpi_push_reach_t reach = { .row = &rows[i] };
        fpi_url_t url;

        if (!rows[i].url || fpi_url_parse(&url, rows[i].url, task) || is_known(list, rows[i].url)) {
            continue; /* a malformed one: fpi_admin_push_check tells */
        }
        if (list->nelts == FPI_PUSH_REACH_MOST || fpi_task_is_over(task)) {
            (*left)++;
            continue;
        }
        ask(&reach, &url, client, task);
        APR_ARRAY_PUSH(list, fpi_push_reach_t) = reach;
    }
    return NULL;
}
