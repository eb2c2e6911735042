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

static fpi_tenant_t *first_of(const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_tenant_t *tenant;

    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    tenant = apr_pcalloc(task->pool, sizeof(*tenant));
    *tenant = (fpi_tenant_t){ .id = fpi_rows_int(rows, 0, 0), .name = fpi_rows_text(rows, 0, 1),
                              .domain = fpi_rows_text(rows, 0, 2), .created = fpi_rows_int(rows, 0, 3) };
    return tenant;
}

fpi_err_t *fpi_tenant_find(fpi_tenant_t **out, fpi_tx_t *tx, const char *domain, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TENANT_FIND_BY_DOMAIN, FPI_ARGS(fpi_arg_text(domain)), &rows, NULL, task));
    *out = first_of(rows, task);
    return NULL;
}

fpi_err_t *fpi_tenant_find_by_id(fpi_tenant_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TENANT_FIND_BY_ID, FPI_ARGS(fpi_arg_int(id)), &rows, NULL, task));
    *out = first_of(rows, task);
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
