#include "store/contents.h"

#include "base/clock.h"

#include <string.h>

fpi_err_t *fpi_content_put(fpi_tx_t *tx, const char *sha256, int64_t size, const char *media, fpi_content_of_t of,
                           fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();

    return fpi_tx_run(tx, FPI_SQL_CONTENT_PUT,
                      FPI_ARGS(fpi_arg_text(sha256), fpi_arg_int(size),
                               fpi_arg_text(media ? media : "application/octet-stream"), fpi_arg_int(now),
                               fpi_arg_int(of == FPI_CONTENT_OF_PAGE ? now : 0)),
                      NULL, NULL, task);
}

static fpi_content_t *content_of(const fpi_rows_t *rows, int row, fpi_task_t *task)
{
    fpi_content_t *content = apr_pcalloc(task->pool, sizeof(*content));
    int c = 0;

    content->sha256 = fpi_rows_text(rows, row, c++);
    content->size = fpi_rows_int(rows, row, c++);
    content->media = fpi_rows_text(rows, row, c++);
    content->pages = fpi_rows_int(rows, row, c++);
    content->state = (fpi_content_state_t)fpi_rows_int(rows, row, c++);
    content->note = fpi_rows_text(rows, row, c++);
    content->doc = fpi_rows_text(rows, row, c++);
    content->created = fpi_rows_int(rows, row, c++);
    content->looked = fpi_rows_int(rows, row, c++);
    return content;
}

fpi_err_t *fpi_content_find(fpi_content_t **out, fpi_tx_t *tx, const char *sha256, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CONTENT_FIND, FPI_ARGS(fpi_arg_text(sha256)), &rows, NULL, task));
    *out = fpi_rows_count(rows) ? content_of(rows, 0, task) : NULL;
    return NULL;
}

fpi_err_t *fpi_content_tell(fpi_content_t *content, fpi_tx_t *tx, fpi_task_t *task)
{
    if (content->doc && strlen(content->doc) > FPI_CONTENT_DOC) {
        return fpi_fail(task, FPI_E_TOO_LARGE, "what was seen in %s is more than %d bytes", content->sha256,
                        FPI_CONTENT_DOC);
    }
    content->looked = content->looked ? content->looked : fpi_clock_now();
    return fpi_tx_run(tx, FPI_SQL_CONTENT_TELL,
                      FPI_ARGS(fpi_arg_text(content->sha256), fpi_arg_int(content->pages), fpi_arg_int(content->state),
                               fpi_arg_text(content->note), fpi_arg_text(content->doc), fpi_arg_int(content->looked)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_content_holders(fpi_holder_t **out, int *count, fpi_tx_t *tx, const char *sha256, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CONTENT_BILLS, FPI_ARGS(fpi_arg_text(sha256), fpi_arg_int(FPI_HOLDERS)), &rows,
                       NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        (*out)[i].tenant = fpi_rows_int(rows, i, 0);
        (*out)[i].bill = fpi_rows_int(rows, i, 1);
        (*out)[i].is_waiting = fpi_rows_int(rows, i, 2) != 0;
    }
    return NULL;
}
