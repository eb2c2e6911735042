/* What the fuzz targets of the readers share: whatever they say, it can be taken up again and merged.
 *
 * Life:    one input.
 * Threads: one.
 * Limits:  inputs of FUZZ_MOST bytes. */
#ifndef FPI_FUZZ_READERS_H
#define FPI_FUZZ_READERS_H

#include "fuzz.h"

#include "service/evidence_forms.h"
#include "tools/read.h"

enum { FUZZ_MOST = 1 << 20 };

static inline int fuzz_read(const uint8_t *data, size_t size, fpi_media_t media)
{
    fpi_task_t *task = fuzz_task();
    fpi_json_t *evidence = fpi_json_make_array(task), *notes = fpi_json_make_array(task);
    fpi_evidence_t *list;
    fpi_found_t *found;
    int count;

    if (size > FUZZ_MOST || fpi_read_evidence_of(evidence, notes, data, size, media, task)) {
        return 0;
    }
    FUZZ_HOLDS(fpi_evidence_read(&list, &count, evidence, task) == NULL);
    if (fpi_evidence_merge(&found, &count, list, count, task) == NULL) {
        for (int i = 0; i < count; i++) {
            FUZZ_HOLDS(fpi_json_format(fpi_found_write(&found[i], task), false, task) != NULL);
        }
    }
    return 0;
}

#endif
