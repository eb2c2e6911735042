#include "store/scanners.h"

#include "base/clock.h"

static void take_scanner(fpi_scanner_t *scanner, const fpi_rows_t *rows, int row)
{
    int c = 0;

    scanner->id = fpi_rows_int(rows, row, c++);
    scanner->tenant = fpi_rows_int(rows, row, c++);
    scanner->version = fpi_rows_int(rows, row, c++);
    scanner->name = fpi_rows_text(rows, row, c++);
    scanner->address = fpi_rows_text(rows, row, c++);
    scanner->org = fpi_rows_int(rows, row, c++);
    scanner->point = fpi_rows_int(rows, row, c++);
    scanner->is_enabled = fpi_rows_int(rows, row, c++) != 0;
    scanner->is_checked = fpi_rows_int(rows, row, c++) != 0;
    scanner->model = fpi_rows_text(rows, row, c++);
    scanner->check_note = fpi_rows_text(rows, row, c++);
    scanner->checked = fpi_rows_int(rows, row, c++);
    scanner->created = fpi_rows_int(rows, row, c++);
    scanner->updated = fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_scanners_list(fpi_scanner_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SCANNER_LIST, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(FPI_SCANNERS)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_scanner(&(*out)[i], rows, i);
    }
    return NULL;
}

static fpi_err_t *find(fpi_scanner_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant, fpi_arg_t key, fpi_task_t *task)
{
    fpi_rows_t *rows;

    *out = NULL;
    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), key), &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_scanner(*out, rows, 0);
    }
    return NULL;
}

fpi_err_t *fpi_scanner_find(fpi_scanner_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return find(out, tx, FPI_SQL_SCANNER_FIND, tenant, fpi_arg_int(id), task);
}

fpi_err_t *fpi_scanner_find_by_name(fpi_scanner_t **out, fpi_tx_t *tx, int64_t tenant, const char *name, fpi_task_t *task)
{
    return find(out, tx, FPI_SQL_SCANNER_FIND_BY_NAME, tenant, fpi_arg_text(name), task);
}

static fpi_err_t *check_room(const fpi_scanner_t *scanner, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_scanner_t *all;
    int count;

    FPI_TRY(fpi_scanners_list(&all, &count, tx, scanner->tenant, task));
    return count < FPI_SCANNERS ? NULL : fpi_refuse(task, FPI_E_STATE, NULL, "最多 %d 台扫描仪", "there can be %d scanners", FPI_SCANNERS);
}

fpi_err_t *fpi_scanner_put(fpi_scanner_t *scanner, fpi_tx_t *tx, fpi_task_t *task)
{
    scanner->version++;
    scanner->updated = fpi_clock_now();
    scanner->created = scanner->id ? scanner->created : scanner->updated;

    const fpi_arg_t args[] = {
        fpi_arg_int(scanner->tenant), fpi_arg_int(scanner->version), fpi_arg_text(scanner->name),
        fpi_arg_text(scanner->address), fpi_arg_int(scanner->org), fpi_arg_int(scanner->point),
        fpi_arg_int(scanner->is_enabled), fpi_arg_int(scanner->is_checked), fpi_arg_text(scanner->model),
        fpi_arg_text(scanner->check_note), fpi_arg_int(scanner->checked), fpi_arg_int(scanner->created),
        fpi_arg_int(scanner->updated), fpi_arg_int(scanner->id)
    };
    int count = (int)(sizeof(args) / sizeof(*args));

    if (scanner->id) {
        return fpi_tx_run(tx, FPI_SQL_SCANNER_UPDATE, args, count, NULL, NULL, task);
    }
    FPI_TRY(check_room(scanner, tx, task));
    return fpi_tx_insert(&scanner->id, tx, FPI_SQL_SCANNER_INSERT, args, count - 1, task);
}

fpi_err_t *fpi_scanner_note(const fpi_scanner_t *scanner, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SCANNER_NOTE,
                      FPI_ARGS(fpi_arg_int(scanner->tenant), fpi_arg_int(scanner->id), fpi_arg_int(scanner->version),
                               fpi_arg_int(scanner->is_checked), fpi_arg_text(scanner->model),
                               fpi_arg_text(scanner->check_note), fpi_arg_int(scanner->checked)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_scanner_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SCANNER_DROP, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), NULL, NULL, task);
}
