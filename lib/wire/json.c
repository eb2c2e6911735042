#include "wire/json_own.h"

#include "base/clock.h"
#include "base/text.h"

#include <apr_strings.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below it, two decimals are among those digits and none is printed as a power. */
#define REAL_MOST 1e13

/* jansson's makers fail when memory has run out or our own logic is wrong. No answer can be right
 * then, as in APR, whose pools end the process too. */
static void must(bool done)
{
    if (!done) {
        abort();
    }
}

/* ---- the document in its pool ---- */

static apr_status_t drop_doc(void *doc)
{
    json_decref(doc);
    return APR_SUCCESS;
}

fpi_json_t *fpi_json_keep(fpi_json_t *doc, fpi_task_t *task)
{
    must(doc != NULL);
    apr_pool_cleanup_register(task->pool, doc, drop_doc, apr_pool_cleanup_null);
    return doc;
}

void fpi_json_end(fpi_json_t *doc, fpi_task_t *task)
{
    /* drop_doc() can't fail */
    (void)apr_pool_cleanup_run(task->pool, doc, drop_doc);
}

/* ---- asking ---- */

bool fpi_json_is_object(const fpi_json_t *v)
{
    return json_is_object(v);
}

bool fpi_json_is_array(const fpi_json_t *v)
{
    return json_is_array(v);
}

bool fpi_json_is_text(const fpi_json_t *v)
{
    return json_is_string(v);
}

bool fpi_json_is_real(const fpi_json_t *v)
{
    return json_is_real(v);
}

bool fpi_json_is_null(const fpi_json_t *v)
{
    return !v || json_is_null(v);
}

size_t fpi_json_size(const fpi_json_t *array_or_object)
{
    return json_is_array(array_or_object) ? json_array_size(array_or_object)
                                          : json_object_size(array_or_object);
}

fpi_json_t *fpi_json_at(const fpi_json_t *array, size_t i)
{
    return json_array_get(array, i);
}

fpi_json_t *fpi_json_find(const fpi_json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);

    return json_is_null(v) ? NULL : v;
}

bool fpi_json_int(int64_t *out, const fpi_json_t *v)
{
    *out = v && json_is_integer(v) ? json_integer_value(v) : 0;
    return v && json_is_integer(v);
}

const char *fpi_json_text(const fpi_json_t *v)
{
    return json_string_value(v);
}

bool fpi_json_next(void **iter, const fpi_json_t *object, const char **name, fpi_json_t **value)
{
    json_t *walked = (json_t *)object;

    *iter = *iter ? json_object_iter_next(walked, *iter) : json_object_iter(walked);
    if (!*iter) {
        return false;
    }
    *name = json_object_iter_key(*iter);
    *value = json_object_iter_value(*iter);
    return true;
}

/* ---- getters ---- */

/* JSON's own words: they are the same in both languages. */
static const char *kind_of(const json_t *v)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "object", [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false", [JSON_NULL] = "null"
    };

    return v ? kinds[json_typeof(v)] : "null";
}

/* The value itself stays out of the sentence: it may be a secret. */
static fpi_err_t *refuse_value(const char *name, const char *wanted, const json_t *v,
                               fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, apr_pstrdup(task->pool, name),
                      "字段%s格式错误: 应为%s, 收到%s", "field %s should be %s, not this %s", name,
                      wanted, kind_of(v));
}

static fpi_err_t *check_length(const char *text, const char *name, size_t most, fpi_task_t *task)
{
    size_t length = fpi_utf8_length(text);

    if (length <= most) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_FIELD, apr_pstrdup(task->pool, name),
                      "字段%s过长: 最多%lu个字符, 收到%lu个",
                      "field %s may have at most %lu characters, not %lu", name,
                      (unsigned long)most, (unsigned long)length);
}

static bool is_blank(const char *text)
{
    return *text == '\0' || text[strspn(text, " \t\r\n")] == '\0';
}

/* The member when it says something: blank text counts as absent where no text is wanted, since
 * peers write "" for a number, amount or flag that they do not have. */
static json_t *find_said(const fpi_json_t *object, const char *name)
{
    json_t *v = fpi_json_find(object, name);

    return json_is_string(v) && is_blank(json_string_value(v)) ? NULL : v;
}

