/* The store's core on SQLite: opening, statements, transactions shared by threads and processes,
 * crashes, full disks. What is on the disk is looked at with a SQLite of our own. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare */
#endif
#include "base/clock.h"
#include "store/backend.h"
#include "store/store.h"
#include "unit/unit.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MB = 1024 * 1024 };

static char folder[64];
static const char *address; /* sqlite:<folder>/fp.db */
static const char *file;    /* its path */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    return remove(path);
}

static void set_up(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi-core-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    file = apr_pstrcat(task->pool, folder, "/fp.db", NULL);
    address = apr_pstrcat(task->pool, "sqlite:", file, NULL);
}

static void tear_down(void)
{
    unit_close();
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static fpi_err_t *open_with(fpi_store_t **store, const char *database, bool may_migrate)
{
    fpi_store_options_t options = { database, folder, NULL, may_migrate };

    return fpi_store_open(store, task->pool, &options, task);
}

static fpi_store_t *open_store(void)
{
    fpi_store_t *store = NULL;

    unit_done(open_with(&store, address, true));
    return store;
}

/* ---- our own look ---- */

static void raw_run(const char *path, const char *sql)
{
    sqlite3 *raw;

    ck_assert_int_eq(sqlite3_open(path, &raw), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(raw, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(raw));
    sqlite3_close(raw);
}

static int64_t raw_number(const char *sql)
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

static int64_t count_rows(void)
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

static fpi_err_t *add(fpi_tx_t *tx, void *baton, fpi_task_t *job)
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

static fpi_err_t *write_code(fpi_store_t *store, const char *code, fpi_task_t *job)
{
    plan_t plan = { .code = code };

    return fpi_store_write(store, add, &plan, job);
}

/* One thread with a task of its own. */
typedef struct worker_t {
    pthread_t thread;
    fpi_store_t *store;
    plan_t plan;
    apr_pool_t *pool;
    fpi_err_t *err;
    int from, count, pipe; /* for loops */
} worker_t;

static fpi_task_t *worker_task(worker_t *worker)
{
    apr_pool_create_unmanaged_ex(&worker->pool, NULL, NULL);
    return fpi_task_make(worker->pool, NULL);
}

static atomic_int ended; /* of work_once */

static void *work_once(void *data)
{
    worker_t *worker = data;

    worker->err = fpi_store_write(worker->store, add, &worker->plan, worker_task(worker));
    atomic_fetch_add(&ended, 1);
    return NULL;
}

static void start(worker_t *worker, void *(*work)(void *))
{
    pthread_attr_t attributes;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    ck_assert_int_eq(pthread_create(&worker->thread, &attributes, work, worker), 0);
    pthread_attr_destroy(&attributes);
}

static void finish(worker_t *worker)
{
    pthread_join(worker->thread, NULL);
}

static void check_worker(worker_t *worker, fpi_code_t code)
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

static void block(blocker_t *blocker, fpi_store_t *store)
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

static void release(blocker_t *blocker)
{
    apr_sleep(50000); /* for the others to queue */
    sem_post(&blocker->go);
    finish(&blocker->worker);
}

static void free_workers(worker_t *workers, int count)
{
    for (int i = 0; i < count; i++) {
        apr_pool_destroy(workers[i].pool);
    }
}

static void wait_child(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child ended with %x", status);
}

/* ---- opening ---- */

START_TEST(opens_and_makes)
{
    fpi_store_stats_t stats;
    fpi_store_t *store;
    struct stat st;

    ck_assert_int_eq(mknod(file, S_IFREG | 0644, 0), 0);
    store = open_store();
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(raw_number("PRAGMA application_id"), 0x4650494D);
    fpi_store_stats(store, &stats);
    ck_assert_int_ge(stats.schema, 1);
    ck_assert_int_eq(raw_number("PRAGMA user_version"), stats.schema);
    unit_done(fpi_store_check(store, task));
    fpi_store_close(&store);
    ck_assert(store == NULL);
    unit_done(open_with(&store, address, false));
    ck_assert(fpi_store_version()[0] == '3');
}
END_TEST

static void refuse(const char *database, bool may_migrate, const char *part)
{
    fpi_store_t *store = NULL;
    fpi_err_t *err = open_with(&store, database, may_migrate);

    unit_failed(err, FPI_E_CONFIG);
    ck_assert_msg(strstr(fpi_err_chain(task->pool, err), part) != NULL, "no \"%s\" in %s", part,
                  fpi_err_chain(task->pool, err));
    ck_assert(store == NULL);
}

START_TEST(refuses_what_is_not_there)
{
    refuse(address, false, "fpimagectl init");
    refuse("sqlite:relative.db", true, "absolute");
    refuse("oracle://x", true, "oracle");
    refuse("sqlite:/nowhere/at/all/fp.db", true, "/nowhere/at/all");
    refuse(apr_pstrcat(task->pool, "sqlite:", folder, NULL), true, "not a file");
    ck_assert_int_eq(mknod(file, S_IFREG | 0600, 0), 0);
    refuse(address, false, "empty");
}
END_TEST

START_TEST(refuses_foreign_files)
{
    raw_run(file, "CREATE TABLE theirs (x); PRAGMA application_id=305419896;");
    refuse(address, true, "another program (application id 0x12345678)");
    raw_run(file, "PRAGMA application_id=0;");
    refuse(address, true, "another program");
    ck_assert_int_eq(raw_number("SELECT count(*) FROM sqlite_master"), 1);
    ck_assert_int_eq(unlink(file), 0);
}
END_TEST

START_TEST(refuses_what_is_no_database)
{
    FILE *out = fopen(file, "w");

    for (int i = 0; i < 1000; i++) {
        fputs("this is not a database\n", out);
    }
    fclose(out);
    refuse(address, true, "no database");
}
END_TEST

START_TEST(refuses_other_schemas)
{
    fpi_store_t *store = open_store();

    fpi_store_close(&store);
    raw_run(file, "PRAGMA user_version=4711;");
    refuse(address, true, "has schema 4711");
    refuse(address, false, "install the program");
    raw_run(file, "PRAGMA user_version=0;");
    refuse(address, false, "run fpimagectl init");
}
END_TEST

START_TEST(many_open_at_once)
{
    pid_t pids[6];

    for (int i = 0; i < UNIT_COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            fpi_store_t *store;

            _exit(open_with(&store, address, true) ? 1 : 0);
        }
    }
    for (int i = 0; i < UNIT_COUNT(pids); i++) {
        wait_child(pids[i]);
    }
    open_store();
}
END_TEST

/* ---- statements ---- */

START_TEST(rows_keep_values)
{
    fpi_rows_t *rows = fpi_rows_make(task->pool, 4);
    char bytes[] = { 'a', '\0', 'b' };
    size_t len;

    for (int i = 0; i < 100; i++) {
        fpi_arg_t values[] = { fpi_arg_int(INT64_MIN + i), fpi_arg_text(i % 2 ? "" : "影像"),
                               fpi_arg_blob(bytes, sizeof(bytes)), fpi_arg_text(NULL) };

        ck_assert(fpi_rows_begin(rows));
        for (int j = 0; j < 4; j++) {
            fpi_rows_put(rows, j, &values[j]);
        }
    }
    memset(bytes, 'z', sizeof(bytes));
    ck_assert_int_eq(fpi_rows_count(rows), 100);
    for (int i = 0; i < 100; i++) {
        ck_assert(fpi_rows_int(rows, i, 0) == INT64_MIN + i);
        ck_assert_str_eq(fpi_rows_text(rows, i, 1), i % 2 ? "" : "影像");
        ck_assert(memcmp(fpi_rows_blob(rows, i, 2, &len), "a\0b", 3) == 0 && len == 3);
        ck_assert(fpi_rows_is_null(rows, i, 3) && !fpi_rows_text(rows, i, 3));
        ck_assert(fpi_rows_int(rows, i, 3) == 0 && !fpi_rows_is_null(rows, i, 1));
    }
    for (int i = 100; i < FPI_ROWS_MAX; i++) {
        ck_assert(fpi_rows_begin(rows));
    }
    ck_assert(!fpi_rows_begin(rows));
}
END_TEST

static fpi_err_t *set_value(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    int64_t changed = -1;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SETTING_PUT,
                       FPI_ARGS(fpi_arg_int(7), fpi_arg_text("k"), fpi_arg_text(baton)), NULL,
                       &changed, job));
    ck_assert_int_eq(changed, 1);
    return NULL;
}

