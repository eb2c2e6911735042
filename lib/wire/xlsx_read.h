/* The first sheet of a workbook (ECMA-376) as rows of texts: what people upload as lists. Values only: no formulas are
 * reckoned (the last result that was stored counts), dates and numbers come as the file holds them. The writer is xlsx.h.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  those of zip.h and xml.h; FPI_XLSX_READ_CELLS cells a row, FPI_XLSX_READ_TEXT characters a cell (Excel's own), the
 *          rows that the caller allows. */
#ifndef FPI_XLSX_READ_H
#define FPI_XLSX_READ_H

#include "base/task.h"

#include <stddef.h>

enum { FPI_XLSX_READ_CELLS = 64, FPI_XLSX_READ_TEXT = 32767 };

typedef struct fpi_xlsx_row_t {
    int number;                  /* as the program shows it, from 1; rows that are empty are left out */
    int count;
    const char **cells;          /* "" for an empty one; never NULL */
} fpi_xlsx_row_t;

/* Do the bytes begin like an archive, as every workbook does? */
bool fpi_xlsx_is(const void *data, size_t len);
/* FPI_E_UNREADABLE when it is no workbook; FPI_E_TOO_LARGE for more than `most` rows, or a
 * text that is too long. */
fpi_err_t *fpi_xlsx_read(fpi_xlsx_row_t **rows, int *count, const void *data, size_t len, int most, fpi_task_t *task)
    FPI_MUST_USE;

#endif
