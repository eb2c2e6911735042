#include "tools/decode_ofd.h"

#include "tools/decode_raster.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double points_per_mm = 72 / 25.4;

int ofd_numbers(double *out, int most, const char *text)
{
    int count = 0;

    while (text && count < most) {
        char *end;
        double value = strtod(text, &end);

        if (end == text) {
            break;
        }
        out[count++] = isfinite(value) && fabs(value) < 1e7 ? value : 0;
        text = end;
    }
    return count;
}

bool ofd_box_parse(ofd_box_t *box, const char *text)
{
    double numbers[4];

    if (ofd_numbers(numbers, 4, text) != 4) {
        return false;
    }
    *box = (ofd_box_t){ numbers[0], numbers[1], numbers[2], numbers[3] };
    return true;
}

const ofd_resource_t *ofd_resource(const ofd_t *ofd, const char *id)
{
    return id ? apr_hash_get(ofd->resources, id, APR_HASH_KEY_STRING) : NULL;
}

/* ---- the archive ---- */

static fpi_err_t *read_xml(fpi_xml_t **root, ofd_t *ofd, const fpi_zip_entry_t *entry, fpi_task_t *task)
{
    const char *data;
    size_t len;
    bool repaired;

    FPI_TRY(fpi_zip_read(&data, &len, ofd->zip, entry, task));
    return fpi_xml_repair(root, &repaired, data, len, task);
}

/* NULL where the link leads nowhere: what it would have given is left out. */
static fpi_err_t *follow(fpi_xml_t **root, const char **name, ofd_t *ofd, const char *beside, const char *link,
                         fpi_task_t *task)
{
    const fpi_zip_entry_t *entry = link && *link ? fpi_zip_follow(ofd->zip, beside, link, task) : NULL;

    *root = NULL;
    if (!entry) {
        return NULL;
    }
    *name = entry->name;
    return read_xml(root, ofd, entry, task);
}

static void take_resource(ofd_t *ofd, fpi_xml_t *element, const char *beside, fpi_task_t *task)
{
    const char *id = fpi_xml_attribute(element, NULL, "ID", task);
    ofd_resource_t *resource;

    if (!id) {
        return;
    }
    resource = apr_pcalloc(task->pool, sizeof(*resource));
    resource->element = element;
    resource->beside = beside;
    apr_hash_set(ofd->resources, id, APR_HASH_KEY_STRING, resource);
}

/* Files of a resource lie in its BaseLoc. */
static fpi_err_t *take_resources(ofd_t *ofd, const char *beside, const char *link, fpi_task_t *task)
{
    const char *name, *base;
    fpi_xml_t *root;

    FPI_TRY(follow(&root, &name, ofd, beside, link, task));
    if (!root) {
        return NULL;
    }
    base = fpi_xml_attribute(root, NULL, "BaseLoc", task);
    if (base) {
        const char *slash = strrchr(name, '/');
        const char *folder = *base == '/' ? "" : apr_pstrndup(task->pool, name, slash ? (size_t)(slash + 1 - name) : 0);

        name = apr_pstrcat(task->pool, folder, base, "/.", NULL);
    }
    for (fpi_xml_t *at = fpi_xml_walk(root, root); at; at = fpi_xml_walk(root, at)) {
        take_resource(ofd, at, name, task);
    }
    return NULL;
}

static fpi_err_t *take_common(ofd_t *ofd, const fpi_xml_t *document, const char *name, fpi_task_t *task)
{
    const fpi_xml_t *common = fpi_xml_first(document, "CommonData");

    for (fpi_xml_t *at = fpi_xml_first(common, NULL); at; at = fpi_xml_next(at, NULL)) {
        if (fpi_xml_is(at, "PublicRes") || fpi_xml_is(at, "DocumentRes")) {
            FPI_TRY(take_resources(ofd, name, fpi_xml_text(at, task), task));
        }
        else if (fpi_xml_is(at, "TemplatePage")) {
            take_resource(ofd, at, name, task);
        }
    }
    return NULL;
}

static void take_page(ofd_t *ofd, fpi_xml_t *page, const char *beside, fpi_xml_t *area)
{
    int n = ofd->doc->page_count;

    if (n < ofd->page_room) {
        ofd->pages[n] = page;
        ofd->besides[n] = beside;
        ofd->areas[n] = area;
        ofd->doc->page_count++;
    }
}

static fpi_err_t *take_document(ofd_t *ofd, const char *link, fpi_task_t *task)
{
    const char *name;
    fpi_xml_t *document;

    FPI_TRY(follow(&document, &name, ofd, "OFD.xml", link, task));
    if (!document) {
        return NULL;
    }
    FPI_TRY(take_common(ofd, document, name, task));
    for (fpi_xml_t *page = fpi_xml_find(document, "Pages/Page"); page; page = fpi_xml_next(page, "Page")) {
        take_page(ofd, page, name, fpi_xml_find(document, "CommonData/PageArea"));
    }
    return NULL;
}

