/* The bills that a filter means when an export is asked for: what changes afterwards changes nothing in it. */
#include "service/export_own.h"

#include "service/bill_query.h"

#include <apr_strings.h>
#include <string.h>

enum { PAGE = 500, TURNS_MOST = 200, VALUE_LEN = 200 };

static bool is_place(const char *name)
{
    return strcmp(name, "page") == 0 || strcmp(name, "page_size") == 0 || strcmp(name, "after") == 0;
}

/* The filter's members stand where the list's parameters would, but for the place in the list. */
static fpi_err_t *take_params(fpi_call_t *call, const fpi_json_t *filter)
{
    apr_array_header_t *params = apr_array_make(call->task->pool, 8, sizeof(fpi_param_t));
    fpi_json_t *value;
    const char *name;
    void *iter = NULL;

    while (fpi_json_next(&iter, filter, &name, &value)) {
        const char *text;

        FPI_TRY(fpi_json_find_scalar(&text, filter, name, VALUE_LEN, call->task));
        if (text && !is_place(name)) {
            APR_ARRAY_PUSH(params, fpi_param_t) = (fpi_param_t){ name, text };
        }
    }
    call->params = params;
    return NULL;
}

typedef struct finding_t {
    fpi_bill_asked_t asked;
    fpi_bill_page_t page;
    bool is_nobody;
} finding_t;

static fpi_err_t *tx_page(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    finding_t *f = baton;

    FPI_TRY(fpi_bill_query_org(&f->is_nobody, &f->asked, tx, task));
    if (f->is_nobody) {
        memset(&f->page, 0, sizeof(f->page));
        return NULL;
    }
    return fpi_bills_page(&f->page, tx, &f->asked.query, task);
}

static void take_ids(apr_array_header_t *ids, const finding_t *f)
{
    for (int i = 0; i < f->page.count; i++) {
        APR_ARRAY_PUSH(ids, int64_t) = f->page.bills[i]->id;
    }
}

/* Where the page ended, kept beyond the page. */
static void go_on(finding_t *f, fpi_spot_t *spot, apr_pool_t *pool)
{
    *spot = f->page.last;
    spot->number = apr_pstrdup(pool, spot->number);
    f->asked.query.after = spot;
}

static fpi_err_t *find_all(apr_array_header_t *ids, fpi_app_t *app, finding_t *f, int most, fpi_task_t *task)
{
    fpi_task_t step = *task;
    fpi_spot_t spot;
    fpi_err_t *err = NULL;
    bool more = true;

    apr_pool_create(&step.pool, task->pool);
    for (int turn = 0; !err && more && ids->nelts <= most && turn < TURNS_MOST; turn++) {
        apr_pool_clear(step.pool);
        err = fpi_store_read(app->store, tx_page, f, &step);
        more = !err && (f->page.has_more || f->page.is_partial) && f->page.last.id;
        if (!err) {
            take_ids(ids, f);
            go_on(f, &spot, task->pool);
        }
    }
    err = fpi_err_copy(task->pool, err);
    apr_pool_destroy(step.pool);
    if (!err && more && ids->nelts <= most) {
        return fpi_refuse(task, FPI_E_FIELD, "filter", "筛选范围过大, 请缩小条件后再导出",
                          "the filter goes through too many bills: narrow it");
    }
    return err;
}

fpi_err_t *fpi_export_filter(int64_t **bills, int *count, fpi_app_t *app, const fpi_call_t *call,
                             const fpi_json_t *filter, int most)
{
    apr_array_header_t *ids = apr_array_make(call->task->pool, 64, sizeof(int64_t));
    finding_t f = { .is_nobody = false };
    fpi_call_t asked = *call;

    if (!fpi_json_is_object(filter)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "filter", "字段 filter 应为对象, 成员同单据列表的参数",
                          "filter must be an object, its members those of the list of bills");
    }
    FPI_TRY(take_params(&asked, filter));
    FPI_TRY(fpi_bill_query_read(&f.asked, &asked));
    f.asked.query.most = PAGE;
    FPI_TRY(find_all(ids, app, &f, most, call->task));
    *bills = (int64_t *)ids->elts;
    *count = ids->nelts;
    return NULL;
}
