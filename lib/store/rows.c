#include "store/backend.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

enum { ROWS_FIRST = 8 };

struct fpi_rows_t {
    apr_pool_t *pool;
    fpi_arg_t *cells; /* row by row */
    int columns, count, room;
};

static fpi_arg_t bytes(int kind, const void *v, size_t len)
{
    return v ? (fpi_arg_t){ kind, 0, v, len } : (fpi_arg_t){ FPI_ARG_NULL, 0, NULL, 0 };
}

fpi_arg_t fpi_arg_text(const char *v)
{
    return bytes(FPI_ARG_TEXT, v, v ? strlen(v) : 0);
}

fpi_arg_t fpi_arg_blob(const void *v, size_t len)
{
    return bytes(FPI_ARG_BLOB, v, len);
}

fpi_rows_t *fpi_rows_make(apr_pool_t *pool, int columns)
{
    fpi_rows_t *rows = apr_pcalloc(pool, sizeof(*rows));

    rows->pool = pool;
    rows->columns = columns;
    return rows;
}

static void grow(fpi_rows_t *rows)
{
    size_t row = (size_t)rows->columns * sizeof(fpi_arg_t);
    int room = rows->room ? rows->room * 2 : ROWS_FIRST;
    fpi_arg_t *cells = apr_palloc(rows->pool, (size_t)room * row);

    if (rows->count) {
        memcpy(cells, rows->cells, (size_t)rows->count * row);
    }
    rows->cells = cells;
    rows->room = room;
}

bool fpi_rows_begin(fpi_rows_t *rows)
{
    if (rows->count == FPI_ROWS_MAX) {
        return false;
    }
    if (rows->count == rows->room) {
        grow(rows);
    }
    memset(&rows->cells[rows->count * rows->columns], 0, (size_t)rows->columns * sizeof(fpi_arg_t));
    rows->count++;
    return true;
}

void fpi_rows_put(fpi_rows_t *rows, int column, const fpi_arg_t *value)
{
    fpi_arg_t *cell = &rows->cells[(rows->count - 1) * rows->columns + column];

    assert(column >= 0 && column < rows->columns);
    *cell = *value;
    if (value->kind == FPI_ARG_TEXT || value->kind == FPI_ARG_BLOB) {
        /* a NUL behind blobs too: they are read as text when a column holds both */
        cell->data = value->len ? apr_pstrmemdup(rows->pool, value->data, value->len) : "";
    }
}

static const fpi_arg_t *cell_at(const fpi_rows_t *rows, int row, int column)
{
    assert(row >= 0 && row < rows->count && column >= 0 && column < rows->columns);
    return &rows->cells[row * rows->columns + column];
}

int fpi_rows_count(const fpi_rows_t *rows)
{
    return rows->count;
}

int64_t fpi_rows_int(const fpi_rows_t *rows, int row, int column)
{
    return cell_at(rows, row, column)->number;
}

const char *fpi_rows_text(const fpi_rows_t *rows, int row, int column)
{
    return cell_at(rows, row, column)->data;
}

const void *fpi_rows_blob(const fpi_rows_t *rows, int row, int column, size_t *len)
{
    const fpi_arg_t *cell = cell_at(rows, row, column);

    *len = cell->len;
    return cell->data;
}

bool fpi_rows_is_null(const fpi_rows_t *rows, int row, int column)
{
    return cell_at(rows, row, column)->kind == FPI_ARG_NULL;
}
