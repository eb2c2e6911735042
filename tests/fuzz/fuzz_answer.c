/* Answers of the cloud as they come over the line. The first byte of the input says how they are cut into pieces, and
 * whether they answer HEAD. However they are cut, the same comes out. */
#include "fuzz.h"
#include "wire/http_answer.h"

#include <stdio.h>

typedef struct outcome_t {
    int status, state;
    bool failed, is_kept;
    size_t used;
    fpi_http_exchange_t ex;
} outcome_t;

static outcome_t feed(const uint8_t *data, size_t size, const char *method, size_t step, fpi_task_t *task)
{
    outcome_t out = { .ex = { .method = method, .url = "http://h/", .reply_max = size + 1 } };
    fpi_http_run_t run = { .ex = &out.ex, .task = task };
    fpi_http_answer_t answer;

    out.ex.reply_headers = apr_table_make(task->pool, 8);
    out.ex.reply = fpi_buf_make(task->pool, out.ex.reply_max);
    fpi_http_answer_start(&answer, &run);
    while (!out.failed && out.used < size && answer.state != FPI_ANSWER_OVER) {
        size_t piece = size - out.used < step ? size - out.used : step, n = 0;

        out.failed = fpi_http_answer_take(&answer, (const char *)data + out.used, piece, &n) != NULL;
        FUZZ_HOLDS(out.failed || (n > 0 && n <= piece));
        out.used += n;
    }
    out.status = out.ex.status;
    out.state = answer.state;
    out.is_kept = answer.is_kept;
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    const char *method;
    outcome_t whole, cut;

    if (size == 0) {
        return 0;
    }
    method = data[0] & 0x80 ? "HEAD" : "GET";
    whole = feed(data + 1, size - 1, method, size, task);
    cut = feed(data + 1, size - 1, method, (size_t)(data[0] & 0x7f) + 1, task);
    FUZZ_HOLDS(whole.failed == cut.failed);
    if (!whole.failed) {
        FUZZ_HOLDS(whole.status == cut.status && whole.state == cut.state && whole.is_kept == cut.is_kept
                   && whole.used == cut.used && whole.ex.reply->len == cut.ex.reply->len
                   && memcmp(whole.ex.reply->data, cut.ex.reply->data, cut.ex.reply->len) == 0);
    }
    return fuzz_end(task);
}
