/* The background threads of a child.
 *
 *   worker:  lease a few due jobs of its lane ─> run each in a task of its own ─> end / later / park ─> poke all
 *            lanes ─> again; nothing due: sleep until woken, or the idle pause is over
 *   keeper:  once a second: the chores of a child (chores.h), some of which wait for the cloud
 *   holder:  leases of steps in hand, and nothing else: what it waited for would let them run out. Begins before the
 *            workers and ends behind them
 *
 * The mutex guards `stop`, `let_go`, `poked`, `running` and `chore`: who stops the child calls what is in hand off, and
 * steps are due again at once, for another child. */
#include "service/jobs.h"

#include "base/clock.h"
#include "service/chores.h"
#include "service/erp_people.h"
#include "service/exports.h"
#include "service/looks.h"
#include "service/notices.h"
#include "service/pull.h"
#include "service/reads.h"
#include "service/recognise.h"
#include "service/reconcile.h"
#include "service/rematch.h"
#include "service/scans.h"

#include <apr_allocator.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <stdatomic.h>
#include <string.h>

#define STEP_LIMIT apr_time_from_sec(120)
#define LOOK_LIMIT apr_time_from_sec(1200) /* the helper has its own, for each page */
#define EXPORT_LIMIT apr_time_from_sec(6 * 3600)
#define RECOGNISE_LIMIT apr_time_from_sec(600)
#define LEASE apr_time_from_sec(12)
#define HOLD_PAUSE apr_time_from_sec(4)
#define FIRST_PAUSE apr_time_from_sec(1)
#define MOST_PAUSE apr_time_from_sec(3600)
#define IDLE_PAUSE apr_time_from_sec(1)

/* What a thread keeps of the memory that its largest step needed. */
#define KEPT_FREE ((apr_size_t)1024 * 1024)

enum { LEASED_AT_ONCE = 4, KINDS_MAX = 16 };

typedef struct fpi_jobs_t fpi_jobs_t;

/* A worker of the usual lane leases several jobs at a time; of the others, whose steps are long, one. */
typedef struct lane_t {
    fpi_jobs_t *jobs;
    apr_thread_cond_t *cond;  /* its workers: poked or told to stop */
    int workers, poked, at_once;
} lane_t;

typedef struct worker_t {
    lane_t *lane;
    const char *owner;        /* of its leases */
    fpi_job_queue_t queues[KINDS_MAX + 1];
    fpi_task_t *running;
    apr_thread_t *thread;
} worker_t;

struct fpi_jobs_t {
    fpi_app_t *app;
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *quiet; /* the keeper: told to stop; a poke must not wake it, as it reads the store */
    apr_thread_cond_t *held;  /* the holder: told that no step is in hand any more */
    int stop, let_go;
    fpi_task_t *chore;        /* the keeper's turn */
    lane_t lanes[FPI_LANE_COUNT];
    worker_t workers[FPI_JOBS_THREADS];
    int worker_count, started;
    atomic_bool is_failing;   /* told so; till one of those that failed can work again */
    apr_thread_t *keeper, *holder;
};

static const fpi_job_kind_t kinds[] = {
    { FPI_JOB_PULL, fpi_pull_run, fpi_pull_parked, FPI_LANE_USUAL, 0 },
    { FPI_JOB_READ, fpi_read_run, fpi_read_parked, FPI_LANE_USUAL, 0 },
    { FPI_JOB_LOOK, fpi_look_run, fpi_look_parked, FPI_LANE_LOOK, LOOK_LIMIT },
    { FPI_JOB_RECOGNISE, fpi_recognise_run, fpi_recognise_parked, FPI_LANE_SLOW, RECOGNISE_LIMIT },
    { FPI_JOB_EXPORT, fpi_export_run, fpi_export_parked, FPI_LANE_SLOW, EXPORT_LIMIT },
    { FPI_JOB_REMATCH, fpi_rematch_run, fpi_rematch_parked, FPI_LANE_SLOW, FPI_REMATCH_LIMIT },
    { FPI_JOB_NOTICE, fpi_notice_run, fpi_notice_parked, FPI_LANE_TELL, FPI_NOTICE_LIMIT },
    { FPI_JOB_SCAN, fpi_scan_run, fpi_scan_parked, FPI_LANE_SCAN, FPI_SCAN_LIMIT },
    { FPI_JOB_RECONCILE, fpi_reconcile_run, fpi_reconcile_parked, FPI_LANE_TELL, 0 },
    { FPI_JOB_PEOPLE, fpi_erp_people_run, fpi_erp_people_parked, FPI_LANE_TELL, FPI_ERP_PEOPLE_LIMIT },
};

