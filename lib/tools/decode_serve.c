#include "tools/decode_serve.h"

#include "base/clock.h"
#include "tools/decode_codes.h"
#include "tools/decode_cover.h"
#include "tools/decode_raster.h"
#include "tools/read.h"

#include <apr_strings.h>
#include <iconv.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

enum { LOOK_SIDE = 3600, DRAWN_SIDE = 1800, PICTURE_SIDE = 10000, LEFT_MOST_MS = 24 * 3600 * 1000 };

typedef struct look_t {
    decode_doc_t *doc;
    fpi_json_t *pages, *evidence;
    bool wants_codes, wants_invoice;
    apr_time_t end;       /* no further page is begun */
    int looked;
} look_t;

/* ---- look ---- */

static void put_facts(fpi_json_t *row, int n, const decode_page_t *page)
{
    fpi_json_put_int(row, "n", n);
    fpi_json_put_int(row, "width", (int64_t)(page->width + 0.5));
    fpi_json_put_int(row, "height", (int64_t)(page->height + 0.5));
    fpi_json_put_text(row, "unit", page->is_points ? "pt" : "px");
    fpi_json_put_int(row, "dpi", page->dpi);
    fpi_json_put_int(row, "turn", page->turn);
}

/* The longer side of the raster: a long page is as wide as A4 would be, as far as two squares have pixels for it. */
static int side_of(const decode_page_t *page, int side)
{
    double narrow = fmin(page->width, page->height), ratio = fmax(page->width, page->height) / narrow;

    if (!(narrow > 0) || !decode_is_long(page->width, page->height)) {
        return side;
    }
    return (int)fmin(side * fmin(ratio / G_SQRT2, sqrt(2 * ratio)), DECODE_SIDE);
}

/* One raster of the page: blank? codes? */
static fpi_err_t *look_at_raster(fpi_json_t *row, bool *is_missed, look_t *look, int n, int side, fpi_task_t *task)
{
    decode_grey_t grey;
    VipsImage *raster;
    fpi_json_t *codes;

    FPI_TRY(decode_doc_paint(&raster, look->doc, n, side, side, task));
    FPI_TRY(decode_grey_make(&grey, raster, task));
    fpi_json_put_bool(row, "is_blank", decode_grey_is_blank(&grey));
    FPI_TRY(decode_codes_find(&codes, is_missed, &grey, task));
    fpi_json_put(row, "codes", codes);
    return NULL;
}

/* What is drawn by rules is drawn as fine as it needs to be; pictures have the pixels that they have. */
static fpi_err_t *look_closely(fpi_json_t *row, look_t *look, int n, const decode_page_t *page, fpi_task_t *task)
{
    int coarse = side_of(page, DRAWN_SIDE), fine = side_of(page, LOOK_SIDE);
    bool is_missed = false, is_drawn = page->is_points;

    if (look->doc->kind->is_codeless) {
        fpi_json_put_bool(row, "is_blank", false);
        fpi_json_put(row, "codes", fpi_json_make_array(task));
        return NULL;
    }
    FPI_TRY(look_at_raster(row, &is_missed, look, n, is_drawn ? coarse : fine, task));
    return is_missed && is_drawn ? look_at_raster(row, &is_missed, look, n, fine, task) : NULL;
}

static fpi_err_t *look_at_page(look_t *look, int n, fpi_task_t *task)
{
    fpi_json_t *row = fpi_json_make_object(task);
    decode_page_t page;

    FPI_TRY(decode_doc_measure(&page, look->doc, n, task));
    put_facts(row, n, &page);
    if (look->wants_codes && fpi_clock_tick() < look->end) {
        FPI_TRY(look_closely(row, look, n, &page, task));
        look->looked = n;
    }
    fpi_json_add(look->pages, row);
    return NULL;
}

/* Each page's memory is given back before the next. */
static fpi_err_t *look_in_turn(look_t *look, int n, fpi_task_t *task)
{
    fpi_task_t turn = *task;
    fpi_err_t *err;

    if (apr_pool_create(&turn.pool, task->pool) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_DECODER, "a pool can't be made");
    }
    err = fpi_err_copy(task->pool, look_at_page(look, n, &turn));
    apr_pool_destroy(turn.pool);
    return err;
}

