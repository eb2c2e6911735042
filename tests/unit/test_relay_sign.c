/* What the relay makes of a call that the cloud has to be able to read: bodies are encrypted, signs are made anew. */
#include "relay_unit.h"

/* ---- encryption ---- */

static const struct {
    const char *uri, *body;
    enum { ENCRYPTED, AS_IS, REFUSED, JOINED } what;
} cases[] = {
    { "/api/m5/bill/invoice/create", "{\"a\":1}", ENCRYPTED },
    { "/api/m5/bill/invoice/create/more", " [1]", ENCRYPTED },
    { "/api/m5/bill/invoice/%63reate", "{\"a\":1}", ENCRYPTED },
    { "/api/m5/bill/invoice/create", "QUJDREVG", AS_IS },
    { "/api/m5/bill/invoice/create", "QUJD\r\nREVG", JOINED },
    { "/api/m5/bill/invoice/create", "a=b", REFUSED },
    { "/api/m5/bill/invoice/created", "{\"a\":1}", AS_IS },
    { "/api/m7/x", "{\"a\":1}", ENCRYPTED },
    { "/api/m7", "{\"a\":1}", ENCRYPTED },
    { "/api/m70/x", "{\"a\":1}", AS_IS },
};

START_TEST(bodies_are_encrypted)
{
    caller_t *c = caller("POST", apr_pstrcat(task->pool, cases[_i].uri, "?access_token=" OURS,
                                             NULL),
                         "Content-Type: application/json", cases[_i].body);
    fpi_err_t *err = relay(c);
    char *plain;
    size_t len;

    if (cases[_i].what == REFUSED) {
        unit_failed(err, FPI_E_FIELD);
        ck_assert_int_eq(fake->requests, 0);
        return;
    }
    unit_done(err);
    ck_assert_str_eq(seen("Content-Type"), "application/json");
    if (cases[_i].what == AS_IS || cases[_i].what == JOINED) {
        ck_assert_str_eq(fake->last.body, cases[_i].what == JOINED ? "QUJDREVG" : cases[_i].body);
        return;
    }
    unit_done(fpi_body_decrypt(&plain, &len, who->encrypt_key, fake->last.body,
                               fake->last.body_len, task));
    ck_assert_int_eq((int)len, (int)strlen(cases[_i].body));
    ck_assert(memcmp(plain, cases[_i].body, len) == 0);
}
END_TEST

START_TEST(without_a_key_nothing_is_encrypted)
{
    who->encrypt_key = fpi_secret_make_text(task->pool, "");
    relayed("POST", "/api/m7/x?access_token=" OURS, "", "{\"a\":1}");
    ck_assert_str_eq(fake->last.body, "{\"a\":1}");
}
END_TEST

START_TEST(an_encrypted_body_has_a_limit)
{
    caller_t *c = caller("POST", "/api/m7/x?access_token=" OURS, "", NULL);

    c->call.body_len = -1;
    c->endless = 2 << 20;
    unit_failed(relay(c), FPI_E_TOO_LARGE);
}
END_TEST

/* ---- signs ---- */

static const char *sign_of(const char *id, const char *secret, int type)
{
    const char *sign;

    unit_done(fpi_sign_make(&sign, type, id, fpi_secret_make_text(task->pool, secret),
                            "1700000000123",
                            task));
    return sign;
}

static const struct {
    const char *uri, *type, *body; /* %s: the sign, %i: the client id */
    int enc_type;
} signs[] = {
    { "/api/m4/fpzs/x?bxd_key=1%20&client_id=%i&timestamp=1700000000123&sign=%s&z=%2F", "", NULL,
      0 },
    { "/api/m4/fpzs/x?client_id=%i&timestamp=1700000000123&sign=%s&encType=1", "image/png",
      "\x89PNG", 1 },
    { "/api/m4/fpzs/getUserKey", "application/json",
      "{ \"x\":[{\"sign\":1}],\"client_id\" : \"%i\",\"timestamp\":1700000000123 ,\"m\":12.30,\"sign\":\"%s\"}",
      0 },
    { "/api/m4/fpzs/getUserKey", "", "{\"sign\":\"%s\",\"encType\":2,\"timestamp\":\"1700000000123\","
      "\"client_id\":\"%i\",\"q\":\"\\\"}\"}", 2 },
    { "/api/m4/fpzs/x", "application/x-www-form-urlencoded",
      "tin=1%2B&client_id=%i&sign=%s&timestamp=1700000000123", 0 },
};

