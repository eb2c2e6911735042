#include "store/pushes.h"

#include "base/clock.h"
#include "store/users.h"

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

/* How many of the queue may be leased beside those that are. */
static fpi_err_t *find_room(int *room, const fpi_job_queue_t *queue, int most, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    *room = most;
    if (!queue->most_leased) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_COUNT_LEASED, FPI_ARGS(fpi_arg_text(queue->kind)), &rows, NULL, task));
    if (queue->most_leased - fpi_rows_int(rows, 0, 0) < most) {
        *room = (int)(queue->most_leased - fpi_rows_int(rows, 0, 0));
    }
    return NULL;
}

typedef struct leasing_t {
    fpi_job_t *jobs;
    int count;
    const char *owner;
    apr_time_t now, until;
} leasing_t;

static fpi_err_t *lease_queue(leasing_t *l, fpi_tx_t *tx, const fpi_job_queue_t *queue, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int room;

    FPI_TRY(find_room(&room, queue, most, tx, task));
    if (room <= 0) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_LIST_DUE,
                       FPI_ARGS(fpi_arg_int(l->now), fpi_arg_int(room), fpi_arg_text(queue->kind)), &rows, NULL, task));
    for (int i = 0; i < fpi_rows_count(rows); i++) {
        bool leased;

        take_job(&l->jobs[l->count], rows, i);
        FPI_TRY(lease(&leased, &l->jobs[l->count], tx, l->owner, l->until, task));
        l->count += leased;
    }
    return NULL;
}

fpi_err_t *fpi_jobs_lease(fpi_job_t **out, int *count, fpi_tx_t *tx, const char *owner, apr_time_t now,
                          apr_interval_time_t span, const fpi_job_queue_t *queues, int most, fpi_task_t *task)
{
    leasing_t l = { .owner = owner, .now = now, .until = now + span };

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_REVIVE, FPI_ARGS(fpi_arg_int(now)), NULL, NULL, task));
    l.jobs = apr_pcalloc(task->pool, (apr_size_t)most * sizeof(*l.jobs));
    for (; queues->kind && l.count < most; queues++) {
        FPI_TRY(lease_queue(&l, tx, queues, most - l.count, task));
    }
    *out = l.jobs;
    *count = l.count;
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

static void take_sooner(apr_time_t *due, const fpi_rows_t *rows)
{
    apr_time_t at = fpi_rows_int(rows, 0, 0);

    if (at && (*due == 0 || at < *due)) {
        *due = at;
    }
}

static fpi_err_t *next_of(apr_time_t *due, fpi_tx_t *tx, const fpi_job_queue_t *queue, fpi_task_t *task)
{
    fpi_rows_t *rows;
    int room;

    FPI_TRY(find_room(&room, queue, 1, tx, task));
    if (room <= 0) {
        return NULL;
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_NEXT_DUE, FPI_ARGS(fpi_arg_text(queue->kind)), &rows, NULL, task));
    take_sooner(due, rows);
    return NULL;
}

fpi_err_t *fpi_jobs_next_due(apr_time_t *due, fpi_tx_t *tx, const fpi_job_queue_t *queues, fpi_task_t *task)
{
    fpi_rows_t *rows;

    *due = 0;
    if (!queues) {
        FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_NEXT_DUE_ANY, FPI_NO_ARGS, &rows, NULL, task));
        take_sooner(due, rows);
    }
    for (; queues && queues->kind; queues++) {
        FPI_TRY(next_of(due, tx, queues, task));
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_NEXT_FREE, FPI_NO_ARGS, &rows, NULL, task));
    take_sooner(due, rows);
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

fpi_err_t *fpi_jobs_parked_pulls(fpi_ids_t *out, fpi_tx_t *tx, int64_t tenant, const char *tax_no, int most,
                                 fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_JOB_LIST_PARKED_PULLS,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(tax_no), fpi_arg_int(most)), &rows, NULL, task));
    *out = fpi_ids_take(rows, task);
    return NULL;
}
