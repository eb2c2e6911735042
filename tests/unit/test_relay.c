/* What a relayed call is on its way: its address and query, headers both ways, and who is refused. */
#include "relay_unit.h"

static fpi_err_t *refused(const char *method, const char *uri, const char *headers,
                          const char *body)
{
    caller_t *c = caller(method, uri, headers, body);
    fpi_err_t *err = relay(c);

    ck_assert(!c->began && c->begins == 0);
    ck_assert_int_eq(fake->requests, 0);
    return err;
}

/* ---- address and query ---- */

static const struct {
    const char *uri, *target;
} addresses[] = {
    { "/api/m3/x?access_token=" OURS, "/m3/x?access_token=" FIRST },
    { "/api/m3/x?a=1&access_token=" OURS "&b=%e4%bd%a0+%20",
      "/m3/x?a=1&access_token=" FIRST "&b=%e4%bd%a0+%20" },
    { "/api/m3/x?access%5Ftoken=" OURS "&&c", "/m3/x?access%5Ftoken=" FIRST "&&c" },
    { "/api/m3/x?access_token=" OURS "&also=" OURS "&d=1", "/m3/x?access_token=" FIRST "&d=1" },
    { "/api/m3/x?access_token=" OURS "&also=b3Vycw%2EdG9rZW4tb2Ytb3Vycy1mb3ItdGVzdHM",
      "/m3/x?access_token=" FIRST "&" },
    { "/api/%E5%8D%95/@evil:80/x?access_token=" OURS, "/%E5%8D%95/@evil:80/x?access_token=" FIRST },
    { "/api?access_token=" OURS, "/?access_token=" FIRST },
};

START_TEST(address_and_query)
{
    relayed("GET", addresses[_i].uri, "", NULL);
    ck_assert_str_eq(fake->last.target, addresses[_i].target);
    ck_assert_str_eq(fake->last.method, "GET");
    ck_assert_ptr_eq(strstr(fake->last.head, OURS), NULL);
}
END_TEST

static const struct {
    const char *in, *out;
} pairs[] = {
    { "", "" },
    { "&", "&" },
    { "a", "a=N" },
    { "a=1", "a=N" },
    { "%61=1&b=%", "%61=N&b=%" },
    { "aa=1&=a&b=a&a=", "aa=1&=a&b=a&a=N" },
    { "x=1&b=hidden&y=%ff%fe&c=%68idden&d=%FFhidde%6e", "x=1&y=%ff%fe&" },
    { "b=hidden", "" },
    { "b=hidden&c", "c" },
};

START_TEST(pairs_are_swapped)
{
    fpi_swap_t swap = { "a", "N" };
    size_t len;
    const char *out = fpi_relay_pairs_swap(&len, pairs[_i].in, strlen(pairs[_i].in), &swap, 1, "hidden",
                                     task->pool);

    ck_assert_str_eq(out, pairs[_i].out);
    ck_assert_int_eq((int)len, (int)strlen(out));
}
END_TEST

