#include "store/uploads.h"

#include "base/clock.h"

static void take_upload(fpi_upload_t *upload, const fpi_rows_t *rows, int row)
{
    int c = 0;

    upload->id = fpi_rows_text(rows, row, c++);
    upload->tenant = fpi_rows_int(rows, row, c++);
    upload->owner = fpi_rows_text(rows, row, c++);
    upload->name = fpi_rows_text(rows, row, c++);
    upload->size = fpi_rows_int(rows, row, c++);
    upload->taken = fpi_rows_int(rows, row, c++);
    upload->sha256 = fpi_rows_text(rows, row, c++);
    upload->is_whole = fpi_rows_int(rows, row, c++) != 0;
    upload->created = fpi_rows_int(rows, row, c++);
    upload->updated = fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_upload_put(const fpi_upload_t *upload, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_UPLOAD_PUT,
                      FPI_ARGS(fpi_arg_text(upload->id), fpi_arg_int(upload->tenant), fpi_arg_text(upload->owner),
                               fpi_arg_text(upload->name), fpi_arg_int(upload->size), fpi_arg_text(upload->sha256),
                               fpi_arg_int(upload->created)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_upload_find(fpi_upload_t **out, fpi_tx_t *tx, const char *id, int64_t tenant, const char *owner,
                           fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_UPLOAD_FIND, FPI_ARGS(fpi_arg_text(id), fpi_arg_int(tenant), fpi_arg_text(owner)),
                       &rows, NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_upload(*out, rows, 0);
    }
    return NULL;
}

fpi_err_t *fpi_upload_tell(const fpi_upload_t *upload, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_UPLOAD_TELL,
                       FPI_ARGS(fpi_arg_text(upload->id), fpi_arg_int(upload->taken), fpi_arg_text(upload->sha256),
                                fpi_arg_int(upload->is_whole), fpi_arg_int(fpi_clock_now())),
                       NULL, &changed, task));
    return changed ? NULL : fpi_fail(task, FPI_E_ABSENT, "the upload %s is gone", upload->id);
}

fpi_err_t *fpi_upload_drop(fpi_tx_t *tx, const char *id, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_UPLOAD_DROP, FPI_ARGS(fpi_arg_text(id)), NULL, NULL, task);
}

fpi_err_t *fpi_uploads_count(int64_t *count, fpi_tx_t *tx, int64_t tenant, const char *owner, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_UPLOAD_COUNT, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(owner)), &rows, NULL, task));
    *count = fpi_rows_int(rows, 0, 0);
    return NULL;
}

fpi_err_t *fpi_uploads_list_old(fpi_upload_t **out, int *count, fpi_tx_t *tx, apr_time_t unfinished, apr_time_t whole,
                                int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_UPLOAD_LIST_OLD,
                       FPI_ARGS(fpi_arg_int(unfinished), fpi_arg_int(whole), fpi_arg_int(most)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (apr_size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        take_upload(&(*out)[i], rows, i);
    }
    return NULL;
}
