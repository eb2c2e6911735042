/* Files that come in pieces, so that a slow line or a broken one costs a piece and not the file.
 *
 *   POST ──> id ──PATCH at offset──> taken (flushed) ──...──> all there: hash checked ──> whole ──> used by its id
 *
 * What a piece brought before its line broke is kept; one that repeats what is there already is fine. Over restarts of
 * httpd and any of its children nothing that was answered is lost.
 *
 * Life:    unfinished ones go 3 days after their last piece, whole ones after a day.
 * Threads: many; one piece of an upload at a time, by the lock of its spool.
 * Limits:  FPImageMaxFile, FPI_UPLOADS_MOST unfinished ones per client. */
#ifndef FPI_UPLOADS_H
#define FPI_UPLOADS_H

#include "service/app.h"
#include "service/call.h"
#include "store/uploads.h"

enum { FPI_UPLOADS_MOST = 500 };

/* A whole one of the caller's, whose bytes stay for a row that is written next. FPI_E_FIELD (upload_id) when it is not there or not whole, saying how far it is. */
fpi_err_t *fpi_upload_get_whole(fpi_upload_t **out, fpi_app_t *app, const char *id, const fpi_call_t *call) FPI_MUST_USE;
/* Takes away what is too old, row and file. */
fpi_err_t *fpi_uploads_sweep(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
