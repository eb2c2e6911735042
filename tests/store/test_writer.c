/* The group commit: writes of many threads share a transaction, and who fails fails alone. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif
#include "core_unit.h"

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
    await_queue(&blocker, CROWD);
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
        await_queue(blocker, i + 1);
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
        await_queue(&blocker, i + 1);
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

int main(void)
{
    Suite *suite = suite_create("writer");
    TCase *tests = core_case(suite, "writer");

    tcase_add_loop_test(tests, one_of_a_crowd_fails, 0, 4);
    tcase_add_test(tests, all_well_is_run_once);
    tcase_add_test(tests, a_failure_repeats_the_batch_once);
    tcase_add_test(tests, of_two_alike_one_is_kept);
    tcase_add_test(tests, nobody_fails_by_what_is_not_kept);
    tcase_add_test(tests, the_first_fails_alone);
    tcase_add_test(tests, many_threads_many_writes);
    /* apart, since valgrind does not bear that many threads */
    tests = core_case(suite, "crowded");
    tcase_add_test(tests, a_full_queue_refuses);
    return unit_run(suite);
}
