#include "tools/decode_ofd.h"

#include <apr_strings.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 4000, DELTAS = 4000, POINTS = 100000 };

static const char *attribute(const ofd_drawing_t *d, const fpi_xml_t *element, const char *name)
{
    return fpi_xml_attribute(element, NULL, name, d->task);
}

static double number(const ofd_drawing_t *d, const fpi_xml_t *element, const char *name, double otherwise)
{
    double value;

    return ofd_numbers(&value, 1, attribute(d, element, name)) == 1 ? value : otherwise;
}

bool ofd_place(ofd_drawing_t *d, const fpi_xml_t *object, ofd_box_t *boundary)
{
    double ctm[6];

    if (!ofd_box_parse(boundary, attribute(d, object, "Boundary"))) {
        return false;
    }
    cairo_translate(d->cairo, boundary->x, boundary->y);
    if (ofd_numbers(ctm, 6, attribute(d, object, "CTM")) == 6) {
        cairo_matrix_t matrix = { ctm[0], ctm[1], ctm[2], ctm[3], ctm[4], ctm[5] };

        if (fabs(ctm[0] * ctm[3] - ctm[1] * ctm[2]) < 1e-9) {
            return false; /* nothing would be seen, and cairo would fail for good */
        }
        cairo_transform(d->cairo, &matrix);
    }
    return true;
}

/* ---- colours ---- */

/* The object's own colour, or its DrawParam's. */
static const fpi_xml_t *colour_of(const ofd_drawing_t *d, const fpi_xml_t *object, const char *name)
{
    const ofd_resource_t *param = ofd_resource(d->ofd, attribute(d, object, "DrawParam"));
    const fpi_xml_t *own = fpi_xml_first(object, name);

    return own || !param ? own : fpi_xml_first(param->element, name);
}

static void set_colour(ofd_drawing_t *d, const fpi_xml_t *object, const char *name)
{
    const fpi_xml_t *colour = colour_of(d, object, name);
    double alpha = number(d, colour ? colour : object, "Alpha", 255) / 255;
    double v[4] = { 0 };
    int count = colour ? ofd_numbers(v, 4, attribute(d, colour, "Value")) : 0;

    if (count == 1) { /* grey */
        cairo_set_source_rgba(d->cairo, v[0] / 255, v[0] / 255, v[0] / 255, alpha);
    }
    else if (count == 4) { /* CMYK */
        cairo_set_source_rgba(d->cairo, (1 - v[0] / 255) * (1 - v[3] / 255), (1 - v[1] / 255) * (1 - v[3] / 255),
                              (1 - v[2] / 255) * (1 - v[3] / 255), alpha);
    }
    else {
        cairo_set_source_rgba(d->cairo, v[0] / 255, v[1] / 255, v[2] / 255, alpha);
    }
}

/* ---- text ---- */

typedef struct deltas_t {
    double values[DELTAS];
    int count;
} deltas_t;

/* "3.2 g 5 4.1 2": g repeats the second number as often as the first says. */
static void parse_deltas(deltas_t *deltas, const char *text)
{
    deltas->count = 0;
    while (text && *text && deltas->count < DELTAS) {
        double pair[2];
        char *end;

        while (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r') {
            text++;
        }
        if (*text == 'g' || *text == 'G') {
            if (ofd_numbers(pair, 2, text + 1) != 2) {
                return;
            }
            for (int i = 0; i < pair[0] && deltas->count < DELTAS; i++) {
                deltas->values[deltas->count++] = pair[1];
            }
            (void)strtod(text + 1, &end);
            (void)strtod(end, &end);
            text = end;
            continue;
        }
        if (ofd_numbers(pair, 1, text) != 1) {
            return;
        }
        deltas->values[deltas->count++] = pair[0];
        (void)strtod(text, &end);
        text = end;
    }
}

static double delta_at(const deltas_t *deltas, int i)
{
    return deltas->count == 0 ? NAN : deltas->values[i < deltas->count ? i : deltas->count - 1];
}

static PangoLayout *make_layout(ofd_drawing_t *d, const fpi_xml_t *object)
{
    const ofd_resource_t *font = ofd_resource(d->ofd, attribute(d, object, "Font"));
    const char *family = font ? attribute(d, font->element, "FamilyName") : NULL;
    const char *name = font ? attribute(d, font->element, "FontName") : NULL;
    PangoFontDescription *description = pango_font_description_new();
    PangoLayout *layout;

    pango_font_description_set_family(description, apr_pstrcat(d->task->pool, family ? family : "", family ? "," : "",
                                                               name ? name : "", name ? "," : "",
                                                               "Noto Serif CJK SC,Noto Sans CJK SC,WenQuanYi Zen Hei,Serif",
                                                               NULL));
    if (number(d, object, "Weight", 400) >= 600) {
        pango_font_description_set_weight(description, PANGO_WEIGHT_BOLD);
    }
    /* laid out a hundred times as large: sizes in mm are too small for fonts */
    cairo_save(d->cairo);
    cairo_scale(d->cairo, 0.01, 0.01);
    layout = pango_cairo_create_layout(d->cairo);
    cairo_restore(d->cairo);
    pango_font_description_set_absolute_size(description, number(d, object, "Size", 3) * 100 * PANGO_SCALE);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    return layout;
}