static fpi_err_t *look_at_pages(look_t *look, decode_answer_t *answer, fpi_task_t *task)
{
    int count = look->doc->page_count < FPI_DECODE_PAGES ? look->doc->page_count : FPI_DECODE_PAGES;

    for (int n = 1; n <= count; n++) {
        FPI_TRY(look_in_turn(look, n, task));
        if (answer->beat) {
            answer->beat(answer->baton);
        }
    }
    if (look->wants_codes && look->looked < look->doc->page_count) {
        decode_doc_note(look->doc, apr_psprintf(task->pool, "仅查看了前 %d 页, 共 %d 页 (only the first %d of %d pages were looked at)",
                                                look->looked, look->doc->page_count, look->looked, look->doc->page_count));
    }
    return NULL;
}

/* Invoices that can't be read do not make the pages unreadable: they are a remark. */
static void read_invoices(look_t *look, const decode_bytes_t *bytes, fpi_task_t *task)
{
    fpi_err_t *err = fpi_read_evidence_of(look->evidence, look->doc->notes, bytes->data, bytes->len, bytes->media, task);

    if (err) {
        decode_doc_note(look->doc, apr_psprintf(task->pool, "未能读取发票数据: %s (invoice data can't be read: %s)",
                                                fpi_err_public(err, "zh"), fpi_err_public(err, "en")));
    }
}

/* An archive has no pages, but perhaps invoices. */
static fpi_err_t *look_into_archive(look_t *look, const decode_bytes_t *bytes, fpi_task_t *task)
{
    look->doc = apr_pcalloc(task->pool, sizeof(*look->doc));
    look->doc->notes = fpi_json_make_array(task);
    return fpi_read_evidence_of(look->evidence, look->doc->notes, bytes->data, bytes->len, bytes->media, task);
}

static fpi_err_t *look_into_document(look_t *look, decode_answer_t *answer, const decode_bytes_t *bytes, fpi_task_t *task)
{
    FPI_TRY(decode_doc_open(&look->doc, bytes, task));
    FPI_TRY(look_at_pages(look, answer, task));
    if (look->wants_invoice) {
        read_invoices(look, bytes, task);
    }
    return NULL;
}

static fpi_err_t *serve_look(decode_answer_t *answer, const fpi_json_t *question, const decode_bytes_t *bytes,
                             fpi_task_t *task)
{
    look_t look = { .pages = fpi_json_make_array(task), .evidence = fpi_json_make_array(task) };
    fpi_json_t *doc = fpi_json_make_object(task);
    int64_t left;

    FPI_TRY(fpi_json_find_int(&left, question, "left_ms", LEFT_MOST_MS, 0, LEFT_MOST_MS, task));
    FPI_TRY(fpi_json_find_bool(&look.wants_codes, question, "codes", false, task));
    FPI_TRY(fpi_json_find_bool(&look.wants_invoice, question, "invoice", false, task));
    look.end = fpi_clock_tick() + apr_time_from_msec(left) * 3 / 4;
    FPI_TRY(bytes->media == FPI_MEDIA_ZIP && look.wants_invoice ? look_into_archive(&look, bytes, task)
                                                                : look_into_document(&look, answer, bytes, task));
    fpi_json_put_int(doc, "v", 1);
    fpi_json_put_int(doc, "page_count", look.doc->page_count);
    fpi_json_put_int(doc, "pages_looked", look.looked);
    fpi_json_put(doc, "pages", look.pages);
    fpi_json_put(doc, "evidence", look.evidence);
    fpi_json_put(doc, "notes", look.doc->notes);
    answer->doc = doc;
    return NULL;
}

/* ---- render ---- */

static fpi_err_t *turn(VipsImage **raster, int rotation, fpi_task_t *task)
{
    VipsImage *turned = NULL;

    if (rotation == 0) {
        return NULL;
    }
    if (!vips_image_get_data(*raster)) { /* a stream can't be turned: it is taken whole */
        *raster = vips_image_copy_memory(*raster);
        decode_keep(*raster, task);
    }
    if (!*raster || vips_rot(*raster, &turned, (VipsAngle)(rotation / 90), NULL) != 0) {
        return decode_vips_failed(task);
    }
    decode_keep(turned, task);
    *raster = turned;
    return NULL;
}

