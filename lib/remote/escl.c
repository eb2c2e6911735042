#include "remote/escl.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <string.h>

#define PAUSE_FIRST apr_time_from_msec(500)
#define PAUSE_MOST apr_time_from_sec(5)
#define PAUSE_SLICE apr_time_from_msec(200)
#define END_LIMIT apr_time_from_sec(10)

enum { ERROR_BODY = 64 * 1024, SHOWN = 200 };

/* ---- failures ---- */

/* `more` for the operator: what really came. */
static fpi_err_t *fail(fpi_escl_t *escl, fpi_scan_problem_t problem, const char *more, fpi_task_t *task)
{
    fpi_err_t *err;

    escl->problem = problem;
    err = fpi_refuse(task, problem == FPI_SCAN_IS_LATE ? FPI_E_SCANNER_LATE : FPI_E_SCANNER, NULL, "%s%.0s: %s%.0s",
                     "%.0s%s: %.0s%s", fpi_scan_problem_text(problem, "zh"), fpi_scan_problem_text(problem, "en"),
                     fpi_scan_problem_remedy(problem, "zh"), fpi_scan_problem_remedy(problem, "en"));
    err->detail = apr_psprintf(task->pool, "scanner %s: %s: %s", escl->base, fpi_scan_problem_symbol(problem), more);
    return err;
}

static fpi_err_t *judge_transport(fpi_escl_t *escl, const fpi_http_exchange_t *x, const fpi_err_t *err, fpi_task_t *task)
{
    const char *why = fpi_err_chain(task->pool, err);

    switch (err->code) {
    case FPI_E_FOREIGN:
        return fail(escl, FPI_SCAN_IS_ADDRESS, why, task);
    case FPI_E_CLOUD_LATE:
        return fail(escl, x->is_connected ? FPI_SCAN_IS_LATE : FPI_SCAN_IS_UNREACHED, why, task);
    case FPI_E_TOO_LARGE:
        return fail(escl, FPI_SCAN_IS_GARBAGE, why, task);
    case FPI_E_SLOTS:
        return fail(escl, FPI_SCAN_IS_BUSY, why, task);
    default:
        return fail(escl,
                    x->failed_at == FPI_HTTP_AT_TLS      ? FPI_SCAN_IS_TLS
                    : x->failed_at == FPI_HTTP_AT_ANSWER ? FPI_SCAN_IS_GARBAGE
                                                         : FPI_SCAN_IS_UNREACHED,
                    why, task);
    }
}

/* Of an answer that is no success, without asking further. */
static fpi_err_t *judge_status(fpi_escl_t *escl, const fpi_http_exchange_t *x, fpi_task_t *task)
{
    const char *to = x->reply_headers ? apr_table_get(x->reply_headers, "Location") : NULL;
    const char *said = apr_psprintf(task->pool, "%s %.300s answered %d", x->method, x->url, x->status);

    if (x->status >= 300 && x->status < 400) {
        return fail(escl, FPI_SCAN_IS_REDIRECTED, apr_psprintf(task->pool, "%s to %.*s", said, SHOWN, to ? to : "nowhere"), task);
    }
    return fail(escl,
                x->status == 401 || x->status == 403   ? FPI_SCAN_IS_PASSWORD
                : x->status == 404 || x->status == 405 ? FPI_SCAN_IS_NOT_ESCL
                : x->status == 503 || x->status == 429 ? FPI_SCAN_IS_BUSY
                                                       : FPI_SCAN_IS_GARBAGE,
                said, task);
}

/* ---- one call ---- */

/* Connections are not kept: over one that died meanwhile a GET would be made twice, and a page be lost. */
static fpi_err_t *call(fpi_escl_t *escl, fpi_http_exchange_t *x, const char *type, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 3);
    fpi_err_t *err;

    apr_table_setn(headers, "Connection", "close");
    apr_table_setn(headers, "Accept", "*/*");
    if (type) {
        apr_table_setn(headers, "Content-Type", type);
    }
    x->headers = headers;
    escl->problem = FPI_SCAN_FINE;
    err = fpi_http_perform(escl->http, x, task);
    if (!err || err->code == FPI_E_GONE) {
        return err;
    }
    return judge_transport(escl, x, err, task);
}

static const char *url_of(const fpi_escl_t *escl, const char *resource, fpi_task_t *task)
{
    return apr_pstrcat(task->pool, escl->base, resource, NULL);
}

