#include "store/statistics.h"

#include <apr_strings.h>
#include <apr_tables.h>

/* "1,2,3," */
static const char *list_of(const fpi_ids_t *ids, fpi_task_t *task)
{
    apr_array_header_t *parts = apr_array_make(task->pool, ids->count + 1, sizeof(const char *));

    for (int i = 0; i < ids->count; i++) {
        APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(task->pool, "%" APR_INT64_T_FMT ",", ids->items[i]);
    }
    return apr_array_pstrcat(task->pool, parts, 0);
}

fpi_err_t *fpi_statistics_list(fpi_statistic_t **out, int *count, fpi_tx_t *tx, const fpi_statistics_query_t *query,
                               fpi_task_t *task)
{
    static const fpi_sql_t statements[] = { FPI_SQL_STATISTICS_BY_DAY, FPI_SQL_STATISTICS_BY_ORG,
                                            FPI_SQL_STATISTICS_BY_POINT, FPI_SQL_STATISTICS_BY_OWNER };
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, statements[query->by],
                       FPI_ARGS(fpi_arg_int(query->tenant), fpi_arg_int(query->first), fpi_arg_int(query->last),
                                fpi_arg_text(query->orgs ? list_of(query->orgs, task) : NULL),
                                fpi_arg_int(FPI_ROWS_MAX)),
                       &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_statistic_t){ fpi_rows_int(rows, i, 0), fpi_rows_text(rows, i, 1), fpi_rows_int(rows, i, 2),
                                       fpi_rows_int(rows, i, 3), fpi_rows_int(rows, i, 4), fpi_rows_int(rows, i, 5) };
    }
    return NULL;
}
