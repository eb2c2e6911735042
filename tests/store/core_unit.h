/* What the tests of the store's core share: a file for a store in a directory of its own, a look at it with a SQLite of our
 * own, writes that do as planned, and threads that write.
 *
 * Life:    the directory is made before each test and gone after it; a store is the test's own.
 * Threads: what takes a job may be called by many at once, each with a task of its own.
 * Limits:  who includes it has said _GNU_SOURCE, for nftw. */
#ifndef FPI_CORE_UNIT_H
#define FPI_CORE_UNIT_H

#include "store/backend.h"
#include "store/store.h"

#include "unit.h"

#include <apr_strings.h>
#include <ftw.h>
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MB = 1024 * 1024 };

static char folder[64];
static const char *address; /* sqlite:<folder>/fp.db */
static const char *file;    /* its path */

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    return remove(path);
}

static inline void set_up(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi-core-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    file = apr_pstrcat(task->pool, folder, "/fp.db", NULL);
    address = apr_pstrcat(task->pool, "sqlite:", file, NULL);
}

static inline void tear_down(void)
{
    unit_close();
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline fpi_err_t *open_with(fpi_store_t **store, const char *database, bool may_migrate)
{
    fpi_store_options_t options = { database, folder, NULL, may_migrate };

    return fpi_store_open(store, task->pool, &options, task);
}

static inline fpi_store_t *open_store(void)
{
    fpi_store_t *store = NULL;

    unit_done(open_with(&store, address, true));
    return store;
}

/* ---- our own look ---- */

static inline void raw_run(const char *path, const char *sql)
{
    sqlite3 *raw;

    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(raw, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(raw));
    sqlite3_close(raw);
}

static inline int64_t raw_number(const char *sql)
{
    sqlite3_stmt *statement;
    sqlite3 *raw;
    int64_t number;

    ck_assert_int_eq(sqlite3_open(file, &raw), SQLITE_OK);
    sqlite3_busy_timeout(raw, 10000);
    ck_assert_msg(sqlite3_prepare_v2(raw, sql, -1, &statement, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(raw));
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(raw);
    return number;
}

static inline int64_t count_rows(void)
{
    return raw_number("SELECT count(*) FROM org WHERE tenant = 7");
}

/* ---- writes ---- */

typedef struct plan_t {
    const char *code;
    size_t size;        /* of the name that comes along; 0: a short one */
    bool is_to_fail;    /* after its insert */
    int bears;          /* with is_to_fail: this many runs go well first */
    int runs;
    sem_t *started, *go; /* says that it runs, waits to be let on */
    int64_t id;
} plan_t;

static inline fpi_err_t *add(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    plan_t *plan = baton;
    char *name = NULL;

    plan->runs++;
    if (plan->started) {
        sem_post(plan->started);
        while (sem_wait(plan->go) != 0) {
        }
        plan->started = NULL;
    }
    if (plan->size) {
        name = apr_palloc(job->pool, plan->size + 1);
        memset(name, 'x', plan->size);
        name[plan->size] = '\0';
    }
    FPI_TRY(fpi_tx_insert(&plan->id, tx, FPI_SQL_ORG_INSERT,
                          FPI_ARGS(fpi_arg_int(7), fpi_arg_text(plan->code),
                                   fpi_arg_text(name ? name : "a name"), fpi_arg_text(NULL)), job));
    return plan->is_to_fail && plan->runs > plan->bears ? fpi_fail(job, FPI_E_STATE, "as planned") : NULL;
}

static inline fpi_err_t *write_code(fpi_store_t *store, const char *code, fpi_task_t *job)
{
    plan_t plan = { .code = code };

    return fpi_store_write(store, add, &plan, job);
}

static inline fpi_err_t *set_value(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    int64_t changed = -1;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SETTING_PUT,
                       FPI_ARGS(fpi_arg_int(7), fpi_arg_text("k"), fpi_arg_text(baton)), NULL,
                       &changed, job));
    ck_assert_int_eq(changed, 1);
    return NULL;
}

static inline fpi_err_t *get_value(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    const char **value = baton;
    fpi_rows_t *rows = NULL;
    int64_t changed = -1;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SETTING_FIND, FPI_ARGS(fpi_arg_int(7), fpi_arg_text("k")), &rows,
                       &changed, job));
    ck_assert_int_eq(changed, 0);
    *value = fpi_rows_count(rows) ? fpi_rows_text(rows, 0, 0) : NULL;
    return NULL;
}

