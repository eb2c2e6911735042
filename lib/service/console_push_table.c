/* The push table for the console: whom the receipt assistant may push for. What is done is done by service/admin. */
#include "service/handlers.h"

#include "service/admin.h"

#include <apr_strings.h>

enum { WORD = 300, URL_LEN = 2000 };

static fpi_json_t *view(const fpi_push_row_t *row, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", row->id);
    fpi_json_put_text(doc, "name", row->name);
    fpi_json_put_text(doc, "tax_no", row->tax_no);
    fpi_json_put_text(doc, "client_id", row->client_id);
    fpi_json_put_text(doc, "url", row->url);
    fpi_json_put_time(doc, "created_at", row->created);
    return doc;
}

fpi_err_t *fpi_handle_push_rows_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_push_row_t *rows;
    fpi_page_t page;
    int count;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(fpi_admin_push_rows(&rows, &count, app, call->task));
    for (int64_t i = page.skip; i < count && i < page.skip + page.size; i++) {
        fpi_json_add(items, view(&rows[i], call->task));
    }
    answer->data = fpi_page_answer(&page, items, count, call->task);
    return NULL;
}

fpi_err_t *fpi_handle_push_row_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_push_row_t form = { .id = 0 }, row;
    fpi_task_t *task = call->task;
    bool is_new;

    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(fpi_json_find_text(&form.name, call->json, "name", WORD, task));
    FPI_TRY(fpi_json_find_text(&form.tax_no, call->json, "tax_no", WORD, task));
    FPI_TRY(fpi_json_find_text(&form.client_id, call->json, "client_id", WORD, task));
    FPI_TRY(fpi_json_find_text(&form.url, call->json, "url", URL_LEN, task));
    FPI_TRY(fpi_admin_push_row_put(&row, &is_new, app, &form, task));
    answer->data = view(&row, task);
    answer->status = is_new ? 201 : 200;
    return NULL;
}

fpi_err_t *fpi_handle_push_row_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t id;

    FPI_TRY(fpi_call_id(&id, call, "row_id"));
    FPI_TRY(fpi_admin_push_row_remove(app, id, call->task));
    answer->status = 204;
    return NULL;
}

/* ---- what does not fit the enterprises ---- */

static fpi_json_t *view_problem(const fpi_push_problem_t *problem, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);
    const char *name = problem->row ? problem->row->name : problem->enterprise->name;
    const char *client_id = problem->row ? problem->row->client_id : problem->enterprise->client_id;

    fpi_json_put_text(doc, "kind", fpi_text_upper(apr_pstrdup(task->pool, fpi_push_problem_name(problem))));
    fpi_json_put_int(doc, "row_id", problem->row ? problem->row->id : 0);
    fpi_json_put_text(doc, "name", name);
    fpi_json_put_text(doc, "client_id", client_id);
    fpi_json_put_text(doc, "text", problem->text);
    return doc;
}

fpi_err_t *fpi_handle_push_rows_check(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    apr_array_header_t *problems;

    FPI_TRY(fpi_admin_push_check(&problems, app, call->task));
    for (int i = 0; i < problems->nelts; i++) {
        fpi_json_add(items, view_problem(&APR_ARRAY_IDX(problems, i, fpi_push_problem_t), call->task));
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_bool(answer->data, "is_right", problems->nelts == 0);
    fpi_page_whole(answer->data, items, call->task);
    return NULL;
}