/* One character with its baseline at x, y; its width in mm. */
static double draw_character(ofd_drawing_t *d, PangoLayout *layout, const char *text, int len, double x, double y,
                             double stretch)
{
    int width;

    pango_layout_set_text(layout, text, len);
    cairo_save(d->cairo);
    cairo_translate(d->cairo, x, y);
    cairo_scale(d->cairo, stretch / 100, 0.01);
    cairo_translate(d->cairo, 0, -(double)pango_layout_get_baseline(layout) / PANGO_SCALE);
    cairo_move_to(d->cairo, 0, 0);
    pango_cairo_update_layout(d->cairo, layout);
    pango_cairo_show_layout(d->cairo, layout);
    cairo_restore(d->cairo);
    pango_layout_get_size(layout, &width, NULL);
    return (double)width / PANGO_SCALE / 100 * stretch;
}

static void draw_code(ofd_drawing_t *d, PangoLayout *layout, const fpi_xml_t *code, double *x, double *y, double stretch)
{
    deltas_t *across = apr_palloc(d->task->pool, sizeof(*across)), *down = apr_palloc(d->task->pool, sizeof(*down));
    const char *at = fpi_xml_text(code, d->task);

    *x = number(d, code, "X", *x);
    *y = number(d, code, "Y", *y);
    parse_deltas(across, attribute(d, code, "DeltaX"));
    parse_deltas(down, attribute(d, code, "DeltaY"));
    for (int i = 0; *at && i < TEXT_MOST; i++) {
        const char *next = g_utf8_next_char(at);
        double width = draw_character(d, layout, at, (int)(next - at), *x, *y, stretch);
        double dx = delta_at(across, i), dy = delta_at(down, i);

        *x += isnan(dx) ? isnan(dy) ? width : 0 : dx;
        *y += isnan(dy) ? 0 : dy;
        at = next;
    }
}

static void draw_text(ofd_drawing_t *d, const fpi_xml_t *object)
{
    double stretch = number(d, object, "HScale", 1), x = 0, y = 0;
    PangoLayout *layout;
    ofd_box_t boundary;

    if (!ofd_place(d, object, &boundary)) {
        return;
    }
    set_colour(d, object, "FillColor");
    layout = make_layout(d, object);
    for (fpi_xml_t *code = fpi_xml_first(object, "TextCode"); code; code = fpi_xml_next(code, "TextCode")) {
        draw_code(d, layout, code, &x, &y, stretch > 0.01 && stretch < 100 ? stretch : 1);
    }
    g_object_unref(layout);
}

/* ---- paths ---- */

static void quadratic(cairo_t *cairo, const double v[4])
{
    double x = 0, y = 0;

    cairo_get_current_point(cairo, &x, &y);
    cairo_curve_to(cairo, x + 2.0 / 3 * (v[0] - x), y + 2.0 / 3 * (v[1] - y), v[2] + 2.0 / 3 * (v[0] - v[2]),
                   v[3] + 2.0 / 3 * (v[1] - v[3]), v[2], v[3]);
}

/* An elliptical arc from the current point, given as in SVG: its centre by the formulas of SVG's appendix. */
static void arc(cairo_t *cairo, const double v[7])
{
    double rx = fabs(v[0]), ry = fabs(v[1]), phi = v[2] * M_PI / 180, x0 = 0, y0 = 0;
    double px, py, over, factor, cx, cy, from, to;
    cairo_matrix_t before;

    cairo_get_current_point(cairo, &x0, &y0);
    if (rx < 1e-6 || ry < 1e-6 || hypot(v[5] - x0, v[6] - y0) < 1e-9) {
        cairo_line_to(cairo, v[5], v[6]);
        return;
    }
    px = (cos(phi) * (x0 - v[5]) + sin(phi) * (y0 - v[6])) / 2;
    py = (-sin(phi) * (x0 - v[5]) + cos(phi) * (y0 - v[6])) / 2;
    over = px * px / (rx * rx) + py * py / (ry * ry);
    if (over > 1) {
        rx *= sqrt(over);
        ry *= sqrt(over);
        over = 1;
    }
    factor = sqrt(fmax(0, 1 / over - 1)) * ((v[3] != 0) == (v[4] != 0) ? -1 : 1);
    cx = factor * rx * py / ry;
    cy = -factor * ry * px / rx;
    from = atan2((py - cy) / ry, (px - cx) / rx);
    to = atan2((-py - cy) / ry, (-px - cx) / rx);
    cairo_get_matrix(cairo, &before);
    cairo_translate(cairo, cos(phi) * cx - sin(phi) * cy + (x0 + v[5]) / 2, sin(phi) * cx + cos(phi) * cy + (y0 + v[6]) / 2);
    cairo_rotate(cairo, phi);
    cairo_scale(cairo, rx, ry);
    (v[4] != 0 ? cairo_arc : cairo_arc_negative)(cairo, 0, 0, 1, from, to);
    cairo_set_matrix(cairo, &before);
}

