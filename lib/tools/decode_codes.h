/* QR and bar codes on a page, whatever way it lies, by zbar over a few views of its grey plane.
 *
 *   coarse ─┬─ nothing looks like a code: done
 *           └─> finer ─> smoothed ─> turned by 30 degrees
 *
 * Bar codes are taken from every view; the search ends with the first that shows a QR code. A long page (decode_raster.h)
 * is searched part by part, all of them.
 *
 * Life:    results live in the task's pool.
 * Threads: one.
 * Limits:  DECODE_CODES codes per page, texts of DECODE_CODE_TEXT bytes. */
#ifndef FPI_DECODE_CODES_H
#define FPI_DECODE_CODES_H

#include "tools/decode_raster.h"

enum { DECODE_CODES = 50, DECODE_CODE_TEXT = 4096 };

/* An array as wire/decode.h says, empty when there are none. *is_missed: something looks like a QR code that could not be
 * read; a finer raster may show it. */
fpi_err_t *decode_codes_find(fpi_json_t **codes, bool *is_missed, const decode_grey_t *grey, fpi_task_t *task)
    FPI_MUST_USE;

#endif