fpi_err_t *fpi_json_find_text(const char **out, const fpi_json_t *object, const char *name,
                              size_t most, fpi_task_t *task)
{
    json_t *v = fpi_json_find(object, name);

    *out = NULL;
    if (!v) {
        return NULL;
    }
    if (!json_is_string(v)) {
        return refuse_value(name, "string", v, task);
    }
    FPI_TRY(check_length(json_string_value(v), name, most, task));
    *out = json_string_value(v);
    return NULL;
}

fpi_err_t *fpi_json_get_text(const char **out, const fpi_json_t *object, const char *name,
                             size_t most, fpi_task_t *task)
{
    FPI_TRY(fpi_json_find_text(out, object, name, most, task));
    if (!*out || *fpi_text_trim(task->pool, *out) == '\0') {
        return fpi_refuse(task, FPI_E_FIELD, apr_pstrdup(task->pool, name), "缺少必填字段%s",
                          "field %s is missing or empty", name);
    }
    return NULL;
}

fpi_err_t *fpi_json_find_scalar(const char **out, const fpi_json_t *object, const char *name,
                                size_t most, fpi_task_t *task)
{
    json_t *v = fpi_json_find(object, name);

    *out = NULL;
    if (!v) {
        return NULL;
    }
    if (json_is_object(v) || json_is_array(v)) {
        return refuse_value(name, "string/number/boolean", v, task);
    }
    if (json_is_string(v)) {
        FPI_TRY(check_length(json_string_value(v), name, most, task));
        *out = json_string_value(v);
        return NULL;
    }
    *out = fpi_json_format(v, false, task);
    return check_length(*out, name, most, task);
}

fpi_err_t *fpi_json_find_word(const char **out, const fpi_json_t *object, const char *name,
                              size_t most, fpi_task_t *task)
{
    const json_t *v = json_object_get(object, name);

    *out = NULL;
    return json_is_boolean(v) ? refuse_value(name, "string/number", v, task)
                              : fpi_json_find_scalar(out, object, name, most, task);
}

/* The integer that `v` stands for, be it a number or a text. */
static bool read_int(int64_t *out, const json_t *v, int64_t least, int64_t most)
{
    if (json_is_integer(v)) {
        *out = json_integer_value(v);
        return *out >= least && *out <= most;
    }
    return json_is_string(v) && fpi_int_parse(out, json_string_value(v), least, most);
}

fpi_err_t *fpi_json_find_int(int64_t *out, const fpi_json_t *object, const char *name,
                             int64_t otherwise, int64_t least, int64_t most, fpi_task_t *task)
{
    json_t *v = find_said(object, name);
    int64_t value = otherwise;

    if (v && !read_int(&value, v, least, most)) {
        return refuse_value(name,
                            apr_psprintf(task->pool, "integer %" APR_INT64_T_FMT "..%"
                                         APR_INT64_T_FMT, (apr_int64_t)least, (apr_int64_t)most),
                            v, task);
    }
    *out = value;
    return NULL;
}

static bool read_bool(bool *out, const json_t *v)
{
    const char *text = json_string_value(v);
    int64_t value;

    if (json_is_boolean(v)) {
        *out = json_is_true(v);
        return true;
    }
    if (text && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        *out = *text == 't';
        return true;
    }
    if (!read_int(&value, v, 0, 1)) {
        return false;
    }
    *out = value != 0;
    return true;
}

fpi_err_t *fpi_json_find_bool(bool *out, const fpi_json_t *object, const char *name, bool otherwise,
                              fpi_task_t *task)
{
    json_t *v = find_said(object, name);
    bool value = otherwise;

    if (v && !read_bool(&value, v)) {
        return refuse_value(name, "true/false", v, task);
    }
    *out = value;
    return NULL;
}

static bool read_fen(int64_t *fen, const json_t *v, apr_pool_t *pool)
{
    char digits[32];

    if (json_is_string(v)) {
        return fpi_fen_parse(fen, fpi_text_trim(pool, json_string_value(v)));
    }
    if (json_is_integer(v)) {
        return !__builtin_mul_overflow((int64_t)json_integer_value(v), 100, fen);
    }
    if (!json_is_real(v) || fabs(json_real_value(v)) >= REAL_MOST) {
        return false;
    }
    /* through its decimal digits: 0.29 * 100 is not 29. APR's own printf would write ".29" */
    snprintf(digits, sizeof(digits), "%.*g", FPI_JSON_DIGITS, json_real_value(v));
    return fpi_fen_parse(fen, digits);
}

