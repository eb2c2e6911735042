/* A document of outside bytes as pages that can be measured and painted, whatever it is.
 *
 *   bytes ──open──> document (a row of the table: pictures, PDF, OFD, text, office) ──> page n: facts, raster
 *
 * Life:    document, rasters and what libraries hold for them are given back with the task's pool.
 * Threads: one document at a time per process.
 * Limits:  FPI_DECODE_PIXELS of a picture that can't be read in a smaller scale; DECODE_RASTER pixels of a raster. */
#ifndef FPI_DECODE_DOC_H
#define FPI_DECODE_DOC_H

#include "wire/decode.h"

#include <vips/vips.h>

enum { DECODE_RASTER = 60 * 1000 * 1000, DECODE_SIDE = 30000 /* cairo draws no more than 32767 */, DECODE_DPI_MOST = 300 };

typedef struct decode_bytes_t {
    const unsigned char *data;
    size_t len;
    int fd;
    fpi_media_t media;
} decode_bytes_t;

typedef struct decode_page_t {
    double width, height; /* upright */
    bool is_points;       /* 1/72 inch, else pixels */
    int dpi;              /* of pixels; 0 not told */
    int turn;             /* clockwise, by the file's own orientation */
} decode_page_t;

typedef struct decode_doc_t decode_doc_t;

typedef struct decode_kind_t {
    fpi_err_t *(*open)(decode_doc_t *doc, fpi_task_t *task);
    fpi_err_t *(*measure)(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task);
    /* Upright and within width x height; 8 bit, sRGB or grey, perhaps with alpha. */
    fpi_err_t *(*paint)(VipsImage **raster, decode_doc_t *doc, int n, int width, int height, fpi_task_t *task);
    bool is_codeless;     /* nobody puts codes there: not looked for */
} decode_kind_t;

struct decode_doc_t {
    const decode_bytes_t *bytes;
    const decode_kind_t *kind;
    int page_count;
    void *own;            /* the kind's */
    fpi_json_t *notes;    /* texts: what could not be shown */
};

extern const decode_kind_t decode_kind_picture, decode_kind_pdf, decode_kind_bmp, decode_kind_text,
    decode_kind_ofd;

/* FPI_E_UNREADABLE when it is damaged, or of a kind that has no pages to show. */
fpi_err_t *decode_doc_open(decode_doc_t **doc, const decode_bytes_t *bytes, fpi_task_t *task) FPI_MUST_USE;
/* Page numbers are from 1; FPI_E_ABSENT when there is no such page. */
fpi_err_t *decode_doc_measure(decode_page_t *page, decode_doc_t *doc, int n, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *decode_doc_paint(VipsImage **raster, decode_doc_t *doc, int n, int width, int height,
                            fpi_task_t *task) FPI_MUST_USE;

/* A remark in both languages, once. */
void decode_doc_note(decode_doc_t *doc, const char *text);

/* An object of GLib's that goes with the task's pool; NULL is fine. */
void decode_keep(void *object, fpi_task_t *task);
/* FPI_E_UNREADABLE with what libvips said; its error buffer is emptied. */
fpi_err_t *decode_vips_failed(fpi_task_t *task) FPI_MUST_USE FPI_NEVER_NULL;

#endif