static const char *fill(const char *text, const char *id, const char *secret, int type)
{
    text = fpi_relay_replace(text, "%s", sign_of(id, secret, type), task->pool);
    return fpi_relay_replace(text, "%i", id, task->pool);
}

static void check_sign(int i, const char *cloud_id, const char *cloud_secret)
{
    const char *body = signs[i].body ? fill(signs[i].body, "client-1", "secret-1",
                                            signs[i].enc_type) : NULL;
    const char *headers = *signs[i].type ? apr_pstrcat(task->pool, "Content-Type: ", signs[i].type,
                                                       NULL)
                                         : "";

    relayed(body ? "POST" : "GET", fill(signs[i].uri, "client-1", "secret-1", signs[i].enc_type),
            headers,
            body);
    ck_assert_str_eq(fake->last.target, fill(signs[i].uri, cloud_id, cloud_secret,
                                             signs[i].enc_type) + 4);
    ck_assert_str_eq(fake->last.body,
                     body ? fill(signs[i].body, cloud_id, cloud_secret, signs[i].enc_type) : "");
    ck_assert_int_eq(fake->tokens, 0);
    ck_assert_int_eq((int)task->tenant, 3);
    ck_assert_str_eq(task->actor, "client:client-1");
}

START_TEST(signed_calls_pass)
{
    check_sign(_i, "client-1", "secret-1");
}
END_TEST

START_TEST(signed_calls_are_signed_anew)
{
    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    check_sign(_i, "cloud-1", "cloud-secret");
}
END_TEST

/* With a token beside it. */
static void relay_signed(int i, const char *own_id, const char *secret)
{
    const char *uri = apr_pstrcat(task->pool, signs[i].uri, strchr(signs[i].uri, '?') ? "&" : "?",
                                  "access_token=" OURS, NULL);
    const char *body = signs[i].body;
    const char *headers = *signs[i].type ? apr_pstrcat(task->pool, "Content-Type: ", signs[i].type,
                                                       NULL)
                                         : "";

    relayed(body ? "POST" : "GET", fill(uri, own_id, secret, signs[i].enc_type), headers,
            body ? fill(body, own_id, secret, signs[i].enc_type) : NULL);
}

static void came_signed(int i, const char *id, const char *secret)
{
    const char *uri = apr_pstrcat(task->pool, signs[i].uri + 4, strchr(signs[i].uri, '?') ? "&" : "?",
                                  "access_token=" FIRST, NULL);

    ck_assert_str_eq(fake->last.target, fill(uri, id, secret, signs[i].enc_type));
    ck_assert_str_eq(fake->last.body,
                     signs[i].body ? fill(signs[i].body, id, secret, signs[i].enc_type) : "");
    ck_assert_int_eq(fake->tokens, 1);
}

START_TEST(a_sign_beside_a_token_is_renewed)
{
    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    relay_signed(_i, "client-1", "secret-1");
    came_signed(_i, "cloud-1", "cloud-secret");
}
END_TEST

START_TEST(a_sign_beside_a_token_passes)
{
    relay_signed(_i, "client-1", "secret-1");
    came_signed(_i, "client-1", "secret-1");
    /* not looked at either, as the cloud knows the enterprise by the same name */
    relay_signed(_i, "client-1", "wrong");
    came_signed(_i, "client-1", "wrong");
}
END_TEST

START_TEST(anothers_sign_beside_a_token_passes)
{
    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    relay_signed(_i, "cloud-1", "cloud-secret");
    came_signed(_i, "cloud-1", "cloud-secret");
}
END_TEST

START_TEST(a_wrong_sign_beside_a_token_is_not_made_good)
{
    const char *body = "{\"client_id\":\"client-1\",\"timestamp\":\"1700000000123\",\"sign\":\"x\"}";

    who->cloud_client_id = "cloud-1";
    who->cloud_secret = fpi_secret_make_text(task->pool, "cloud-secret");
    unit_failed(relay(caller("POST", "/api/m4/fpzs/x?access_token=" OURS, "", body)), FPI_E_SIGN);
    ck_assert_int_eq(fake->tokens, 0);
}
END_TEST