static fpi_err_t *get_value(fpi_tx_t *tx, void *baton, fpi_task_t *job)
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

START_TEST(writes_and_reads)
{
    static const char *const values[] = { "", "一", "long", NULL };
    fpi_store_t *store = open_store();
    const char *value = "none";
    plan_t plan = { .code = "A" };

    unit_done(fpi_store_read(store, get_value, &value, task));
    ck_assert(value == NULL);
    for (int i = 0; values[i]; i++) {
        unit_done(fpi_store_write(store, set_value, (void *)values[i], task));
        unit_done(fpi_store_read(store, get_value, &value, task));
        ck_assert_str_eq(value, values[i]);
    }
    unit_done(fpi_store_write(store, add, &plan, task));
    ck_assert(plan.id > 0 && raw_number("SELECT max(id) FROM org") == plan.id);
}
END_TEST

static fpi_err_t *too_few(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    return fpi_tx_run(tx, FPI_SQL_SETTING_PUT, FPI_ARGS(fpi_arg_int(7)), NULL, NULL, job);
}

static fpi_err_t *null_value(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    return set_value(tx, NULL, job);
}

START_TEST(statements_fail)
{
    fpi_store_t *store = open_store();
    plan_t plan = { .code = "A" };
    fpi_err_t *err;

    unit_failed(fpi_store_write(store, too_few, NULL, task), FPI_E_INTERNAL);
    unit_failed(fpi_store_write(store, null_value, NULL, task), FPI_E_INTERNAL);
    unit_failed(fpi_store_read(store, add, &plan, task), FPI_E_INTERNAL);
    unit_done(fpi_store_write(store, add, &plan, task));
    err = fpi_store_write(store, add, &plan, task);
    unit_failed(err, FPI_E_DUPLICATE);
    ck_assert(strstr(err->detail, "org.code") != NULL);
    ck_assert_int_eq(count_rows(), 1);
}
END_TEST

