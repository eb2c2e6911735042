/* Event codes: an ERP's user, known by his mobile, goes to a page that shows these bills only, with the rights that the
 * ERP names and never more than he has here. The ERP vouches for the bills: they must be the caller's own.
 *
 *   getEventCode {scanBillNo "A-1,A-2", resource, userPhone, rights {name: true}} ──> code, once, 10 minutes
 *   getH5ViewPageUrl ──> the same in the address of the viewing page */
#include "service/handlers.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/duty.h"
#include "service/sessions.h"
#include "service/viewers.h"
#include "store/users.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NUMBERS_LEN = 10000, PHONE_LEN = 50, RESOURCE_LEN = 50 };

#define LIFE apr_time_from_sec(600)
#define PAGE "/imgsys-web/view?code="

/* What ERPs call rights, beside our own symbols. */
static const struct right_t {
    const char *name;
    fpi_permission_t permission;
} rights[] = {
    { "view", FPI_MAY_BILL_VIEW },     { "scan", FPI_MAY_CAPTURE },           { "upload", FPI_MAY_CAPTURE },
    { "edit", FPI_MAY_BILL_EDIT },     { "delete", FPI_MAY_BILL_EDIT },       { "submit", FPI_MAY_BILL_SUBMIT },
    { "rescan", FPI_MAY_BILL_RESCAN }, { "correct", FPI_MAY_INVOICE_CORRECT }, { "match", FPI_MAY_MATCH },
};

typedef struct coding_t {
    const fpi_call_t *call;
    char *numbers;               /* a comma between */
    const char *resource, *mobile;
    uint64_t wanted;
    const char *code;
} coding_t;

/* ---- what is asked for ---- */

static fpi_permission_t find_right(const char *name, fpi_task_t *task)
{
    for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
        if (strcasecmp(rights[i].name, name) == 0) {
            return rights[i].permission;
        }
    }
    return fpi_permission_find(fpi_text_upper(apr_pstrdup(task->pool, name)));
}

/* Names that we don't know are left out, as unknown fields are. Viewing is always asked for. */
static fpi_err_t *read_rights(coding_t *c)
{
    fpi_task_t *task = c->call->task;
    fpi_json_t *object = fpi_json_is_object(c->call->json) ? fpi_json_find(c->call->json, "rights") : NULL, *value;
    const char *name;
    void *iter = NULL;

    c->wanted = UINT64_C(1) << FPI_MAY_BILL_VIEW;
    if (object && !fpi_json_is_object(object)) {
        return fpi_refuse(task, FPI_E_FIELD, "rights", "字段 rights 应为对象, 如 {\"scan\": true}",
                          "rights must be an object like {\"scan\": true}");
    }
    while (object && fpi_json_next(&iter, object, &name, &value)) {
        fpi_permission_t one = find_right(name, task);
        bool is_wanted = false;

        if (one != FPI_MAY_NONE) {
            FPI_TRY(fpi_json_find_bool(&is_wanted, object, name, false, task));
        }
        c->wanted |= is_wanted ? UINT64_C(1) << one : 0;
    }
    return NULL;
}

static fpi_err_t *read_asked(coding_t *c, fpi_call_t *call)
{
    fpi_task_t *task = call->task;
    const char *numbers, *phone;

    FPI_TRY(fpi_call_field(&numbers, call, "scanBillNo", NUMBERS_LEN));
    FPI_TRY(fpi_call_field(&c->resource, call, "resource", RESOURCE_LEN));
    FPI_TRY(fpi_call_field(&phone, call, "userPhone", PHONE_LEN));
    if (!numbers || !*fpi_text_trim(task->pool, numbers)) {
        return fpi_fail(task, FPI_E_NO_NUMBER, "no scanBillNo");
    }
    FPI_TRY(fpi_people_take_mobile(&c->mobile, phone, "userPhone", task));
    if (!c->mobile) {
        return fpi_refuse(task, FPI_E_FIELD, "userPhone", "缺少字段 userPhone (用户手机号)", "userPhone, the user's mobile, is missing");
    }
    c->numbers = apr_pstrdup(task->pool, numbers);
    c->resource = c->resource ? c->resource : "";
    return read_rights(c);
}

/* ---- the bills, the user, the code ---- */

