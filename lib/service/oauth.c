#include "service/handlers.h"

#include <apr_strings.h>

enum { FIELD_MAX = 256 };

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

fpi_err_t *fpi_handle_oauth_token(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const fpi_enterprise_t *enterprise = NULL;
    const char *token;
    fpi_err_t *err = check(&enterprise, app, call);

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
    return NULL;
}
