#include "unit.h"
#include "base/err.h"

#include <apr_strings.h>

START_TEST(test_codes)
{
    static const char *const types[] = { "never", "later", "caller" };

    for (int i = 0; i < FPI_CODE_COUNT; i++) {
        const fpi_code_info_t *info = fpi_code_info((fpi_code_t)i);

        ck_assert_int_eq(strlen(info->wire), 4);
        ck_assert_int_eq(strspn(info->wire, "0123456789"), 4);
        ck_assert(info->http >= 200 && info->http < 600);
        ck_assert(i == FPI_DONE || (info->http_c >= 400 && info->http_c < 600));
        ck_assert(*info->type && *info->zh && *info->en);
        ck_assert_int_lt(info->retry, UNIT_COUNT(types));
    }
    ck_assert_str_eq(fpi_code_info(FPI_DONE)->wire, "0000");
    ck_assert_str_eq(fpi_code_info(FPI_E_SIGN)->wire, "1101");
    ck_assert_str_eq(fpi_code_info(FPI_E_TOKEN)->wire, "1300");
    ck_assert_ptr_eq(fpi_code_info((fpi_code_t)999), fpi_code_info(FPI_E_INTERNAL));
}
END_TEST

START_TEST(test_fail)
{
    fpi_err_t *err = fpi_fail(task, FPI_E_STORE, "row %d of %s", 7, "bills");

    unit_failed(err, FPI_E_STORE);
    ck_assert_str_eq(err->detail, "row 7 of bills");
    /* internals never reach a client */
    ck_assert_str_eq(fpi_err_public(err, "en"), fpi_code_info(FPI_E_STORE)->en);
    ck_assert_str_eq(fpi_err_public(err, "zh"), fpi_code_info(FPI_E_STORE)->zh);
    ck_assert_str_eq(fpi_err_public(err, NULL), fpi_code_info(FPI_E_STORE)->zh);
    ck_assert_str_eq(fpi_err_public(err, "fr"), fpi_code_info(FPI_E_STORE)->zh);
    ck_assert(fpi_err_may_repeat(err));
    ck_assert(!fpi_err_may_repeat(fpi_fail(task, FPI_E_FIELD, "x")));
    ck_assert(!fpi_err_may_repeat(fpi_fail(task, FPI_E_INTERNAL, "x")));
}
END_TEST

START_TEST(test_refuse)
{
    fpi_err_t *err = fpi_refuse(task, FPI_E_FIELD, "billNo", "%s: %d字", "%s: %d characters", "n",
                                3);

    unit_failed(err, FPI_E_FIELD);
    ck_assert_str_eq(fpi_err_public(err, "zh"), "n: 3\xE5\xAD\x97");
    ck_assert_str_eq(fpi_err_public(err, "en"), "n: 3 characters");
    ck_assert_str_eq(err->field, "billNo");
    ck_assert_str_eq(err->detail, "n: 3 characters");
}
END_TEST

START_TEST(test_chain)
{
    fpi_err_t *cause = fpi_refuse(task, FPI_E_FIELD, "f", "zh%s", "en%s", "!");
    fpi_err_t *err;

    cause->retry_after = 9;
    err = fpi_wrap(task, cause, "reading %s", "a push");
    ck_assert_int_eq(err->code, FPI_E_FIELD);
    ck_assert_str_eq(err->en, "en!");
    ck_assert_str_eq(err->field, "f");
    ck_assert_int_eq(err->retry_after, 9);
    ck_assert_str_eq(fpi_err_chain(task->pool, err), "1400 FIELD: reading a push: en!");
    err = fpi_recode(task, err, FPI_E_CLOUD, "the cloud's answer");
    ck_assert_int_eq(err->code, FPI_E_CLOUD);
    ck_assert_ptr_null(err->en);
    ck_assert_ptr_null(err->field);
    ck_assert_str_eq(fpi_err_public(err, "en"), fpi_code_info(FPI_E_CLOUD)->en);
    ck_assert_str_eq(fpi_err_chain(task->pool, err),
                     "1502 CLOUD: the cloud's answer: reading a push: en!");
}
END_TEST

START_TEST(test_chain_limit)
{
    fpi_err_t *err = fpi_fail(task, FPI_E_STORE, "the bottom");

    for (int i = 0; i < 50; i++) {
        err = fpi_wrap(task, err, "step");
    }
    ck_assert_ptr_null(strstr(fpi_err_chain(task->pool, err), "the bottom"));
    ck_assert_int_eq(strlen(fpi_err_chain(task->pool, err)),
                     strlen("1501 STORE: step") + 15 * strlen(": step"));
}
END_TEST

/* A sentence is cut between characters, not inside of one. */
START_TEST(test_sentence_limit)
{
    char *text = apr_pcalloc(task->pool, 2000);

    for (int shift = 0; shift < 3; shift++) {
        fpi_err_t *err;

        memset(text, 'x', 2000 - 1);
        for (int at = shift; at + 3 < 1500; at += 3) {
            memcpy(text + at, "\xE5\x8F\x91", 3);
        }
        err = fpi_fail(task, FPI_E_STORE, "%s", text);
        ck_assert_int_le(strlen(err->detail), 1000);
        ck_assert_int_gt(strlen(err->detail), 997);
        ck_assert_int_eq((strlen(err->detail) - (size_t)shift) % 3, 0);
    }
}
END_TEST

START_TEST(test_copy)
{
    apr_pool_t *pool;
    fpi_task_t *other;
    fpi_err_t *err;

    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    other = fpi_task_make(pool, NULL);
    err = fpi_refuse(other, FPI_E_FIELD, apr_pstrdup(pool, "f"), "zh", "en");
    err = fpi_err_copy(task->pool, fpi_wrap(other, err, "outer"));
    apr_pool_destroy(pool);
    ck_assert_str_eq(fpi_err_chain(task->pool, err), "1400 FIELD: outer: en");
    ck_assert_str_eq(err->field, "f");
    ck_assert_ptr_null(fpi_err_copy(task->pool, NULL));
}
END_TEST

static fpi_err_t *pass_up(fpi_err_t *err)
{
    FPI_TRY(err);
    return fpi_fail(task, FPI_E_INTERNAL, "went on");
}

START_TEST(test_try)
{
    unit_failed(pass_up(fpi_fail(task, FPI_E_BUSY, "busy")), FPI_E_BUSY);
    unit_failed(pass_up(NULL), FPI_E_INTERNAL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("err");
    TCase *tc = unit_case(suite, "err");

    tcase_add_test(tc, test_codes);
    tcase_add_test(tc, test_fail);
    tcase_add_test(tc, test_refuse);
    tcase_add_test(tc, test_chain);
    tcase_add_test(tc, test_chain_limit);
    tcase_add_test(tc, test_sentence_limit);
    tcase_add_test(tc, test_copy);
    tcase_add_test(tc, test_try);
    return unit_run(suite);
}
