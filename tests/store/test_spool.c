/* Spools: what is put or filled in place is what is kept, of every length; what is not kept is gone, on a full disk as well. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw, unshare */
#endif
#include "base/blocks.h"
#include "wire/media.h"

#include "blob_unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* A task that ends when it is said, not with the test. */
static fpi_task_t *open_job(void)
{
    fpi_task_t *job = apr_pmemdup(task->pool, task, sizeof(*task));

    apr_pool_create(&job->pool, task->pool);
    return job;
}

START_TEST(shows_the_head)
{
    char bytes[FPI_MEDIA_LOOK * 2], sha[FPI_SHA256_HEX + 1];
    fpi_spool_t *spool;
    int64_t size;
    size_t len;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)(i * 7 + i / 256);
    }
    unit_done(fpi_spool_open(&spool, blobs, sizeof(bytes), task));
    fpi_spool_head(spool, &len);
    ck_assert_int_eq(len, 0);
    for (size_t at = 0; at < sizeof(bytes); at += 1000) {
        size_t left = sizeof(bytes) - at;

        unit_done(fpi_spool_put(spool, bytes + at, left < 1000 ? left : 1000, task));
    }
    unit_done(fpi_spool_keep(sha, &size, spool, task));
    ck_assert(memcmp(fpi_spool_head(spool, &len), bytes, FPI_MEDIA_LOOK) == 0);
    ck_assert_int_eq(len, FPI_MEDIA_LOOK);
}
END_TEST

enum { BLOCK = FPI_BLOCK };

static const size_t lengths[] = { 4095, 4096, 65535, 65536, 65537, BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + 65536,
                                  BLOCK + 65536 + 1, 3 * BLOCK, 5 * BLOCK - 4096 + 7 };

static char *make_bytes(size_t len, unsigned seed)
{
    char *bytes = apr_palloc(task->pool, len);

    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(i * 7 + i / 251 + seed);
    }
    return bytes;
}

/* What was put is what is there, wherever a block ends. */
START_TEST(writes_every_length)
{
    static const size_t pieces[] = { 8000, 65536, BLOCK + 3, 5 * BLOCK };
    size_t len = lengths[_i];

    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        char sha[FPI_SHA256_HEX + 1], *bytes = make_bytes(len, (unsigned)i), *there = apr_palloc(task->pool, len + 1);
        fpi_task_t *job = open_job();
        int64_t size;
        int fd;

        unit_done(keep_bytes(sha, bytes, len, pieces[i], job));
        apr_pool_destroy(job->pool);
        unit_done(fpi_blob_open(&fd, &size, blobs, sha, task));
        ck_assert_int_eq(read(fd, there, len + 1), len);
        ck_assert(memcmp(there, bytes, len) == 0);
        unit_done(fpi_blob_verify(blobs, sha, task));
    }
    ck_assert_int_eq(count_spools(), 0);
}
END_TEST

static void fill_room(fpi_spool_t *spool, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t room;
        char *data;

        unit_done(fpi_spool_room(&data, &room, spool, task));
        ck_assert_int_gt(room, 0);
        room = room < len - at ? room : len - at;
        room = room < 10000 ? room : 10000;
        memcpy(data, bytes + at, room);
        unit_done(fpi_spool_took(spool, room, task));
        at += room;
    }
}

/* Filled in place, put, looked at and filled again: one file. */
START_TEST(takes_what_was_filled_in_place)
{
    char sha[FPI_SHA256_HEX + 1], wanted[FPI_SHA256_HEX + 1], *bytes = make_bytes(3 * BLOCK, 99);
    size_t len = lengths[_i] / 2;
    fpi_spool_t *spool;
    fpi_media_t media;
    int64_t size;

    memcpy(bytes, "PK\3\4", 4);
    unit_done(fpi_spool_open(&spool, blobs, INT64_MAX, task));
    fill_room(spool, bytes, len);
    unit_done(fpi_spool_media(&media, spool, task)); /* of a zip all is read */
    unit_done(fpi_spool_put(spool, bytes + len, 5, task));
    fill_room(spool, bytes + len + 5, len);
    unit_done(fpi_spool_took(spool, 0, task));
    unit_done(fpi_spool_keep(sha, &size, spool, task));
    ck_assert_int_eq(size, 2 * len + 5);
    unit_done(keep_bytes(wanted, bytes, 2 * len + 5, 4097, task));
    ck_assert_str_eq(sha, wanted);
    unit_done(fpi_blob_verify(blobs, sha, task));
}
END_TEST

