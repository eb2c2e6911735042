/* Cover pages to print: A4, a QR code with the image number at the top right, the number and lines of text.
 *
 * Life:    the PDF lives in the task's pool.
 * Threads: one.
 * Limits:  DECODE_COVERS pages; a number that a QR code of version 10 can hold. */
#ifndef FPI_DECODE_COVER_H
#define FPI_DECODE_COVER_H

#include "wire/json.h"

enum { DECODE_COVERS = 100 };

/* `covers`: an array of {number, title, lines}. Notes say when no font for Chinese was found. */
fpi_err_t *decode_cover_print(const void **data, size_t *len, const fpi_json_t *covers, fpi_json_t *notes,
                              fpi_task_t *task) FPI_MUST_USE;

#endif
