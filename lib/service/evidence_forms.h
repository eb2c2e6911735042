/* Evidence and found invoices, JSON ↔ model.
 *
 * A found invoice:
 *   { "identity": "2444...", "type": 27, "source": "XML", "page": 1, "has_conflict": true,
 *     "fields": { "number": { "value": "2444...", "source": "XML",
 *                             "others": [ { "source": "QR", "value": "..." } ] }, ... },
 *     "lines": [ ... ] }                            (as model/evidence.h; null when nobody tells them)
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  those of model/evidence.h. */
#ifndef FPI_EVIDENCE_FORMS_H
#define FPI_EVIDENCE_FORMS_H

#include "model/evidence.h"
#include "wire/json.h"

/* `doc`: an array of evidences, or an object that has one as "evidence" (a look); none is fine. FPI_E_FIELD for a
 * source that is not known and for wrong types: the helper that wrote it sat over hostile bytes. */
fpi_err_t *fpi_evidence_read(fpi_evidence_t **out, int *count, const fpi_json_t *doc, fpi_task_t *task) FPI_MUST_USE;
/* With further evidence for the codes on the pages of a look that are VAT invoices' ("pages": [{"n", "codes"}]). */
fpi_err_t *fpi_evidence_read_look(fpi_evidence_t **out, int *count, const fpi_json_t *look, fpi_task_t *task)
    FPI_MUST_USE;

fpi_json_t *fpi_found_write(const fpi_found_t *found, fpi_task_t *task);

#endif
