#include "store/points.h"

#include "base/clock.h"
#include "store/users.h"

static void take_point(fpi_point_t *point, const fpi_rows_t *rows, int row)
{
    int c = 0;

    point->id = fpi_rows_int(rows, row, c++);
    point->tenant = fpi_rows_int(rows, row, c++);
    point->name = fpi_rows_text(rows, row, c++);
    point->org = fpi_rows_int(rows, row, c++);
    point->address = fpi_rows_text(rows, row, c++);
    point->is_active = fpi_rows_int(rows, row, c++) != 0;
    point->created = fpi_rows_int(rows, row, c++);
    point->updated = fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_points_list(fpi_point_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_POINT_LIST, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(FPI_POINTS)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_point(&(*out)[i], rows, i);
    }
    return NULL;
}

static fpi_err_t *find_point(fpi_point_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant, fpi_arg_t key, fpi_task_t *task)
{
    fpi_rows_t *rows;

    *out = NULL;
    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), key), &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_point(*out, rows, 0);
    }
    return NULL;
}

fpi_err_t *fpi_point_find(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return find_point(out, tx, FPI_SQL_POINT_FIND, tenant, fpi_arg_int(id), task);
}

fpi_err_t *fpi_point_find_by_name(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
{
    return find_point(out, tx, FPI_SQL_POINT_FIND_BY_NAME, tenant, fpi_arg_text(name), task);
}

fpi_err_t *fpi_point_of_user(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, int64_t user, fpi_task_t *task)
{
    return find_point(out, tx, FPI_SQL_POINT_OF_USER, tenant, fpi_arg_int(user), task);
}

fpi_err_t *fpi_point_put(fpi_point_t *point, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_arg_t tenant = fpi_arg_int(point->tenant), name = fpi_arg_text(point->name), org = fpi_arg_int(point->org);
    fpi_arg_t address = fpi_arg_text(point->address), active = fpi_arg_int(point->is_active);

    point->updated = fpi_clock_now();
    if (point->id) {
        return fpi_tx_run(tx, FPI_SQL_POINT_UPDATE,
                          FPI_ARGS(tenant, fpi_arg_int(point->id), name, org, address, active, fpi_arg_int(point->updated)),
                          NULL, NULL, task);
    }
    point->created = point->updated;
    return fpi_tx_insert(&point->id, tx, FPI_SQL_POINT_INSERT,
                         FPI_ARGS(tenant, name, org, address, active, fpi_arg_int(point->created)), task);
}

fpi_err_t *fpi_point_orgs_list(fpi_ids_t *out, fpi_tx_t *tx, int64_t point, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_POINT_ORG_LIST, FPI_ARGS(fpi_arg_int(point)), &rows, NULL, task));
    *out = fpi_ids_take(rows, task);
    return NULL;
}

fpi_err_t *fpi_point_orgs_put(fpi_tx_t *tx, int64_t point, const fpi_ids_t *orgs, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_POINT_ORG_DROP, FPI_ARGS(fpi_arg_int(point)), NULL, NULL, task));
    for (int i = 0; i < orgs->count; i++) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_POINT_ORG_ADD, FPI_ARGS(fpi_arg_int(point), fpi_arg_int(orgs->items[i])), NULL, NULL,
                           task));
    }
    return NULL;
}

fpi_err_t *fpi_point_users_list(fpi_user_t **out, int *count, fpi_tx_t *tx, int64_t point, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_POINT_USER_LIST, FPI_ARGS(fpi_arg_int(point)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        fpi_user_take(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_point_bind(fpi_tx_t *tx, int64_t point, int64_t user, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_POINT_USER_ADD, FPI_ARGS(fpi_arg_int(user), fpi_arg_int(point)), NULL, NULL, task);
}

fpi_err_t *fpi_point_unbind(bool *was_bound, fpi_tx_t *tx, int64_t point, int64_t user, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_POINT_USER_DROP, FPI_ARGS(fpi_arg_int(user), fpi_arg_int(point)), NULL, &changed, task));
    *was_bound = changed > 0;
    return NULL;
}
