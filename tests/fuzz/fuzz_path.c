/* Addresses and queries of requests. A normalised path stays as it is when it is normalised again. */
#include "fuzz.h"

#include "service/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    char *text = apr_pcalloc(task->pool, size + 1);
    const apr_array_header_t *params;
    const char *once, *twice;
    bool malformed;

    memcpy(text, data, size);
    if (fpi_path_normalise(&once, &malformed, text, task) == NULL) {
        FUZZ_HOLDS(fpi_path_normalise(&twice, &malformed, once, task) == NULL);
        FUZZ_HOLDS(strcmp(once, twice) == 0);
    }
    fpi_ignore(fpi_params_parse(&params, text, strlen(text), task));
    return 0;
}
