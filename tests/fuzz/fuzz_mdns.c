/* Answers of whoever is in the network, taken twice and joined. */
#include "fuzz.h"

#include "base/text.h"
#include "wire/mdns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = { "_uscan._tcp", "_uscans._tcp", NULL };
    fpi_task_t *task = fuzz_task();
    fpi_mdns_t *mdns = fpi_mdns_make(types, task);
    fpi_mdns_service_t *services;
    int count;

    fpi_mdns_take(mdns, data, size, "10.0.0.1");
    fpi_mdns_take(mdns, data, size / 2, "10.0.0.2");
    fpi_mdns_join(&services, &count, mdns, task);
    FUZZ_HOLDS(count >= 0 && count <= FPI_MDNS_SERVICES);
    for (int i = 0; i < count; i++) {
        FUZZ_HOLDS(*services[i].name && strlen(services[i].name) < 256);
        FUZZ_HOLDS(fpi_utf8_is_valid(services[i].name, strlen(services[i].name)));
        FUZZ_HOLDS(services[i].address && services[i].port > 0 && services[i].port < 65536 && services[i].facts);
    }
    return 0;
}
