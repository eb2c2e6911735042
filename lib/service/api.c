#include "service/api.h"

#include "base/clock.h"
#include "service/access.h"
#include "service/answer.h"
#include "service/events.h"
#include "service/handlers.h"
#include "service/phone.h"
#include "service/prefix.h"
#include "service/push.h"
#include "service/relay.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { SMALL_BODY = 64 * 1024, QUERY_MAX = 16 * 1024 };

/* ---- which route ---- */

static const fpi_route_t *find_configured(fpi_route_t *room, const fpi_app_t *app, const fpi_call_t *call,
                                          const char **allow)
{
    const apr_array_header_t *list = app->settings->routes;

    for (int i = 0; list && i < list->nelts; i++) {
        const fpi_route_setting_t *said = &APR_ARRAY_IDX(list, i, fpi_route_setting_t);
        const fpi_route_t *route;

        if (strcmp(said->path, call->local) != 0) {
            continue;
        }
        route = fpi_route_by_handler(said->handler);
        if (strcmp(said->method ? said->method : route->method, call->method) == 0) {
            *room = *route;
            room->path = said->path;
            return room;
        }
        *allow = fpi_route_allowed(said->method ? said->method : route->method);
    }
    return NULL;
}

/* The route of the call; NULL with *allow set: the path is there, but for another method. */
static const fpi_route_t *find_route(fpi_route_t *room, const fpi_app_t *app, const fpi_call_t *call,
                                     const char **allow)
{
    const char *method = strcmp(call->method, "HEAD") == 0 ? "GET" : call->method; /* httpd leaves the body out */
    const fpi_route_t *found = find_configured(room, app, call, allow);

    found = found ? found : fpi_route_find(method, call->local);
    if (!found && !*allow) {
        *allow = fpi_route_methods(call->local, call->task->pool);
    }
    return found;
}

static bool is_below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* Ours in name: an unknown one is our answer to give, not the cloud's. */
static bool is_local_space(const char *path)
{
    return is_below(path, "/api/imgsys") || is_below(path, "/api/kapi/app/bds") || is_below(path, "/api/v1");
}

/* ---- body and fields ---- */

static bool has_type(const fpi_call_t *call, const char *wanted)
{
    const char *type = apr_table_get(call->headers, "Content-Type");

    return type && strncasecmp(type, wanted, strlen(wanted)) == 0;
}

/* By what it is: a JSON body under a form's media type is what a plain curl -d sends. */
static bool is_form(const fpi_call_t *call, const char *type)
{
    const char *text = call->body->data + fpi_json_mark(call->body->data, call->body->len);

    return text[strspn(text, " \t\r\n")] != '{' && has_type(call, type);
}

fpi_err_t *fpi_call_check_encoding(const fpi_call_t *call)
{
    const char *encoding = apr_table_get(call->headers, "Content-Encoding");

    if (!encoding || !*encoding || strcasecmp(encoding, "identity") == 0) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_MEDIA, "Content-Encoding", "请求体的压缩方式 %.40s 不支持, 请不压缩发送",
                      "a body in Content-Encoding %.40s is not accepted: send it as it is", encoding);
}

static fpi_err_t *refuse_multipart(fpi_call_t *call)
{
    return fpi_refuse(call->task, FPI_E_FIELD, "Content-Type",
                      "此接口不接受 multipart/form-data, 应为JSON, 查询参数或 application/x-www-form-urlencoded",
                      "no multipart/form-data here: send JSON, query parameters or application/x-www-form-urlencoded");
}

fpi_err_t *fpi_call_parse(fpi_call_t *call)
{
    if (call->body->len == 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体为空, 应为JSON", "the body is empty; JSON was expected");
    }
    FPI_TRY(fpi_json_parse(&call->json, call->body->data, call->body->len, call->task));
    if (!fpi_json_is_object(call->json) && !fpi_json_is_array(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象或数组",
                          "the body must be a JSON object or array");
    }
    return NULL;
}

