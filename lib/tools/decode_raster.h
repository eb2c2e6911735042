/* Rasters: from a drawing surface to a picture that can be encoded or looked at.
 *
 * Life:    in the task's pool.
 * Threads: one.
 * Limits:  DECODE_RASTER pixels. */
#ifndef FPI_DECODE_RASTER_H
#define FPI_DECODE_RASTER_H

#include "tools/decode_doc.h"

#include <cairo.h>

/* A white sheet for a page of width x height points, drawn in the largest scale that fits the box, but not finer than
 * DECODE_DPI_MOST; `cairo` then draws in points. */
fpi_err_t *decode_sheet_make(cairo_t **cairo, double width, double height, int box_width, int box_height,
                             fpi_task_t *task) FPI_MUST_USE;
/* What was drawn, as sRGB. The sheet must not be drawn on any more. */
fpi_err_t *decode_sheet_take(VipsImage **raster, cairo_t *cairo, fpi_task_t *task) FPI_MUST_USE;

/* A grey plane of the raster, row by row without gaps. */
typedef struct decode_grey_t {
    unsigned char *data;
    int width, height;
} decode_grey_t;
fpi_err_t *decode_grey_make(decode_grey_t *grey, VipsImage *raster, fpi_task_t *task) FPI_MUST_USE;
/* Nothing but paper to see, apart from dust, the scanner's borders and a front that shines through. */
bool decode_grey_is_blank(const decode_grey_t *grey);

/* A page so long that it is looked at in parts, or the whole would be too small to see anything in it. */
bool decode_is_long(double width, double height);
typedef struct decode_part_t {
    int x, y, width, height;
} decode_part_t;
enum { DECODE_PARTS = 40 };
/* The parts of a long page from its beginning, each half as wide again as the page is narrow and half a width of it in the
 * next, too: a code of that size is whole in one of them. Of any other page the page. How many. */
int decode_grey_parts(decode_part_t parts[DECODE_PARTS], const decode_grey_t *grey);
bool decode_part_is_blank(const decode_grey_t *grey, const decode_part_t *part);

/* JPEG, or PNG where JPEG would lose: transparency, or few colours. */
fpi_err_t *decode_raster_encode(const void **data, size_t *len, fpi_media_t *media, VipsImage *raster,
                                fpi_task_t *task) FPI_MUST_USE;

#endif
