/* What the OFD files share with each other (GB/T 33190-2016). Not for other files.
 *
 *      decode_ofd.c        the archive: documents, pages, templates, resources
 *      decode_ofd_draw.c   the objects of a page onto a sheet: text, paths
 *      decode_ofd_image.c  the pictures among them
 *
 * Life:    in the task's pool.
 * Threads: one.
 * Limits:  DECODE_OFD_OBJECTS objects per page, blocks nested DECODE_OFD_DEPTH deep, and those of wire/zip.h, xml.h. */
#ifndef FPI_DECODE_OFD_H
#define FPI_DECODE_OFD_H

#include "tools/decode_doc.h"
#include "wire/xml.h"
#include "wire/zip.h"

#include <apr_hash.h>
#include <cairo.h>

enum { DECODE_OFD_OBJECTS = 50000, DECODE_OFD_DEPTH = 16 };

/* An element that pages name by its id, and the entry that it stands in. */
typedef struct ofd_resource_t {
    fpi_xml_t *element;
    const char *beside;  /* what its links are relative to */
} ofd_resource_t;

typedef struct ofd_t {
    decode_doc_t *doc;
    fpi_zip_t *zip;
    fpi_xml_t **pages;   /* the Page elements of all bodies */
    const char **besides;
    fpi_xml_t **areas;   /* of the page's document: its PageArea, or NULL */
    int page_room;
    apr_hash_t *resources;
} ofd_t;

typedef struct ofd_box_t {
    double x, y, width, height; /* mm */
} ofd_box_t;

/* Numbers between blanks; how many were read. */
int ofd_numbers(double *out, int most, const char *text);
bool ofd_box_parse(ofd_box_t *box, const char *text);
const ofd_resource_t *ofd_resource(const ofd_t *ofd, const char *id);

/* What one page's drawing has at hand. */
typedef struct ofd_drawing_t {
    ofd_t *ofd;
    cairo_t *cairo;      /* in mm */
    fpi_task_t *task;
    int objects;
} ofd_drawing_t;

/* Draws all objects below `content` (a Content, Layer, PageBlock or Appearance). */
fpi_err_t *ofd_draw(ofd_drawing_t *drawing, const fpi_xml_t *content, int depth) FPI_MUST_USE;
/* The picture of an ImageObject into its boundary; a box where it can't be shown. */
fpi_err_t *ofd_draw_image(ofd_drawing_t *drawing, const fpi_xml_t *object) FPI_MUST_USE;
/* Moves to the object's boundary and applies its CTM; the caller saves and restores. */
bool ofd_place(ofd_drawing_t *drawing, const fpi_xml_t *object, ofd_box_t *boundary);

#endif
