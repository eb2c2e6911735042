/* Windows bitmaps, read here: libvips only has a loader for them that is not meant for bytes of strangers.
 *
 *   14 bytes file head | 12 or 40+ bytes info head | bit masks | colour table | rows from the bottom, 4-byte aligned
 *
 * 1, 4, 8, 16, 24 and 32 bits without compression or with bit masks; run lengths are refused, as scanners write none. */
#include "tools/decode_doc.h"

#include <string.h>

enum { FILE_HEAD = 14, OLD_HEAD = 12, HEAD = 40, COLOURS = 256, BI_RGB = 0, BI_BITFIELDS = 3, SIDE_MOST = 65535 };

typedef struct bmp_t {
    const unsigned char *data;
    size_t len, row_len;
    int width, height, bits;
    bool is_top_down;
    size_t pixels;                     /* offset of the first row */
    unsigned char colours[COLOURS][3];
    uint32_t masks[3];
    int dpi;
} bmp_t;

static uint32_t little(const bmp_t *bmp, size_t at, int bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0) {
        value = value << 8 | bmp->data[at + (size_t)bytes];
    }
    return value;
}

static fpi_err_t *damaged(fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "图片已损坏或不完整: BMP", "the picture is damaged or cut short: BMP");
}

static fpi_err_t *unknown(fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "压缩的 BMP 没有预览, 请另存为 PNG 或 JPEG",
                      "there is no preview of compressed BMP files; save it as PNG or JPEG");
}

static void take_colours(bmp_t *bmp, size_t at, size_t entry)
{
    int count = bmp->bits <= 8 ? 1 << bmp->bits : 0;

    for (int i = 0; i < count && at + entry <= bmp->len && at + entry <= bmp->pixels; i++, at += entry) {
        for (int c = 0; c < 3; c++) {
            bmp->colours[i][c] = bmp->data[at + 2 - (size_t)c]; /* blue comes first */
        }
    }
}

static fpi_err_t *take_size(bmp_t *bmp, int64_t width, int64_t height, fpi_task_t *task)
{
    bmp->is_top_down = height < 0;
    height = height < 0 ? -height : height;
    if (width < 1 || height < 1 || width > SIDE_MOST || height > SIDE_MOST || width * height > FPI_DECODE_PIXELS) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "图片尺寸无法预览, 最多 %d 百万像素",
                          "a picture of this size can't be shown; %d million pixels are the most", FPI_DECODE_PIXELS / 1000000);
    }
    bmp->width = (int)width;
    bmp->height = (int)height;
    bmp->row_len = ((size_t)width * (size_t)bmp->bits + 31) / 32 * 4;
    return bmp->pixels > bmp->len || bmp->row_len * (size_t)height > bmp->len - bmp->pixels ? damaged(task) : NULL;
}

static fpi_err_t *parse_old(bmp_t *bmp, fpi_task_t *task)
{
    bmp->bits = (int)little(bmp, FILE_HEAD + 10, 2);
    if (bmp->bits != 1 && bmp->bits != 4 && bmp->bits != 8 && bmp->bits != 24) {
        return unknown(task);
    }
    take_colours(bmp, FILE_HEAD + OLD_HEAD, 3);
    return take_size(bmp, little(bmp, FILE_HEAD + 4, 2), little(bmp, FILE_HEAD + 6, 2), task);
}

static void take_masks(bmp_t *bmp, bool are_told)
{
    static const uint32_t of_16[3] = { 0x7c00, 0x03e0, 0x001f }, of_32[3] = { 0xff0000, 0xff00, 0xff };

    for (int c = 0; c < 3; c++) {
        bmp->masks[c] = are_told ? little(bmp, FILE_HEAD + HEAD + 4 * (size_t)c, 4)
                                 : bmp->bits == 16 ? of_16[c] : of_32[c];
    }
}