static const struct {
    const char *method, *uri, *headers;
    fpi_code_t code;
} bad_calls[] = {
    { "GET", "/api/m3/x", "", FPI_E_TOKEN },
    { "GET", "/api/m3/x?access_token=other", "", FPI_E_TOKEN },
    { "GET", "/api/m3/x?client_id=client-1&timestamp=1&sign=x", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzsx?client_id=client-1&timestamp=1&sign=x", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzs/x", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzs/x?client_id=client-1&timestamp=1", "", FPI_E_TOKEN },
    { "GET", "/api/m4/fpzs/x?client_id=client-1&timestamp=1&sign=x", "", FPI_E_SIGN },
    { "GET", "/api/m4/fpzs/x?access_token=other&client_id=client-1&timestamp=1&sign=x", "",
      FPI_E_TOKEN },
    { "TRACE", "/api/m3/x?access_token=" OURS, "", FPI_E_METHOD },
    { "CONNECT", "/api/m3/x?access_token=" OURS, "", FPI_E_METHOD },
    { "get", "/api/m3/x?access_token=" OURS, "", FPI_E_METHOD },
    { "GET", "/apim3/x?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/x?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "@evil/x?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/api/x#y?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/api/x\r\ny?access_token=" OURS, "", FPI_E_BAD_REQUEST },
    { "GET", "/api/x?access_token=" OURS "&a= b", "", FPI_E_BAD_REQUEST },
};

START_TEST(refused_calls)
{
    unit_failed(refused(bad_calls[_i].method, bad_calls[_i].uri, bad_calls[_i].headers, NULL),
                bad_calls[_i].code);
}
END_TEST

START_TEST(our_token_in_the_path)
{
    caller_t *c = caller("GET", "/api/x/" OURS "/y?access_token=" OURS, "", NULL);

    unit_failed(relay(c), FPI_E_BAD_REQUEST);
    ck_assert_int_eq(fake->requests - fake->tokens, 0);
}
END_TEST

/* ---- headers ---- */

START_TEST(request_headers)
{
    caller_t *c = relayed("GET", "/api/m3/x?access_token=" OURS,
                          "Host: gw\nConnection: X-Hop, keep-alive\nX-Hop: 1\nKeep-Alive: 5\n"
                          "Proxy-Authorization: Basic eDp5\nTE: trailers\nTrailer: X\nUpgrade: h9\n"
                          "HTTP2-Settings: x\nExpect: 100-continue\nX-Forwarded-For: 10.0.0.1\n"
                          "X-Forwarded-Proto: ftp\nX-Forwarded-Host: evil\nForwarded: for=1\n"
                          "X-Real-IP: 1\ntraceparent: 00-1-1-1\nX-Trace-Id: theirs\nCookie: a=1; b=2\n"
                          "Accept-Encoding: br\nX-Stays: 1\nReferer: http://gw/?access_token=" OURS "\n",
                          NULL);
    static const char *const cut[] = { "X-Hop", "Keep-Alive", "Proxy-Authorization", "TE",
                                       "Trailer",
        "Upgrade", "HTTP2-Settings", "Expect", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Referer",
        "Transfer-Encoding", "Content-Length" };

    for (int i = 0; i < UNIT_COUNT(cut); i++) {
        ck_assert_msg(!seen(cut[i]), "%s went on", cut[i]);
    }
    ck_assert_str_eq(seen("X-Forwarded-For"), "192.0.2.7");
    ck_assert_str_eq(seen("X-Forwarded-Proto"), "https");
    ck_assert_str_eq(seen("X-Trace-Id"), task->trace);
    ck_assert_ptr_ne(strstr(seen("traceparent"), task->trace), NULL);
    ck_assert_str_eq(seen("Cookie"), "a=1; b=2");
    ck_assert_str_eq(seen("Accept-Encoding"), "identity");
    ck_assert_str_eq(seen("X-Stays"), "1");
    ck_assert_str_eq(seen("Host") + 10, apr_psprintf(task->pool, "%d", fake->port));
    ck_assert_int_eq(c->status, 200);
    ck_assert(c->note && atoi(c->note) > 0);
}
END_TEST

static const struct {
    const char *headers, *name, *value;
} places[] = {
    { "Authorization: Bearer " OURS, "Authorization", "Bearer " FIRST },
    { "accessToken: " OURS, "accessToken", FIRST },
    { "accessToken: " OURS "\nAuthorization: Bearer " OURS, "Authorization", "Bearer " FIRST },
    { "accessToken: " OURS "\nAuthorization: Basic eDp5", "Authorization", "Basic eDp5" },
};

START_TEST(token_in_a_header)
{
    relayed("POST", "/api/m3/x?a=b", places[_i].headers, "{}");
    ck_assert_str_eq(seen(places[_i].name), places[_i].value);
    ck_assert_str_eq(fake->last.target, "/m3/x?a=b");
    ck_assert_ptr_eq(strstr(fake->last.head, OURS), NULL);
    ck_assert_str_eq(fake->last.body, "{}");
}
END_TEST

START_TEST(answer_headers)
{
    caller_t *c = relayed("GET", "/api/hops?access_token=" OURS, "", NULL);
    static const char *const cut[] = { "Connection", "X-Mine", "Keep-Alive", "Proxy-Authenticate",
                                       "Upgrade", "Content-Length" };

    for (int i = 0; i < UNIT_COUNT(cut); i++) {
        ck_assert_msg(!apr_table_get(c->headers, cut[i]), "%s came back", cut[i]);
    }
    ck_assert_int_eq((int)c->length, 5);
    ck_assert_str_eq(c->out->data, "hello");
    ck_assert_str_eq(apr_table_getm(task->pool, c->headers, "Set-Cookie"), "a=1,b=2");
    ck_assert_str_eq(apr_table_getm(task->pool, c->headers, "X-Trace-Id"), task->trace);
    ck_assert_str_eq(apr_table_get(c->headers, "X-Stays"), "1");
}
END_TEST

START_TEST(redirects_are_handed_on)
{
    caller_t *c = relayed("GET", "/api/redirect?access_token=" OURS, "", NULL);

    ck_assert_int_eq(c->status, 302);
    ck_assert_str_eq(apr_table_get(c->headers, "Location"), "https://elsewhere.example/x?y=1");
    ck_assert_int_eq(fake->requests, 2);
    c = relayed("GET", "/api/mirror?access_token=" OURS, "", NULL);
    ck_assert_str_eq(apr_table_get(c->headers, "Location"), "/x?access_token=" OURS "&y=1");
}
END_TEST

START_TEST(answers_without_a_body)
{
    caller_t *c = relayed("HEAD", "/api/m3/x?access_token=" OURS, "", NULL);

    ck_assert_int_eq((int)c->length, 42);
    ck_assert_int_eq((int)c->out_len, 0);
    c = relayed("GET", "/api/empty?access_token=" OURS, "", NULL);
    ck_assert_int_eq(c->status, 204);
    c = relayed("DELETE", "/api/m3/x?access_token=" OURS, "", NULL);
    ck_assert_str_eq(fake->last.method, "DELETE");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay");
    TCase *tests = relay_case(suite, "relay");

    tcase_add_loop_test(tests, address_and_query, 0, UNIT_COUNT(addresses));
    tcase_add_loop_test(tests, pairs_are_swapped, 0, UNIT_COUNT(pairs));
    tcase_add_loop_test(tests, refused_calls, 0, UNIT_COUNT(bad_calls));
    tcase_add_test(tests, our_token_in_the_path);
    tcase_add_test(tests, request_headers);
    tcase_add_loop_test(tests, token_in_a_header, 0, UNIT_COUNT(places));
    tcase_add_test(tests, answer_headers);
    tcase_add_test(tests, redirects_are_handed_on);
    tcase_add_test(tests, answers_without_a_body);
    return unit_run(suite);
}
