#include "fuzz.h"
#include "base/text.h"
#include "wire/http.h"

#include <apr_strings.h>

static void parse(const char *text, fpi_task_t *task)
{
    fpi_url_t url, again;
    const char *made;

    if (fpi_url_parse(&url, text, task)) {
        return;
    }
    FUZZ_HOLDS(strcmp(url.scheme, "http") == 0 || strcmp(url.scheme, "https") == 0);
    FUZZ_HOLDS(*url.host && !strpbrk(url.host, "@/\\?# ") && url.port > 0 && url.port < 65536);
    FUZZ_HOLDS(*url.path == '/' && !strpbrk(url.path, "?#"));
    made = apr_psprintf(task->pool, strchr(url.host, ':') ? "%s://[%s]:%d%s%s%s" : "%s://%s:%d%s%s%s",
                        url.scheme, url.host, url.port, url.path, url.query ? "?" : "",
                        url.query ? url.query : "");
    FUZZ_HOLDS(!fpi_url_parse(&again, made, task));
    FUZZ_HOLDS(strcmp(url.host, again.host) == 0 && url.port == again.port
               && strcmp(url.path, again.path) == 0 && !url.query == !again.query
               && (!url.query || strcmp(url.query, again.query) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    char *text = apr_pstrmemdup(task->pool, (const char *)data, size);
    char *plain = fpi_url_decode(task->pool, (const char *)data, size, true);

    parse(text, task);
    if (plain) {
        const char *coded = fpi_url_encode(task->pool, plain);
        const char *back = fpi_url_decode(task->pool, coded, strlen(coded), false);

        FUZZ_HOLDS(back && strcmp(back, plain) == 0);
    }
    return 0;
}