fpi_err_t *fpi_json_find_fen(int64_t *fen, bool *has, const fpi_json_t *object, const char *name,
                             fpi_task_t *task)
{
    json_t *v = find_said(object, name);
    int64_t value = 0;

    if (v && !read_fen(&value, v, task->pool)) {
        return refuse_value(name, "12.30", v, task);
    }
    *fen = value;
    *has = v != NULL;
    return NULL;
}

fpi_err_t *fpi_json_find_array(fpi_json_t **out, const fpi_json_t *object, const char *name,
                               size_t most, fpi_task_t *task)
{
    json_t *v = fpi_json_find(object, name);

    *out = NULL;
    if (!v) {
        return NULL;
    }
    if (!json_is_array(v)) {
        return refuse_value(name, "array", v, task);
    }
    if (json_array_size(v) > most) {
        return fpi_refuse(task, FPI_E_FIELD, apr_pstrdup(task->pool, name),
                          "字段%s过长: 最多%lu项, 收到%lu项",
                          "field %s may have at most %lu items, not %lu", name,
                          (unsigned long)most, (unsigned long)json_array_size(v));
    }
    *out = v;
    return NULL;
}

/* ---- making ---- */

/* Bytes of the well-formed character at `s`, or 0. */
static size_t char_at(const char *s, size_t left)
{
    for (size_t n = 1; n <= 4 && n <= left; n++) {
        if (fpi_utf8_is_valid(s, n)) {
            return n;
        }
    }
    return 0;
}

static json_t *make_repaired(const char *text, size_t len)
{
    char *out = malloc(len * 3 + 1);
    size_t at = 0;
    json_t *v;

    must(out != NULL);
    for (size_t i = 0; i < len;) {
        size_t n = char_at(text + i, len - i);

        memcpy(out + at, n ? text + i : "\xEF\xBF\xBD", n ? n : 3);
        at += n ? n : 3;
        i += n ? n : 1;
    }
    v = json_stringn(out, at);
    free(out);
    return v;
}

static json_t *make_text(const char *value)
{
    json_t *v;

    if (!value) {
        return json_null();
    }
    v = json_string(value);
    if (!v) {
        v = make_repaired(value, strlen(value));
    }
    must(v != NULL);
    return v;
}

fpi_json_t *fpi_json_make_object(fpi_task_t *task)
{
    return fpi_json_keep(json_object(), task);
}

fpi_json_t *fpi_json_make_array(fpi_task_t *task)
{
    return fpi_json_keep(json_array(), task);
}

void fpi_json_put_text(fpi_json_t *object, const char *name, const char *value)
{
    must(json_object_set_new(object, name, make_text(value)) == 0);
}

void fpi_json_put_int(fpi_json_t *object, const char *name, int64_t value)
{
    must(json_object_set_new(object, name, json_integer(value)) == 0);
}

void fpi_json_put_bool(fpi_json_t *object, const char *name, bool value)
{
    must(json_object_set_new(object, name, json_boolean(value)) == 0);
}

void fpi_json_put(fpi_json_t *object, const char *name, fpi_json_t *value)
{
    must(json_object_set(object, name, value ? value : json_null()) == 0);
}

void fpi_json_add(fpi_json_t *array, fpi_json_t *value)
{
    must(json_array_append(array, value ? value : json_null()) == 0);
}

void fpi_json_add_real(fpi_json_t *array, double value)
{
    must(json_array_append_new(array, json_real(value)) == 0);
}

void fpi_json_add_text(fpi_json_t *array, const char *value)
{
    must(json_array_append_new(array, make_text(value)) == 0);
}

void fpi_json_add_int(fpi_json_t *array, int64_t value)
{
    must(json_array_append_new(array, json_integer(value)) == 0);
}

void fpi_json_put_time(fpi_json_t *object, const char *name, apr_time_t when)
{
    char text[21];

    fpi_json_put_text(object, name, when ? fpi_clock_format(text, when) : NULL);
}

void fpi_json_put_fen(fpi_json_t *object, const char *name, int64_t fen, fpi_task_t *task)
{
    fpi_json_put_text(object, name, fpi_fen_format(task->pool, fen));
}

fpi_json_t *fpi_json_copy(const fpi_json_t *doc, fpi_task_t *task)
{
    /* only the counts of its values change, which jansson's signature can't say */
    return fpi_json_keep(json_copy((json_t *)doc), task);
}

void fpi_json_drop(fpi_json_t *object, const char *name)
{
    /* absent is fine: gone is what is wanted */
    (void)json_object_del(object, name);
}
