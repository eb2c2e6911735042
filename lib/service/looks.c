#include "service/looks.h"

#include "base/clock.h"
#include "store/pushes.h"

#include <apr_strings.h>

fpi_err_t *fpi_look_put(fpi_tx_t *tx, int64_t tenant, const char *sha256, fpi_task_t *task)
{
    return fpi_job_put(tx, tenant, "look", sha256, "{}", fpi_clock_now(), task);
}

fpi_err_t *fpi_read_put(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    return fpi_job_put(tx, tenant, "read", apr_psprintf(task->pool, "%" APR_INT64_T_FMT, bill), "{}", fpi_clock_now(),
                       task);
}
