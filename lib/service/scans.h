/* Scanning from a network scanner into a scan session, in the background.
 *
 *   POST ──> row WAITING + job ──> capabilities ─> ScanJobs (its path is written down) ─> RUNNING
 *        ┌──────────────────────────────────────────────────────────────────────────────────┘
 *        └─> NextDocument ─> spool ─> blob, flushed ─> one transaction: page, look, count ─> ... ─> status ─> DELETE ─> DONE
 *
 * What came is in the session, whatever becomes of the rest. Nothing is scanned twice: a step that is taken up again after
 * a crash or a restart goes on with the scanner's job, and says so (is_interrupted). The scanner's job is taken away at
 * the end of every run, also of one that failed or was called off. One run at a time of a scanner.
 *
 * Life:    rows, and a job of the kind "scan" in the lane FPI_LANE_SCAN.
 * Threads: requests; the workers of the lane.
 * Limits:  FPI_SCAN_PAGES pages and FPI_SCAN_LIMIT a run; FPImageMaxFile a page; what stands in remote/escl.h. */
#ifndef FPI_SCANS_H
#define FPI_SCANS_H

#include "model/viewer.h"
#include "service/app.h"
#include "store/pushes.h"
#include "store/scans.h"
#include "wire/json.h"

enum { FPI_SCAN_PAGES = 1000 };
#define FPI_SCAN_LIMIT apr_time_from_sec(2 * 3600)
#define FPI_JOB_SCAN "scan"

/* What is asked for. */
typedef struct fpi_scan_want_t {
    int64_t capture, scanner;
    int64_t after;               /* page that they come behind; 0: at the end */
    fpi_scan_settings_t settings;
} fpi_scan_want_t;

/* FPI_E_ABSENT: capture or scanner; FPI_E_STATE: the capture is filed, the scanner disabled or busy, and by whom;
 * FPI_E_FIELD "after". */
fpi_err_t *fpi_scans_start(fpi_scan_t **out, fpi_app_t *app, const fpi_viewer_t *viewer, const fpi_scan_want_t *want,
                           fpi_task_t *task) FPI_MUST_USE;
/* Ends it as soon as may be; one that has ended stays as it is. */
fpi_err_t *fpi_scans_cancel(fpi_scan_t **out, fpi_app_t *app, const fpi_viewer_t *viewer, int64_t capture, int64_t id,
                            fpi_task_t *task) FPI_MUST_USE;
/* Of a capture that he may see; FPI_E_ABSENT. */
fpi_err_t *fpi_scans_get(fpi_scan_t **out, fpi_tx_t *tx, const fpi_viewer_t *viewer, int64_t capture, int64_t id,
                         fpi_task_t *task) FPI_MUST_USE;

fpi_json_t *fpi_scan_form(const fpi_scan_t *scan, fpi_task_t *task);

/* The job. */
fpi_err_t *fpi_scan_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_scan_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

#endif
