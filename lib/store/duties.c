#include "store/duties.h"

#include "base/clock.h"

static void take_role(fpi_duty_t *role, const fpi_rows_t *rows, int row, fpi_task_t *task)
{
    int c = 0;

    role->id = fpi_rows_int(rows, row, c++);
    role->tenant = fpi_rows_int(rows, row, c++);
    role->name = fpi_rows_text(rows, row, c++);
    role->permissions = fpi_permissions_parse(fpi_rows_text(rows, row, c++), task->pool);
    role->is_active = fpi_rows_int(rows, row, c++) != 0;
    role->created = fpi_rows_int(rows, row, c++);
    role->updated = fpi_rows_int(rows, row, c++);
    role->users = fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_duty_count_users(fpi_duty_t *role, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ROLE_COUNT_USERS, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(role->id)), &rows, NULL, task));
    role->users = fpi_rows_int(rows, 0, 0);
    return NULL;
}

fpi_err_t *fpi_duties_list(fpi_duty_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;
    fpi_duty_t *role;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ROLE_LIST, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(FPI_DUTIES)), &rows, NULL, task));
    *out = role = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)fpi_rows_count(rows) + FPI_DUTY_BUILT_IN));
    for (int id = FPI_DUTY_ADMIN; fpi_duty_built_in(role, id); id++) {
        FPI_TRY(fpi_duty_count_users(role++, tx, tenant, task));
    }
    for (int i = 0; i < fpi_rows_count(rows); i++) {
        take_role(role++, rows, i, task);
    }
    *count = (int)(role - *out);
    return NULL;
}

fpi_err_t *fpi_duty_find(fpi_duty_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_duty_t *role = apr_pcalloc(task->pool, sizeof(*role));
    fpi_rows_t *rows;

    *out = role;
    if (fpi_duty_built_in(role, id)) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ROLE_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        take_role(role, rows, 0, task);
    }
    else {
        *out = NULL;
    }
    return NULL;
}

fpi_err_t *fpi_duty_find_by_name(fpi_duty_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
{
    int64_t built_in = fpi_duty_find_built_in(name);
    fpi_rows_t *rows;

    if (built_in) {
        return fpi_duty_find(out, tx, tenant, built_in, task);
    }
    *out = NULL;
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ROLE_FIND_BY_NAME, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(name)), &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_role(*out, rows, 0, task);
    }
    return NULL;
}

fpi_err_t *fpi_duty_put(fpi_duty_t *role, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_arg_t tenant = fpi_arg_int(role->tenant), name = fpi_arg_text(role->name), active = fpi_arg_int(role->is_active);
    fpi_arg_t permissions = fpi_arg_text(fpi_permissions_format(role->permissions, task->pool));

    role->updated = fpi_clock_now();
    if (role->id) {
        return fpi_tx_run(tx, FPI_SQL_ROLE_UPDATE,
                          FPI_ARGS(tenant, fpi_arg_int(role->id), name, permissions, active, fpi_arg_int(role->updated)), NULL,
                          NULL, task);
    }
    role->created = role->updated;
    return fpi_tx_insert(&role->id, tx, FPI_SQL_ROLE_INSERT,
                         FPI_ARGS(tenant, name, permissions, active, fpi_arg_int(role->created)), task);
}
