/* Scan sessions: make, list, look at, change, take away. */
#include "service/handlers.h"

#include "service/attach.h"
#include "service/batch.h"
#include "service/looks.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_MAX_CHARS = 100, RESOURCE_MAX = 50, WAIT_MAX = 30, COUNT_MORE = 1000 };

typedef struct doing_t {
    const fpi_viewer_t *viewer;
    const fpi_json_t *said;
    int64_t id, version;
    fpi_capture_t *capture;
    bool is_waiting;             /* for the look at some of its pages */
} doing_t;

static fpi_err_t *want_object(const fpi_call_t *call)
{
    return fpi_json_is_object(call->json)
               ? NULL : fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
}

static bool says(const fpi_json_t *object, const char *wanted)
{
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;

    while (fpi_json_next(&iter, object, &name, &value)) {
        if (strcmp(name, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- the facts of a capture ---- */

static fpi_err_t *read_number(const char **number, const fpi_json_t *said, fpi_task_t *task)
{
    const char *text;

    FPI_TRY(fpi_json_find_text(&text, said, "number", 200, task));
    *number = "";
    return text && *fpi_text_trim(task->pool, text) ? fpi_bill_take_number(number, text, "number", task) : NULL;
}

/* What is not said stays. */
static fpi_err_t *read_facts(fpi_capture_t *capture, const fpi_json_t *said, fpi_task_t *task)
{
    if (says(said, "name")) {
        FPI_TRY(fpi_json_find_text(&capture->name, said, "name", NAME_MAX_CHARS, task));
    }
    if (says(said, "number")) {
        FPI_TRY(read_number(&capture->number, said, task));
    }
    if (says(said, "resource")) {
        FPI_TRY(fpi_json_find_text(&capture->resource, said, "resource", RESOURCE_MAX, task));
        capture->resource = capture->resource ? capture->resource : "";
    }
    if (says(said, "bill_type")) {
        FPI_TRY(fpi_bill_type_read(&capture->type_code, said, task));
    }
    return NULL;
}

static fpi_err_t *tx_make(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *doing = baton;
    fpi_bill_t like = { 0 };

    doing->capture->id = 0;
    FPI_TRY(fpi_capture_check_type(doing->capture->type_code, doing->viewer, tx, task));
    FPI_TRY(fpi_attach_mark(&like, tx, doing->viewer, task));
    doing->capture->org = like.org;
    doing->capture->owner = like.owner;
    doing->capture->point = like.point;
    return fpi_capture_make(doing->capture, tx, task);
}

fpi_err_t *fpi_handle_capture_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_capture_t capture = { .tenant = call->viewer->tenant, .enterprise = call->viewer->enterprise,
                              .actor = call->task->actor, .number = "", .resource = "" };
    doing_t doing = { .viewer = call->viewer, .capture = &capture };

    if (call->viewer->kind == FPI_VIEWER_EVENT) {
        return fpi_refuse(call->task, FPI_E_ROLE, NULL, "由业务系统打开的页面不能新建扫描批次, 请直接为单据添加文件",
                          "a page that an ERP opened begins no scan session: add files to the bill itself");
    }
    FPI_TRY(want_object(call));
    FPI_TRY(read_facts(&capture, call->json, call->task));
    FPI_TRY(fpi_store_write(app->store, tx_make, &doing, call->task));
    answer->data = fpi_capture_form(&capture, call->task);
    answer->status = 201;
    return NULL;
}

static fpi_err_t *refuse_finished(const fpi_capture_t *capture, fpi_task_t *task)
{
    return capture->state == FPI_CAPTURE_OPEN
               ? NULL : fpi_refuse(task, FPI_E_STATE, NULL, "批次 %" APR_INT64_T_FMT " 已完成归档, 请新建批次",
                                   "capture %" APR_INT64_T_FMT " is finished: make a new one", capture->id);
}

static fpi_err_t *tx_change(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *doing = baton;

    FPI_TRY(fpi_capture_get(&doing->capture, tx, doing->viewer, doing->id, task));
    FPI_TRY(fpi_capture_check_version(doing->capture, doing->version, task));
    FPI_TRY(refuse_finished(doing->capture, task));
    FPI_TRY(read_facts(doing->capture, doing->said, task));
    if (says(doing->said, "bill_type")) {
        FPI_TRY(fpi_capture_check_type(doing->capture->type_code, doing->viewer, tx, task));
    }
    FPI_TRY(fpi_capture_put_facts(doing->capture, tx, task));
    return fpi_capture_touch(doing->capture, FPI_CAPTURE_EDITED, 0, tx, task);
}

fpi_err_t *fpi_handle_capture_change(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    doing_t doing = { .viewer = call->viewer, .said = call->json };
    fpi_capture_t unread = { 0 };

    FPI_TRY(fpi_call_id(&doing.id, call, "capture_id"));
    FPI_TRY(want_object(call));
    FPI_TRY(read_facts(&unread, call->json, call->task));
    FPI_TRY(fpi_version_read(&doing.version, call));
    FPI_TRY(fpi_store_write(app->store, tx_change, &doing, call->task));
    answer->data = fpi_capture_form(doing.capture, call->task);
    return NULL;
}

static fpi_err_t *tx_drop(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *doing = baton;

    FPI_TRY(fpi_capture_get(&doing->capture, tx, doing->viewer, doing->id, task));
    FPI_TRY(fpi_capture_check_version(doing->capture, doing->version, task));
    return fpi_capture_drop(tx, doing->capture, task);
}

fpi_err_t *fpi_handle_capture_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    doing_t doing = { .viewer = call->viewer };

    FPI_TRY(fpi_call_id(&doing.id, call, "capture_id"));
    FPI_TRY(fpi_version_read(&doing.version, call));
    FPI_TRY(fpi_store_write(app->store, tx_drop, &doing, call->task));
    answer->status = 204;
    return NULL;
}

/* ---- list ---- */

typedef struct listing_t {
    const fpi_viewer_t *viewer;
    fpi_page_t page;
    int state, count;
    int64_t total;
    fpi_capture_t *captures;
} listing_t;

/* So many more than he has turned over are counted. */
static int64_t bound_of(const fpi_page_t *page)
{
    return page->skip + page->size + COUNT_MORE;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_captures_list(&l->captures, &l->count, &l->total, tx, l->viewer, l->state, l->page.skip, l->page.size,
                             bound_of(&l->page), task);
}

static fpi_err_t *read_state(int *state, const fpi_call_t *call)
{
    const char *text = fpi_params_find(call->params, "state");

    *state = -1;
    if (!text || strcmp(text, "OPEN") == 0 || strcmp(text, "FINISHED") == 0) {
        *state = !text ? -1 : *text == 'O' ? FPI_CAPTURE_OPEN : FPI_CAPTURE_FINISHED;
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "state", "参数 state 应为 OPEN 或 FINISHED",
                      "parameter state must be OPEN or FINISHED");
}

fpi_err_t *fpi_handle_captures_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    listing_t l = { .viewer = call->viewer };
    fpi_json_t *items = fpi_json_make_array(call->task);

    FPI_TRY(fpi_page_read(&l.page, call));
    FPI_TRY(read_state(&l.state, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(items, fpi_capture_form(&l.captures[i], call->task));
    }
    answer->data = fpi_page_answer(&l.page, items, l.total, call->task);
    fpi_json_put_bool(fpi_json_find(answer->data, "pagination"), "total_is_bound", l.total == bound_of(&l.page));
    return NULL;
}

/* ---- one, waiting for what is still being read ---- */

static fpi_err_t *tx_waiting(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    doing_t *doing = baton;
    int64_t waiting;

    FPI_TRY(fpi_capture_get(&doing->capture, tx, doing->viewer, doing->id, task));
    FPI_TRY(fpi_capture_count_waiting(&waiting, tx, doing->id, task));
    doing->is_waiting = waiting > 0;
    return NULL;
}

fpi_err_t *fpi_handle_capture_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const char *wait = fpi_params_find(call->params, "wait");
    int64_t id, seconds = 0;
    fpi_batch_t batch;

    FPI_TRY(fpi_call_id(&id, call, "capture_id"));
    if (wait && !fpi_int_parse(&seconds, wait, 0, WAIT_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "wait", "参数 wait 应为 0 到 %d 秒", "parameter wait must be 0 to %d seconds",
                          WAIT_MAX);
    }
    if (seconds) {
        doing_t doing = { .viewer = call->viewer, .id = id };

        FPI_TRY(fpi_look_wait(app, call, tx_waiting, &doing, &doing.is_waiting, apr_time_from_sec(seconds)));
    }
    FPI_TRY(fpi_batch_load(&batch, app, call->viewer, id, call->task));
    answer->data = fpi_batch_form(&batch, call->task);
    return NULL;
}