static const fpi_job_kind_t *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i].kind, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* ---- waiting ---- */

static bool is_stopping(fpi_jobs_t *jobs)
{
    bool stop;

    apr_thread_mutex_lock(jobs->mutex);
    stop = jobs->stop;
    apr_thread_mutex_unlock(jobs->mutex);
    return stop;
}

/* Sleeps until the lane is poked, all are told to stop, or the pause is over. `lane` NULL: is not poked. */
static void pause_for(fpi_jobs_t *jobs, apr_interval_time_t span, lane_t *lane)
{
    apr_thread_mutex_lock(jobs->mutex);
    if (!jobs->stop && !(lane && lane->poked)) {
        apr_thread_cond_timedwait(lane ? lane->cond : jobs->quiet, jobs->mutex, span);
    }
    if (lane && lane->poked) {
        lane->poked--;
    }
    apr_thread_mutex_unlock(jobs->mutex);
}

static void poke(fpi_jobs_t *jobs, lane_t *lane)
{
    apr_thread_mutex_lock(jobs->mutex);
    if (lane->poked < lane->workers) {
        lane->poked++;
    }
    apr_thread_cond_signal(lane->cond);
    apr_thread_mutex_unlock(jobs->mutex);
}

/* What a step has done may be work for the others. */
static void poke_all(fpi_jobs_t *jobs)
{
    for (int i = 0; i < FPI_LANE_COUNT; i++) {
        poke(jobs, &jobs->lanes[i]);
    }
}

/* ---- one job ---- */

typedef struct outcome_t {
    const fpi_job_t *job;
    const char *owner, *error;
    enum { END, LATER, PARK } what;
    apr_time_t due;
    bool held;
} outcome_t;

static fpi_err_t *tx_outcome(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    outcome_t *o = baton;

    switch (o->what) {
    case END:
        return fpi_job_end(&o->held, tx, o->job->id, o->owner, task);
    case LATER:
        return fpi_job_later(&o->held, tx, o->job->id, o->owner, o->due, o->error, task);
    default:
        return fpi_job_park(&o->held, tx, o->job->id, o->owner, o->error, task);
    }
}

static void judge(outcome_t *o, const fpi_job_t *job, const fpi_err_t *err, fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();

    o->error = err ? fpi_err_chain(task->pool, err) : NULL;
    if (!err) {
        o->what = END;
    }
    else if (task->called_off) {
        o->what = LATER;
        o->due = now;
    }
    else if (fpi_err_may_repeat(err) && now - job->first < FPI_JOBS_GIVE_UP) {
        o->what = LATER;
        o->due = now + fpi_clock_backoff((int)job->attempts, FIRST_PAUSE, MOST_PAUSE);
    }
    else {
        o->what = PARK;
    }
}

static void tell(fpi_app_t *app, const fpi_job_kind_t *kind, const outcome_t *o, const fpi_err_t *err,
                 fpi_task_t *task)
{
    const fpi_job_t *job = o->job;

    switch (o->what) {
    case END:
        FPI_COUNT(app, jobs_done, 1);
        break;
    case LATER:
        FPI_COUNT(app, jobs_failed, 1);
        fpi_log_err(task, FPI_M_JOB_RETRY, err, "%s %s failed, try %d", job->kind, job->key, (int)job->attempts);
        break;
    default:
        FPI_COUNT(app, jobs_parked, 1);
        fpi_log_err(task, FPI_M_JOB_PARKED, err, "%s %s is parked", job->kind, job->key);
        if (kind) {
            kind->parked(app, job, err, task);
        }
    }
}

