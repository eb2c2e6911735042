/* Bodies through the relay, and what goes wrong under way: what is streamed, what can be sent again with a fresh token, and who
 * is told when cloud or caller are gone. */
#include "relay_unit.h"

#include <fcntl.h>
#include <time.h>

/* ---- bodies ---- */

START_TEST(large_bodies_are_streamed)
{
    caller_t *c = caller("POST", "/api/m3/x?access_token=" OURS, "", NULL);

    c->call.body_len = c->endless = 64 << 20;
    unit_done(relay(c));
    ck_assert_int_eq((int)fake->last.body_len, 64 << 20);
    ck_assert_str_eq(seen("Content-Length"), "67108864");
    c = caller("PUT", "/api/m3/x?access_token=" OURS, "", NULL);
    c->call.body_len = -1;
    c->endless = 1 << 20;
    unit_done(relay(c));
    ck_assert_int_eq((int)fake->last.body_len, 1 << 20);
    ck_assert_str_eq(seen("Transfer-Encoding"), "chunked");
    ck_assert_int_eq((int)atomic_load(&app->shared->metrics.relayed_in), 65 << 20);
    ck_assert_int_eq((int)atomic_load(&app->shared->metrics.relayed), 2);
}
END_TEST

START_TEST(answers_are_streamed)
{
    caller_t *c = caller("GET", "/api/big?access_token=" OURS, "", NULL);

    unit_done(relay(c));
    ck_assert_int_eq((int)c->out_len, 64 << 20);
    ck_assert_int_eq((int)atomic_load(&app->shared->metrics.relayed_out), 64 << 20);
}
END_TEST

static fpi_err_t *paced_read(void *baton, char *data, size_t room, size_t *len)
{
    caller_t *c = baton;

    if (c->at == 4) {
        /* what was given before has to be there by now */
        struct timespec until = { .tv_sec = time(NULL) + 10 };

        pthread_mutex_lock(&fake->lock);
        while (fake->body_seen < 4) {
            ck_assert_int_eq(pthread_cond_timedwait(&fake->changed, &fake->lock, &until), 0);
        }
        pthread_mutex_unlock(&fake->lock);
    }
    c->piece = 4;
    return caller_read(baton, data, room, len);
}

START_TEST(bodies_are_streamed)
{
    caller_t *c = caller("POST", "/api/m3/x?access_token=" OURS, "", "abcdefgh");

    fake->body_seen = 0;
    unit_done(relay(caller("GET", "/api/m3/x?access_token=" OURS, "", NULL)));
    c->call.body_len = -1;
    c->call.read = paced_read;
    unit_done(relay(c));
    ck_assert_str_eq(fake->last.body, "abcdefgh");
}
END_TEST

/* A caller who pauses: each second asking finds nothing. */
static fpi_err_t *paused_read(void *baton, char *data, size_t room, size_t *len)
{
    caller_t *c = baton;

    if (c->turns++ % 2 == 0) {
        *len = FPI_CALL_LATER;
        return NULL;
    }
    c->piece = 2;
    return caller_read(baton, data, room, len);
}

static int ready_fd(void *baton)
{
    static int fd = -1;

    (void)baton;
    fd = fd < 0 ? open("/dev/zero", O_RDONLY | O_CLOEXEC) : fd;
    return fd;
}

START_TEST(a_paused_body_is_streamed)
{
    caller_t *c = caller("POST", "/api/m3/x?access_token=" OURS, "", "abcdefgh");

    c->call.body_len = -1;
    c->call.read = NULL;
    c->call.read_now = paused_read;
    c->call.source_fd = ready_fd;
    unit_done(relay(c));
    ck_assert_str_eq(fake->last.body, "abcdefgh");
    ck_assert_int_eq(c->turns, 10);
}
END_TEST

/* ---- refused tokens ---- */

static const char *const stale_paths[] = { "/api/401/x", "/api/m3/x", "/api/chunked/x" };

START_TEST(a_refused_token_is_renewed_once)
{
    const char *uri = apr_pstrcat(task->pool, stale_paths[_i], "?access_token=" OURS, NULL);
    caller_t *c;

    stale_answers = 1;
    c = relayed("POST", uri, "", "{\"a\":1}");
    ck_assert_int_eq(c->status, 200);
    ck_assert_str_eq(c->out->data, "{\"errcode\":\"0000\"}");
    ck_assert_str_eq(fake->last.body, "{\"a\":1}");
    ck_assert_ptr_ne(strstr(fake->last.target, SECOND), NULL);
    ck_assert_int_eq(fake->tokens, 2);
    ck_assert_int_eq(fake->requests, 4);
    ck_assert_int_eq((int)atomic_load(&app->shared->cloud.repeats), 1);
    c = relayed("GET", uri, "", NULL);
    ck_assert_int_eq(fake->tokens, 2);
}
END_TEST

