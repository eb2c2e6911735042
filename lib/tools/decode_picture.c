/* Pictures by libvips, in the smallest scale that does: JPEG, PNG, TIFF, WebP, HEIC. */
#include "tools/decode_doc.h"

#include <apr_strings.h>

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
    doc->page_count = doc->bytes->media == FPI_MEDIA_TIFF ? vips_image_get_n_pages(image) : 1;
    return NULL;
}

static fpi_err_t *measure(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task)
{
    VipsImage *image;
    bool is_swapped;

    FPI_TRY(open_page(&image, doc, n, task));
    FPI_TRY(check_size(doc, image, task));
    is_swapped = vips_image_get_orientation_swap(image);
    page->width = is_swapped ? vips_image_get_height(image) : vips_image_get_width(image);
    page->height = is_swapped ? vips_image_get_width(image) : vips_image_get_height(image);
    page->dpi = dpi_of(image);
    page->turn = turn_of(image);
    return NULL;
}

static fpi_err_t *paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task)
{
    VipsImage *image;

    FPI_TRY(open_page(&image, doc, n, task));
    FPI_TRY(check_size(doc, image, task));
    if (vips_thumbnail_buffer((void *)(uintptr_t)doc->bytes->data, doc->bytes->len, raster, width, "height", height,
                              "size", VIPS_SIZE_DOWN, "option_string", options_of(doc, n, task), NULL) != 0) {
        return decode_vips_failed(task);
    }
    decode_keep(*raster, task);
    return NULL;
}

const decode_kind_t decode_kind_picture = { open, measure, paint, false };
