#include "service/looks.h"
fpi_err_t *fpi_look_put(fpi_tx_t *tx, int64_t tenant, const char *sha256, fpi_task_t *task) { (void)tx; (void)tenant; (void)sha256; (void)task; return NULL; }
fpi_err_t *fpi_read_put(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task) { (void)tx; (void)tenant; (void)bill; (void)task; return NULL; }