static fpi_err_t *parse_new(bmp_t *bmp, uint32_t head, fpi_task_t *task)
{
    uint32_t compression = little(bmp, FILE_HEAD + 16, 4);
    bool has_masks = compression == BI_BITFIELDS;

    bmp->bits = (int)little(bmp, FILE_HEAD + 14, 2);
    bmp->dpi = (int)(little(bmp, FILE_HEAD + 24, 4) / 39.37 + 0.5);
    if ((compression != BI_RGB && !has_masks) || (has_masks && bmp->bits != 16 && bmp->bits != 32)
        || (bmp->bits != 1 && bmp->bits != 4 && bmp->bits != 8 && bmp->bits != 16 && bmp->bits != 24 && bmp->bits != 32)) {
        return unknown(task);
    }
    if (bmp->len < FILE_HEAD + HEAD + 12) {
        return damaged(task);
    }
    take_masks(bmp, has_masks);
    take_colours(bmp, FILE_HEAD + (size_t)head, 4);
    return take_size(bmp, (int32_t)little(bmp, FILE_HEAD + 4, 4), (int32_t)little(bmp, FILE_HEAD + 8, 4), task);
}

static fpi_err_t *open(decode_doc_t *doc, fpi_task_t *task)
{
    bmp_t *bmp = apr_pcalloc(task->pool, sizeof(*bmp));
    uint32_t head;

    bmp->data = doc->bytes->data;
    bmp->len = doc->bytes->len;
    doc->own = bmp;
    doc->page_count = 1;
    if (bmp->len < FILE_HEAD + OLD_HEAD) {
        return damaged(task);
    }
    head = little(bmp, FILE_HEAD, 4);
    bmp->pixels = little(bmp, 10, 4);
    if (head == OLD_HEAD) {
        return parse_old(bmp, task);
    }
    return head < HEAD || head > 1024 || bmp->len < FILE_HEAD + (size_t)head ? damaged(task) : parse_new(bmp, head, task);
}

static fpi_err_t *measure(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task)
{
    const bmp_t *bmp = doc->own;

    page->width = bmp->width;
    page->height = bmp->height;
    page->dpi = bmp->dpi >= 50 && bmp->dpi <= 4800 ? bmp->dpi : 0;
    return NULL;
}

/* ---- pixels ---- */

static unsigned char scale_to_byte(uint32_t word, uint32_t mask)
{
    uint64_t value = word & mask, most = mask;

    if (mask == 0) {
        return 0;
    }
    while (!(most & 1)) {
        most >>= 1;
        value >>= 1;
    }
    return (unsigned char)(value * 255 / most);
}

static void take_pixel(unsigned char to[3], const bmp_t *bmp, size_t row, int x)
{
    size_t bit = (size_t)x * (size_t)bmp->bits;
    size_t at = row + bit / 8;

    if (bmp->bits <= 8) {
        unsigned index = bmp->data[at] >> (8 - (size_t)bmp->bits - bit % 8) & ((1u << bmp->bits) - 1);

        memcpy(to, bmp->colours[index], 3);
        return;
    }
    for (int c = 0; c < 3; c++) {
        to[c] = bmp->bits == 24 ? bmp->data[at + 2 - (size_t)c]
                                : scale_to_byte(little(bmp, at, bmp->bits / 8), bmp->masks[c]);
    }
}

static fpi_err_t *paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task)
{
    const bmp_t *bmp = doc->own;
    size_t size = 3 * (size_t)bmp->width * (size_t)bmp->height;
    unsigned char *rgb = apr_palloc(task->pool, size);
    VipsImage *whole;

    for (int y = 0; y < bmp->height; y++) {
        size_t row = bmp->pixels + bmp->row_len * (size_t)(bmp->is_top_down ? y : bmp->height - 1 - y);

        for (int x = 0; x < bmp->width; x++) {
            take_pixel(rgb + 3 * ((size_t)y * (size_t)bmp->width + (size_t)x), bmp, row, x);
        }
    }
    whole = vips_image_new_from_memory(rgb, size, bmp->width, bmp->height, 3, VIPS_FORMAT_UCHAR);
    decode_keep(whole, task);
    if (!whole) {
        return decode_vips_failed(task);
    }
    whole->Type = VIPS_INTERPRETATION_sRGB;
    if (vips_thumbnail_image(whole, raster, width, "height", height, "size", VIPS_SIZE_DOWN, NULL) != 0) {
        return decode_vips_failed(task);
    }
    decode_keep(*raster, task);
    return NULL;
}

const decode_kind_t decode_kind_bmp = { open, measure, paint, false };
