#include "unit.h"
#include "wire/json.h"

#include "base/text.h"

#include <apr_strings.h>

static fpi_json_t *parse(const char *text)
{
    fpi_json_t *doc = NULL;

    unit_done(fpi_json_parse(&doc, text, strlen(text), task));
    return doc;
}

/* ---- parsing ---- */

START_TEST(test_accepted)
{
    static const struct {
        const char *in, *out, *canonical;
    } cases[] = {
        { "{}", "{}", "{}" },
        { " [ ] \r\n", "[]", "[]" },
        { "{\"b\":1,\"a\":[true,false,null]}", "{\"b\":1,\"a\":[true,false,null]}",
          "{\"a\":[true,false,null],\"b\":1}" },
        { "[12.30,0.1,-0.29,1e3,1e300]", "[12.3,0.1,-0.29,1000.0,1e300]",
          "[12.3,0.1,-0.29,1000.0,1e300]" },
        { "[9223372036854775807,-9223372036854775808]",
          "[9223372036854775807,-9223372036854775808]",
          "[9223372036854775807,-9223372036854775808]" },
        { "[\"\\u53d1\\\"\\\\\\n\"]", "[\"\xE5\x8F\x91\\\"\\\\\\n\"]",
          "[\"\xE5\x8F\x91\\\"\\\\\\n\"]" },
        { "[\"\\ud83d\\ude00\"]", "[\"\xF0\x9F\x98\x80\"]", "[\"\xF0\x9F\x98\x80\"]" },
        { "[\"[[[[\\\\\"]", "[\"[[[[\\\\\"]", "[\"[[[[\\\\\"]" },
    };
    fpi_json_t *doc = parse(cases[_i].in);

    ck_assert_str_eq(fpi_json_format(doc, false, task), cases[_i].out);
    ck_assert_str_eq(fpi_json_format(doc, true, task), cases[_i].canonical);
}
END_TEST

#define TEXT(text) text, sizeof(text) - 1

START_TEST(test_refused)
{
    static const struct {
        const char *in;
        size_t len;
        const char *says;
    } cases[] = {
        { TEXT(""), "empty" },
        { TEXT("\xEF\xBB\xBF \n"), "empty" },
        { TEXT("a=1&b=2"), "line 1 column 1: an object or array" },
        { TEXT("null"), "line 1" },
        { TEXT("\"text\""), "line 1" },
        { TEXT("12"), "line 1" },
        { TEXT("{\n\"a\": }"), "line 2 column 6" },
        { TEXT("{\"a\":1,\"a\":2}"), "duplicate" },
        { TEXT("{\"a\":1,}"), "line 1" },
        { TEXT("{\"a\":1}x"), "behind its end" },
        { TEXT("{\"a\":1}{}"), "behind its end" },
        { TEXT("[1 2]"), "line 1" },
        { TEXT("[\"\xFF\"]"), "not UTF-8" },
        { TEXT("[\"\xED\xA0\x80\"]"), "not UTF-8" },
        { TEXT("[\"\\ud800\"]"), "line 1" },
        { TEXT("[\"\\u0000\"]"), "holds \\u0000" },
        { TEXT("[\"a\0b\"]"), "line 1" },
        { TEXT("[1]\0"), "line 1" },
        { TEXT("[\"a\nb\"]"), "line 1" },
        { TEXT("[1e999]"), "too large" },
        { TEXT("[9223372036854775808,1e999]"), "line 1 column 26: a number is too large" },
        { TEXT("[1,\n9223372036854775808, -9223372036854775809,x]"), "line 2 column 43: not JSON" },
        { TEXT("[009223372036854775808]"), "not JSON" },
        { TEXT("[+9223372036854775808]"), "not JSON" },
        { TEXT("[--9223372036854775808]"), "not JSON" },
        { TEXT("[9223372036854775808-1]"), "too large" },
        { TEXT("[9223372036854775808 1]"), "not JSON" },
        { TEXT("[9223372036854775808e400]"), "too large" },
        { TEXT("{9223372036854775808:1}"), "too large" },
        { TEXT("{\"a\":9223372036854775808,9223372036854775808 :1}"), "too large" },
        { TEXT("{\"a\":9223372036854775808,\"a\":1}"), "duplicate" },
        { TEXT("9223372036854775808"), "an object or array" },
        { TEXT("[01]"), "line 1" },
        { TEXT("[NaN]"), "line 1" },
        { TEXT("['a']"), "line 1" },
        { TEXT("[1] // c"), "line 1" },
        { TEXT("[\"open"), "line 1" },
        { TEXT("[\"open\\\""), "line 1" },
    };
    fpi_json_t *doc;
    fpi_err_t *err = fpi_json_parse(&doc, cases[_i].in, cases[_i].len, task);

    unit_failed(err, FPI_E_FIELD);
    ck_assert_msg(strstr(err->detail, cases[_i].says), "%s", err->detail);
    ck_assert_ptr_nonnull(err->zh);
}
END_TEST

