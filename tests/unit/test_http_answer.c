/* Where answers end: whole, byte by byte, and those that are none. */
#include "unit.h"
#include "wire/http_answer.h"

#include <apr_strings.h>

typedef struct case_t {
    const char *method, *text;
    int status;
    const char *body;
    size_t behind;      /* bytes that belong to nobody */
    bool is_over, is_kept;
} case_t;

static const case_t cases[] = {
    { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", 0, true, true },
    { "GET", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", 200, "", 0, true, true },
    { "GET", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok", 0, true, true },
    { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 X\r\n", 200, "ok", 16, true, true },
    { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok", 0, true, true },
    { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 200, "ok", 0, false, true },
    { "GET", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 200, "ok", 0, true, false },
    { "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", 0, true, false },
    { "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, "ok", 0, true, true },
    { "GET", "HTTP/1.1 200 OK\r\n\r\nto the end", 200, "to the end", 0, false, false },
    { "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", 200, "", 0, true, true },
    { "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", 0, true, true },
    { "GET", "HTTP/1.1 204 No\r\n\r\n", 204, "", 0, true, true },
    { "GET", "HTTP/1.1 304 Same\r\nContent-Length: 7\r\n\r\n", 304, "", 0, true, true },
    { "GET", "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 103 X\r\nLink: y\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx", 201, "x",
      0, true, true },
    { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, "abc", 0, true, true },
    { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00A;x=\"y\"\r\n0123456789\r\n1 \r\n.\r\n0\r\nX-Sum: 1\r\n\r\n",
      200, "0123456789.", 0, true, true },
};

static const char *const none[] = {
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.2 200 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "<html>\n",
    "SSH-2.0-x",
    "HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX y: z\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX : z\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: z\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
    "HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\rX: y\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\rx\r\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n",
};

static fpi_http_exchange_t ex;
static fpi_http_run_t run;
static fpi_http_answer_t answer;

/* In pieces of `step` bytes. */
static fpi_err_t *feed(const char *method, const char *text, size_t step, size_t *used)
{
    size_t len = strlen(text), n;

    ex = (fpi_http_exchange_t){ .method = method, .url = "http://h/", .reply_max = 1000 };
    ex.reply_headers = apr_table_make(task->pool, 4);
    ex.reply = fpi_buf_make(task->pool, ex.reply_max);
    run = (fpi_http_run_t){ .ex = &ex, .task = task };
    fpi_http_answer_start(&answer, &run);
    for (*used = 0; *used < len && answer.state != FPI_ANSWER_OVER; *used += n) {
        /* a copy of the very length: what is read behind it is seen by the sanitizer */
        size_t piece = len - *used < step ? len - *used : step;
        char *copy = memcpy(malloc(piece), text + *used, piece);
        fpi_err_t *err = fpi_http_answer_take(&answer, copy, piece, &n);

        free(copy);
        if (err) {
            return err;
        }
    }
    return NULL;
}

static const size_t steps[] = { 1, 2, 7, 100000 };

START_TEST(test_answers)
{
    const case_t *c = &cases[_i];

    for (int i = 0; i < UNIT_COUNT(steps); i++) {
        size_t used;

        unit_done(feed(c->method, c->text, steps[i], &used));
        ck_assert_int_eq(ex.status, c->status);
        ck_assert_str_eq(ex.reply->data, c->body);
        ck_assert_int_eq(strlen(c->text) - used, c->behind);
        ck_assert_int_eq(answer.state == FPI_ANSWER_OVER, c->is_over);
        ck_assert_int_eq(answer.is_kept, c->is_kept);
        ck_assert_int_eq(fpi_http_answer_may_close(&answer), !c->is_over && !c->is_kept);
    }
}
END_TEST

START_TEST(test_no_answer)
{
    for (int i = 0; i < UNIT_COUNT(steps); i++) {
        size_t used;

        unit_failed(feed("GET", none[_i], steps[i], &used), FPI_E_CLOUD);
    }
}
END_TEST

/* NUL bytes, which the table can't hold. */
START_TEST(test_nul_bytes)
{
    static const char head[] = "HTTP/1.1 200 O\0K\r\n", field[] = "HTTP/1.1 200 OK\r\nX: a\0b\r\n",
                      size[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;\0\r\n";
    static const struct { const char *text; size_t len; } texts[] = {
        { head, sizeof(head) - 1 }, { field, sizeof(field) - 1 }, { size, sizeof(size) - 1 } };
    size_t used;

    unit_done(feed("GET", "", 1, &used));
    unit_failed(fpi_http_answer_take(&answer, texts[_i].text, texts[_i].len, &used), FPI_E_CLOUD);
}
END_TEST

/* What never ends is not gathered for ever. */
START_TEST(test_endless)
{
    static const char *const begins[] = { "HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nX: y\r\nA:",
                                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" };
    static const char *const more[] = { "xxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxxxx", "b\r\nA:", "A: b\r\n" };
    fpi_err_t *err;
    size_t used, fed = 0;

    err = feed("GET", begins[_i], 1000, &used);
    for (; !err && fed < 1000000; fed += strlen(more[_i])) {
        err = fpi_http_answer_take(&answer, more[_i], strlen(more[_i]), &used);
    }
    unit_failed(err, FPI_E_CLOUD);
    ck_assert_int_lt(fed, 200000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_answer");
    TCase *tc = unit_case(suite, "answers");

    tcase_add_loop_test(tc, test_answers, 0, UNIT_COUNT(cases));
    tcase_add_loop_test(tc, test_no_answer, 0, UNIT_COUNT(none));
    tcase_add_loop_test(tc, test_nul_bytes, 0, 3);
    tcase_add_loop_test(tc, test_endless, 0, 4);
    return unit_run(suite);
}
