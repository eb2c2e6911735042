/* Invoice readers of the helper program: what the bytes of one file say about invoices, as evidence.
 *
 *   XML ──────────────────────────────> read_xml, read_xbrl
 *   OFD  (zip) ── attachments ────────> read_xml, read_xbrl;  tags and text of pages: read_ofd
 *   PDF ───────── embedded files ─────> read_xml, read_xbrl;  text layer: read_pdf
 *   ZIP ───────── members ────────────> all of the above, one level deep
 *
 * An evidence has the form of model/evidence.h: "source", "page" (when it is of one), "invoice" (the number of the
 * invoice within the file, from 1), "type" (when told), "fields", and "lines" where the source has them. Codes on pages
 * are not read here: the look sees them.
 *
 * Life:    results live in the task's pool; libraries' own memory is given back before the return.
 * Threads: one document at a time per process is assumed, as the helper works.
 * Limits:  FPI_READ_BYTES of a file that has to be in memory, FPI_READ_PAGES pages whose text is read, and the limits
 *          of wire/xml.h and wire/zip.h; the task's deadline is looked at between parts. */
#ifndef FPI_READ_H
#define FPI_READ_H

#include "base/task.h"
#include "wire/json.h"
#include "wire/media.h"

enum { FPI_READ_BYTES = 200 << 20, FPI_READ_PAGES = 500, FPI_READ_LINES = 2000, FPI_READ_MEMBERS = 200 };

/* Adds to `evidence` (an array) what the file says, best source first, and to `notes` (an array of texts, Chinese and
 * English) what was passed over and why. A file that is no invoice adds nothing and is no failure. FPI_E_UNREADABLE when
 * the bytes are damaged or pass a limit. `fd` is read by position and stays open. */
fpi_err_t *fpi_read_evidence(fpi_json_t *evidence, fpi_json_t *notes, int fd, fpi_media_t media, fpi_task_t *task)
    FPI_MUST_USE;

#endif
