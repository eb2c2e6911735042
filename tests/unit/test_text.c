#include "unit.h"
#include "base/text.h"

#include <apr_strings.h>

/* ---- buffer ---- */

START_TEST(test_buffer)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, 1000);

    ck_assert_str_eq(buf->data, "");
    for (int i = 0; i < 100; i++) {
        ck_assert(fpi_buf_put_text(buf, "0123456789"));
        ck_assert_int_eq(buf->len, (i + 1) * 10);
        ck_assert_int_eq(strlen(buf->data), buf->len);
    }
    ck_assert(!fpi_buf_put_text(buf, "x"));
    ck_assert(fpi_buf_put(buf, "", 0));
    ck_assert_int_eq(buf->len, 1000);
    ck_assert_int_le(buf->room, 1000);
    ck_assert(memcmp(buf->data + 990, "0123456789", 11) == 0);
}
END_TEST

START_TEST(test_buffer_limits)
{
    static const size_t limits[] = { 0, 1, 254, 255, 256, 257, 511 };
    fpi_buf_t *buf = fpi_buf_make(task->pool, limits[_i]);
    char bytes[512] = { 0 };

    ck_assert(!fpi_buf_put(buf, bytes, limits[_i] + 1));
    ck_assert_int_eq(buf->len, 0);
    ck_assert(!fpi_buf_put(buf, bytes, SIZE_MAX));
    ck_assert(fpi_buf_put(buf, bytes, limits[_i]));
    ck_assert(!fpi_buf_put(buf, bytes, 1));
}
END_TEST

/* ---- numbers ---- */

START_TEST(test_int)
{
    static const struct {
        const char *text;
        int64_t least, most, value;
        bool is_good;
    } cases[] = {
        { "0", 0, 0, 0, true }, { "-0", 0, 0, 0, true }, { "007", 0, 9, 7, true },
        { "-5", -5, 5, -5, true }, { "-6", -5, 5, 0, false }, { "6", -5, 5, 0, false },
        { "9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, true },
        { "-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, true },
        { "9223372036854775808", INT64_MIN, INT64_MAX, 0, false },
        { "-9223372036854775809", INT64_MIN, INT64_MAX, 0, false },
        { "99999999999999999999", INT64_MIN, INT64_MAX, 0, false },
        { "", 0, 9, 0, false }, { "-", 0, 9, 0, false }, { "+1", 0, 9, 0, false },
        { " 1", 0, 9, 0, false }, { "1 ", 0, 9, 0, false }, { "1x", 0, 9, 0, false },
        { "0x1", 0, 9, 0, false }, { "1.0", 0, 9, 0, false }, { "--1", -9, 9, 0, false },
    };
    int64_t value = -99;

    ck_assert_int_eq(fpi_int_parse(&value, cases[_i].text, cases[_i].least, cases[_i].most),
                     cases[_i].is_good);
    ck_assert_int_eq(value, cases[_i].is_good ? cases[_i].value : -99);
}
END_TEST

START_TEST(test_fen)
{
    static const struct {
        const char *text;
        int64_t fen;
        const char *out; /* NULL: refused */
    } cases[] = {
        { "12.30", 1230, "12.30" }, { "12.3", 1230, "12.30" }, { "12", 1200, "12.00" },
        { "0.05", 5, "0.05" }, { "-0.05", -5, "-0.05" }, { "-12.3", -1230, "-12.30" },
        { "0", 0, "0.00" }, { "1234567890123.45", 123456789012345, "1234567890123.45" },
        { "9999999999999999", 999999999999999900, "9999999999999999.00" },
        { "12.345", 0, NULL }, { "12.", 0, NULL }, { ".5", 0, NULL }, { "", 0, NULL },
        { "-", 0, NULL }, { "-.5", 0, NULL }, { "1e2", 0, NULL }, { "1,000.00", 0, NULL },
        { " 1", 0, NULL }, { "1.-5", 0, NULL }, { "1.5.5", 0, NULL }, { "+1", 0, NULL },
        { "99999999999999999", 0, NULL },
    };
    int64_t fen = 0;

    ck_assert_int_eq(fpi_fen_parse(&fen, cases[_i].text), cases[_i].out != NULL);
    if (cases[_i].out) {
        ck_assert_int_eq(fen, cases[_i].fen);
        ck_assert_str_eq(fpi_fen_format(task->pool, fen), cases[_i].out);
    }
}
END_TEST

START_TEST(test_fen_ends)
{
    ck_assert_str_eq(fpi_fen_format(task->pool, INT64_MIN), "-92233720368547758.08");
    ck_assert_str_eq(fpi_fen_format(task->pool, INT64_MAX), "92233720368547758.07");
}
END_TEST

START_TEST(test_size)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
    } cases[] = {
        { "0", 0 }, { "10", 10 }, { "1K", 1024 }, { "2m", 2 << 20 }, { "3G", 3LL << 30 },
        { "8589934591G", 9223372035781033984LL }, { "8589934592G", -1 }, { "", -1 }, { "K", -1 },
        { "1T", -1 }, { "1KB", -1 }, { "-1K", -1 }, { "1.5M", -1 }, { "1 K", -1 },
        { "99999999999999999999", -1 },
    };
    int64_t bytes = 0;

    ck_assert_int_eq(fpi_size_parse(&bytes, cases[_i].text), cases[_i].bytes >= 0);
    if (cases[_i].bytes >= 0) {
        ck_assert_int_eq(bytes, cases[_i].bytes);
    }
}
END_TEST

