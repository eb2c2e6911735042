/* The text of a page as a reader sees it: lines from the top, in each the cells of text that belong together, from the
 * left. The order in which a file has its letters says nothing: makers put all labels first and all values behind.
 *
 * Life:    the pool of the atoms.
 * Threads: the task's.
 * Limits:  64 KiB of text in a cell. */
#ifndef FPI_READ_SHEET_H
#define FPI_READ_SHEET_H

#include "tools/read_own.h"

typedef struct read_cell_t {
    const char *text;  /* narrow and without blanks: what is looked at */
    const char *raw;   /* as it was written: what names are taken from */
    double x0, y0, x1, y1;
    int line;
} read_cell_t;

typedef struct read_sheet_t {
    read_t *read;
    apr_pool_t *pool;
    apr_array_header_t *cells; /* read_cell_t, line by line, from the left */
} read_sheet_t;

#define READ_CELL(sheet, i) (&APR_ARRAY_IDX((sheet)->cells, (i), read_cell_t))

/* Narrow and without blanks. */
char *read_squeeze(const char *text, apr_pool_t *pool);

/* Of at least one atom; they are put in another order. */
read_sheet_t read_sheet_make(read_t *read, apr_array_header_t *atoms);

#endif