/* Integers beyond 64 bits are the text that stands there. */
START_TEST(test_big_integers)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "[24312000000123456789]", "[\"24312000000123456789\"]" },
        { "[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809]",
          "[9223372036854775807,\"9223372036854775808\",-9223372036854775808,\"-9223372036854775809\"]" },
        { "\xEF\xBB\xBF {\"no\" : 24312000000123456789 ,\"a\":[ 20240101120000123456\n]}",
          "{\"no\":\"24312000000123456789\",\"a\":[\"20240101120000123456\"]}" },
        { "{\"a\\\"24312000000123456789\":24312000000123456789,\"b\":\"[99999999999999999999\\\\\"}",
          "{\"a\\\"24312000000123456789\":\"24312000000123456789\",\"b\":\"[99999999999999999999\\\\\"}" },
        { "[99999999999999999999,99999999999999999999.5,99999999999999999999e3]",
          "[\"99999999999999999999\",1e20,1e23]" },
    };
    const char *out = fpi_json_format(parse(cases[_i].in), false, task);

    ck_assert_str_eq(out, cases[_i].out);
}
END_TEST

static char *digits(size_t count)
{
    char *text = apr_palloc(task->pool, count + 3);

    memset(text, '9', count + 2);
    text[0] = '[';
    text[count + 1] = ']';
    text[count + 2] = '\0';
    return text;
}

START_TEST(test_endless_integer)
{
    fpi_json_t *doc;
    char *text = digits(1000000);
    fpi_err_t *err = fpi_json_parse(&doc, text, strlen(text), task);

    unit_failed(err, FPI_E_FIELD);
    ck_assert_ptr_nonnull(strstr(err->detail, "too large"));
    ck_assert_uint_lt(strlen(err->detail), 200);
    ck_assert_uint_eq(strlen(fpi_json_text(fpi_json_at(parse(digits(FPI_JSON_INTEGER)), 0))), FPI_JSON_INTEGER);
    text = digits(FPI_JSON_INTEGER + 1);
    unit_failed(fpi_json_parse(&doc, text, strlen(text), task), FPI_E_FIELD);
}
END_TEST

START_TEST(test_as_said)
{
    static const char text[] = "{\"a\":1.7e9,\"b\":[1700000000.50,-0,1E3],\"c\":\"1.0\",\"d\":true,\"e\":24312000000123456789}";
    fpi_json_t *doc;

    unit_done(fpi_json_parse_as_said(&doc, TEXT(text), task));
    ck_assert_str_eq(fpi_json_format(doc, false, task),
                     "{\"a\":\"1.7e9\",\"b\":[\"1700000000.50\",\"-0\",\"1E3\"],\"c\":\"1.0\",\"d\":true,"
                     "\"e\":\"24312000000123456789\"}");
    unit_failed(fpi_json_parse_as_said(&doc, TEXT("[1.e5]"), task), FPI_E_FIELD);
    unit_failed(fpi_json_parse_as_said(&doc, TEXT("{1:1}"), task), FPI_E_FIELD);
}
END_TEST

static char *nested(int depth)
{
    char *text = apr_pcalloc(task->pool, (size_t)depth * 2 + 2);

    text[0] = '\n';
    memset(text + 1, '[', (size_t)depth);
    memset(text + 1 + depth, ']', (size_t)depth);
    return text;
}

