#include "store/people.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <string.h>

/* What was put must be found; an index that says otherwise is damaged. */
static fpi_err_t *refuse_lost(const char *table, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_INTERNAL,
                    "a row of %s can't be found after it was written: check the database", table);
}

/* ---- organisations ---- */

static fpi_org_t *first_org(const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_org_t *org;
    int c = 0;

    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    org = apr_pcalloc(task->pool, sizeof(*org));
    org->id = fpi_rows_int(rows, 0, c++);
    org->tenant = fpi_rows_int(rows, 0, c++);
    org->parent = fpi_rows_int(rows, 0, c++);
    org->code = fpi_rows_text(rows, 0, c++);
    org->name = fpi_rows_text(rows, 0, c++);
    org->tax_no = fpi_rows_text(rows, 0, c++);
    org->is_active = fpi_rows_int(rows, 0, c++) != 0;
    return org;
}

static fpi_err_t *find_org(fpi_org_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant,
                           const char *key, fpi_task_t *task)
{
    fpi_rows_t *rows;

    *out = NULL;
    if (!key || !*key) {
        return NULL;
    }
    FPI_TRY(
        fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(key)), &rows, NULL, task));
    *out = first_org(rows, task);
    return NULL;
}

fpi_err_t *fpi_org_find(fpi_org_t **out, fpi_tx_t *tx, int64_t tenant, const char *tax_no,
                        const char *code, fpi_task_t *task)
{
    FPI_TRY(find_org(out, tx, FPI_SQL_ORG_FIND_BY_TAX_NO, tenant, tax_no, task));
    if (*out) {
        return NULL;
    }
    return find_org(out, tx, FPI_SQL_ORG_FIND_BY_CODE, tenant, code, task);
}

fpi_err_t *fpi_org_find_by_id(fpi_org_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id,
                              fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ORG_FIND_BY_ID, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)),
                       &rows, NULL, task));
    *out = first_org(rows, task);
    return NULL;
}

fpi_err_t *fpi_org_put(fpi_org_t **out, bool *is_new, fpi_tx_t *tx, int64_t tenant,
                       const char *code, const char *name, const char *tax_no, fpi_task_t *task)
{
    FPI_TRY(find_org(out, tx, FPI_SQL_ORG_FIND_BY_CODE, tenant, code, task));
    *is_new = !*out;
    if (*out) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(
        tx, FPI_SQL_ORG_INSERT,
        FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(code), fpi_arg_text(name), fpi_arg_text(tax_no)),
        NULL, NULL, task));
    FPI_TRY(find_org(out, tx, FPI_SQL_ORG_FIND_BY_CODE, tenant, code, task));
    return *out ? NULL : refuse_lost("org", task);
}

fpi_err_t *fpi_bill_type_put(bool *is_new, fpi_tx_t *tx, int64_t tenant, const char *code,
                             const char *name, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_TYPE_PUT,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(code), fpi_arg_text(name)), NULL,
                       &changed, task));
    *is_new = changed > 0;
    return NULL;
}

/* ---- push table ---- */

static void take_push_row(fpi_push_row_t *push_row, const fpi_rows_t *rows, int row)
{
    int c = 0;

    push_row->id = fpi_rows_int(rows, row, c++);
    push_row->tenant = fpi_rows_int(rows, row, c++);
    push_row->name = fpi_rows_text(rows, row, c++);
    push_row->tax_no = fpi_rows_text(rows, row, c++);
    push_row->client_id = fpi_rows_text(rows, row, c++);
    push_row->url = fpi_rows_text(rows, row, c++);
    push_row->created = fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_push_rows_list(fpi_push_row_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_ROW_LIST, FPI_NO_ARGS, &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_push_row(&(*out)[i], rows, i);
    }
    return NULL;
}

fpi_err_t *fpi_push_row_put(fpi_push_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_arg_t tenant = fpi_arg_int(row->tenant);
    fpi_arg_t tax_no = fpi_arg_text(row->tax_no ? row->tax_no : "");
    fpi_arg_t client_id = fpi_arg_text(row->client_id ? row->client_id : "");
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_ROW_PUT,
                       FPI_ARGS(tenant, fpi_arg_text(row->name), tax_no, client_id,
                                fpi_arg_text(row->url), fpi_arg_int(fpi_clock_now())),
                       NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_ROW_FIND, FPI_ARGS(tenant, tax_no, client_id), &rows, NULL,
                       task));
    if (!fpi_rows_count(rows)) {
        return refuse_lost("push_table", task);
    }
    take_push_row(row, rows, 0);
    return NULL;
}

fpi_err_t *fpi_push_row_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, bool *was_there, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_ROW_DROP, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), NULL, &changed, task));
    *was_there = changed > 0;
    return NULL;
}

/* ---- settings ---- */

fpi_err_t *fpi_setting_find(const char **value, fpi_tx_t *tx, int64_t tenant, const char *name,
                            fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SETTING_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(name)),
                       &rows, NULL, task));
    *value = fpi_rows_count(rows) ? fpi_rows_text(rows, 0, 0) : NULL;
    return NULL;
}

fpi_err_t *fpi_setting_put(fpi_tx_t *tx, int64_t tenant, const char *name, const char *value,
                           fpi_task_t *task)
{
    if (!value) {
        return fpi_tx_run(tx, FPI_SQL_SETTING_DROP,
                          FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(name)), NULL, NULL, task);
    }
    return fpi_tx_run(tx, FPI_SQL_SETTING_PUT,
                      FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(name), fpi_arg_text(value)), NULL,
                      NULL, task);
}

fpi_err_t *fpi_settings_list(fpi_named_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *prefix,
                             fpi_task_t *task)
{
    char *end = apr_pstrdup(task->pool, prefix);
    fpi_rows_t *rows;

    end[strlen(end) - 1]++;
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SETTING_LIST,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(prefix), fpi_arg_text(end),
                                fpi_arg_int(FPI_ROWS_MAX)),
                       &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_named_t){ fpi_rows_text(rows, i, 0), fpi_rows_text(rows, i, 1) };
    }
    return NULL;
}
