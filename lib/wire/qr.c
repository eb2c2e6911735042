#include "wire/qr.h"

#include "base/text.h"

#include <apr_strings.h>
#include <qrencode.h>
#include <string.h>

enum { PATH_MOST = 1 << 20 };

/* Runs of dark modules in a row, each one rectangle. */
static bool put_row(fpi_buf_t *path, const unsigned char *row, int side, int y)
{
    bool fits = true;

    for (int x = 0; fits && x < side;) {
        int end = x;

        while (end < side && row[end] & 1) {
            end++;
        }
        if (end > x) {
            char text[64];

            apr_snprintf(text, sizeof(text), "M%d %dh%dv1h-%dz", x, y, end - x, end - x);
            fits = fpi_buf_put_text(path, text);
        }
        x = end + 1;
    }
    return fits;
}

fpi_err_t *fpi_qr_make(fpi_qr_t *out, const char *text, fpi_task_t *task)
{
    fpi_buf_t *path = fpi_buf_make(task->pool, PATH_MOST);
    QRcode *code = strlen(text) <= FPI_QR_TEXT ? QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) : NULL;
    bool fits = code != NULL;

    for (int y = 0; fits && y < code->width; y++) {
        fits = put_row(path, code->data + y * code->width, code->width, y);
    }
    out->side = fits ? code->width : 0;
    out->path = path->data;
    if (code) {
        QRcode_free(code);
    }
    return fits ? NULL : fpi_fail(task, FPI_E_TOO_LARGE, "a text of %d bytes is no QR code", (int)strlen(text));
}
