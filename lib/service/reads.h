/* Reading a bill: what the looks at its files have shown becomes its found invoices, its page count, the twins of its
 * invoices, and the questions to the cloud.
 *
 *   job "read" {bill} ─> each file's evidence (look, cloud), merged ─> one transaction: rows found, twins, pages,
 *                        timeline, jobs "recognise", and "read" for the bills that share an invoice with it
 *
 * Repeating it changes nothing and says nothing. What a hand has set stays, on the invoice that it was set on: the one of
 * the same number in the same file, else the one in the same place of it.
 *
 * Life:    a job's task.
 * Threads: a worker's.
 * Limits:  5,000 files; FPI_FOUND_MAX invoices per file, FPI_READ_ROWS per bill. */
#ifndef FPI_READS_H
#define FPI_READS_H

#include "service/jobs.h"

#define FPI_JOB_READ "read"

enum { FPI_READ_ROWS = 5000 };

fpi_err_t *fpi_read_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_read_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

#endif
