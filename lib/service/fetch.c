#include "service/fetch.h"

#include "model/file.h"

#include <apr_strings.h>
#include <string.h>

enum { REDIRECTS_MAX = 3 };

typedef struct fetching_t {
    fpi_app_t *app;
    fpi_task_t *task;
    fpi_spool_t *spool;
    int status;
} fetching_t;

/* Listed by the administrator, or the cloud itself: such a host may stand in a private network. */
static bool is_listed(const fpi_settings_t *settings, const char *host, int port)
{
    fpi_task_t *task;
    fpi_url_t upstream;
    apr_pool_t *pool;
    bool same;

    if (fpi_setting_is_given(settings, FPI_SET_FPImageFetchAllow)
        && fpi_hosts_has(settings->fetch_allow, host, port)) {
        return true;
    }
    if (!fpi_setting_is_given(settings, FPI_SET_FPImageUpstream)
        || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return false;
    }
    task = fpi_task_make(pool, NULL);
    same = fpi_url_parse(&upstream, settings->upstream, task) == NULL && strcmp(upstream.host, host) == 0
           && upstream.port == port;
    apr_pool_destroy(pool);
    return same;
}

static bool may_connect(void *baton, const char *host, int port, const struct sockaddr *address)
{
    const fpi_app_t *app = baton;

    return !fpi_address_is_private(address) || is_listed(app->settings, host, port);
}

fpi_err_t *fpi_fetch_client_make(fpi_http_client_t **client, fpi_app_t *app, fpi_task_t *task)
{
    fpi_http_options_t options = {
        .ca_file = app->settings->upstream_ca,
        .slots = 8,
        .slot_wait = apr_time_from_sec(30),
        .times = app->settings->upstream_times,
        .user_agent = "mod_fpimage",
        .may_connect = may_connect,
        .baton = app,
    };

    return fpi_http_client_make(client, app->pool, &options, task);
}

static fpi_err_t *check_url(const char *url, const fpi_settings_t *settings, fpi_task_t *task)
{
    const char *place = fpi_file_place(url, task->pool);
    fpi_url_t parts;

    FPI_TRY(fpi_url_parse(&parts, url, task));
    if (strcmp(parts.scheme, "https") != 0
        && !fpi_hosts_has(settings->fetch_allow, apr_pstrcat(task->pool, "http://", parts.host, NULL),
                          parts.port)) {
        return fpi_refuse(task, FPI_E_FOREIGN, "url", "文件地址须为 https: %.200s",
                          "the file's address must be https: %.200s (to allow plain http, list http://host[:port] in "
                          "FPImageFetchAllow)",
                          place);
    }
    if (!fpi_hosts_has(settings->fetch_allow, parts.host, parts.port)
        && !fpi_hosts_has(settings->fetch_allow, apr_pstrcat(task->pool, "http://", parts.host, NULL),
                          parts.port)) {
        return fpi_refuse(task, FPI_E_FOREIGN, "url", "文件主机 %.100s:%d 不在 FPImageFetchAllow 允许范围",
                          "the file's host %.100s:%d is not in FPImageFetchAllow", parts.host, parts.port);
    }
    return NULL;
}

static fpi_err_t *take_head(void *baton, int status, const apr_table_t *headers)
{
    fetching_t *f = baton;

    (void)headers;
    f->status = status;
    return NULL;
}

static fpi_err_t *take_bytes(void *baton, const char *data, size_t len)
{
    fetching_t *f = baton;

    return f->status == 200 ? fpi_spool_put(f->spool, data, len, f->task) : NULL;
}

static fpi_err_t *judge_status(int status, const char *url, fpi_task_t *task)
{
    const char *place = fpi_file_place(url, task->pool);

    if (status == 200) {
        return NULL;
    }
    if (status == 404 || status == 410) {
        return fpi_fail(task, FPI_E_ABSENT, "the file's host says %d for %.200s", status, place);
    }
    return fpi_fail(task, FPI_E_CLOUD, "the file's host answered %d for %.200s", status, place);
}

static const char *location_of(const apr_table_t *headers, const char *url, fpi_task_t *task)
{
    const char *to = headers ? apr_table_get(headers, "Location") : NULL;
    const char *host_end;

    if (!to || *to != '/' || to[1] == '/') {
        return to;
    }
    host_end = strstr(url, "://");
    host_end = host_end ? strchr(host_end + 3, '/') : NULL;
    return host_end ? apr_pstrcat(task->pool, apr_pstrmemdup(task->pool, url, (size_t)(host_end - url)), to, NULL)
                    : NULL;
}

fpi_err_t *fpi_fetch_spool(fpi_spool_t **out, fpi_app_t *app, const char *url, fpi_task_t *task)
{
    for (int hops = 0; hops <= REDIRECTS_MAX; hops++) {
        fetching_t f = { app, task, NULL, 0 };
        fpi_http_exchange_t x = { .method = "GET", .url = url, .head = take_head, .sink = take_bytes, .baton = &f };

        FPI_TRY(check_url(url, app->settings, task));
        FPI_TRY(fpi_spool_open(&f.spool, app->blobs, app->settings->max_file, task));
        FPI_TRY(fpi_http_perform(app->fetcher, &x, task));
        if (f.status < 300 || f.status > 308 || f.status == 304) {
            *out = f.spool;
            return judge_status(f.status, url, task);
        }
        url = location_of(x.reply_headers, url, task);
        if (!url) {
            return fpi_fail(task, FPI_E_CLOUD, "a redirect without an address");
        }
    }
    return fpi_fail(task, FPI_E_FOREIGN, "more than %d redirects", REDIRECTS_MAX);
}

fpi_err_t *fpi_fetch(fpi_fetched_t *out, fpi_app_t *app, const char *url, fpi_task_t *task)
{
    fpi_spool_t *spool;

    FPI_TRY(fpi_fetch_spool(&spool, app, url, task));
    FPI_TRY(fpi_spool_media(&out->media, spool, task));
    if (!fpi_media_info(out->media)->is_default) {
        return fpi_refuse(task, FPI_E_MEDIA, "url", "文件类型 %s 不接受: %.200s",
                          "a file of type %s is not accepted: %.200s", fpi_media_info(out->media)->name,
                          fpi_file_place(url, task->pool));
    }
    return fpi_spool_keep(out->sha256, &out->size, spool, task);
}
