/* The life of a cloud token: when it ends, is asked for anew, dropped and renewed; refusals are remembered for a while. */
#include "cloud_unit.h"

/* ---- life of a token ---- */

START_TEST(it_ends_before_the_cloud_says)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    fake->expires_in = 3600;
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    move_clock(3530);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    move_clock(15);
    fake->expires_in = 10;
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    move_clock(8);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    move_clock(2);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0003");
}
END_TEST

START_TEST(another_secret_asks_anew)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    who->cloud_client_id = "at-the-cloud";
    who->cloud_secret = fpi_secret_make_text(task->pool, "secret-2");
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    ck_assert_str_eq(fpi_cloud_client_id(who), "at-the-cloud");
    ck_assert_str_eq(fpi_cloud_secret(who)->bytes, "secret-2");
}
END_TEST

START_TEST(a_refusal_is_remembered)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    const char *token;
    fpi_err_t *err;

    fake_start(fake);
    fake->refuse = "{\"errcode\":\"1101\",\"description\":\"签名认证不通过\"}";
    for (int i = 0; i < 5; i++) {
        err = fpi_cloud_token_get(&token, cloud, who, task);
        unit_failed(err, FPI_E_CLOUD_REFUSED);
        ck_assert(strstr(err->zh, "签名认证不通过") && strstr(err->zh, "1101"));
        ck_assert(i == 0 || err->retry_after > 0);
    }
    ck_assert_int_eq(fake_token_calls(fake), 1);
    ck_assert_int_eq(atomic_load(&counts.token_failures), 1);
    ck_assert(!fpi_breaker_is_open(&breaker));
    fake->refuse = NULL;
    get(cloud, enterprise_in(task->pool, "corrected"));
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

START_TEST(a_refusal_is_forgotten)
{
    fpi_cloud_t *cloud = make_cloud();
    const char *token;

    fake_start(fake);
    fake->refuse = "{\"errcode\":\"1101\"}";
    unit_failed(fpi_cloud_token_get(&token, cloud, enterprise(), task), FPI_E_CLOUD_REFUSED);
    fake->refuse = NULL;
    sleep(6);
    ck_assert_str_eq(get(cloud, enterprise()), "cloud-token-0002");
}
END_TEST

/* ---- dropping ---- */

START_TEST(drop_forgets_everywhere)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    ck_assert(fpi_cloud_token_drop(cloud, who, "cloud-token-0001", task));
    ck_assert_int_eq(memory->drops, 1);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    /* late news of the old one */
    ck_assert(fpi_cloud_token_drop(cloud, who, "cloud-token-0001", task));
    ck_assert_int_eq(memory->drops, 1);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

/* Another child's drop may not have reached the cache yet. */
START_TEST(a_dropped_token_is_not_found_again)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    memory_t kept;

    fake_start(fake);
    get(cloud, who);
    kept = *memory;
    ck_assert(fpi_cloud_token_drop(cloud, who, "cloud-token-0001", task));
    memcpy(memory->value, kept.value, sizeof(kept.value));
    memory->len = kept.len;
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
}
END_TEST

START_TEST(vain_drops_end)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    int drops = 0;

    fake_start(fake);
    for (int i = 0; i < 20; i++) {
        if (fpi_cloud_token_drop(cloud, who, get(cloud, who), task)) {
            drops++;
            get(cloud, who);
            fpi_cloud_token_note_vain(cloud, who, task);
        }
    }
    ck_assert_int_eq(drops, 4);
    ck_assert_int_eq(fake_token_calls(fake), 5);
}
END_TEST

/* ---- renewing ---- */

static const fpi_enterprise_t *find_one(void *baton, const char *client_id, fpi_task_t *asker)
{
    ck_assert_str_eq(client_id, "client-1");
    return baton;
}

START_TEST(renewed_when_used_and_old)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    apr_time_t next;

    fake_start(fake);
    get(cloud, who);
    next = fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert(next > fpi_clock_now() && next <= fpi_clock_now() + apr_time_from_sec(1));
    ck_assert_int_eq(fake_token_calls(fake), 1);
    move_clock(2800);
    next = fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert(next <= fpi_clock_now() + apr_time_from_sec(1));
    ck_assert_int_eq(fake_token_calls(fake), 1);
    move_clock(60);
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    /* not used since: let it end */
    move_clock(2900);
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 3);
}
END_TEST

START_TEST(one_child_renews_for_all)
{
    fpi_cloud_t *one = make_cloud(), *two = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    get(one, who);
    get(two, who);
    move_clock(3000);
    fpi_cloud_tokens_renew(one, find_one, who, task);
    fpi_cloud_tokens_renew(two, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    ck_assert_str_eq(get(one, who), "cloud-token-0002");
    ck_assert_str_eq(get(two, who), "cloud-token-0002");
}
END_TEST

START_TEST(a_failed_renewal_keeps_the_old_one)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    get(cloud, who);
    move_clock(3000);
    fake->refuse = "{\"errcode\":\"1101\",\"description\":\"no\"}";
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    ck_assert_ptr_ne(strstr(logged, "FPI0023"), NULL);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
}
END_TEST

START_TEST(who_is_gone_is_not_renewed)
{
    fpi_cloud_t *cloud = make_cloud();

    fake_start(fake);
    get(cloud, enterprise());
    move_clock(3000);
    fpi_cloud_tokens_renew(cloud, find_one, NULL, task);
    fpi_cloud_tokens_renew(cloud, find_one, enterprise(), task);
    ck_assert_int_eq(fake_token_calls(fake), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cloud_tokens");
    TCase *tests = cloud_case(suite, "cloud_tokens");

    tcase_add_test(tests, it_ends_before_the_cloud_says);
    tcase_add_test(tests, another_secret_asks_anew);
    tcase_add_test(tests, a_refusal_is_remembered);
    tcase_add_test(tests, a_refusal_is_forgotten);
    tcase_add_test(tests, drop_forgets_everywhere);
    tcase_add_test(tests, a_dropped_token_is_not_found_again);
    tcase_add_test(tests, vain_drops_end);
    tcase_add_test(tests, renewed_when_used_and_old);
    tcase_add_test(tests, one_child_renews_for_all);
    tcase_add_test(tests, a_failed_renewal_keeps_the_old_one);
    tcase_add_test(tests, who_is_gone_is_not_renewed);
    return unit_run(suite);
}
