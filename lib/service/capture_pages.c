/* Work on the pages of a scan session: say what they are, put them in order, take them out. */
#include "service/handlers.h"

#include "service/batch.h"
#include "store/catalogue.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

enum { LABEL_MAX = 200, NUMBER_TEXT = 200, KIND_TEXT = 20 };

typedef struct paging_t {
    const fpi_viewer_t *viewer;
    int64_t id, page_id, version;
    const fpi_json_t *said;
    int64_t *order;              /* ids */
    int count;
    fpi_capture_t *capture;
    fpi_capture_page_t *page;
} paging_t;

static fpi_err_t *read_paging(paging_t *paging, const fpi_call_t *call, bool has_page, bool has_body)
{
    *paging = (paging_t){ .viewer = call->viewer, .said = call->json };
    FPI_TRY(fpi_call_id(&paging->id, call, "capture_id"));
    if (has_page) {
        FPI_TRY(fpi_call_id(&paging->page_id, call, "page_id"));
    }
    if (has_body && !fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    return fpi_version_read(&paging->version, call);
}

static fpi_err_t *find_page(paging_t *paging, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_capture_get(&paging->capture, tx, paging->viewer, paging->id, task));
    FPI_TRY(fpi_capture_page_find(&paging->page, tx, paging->capture, paging->page_id, task));
    if (!paging->page) {
        return fpi_refuse(task, FPI_E_ABSENT, "page_id", "批次 %" APR_INT64_T_FMT " 中没有页 %" APR_INT64_T_FMT,
                          "there is no page %2$" APR_INT64_T_FMT " in capture %1$" APR_INT64_T_FMT, paging->id,
                          paging->page_id);
    }
    return NULL;
}

static fpi_err_t *find_open_page(paging_t *paging, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(find_page(paging, tx, task));
    FPI_TRY(fpi_capture_check_version(paging->capture, paging->version, task));
    if (paging->page->bill) {
        return fpi_refuse(task, FPI_E_STATE, "page_id", "页 %" APR_INT64_T_FMT " 已归入单据 %" APR_INT64_T_FMT ", 请在单据中修改",
                          "page %" APR_INT64_T_FMT " has gone to bill %" APR_INT64_T_FMT ": change it there", paging->page_id,
                          paging->page->bill);
    }
    return NULL;
}

/* ---- what a page is ---- */

static fpi_err_t *take_kind(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task)
{
    const char *text;
    int role;

    FPI_TRY(fpi_json_find_text(&text, said, "kind", KIND_TEXT, task));
    role = text ? fpi_role_find(text) : FPI_ROLE_AUTO;
    if (role < FPI_ROLE_AUTO) {
        return fpi_refuse(task, FPI_E_FIELD, "kind", "字段 kind 应为 AUTO, COVER, INVOICE, ATTACHMENT 或 BLANK, 收到 %.40s",
                          "field kind is AUTO, COVER, INVOICE, ATTACHMENT or BLANK, not %.40s", text);
    }
    page->kind = (fpi_role_t)role;
    return NULL;
}

static fpi_err_t *take_rotation(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task)
{
    int64_t rotation;

    FPI_TRY(fpi_json_find_int(&rotation, said, "rotation", 0, -270, 270, task));
    if (rotation % 90) {
        return fpi_refuse(task, FPI_E_FIELD, "rotation", "字段 rotation 应为 0, 90, 180 或 270 度", "field rotation is 0, 90, 180 or 270 degrees");
    }
    page->rotation = (int)((rotation + 360) % 360);
    return NULL;
}

static fpi_err_t *take_number(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task)
{
    const char *text;

    FPI_TRY(fpi_json_find_text(&text, said, "number", NUMBER_TEXT, task));
    page->number = NULL;
    return text && *fpi_text_trim(task->pool, text) ? fpi_bill_take_number(&page->number, text, "number", task) : NULL;
}

static fpi_err_t *take_label(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task)
{
    FPI_TRY(fpi_json_find_text(&page->label, said, "label", LABEL_MAX, task));
    page->label = page->label && *page->label ? page->label : NULL;
    return NULL;
}