START_TEST(refuses_to_be_filled_beyond_its_limit)
{
    char sha[FPI_SHA256_HEX + 1], *data;
    fpi_task_t *job = open_job();
    fpi_spool_t *spool;
    size_t room;
    int64_t size;

    unit_done(fpi_spool_open(&spool, blobs, 100, job));
    unit_done(fpi_spool_room(&data, &room, spool, job));
    memset(data, 'x', 101);
    unit_failed(fpi_spool_took(spool, 101, job), FPI_E_TOO_LARGE);
    unit_failed(fpi_spool_keep(sha, &size, spool, job), FPI_E_INTERNAL);
    apr_pool_destroy(job->pool);
    ck_assert_int_eq(count_spools(), 0);
}
END_TEST

START_TEST(refuses_to_grow)
{
    char sha[FPI_SHA256_HEX + 1];
    fpi_task_t *job = open_job();
    fpi_spool_t *spool;
    int64_t size;

    unit_done(fpi_spool_open(&spool, blobs, 5, job));
    unit_done(fpi_spool_put(spool, "12345", 5, job));
    unit_failed(fpi_spool_put(spool, "6", 1, job), FPI_E_TOO_LARGE);
    unit_failed(fpi_spool_keep(sha, &size, spool, job), FPI_E_INTERNAL);
    apr_pool_destroy(job->pool);
    ck_assert_int_eq(count_spools(), 0);
}
END_TEST

START_TEST(forgets_what_is_not_kept)
{
    fpi_task_t *job = open_job();
    char sha[FPI_SHA256_HEX + 1];
    fpi_spool_t *spool;
    int64_t size;

    unit_done(fpi_spool_open(&spool, blobs, 5, job));
    unit_done(fpi_spool_put(spool, "abc", 3, job));
    ck_assert_int_eq(count_spools(), 1);
    apr_pool_destroy(job->pool);
    ck_assert_int_eq(count_spools(), 0);
    ck_assert(!fpi_blob_has(blobs, abc));

    unit_done(fpi_spool_open(&spool, blobs, 5, task));
    unit_done(fpi_spool_keep(sha, &size, spool, task));
    unit_failed(fpi_spool_keep(sha, &size, spool, task), FPI_E_INTERNAL);
}
END_TEST

static apr_time_t in_a_day(void)
{
    return apr_time_now() + apr_time_from_sec(86401);
}

START_TEST(sweeps_what_was_left_over)
{
    fpi_spool_t *spool;

    keep_abc();
    unit_done(fpi_spool_open(&spool, blobs, 5, task));
    unit_done(fpi_blobs_sweep(blobs, apr_time_from_sec(86400), task));
    ck_assert_int_eq(count_spools(), 1);
    fpi_clock_set(in_a_day);
    unit_done(fpi_blobs_sweep(blobs, apr_time_from_sec(86400), task));
    ck_assert_int_eq(count_spools(), 0);
    unit_done(fpi_blob_verify(blobs, abc, task));
}
END_TEST

/* ---- full disks ---- */

static void hit_the_limit(const char *part)
{
    static char bytes[4 * MB];
    fpi_task_t *job = open_job();
    char sha[FPI_SHA256_HEX + 1];
    fpi_err_t *err = keep_bytes(sha, bytes, sizeof(bytes), 300000, job);

    unit_failed(err, FPI_E_STORE);
    ck_assert_msg(strstr(err->detail, part) != NULL, "%s", err->detail);
    apr_pool_destroy(job->pool);
    ck_assert_int_eq(count_spools(), 0);
    keep_abc();
}

START_TEST(hits_the_file_limit)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct rlimit limit = { 2 * MB, RLIM_INFINITY };

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        hit_the_limit("ulimit -f");
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(fills_the_disk)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0
            && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0
            && mount("tmpfs", folder, "tmpfs", 0, "size=2m") == 0) {
            blobs = open_blobs();
            hit_the_limit("no room");
        }
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spool");
    TCase *tests = blob_case(suite, "spool");

    tcase_add_test(tests, shows_the_head);
    tcase_add_loop_test(tests, writes_every_length, 0, sizeof(lengths) / sizeof(*lengths));
    tcase_add_loop_test(tests, takes_what_was_filled_in_place, 0, sizeof(lengths) / sizeof(*lengths));
    tcase_add_test(tests, refuses_to_be_filled_beyond_its_limit);
    tcase_add_test(tests, refuses_to_grow);
    tcase_add_test(tests, forgets_what_is_not_kept);
    tcase_add_test(tests, sweeps_what_was_left_over);
    tcase_add_test(tests, hits_the_file_limit);
    tcase_add_test(tests, fills_the_disk);
    return unit_run(suite);
}