/* At the host that was configured, whatever else a path came with. */
static const char *job_url(const fpi_escl_t *escl, const char *job, const char *resource, fpi_task_t *task)
{
    const char *host = strstr(escl->base, "://") + 3;
    size_t len = (size_t)(host - escl->base) + strcspn(host, "/");

    return apr_pstrcat(task->pool, apr_pstrmemdup(task->pool, escl->base, len), job, resource, NULL);
}

static bool is_over(const fpi_escl_t *escl, const fpi_task_t *task)
{
    return fpi_task_is_over(task) || (escl->is_gone && escl->is_gone(escl->baton));
}

/* What it asks for, within reason; else longer each time. */
static apr_interval_time_t pause_of(const fpi_http_exchange_t *x, int attempt)
{
    const char *said = x->reply_headers ? apr_table_get(x->reply_headers, "Retry-After") : NULL;
    int64_t seconds;

    if (said && fpi_int_parse(&seconds, said, 0, 86400)) {
        apr_interval_time_t span = apr_time_from_sec(seconds);

        return span < PAUSE_SLICE ? PAUSE_SLICE : span < PAUSE_MOST ? span : PAUSE_MOST;
    }
    return fpi_clock_backoff(attempt, PAUSE_FIRST, PAUSE_MOST);
}

static fpi_err_t *pause_for(const fpi_escl_t *escl, apr_interval_time_t span, fpi_task_t *task)
{
    apr_time_t end = fpi_clock_tick() + span;

    while (fpi_clock_tick() < end) {
        if (is_over(escl, task)) {
            return fpi_fail(task, FPI_E_GONE, "called off");
        }
        apr_sleep(PAUSE_SLICE);
    }
    return NULL;
}

/* Makes the call again while the scanner says that it is busy, which has no effect there. */
static fpi_err_t *call_patiently(fpi_escl_t *escl, fpi_http_exchange_t *x, const char *type, fpi_task_t *task)
{
    apr_time_t end = fpi_clock_tick() + escl->patience;
    const fpi_http_exchange_t fresh = *x;

    for (int attempt = 1;; attempt++) {
        *x = fresh;
        FPI_TRY(call(escl, x, type, task));
        if (x->status != 503) {
            return NULL;
        }
        if (fpi_clock_tick() >= end) {
            return judge_status(escl, x, task);
        }
        FPI_TRY(pause_for(escl, pause_of(x, attempt), task));
    }
}

/* ---- the address ---- */

fpi_err_t *fpi_escl_address_take(const char **out, const char *text, fpi_task_t *task)
{
    char *typed = fpi_text_trim(task->pool, text ? text : "");
    const char *host, *path;
    fpi_url_t url;
    fpi_err_t *err;
    size_t len;

    if (!*typed || strlen(typed) > FPI_ESCL_ADDRESS) {
        return fpi_refuse(task, FPI_E_FIELD, "address", "扫描仪地址应为 1 到 %d 个字符, 如 192.168.1.20 或 http://192.168.1.20:8080/eSCL",
                          "a scanner's address has 1 to %d characters, like 192.168.1.20 or http://192.168.1.20:8080/eSCL",
                          FPI_ESCL_ADDRESS);
    }
    if (!strstr(typed, "://")) {
        typed = apr_pstrcat(task->pool, "http://", typed, NULL);
    }
    err = fpi_url_parse(&url, typed, task);
    if (err || url.query) {
        return fpi_refuse(task, FPI_E_FIELD, "address", "扫描仪地址 %.100s 有误, 应如 192.168.1.20 或 http://192.168.1.20:8080/eSCL",
                          "%.100s is no address of a scanner: it is like 192.168.1.20 or http://192.168.1.20:8080/eSCL", typed);
    }
    host = strchr(url.host, ':') ? apr_psprintf(task->pool, "[%s]", url.host) : url.host;
    path = strcmp(url.path, "/") == 0 ? "/eSCL" : url.path;
    for (len = strlen(path); len > 1 && path[len - 1] == '/';) {
        len--;
    }
    path = apr_pstrmemdup(task->pool, path, len);
    *out = url.port == (*(url.scheme + 4) ? 443 : 80) ? apr_pstrcat(task->pool, url.scheme, "://", host, path, NULL)
                                                      : apr_psprintf(task->pool, "%s://%s:%d%s", url.scheme, host, url.port, path);
    return NULL;
}