START_TEST(test_depth)
{
    char *text = nested(FPI_JSON_DEPTH + 1);
    fpi_json_t *doc;
    fpi_err_t *err;

    parse(nested(FPI_JSON_DEPTH));
    err = fpi_json_parse(&doc, text, strlen(text), task);
    unit_failed(err, FPI_E_FIELD);
    ck_assert_msg(strstr(err->detail, "line 2 column 65"), "%s", err->detail);
    text = nested(1000000);
    unit_failed(fpi_json_parse(&doc, text, strlen(text), task), FPI_E_FIELD);
}
END_TEST

/* "[item,item,...]" */
static char *many(const char *item, int count)
{
    size_t len = strlen(item);
    char *text = apr_palloc(task->pool, (len + 1) * (size_t)count + 2), *to = text;

    for (int i = 0; i < count; i++) {
        *to++ = i ? ',' : '[';
        memcpy(to, item, len);
        to += len;
    }
    strcpy(to, "]");
    return text;
}

static fpi_err_t *parse_many(const char *item, int count)
{
    char *text = many(item, count);
    fpi_json_t *doc;

    return fpi_json_parse(&doc, text, strlen(text), task);
}

/* An object or array counts twice: the list's own two, and a comma before each but the first. */
START_TEST(test_values)
{
    fpi_err_t *err;

    unit_done(parse_many("0", FPI_JSON_VALUES - 1));
    unit_done(parse_many("\"{[,\"", FPI_JSON_VALUES - 1));
    unit_done(parse_many("{}", FPI_JSON_VALUES / 3));
    err = parse_many("0", FPI_JSON_VALUES);
    unit_failed(err, FPI_E_FIELD);
    ck_assert_msg(strstr(err->detail, "line 1 column 1999999: more than 1000000 values"), "%s", err->detail);
    unit_failed(parse_many("{}", FPI_JSON_VALUES / 3 + 1), FPI_E_FIELD);
    unit_failed(parse_many("[]", FPI_JSON_VALUES / 3 + 1), FPI_E_FIELD);
    unit_failed(parse_many("{}", 10 * FPI_JSON_VALUES), FPI_E_FIELD);
}
END_TEST

/* 2,000 invoices of 30 members and 20 lines of 14, 5,000 files of 10. */
START_TEST(test_a_large_document_fits)
{
    char *line = many("\"12345.67\"", 14), *lines = many(line, 20), *head = many("\"12345.67\"", 29);
    char *invoices = many(apr_pstrcat(task->pool, "{\"a\":", head, ",\"lines\":", lines, "}", NULL), 2000);
    char *text = apr_pstrcat(task->pool, "{\"invoices\":", invoices, ",\"files\":", many(many("\"x\"", 10), 5000), "}", NULL);
    fpi_json_t *doc;

    unit_done(fpi_json_parse(&doc, text, strlen(text), task));
}
END_TEST

/* `data` has no NUL behind it. */
START_TEST(test_exact_bytes)
{
    char *bytes = malloc(7);
    fpi_json_t *doc;

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, "{\"a\":1}", 7);
    unit_done(fpi_json_parse(&doc, bytes, 7, task));
    unit_failed(fpi_json_parse(&doc, bytes, 6, task), FPI_E_FIELD);
    free(bytes);
    ck_assert_str_eq(fpi_json_format(doc, false, task), "{\"a\":1}");
}
END_TEST

START_TEST(test_long_text)
{
    for (size_t len = 2000; len < 2100; len++) {
        char *text = apr_pcalloc(task->pool, len + 5);
        fpi_json_t *array = fpi_json_make_array(task);
        const char *out;

        memset(text, 'x', len);
        fpi_json_add_text(array, text);
        out = fpi_json_format(array, false, task);
        ck_assert_int_eq(strlen(out), len + 4);
        ck_assert_str_eq(out + len + 1, "x\"]");
    }
}
END_TEST

