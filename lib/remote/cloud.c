#include "remote/cloud.h"

#include "base/clock.h"
#include "base/text.h"
#include "remote/reply.h"
#include "remote/tokens.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

enum {
    FETCH_TIME = 15 * APR_USEC_PER_SEC,
    REFUSED_FOR = 5 * APR_USEC_PER_SEC,
    REPEAT_WITHIN = APR_USEC_PER_SEC, /* a second try must not double a long wait */
    TOKEN_REPLY_MAX = 64 * 1024,
    PULL_REPLY_MAX = 16 * 1024 * 1024
};

struct fpi_cloud_t {
    const char *base;
    fpi_breaker_t *breaker;
    fpi_cloud_counts_t *counts;
    fpi_http_client_t *client;
    fpi_tokens_t *tokens;
};

#define COUNT(cloud, member, n) \
    atomic_fetch_add_explicit(&(cloud)->counts->member, (uint64_t)(n), memory_order_relaxed)

/* ---- the credentials ---- */

const char *fpi_cloud_client_id(const fpi_enterprise_t *enterprise)
{
    return enterprise->cloud_client_id ? enterprise->cloud_client_id : enterprise->client_id;
}

const fpi_secret_t *fpi_cloud_secret(const fpi_enterprise_t *enterprise)
{
    return enterprise->cloud_client_id && enterprise->cloud_secret ? enterprise->cloud_secret
                                                                   : enterprise->secret;
}

/* ---- one exchange ---- */

/* No connection was made, so nothing can have been done twice. What died on a kept connection is
 * repeated by the client itself. */
static bool may_repeat(const fpi_http_exchange_t *ex, const fpi_err_t *err, apr_time_t start,
                       const fpi_task_t *task)
{
    return err && err->code == FPI_E_CLOUD && !ex->is_connected && !ex->is_sent && !ex->is_answered
           && fpi_clock_tick() - start < REPEAT_WITHIN && !fpi_task_is_over(task);
}

static bool is_cloud_down(const fpi_http_exchange_t *ex, const fpi_err_t *err)
{
    if (err && (err->code == FPI_E_CLOUD || err->code == FPI_E_CLOUD_LATE)) {
        return true;
    }
    return ex->status >= 502 && ex->status <= 504;
}

/* What is to be said of the lines that were not written. */
static const char *end_of(fpi_gate_t *gate, fpi_task_t *task)
{
    uint64_t untold = 0;

    (void)fpi_gate_end(gate, &untold);
    return untold ? apr_psprintf(task->pool, "; %" APR_UINT64_T_FMT " calls failed since the last line "
                                 "of them", (apr_uint64_t)untold) : "";
}

static void judge(fpi_cloud_t *cloud, const fpi_http_exchange_t *ex, const fpi_err_t *err,
                  fpi_task_t *task)
{
    COUNT(cloud, calls, 1);
    COUNT(cloud, us_total, ex->upstream_us);
    if (is_cloud_down(ex, err)) {
        COUNT(cloud, failures, 1);
        if (err && err->code == FPI_E_CLOUD_LATE) {
            COUNT(cloud, timeouts, 1);
        }
        if (fpi_breaker_failed(cloud->breaker)) {
            fpi_log(task, FPI_M_BREAKER_OPEN,
                    "%d calls of %s failed in a row, the last one with: %s",
                    (int)FPI_BREAKER_FAILURES, cloud->base,
                    err ? err->detail : apr_psprintf(task->pool, "HTTP %d", ex->status));
        }
    }
    else if (ex->status == 0) {
        fpi_breaker_left(cloud->breaker);
    }
    else if (fpi_breaker_succeeded(cloud->breaker)) {
        fpi_log(task, FPI_M_BREAKER_CLOSED, "%s answers again%s", cloud->base,
                end_of(&cloud->counts->down, task));
    }
}

fpi_err_t *fpi_cloud_perform(fpi_cloud_t *cloud, fpi_http_exchange_t *exchange, fpi_task_t *task)
{
    apr_time_t start;
    fpi_err_t *err;

    FPI_TRY(fpi_breaker_enter(cloud->breaker, task));
    start = fpi_clock_tick();
    err = fpi_http_perform(cloud->client, exchange, task);
    if (may_repeat(exchange, err, start, task)) {
        COUNT(cloud, repeats, 1);
        err = fpi_http_perform(cloud->client, exchange, task);
    }
    judge(cloud, exchange, err, task);
    return err;
}

static apr_table_t *own_headers(fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 4);

    apr_table_addn(headers, "Accept", "application/json");
    apr_table_addn(headers, "traceparent", fpi_task_traceparent(task));
    apr_table_addn(headers, "X-Trace-Id", task->trace);
    return headers;
}