static fpi_err_t *read_body(fpi_app_t *app, fpi_call_t *call, const fpi_route_t *route)
{
    int64_t most = route->limit == FPI_LIMIT_SMALL ? SMALL_BODY : app->settings->max_json;

    if (route->body == FPI_BODY_NONE || route->body == FPI_BODY_STREAM) {
        return NULL;
    }
    FPI_TRY(fpi_call_gather(call, most));
    if (route->body == FPI_BODY_RAW) {
        return NULL;
    }
    FPI_TRY(fpi_call_check_encoding(call));
    if (route->body == FPI_BODY_FORM && call->body->len && is_form(call, "multipart/form-data")) {
        return refuse_multipart(call);
    }
    if (route->body == FPI_BODY_FORM && (call->body->len == 0 || is_form(call, "application/x-www-form-urlencoded"))) {
        return fpi_params_parse(&call->form, call->body->data, call->body->len, call->task);
    }
    return fpi_call_parse(call);
}

fpi_err_t *fpi_call_field(const char **out, fpi_call_t *call, const char *name, size_t most)
{
    *out = NULL;
    if (fpi_json_is_object(call->json)) {
        FPI_TRY(fpi_json_find_scalar(out, call->json, name, most, call->task));
    }
    if (!*out) {
        *out = fpi_params_find(call->form, name);
    }
    if (!*out) {
        *out = fpi_params_find(call->params, name);
    }
    if (*out && fpi_utf8_length(*out) > most) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "字段 %s 超过 %d 个字符",
                          "field %s is longer than %d characters", name, (int)most);
    }
    return NULL;
}

/* ---- one call ---- */

static fpi_err_t *read_address(fpi_app_t *app, fpi_call_t *call)
{
    fpi_task_t *task = call->task;
    bool malformed = false;

    FPI_TRY(fpi_path_normalise(&call->path, &malformed, call->uri, task));
    call->local = fpi_url_decode(task->pool, call->path, strlen(call->path), false);
    if (call->query && strlen(call->query) > QUERY_MAX) {
        return fpi_refuse(task, FPI_E_BAD_REQUEST, NULL, "查询串过长, 上限 %d 字节",
                          "the query is longer than %d bytes", QUERY_MAX);
    }
    if (malformed) {
        fpi_prefix_tell(app, call);
    }
    return NULL;
}

/* What is handed on is the cloud's to judge, and goes byte for byte. */
static fpi_err_t *read_query(fpi_call_t *call, bool is_ours)
{
    if (!call->query) {
        return NULL;
    }
    if (is_ours) {
        return fpi_params_parse(&call->params, call->query, strlen(call->query), call->task);
    }
    call->params = fpi_params_scan(call->query, strlen(call->query), call->task);
    return NULL;
}

static fpi_err_t *refuse_method(fpi_call_t *call, fpi_reply_t *reply, const char *allow)
{
    apr_table_setn(reply->headers, "Allow", allow);
    return fpi_refuse(call->task, FPI_E_METHOD, NULL, "请求方法 %.16s 不支持, 应为 %s",
                      "the method %.16s is not allowed here; use %s", call->method, allow);
}

static fpi_err_t *check_permission(const fpi_call_t *call, const fpi_route_t *route)
{
    if (fpi_viewer_may(call->viewer, route->permission)) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_ROLE, NULL, "没有权限: %s%.0s, 请管理员在角色中授予",
                      "not permitted: %.0s%s; have an administrator give a role that holds it",
                      fpi_permission_name(route->permission, "zh"), fpi_permission_name(route->permission, "en"));
}

/* Before a byte of the body is read. */
static fpi_err_t *check_access(fpi_app_t *app, fpi_call_t *call, const fpi_route_t *route)
{
    switch (route->access) {
    case FPI_ACCESS_TOKEN:
        return fpi_access_call(app, call);
    case FPI_ACCESS_PUSH:
        return fpi_push_check(app, call);
    case FPI_ACCESS_CONSOLE:
        FPI_TRY(fpi_access_console(app, call));
        FPI_TRY(fpi_phone_check(call, route));
        return check_permission(call, route);
    case FPI_ACCESS_SESSION:
        FPI_TRY(fpi_access_person(app, call));
        return fpi_phone_check(call, route);
    default:
        return NULL;
    }
}

static fpi_err_t *run_local(fpi_app_t *app, fpi_call_t *call, const fpi_route_t *route, fpi_answer_t *answer)
{
    call->route = route->path;
    FPI_TRY(fpi_app_ready(app, call->task));
    FPI_TRY(check_access(app, call, route));
    FPI_TRY(read_body(app, call, route));
    return route->run(app, call, answer);
}