static int by_id(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static const char *list_text(int64_t *ids, int count, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    qsort(ids, (size_t)count, sizeof(*ids), by_id);
    for (int i = 0; i < count; i++) {
        if (!i || ids[i] != ids[i - 1]) {
            fpi_json_add_int(list, ids[i]);
        }
    }
    return fpi_json_format(list, false, task);
}

static fpi_err_t *find_bill(int64_t *id, coding_t *c, const char *word, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *number;
    fpi_bill_t *bill;

    FPI_TRY(fpi_bill_take_number(&number, word, "scanBillNo", task));
    FPI_TRY(fpi_bill_find(&bill, tx, task->tenant, number, c->resource, task));
    if (!bill) {
        return fpi_refuse(task, FPI_E_ABSENT, "scanBillNo", "影像编号 %s 的单据不存在", "there is no bill with image number %s",
                          number);
    }
    *id = bill->id;
    return fpi_viewer_check(c->call->viewer, bill, task);
}

static fpi_err_t *find_bills(const char **out, coding_t *c, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t ids[FPI_VIEWER_BILLS];
    char *last, *copy = apr_pstrdup(task->pool, c->numbers);
    int count = 0;

    for (char *word = apr_strtok(copy, ",", &last); word; word = apr_strtok(NULL, ",", &last)) {
        if (count == FPI_VIEWER_BILLS) {
            return fpi_refuse(task, FPI_E_FIELD, "scanBillNo", "一次最多 %d 个影像编号", "at most %d image numbers at once",
                              FPI_VIEWER_BILLS);
        }
        FPI_TRY(find_bill(&ids[count++], c, word, tx, task));
    }
    *out = list_text(ids, count, task);
    return count ? NULL : fpi_fail(task, FPI_E_NO_NUMBER, "no scanBillNo");
}

static fpi_err_t *find_user(fpi_event_code_t *code, coding_t *c, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_user_t *user;
    uint64_t has;

    FPI_TRY(fpi_user_find_by_mobile(&user, tx, task->tenant, c->mobile, task));
    if (!user || !user->is_active) {
        return fpi_refuse(task, FPI_E_ABSENT, "userPhone", "影像系统中没有手机号为 %s 的启用用户, 请管理员新增或启用",
                          "there is no enabled user of mobile %s here: have an administrator add or enable him", c->mobile);
    }
    FPI_TRY(fpi_viewer_permissions(&has, tx, task->tenant, user->id, task));
    has &= c->wanted & fpi_permissions_of('E');
    if (!(has >> FPI_MAY_BILL_VIEW & 1)) {
        return fpi_refuse(task, FPI_E_ROLE, "userPhone", "用户 %s 没有查看单据的权限, 请管理员在角色中授予",
                          "user %s may not see bills: have an administrator give him a role that may", user->name);
    }
    code->user = user->id;
    code->rights = fpi_permissions_format(has, task->pool);
    return NULL;
}

static fpi_err_t *tx_code(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    coding_t *c = baton;
    fpi_event_code_t code = { .tenant = task->tenant, .made_by = task->actor, .expires = fpi_clock_now() + LIFE };

    FPI_TRY(find_user(&code, c, tx, task));
    FPI_TRY(find_bills(&code.bills, c, tx, task));
    return fpi_event_code_put(fpi_session_hash(c->code, task), &code, tx, task);
}

static fpi_err_t *make_code(coding_t *c, fpi_app_t *app, fpi_call_t *call)
{
    FPI_TRY(read_asked(c, call));
    FPI_TRY(fpi_session_secret(&c->code, call->task));
    return fpi_store_write(app->store, tx_code, c, call->task);
}

fpi_err_t *fpi_handle_event_code(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    coding_t c = { .call = call };

    FPI_TRY(make_code(&c, app, call));
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_text(answer->data, "eventCode", c.code);
    fpi_json_put_int(answer->data, "expiresIn", apr_time_sec(LIFE));
    return NULL;
}

fpi_err_t *fpi_handle_view_url(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    coding_t c = { .call = call };

    if (!call->host || !*call->host) {
        return fpi_refuse(call->task, FPI_E_BAD_REQUEST, "Host", "请求缺少 Host, 无法给出页面地址",
                          "the request has no Host, of which the page's address is made");
    }
    FPI_TRY(make_code(&c, app, call));
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_text(answer->data, "url", apr_pstrcat(call->task->pool, call->scheme, "://", call->host, PAGE, c.code, NULL));
    fpi_json_put_text(answer->data, "eventCode", c.code);
    fpi_json_put_int(answer->data, "expiresIn", apr_time_sec(LIFE));
    return NULL;
}
