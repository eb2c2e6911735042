/* Archives: what comes out of one is never more than its directory and the limits say. */
#include "fuzz.h"

#include "wire/zip.h"

extern int fuzz_steps; /* replay.c */
int fuzz_steps = 128;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    int64_t sum = 0;
    fpi_zip_t *zip;

    if (fpi_zip_open_bytes(&zip, data, size, task)) {
        return 0;
    }
    FUZZ_HOLDS(fpi_zip_count(zip) <= FPI_ZIP_ENTRIES);
    for (int i = 0; i < fpi_zip_count(zip); i++) {
        const fpi_zip_entry_t *entry = fpi_zip_at(zip, i);
        const char *bytes;
        size_t len;

        FUZZ_HOLDS(fpi_zip_find(zip, entry->name, task) == NULL || entry->size <= FPI_ZIP_ENTRY);
        if (fpi_zip_read(&bytes, &len, zip, entry, task) == NULL) {
            FUZZ_HOLDS((int64_t)len == entry->size && bytes[len] == '\0');
            sum += (int64_t)len;
        }
    }
    FUZZ_HOLDS(sum <= FPI_ZIP_ALL);
    return 0;
}
