#include "store/people.h"

fpi_err_t *fpi_nonce_take(fpi_tx_t *tx, const char *key, apr_time_t expires, apr_time_t now, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_NONCE_PRUNE, FPI_ARGS(fpi_arg_int(now)), NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_NONCE_PUT, FPI_ARGS(fpi_arg_text(key), fpi_arg_int(expires)), NULL, NULL,
                      task);
}
