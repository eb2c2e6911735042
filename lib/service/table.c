#include "service/table.h"

#include "base/text.h"
#include "wire/csv.h"
#include "wire/multipart.h"
#include "wire/xlsx_read.h"

#include <string.h>

/* ---- out of the form ---- */

typedef struct form_t {
    fpi_buf_t *bytes;            /* of the first file; NULL: none yet */
    bool is_ours;                /* the part that is being read */
    fpi_task_t *task;
} form_t;

static fpi_err_t *begin_part(void *baton, const fpi_part_t *part, fpi_task_t *task)
{
    form_t *form = baton;

    form->is_ours = part->filename && !form->bytes;
    if (form->is_ours) {
        form->bytes = fpi_buf_make(task->pool, FPI_TABLE_BYTES);
    }
    return NULL;
}

static fpi_err_t *too_large(fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_TOO_LARGE, "file", "文件超过上限 %d 字节", "the file is larger than the limit of %d bytes",
                      FPI_TABLE_BYTES);
}

static fpi_err_t *put_part(void *baton, const char *data, size_t len, fpi_task_t *task)
{
    form_t *form = baton;

    return !form->is_ours || fpi_buf_put(form->bytes, data, len) ? NULL : too_large(task);
}

static fpi_err_t *end_part(void *baton, fpi_task_t *task)
{
    (void)task;
    ((form_t *)baton)->is_ours = false;
    return NULL;
}

static fpi_err_t *read_form(fpi_buf_t **out, const fpi_call_t *call, const char *type)
{
    static const fpi_multipart_sink_t sink = { begin_part, put_part, end_part };
    form_t form = { .task = call->task };
    fpi_multipart_t *m;

    FPI_TRY(fpi_multipart_open(&m, type, &sink, &form, call->task));
    FPI_TRY(fpi_multipart_put(m, call->body->data, call->body->len));
    FPI_TRY(fpi_multipart_end(m));
    *out = form.bytes;
    return NULL;
}

/* ---- workbook to text ---- */

/* A line end inside a cell would move the numbers of the lines behind it. */
static bool put_cell(fpi_buf_t *to, const char *text)
{
    bool fits = fpi_buf_put(to, "\"", 1);

    for (; fits && *text; text++) {
        fits = *text == '"'                      ? fpi_buf_put(to, "\"\"", 2)
               : *text == '\n' || *text == '\r' ? fpi_buf_put(to, " ", 1)
                                                 : fpi_buf_put(to, text, 1);
    }
    return fits && fpi_buf_put(to, "\"", 1);
}

static bool put_row(fpi_buf_t *to, const fpi_xlsx_row_t *row, int *line)
{
    bool fits = true;

    for (; fits && *line < row->number; (*line)++) {
        fits = fpi_buf_put(to, "\n", 1);
    }
    for (int i = 0; fits && i < row->count; i++) {
        fits = (i == 0 || fpi_buf_put(to, ",", 1)) && put_cell(to, row->cells[i]);
    }
    return fits;
}

static fpi_err_t *book_csv(fpi_secret_t **csv, const void *data, size_t len, fpi_task_t *task)
{
    fpi_buf_t *to = fpi_buf_make(task->pool, 4 * FPI_TABLE_BYTES);
    fpi_xlsx_row_t *rows;
    int count, line;

    FPI_TRY(fpi_xlsx_read(&rows, &count, data, len, FPI_TABLE_ROWS, task));
    line = 1;
    for (int i = 0; i < count; i++) {
        if (!put_row(to, &rows[i], &line)) {
            return too_large(task);
        }
    }
    *csv = fpi_secret_make(task->pool, to->data ? to->data : "", to->len);
    return NULL;
}

fpi_err_t *fpi_table_csv(fpi_secret_t **csv, const void *data, size_t len, fpi_task_t *task)
{
    if (len > FPI_TABLE_BYTES) {
        return too_large(task);
    }
    if (fpi_xlsx_is(data, len)) {
        return book_csv(csv, data, len, task);
    }
    return fpi_csv_decode(csv, data, len, task);
}

fpi_err_t *fpi_table_take(fpi_secret_t **csv, const fpi_call_t *call)
{
    const char *type = apr_table_get(call->headers, "Content-Type");
    fpi_buf_t *bytes = call->body;

    if (fpi_multipart_is(type)) {
        FPI_TRY(read_form(&bytes, call, type));
    }
    if (!bytes || !bytes->len) {
        return fpi_refuse(call->task, FPI_E_FIELD, "file", "请求中没有文件: 请上传 CSV (UTF-8) 或 xlsx",
                          "there is no file in the request: upload CSV (UTF-8) or xlsx");
    }
    return fpi_table_csv(csv, bytes->data, bytes->len, call->task);
}