/* ---- capabilities, status ---- */

static fpi_err_t *get_document(fpi_http_exchange_t *x, fpi_escl_t *escl, const char *resource, fpi_task_t *task)
{
    *x = (fpi_http_exchange_t){ .method = "GET", .url = url_of(escl, resource, task), .reply_max = FPI_ESCL_DOCUMENT,
                                .is_gone = escl->is_gone, .baton = escl->baton };
    FPI_TRY(call_patiently(escl, x, NULL, task));
    return x->status == 200 ? NULL : judge_status(escl, x, task);
}

fpi_err_t *fpi_escl_caps_get(fpi_scan_caps_t *out, fpi_escl_t *escl, fpi_task_t *task)
{
    fpi_http_exchange_t x;
    fpi_err_t *err;

    FPI_TRY(get_document(&x, escl, "/ScannerCapabilities", task));
    err = fpi_escl_caps_parse(out, x.reply->data, x.reply->len, task);
    return err ? fail(escl, FPI_SCAN_IS_NOT_ESCL, fpi_err_chain(task->pool, err), task) : NULL;
}

static fpi_err_t *get_status(fpi_scan_status_t *out, const char **job_state, fpi_escl_t *escl, const char *job, fpi_task_t *task)
{
    fpi_http_exchange_t x;
    fpi_err_t *err;

    FPI_TRY(get_document(&x, escl, "/ScannerStatus", task));
    err = fpi_escl_status_parse(out, job_state, job, x.reply->data, x.reply->len, task);
    return err ? fail(escl, FPI_SCAN_IS_GARBAGE, fpi_err_chain(task->pool, err), task) : NULL;
}

fpi_err_t *fpi_escl_status_get(fpi_scan_status_t *out, fpi_escl_t *escl, fpi_task_t *task)
{
    const char *job_state;

    return get_status(out, &job_state, escl, NULL, task);
}

/* ---- a job ---- */

/* What the feeder's state explains: nothing of the glass; that it is empty only when nothing was to come of it yet. */
typedef enum feeder_t { NOT_FEEDER, FEEDER_SCANS, FEEDER_BEGINS } feeder_t;

/* What a refused job or page really means stands in the status; when that says nothing, `otherwise`. */
static fpi_err_t *ask_why(fpi_escl_t *escl, const char *job, feeder_t feeder, fpi_err_t *otherwise, fpi_task_t *task)
{
    fpi_scan_problem_t problem = escl->problem;
    fpi_scan_status_t status;
    const char *job_state;
    fpi_err_t *err = get_status(&status, &job_state, escl, job, task);

    escl->problem = problem;
    if (err) {
        return otherwise;
    }
    if (feeder == FEEDER_SCANS && status.feeder == FPI_SCAN_IS_FEEDER_EMPTY) {
        status.feeder = FPI_SCAN_FINE;
    }
    if (feeder != NOT_FEEDER && status.feeder) {
        return fail(escl, status.feeder, otherwise ? fpi_err_chain(task->pool, otherwise) : "by its status", task);
    }
    if (job_state && (strcmp(job_state, "Aborted") == 0 || strcmp(job_state, "Canceled") == 0)) {
        return fail(escl, FPI_SCAN_IS_ABORTED, job_state, task);
    }
    if (otherwise && (status.state == FPI_SCAN_STOPPED || status.state == FPI_SCAN_DOWN)) {
        return fail(escl, FPI_SCAN_IS_DOWN, fpi_err_chain(task->pool, otherwise), task);
    }
    return otherwise;
}

fpi_err_t *fpi_escl_job_start(const char **job, fpi_escl_t *escl, const fpi_scan_settings_t *settings,
                              const fpi_scan_caps_t *caps, fpi_task_t *task)
{
    fpi_http_exchange_t x = { .method = "POST", .url = url_of(escl, "/ScanJobs", task), .reply_max = ERROR_BODY,
                              .is_gone = escl->is_gone, .baton = escl->baton };
    const char *to;

    x.body = fpi_escl_settings_format(settings, caps, task);
    x.body_len = strlen(x.body);
    FPI_TRY(call_patiently(escl, &x, "text/xml", task));
    if (x.status != 201) {
        fpi_err_t *err = judge_status(escl, &x, task);

        if (x.status == 400 || x.status == 409 || x.status == 415) {
            err = fail(escl, FPI_SCAN_IS_SETTINGS, err->detail, task);
        }
        return ask_why(escl, NULL, settings->source == FPI_SCAN_FEEDER ? FEEDER_BEGINS : NOT_FEEDER, err, task);
    }
    to = apr_table_get(x.reply_headers, "Location");
    *job = fpi_escl_job_path(escl->base, to, task);
    return *job ? NULL : fail(escl, FPI_SCAN_IS_GARBAGE, apr_psprintf(task->pool, "a job at %.*s", SHOWN, to ? to : "no Location"), task);
}