/* ---- hex and base64 ---- */

START_TEST(test_hex)
{
    const unsigned char bytes[] = { 0x00, 0x1f, 0xa0, 0xff };
    unsigned char back[4];
    char hex[9];

    fpi_hex_encode(hex, bytes, 4);
    ck_assert_str_eq(hex, "001fa0ff");
    ck_assert(fpi_hex_decode(back, 4, "001FA0ff") && memcmp(back, bytes, 4) == 0);
    ck_assert(!fpi_hex_decode(back, 4, "001fa0f"));
    ck_assert(!fpi_hex_decode(back, 1, "") && !fpi_hex_decode(back, 1, "g0"));
    ck_assert(!fpi_hex_decode(back, 1, "0 ") && !fpi_hex_decode(back, 1, "\xB0\xB1"));
    ck_assert(fpi_hex_decode(back, 0, ""));
}
END_TEST

START_TEST(test_base64)
{
    /* RFC 4648, 10 */
    static const struct {
        const char *plain, *standard, *url;
    } cases[] = {
        { "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" }, { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg==", "Zm9vYg" }, { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" }, { "\xFB\xFF\xFE", "+//+", "-__-" },
    };
    size_t plain_len = strlen(cases[_i].plain), len;
    unsigned char *out;

    ck_assert_str_eq(fpi_base64_encode(task->pool, cases[_i].plain, plain_len), cases[_i].standard);
    ck_assert_str_eq(fpi_base64url_encode(task->pool, cases[_i].plain, plain_len), cases[_i].url);
    out = fpi_base64_decode(&len, task->pool, cases[_i].standard, strlen(cases[_i].standard));
    ck_assert_ptr_nonnull(out);
    ck_assert_str_eq((char *)out, cases[_i].plain);
    ck_assert_int_eq(len, plain_len);
    out = fpi_base64url_decode(&len, task->pool, cases[_i].url, strlen(cases[_i].url));
    ck_assert_ptr_nonnull(out);
    ck_assert_str_eq((char *)out, cases[_i].plain);
}
END_TEST

START_TEST(test_base64_refused)
{
    static const struct {
        const char *standard, *url;
    } cases[] = {
        { "Z", "Z" }, { "Zg=", "Zg==" }, { "Zg", "Zm9v+" }, { "Zg===", "Zm9v/" },
        { "Zm9v=", "Zm 9v" }, { "=Zm9v", "Zm9v\n" }, { "Zm=9v", "=" }, { "Zm9-", "Zm9vY" },
        { "Zm9_", "Z" }, { "Zm9v\xE5", "\xFF" }, { "====", "!" }, { "Zm9v!", "Zm9v." },
    };
    size_t len;

    ck_assert_msg(!fpi_base64_decode(&len, task->pool, cases[_i].standard,
                                     strlen(cases[_i].standard)), "%s", cases[_i].standard);
    ck_assert_msg(!fpi_base64url_decode(&len, task->pool, cases[_i].url, strlen(cases[_i].url)),
                  "%s", cases[_i].url);
}
END_TEST

START_TEST(test_base64_lines)
{
    size_t len;

    ck_assert_str_eq((char *)fpi_base64_decode(&len, task->pool, "Zm9v\r\n YmFy\t\n", 13), "foobar");
    ck_assert_ptr_null(fpi_base64_decode(&len, task->pool, "Zm9v\0YmFy", 9));
}
END_TEST

/* ---- UTF-8 ---- */

