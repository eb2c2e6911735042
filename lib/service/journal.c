/* The journal of unknown calls: enough of each to write the FPImageRoute line that would serve it, and nothing of
 * what the values say unless the administrator asked for it, for a limited time. */
#include "service/handlers.h"

#include "base/clock.h"
#include "store/people.h"
#include "store/pushes.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE_MAX = 4000, SAMPLE_MAX = 64 * 1024, PATH_MAX_LEN = 500, LOOK_MAX = 256 * 1024, DEPTH_MAX = 8 };

/* ---- shapes: {"a":"text(12)","b":[{"c":"number"}]} ---- */

static bool put_shape(fpi_buf_t *to, const fpi_json_t *value, int depth, fpi_task_t *task);

static bool put_object(fpi_buf_t *to, const fpi_json_t *object, int depth, fpi_task_t *task)
{
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;
    bool fits = fpi_buf_put_text(to, "{"), first = true;

    while (fits && fpi_json_next(&iter, object, &name, &value)) {
        fits = (first || fpi_buf_put_text(to, ",")) && fpi_buf_put_text(to, name) && fpi_buf_put_text(to, ":")
               && put_shape(to, value, depth + 1, task);
        first = false;
    }
    return fits && fpi_buf_put_text(to, "}");
}

static bool put_shape(fpi_buf_t *to, const fpi_json_t *value, int depth, fpi_task_t *task)
{
    if (depth > DEPTH_MAX) {
        return fpi_buf_put_text(to, "...");
    }
    if (fpi_json_is_object(value)) {
        return put_object(to, value, depth, task);
    }
    if (fpi_json_is_array(value)) {
        return fpi_buf_put_text(to, "[")
               && (fpi_json_size(value) == 0 || put_shape(to, fpi_json_at(value, 0), depth + 1, task))
               && fpi_buf_put_text(to, "]");
    }
    if (fpi_json_is_null(value)) {
        return fpi_buf_put_text(to, "null");
    }
    return fpi_buf_put_text(to, fpi_json_is_text(value) ? "text" : "number|bool");
}

static const char *names_of(const apr_array_header_t *params, apr_pool_t *pool);

static const char *shape_of(const char *body, size_t len, fpi_task_t *task)
{
    fpi_buf_t *to = fpi_buf_make(task->pool, SHAPE_MAX);
    const apr_array_header_t *form;
    fpi_json_t *doc;
    size_t raw;

    if (len == 0) {
        return "";
    }
    if (fpi_json_parse(&doc, body, len, task) == NULL) {
        return put_shape(to, doc, 0, task) ? to->data : apr_pstrcat(task->pool, to->data, "...", NULL);
    }
    if (fpi_base64_decode(&raw, task->pool, body, len) && raw % 16 == 0) {
        return "base64, perhaps encrypted";
    }
    if (*body == '<') {
        return "XML";
    }
    if (memchr(body, '=', len) && fpi_params_parse(&form, body, len, task) == NULL) {
        return apr_pstrcat(task->pool, "form:", names_of(form, task->pool), NULL);
    }
    return "not JSON, base64, XML or a form";
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const fpi_param_t *)a)->name, ((const fpi_param_t *)b)->name);
}

static const char *names_of(const apr_array_header_t *params, apr_pool_t *pool)
{
    apr_array_header_t *sorted;
    const char *out = "";

    if (!params || !params->nelts) {
        return "";
    }
    sorted = apr_array_copy(pool, params);
    qsort(sorted->elts, (size_t)sorted->nelts, sizeof(fpi_param_t), by_name);
    for (int i = 0; i < sorted->nelts; i++) {
        out = apr_pstrcat(pool, out, i ? "," : "", APR_ARRAY_IDX(sorted, i, fpi_param_t).name, NULL);
    }
    return out;
}

/* ---- writing ---- */

typedef struct noting_t {
    fpi_journal_t entry;
    const char *body;
    size_t len;
} noting_t;

static bool is_capturing(const char *until)
{
    int64_t when;

    return until && fpi_int_parse(&when, until, 0, INT64_MAX) && fpi_clock_now() < when;
}

static fpi_err_t *tx_note(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    noting_t *noting = baton;
    const char *until;

    FPI_TRY(fpi_setting_find(&until, tx, FPI_TENANT_FIRST, "journal.capture_until", task));
    noting->entry.sample = is_capturing(until) && noting->len
                               ? apr_pstrmemdup(task->pool, noting->body,
                                                noting->len < SAMPLE_MAX ? noting->len : SAMPLE_MAX)
                               : NULL;
    return fpi_journal_add(&noting->entry, tx, task);
}

static int64_t note(fpi_app_t *app, fpi_call_t *call, const char *why, const char *body, size_t len)
{
    noting_t noting = { .body = body, .len = len };
    fpi_err_t *err;

    noting.entry.method = apr_pstrndup(call->task->pool, call->method, 16);
    noting.entry.path = apr_pstrndup(call->task->pool, call->local, PATH_MAX_LEN);
    noting.entry.query = names_of(call->params, call->task->pool);
    noting.entry.shape = shape_of(body, len, call->task);
    noting.entry.why = why;
    noting.entry.source = call->client_ip;
    noting.entry.trace = call->task->trace;
    noting.entry.first = noting.entry.last = fpi_clock_now();
    err = fpi_app_ready(app, call->task);
    err = err ? err : fpi_store_write(app->store, tx_note, &noting, call->task);
    if (err) {
        fpi_log_err(call->task, FPI_M_STORE_DOWN, err, "the journal of unknown calls could not be written");
        return 0;
    }
    return noting.entry.id;
}

void fpi_journal_push(fpi_app_t *app, fpi_call_t *call, const char *body, size_t len)
{
    note(app, call, "push without identity", body, len);
}

fpi_err_t *fpi_journal_unknown(fpi_app_t *app, fpi_call_t *call)
{
    const char *body = "";
    size_t len = 0;
    int64_t id;

    FPI_COUNT(app, unknown_calls, 1);
    if (fpi_call_gather(call, LOOK_MAX) == NULL) {
        body = call->body->data;
        len = call->body->len;
    }
    id = note(app, call, "unknown path", body, len);
    fpi_log(call->task, FPI_M_UNKNOWN_CALL, "unknown call %.16s %.200s from %s, journal entry %" APR_INT64_T_FMT,
            call->method, call->local, call->client_ip, id);
    return fpi_refuse(call->task, FPI_E_UNKNOWN_PATH, NULL,
                      "接口不存在: %.16s %.200s; 已记入未知调用日志第 %" APR_INT64_T_FMT
                      " 条, 管理员可用 fpimagectl journal suggest 查看配置建议",
                      "no such interface: %.16s %.200s; it is entry %" APR_INT64_T_FMT
                      " of the journal of unknown calls, see fpimagectl journal suggest",
                      call->method, call->local, id);
}
