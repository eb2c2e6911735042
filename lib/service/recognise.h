/* What we can't read ourselves is shown to the invoice cloud, once: its answer is kept with the content.
 *
 *   read ──a scan whose page says no whole invoice──> job "recognise" {content, enterprise} ──> the cloud's call
 *                            ^                                                                      │
 *                            └────────────── content.doc.cloud { asked, evidence | refused } <──────┘
 *
 * Asked about: invoice files, and pages of scan sessions of which nobody said what they are and no data of an invoice was
 * seen (not covers and attachments, which nobody allowed us to send out, and not files that the ERP
 * brought with needRecognition false) that are pictures, PDF or OFD. Such a page becomes an invoice file once the cloud
 * tells a number or a sum of it; else it stays an attachment. What a clerk said it is, it is. An invoice counts as read when its number, its day and what it comes to with tax are known. In a scan each page
 * that is not blank must have one; a digital document (its text or data was read) must have one at all.
 * In whose name: the enabled enterprise authorisation of the bill's tax number. Whether: the tenant's switch
 * "recognise.cloud", on or off; unset, it is done when the cloud has ever given a token for the enterprise (is_checked).
 * A refusal is kept, too, and asked again at the earliest FPI_RECOGNISE_AGAIN later, when the bill is read again.
 *
 * Life:    a job's task.
 * Threads: the worker of the lane FPI_LANE_SLOW.
 * Limits:  what the cloud takes whole is FPI_RECOGNISE_MOST bytes of PDF, OFD, JPEG or PNG; of all else the first
 *          FPI_RECOGNISE_PAGES pages go as pictures. */
#ifndef FPI_RECOGNISE_H
#define FPI_RECOGNISE_H

#include "model/evidence.h"
#include "model/file.h"
#include "service/jobs.h"
#include "wire/json.h"

#define FPI_JOB_RECOGNISE "recognise"
#define FPI_RECOGNISE_AGAIN apr_time_from_sec(86400)

/* PATIENCE: tries (in about half a minute), until bills in match mode are judged without the cloud's answer. */
enum { FPI_RECOGNISE_PAGES = 20, FPI_RECOGNISE_PATIENCE = 5 };

/* Is there something in the file that the cloud should be asked about? `look` is its content's doc, `found` what was
 * read from it. */
bool fpi_recognise_is_wanted(const fpi_json_t *look, const fpi_file_t *file, const fpi_found_t *found, int count,
                             fpi_task_t *task);

fpi_err_t *fpi_recognise_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_recognise_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

#endif
