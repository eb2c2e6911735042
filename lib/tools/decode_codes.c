#include "tools/decode_codes.h"

#include "base/text.h"
#include "tools/decode_finder.h"
#include "wire/gb18030.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>
#include <zbar.h>

/* One look at a part of the page: scaled so that its longer side has `side` pixels, then turned. Nearly all codes show in
 * the first; those from EAGER on are for parts where something looks like a code, and for so many of a page's. */
typedef struct view_t {
    int side;
    double angle;      /* degrees; positions are turned back */
    bool is_smoothed;
} view_t;

enum { EAGER = 1, LOOKED_CLOSELY = 6 };
static const view_t views[] = { { 1800, 0, false }, { 2600, 0, false }, { 2600, 0, true }, { 2200, 30, false } };

typedef struct search_t {
    const decode_grey_t *page;
    decode_part_t part;
    fpi_json_t *codes;
    zbar_image_scanner_t *scanner;
    fpi_task_t *task;
    bool has_qr;         /* the part */
    bool has_eyes;
} search_t;

/* ---- the reader ---- */

static apr_status_t drop_scanner(void *scanner)
{
    zbar_image_scanner_destroy(scanner);
    return APR_SUCCESS;
}

/* Kinds that are read out of plain lines of text by mistake stay off. The bytes of a QR code are taken as they are (text_of). */
static zbar_image_scanner_t *make_scanner(fpi_task_t *task)
{
    static const zbar_symbol_type_t kinds[] = { ZBAR_QRCODE, ZBAR_CODE128, ZBAR_CODE39, ZBAR_CODE93, ZBAR_EAN13 };
    zbar_image_scanner_t *scanner = zbar_image_scanner_create();

    zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        zbar_image_scanner_set_config(scanner, kinds[i], ZBAR_CFG_ENABLE, 1);
    }
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
    apr_pool_cleanup_register(task->pool, scanner, drop_scanner, apr_pool_cleanup_null);
    return scanner;
}

/* ---- views ---- */

static fpi_err_t *step(VipsImage **image, int failed, VipsImage *made, fpi_task_t *task)
{
    decode_keep(made, task);
    if (failed) {
        return decode_vips_failed(task);
    }
    *image = made;
    return NULL;
}

static fpi_err_t *cut(VipsImage **image, const decode_part_t *part, fpi_task_t *task)
{
    VipsImage *made = NULL;
    int failed = vips_crop(*image, &made, part->x, part->y, part->width, part->height, NULL);

    return step(image, failed, made, task);
}

static fpi_err_t *scale(VipsImage **image, double factor, fpi_task_t *task)
{
    VipsImage *made = NULL;
    int failed = vips_resize(*image, &made, factor, "kernel", VIPS_KERNEL_LINEAR, NULL);

    return step(image, failed, made, task);
}

static fpi_err_t *smooth(VipsImage **image, fpi_task_t *task)
{
    VipsImage *made = NULL;
    int failed = vips_gaussblur(*image, &made, 1.0, NULL);

    return step(image, failed, made, task);
}

static fpi_err_t *turn(VipsImage **image, double angle, fpi_task_t *task)
{
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
    VipsImage *made = NULL;
    int failed = vips_rotate(*image, &made, angle, "background", white, NULL);

    vips_area_unref(VIPS_AREA(white));
    return step(image, failed, made, task);
}

static int longer_side(const decode_part_t *part)
{
    return part->width > part->height ? part->width : part->height;
}

static fpi_err_t *make_view(decode_grey_t *out, const search_t *search, const view_t *view, fpi_task_t *task)
{
    const decode_grey_t *page = search->page;
    int side = longer_side(&search->part);
    VipsImage *image = vips_image_new_from_memory(page->data, (size_t)page->width * (size_t)page->height, page->width,
                                                  page->height, 1, VIPS_FORMAT_UCHAR);

    decode_keep(image, task);
    if (!image) {
        return decode_vips_failed(task);
    }
    image->Type = VIPS_INTERPRETATION_B_W;
    if (search->part.width < page->width || search->part.height < page->height) {
        FPI_TRY(cut(&image, &search->part, task));
    }
    if (side != view->side) {
        FPI_TRY(scale(&image, (double)view->side / side, task));
    }
    if (view->is_smoothed) {
        FPI_TRY(smooth(&image, task));
    }
    if (view->angle > 0) {
        FPI_TRY(turn(&image, view->angle, task));
    }
    return decode_grey_make(out, image, task);
}

