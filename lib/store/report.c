#include "store/report.h"

fpi_err_t *fpi_report_bills(fpi_namesake_t **out, int *count, fpi_tx_t *tx, int64_t tenant,
                            const char *number,
                            fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_REPORT_BILLS_OF_NUMBER,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(number)),
                       &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_namesake_t){ fpi_rows_int(rows, i, 0), fpi_rows_text(rows, i, 1),
                                      (fpi_state_t)fpi_rows_int(rows, i, 2), fpi_rows_int(rows, i, 3) };
    }
    return NULL;
}

static fpi_err_t *ask_number(int64_t *out, fpi_tx_t *tx, fpi_sql_t sql, const fpi_arg_t *args, int count,
                             fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, sql, args, count, &rows, NULL, task));
    *out = fpi_rows_count(rows) ? fpi_rows_int(rows, 0, 0) : 0;
    return NULL;
}

fpi_err_t *fpi_report_last_push(int64_t *id, fpi_tx_t *tx, int64_t bill, fpi_task_t *task)
{
    return ask_number(id, tx, FPI_SQL_REPORT_PUSH_OF_BILL, FPI_ARGS(fpi_arg_int(bill)), task);
}

fpi_err_t *fpi_report_last_refused(int64_t *id, fpi_tx_t *tx, int64_t tenant, const char *number,
                                   fpi_task_t *task)
{
    return ask_number(id, tx, FPI_SQL_REPORT_PUSH_REFUSED,
                      FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(number)),
                      task);
}

fpi_err_t *fpi_report_troubles(fpi_troubles_t *out, fpi_tx_t *tx, apr_time_t since, fpi_task_t *task)
{
    FPI_TRY(ask_number(&out->refused, tx, FPI_SQL_REPORT_COUNT_REFUSED, FPI_ARGS(fpi_arg_int(since)), task));
    return ask_number(&out->unknown, tx, FPI_SQL_REPORT_COUNT_UNKNOWN, FPI_ARGS(fpi_arg_int(since)), task);
}

fpi_err_t *fpi_report_refused(int64_t *count, fpi_tx_t *tx, int64_t tenant, apr_time_t since, fpi_task_t *task)
{
    return ask_number(count, tx, FPI_SQL_REPORT_COUNT_REFUSED_OF, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(since)), task);
}

fpi_err_t *fpi_report_untold(int64_t *count, fpi_tx_t *tx, int64_t tenant, int64_t bound, fpi_task_t *task)
{
    return ask_number(count, tx, FPI_SQL_REPORT_COUNT_UNTOLD, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bound)), task);
}
