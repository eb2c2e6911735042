#include "tools/decode_cover.h"

#include "base/text.h"

#include <apr_strings.h>
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <qrencode.h>

enum { PDF_MOST = 32 * 1024 * 1024, NUMBER_MOST = 100, TEXT_MOST = 200, LINES = 8 };

/* Points of an A4 sheet; the code's modules fill 3 cm, its quiet zone lies in the margin. */
static const double sheet_width = 595.28, sheet_height = 841.89, margin = 56.7, code_side = 85.0;

static cairo_status_t write_bytes(void *closure, const unsigned char *data, unsigned len)
{
    return fpi_buf_put(closure, data, len) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static fpi_err_t *draw_code(cairo_t *cairo, const char *number, fpi_task_t *task)
{
    QRcode *code = QRcode_encodeString8bit(number, 0, QR_ECLEVEL_M);
    double side;

    if (!code) {
        return fpi_refuse(task, FPI_E_FIELD, "number", "影像编号无法编码为二维码", "the image number can't be made a QR code");
    }
    side = code_side / code->width;
    for (int i = 0; i < code->width * code->width; i++) {
        if (code->data[i] & 1) {
            cairo_rectangle(cairo, sheet_width - margin - code_side + i % code->width * side,
                            margin + (double)(i / code->width) * side, side, side);
        }
    }
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE);
    cairo_fill(cairo);
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_DEFAULT);
    QRcode_free(code);
    return NULL;
}

/* Draws it and moves `y` below it; true when a font had all of its characters. */
static bool draw_text(cairo_t *cairo, const char *text, double size, double width, double *y)
{
    PangoLayout *layout = pango_cairo_create_layout(cairo);
    PangoFontDescription *font = pango_font_description_from_string("Noto Sans CJK SC, WenQuanYi Zen Hei, Sans");
    bool is_complete;
    int height;

    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout, text, -1);
    cairo_move_to(cairo, margin, *y);
    pango_cairo_show_layout(cairo, layout);
    pango_layout_get_pixel_size(layout, NULL, &height);
    is_complete = pango_layout_get_unknown_glyphs_count(layout) == 0;
    *y += height + size * 0.6;
    pango_font_description_free(font);
    g_object_unref(layout);
    return is_complete;
}

static fpi_err_t *draw_cover(bool *is_complete, cairo_t *cairo, const fpi_json_t *cover, fpi_task_t *task)
{
    const char *number, *title;
    fpi_json_t *lines;
    double y = margin;

    FPI_TRY(fpi_json_get_text(&number, cover, "number", NUMBER_MOST, task));
    FPI_TRY(fpi_json_find_text(&title, cover, "title", TEXT_MOST, task));
    FPI_TRY(fpi_json_find_array(&lines, cover, "lines", LINES, task));
    FPI_TRY(draw_code(cairo, number, task));
    if (title) {
        *is_complete = draw_text(cairo, title, 22, sheet_width - 3 * margin - code_side, &y) && *is_complete;
    }
    y = margin + code_side + 24;
    *is_complete = draw_text(cairo, number, 26, sheet_width - 2 * margin, &y) && *is_complete;
    for (size_t i = 0; i < fpi_json_size(lines); i++) {
        const char *line = fpi_json_text(fpi_json_at(lines, i));

        *is_complete = (!line || draw_text(cairo, line, 13, sheet_width - 2 * margin, &y)) && *is_complete;
    }
    cairo_show_page(cairo);
    return NULL;
}

static fpi_err_t *draw_covers(bool *is_complete, cairo_t *cairo, const fpi_json_t *covers, fpi_task_t *task)
{
    for (size_t i = 0; i < fpi_json_size(covers); i++) {
        FPI_TRY(draw_cover(is_complete, cairo, fpi_json_at(covers, i), task));
    }
    return NULL;
}

fpi_err_t *decode_cover_print(const void **data, size_t *len, const fpi_json_t *covers, fpi_json_t *notes,
                              fpi_task_t *task)
{
    fpi_buf_t *out = fpi_buf_make(task->pool, PDF_MOST);
    cairo_surface_t *surface;
    cairo_t *cairo;
    bool is_complete = true;
    fpi_err_t *err;

    if (fpi_json_size(covers) < 1 || fpi_json_size(covers) > DECODE_COVERS) {
        return fpi_refuse(task, FPI_E_FIELD, "covers", "一次打印 1 到 %d 张封面", "print 1 to %d covers at once", DECODE_COVERS);
    }
    surface = cairo_pdf_surface_create_for_stream(write_bytes, out, sheet_width, sheet_height);
    cairo = cairo_create(surface);
    err = draw_covers(&is_complete, cairo, covers, task);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    if (!err && cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
        err = fpi_fail(task, FPI_E_DECODER, "the cover's PDF can't be made: %s",
                       cairo_status_to_string(cairo_surface_status(surface)));
    }
    cairo_surface_destroy(surface);
    if (!is_complete) {
        fpi_json_add_text(notes, "服务器未安装中文字体, 封面文字可能显示为方框, 二维码不受影响 (no font for Chinese is installed: texts may show as "
                                 "boxes; the code is right)");
    }
    *data = out->data;
    *len = out->len;
    return err;
}
