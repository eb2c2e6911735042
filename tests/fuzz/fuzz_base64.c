#include "fuzz.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_task()->pool;
    const char *text = (const char *)data;
    unsigned char *out;
    char *coded;
    size_t len;

    out = fpi_base64_decode(&len, pool, text, size);
    FUZZ_HOLDS(!out || (len <= size / 4 * 3 && out[len] == '\0'));
    out = fpi_base64url_decode(&len, pool, text, size);
    FUZZ_HOLDS(!out || (len <= size * 3 / 4 && out[len] == '\0'));
    coded = fpi_base64_encode(pool, data, size);
    out = fpi_base64_decode(&len, pool, coded, strlen(coded));
    FUZZ_HOLDS(out && len == size && memcmp(out, data, size) == 0);
    coded = fpi_base64url_encode(pool, data, size);
    out = fpi_base64url_decode(&len, pool, coded, strlen(coded));
    FUZZ_HOLDS(out && len == size && memcmp(out, data, size) == 0);
    return 0;
}
