#include "tools/decode_raster.h"

#include <math.h>
#include <string.h>

enum { QUALITY = 85, FEW_COLOURS = 256 };

/* ---- sheets ---- */

static apr_status_t drop_cairo(void *cairo)
{
    cairo_destroy(cairo);
    return APR_SUCCESS;
}

static double scale_of(double width, double height, int box_width, int box_height)
{
    double scale = fmin(box_width / width, box_height / height);

    scale = fmin(scale, DECODE_DPI_MOST / 72.0);
    return fmin(scale, sqrt(DECODE_RASTER / (width * height)));
}

fpi_err_t *decode_sheet_make(cairo_t **out, double width, double height, int box_width, int box_height,
                             fpi_task_t *task)
{
    cairo_surface_t *surface;
    double scale;
    int w, h;

    if (!(width > 0 && height > 0 && width < 1e6 && height < 1e6)) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "页面尺寸无效", "the page has no sensible size");
    }
    scale = scale_of(width, height, box_width, box_height);
    w = (int)fmax(1, lround(width * scale));
    h = (int)fmax(1, lround(height * scale));
    surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, w, h);
    *out = cairo_create(surface);
    cairo_surface_destroy(surface);
    apr_pool_cleanup_register(task->pool, *out, drop_cairo, apr_pool_cleanup_null);
    if (cairo_status(*out) != CAIRO_STATUS_SUCCESS) {
        return fpi_fail(task, FPI_E_DECODER, "a sheet of %d x %d pixels can't be had", w, h);
    }
    cairo_set_source_rgb(*out, 1, 1, 1);
    cairo_paint(*out);
    cairo_scale(*out, w / width, h / height);
    return NULL;
}

/* Cairo's words of 0x00RRGGBB to three bytes. */
static void copy_row(unsigned char *to, const unsigned char *from, int width)
{
    for (int x = 0; x < width; x++) {
        uint32_t word;

        memcpy(&word, from + 4 * (size_t)x, 4);
        to[3 * x] = (unsigned char)(word >> 16);
        to[3 * x + 1] = (unsigned char)(word >> 8);
        to[3 * x + 2] = (unsigned char)word;
    }
}

fpi_err_t *decode_sheet_take(VipsImage **raster, cairo_t *cairo, fpi_task_t *task)
{
    cairo_surface_t *surface = cairo_get_target(cairo);
    int width = cairo_image_surface_get_width(surface), height = cairo_image_surface_get_height(surface);
    size_t size = 3 * (size_t)width * (size_t)height;
    unsigned char *rgb = apr_palloc(task->pool, size);

    cairo_surface_flush(surface);
    for (int y = 0; y < height; y++) {
        copy_row(rgb + 3 * (size_t)y * (size_t)width,
                 cairo_image_surface_get_data(surface) + (size_t)y * (size_t)cairo_image_surface_get_stride(surface), width);
    }
    *raster = vips_image_new_from_memory(rgb, size, width, height, 3, VIPS_FORMAT_UCHAR);
    if (!*raster) {
        return decode_vips_failed(task);
    }
    (*raster)->Type = VIPS_INTERPRETATION_sRGB;
    decode_keep(*raster, task);
    return NULL;
}

/* ---- grey ---- */

static apr_status_t drop_memory(void *data)
{
    g_free(data);
    return APR_SUCCESS;
}

static fpi_err_t *flatten(VipsImage **image, fpi_task_t *task)
{
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
    VipsImage *flat = NULL;
    int failed = vips_image_hasalpha(*image) ? vips_flatten(*image, &flat, "background", white, NULL)
                                             : vips_copy(*image, &flat, NULL);

    vips_area_unref(VIPS_AREA(white));
    decode_keep(flat, task);
    *image = flat;
    return failed ? decode_vips_failed(task) : NULL;
}

static fpi_err_t *to_grey(VipsImage **image, fpi_task_t *task)
{
    VipsImage *grey = NULL;
    VipsImage *bytes = NULL;
    int failed;

    FPI_TRY(flatten(image, task));
    failed = vips_colourspace(*image, &grey, VIPS_INTERPRETATION_B_W, NULL);
    decode_keep(grey, task);
    failed = failed || vips_cast_uchar(grey, &bytes, NULL);
    decode_keep(bytes, task);
    *image = bytes;
    return failed ? decode_vips_failed(task) : NULL;
}