/* ---- what was found ---- */

static bool is_known(const search_t *search, const char *symbology, const char *text)
{
    for (size_t i = 0; i < fpi_json_size(search->codes); i++) {
        const fpi_json_t *code = fpi_json_at(search->codes, i);

        if (strcmp(fpi_json_text(fpi_json_find(code, "text")), text) == 0
            && strcmp(fpi_json_text(fpi_json_find(code, "symbology")), symbology) == 0) {
            return true;
        }
    }
    return false;
}

/* Back from the view's pixels to fractions of the page, in ten thousandths. */
static fpi_json_t *place_of(const search_t *search, const view_t *view, const decode_grey_t *grey, double x, double y)
{
    const decode_grey_t *page = search->page;
    const decode_part_t *part = &search->part;
    double factor = (double)view->side / longer_side(part);
    double turn_back = -view->angle * G_PI / 180;
    double from_x = x - grey->width / 2.0, from_y = y - grey->height / 2.0;
    double in_x = (from_x * cos(turn_back) - from_y * sin(turn_back)) / factor + part->width / 2.0;
    double in_y = (from_x * sin(turn_back) + from_y * cos(turn_back)) / factor + part->height / 2.0;
    double fx = (part->x + in_x) / page->width, fy = (part->y + in_y) / page->height;
    fpi_json_t *point = fpi_json_make_array(search->task);

    fpi_json_add_real(point, round(fmin(fmax(fx, 0), 1) * 10000) / 10000);
    fpi_json_add_real(point, round(fmin(fmax(fy, 0), 1) * 10000) / 10000);
    return point;
}

/* A QR's four corners; the box round the lines of a bar code. */
static fpi_json_t *box_of(const search_t *search, const view_t *view, const decode_grey_t *grey, const zbar_symbol_t *symbol)
{
    unsigned count = zbar_symbol_get_loc_size(symbol);
    double least_x = 1e9, least_y = 1e9, most_x = 0, most_y = 0;
    fpi_json_t *box = fpi_json_make_array(search->task);
    double corners[4][2];

    for (unsigned i = 0; i < count; i++) {
        double x = zbar_symbol_get_loc_x(symbol, i), y = zbar_symbol_get_loc_y(symbol, i);

        least_x = fmin(least_x, x);
        least_y = fmin(least_y, y);
        most_x = fmax(most_x, x);
        most_y = fmax(most_y, y);
        if (count == 4) {
            corners[i][0] = x;
            corners[i][1] = y;
        }
    }
    if (count != 4) {
        double around[4][2] = { { least_x, least_y }, { most_x, least_y }, { most_x, most_y }, { least_x, most_y } };

        memcpy(corners, around, sizeof(corners));
    }
    for (int i = 0; i < 4; i++) {
        fpi_json_add(box, place_of(search, view, grey, corners[i][0], corners[i][1]));
    }
    return box;
}

static const char *of_latin1(const unsigned char *bytes, size_t len, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 2 * len + 1), *at = text;

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < 0x80) {
            *at++ = (char)bytes[i];
        }
        else {
            *at++ = (char)(0xC0 | bytes[i] >> 6);
            *at++ = (char)(0x80 | (bytes[i] & 0x3F));
        }
    }
    *at = '\0';
    return text;
}

/* A code does not say how its bytes are to be read: UTF-8 where they can be that, else what Chinese Windows prints. The
 * library would take Chinese for Japanese. NULL: no text. */
static const char *text_of(const zbar_symbol_t *symbol, apr_pool_t *pool)
{
    const char *bytes = zbar_symbol_get_data(symbol), *text;
    size_t len = zbar_symbol_get_data_length(symbol), mark = len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    if (memchr(bytes, '\0', len)) {
        return NULL;
    }
    if (fpi_utf8_is_valid(bytes, len)) {
        return apr_pstrmemdup(pool, bytes + mark, len - mark);
    }
    text = fpi_gb_decode(pool, bytes, len);
    return text ? text : of_latin1((const unsigned char *)bytes, len, pool);
}

