#include "service/relay_own.h"

#include "service/access.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { FIELD_MAX = 256 };

typedef struct sign_t {
    const char *client_id, *timestamp, *sign, *enc_type;
    enum { IN_QUERY, IN_FORM, IN_JSON } place;
} sign_t;

bool fpi_relay_may_be_signed(const fpi_relay_t *relay)
{
    return fpi_relay_is_below(relay->local, "/m4/fpzs");
}

/* ---- finding it ---- */

static void read_pairs(sign_t *sign, const apr_array_header_t *params)
{
    sign->client_id = fpi_params_find(params, "client_id");
    sign->timestamp = fpi_params_find(params, "timestamp");
    sign->sign = fpi_params_find(params, "sign");
    sign->enc_type = fpi_params_find(params, "encType");
}

/* Numbers count as their digits: signs are over the text as it travels. */
static fpi_err_t *read_json(sign_t *sign, fpi_call_t *call)
{
    fpi_task_t *task = call->task;

    FPI_TRY(fpi_json_parse(&call->json, call->body->data, call->body->len, task));
    if (!fpi_json_is_object(call->json)) {
        return NULL;
    }
    FPI_TRY(fpi_json_find_scalar(&sign->client_id, call->json, "client_id", FIELD_MAX, task));
    FPI_TRY(fpi_json_find_scalar(&sign->timestamp, call->json, "timestamp", FIELD_MAX, task));
    FPI_TRY(fpi_json_find_scalar(&sign->sign, call->json, "sign", FIELD_MAX, task));
    return fpi_json_find_scalar(&sign->enc_type, call->json, "encType", FIELD_MAX, task);
}

static bool is_type(const char *type, const char *wanted)
{
    return type && strncasecmp(type, wanted, strlen(wanted)) == 0;
}

static bool is_form(const fpi_call_t *call)
{
    return is_type(apr_table_get(call->headers, "Content-Type"), "application/x-www-form-urlencoded");
}

/* Files (multipart, images) are signed in the query, so they need not be gathered for a look. */
static bool may_hold_sign(const fpi_call_t *call)
{
    const char *type = apr_table_get(call->headers, "Content-Type");

    return call->body_len != 0
           && (!type || is_form(call) || is_type(type, "application/json")
               || is_type(type, "text/"));
}

/* Of a gathered body. */
static fpi_err_t *read_body(sign_t *sign, fpi_call_t *call)
{
    if (call->body->data[strspn(call->body->data, " \t\r\n")] == '{') {
        sign->place = IN_JSON;
        return read_json(sign, call);
    }
    if (is_form(call)) {
        sign->place = IN_FORM;
        FPI_TRY(fpi_params_parse(&call->form, call->body->data, call->body->len, call->task));
        read_pairs(sign, call->form);
    }
    return NULL;
}

/* ---- putting another one into its place ---- */

/* Behind the text that begins at `at`; the document is known to be valid. */
static size_t skip_text(const char *json, size_t at)
{
    for (at++; json[at] != '"'; at++) {
        at += json[at] == '\\';
    }
    return at + 1;
}

static size_t skip_value(const char *json, size_t at)
{
    int depth = 0;

    do {
        if (json[at] == '"') {
            at = skip_text(json, at);
            continue;
        }
        depth += (json[at] == '{' || json[at] == '[') - (json[at] == '}' || json[at] == ']');
        at++;
    } while (depth > 0 || (json[at] && !strchr(",]} \t\r\n", json[at])));
    return at;
}

static size_t skip_blanks(const char *json, size_t at)
{
    return at + strspn(json + at, " \t\r\n");
}

/* Where the value of the top member `name` stands. The bytes are looked for, not made anew from the
 * parsed document: its decimals would come out with other digits. */
static bool find_value(size_t *from, size_t *to, const char *json, const char *name)
{
    size_t at = skip_blanks(json, skip_blanks(json, 0) + 1);
    size_t len = strlen(name);

    while (json[at] == '"') {
        size_t key = at + 1;
        size_t end = skip_text(json, at);
        bool is_it = end - 1 - key == len && memcmp(json + key, name, len) == 0;

        *from = skip_blanks(json, skip_blanks(json, end) + 1);
        *to = skip_value(json, *from);
        if (is_it) {
            return true;
        }
        at = skip_blanks(json, *to);
        at = skip_blanks(json, at + (json[at] == ','));
    }
    return false;
}

static const char *quote(const char *text, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    const char *out;

    fpi_json_add_text(list, text);
    out = fpi_json_format(list, false, task);
    return apr_pstrmemdup(task->pool, out + 1, strlen(out) - 2);
}

const char *fpi_relay_json_splice(size_t *out_len, const char *json, size_t len, const char *name,
                                  const char *value, fpi_task_t *task)
{
    const char *quoted = quote(value, task);
    size_t quoted_len = strlen(quoted), from, to;
    char *out;

    /* jansson passes over a NUL behind a number, and with it over what we would take for the end */
    if (memchr(json, '\0', len) || !find_value(&from, &to, json, name)) {
        return NULL;
    }
    out = apr_palloc(task->pool, len + quoted_len + 1);
    memcpy(out, json, from);
    memcpy(out + from, quoted, quoted_len);
    memcpy(out + from + quoted_len, json + to, len - to);
    *out_len = from + quoted_len + len - to;
    out[*out_len] = '\0';
    return out;
}