static void step(cairo_t *cairo, char op, const double v[7])
{
    switch (op) {
    case 'S':
    case 'M': cairo_move_to(cairo, v[0], v[1]); break;
    case 'L': cairo_line_to(cairo, v[0], v[1]); break;
    case 'Q': quadratic(cairo, v); break;
    case 'B': cairo_curve_to(cairo, v[0], v[1], v[2], v[3], v[4], v[5]); break;
    case 'A': arc(cairo, v); break;
    default: cairo_close_path(cairo); break; /* C */
    }
}

static int operands_of(char op)
{
    static const char ops[] = "SMLQBAC";
    static const int counts[] = { 2, 2, 2, 4, 6, 7, 0 };
    const char *at = op ? strchr(ops, op) : NULL;

    return at ? counts[at - ops] : -1;
}

/* "M 0 0 L 10 0 B ... C" */
static void trace(cairo_t *cairo, const char *data)
{
    cairo_new_path(cairo);
    for (int i = 0; data && *data && i < POINTS; i++) {
        double v[7] = { 0 };
        int count;
        char op;

        data += strspn(data, " \t\r\n,");
        op = *data;
        count = operands_of(op);
        if (count < 0 || ofd_numbers(v, count, data + 1) != count) {
            return;
        }
        data++;
        for (int k = 0; k < count; k++) {
            char *end;

            (void)strtod(data, &end);
            data = end;
        }
        step(cairo, op, v);
    }
}

static bool is_true(const ofd_drawing_t *d, const fpi_xml_t *object, const char *name, bool otherwise)
{
    const char *said = attribute(d, object, name);

    return said ? strcmp(said, "true") == 0 || strcmp(said, "1") == 0 : otherwise;
}

static double line_width(const ofd_drawing_t *d, const fpi_xml_t *object)
{
    const ofd_resource_t *param = ofd_resource(d->ofd, attribute(d, object, "DrawParam"));
    double width = number(d, object, "LineWidth", param ? number(d, param->element, "LineWidth", 0.353) : 0.353);

    return fmax(width, 0.05);
}

static void draw_path(ofd_drawing_t *d, const fpi_xml_t *object)
{
    const fpi_xml_t *data = fpi_xml_first(object, "AbbreviatedData");
    const char *rule = attribute(d, object, "Rule");
    ofd_box_t boundary;

    if (!data || !ofd_place(d, object, &boundary)) {
        return;
    }
    trace(d->cairo, fpi_xml_text(data, d->task));
    if (is_true(d, object, "Fill", false)) {
        set_colour(d, object, "FillColor");
        cairo_set_fill_rule(d->cairo, rule && strcmp(rule, "Even-Odd") == 0 ? CAIRO_FILL_RULE_EVEN_ODD
                                                                            : CAIRO_FILL_RULE_WINDING);
        cairo_fill_preserve(d->cairo);
    }
    if (is_true(d, object, "Stroke", true)) {
        set_colour(d, object, "StrokeColor");
        cairo_set_line_width(d->cairo, line_width(d, object));
        cairo_stroke(d->cairo);
    }
    cairo_new_path(d->cairo);
}

/* ---- all objects ---- */

static bool is_hidden(const ofd_drawing_t *d, const fpi_xml_t *object)
{
    return !is_true(d, object, "Visible", true);
}

static fpi_err_t *draw_object(ofd_drawing_t *d, const fpi_xml_t *object, int depth)
{
    fpi_err_t *err = NULL;

    if (fpi_xml_is(object, "Layer") || fpi_xml_is(object, "PageBlock")) {
        return ofd_draw(d, object, depth + 1);
    }
    if (is_hidden(d, object)) {
        return NULL;
    }
    cairo_save(d->cairo);
    if (fpi_xml_is(object, "TextObject")) {
        draw_text(d, object);
    }
    else if (fpi_xml_is(object, "PathObject")) {
        draw_path(d, object);
    }
    else if (fpi_xml_is(object, "ImageObject")) {
        err = ofd_draw_image(d, object);
    }
    else if (fpi_xml_is(object, "CompositeObject")) {
        decode_doc_note(d->ofd->doc, "复合图元未显示 (composite objects are not shown)");
    }
    cairo_restore(d->cairo);
    return err;
}

fpi_err_t *ofd_draw(ofd_drawing_t *d, const fpi_xml_t *content, int depth)
{
    if (!content || depth > DECODE_OFD_DEPTH) {
        return NULL;
    }
    for (fpi_xml_t *at = fpi_xml_first(content, NULL); at; at = fpi_xml_next(at, NULL)) {
        if (++d->objects > DECODE_OFD_OBJECTS) {
            decode_doc_note(d->ofd->doc, "页面对象过多, 仅显示一部分 (too many objects on a page: not all are shown)");
            return NULL;
        }
        FPI_TRY(draw_object(d, at, depth));
    }
    return NULL;
}