/* What jansson writes for canonical text, our own writing writes for the same members in the same order. */
START_TEST(test_written_as_jansson_writes)
{
    static const int64_t numbers[] = { 0, 9, 10, -1, -10, 1234567890123, INT64_MAX, INT64_MIN };
    fpi_json_t *doc = fpi_json_make_object(task), *list = fpi_json_make_array(task);
    char letter[] = "x?y";

    for (int c = 1; c < 128; c++) {
        letter[1] = (char)c;
        fpi_json_add_text(list, letter);
        fpi_json_add_text(list, letter + 1);
    }
    fpi_json_add_text(list, "\"\\\"\n\xE5\x8F\x91\x7F\xF0\x9F\x98\x80\"");
    fpi_json_add_text(list, "");
    fpi_json_add(list, NULL);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        fpi_json_add_int(list, numbers[i]);
        fpi_json_add_real(list, (double)numbers[i] / 100);
    }
    fpi_json_put(doc, "a\n\"b\"", list);
    fpi_json_put(doc, "b", fpi_json_make_object(task));
    fpi_json_put(doc, "c", fpi_json_make_array(task));
    fpi_json_put_bool(doc, "d", true);
    fpi_json_put_bool(doc, "e", false);
    fpi_json_put_text(doc, "f", NULL);
    ck_assert_str_eq(fpi_json_format(doc, false, task), fpi_json_format(doc, true, task));
}
END_TEST

START_TEST(test_written_members)
{
    fpi_json_t *list = fpi_json_make_array(task), *doc = fpi_json_make_object(task), *one;
    char *longer = apr_pcalloc(task->pool, 5001);

    memset(longer, 'x', 5000);
    for (int i = 0; i < 3; i++) {
        one = fpi_json_make_object(task);
        fpi_json_put_text(one, "q", i == 1 ? longer : "\"\n");
        fpi_json_add_written(list, one, task);
    }
    one = fpi_json_make_array(task);
    fpi_json_put(doc, "kept", one); /* what stands elsewhere, too, lives on */
    fpi_json_add_written(list, one, task);
    fpi_json_put(doc, "list", list);
    ck_assert_str_eq(fpi_json_format(doc, false, task),
                     apr_pstrcat(task->pool, "{\"kept\":[],\"list\":[{\"q\":\"\\\"\\n\"},{\"q\":\"", longer,
                                 "\"},{\"q\":\"\\\"\\n\"},[]]}", NULL));
}
END_TEST

/* ---- asking ---- */

static const char *const sample =
    "{\"t\":\"text\",\"blank\":\" \\t\",\"empty\":\"\",\"wide\":\"\\u3000\",\"n\":null,\"i\":42,"
    "\"it\":\"-42\",\"big\":9223372036854775807,\"r\":12.3,\"rt\":\"12.30\",\"r3\":12.345,"
    "\"true\":true,\"one\":1,\"two\":2,\"ft\":\"false\",\"zero\":\"0\",\"a\":[1,2,3],"
    "\"o\":{\"x\":1},\"zh\":\"\xE5\x8F\x91\xE7\xA5\xA8\",\"neg\":-0.05,\"cents\":0.29}";

START_TEST(test_asking)
{
    fpi_json_t *doc = parse(sample), *value;
    const char *name, *names = "";
    void *iter = NULL;
    int count = 0;

    ck_assert(fpi_json_is_object(doc) && !fpi_json_is_array(doc) && !fpi_json_is_text(doc));
    ck_assert(fpi_json_is_array(fpi_json_find(doc, "a")));
    ck_assert(fpi_json_is_text(fpi_json_find(doc, "t")));
    ck_assert_ptr_null(fpi_json_find(doc, "n"));
    ck_assert_ptr_null(fpi_json_find(doc, "absent"));
    ck_assert_ptr_null(fpi_json_find(NULL, "t"));
    ck_assert(fpi_json_is_null(NULL) && !fpi_json_is_null(doc));
    ck_assert_int_eq(fpi_json_size(fpi_json_find(doc, "a")), 3);
    ck_assert_int_eq(fpi_json_size(fpi_json_find(doc, "o")), 1);
    ck_assert_int_eq(fpi_json_size(NULL), 0);
    ck_assert_ptr_nonnull(fpi_json_at(fpi_json_find(doc, "a"), 2));
    ck_assert_ptr_null(fpi_json_at(fpi_json_find(doc, "a"), 3));
    ck_assert_str_eq(fpi_json_text(fpi_json_find(doc, "t")), "text");
    ck_assert_ptr_null(fpi_json_text(fpi_json_find(doc, "i")));
    while (fpi_json_next(&iter, doc, &name, &value)) {
        names = count++ < 3 ? apr_pstrcat(task->pool, names, name, ",", NULL) : names;
        ck_assert_ptr_nonnull(value);
    }
    ck_assert_str_eq(names, "t,blank,empty,");
    ck_assert_int_eq(count, 21);
    iter = NULL;
    ck_assert(!fpi_json_next(&iter, fpi_json_find(doc, "a"), &name, &value));
}
END_TEST