static fpi_err_t *swap_in_json(fpi_buf_t *body, const char *name, const char *value,
                               fpi_task_t *task)
{
    size_t len;
    const char *json = fpi_relay_json_splice(&len, body->data, body->len, name, value, task);

    if (!json) {
        return fpi_refuse(task, FPI_E_FIELD, name, "字段 %s 的名称不得使用转义, 请求体不得含有空字节",
                          "the name of field %s must not be written with escapes, and the body "
                          "must not hold NUL bytes", name);
    }
    body->data = (char *)json;
    body->len = body->room = len;
    return NULL;
}

static void swap_in_pairs(fpi_relay_t *relay, const sign_t *old, const char *client_id,
                          const char *sign)
{
    apr_pool_t *pool = relay->task->pool;
    const char *query = relay->query;
    fpi_swap_t swaps[] = { { "client_id", fpi_url_encode(pool, client_id) }, { "sign", sign } };
    fpi_buf_t *body = relay->call->body;
    size_t len;

    if (old->place == IN_QUERY) {
        relay->query = fpi_relay_pairs_swap(&len, query, strlen(query), swaps, 2, NULL, pool);
        return;
    }
    body->data = (char *)fpi_relay_pairs_swap(&len, body->data, body->len, swaps, 2, NULL, pool);
    body->len = body->room = len;
}

static fpi_err_t *sign_anew(fpi_relay_t *relay, const sign_t *old)
{
    const fpi_enterprise_t *enterprise = relay->call->enterprise;
    const char *client_id = fpi_cloud_client_id(enterprise);
    fpi_enc_type_t type = FPI_SIGN_MD5;
    const char *sign;

    if (old->enc_type && *old->enc_type) {
        type = *old->enc_type - '0'; /* checked by now to be 0, 1 or 2 */
    }
    FPI_TRY(fpi_sign_make(&sign, type, client_id, fpi_cloud_secret(enterprise), old->timestamp,
                          relay->task));
    if (old->place != IN_JSON) {
        swap_in_pairs(relay, old, client_id, sign);
        return NULL;
    }
    FPI_TRY(swap_in_json(relay->call->body, "client_id", client_id, relay->task));
    return swap_in_json(relay->call->body, "sign", sign, relay->task);
}

fpi_err_t *fpi_relay_take_sign(fpi_relay_t *relay)
{
    fpi_call_t *call = relay->call;
    fpi_task_t *task = relay->task;
    sign_t sign = { .place = IN_QUERY };

    read_pairs(&sign, call->params);
    if (!sign.sign && may_hold_sign(call)) {
        FPI_TRY(fpi_call_gather(call, relay->app->settings->max_json));
        FPI_TRY(read_body(&sign, call));
    }
    if (!sign.sign) {
        return fpi_refuse(task, FPI_E_TOKEN, NULL,
                          "此接口需携带本系统的 access_token, 或签名参数 client_id、timestamp、sign; userKey、linkKey 不能代替",
                          "this interface needs a token of ours, or client_id, timestamp and sign; a userKey or linkKey does "
                          "not replace them");
    }
    FPI_TRY(fpi_access_sign_check(&call->enterprise, relay->app, sign.client_id, sign.timestamp,
                                  sign.sign, sign.enc_type, task));
    task->tenant = call->enterprise->tenant;
    task->actor = apr_pstrcat(task->pool, "client:", call->enterprise->client_id, NULL);
    return call->enterprise->cloud_client_id ? sign_anew(relay, &sign) : NULL;
}

/* The body of a call that holds a token is the cloud's to judge: one that can't be read carries no
 * sign that we could renew, and one that is too long to be gathered is streamed unseen. */
static fpi_err_t *find_beside_token(sign_t *sign, fpi_relay_t *relay)
{
    fpi_call_t *call = relay->call;
    int64_t most = relay->app->settings->max_json;

    read_pairs(sign, call->params);
    if (sign->sign || !may_hold_sign(call) || call->body_len > most) {
        return NULL;
    }
    FPI_TRY(fpi_call_gather(call, most));
    if (read_body(sign, call) != NULL) {
        sign->sign = NULL;
    }
    return NULL;
}

fpi_err_t *fpi_relay_renew_sign(fpi_relay_t *relay)
{
    const fpi_enterprise_t *enterprise = relay->call->enterprise, *signer;
    sign_t sign = { .place = IN_QUERY };

    if (!enterprise->cloud_client_id || !fpi_relay_may_be_signed(relay)) {
        return NULL;
    }
    FPI_TRY(find_beside_token(&sign, relay));
    if (!sign.sign || !sign.client_id || strcmp(sign.client_id, enterprise->client_id) != 0) {
        return NULL;
    }
    FPI_TRY(fpi_access_sign_check(&signer, relay->app, sign.client_id, sign.timestamp, sign.sign,
                                  sign.enc_type, relay->task));
    return sign_anew(relay, &sign);
}
