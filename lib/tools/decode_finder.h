/* Does a page look as if there were a QR code that could not be read yet? Looks for the eyes in its corners: dark and
 * light runs of 1:1:3:1:1 in a row, and again in the column through their middle, whatever way the code is turned.
 *
 * Life:    nothing is kept.
 * Threads: one.
 * Limits:  a guess: pages of text are rarely taken for one, a code is rarely missed. */
#ifndef FPI_DECODE_FINDER_H
#define FPI_DECODE_FINDER_H

#include "tools/decode_raster.h"

bool decode_finder_is_likely(const decode_grey_t *grey, fpi_task_t *task);

#endif