START_TEST(a_second_refusal_is_handed_on)
{
    const char *uri = apr_pstrcat(task->pool, stale_paths[_i], "?access_token=" OURS, NULL);
    caller_t *c;

    stale_answers = 2;
    c = relayed("GET", uri, "", NULL);
    ck_assert_int_eq(c->status, _i == 0 ? 401 : 200);
    ck_assert_str_eq(c->out->data, _i == 0 ? "no" : _i == 1 ? " {\"errcode\":\"1300\",\"description\":\"x\"}"
                                                            : "{\"errcode\":\"1300\"}       ");
    ck_assert_int_eq(fake->tokens, 2);
    relayed("GET", uri, "", NULL);
    ck_assert_int_eq(fake->tokens, 2);
}
END_TEST

START_TEST(a_streamed_body_is_not_repeated)
{
    const char *uri = apr_pstrcat(task->pool, stale_paths[_i], "?access_token=" OURS, NULL);
    caller_t *c = caller("POST", uri, "", NULL);

    stale_answers = 1;
    c->call.body_len = c->endless = FPI_RELAY_REPLAY + 1;
    unit_done(relay(c));
    ck_assert_int_eq(c->status, _i == 0 ? 401 : 200);
    ck_assert_ptr_ne(c->out->data, NULL);
    ck_assert_int_eq(fake->tokens, 1);
    relayed("GET", uri, "", NULL);
    ck_assert_int_eq(fake->tokens, 2);
}
END_TEST

START_TEST(what_only_looks_like_a_refusal)
{
    static const char *const paths[] = { "amount", "list", "text", "broken", "deep", "zipped" };

    for (int i = 0; i < UNIT_COUNT(paths); i++) {
        relayed("GET", apr_pstrcat(task->pool, "/api/1300/", paths[i], "?access_token=" OURS,
                                   NULL), "",
                NULL);
    }
    ck_assert_int_eq(fake->tokens, 1);
    ck_assert_int_eq(fake->requests, 1 + UNIT_COUNT(paths));
}
END_TEST

START_TEST(an_answer_in_two_pieces)
{
    caller_t *c = relayed("GET", "/api/halves?access_token=" OURS, "", NULL);

    ck_assert_str_eq(c->out->data, "{abcdefg");
}
END_TEST

/* ---- failures ---- */

START_TEST(a_cloud_that_is_not_there)
{
    caller_t *c = caller("GET", "/api/m3/x?access_token=" OURS, "", NULL);

    unit_done(relay(c));
    c = caller("GET", "/api/cut?access_token=" OURS, "", NULL);
    unit_failed(relay(c), FPI_E_CLOUD);
    c = caller("GET", "/api/hang?access_token=" OURS, "", NULL);
    c->is_gone = true;
    unit_failed(relay(c), FPI_E_GONE);
    ck_assert(!c->began);
    c = caller("GET", "/api/big?access_token=" OURS, "", NULL);
    c->fail_after = 1 << 20;
    unit_failed(relay(c), FPI_E_GONE);
    ck_assert(c->began);
    c = caller("POST", "/api/m3/x?access_token=" OURS, "", "short");
    c->call.body_len = 10;
    unit_failed(relay(c), FPI_E_GONE);
    c = caller("GET", "/api/m3/x?access_token=" OURS, "", NULL);
    unit_done(relay(c));
}
END_TEST

START_TEST(a_kept_connection_that_died)
{
    relayed("GET", "/api/die?access_token=" OURS, "", NULL);
    relayed("POST", "/api/die?access_token=" OURS, "", "{}");
    relayed("GET", "/api/die?access_token=" OURS, "", NULL);
}
END_TEST

START_TEST(a_refused_token_call)
{
    fpi_err_t *err;

    fake->refuse = "{\"errcode\":\"1101\",\"description\":\"签名认证不通过\"}";
    err = relay(caller("GET", "/api/m3/x?access_token=" OURS, "", NULL));
    unit_failed(err, FPI_E_CLOUD_REFUSED);
    ck_assert_ptr_ne(strstr(fpi_err_public(err, "zh"), "签名认证不通过"), NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay_body");
    TCase *tests = relay_case(suite, "relay_body");

    tcase_add_test(tests, large_bodies_are_streamed);
    tcase_add_test(tests, answers_are_streamed);
    tcase_add_test(tests, bodies_are_streamed);
    tcase_add_test(tests, a_paused_body_is_streamed);
    tcase_add_loop_test(tests, a_refused_token_is_renewed_once, 0, UNIT_COUNT(stale_paths));
    tcase_add_loop_test(tests, a_second_refusal_is_handed_on, 0, UNIT_COUNT(stale_paths));
    tcase_add_loop_test(tests, a_streamed_body_is_not_repeated, 0, UNIT_COUNT(stale_paths));
    tcase_add_test(tests, what_only_looks_like_a_refusal);
    tcase_add_test(tests, an_answer_in_two_pieces);
    tcase_add_test(tests, a_cloud_that_is_not_there);
    tcase_add_test(tests, a_kept_connection_that_died);
    tcase_add_test(tests, a_refused_token_call);
    return unit_run(suite);
}