static fpi_err_t *write_inside(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    return write_code(baton, "inner", job);
}

START_TEST(refuses_a_write_in_a_write)
{
    fpi_store_t *store = open_store();

    unit_failed(fpi_store_write(store, write_inside, store, task), FPI_E_INTERNAL);
    unit_done(write_code(store, "after", task));
    ck_assert_int_eq(count_rows(), 1);
}
END_TEST

/* ---- many threads ---- */

enum { CROWD = 50 };

/* One of the crowd fails: `culprit`, -1 the one that holds the transaction first. */
static void crowd_with(int culprit)
{
    static worker_t workers[CROWD];
    fpi_store_t *store = open_store();
    fpi_store_stats_t stats;
    blocker_t blocker;

    memset(workers, 0, sizeof(workers));
    block(&blocker, store);
    blocker.worker.plan.is_to_fail = culprit < 0;
    for (int i = 0; i < CROWD; i++) {
        workers[i].store = store;
        workers[i].plan.code = apr_psprintf(task->pool, "crowd %d", i);
        workers[i].plan.is_to_fail = i == culprit;
        start(&workers[i], work_once);
    }
    release(&blocker);
    for (int i = 0; i < CROWD; i++) {
        finish(&workers[i]);
        check_worker(&workers[i], i == culprit ? FPI_E_STATE : FPI_DONE);
    }
    check_worker(&blocker.worker, culprit < 0 ? FPI_E_STATE : FPI_DONE);
    fpi_store_stats(store, &stats);
    ck_assert_int_eq(count_rows(), CROWD);
    ck_assert_int_eq(stats.writes, CROWD);
    ck_assert_int_eq(stats.failures, 1);
    ck_assert_msg(stats.commits < CROWD / 2, "%d commits", (int)stats.commits);
    free_workers(workers, CROWD);
    free_workers(&blocker.worker, 1);
}

enum { FEW = 6 };

/* A batch in this order, behind a blocker. */
static void run_in_order(fpi_store_t *store, blocker_t *blocker, worker_t workers[FEW])
{
    block(blocker, store);
    for (int i = 0; i < FEW; i++) {
        workers[i].store = store;
        start(&workers[i], work_once);
        apr_sleep(5000);
    }
    release(blocker);
    for (int i = 0; i < FEW; i++) {
        finish(&workers[i]);
    }
    check_worker(&blocker->worker, FPI_DONE);
}

static void plan_few(worker_t workers[FEW], char round)
{
    memset(workers, 0, FEW * sizeof(*workers));
    for (int i = 0; i < FEW; i++) {
        workers[i].plan.code = apr_psprintf(task->pool, "%c%d", round, i);
    }
}

