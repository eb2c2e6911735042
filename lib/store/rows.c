#include "store/backend.h"

#include <apr_strings.h>
#include <assert.h>
#include <string.h>

/* The first step has 8 rows, each further one as many as all before it: nothing is copied, and thousands of rows leave
 * no outgrown copies of theirs in the pool. */
enum { FIRST_BITS = 3, STEPS = 32 - FIRST_BITS };

/* Half of an fpi_arg_t: lists hold tens of thousands. */
typedef struct cell_t {
    int kind;
    uint32_t len; /* of a text or blob, which SQLite keeps far below 4 GiB */
    union {
        int64_t number;
        const char *data;
    } is;
} cell_t;

struct fpi_rows_t {
    apr_pool_t *pool;
    cell_t *steps[STEPS]; /* row by row */
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

static cell_t *row_at(const fpi_rows_t *rows, int row)
{
    unsigned over = (unsigned)row >> FIRST_BITS;
    int step = over ? 32 - __builtin_clz(over) : 0;
    int first = step ? 1 << (FIRST_BITS + step - 1) : 0;

    return rows->steps[step] + (size_t)(row - first) * (size_t)rows->columns;
}

static void grow(fpi_rows_t *rows)
{
    int more = rows->room ? rows->room : 1 << FIRST_BITS, step = 0;

    while (rows->steps[step]) {
        step++;
    }
    rows->steps[step] = apr_palloc(rows->pool, (size_t)more * (size_t)rows->columns * sizeof(cell_t));
    rows->room += more;
}

bool fpi_rows_begin(fpi_rows_t *rows)
{
    if (rows->count == FPI_ROWS_MAX) {
        return false;
    }
    if (rows->count == rows->room) {
        grow(rows);
    }
    memset(row_at(rows, rows->count), 0, (size_t)rows->columns * sizeof(cell_t));
    rows->count++;
    return true;
}

static bool is_bytes(int kind)
{
    return kind == FPI_ARG_TEXT || kind == FPI_ARG_BLOB;
}

void fpi_rows_put(fpi_rows_t *rows, int column, const fpi_arg_t *value)
{
    cell_t *cell = row_at(rows, rows->count - 1) + column;

    assert(column >= 0 && column < rows->columns);
    cell->kind = value->kind;
    if (is_bytes(value->kind)) {
        /* a NUL behind blobs too: they are read as text when a column holds both */
        cell->len = (uint32_t)value->len;
        cell->is.data = value->len ? apr_pstrmemdup(rows->pool, value->data, value->len) : "";
    }
    else {
        cell->is.number = value->number;
    }
}

static const cell_t *cell_at(const fpi_rows_t *rows, int row, int column)
{
    assert(row >= 0 && row < rows->count && column >= 0 && column < rows->columns);
    return row_at(rows, row) + column;
}

int fpi_rows_count(const fpi_rows_t *rows)
{
    return rows->count;
}

int64_t fpi_rows_int(const fpi_rows_t *rows, int row, int column)
{
    const cell_t *cell = cell_at(rows, row, column);

    return is_bytes(cell->kind) ? 0 : cell->is.number;
}

const char *fpi_rows_text(const fpi_rows_t *rows, int row, int column)
{
    const cell_t *cell = cell_at(rows, row, column);

    return is_bytes(cell->kind) ? cell->is.data : NULL;
}

const void *fpi_rows_blob(const fpi_rows_t *rows, int row, int column, size_t *len)
{
    const cell_t *cell = cell_at(rows, row, column);

    *len = is_bytes(cell->kind) ? cell->len : 0;
    return fpi_rows_text(rows, row, column);
}

bool fpi_rows_is_null(const fpi_rows_t *rows, int row, int column)
{
    return cell_at(rows, row, column)->kind == FPI_ARG_NULL;
}
