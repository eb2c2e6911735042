/* Plain text and XML as pages of lines, so that a clerk sees what is in them. */
#include "tools/decode_doc.h"
#include "tools/decode_raster.h"
#include "wire/gb18030.h"

#include <apr_strings.h>
#include <pango/pangocairo.h>
#include <string.h>

enum { TEXT_MOST = 1024 * 1024, LINE_ROOM = 100, LINES = 60, PAGES_MOST = 200 };

static const double sheet_width = 595, sheet_height = 842, margin = 42, size = 9, step = 12.6;

typedef struct text_t {
    const char **lines; /* wrapped at LINE_ROOM columns */
    int count;
} text_t;

/* Columns of a character: Chinese ones take two. */
static int columns_of(gunichar c)
{
    return g_unichar_iswide(c) ? 2 : 1;
}

/* Ends the line at a line feed, or where it is full. */
static const char *end_of_line(const char *at)
{
    int columns = 0;

    while (*at && *at != '\n') {
        columns += columns_of(g_utf8_get_char(at));
        if (columns > LINE_ROOM) {
            break;
        }
        at = g_utf8_next_char(at);
    }
    return at;
}

static bool take_line(text_t *text, const char **at, fpi_task_t *task)
{
    const char *end = end_of_line(*at);
    size_t len = (size_t)(end - *at);

    if (text->count >= LINES * PAGES_MOST) {
        return false;
    }
    text->lines[text->count++] = apr_pstrndup(task->pool, *at, len > 0 && end[-1] == '\r' ? len - 1 : len);
    *at = *end == '\n' ? end + 1 : end;
    return **at != '\0';
}

/* But for a last character that our limit has cut. */
static bool is_utf8(const char *data, size_t len)
{
    size_t cut = 0;

    while (cut < 3 && len == TEXT_MOST && !g_utf8_validate(data, (gssize)(len - cut), NULL)) {
        cut++;
    }
    return g_utf8_validate(data, (gssize)(len - cut), NULL);
}

static const char *from_gb(const char *data, size_t len, apr_pool_t *pool)
{
    const char *text = NULL;

    for (size_t cut = 0; !text && cut < 4 && cut < len; cut++) {
        text = fpi_gb_is_valid(data, len - cut, false) ? fpi_gb_decode(pool, data, len - cut) : NULL;
    }
    return text;
}

/* UTF-8, or GB18030, or what can be read of it. */
static const char *text_of(const char *data, size_t len, apr_pool_t *pool)
{
    const char *text = is_utf8(data, len) ? NULL : from_gb(data, len, pool);
    char *clean;

    if (!text) {
        clean = g_utf8_make_valid(data, (gssize)len);
        text = apr_pstrdup(pool, clean);
        g_free(clean);
    }
    return text;
}

static fpi_err_t *open(decode_doc_t *doc, fpi_task_t *task)
{
    size_t len = doc->bytes->len < TEXT_MOST ? doc->bytes->len : TEXT_MOST;
    const char *at = text_of((const char *)doc->bytes->data, len, task->pool);
    text_t *text = apr_pcalloc(task->pool, sizeof(*text));

    text->lines = apr_pcalloc(task->pool, LINES * PAGES_MOST * sizeof(*text->lines));
    while (*at && take_line(text, &at, task)) {
    }
    if (len < doc->bytes->len || *at) {
        decode_doc_note(doc, "仅显示文件的开头部分 (only the beginning of the file is shown)");
    }
    doc->own = text;
    doc->page_count = text->count > 0 ? (text->count + LINES - 1) / LINES : 1;
    return NULL;
}

static fpi_err_t *measure(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task)
{
    page->width = sheet_width;
    page->height = sheet_height;
    page->is_points = true;
    return NULL;
}

static void draw_line(PangoLayout *layout, cairo_t *cairo, const char *line, int row)
{
    pango_layout_set_text(layout, line, -1);
    cairo_move_to(cairo, margin, margin + step * row);
    pango_cairo_show_layout(cairo, layout);
}

static fpi_err_t *paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task)
{
    const text_t *text = doc->own;
    PangoFontDescription *font;
    PangoLayout *layout;
    cairo_t *cairo;

    FPI_TRY(decode_sheet_make(&cairo, sheet_width, sheet_height, width, height, task));
    cairo_set_source_rgb(cairo, 0, 0, 0);
    layout = pango_cairo_create_layout(cairo);
    font = pango_font_description_from_string("Noto Sans Mono CJK SC, WenQuanYi Zen Hei Mono, Monospace");
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    for (int i = 0; i < LINES && (n - 1) * LINES + i < text->count; i++) {
        draw_line(layout, cairo, text->lines[(n - 1) * LINES + i], i);
    }
    g_object_unref(layout);
    return decode_sheet_take(raster, cairo, task);
}

const decode_kind_t decode_kind_text = { open, measure, paint, true };
