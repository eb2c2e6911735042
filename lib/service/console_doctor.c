/* The self-checks for the console: service/doctor's, one examination at a time in all children, in bounded time. */
#include "service/handlers.h"

#include "base/clock.h"
#include "service/doctor.h"

#include <apr_strings.h>

enum { TOKENS = 10 };

#define WHOLE apr_time_from_sec(60)
/* A child that died in the middle must not keep others from looking for ever. */
#define FORGOTTEN apr_time_from_sec(120)

static fpi_json_t *view(const fpi_check_t *check, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "name", check->name);
    fpi_json_put_text(doc, "result", fpi_text_upper(apr_pstrdup(task->pool, fpi_health_name(check->health))));
    fpi_json_put_text(doc, "found", check->found);
    fpi_json_put_text(doc, "remedy", check->remedy);
    return doc;
}

static fpi_err_t *take_turn(fpi_app_t *app, int64_t now, fpi_task_t *task)
{
    int64_t began = atomic_load(&app->shared->examining);
    fpi_err_t *busy;

    if ((!began || now - began > FORGOTTEN) && atomic_compare_exchange_strong(&app->shared->examining, &began, now)) {
        return NULL;
    }
    busy = fpi_refuse(task, FPI_E_BUSY, NULL, "自检正在进行, 请稍候", "an examination is going on; wait for it");
    busy->retry_after = 10;
    return busy;
}

fpi_err_t *fpi_handle_doctor(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_doctor_options_t options = { .conf = "httpd", .body_most = call->body_most, .tokens = TOKENS };
    fpi_json_t *items = fpi_json_make_array(call->task);
    apr_array_header_t *checks;
    int64_t now = fpi_clock_tick();

    FPI_TRY(take_turn(app, now, call->task));
    fpi_task_limit(call->task, WHOLE);
    fpi_doctor_run(&checks, app, &options, call->task);
    atomic_compare_exchange_strong(&app->shared->examining, &now, 0);
    for (int i = 0; i < checks->nelts; i++) {
        fpi_json_add(items, view(&APR_ARRAY_IDX(checks, i, fpi_check_t), call->task));
    }
    answer->data = fpi_json_make_object(call->task);
    fpi_json_put_text(answer->data, "result",
                      fpi_text_upper(apr_pstrdup(call->task->pool, fpi_health_name(fpi_doctor_worst(checks)))));
    fpi_page_whole(answer->data, items, call->task);
    fpi_json_put_time(answer->data, "examined_at", fpi_clock_now());
    return NULL;
}
