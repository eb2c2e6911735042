#include "service/relay_own.h"

#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

bool fpi_relay_is_below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    while (len > 0 && prefix[len - 1] == '/') {
        len--;
    }
    return strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool is_to_be_encrypted(const fpi_relay_t *relay)
{
    const apr_array_header_t *list = relay->app->settings->encrypt;
    const fpi_enterprise_t *enterprise = relay->call->enterprise;

    if (!enterprise->encrypt_key || enterprise->encrypt_key->len == 0) {
        return false;
    }
    for (int i = 0; list && i < list->nelts; i++) {
        if (fpi_relay_is_below(relay->local, APR_ARRAY_IDX(list, i, const char *))) {
            return true;
        }
    }
    return false;
}

static void take_whole(fpi_relay_t *relay, const char *body, size_t len)
{
    relay->body = body;
    relay->body_len = len;
    relay->is_whole = true;
}

/* Editors and encoders in lines leave some, which the cloud does not take. */
static void take_without_blanks(fpi_relay_t *relay, const char *text, size_t len)
{
    char *to = apr_palloc(relay->task->pool, len + 1);
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (!strchr(" \t\r\n", text[i])) {
            to[n++] = text[i];
        }
    }
    to[n] = '\0';
    take_whole(relay, to, n);
}

/* A JSON body is encrypted for the caller; base64 is what the cloud wants already. */
static fpi_err_t *encrypt(fpi_relay_t *relay)
{
    const fpi_buf_t *body = relay->call->body;
    const char *data = body->data + fpi_json_mark(body->data, body->len);
    const char *first = data + strspn(data, " \t\r\n");
    char *text;
    size_t len = body->len - (size_t)(data - body->data);

    if (*first == '{' || *first == '[') {
        FPI_TRY(fpi_body_encrypt(&text, &len, relay->call->enterprise->encrypt_key, data, len,
                                 relay->task));
        take_whole(relay, text, len);
        return NULL;
    }
    if (len && !fpi_base64_decode(&len, relay->task->pool, data, len)) {
        return fpi_refuse(relay->task, FPI_E_FIELD, NULL,
                          "此接口的请求体应为JSON, 或用 encrypt_key 加密后的base64文本",
                          "the body of this interface must be JSON, or base64 of what was "
                          "encrypted with the encrypt_key");
    }
    take_without_blanks(relay, data, body->len - (size_t)(data - body->data));
    return NULL;
}

/* A small body of known length is kept, so that the request can be repeated. Not by
 * fpi_call_gather, whose buffer grows step by step: this path is hot and the length is known. */
static fpi_err_t *read_small(fpi_relay_t *relay)
{
    fpi_call_t *call = relay->call;
    size_t want = (size_t)call->body_len, at = 0, len;
    char *body = apr_palloc(relay->task->pool, want + 1);

    while (at < want) {
        FPI_TRY(call->read(call->baton, body + at, want - at, &len));
        if (len == 0) {
            return fpi_fail(relay->task, FPI_E_GONE, "the body ended after %lu of %lu bytes",
                            (unsigned long)at, (unsigned long)want);
        }
        at += len;
    }
    body[want] = '\0';
    take_whole(relay, body, want);
    return NULL;
}

fpi_err_t *fpi_relay_take_body(fpi_relay_t *relay)
{
    fpi_call_t *call = relay->call;

    if (is_to_be_encrypted(relay)) {
        FPI_TRY(fpi_call_gather(call, relay->app->settings->max_json));
        return encrypt(relay);
    }
    if (call->body) {
        take_whole(relay, call->body->data, call->body->len);
    }
    else if (call->body_len == 0) {
        take_whole(relay, NULL, 0);
    }
    else if (call->body_len > 0 && call->body_len <= FPI_RELAY_REPLAY) {
        return read_small(relay);
    }
    return NULL;
}
