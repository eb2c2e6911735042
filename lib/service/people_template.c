/* Empty lists to fill in. */
#include "service/people_file.h"

#include "store/blob.h"
#include "wire/xlsx.h"

#include <string.h>

enum { TEMPLATE_MOST = 1 << 20 };

static bool is_english(const fpi_task_t *task)
{
    return strcmp(task->lang, "en") == 0;
}

static const char *heading_of(const fpi_list_column_t *column, const fpi_task_t *task)
{
    return column->names[is_english(task) ? 1 : 0];
}

static fpi_err_t *put(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    return fpi_buf_put(baton, data, len) ? NULL : fpi_fail(task, FPI_E_INTERNAL, "a template is larger than %d bytes", TEMPLATE_MOST);
}

/* With the mark at its front that spreadsheets know UTF-8 by. */
static fpi_err_t *make_csv(fpi_buf_t *to, const fpi_list_t *list, fpi_task_t *task)
{
    FPI_TRY(put(to, "\xEF\xBB\xBF", 3, task));
    for (int i = 0; i < list->count; i++) {
        const char *heading = heading_of(&list->columns[i], task);

        FPI_TRY(put(to, ",", i > 0, task));
        FPI_TRY(put(to, heading, strlen(heading), task));
    }
    return put(to, "\r\n", 2, task);
}

static fpi_err_t *put_help(fpi_xlsx_t *book, const fpi_list_t *list, fpi_task_t *task)
{
    bool is_en = is_english(task);
    const fpi_xlsx_column_t columns[] = { { is_en ? "column" : "列", FPI_XLSX_TEXT, 20 },
                                          { is_en ? "needed" : "必填", FPI_XLSX_TEXT, 10 },
                                          { is_en ? "what it takes" : "说明", FPI_XLSX_TEXT, 80 } };

    FPI_TRY(fpi_xlsx_add_sheet(book, is_en ? "how to fill it in" : "填写说明", columns, 3, task));
    for (int i = 0; i < list->count; i++) {
        const fpi_list_column_t *column = &list->columns[i];
        const fpi_xlsx_cell_t cells[] = { { .text = heading_of(column, task) },
                                          { .text = column->is_needed ? (is_en ? "yes" : "是") : "" },
                                          { .text = is_en ? column->en : column->zh } };

        FPI_TRY(fpi_xlsx_put(book, 1, cells, task));
    }
    return NULL;
}

static fpi_err_t *make_book(fpi_buf_t *to, fpi_app_t *app, const fpi_list_t *list, fpi_task_t *task)
{
    fpi_xlsx_column_t columns[FPI_LIST_COLUMNS];
    fpi_xlsx_t *book;

    for (int i = 0; i < list->count; i++) {
        columns[i] = (fpi_xlsx_column_t){ heading_of(&list->columns[i], task), FPI_XLSX_TEXT, 20 };
    }
    FPI_TRY(fpi_xlsx_open(&book, fpi_blobs_spool_folder(app->blobs), task));
    FPI_TRY(fpi_xlsx_add_sheet(book, is_english(task) ? list->en : list->zh, columns, list->count, task));
    FPI_TRY(put_help(book, list, task));
    return fpi_xlsx_close(book, put, to, task);
}

fpi_err_t *fpi_people_template(fpi_buf_t **bytes, fpi_app_t *app, fpi_people_list_t list, bool is_workbook, fpi_task_t *task)
{
    *bytes = fpi_buf_make(task->pool, TEMPLATE_MOST);
    return is_workbook ? make_book(*bytes, app, fpi_list_of(list), task) : make_csv(*bytes, fpi_list_of(list), task);
}
