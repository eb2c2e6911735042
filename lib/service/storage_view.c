/* How much space is used, for the console. Adding it all up takes a while in a large store, so the answer is kept for
 * ten minutes; what is free is always asked anew. */
#include "service/handlers.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/exports.h"
#include "store/people.h"
#include "store/storage.h"

#include <apr_strings.h>
#include <string.h>

#define KEPT apr_time_from_sec(600)

typedef struct viewing_t {
    fpi_app_t *app;
    const char *tax_no;    /* whose files only; NULL: all of the tenant's */
    const char *name;      /* of the setting that keeps the answer */
    const char *text;      /* the kept answer */
    fpi_json_t *doc;
} viewing_t;

static fpi_json_t *usage_json(const fpi_usage_t *usage, int count, const char *key, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < count; i++) {
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_text(doc, key, usage[i].key);
        if (usage[i].name) {
            fpi_json_put_text(doc, "name", usage[i].name);
        }
        fpi_json_put_int(doc, "bills", usage[i].bills);
        fpi_json_put_int(doc, "files", usage[i].files);
        fpi_json_put_int(doc, "bytes", usage[i].bytes);
        fpi_json_add(list, doc);
    }
    return list;
}

/* What is the installation's and not theirs is told to tenant authorisations only. */
static fpi_err_t *put_whole(viewing_t *v, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t count, bytes;

    if (v->tax_no) {
        return NULL;
    }
    FPI_TRY(fpi_storage_sum(&count, &bytes, tx, task));
    fpi_json_put_int(v->doc, "originals", count);
    fpi_json_put_int(v->doc, "original_bytes", bytes);
    fpi_json_put_int(v->doc, "database_bytes", fpi_storage_database_size(v->app->settings->database, task->pool));
    fpi_json_put_int(v->doc, "spool_bytes", fpi_storage_folder_size(fpi_blobs_spool_folder(v->app->blobs)));
    return NULL;
}

static fpi_err_t *tx_sum(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    viewing_t *v = baton;
    fpi_usage_t *months, *types;
    int month_count, type_count;

    v->doc = fpi_json_make_object(task);
    FPI_TRY(put_whole(v, tx, task));
    FPI_TRY(fpi_storage_by_month(&months, &month_count, tx, task->tenant, v->tax_no, task));
    FPI_TRY(fpi_storage_by_type(&types, &type_count, tx, task->tenant, v->tax_no, task));
    fpi_json_put(v->doc, "months", usage_json(months, month_count, "month", task));
    fpi_json_put(v->doc, "bill_types", usage_json(types, type_count, "code", task));
    fpi_json_put_time(v->doc, "as_of", fpi_clock_now());
    return NULL;
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    viewing_t *v = baton;

    return fpi_setting_find(&v->text, tx, task->tenant, v->name, task);
}

static fpi_err_t *tx_keep(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    viewing_t *v = baton;

    return fpi_setting_put(tx, task->tenant, v->name, v->text, task);
}

/* "<microseconds> {...}"; NULL when it is none, or too old. */
static fpi_err_t *read_kept(viewing_t *v, fpi_task_t *task)
{
    const char *blank = v->text ? strchr(v->text, ' ') : NULL;
    apr_time_t now = fpi_clock_now();
    int64_t at;

    if (!blank || !fpi_int_parse(&at, apr_pstrmemdup(task->pool, v->text, (size_t)(blank - v->text)), 0, now)
        || now - at > KEPT) {
        return NULL;
    }
    return fpi_json_parse(&v->doc, blank + 1, strlen(blank + 1), task);
}

fpi_err_t *fpi_handle_storage(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_task_t *task = call->task;
    viewing_t v = { .app = app, .tax_no = call->viewer->tax_no };

    v.name = apr_pstrcat(task->pool, "storage.view.", v.tax_no ? v.tax_no : "*", NULL);
    FPI_TRY(fpi_store_read(app->store, tx_look, &v, task));
    FPI_TRY(read_kept(&v, task));
    if (!v.doc) {
        FPI_TRY(fpi_store_read(app->store, tx_sum, &v, task));
        v.text = apr_psprintf(task->pool, "%" APR_TIME_T_FMT " %s", fpi_clock_now(),
                              fpi_json_format(v.doc, false, task));
        FPI_TRY(fpi_store_write(app->store, tx_keep, &v, task));
    }
    fpi_json_put_int(v.doc, "free_bytes", fpi_blobs_room(app->blobs));
    answer->data = v.doc;
    return NULL;
}