static fpi_err_t *take_bill_type(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task)
{
    return fpi_bill_type_read(&page->type_code, said, task);
}

static fpi_err_t *take_attachment_type(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task)
{
    int64_t type;

    FPI_TRY(fpi_json_find_int(&type, said, "attachment_type", 0, 0, FPI_ATTACHMENT_TYPE_MOST, task));
    page->attachment_type = (int)type;
    return NULL;
}

static const struct {
    const char *name;
    fpi_err_t *(*take)(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task);
} facts[] = { { "kind", take_kind }, { "rotation", take_rotation }, { "number", take_number }, { "label", take_label },
            { "bill_type", take_bill_type }, { "attachment_type", take_attachment_type } };

/* null is said, too: back to AUTO, 0, no number, no label, no types. */
static fpi_err_t *take_facts(fpi_capture_page_t *page, const fpi_json_t *said, fpi_task_t *task)
{
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;
    int taken = 0;

    while (fpi_json_next(&iter, said, &name, &value)) {
        for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
            if (strcmp(facts[i].name, name) == 0) {
                FPI_TRY(facts[i].take(page, said, task));
                taken++;
            }
        }
    }
    return taken ? NULL : fpi_refuse(task, FPI_E_FIELD, "kind", "应给出 kind, rotation, number, label, bill_type 或 attachment_type 中至少一项",
                                     "say at least one of kind, rotation, number, label, bill_type and attachment_type");
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_same_page(const fpi_capture_page_t *a, const fpi_capture_page_t *b)
{
    return a->kind == b->kind && a->rotation == b->rotation && is_same_text(a->number, b->number)
           && is_same_text(a->label, b->label) && is_same_text(a->type_code, b->type_code)
           && a->attachment_type == b->attachment_type;
}

static fpi_err_t *tx_patch(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    paging_t *paging = baton;
    fpi_capture_page_t before;

    FPI_TRY(find_open_page(paging, tx, task));
    before = *paging->page;
    FPI_TRY(take_facts(paging->page, paging->said, task));
    if (is_same_page(&before, paging->page)) {
        return NULL;
    }
    if (!is_same_text(before.type_code, paging->page->type_code)) {
        FPI_TRY(fpi_capture_check_type(paging->page->type_code, paging->viewer, tx, task));
    }
    FPI_TRY(fpi_capture_page_put(paging->page, tx, task));
    return fpi_capture_touch(paging->capture, FPI_CAPTURE_EDITED, 1, tx, task);
}

fpi_err_t *fpi_handle_capture_page_change(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    paging_t paging;
    fpi_capture_page_t unread = { 0 };
    fpi_batch_t batch;

    FPI_TRY(read_paging(&paging, call, true, true));
    FPI_TRY(take_facts(&unread, paging.said, call->task));
    FPI_TRY(fpi_store_write(app->store, tx_patch, &paging, call->task));
    FPI_TRY(fpi_batch_load(&batch, app, call->viewer, paging.id, call->task));
    answer->data = fpi_batch_form(&batch, call->task);
    return NULL;
}

/* ---- taken out ---- */

static fpi_err_t *tx_take_out(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    paging_t *paging = baton;

    FPI_TRY(find_open_page(paging, tx, task));
    FPI_TRY(fpi_capture_page_drop(tx, paging->page, task));
    paging->capture->page_count--;
    paging->capture->left--;
    fpi_capture_settle(paging->capture);
    return fpi_capture_touch(paging->capture, FPI_CAPTURE_TAKEN_OUT, 1, tx, task);
}

fpi_err_t *fpi_handle_capture_page_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    paging_t paging;

    FPI_TRY(read_paging(&paging, call, true, false));
    FPI_TRY(fpi_store_write(app->store, tx_take_out, &paging, call->task));
    answer->data = fpi_capture_form(paging.capture, call->task);
    return NULL;
}

/* ---- order ---- */

