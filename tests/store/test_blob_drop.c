/* Blobs that go or move: dropped by age, never from under who keeps them anew; copied, linked, put aside. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif
#include "blob_unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>

#define DAY apr_time_from_sec(86400)

static void make_old(const char *sha256)
{
    const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };

    ck_assert_int_eq(utimensat(AT_FDCWD, path_of_blob(sha256), times, 0), 0);
}

static void keep_orphan(fpi_task_t *own)
{
    char sha256[FPI_SHA256_HEX + 1];
    fpi_spool_t *spool;
    int64_t size;

    unit_done(fpi_spool_open(&spool, blobs, MB, own));
    unit_done(fpi_spool_put(spool, "abc", 3, own));
    unit_done(fpi_spool_keep(sha256, &size, spool, own));
    ck_assert_str_eq(sha256, abc);
}

START_TEST(drops_by_age)
{
    bool dropped;

    keep_orphan(task);
    unit_done(fpi_blob_drop(&dropped, blobs, abc, DAY, task));
    ck_assert(!dropped && fpi_blob_has(blobs, abc));
    make_old(abc);
    keep_orphan(task);
    unit_done(fpi_blob_drop(&dropped, blobs, abc, DAY, task));
    ck_assert(!dropped && fpi_blob_has(blobs, abc));
    make_old(abc);
    unit_done(fpi_blob_drop(&dropped, blobs, abc, DAY, task));
    ck_assert(dropped && !fpi_blob_has(blobs, abc));
    unit_done(fpi_blob_drop(&dropped, blobs, abc, DAY, task));
    ck_assert(!dropped);
}
END_TEST

START_TEST(what_is_refreshed_stays)
{
    bool dropped;

    keep_orphan(task);
    make_old(abc);
    unit_done(fpi_blob_refresh(blobs, abc, 3, task));
    unit_done(fpi_blob_drop(&dropped, blobs, abc, DAY, task));
    ck_assert(!dropped && fpi_blob_has(blobs, abc));
    unit_failed(fpi_blob_refresh(blobs, abc, 4, task), FPI_E_ABSENT);
    make_old(abc);
    unit_done(fpi_blob_drop(&dropped, blobs, abc, DAY, task));
    ck_assert(dropped);
    unit_failed(fpi_blob_refresh(blobs, abc, 3, task), FPI_E_ABSENT);
    unit_failed(fpi_blob_refresh(blobs, "../abc", 3, task), FPI_E_ABSENT);
}
END_TEST

static pthread_barrier_t start;

static void *keep_one(void *data)
{
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    pthread_barrier_wait(&start);
    keep_orphan(fpi_task_make(pool, NULL));
    apr_pool_destroy(pool);
    return NULL;
}

/* Whichever comes first, what was answered as kept is there. */
START_TEST(keeping_wins_over_dropping)
{
    int drops = 0;

    pthread_barrier_init(&start, NULL, 2);
    keep_orphan(task);
    for (int i = 0; i < 500; i++) {
        pthread_t keeper;
        bool dropped;

        make_old(abc);
        ck_assert_int_eq(pthread_create(&keeper, NULL, keep_one, NULL), 0);
        pthread_barrier_wait(&start);
        for (int wait = i % 50; wait > 0; wait--) {
            sched_yield();
        }
        unit_done(fpi_blob_drop(&dropped, blobs, abc, DAY, task));
        drops += dropped;
        pthread_join(keeper, NULL);
        ck_assert_msg(fpi_blob_has(blobs, abc), "lost in round %d", i);
    }
    pthread_barrier_destroy(&start);
    ck_assert_int_gt(drops, 0);
}
END_TEST

START_TEST(copies_and_links)
{
    const char *address = apr_pstrcat(task->pool, "file:", folder, "/other", NULL);
    fpi_blobs_t *other;
    FILE *file;

    keep_orphan(task);
    unit_done(fpi_blobs_open(&other, task->pool, address, task));
    unit_done(fpi_blob_copy(other, blobs, abc, task));
    unit_done(fpi_blob_verify(other, abc, task));
    unit_done(fpi_blob_put_aside(other, abc, task));
    ck_assert(!fpi_blob_has(other, abc));
    unit_done(fpi_blob_link(other, blobs, abc, task));
    unit_done(fpi_blob_verify(other, abc, task));
    unit_failed(fpi_blob_copy(other, blobs, nothing, task), FPI_E_ABSENT);
    ck_assert_int_eq(chmod(path_of_blob(abc), 0600), 0);
    file = fopen(path_of_blob(abc), "w");
    fputs("abd", file);
    fclose(file);
    unit_done(fpi_blob_put_aside(other, abc, task));
    unit_failed(fpi_blob_copy(other, blobs, abc, task), FPI_E_INTERNAL);
    ck_assert(!fpi_blob_has(other, abc));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blob_drop");
    TCase *tests = blob_case(suite, "blob_drop");

    tcase_add_test(tests, drops_by_age);
    tcase_add_test(tests, what_is_refreshed_stays);
    tcase_add_test(tests, keeping_wins_over_dropping);
    tcase_add_test(tests, copies_and_links);
    return unit_run(suite);
}
