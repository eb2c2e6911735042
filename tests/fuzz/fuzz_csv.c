#include "fuzz.h"
#include "wire/csv.h"

/* Bytes as somebody uploads them: an encoding, then lines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    char *cells[FPI_CSV_CELLS];
    int count, line, last = 0;
    fpi_secret_t *text;
    fpi_csv_t csv;

    if (fpi_csv_decode(&text, data, size, task)) {
        return fuzz_end(task);
    }
    FUZZ_HOLDS(strlen(text->bytes) == text->len);
    csv = (fpi_csv_t){ text->bytes, 1 };
    while (!fpi_csv_next(cells, &count, &line, &csv, task) && count) {
        FUZZ_HOLDS(line > last && count <= FPI_CSV_CELLS);
        FUZZ_HOLDS(csv.at >= text->bytes && csv.at <= text->bytes + text->len);
        for (int i = 0; i < count; i++) {
            FUZZ_HOLDS(cells[i] >= text->bytes && cells[i] + strlen(cells[i]) <= text->bytes + text->len);
        }
        last = line;
    }
    return fuzz_end(task);
}