/* ---- getters; `out` NULL means refused, "(none)" absent ---- */

START_TEST(test_text)
{
    static const struct {
        const char *name;
        size_t most;
        const char *found, *got, *scalar;
    } cases[] = {
        { "t", 4, "text", "text", "text" },
        { "t", 3, NULL, NULL, NULL },
        { "zh", 2, "\xE5\x8F\x91\xE7\xA5\xA8", "\xE5\x8F\x91\xE7\xA5\xA8",
          "\xE5\x8F\x91\xE7\xA5\xA8" },
        { "zh", 1, NULL, NULL, NULL },
        { "n", 9, "(none)", NULL, "(none)" },
        { "absent", 9, "(none)", NULL, "(none)" },
        { "blank", 9, " \t", NULL, " \t" },
        { "wide", 9, "\xE3\x80\x80", NULL, "\xE3\x80\x80" },
        { "empty", 9, "", NULL, "" },
        { "i", 9, NULL, NULL, "42" },
        { "r", 9, NULL, NULL, "12.3" },
        { "big", 99, NULL, NULL, "9223372036854775807" },
        { "big", 9, NULL, NULL, NULL },
        { "true", 9, NULL, NULL, "true" },
        { "a", 9, NULL, NULL, NULL },
        { "o", 9, NULL, NULL, NULL },
    };
    static fpi_err_t *(*const getters[])(const char **, const fpi_json_t *, const char *, size_t,
                                         fpi_task_t *) = {
        fpi_json_find_text, fpi_json_get_text, fpi_json_find_scalar
    };
    const char *const wanted[] = { cases[_i].found, cases[_i].got, cases[_i].scalar };
    fpi_json_t *doc = parse(sample);

    for (int g = 0; g < 3; g++) {
        const char *out = NULL;
        fpi_err_t *err = getters[g](&out, doc, cases[_i].name, cases[_i].most, task);

        if (!wanted[g]) {
            unit_failed(err, FPI_E_FIELD);
            ck_assert_str_eq(err->field, cases[_i].name);
            ck_assert_ptr_nonnull(strstr(err->zh, cases[_i].name));
            ck_assert_ptr_nonnull(strstr(err->en, cases[_i].name));
            continue;
        }
        unit_done(err);
        ck_assert_str_eq(out ? out : "(none)", wanted[g]);
    }
}
END_TEST

START_TEST(test_int)
{
    static const struct {
        const char *name;
        int64_t least, most, out;
        bool is_refused;
    } cases[] = {
        { "i", 0, 100, 42, false }, { "it", -100, 0, -42, false }, { "i", 42, 42, 42, false },
        { "i", 43, 100, 0, true }, { "i", 0, 41, 0, true }, { "it", 0, 100, 0, true },
        { "big", 0, INT64_MAX, INT64_MAX, false }, { "n", 0, 9, -7, false },
        { "absent", 0, 9, -7, false }, { "blank", 0, 9, -7, false }, { "empty", 0, 9, -7, false },
        { "t", 0, 9, 0, true }, { "r", 0, 99, 0, true }, { "rt", 0, 99, 0, true },
        { "true", 0, 9, 0, true }, { "a", 0, 9, 0, true },
    };
    int64_t out = 1;
    fpi_err_t *err = fpi_json_find_int(&out, parse(sample), cases[_i].name, -7, cases[_i].least,
                                       cases[_i].most, task);

    if (cases[_i].is_refused) {
        unit_failed(err, FPI_E_FIELD);
        return;
    }
    unit_done(err);
    ck_assert_int_eq(out, cases[_i].out);
}
END_TEST

START_TEST(test_bool)
{
    static const struct {
        const char *name;
        int out; /* -1 refused, 2 as `otherwise` */
    } cases[] = {
        { "true", 1 }, { "one", 1 }, { "two", -1 }, { "ft", 0 }, { "zero", 0 }, { "n", 2 },
        { "absent", 2 }, { "empty", 2 }, { "t", -1 }, { "r", -1 }, { "o", -1 }, { "i", -1 },
    };

    for (int otherwise = 0; otherwise < 2; otherwise++) {
        bool out = !otherwise;
        fpi_err_t *err = fpi_json_find_bool(&out, parse(sample), cases[_i].name, otherwise, task);

        if (cases[_i].out < 0) {
            unit_failed(err, FPI_E_FIELD);
            continue;
        }
        unit_done(err);
        ck_assert_int_eq(out, cases[_i].out == 2 ? otherwise : cases[_i].out);
    }
}
END_TEST

