#include "service/phone.h"

#include "base/clock.h"
#include "model/duty.h"
#include "service/batch.h"
#include "service/handlers.h"
#include "service/sessions.h"
#include "wire/qr.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { CODE_MOST = 100 };

#define PAGE "/imgsys-web/phone#"

/* ---- what it may ---- */

fpi_err_t *fpi_phone_check(const fpi_call_t *call, const fpi_route_t *route)
{
    static const char *const own[] = { "capture_pages_add", "limits", "session_drop", "session_get", "upload_drop", "upload_get",
                                       "upload_make", "upload_piece" };

    if (!call->viewer || call->viewer->kind != FPI_VIEWER_PHONE) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (strcmp(own[i], route->handler) == 0) {
            return NULL;
        }
    }
    return fpi_refuse(call->task, FPI_E_ROLE, NULL, "手机会话只能为其扫描批次拍照, 请在电脑上操作",
                      "a phone only takes pages for its scan session: do this at the desktop");
}

/* ---- the code ---- */

typedef struct lending_t {
    const fpi_viewer_t *viewer;
    int64_t id;
    const char *hash;
    apr_time_t expires;
    int64_t ended;
} lending_t;

static fpi_err_t *get_open(const lending_t *l, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_capture_t *capture;

    FPI_TRY(fpi_capture_get(&capture, tx, l->viewer, l->id, task));
    return capture->state == FPI_CAPTURE_OPEN
               ? NULL : fpi_refuse(task, FPI_E_STATE, NULL, "批次已完成归档, 请新建批次后再用手机拍照",
                                   "the scan session is finished: begin a new one for the phone");
}

static fpi_err_t *tx_lend(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    lending_t *l = baton;
    apr_time_t now = fpi_clock_now();
    fpi_event_code_t code = { .tenant = task->tenant, .user = l->viewer->user, .made_by = task->actor, .capture = l->id,
                              .rights = fpi_permissions_format(UINT64_C(1) << FPI_MAY_CAPTURE, task->pool), .bills = "[]" };

    FPI_TRY(get_open(l, tx, task));
    FPI_TRY(fpi_phone_codes_end(tx, l->id, now, task));
    l->expires = code.expires = now + FPI_PHONE_CODE;
    return fpi_event_code_put(l->hash, &code, tx, task);
}

static fpi_json_t *qr_form(const fpi_qr_t *qr, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "side", qr->side);
    fpi_json_put_text(doc, "path", qr->path);
    return doc;
}

static void keep_secret(fpi_answer_t *answer, const fpi_call_t *call, const char *cookie)
{
    apr_table_t *headers = apr_table_make(call->task->pool, 2);

    if (cookie) {
        apr_table_setn(headers, "Set-Cookie", cookie);
    }
    apr_table_setn(headers, "Cache-Control", "no-store");
    answer->headers = headers;
}

/* It goes out in a picture, and needs an address that the phone can reach: that of the page itself. */
static fpi_err_t *check_caller(const fpi_call_t *call)
{
    if (call->viewer->kind != FPI_VIEWER_PERSON) {
        return fpi_refuse(call->task, FPI_E_ROLE, NULL, "仅登录用户可以用手机拍照", "only who is signed in lends a phone");
    }
    if (!call->host || !*call->host) {
        return fpi_refuse(call->task, FPI_E_BAD_REQUEST, "Host", "请求缺少 Host, 无法给出页面地址",
                          "the request has no Host, of which the page's address is made");
    }
    return NULL;
}

fpi_err_t *fpi_handle_phone_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_task_t *task = call->task;
    lending_t l = { .viewer = call->viewer };
    const char *code, *url;
    fpi_qr_t qr;

    FPI_TRY(fpi_call_id(&l.id, call, "capture_id"));
    FPI_TRY(check_caller(call));
    FPI_TRY(fpi_session_secret(&code, task));
    l.hash = fpi_session_hash(code, task);
    url = apr_pstrcat(task->pool, call->scheme, "://", call->host, PAGE, code, NULL);
    FPI_TRY(fpi_qr_make(&qr, url, task));
    FPI_TRY(fpi_store_write(app->store, tx_lend, &l, task));
    answer->data = fpi_json_make_object(task);
    fpi_json_put_text(answer->data, "url", url);
    fpi_json_put_time(answer->data, "expires_at", l.expires);
    fpi_json_put(answer->data, "qr", qr_form(&qr, task));
    keep_secret(answer, call, NULL);
    answer->status = 201;
    return NULL;
}

