/* PDF by poppler. */
#include "tools/decode_doc.h"
#include "tools/decode_raster.h"

#include <apr_strings.h>
#include <poppler.h>

static fpi_err_t *open_failed(GError *error, fpi_task_t *task)
{
    bool is_locked = error && g_error_matches(error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED);
    fpi_err_t *err =
        is_locked ? fpi_refuse(task, FPI_E_UNREADABLE, NULL, "PDF 设有打开密码, 请去除密码后重新上传",
                               "the PDF is locked with a password; upload it without one")
                  : fpi_refuse(task, FPI_E_UNREADABLE, NULL, "PDF 已损坏或不完整, 请重新上传",
                               "the PDF is damaged or cut short; upload it again");

    if (error) {
        err->detail = apr_psprintf(task->pool, "poppler: %s", error->message);
        g_error_free(error);
    }
    return err;
}

static fpi_err_t *open(decode_doc_t *doc, fpi_task_t *task)
{
    GBytes *bytes = g_bytes_new_static(doc->bytes->data, doc->bytes->len);
    GError *error = NULL;
    PopplerDocument *pdf = poppler_document_new_from_bytes(bytes, NULL, &error);

    g_bytes_unref(bytes);
    if (!pdf) {
        return open_failed(error, task);
    }
    decode_keep(pdf, task);
    doc->own = pdf;
    doc->page_count = poppler_document_get_n_pages(pdf);
    return NULL;
}

static fpi_err_t *get_page(PopplerPage **page, decode_doc_t *doc, int n, fpi_task_t *task)
{
    *page = poppler_document_get_page(doc->own, n - 1);
    decode_keep(*page, task);
    return *page ? NULL : fpi_refuse(task, FPI_E_UNREADABLE, NULL, "PDF 第 %d 页已损坏", "page %d of the PDF is damaged", n);
}

static fpi_err_t *measure(decode_page_t *facts, decode_doc_t *doc, int n, fpi_task_t *task)
{
    PopplerPage *page;

    FPI_TRY(get_page(&page, doc, n, task));
    poppler_page_get_size(page, &facts->width, &facts->height); /* as seen: turned */
    facts->is_points = true;
    return NULL;
}

static fpi_err_t *paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task)
{
    decode_page_t facts;
    PopplerPage *page;
    cairo_t *cairo;

    FPI_TRY(measure(&facts, doc, n, task));
    FPI_TRY(get_page(&page, doc, n, task));
    FPI_TRY(decode_sheet_make(&cairo, facts.width, facts.height, width, height, task));
    poppler_page_render(page, cairo);
    return decode_sheet_take(raster, cairo, task);
}

const decode_kind_t decode_kind_pdf = { open, measure, paint, false };
