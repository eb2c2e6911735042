/* Network scanners by eSCL (Mopria's, also AirScan): capabilities, status, and a scan job page by page.
 *
 *   capabilities ─> POST ScanJobs ─> job ─> GET NextDocument ─> a page ... 404: no more ─> status: jam, or all? ─> DELETE
 *                     503: busy, again                503: not yet, again
 *
 * A scanner is another's machine and may say anything: it is only ever called at the host that was configured, whatever
 * its Location says; redirects are not followed; nothing is repeated that could cost a page.
 * Not a policy: who may be called stands in the client's may_connect, what becomes of pages with the caller.
 *
 * Life:    a fpi_escl_t is for one task; results live in the task's pool.
 * Threads: one.
 * Limits:  FPI_ESCL_DOCUMENT bytes of XML, FPI_ESCL_JOB bytes of a job's path; `patience` for a page, or while it is
 *          busy; the client's time limits; the task's deadline. */
#ifndef FPI_ESCL_H
#define FPI_ESCL_H

#include "model/scan.h"
#include "wire/http.h"

enum { FPI_ESCL_DOCUMENT = 512 * 1024, FPI_ESCL_JOB = 500, FPI_ESCL_ADDRESS = 300 };

typedef struct fpi_escl_t {
    fpi_http_client_t *http;
    const char *base;            /* as fpi_escl_address_take gives it */
    apr_interval_time_t patience;
    bool (*is_gone)(void *baton); /* asked about once a second while it is waited for; true: FPI_E_GONE. NULL: no */
    void *baton;
    fpi_scan_problem_t problem;  /* of the last failure; FINE when it was none of the scanner's (FPI_E_GONE) */
} fpi_escl_t;

/* What was typed, "192.168.1.20" or "http://printer.local:8080/eSCL/", as "http://host[:port]/path". FPI_E_FIELD
 * "address". */
fpi_err_t *fpi_escl_address_take(const char **out, const char *text, fpi_task_t *task) FPI_MUST_USE;

/* All that follow fail with FPI_E_SCANNER, FPI_E_SCANNER_LATE or FPI_E_GONE, and set `problem`. */
fpi_err_t *fpi_escl_caps_get(fpi_scan_caps_t *out, fpi_escl_t *escl, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_escl_status_get(fpi_scan_status_t *out, fpi_escl_t *escl, fpi_task_t *task) FPI_MUST_USE;

/* Begins to scan with settled settings; *job is its path on the scanner. */
fpi_err_t *fpi_escl_job_start(const char **job, fpi_escl_t *escl, const fpi_scan_settings_t *settings,
                              const fpi_scan_caps_t *caps, fpi_task_t *task) FPI_MUST_USE;
typedef struct fpi_escl_page_t {
    fpi_err_t *(*put)(void *baton, const char *data, size_t len); /* its failure ends the page, and comes back */
    void *baton;
    bool is_feeder;              /* whose state explains a failure */
    bool is_end;                 /* out: there is none any more */
    int64_t size;                /* out */
} fpi_escl_page_t;
/* The next page. What was put of one that then failed is to be thrown away. */
fpi_err_t *fpi_escl_page_next(fpi_escl_page_t *page, fpi_escl_t *escl, const char *job, fpi_task_t *task) FPI_MUST_USE;
/* Did the end come because all is scanned? Scanners say "no more" after a jam, too: fails with what the status tells. */
fpi_err_t *fpi_escl_job_judge(fpi_escl_t *escl, const char *job, const fpi_scan_settings_t *settings, int64_t pages,
                              fpi_task_t *task) FPI_MUST_USE;
/* Takes the job away, which also stops it. One that is gone is fine. In a time of its own, also of a task that is over. */
fpi_err_t *fpi_escl_job_end(fpi_escl_t *escl, const char *job, fpi_task_t *task) FPI_MUST_USE;

/* ---- escl_xml.c: its documents ---- */
/* FPI_E_UNREADABLE when it is none. */
fpi_err_t *fpi_escl_caps_parse(fpi_scan_caps_t *out, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;
/* `job` NULL, or a path: *job_state is what it says of that job ("Aborted"), NULL: nothing. */
fpi_err_t *fpi_escl_status_parse(fpi_scan_status_t *out, const char **job_state, const char *job, const void *data,
                                 size_t len, fpi_task_t *task) FPI_MUST_USE;
const char *fpi_escl_settings_format(const fpi_scan_settings_t *settings, const fpi_scan_caps_t *caps, fpi_task_t *task);
/* The path of a job from the Location that came, absolute or not: NULL when it is none, or too long. */
const char *fpi_escl_job_path(const char *base, const char *location, fpi_task_t *task);

#endif
