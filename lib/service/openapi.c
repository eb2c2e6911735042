#include "service/openapi.h"

#include "base/text.h"
#include "service/handlers.h"

#include "service/openapi_text.h" /* made from conf/openapi.json by make */

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>

#define SCHEMAS "#/components/schemas/"

/* ---- what was written by hand ---- */

static fpi_err_t *read_text(fpi_json_t **out, fpi_task_t *task)
{
    size_t count = sizeof(openapi_lines) / sizeof(*openapi_lines), len = 0;
    char *text, *to;

    for (size_t i = 0; i < count; i++) {
        len += strlen(openapi_lines[i]);
    }
    text = to = apr_palloc(task->pool, len + 1);
    for (size_t i = 0; i < count; i++) {
        to = apr_cpystrn(to, openapi_lines[i], strlen(openapi_lines[i]) + 1);
    }
    return fpi_json_parse(out, text, len, task);
}

fpi_err_t *fpi_openapi_operations(fpi_json_t **out, fpi_task_t *task)
{
    fpi_json_t *doc;

    FPI_TRY(read_text(&doc, task));
    *out = fpi_json_find(doc, "x-operations");
    return *out ? NULL : fpi_fail(task, FPI_E_INTERNAL, "conf/openapi.json has no x-operations");
}

/* ---- small parts ---- */

static fpi_json_t *ref(const char *where, const char *name, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "$ref", apr_pstrcat(task->pool, where, name, NULL));
    return doc;
}

static fpi_json_t *typed(const char *type, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "type", type);
    return doc;
}

static fpi_json_t *content(const char *type, fpi_json_t *schema, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *media = fpi_json_make_object(task);

    fpi_json_put(media, "schema", schema);
    fpi_json_put(doc, type, media);
    return doc;
}

static fpi_json_t *both(fpi_json_t *a, fpi_json_t *b, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *list = fpi_json_make_array(task);

    fpi_json_add(list, a);
    fpi_json_add(list, b);
    fpi_json_put(doc, "allOf", list);
    return doc;
}

/* ---- parameters ---- */

static fpi_json_t *path_parameter(const char *name, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);
    bool is_number = strcmp(name, "upload_id") != 0;

    fpi_json_put_text(doc, "name", name);
    fpi_json_put_text(doc, "in", "path");
    fpi_json_put_bool(doc, "required", true);
    fpi_json_put(doc, "schema", typed(is_number ? "integer" : "string", task));
    return doc;
}

static void put_parameters(fpi_json_t *op, const fpi_route_t *route, const fpi_json_t *said, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    const fpi_json_t *query = said ? fpi_json_find(said, "query") : NULL;

    for (const char *at = strchr(route->path, '{'); at; at = strchr(at, '{')) {
        size_t len = strcspn(++at, "}");

        fpi_json_add(list, path_parameter(apr_pstrmemdup(task->pool, at, len), task));
    }
    for (size_t i = 0; query && i < fpi_json_size(query); i++) {
        fpi_json_add(list, ref("#/components/parameters/", fpi_json_text(fpi_json_at(query, i)), task));
    }
    if (fpi_json_size(list)) {
        fpi_json_put(op, "parameters", list);
    }
}

/* ---- body ---- */

static fpi_json_t *file_body(fpi_task_t *task)
{
    fpi_json_t *types = content("application/octet-stream", fpi_json_make_object(task), task);
    fpi_json_t *form = content("multipart/form-data", ref(SCHEMAS, "FileForm", task), task);

    fpi_json_put(types, "multipart/form-data", fpi_json_find(form, "multipart/form-data"));
    return types;
}

static void put_body(fpi_json_t *op, const fpi_route_t *route, const fpi_json_t *said, fpi_task_t *task)
{
    const char *name = said ? fpi_json_text(fpi_json_find(said, "body")) : NULL;
    bool is_bytes = route->body == FPI_BODY_RAW || route->body == FPI_BODY_STREAM;
    fpi_json_t *body = fpi_json_make_object(task);

    if (route->body == FPI_BODY_NONE) {
        return;
    }
    fpi_json_put_bool(body, "required", route->body != FPI_BODY_FORM);
    fpi_json_put(body, "content", is_bytes ? file_body(task)
                                           : content("application/json", name ? ref(SCHEMAS, name, task) : typed("object", task), task));
    fpi_json_put(op, "requestBody", body);
}

/* ---- answers ---- */

static fpi_json_t *list_schema(const char *item, fpi_task_t *task)
{
    fpi_json_t *items = typed("array", task), *properties = fpi_json_make_object(task), *doc = fpi_json_make_object(task);

    fpi_json_put(items, "items", ref(SCHEMAS, item, task));
    fpi_json_put(properties, "items", items);
    fpi_json_put(doc, "properties", properties);
    return both(ref(SCHEMAS, "List", task), doc, task);
}

static fpi_json_t *answer_schema(const fpi_json_t *said, fpi_task_t *task)
{
    const char *item = said ? fpi_json_text(fpi_json_find(said, "list")) : NULL;
    const char *name = said ? fpi_json_text(fpi_json_find(said, "ok")) : NULL;

    if (item) {
        return list_schema(item, task);
    }
    return name ? both(ref(SCHEMAS, "Answer", task), ref(SCHEMAS, name, task), task) : ref(SCHEMAS, "Answer", task);
}

