/* A workbook of lists, written row by row in constant memory: the only owner of libxlsxwriter. Text is always text: a
 * cell that begins with = + - or @ is none of a formula. Not a reader.
 *
 * Life:    open in the task's pool until it is closed or the pool ends.
 * Threads: one.
 * Limits:  FPI_XLSX_SHEETS sheets of FPI_XLSX_ROWS rows; a text is cut at 32,767 characters. */
#ifndef FPI_XLSX_H
#define FPI_XLSX_H

#include "wire/scratch.h"

enum { FPI_XLSX_SHEETS = 8, FPI_XLSX_ROWS = 1048575 };

typedef struct fpi_xlsx_t fpi_xlsx_t;

typedef struct fpi_xlsx_column_t {
    const char *title;
    enum { FPI_XLSX_TEXT, FPI_XLSX_COUNT, FPI_XLSX_FEN, FPI_XLSX_TIME } kind; /* of its cells */
    int width; /* in characters */
} fpi_xlsx_column_t;

typedef struct fpi_xlsx_cell_t {
    const char *text;      /* of a TEXT column; NULL: empty */
    int64_t number;        /* of the others: a count, fen, microseconds since 1970 (0: empty) */
    bool is_empty;
} fpi_xlsx_cell_t;

/* `folder`: for what is on its way. */
fpi_err_t *fpi_xlsx_open(fpi_xlsx_t **book, const char *folder, fpi_task_t *task) FPI_MUST_USE;
/* Adds a sheet with its heading; sheets are numbered from 0. The name has at most 31 characters. */
fpi_err_t *fpi_xlsx_add_sheet(fpi_xlsx_t *book, const char *name, const fpi_xlsx_column_t *columns, int count,
                              fpi_task_t *task) FPI_MUST_USE;
/* One cell for each column. FPI_E_TOO_LARGE when the sheet is full. */
fpi_err_t *fpi_xlsx_put(fpi_xlsx_t *book, int sheet, const fpi_xlsx_cell_t *cells, fpi_task_t *task) FPI_MUST_USE;
/* Finishes it and hands its bytes on. */
fpi_err_t *fpi_xlsx_close(fpi_xlsx_t *book, fpi_put_fn *put, void *baton, fpi_task_t *task) FPI_MUST_USE;

#endif
