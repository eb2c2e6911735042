/* The first line is the Content-Type, the rest the body: however it is cut into pieces, the same comes out. */
#include "base/text.h"
#include "fuzz.h"
#include "wire/multipart.h"

enum { MOST = 4 << 20 };

static fpi_err_t *begin(void *baton, const fpi_part_t *part, fpi_task_t *task)
{
    (void)task;
    FUZZ_HOLDS(fpi_buf_put_text(baton, "\n<"));
    FUZZ_HOLDS(fpi_buf_put_text(baton, part->name));
    FUZZ_HOLDS(fpi_buf_put_text(baton, part->filename ? part->filename : "-"));
    FUZZ_HOLDS(fpi_buf_put_text(baton, ">"));
    return NULL;
}

static fpi_err_t *put(void *baton, const char *data, size_t len, fpi_task_t *task)
{
    (void)task;
    FUZZ_HOLDS(len > 0 && fpi_buf_put(baton, data, len));
    return NULL;
}

static fpi_err_t *end(void *baton, fpi_task_t *task)
{
    (void)task;
    FUZZ_HOLDS(fpi_buf_put_text(baton, "</>"));
    return NULL;
}

/* Pieces of 1..most bytes, their sizes by the bytes themselves; 0: all at once. On a block of their own size, so that a
 * sanitizer sees a step too far. */
static fpi_code_t run(fpi_buf_t **out, const char *type, const uint8_t *data, size_t size, size_t most, fpi_task_t *task)
{
    static const fpi_multipart_sink_t sink = { begin, put, end };
    fpi_multipart_t *m;
    fpi_err_t *err;

    *out = fpi_buf_make(task->pool, MOST);
    err = fpi_multipart_open(&m, type, &sink, *out, task);
    for (size_t at = 0; !err && at < size;) {
        size_t step = most ? 1 + (data[at] + at) % most : size;
        char *piece;

        step = step < size - at ? step : size - at;
        piece = malloc(step);
        FUZZ_HOLDS(piece);
        memcpy(piece, data + at, step);
        err = fpi_multipart_put(m, piece, step);
        free(piece);
        at += step;
    }
    err = err ? err : fpi_multipart_end(m);
    return err ? err->code : FPI_DONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = { 1, 2, 7, 64, 1000 };
    fpi_task_t *task = fuzz_task();
    const uint8_t *line = memchr(data, '\n', size);
    fpi_buf_t *whole, *pieces;
    char *type;
    fpi_code_t code;

    if (!line) {
        return 0;
    }
    type = apr_palloc(task->pool, (size_t)(line - data) + 1);
    memcpy(type, data, (size_t)(line - data));
    type[line - data] = '\0';
    size -= (size_t)(line - data) + 1;
    code = run(&whole, type, line + 1, size, 0, task);
    FUZZ_HOLDS(code == FPI_DONE || code == FPI_E_FIELD);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        FUZZ_HOLDS(run(&pieces, type, line + 1, size, steps[i], task) == code);
        FUZZ_HOLDS(code || (whole->len == pieces->len && memcmp(whole->data, pieces->data, whole->len) == 0));
    }
    return 0;
}
