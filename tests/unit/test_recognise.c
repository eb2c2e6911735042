/* Files that the cloud recognises: what is sent, with a fresh token where one is refused, and answers of all kinds. */
#include "cloud_unit.h"
#include "remote/recognise.h"

static const char *recognition_answers[4]; /* of the first, second, ... call of it; the last one stays */
static int recognition_calls;

static bool answer_recognition(fake_t *peer, int fd, const fake_request_t *rq)
{
    const char *body = recognition_answers[recognition_calls];

    recognition_calls += recognition_answers[recognition_calls + 1] != NULL;
    if (strcmp(body, "401") == 0) {
        return fake_reply(fd, 401, "", "{\"errcode\":\"1300\"}");
    }
    return fake_reply(fd, strcmp(body, "503") == 0 ? 503 : 200, "Content-Type: application/json\r\n", body);
}

static fpi_err_t *recognise(fpi_recognition_t *out, const char *first, const char *second)
{
    fake_start(fake);
    fake->answer = answer_recognition;
    recognition_calls = 0;
    recognition_answers[0] = first;
    recognition_answers[1] = second;
    return fpi_cloud_recognise(out, make_cloud(), enterprise(), "pdf", "%PDF-1.4", 8, task);
}

START_TEST(recognises)
{
    fpi_recognition_t got;
    char type[100];

    unit_done(recognise(&got, "{\"errcode\":\"0000\",\"data\":[{\"invoiceNo\":\"1\"},{}]}", NULL));
    ck_assert_int_eq(fpi_json_size(got.invoices), 2);
    ck_assert_str_eq(fake->last.target, "/m3/bill/invoice/img/analyze/multiple/check?access_token=cloud-token-0001"
                                        "&type=pdf&checkFlag=true");
    ck_assert_str_eq(fake->last.method, "POST");
    ck_assert_int_eq(fake->last.body_len, 12);
    ck_assert_mem_eq(fake->last.body, "JVBERi0xLjQ=", 12);
    ck_assert(fake_header(type, sizeof(type), &fake->last, "Content-Type"));
    ck_assert_str_eq(type, "text/plain");
}
END_TEST

START_TEST(recognises_with_a_fresh_token)
{
    static const char *const refusals[] = { "401", "{\"errcode\":\"1300\"}", "{\"errcode\":1300}",
                                            "{\"success\":false,\"errorCode\":\"1300\"}" };
    fpi_recognition_t got;

    unit_done(recognise(&got, refusals[_i], "{\"errcode\":\"0000\",\"data\":{\"invoiceNo\":\"1300\"}}"));
    ck_assert_int_eq(fpi_json_size(got.invoices), 1);
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

START_TEST(tokens_in_vain_are_no_answer)
{
    fpi_recognition_t got;

    unit_failed(recognise(&got, "401", "401"), FPI_E_CLOUD);
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

START_TEST(recognition_answers_of_all_kinds)
{
    static const struct {
        const char *answer;
        fpi_code_t code;     /* 0: an answer */
        int count;           /* -1: the file is refused */
    } cases[] = {
        { "{\"errcode\":\"0000\",\"data\":[]}", 0, 0 },
        { "{\"errcode\":\"0000\",\"data\":null}", 0, 0 },
        { "{\"errcode\":\"0000\"}", 0, 0 },
        { "{\"errcode\":\"2003\",\"description\":\"no invoice\"}", 0, -1 },
        { "{\"errcode\":\"1307\"}", FPI_E_CLOUD, 0 },
        { "503", FPI_E_CLOUD, 0 },
        { "{\"errcode\"", FPI_E_CLOUD, 0 },
        { "[]", FPI_E_CLOUD, 0 },
    };
    fpi_recognition_t got;
    fpi_err_t *err = recognise(&got, cases[_i].answer, NULL);

    if (cases[_i].code) {
        unit_failed(err, cases[_i].code);
        return;
    }
    unit_done(err);
    ck_assert_int_eq(got.invoices ? (int)fpi_json_size(got.invoices) : -1, cases[_i].count);
    ck_assert(got.invoices || strstr(got.words, "no invoice"));
}
END_TEST

START_TEST(what_is_too_large_is_not_sent)
{
    fpi_recognition_t got;
    char *data = apr_pcalloc(task->pool, FPI_RECOGNISE_MOST + 1);

    fake_start(fake);
    unit_failed(fpi_cloud_recognise(&got, make_cloud(), enterprise(), "pdf", data, FPI_RECOGNISE_MOST + 1, task),
                FPI_E_TOO_LARGE);
    ck_assert_int_eq(fake_token_calls(fake), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recognise");
    TCase *tests = cloud_case(suite, "recognise");

    tcase_add_test(tests, recognises);
    tcase_add_loop_test(tests, recognises_with_a_fresh_token, 0, 4);
    tcase_add_test(tests, tokens_in_vain_are_no_answer);
    tcase_add_loop_test(tests, recognition_answers_of_all_kinds, 0, 8);
    tcase_add_test(tests, what_is_too_large_is_not_sent);
    return unit_run(suite);
}
