#include "service/handlers.h"

#include "base/text.h"
#include "service/tags.h"
#include "service/views.h"

#include <apr_strings.h>
#include <string.h>

enum { PAGE_SIZE = 20, PAGE_SIZE_MAX = 200, PAGE_MAX = 1000000, SINCE_MOST = 50 };

fpi_err_t *fpi_console_bill(fpi_bill_t **out, fpi_tx_t *tx, const fpi_call_t *call, int64_t id, fpi_task_t *task)
{
    FPI_TRY(fpi_bill_find_by_id(out, tx, call->viewer->tenant, id, task));
    if (!*out || !fpi_viewer_sees_bill(call->viewer, *out)) {
        *out = NULL;
        return fpi_refuse(task, FPI_E_ABSENT, "bill_id", "单据 %" APR_INT64_T_FMT " 不存在",
                          "there is no bill %" APR_INT64_T_FMT, id);
    }
    return NULL;
}

static fpi_err_t *read_number(int *out, const fpi_call_t *call, const char *name, int otherwise, int most)
{
    const char *text = fpi_params_find(call->params, name);
    int64_t number = otherwise;

    if (text && !fpi_int_parse(&number, text, 1, most)) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 应为 1 到 %d 的整数", "parameter %s must be 1 to %d",
                          name, most);
    }
    *out = (int)number;
    return NULL;
}

fpi_err_t *fpi_page_read(fpi_page_t *page, const fpi_call_t *call)
{
    FPI_TRY(read_number(&page->page, call, "page", 1, PAGE_MAX));
    FPI_TRY(read_number(&page->size, call, "page_size", PAGE_SIZE, PAGE_SIZE_MAX));
    page->skip = (int64_t)(page->page - 1) * page->size;
    return NULL;
}

fpi_json_t *fpi_page_answer(const fpi_page_t *page, fpi_json_t *items, int64_t total, fpi_task_t *task)
{
    fpi_json_t *data = fpi_json_make_object(task), *pagination = fpi_json_make_object(task);

    fpi_json_put_int(pagination, "page", page->page);
    fpi_json_put_int(pagination, "page_size", page->size);
    fpi_json_put_int(pagination, "total", total);
    fpi_json_put_bool(pagination, "has_more", page->skip + (int64_t)fpi_json_size(items) < total);
    fpi_json_put(data, "items", items);
    fpi_json_put(data, "pagination", pagination);
    return data;
}

void fpi_page_whole(fpi_json_t *data, fpi_json_t *items, fpi_task_t *task)
{
    const fpi_page_t page = { .page = 1, .size = (int)fpi_json_size(items) };
    fpi_json_t *whole = fpi_page_answer(&page, items, page.size, task);

    fpi_json_put(data, "items", items);
    fpi_json_put(data, "pagination", fpi_json_find(whole, "pagination"));
}

fpi_err_t *fpi_version_take(int64_t *version, int64_t said, fpi_task_t *task)
{
    if (said != -1 && *version != -1 && said != *version) {
        return fpi_refuse(task, FPI_E_FIELD, "version",
                          "version 前后不一: %" APR_INT64_T_FMT " 与 %" APR_INT64_T_FMT " (If-Match, 请求体, 查询参数), 请只给一个",
                          "two versions are said, %" APR_INT64_T_FMT " and %" APR_INT64_T_FMT
                          " (If-Match, body, query): give one", *version, said);
    }
    *version = said == -1 ? *version : said;
    return NULL;
}

/* "*": whatever is there. */
static fpi_err_t *read_match(int64_t *version, const fpi_call_t *call)
{
    const char *match = apr_table_get(call->headers, "If-Match");

    *version = -1;
    if (!match || strcmp(match, "*") == 0) {
        return NULL;
    }
    if (!fpi_int_parse(version, fpi_tag_text(match, call->task->pool), 0, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "If-Match", "If-Match 应为引号中的版本号, 如 \"7\"",
                          "If-Match must be a version number in quotes, like \"7\"");
    }
    return NULL;
}

/* Where there is no JSON body: DELETE, and bytes as they are. */
static fpi_err_t *read_query(int64_t *version, const fpi_call_t *call)
{
    const char *text = fpi_params_find(call->params, "version");

    *version = -1;
    if (!text || fpi_int_parse(version, text, 0, INT64_MAX)) {
        return NULL;
    }
    return fpi_refuse(call->task, FPI_E_FIELD, "version", "参数 version 应为版本号, 如 7, 收到 %.40s",
                      "parameter version must be a version number, like 7, not %.40s", text);
}

fpi_err_t *fpi_version_read(int64_t *version, const fpi_call_t *call)
{
    int64_t in_body = -1, in_query;

    FPI_TRY(read_match(version, call));
    FPI_TRY(read_query(&in_query, call));
    if (fpi_json_is_object(call->json)) {
        FPI_TRY(fpi_json_find_int(&in_body, call->json, "version", -1, 0, INT64_MAX, call->task));
    }
    FPI_TRY(fpi_version_take(version, in_body, call->task));
    return fpi_version_take(version, in_query, call->task);
}

fpi_err_t *fpi_version_check(int64_t said, int64_t there, const char *what, fpi_task_t *task)
{
    if (said == -1 || said == there) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_STALE, "version", "%s 已被修改: 当前版本 %" APR_INT64_T_FMT ", 您看到的是 %" APR_INT64_T_FMT,
                      "%s was changed meanwhile: it is at version %" APR_INT64_T_FMT ", you have seen %" APR_INT64_T_FMT,
                      what, there, said);
}

/* The version that the entry made, 0 when it says none. */
static int64_t version_of(const fpi_event_t *event, fpi_task_t *task)
{
    fpi_json_t *detail;
    int64_t version = 0;

    if (event->detail && !fpi_json_parse(&detail, event->detail, strlen(event->detail), task)
        && fpi_json_find_int(&version, detail, "version", 0, 0, INT64_MAX, task)) {
        return 0;
    }
    return version;
}

static fpi_err_t *tell_since(fpi_json_t **out, int64_t said, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    fpi_event_t *events;
    int count;

    FPI_TRY(fpi_trail_list_last(&events, &count, tx, bill, SINCE_MOST, task));
    for (int i = 0; i < count; i++) {
        int64_t version = version_of(&events[i], task);

        if (version && version <= said) {
            break;
        }
        fpi_json_add(list, fpi_view_event(&events[i], task));
    }
    *out = list;
    return NULL;
}

fpi_err_t *fpi_version_check_bill(int64_t said, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_err_t *stale = fpi_version_check(said, bill->version, bill->number, task);
    fpi_json_t *more, *since;

    if (!stale) {
        return NULL;
    }
    FPI_TRY(tell_since(&since, said, tx, bill, task));
    more = fpi_json_make_object(task);
    fpi_json_put_int(more, "version", bill->version);
    fpi_json_put(more, "changes", since);
    stale->more = fpi_json_format(more, false, task);
    return stale;
}