static fpi_task_t *task_of(fpi_app_t *app, const fpi_job_kind_t *kind, const fpi_job_t *job, apr_pool_t *pool)
{
    fpi_task_t *task = fpi_task_make(pool, app->log);

    if (job->trace && strlen(job->trace) == FPI_TRACE_LEN) {
        apr_cpystrn(task->trace, job->trace, sizeof(task->trace));
    }
    task->tenant = job->tenant;
    fpi_task_limit(task, kind && kind->limit ? kind->limit : STEP_LIMIT);
    return task;
}

/* Shows the task that may be called off, NULL: none; false: the worker is to stop. */
static bool show_running(fpi_jobs_t *jobs, worker_t *worker, fpi_task_t *task)
{
    bool stop;

    if (!jobs) {
        return true;
    }
    apr_thread_mutex_lock(jobs->mutex);
    worker->running = task;
    stop = jobs->stop;
    apr_thread_mutex_unlock(jobs->mutex);
    return !stop;
}

static fpi_err_t *run_step(fpi_app_t *app, worker_t *worker, const fpi_job_kind_t *kind, const fpi_job_t *job,
                           fpi_task_t *task)
{
    fpi_err_t *err;

    if (!kind) {
        return fpi_fail(task, FPI_E_INTERNAL, "no such kind of job: %s", job->kind);
    }
    if (!show_running(app->jobs, worker, task)) {
        task->called_off = 1;
    }
    err = task->called_off ? fpi_fail(task, FPI_E_GONE, "called off") : kind->run(app, job, task);
    show_running(app->jobs, worker, NULL);
    return err;
}

/* Without its outcome a job would be held up until its lease runs out, so on a full disk, say, it is tried on. */
static bool store_outcome(outcome_t *o, fpi_app_t *app, fpi_task_t *task)
{
    bool is_told = false;
    fpi_task_t try = *task;

    apr_pool_create(&try.pool, task->pool);
    for (;;) {
        fpi_err_t *err = fpi_store_write(app->store, tx_outcome, o, &try);

        if (!err) {
            return true;
        }
        if (!is_told) {
            fpi_log_err(&try, FPI_M_JOBS_FAILED, err, "the outcome of %s %s could not be stored", o->job->kind,
                        o->job->key);
            is_told = true;
        }
        if (!app->jobs || is_stopping(app->jobs)) {
            return false;
        }
        apr_pool_clear(try.pool);
        pause_for(app->jobs, IDLE_PAUSE, NULL);
    }
}

static void run_job(fpi_app_t *app, worker_t *worker, const fpi_job_t *job, apr_pool_t *pool)
{
    const fpi_job_kind_t *kind = find_kind(job->kind);
    fpi_task_t *task = task_of(app, kind, job, pool);
    outcome_t o = { .job = job, .owner = worker->owner };
    fpi_err_t *err = run_step(app, worker, kind, job, task);

    judge(&o, job, err, task);
    task->deadline = 0;
    if (store_outcome(&o, app, task) && o.held) {
        tell(app, kind, &o, err, task);
    }
}

/* ---- leasing ---- */

typedef struct leasing_t {
    fpi_job_t *jobs;
    int count;
    const worker_t *worker;
} leasing_t;

static fpi_err_t *tx_lease(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    leasing_t *l = baton;
    const worker_t *worker = l->worker;

    return fpi_jobs_lease(&l->jobs, &l->count, tx, worker->owner, fpi_clock_now(), LEASE, worker->queues,
                          worker->lane->at_once, task);
}

typedef struct next_t {
    const fpi_job_queue_t *queues;
    apr_time_t due;
} next_t;

static fpi_err_t *tx_next_due(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    next_t *next = baton;

    return fpi_jobs_next_due(&next->due, tx, next->queues, task);
}

