/* Rows of scans: one run of a network scanner into a scan session. Each page is in the session, and counted here, in one
 * transaction; what was scanned stays, however the run ends.
 *
 *   put ──> WAITING ──begin──> RUNNING ──page──> RUNNING ... ──end──> DONE | FAILED | CANCELLED
 *
 * `job` is the scanner's own name of the run: whoever goes on with it after a crash finds it here.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_SCANS_KEPT runs of a capture. Every look-up is by tenant. They go with their
 *          capture (fpi_capture_drop). */
#ifndef FPI_STORE_SCANS_H
#define FPI_STORE_SCANS_H

#include "model/scan.h"
#include "store/tx.h"

enum { FPI_SCANS_KEPT = 200 };

typedef enum fpi_scan_run_t {
    FPI_SCAN_RUN_WAITING = 0, FPI_SCAN_RUN_RUNNING = 1, FPI_SCAN_RUN_DONE = 2, FPI_SCAN_RUN_FAILED = 3,
    FPI_SCAN_RUN_CANCELLED = 4
} fpi_scan_run_t;

typedef struct fpi_scan_t {
    int64_t id, tenant, capture, scanner;
    const char *actor;           /* who asked for it, as the task's */
    const char *scanner_name;    /* as it was then */
    fpi_scan_settings_t settings;
    int64_t after;               /* page of the capture that the next one comes behind; 0: the last */
    fpi_scan_run_t state;
    bool is_cancelled;           /* somebody wants it to end */
    bool is_interrupted;         /* it was gone on with after a crash or restart */
    const char *job;             /* NULL: not begun */
    int64_t pages;
    fpi_scan_problem_t problem;
    apr_time_t created, begun, ended;
} fpi_scan_t;

/* Sets id and created; the oldest of the capture that have ended go beyond FPI_SCANS_KEPT. */
fpi_err_t *fpi_scan_put(fpi_scan_t *scan, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_scan_find(fpi_scan_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* Of a capture, newest first. */
fpi_err_t *fpi_scans_list(fpi_scan_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t tenant, int64_t capture,
                          int64_t skip, int most, fpi_task_t *task) FPI_MUST_USE;
/* The one that has not ended, of a scanner; NULL: it is free. */
fpi_err_t *fpi_scan_find_live(fpi_scan_t **out, fpi_tx_t *tx, int64_t tenant, int64_t scanner, fpi_task_t *task)
    FPI_MUST_USE;
/* Writes all that may change: settings, after, state, flags, job, pages, problem, begun, ended. */
fpi_err_t *fpi_scan_keep(const fpi_scan_t *scan, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
bool fpi_scan_is_live(const fpi_scan_t *scan);

#endif
