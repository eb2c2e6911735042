#include "base/gate.h"

#include <apr_hash.h>
#include <stddef.h>

bool fpi_gate_may_tell(fpi_gate_t *gate, int64_t now, uint64_t *untold)
{
    int64_t told = atomic_load_explicit(&gate->told, memory_order_relaxed);

    if ((told == 0 || now - told >= FPI_GATE_PAUSE)
        && atomic_compare_exchange_strong(&gate->told, &told, now)) {
        *untold = atomic_exchange(&gate->untold, 0);
        return true;
    }
    atomic_fetch_add_explicit(&gate->untold, 1, memory_order_relaxed);
    return false;
}

bool fpi_gate_end(fpi_gate_t *gate, uint64_t *untold)
{
    int64_t told = atomic_load_explicit(&gate->told, memory_order_relaxed);

    if (told == 0 || !atomic_compare_exchange_strong(&gate->told, &told, 0)) {
        return false;
    }
    *untold = atomic_exchange(&gate->untold, 0);
    return true;
}

static uint64_t key_of(const char *cause)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;

    return (uint64_t)apr_hashfunc_default(cause, &len) + 1;
}

fpi_gate_t *fpi_gate_take(fpi_gates_t *gates, const char *cause)
{
    uint64_t key = key_of(cause);

    for (size_t i = 0; i < FPI_GATE_ROOM; i++) {
        uint64_t found = 0;

        if (atomic_compare_exchange_strong(&gates->slots[i].key, &found, key) || found == key) {
            return &gates->slots[i].gate;
        }
    }
    return &gates->slots[FPI_GATE_ROOM - 1].gate;
}

fpi_gate_t *fpi_gate_find(fpi_gates_t *gates, const char *cause)
{
    uint64_t key, found = atomic_load_explicit(&gates->slots[0].key, memory_order_relaxed);

    if (!found) {
        return NULL;
    }
    key = key_of(cause);
    for (size_t i = 0; i < FPI_GATE_ROOM && found; i++) {
        found = atomic_load_explicit(&gates->slots[i].key, memory_order_relaxed);
        if (found == key) {
            return &gates->slots[i].gate;
        }
    }
    return NULL;
}
