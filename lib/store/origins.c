#include "store/origins.h"

#include "base/clock.h"

/* ---- where somebody came from ---- */

static void take_origin(fpi_origin_t *origin, const fpi_rows_t *rows, int row)
{
    int c = 0;

    origin->tenant = fpi_rows_int(rows, row, c++);
    origin->system = fpi_rows_int(rows, row, c++);
    origin->kind = (fpi_origin_kind_t)fpi_rows_int(rows, row, c++);
    origin->theirs = fpi_rows_text(rows, row, c++);
    origin->name = fpi_rows_text(rows, row, c++);
    origin->local = fpi_rows_int(rows, row, c++);
    origin->said = fpi_rows_text(rows, row, c++);
    origin->run = fpi_rows_int(rows, row, c++);
}

static fpi_origin_t *take_origins(int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_origin_t *list;

    *count = fpi_rows_count(rows);
    list = apr_pcalloc(task->pool, sizeof(*list) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        take_origin(&list[i], rows, i);
    }
    return list;
}

fpi_err_t *fpi_origin_find(fpi_origin_t **out, fpi_tx_t *tx, const fpi_origin_t *key, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int count;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ORIGIN_FIND,
                       FPI_ARGS(fpi_arg_int(key->tenant), fpi_arg_int(key->system), fpi_arg_int(key->kind),
                                fpi_arg_text(key->theirs)), &rows, NULL, task));
    *out = take_origins(&count, rows, task);
    *out = count ? *out : NULL;
    return NULL;
}

fpi_err_t *fpi_origin_find_other(fpi_origin_t **out, fpi_tx_t *tx, const fpi_origin_t *key, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int count;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ORIGIN_FIND_OTHER,
                       FPI_ARGS(fpi_arg_int(key->tenant), fpi_arg_int(key->system), fpi_arg_int(key->kind),
                                fpi_arg_int(key->local), fpi_arg_text(key->theirs)), &rows, NULL, task));
    *out = take_origins(&count, rows, task);
    *out = count ? *out : NULL;
    return NULL;
}

fpi_err_t *fpi_origin_put(const fpi_origin_t *origin, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_ORIGIN_PUT,
                      FPI_ARGS(fpi_arg_int(origin->tenant), fpi_arg_int(origin->system), fpi_arg_int(origin->kind),
                               fpi_arg_text(origin->theirs), fpi_arg_text(origin->name), fpi_arg_int(origin->local),
                               fpi_arg_text(origin->said), fpi_arg_int(origin->run)), NULL, NULL, task);
}

fpi_err_t *fpi_origins_count(int64_t *out, fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ORIGIN_COUNT, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system)), &rows, NULL, task));
    *out = fpi_rows_int(rows, 0, 0);
    return NULL;
}

fpi_err_t *fpi_origins_missing(fpi_origin_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system, int64_t run,
                               const char *after, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ORIGIN_LIST_MISSING,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(run), fpi_arg_text(after ? after : ""),
                                fpi_arg_int(most)), &rows, NULL, task));
    *out = take_origins(count, rows, task);
    return NULL;
}

/* ---- runs ---- */

static void take_sync(fpi_people_sync_t *sync, const fpi_rows_t *rows, int row)
{
    int c = 0;

    sync->id = fpi_rows_int(rows, row, c++);
    sync->tenant = fpi_rows_int(rows, row, c++);
    sync->system = fpi_rows_int(rows, row, c++);
    sync->state = (fpi_people_sync_state_t)fpi_rows_int(rows, row, c++);
    sync->is_full = fpi_rows_int(rows, row, c++) != 0;
    sync->tries = fpi_rows_int(rows, row, c++);
    sync->since = fpi_rows_int(rows, row, c++);
    sync->started = fpi_rows_int(rows, row, c++);
    sync->ended = fpi_rows_int(rows, row, c++);
    sync->actor = fpi_rows_text(rows, row, c++);
    sync->trace = fpi_rows_text(rows, row, c++);
    sync->error = fpi_rows_text(rows, row, c++);
    for (int i = 0; i < FPI_PEOPLE_RESULTS; i++) {
        sync->counts[i] = fpi_rows_int(rows, row, c++);
    }
}

static fpi_people_sync_t *take_syncs(int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_people_sync_t *list;

    *count = fpi_rows_count(rows);
    list = apr_pcalloc(task->pool, sizeof(*list) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        take_sync(&list[i], rows, i);
    }
    return list;
}

