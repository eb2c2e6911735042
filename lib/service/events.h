/* Telling the administrator's own program (FPImageEventCommand) of what needs a person.
 *
 * Life:    the program is started and left to itself; nobody waits for it.
 * Threads: any.
 * Limits:  one start per event and minute, so that a broken peer does not become a storm of processes. */
#ifndef FPI_EVENTS_H
#define FPI_EVENTS_H

#include "service/app.h"

/* Starts `program event sentence`, with the trace id in FPIMAGE_TRACE. Does nothing without the directive. */
void fpi_event_tell(fpi_app_t *app, const char *event, const char *sentence, fpi_task_t *task);

#endif
