#include "mfp_status.h"

#include "mfp_child.h"
#include "mfp_config.h"
#include "service/api.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <string.h>

static int send_json(mfp_request_t *req, int status, fpi_json_t *doc)
{
    fpi_reply_t reply = { 0 };

    reply.status = status;
    reply.body = fpi_json_format(doc, false, req->task);
    reply.len = strlen(reply.body);
    return mfp_request_send(req, &reply);
}

/* ---- who may see ---- */

/* As "Require local": loopback, or both ends of the connection have one address. A forwarded request is not from this
 * machine, though its connection may be. */
static bool is_local(request_rec *r)
{
    const char *ip = r->useragent_ip;

    return (strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0 || strncmp(ip, "::ffff:127.", 11) == 0
            || apr_sockaddr_equal(r->connection->local_addr, r->useragent_addr))
           && !apr_table_get(r->headers_in, "X-Forwarded-For")
           && !apr_table_get(r->headers_in, "Forwarded");
}

typedef enum sight_t { SEEN, HIDDEN, FORBIDDEN } sight_t;

static sight_t sight_of(request_rec *r)
{
    const fpi_settings_t *settings = mfp_config_of(r->server)->settings;

    if (!fpi_setting_is_given(settings, FPI_SET_FPImageStatus)) {
        return is_local(r) ? SEEN : FORBIDDEN;
    }
    return settings->status ? SEEN : HIDDEN;
}

/* ---- pages ---- */

static int serve_health(mfp_request_t *req, fpi_app_t *app)
{
    fpi_json_t *doc = fpi_json_make_object(req->task);

    fpi_json_put_text(doc, "status", "ok");
    return send_json(req, HTTP_OK, doc);
}

/* Once when it begins, once when it is over; askers come every few seconds. */
static void tell_unready(fpi_app_t *app, const fpi_err_t *err, fpi_task_t *task)
{
    bool was_unready = atomic_exchange(&app->shared->is_unready, err != NULL);

    if (err && !was_unready) {
        fpi_log_err(task, FPI_M_NOT_READY, err, "/fpimage/ready answers 503");
    }
    else if (!err && was_unready) {
        fpi_log(task, FPI_M_STORE_BACK, "/fpimage/ready answers 200 again");
    }
}

static int serve_ready(mfp_request_t *req, fpi_app_t *app)
{
    fpi_task_t *task = req->task;
    fpi_json_t *doc = fpi_json_make_object(task);
    fpi_err_t *err = app ? fpi_api_ready(app, task)
                         : fpi_fail(task, FPI_E_STORE, "the app could not be made");

    if (app) {
        tell_unready(app, err, task);
    }
    if (!err) {
        fpi_json_put_text(doc, "status", "ok");
        return send_json(req, HTTP_OK, doc);
    }
    fpi_json_put_text(doc, "status", "unavailable");
    fpi_json_put_text(doc, "missing", fpi_err_public(err, "en"));
    fpi_json_put_text(doc, "request_id", task->trace);
    return send_json(req, HTTP_SERVICE_UNAVAILABLE, doc);
}

static int refuse(mfp_request_t *req, fpi_code_t code, const char *allow)
{
    return mfp_request_refuse(req, fpi_fail(req->task, code, "%s", req->path), allow);
}

static int serve_metrics(mfp_request_t *req, fpi_app_t *app)
{
    fpi_reply_t reply = { 0 };

    switch (sight_of(req->r)) {
    case HIDDEN:
        return refuse(req, FPI_E_UNKNOWN_PATH, NULL);
    case FORBIDDEN:
        return mfp_request_refuse(
            req,
            fpi_refuse(req->task, FPI_E_FOREIGN, NULL, "仅限本机访问 (FPImageStatus)",
                       "for this machine only (FPImageStatus)"),
            NULL);
    default:
        break;
    }
    if (!app) {
        return refuse(req, FPI_E_STORE, NULL);
    }
    reply.status = HTTP_OK;
    reply.type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = fpi_metrics_format(app, req->task);
    reply.len = strlen(reply.body);
    return mfp_request_send(req, &reply);
}

typedef struct page_t {
    const char *path;
    int (*serve)(mfp_request_t *req, fpi_app_t *app);
} page_t;

static const page_t pages[] = {
    { "/fpimage/health", serve_health },
    { "/fpimage/ready", serve_ready },
    { "/fpimage/metrics", serve_metrics },
};

int mfp_status_serve(mfp_request_t *req, fpi_app_t *app)
{
    for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
        if (strcmp(pages[i].path, req->path) == 0) {
            return req->r->method_number == M_GET ? pages[i].serve(req, app)
                                                  : refuse(req, FPI_E_METHOD, "GET, HEAD");
        }
    }
    return refuse(req, FPI_E_UNKNOWN_PATH, NULL);
}

/* ---- server-status ---- */

static void put_row(request_rec *r, int flags, const char *name, const char *help, uint64_t value)
{
    if (flags & AP_STATUS_SHORT) { /* "?auto": for programs */
        ap_rprintf(r, "%s: %" APR_UINT64_T_FMT "\n", name, (apr_uint64_t)value);
    }
    else {
        ap_rprintf(r, "<dt>%s: %" APR_UINT64_T_FMT "</dt>\n", help, (apr_uint64_t)value);
    }
}

static void put_section(request_rec *r, int flags, const fpi_shared_t *shared)
{
    bool is_page = !(flags & AP_STATUS_SHORT);
    const char *name, *help;
    uint64_t value;

    if (is_page) {
        ap_rputs("<hr />\n<h2>mod_fpimage</h2>\n<dl>\n", r);
    }
    for (int i = 0; fpi_metrics_next(&shared->metrics, i, &name, &help, &value); i++) {
        put_row(r, flags, name, help, value);
    }
    put_row(r, flags, "fpimage_cloud_breaker_open", "circuit breaker of the cloud open",
            fpi_breaker_is_open(&shared->breaker));
    if (is_page) {
        ap_rputs("</dl>\n", r);
    }
}

int mfp_status_section(request_rec *r, int flags)
{
    fpi_app_t *app;

    if (!mfp_config_of(r->server)->app || sight_of(r) != SEEN) {
        return DECLINED;
    }
    app = mfp_child_enter(r->server);
    if (app) {
        put_section(r, flags, app->shared);
    }
    mfp_child_leave();
    return OK;
}