fpi_err_t *fpi_people_sync_put(fpi_people_sync_t *sync, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!sync->id) {
        return fpi_tx_insert(&sync->id, tx, FPI_SQL_PEOPLE_SYNC_INSERT,
                             FPI_ARGS(fpi_arg_int(sync->tenant), fpi_arg_int(sync->system), fpi_arg_int(sync->state),
                                      fpi_arg_int(sync->is_full), fpi_arg_int(sync->tries), fpi_arg_int(sync->since),
                                      fpi_arg_int(sync->started), fpi_arg_text(sync->actor), fpi_arg_text(sync->trace)), task);
    }
    return fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_UPDATE,
                      FPI_ARGS(fpi_arg_int(sync->tenant), fpi_arg_int(sync->id), fpi_arg_int(sync->state),
                               fpi_arg_int(sync->tries), fpi_arg_int(sync->ended), fpi_arg_text(sync->error),
                               fpi_arg_int(sync->counts[FPI_PEOPLE_ADDED]), fpi_arg_int(sync->counts[FPI_PEOPLE_CHANGED]),
                               fpi_arg_int(sync->counts[FPI_PEOPLE_UNCHANGED]), fpi_arg_int(sync->counts[FPI_PEOPLE_REFUSED]),
                               fpi_arg_int(sync->counts[FPI_PEOPLE_MISSING]), fpi_arg_int(sync->counts[FPI_PEOPLE_DISABLED])),
                      NULL, NULL, task);
}

fpi_err_t *fpi_people_syncs_end_lost(fpi_tx_t *tx, int64_t tenant, int64_t system, apr_time_t before, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_END_LOST,
                      FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(before), fpi_arg_int(fpi_clock_now())), NULL,
                      NULL, task);
}

fpi_err_t *fpi_people_sync_find(fpi_people_sync_t **out, fpi_tx_t *tx, int64_t tenant, int64_t system, int64_t id,
                                fpi_task_t *task)
{
    fpi_rows_t *rows;
    int count;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(id)),
                       &rows, NULL, task));
    *out = take_syncs(&count, rows, task);
    *out = count ? *out : NULL;
    return NULL;
}

fpi_err_t *fpi_people_syncs_list(fpi_people_sync_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system,
                                 fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_LIST,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(FPI_PEOPLE_SYNCS_KEPT)), &rows, NULL, task));
    *out = take_syncs(count, rows, task);
    return NULL;
}

fpi_err_t *fpi_people_sync_last(fpi_people_sync_t **out, fpi_tx_t *tx, int64_t tenant, int64_t system, bool only_full,
                                fpi_task_t *task)
{
    fpi_rows_t *rows;
    int count;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_LAST,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(only_full)), &rows, NULL, task));
    *out = take_syncs(&count, rows, task);
    *out = count ? *out : NULL;
    return NULL;
}

fpi_err_t *fpi_people_syncs_prune(fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_PRUNE,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(FPI_PEOPLE_SYNCS_KEPT)), NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_PEOPLE_ROW_PRUNE, FPI_NO_ARGS, NULL, NULL, task);
}

fpi_err_t *fpi_people_syncs_forget(fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_FORGET, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system)), NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_ROW_PRUNE, FPI_NO_ARGS, NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_ORIGIN_FORGET, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system)), NULL, NULL, task);
}

/* ---- rows of a run ---- */

static void take_row(fpi_people_row_t *row, const fpi_rows_t *rows, int at)
{
    int c = 0;

    row->kind = (fpi_origin_kind_t)fpi_rows_int(rows, at, c++);
    row->result = (fpi_people_result_t)fpi_rows_int(rows, at, c++);
    row->theirs = fpi_rows_text(rows, at, c++);
    row->code = fpi_rows_text(rows, at, c++);
    row->name = fpi_rows_text(rows, at, c++);
    row->local = fpi_rows_int(rows, at, c++);
    row->zh = fpi_rows_text(rows, at, c++);
    row->en = fpi_rows_text(rows, at, c++);
}

fpi_err_t *fpi_people_row_add(fpi_tx_t *tx, int64_t sync, const fpi_people_row_t *row, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_PEOPLE_ROW_ADD,
                      FPI_ARGS(fpi_arg_int(sync), fpi_arg_int(row->kind), fpi_arg_int(row->result), fpi_arg_text(row->theirs),
                               fpi_arg_text(row->code), fpi_arg_text(row->name), fpi_arg_int(row->local),
                               fpi_arg_text(row->zh), fpi_arg_text(row->en)), NULL, NULL, task);
}

fpi_err_t *fpi_people_rows_list(fpi_people_row_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t sync, int result,
                                int64_t skip, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_ROW_COUNT, FPI_ARGS(fpi_arg_int(sync), fpi_arg_int(result)), &rows, NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_ROW_LIST,
                       FPI_ARGS(fpi_arg_int(sync), fpi_arg_int(result), fpi_arg_int(most), fpi_arg_int(skip)), &rows, NULL,
                       task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        take_row(&(*out)[i], rows, i);
    }
    return NULL;
}

/* ---- when ---- */

fpi_err_t *fpi_people_syncs_idle(fpi_idle_system_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PEOPLE_SYNC_IDLE, FPI_NO_ARGS, &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * ((size_t)*count + 1));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_idle_system_t){ fpi_rows_int(rows, i, 0), fpi_rows_int(rows, i, 1), fpi_rows_int(rows, i, 2) };
    }
    return NULL;
}
