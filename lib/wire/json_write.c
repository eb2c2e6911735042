#include "wire/json_own.h"

#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* In one walk. jansson's json_dumpb() walks a document once to tell the length and once to write it, and each text letter
 * by letter: half of the time of an answer of a megabyte. The order of sorted members and the form of reals are left to it. */

enum { INT_TEXT = 24, SMALL_TEXT = 2048 };

/* What begins with it is JSON already: no text does, for UTF-8 has no such byte. */
#define WRITTEN '\xFF'

static void put(fpi_buf_t *buf, const char *text, size_t len)
{
    if (!fpi_buf_put(buf, text, len)) {
        abort(); /* as when memory has run out: there is no limit to pass */
    }
}

/* ---- texts ---- */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(fpi_buf_t *buf, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF", shorts[][3] = { "\bb", "\tt", "\nn", "\ff", "\rr", "\"\"", "\\\\" };
    char code[6] = { '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] };

    for (size_t i = 0; i < sizeof(shorts) / sizeof(*shorts); i++) {
        if ((unsigned char)shorts[i][0] == c) {
            code[1] = shorts[i][1];
            put(buf, code, 2);
            return;
        }
    }
    put(buf, code, sizeof(code));
}

/* jansson holds well-formed UTF-8 only. */
static void put_text(fpi_buf_t *buf, const char *text, size_t len)
{
    const char *end = text + len;

    put(buf, "\"", 1);
    while (text < end) {
        const char *plain = text;

        while (text < end && is_plain((unsigned char)*text)) {
            text++;
        }
        put(buf, plain, (size_t)(text - plain));
        if (text < end) {
            put_escaped(buf, (unsigned char)*text++);
        }
    }
    put(buf, "\"", 1);
}

static void put_string(fpi_buf_t *buf, const char *text, size_t len)
{
    if (*text == WRITTEN) {
        put(buf, text + 1, len - 1);
    }
    else {
        put_text(buf, text, len);
    }
}

/* ---- numbers ---- */

static void put_int(fpi_buf_t *buf, int64_t value)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char text[INT_TEXT], *at = text + sizeof(text);

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        *--at = '-';
    }
    put(buf, at, (size_t)(text + sizeof(text) - at));
}

static int append(const char *piece, size_t len, void *buf)
{
    put(buf, piece, len);
    return 0;
}

static void put_by_jansson(fpi_buf_t *buf, const json_t *v, size_t flags)
{
    if (json_dump_callback(v, append, buf, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(FPI_JSON_DIGITS) | flags) != 0) {
        abort();
    }
}

/* ---- values ---- */

static void put_value(fpi_buf_t *buf, const json_t *v);

static void put_array(fpi_buf_t *buf, const json_t *array)
{
    size_t count = json_array_size(array);

    put(buf, "[", 1);
    for (size_t i = 0; i < count; i++) {
        put(buf, ",", i > 0);
        put_value(buf, json_array_get(array, i));
    }
    put(buf, "]", 1);
}

static void put_object(fpi_buf_t *buf, const json_t *object)
{
    json_t *walked = (json_t *)object; /* jansson's signature can't say that it only looks */
    void *first = json_object_iter(walked);

    put(buf, "{", 1);
    for (void *i = first; i; i = json_object_iter_next(walked, i)) {
        const char *name = json_object_iter_key(i);

        put(buf, ",", i != first);
        put_text(buf, name, strlen(name));
        put(buf, ":", 1);
        put_value(buf, json_object_iter_value(i));
    }
    put(buf, "}", 1);
}

static void put_value(fpi_buf_t *buf, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        put_object(buf, v);
        break;
    case JSON_ARRAY:
        put_array(buf, v);
        break;
    case JSON_STRING:
        put_string(buf, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        put_int(buf, json_integer_value(v));
        break;
    case JSON_TRUE:
        put(buf, "true", 4);
        break;
    case JSON_FALSE:
        put(buf, "false", 5);
        break;
    case JSON_NULL:
        put(buf, "null", 4);
        break;
    case JSON_REAL:
        put_by_jansson(buf, v, 0);
        break;
    }
}

const char *fpi_json_format(const fpi_json_t *doc, bool canonical, fpi_task_t *task)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, SIZE_MAX / 2);

    if (!doc) {
        return "null";
    }
    if (canonical) {
        put_by_jansson(buf, doc, JSON_SORT_KEYS);
    }
    else {
        put_value(buf, doc);
    }
    return buf->data;
}

void fpi_json_add_written(fpi_json_t *array, fpi_json_t *value, fpi_task_t *task)
{
    static const char mark[] = { WRITTEN };
    char small[SMALL_TEXT];
    fpi_buf_t buf = { .pool = task->pool, .data = small, .room = sizeof(small) - 1, .limit = SIZE_MAX / 2 };

    put(&buf, mark, sizeof(mark));
    put_value(&buf, value);
    if (json_array_append_new(array, json_stringn_nocheck(buf.data, buf.len)) != 0) {
        abort();
    }
    fpi_json_end(value, task);
}
