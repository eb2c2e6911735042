#include "store/contents.h"

#include "base/clock.h"

fpi_err_t *fpi_content_put(fpi_tx_t *tx, const char *sha256, int64_t size, const char *media, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_CONTENT_PUT,
                      FPI_ARGS(fpi_arg_text(sha256), fpi_arg_int(size),
                               fpi_arg_text(media ? media : "application/octet-stream"), fpi_arg_int(fpi_clock_now())),
                      NULL, NULL, task);
}
