#include "store/exports.h"

#include "base/clock.h"

static void take_export(fpi_export_t *e, const fpi_rows_t *rows, int row)
{
    int c = 0;

    e->id = fpi_rows_int(rows, row, c++);
    e->tenant = fpi_rows_int(rows, row, c++);
    e->owner = fpi_rows_text(rows, row, c++);
    e->kind = fpi_rows_text(rows, row, c++);
    e->query = fpi_rows_text(rows, row, c++);
    e->state = (fpi_export_state_t)fpi_rows_int(rows, row, c++);
    e->done = fpi_rows_int(rows, row, c++);
    e->total = fpi_rows_int(rows, row, c++);
    e->name = fpi_rows_text(rows, row, c++);
    e->sha256 = fpi_rows_text(rows, row, c++);
    e->size = fpi_rows_int(rows, row, c++);
    e->note = fpi_rows_text(rows, row, c++);
    e->created = fpi_rows_int(rows, row, c++);
    e->ended = fpi_rows_int(rows, row, c++);
}

static void take_exports(fpi_export_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_export(&(*out)[i], rows, i);
    }
}

fpi_err_t *fpi_export_put(fpi_export_t *e, fpi_tx_t *tx, fpi_task_t *task)
{
    e->created = fpi_clock_now();
    return fpi_tx_insert(&e->id, tx, FPI_SQL_EXPORT_INSERT,
                         FPI_ARGS(fpi_arg_int(e->tenant), fpi_arg_text(e->owner), fpi_arg_text(e->kind),
                                  fpi_arg_text(e->query), fpi_arg_int(e->total), fpi_arg_text(e->name),
                                  fpi_arg_int(e->created)),
                         task);
}

fpi_err_t *fpi_export_find(fpi_export_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EXPORT_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), &rows, NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_export(*out, rows, 0);
    }
    return NULL;
}

fpi_err_t *fpi_exports_list(fpi_export_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *owner,
                            int64_t skip, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EXPORT_LIST,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(owner), fpi_arg_int(skip), fpi_arg_int(most)), &rows,
                       NULL, task));
    take_exports(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_exports_count(int64_t *all, int64_t *live, fpi_tx_t *tx, int64_t tenant, const char *owner,
                             fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EXPORT_COUNT, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(owner)), &rows, NULL,
                       task));
    *all = fpi_rows_int(rows, 0, 0);
    *live = fpi_rows_int(rows, 0, 1);
    return NULL;
}

fpi_err_t *fpi_export_step(bool *is_wanted, fpi_tx_t *tx, const fpi_export_t *e, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EXPORT_STEP,
                       FPI_ARGS(fpi_arg_int(e->tenant), fpi_arg_int(e->id), fpi_arg_int(e->done),
                                fpi_arg_int(e->total)),
                       NULL, &changed, task));
    *is_wanted = changed > 0;
    return NULL;
}

fpi_err_t *fpi_export_end(bool *is_wanted, fpi_tx_t *tx, fpi_export_t *e, fpi_task_t *task)
{
    int64_t changed;

    e->ended = fpi_clock_now();
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EXPORT_END,
                       FPI_ARGS(fpi_arg_int(e->tenant), fpi_arg_int(e->id), fpi_arg_int(e->state),
                                fpi_arg_int(e->done), fpi_arg_int(e->total), fpi_arg_text(e->sha256),
                                fpi_arg_int(e->size), fpi_arg_text(e->note), fpi_arg_int(e->ended)),
                       NULL, &changed, task));
    *is_wanted = changed > 0;
    return NULL;
}

fpi_err_t *fpi_export_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_EXPORT_DROP, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), NULL, NULL, task);
}

fpi_err_t *fpi_exports_list_ended(fpi_export_t **out, int *count, fpi_tx_t *tx, apr_time_t before, int most,
                                  fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EXPORT_LIST_ENDED, FPI_ARGS(fpi_arg_int(before), fpi_arg_int(most)), &rows, NULL,
                       task));
    take_exports(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_export_size(int64_t *bytes, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EXPORT_SIZE, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill)), &rows, NULL, task));
    *bytes = fpi_rows_int(rows, 0, 0);
    return NULL;
}
