/* The access tokens that we issue: self-contained, so that any node checks one without a query. */
#include "service/access.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/sessions.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum {
    TOKEN_VERSION = 1,
    FIELDS = 5,                    /* key id, enterprise id, epoch, issued, expires (seconds) */
    PAYLOAD_LEN = 1 + FIELDS * 8,
    PAYLOAD_TEXT_LEN = 55,         /* as base64url */
    MAC_TEXT_LEN = 43
};

typedef struct token_t {
    int64_t key, enterprise, epoch, issued, expires;
} token_t;

static void put_number(unsigned char *to, int64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8) {
        to[i] = (unsigned char)value;
    }
}

static int64_t get_number(const unsigned char *from)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++) {
        value = value << 8 | from[i];
    }
    return (int64_t)value;
}

fpi_err_t *fpi_access_token_issue(const char **out, fpi_app_t *app, const fpi_enterprise_t *enterprise,
                                  fpi_task_t *task)
{
    unsigned char payload[PAYLOAD_LEN] = { TOKEN_VERSION };
    unsigned char sum[FPI_SHA256_LEN];
    int64_t now = apr_time_sec(fpi_clock_now());
    int64_t key_id = 0;
    const fpi_mac_t *mac = fpi_people_find_key(app, 0, &key_id, task);
    const char *text;

    if (!mac) {
        return fpi_fail(task, FPI_E_INTERNAL, "the store holds no token key: run fpimagectl init");
    }
    put_number(payload + 1, key_id);
    put_number(payload + 9, enterprise->id);
    put_number(payload + 17, enterprise->epoch);
    put_number(payload + 25, now);
    put_number(payload + 33, now + app->settings->token_lifetime);
    text = fpi_base64url_encode(task->pool, payload, sizeof(payload));
    FPI_TRY(fpi_mac_sum(sum, mac, text, strlen(text), task));
    *out = apr_pstrcat(task->pool, text, ".", fpi_base64url_encode(task->pool, sum, sizeof(sum)), NULL);
    return NULL;
}

static bool read_payload(token_t *token, const char *text, fpi_task_t *task)
{
    size_t len;
    const unsigned char *payload = fpi_base64url_decode(&len, task->pool, text, PAYLOAD_TEXT_LEN);

    if (!payload || len != PAYLOAD_LEN || payload[0] != TOKEN_VERSION) {
        return false;
    }
    token->key = get_number(payload + 1);
    token->enterprise = get_number(payload + 9);
    token->epoch = get_number(payload + 17);
    token->issued = get_number(payload + 25);
    token->expires = get_number(payload + 33);
    return token->key > 0;
}

static fpi_err_t *refuse(fpi_task_t *task, const char *why)
{
    return fpi_fail(task, FPI_E_TOKEN, "access_token: %s", why);
}

static fpi_err_t *check_signature(fpi_app_t *app, const char *text, const token_t *token, fpi_task_t *task)
{
    unsigned char sum[FPI_SHA256_LEN];
    int64_t key_id;
    size_t len;
    const fpi_mac_t *mac = fpi_people_find_key(app, token->key, &key_id, task);
    const unsigned char *given = fpi_base64url_decode(&len, task->pool, text + PAYLOAD_TEXT_LEN + 1,
                                                      MAC_TEXT_LEN);

    if (!mac || !given || len != sizeof(sum)) {
        return refuse(task, "not signed by a key of this installation");
    }
    FPI_TRY(fpi_mac_sum(sum, mac, text, PAYLOAD_TEXT_LEN, task));
    return fpi_is_same_bytes(sum, given, sizeof(sum)) ? NULL
                                                      : refuse(task, "not signed by a key of this installation");
}

fpi_err_t *fpi_access_token_check(const fpi_enterprise_t **enterprise, fpi_app_t *app, const char *text,
                                  fpi_task_t *task)
{
    token_t token;

    if (strlen(text) != PAYLOAD_TEXT_LEN + 1 + MAC_TEXT_LEN || text[PAYLOAD_TEXT_LEN] != '.'
        || !read_payload(&token, text, task)) {
        return refuse(task, "not one of ours");
    }
    FPI_TRY(check_signature(app, text, &token, task));
    if (token.expires <= apr_time_sec(fpi_clock_now())) {
        return refuse(task, "expired");
    }
    *enterprise = fpi_people_find_by_id(app, token.enterprise, task);
    if (!*enterprise || !(*enterprise)->is_enabled || (*enterprise)->epoch != token.epoch) {
        return refuse(task, "its enterprise was changed, disabled or removed since");
    }
    return NULL;
}

