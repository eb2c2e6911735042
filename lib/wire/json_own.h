/* What json.c, json_read.c and json_write.c share. Private to these; json.h is for all others.
 *
 * Life:    as json.h.
 * Threads: as json.h.
 * Limits:  none of its own. */
#ifndef FPI_JSON_OWN_H
#define FPI_JSON_OWN_H

#include "wire/json.h"

/* Digits of a printed double: any decimal of up to 15 digits comes out as it went in. */
enum { FPI_JSON_DIGITS = 15 };

/* jansson's document becomes the pool's. */
fpi_json_t *fpi_json_keep(fpi_json_t *doc, fpi_task_t *task);
/* Ends a document before its pool does. */
void fpi_json_end(fpi_json_t *doc, fpi_task_t *task);

#endif
