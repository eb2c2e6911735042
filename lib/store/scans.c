#include "store/scans.h"

#include "base/clock.h"

bool fpi_scan_is_live(const fpi_scan_t *scan)
{
    return scan->state < FPI_SCAN_RUN_DONE;
}

static void take_scan(fpi_scan_t *scan, const fpi_rows_t *rows, int row)
{
    int c = 0;

    scan->id = fpi_rows_int(rows, row, c++);
    scan->tenant = fpi_rows_int(rows, row, c++);
    scan->capture = fpi_rows_int(rows, row, c++);
    scan->scanner = fpi_rows_int(rows, row, c++);
    scan->actor = fpi_rows_text(rows, row, c++);
    scan->scanner_name = fpi_rows_text(rows, row, c++);
    scan->settings.source = (fpi_scan_source_t)fpi_rows_int(rows, row, c++);
    scan->settings.is_duplex = fpi_rows_int(rows, row, c++) != 0;
    scan->settings.dpi = (int)fpi_rows_int(rows, row, c++);
    scan->settings.color = (fpi_scan_color_t)fpi_rows_int(rows, row, c++);
    scan->settings.format = (fpi_scan_format_t)fpi_rows_int(rows, row, c++);
    scan->settings.paper = (fpi_scan_paper_t)fpi_rows_int(rows, row, c++);
    scan->after = fpi_rows_int(rows, row, c++);
    scan->state = (fpi_scan_run_t)fpi_rows_int(rows, row, c++);
    scan->is_cancelled = fpi_rows_int(rows, row, c++) != 0;
    scan->is_interrupted = fpi_rows_int(rows, row, c++) != 0;
    scan->job = fpi_rows_text(rows, row, c++);
    scan->pages = fpi_rows_int(rows, row, c++);
    scan->problem = fpi_scan_problem_find(fpi_rows_text(rows, row, c++));
    scan->created = fpi_rows_int(rows, row, c++);
    scan->begun = fpi_rows_int(rows, row, c++);
    scan->ended = fpi_rows_int(rows, row, c++);
}

static fpi_scan_t *first_scan(const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_scan_t *scan = fpi_rows_count(rows) ? apr_pcalloc(task->pool, sizeof(*scan)) : NULL;

    if (scan) {
        take_scan(scan, rows, 0);
    }
    return scan;
}

fpi_err_t *fpi_scan_put(fpi_scan_t *scan, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_scan_settings_t *settings = &scan->settings;

    scan->created = fpi_clock_now();
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SCAN_TRIM,
                       FPI_ARGS(fpi_arg_int(scan->tenant), fpi_arg_int(scan->capture), fpi_arg_int(FPI_SCANS_KEPT - 1)),
                       NULL, NULL, task));
    return fpi_tx_insert(&scan->id, tx, FPI_SQL_SCAN_INSERT,
                         FPI_ARGS(fpi_arg_int(scan->tenant), fpi_arg_int(scan->capture), fpi_arg_int(scan->scanner),
                                  fpi_arg_text(scan->actor), fpi_arg_text(scan->scanner_name),
                                  fpi_arg_int(settings->source), fpi_arg_int(settings->is_duplex),
                                  fpi_arg_int(settings->dpi), fpi_arg_int(settings->color),
                                  fpi_arg_int(settings->format), fpi_arg_int(settings->paper), fpi_arg_int(scan->after),
                                  fpi_arg_int(scan->created)),
                         task);
}

fpi_err_t *fpi_scan_find(fpi_scan_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SCAN_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), &rows, NULL, task));
    *out = first_scan(rows, task);
    return NULL;
}

fpi_err_t *fpi_scan_find_live(fpi_scan_t **out, fpi_tx_t *tx, int64_t tenant, int64_t scanner, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SCAN_FIND_LIVE, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(scanner)), &rows, NULL, task));
    *out = first_scan(rows, task);
    return NULL;
}

fpi_err_t *fpi_scans_list(fpi_scan_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t tenant, int64_t capture,
                          int64_t skip, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SCAN_COUNT, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(capture)), &rows, NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SCAN_LIST,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(capture), fpi_arg_int(most), fpi_arg_int(skip)), &rows,
                       NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_scan(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_scan_keep(const fpi_scan_t *scan, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_scan_settings_t *settings = &scan->settings;

    return fpi_tx_run(tx, FPI_SQL_SCAN_UPDATE,
                      FPI_ARGS(fpi_arg_int(scan->tenant), fpi_arg_int(scan->id), fpi_arg_int(settings->source),
                               fpi_arg_int(settings->is_duplex), fpi_arg_int(settings->format), fpi_arg_int(scan->after),
                               fpi_arg_int(scan->state), fpi_arg_int(scan->is_cancelled),
                               fpi_arg_int(scan->is_interrupted), fpi_arg_text(scan->job), fpi_arg_int(scan->pages),
                               fpi_arg_text(scan->problem ? fpi_scan_problem_symbol(scan->problem) : NULL),
                               fpi_arg_int(scan->begun), fpi_arg_int(scan->ended)),
                      NULL, NULL, task);
}
