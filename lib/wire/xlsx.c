#include "wire/xlsx.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>
#include <xlsxwriter.h>

enum { TEXT_MOST = 32767 };

/* Days from Excel's day 0 to 1970, and seconds from UTC to China, where it is read. */
#define EPOCH_DAYS 25569.0
#define ZONE 28800

typedef struct sheet_t {
    lxw_worksheet *sheet;
    const fpi_xlsx_column_t *columns;
    int count;
    lxw_row_t next;
} sheet_t;

struct fpi_xlsx_t {
    lxw_workbook *book; /* NULL once closed: closing frees it */
    apr_pool_t *pool;
    fpi_scratch_t *scratch;
    lxw_format *heading, *money, *time;
    sheet_t sheets[FPI_XLSX_SHEETS];
    int sheet_count;
};

static fpi_err_t *judge(lxw_error error, const char *doing, fpi_task_t *task)
{
    if (error == LXW_NO_ERROR) {
        return NULL;
    }
    return fpi_fail(task, error <= LXW_ERROR_ZIP_CLOSE ? FPI_E_STORE : FPI_E_INTERNAL, "%s a workbook: %s", doing,
                    lxw_strerror(error));
}

static apr_status_t free_late(void *data)
{
    fpi_xlsx_t *book = data;

    if (book->book) {
        lxw_workbook_free(book->book);
    }
    return APR_SUCCESS;
}

static void make_formats(fpi_xlsx_t *book)
{
    book->heading = workbook_add_format(book->book);
    format_set_bold(book->heading);
    book->money = workbook_add_format(book->book);
    format_set_num_format(book->money, "#,##0.00");
    book->time = workbook_add_format(book->book);
    format_set_num_format(book->time, "yyyy-mm-dd hh:mm:ss");
}

fpi_err_t *fpi_xlsx_open(fpi_xlsx_t **out, const char *folder, fpi_task_t *task)
{
    fpi_xlsx_t *book = apr_pcalloc(task->pool, sizeof(*book));
    lxw_workbook_options options = { .constant_memory = LXW_TRUE };

    options.tmpdir = apr_pstrdup(task->pool, folder);
    book->pool = task->pool;
    FPI_TRY(fpi_scratch_open(&book->scratch, folder, task));
    book->book = workbook_new_opt(fpi_scratch_path(book->scratch), &options);
    if (!book->book) {
        return fpi_fail(task, FPI_E_INTERNAL, "a workbook can't be made");
    }
    apr_pool_pre_cleanup_register(task->pool, book, free_late);
    make_formats(book);
    *out = book;
    return NULL;
}

/* ---- cells ---- */

/* At a character, as the library counts them. */
static const char *cut(const char *text, apr_pool_t *pool)
{
    int count = 0;

    for (size_t at = 0; text[at]; at++) {
        bool is_first = ((unsigned char)text[at] & 0xc0) != 0x80;

        if (is_first && ++count > TEXT_MOST) {
            return apr_pstrmemdup(pool, text, at);
        }
    }
    return text;
}

static lxw_error put_number(sheet_t *s, lxw_col_t column, double value, lxw_format *format)
{
    return worksheet_write_number(s->sheet, s->next, column, value, format);
}

static lxw_error put_cell(fpi_xlsx_t *book, sheet_t *s, int column, const fpi_xlsx_cell_t *cell, fpi_task_t *task)
{
    lxw_col_t at = (lxw_col_t)column;

    if (cell->is_empty) {
        return LXW_NO_ERROR;
    }
    switch (s->columns[column].kind) {
    case FPI_XLSX_TEXT:
        return cell->text && *cell->text
                   ? worksheet_write_string(s->sheet, s->next, at, cut(cell->text, task->pool), NULL) : LXW_NO_ERROR;
    case FPI_XLSX_COUNT:
        return put_number(s, at, (double)cell->number, NULL);
    case FPI_XLSX_FEN:
        return put_number(s, at, (double)cell->number / 100.0, book->money);
    default:
        return cell->number ? put_number(s, at, EPOCH_DAYS + (double)(apr_time_sec(cell->number) + ZONE) / 86400.0,
                                         book->time) : LXW_NO_ERROR;
    }
}

fpi_err_t *fpi_xlsx_put(fpi_xlsx_t *book, int sheet, const fpi_xlsx_cell_t *cells, fpi_task_t *task)
{
    sheet_t *s = &book->sheets[sheet];

    if (s->next > FPI_XLSX_ROWS) {
        return fpi_fail(task, FPI_E_TOO_LARGE, "a sheet has room for %d rows", FPI_XLSX_ROWS);
    }
    for (int i = 0; i < s->count; i++) {
        FPI_TRY(judge(put_cell(book, s, i, &cells[i], task), "writing", task));
    }
    s->next++;
    return NULL;
}

/* ---- sheets ---- */

fpi_err_t *fpi_xlsx_add_sheet(fpi_xlsx_t *book, const char *name, const fpi_xlsx_column_t *columns, int count,
                              fpi_task_t *task)
{
    sheet_t *s = &book->sheets[book->sheet_count];

    if (book->sheet_count == FPI_XLSX_SHEETS) {
        return fpi_fail(task, FPI_E_INTERNAL, "a workbook has at most %d sheets", FPI_XLSX_SHEETS);
    }
    s->sheet = workbook_add_worksheet(book->book, name);
    if (!s->sheet) {
        return fpi_fail(task, FPI_E_INTERNAL, "the sheet %s can't be made", name);
    }
    book->sheet_count++;
    s->columns = columns;
    s->count = count;
    for (int i = 0; i < count; i++) {
        FPI_TRY(judge(worksheet_set_column(s->sheet, (lxw_col_t)i, (lxw_col_t)i, columns[i].width, NULL), "writing",
                      task));
        FPI_TRY(judge(worksheet_write_string(s->sheet, 0, (lxw_col_t)i, columns[i].title, book->heading), "writing",
                      task));
    }
    worksheet_freeze_panes(s->sheet, 1, 0);
    s->next = 1;
    return NULL;
}

fpi_err_t *fpi_xlsx_close(fpi_xlsx_t *book, fpi_put_fn *put, void *baton, fpi_task_t *task)
{
    lxw_workbook *ended = book->book;
    fpi_err_t *err;

    book->book = NULL;
    FPI_TRY(judge(workbook_close(ended), "finishing", task));
    err = fpi_scratch_send(book->scratch, put, baton, task);
    fpi_scratch_close(&book->scratch);
    return err;
}
