/* Network scanners for the console. */
#include "service/handlers.h"

#include "service/people_read.h"
#include "service/scanners.h"

typedef struct asking_t {
    const fpi_viewer_t *viewer;
    fpi_scanner_which_t which;
    fpi_scanner_t *scanner;
    fpi_json_t *doc;
} asking_t;

/* ---- read ---- */

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_scanner_t *all;
    int count;

    a->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_scanners_list(&all, &count, tx, task->tenant, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one;

        if (fpi_scanner_is_for(&all[i], a->viewer)) {
            FPI_TRY(fpi_scanner_form(&one, tx, &all[i], task));
            fpi_json_add(a->doc, one);
        }
    }
    return NULL;
}

fpi_err_t *fpi_handle_scanners_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_page_t page = { 1, FPI_SCANNERS, 0 };
    asking_t a = { .viewer = call->viewer };

    FPI_TRY(fpi_store_read(app->store, tx_list, &a, call->task));
    answer->data = fpi_page_answer(&page, a.doc, (int64_t)fpi_json_size(a.doc), call->task);
    return NULL;
}

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;

    FPI_TRY(fpi_scanners_get(&a->scanner, tx, a->viewer, &a->which, task));
    return fpi_scanner_form(&a->doc, tx, a->scanner, task);
}

static fpi_err_t *get(asking_t *a, fpi_app_t *app, fpi_call_t *call)
{
    *a = (asking_t){ .viewer = call->viewer, .which = { .version = -1 } };
    FPI_TRY(fpi_call_id(&a->which.id, call, "scanner_id"));
    return fpi_store_read(app->store, tx_get, a, call->task);
}

fpi_err_t *fpi_handle_scanner_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    asking_t a;

    FPI_TRY(get(&a, app, call));
    answer->data = a.doc;
    return NULL;
}

fpi_err_t *fpi_handle_scanner_status(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_scanner_look_t look;
    asking_t a;

    FPI_TRY(get(&a, app, call));
    FPI_TRY(fpi_scanners_look(&look, app, a.scanner, call->task));
    answer->data = fpi_scanner_look_form(&look, call->task);
    fpi_json_put_int(answer->data, "scanner_id", a.scanner->id);
    return NULL;
}

fpi_err_t *fpi_handle_scanners_discover(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_page_t page = { 1, FPI_SCANNERS, 0 };
    fpi_json_t *found;

    FPI_TRY(fpi_scanners_discover(&found, app, call->task));
    answer->data = fpi_page_answer(&page, found, (int64_t)fpi_json_size(found), call->task);
    return NULL;
}

/* ---- change ---- */

static fpi_err_t *answer_scanner(fpi_answer_t *answer, fpi_app_t *app, const fpi_call_t *call, int64_t id)
{
    asking_t a = { .viewer = call->viewer, .which = { .id = id, .version = -1 } };

    FPI_TRY(fpi_store_read(app->store, tx_get, &a, call->task));
    answer->data = a.doc;
    return NULL;
}

static fpi_err_t *put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer, const fpi_scanner_which_t *which)
{
    fpi_task_t *task = call->task;
    fpi_scanner_form_t form = { NULL };
    fpi_scanner_t *scanner;

    FPI_TRY(fpi_json_find_text(&form.name, call->json, "name", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_text(&form.address, call->json, "address", FPI_ESCL_ADDRESS, task));
    FPI_TRY(fpi_json_find_text(&form.org, call->json, "org", FPI_READ_TEXT, task));
    FPI_TRY(fpi_json_find_int(&form.point, call->json, "scan_point_id", -1, 0, INT64_MAX, task));
    FPI_TRY(fpi_read_flag(&form.is_enabled, call->json, "is_enabled", task));
    FPI_TRY(fpi_scanners_put(&scanner, app, which, &form, task));
    FPI_TRY(answer_scanner(answer, app, call, scanner->id));
    answer->status = which->id ? 200 : 201;
    return NULL;
}

fpi_err_t *fpi_handle_scanner_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    const fpi_scanner_which_t which = { .version = -1 };

    FPI_TRY(fpi_read_object(call));
    return put(app, call, answer, &which);
}

static fpi_err_t *read_which(fpi_scanner_which_t *which, const fpi_call_t *call)
{
    *which = (fpi_scanner_which_t){ .version = -1 };
    FPI_TRY(fpi_call_id(&which->id, call, "scanner_id"));
    return fpi_version_read(&which->version, call);
}

fpi_err_t *fpi_handle_scanner_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_scanner_which_t which;

    FPI_TRY(fpi_read_object(call));
    FPI_TRY(read_which(&which, call));
    return put(app, call, answer, &which);
}

fpi_err_t *fpi_handle_scanner_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_scanner_which_t which;

    FPI_TRY(read_which(&which, call));
    FPI_TRY(fpi_scanners_remove(app, &which, call->task));
    answer->status = 204;
    return NULL;
}

fpi_err_t *fpi_handle_scanner_verify(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_scanner_which_t which = { .version = -1 };
    fpi_scanner_look_t look;
    fpi_scanner_t *scanner;

    FPI_TRY(fpi_call_id(&which.id, call, "scanner_id"));
    FPI_TRY(fpi_scanners_verify(&look, &scanner, app, &which, call->task));
    FPI_TRY(answer_scanner(answer, app, call, scanner->id));
    fpi_json_put(answer->data, "status", fpi_scanner_look_form(&look, call->task));
    return NULL;
}
