#include "store/captures.h"

#include "base/clock.h"

static void take_page(fpi_capture_page_t *page, const fpi_rows_t *rows, int row)
{
    int c = 0;

    page->id = fpi_rows_int(rows, row, c++);
    page->tenant = fpi_rows_int(rows, row, c++);
    page->capture = fpi_rows_int(rows, row, c++);
    page->position = fpi_rows_int(rows, row, c++);
    page->upload_key = fpi_rows_text(rows, row, c++);
    page->sha256 = fpi_rows_text(rows, row, c++);
    page->page = (int)fpi_rows_int(rows, row, c++);
    page->name = fpi_rows_text(rows, row, c++);
    page->kind = (fpi_role_t)fpi_rows_int(rows, row, c++);
    page->rotation = (int)fpi_rows_int(rows, row, c++);
    page->number = fpi_rows_text(rows, row, c++);
    page->label = fpi_rows_text(rows, row, c++);
    page->bill = fpi_rows_int(rows, row, c++);
    page->created = fpi_rows_int(rows, row, c++);
    page->type_code = fpi_rows_text(rows, row, c++);
    page->attachment_type = (int)fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_capture_pages_list(fpi_capture_page_t **out, int *count, fpi_tx_t *tx, const fpi_capture_t *capture,
                                  fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_LIST,
                       FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->id)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_page(&(*out)[i], rows, i);
    }
    return NULL;
}

static fpi_capture_page_t *first_page(const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_capture_page_t *page = fpi_rows_count(rows) ? apr_pcalloc(task->pool, sizeof(*page)) : NULL;

    if (page) {
        take_page(page, rows, 0);
    }
    return page;
}

fpi_err_t *fpi_capture_page_find(fpi_capture_page_t **out, fpi_tx_t *tx, const fpi_capture_t *capture, int64_t id,
                                 fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_FIND,
                       FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->id), fpi_arg_int(id)), &rows, NULL,
                       task));
    *out = first_page(rows, task);
    return NULL;
}

fpi_err_t *fpi_capture_page_find_by_key(fpi_capture_page_t **out, fpi_tx_t *tx, const fpi_capture_t *capture,
                                        const char *key, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_FIND_BY_KEY,
                       FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->id), fpi_arg_text(key)), &rows, NULL,
                       task));
    *out = first_page(rows, task);
    return NULL;
}

fpi_err_t *fpi_capture_pages_count(int64_t *count, int64_t *last, fpi_tx_t *tx, const fpi_capture_t *capture,
                                   fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_LAST, FPI_ARGS(fpi_arg_int(capture->id)), &rows, NULL, task));
    *count = fpi_rows_int(rows, 0, 0);
    *last = fpi_rows_int(rows, 0, 1);
    return NULL;
}

fpi_err_t *fpi_capture_pages_shift(fpi_tx_t *tx, const fpi_capture_t *capture, int64_t position, int64_t by,
                                   fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_SHIFT,
                      FPI_ARGS(fpi_arg_int(capture->id), fpi_arg_int(position), fpi_arg_int(by)), NULL, NULL, task);
}

static fpi_err_t *insert(fpi_capture_page_t *page, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!page->created) {
        page->created = fpi_clock_now();
    }
    return fpi_tx_insert(&page->id, tx, FPI_SQL_CAPTURE_PAGE_INSERT,
                         FPI_ARGS(fpi_arg_int(page->tenant), fpi_arg_int(page->capture), fpi_arg_int(page->position),
                                  fpi_arg_text(page->upload_key), fpi_arg_text(page->sha256), fpi_arg_int(page->page),
                                  fpi_arg_text(page->name), fpi_arg_int(page->kind), fpi_arg_int(page->rotation),
                                  fpi_arg_text(page->number), fpi_arg_text(page->label), fpi_arg_int(page->bill),
                                  fpi_arg_int(page->created), fpi_arg_text(page->type_code),
                                  fpi_arg_int(page->attachment_type)),
                         task);
}

fpi_err_t *fpi_capture_page_put(fpi_capture_page_t *page, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!page->id) {
        return insert(page, tx, task);
    }
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_UPDATE,
                      FPI_ARGS(fpi_arg_int(page->tenant), fpi_arg_int(page->capture), fpi_arg_int(page->id),
                               fpi_arg_int(page->page), fpi_arg_int(page->kind), fpi_arg_int(page->rotation),
                               fpi_arg_text(page->number), fpi_arg_text(page->label), fpi_arg_int(page->bill),
                               fpi_arg_text(page->type_code), fpi_arg_int(page->attachment_type)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_capture_page_move(fpi_tx_t *tx, const fpi_capture_page_t *page, int64_t position, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_MOVE,
                      FPI_ARGS(fpi_arg_int(page->capture), fpi_arg_int(page->id), fpi_arg_int(position)), NULL, NULL,
                      task);
}

fpi_err_t *fpi_capture_page_drop(fpi_tx_t *tx, const fpi_capture_page_t *page, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_RELEASE, FPI_ARGS(fpi_arg_text(page->sha256), fpi_arg_int(fpi_clock_now())),
                       NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_DROP, FPI_ARGS(fpi_arg_int(page->capture), fpi_arg_int(page->id)), NULL,
                      NULL, task);
}

static void take_content(fpi_content_t *content, const fpi_rows_t *rows, int row)
{
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
}

fpi_err_t *fpi_capture_contents(fpi_content_t **out, int *count, fpi_tx_t *tx, int64_t capture, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_CONTENTS, FPI_ARGS(fpi_arg_int(capture)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_content(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_capture_count_waiting(int64_t *count, fpi_tx_t *tx, int64_t capture, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_COUNT_WAITING, FPI_ARGS(fpi_arg_int(capture)), &rows, NULL, task));
    *count = fpi_rows_int(rows, 0, 0);
    return NULL;
}