static fpi_err_t *open(decode_doc_t *doc, fpi_task_t *task)
{
    ofd_t *ofd = apr_pcalloc(task->pool, sizeof(*ofd));
    const fpi_zip_entry_t *entry;
    fpi_xml_t *root;

    doc->own = ofd;
    ofd->doc = doc;
    ofd->page_room = FPI_DECODE_PAGES;
    ofd->pages = apr_pcalloc(task->pool, FPI_DECODE_PAGES * sizeof(*ofd->pages));
    ofd->besides = apr_pcalloc(task->pool, FPI_DECODE_PAGES * sizeof(*ofd->besides));
    ofd->areas = apr_pcalloc(task->pool, FPI_DECODE_PAGES * sizeof(*ofd->areas));
    ofd->resources = apr_hash_make(task->pool);
    FPI_TRY(fpi_zip_open_bytes(&ofd->zip, doc->bytes->data, doc->bytes->len, task));
    entry = fpi_zip_find(ofd->zip, "OFD.xml", task);
    if (!entry) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "OFD 中缺少 OFD.xml", "the OFD has no OFD.xml");
    }
    FPI_TRY(read_xml(&root, ofd, entry, task));
    for (fpi_xml_t *body = fpi_xml_first(root, "DocBody"); body; body = fpi_xml_next(body, "DocBody")) {
        FPI_TRY(take_document(ofd, fpi_xml_find_text(body, "DocRoot", task), task));
    }
    return NULL;
}

/* ---- a page ---- */

static const ofd_box_t a4 = { 0, 0, 210, 297 };

static fpi_err_t *read_page(fpi_xml_t **content, const char **name, ofd_t *ofd, int n, fpi_task_t *task)
{
    const char *link = fpi_xml_attribute(ofd->pages[n - 1], NULL, "BaseLoc", task);

    FPI_TRY(follow(content, name, ofd, ofd->besides[n - 1], link, task));
    return *content ? NULL : fpi_refuse(task, FPI_E_UNREADABLE, NULL, "OFD 第 %d 页缺失", "page %d of the OFD is missing", n);
}

/* The page's own area, the document's, else A4. */
static ofd_box_t area_of(const ofd_t *ofd, const fpi_xml_t *content, int n, fpi_task_t *task)
{
    static const char *const paths[] = { "PhysicalBox", "ApplicationBox", "CropBox" };
    const fpi_xml_t *areas[] = { fpi_xml_first(content, "Area"), ofd->areas[n - 1] };
    ofd_box_t box;

    for (int a = 0; a < 2; a++) {
        for (int p = 0; areas[a] && p < 3; p++) {
            if (ofd_box_parse(&box, fpi_xml_find_text(areas[a], paths[p], task)) && box.width > 1 && box.height > 1) {
                return box;
            }
        }
    }
    return a4;
}

static fpi_err_t *measure(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task)
{
    fpi_xml_t *content;
    const char *name;
    ofd_box_t area;

    FPI_TRY(read_page(&content, &name, doc->own, n, task));
    area = area_of(doc->own, content, n, task);
    page->width = area.width * points_per_mm;
    page->height = area.height * points_per_mm;
    page->is_points = true;
    return NULL;
}

static fpi_err_t *draw_template(ofd_drawing_t *d, const fpi_xml_t *use, bool is_front)
{
    const ofd_resource_t *page = ofd_resource(d->ofd, fpi_xml_attribute(use, NULL, "TemplateID", d->task));
    const char *order = fpi_xml_attribute(use, NULL, "ZOrder", d->task);
    const char *name;
    fpi_xml_t *root;

    if (!page || (order && strcmp(order, "Foreground") == 0) != is_front) {
        return NULL;
    }
    FPI_TRY(follow(&root, &name, d->ofd, page->beside, fpi_xml_attribute(page->element, NULL, "BaseLoc", d->task), d->task));
    return root ? ofd_draw(d, fpi_xml_first(root, "Content"), 0) : NULL;
}

static fpi_err_t *draw_templates(ofd_drawing_t *d, const fpi_xml_t *content, bool is_front)
{
    for (fpi_xml_t *use = fpi_xml_first(content, "Template"); use; use = fpi_xml_next(use, "Template")) {
        FPI_TRY(draw_template(d, use, is_front));
    }
    return NULL;
}

static fpi_err_t *draw_page(ofd_drawing_t *d, const fpi_xml_t *content, const char *name)
{
    for (fpi_xml_t *res = fpi_xml_first(content, "PageRes"); res; res = fpi_xml_next(res, "PageRes")) {
        FPI_TRY(take_resources(d->ofd, name, fpi_xml_text(res, d->task), d->task));
    }
    FPI_TRY(draw_templates(d, content, false));
    FPI_TRY(ofd_draw(d, fpi_xml_first(content, "Content"), 0));
    return draw_templates(d, content, true);
}

static fpi_err_t *paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task)
{
    ofd_t page = *(ofd_t *)doc->own; /* a page's resources are its own */
    ofd_drawing_t drawing = { .ofd = &page, .task = task };
    fpi_xml_t *content;
    const char *name;
    ofd_box_t area;

    page.resources = apr_hash_copy(task->pool, page.resources);
    FPI_TRY(read_page(&content, &name, &page, n, task));
    area = area_of(&page, content, n, task);
    FPI_TRY(decode_sheet_make(&drawing.cairo, area.width * points_per_mm, area.height * points_per_mm, width, height,
                              task));
    cairo_scale(drawing.cairo, points_per_mm, points_per_mm);
    cairo_translate(drawing.cairo, -area.x, -area.y);
    FPI_TRY(draw_page(&drawing, content, name));
    return decode_sheet_take(raster, drawing.cairo, task);
}

const decode_kind_t decode_kind_ofd = { open, measure, paint, false };