START_TEST(test_fen)
{
    static const struct {
        const char *json;
        int64_t fen;
        int has; /* -1: refused */
    } cases[] = {
        { "{\"m\":12.3}", 1230, 1 }, { "{\"m\":\"12.30\"}", 1230, 1 }, { "{\"m\":0.29}", 29, 1 },
        { "{\"m\":-0.05}", -5, 1 }, { "{\"m\":7}", 700, 1 }, { "{\"m\":\" 7.1 \"}", 710, 1 },
        { "{\"m\":1234567890123.45}", 123456789012345, 1 }, { "{\"m\":0.0}", 0, 1 },
        { "{\"m\":1e2}", 10000, 1 }, { "{}", 0, 0 }, { "{\"m\":null}", 0, 0 },
        { "{\"m\":\"\"}", 0, 0 }, { "{\"m\":\" \"}", 0, 0 }, { "{\"m\":12.345}", 0, -1 },
        { "{\"m\":\"12.345\"}", 0, -1 }, { "{\"m\":\"1,234.00\"}", 0, -1 },
        { "{\"m\":1e15}", 0, -1 }, { "{\"m\":0.00001}", 0, -1 }, { "{\"m\":true}", 0, -1 },
        { "{\"m\":9223372036854775807}", 0, -1 }, { "{\"m\":[1]}", 0, -1 },
    };
    int64_t fen = -1;
    bool has = false;
    fpi_err_t *err = fpi_json_find_fen(&fen, &has, parse(cases[_i].json), "m", task);

    if (cases[_i].has < 0) {
        unit_failed(err, FPI_E_FIELD);
        return;
    }
    unit_done(err);
    ck_assert_int_eq(fen, cases[_i].fen);
    ck_assert_int_eq(has, cases[_i].has);
}
END_TEST

START_TEST(test_array)
{
    fpi_json_t *doc = parse(sample), *out;

    unit_done(fpi_json_find_array(&out, doc, "a", 3, task));
    ck_assert_int_eq(fpi_json_size(out), 3);
    unit_failed(fpi_json_find_array(&out, doc, "a", 2, task), FPI_E_FIELD);
    unit_failed(fpi_json_find_array(&out, doc, "o", 9, task), FPI_E_FIELD);
    unit_failed(fpi_json_find_array(&out, doc, "empty", 9, task), FPI_E_FIELD);
    unit_done(fpi_json_find_array(&out, doc, "absent", 9, task));
    ck_assert_ptr_null(out);
}
END_TEST

/* A refused value is not shown: it may be a secret. */
START_TEST(test_silence)
{
    fpi_json_t *doc = parse("{\"n\":\"hush-hush\"}");
    int64_t out;

    ck_assert_ptr_null(strstr(fpi_json_find_int(&out, doc, "n", 0, 0, 9, task)->detail, "hush"));
    ck_assert_ptr_null(strstr(fpi_json_parse(&doc, "[\"hush\" \"hush\"]", 15, task)->detail,
                              "hush"));
}
END_TEST

/* ---- making ---- */

START_TEST(test_making)
{
    fpi_json_t *doc = fpi_json_make_object(task), *list = fpi_json_make_array(task);

    fpi_json_put_text(doc, "t", "\xE5\x8F\x91");
    fpi_json_put_text(doc, "null", NULL);
    fpi_json_put_int(doc, "i", -5);
    fpi_json_put_bool(doc, "b", true);
    fpi_json_put_fen(doc, "m", -1205, task);
    fpi_json_put_time(doc, "when", apr_time_from_sec(1700000000));
    fpi_json_put_time(doc, "never", 0);
    fpi_json_add_text(list, "x");
    fpi_json_add_text(list, NULL);
    fpi_json_add(list, fpi_json_make_object(task));
    fpi_json_add(list, NULL);
    fpi_json_put(doc, "list", list);
    fpi_json_put(doc, "again", list);
    fpi_json_put(doc, "none", NULL);
    fpi_json_put_int(doc, "gone", 1);
    fpi_json_drop(doc, "gone");
    fpi_json_drop(doc, "never there");
    ck_assert_str_eq(fpi_json_format(doc, false, task),
                     "{\"t\":\"\xE5\x8F\x91\",\"null\":null,\"i\":-5,\"b\":true,\"m\":\"-12.05\","
                     "\"when\":\"2023-11-14T22:13:20Z\",\"never\":null,"
                     "\"list\":[\"x\",null,{},null],\"again\":[\"x\",null,{},null],\"none\":null}");
    ck_assert_str_eq(fpi_json_format(NULL, false, task), "null");
}
END_TEST