/* Bodies that hold no sign we know of, beside a token: as they came. */
static const struct {
    const char *type, *body;
} unsigned_bodies[] = {
    { "", "{\"sign\":\"x\"}" }, { "", "{\"sign\":\"x\",\"client_id\":" }, { "", "plain" }, { "", "[{\"sign\":1}]" },
    { "Content-Type: application/x-www-form-urlencoded", "sign=%zz&client_id=client-1" },
    { "Content-Type: image/png", "{\"client_id\":\"client-1\",\"sign\":\"x\"}" },
};

START_TEST(unsigned_bodies_pass)
{
    who->cloud_client_id = "cloud-1";
    relayed("POST", "/api/m4/fpzs/x?access_token=" OURS, unsigned_bodies[_i].type,
            unsigned_bodies[_i].body);
    ck_assert_str_eq(fake->last.target, "/m4/fpzs/x?access_token=" FIRST);
    ck_assert_str_eq(fake->last.body, unsigned_bodies[_i].body);
}
END_TEST

START_TEST(a_token_goes_before_a_sign)
{
    relayed("POST", "/api/m4/fpzs/x?access_token=" OURS, "", "{\"sign\":\"x\"}");
    ck_assert_str_eq(fake->last.target, "/m4/fpzs/x?access_token=" FIRST);
    ck_assert_str_eq(fake->last.body, "{\"sign\":\"x\"}");
}
END_TEST

static const struct {
    const char *json, *out;
} splices[] = {
    { "{\"a\":\"1\"}", "{\"a\":\"N\"}" },
    { " { \"a\" : 12 , \"b\":1}", " { \"a\" : \"N\" , \"b\":1}" },
    { "{\"b\":{\"a\":1},\"a\":null}", "{\"b\":{\"a\":1},\"a\":\"N\"}" },
    { "{\"b\":\"\\\\\\\"a\",\"a\":[1,\"]\",{}]}", "{\"b\":\"\\\\\\\"a\",\"a\":\"N\"}" },
    { "{\"b\":-1.5e3,\"a\":true\n}", "{\"b\":-1.5e3,\"a\":\"N\"\n}" },
    { "{\"b\":[[],[]],\"a\":\"\"}", "{\"b\":[[],[]],\"a\":\"N\"}" },
    { "{\"\\u0061\":1}", NULL },
    { "{}", NULL },
    { "{ }", NULL },
    { "{\"aa\":1,\"b\":\"a\"}", NULL },
};

START_TEST(json_is_spliced)
{
    size_t len;
    const char *out = fpi_relay_json_splice(&len, splices[_i].json, strlen(splices[_i].json), "a", "N",
                                      task);

    if (!splices[_i].out) {
        ck_assert_ptr_eq(out, NULL);
        return;
    }
    ck_assert_str_eq(out, splices[_i].out);
    ck_assert_int_eq((int)len, (int)strlen(out));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("relay_sign");
    TCase *tests = relay_case(suite, "relay_sign");

    tcase_add_loop_test(tests, bodies_are_encrypted, 0, UNIT_COUNT(cases));
    tcase_add_test(tests, without_a_key_nothing_is_encrypted);
    tcase_add_test(tests, an_encrypted_body_has_a_limit);
    tcase_add_loop_test(tests, signed_calls_pass, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(tests, signed_calls_are_signed_anew, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(tests, a_sign_beside_a_token_is_renewed, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(tests, a_sign_beside_a_token_passes, 0, UNIT_COUNT(signs));
    tcase_add_loop_test(tests, anothers_sign_beside_a_token_passes, 0, UNIT_COUNT(signs));
    tcase_add_test(tests, a_wrong_sign_beside_a_token_is_not_made_good);
    tcase_add_loop_test(tests, unsigned_bodies_pass, 0, UNIT_COUNT(unsigned_bodies));
    tcase_add_test(tests, a_token_goes_before_a_sign);
    tcase_add_loop_test(tests, json_is_spliced, 0, UNIT_COUNT(splices));
    return unit_run(suite);
}