static void take(search_t *search, const view_t *view, const decode_grey_t *grey, const zbar_symbol_t *symbol)
{
    zbar_symbol_type_t type = zbar_symbol_get_type(symbol);
    const char *symbology = zbar_get_symbol_name(type);
    const char *text;
    bool is_qr = type == ZBAR_QRCODE;
    fpi_json_t *code;

    if (zbar_symbol_get_data_length(symbol) > DECODE_CODE_TEXT || (!is_qr && zbar_symbol_get_quality(symbol) < 4)
        || fpi_json_size(search->codes) >= DECODE_CODES) {
        return;
    }
    text = text_of(symbol, search->task->pool);
    if (!text || is_known(search, symbology, text)) {
        return;
    }
    code = fpi_json_make_object(search->task);
    fpi_json_put_text(code, "kind", is_qr ? "QR" : "BAR");
    fpi_json_put_text(code, "symbology", symbology);
    fpi_json_put_text(code, "text", text);
    fpi_json_put(code, "box", box_of(search, view, grey, symbol));
    fpi_json_add(search->codes, code);
    search->has_qr = search->has_qr || is_qr;
}

static fpi_err_t *look(search_t *search, const view_t *view, fpi_task_t *task)
{
    zbar_image_t *image;
    decode_grey_t grey;

    FPI_TRY(make_view(&grey, search, view, task));
    image = zbar_image_create();
    zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(image, (unsigned)grey.width, (unsigned)grey.height);
    zbar_image_set_data(image, grey.data, (unsigned long)grey.width * (unsigned long)grey.height, NULL);
    if (zbar_scan_image(search->scanner, image) > 0) {
        for (const zbar_symbol_t *s = zbar_image_first_symbol(image); s; s = zbar_symbol_next(s)) {
            take(search, view, &grey, s);
        }
    }
    zbar_image_destroy(image);
    search->has_eyes = search->has_eyes || (!search->has_qr && decode_finder_is_likely(&grey, task));
    return NULL;
}

/* Each view's memory is given back before the next. */
static fpi_err_t *look_in_turn(search_t *search, const view_t *view)
{
    fpi_task_t turn_task = *search->task;
    fpi_err_t *err;

    if (apr_pool_create(&turn_task.pool, search->task->pool) != APR_SUCCESS) {
        return fpi_fail(search->task, FPI_E_DECODER, "a pool can't be made");
    }
    err = fpi_err_copy(search->task->pool, look(search, view, &turn_task));
    apr_pool_destroy(turn_task.pool);
    return err;
}

/* *is_missed: something like a code was seen, but none read. */
static fpi_err_t *look_at_part(search_t *search, bool *is_missed, bool is_close)
{
    size_t most = is_close ? sizeof(views) / sizeof(*views) : EAGER;

    search->has_qr = search->has_eyes = false;
    for (size_t i = 0; i < most && !search->has_qr && (i < EAGER || search->has_eyes); i++) {
        FPI_TRY(look_in_turn(search, &views[i]));
    }
    *is_missed = search->has_eyes && !search->has_qr;
    return NULL;
}

fpi_err_t *decode_codes_find(fpi_json_t **codes, bool *is_missed, const decode_grey_t *grey, fpi_task_t *task)
{
    search_t search = { .page = grey, .codes = fpi_json_make_array(task), .scanner = make_scanner(task), .task = task };
    decode_part_t parts[DECODE_PARTS];
    int count = decode_grey_parts(parts, grey), closely = 0;
    bool has_qr = false, has_missed = false;

    for (int i = 0; i < count; i++) {
        bool is_lost;

        if (count > 1 && decode_part_is_blank(grey, &parts[i])) {
            continue;
        }
        search.part = parts[i];
        FPI_TRY(look_at_part(&search, &is_lost, closely < LOOKED_CLOSELY));
        closely += search.has_eyes;
        has_missed = has_missed || is_lost;
        has_qr = has_qr || search.has_qr;
    }
    *is_missed = has_missed && !has_qr;
    *codes = search.codes;
    return NULL;
}
