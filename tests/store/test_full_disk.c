/* Full disks: a write for which there is no room fails alone and whole, and the store goes on when there is room again. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw, unshare */
#endif
#include "core_unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

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
        await_queue(&blocker, i + 1); /* in this order */
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
    Suite *suite = suite_create("full_disk");
    TCase *tests = core_case(suite, "full_disk");

    tcase_add_test(tests, nothing_is_kept_by_halves);
    tcase_add_loop_test(tests, a_giant_hits_the_file_limit, 0, UNIT_COUNT(giants));
    tcase_add_loop_test(tests, a_giant_fills_the_disk, 0, UNIT_COUNT(giants));
    return unit_run(suite);
}
