/* Parsing: what jansson would not refuse, or would refuse wrongly, is seen to before it reads the text.
 *
 *   bytes ─> [byte order mark off] ─> depth, values, NUL, first byte ─> jansson ─> document
 *                                                     numbers that it has no kind for ─> in quotes, once more */
#include "wire/json_own.h"

#include <apr_tables.h>
#include <ctype.h>
#include <jansson.h>
#include <string.h>

#define MARK "\xEF\xBB\xBF"
#define BLANKS " \t\r\n"

/* ---- walking ---- */

/* The closing quote of the text that starts at `s`, or `end`. */
static const char *skip_text(const char *s, const char *end)
{
    for (const char *quote = s; (quote = memchr(quote, '"', (size_t)(end - quote))); quote++) {
        const char *slash = quote;

        while (slash > s && slash[-1] == '\\') {
            slash--;
        }
        if ((quote - slash) % 2 == 0) {
            return quote;
        }
    }
    return end;
}

static const char *skip_blanks(const char *s, const char *end)
{
    while (s < end && *s && strchr(BLANKS, *s)) {
        s++;
    }
    return s;
}

/* Behind the number that begins at `s`; `s` when none does. */
static const char *skip_number(const char *s, const char *end)
{
    if (*s != '-' && !isdigit((unsigned char)*s)) {
        return s;
    }
    while (s < end && *s && strchr("0123456789+-.eE", *s)) {
        s++;
    }
    return s;
}

typedef struct walk_t {
    int depth, values;
} walk_t;

/* Where the document gets too deep or has too many values, or NULL; the walk says which. jansson's own limit is 2,048 levels
 * of recursion. What opens counts as a value and with the first one in it, so that an empty object, which is the dearest for
 * its bytes, counts at least as much as a number. */
static const char *find_too_much(walk_t *walk, const char *s, const char *end)
{
    for (; s < end; s++) {
        if (*s == '"') {
            s = skip_text(s + 1, end);
        }
        else if (*s == '[' || *s == '{') {
            walk->depth++;
            walk->values += 2;
        }
        else if (*s == ',') {
            walk->values++;
        }
        else if (*s == ']' || *s == '}') {
            walk->depth--;
        }
        if (walk->depth > FPI_JSON_DEPTH || walk->values > FPI_JSON_VALUES) {
            return s;
        }
    }
    return NULL;
}

/* ---- numbers that stay text ---- */

typedef bool wanted_fn(const char *number, size_t len);

/* An integer as JSON writes it that does not go into 64 bits. */
static bool is_too_big(const char *number, size_t len)
{
    const char *most = *number == '-' ? "9223372036854775808" : "9223372036854775807";
    const char *digits = number + (*number == '-');
    size_t count = len - (size_t)(digits - number), i = 0;

    while (i < count && isdigit((unsigned char)digits[i])) {
        i++;
    }
    return i == count && count >= strlen(most) && count <= FPI_JSON_INTEGER && *digits != '0'
           && (count > strlen(most) || memcmp(digits, most, count) > 0);
}

/* Of a document that is sound: nothing that is no number gets quotes. */
static bool is_any(const char *number, size_t len)
{
    (void)number;
    return len <= FPI_JSON_INTEGER;
}

/* The next number that is wanted, outside texts and no member's name, or NULL. */
static const char *find_number(size_t *len, const char *s, const char *end, wanted_fn *is_wanted)
{
    while (s < end) {
        const char *after = *s == '"' ? skip_text(s + 1, end) : skip_number(s, end), *next;

        if (*s == '"' || after == s) {
            s = after < end ? after + 1 : end;
            continue;
        }
        next = skip_blanks(after, end);
        *len = (size_t)(after - s);
        if (is_wanted(s, *len) && !(next < end && *next == ':')) {
            return s;
        }
        s = after;
    }
    return NULL;
}

