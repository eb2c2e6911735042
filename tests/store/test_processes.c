/* A store of several processes: they write side by side, wait for each other but not for ever, share the epoch, and are killed. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif
#include "base/clock.h"

#include "core_unit.h"

#include <signal.h>

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

int main(void)
{
    Suite *suite = suite_create("processes");
    TCase *tests = core_case(suite, "processes");

    tcase_add_test(tests, two_processes_write);
    tcase_add_test(tests, answered_writes_outlive_a_kill);
    tcase_add_test(tests, waits_for_another_process);
    tcase_add_test(tests, gives_up_on_another_process);
    tcase_add_test(tests, the_epoch_is_shared);
    return unit_run(suite);
}
