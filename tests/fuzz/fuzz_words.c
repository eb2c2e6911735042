#include "fuzz.h"
#include "base/text.h"

#include <apr_strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_task()->pool;
    char *line = apr_pstrmemdup(pool, (const char *)data, size);
    apr_array_header_t *words = fpi_text_words(pool, line);
    size_t total = 0;
    int64_t value;

    for (int i = 0; words && i < words->nelts; i++) {
        total += strlen(APR_ARRAY_IDX(words, i, char *));
    }
    FUZZ_HOLDS(total <= strlen(line));
    /* the small readers of settings, on the same lines */
    FUZZ_HOLDS(!fpi_int_parse(&value, line, -5, 5) || (value >= -5 && value <= 5));
    FUZZ_HOLDS(!fpi_size_parse(&value, line) || value >= 0);
    if (fpi_fen_parse(&value, line)) {
        int64_t again;

        FUZZ_HOLDS(fpi_fen_parse(&again, fpi_fen_format(pool, value)) && again == value);
    }
    FUZZ_HOLDS(strlen(fpi_text_trim(pool, line)) <= strlen(line));
    FUZZ_HOLDS(fpi_text_find_blank(line) < (long)strlen(line));
    return 0;
}
