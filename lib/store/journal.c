#include "store/pushes.h"

#include "base/clock.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

static void take_entry(fpi_journal_t *entry, const fpi_rows_t *rows, int row)
{
    int c = 0;

    entry->id = fpi_rows_int(rows, row, c++);
    entry->count = fpi_rows_int(rows, row, c++);
    entry->method = fpi_rows_text(rows, row, c++);
    entry->path = fpi_rows_text(rows, row, c++);
    entry->query = fpi_rows_text(rows, row, c++);
    entry->shape = fpi_rows_text(rows, row, c++);
    entry->why = fpi_rows_text(rows, row, c++);
    entry->source = fpi_rows_text(rows, row, c++);
    entry->trace = fpi_rows_text(rows, row, c++);
    entry->sample = fpi_rows_text(rows, row, c++);
    entry->first = fpi_rows_int(rows, row, c++);
    entry->last = fpi_rows_int(rows, row, c++);
}

/* What makes two calls the same, short enough for an index; a line end stands in none of the first
 * three. */
static const char *mark_of(const fpi_journal_t *entry, fpi_task_t *task)
{
    const char *all = apr_pstrcat(
        task->pool, entry->method ? entry->method : "", "\n", entry->path ? entry->path : "", "\n",
        entry->query ? entry->query : "", "\n", entry->shape ? entry->shape : "", NULL);

    return fpi_sha256_hex(all, strlen(all), task);
}

static fpi_err_t *count_up(bool *is_known, const fpi_journal_t *entry, const char *mark,
                           fpi_tx_t *tx, apr_time_t now, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOURNAL_COUNT_UP,
                       FPI_ARGS(fpi_arg_text(mark), fpi_arg_int(now), fpi_arg_text(entry->why),
                                fpi_arg_text(entry->source), fpi_arg_text(entry->trace),
                                fpi_arg_int(task->tenant), fpi_arg_text(entry->sample)),
                       NULL, &changed, task));
    *is_known = changed > 0;
    return NULL;
}

static fpi_err_t *insert_entry(const fpi_journal_t *entry, const char *mark, fpi_tx_t *tx,
                               apr_time_t now, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(
        tx, FPI_SQL_JOURNAL_INSERT,
        FPI_ARGS(fpi_arg_int(task->tenant), fpi_arg_text(mark), fpi_arg_text(entry->method),
                 fpi_arg_text(entry->path), fpi_arg_text(entry->query), fpi_arg_text(entry->shape),
                 fpi_arg_text(entry->why), fpi_arg_text(entry->source), fpi_arg_text(entry->trace),
                 fpi_arg_text(entry->sample), fpi_arg_int(now)),
        NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_JOURNAL_TRIM, FPI_ARGS(fpi_arg_int(FPI_JOURNAL_MAX)), NULL, NULL,
                      task);
}

fpi_err_t *fpi_journal_add(fpi_journal_t *entry, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *mark = mark_of(entry, task);
    apr_time_t now = fpi_clock_now();
    fpi_rows_t *rows;
    bool is_known;

    FPI_TRY(count_up(&is_known, entry, mark, tx, now, task));
    if (!is_known) {
        FPI_TRY(insert_entry(entry, mark, tx, now, task));
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOURNAL_FIND_BY_MARK, FPI_ARGS(fpi_arg_text(mark)), &rows, NULL,
                       task));
    if (fpi_rows_count(rows)) { /* a clock that was set back makes even a new one the oldest */
        take_entry(entry, rows, 0);
    }
    return NULL;
}

static void take_entries(fpi_journal_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_entry(&(*out)[i], rows, i);
    }
}

fpi_err_t *fpi_journal_list(fpi_journal_t **out, int *count, fpi_tx_t *tx, int most,
                            fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOURNAL_LIST, FPI_ARGS(fpi_arg_int(most)), &rows, NULL, task));
    take_entries(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_journal_page(fpi_journal_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t skip, int most,
                            fpi_task_t *task)
{
    fpi_arg_t tenant = fpi_arg_int(task->tenant);
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOURNAL_COUNT, FPI_ARGS(tenant), &rows, NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOURNAL_PAGE, FPI_ARGS(tenant, fpi_arg_int(most), fpi_arg_int(skip)), &rows, NULL, task));
    take_entries(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_journal_find(fpi_journal_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOURNAL_FIND, FPI_ARGS(fpi_arg_int(id)), &rows, NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_entry(*out, rows, 0);
    }
    return NULL;
}
