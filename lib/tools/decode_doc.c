#include "tools/decode_doc.h"

#include <apr_strings.h>
#include <string.h>

static const decode_kind_t *const kinds[FPI_MEDIA_COUNT] = {
    [FPI_MEDIA_PDF] = &decode_kind_pdf,      [FPI_MEDIA_JPEG] = &decode_kind_picture,
    [FPI_MEDIA_PNG] = &decode_kind_picture,  [FPI_MEDIA_TIFF] = &decode_kind_picture,
    [FPI_MEDIA_BMP] = &decode_kind_bmp,      [FPI_MEDIA_XML] = &decode_kind_text,
    [FPI_MEDIA_OFD] = &decode_kind_ofd,      [FPI_MEDIA_TEXT] = &decode_kind_text,
    [FPI_MEDIA_WEBP] = &decode_kind_picture, [FPI_MEDIA_HEIC] = &decode_kind_picture,
};

fpi_err_t *decode_doc_open(decode_doc_t **out, const decode_bytes_t *bytes, fpi_task_t *task)
{
    const fpi_media_info_t *info = fpi_media_info(bytes->media);
    decode_doc_t *doc = apr_pcalloc(task->pool, sizeof(*doc));

    if (!kinds[bytes->media]) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "%s 文件没有预览", "there is no preview of %s files", info->name);
    }
    doc->bytes = bytes;
    doc->kind = kinds[bytes->media];
    doc->notes = fpi_json_make_array(task);
    FPI_TRY(doc->kind->open(doc, task));
    if (doc->page_count < 1) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "%s 文件中没有页面", "the %s file has no pages", info->name);
    }
    *out = doc;
    return NULL;
}

static fpi_err_t *check_page(const decode_doc_t *doc, int n, fpi_task_t *task)
{
    if (n < 1 || n > doc->page_count) {
        return fpi_refuse(task, FPI_E_ABSENT, NULL, "没有第 %d 页, 共 %d 页", "there is no page %d, there are %d", n,
                          doc->page_count);
    }
    return NULL;
}

fpi_err_t *decode_doc_measure(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task)
{
    *page = (decode_page_t){ 0 };
    FPI_TRY(check_page(doc, n, task));
    return doc->kind->measure(page, doc, n, task);
}

fpi_err_t *decode_doc_paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task)
{
    FPI_TRY(check_page(doc, n, task));
    return doc->kind->paint(raster, doc, n, width, height, task);
}

void decode_doc_note(decode_doc_t *doc, const char *text)
{
    for (size_t i = 0; i < fpi_json_size(doc->notes); i++) {
        if (strcmp(fpi_json_text(fpi_json_at(doc->notes, i)), text) == 0) {
            return;
        }
    }
    if (fpi_json_size(doc->notes) < 50) {
        fpi_json_add_text(doc->notes, text);
    }
}

static apr_status_t drop_object(void *object)
{
    g_object_unref(object);
    return APR_SUCCESS;
}

void decode_keep(void *object, fpi_task_t *task)
{
    if (object) {
        apr_pool_cleanup_register(task->pool, object, drop_object, apr_pool_cleanup_null);
    }
}

fpi_err_t *decode_vips_failed(fpi_task_t *task)
{
    char *said = vips_error_buffer_copy();
    fpi_err_t *err = fpi_refuse(task, FPI_E_UNREADABLE, NULL, "图片已损坏或不完整, 请重新扫描或上传",
                                "the picture is damaged or cut short; scan or upload it again");

    err->detail = apr_psprintf(task->pool, "libvips: %.*s", (int)strcspn(said, "\n"), said);
    g_free(said);
    return err;
}
