/* Whole documents through all that the decoding helper does with them, in this process and without its jail: a look
 * with codes and invoices, then a picture of the first and of the last page. */
#include "fuzz.h"

#include "tools/decode_serve.h"

extern int fuzz_steps; /* replay.c */
int fuzz_steps = 1; /* a document takes a tenth of a second */

static void ask(const char *question, const decode_bytes_t *bytes, fpi_task_t *task)
{
    decode_answer_t answer = { 0 };
    fpi_json_t *doc;

    FUZZ_HOLDS(fpi_json_parse(&doc, question, strlen(question), task) == NULL);
    if (decode_serve(&answer, doc, bytes, task) == NULL) {
        FUZZ_HOLDS(answer.doc != NULL);
        FUZZ_HOLDS(strlen(fpi_json_format(answer.doc, false, task)) > 2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    fpi_task_t *task = fuzz_task();
    decode_bytes_t bytes = { data, size, -1, fpi_media_find(data, size) };

    if (!is_ready) {
        FUZZ_HOLDS(decode_prepare(task) == NULL);
        is_ready = true;
    }
    ask("{\"op\":\"look\",\"codes\":true,\"invoice\":true,\"left_ms\":4000}", &bytes, task);
    ask("{\"op\":\"render\",\"page\":1,\"width\":300,\"height\":300,\"rotation\":90}", &bytes, task);
    ask("{\"op\":\"render\",\"page\":2,\"width\":120,\"height\":120}", &bytes, task);
    apr_pool_clear(task->pool); /* before the bytes go */
    return 0;
}