/* Failures that each call meets again as long as their cause lasts. */
static fpi_gate_t *gate_of(fpi_app_t *app, const fpi_call_t *call, const fpi_err_t *err)
{
    switch (err->code) {
    case FPI_E_CLOUD: case FPI_E_CLOUD_LATE:
        return fpi_breaker_is_open(&app->shared->breaker) ? &app->shared->cloud.down : NULL;
    case FPI_E_CLOUD_REFUSED:
        return call->enterprise ? fpi_gate_take(&app->shared->cloud.refused, call->enterprise->client_id)
                                : NULL;
    case FPI_E_SLOTS:
        return &app->shared->cloud.no_slot;
    default:
        return NULL;
    }
}

static void write_failure(fpi_app_t *app, fpi_call_t *call, fpi_msg_t msg, const fpi_err_t *err)
{
    fpi_task_t *task = call->task;
    fpi_gate_t *gate = gate_of(app, call, err);
    const char *path = call->path ? call->path : call->uri, *more = "";
    uint64_t untold = 0;

    if (gate && !fpi_gate_may_tell(gate, fpi_clock_tick(), &untold)) {
        fpi_debug(task, "%.16s %.200s from %s failed as others before it: %s", call->method, path,
                  call->client_ip, fpi_err_chain(task->pool, err));
        return;
    }
    if (untold) {
        more = apr_psprintf(task->pool, ", and %" APR_UINT64_T_FMT " calls since the last such line",
                            (apr_uint64_t)untold);
    }
    fpi_log_err(task, msg, err, "%.16s %.200s from %s%s", call->method, path, call->client_ip, more);
    if (msg == FPI_M_CLOUD_TOKEN) {
        fpi_event_tell(app, "token-refused", apr_psprintf(task->pool, "client_id %.64s: %s", call->enterprise
                                                          ? call->enterprise->client_id : "-",
                                                          fpi_err_chain(task->pool, err)), task);
    }
}

static void log_failure(fpi_app_t *app, fpi_call_t *call, const fpi_err_t *err)
{
    fpi_msg_t msg = FPI_M_CALLER_REFUSED;

    switch (err->code) {
    case FPI_E_INTERNAL: case FPI_E_CONFIG:
        msg = FPI_M_INTERNAL;
        break;
    case FPI_E_STORE:
        msg = FPI_M_STORE_DOWN;
        break;
    case FPI_E_CLOUD: case FPI_E_CLOUD_LATE:
        msg = FPI_M_CLOUD_DOWN;
        break;
    case FPI_E_CLOUD_REFUSED:
        msg = FPI_M_CLOUD_TOKEN;
        break;
    case FPI_E_SLOTS:
        msg = FPI_M_NO_SLOT;
        break;
    case FPI_E_GONE:
        msg = FPI_M_RELAY_CUT;
        break;
    case FPI_E_SIGN: case FPI_E_SKEW: case FPI_E_NO_CLIENT: case FPI_E_CLIENT: case FPI_E_DISABLED:
        msg = FPI_M_TOKEN_REFUSED;
        break;
    default:
        break;
    }
    if (fpi_code_info(err->code)->retry == FPI_RETRY_CALLER) {
        FPI_COUNT(app, refusals, 1);
    }
    else {
        FPI_COUNT(app, failures, 1);
    }
    write_failure(app, call, msg, err);
}

static bool is_range_of(const char *range, const char *lang)
{
    return strncasecmp(range, lang, 2) == 0 && (range[2] == '\0' || range[2] == '-' || range[2] == ';' || range[2] == ' ');
}

/* Its weight in thousandths (RFC 9110 12.4.2): 1000 unless a "q=" says less. */
static int weight_of(const char *range)
{
    const char *q = strchr(range, ';');
    int weight = 0, unit = 100;

    q = q ? q + 1 + strspn(q + 1, " \t") : "";
    if (strncasecmp(q, "q=0", 3) != 0) {
        return 1000;
    }
    for (q += 3 + (q[3] == '.'); *q >= '0' && *q <= '9' && unit; q++, unit /= 10) {
        weight += (*q - '0') * unit;
    }
    return weight;
}