static void put_answers(fpi_json_t *op, const fpi_json_t *said, fpi_task_t *task)
{
    fpi_json_t *answers = fpi_json_make_object(task), *ok = fpi_json_make_object(task);
    const char *type = said ? fpi_json_text(fpi_json_find(said, "type")) : NULL;
    int64_t status = 200;

    fpi_ignore(said ? fpi_json_find_int(&status, said, "status", 200, 200, 299, task) : NULL);
    fpi_json_put_text(ok, "description", status == 204 ? "Done." : "As asked.");
    if (status != 204) {
        fpi_json_put(ok, "content", type ? content(type, fpi_json_make_object(task), task)
                                         : content("application/json", answer_schema(said, task), task));
    }
    fpi_json_put(answers, apr_itoa(task->pool, (int)status), ok);
    fpi_json_put(answers, "4XX", ref("#/components/responses/", "Error", task));
    fpi_json_put(answers, "5XX", ref("#/components/responses/", "Error", task));
    fpi_json_put(op, "responses", answers);
}

/* ---- operations ---- */

/* "bills" of "/api/v1/bills/{bill_id}" */
static const char *tag_of(const fpi_route_t *route, fpi_task_t *task)
{
    const char *word = route->path + strlen("/api/v1/");

    return apr_pstrmemdup(task->pool, word, strcspn(word, "/."));
}

static fpi_json_t *operation(const fpi_route_t *route, const fpi_json_t *said, fpi_task_t *task)
{
    fpi_json_t *op = fpi_json_make_object(task), *tags = fpi_json_make_array(task);
    const char *more = said ? fpi_json_text(fpi_json_find(said, "description")) : NULL;

    fpi_json_add_text(tags, tag_of(route, task));
    fpi_json_put_text(op, "operationId", route->handler);
    fpi_json_put_text(op, "summary", route->help);
    if (more) {
        fpi_json_put_text(op, "description", more);
    }
    fpi_json_put(op, "tags", tags);
    if (route->access == FPI_ACCESS_OPEN) {
        fpi_json_put(op, "security", fpi_json_make_array(task));
    }
    put_parameters(op, route, said, task);
    put_body(op, route, said, task);
    put_answers(op, said, task);
    return op;
}

static void put_operation(fpi_json_t *paths, const fpi_route_t *route, const fpi_json_t *said, fpi_task_t *task)
{
    fpi_json_t *item = fpi_json_find(paths, route->path);
    char *method = apr_pstrdup(task->pool, route->method);

    for (char *c = method; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    if (!item) {
        item = fpi_json_make_object(task);
        fpi_json_put(paths, route->path, item);
    }
    fpi_json_put(item, method, operation(route, said, task));
}

static void put_tags(fpi_json_t *doc, const fpi_json_t *paths, fpi_task_t *task)
{
    fpi_json_t *tags = fpi_json_make_array(task), *seen = fpi_json_make_object(task), *value;
    void *iter = NULL;
    const char *path;

    while (fpi_json_next(&iter, paths, &path, &value)) {
        const char *word = path + strlen("/api/v1/"), *tag = apr_pstrmemdup(task->pool, word, strcspn(word, "/."));

        if (!fpi_json_find(seen, tag)) {
            fpi_json_t *one = fpi_json_make_object(task);

            fpi_json_put_bool(seen, tag, true);
            fpi_json_put_text(one, "name", tag);
            fpi_json_put_text(one, "description", apr_pstrcat(task->pool, "What stands below /api/v1/", tag, ".", NULL));
            fpi_json_add(tags, one);
        }
    }
    fpi_json_put(doc, "tags", tags);
}

fpi_err_t *fpi_openapi_make(fpi_json_t **out, fpi_task_t *task)
{
    fpi_json_t *doc, *operations, *paths = fpi_json_make_object(task);

    FPI_TRY(read_text(&doc, task));
    operations = fpi_json_find(doc, "x-operations");
    for (const fpi_route_t *route = fpi_routes(); route->method; route++) {
        if (route->family == FPI_FAMILY_C) {
            put_operation(paths, route, operations ? fpi_json_find(operations, route->handler) : NULL, task);
        }
    }
    put_tags(doc, paths, task);
    fpi_json_put(doc, "paths", paths);
    fpi_json_drop(doc, "x-operations");
    *out = doc;
    return NULL;
}

/* ---- GET /api/v1/openapi.json ---- */

/* The document itself: not in the envelope, whose members it may not have. */
fpi_err_t *fpi_handle_openapi(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    apr_table_t *headers = apr_table_make(call->task->pool, 2);
    fpi_json_t *doc;
    const char *text;
    size_t len;

    (void)app;
    FPI_TRY(fpi_openapi_make(&doc, call->task));
    text = fpi_json_format(doc, false, call->task);
    len = strlen(text);
    apr_table_setn(headers, "Content-Type", "application/json; charset=utf-8");
    apr_table_setn(headers, "Cache-Control", "private, max-age=300");
    apr_table_setn(headers, "X-Content-Type-Options", "nosniff");
    answer->is_sent = true;
    FPI_TRY(call->begin(call->baton, 200, headers, (int64_t)len));
    return call->write(call->baton, text, len);
}