/* Milliseconds as the vendor's documents have it; the sign is over the digits as they travel. */
static const char *timestamp_of(apr_time_t now, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "%" APR_INT64_T_FMT, (apr_int64_t)(now / 1000));
}

/* ---- tokens ---- */

static fpi_err_t *make_token_call(fpi_http_exchange_t *ex, const fpi_cloud_t *cloud,
                                  const fpi_enterprise_t *enterprise, apr_time_t now,
                                  fpi_task_t *task)
{
    const char *client_id = fpi_cloud_client_id(enterprise);
    const char *timestamp = timestamp_of(now, task);
    fpi_json_t *body = fpi_json_make_object(task);
    apr_table_t *headers = own_headers(task);
    const char *sign;

    FPI_TRY(fpi_sign_make(&sign, FPI_SIGN_MD5, client_id, fpi_cloud_secret(enterprise), timestamp,
                          task));
    fpi_json_put_text(body, "client_id", client_id);
    fpi_json_put_int(body, "timestamp", now / 1000);
    fpi_json_put_text(body, "sign", sign);
    apr_table_addn(headers, "Content-Type", "application/json");
    ex->method = "POST";
    ex->url = apr_pstrcat(task->pool, cloud->base, "/base/oauth/token", NULL);
    ex->headers = headers;
    ex->body = fpi_json_format(body, false, task);
    ex->body_len = strlen(ex->body);
    ex->is_repeatable = true;
    ex->reply_max = TOKEN_REPLY_MAX;
    return NULL;
}

static fpi_err_t *ask_token(fpi_token_t *token, fpi_cloud_t *cloud,
                            const fpi_enterprise_t *enterprise, bool is_check, fpi_task_t *task)
{
    fpi_http_exchange_t ex = { .method = NULL };
    apr_time_t now = fpi_clock_now();
    fpi_json_t *answer;

    FPI_TRY(make_token_call(&ex, cloud, enterprise, now, task));
    FPI_TRY(is_check ? fpi_http_perform(cloud->client, &ex, task) : fpi_cloud_perform(cloud, &ex,
                                                                                      task));
    FPI_TRY(fpi_reply_read(&answer, "token", ex.status, ex.reply->data, ex.reply->len,
                           fpi_cloud_secret(enterprise), task));
    return fpi_reply_read_token(token, answer, now, task);
}

static void note_token_back(fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise, fpi_task_t *task)
{
    fpi_gate_t *gate = fpi_gate_find(&cloud->counts->refused, enterprise->client_id);
    uint64_t untold;

    if (gate && fpi_gate_end(gate, &untold)) {
        fpi_log(task, FPI_M_TOKEN_BACK, "the cloud gives tokens for client_id %.64s again; %"
                APR_UINT64_T_FMT " calls failed since the last line of them", enterprise->client_id,
                (apr_uint64_t)untold);
    }
}

static fpi_err_t *fetch_token(fpi_token_t *token, fpi_cloud_t *cloud,
                              const fpi_enterprise_t *enterprise, bool is_check, fpi_task_t *task)
{
    apr_time_t deadline = task->deadline;
    fpi_err_t *err;

    fpi_task_limit(task, FETCH_TIME);
    err = ask_token(token, cloud, enterprise, is_check, task);
    task->deadline = deadline;
    COUNT(cloud, token_fetches, 1);
    if (err) {
        COUNT(cloud, token_failures, 1);
        return fpi_wrap(task, err, "a cloud token for client_id %.64s",
                        fpi_cloud_client_id(enterprise));
    }
    note_token_back(cloud, enterprise, task);
    return NULL;
}

static fpi_err_t *fetch_for_tokens(void *baton, fpi_token_t *token, const fpi_holder_t *holder, fpi_task_t *task)
{
    return fetch_token(token, baton, holder->subject, false, task);
}

/* The id tells the upstream, too: a token of the demo cloud is none of the production's. */
static fpi_holder_t holder_of(const fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise, fpi_task_t *task)
{
    return (fpi_holder_t){ enterprise->client_id,
                           apr_pstrcat(task->pool, cloud->base, "\n", fpi_cloud_client_id(enterprise), NULL),
                           fpi_cloud_secret(enterprise), enterprise };
}

fpi_err_t *fpi_cloud_token_get(const char **token, fpi_cloud_t *cloud,
                               const fpi_enterprise_t *enterprise, fpi_task_t *task)
{
    fpi_holder_t holder = holder_of(cloud, enterprise, task);

    return fpi_tokens_get(token, cloud->tokens, &holder, task);
}