typedef struct source_t {
    const char *data;
    size_t len;
    apr_array_header_t *quotes;      /* where in `data` one was put (size_t), rising; NULL: none */
} source_t;

static char *put_bytes(char *to, const char *from, size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

static char *put_quote(char *to, source_t *out)
{
    APR_ARRAY_PUSH(out->quotes, size_t) = (size_t)(to - out->data);
    *to = '"';
    return to + 1;
}

/* The same text with the wanted numbers in quotes; false: there are none. */
static bool quote_numbers(source_t *out, const source_t *in, wanted_fn *is_wanted, fpi_task_t *task)
{
    const char *end = in->data + in->len, *from = in->data, *number;
    size_t len, count = 0;
    char *to;

    for (number = from; (number = find_number(&len, number, end, is_wanted)); number += len) {
        count++;
    }
    if (!count) {
        return false;
    }
    out->data = to = apr_palloc(task->pool, in->len + 2 * count);
    out->quotes = apr_array_make(task->pool, (int)(2 * count), sizeof(size_t));
    while ((number = find_number(&len, from, end, is_wanted))) {
        to = put_quote(put_bytes(to, from, (size_t)(number - from)), out);
        to = put_quote(put_bytes(to, number, len), out);
        from = number + len;
    }
    to = put_bytes(to, from, (size_t)(end - from));
    out->len = (size_t)(to - out->data);
    return true;
}

/* ---- refusals ---- */

static void find_place(int *line, int *column, const char *data, const char *at)
{
    *line = *column = 1;
    for (; data < at; data++) {
        *line += *data == '\n';
        *column = *data == '\n' ? 1 : *column + 1;
    }
}

static fpi_err_t *refuse_depth(const source_t *in, const char *at, fpi_task_t *task)
{
    int line, column;

    find_place(&line, &column, in->data, at);
    return fpi_refuse(task, FPI_E_FIELD, NULL, "JSON第%d行第%d列: 嵌套超过%d层",
                      "JSON line %d column %d: nested deeper than %d levels", line, column,
                      FPI_JSON_DEPTH);
}

static fpi_err_t *refuse_values(const source_t *in, const char *at, fpi_task_t *task)
{
    int line, column;

    find_place(&line, &column, in->data, at);
    return fpi_refuse(task, FPI_E_FIELD, NULL, "JSON第%d行第%d列: 超过%d个值, 请分批发送",
                      "JSON line %d column %d: more than %d values; send it in parts", line, column, FPI_JSON_VALUES);
}

static fpi_err_t *refuse_nul(const source_t *in, const char *at, fpi_task_t *task)
{
    int line, column;

    find_place(&line, &column, in->data, at);
    return fpi_refuse(task, FPI_E_FIELD, NULL, "JSON第%d行第%d列: NUL字节", "JSON line %d column %d: a NUL byte",
                      line, column);
}

static fpi_err_t *refuse_start(const source_t *in, const char *at, fpi_task_t *task)
{
    int line, column;

    if (at == in->data + in->len) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "内容为空, 应为JSON", "it is empty; JSON was expected");
    }
    find_place(&line, &column, in->data, at);
    return fpi_refuse(task, FPI_E_FIELD, NULL, "JSON第%d行第%d列有误: 应以 { 或 [ 开头",
                      "JSON line %d column %d: an object or array was expected", line, column);
}

/* Quotes that we have put into the line in which jansson stopped. */
static int quotes_before(const source_t *in, int position)
{
    size_t at = position > 0 && (size_t)position <= in->len ? (size_t)position : in->len, line = at;
    int count = 0;

    while (line && in->data[line - 1] != '\n') {
        line--;
    }
    for (int i = 0; in->quotes && i < in->quotes->nelts; i++) {
        size_t quote = APR_ARRAY_IDX(in->quotes, i, size_t);

        count += quote >= line && quote < at;
    }
    return count;
}