typedef struct taking_t {
    fpi_escl_page_t *page;
    fpi_escl_t *escl;
    fpi_err_t *refused;          /* by the caller, whose failure it is */
    fpi_task_t *task;
    int status;
    size_t dropped;
} taking_t;

static fpi_err_t *take_head(void *baton, int status, const apr_table_t *headers)
{
    taking_t *t = baton;

    (void)headers;
    t->status = status;
    t->page->size = 0;
    return NULL;
}

/* What comes with a refusal is not looked at, and not taken without end. */
static fpi_err_t *take_bytes(void *baton, const char *data, size_t len)
{
    taking_t *t = baton;

    if (t->status != 200) {
        t->dropped += len;
        return t->dropped > ERROR_BODY ? fpi_fail(t->task, FPI_E_TOO_LARGE, "a refusal of a scanner goes on and on") : NULL;
    }
    t->page->size += (int64_t)len;
    t->refused = t->page->put(t->page->baton, data, len);
    return t->refused;
}

static bool take_gone(void *baton)
{
    taking_t *t = baton;

    return t->escl->is_gone && t->escl->is_gone(t->escl->baton);
}

fpi_err_t *fpi_escl_page_next(fpi_escl_page_t *page, fpi_escl_t *escl, const char *job, fpi_task_t *task)
{
    taking_t taking = { .page = page, .escl = escl, .task = task };
    fpi_http_exchange_t x = { .method = "GET", .url = job_url(escl, job, "/NextDocument", task), .head = take_head,
                              .sink = take_bytes, .is_gone = take_gone, .baton = &taking };
    fpi_err_t *err = call_patiently(escl, &x, NULL, task);
    feeder_t feeder = page->is_feeder ? FEEDER_SCANS : NOT_FEEDER;

    page->is_end = false;
    if (taking.refused) {
        escl->problem = taking.refused->code == FPI_E_TOO_LARGE ? FPI_SCAN_IS_TOO_LARGE : FPI_SCAN_IS_INTERNAL;
        return taking.refused;
    }
    if (err) {
        return err->code == FPI_E_GONE ? err : ask_why(escl, job, feeder, err, task);
    }
    if (x.status == 404 || x.status == 410) {
        page->is_end = true;
        return NULL;
    }
    if (x.status != 200) {
        return ask_why(escl, job, feeder, judge_status(escl, &x, task), task);
    }
    return page->size ? NULL : ask_why(escl, job, feeder, fail(escl, FPI_SCAN_IS_GARBAGE, "a page of no bytes", task), task);
}

fpi_err_t *fpi_escl_job_judge(fpi_escl_t *escl, const char *job, const fpi_scan_settings_t *settings, int64_t pages,
                              fpi_task_t *task)
{
    bool is_feeder = settings->source == FPI_SCAN_FEEDER;
    fpi_err_t *nothing = NULL, *err;

    if (pages == 0) {
        nothing = fail(escl, is_feeder ? FPI_SCAN_IS_FEEDER_EMPTY : FPI_SCAN_IS_GARBAGE, "it ended without a page", task);
    }
    err = ask_why(escl, job, !is_feeder ? NOT_FEEDER : pages ? FEEDER_SCANS : FEEDER_BEGINS, nothing, task);
    escl->problem = err ? escl->problem : FPI_SCAN_FINE;
    return err;
}

fpi_err_t *fpi_escl_job_end(fpi_escl_t *escl, const char *job, fpi_task_t *task)
{
    fpi_task_t alone = *task;
    fpi_http_exchange_t x = { .method = "DELETE", .url = job_url(escl, job, "", task), .reply_max = ERROR_BODY };

    alone.called_off = 0;
    alone.deadline = 0;
    fpi_task_limit(&alone, END_LIMIT);
    FPI_TRY(call(escl, &x, NULL, &alone));
    return x.status < 300 || x.status == 404 || x.status == 410 ? NULL : judge_status(escl, &x, task);
}
