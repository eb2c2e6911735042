/* An ERP that takes notices as signed JSON, for installations without EAS:
 *
 *   POST prefix   X-FPImage-Event: image.ready      X-FPImage-Signature: sha256=HEX(HMAC-SHA-256(password, body))
 *   {"id":"…","event":"image.ready","time":"…Z","image_number":"…","pages":3,…}
 *
 * 2xx is taken. */
#include "remote/erp_own.h"

#include "base/clock.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

enum { CALL_TIME = 60 * APR_USEC_PER_SEC, TEXT_MOST = 2000, FORBIDDEN = 403, UNAUTHORIZED = 401 };

static bool is_for_later(int status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

/* What the answer says, when it is JSON. */
static const char *words_of(const fpi_http_exchange_t *ex, const fpi_system_t *system, fpi_task_t *task)
{
    static const char *const names[] = { "message", "description", "error" };
    const char *words = NULL;
    fpi_json_t *doc;
    fpi_err_t *err = fpi_json_parse(&doc, ex->reply->data, ex->reply->len, task);

    if (err) {
        fpi_ignore(err);
        return "-";
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !words; i++) {
        words = fpi_json_text(fpi_json_find(doc, names[i]));
    }
    return fpi_erp_words(words, system, task);
}

static fpi_err_t *tell(fpi_http_exchange_t *ex, fpi_erp_t *erp, const fpi_system_t *system, const char *event,
                       fpi_json_t *doc, fpi_task_t *task)
{
    apr_table_t *headers = apr_table_make(task->pool, 6);
    const char *sum;

    fpi_json_put_time(doc, "time", fpi_clock_now());
    ex->url = system->prefix;
    ex->headers = headers;
    ex->body = fpi_json_format(doc, false, task);
    ex->body_len = strlen(ex->body);
    FPI_TRY(fpi_hmac_hex(&sum, system->password, ex->body, ex->body_len, task));
    apr_table_addn(headers, "Content-Type", "application/json");
    apr_table_addn(headers, "Accept", "application/json");
    apr_table_addn(headers, "X-FPImage-Event", event);
    apr_table_addn(headers, "X-FPImage-Signature", apr_pstrcat(task->pool, "sha256=", sum, NULL));
    apr_table_addn(headers, "traceparent", fpi_task_traceparent(task));
    return fpi_erp_post(ex, erp, system, CALL_TIME, task);
}

static fpi_err_t *notify(fpi_erp_t *erp, const fpi_system_t *system, const fpi_notice_t *notice, fpi_task_t *task)
{
    const char *event = apr_pstrcat(task->pool, "image.", fpi_notice_name(notice->kind, "id"), NULL);
    fpi_json_t *doc = fpi_json_make_object(task);
    fpi_http_exchange_t ex = { .method = NULL };

    fpi_json_put_text(doc, "id", notice->id);
    fpi_json_put_text(doc, "event", event);
    fpi_json_put_text(doc, "image_number", notice->number);
    fpi_json_put_text(doc, "resource", notice->resource);
    fpi_json_put_text(doc, "erp_id", notice->erp_id);
    fpi_json_put_text(doc, "bill_no", notice->bill_no);
    fpi_json_put_int(doc, "pages", notice->pages);
    fpi_json_put_bool(doc, "is_again", notice->is_again);
    fpi_json_put_text(doc, "person", notice->person);
    fpi_json_put_text(doc, "reason", notice->reason);
    FPI_TRY(tell(&ex, erp, system, event, doc, task));
    if (ex.status >= 200 && ex.status < 300) {
        return NULL;
    }
    if (is_for_later(ex.status) || ex.status < 400) {
        return fpi_fail(task, FPI_E_ERP, "%s answered HTTP %d: %s", system->name, ex.status, words_of(&ex, system, task));
    }
    return fpi_refuse(task, FPI_E_ERP_REFUSED, NULL, "%s 拒绝 (HTTP %d): %s", "%s refuses (HTTP %d): %s", system->name,
                      ex.status, words_of(&ex, system, task));
}

static void judge_ping(fpi_erp_verdict_t *out, const fpi_http_exchange_t *ex, const fpi_system_t *system,
                       fpi_task_t *task)
{
    const char *words = words_of(ex, system, task);

    if (ex->status >= 200 && ex->status < 300) {
        return;
    }
    if (ex->status == UNAUTHORIZED || ex->status == FORBIDDEN) {
        fpi_erp_find(out, task, "password", "对方不接受签名 (HTTP %d): 请核对密钥 (%s)",
                     "the signature is not taken (HTTP %d): compare the key (%s)", ex->status, words);
    }
    else if (is_for_later(ex->status)) {
        fpi_erp_find(out, task, "answer", "对方暂不能接收 (HTTP %d): %s", "it can't take it now (HTTP %d): %s", ex->status,
                     words);
    }
    else {
        fpi_erp_find(out, task, "path", "该地址不接收通知 (HTTP %d): 请核对路径 (%s)",
                     "that address takes no notices (HTTP %d): compare the path (%s)", ex->status, words);
    }
}

static fpi_err_t *verify(fpi_erp_verdict_t *out, fpi_erp_t *erp, const fpi_system_t *system, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);
    fpi_http_exchange_t ex = { .method = NULL };
    fpi_err_t *err;

    fpi_json_put_text(doc, "event", "ping");
    err = tell(&ex, erp, system, "ping", doc, task);
    if (err && err->code != FPI_E_ERP && err->code != FPI_E_ERP_LATE) {
        return err;
    }
    if (err) {
        fpi_erp_find_way(out, &ex, err, system, task);
        return NULL;
    }
    judge_ping(out, &ex, system, task);
    return NULL;
}

const fpi_erp_kind_t fpi_erp_webhook = { "webhook", verify, notify, NULL, NULL, NULL };