/* Looking costs a read; the write lock is taken only when something is due. */
static fpi_err_t *lease_due(leasing_t *l, fpi_app_t *app, fpi_task_t *task)
{
    next_t next = { l->worker->queues, 0 };

    l->count = 0;
    FPI_TRY(fpi_store_read(app->store, tx_next_due, &next, task));
    if (next.due == 0 || next.due > fpi_clock_now()) {
        return NULL;
    }
    return fpi_store_write(app->store, tx_lease, l, task);
}

static fpi_err_t *run_some(fpi_app_t *app, worker_t *worker, int *done, apr_pool_t *pool)
{
    fpi_task_t *task = fpi_task_make(pool, app->log);
    leasing_t l = { .worker = worker };
    apr_pool_t *iter;

    FPI_TRY(lease_due(&l, app, task));
    apr_pool_create(&iter, pool);
    for (int i = 0; i < l.count; i++) {
        apr_pool_clear(iter);
        run_job(app, worker, &l.jobs[i], iter);
    }
    *done = l.count;
    return NULL;
}

/* Among the workers of one lane the first takes the kinds in their order, the next begins with the second kind, and
 * so on: pulls go first, and thousands of them stop nothing else. */
static void fill_queues(worker_t *worker, const fpi_app_t *app, fpi_lane_t lane, int turn)
{
    int count = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (kinds[i].lane == lane) {
            worker->queues[count++].kind = kinds[i].kind;
        }
    }
    for (; count > 1 && turn % count; turn--) {
        fpi_job_queue_t first = worker->queues[0];

        memmove(worker->queues, worker->queues + 1, sizeof(first) * (size_t)(count - 1));
        worker->queues[count - 1] = first;
    }
    for (int i = 0; i < count && lane == FPI_LANE_LOOK; i++) {
        worker->queues[i].most_leased = (int)app->settings->decoders;
    }
}

fpi_err_t *fpi_jobs_run_due(fpi_app_t *app, int *done, fpi_task_t *task)
{
    int some, lane = 0;

    *done = 0;
    while (lane < FPI_LANE_COUNT) {
        lane_t alone = { .at_once = LEASED_AT_ONCE };
        worker_t worker = { .lane = &alone, .owner = app->instance };

        fill_queues(&worker, app, lane, 0);
        some = 0;
        FPI_TRY(run_some(app, &worker, &some, task->pool));
        *done += some;
        lane = some ? 0 : lane + 1;
    }
    return NULL;
}

/* ---- threads ---- */

static apr_pool_t *thread_pool(const char *tag)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    apr_allocator_create(&allocator);
    apr_allocator_max_free_set(allocator, KEPT_FREE);
    apr_pool_create_ex(&pool, NULL, NULL, allocator);
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, tag);
    return pool;
}

/* One line for all workers of the child: they fail of the same. */
static void tell_failing(fpi_jobs_t *jobs, const fpi_err_t *err, bool *failing, fpi_task_t *task)
{
    if (err && !*failing && !atomic_exchange(&jobs->is_failing, true)) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "background work can't go on");
    }
    if (!err && *failing) {
        atomic_store(&jobs->is_failing, false);
    }
    *failing = err != NULL;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    fpi_jobs_t *jobs = worker->lane->jobs;
    apr_pool_t *pool = thread_pool("fpi_worker");
    bool failing = false;

    (void)thread;
    while (!is_stopping(jobs)) {
        fpi_task_t *task = fpi_task_make(pool, jobs->app->log);
        int done = 0;
        fpi_err_t *err = fpi_app_ready(jobs->app, task);

        err = err ? err : run_some(jobs->app, worker, &done, pool);
        tell_failing(jobs, err, &failing, task);
        apr_pool_clear(pool);
        if (done) {
            poke_all(jobs);
        }
        else {
            pause_for(jobs, IDLE_PAUSE, worker->lane);
        }
    }
    apr_pool_destroy(pool);
    return NULL;
}

static fpi_err_t *tx_hold(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_jobs_t *jobs = baton;

    for (int i = 0; i < jobs->worker_count; i++) {
        FPI_TRY(fpi_jobs_hold(tx, jobs->workers[i].owner, fpi_clock_now() + LEASE, task));
    }
    return NULL;
}

