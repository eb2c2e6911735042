/* CSV (RFC 4180), cut into cells in place: the text is overwritten, and what was secret in it lies in no second place. And
 * the text itself, out of the encodings that programs save it in. The reader of workbooks is xlsx_read.h.
 *
 *   quotes round a cell, doubled inside it; blanks round it are cut; lines end with LF or CR LF
 *
 * Life:    cells are parts of the text.
 * Threads: any; a reader is one thread's.
 * Limits:  FPI_CSV_CELLS cells of a line. */
#ifndef FPI_CSV_H
#define FPI_CSV_H

#include "base/secret.h"
#include "base/task.h"

#include <stddef.h>

enum { FPI_CSV_CELLS = 32 };

typedef struct fpi_csv_t {
    char *at;                    /* the rest of the text */
    int line;                    /* number of the line that comes next, from 1 */
} fpi_csv_t;

/* The next line, which begins on number *line; *count 0: there is none. A blank line has one empty cell. FPI_E_FIELD: a
 * quote is left open or stands in mid-cell, or there are too many cells. */
fpi_err_t *fpi_csv_next(char **cells, int *count, int *line, fpi_csv_t *csv, fpi_task_t *task) FPI_MUST_USE;

/* The bytes as UTF-8 without a mark at their front: they are UTF-8 or GB18030 (GBK), as Chinese spreadsheets save CSV.
 * FPI_E_FIELD when they are neither, or UTF-16: says how to save it. */
fpi_err_t *fpi_csv_decode(fpi_secret_t **text, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

#endif
