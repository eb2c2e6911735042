#include "service/export_own.h"

#include <string.h>

const char *fpi_export_kind(fpi_kind_t kind)
{
    static const char *const names[] = { "封面", "发票", "附件" };

    return names[kind];
}

typedef struct reading_t {
    const fpi_export_want_t *want;
    int64_t id;
    fpi_export_bill_t one;
} reading_t;

static fpi_err_t *tx_read(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    reading_t *r = baton;
    const fpi_export_want_t *want = r->want;
    fpi_bill_t *bill;

    memset(&r->one, 0, sizeof(r->one));
    FPI_TRY(fpi_bill_find_by_id(&bill, tx, want->tenant, r->id, task));
    if (!bill || !fpi_viewer_sees_bill(want->viewer, bill)) {
        return NULL;
    }
    r->one.bill = bill;
    FPI_TRY(fpi_files_list(&r->one.files, &r->one.file_count, tx, want->tenant, r->id, FPI_EXPORT_FILES, task));
    FPI_TRY(fpi_found_list(&r->one.found, &r->one.found_count, tx, want->tenant, r->id, FPI_EXPORT_FILES, task));
    return fpi_invoices_list(&r->one.invoices, &r->one.invoice_count, tx, want->tenant, r->id, FPI_EXPORT_FILES,
                             task);
}

static fpi_err_t *walk_one(fpi_app_t *app, reading_t *r, fpi_export_each_fn *each, void *baton, fpi_task_t *task)
{
    FPI_TRY(fpi_store_read(app->store, tx_read, r, task));
    return each(baton, &r->one, task);
}

fpi_err_t *fpi_export_walk(fpi_app_t *app, const fpi_export_want_t *want, const fpi_export_sink_t *sink,
                           fpi_export_each_fn *each, void *baton, fpi_task_t *task)
{
    fpi_task_t step = *task;
    fpi_err_t *err = NULL;

    apr_pool_create(&step.pool, task->pool);
    for (int i = 0; !err && i < want->count; i++) {
        reading_t r = { .want = want, .id = want->bills[i] };

        apr_pool_clear(step.pool);
        if (fpi_task_is_over(task)) {
            err = fpi_fail(task, FPI_E_GONE, "called off");
            break;
        }
        err = walk_one(app, &r, each, baton, &step);
        err = err ? err : sink->step(sink->baton, i + 1, &step);
    }
    err = fpi_err_copy(task->pool, err);
    apr_pool_destroy(step.pool);
    return err;
}
