/* Organisations and users that business systems name, for the console. */
#include "service/api.h"
#include "service/erp_people.h"
#include "service/handlers.h"

static fpi_erp_which_t which_of(const fpi_call_t *call)
{
    return (fpi_erp_which_t){ .tenant = call->viewer->tenant, .version = -1 };
}

fpi_err_t *fpi_handle_system_people_take(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which = which_of(call);
    fpi_erp_people_how_t how;

    FPI_TRY(fpi_call_id(&which.id, call, "system_id"));
    FPI_TRY(fpi_json_find_bool(&how.is_full, call->json, "is_full", false, call->task));
    FPI_TRY(fpi_json_find_bool(&how.disables_missing, call->json, "disable_missing", false, call->task));
    how.is_full = how.is_full || how.disables_missing;
    FPI_TRY(fpi_erp_people_order(app, &which, &how, call->task));
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_bool(answer->data, "is_queued", true);
    answer->status = 202;
    return NULL;
}

fpi_err_t *fpi_handle_system_people_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which = which_of(call);
    fpi_erp_people_view_t view = { .which = &which, .result = -1 };
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_page_t page;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(fpi_call_id(&which.id, call, "system_id"));
    FPI_TRY(fpi_erp_people_look(&view, app, call->task));
    for (int64_t i = page.skip; i < view.sync_count && i < page.skip + page.size; i++) {
        fpi_json_add(items, fpi_erp_people_json(&view.syncs[i], call->task));
    }
    answer->data = fpi_page_answer(&page, items, view.sync_count, call->task);
    return NULL;
}

static fpi_err_t *read_result(int *result, const fpi_call_t *call)
{
    const char *text = fpi_params_find(call->params, "result");

    *result = text ? fpi_erp_people_result_find(text) : -1;
    return !text || *result >= 0 ? NULL
                                 : fpi_refuse(call->task, FPI_E_FIELD, "result",
                                              "result 应为 ADDED, CHANGED, UNCHANGED, REFUSED, MISSING 或 DISABLED, 收到 %.40s",
                                              "result is ADDED, CHANGED, UNCHANGED, REFUSED, MISSING or DISABLED, not %.40s", text);
}

fpi_err_t *fpi_handle_system_people_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_erp_which_t which = which_of(call);
    fpi_erp_people_view_t view = { .which = &which };
    fpi_json_t *items = fpi_json_make_array(call->task);
    fpi_page_t page;

    FPI_TRY(fpi_page_read(&page, call));
    FPI_TRY(read_result(&view.result, call));
    FPI_TRY(fpi_call_id(&which.id, call, "system_id"));
    FPI_TRY(fpi_call_id(&view.id, call, "sync_id"));
    view.skip = page.skip;
    view.most = (int)page.size;
    FPI_TRY(fpi_erp_people_look(&view, app, call->task));
    for (int i = 0; i < view.row_count; i++) {
        fpi_json_add(items, fpi_erp_people_row_json(&view.rows[i], call->task));
    }
    answer->data = fpi_page_answer(&page, items, view.total, call->task);
    fpi_json_put(answer->data, "sync", fpi_erp_people_json(view.syncs, call->task));
    return NULL;
}
