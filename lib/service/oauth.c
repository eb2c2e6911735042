#include "service/handlers.h"

#include "service/answer.h"

#include <apr_strings.h>
#include <string.h>

enum { FIELD_MAX = 256, CALLBACK_MAX = 64 };

/* What was signed is the timestamp as it stands there: 1.7e9 is not 1700000000.0. */
static fpi_err_t *keep_timestamp(fpi_call_t *call)
{
    const fpi_json_t *said = fpi_json_is_object(call->json) ? fpi_json_find(call->json, "timestamp") : NULL;

    return fpi_json_is_real(said) ? fpi_json_parse_as_said(&call->json, call->body->data, call->body->len, call->task)
                                  : NULL;
}

static fpi_err_t *check(const fpi_enterprise_t **enterprise, fpi_app_t *app, fpi_call_t *call)
{
    const char *client_id, *timestamp, *sign, *enc_type;

    FPI_TRY(keep_timestamp(call));
    FPI_TRY(fpi_call_field(&client_id, call, "client_id", FIELD_MAX));
    FPI_TRY(fpi_call_field(&timestamp, call, "timestamp", FIELD_MAX));
    FPI_TRY(fpi_call_field(&sign, call, "sign", FIELD_MAX));
    FPI_TRY(fpi_call_field(&enc_type, call, "encType", FIELD_MAX));
    return fpi_access_sign_check(enterprise, app, client_id, timestamp, sign, enc_type, call->task);
}

/* ---- pages that poll (facts-cloud.md 1.3) ---- */

/* NULL: the answer is wanted as it is. */
static fpi_err_t *find_callback(const char **out, fpi_call_t *call)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$.";

    *out = NULL;
    if (strcmp(call->method, "GET") != 0) {
        return NULL;
    }
    FPI_TRY(fpi_call_field(out, call, "jsonpCallback", CALLBACK_MAX));
    if (!*out || (**out && (*out)[strspn(*out, letters)] == '\0')) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "jsonpCallback", "字段 jsonpCallback 应为 JavaScript 函数名",
                      "field jsonpCallback must be the name of a JavaScript function");
}

static fpi_err_t *send_to(const char *callback, fpi_call_t *call, fpi_answer_t *answer)
{
    apr_pool_t *pool = call->task->pool;
    apr_table_t *headers = apr_table_make(pool, 4);
    fpi_reply_t reply = { .headers = headers };
    const char *text;
    size_t len;

    fpi_answer_success(&reply, FPI_FAMILY_A, answer, call->task);
    text = apr_pstrcat(pool, "/**/", callback, "(", reply.body, ");", NULL); /* no file begins with a caller's words */
    len = strlen(text);
    apr_table_setn(headers, "Content-Type", "application/javascript; charset=utf-8");
    apr_table_setn(headers, "Cache-Control", "no-store");
    apr_table_setn(headers, "X-Content-Type-Options", "nosniff");
    answer->is_sent = true;
    FPI_TRY(call->begin(call->baton, reply.status, headers, (int64_t)len));
    return call->write(call->baton, text, len);
}

/* ---- the handler ---- */

fpi_err_t *fpi_handle_oauth_token(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const fpi_enterprise_t *enterprise = NULL;
    const char *token, *callback;
    fpi_err_t *err = find_callback(&callback, call);

    err = err ? err : check(&enterprise, app, call);
    if (err) {
        FPI_COUNT(app, tokens_refused, 1);
        return err;
    }
    FPI_TRY(fpi_access_token_issue(&token, app, enterprise, call->task));
    FPI_COUNT(app, tokens_issued, 1);
    call->task->actor = apr_pstrcat(call->task->pool, "client:", enterprise->client_id, NULL);
    answer->data = fpi_json_make_object(call->task);
    answer->is_flat = true;
    fpi_json_put_text(answer->data, "access_token", token);
    fpi_json_put_text(answer->data, "token_type", "bearer");
    fpi_json_put_int(answer->data, "expires_in", app->settings->token_lifetime);
    return callback ? send_to(callback, call, answer) : NULL;
}
