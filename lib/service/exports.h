/* Exports: the originals of bills as a zip archive with readable names and an index, and lists as a workbook. Asked for
 * by a request they are jobs whose result is a blob, kept for a week; the tool writes them straight to a file.
 *
 *   POST ──> row WAITING + job ──> RUNNING, made from the beginning at each try ──> spool ──> blob ──> READY
 *   DELETE: the row goes; what runs stops within a second, and the bytes are given up at once
 *
 *   <number>/01-封面-<name>.pdf   <number>/02-发票-<name>.xml   ...   index.csv
 *
 * Life:    a job's or the tool's task.
 * Threads: one for each.
 * Limits:  FPI_EXPORT_ZIP bills in an archive, FPI_EXPORT_LIST in a workbook, FPI_EXPORT_BYTES of originals,
 *          FPI_EXPORT_LIVE unfinished ones for each who asks. Memory does not grow with what is exported. */
#ifndef FPI_EXPORTS_H
#define FPI_EXPORTS_H

#include "model/viewer.h"
#include "service/app.h"
#include "store/pushes.h"
#include "wire/scratch.h"

enum { FPI_EXPORT_ZIP = 2000, FPI_EXPORT_LIST = 10000, FPI_EXPORT_LIVE = 5 };
#define FPI_EXPORT_BYTES ((int64_t)64 * 1024 * 1024 * 1024)
#define FPI_EXPORT_KEPT apr_time_from_sec(7 * 86400)
#define FPI_JOB_EXPORT "export"

/* What is wanted. */
typedef struct fpi_export_want_t {
    int64_t tenant;
    const fpi_viewer_t *viewer; /* what he sees of them only; NULL: all */
    const int64_t *bills;
    int count;
} fpi_export_want_t;

/* Where it goes. A failure of either ends it. */
typedef struct fpi_export_sink_t {
    fpi_put_fn *put;
    fpi_err_t *(*step)(void *baton, int64_t done, fpi_task_t *task); /* so many bills are done */
    void *baton;
} fpi_export_sink_t;

typedef struct fpi_export_made_t {
    int64_t bills, files, bytes;
    int64_t left_out;      /* bills that may not be seen any more, files whose bytes are gone or damaged */
} fpi_export_made_t;

/* The archive. Files whose bytes are missing or damaged are left out and named in its index. FPI_E_TOO_LARGE: more
 * than the limit, or than the disk has room for. */
fpi_err_t *fpi_archive_make(fpi_export_made_t *made, fpi_app_t *app, const fpi_export_want_t *want,
                            const fpi_export_sink_t *sink, fpi_task_t *task) FPI_MUST_USE;
/* The workbook: a sheet of bills, and one of their invoices. */
fpi_err_t *fpi_sheet_make(fpi_export_made_t *made, fpi_app_t *app, const fpi_export_want_t *want,
                          const fpi_export_sink_t *sink, fpi_task_t *task) FPI_MUST_USE;

/* The job. */
fpi_err_t *fpi_export_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_export_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);
/* Drops those that ended more than FPI_EXPORT_KEPT ago, and their bytes. */
fpi_err_t *fpi_exports_sweep(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

#endif