static fpi_err_t *serve_render(decode_answer_t *answer, const fpi_json_t *question, const decode_bytes_t *bytes,
                               fpi_task_t *task)
{
    int64_t page, width, height, rotation;
    VipsImage *raster;
    decode_doc_t *doc;
    fpi_media_t media;
    bool is_lying;

    FPI_TRY(fpi_json_find_int(&page, question, "page", 1, 1, INT32_MAX, task));
    FPI_TRY(fpi_json_find_int(&width, question, "width", PICTURE_SIDE, 1, PICTURE_SIDE, task));
    FPI_TRY(fpi_json_find_int(&height, question, "height", PICTURE_SIDE, 1, PICTURE_SIDE, task));
    FPI_TRY(fpi_json_find_int(&rotation, question, "rotation", 0, 0, 270, task));
    is_lying = rotation % 180 != 0;
    FPI_TRY(decode_doc_open(&doc, bytes, task));
    FPI_TRY(decode_doc_paint(&raster, doc, (int)page, (int)(is_lying ? height : width), (int)(is_lying ? width : height),
                             task));
    FPI_TRY(turn(&raster, (int)rotation, task));
    FPI_TRY(decode_raster_encode(&answer->data, &answer->len, &media, raster, task));
    answer->doc = fpi_json_make_object(task);
    fpi_json_put_text(answer->doc, "media", fpi_media_info(media)->name);
    return NULL;
}

/* ---- covers ---- */

static fpi_err_t *serve_cover(decode_answer_t *answer, const fpi_json_t *question, const decode_bytes_t *bytes,
                              fpi_task_t *task)
{
    fpi_json_t *notes = fpi_json_make_array(task);

    answer->doc = fpi_json_make_object(task);
    fpi_json_put(answer->doc, "notes", notes);
    return decode_cover_print(&answer->data, &answer->len, fpi_json_find(question, "covers"), notes, task);
}

/* ---- all questions ---- */

fpi_err_t *decode_serve(decode_answer_t *answer, const fpi_json_t *question, const decode_bytes_t *bytes,
                        fpi_task_t *task)
{
    static const struct {
        const char *op;
        fpi_err_t *(*serve)(decode_answer_t *, const fpi_json_t *, const decode_bytes_t *, fpi_task_t *);
        bool needs_bytes;
    } rows[] = { { "look", serve_look, true }, { "render", serve_render, true }, { "cover", serve_cover, false } };
    const char *op;

    FPI_TRY(fpi_json_get_text(&op, question, "op", 20, task));
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (strcmp(op, rows[i].op) == 0 && (bytes || !rows[i].needs_bytes)) {
            return rows[i].serve(answer, question, bytes, task);
        }
    }
    return fpi_fail(task, FPI_E_BAD_REQUEST, "a question \"%s\" without what it needs", op);
}

/* ---- before the first ---- */

/* Converters and fonts that are loaded when they are first needed, which is too late in the jail. */
static void warm_up(void)
{
    static const char *const encodings[] = { "GB18030", "GBK", "BIG5", "UTF-16", "UTF-16BE", "UTF-16LE", "ISO-8859-1" };
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 8, 8);
    cairo_t *cairo = cairo_create(surface);
    PangoLayout *layout = pango_cairo_create_layout(cairo);

    for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++) {
        iconv_t converter = iconv_open("UTF-8", encodings[i]);

        if (converter != (iconv_t)-1) {
            iconv_close(converter);
        }
    }
    pango_layout_set_text(layout, "a\xe5\xbd\xb1", -1);
    pango_cairo_show_layout(cairo, layout);
    g_object_unref(layout);
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
}

/* Only loaders that are meant for bytes of strangers; the cache would keep pages of other people's documents, and
 * what does not fit into memory is not to be written to a disk. */
fpi_err_t *decode_prepare(fpi_task_t *task)
{
    static const char *const loaders[] = { "VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadTiff",
                                           "VipsForeignLoadWebp", "VipsForeignLoadHeif" };

    g_setenv("VIPS_DISC_THRESHOLD", "64g", TRUE);
    if (vips_init("fpimage-decode") != 0) {
        return decode_vips_failed(task);
    }
    vips_cache_set_max(0);
    vips_concurrency_set(1);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < sizeof(loaders) / sizeof(*loaders); i++) {
        vips_operation_block_set(loaders[i], FALSE);
    }
    warm_up();
    return NULL;
}
