/* Office documents are looked at as the PDF that LibreOffice makes of them, where it is installed. It is made once and
 * kept among the derived files; the original stays what it is.
 *
 * Life:    a task's.
 * Threads: many; two that want the same at once make it twice.
 * Limits:  FPI_OFFICE_BYTES of a PDF. */
#ifndef FPI_OFFICE_H
#define FPI_OFFICE_H

#include "service/app.h"
#include "wire/media.h"

enum { FPI_OFFICE_BYTES = 32 * 1024 * 1024 };

bool fpi_office_is(fpi_media_t media);
/* The same by its MIME type; NULL is none. */
bool fpi_office_is_type(const char *type);

/* In: the document, open. Out: its PDF, open. FPI_E_UNREADABLE: no LibreOffice ("no preview"), or it can't. */
fpi_err_t *fpi_office_open(int *fd, int64_t *size, fpi_media_t *media, fpi_app_t *app, const char *sha256,
                           fpi_task_t *task) FPI_MUST_USE;

#endif
