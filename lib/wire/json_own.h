/* What json.c and json_write.c share. Private to these; json.h is for all others.
 *
 * Life:    as json.h.
 * Threads: as json.h.
 * Limits:  none of its own. */
#ifndef FPI_JSON_OWN_H
#define FPI_JSON_OWN_H

#include "wire/json.h"

/* Ends a document before its pool does. */
void fpi_json_end(fpi_json_t *doc, fpi_task_t *task);

#endif