START_TEST(test_utf8)
{
    static const struct {
        const char *text;
        int length; /* -1: not well-formed */
    } cases[] = {
        { "", 0 }, { "abc", 3 }, { "\xC2\x80", 1 }, { "\xE5\x8F\x91\xE7\xA5\xA8", 2 },
        { "\xF0\x9F\x98\x80", 1 }, { "\xF4\x8F\xBF\xBF", 1 }, { "\xEF\xBF\xBF", 1 },
        { "\xED\x9F\xBF", 1 }, { "\xEE\x80\x80", 1 }, { "\xE0\xA0\x80", 1 },
        { "\xF0\x90\x80\x80", 1 }, { "\x80", -1 }, { "\xC0\x80", -1 }, { "\xC1\xBF", -1 },
        { "\xC2", -1 }, { "\xC2\x41", -1 }, { "\xE0\x9F\xBF", -1 }, { "\xED\xA0\x80", -1 },
        { "\xED\xBF\xBF", -1 }, { "\xE5\x8F", -1 }, { "\xF0\x8F\xBF\xBF", -1 },
        { "\xF4\x90\x80\x80", -1 }, { "\xF5\x80\x80\x80", -1 }, { "\xFF", -1 }, { "a\xFE", -1 },
    };
    size_t len = strlen(cases[_i].text);

    ck_assert_int_eq(fpi_utf8_is_valid(cases[_i].text, len), cases[_i].length >= 0);
    if (cases[_i].length >= 0) {
        ck_assert_int_eq(fpi_utf8_length(cases[_i].text), cases[_i].length);
        ck_assert_str_eq(fpi_utf8_cut(task->pool, cases[_i].text, (size_t)cases[_i].length), cases[_i].text);
        ck_assert_str_eq(fpi_utf8_cut(task->pool, "发票a", 1), "发");
    }
}
END_TEST

/* ---- blanks and words ---- */

START_TEST(test_steady)
{
    static const struct { const char *in, *out; } cases[] = {
        { "", "" }, { "发票 a-b.pdf", "发票 a-b.pdf" }, { "a\tb\r\nc\x1b[2J\x7f", "a.b..c.[2J." },
        { "\xc2\x9b" "1m\xc2\xa0x", ".1m\xc2\xa0x" },         /* C1 is, U+00A0 is none */
        { "x\xe2\x80\xae" "fdp.exe", "x.fdp.exe" },             /* U+202E */
        { "a\xe2\x80\x8b\xe2\x80\x8f\xe2\x80\xa8z", "a...z" }, /* U+200B, U+200F, U+2028 */
        { "\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c", "..." },         /* U+2066, U+2069, U+061C */
        { "\xef\xbb\xbf\xef\xbf\xb9", ".." },                  /* U+FEFF, U+FFF9 */
        { "\xe2\x80\xa6\xe2\x80\x94\xef\xbc\x8c\xd8\xa8", "\xe2\x80\xa6\xe2\x80\x94\xef\xbc\x8c\xd8\xa8" }, /* … — ， ب */
        { "\xe2", "\xe2" }, { "\xe2\x80", "\xe2\x80" },        /* cut: handed on as it is */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        ck_assert_str_eq(fpi_text_steady(task->pool, cases[i].in, '.'), cases[i].out);
    }
}
END_TEST

START_TEST(test_trim)
{
    static const struct {
        const char *in, *out;
        long blank;
    } cases[] = {
        { "", "", -1 }, { "a", "a", -1 }, { " a b ", "a b", 0 }, { "\t\r\n\v\f", "", 0 },
        { "\xE3\x80\x80id\xE3\x80\x80", "id", 0 }, { "\xEF\xBB\xBFid\xC2\xA0", "id", 0 },
        { "\xE2\x80\x8Bid", "id", 0 }, { "i\xE2\x80\x8B" "d", "i\xE2\x80\x8B" "d", 1 },
        { "\xE5\x8F\x91\xE7\xA5\xA8", "\xE5\x8F\x91\xE7\xA5\xA8", -1 },
        { "ab\xE3\x80", "ab\xE3\x80", -1 }, { "ab c", "ab c", 2 },
        { "\xE3\x80\x80", "", 0 }, { "\xC2\xA0", "", 0 }, { " \xC2\xA0\xE3\x80\x80\t", "", 0 },
        { "a \xE3\x80\x80\xC2\xA0\n", "a", 1 }, { "a\xC2\xA0 \xE3\x80\x80", "a", 1 },
        { "a\xE3\x80\x80z", "a\xE3\x80\x80z", 1 }, { "z\xEF\xBB\xBF\xE2\x80\x8B", "z", 1 },
        { "\xE3\x80\x80\xE3\x80", "\xE3\x80", 0 }, /* half of one is none */
        { "a\x80\x80", "a\x80\x80", -1 }, { "a\xA0", "a\xA0", -1 }, { "\xE3\x80\x81", "\xE3\x80\x81", -1 },
        { "a\xE3\xC2\xA0", "a\xE3", 2 },
    };

    ck_assert_str_eq(fpi_text_trim(task->pool, cases[_i].in), cases[_i].out);
    ck_assert_int_eq(fpi_text_find_blank(cases[_i].in), cases[_i].blank);
}
END_TEST

START_TEST(test_upper)
{
    char text[] = "aZ09z_\xE5\x8F\x91";

    ck_assert_str_eq(fpi_text_upper(text), "AZ09Z_\xE5\x8F\x91");
}
END_TEST

