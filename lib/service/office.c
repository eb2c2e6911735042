#include "service/office.h"

#include "base/text.h"
#include "store/derived.h"
#include "wire/decode.h"

#include <string.h>

#define WHAT "office-pdf"

static const fpi_media_t kinds[] = { FPI_MEDIA_WORD, FPI_MEDIA_EXCEL, FPI_MEDIA_POWERPOINT, FPI_MEDIA_OLE };

bool fpi_office_is(fpi_media_t media)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (kinds[i] == media) {
            return true;
        }
    }
    return false;
}

bool fpi_office_is_type(const char *type)
{
    for (size_t i = 0; type && i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(fpi_media_info(kinds[i])->type, type) == 0) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *put_piece(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    return fpi_buf_put(baton, data, len) ? NULL
                                         : fpi_refuse(task, FPI_E_UNREADABLE, NULL, "文件过大, 没有预览 (PDF 超过 %d 字节)",
                                                      "too large for a preview: its PDF has more than %d bytes", FPI_OFFICE_BYTES);
}

fpi_err_t *fpi_office_open(int *fd, int64_t *size, fpi_media_t *media, fpi_app_t *app, const char *sha256,
                           fpi_task_t *task)
{
    fpi_buf_t *pdf = fpi_buf_make(task->pool, FPI_OFFICE_BYTES);
    fpi_media_t source = *media;
    fpi_decoder_t *decoder;
    fpi_err_t *err;
    int from = *fd;

    *media = FPI_MEDIA_PDF;
    err = fpi_derived_open(fd, size, app->blobs, sha256, WHAT, task);
    if (!err || err->code != FPI_E_ABSENT) {
        return err;
    }
    FPI_TRY(fpi_app_decoder(&decoder, app, task));
    FPI_TRY(fpi_decode_office(decoder, from, source, put_piece, pdf, task));
    FPI_TRY(fpi_derived_keep(app->blobs, sha256, WHAT, pdf->data, pdf->len, task));
    return fpi_derived_open(fd, size, app->blobs, sha256, WHAT, task);
}
