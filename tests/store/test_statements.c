/* Statements and their rows, and what a read sees beside writes: one state of the store, and no wait. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif
#include "core_unit.h"

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

int main(void)
{
    Suite *suite = suite_create("statements");
    TCase *tests = core_case(suite, "statements");

    tcase_add_test(tests, rows_keep_values);
    tcase_add_test(tests, writes_and_reads);
    tcase_add_test(tests, statements_fail);
    tcase_add_test(tests, refuses_a_write_in_a_write);
    tcase_add_test(tests, a_read_is_a_snapshot);
    tcase_add_test(tests, a_write_does_not_stop_reads);
    tcase_add_test(tests, readers_beside_writers);
    tcase_add_test(tests, the_log_stays_short);
    return unit_run(suite);
}
