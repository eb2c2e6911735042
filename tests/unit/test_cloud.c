/* Our own calls of the cloud: what they say, how their answers are told apart, and when the breaker opens. */
#include "cloud_unit.h"
#include "remote/reply.h"

/* ---- what is said ---- */

START_TEST(the_token_call_is_the_vendors)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    const char *timestamp, *sign, *want_sign;
    fpi_json_t *body;

    fake_start(fake);
    who->client_id = "id \"1\"";
    unit_done(fpi_cloud_check(cloud, who, task));
    ck_assert_int_eq(fake_token_calls(fake), 1);
    ck_assert_int_eq(memory->puts, 0);
    unit_done(fpi_json_parse(&body, fake->token_body, strlen(fake->token_body), task));
    ck_assert_str_eq(fpi_json_text(fpi_json_find(body, "client_id")), "id \"1\"");
    ck_assert(!fpi_json_is_text(fpi_json_find(body, "timestamp")));
    unit_done(fpi_json_find_scalar(&timestamp, body, "timestamp", 32, task));
    ck_assert_int_eq((int)strlen(timestamp), 13);
    sign = fpi_json_text(fpi_json_find(body, "sign"));
    unit_done(fpi_sign_make(&want_sign, FPI_SIGN_MD5, who->client_id, who->secret, timestamp,
                            task));
    ck_assert_str_eq(sign, want_sign);
}
END_TEST

static const struct {
    int status;
    const char *body;
    fpi_code_t code;
} answers[] = {
    { 200, "", FPI_E_CLOUD },
    { 200, "<html>login</html>", FPI_E_CLOUD },
    { 200, "[]", FPI_E_CLOUD },
    { 200, "{}", FPI_E_CLOUD },
    { 200, "{\"errcode\":{}}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"\",\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"a b\",\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"a\\r\\nX: y\",\"expires_in\":5}",
      FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"标\",\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":7,\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":0}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":-5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":1e300}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":99999999999}",
      FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":\"60\"}", FPI_DONE },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":60}", FPI_DONE },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":60.0}", FPI_DONE },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":60.5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":\"60.\"}", FPI_E_CLOUD },
    { 500, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":60}", FPI_E_CLOUD },
    { 500, "{\"errcode\":\"1500\",\"description\":\"x\"}", FPI_E_CLOUD },
    { 429, "{\"errcode\":\"1429\",\"description\":\"x\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"1307\",\"description\":\"later\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"1101\"}", FPI_E_CLOUD_REFUSED },
    { 200, "{\"success\":true,\"errorCode\":\"0000\",\"access_token\":\"t\",\"expires_in\":60}", FPI_DONE },
    { 200, "{\"errcode\":null,\"errorCode\":\"1101\"}", FPI_E_CLOUD_REFUSED },
    { 200, "{\"errcode\":\"1101\",\"errorCode\":\"0000\"}", FPI_E_CLOUD_REFUSED },
    { 200, "{\"errcode\":1101,\"description\":\"x\"}", FPI_E_CLOUD_REFUSED },
    { 401, "{\"errcode\":\"1300\",\"description\":\"x\"}", FPI_E_CLOUD_REFUSED },
};

START_TEST(answers_are_told_apart)
{
    fpi_token_t token;
    fpi_json_t *json;
    fpi_err_t *err = fpi_reply_read(&json, "token", answers[_i].status, answers[_i].body,
                                    strlen(answers[_i].body), NULL, task);

    if (!err) {
        err = fpi_reply_read_token(&token, json, 1, task);
    }
    if (answers[_i].code == FPI_DONE) {
        unit_done(err);
        ck_assert_int_eq((int)(token.expires - token.fetched), 57 * APR_USEC_PER_SEC);
    }
    else {
        unit_failed(err, answers[_i].code);
    }
}
END_TEST

START_TEST(words_are_cut_and_secrets_masked)
{
    fpi_secret_t *secret = fpi_secret_make_text(task->pool, "hush-hush");
    const char *text = "{\"errcode\":\"1101\",\"description\":\"bad hush-hush\"}";
    fpi_json_t *json;
    fpi_err_t *err;
    char *words = "";

    err = fpi_reply_read(&json, "token", 200, text, strlen(text), secret, task);
    ck_assert(!strstr(err->zh, "hush") && !strstr(err->en, "hush") && !strstr(err->detail, "hush"));
    for (int i = 0; i < 201; i++) {
        words = apr_pstrcat(task->pool, words, i < 200 ? "票" : "尾", NULL);
    }
    text = apr_psprintf(task->pool, "{\"errcode\":\"1101\",\"description\":\"%s\"}", words);
    err = fpi_reply_read(&json, "token", 200, text, strlen(text), secret, task);
    ck_assert(strstr(err->zh, "票") && !strstr(err->zh, "尾"));
}
END_TEST

