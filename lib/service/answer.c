#include "service/answer.h"

#include <apr_strings.h>
#include <string.h>

enum { RETRY_AFTER = 5 };

fpi_family_t fpi_family_of(const char *path)
{
    if (strncmp(path, "/api/kapi/", 10) == 0) {
        return FPI_FAMILY_B;
    }
    return strncmp(path, "/api/v1/", 8) == 0 || strcmp(path, "/api/v1") == 0 ? FPI_FAMILY_C
                                                                              : FPI_FAMILY_A;
}

static void put_body(fpi_reply_t *reply, int status, const fpi_json_t *doc, fpi_task_t *task)
{
    reply->status = status;
    reply->body = fpi_json_format(doc, false, task);
    reply->len = strlen(reply->body);
}

static void put_members(fpi_json_t *to, const fpi_json_t *from)
{
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;

    while (from && fpi_json_next(&iter, from, &name, &value)) {
        fpi_json_put(to, name, value);
    }
}

void fpi_answer_success(fpi_reply_t *reply, fpi_family_t family, const fpi_answer_t *answer, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    switch (family) {
    case FPI_FAMILY_A:
        fpi_json_put_text(doc, "errcode", "0000");
        fpi_json_put_text(doc, "description", fpi_code_info(FPI_DONE)->zh);
        if (answer->is_flat) {
            put_members(doc, answer->data);
        }
        else {
            fpi_json_put(doc, "data", answer->data);
        }
        fpi_json_put_text(doc, "traceId", task->trace);
        break;
    case FPI_FAMILY_B:
        fpi_json_put_bool(doc, "success", true);
        fpi_json_put_text(doc, "errorCode", "0000");
        fpi_json_put_text(doc, "message", "成功");
        fpi_json_put(doc, "data", answer->data);
        break;
    case FPI_FAMILY_C:
        put_members(doc, answer->data);
        fpi_json_put_text(doc, "request_id", task->trace);
        break;
    }
    if (answer->headers) {
        reply->headers = apr_table_overlay(task->pool, reply->headers, answer->headers);
    }
    put_body(reply, family == FPI_FAMILY_C && answer->status ? answer->status : 200, doc, task);
    if (reply->status == 204) {
        reply->body = NULL;
        reply->len = 0;
    }
}

static fpi_json_t *error_object(const fpi_err_t *err, fpi_task_t *task)
{
    const fpi_code_info_t *info = fpi_code_info(err->code);
    fpi_json_t *error = fpi_json_make_object(task), *more;

    fpi_json_put_text(error, "code", info->wire);
    fpi_json_put_text(error, "message", fpi_err_public(err, task->lang));
    fpi_json_put_text(error, "type", info->type);
    if (err->field) {
        fpi_json_put_text(error, "field", err->field);
    }
    if (err->more && !fpi_json_parse(&more, err->more, strlen(err->more), task)) {
        put_members(error, more);
    }
    fpi_json_put_text(error, "request_id", task->trace);
    return error;
}

static void put_headers(fpi_reply_t *reply, const fpi_err_t *err, fpi_task_t *task)
{
    const fpi_code_info_t *info = fpi_code_info(err->code);

    if (err->code == FPI_E_TOKEN || err->code == FPI_E_SESSION) { /* a 401 names the scheme (RFC 9110 15.5.2) */
        apr_table_setn(reply->headers, "WWW-Authenticate", "Bearer");
    }
    if (info->retry == FPI_RETRY_LATER || err->retry_after) {
        apr_table_setn(reply->headers, "Retry-After",
                       apr_itoa(task->pool, err->retry_after ? err->retry_after : RETRY_AFTER));
    }
}

void fpi_answer_failure(fpi_reply_t *reply, fpi_family_t family, const fpi_err_t *err, fpi_task_t *task)
{
    const fpi_code_info_t *info = fpi_code_info(err->code);
    const char *text = fpi_err_public(err, task->lang);
    fpi_json_t *doc = fpi_json_make_object(task);

    switch (family) {
    case FPI_FAMILY_A:
        fpi_json_put_text(doc, "errcode", info->wire);
        fpi_json_put_text(doc, "description", text);
        fpi_json_put_text(doc, "traceId", task->trace);
        break;
    case FPI_FAMILY_B:
        fpi_json_put_bool(doc, "success", false);
        fpi_json_put_text(doc, "errorCode", info->wire);
        fpi_json_put_text(doc, "message", text);
        fpi_json_put(doc, "data", NULL);
        break;
    case FPI_FAMILY_C:
        fpi_json_put(doc, "error", error_object(err, task));
        break;
    }
    put_headers(reply, err, task);
    put_body(reply, family == FPI_FAMILY_C ? info->http_c : info->http, doc, task);
}