static fpi_err_t *tx_end(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    lending_t *l = baton;
    fpi_capture_t *capture;

    FPI_TRY(fpi_capture_get(&capture, tx, l->viewer, l->id, task));
    FPI_TRY(fpi_phone_codes_end(tx, l->id, fpi_clock_now(), task));
    return fpi_phones_drop(&l->ended, tx, l->id, task);
}

fpi_err_t *fpi_handle_phone_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    lending_t l = { .viewer = call->viewer };

    FPI_TRY(fpi_call_id(&l.id, call, "capture_id"));
    FPI_TRY(fpi_store_write(app->store, tx_end, &l, call->task));
    if (l.ended) {
        fpi_store_raise_epoch(app->store);
    }
    answer->status = 204;
    return NULL;
}

/* ---- the phone's session ---- */

static fpi_err_t *refuse_code(fpi_taking_t how, fpi_task_t *task)
{
    if (how == FPI_TAKING_USED) {
        return fpi_refuse(task, FPI_E_EVENT, "code", "二维码已使用过, 只能使用一次, 请在电脑上重新显示",
                          "the QR code was used already, and is good once: show a new one at the desktop");
    }
    if (how == FPI_TAKING_EXPIRED) {
        return fpi_refuse(task, FPI_E_EVENT, "code", "二维码已过期 (5分钟内有效), 请在电脑上重新显示",
                          "the QR code has expired, it is good for 5 minutes: show a new one at the desktop");
    }
    return fpi_refuse(task, FPI_E_EVENT, "code", "二维码无效, 请在电脑上重新显示", "the QR code is unknown: show a new one at the desktop");
}

static fpi_err_t *read_code(const char **out, const fpi_call_t *call)
{
    const char *type = apr_table_get(call->headers, "Content-Type");

    if (!type || strncasecmp(type, "application/json", 16) != 0 || !fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "Content-Type", "请求体应为 application/json 的对象",
                          "the body must be an object of type application/json");
    }
    return fpi_json_get_text(out, call->json, "code", CODE_MOST, call->task);
}

fpi_err_t *fpi_handle_phone_session(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_by_code_t t = { .is_phone = true, .address = call->client_ip };

    FPI_TRY(read_code(&t.code, call));
    FPI_TRY(fpi_session_by_code(&t, app, call->task));
    if (t.how != FPI_TAKING_DONE) {
        return refuse_code(t.how, call->task);
    }
    FPI_TRY(fpi_session_check(&call->viewer, app, t.secret, call->task));
    call->session = t.secret;
    FPI_TRY(fpi_phone_tell(app, call, answer));
    fpi_json_put_time(answer->data, "expires_at", t.expires);
    keep_secret(answer, call, fpi_session_set_cookie(t.secret, call));
    answer->status = 201;
    return NULL;
}

typedef struct telling_t {
    const fpi_viewer_t *viewer;
    fpi_capture_t *capture;
} telling_t;

static fpi_err_t *tx_tell(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    telling_t *t = baton;

    return fpi_capture_get(&t->capture, tx, t->viewer, t->viewer->capture, task);
}

fpi_err_t *fpi_phone_tell(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *user = fpi_json_make_object(call->task), *capture = fpi_json_make_object(call->task);
    telling_t t = { .viewer = call->viewer };

    FPI_TRY(fpi_store_read(app->store, tx_tell, &t, call->task));
    fpi_json_put_text(user, "name", call->viewer->name);
    fpi_json_put_int(capture, "id", t.capture->id);
    fpi_json_put_text(capture, "name", t.capture->name);
    fpi_json_put_text(capture, "number", t.capture->number && *t.capture->number ? t.capture->number : NULL);
    fpi_json_put_int(capture, "page_count", t.capture->page_count);
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_text(answer->data, "kind", "PHONE");
    fpi_json_put(answer->data, "user", user);
    fpi_json_put(answer->data, "capture", capture);
    fpi_json_put_text(answer->data, "csrf_token", fpi_session_csrf(call->session, call->task));
    return NULL;
}
