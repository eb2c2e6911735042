#include "store/matches.h"

#include "base/clock.h"
#include "store/users.h"

#include <string.h>

fpi_err_t *fpi_match_find(fpi_match_row_t *out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int c = 0;

    *out = (fpi_match_row_t){ .tenant = tenant, .bill = bill };
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_MATCH_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill)), &rows, NULL, task));
    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    out->result = (fpi_match_result_t)fpi_rows_int(rows, 0, c++);
    out->expected = fpi_rows_int(rows, 0, c++);
    out->matched = fpi_rows_int(rows, 0, c++);
    out->differs = fpi_rows_int(rows, 0, c++);
    out->missing = fpi_rows_int(rows, 0, c++);
    out->extra = fpi_rows_int(rows, 0, c++);
    out->reason = fpi_rows_text(rows, 0, c++);
    out->at = fpi_rows_int(rows, 0, c++);
    out->empty_at = fpi_rows_int(rows, 0, c++);
    out->is_asked = fpi_rows_int(rows, 0, c++) != 0;
    return NULL;
}

fpi_err_t *fpi_match_put(const fpi_match_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_MATCH_PUT,
                      FPI_ARGS(fpi_arg_int(row->tenant), fpi_arg_int(row->bill), fpi_arg_int(row->result),
                               fpi_arg_int(row->expected), fpi_arg_int(row->matched), fpi_arg_int(row->differs),
                               fpi_arg_int(row->missing), fpi_arg_int(row->extra), fpi_arg_text(row->reason),
                               fpi_arg_int(row->at), fpi_arg_int(row->empty_at), fpi_arg_int(row->is_asked)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_match_is_looking(bool *is_looking, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_MATCH_IS_LOOKING, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill)), &rows, NULL, task));
    *is_looking = fpi_rows_int(rows, 0, 0) != 0;
    return NULL;
}

fpi_err_t *fpi_matches_open(fpi_ids_t *out, fpi_tx_t *tx, int64_t tenant, int64_t after, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_MATCH_LIST_OPEN, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(after), fpi_arg_int(most)),
                       &rows, NULL, task));
    *out = fpi_ids_take(rows, task);
    return NULL;
}

/* ---- pairs ---- */

fpi_err_t *fpi_pairs_list(fpi_pair_row_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill, int most,
                          fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_MATCH_PAIR_LIST, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(most)),
                       &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_pair_row_t){
            { fpi_rows_int(rows, i, 0), fpi_rows_int(rows, i, 1), fpi_rows_int(rows, i, 2) != 0 },
            fpi_rows_text(rows, i, 3), fpi_rows_int(rows, i, 4)
        };
    }
    return NULL;
}

fpi_err_t *fpi_pair_put(fpi_tx_t *tx, int64_t tenant, int64_t bill, const fpi_match_pair_t *pair, fpi_task_t *task)
{
    if (!pair->is_apart) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_MATCH_PAIR_DROP_OTHERS,
                           FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(pair->found)), NULL, NULL, task));
    }
    return fpi_tx_run(tx, FPI_SQL_MATCH_PAIR_PUT,
                      FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(pair->invoice), fpi_arg_int(pair->found),
                               fpi_arg_int(pair->is_apart), fpi_arg_text(task->actor), fpi_arg_int(fpi_clock_now())),
                      NULL, NULL, task);
}