/* Savepoints are taken only when a batch had to be run again, and for a while after. */
START_TEST(a_failure_repeats_the_batch_once)
{
    fpi_store_t *store = open_store();
    worker_t workers[FEW];
    blocker_t blocker;

    for (int round = 0; round < 2; round++) {
        plan_few(workers, (char)('a' + round));
        workers[3].plan.is_to_fail = true;
        run_in_order(store, &blocker, workers);
        for (int i = 0; i < FEW; i++) {
            check_worker(&workers[i], i == 3 ? FPI_E_STATE : FPI_DONE);
            ck_assert_int_eq(workers[i].plan.runs, i > 3 || round ? 1 : 2);
        }
        ck_assert_int_eq(blocker.worker.plan.runs, round ? 1 : 2);
        ck_assert_int_eq(count_rows(), (FEW - 1 + 1) * (round + 1));
        free_workers(workers, FEW);
        free_workers(&blocker.worker, 1);
        raw_run(file, "UPDATE org SET code = code || id WHERE code = 'blocker'");
    }
}
END_TEST

START_TEST(all_well_is_run_once)
{
    fpi_store_t *store = open_store();
    worker_t workers[FEW];
    blocker_t blocker;

    plan_few(workers, 'a');
    run_in_order(store, &blocker, workers);
    for (int i = 0; i < FEW; i++) {
        check_worker(&workers[i], FPI_DONE);
        ck_assert_int_eq(workers[i].plan.runs, 1);
    }
    ck_assert_int_eq(blocker.worker.plan.runs, 1);
    free_workers(workers, FEW);
    free_workers(&blocker.worker, 1);
}
END_TEST

START_TEST(of_two_alike_one_is_kept)
{
    fpi_store_t *store = open_store();
    worker_t workers[FEW];
    blocker_t blocker;

    plan_few(workers, 'a');
    workers[4].plan.code = workers[1].plan.code;
    run_in_order(store, &blocker, workers);
    for (int i = 0; i < FEW; i++) {
        check_worker(&workers[i], i == 4 ? FPI_E_DUPLICATE : FPI_DONE);
    }
    ck_assert_int_eq(count_rows(), FEW);
    free_workers(workers, FEW);
    free_workers(&blocker.worker, 1);
}
END_TEST

/* The first of two alike is not kept in the end: nobody may be refused because of it. */
START_TEST(nobody_fails_by_what_is_not_kept)
{
    fpi_store_t *store = open_store();
    worker_t workers[FEW];
    blocker_t blocker;

    plan_few(workers, 'a');
    workers[1].plan.is_to_fail = true;
    workers[1].plan.bears = 1;
    workers[4].plan.code = workers[1].plan.code;
    run_in_order(store, &blocker, workers);
    for (int i = 0; i < FEW; i++) {
        check_worker(&workers[i], i == 1 ? FPI_E_STATE : FPI_DONE);
    }
    ck_assert_int_eq(count_rows(), FEW);
    free_workers(workers, FEW);
    free_workers(&blocker.worker, 1);
}
END_TEST

/* Who is first in its transaction is refused at once; the others are not run again for it. */
START_TEST(the_first_fails_alone)
{
    fpi_store_t *store = open_store();
    worker_t workers[FEW];
    blocker_t blocker;

    plan_few(workers, 'a');
    block(&blocker, store);
    blocker.worker.plan.is_to_fail = true;
    for (int i = 0; i < FEW; i++) {
        workers[i].store = store;
        start(&workers[i], work_once);
        apr_sleep(5000);
    }
    release(&blocker);
    for (int i = 0; i < FEW; i++) {
        finish(&workers[i]);
        check_worker(&workers[i], FPI_DONE);
        ck_assert_int_eq(workers[i].plan.runs, 1);
    }
    check_worker(&blocker.worker, FPI_E_STATE);
    ck_assert_int_eq(blocker.worker.plan.runs, 1);
    ck_assert_int_eq(count_rows(), FEW);
    free_workers(workers, FEW);
    free_workers(&blocker.worker, 1);
}
END_TEST

START_TEST(one_of_a_crowd_fails)
{
    static const int culprits[] = { -1, 0, 17, CROWD - 1 };

    crowd_with(culprits[_i]);
}
END_TEST

