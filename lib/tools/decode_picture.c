/* Pictures by libvips, in the smallest scale that does: JPEG, PNG, TIFF, WebP, HEIC. */
#include "tools/decode_doc.h"

#include <apr_strings.h>
#include <math.h>

/* Resolutions that differ by less are rounded ones, by more not meant. */
#define ODD_LEAST 1.1
#define ODD_MOST 4.0

/* Which page of the file; only TIFF's directories are pages, an animation is its first frame. A page of which the
 * lower half is grey is not taken for whole. */
static const char *options_of(const decode_doc_t *doc, int n, fpi_task_t *task)
{
    return doc->bytes->media == FPI_MEDIA_TIFF ? apr_psprintf(task->pool, "fail_on=truncated,page=%d", n - 1)
                                               : "fail_on=truncated";
}

static fpi_err_t *open_page(VipsImage **out, const decode_doc_t *doc, int n, fpi_task_t *task)
{
    *out = vips_image_new_from_buffer(doc->bytes->data, doc->bytes->len, options_of(doc, n, task), "access",
                                      VIPS_ACCESS_SEQUENTIAL, NULL);
    decode_keep(*out, task);
    return *out ? NULL : decode_vips_failed(task);
}

/* Of EXIF's eight orientations, what is left when a mirror image was set right. */
static int turn_of(VipsImage *image)
{
    static const int turns[] = { 0, 0, 0, 180, 180, 270, 90, 90, 270 };
    int orientation = vips_image_get_orientation(image);

    return orientation >= 1 && orientation <= 8 ? turns[orientation] : 0;
}

static int dpi_of(VipsImage *image)
{
    double dpi = vips_image_get_xres(image) * 25.4;

    return dpi >= 50 && dpi <= 4800 ? (int)(dpi + 0.5) : 0;
}

/* Upright and with square pixels: a fax has half as many lines for an inch as dots. False: they are so as they are. */
static bool make_square(double *width, double *height, VipsImage *image)
{
    double x = vips_image_get_xres(image), y = vips_image_get_yres(image), by = y > 0 ? x / y : 1;
    bool is_swapped = vips_image_get_orientation_swap(image);
    bool is_odd = (by > ODD_LEAST && by < ODD_MOST) || (by < 1 / ODD_LEAST && by > 1 / ODD_MOST);
    double w = vips_image_get_width(image), h = vips_image_get_height(image);

    if (is_odd) {
        h *= by > 1 ? by : 1;
        w /= by < 1 ? by : 1;
    }
    *width = is_swapped ? h : w;
    *height = is_swapped ? w : h;
    return is_odd;
}

/* Formats that must be held whole, or take their time for each pixel, have the limit; JPEG can be read at an eighth. */
static fpi_err_t *check_size(const decode_doc_t *doc, VipsImage *image, fpi_task_t *task)
{
    int64_t pixels = (int64_t)vips_image_get_width(image) * vips_image_get_height(image);
    int64_t most = (int64_t)FPI_DECODE_PIXELS * (doc->bytes->media == FPI_MEDIA_JPEG ? 10 : 1);

    if (pixels <= most) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "图片为 %d x %d 像素, 超过可预览的 %d 百万像素; 请以较低分辨率重新扫描",
                      "the picture has %d x %d pixels, more than the %d million that can be shown; scan it again at a "
                      "lower resolution", vips_image_get_width(image), vips_image_get_height(image),
                      (int)(most / 1000000));
}

static fpi_err_t *open(decode_doc_t *doc, fpi_task_t *task)
{
    VipsImage *image;

    FPI_TRY(open_page(&image, doc, 1, task));
    if (vips_band_format_isfloat(vips_image_get_format(image))) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "浮点像素的图片没有预览, 请另存为 8 位或 16 位图片",
                          "a picture of floating-point pixels has no preview: save it with 8 or 16 bits");
    }
    doc->page_count = doc->bytes->media == FPI_MEDIA_TIFF ? vips_image_get_n_pages(image) : 1;
    return NULL;
}

static fpi_err_t *measure(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task)
{
    VipsImage *image;
    FPI_TRY(open_page(&image, doc, n, task));
    FPI_TRY(check_size(doc, image, task));
    (void)make_square(&page->width, &page->height, image);
    page->dpi = dpi_of(image);
    page->turn = turn_of(image);
    return NULL;
}

static fpi_err_t *paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task)
{
    VipsSize size = VIPS_SIZE_DOWN;
    double own_width, own_height;
    VipsImage *image;

    FPI_TRY(open_page(&image, doc, n, task));
    FPI_TRY(check_size(doc, image, task));
    if (make_square(&own_width, &own_height, image)) {
        double by = fmin(1, fmin(width / own_width, height / own_height));

        size = VIPS_SIZE_FORCE;
        width = (int)fmax(1, round(own_width * by));
        height = (int)fmax(1, round(own_height * by));
    }
    if (vips_thumbnail_buffer((void *)(uintptr_t)doc->bytes->data, doc->bytes->len, raster, width, "height", height,
                              "size", size, "option_string", options_of(doc, n, task), NULL) != 0) {
        return decode_vips_failed(task);
    }
    decode_keep(*raster, task);
    return NULL;
}

const decode_kind_t decode_kind_picture = { open, measure, paint, false };