/* Sleeps for a pause. false: the holder is to end. *is_running: a step is in hand, so the store is open. */
static bool pause_holder(fpi_jobs_t *jobs, bool *is_running)
{
    bool let_go;

    *is_running = false;
    apr_thread_mutex_lock(jobs->mutex);
    if (!jobs->let_go) {
        apr_thread_cond_timedwait(jobs->held, jobs->mutex, HOLD_PAUSE);
    }
    let_go = jobs->let_go;
    for (int i = 0; i < jobs->worker_count; i++) {
        *is_running = *is_running || jobs->workers[i].running;
    }
    apr_thread_mutex_unlock(jobs->mutex);
    return !let_go;
}

/* Leases are short, so that the work of a killed child is taken up soon; those of long steps are lengthened. */
static void *APR_THREAD_FUNC hold(apr_thread_t *thread, void *data)
{
    fpi_jobs_t *jobs = data;
    apr_pool_t *pool = thread_pool("fpi_holder");
    bool is_running;

    (void)thread;
    while (pause_holder(jobs, &is_running)) {
        fpi_task_t *task = fpi_task_make(pool, jobs->app->log);
        fpi_err_t *err = is_running ? fpi_store_write(jobs->app->store, tx_hold, jobs, task) : NULL;

        if (err) {
            fpi_log_err(task, FPI_M_JOBS_FAILED, err, "the leases of steps in hand could not be lengthened");
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Shows the task that may be called off, NULL: none. */
static void show_chore(fpi_jobs_t *jobs, fpi_task_t *task)
{
    apr_thread_mutex_lock(jobs->mutex);
    jobs->chore = task;
    if (task && jobs->stop) {
        task->called_off = 1;
    }
    apr_thread_mutex_unlock(jobs->mutex);
}

static void *APR_THREAD_FUNC keep(apr_thread_t *thread, void *data)
{
    fpi_jobs_t *jobs = data;
    fpi_app_t *app = jobs->app;
    apr_pool_t *pool = thread_pool("fpi_keeper");
    fpi_chores_t chores = { 0 };

    (void)thread;
    while (!is_stopping(jobs)) {
        fpi_task_t *task = fpi_task_make(pool, app->log);

        show_chore(jobs, task);
        fpi_chores_turn(&chores, fpi_app_ready(app, task) == NULL, app, task); /* the workers tell why not */
        show_chore(jobs, NULL);
        apr_pool_clear(pool);
        pause_for(jobs, IDLE_PAUSE, NULL);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* How many threads work at each lane; without a helper nobody looks, and what there is to look at waits. */
static int workers_of(const fpi_app_t *app, fpi_lane_t lane)
{
    int64_t lookers = app->decoder ? app->settings->decoders : 0;
    const int counts[] = { [FPI_LANE_USUAL] = FPI_JOBS_WORKERS,
                           [FPI_LANE_LOOK] = lookers < FPI_JOBS_LOOKERS ? (int)lookers : FPI_JOBS_LOOKERS,
                           [FPI_LANE_SLOW] = 1,
                           [FPI_LANE_TELL] = FPI_JOBS_TELLERS,
                           [FPI_LANE_SCAN] = FPI_JOBS_SCANNING };

    return counts[lane];
}

static fpi_err_t *make_lane(fpi_jobs_t *jobs, fpi_lane_t number, fpi_task_t *task)
{
    lane_t *lane = &jobs->lanes[number];

    lane->jobs = jobs;
    lane->workers = workers_of(jobs->app, number);
    lane->at_once = number == FPI_LANE_USUAL ? LEASED_AT_ONCE : 1;
    if (apr_thread_cond_create(&lane->cond, jobs->app->pool) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "the background threads' locks can't be made");
    }
    for (int i = 0; i < lane->workers; i++) {
        worker_t *worker = &jobs->workers[jobs->worker_count];

        worker->lane = lane;
        worker->owner = apr_psprintf(jobs->app->pool, "%s/%d", jobs->app->instance, jobs->worker_count++);
        fill_queues(worker, jobs->app, number, i);
    }
    return NULL;
}

/* *thread stays NULL when there is none. */
static fpi_err_t *start_thread(apr_thread_t **thread, apr_thread_start_t run, void *data, apr_pool_t *pool, fpi_task_t *task)
{
    apr_thread_t *made;

    if (apr_thread_create(&made, NULL, run, data, pool) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "a background thread can't be started");
    }
    *thread = made;
    return NULL;
}

static fpi_err_t *start_threads(fpi_jobs_t *jobs, fpi_task_t *task)
{
    apr_pool_t *pool = jobs->app->pool;

    FPI_TRY(start_thread(&jobs->holder, hold, jobs, pool, task));
    for (; jobs->started < jobs->worker_count; jobs->started++) {
        worker_t *worker = &jobs->workers[jobs->started];

        FPI_TRY(start_thread(&worker->thread, work, worker, pool, task));
    }
    return start_thread(&jobs->keeper, keep, jobs, pool, task);
}

fpi_err_t *fpi_jobs_start(fpi_app_t *app, fpi_task_t *task)
{
    fpi_jobs_t *jobs = apr_pcalloc(app->pool, sizeof(*jobs));
    fpi_err_t *err;

    jobs->app = app;
    if (apr_thread_mutex_create(&jobs->mutex, APR_THREAD_MUTEX_DEFAULT, app->pool) != APR_SUCCESS
        || apr_thread_cond_create(&jobs->quiet, app->pool) != APR_SUCCESS
        || apr_thread_cond_create(&jobs->held, app->pool) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "the background threads' locks can't be made");
    }
    for (int i = 0; i < FPI_LANE_COUNT; i++) {
        FPI_TRY(make_lane(jobs, i, task));
    }
    app->jobs = jobs;
    err = start_threads(jobs, task);
    if (err) {
        fpi_jobs_stop(app);
    }
    return err;
}

static void tell_to_stop(fpi_jobs_t *jobs)
{
    apr_thread_mutex_lock(jobs->mutex);
    jobs->stop = 1;
    for (int i = 0; i < jobs->worker_count; i++) {
        if (jobs->workers[i].running) {
            jobs->workers[i].running->called_off = 1;
        }
    }
    if (jobs->chore) {
        jobs->chore->called_off = 1;
    }
    for (int i = 0; i < FPI_LANE_COUNT; i++) {
        apr_thread_cond_broadcast(jobs->lanes[i].cond);
    }
    apr_thread_cond_broadcast(jobs->quiet);
    apr_thread_mutex_unlock(jobs->mutex);
}

/* A step that takes longer to end than its lease lasts is held till it has ended. */
static void let_go(fpi_jobs_t *jobs)
{
    apr_thread_mutex_lock(jobs->mutex);
    jobs->let_go = 1;
    apr_thread_cond_broadcast(jobs->held);
    apr_thread_mutex_unlock(jobs->mutex);
}

static void join(apr_thread_t **thread)
{
    apr_status_t rv;

    if (*thread) {
        apr_thread_join(&rv, *thread);
        *thread = NULL;
    }
}

void fpi_jobs_stop(fpi_app_t *app)
{
    fpi_jobs_t *jobs = app->jobs;

    if (!jobs) {
        return;
    }
    tell_to_stop(jobs);
    /* app->jobs stays: requests that are still served may poke it */
    join(&jobs->keeper);
    for (; jobs->started > 0; jobs->started--) {
        join(&jobs->workers[jobs->started - 1].thread);
    }
    let_go(jobs);
    join(&jobs->holder);
}

void fpi_jobs_wake_for(fpi_app_t *app, const char *kind)
{
    if (app->jobs) {
        poke(app->jobs, &app->jobs->lanes[find_kind(kind)->lane]);
    }
}

void fpi_jobs_wake(fpi_app_t *app)
{
    if (app->jobs) {
        poke(app->jobs, &app->jobs->lanes[FPI_LANE_USUAL]);
        poke(app->jobs, &app->jobs->lanes[FPI_LANE_TELL]);
    }
}