START_TEST(test_repaired)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "a\xFFz", "a\xEF\xBF\xBDz" },
        { "\xE5\x8F", "\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xE5\x8F\x91\xC0\x80", "\xE5\x8F\x91\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xF0\x9F\x98\x80\xED\xA0\x80", "\xF0\x9F\x98\x80\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" },
    };
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "t", cases[_i].in);
    ck_assert_str_eq(fpi_json_text(fpi_json_find(doc, "t")), cases[_i].out);
}
END_TEST

/* A value borrowed by a document of another task outlives its first owner. */
START_TEST(test_shared_value)
{
    fpi_json_t *doc = fpi_json_make_object(task), *value;
    apr_pool_t *pool;
    fpi_task_t *other;

    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    other = fpi_task_make(pool, NULL);
    unit_done(fpi_json_parse(&value, "[1]", 3, other));
    fpi_json_put(doc, "v", value);
    apr_pool_destroy(pool);
    ck_assert_str_eq(fpi_json_format(doc, false, task), "{\"v\":[1]}");
}
END_TEST

/* Members are the copy's own, what is in them is not. */
START_TEST(test_copy)
{
    fpi_json_t *doc, *copy;

    unit_done(fpi_json_parse(&doc, "{\"b\":{\"x\":1},\"a\":[1]}", 21, task));
    copy = fpi_json_copy(doc, task);
    ck_assert_str_eq(fpi_json_format(copy, false, task), fpi_json_format(doc, false, task));
    fpi_json_drop(copy, "a");
    fpi_json_put_int(copy, "c", 2);
    ck_assert_str_eq(fpi_json_format(copy, true, task), "{\"b\":{\"x\":1},\"c\":2}");
    ck_assert_str_eq(fpi_json_format(doc, false, task), "{\"b\":{\"x\":1},\"a\":[1]}");
    fpi_json_put_int(fpi_json_find(copy, "b"), "y", 3);
    ck_assert_str_eq(fpi_json_format(doc, false, task), "{\"b\":{\"x\":1,\"y\":3},\"a\":[1]}");
    fpi_json_add(fpi_json_copy(fpi_json_find(doc, "a"), task), NULL);
    ck_assert_int_eq(fpi_json_size(fpi_json_find(doc, "a")), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *tc = unit_case(suite, "json");

    tcase_add_loop_test(tc, test_accepted, 0, 8);
    tcase_add_loop_test(tc, test_refused, 0, 38);
    tcase_add_loop_test(tc, test_big_integers, 0, 5);
    tcase_add_test(tc, test_endless_integer);
    tcase_add_test(tc, test_as_said);
    tcase_add_test(tc, test_depth);
    tcase_add_test(tc, test_values);
    tcase_add_test(tc, test_a_large_document_fits);
    tcase_add_test(tc, test_exact_bytes);
    tcase_add_test(tc, test_long_text);
    tcase_add_test(tc, test_written_as_jansson_writes);
    tcase_add_test(tc, test_written_members);
    tcase_add_test(tc, test_asking);
    tcase_add_loop_test(tc, test_text, 0, 16);
    tcase_add_loop_test(tc, test_int, 0, 16);
    tcase_add_loop_test(tc, test_bool, 0, 12);
    tcase_add_loop_test(tc, test_fen, 0, 21);
    tcase_add_test(tc, test_array);
    tcase_add_test(tc, test_silence);
    tcase_add_test(tc, test_making);
    tcase_add_loop_test(tc, test_repaired, 0, 4);
    tcase_add_test(tc, test_shared_value);
    tcase_add_test(tc, test_copy);
    return unit_run(suite);
}
