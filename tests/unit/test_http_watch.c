/* Peers that fail: too slow, too much, cut short, or nothing that is HTTP; each is told apart, and its connection is given up. */
#include "http_peer.h"

#include "base/clock.h"

START_TEST(test_failure)
{
    static const struct {
        const char *path;
        fpi_code_t code;
        const char *says;
        bool is_answered;
    } cases[] = {
        { "/silent", FPI_E_CLOUD_LATE, "no answer's head within 400 ms", false },
        { "/drip", FPI_E_CLOUD_LATE, "no answer's head within 400 ms", true },
        { "/stall", FPI_E_CLOUD_LATE, "not a byte moved within 600 ms", true },
        { "/cut", FPI_E_CLOUD, "cut short", true },
        { "/cut-chunk", FPI_E_CLOUD, "cut short", true },
        { "/bad-chunk", FPI_E_CLOUD, "broken answer", true },
        { "/garbage", FPI_E_CLOUD, "broken answer", false },
        { "/nothing", FPI_E_CLOUD, "without an answer", false },
        { "/reset", FPI_E_CLOUD, "the connection broke", false },
        { "/long-head", FPI_E_CLOUD, "256 lines", true },
        { "/wide-head", FPI_E_CLOUD, "131072 bytes", true },
        { "/big", FPI_E_TOO_LARGE, "10000 bytes", true },
    };
    fpi_http_client_t *c = client();
    fpi_err_t *err = call(c, "POST", cases[_i].path);

    unit_failed(err, cases[_i].code);
    ck_assert_msg(strstr(err->detail, cases[_i].says), "%s", err->detail);
    ck_assert(ex.is_connected && ex.is_sent && !ex.is_reused);
    ck_assert_int_eq(ex.is_answered, cases[_i].is_answered);
    ck_assert_int_eq(seen.requests, 1);
    ck_assert_int_eq(fpi_http_in_use(c), 0);
    /* the broken connection is not used again, and the handle is fine */
    unit_done(call(c, "GET", "/ok"));
    ck_assert(!ex.is_reused);
}
END_TEST

START_TEST(test_slow_is_not_idle)
{
    unit_done(call(client(), "GET", "/slow"));
    ck_assert_str_eq(ex.reply->data, "xxxxxxxxxx");
}
END_TEST

START_TEST(test_deadline)
{
    fpi_http_client_t *c = client();
    apr_time_t start = fpi_clock_tick();
    fpi_err_t *err;

    fpi_task_limit(task, MS(250));
    err = call(c, "GET", "/silent");
    unit_failed(err, FPI_E_CLOUD_LATE);
    ck_assert_ptr_nonnull(strstr(err->detail, "deadline"));
    ck_assert(fpi_clock_tick() - start < MS(2000));
    /* past it nothing is begun */
    unit_failed(call(c, "GET", "/silent"), FPI_E_CLOUD_LATE);
}
END_TEST

START_TEST(test_connect_limit)
{
    fpi_err_t *err;

    /* a queue of one, full: further connections are not answered */
    int full = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int held[4];

    ck_assert_int_eq(bind(full, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(full, 0), 0);
    ck_assert_int_eq(getsockname(full, (struct sockaddr *)&at, &len), 0);
    for (int i = 0; i < 4; i++) {
        held[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(held[i], (struct sockaddr *)&at, len);
    }
    options.times.connect = MS(200);
    ex.method = "GET";
    ex.url = apr_psprintf(task->pool, "http://127.0.0.1:%d/", ntohs(at.sin_port));
    err = fpi_http_perform(client(), &ex, task);
    unit_failed(err, FPI_E_CLOUD_LATE);
    ck_assert_msg(strstr(err->detail, "no connection within 200 ms"), "%s", err->detail);
    ck_assert(!ex.is_connected && !ex.is_sent);
    for (int i = 0; i < 4; i++) {
        close(held[i]);
    }
    close(full);
}
END_TEST

static void add_all(Suite *suite, bool direct)
{
    TCase *tc = peer_case(suite, direct ? "failures, direct" : "failures", direct);

    tcase_add_loop_test(tc, test_failure, 0, 12);
    tcase_add_test(tc, test_slow_is_not_idle);
    tcase_add_test(tc, test_deadline);
    tcase_add_test(tc, test_connect_limit);
}

int main(void)
{
    return peer_run(suite_create("http_watch"), add_all);
}
