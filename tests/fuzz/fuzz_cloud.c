/* What comes from the cloud and the shared cache, and what the relay takes apart without parsing.
 * The first byte of the input says which. */
#include "fuzz.h"
#include "remote/reply.h"
#include "service/relay_own.h"

#include <apr_strings.h>

static void read_answer(const char *data, size_t len, fpi_task_t *task)
{
    fpi_secret_t *secret = fpi_secret_make_text(task->pool, "hush");
    fpi_json_t *answer;
    fpi_token_t token;
    fpi_err_t *err = fpi_reply_read(&answer, "token", 200, data, len, secret, task);

    if (err) {
        FUZZ_HOLDS(!err->zh || !strstr(err->zh, "hush"));
        return;
    }
    if (fpi_reply_read_token(&token, answer, 1000, task) == NULL) {
        FUZZ_HOLDS(fpi_token_is_clean(token.text) && token.expires > token.fetched);
    }
}

static void read_value(const char *data, size_t len, fpi_task_t *task)
{
    fpi_token_t token;

    if (fpi_share_parse(&token, data, len, task->pool)) {
        FUZZ_HOLDS(fpi_token_is_clean(token.text) && token.fetched >= 0);
    }
}

static void swap_pairs(const char *data, size_t len, fpi_task_t *task)
{
    fpi_swap_t swaps[] = { { "client_id", "A" }, { "sign", "B" } };
    size_t out_len, again_len;
    const char *out = fpi_relay_pairs_swap(&out_len, data, len, swaps, 2, "hush", task->pool);
    const char *again;

    FUZZ_HOLDS(!memmem(out, out_len, "=hush", 5));
    again = fpi_relay_pairs_swap(&again_len, out, out_len, swaps, 2, NULL, task->pool);
    FUZZ_HOLDS(again_len == out_len && memcmp(out, again, out_len) == 0);
}

/* The same member has the new text when it is parsed, and the document stays one. */
static void splice(const char *data, size_t len, fpi_task_t *task)
{
    const char *out, *text;
    size_t out_len;
    fpi_json_t *json;

    if (fpi_json_parse(&json, data, len, task) || !fpi_json_is_object(json)) {
        return;
    }
    out = fpi_relay_json_splice(&out_len, data, len, "sign", "new \"text\"", task);
    if (!out) {
        return;
    }
    FUZZ_HOLDS(fpi_json_parse(&json, out, out_len, task) == NULL);
    text = fpi_json_text(fpi_json_find(json, "sign"));
    FUZZ_HOLDS(text && strcmp(text, "new \"text\"") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(const char *, size_t, fpi_task_t *)
        = { read_answer, read_value, swap_pairs, splice };
    fpi_task_t *task = fuzz_task();
    char *text;

    if (size == 0) {
        return 0;
    }
    /* bodies are NUL-terminated behind their length */
    text = apr_pstrmemdup(task->pool, (const char *)data + 1, size - 1);
    targets[data[0] % 4](text, size - 1, task);
    apr_pool_clear(task->pool); /* or documents of the last input look like leaks */
    return 0;
}