/* The heaviest range that speaks of the language; 0: none. */
static int weight_in(const char *accept, const char *lang, apr_pool_t *pool)
{
    char *last, *list = apr_pstrdup(pool, accept);
    int most = 0;

    for (char *range = apr_strtok(list, ",", &last); range; range = apr_strtok(NULL, ",", &last)) {
        range += strspn(range, " \t");
        if (is_range_of(range, lang) && weight_of(range) > most) {
            most = weight_of(range);
        }
    }
    return most;
}

/* Of two that weigh the same, the one that stands first. */
static bool stands_before(const char *accept, const char *one, const char *other)
{
    const char *a = strcasestr(accept, one), *b = strcasestr(accept, other);

    return a && (!b || a < b);
}

static void speak(fpi_call_t *call, fpi_family_t family)
{
    const char *accept = apr_table_get(call->headers, "Accept-Language");
    int zh, en;

    if (family != FPI_FAMILY_C || !accept) {
        return;
    }
    zh = weight_in(accept, "zh", call->task->pool);
    en = weight_in(accept, "en", call->task->pool);
    if (en > zh || (en && en == zh && stands_before(accept, "en", "zh"))) {
        call->task->lang = "en";
    }
}

/* Where the path leads: a route, our own "unknown", or the cloud. */
static fpi_err_t *dispatch(fpi_app_t *app, fpi_call_t *call, fpi_reply_t *reply, fpi_family_t *family,
                           fpi_answer_t *answer)
{
    const char *allow = NULL;
    fpi_route_t room;
    const fpi_route_t *route;

    FPI_TRY(read_address(app, call));
    *family = fpi_family_of(call->local);
    route = find_route(&room, app, call, &allow);
    if (route) {
        *family = route->family;
        speak(call, *family);
        FPI_TRY(read_query(call, true));
        return run_local(app, call, route, answer);
    }
    speak(call, *family);
    FPI_TRY(read_query(call, allow || is_local_space(call->local)));
    if (allow) {
        return refuse_method(call, reply, allow);
    }
    if (is_local_space(call->local)) {
        return fpi_journal_unknown(app, call);
    }
    FPI_TRY(fpi_app_ready(app, call->task));
    return fpi_relay(app, call, &reply->is_streamed);
}

/* For the access log. What the cloud means by an answer of its own that was passed on is not known here. */
static void note_result(const fpi_call_t *call, const fpi_err_t *err, bool is_relayed)
{
    const fpi_viewer_t *viewer = call->viewer;
    int64_t tenant = viewer ? viewer->tenant : call->enterprise ? call->enterprise->tenant : 0;

    if (err || !is_relayed) {
        call->note(call->baton, "FPIMAGE_CODE", fpi_code_info(err ? err->code : FPI_DONE)->wire);
    }
    if (tenant) {
        call->note(call->baton, "FPIMAGE_TENANT", apr_ltoa(call->task->pool, (long)tenant));
    }
}

bool fpi_api_serve(fpi_app_t *app, fpi_call_t *call, fpi_reply_t *reply)
{
    fpi_family_t family = fpi_family_of(call->uri); /* until the path is known to be one */
    fpi_answer_t answer = { NULL, false, false, 0, NULL };
    fpi_err_t *err;

    reply->headers = apr_table_make(call->task->pool, 4);
    FPI_COUNT(app, requests, 1);
    err = dispatch(app, call, reply, &family, &answer);
    if (err) {
        log_failure(app, call, err);
    }
    note_result(call, err, reply->is_streamed);
    if (answer.is_sent) {
        reply->is_streamed = true;
    }
    if (reply->is_streamed) {
        return err == NULL;
    }
    if (err && err->code == FPI_E_METHOD && !apr_table_get(reply->headers, "Allow")) {
        apr_table_setn(reply->headers, "Allow", FPI_RELAY_METHODS);
    }
    if (err) {
        fpi_answer_failure(reply, family, err, call->task);
        if (answer.headers) {
            reply->headers = apr_table_overlay(call->task->pool, reply->headers, answer.headers);
        }
    }
    else {
        fpi_answer_success(reply, family, &answer, call->task);
    }
    return true;
}

fpi_err_t *fpi_api_ready(fpi_app_t *app, fpi_task_t *task)
{
    FPI_TRY(fpi_app_ready(app, task));
    return fpi_store_check(app->store, task);
}