/* jansson's own texts name its options, and quote a piece of the document, which may hold a secret. */
static fpi_err_t *refuse_text(const json_error_t *error, const source_t *in, fpi_task_t *task)
{
    static const struct {
        enum json_error_code code;
        const char *zh, *en;
    } texts[] = {
        { json_error_invalid_utf8, "不是UTF-8编码", "not UTF-8" },
        { json_error_premature_end_of_input, "内容不完整", "it ends too early" },
        { json_error_end_of_input_expected, "结束后还有多余内容", "something stands behind its end" },
        { json_error_null_character, "文本中不能有 \\u0000", "a text holds \\u0000" },
        { json_error_null_byte_in_key, "字段名中不能有 \\u0000", "a name holds \\u0000" },
        { json_error_duplicate_key, "字段重复", "a duplicate member" },
        { json_error_numeric_overflow, "数字过大", "a number is too large" },
        { json_error_invalid_syntax, "语法错误", "not JSON" },
    };
    size_t i = 0, last = sizeof(texts) / sizeof(*texts) - 1;

    while (i < last && texts[i].code != json_error_code(error)) {
        i++;
    }
    return fpi_refuse(task, FPI_E_FIELD, NULL, "JSON第%d行第%d列有误: %s%.0s", "JSON line %d column %d: %.0s%s", error->line,
                      error->column - quotes_before(in, error->position), texts[i].zh, texts[i].en);
}

/* ---- parsing ---- */

static fpi_err_t *check_start(const source_t *in, fpi_task_t *task)
{
    const char *end = in->data + in->len, *first = skip_blanks(in->data, end);
    walk_t walk = { 0, 0 };
    const char *much = find_too_much(&walk, in->data, end);
    const char *nul = in->len ? memchr(in->data, '\0', in->len) : NULL;

    if (much) {
        return walk.depth > FPI_JSON_DEPTH ? refuse_depth(in, much, task) : refuse_values(in, much, task);
    }
    /* jansson lets one pass behind a number */
    if (nul) {
        return refuse_nul(in, nul, task);
    }
    return first == end || (*first != '{' && *first != '[') ? refuse_start(in, first, task) : NULL;
}

static json_t *load(const source_t *in, json_error_t *error)
{
    json_t *doc = json_loadb(in->data, in->len, JSON_REJECT_DUPLICATES, error);

    /* jansson calls a text broken also when memory was short: nobody is refused for that */
    return doc ? doc : json_loadb(in->data, in->len, JSON_REJECT_DUPLICATES, error);
}

size_t fpi_json_mark(const char *data, size_t len)
{
    return len >= strlen(MARK) && memcmp(data, MARK, strlen(MARK)) == 0 ? strlen(MARK) : 0;
}

fpi_err_t *fpi_json_parse(fpi_json_t **doc, const char *data, size_t len, fpi_task_t *task)
{
    size_t mark = fpi_json_mark(data, len);
    source_t in = { data + mark, len - mark, NULL }, quoted;
    json_error_t error;
    json_t *parsed;

    FPI_TRY(check_start(&in, task));
    parsed = load(&in, &error);
    if (!parsed && json_error_code(&error) == json_error_numeric_overflow && quote_numbers(&quoted, &in, is_too_big, task)) {
        in = quoted;
        parsed = load(&in, &error);
    }
    if (!parsed) {
        return refuse_text(&error, &in, task);
    }
    *doc = fpi_json_keep(parsed, task);
    return NULL;
}

fpi_err_t *fpi_json_parse_as_said(fpi_json_t **doc, const char *data, size_t len, fpi_task_t *task)
{
    source_t in = { data, len, NULL }, quoted;

    FPI_TRY(fpi_json_parse(doc, data, len, task)); /* as_said must not mend what is broken */
    return quote_numbers(&quoted, &in, is_any, task) ? fpi_json_parse(doc, quoted.data, quoted.len, task) : NULL;
}
