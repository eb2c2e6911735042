/* XML documents that belong to a task, found by local names. The only owner of libxml2.
 * Reads what invoices and SOAP need: elements, attributes, namespaces, text. No DTD, no entities but the five of XML,
 * nothing is ever fetched; comments and processing instructions are passed over. Not a writer.
 *
 * Life:    a document lives until its task's pool is cleared; elements are borrowed from it, texts are copies in the
 *          pool.
 * Threads: a document belongs to one thread at a time.
 * Limits:  FPI_XML_BYTES, FPI_XML_DEPTH, FPI_XML_NODES elements and attributes; a text of 10 MB. */
#ifndef FPI_XML_H
#define FPI_XML_H

#include "base/task.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct _xmlNode fpi_xml_t; /* an element */

enum { FPI_XML_BYTES = 32 * 1024 * 1024, FPI_XML_DEPTH = 100, FPI_XML_NODES = 400 * 1000 };

/* How many bytes of blanks and UTF-8 byte order marks stand before a document. Senders put them there, though XML has no
 * room for them before its declaration: the parsers pass over them. */
size_t fpi_xml_lead(const char *text, size_t len);

/* The root element. Refuses with FPI_E_UNREADABLE naming the line; a document type declaration is refused as such.
 * Encodings that say their name (GBK, UTF-16, ...) are read; every text that comes out is UTF-8. */
fpi_err_t *fpi_xml_parse(fpi_xml_t **root, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

/* As fpi_xml_parse, but makes the best of what is not well-formed: tags left open, bare ampersands. *repaired says
 * whether it had to. Refuses when nothing is left, and for every limit. */
fpi_err_t *fpi_xml_repair(fpi_xml_t **root, bool *repaired, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

/* ---- moving about: a name is a local name, NULL any; NULL when there is none. Of a prefix that is declared nowhere the
 * local name is what stands behind it ---- */
fpi_xml_t *fpi_xml_first(const fpi_xml_t *element, const char *name);
fpi_xml_t *fpi_xml_next(const fpi_xml_t *element, const char *name);
fpi_xml_t *fpi_xml_parent(const fpi_xml_t *element);
/* "Body/queryResponse/return": down by the first children of these names. */
fpi_xml_t *fpi_xml_find(const fpi_xml_t *element, const char *path);
/* The first element of this name anywhere below, in the order of the document. */
fpi_xml_t *fpi_xml_seek(const fpi_xml_t *element, const char *name);
/* The element behind `at` in the order of the document, itself below `top`; start with `at` == `top`. */
fpi_xml_t *fpi_xml_walk(const fpi_xml_t *top, const fpi_xml_t *at);

/* ---- asking ---- */
const char *fpi_xml_name(const fpi_xml_t *element);
bool fpi_xml_is(const fpi_xml_t *element, const char *name);
/* The address of its namespace; "" when it has none. */
const char *fpi_xml_space(const fpi_xml_t *element);
long fpi_xml_line(const fpi_xml_t *element);

/* All text below, without the blanks round it; "" when there is none or the element is NULL. */
const char *fpi_xml_text(const fpi_xml_t *element, fpi_task_t *task);
/* The text of fpi_xml_find(element, path); NULL when there is no such element or only blanks are in it. */
const char *fpi_xml_find_text(const fpi_xml_t *element, const char *path, fpi_task_t *task);
/* An attribute by its local name, in the namespace `space`, or any when that is NULL; NULL when absent. A prefix that is
 * declared nowhere is none of "". */
const char *fpi_xml_attribute(const fpi_xml_t *element, const char *space, const char *name, fpi_task_t *task);

#endif