/* ---- threads ---- */

/* One thread with a task of its own. */
typedef struct worker_t {
    pthread_t thread;
    fpi_store_t *store;
    plan_t plan;
    apr_pool_t *pool;
    fpi_err_t *err;
    int from, count, pipe; /* for loops */
} worker_t;

static inline fpi_task_t *worker_task(worker_t *worker)
{
    apr_pool_create_unmanaged_ex(&worker->pool, NULL, NULL);
    return fpi_task_make(worker->pool, NULL);
}

static atomic_int ended; /* of work_once */

static inline void *work_once(void *data)
{
    worker_t *worker = data;

    worker->err = fpi_store_write(worker->store, add, &worker->plan, worker_task(worker));
    atomic_fetch_add(&ended, 1);
    return NULL;
}

static inline void start(worker_t *worker, void *(*work)(void *))
{
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    ck_assert_int_eq(pthread_create(&worker->thread, &attributes, work, worker), 0);
    pthread_attr_destroy(&attributes);
}

static inline void finish(worker_t *worker)
{
    pthread_join(worker->thread, NULL);
}

static inline void check_worker(worker_t *worker, fpi_code_t code)
{
    ck_assert_msg(code ? worker->err && worker->err->code == code : !worker->err, "%s: %s",
                  worker->plan.code,
                  worker->err ? fpi_err_chain(task->pool, worker->err) : "should have failed");
}

/* A write that holds the transaction open until released, so that what comes meanwhile is taken
 * together afterwards. */
typedef struct blocker_t {
    worker_t worker;
    sem_t started, go;
} blocker_t;

static inline void block(blocker_t *blocker, fpi_store_t *store)
{
    memset(blocker, 0, sizeof(*blocker));
    sem_init(&blocker->started, 0, 0);
    sem_init(&blocker->go, 0, 0);
    blocker->worker.store = store;
    blocker->worker.plan = (plan_t){ .code = "blocker", .started = &blocker->started,
                                     .go = &blocker->go };
    start(&blocker->worker, work_once);
    while (sem_wait(&blocker->started) != 0) {
    }
}

/* Until so many wait behind it. */
static inline void await_queue(const blocker_t *blocker, int count)
{
    fpi_store_stats_t stats = { 0 };

    for (int i = 0; i < 60000 && (i == 0 || stats.waiting < count); i++) {
        apr_sleep(i ? 1000 : 0);
        fpi_store_stats(blocker->worker.store, &stats);
    }
    ck_assert_int_eq(stats.waiting, count);
}

static inline void release(blocker_t *blocker)
{
    sem_post(&blocker->go);
    finish(&blocker->worker);
}

static inline void free_workers(worker_t *workers, int count)
{
    for (int i = 0; i < count; i++) {
        apr_pool_destroy(workers[i].pool);
    }
}

static inline void *work_loop(void *data)
{
    worker_t *worker = data;
    fpi_task_t *job = worker_task(worker);
    char code[40];

    for (int i = 0; i < worker->count && !worker->err; i++) {
        snprintf(code, sizeof(code), "%d", worker->from + i);
        worker->err = write_code(worker->store, code, job);
        if (worker->pipe && !worker->err && write(worker->pipe, code, strlen(code) + 1) < 0) {
            break;
        }
    }
    return NULL;
}

static inline void loop_with(fpi_store_t *store, worker_t *workers, int count, int each, int from, int out)
{
    for (int i = 0; i < count; i++) {
        workers[i] = (worker_t){ .store = store, .count = each, .from = from + i * each,
                                 .pipe = out };
        start(&workers[i], work_loop);
    }
    for (int i = 0; i < count; i++) {
        finish(&workers[i]);
    }
}

static inline void wait_child(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child ended with %x", status);
}

/* ---- cases ---- */

/* A test case of `suite` whose tests have a file for a store. */
static inline TCase *core_case(Suite *suite, const char *name)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, set_up, tear_down);
    tcase_set_timeout(made, 300);
    suite_add_tcase(suite, made);
    return made;
}

#endif
