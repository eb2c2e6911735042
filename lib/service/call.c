#include "service/call.h"

#include <apr_strings.h>
#include <string.h>

enum { PARAMS_MAX = 256, PIECE = 16 * 1024 };

static fpi_err_t *add_pair(apr_array_header_t *params, const char *pair, size_t len, fpi_task_t *task)
{
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals ? (size_t)(equals - pair) : len;
    fpi_param_t param;

    param.name = fpi_url_decode(task->pool, pair, name_len, true);
    param.value = equals ? fpi_url_decode(task->pool, equals + 1, len - name_len - 1, true) : "";
    if (!param.name || !param.value) {
        return fpi_refuse(task, FPI_E_FIELD, param.name,
                          "参数 %s 的百分号编码错误或不是UTF-8",
                          "parameter %s has a bad percent escape or is not UTF-8",
                          param.name ? param.name : "?");
    }
    if (*param.name == '\0') {
        return NULL; /* "&=&" */
    }
    if (fpi_params_find(params, param.name)) {
        return fpi_refuse(task, FPI_E_FIELD, param.name, "参数 %s 重复出现",
                          "parameter %s is given twice", param.name);
    }
    if (params->nelts >= PARAMS_MAX) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "参数超过 %d 个", "more than %d parameters",
                          PARAMS_MAX);
    }
    APR_ARRAY_PUSH(params, fpi_param_t) = param;
    return NULL;
}

/* Calls add_pair for each; `is_strict`: its first refusal ends it. */
static fpi_err_t *read_pairs(apr_array_header_t *params, const char *text, size_t len, bool is_strict,
                             fpi_task_t *task)
{
    while (len) {
        const char *amp = memchr(text, '&', len);
        size_t n = amp ? (size_t)(amp - text) : len;
        fpi_err_t *err = n ? add_pair(params, text, n, task) : NULL;

        if (err && is_strict) {
            return err;
        }
        n += amp != NULL;
        text += n;
        len -= n;
    }
    return NULL;
}

fpi_err_t *fpi_params_parse(const apr_array_header_t **out, const char *text, size_t len, fpi_task_t *task)
{
    apr_array_header_t *params = apr_array_make(task->pool, 8, sizeof(fpi_param_t));

    *out = params;
    return read_pairs(params, text, len, true, task);
}

const apr_array_header_t *fpi_params_scan(const char *text, size_t len, fpi_task_t *task)
{
    apr_array_header_t *params = apr_array_make(task->pool, 8, sizeof(fpi_param_t));

    fpi_ignore(read_pairs(params, text, len, false, task));
    return params;
}

const char *fpi_params_find(const apr_array_header_t *params, const char *name)
{
    for (int i = 0; params && i < params->nelts; i++) {
        const fpi_param_t *param = &APR_ARRAY_IDX(params, i, fpi_param_t);

        if (strcmp(param->name, name) == 0) {
            return param->value;
        }
    }
    return NULL;
}

static fpi_err_t *too_large(fpi_call_t *call, int64_t most)
{
    if (call->body_len > most) {
        return fpi_refuse(call->task, FPI_E_TOO_LARGE, NULL, "请求体 %" APR_INT64_T_FMT " 字节, 超过上限 %" APR_INT64_T_FMT " 字节",
                          "the body of %" APR_INT64_T_FMT " bytes is larger than the limit of %" APR_INT64_T_FMT " bytes",
                          call->body_len, most);
    }
    return fpi_refuse(call->task, FPI_E_TOO_LARGE, NULL, "请求体超过上限 %" APR_INT64_T_FMT " 字节",
                      "the body is larger than the limit of %" APR_INT64_T_FMT " bytes", most);
}

fpi_err_t *fpi_call_gather(fpi_call_t *call, int64_t most)
{
    char *piece;
    size_t len;

    if (call->body) {
        return NULL;
    }
    if (call->body_len > most) {
        return too_large(call, most);
    }
    call->body = fpi_buf_make(call->task->pool, (size_t)most);
    if (call->body_len == 0) {
        return NULL;
    }
    piece = apr_palloc(call->task->pool, PIECE);
    for (;;) {
        FPI_TRY(call->read(call->baton, piece, PIECE, &len));
        if (len == 0) {
            return NULL;
        }
        if (!fpi_buf_put(call->body, piece, len)) {
            return too_large(call, most);
        }
    }
}
