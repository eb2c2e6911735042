/* Exchanges of the client: the head as the peer sees it, answers as we see them, and slots for them. */
#include "http_peer.h"

/* ---- answers ---- */

START_TEST(test_answer)
{
    static const struct {
        const char *method, *path;
        int status;
        const char *body;
    } cases[] = {
        { "GET", "/ok", 200, "hello" },
        { "DELETE", "/ok", 200, "hello" },
        { "GET", "/chunked", 200, "abcdefg" },
        { "GET", "/interim", 201, "ok" },
        { "GET", "/redirect", 302, "" },
        { "GET", "/204", 204, "" },
        { "HEAD", "/head", 200, "" },
        { "GET", "/until-close", 200, "to the end" },
        { "POST", "/ok", 200, "hello" },
        { "PATCH", "/ok", 200, "hello" },
    };

    unit_done(call(client(), cases[_i].method, cases[_i].path));
    ck_assert_int_eq(ex.status, cases[_i].status);
    ck_assert_str_eq(ex.reply->data, cases[_i].body);
    ck_assert(ex.is_connected && ex.is_sent && ex.is_answered && !ex.is_reused);
    ck_assert(ex.upstream_us > 0);
    ck_assert_ptr_null(apr_table_get(ex.reply_headers, "X-Early"));
    ck_assert_ptr_null(apr_table_get(ex.reply_headers, "X-Sum"));
    ck_assert_ptr_null(apr_table_get(ex.reply_headers, "Link"));
}
END_TEST

START_TEST(test_answer_headers)
{
    const apr_array_header_t *rows;
    const apr_table_entry_t *row;

    unit_done(call(client(), "GET", "/headers"));
    rows = apr_table_elts(ex.reply_headers);
    ck_assert_int_eq(rows->nelts, 6);
    row = &APR_ARRAY_IDX(rows, 1, apr_table_entry_t);
    ck_assert_str_eq(row->key, "Set-Cookie");
    ck_assert_str_eq(row->val, "b=2, c");
    ck_assert_str_eq(apr_table_get(ex.reply_headers, "x-empty"), "");
    ck_assert_str_eq(apr_table_get(ex.reply_headers, "X-Fold"), "one two");
    ck_assert_str_eq(apr_table_get(ex.reply_headers, "X-Blank"), "v");
}
END_TEST

/* ---- requests as the peer sees them ---- */

START_TEST(test_request_head)
{
    apr_table_t *headers = apr_table_make(task->pool, 8);

    apr_table_add(headers, "X-One", "1");
    apr_table_add(headers, "X-One", "2");
    apr_table_add(headers, "X-Empty", "");
    apr_table_add(headers, "Host", "evil");
    apr_table_add(headers, "Content-Length", "99");
    apr_table_add(headers, "Transfer-Encoding", "chunked");
    apr_table_add(headers, "Expect", "100-continue");
    apr_table_add(headers, "Content-Type", "application/json");
    ex.headers = headers;
    ex.body = "{}";
    ex.body_len = 2;
    unit_done(call(client(), "POST", "/ok/../a%2Fb//c?x=1&y=%20"));
    ck_assert_ptr_eq(strstr(seen.last.head, "POST /ok/../a%2Fb//c?x=1&y=%20 HTTP/1.1\r\n"),
                     seen.last.head);
    ck_assert(has_line("X-One: 1") && has_line("X-One: 2") && has_line("X-Empty:"));
    ck_assert(has_line(apr_psprintf(task->pool, "Host: 127.0.0.1:%d", peer.port)));
    ck_assert(has_line("Content-Length: 2") && has_line("Content-Type: application/json"));
    ck_assert(has_line("User-Agent: unit/1"));
    ck_assert_ptr_null(strstr(seen.last.head, "Expect"));
    ck_assert_ptr_null(strstr(seen.last.head, "chunked"));
    ck_assert_ptr_null(strstr(seen.last.head, "Accept"));
    ck_assert_int_eq(seen.last.body, 2);
}
END_TEST

/* What one exchange set on a handle is gone in the next. */
START_TEST(test_no_leftovers)
{
    fpi_http_client_t *c = client();

    ex.body = "12345";
    ex.body_len = 5;
    unit_done(call(c, "POST", "/ok"));
    ck_assert_int_eq(seen.last.body, 5);
    ck_assert_ptr_null(strstr(seen.last.head, "Content-Type"));
    ex.body = NULL;
    ex.body_len = 0;
    unit_done(call(c, "HEAD", "/head"));
    ck_assert_ptr_null(strstr(seen.last.head, "Content-Length"));
    unit_done(call(c, "GET", "/ok"));
    ck_assert_str_eq(ex.reply->data, "hello");
    ck_assert_ptr_null(strstr(seen.last.head, "Content-Length"));
    unit_done(call(c, "POST", "/ok"));
    ck_assert(has_line("Content-Length: 0"));
    unit_done(call(c, "OPTIONS", "/ok"));
    ck_assert_ptr_eq(strstr(seen.last.head, "OPTIONS /ok"), seen.last.head);
    ck_assert_int_eq(seen.connections, 1);
}
END_TEST

