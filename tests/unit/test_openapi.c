/* The description of family C: what stands in it is what is served, and whatever it points at is there. */
#include "service/handlers.h"
#include "service/openapi.h"

#include "unit.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <ctype.h>

static fpi_json_t *doc;

static void open_all(void)
{
    unit_open();
    unit_done(fpi_openapi_make(&doc, task));
}

static const char *lower(const char *text)
{
    char *out = apr_pstrdup(task->pool, text);

    for (char *c = out; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return out;
}

static const fpi_json_t *operation_of(const fpi_route_t *route)
{
    const fpi_json_t *item = fpi_json_find(fpi_json_find(doc, "paths"), route->path);

    return item ? fpi_json_find(item, lower(route->method)) : NULL;
}

START_TEST(every_route_is_in_it)
{
    for (const fpi_route_t *route = fpi_routes(); route->method; route++) {
        ck_assert_msg((operation_of(route) != NULL) == (route->family == FPI_FAMILY_C), "%s %s", route->method, route->path);
    }
}
END_TEST

static int routes_of(const char *path, const char *method)
{
    int found = 0;

    for (const fpi_route_t *route = fpi_routes(); route->method; route++) {
        found += strcmp(route->path, path) == 0 && strcmp(lower(route->method), method) == 0;
    }
    return found;
}

START_TEST(nothing_else_is_in_it)
{
    void *paths = NULL, *methods;
    const char *path, *method, *id;
    fpi_json_t *item, *op;
    apr_hash_t *ids = apr_hash_make(task->pool);

    while (fpi_json_next(&paths, fpi_json_find(doc, "paths"), &path, &item)) {
        for (methods = NULL; fpi_json_next(&methods, item, &method, &op);) {
            ck_assert_msg(routes_of(path, method) == 1, "%s %s", method, path);
            id = fpi_json_text(fpi_json_find(op, "operationId"));
            ck_assert_msg(!apr_hash_get(ids, id, APR_HASH_KEY_STRING), "two operations are %s", id);
            apr_hash_set(ids, id, APR_HASH_KEY_STRING, id);
        }
    }
    ck_assert_ptr_null(fpi_json_find(doc, "x-operations"));
}
END_TEST

/* What was written by hand speaks of handlers that there are, in words that there are. */
START_TEST(what_was_written_fits)
{
    static const char *const words[] = { "query", "body", "ok", "list", "status", "type", "description" };
    fpi_json_t *operations, *said, *value;
    void *iter = NULL, *members;
    const char *handler, *word;

    unit_done(fpi_openapi_operations(&operations, task));
    while (fpi_json_next(&iter, operations, &handler, &said)) {
        bool is_there = false;

        for (const fpi_route_t *route = fpi_routes(); route->method; route++) {
            is_there = is_there || (route->family == FPI_FAMILY_C && strcmp(route->handler, handler) == 0);
        }
        ck_assert_msg(is_there, "no route has the handler %s", handler);
        for (members = NULL; fpi_json_next(&members, said, &word, &value);) {
            bool is_known = false;

            for (int i = 0; i < UNIT_COUNT(words); i++) {
                is_known = is_known || strcmp(words[i], word) == 0;
            }
            ck_assert_msg(is_known, "%s: %s", handler, word);
        }
    }
}
END_TEST

/* "#/components/schemas/Bill" */
static bool is_there(const char *ref)
{
    const fpi_json_t *at = doc;
    char *state, *copy = apr_pstrdup(task->pool, ref);

    if (strncmp(ref, "#/", 2) != 0) {
        return false;
    }
    for (char *word = apr_strtok(copy + 2, "/", &state); word && at; word = apr_strtok(NULL, "/", &state)) {
        at = fpi_json_is_object(at) ? fpi_json_find(at, word) : NULL;
    }
    return at != NULL;
}

static int refs;

static void walk(const fpi_json_t *value)
{
    const char *name;
    fpi_json_t *member;
    void *iter = NULL;

    if (fpi_json_is_array(value)) {
        for (size_t i = 0; i < fpi_json_size(value); i++) {
            walk(fpi_json_at(value, i));
        }
    }
    while (fpi_json_is_object(value) && fpi_json_next(&iter, value, &name, &member)) {
        if (strcmp(name, "$ref") == 0) {
            refs++;
            ck_assert_msg(is_there(fpi_json_text(member)), "%s leads nowhere", fpi_json_text(member));
        }
        walk(member);
    }
}

START_TEST(every_reference_leads_somewhere)
{
    refs = 0;
    walk(doc);
    ck_assert_int_gt(refs, 200);
}
END_TEST

/* Each part of a path in braces is a parameter, and each operation says what comes back. */
START_TEST(operations_are_whole)
{
    for (const fpi_route_t *route = fpi_routes(); route->method; route++) {
        const fpi_json_t *op = route->family == FPI_FAMILY_C ? operation_of(route) : NULL;
        const fpi_json_t *list = op ? fpi_json_find(op, "parameters") : NULL;
        size_t parts = 0, said = 0;

        for (const char *c = route->path; op && (c = strchr(c, '{')); c++) {
            parts++;
        }
        for (size_t i = 0; list && i < fpi_json_size(list); i++) {
            const char *in = fpi_json_text(fpi_json_find(fpi_json_at(list, i), "in"));

            said += in && strcmp(in, "path") == 0;
        }
        ck_assert_msg(!op || (parts == said && fpi_json_find(op, "responses") && fpi_json_find(op, "summary")), "%s %s",
                      route->method, route->path);
        ck_assert_msg(!op || (route->body == FPI_BODY_NONE) == !fpi_json_find(op, "requestBody"), "%s %s", route->method,
                      route->path);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("openapi");
    TCase *one = tcase_create("openapi");

    tcase_add_checked_fixture(one, open_all, unit_close);
    tcase_add_test(one, every_route_is_in_it);
    tcase_add_test(one, nothing_else_is_in_it);
    tcase_add_test(one, what_was_written_fits);
    tcase_add_test(one, every_reference_leads_somewhere);
    tcase_add_test(one, operations_are_whole);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
