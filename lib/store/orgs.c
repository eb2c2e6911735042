#include "store/orgs.h"

static void take_org(fpi_org_t *org, const fpi_rows_t *rows, int row)
{
    int c = 0;

    org->id = fpi_rows_int(rows, row, c++);
    org->tenant = fpi_rows_int(rows, row, c++);
    org->parent = fpi_rows_int(rows, row, c++);
    org->code = fpi_rows_text(rows, row, c++);
    org->name = fpi_rows_text(rows, row, c++);
    org->tax_no = fpi_rows_text(rows, row, c++);
    org->is_active = fpi_rows_int(rows, row, c++) != 0;
}

fpi_err_t *fpi_orgs_list(fpi_org_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ORG_LIST, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(FPI_ROWS_MAX)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_org(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_org_save(fpi_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_arg_t tenant = fpi_arg_int(org->tenant), parent = fpi_arg_int(org->parent), code = fpi_arg_text(org->code);
    fpi_arg_t name = fpi_arg_text(org->name), tax_no = fpi_arg_text(org->tax_no), active = fpi_arg_int(org->is_active);

    if (!org->id) {
        return fpi_tx_insert(&org->id, tx, FPI_SQL_ORG_MAKE, FPI_ARGS(tenant, parent, code, name, tax_no, active), task);
    }
    return fpi_tx_run(tx, FPI_SQL_ORG_UPDATE, FPI_ARGS(tenant, fpi_arg_int(org->id), parent, code, name, tax_no, active),
                      NULL, NULL, task);
}

fpi_err_t *fpi_org_use(fpi_org_use_t *out, fpi_tx_t *tx, const fpi_org_t *org, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ORG_IN_USE, FPI_ARGS(fpi_arg_int(org->tenant), fpi_arg_int(org->id)), &rows, NULL, task));
    *out = (fpi_org_use_t){ fpi_rows_int(rows, 0, 0), fpi_rows_int(rows, 0, 1), fpi_rows_int(rows, 0, 2) };
    return NULL;
}