fpi_err_t *decode_grey_make(decode_grey_t *grey, VipsImage *raster, fpi_task_t *task)
{
    VipsImage *image = raster;
    size_t size;

    FPI_TRY(to_grey(&image, task));
    grey->data = vips_image_write_to_memory(image, &size);
    grey->width = vips_image_get_width(image);
    grey->height = vips_image_get_height(image);
    if (!grey->data) {
        return decode_vips_failed(task);
    }
    apr_pool_cleanup_register(task->pool, grey->data, drop_memory, apr_pool_cleanup_null);
    if (size < (size_t)grey->width * (size_t)grey->height) {
        return fpi_fail(task, FPI_E_INTERNAL, "a grey plane of %ld bytes", (long)size);
    }
    return NULL;
}

/* ---- parts of a long page ---- */

/* A4 is 1.41, a photograph at most 1.78: these are one part. */
#define LONG 1.8
enum { OVERLAP = 2 /* a part is one and a half times as long as wide, and half a width of it lies in the next, too */ };

bool decode_is_long(double width, double height)
{
    return fmax(width, height) > LONG * fmin(width, height);
}

/* The part's ends stay within the page, whose last part ends where it does. */
static decode_part_t part_at(const decode_grey_t *grey, int at, int length)
{
    return grey->width < grey->height ? (decode_part_t){ 0, at, grey->width, length }
                                      : (decode_part_t){ at, 0, length, grey->height };
}

int decode_grey_parts(decode_part_t parts[DECODE_PARTS], const decode_grey_t *grey)
{
    int narrow = grey->width < grey->height ? grey->width : grey->height;
    int side = grey->width < grey->height ? grey->height : grey->width;
    int step = side / DECODE_PARTS + 1 > narrow ? side / DECODE_PARTS + 1 : narrow;
    int length = step + step / OVERLAP, count = 0;

    if (!decode_is_long(grey->width, grey->height)) {
        parts[0] = (decode_part_t){ 0, 0, grey->width, grey->height };
        return 1;
    }
    for (int at = 0; count < DECODE_PARTS - 1 && at + length < side; at += step) {
        parts[count++] = part_at(grey, at, length);
    }
    length = length < side ? length : side;
    parts[count++] = part_at(grey, side - length, length);
    return count;
}

/* ---- is it blank? ---- */

/* A few cells that are much darker are dust; more are print. Print that has faded is less dark than that, but there is more
 * of it. Measured, of 40,000 cells: backs through which an eighth of a front of small black print shows have up to 117 that
 * are FAINT, noise and grain 67; pages full of print in light grey (200 on 255) and noise 770 and more. */
enum { CELLS = 200, CONTRAST = 41, BORDER = 25 /* a 25th on each side */, STAINS = 3 };
enum { FAINT = 20, FAINT_PART = 160 /* of all cells */, AROUND = 20 /* cells, each way */ };

typedef struct cells_t {
    unsigned char at[CELLS * CELLS];
    int columns, rows;
    double variance; /* sum of what grains alone make the means of cells differ, squared */
} cells_t;

/* Mean of one cell: noise of single grains is evened out, as far as there are many in it. */
static unsigned char mean_of(cells_t *cells, const decode_grey_t *grey, int x0, int y0, int x1, int y1)
{
    int64_t sum = 0, squares = 0, count = (int64_t)(x1 - x0) * (y1 - y0);

    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            int v = grey->data[(size_t)y * (size_t)grey->width + (size_t)x];

            sum += v;
            squares += v * v;
        }
    }
    cells->variance += ((double)squares - (double)sum * (double)sum / (double)count) / (double)(count * count);
    return (unsigned char)(sum / count);
}

static void take_cells(cells_t *cells, const decode_grey_t *grey, const decode_part_t *part)
{
    int left = part->width / BORDER, top = part->height / BORDER;
    int width = part->width - 2 * left, height = part->height - 2 * top;
    int columns = width < CELLS ? width : CELLS, rows = height < CELLS ? height : CELLS;

    left += part->x;
    top += part->y;
    cells->variance = 0;
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            cells->at[r * columns + c] =
                mean_of(cells, grey, left + width * c / columns, top + height * r / rows, left + width * (c + 1) / columns,
                        top + height * (r + 1) / rows);
        }
    }
    cells->columns = columns;
    cells->rows = rows;
}

typedef struct window_t {
    int x0, y0, x1, y1;
} window_t;

/* The level that so many of a hundred cells of the window do not pass. */
static int level_of(const cells_t *cells, const window_t *window, int percent)
{
    int histogram[256] = { 0 };
    int seen = 0, level = 0, count = (window->x1 - window->x0) * (window->y1 - window->y0);

    for (int y = window->y0; y < window->y1; y++) {
        for (int x = window->x0; x < window->x1; x++) {
            histogram[cells->at[y * cells->columns + x]]++;
        }
    }
    while (level < 255 && (seen += histogram[level]) * 100 < count * percent) {
        level++;
    }
    return level;
}

