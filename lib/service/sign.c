/* The signs of callers: client_id + secret + timestamp. */
#include "service/access.h"

#include "base/clock.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>
#include <time.h>

/* ---- signs ---- */

static fpi_err_t *unknown_client(fpi_app_t *app, const char *client_id, fpi_task_t *task)
{
    if (fpi_text_find_blank(client_id) >= 0 && fpi_people_find_alike(app, client_id, task)) {
        return fpi_refuse(task, FPI_E_CLIENT, "client_id",
                          "请求的clientid在影像系统的企业授权列表不存在: client_id 第 %ld 个字符处有空白, 去掉空白后即可匹配",
                          "the client_id is not known: it has white space at byte %ld; without it, it "
                          "would match",
                          fpi_text_find_blank(client_id) + 1);
    }
    return fpi_fail(task, FPI_E_CLIENT, "client_id %.64s is not in the list", client_id);
}

static fpi_err_t *find_enabled(const fpi_enterprise_t **enterprise, fpi_app_t *app, const char *client_id,
                               fpi_task_t *task)
{
    if (!client_id || !*fpi_text_trim(task->pool, client_id)) {
        return fpi_fail(task, FPI_E_NO_CLIENT, "client_id is missing");
    }
    *enterprise = fpi_people_find(app, client_id, task);
    if (!*enterprise) {
        return unknown_client(app, client_id, task);
    }
    if (!(*enterprise)->is_enabled) {
        return fpi_fail(task, FPI_E_DISABLED, "the enterprise of client_id %.64s is disabled", client_id);
    }
    return NULL;
}

static fpi_err_t *missing(const char *field, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, field, "字段 %s 缺失或为空", "field %s is missing or empty", field);
}

static fpi_err_t *read_enc_type(fpi_enc_type_t *type, const char *text, fpi_task_t *task)
{
    if (!text || !*text || strcmp(text, "0") == 0) {
        *type = FPI_SIGN_MD5;
    }
    else if (strcmp(text, "1") == 0) {
        *type = FPI_SIGN_SHA256;
    }
    else if (strcmp(text, "2") == 0) {
        *type = FPI_SIGN_HMAC;
    }
    else {
        return fpi_refuse(task, FPI_E_FIELD, "encType",
                          "字段 encType 的值 %.16s 无效, 应为 0 (MD5), 1 (SHA256) 或 2 (HMAC-SHA256)",
                          "field encType is %.16s; expected 0 (MD5), 1 (SHA256) or 2 (HMAC-SHA256)", text);
    }
    return NULL;
}

static fpi_err_t *check_skew(fpi_app_t *app, const char *timestamp, fpi_task_t *task)
{
    int64_t window = app->settings->token_skew;
    apr_time_t when;
    apr_time_t off;

    if (window == 0) {
        return NULL;
    }
    if (!fpi_clock_read(&when, timestamp)) {
        return fpi_refuse(task, FPI_E_SKEW, "timestamp", "字段 timestamp 无法识别为时间",
                          "field timestamp can't be read as a time");
    }
    off = when - fpi_clock_now();
    if (off > window * APR_USEC_PER_SEC || off < -window * APR_USEC_PER_SEC) {
        return fpi_refuse(task, FPI_E_SKEW, "timestamp",
                          "字段 timestamp 与服务器时间相差 %" APR_INT64_T_FMT " 秒, 允许 %" APR_INT64_T_FMT " 秒",
                          "field timestamp is %" APR_INT64_T_FMT " s off our clock; %" APR_INT64_T_FMT
                          " s are allowed",
                          (int64_t)apr_time_sec(off), window);
    }
    return NULL;
}

typedef struct nonce_t {
    const char *key;
    apr_time_t expires;
} nonce_t;

static fpi_err_t *put_nonce(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    nonce_t *nonce = baton;

    return fpi_nonce_take(tx, nonce->key, nonce->expires, fpi_clock_now(), task);
}

/* With a window, a sign is good once: the store's unique rule decides, for all children and nodes. */
static fpi_err_t *take_once(fpi_app_t *app, const char *client_id, const char *sign, fpi_task_t *task)
{
    nonce_t nonce;
    fpi_err_t *err;

    if (app->settings->token_skew == 0) {
        return NULL;
    }
    nonce.key = apr_pstrcat(task->pool, client_id, "|",
                            fpi_text_upper(apr_pstrdup(task->pool, sign)), NULL);
    nonce.expires = fpi_clock_now() + 2 * app->settings->token_skew * APR_USEC_PER_SEC;
    err = fpi_store_write(app->store, put_nonce, &nonce, task);
    if (err && err->code == FPI_E_DUPLICATE) {
        return fpi_refuse(task, FPI_E_SIGN, "sign", "签名认证不通过: 该签名已使用过",
                          "the sign does not match: it was used before");
    }
    return err;
}

fpi_err_t *fpi_access_sign_check(const fpi_enterprise_t **enterprise, fpi_app_t *app, const char *client_id,
                                 const char *timestamp, const char *sign, const char *enc_type,
                                 fpi_task_t *task)
{
    fpi_enc_type_t type = FPI_SIGN_MD5;

    FPI_TRY(find_enabled(enterprise, app, client_id, task));
    if (!timestamp || !*timestamp) {
        return missing("timestamp", task);
    }
    if (!sign || !*sign) {
        return missing("sign", task);
    }
    FPI_TRY(read_enc_type(&type, enc_type, task));
    FPI_TRY(fpi_sign_verify(sign, type, client_id, (*enterprise)->secret, timestamp, task));
    FPI_TRY(check_skew(app, timestamp, task));
    return take_once(app, client_id, sign, task);
}