/* ---- where a call carries it ---- */

static const char *bearer_of(const fpi_call_t *call)
{
    const char *value = apr_table_get(call->headers, "Authorization");

    if (!value || strncasecmp(value, "Bearer", 6) != 0 || (value[6] != ' ' && value[6] != '\t')) {
        return NULL;
    }
    value += 6;
    while (*value == ' ' || *value == '\t') {
        value++;
    }
    return *value ? value : NULL;
}

static fpi_err_t *take_token(fpi_call_t *call, const char *token, int place, const char *header)
{
    if (!token || !*token) {
        return NULL;
    }
    if (call->token && strcmp(call->token, token) != 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, "access_token", "请求携带了两个不同的 access_token",
                          "the request carries two different access tokens");
    }
    if (!call->token) {
        call->token = token;
        call->token_place = place;
        call->token_header = header;
    }
    return NULL;
}

static fpi_err_t *find_token(fpi_call_t *call)
{
    FPI_TRY(take_token(call, fpi_params_find(call->params, "access_token"), FPI_TOKEN_QUERY, NULL));
    FPI_TRY(take_token(call, bearer_of(call), FPI_TOKEN_BEARER, NULL));
    FPI_TRY(take_token(call, apr_table_get(call->headers, "access_token"), FPI_TOKEN_HEADER, "access_token"));
    return take_token(call, apr_table_get(call->headers, "accessToken"), FPI_TOKEN_HEADER, "accessToken");
}

fpi_err_t *fpi_access_call(fpi_app_t *app, fpi_call_t *call)
{
    fpi_viewer_t viewer;

    FPI_TRY(find_token(call));
    if (!call->token) {
        return refuse(call->task, "missing");
    }
    FPI_TRY(fpi_access_token_check(&call->enterprise, app, call->token, call->task));
    viewer = fpi_viewer_of_enterprise(call->enterprise);
    call->viewer = apr_pmemdup(call->task->pool, &viewer, sizeof(viewer));
    call->task->tenant = viewer.tenant;
    call->task->actor = apr_pstrcat(call->task->pool, "client:", call->enterprise->client_id, NULL);
    return NULL;
}

/* ---- a person's cookie ---- */

static bool is_harmless(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A page says whose it is by the token of its session, also where it only reads: the browser's cookie is one for all its tabs,
 * and whoever signs in in one of them would have the others show what is not theirs. */
static fpi_err_t *check_csrf(const fpi_call_t *call)
{
    const char *said = apr_table_get(call->headers, "X-CSRF-Token");

    if (!said) {
        return is_harmless(call->method) ? NULL : fpi_fail(call->task, FPI_E_CSRF, "the header X-CSRF-Token is missing");
    }
    return fpi_text_is_same_secret(said, fpi_session_csrf(call->session, call->task))
               ? NULL
               : fpi_fail(call->task, FPI_E_OTHER_SESSION, "the header X-CSRF-Token is another session's");
}

fpi_err_t *fpi_access_person(fpi_app_t *app, fpi_call_t *call)
{
    fpi_task_t *task = call->task;
    const char *secret = fpi_session_cookie(call);

    if (!secret) {
        return fpi_fail(task, FPI_E_SESSION, "no cookie %s", FPI_SESSION_COOKIE);
    }
    FPI_TRY(fpi_session_check(&call->viewer, app, secret, task));
    call->session = secret;
    FPI_TRY(check_csrf(call));
    task->tenant = call->viewer->tenant;
    task->actor = apr_pstrcat(task->pool, call->viewer->kind == FPI_VIEWER_PHONE ? "phone:" : "user:", call->viewer->name, NULL);
    return NULL;
}

fpi_err_t *fpi_access_console(fpi_app_t *app, fpi_call_t *call)
{
    FPI_TRY(find_token(call));
    if (call->token || !fpi_session_cookie(call)) {
        return fpi_access_call(app, call);
    }
    FPI_TRY(fpi_access_person(app, call));
    return call->viewer->must_change ? fpi_fail(call->task, FPI_E_MUST_CHANGE, "the one-time password was not changed yet") : NULL;
}