static int count_darker(const cells_t *cells, const window_t *window, int paper, int contrast)
{
    int count = 0;

    for (int y = window->y0; y < window->y1; y++) {
        for (int x = window->x0; x < window->x1; x++) {
            count += cells->at[y * cells->columns + x] + contrast <= paper;
        }
    }
    return count;
}

/* Darker than the lighter cells near them: a light that falls off over the page does not count, nor what the grain of a
 * coarse page in black and white does. */
static int count_faint(const cells_t *cells)
{
    double grain = sqrt(cells->variance / (cells->columns * cells->rows));
    int count = 0, contrast = (int)fmax(FAINT, 4 * grain);

    for (int y = 0; y < cells->rows; y += AROUND) {
        for (int x = 0; x < cells->columns; x += AROUND) {
            window_t near = { x, y, x + AROUND < cells->columns ? x + AROUND : cells->columns,
                              y + AROUND < cells->rows ? y + AROUND : cells->rows };

            count += count_darker(cells, &near, level_of(cells, &near, 75), contrast);
        }
    }
    return count;
}

/* The paper is what most cells are. */
bool decode_part_is_blank(const decode_grey_t *grey, const decode_part_t *part)
{
    cells_t cells;
    window_t all = { 0 };
    int paper;

    if (part->width < BORDER || part->height < BORDER) {
        return false;
    }
    take_cells(&cells, grey, part);
    all.x1 = cells.columns;
    all.y1 = cells.rows;
    paper = level_of(&cells, &all, 50);
    return paper > 100 && count_darker(&cells, &all, paper, CONTRAST) <= STAINS
           && count_faint(&cells) * FAINT_PART <= cells.columns * cells.rows;
}

bool decode_grey_is_blank(const decode_grey_t *grey)
{
    decode_part_t parts[DECODE_PARTS];
    int count = decode_grey_parts(parts, grey);

    for (int i = 0; i < count; i++) {
        if (!decode_part_is_blank(grey, &parts[i])) {
            return false;
        }
    }
    return true;
}

/* ---- encoding ---- */

static uint32_t colour_at(const unsigned char *row, int x, int bands)
{
    const unsigned char *at = row + (size_t)x * (size_t)bands;

    return bands < 3 ? at[0] : (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

/* Drawings and stamps have few; photographs and scans show theirs at once. */
static bool has_few_colours(VipsImage *image)
{
    uint32_t table[FEW_COLOURS * 4];
    int colours = 0, bands = vips_image_get_bands(image), width = vips_image_get_width(image);
    const unsigned char *data = vips_image_get_data(image);

    memset(table, 0xff, sizeof(table));
    for (int y = 0; data && y < vips_image_get_height(image); y++) {
        const unsigned char *row = data + (size_t)y * (size_t)width * (size_t)bands;

        for (int x = 0; x < width; x++) {
            uint32_t colour = colour_at(row, x, bands);
            unsigned at = (colour * 2654435761u) >> 22;

            while (table[at] != colour && table[at] != UINT32_MAX) {
                at = (at + 1) % (FEW_COLOURS * 4);
            }
            if (table[at] == UINT32_MAX && ++colours >= FEW_COLOURS) {
                return false;
            }
            table[at] = colour;
        }
    }
    return data != NULL;
}

fpi_err_t *decode_raster_encode(const void **data, size_t *len, fpi_media_t *media, VipsImage *raster,
                                fpi_task_t *task)
{
    VipsImage *image = vips_image_copy_memory(raster);
    void *made = NULL;
    bool is_png;
    int failed;

    decode_keep(image, task);
    if (!image) {
        return decode_vips_failed(task);
    }
    is_png = vips_image_hasalpha(image) || (vips_image_get_bands(image) >= 3 && has_few_colours(image));
    failed = is_png ? vips_pngsave_buffer(image, &made, len, "strip", TRUE, NULL)
                    : vips_jpegsave_buffer(image, &made, len, "strip", TRUE, "Q", QUALITY, NULL);
    if (failed) {
        return decode_vips_failed(task);
    }
    apr_pool_cleanup_register(task->pool, made, drop_memory, apr_pool_cleanup_null);
    *media = is_png ? FPI_MEDIA_PNG : FPI_MEDIA_JPEG;
    *data = made;
    return NULL;
}
