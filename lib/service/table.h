/* A list that somebody uploads, CSV or the first sheet of a workbook, as one CSV text: what importers read. It comes as
 * the body itself or as the file of a form.
 *
 * Life:    the text lives in the task's pool and is wiped with it: there may be secrets in it.
 * Threads: the request's.
 * Limits:  FPI_TABLE_BYTES, FPI_TABLE_ROWS rows of a workbook. */
#ifndef FPI_TABLE_H
#define FPI_TABLE_H

#include "service/call.h"

enum { FPI_TABLE_BYTES = 4 * 1024 * 1024, FPI_TABLE_ROWS = 10001 };

/* From a call whose route gathers its body as RAW. FPI_E_FIELD when there is no file, or text that is neither UTF-8 nor
 * GBK; FPI_E_UNREADABLE for a broken workbook. The result is UTF-8; line n of it is row n of the sheet. */
fpi_err_t *fpi_table_take(fpi_secret_t **csv, const fpi_call_t *call) FPI_MUST_USE;
/* The same of bytes. */
fpi_err_t *fpi_table_csv(fpi_secret_t **csv, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

#endif
