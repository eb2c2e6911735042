#include "store/pushes.h"

#include "base/clock.h"

#include <string.h>

static void take_job(fpi_job_t *job, const fpi_rows_t *rows, int row)
{
    int c = 0;

    job->id = fpi_rows_int(rows, row, c++);
    job->tenant = fpi_rows_int(rows, row, c++);
    job->kind = fpi_rows_text(rows, row, c++);
    job->key = fpi_rows_text(rows, row, c++);
    job->payload = fpi_rows_text(rows, row, c++);
    job->state = fpi_rows_text(rows, row, c++);
    job->due = fpi_rows_int(rows, row, c++);
    job->first = fpi_rows_int(rows, row, c++);
    job->lease_until = fpi_rows_int(rows, row, c++);
    job->attempts = fpi_rows_int(rows, row, c++);
    job->owner = fpi_rows_text(rows, row, c++);
    job->last_error = fpi_rows_text(rows, row, c++);
    job->trace = fpi_rows_text(rows, row, c++);
}

fpi_err_t *fpi_job_put(fpi_tx_t *tx, int64_t tenant, const char *kind, const char *key,
                       const char *payload, apr_time_t due, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_JOB_PUT,
                      FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(kind), fpi_arg_text(key),
                               fpi_arg_text(payload), fpi_arg_int(due),
                               fpi_arg_int(fpi_clock_now()), fpi_arg_text(task->trace)),
                      NULL, NULL, task);
}

/* ---- leases ---- */

/* False in *leased when another node was quicker; a database with one writer never says so. */
static fpi_err_t *lease(bool *leased, fpi_job_t *job, fpi_tx_t *tx, const char *owner,
                        apr_time_t until, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_LEASE,
                       FPI_ARGS(fpi_arg_int(job->id), fpi_arg_text(owner), fpi_arg_int(until)),
                       NULL, &changed, task));
    *leased = changed > 0;
    job->state = "leased";
    job->owner = owner;
    job->lease_until = until;
    job->attempts++;
    return NULL;
}

fpi_err_t *fpi_jobs_lease(fpi_job_t **out, int *count, fpi_tx_t *tx, const char *owner,
                          apr_time_t now, apr_interval_time_t span, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int due;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_REVIVE, FPI_ARGS(fpi_arg_int(now)), NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_LIST_DUE, FPI_ARGS(fpi_arg_int(now), fpi_arg_int(most)),
                       &rows, NULL, task));
    due = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)due * sizeof(**out));
    *count = 0;
    for (int i = 0; i < due; i++) {
        bool leased;

        take_job(&(*out)[*count], rows, i);
        FPI_TRY(lease(&leased, &(*out)[*count], tx, owner, now + span, task));
        *count += leased;
    }
    return NULL;
}

fpi_err_t *fpi_job_end(bool *held, fpi_tx_t *tx, int64_t id, const char *owner, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_END_AGAIN, FPI_ARGS(fpi_arg_int(id), fpi_arg_text(owner)),
                       NULL, &changed, task));
    if (!changed) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_END, FPI_ARGS(fpi_arg_int(id), fpi_arg_text(owner)),
                           NULL, &changed, task));
    }
    *held = changed > 0;
    return NULL;
}

fpi_err_t *fpi_job_later(bool *held, fpi_tx_t *tx, int64_t id, const char *owner, apr_time_t due,
                         const char *error, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(
        tx, FPI_SQL_JOB_LATER,
        FPI_ARGS(fpi_arg_int(id), fpi_arg_text(owner), fpi_arg_int(due), fpi_arg_text(error)), NULL,
        &changed, task));
    *held = changed > 0;
    return NULL;
}

fpi_err_t *fpi_jobs_hold(fpi_tx_t *tx, const char *owner, apr_time_t until, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_JOB_HOLD, FPI_ARGS(fpi_arg_text(owner), fpi_arg_int(until)), NULL, NULL, task);
}

fpi_err_t *fpi_job_park(bool *held, fpi_tx_t *tx, int64_t id, const char *owner, const char *error,
                        fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_PARK,
                       FPI_ARGS(fpi_arg_int(id), fpi_arg_text(owner), fpi_arg_text(error)), NULL,
                       &changed, task));
    *held = changed > 0;
    return NULL;
}

/* ---- looking ---- */

fpi_err_t *fpi_jobs_next_due(apr_time_t *due, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_NEXT_DUE, FPI_NO_ARGS, &rows, NULL, task));
    *due = fpi_rows_int(rows, 0, 0);
    return NULL;
}

fpi_err_t *fpi_jobs_count(fpi_job_counts_t *out, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_COUNT, FPI_NO_ARGS, &rows, NULL, task));
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < fpi_rows_count(rows); i++) {
        const char *state = fpi_rows_text(rows, i, 0);
        int64_t *count = strcmp(state, "ready") == 0    ? &out->ready
                         : strcmp(state, "leased") == 0 ? &out->leased
                                                        : &out->parked;

        *count = fpi_rows_int(rows, i, 1);
    }
    return NULL;
}

fpi_err_t *fpi_job_find(fpi_job_t **out, fpi_tx_t *tx, const char *kind, const char *key,
                        fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_FIND, FPI_ARGS(fpi_arg_text(kind), fpi_arg_text(key)), &rows,
                       NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_job(*out, rows, 0);
    }
    return NULL;
}