static void *work_loop(void *data)
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

static void loop_with(fpi_store_t *store, worker_t *workers, int count, int each, int from, int out)
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

START_TEST(many_threads_many_writes)
{
    fpi_store_t *store = open_store();
    fpi_store_stats_t stats;
    worker_t workers[16];

    loop_with(store, workers, 16, 200, 0, 0);
    for (int i = 0; i < 16; i++) {
        check_worker(&workers[i], FPI_DONE);
    }
    fpi_store_stats(store, &stats);
    ck_assert_int_eq(count_rows(), 3200);
    ck_assert_int_eq(stats.writes, 3200);
    ck_assert_int_eq(stats.failures, 0);
    free_workers(workers, 16);
}
END_TEST

START_TEST(two_processes_write)
{
    fpi_store_t *store = open_store();
    pid_t pids[2];

    fpi_store_close(&store);
    for (int p = 0; p < 2; p++) {
        pids[p] = fork();
        if (pids[p] == 0) {
            worker_t workers[4];

            loop_with(open_store(), workers, 4, 200, p * 800, 0);
            for (int i = 0; i < 4; i++) {
                check_worker(&workers[i], FPI_DONE);
            }
            _exit(0);
        }
    }
    wait_child(pids[0]);
    wait_child(pids[1]);
    ck_assert_int_eq(count_rows(), 1600);
}
END_TEST

START_TEST(a_full_queue_refuses)
{
    enum { SURPLUS = 5 };
    int count = FPI_STORE_QUEUE + SURPLUS, refused = 0;
    worker_t *workers = calloc((size_t)count, sizeof(*workers));
    fpi_store_t *store = open_store();
    blocker_t blocker;

    block(&blocker, store);
    for (int i = 0; i < count; i++) {
        workers[i].store = store;
        workers[i].plan.code = apr_psprintf(task->pool, "queue %d", i);
        start(&workers[i], work_once);
    }
    for (int i = 0; i < 12000 && atomic_load(&ended) < SURPLUS; i++) {
        apr_sleep(5000); /* the others wait behind the blocker */
    }
    release(&blocker);
    for (int i = 0; i < count; i++) {
        finish(&workers[i]);
        if (workers[i].err) {
            check_worker(&workers[i], FPI_E_STORE);
            ck_assert_int_gt(workers[i].err->retry_after, 0);
            refused++;
        }
    }
    ck_assert_int_eq(refused, SURPLUS);
    ck_assert_int_eq(count_rows(), FPI_STORE_QUEUE + 1);
    free_workers(workers, count);
    free_workers(&blocker.worker, 1);
    free(workers);
}
END_TEST

/* ---- readers ---- */

typedef struct look_t {
    fpi_store_t *store;
    const char *before, *after;
} look_t;

static fpi_err_t *look_twice(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    look_t *look = baton;

    FPI_TRY(get_value(tx, &look->before, job));
    FPI_TRY(fpi_store_write(look->store, set_value, "two", job));
    return get_value(tx, &look->after, job);
}

START_TEST(a_read_is_a_snapshot)
{
    look_t look = { .store = open_store() };
    const char *now;

    unit_done(fpi_store_write(look.store, set_value, "one", task));
    unit_done(fpi_store_read(look.store, look_twice, &look, task));
    ck_assert_str_eq(look.before, "one");
    ck_assert_str_eq(look.after, "one");
    unit_done(fpi_store_read(look.store, get_value, &now, task));
    ck_assert_str_eq(now, "two");
}
END_TEST

START_TEST(a_write_does_not_stop_reads)
{
    fpi_store_t *store = open_store();
    const char *value;
    blocker_t blocker;

    unit_done(fpi_store_write(store, set_value, "one", task));
    block(&blocker, store);
    unit_done(fpi_store_read(store, get_value, &value, task));
    ck_assert_str_eq(value, "one");
    unit_done(fpi_store_check(store, task));
    release(&blocker);
    check_worker(&blocker.worker, FPI_DONE);
    free_workers(&blocker.worker, 1);
}
END_TEST

static void *read_loop(void *data)
{
    worker_t *worker = data;
    fpi_task_t *job = worker_task(worker);
    const char *value;

    for (int i = 0; i < worker->count && !worker->err; i++) {
        worker->err = fpi_store_read(worker->store, get_value, &value, job);
    }
    return NULL;
}

