/* A text as a QR code, for a page to draw: the only owner of libqrencode beside the program that prints covers.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  FPI_QR_TEXT bytes. */
#ifndef FPI_QR_H
#define FPI_QR_H

#include "base/task.h"

enum { FPI_QR_TEXT = 500 };

typedef struct fpi_qr_t {
    int side;                    /* modules of an edge; the quiet zone of 4 round it is the page's */
    const char *path;            /* the dark ones as an SVG path in modules: "M0 0h7v1h-7z..." */
} fpi_qr_t;

/* FPI_E_TOO_LARGE. */
fpi_err_t *fpi_qr_make(fpi_qr_t *out, const char *text, fpi_task_t *task) FPI_MUST_USE;

#endif
