#include "fuzz.h"
#include "wire/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    const fpi_secret_t *key = fpi_secret_make_text(task->pool, "0123456789abcdef");
    char *plain, *text;
    size_t plain_len, text_len;

    if (!fpi_body_decrypt(&plain, &plain_len, key, (const char *)data, size, task)) {
        FUZZ_HOLDS(plain_len < size && plain[plain_len] == '\0');
    }
    FUZZ_HOLDS(!fpi_body_encrypt(&text, &text_len, key, data, size, task));
    FUZZ_HOLDS(!fpi_body_decrypt(&plain, &plain_len, key, text, text_len, task));
    FUZZ_HOLDS(plain_len == size && memcmp(plain, data, size) == 0);
    return 0;
}