START_TEST(readers_beside_writers)
{
    fpi_store_t *store = open_store();
    worker_t workers[4], readers[4];

    unit_done(fpi_store_write(store, set_value, "one", task));
    for (int i = 0; i < 4; i++) {
        readers[i] = (worker_t){ .store = store, .count = 500 };
        start(&readers[i], read_loop);
    }
    loop_with(store, workers, 4, 200, 0, 0);
    for (int i = 0; i < 4; i++) {
        finish(&readers[i]);
        check_worker(&readers[i], FPI_DONE);
        check_worker(&workers[i], FPI_DONE);
    }
    free_workers(workers, 4);
    free_workers(readers, 4);
}
END_TEST

/* Length of the log after writing some 64 KB rows. */
static int64_t write_much(fpi_store_t *store, int from, int count)
{
    struct stat st;

    for (int i = from; i < from + count; i++) {
        plan_t plan = { .code = apr_psprintf(task->pool, "%d", i), .size = 64 * 1024 };
        fpi_task_t job = *task;

        apr_pool_create(&job.pool, task->pool);
        unit_done(fpi_store_write(store, add, &plan, &job));
        apr_pool_destroy(job.pool);
    }
    ck_assert_int_eq(stat(apr_pstrcat(task->pool, file, "-wal", NULL), &st), 0);
    return st.st_size;
}

static fpi_err_t *write_much_beside(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    const char *value;

    FPI_TRY(get_value(tx, &value, job));
    ck_assert_int_gt(write_much(baton, 1000, 700), 40 * MB);
    return NULL;
}

/* The log is brought home while it is written: it does not grow with what is written, unless a long
 * read needs it, and begins anew when that has ended. */
START_TEST(the_log_stays_short)
{
    fpi_store_t *store = open_store();

    ck_assert_int_lt(write_much(store, 0, 400), 10 * MB);
    unit_done(fpi_store_read(store, write_much_beside, store, task));
    ck_assert_int_lt(write_much(store, 2000, 900), 80 * MB);
}
END_TEST

/* ---- other processes ---- */

