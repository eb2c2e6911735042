#include "store/catalogue.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <string.h>

/* ---- bill types ---- */

static fpi_bill_type_t type_of(const fpi_rows_t *rows, int row)
{
    return (fpi_bill_type_t){ fpi_rows_int(rows, row, 0), fpi_rows_text(rows, row, 1), fpi_rows_text(rows, row, 2) };
}

/* How LIKE takes it as it stands. */
static const char *pattern_of(const char *search, fpi_task_t *task)
{
    char *out, *to;

    if (!search) {
        return NULL;
    }
    out = to = apr_palloc(task->pool, 2 * strlen(search) + 2);
    for (; *search; search++) {
        if (strchr("%_\\", *search)) {
            *to++ = '\\';
        }
        *to++ = *search;
    }
    *to++ = '%';
    *to = '\0';
    return out;
}

fpi_err_t *fpi_bill_types_list(fpi_bill_type_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t tenant,
                               const char *search, int64_t skip, int most, fpi_task_t *task)
{
    fpi_arg_t pattern = fpi_arg_text(pattern_of(search, task));
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_TYPE_COUNT, FPI_ARGS(fpi_arg_int(tenant), pattern), &rows, NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_TYPE_LIST,
                       FPI_ARGS(fpi_arg_int(tenant), pattern, fpi_arg_int(most), fpi_arg_int(skip)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = type_of(rows, i);
    }
    return NULL;
}

static fpi_err_t *find_type(fpi_bill_type_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant, fpi_arg_t key,
                            fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), key), &rows, NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_palloc(task->pool, sizeof(**out));
        **out = type_of(rows, 0);
    }
    return NULL;
}

fpi_err_t *fpi_bill_type_find(fpi_bill_type_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return find_type(out, tx, FPI_SQL_BILL_TYPE_FIND, tenant, fpi_arg_int(id), task);
}

fpi_err_t *fpi_bill_type_find_by_code(fpi_bill_type_t **out, fpi_tx_t *tx, int64_t tenant, const char *code,
                                      fpi_task_t *task)
{
    return find_type(out, tx, FPI_SQL_BILL_TYPE_FIND_BY_CODE, tenant, fpi_arg_text(code), task);
}

fpi_err_t *fpi_bill_type_rename(fpi_tx_t *tx, int64_t tenant, int64_t id, const char *name, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_BILL_TYPE_RENAME, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id), fpi_arg_text(name)),
                      NULL, NULL, task);
}

/* ---- labels, attachment types ---- */

static void take_label(fpi_label_t *label, const fpi_rows_t *rows, int row)
{
    int c = 0;

    label->id = fpi_rows_int(rows, row, c++);
    label->tenant = fpi_rows_int(rows, row, c++);
    label->kind = (fpi_label_kind_t)fpi_rows_int(rows, row, c++);
    label->number = fpi_rows_int(rows, row, c++);
    label->name = fpi_rows_text(rows, row, c++);
    label->is_enabled = fpi_rows_int(rows, row, c++) != 0;
    label->created = fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_labels_list(fpi_label_t **out, int *count, fpi_tx_t *tx, int64_t tenant, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_LABEL_LIST, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(FPI_LABELS_MAX)), &rows, NULL,
                       task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        take_label(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_label_put(fpi_label_t *label, fpi_tx_t *tx, fpi_task_t *task)
{
    if (label->id) {
        return fpi_tx_run(tx, FPI_SQL_LABEL_UPDATE,
                          FPI_ARGS(fpi_arg_int(label->tenant), fpi_arg_int(label->id), fpi_arg_int(label->number),
                                   fpi_arg_text(label->name), fpi_arg_int(label->is_enabled)),
                          NULL, NULL, task);
    }
    label->created = fpi_clock_now();
    return fpi_tx_insert(&label->id, tx, FPI_SQL_LABEL_INSERT,
                         FPI_ARGS(fpi_arg_int(label->tenant), fpi_arg_int(label->kind), fpi_arg_int(label->number),
                                  fpi_arg_text(label->name), fpi_arg_int(label->is_enabled), fpi_arg_int(label->created)),
                         task);
}

fpi_err_t *fpi_label_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_LABEL_DROP, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), NULL, NULL, task);
}
