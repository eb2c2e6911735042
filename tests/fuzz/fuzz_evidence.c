/* What the helper answers, should it have been taken over; and the texts of QR codes. */
#include "fuzz.h"

#include "service/evidence_forms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    char *text = apr_pcalloc(task->pool, size + 1);
    const fpi_evidence_t *qr;
    fpi_evidence_t *list;
    fpi_found_t *found;
    fpi_json_t *doc;
    int count;

    memcpy(text, data, size);
    qr = fpi_evidence_of_qr(text, 1, task);
    FUZZ_HOLDS(!qr || (qr->source == FPI_SOURCE_QR && qr->count >= 2));
    if (fpi_json_parse(&doc, text, size, task) || fpi_evidence_read_look(&list, &count, doc, task)
        || fpi_evidence_merge(&found, &count, list, count, task)) {
        return 0;
    }
    FUZZ_HOLDS(count <= FPI_FOUND_MAX);
    for (int i = 0; i < count; i++) {
        FUZZ_HOLDS(found[i].invoice.number || found[i].invoice.has_net || found[i].invoice.has_gross);
        FUZZ_HOLDS(fpi_json_format(fpi_found_write(&found[i], task), false, task) != NULL);
    }
    return 0;
}
