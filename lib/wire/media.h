/* What a file is by its bytes, never by its name.
 *
 * Life:    static texts.
 * Threads: any.
 * Limits:  looks at the first 4 KiB that it is given; for zip based kinds at the names of the first 64
 *          entries in all of it, so give more than 4 KiB when there is more. */
#ifndef FPI_MEDIA_H
#define FPI_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

typedef enum fpi_media_t {
    FPI_MEDIA_UNKNOWN, FPI_MEDIA_PDF, FPI_MEDIA_OFD, FPI_MEDIA_JPEG, FPI_MEDIA_PNG, FPI_MEDIA_TIFF,
    FPI_MEDIA_BMP, FPI_MEDIA_WEBP, FPI_MEDIA_HEIC, FPI_MEDIA_XML, FPI_MEDIA_WORD, FPI_MEDIA_EXCEL,
    FPI_MEDIA_POWERPOINT, FPI_MEDIA_OLE, FPI_MEDIA_ZIP, FPI_MEDIA_HTML, FPI_MEDIA_TEXT, FPI_MEDIA_COUNT
} fpi_media_t;

typedef struct fpi_media_info_t {
    const char *name;      /* "PDF" */
    const char *type;      /* "application/pdf" */
    const char *extension; /* "pdf" */
    bool is_default;       /* accepted unless the administrator says otherwise */
} fpi_media_info_t;

enum { FPI_MEDIA_LOOK = 4096 };

/* HTML is anything a browser would run, SVG and XHTML too. An empty file is UNKNOWN, and so is a text
 * that is not UTF-8, unless it declares itself as XML. */
fpi_media_t fpi_media_find(const void *head, size_t len);
/* What is UNKNOWN may be text in GB18030, as Chinese Windows saves it: no page, no control bytes. Many other bytes have that
 * shape as well, so something else must say that it is text: its name. */
bool fpi_media_is_gb_text(const void *head, size_t len);
const fpi_media_info_t *fpi_media_info(fpi_media_t media);

#endif
