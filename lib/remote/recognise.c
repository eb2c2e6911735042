#include "remote/recognise.h"

#include "base/text.h"
#include "remote/reply.h"

#include <apr_strings.h>
#include <string.h>

#define PATH "/m3/bill/invoice/img/analyze/multiple/check"

enum { REPLY_MAX = 16 * 1024 * 1024, UNAUTHORIZED = 401 };

typedef struct asking_t {
    fpi_cloud_t *cloud;
    const fpi_enterprise_t *enterprise;
    const char *type, *body;
    const char *token;           /* of the last try */
    fpi_http_exchange_t ex;
} asking_t;

static fpi_err_t *ask(asking_t *asking, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 4);
    fpi_http_exchange_t ex = { .method = "POST", .body = asking->body, .body_len = strlen(asking->body),
                               .is_repeatable = true, .reply_max = REPLY_MAX, .headers = headers };

    FPI_TRY(fpi_cloud_token_get(&asking->token, asking->cloud, asking->enterprise, task));
    apr_table_addn(headers, "Accept", "application/json");
    apr_table_addn(headers, "Content-Type", "text/plain");
    apr_table_addn(headers, "traceparent", fpi_task_traceparent(task));
    apr_table_addn(headers, "X-Trace-Id", task->trace);
    ex.url = apr_pstrcat(task->pool, fpi_cloud_base(asking->cloud), PATH "?access_token=",
                         fpi_url_encode(task->pool, asking->token), "&type=", asking->type, "&checkFlag=true", NULL);
    asking->ex = ex;
    return fpi_cloud_perform(asking->cloud, &asking->ex, task);
}

/* 401, or an answer whose errcode says that the token is no good. */
static bool is_token_refused(const asking_t *asking, fpi_task_t *task)
{
    const fpi_buf_t *reply = asking->ex.reply;

    return asking->ex.status == UNAUTHORIZED || (reply && fpi_reply_is_token_refused(reply->data, reply->len, task));
}

static fpi_err_t *ask_with_token(asking_t *asking, fpi_task_t *task)
{
    FPI_TRY(ask(asking, task));
    if (!is_token_refused(asking, task)
        || !fpi_cloud_token_drop(asking->cloud, asking->enterprise, asking->token, task)) {
        return NULL;
    }
    FPI_TRY(ask(asking, task));
    if (is_token_refused(asking, task)) {
        fpi_cloud_token_note_vain(asking->cloud, asking->enterprise, task);
    }
    return NULL;
}

/* A list of invoices, an object that holds one, or one invoice. */
static fpi_json_t *list_of(const fpi_json_t *answer, fpi_task_t *task)
{
    static const char *const names[] = { "invoices", "invoice", "invoiceList", "invoiceData" };
    fpi_json_t *data = fpi_json_find(answer, "data"), *list;

    for (size_t i = 0; fpi_json_is_object(data) && i < sizeof(names) / sizeof(*names); i++) {
        list = fpi_json_find(data, names[i]);
        data = fpi_json_is_array(list) ? list : data;
    }
    if (fpi_json_is_array(data)) {
        return data;
    }
    list = fpi_json_make_array(task);
    if (fpi_json_is_object(data) && fpi_json_size(data)) {
        fpi_json_add(list, data);
    }
    return list;
}

fpi_err_t *fpi_cloud_recognise(fpi_recognition_t *out, fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise,
                               const char *type, const void *data, size_t len, fpi_task_t *task)
{
    asking_t asking = { .cloud = cloud, .enterprise = enterprise, .type = type };
    fpi_json_t *answer;
    fpi_err_t *err;

    memset(out, 0, sizeof(*out));
    if (len > FPI_RECOGNISE_MOST) {
        return fpi_fail(task, FPI_E_TOO_LARGE, "the cloud recognises files of at most %d bytes", FPI_RECOGNISE_MOST);
    }
    asking.body = fpi_base64_encode(task->pool, data, len);
    FPI_TRY(ask_with_token(&asking, task));
    if (is_token_refused(&asking, task)) {
        return fpi_fail(task, FPI_E_CLOUD, "recognise: the cloud does not take the token that it gave");
    }
    err = fpi_reply_read(&answer, "recognise", asking.ex.status, asking.ex.reply->data, asking.ex.reply->len,
                         fpi_cloud_secret(enterprise), task);
    if (err && err->code == FPI_E_CLOUD_REFUSED) {
        out->words = fpi_err_public(err, "zh");
        return NULL;
    }
    FPI_TRY(err);
    out->invoices = list_of(answer, task);
    return NULL;
}