START_TEST(test_request_refused)
{
    static const struct {
        const char *method, *url, *name, *value;
    } cases[] = {
        { "GET", "ftp://127.0.0.1/", NULL, NULL },
        { "GET", "file:///etc/passwd", NULL, NULL },
        { "GET", "http://127.0.0.1/a b", NULL, NULL },
        { "GET", "http://127.0.0.1/\r\nX: y", NULL, NULL },
        { "GET", "http://user:pass@127.0.0.1/", NULL, NULL },
        { "GET", "", NULL, NULL },
        { "GET X", "http://127.0.0.1/", NULL, NULL },
        { "", "http://127.0.0.1/", NULL, NULL },
        { "GET", "http://127.0.0.1/", "X", "a\r\nY: b" },
        { "GET", "http://127.0.0.1/", "X: y\r\nZ", "a" },
    };
    apr_table_t *headers = apr_table_make(task->pool, 1);

    if (cases[_i].name) {
        apr_table_addn(headers, cases[_i].name, cases[_i].value);
    }
    ex = (fpi_http_exchange_t){ .method = cases[_i].method, .url = cases[_i].url,
                                .headers = headers };
    unit_failed(fpi_http_perform(client(), &ex, task), FPI_E_FIELD);
    ck_assert(!ex.is_sent && !ex.is_connected);
}
END_TEST

/* ---- slots ---- */

typedef struct other_t {
    fpi_http_client_t *client;
    const char *url;
    int calls, done;
} other_t;

static void *call_often(void *data)
{
    other_t *other = data;
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return NULL;
    }
    for (int i = 0; i < other->calls; i++) {
        fpi_task_t *own = fpi_task_make(pool, NULL);
        fpi_http_exchange_t x = { .method = "GET", .url = other->url, .reply_max = 100 };

        other->done += fpi_http_perform(other->client, &x, own) == NULL && x.status == 200;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

START_TEST(test_no_slot)
{
    pthread_t thread;
    other_t other;
    fpi_err_t *err;

    options.slots = 1;
    options.times.first_byte = MS(2000);
    other = (other_t){ client(), url("/silent"), 1, 0 };
    ck_assert_int_eq(pthread_create(&thread, NULL, call_often, &other), 0);
    while (fpi_http_in_use(other.client) == 0) {
        usleep(1000);
    }
    err = call(other.client, "GET", "/ok");
    unit_failed(err, FPI_E_SLOTS);
    ck_assert_int_gt(err->retry_after, 0);
    ck_assert(!ex.is_sent);
    pthread_join(thread, NULL);
    unit_done(call(other.client, "GET", "/ok"));
}
END_TEST

/* Eight threads on four slots: all are served, over few connections. */
START_TEST(test_many_threads)
{
    pthread_t threads[8];
    other_t others[8];
    fpi_http_client_t *c;

    options.slot_wait = MS(20000);
    options.times.first_byte = MS(20000);
    c = client();
    for (int i = 0; i < 8; i++) {
        others[i] = (other_t){ c, url("/ok"), 200, 0 };
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, &others[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(others[i].done, 200);
    }
    look();
    ck_assert_int_eq(seen.requests, 1600);
    ck_assert_int_le(seen.connections, 4);
    ck_assert_int_eq(fpi_http_in_use(c), 0);
}
END_TEST

START_TEST(test_bad_options)
{
    fpi_http_client_t *c;

    options.slots = 0;
    unit_failed(fpi_http_client_make(&c, task->pool, &options, task), FPI_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(fpi_http_version(), "libcurl"));
}
END_TEST

static void add_all(Suite *suite, bool direct)
{
    TCase *tc = peer_case(suite, direct ? "exchange, direct" : "exchange", direct);

    tcase_add_loop_test(tc, test_answer, 0, 10);
    tcase_add_test(tc, test_answer_headers);
    tcase_add_test(tc, test_request_head);
    tcase_add_test(tc, test_no_leftovers);
    tcase_add_loop_test(tc, test_request_refused, 0, 10);
    tc = peer_case(suite, direct ? "slots, direct" : "slots", direct);
    tcase_add_test(tc, test_no_slot);
    tcase_add_test(tc, test_many_threads);
    tcase_add_test(tc, test_bad_options);
}

int main(void)
{
    return peer_run(suite_create("http"), add_all);
}