bool fpi_cloud_token_drop(fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise, const char *token,
                          fpi_task_t *task)
{
    fpi_holder_t holder = holder_of(cloud, enterprise, task);

    return fpi_tokens_drop(cloud->tokens, &holder, token, task);
}

void fpi_cloud_token_note_vain(fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise,
                               fpi_task_t *task)
{
    fpi_holder_t holder = holder_of(cloud, enterprise, task);

    fpi_tokens_note_vain(cloud->tokens, &holder, task);
}

typedef struct renewing_t {
    fpi_cloud_t *cloud;
    const fpi_enterprise_t *(*find)(void *baton, const char *client_id, fpi_task_t *task);
    void *baton;
} renewing_t;

static bool find_holder(void *baton, fpi_holder_t *holder, const char *name, fpi_task_t *task)
{
    const renewing_t *renewing = baton;
    const fpi_enterprise_t *enterprise = renewing->find(renewing->baton, name, task);

    if (enterprise) {
        *holder = holder_of(renewing->cloud, enterprise, task);
    }
    return enterprise != NULL;
}

apr_time_t fpi_cloud_tokens_renew(fpi_cloud_t *cloud,
                                  const fpi_enterprise_t *(*find)(void *baton, const char *client_id,
                                                                  fpi_task_t *task),
                                  void *baton, fpi_task_t *task)
{
    renewing_t renewing = { cloud, find, baton };

    return fpi_tokens_renew(cloud->tokens, find_holder, &renewing, task);
}

fpi_err_t *fpi_cloud_check(fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise, fpi_task_t *task)
{
    fpi_token_t token;

    return fetch_token(&token, cloud, enterprise, true, task);
}

/* ---- the receipt of a bill ---- */

static const char *add_param(const char *url, const char *name, const char *value, fpi_task_t *task)
{
    if (!value) {
        return url;
    }
    return apr_pstrcat(task->pool, url, strchr(url, '?') ? "&" : "?", name, "=",
                       fpi_url_encode(task->pool, value), NULL);
}

fpi_err_t *fpi_cloud_pull(fpi_json_t **answer, fpi_cloud_t *cloud, const char *path,
                          const fpi_enterprise_t *enterprise, const char *bxd_key,
                          const char *bill_no, fpi_task_t *task)
{
    fpi_http_exchange_t ex = { .method = "GET", .reply_max = PULL_REPLY_MAX };
    const char *client_id = fpi_cloud_client_id(enterprise);
    const char *timestamp = timestamp_of(fpi_clock_now(), task);
    const char *sign;

    FPI_TRY(fpi_sign_make(&sign, FPI_SIGN_MD5, client_id, fpi_cloud_secret(enterprise), timestamp,
                          task));
    ex.url = apr_pstrcat(task->pool, cloud->base, path, NULL);
    ex.url = add_param(ex.url, "bxd_key", bxd_key, task);
    ex.url = add_param(ex.url, "billNumber", bill_no, task);
    ex.url = add_param(ex.url, "client_id", client_id, task);
    ex.url = add_param(ex.url, "timestamp", timestamp, task);
    ex.url = add_param(ex.url, "sign", sign, task);
    ex.headers = own_headers(task);
    FPI_TRY(fpi_cloud_perform(cloud, &ex, task));
    return fpi_reply_read(answer, "receipt", ex.status, ex.reply->data, ex.reply->len,
                          fpi_cloud_secret(enterprise), task);
}

/* ---- life ---- */

const char *fpi_cloud_base(const fpi_cloud_t *cloud)
{
    return cloud->base;
}

fpi_http_client_t *fpi_cloud_client(fpi_cloud_t *cloud)
{
    return cloud->client;
}

fpi_err_t *fpi_cloud_make(fpi_cloud_t **cloud, apr_pool_t *pool, const fpi_cloud_options_t *options,
                          fpi_task_t *task)
{
    fpi_cloud_t *made = apr_pcalloc(pool, sizeof(*made));
    fpi_http_options_t http = options->http;
    fpi_tokens_options_t tokens = { "cloud token", fpi_share_make(pool, options->cache, options->lock_file, task),
                                    fetch_for_tokens, made, FPI_E_CLOUD, FPI_E_CLOUD_LATE, FPI_E_CLOUD_REFUSED,
                                    FETCH_TIME, REFUSED_FOR };

    made->base = apr_pstrdup(pool, options->base);
    made->breaker = options->breaker;
    made->counts = options->counts;
    http.is_direct = true; /* one peer, called for each proxied request */
    FPI_TRY(fpi_http_client_make(&made->client, pool, &http, task));
    FPI_TRY(fpi_tokens_make(&made->tokens, pool, &tokens, task));
    *cloud = made;
    return NULL;
}