START_TEST(answered_writes_outlive_a_kill)
{
    enum { THREADS = 8 };
    char said[64 * 1024];
    size_t len = 0, answered = 0;
    int ends[2];
    ssize_t n;
    pid_t pid;

    ck_assert_int_eq(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        worker_t workers[THREADS];

        loop_with(open_store(), workers, THREADS, 1000000, 0, ends[1]);
        _exit(1);
    }
    close(ends[1]);
    while (len < 8 * 1024 && (n = read(ends[0], said + len, 1024)) > 0) {
        len += (size_t)n;
    }
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    while (len < sizeof(said) && (n = read(ends[0], said + len, sizeof(said) - len)) > 0) {
        len += (size_t)n;
    }
    waitpid(pid, NULL, 0);
    for (size_t at = 0; at < len && memchr(said + at, '\0', len - at); at += strlen(said + at) + 1) {
        const char *sql = apr_psprintf(task->pool, "SELECT count(*) FROM org WHERE code = '%s'",
                                       said + at);

        ck_assert_msg(raw_number(sql) == 1, "%s", said + at);
        answered++;
    }
    ck_assert_int_gt(answered, 100);
    ck_assert_int_eq(raw_number("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    unit_done(write_code(open_store(), "after", task));
    close(ends[0]);
}
END_TEST

/* A process that holds SQLite's write lock until the pipe is closed. */
static pid_t hold_lock(int *release_end)
{
    int up[2], down[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(up), 0);
    ck_assert_int_eq(pipe(down), 0);
    pid = fork();
    if (pid == 0) {
        sqlite3 *raw;

        close(down[1]);
        sqlite3_open(file, &raw);
        if (sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK
            || write(up[1], "x", 1) != 1 || read(down[0], &byte, 1) != 0) {
            _exit(1);
        }
        sqlite3_exec(raw, "COMMIT", NULL, NULL, NULL);
        _exit(0);
    }
    ck_assert_int_eq(read(up[0], &byte, 1), 1);
    close(up[0]);
    close(up[1]);
    close(down[0]);
    *release_end = down[1];
    return pid;
}

START_TEST(waits_for_another_process)
{
    fpi_store_t *store = open_store();
    worker_t worker = { .store = store, .plan = { .code = "patient" } };
    int held;
    pid_t pid = hold_lock(&held);

    start(&worker, work_once);
    apr_sleep(300000);
    close(held);
    finish(&worker);
    check_worker(&worker, FPI_DONE);
    wait_child(pid);
    free_workers(&worker, 1);
}
END_TEST

START_TEST(gives_up_on_another_process)
{
    fpi_store_t *store = open_store();
    apr_time_t since = fpi_clock_tick();
    worker_t workers[4];
    int held;
    pid_t pid = hold_lock(&held);

    for (int i = 0; i < 4; i++) {
        workers[i] = (worker_t){ .store = store, .plan = { .code = "late" } };
        start(&workers[i], work_once);
    }
    for (int i = 0; i < 4; i++) {
        finish(&workers[i]);
        check_worker(&workers[i], FPI_E_STORE);
        ck_assert(strstr(workers[i].err->detail, "another process") != NULL);
    }
    /* two batches at most: who led, and who came meanwhile */
    ck_assert_int_lt(fpi_clock_tick() - since, apr_time_from_sec(25));
    close(held);
    wait_child(pid);
    unit_done(write_code(store, "after", task));
    free_workers(workers, 4);
}
END_TEST

START_TEST(the_epoch_is_shared)
{
    fpi_store_t *store = open_store();
    uint64_t before = fpi_store_epoch(store);
    struct stat st;
    pid_t pid = fork();

    if (pid == 0) {
        fpi_store_t *other = open_store();

        for (int i = 0; i < 1000; i++) {
            fpi_store_raise_epoch(other);
        }
        _exit(0);
    }
    for (int i = 0; i < 1000; i++) {
        fpi_store_raise_epoch(store);
    }
    wait_child(pid);
    ck_assert(fpi_store_epoch(store) == before + 2000);
    fpi_store_close(&store);
    ck_assert(fpi_store_epoch(open_store()) == before + 2000);
    ck_assert_int_eq(stat(apr_pstrcat(task->pool, folder, "/epoch", NULL), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(st.st_size, 4096);
}
END_TEST

/* ---- full disks ---- */

/* A crowd with one write too large for what room is left: it alone may fail. */
static void crowd_with_a_giant(fpi_store_t *store, size_t size)
{
    worker_t workers[12];
    blocker_t blocker;

    block(&blocker, store);
    for (int i = 0; i < 12; i++) {
        workers[i] = (worker_t){ .store = store };
        workers[i].plan.code = apr_psprintf(task->pool, "giant %d", i);
        workers[i].plan.size = i == 5 ? size : 0;
        start(&workers[i], work_once);
        apr_sleep(2000); /* in this order */
    }
    release(&blocker);
    for (int i = 0; i < 12; i++) {
        finish(&workers[i]);
        check_worker(&workers[i], i == 5 ? FPI_E_STORE : FPI_DONE);
    }
    check_worker(&blocker.worker, FPI_DONE);
    ck_assert_int_eq(count_rows(), 12);
    free_workers(workers, 12);
    free_workers(&blocker.worker, 1);
}

/* Whether the log can't take it at COMMIT, or the cache (8 MB) spills into it before: both ends. */
static const size_t giants[] = { 6 * MB, 20 * MB };

static void limit_files(rlim_t most)
{
    struct rlimit limit = { most, RLIM_INFINITY };

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Its first statement fails and takes the transaction along, which it does not look at. */
static fpi_err_t *swallow(fpi_tx_t *tx, void *baton, fpi_task_t *job)
{
    plan_t plan = { .code = "giant", .size = 20 * MB };

    fpi_ignore(add(tx, &plan, job));
    unit_failed(set_value(tx, "half", job), FPI_E_STORE);
    return NULL;
}

START_TEST(nothing_is_kept_by_halves)
{
    pid_t pid = fork();

    if (pid == 0) {
        fpi_store_t *store = open_store();
        const char *value = "none";

        limit_files(4 * MB);
        unit_failed(fpi_store_write(store, swallow, NULL, task), FPI_E_STORE);
        unit_done(fpi_store_read(store, get_value, &value, task));
        ck_assert(value == NULL);
        unit_done(fpi_store_write(store, set_value, "whole", task));
        _exit(0);
    }
    wait_child(pid);
}
END_TEST

START_TEST(a_giant_hits_the_file_limit)
{
    pid_t pid = fork();

    if (pid == 0) {
        fpi_store_t *store = open_store();

        limit_files(4 * MB);
        crowd_with_a_giant(store, giants[_i]);
        limit_files(RLIM_INFINITY);
        unit_done(write_code(store, "after", task));
        _exit(0);
    }
    wait_child(pid);
}
END_TEST

/* In a mount namespace of its own, so nothing is left behind. False: we may not. */
static bool mount_small(void)
{
    return geteuid() == 0 && unshare(CLONE_NEWNS) == 0
           && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0
           && mount("tmpfs", folder, "tmpfs", 0, "size=7m") == 0;
}

/* What can be taken away later: a log that has grown into the last byte leaves no other way out. */
static const char *put_ballast(void)
{
    const char *path = apr_pstrcat(task->pool, folder, "/ballast", NULL);
    FILE *out = fopen(path, "w");

    ck_assert(out != NULL);
    for (int i = 0; i < 2 * MB; i++) {
        fputc('x', out);
    }
    ck_assert_int_eq(fclose(out), 0);
    return path;
}

START_TEST(a_giant_fills_the_disk)
{
    pid_t pid = fork();

    if (pid == 0) {
        const char *ballast;
        fpi_store_t *store;
        fpi_err_t *err;

        if (!mount_small()) {
            _exit(0);
        }
        ballast = put_ballast();
        store = open_store();
        crowd_with_a_giant(store, giants[_i]);
        err = fpi_store_check(store, task);
        unit_failed(err, FPI_E_STORE);
        ck_assert(strstr(err->detail, "MB are free") != NULL);
        err = NULL;
        for (int i = 0; i < 4000 && !err; i++) {
            err = write_code(store, apr_psprintf(task->pool, "fill %d", i), task);
        }
        unit_failed(err, FPI_E_STORE);
        ck_assert_msg(strstr(err->detail, "no room") != NULL, "%s", err->detail);
        ck_assert_int_eq(unlink(ballast), 0);
        unit_done(write_code(store, "after", task));
        _exit(0);
    }
    wait_child(pid);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core");
    TCase *tests = tcase_create("core"), *crowded;

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, opens_and_makes);
    tcase_add_test(tests, refuses_what_is_not_there);
    tcase_add_test(tests, refuses_foreign_files);
    tcase_add_test(tests, refuses_what_is_no_database);
    tcase_add_test(tests, refuses_other_schemas);
    tcase_add_test(tests, many_open_at_once);
    tcase_add_test(tests, rows_keep_values);
    tcase_add_test(tests, writes_and_reads);
    tcase_add_test(tests, statements_fail);
    tcase_add_test(tests, refuses_a_write_in_a_write);
    tcase_add_loop_test(tests, one_of_a_crowd_fails, 0, 4);
    tcase_add_test(tests, all_well_is_run_once);
    tcase_add_test(tests, a_failure_repeats_the_batch_once);
    tcase_add_test(tests, of_two_alike_one_is_kept);
    tcase_add_test(tests, nobody_fails_by_what_is_not_kept);
    tcase_add_test(tests, the_first_fails_alone);
    tcase_add_test(tests, many_threads_many_writes);
    tcase_add_test(tests, two_processes_write);
    tcase_add_test(tests, a_read_is_a_snapshot);
    tcase_add_test(tests, a_write_does_not_stop_reads);
    tcase_add_test(tests, readers_beside_writers);
    tcase_add_test(tests, the_log_stays_short);
    tcase_add_test(tests, answered_writes_outlive_a_kill);
    tcase_add_test(tests, waits_for_another_process);
    tcase_add_test(tests, gives_up_on_another_process);
    tcase_add_test(tests, the_epoch_is_shared);
    tcase_add_test(tests, nothing_is_kept_by_halves);
    tcase_add_loop_test(tests, a_giant_hits_the_file_limit, 0, UNIT_COUNT(giants));
    tcase_add_loop_test(tests, a_giant_fills_the_disk, 0, UNIT_COUNT(giants));
    suite_add_tcase(suite, tests);
    /* apart, since valgrind does not bear that many threads */
    crowded = tcase_create("crowded");
    tcase_add_checked_fixture(crowded, set_up, tear_down);
    tcase_set_timeout(crowded, 300);
    tcase_add_test(crowded, a_full_queue_refuses);
    suite_add_tcase(suite, crowded);
    return unit_run(suite);
}
