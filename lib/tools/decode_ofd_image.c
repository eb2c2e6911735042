#include "tools/decode_ofd.h"

#include <apr_strings.h>
#include <string.h>

enum { SIDE = 4000 };

static bool is_picture(fpi_media_t media)
{
    return media == FPI_MEDIA_JPEG || media == FPI_MEDIA_PNG || media == FPI_MEDIA_TIFF || media == FPI_MEDIA_BMP
           || media == FPI_MEDIA_WEBP;
}

/* A grey frame, and a remark: something belongs here that is not shown. */
static void draw_box(ofd_drawing_t *d, const ofd_box_t *boundary, const char *format)
{
    cairo_set_source_rgba(d->cairo, 0.5, 0.5, 0.5, 0.4);
    cairo_rectangle(d->cairo, 0, 0, boundary->width, boundary->height);
    cairo_fill(d->cairo);
    decode_doc_note(d->ofd->doc, apr_psprintf(d->task->pool, "%s 格式的图片未显示 (a picture of format %s is not shown)", format,
                                              format));
}

/* Cairo's premultiplied words from one to four bands. */
static uint32_t word_of(const unsigned char *at, int bands)
{
    uint32_t alpha = bands == 2 ? at[1] : bands == 4 ? at[3] : 255;
    uint32_t red = at[0], green = bands >= 3 ? at[1] : at[0], blue = bands >= 3 ? at[2] : at[0];

    return alpha << 24 | (red * alpha / 255) << 16 | (green * alpha / 255) << 8 | blue * alpha / 255;
}

static cairo_surface_t *make_surface(VipsImage *image)
{
    int width = vips_image_get_width(image), height = vips_image_get_height(image);
    int bands = vips_image_get_bands(image);
    const unsigned char *from = vips_image_get_data(image);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    unsigned char *to = cairo_image_surface_get_data(surface);

    for (int y = 0; to && from && y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint32_t word = word_of(from + ((size_t)y * (size_t)width + (size_t)x) * (size_t)bands, bands);

            memcpy(to + (size_t)y * (size_t)cairo_image_surface_get_stride(surface) + 4 * (size_t)x, &word, 4);
        }
    }
    cairo_surface_mark_dirty(surface);
    return surface;
}

/* Into the unit square, where OFD has its pictures before the CTM. */
static void draw_raster(ofd_drawing_t *d, VipsImage *image)
{
    cairo_surface_t *surface = make_surface(image);

    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        cairo_scale(d->cairo, 1.0 / vips_image_get_width(image), 1.0 / vips_image_get_height(image));
        cairo_set_source_surface(d->cairo, surface, 0, 0);
        cairo_paint(d->cairo);
    }
    cairo_surface_destroy(surface);
}

static fpi_err_t *read_raster(VipsImage **image, const decode_bytes_t *bytes, fpi_task_t *task)
{
    decode_doc_t *doc;

    FPI_TRY(decode_doc_open(&doc, bytes, task));
    FPI_TRY(decode_doc_paint(image, doc, 1, SIDE, SIDE, task));
    *image = vips_image_copy_memory(*image);
    decode_keep(*image, task);
    return *image ? NULL : decode_vips_failed(task);
}

static fpi_err_t *find_bytes(decode_bytes_t *bytes, ofd_drawing_t *d, const fpi_xml_t *object)
{
    const ofd_resource_t *resource = ofd_resource(d->ofd, fpi_xml_attribute(object, NULL, "ResourceID", d->task));
    const char *file = resource ? fpi_xml_find_text(resource->element, "MediaFile", d->task) : NULL;
    const fpi_zip_entry_t *entry = file ? fpi_zip_follow(d->ofd->zip, resource->beside, file, d->task) : NULL;
    const char *data = NULL;

    memset(bytes, 0, sizeof(*bytes));
    bytes->fd = -1;
    if (entry) {
        FPI_TRY(fpi_zip_read(&data, &bytes->len, d->ofd->zip, entry, d->task));
        bytes->data = (const unsigned char *)data;
        bytes->media = fpi_media_find(data, bytes->len);
    }
    return NULL;
}

fpi_err_t *ofd_draw_image(ofd_drawing_t *d, const fpi_xml_t *object)
{
    decode_bytes_t bytes;
    VipsImage *image;
    ofd_box_t boundary;
    cairo_matrix_t before;

    FPI_TRY(find_bytes(&bytes, d, object));
    cairo_get_matrix(d->cairo, &before);
    if (!ofd_place(d, object, &boundary)) {
        return NULL;
    }
    if (!is_picture(bytes.media) || read_raster(&image, &bytes, d->task) != NULL) {
        const ofd_resource_t *resource = ofd_resource(d->ofd, fpi_xml_attribute(object, NULL, "ResourceID", d->task));
        const char *told = resource ? fpi_xml_attribute(resource->element, NULL, "Format", d->task) : NULL;

        cairo_set_matrix(d->cairo, &before);
        cairo_translate(d->cairo, boundary.x, boundary.y);
        draw_box(d, &boundary, told ? told : fpi_media_info(bytes.media)->name);
        return NULL;
    }
    if (!fpi_xml_attribute(object, NULL, "CTM", d->task)) {
        cairo_scale(d->cairo, boundary.width, boundary.height);
    }
    draw_raster(d, image);
    return NULL;
}
