/* What the fuzz targets share: a task that is emptied before each input, and a check that stays on.
 *
 * Life:    the task is made at the first input and lives as long as the process.
 * Threads: one.
 * Limits:  none. */
#ifndef FPI_FUZZ_H
#define FPI_FUZZ_H

#include "base/task.h"

#include <apr_general.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that has to hold for every input. */
#define FUZZ_HOLDS(condition) ((condition) ? (void)0 : abort())

static inline fpi_task_t *fuzz_task(void)
{
    static apr_pool_t *pool;

    if (!pool) {
        FUZZ_HOLDS(apr_initialize() == APR_SUCCESS);
        FUZZ_HOLDS(apr_pool_create(&pool, NULL) == APR_SUCCESS);
    }
    apr_pool_clear(pool);
    return fpi_task_make(pool, NULL);
}

/* Gives back what the input took; for libraries' own memory, which a leak checker looks for at the end. */
static inline int fuzz_end(fpi_task_t *task)
{
    apr_pool_clear(task->pool);
    return 0;
}

#endif