/* ---- exchanges ---- */

static fpi_err_t *call(fpi_cloud_t *cloud, const char *path, int *status)
{
    fpi_http_exchange_t ex = { .method = "GET", .reply_max = 1000 };
    fpi_err_t *err;

    ex.url = apr_pstrcat(task->pool, fake->base, path, NULL);
    err = fpi_cloud_perform(cloud, &ex, task);
    *status = ex.status;
    return err;
}

START_TEST(gateway_failures_open_the_breaker)
{
    fpi_cloud_t *cloud = make_cloud();
    const char *token;
    int status;

    fake_start(fake);
    for (int i = 0; i < FPI_BREAKER_FAILURES; i++) {
        ck_assert_ptr_eq(strstr(logged, "FPI0021"), NULL);
        unit_done(call(cloud, "/down", &status));
        ck_assert_int_eq(status, 503);
    }
    ck_assert_ptr_ne(strstr(logged, "FPI0021"), NULL);
    unit_failed(call(cloud, "/up", &status), FPI_E_CLOUD);
    unit_failed(fpi_cloud_token_get(&token, cloud, enterprise(), task), FPI_E_CLOUD);
    unit_done(fpi_cloud_check(cloud, enterprise(), task));
    atomic_store(&breaker.open_until, fpi_clock_tick() - 1);
    unit_done(call(cloud, "/up", &status));
    ck_assert_ptr_ne(strstr(logged, "FPI0022"), NULL);
    get(cloud, enterprise());
    ck_assert_int_eq(atomic_load(&counts.failures), 5);
    ck_assert_int_eq(atomic_load(&counts.calls), 7);
}
END_TEST

START_TEST(no_connection_is_tried_twice)
{
    fpi_cloud_t *cloud = make_cloud();
    int status;

    fake_start(fake);
    unit_done(call(cloud, "/up", &status));
    ck_assert_int_eq(atomic_load(&counts.repeats), 0);
    apr_cpystrn(fake->base, "http://127.0.0.1:1", sizeof(fake->base));
    unit_failed(call(cloud, "/up", &status), FPI_E_CLOUD);
    ck_assert_int_eq(atomic_load(&counts.repeats), 1);
    ck_assert_int_eq(atomic_load(&counts.failures), 1);
}
END_TEST

START_TEST(pull_is_signed)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    const char *sign, *timestamp;
    char digits[16];
    fpi_json_t *answer;

    fake_start(fake);
    unit_done(fpi_cloud_pull(&answer, cloud, "/m4/fpzs/bxdInvoices", who, "key+1 &", "单据", task));
    ck_assert_int_eq((int)fpi_json_size(fpi_json_find(answer, "data")), 1);
    ck_assert_ptr_ne(strstr(fake->last.target,
                            "/m4/fpzs/bxdInvoices?bxd_key=key%2B1%20%26&billNumber="
                                               "%E5%8D%95%E6%8D%AE&client_id=client-1&timestamp="), NULL);
    timestamp = strstr(fake->last.target, "timestamp=") + 10;
    snprintf(digits, sizeof(digits), "%.13s", timestamp);
    unit_done(fpi_sign_make(&sign, FPI_SIGN_MD5, "client-1", who->secret, digits, task));
    ck_assert_str_eq(timestamp + 13, apr_pstrcat(task->pool, "&sign=", sign, NULL));
    ck_assert_ptr_ne(strstr(fake->last.head, task->trace), NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cloud");
    TCase *tests = cloud_case(suite, "cloud");

    tcase_add_test(tests, the_token_call_is_the_vendors);
    tcase_add_test(tests, gateway_failures_open_the_breaker);
    tcase_add_test(tests, no_connection_is_tried_twice);
    tcase_add_test(tests, pull_is_signed);
    tests = unit_case(suite, "words");
    tcase_add_loop_test(tests, answers_are_told_apart, 0, UNIT_COUNT(answers));
    tcase_add_test(tests, words_are_cut_and_secrets_masked);
    return unit_run(suite);
}
