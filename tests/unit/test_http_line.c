/* Connections of the client: kept, found dead, refused, not to be had. */
#include "http_peer.h"

START_TEST(test_reuse)
{
    fpi_http_client_t *c = client();

    unit_done(call(c, "GET", "/ok"));
    ck_assert(!ex.is_reused);
    for (int i = 0; i < 10; i++) {
        unit_done(call(c, "GET", "/chunked"));
        ck_assert(ex.is_reused && ex.is_connected);
    }
    ck_assert_int_eq(seen.connections, 1);
    ck_assert_int_eq(seen.last.on_connection, 11);
    ck_assert_int_eq(fpi_http_in_use(c), 0);
}
END_TEST

/* The peer closed a kept connection before we came back: nobody may notice. */
START_TEST(test_closed_kept_connection)
{
    fpi_http_client_t *c = client();

    unit_done(call(c, "POST", "/close-after"));
    wait_served();
    ex.body = "x";
    ex.body_len = 1;
    unit_done(call(c, "POST", "/ok"));
    ck_assert(!ex.is_reused && ex.is_sent && ex.is_answered);
    ck_assert_int_eq(seen.requests, 2);
}
END_TEST

/* The peer takes a request on a kept connection and dies of it. */
START_TEST(test_dead_kept_connection)
{
    static const struct {
        const char *method, *body;
        bool is_repeatable, is_repeated;
    } cases[] = {
        { "GET", NULL, false, true },
        { "PUT", "x", false, true },
        { "DELETE", NULL, false, true },
        { "POST", "x", false, false },
        { "POST", NULL, false, false },
        { "PATCH", "x", false, false },
        { "POST", "x", true, true },
    };
    fpi_http_client_t *c = client();
    fpi_err_t *err;

    unit_done(call(c, "GET", "/ok"));
    ex.body = cases[_i].body;
    ex.body_len = cases[_i].body ? 1 : 0;
    ex.is_repeatable = cases[_i].is_repeatable;
    err = call(c, cases[_i].method, "/die-later");
    ck_assert(ex.is_sent && ex.is_connected);
    if (cases[_i].is_repeated) {
        unit_done(err);
        ck_assert(!ex.is_reused && ex.is_answered);
        ck_assert_int_eq(seen.last.body, (long long)ex.body_len);
    }
    else {
        unit_failed(err, FPI_E_CLOUD);
        ck_assert(ex.is_reused && !ex.is_answered);
    }
    ck_assert_int_eq(seen.requests, cases[_i].is_repeated ? 3 : 2);
    ck_assert_int_eq(seen.connections, cases[_i].is_repeated ? 2 : 1);
    unit_done(call(c, "GET", "/ok"));
}
END_TEST

static fpi_err_t *give_hello(void *baton, char *data, size_t room, size_t *len)
{
    int *left = baton;

    *len = *left > 5 ? 5 : (size_t)*left;
    memcpy(data, "hello", *len);
    *left -= (int)*len;
    return NULL;
}

START_TEST(test_dead_kept_connection_source)
{
    fpi_http_client_t *c = client();
    int left = 5;

    unit_done(call(c, "GET", "/ok"));
    ex.source = give_hello;
    ex.source_len = 5;
    ex.baton = &left;
    unit_failed(call(c, "PUT", "/die-later"), FPI_E_CLOUD);
    ck_assert(ex.is_sent && ex.is_reused && !ex.is_answered);
    ck_assert_int_eq(seen.requests, 2);
}
END_TEST

START_TEST(test_no_connection)
{
    fpi_http_client_t *c = client();
    fpi_err_t *err;

    ex.body = "x";
    ex.body_len = 1;
    close_peer();
    unit_failed(call(c, "POST", "/ok"), FPI_E_CLOUD);
    ck_assert(!ex.is_connected && !ex.is_sent && !ex.is_answered && !ex.is_reused);
    ck_assert_int_eq(ex.status, 0);
    open_peer();
    ex.url = "http://no-such-host.invalid/";
    err = fpi_http_perform(c, &ex, task);
    /* without any name server it may be the time that ends it */
    unit_failed(err, err && err->code == FPI_E_CLOUD_LATE ? FPI_E_CLOUD_LATE : FPI_E_CLOUD);
    ck_assert(!ex.is_connected);
}
END_TEST

START_TEST(test_tls_with_plain_peer)
{
    fpi_http_client_t *c = client();

    ex.method = "GET";
    ex.url = apr_psprintf(task->pool, "https://127.0.0.1:%d/?token=hidden", peer.port);
    for (int i = 0; i < 2; i++) {
        fpi_err_t *err = fpi_http_perform(c, &ex, task);

        ck_assert_ptr_nonnull(err);
        /* the plain peer waits for a line and says nothing */
        ck_assert(err->code == FPI_E_CLOUD || err->code == FPI_E_CLOUD_LATE);
        ck_assert_ptr_null(strstr(err->detail, "hidden"));
        ck_assert(!ex.is_sent && !ex.is_connected);
    }
}
END_TEST

static bool refuse_loopback(void *baton, const char *host, int port, const struct sockaddr *address)
{
    int *asked = baton;

    ck_assert_str_eq(host, "127.0.0.1");
    ck_assert_int_eq(port, peer.port);
    (*asked)++;
    return !fpi_address_is_private(address);
}

START_TEST(test_may_connect)
{
    int asked = 0;
    fpi_err_t *err;

    options.may_connect = refuse_loopback;
    options.baton = &asked;
    err = call(client(), "GET", "/ok");
    unit_failed(err, FPI_E_FOREIGN);
    ck_assert_ptr_nonnull(strstr(err->detail, "127.0.0.1 is not allowed"));
    ck_assert_int_ge(asked, 1);
    ck_assert_int_eq(seen.connections, 0);
}
END_TEST

static void add_all(Suite *suite, bool direct)
{
    TCase *tc = peer_case(suite, direct ? "connections, direct" : "connections", direct);

    tcase_add_test(tc, test_reuse);
    tcase_add_test(tc, test_closed_kept_connection);
    tcase_add_loop_test(tc, test_dead_kept_connection, 0, 7);
    tcase_add_test(tc, test_dead_kept_connection_source);
    tcase_add_test(tc, test_no_connection);
    tcase_add_test(tc, test_tls_with_plain_peer);
    tcase_add_test(tc, test_may_connect);
}

int main(void)
{
    return peer_run(suite_create("http_line"), add_all);
}