static fpi_err_t *place_pages(paging_t *paging, apr_hash_t *by_id, fpi_tx_t *tx, fpi_task_t *task)
{
    for (int i = 0; i < paging->count; i++) {
        fpi_capture_page_t *page = apr_hash_get(by_id, &paging->order[i], sizeof(*paging->order));

        if (!page) {
            return fpi_refuse(task, FPI_E_FIELD, "order", "字段 order: 页 %" APR_INT64_T_FMT " 不属于本批次, 或出现了两次",
                              "order: page %" APR_INT64_T_FMT " is none of the capture's, or stands twice", paging->order[i]);
        }
        apr_hash_set(by_id, &page->id, sizeof(page->id), NULL);
        FPI_TRY(fpi_capture_page_move(tx, page, i + 1, task));
    }
    return NULL;
}

/* Pages that came since the caller looked: he has not seen what he would move. */
static fpi_err_t *refuse_left_out(const paging_t *paging, apr_hash_t *by_id, fpi_task_t *task)
{
    const char *ids = "";
    int count = 0;

    for (apr_hash_index_t *hi = apr_hash_first(task->pool, by_id); hi && count < 10; hi = apr_hash_next(hi), count++) {
        const fpi_capture_page_t *page = apr_hash_this_val(hi);

        ids = apr_psprintf(task->pool, "%s%s%" APR_INT64_T_FMT, ids, *ids ? ", " : "", page->id);
    }
    return count ? fpi_refuse(task, FPI_E_STALE, "order", "order 缺少本批次的页 %s (共 %u 页, 版本 %" APR_INT64_T_FMT "), 请刷新后重试",
                              "order leaves out pages of the capture: %s (%u of them, version %" APR_INT64_T_FMT "); look again "
                              "and repeat", ids, apr_hash_count(by_id), paging->capture->version)
                 : NULL;
}

static fpi_err_t *tx_order(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    paging_t *paging = baton;
    apr_hash_t *by_id = apr_hash_make(task->pool);
    fpi_capture_page_t *pages;
    int count;

    FPI_TRY(fpi_capture_get(&paging->capture, tx, paging->viewer, paging->id, task));
    FPI_TRY(fpi_capture_check_version(paging->capture, paging->version, task));
    FPI_TRY(fpi_capture_pages_list(&pages, &count, tx, paging->capture, task));
    for (int i = 0; i < count; i++) {
        apr_hash_set(by_id, &pages[i].id, sizeof(pages[i].id), &pages[i]);
    }
    FPI_TRY(place_pages(paging, by_id, tx, task));
    FPI_TRY(refuse_left_out(paging, by_id, task));
    return fpi_capture_touch(paging->capture, FPI_CAPTURE_ORDERED, count, tx, task);
}

static fpi_err_t *read_order(paging_t *paging, fpi_task_t *task)
{
    fpi_json_t *list;

    FPI_TRY(fpi_json_find_array(&list, paging->said, "order", FPI_CAPTURE_PAGES, task));
    if (!list) {
        return fpi_refuse(task, FPI_E_FIELD, "order", "缺少字段 order (全部页的 id)", "order (the ids of all pages) is missing");
    }
    paging->count = (int)fpi_json_size(list);
    paging->order = apr_pcalloc(task->pool, sizeof(*paging->order) * (size_t)(paging->count + 1));
    for (int i = 0; i < paging->count; i++) {
        if (!fpi_json_int(&paging->order[i], fpi_json_at(list, (size_t)i))) {
            return fpi_refuse(task, FPI_E_FIELD, "order", "字段 order 第 %d 项应为页的 id", "order: item %d must be the id of a page",
                              i + 1);
        }
    }
    return NULL;
}

fpi_err_t *fpi_handle_capture_pages_order(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    paging_t paging;
    fpi_batch_t batch;

    FPI_TRY(read_paging(&paging, call, false, true));
    FPI_TRY(read_order(&paging, call->task));
    FPI_TRY(fpi_store_write(app->store, tx_order, &paging, call->task));
    FPI_TRY(fpi_batch_load(&batch, app, call->viewer, paging.id, call->task));
    answer->data = fpi_batch_form(&batch, call->task);
    return NULL;
}
