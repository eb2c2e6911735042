#include "store/tenants.h"

#include "base/clock.h"

fpi_err_t *fpi_tenants_list(fpi_tenant_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TENANT_LIST, FPI_ARGS(fpi_arg_int(FPI_TENANTS)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_tenant_t){ fpi_rows_int(rows, i, 0), fpi_rows_text(rows, i, 1), fpi_rows_text(rows, i, 2),
                                    fpi_rows_int(rows, i, 3), fpi_rows_int(rows, i, 4) };
    }
    return NULL;
}

fpi_err_t *fpi_tenant_find(int64_t *out, fpi_tx_t *tx, const char *domain, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TENANT_FIND_BY_DOMAIN, FPI_ARGS(fpi_arg_text(domain)), &rows, NULL, task));
    *out = fpi_rows_count(rows) ? fpi_rows_int(rows, 0, 0) : 0;
    return NULL;
}

fpi_err_t *fpi_tenant_put(fpi_tenant_t *tenant, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_arg_t name = fpi_arg_text(tenant->name), domain = fpi_arg_text(tenant->domain);

    if (tenant->id) {
        return fpi_tx_run(tx, FPI_SQL_TENANT_UPDATE, FPI_ARGS(fpi_arg_int(tenant->id), name, domain), NULL, NULL, task);
    }
    tenant->created = fpi_clock_now();
    return fpi_tx_insert(&tenant->id, tx, FPI_SQL_TENANT_INSERT, FPI_ARGS(name, domain, fpi_arg_int(tenant->created)), task);
}