START_TEST(test_same_secret)
{
    ck_assert(fpi_text_is_same_secret("", "") && fpi_text_is_same_secret("abc", "abc"));
    ck_assert(!fpi_text_is_same_secret("abc", "abd") && !fpi_text_is_same_secret("abc", "ab"));
    ck_assert(!fpi_text_is_same_secret("", "a") && !fpi_text_is_same_secret("Abc", "abc"));
}
END_TEST

START_TEST(test_words)
{
    static const struct {
        const char *line;
        const char *words; /* joined by |; NULL: refused */
    } cases[] = {
        { "", "" }, { "  \t ", "" }, { "a", "a|" }, { " a  b\tc ", "a|b|c|" },
        { "'a b' \"c d\"", "a b|c d|" }, { "a'b c'd", "ab cd|" }, { "\"a\\\"b\\\\\"", "a\"b\\|" },
        { "'a\\'", "a\\|" }, { "a\\b", "a\\b|" }, { "''", "|" }, { "\"it's\"", "it's|" },
        { "\xE5\x8F\x91 \xE7\xA5\xA8", "\xE5\x8F\x91|\xE7\xA5\xA8|" },
        { "'open", NULL }, { "\"open\\\"", NULL }, { "a \"", NULL }, { "'", NULL },
    };
    apr_array_header_t *words = fpi_text_words(task->pool, cases[_i].line);
    const char *joined = "";

    if (!cases[_i].words) {
        ck_assert_ptr_null(words);
        return;
    }
    ck_assert_ptr_nonnull(words);
    for (int i = 0; i < words->nelts; i++) {
        joined = apr_pstrcat(task->pool, joined, APR_ARRAY_IDX(words, i, char *), "|", NULL);
    }
    ck_assert_str_eq(joined, cases[_i].words);
}
END_TEST

/* ---- URLs ---- */

START_TEST(test_url_decode)
{
    static const struct {
        const char *in, *path, *query; /* NULL: refused */
    } cases[] = {
        { "", "", "" }, { "a%20b", "a b", "a b" }, { "a+b", "a+b", "a b" }, { "%2b", "+", "+" },
        { "%E5%8f%91", "\xE5\x8F\x91", "\xE5\x8F\x91" }, { "%", NULL, NULL }, { "%4", NULL, NULL },
        { "%zz", NULL, NULL }, { "%00", NULL, NULL }, { "%FF", NULL, NULL },
        { "%E5%8F", NULL, NULL }, { "a%2", NULL, NULL }, { "%C0%80", NULL, NULL },
    };
    size_t len = strlen(cases[_i].in);

    ck_assert_pstr_eq(fpi_url_decode(task->pool, cases[_i].in, len, false), cases[_i].path);
    ck_assert_pstr_eq(fpi_url_decode(task->pool, cases[_i].in, len, true), cases[_i].query);
}
END_TEST

START_TEST(test_url_encode)
{
    ck_assert_str_eq(fpi_url_encode(task->pool, "aZ0-._~"), "aZ0-._~");
    ck_assert_str_eq(fpi_url_encode(task->pool, " /?&=+%"), "%20%2F%3F%26%3D%2B%25");
    ck_assert_str_eq(fpi_url_encode(task->pool, "\xE5\x8F\x91"), "%E5%8F%91");
    ck_assert_str_eq(fpi_url_encode(task->pool, ""), "");
    /* the length bounds the decoding, not a NUL */
    ck_assert_ptr_null(fpi_url_decode(task->pool, "a%41", 3, false));
    ck_assert_str_eq(fpi_url_decode(task->pool, "a%41", 4, false), "aA");
    ck_assert_ptr_null(fpi_url_decode(task->pool, "a\0b", 3, false));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tc = unit_case(suite, "text");

    tcase_add_test(tc, test_buffer);
    tcase_add_loop_test(tc, test_buffer_limits, 0, 7);
    tcase_add_loop_test(tc, test_int, 0, 20);
    tcase_add_loop_test(tc, test_fen, 0, 22);
    tcase_add_test(tc, test_fen_ends);
    tcase_add_loop_test(tc, test_size, 0, 15);
    tcase_add_test(tc, test_hex);
    tcase_add_loop_test(tc, test_base64, 0, 8);
    tcase_add_loop_test(tc, test_base64_refused, 0, 12);
    tcase_add_test(tc, test_base64_lines);
    tcase_add_loop_test(tc, test_utf8, 0, 25);
    tcase_add_test(tc, test_steady);
    tcase_add_loop_test(tc, test_trim, 0, 23);
    tcase_add_test(tc, test_upper);
    tcase_add_test(tc, test_same_secret);
    tcase_add_loop_test(tc, test_words, 0, 16);
    tcase_add_loop_test(tc, test_url_decode, 0, 13);
    tcase_add_test(tc, test_url_encode);
    return unit_run(suite);
}
