/* Blobs: what is kept is whole, named by its content and there once; what is not kept is gone. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare */
#endif
#include "base/blocks.h"
#include "base/clock.h"
#include "store/blob.h"
#include "unit/unit.h"
#include "wire/media.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MB = 1024 * 1024 };

/* sha256("abc") and of nothing */
static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static char folder[64];
static fpi_blobs_t *blobs;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    return remove(path);
}

static fpi_blobs_t *open_blobs(void)
{
    fpi_blobs_t *opened = NULL;
    const char *address = apr_pstrcat(task->pool, "file:", folder, "/new/blobs", NULL);

    unit_done(fpi_blobs_open(&opened, task->pool, address, task));
    return opened;
}

static void set_up(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi-blob-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    blobs = open_blobs();
}

static void tear_down(void)
{
    unit_close();
    fpi_clock_set(NULL);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *name)
{
    return apr_pstrcat(task->pool, folder, "/new/blobs/", name, NULL);
}

static const char *path_of_blob(const char *sha)
{
    return path_of(apr_psprintf(task->pool, "%.2s/%.2s/%s", sha, sha + 2, sha));
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    ck_assert_msg(lstat(path, &st) == 0, "%s", path);
    return st.st_mode & 07777;
}

static int count_spools(void)
{
    DIR *spools = opendir(path_of("spool"));
    int count = 0;

    while (readdir(spools)) {
        count++;
    }
    closedir(spools);
    return count - 2;
}

/* A task that ends when it is said, not with the test. */
static fpi_task_t *open_job(void)
{
    fpi_task_t *job = apr_pmemdup(task->pool, task, sizeof(*task));

    apr_pool_create(&job->pool, task->pool);
    return job;
}

static fpi_err_t *keep_bytes(char *sha, const char *bytes, size_t len, size_t piece,
                             fpi_task_t *job)
{
    fpi_spool_t *spool;
    int64_t size = -1;

    FPI_TRY(fpi_spool_open(&spool, blobs, INT64_MAX, job));
    for (size_t at = 0; at < len; at += piece) {
        FPI_TRY(fpi_spool_put(spool, bytes + at, len - at < piece ? len - at : piece, job));
    }
    FPI_TRY(fpi_spool_keep(sha, &size, spool, job));
    ck_assert_int_eq(size, len);
    return NULL;
}

static void keep_abc(void)
{
    char sha[FPI_SHA256_HEX + 1];

    unit_done(keep_bytes(sha, "abc", 3, 2, task));
    ck_assert_str_eq(sha, abc);
}

START_TEST(keeps_and_opens)
{
    char text[8] = "";
    int64_t size;
    int fd;

    keep_abc();
    ck_assert(fpi_blob_has(blobs, abc));
    unit_done(fpi_blob_open(&fd, &size, blobs, abc, task));
    ck_assert_int_eq(size, 3);
    ck_assert_int_eq(read(fd, text, sizeof(text)), 3);
    ck_assert_str_eq(text, "abc");
    unit_done(fpi_blob_verify(blobs, abc, task));
    ck_assert_int_eq(mode_of(path_of_blob(abc)), 0400);
    ck_assert_int_eq(mode_of(path_of("ba")), 0700);
    ck_assert_int_eq(mode_of(path_of("ba/78")), 0700);
    ck_assert_int_eq(mode_of(path_of("")), 0700);
    ck_assert_int_eq(count_spools(), 0);
    ck_assert_int_gt(fpi_blobs_room(blobs), 0);
}
END_TEST

START_TEST(keeps_nothing_too)
{
    char sha[FPI_SHA256_HEX + 1];

    unit_done(keep_bytes(sha, "", 0, 1, task));
    ck_assert_str_eq(sha, nothing);
    unit_done(fpi_blob_verify(blobs, nothing, task));
}
END_TEST

START_TEST(the_same_is_kept_once)
{
    struct stat first, second;

    keep_abc();
    ck_assert_int_eq(stat(path_of_blob(abc), &first), 0);
    keep_abc();
    ck_assert_int_eq(stat(path_of_blob(abc), &second), 0);
    ck_assert(first.st_ino == second.st_ino);
    ck_assert_int_eq(count_spools(), 0);
}
END_TEST

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

START_TEST(absent_and_strange_names)
{
    static const char *const names[] = {
        "", "ab", "../../etc/passwd", abc + 1,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015aD",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a/",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adad", nothing,
    };
    int64_t size;
    int fd;

    keep_abc();
    for (int i = 0; i < UNIT_COUNT(names); i++) {
        unit_failed(fpi_blob_open(&fd, &size, blobs, names[i], task), FPI_E_ABSENT);
        unit_failed(fpi_blob_verify(blobs, names[i], task), FPI_E_ABSENT);
        ck_assert(!fpi_blob_has(blobs, names[i]));
    }
}
END_TEST

static void replace(const char *sha, const char *bytes)
{
    FILE *out;

    ck_assert_int_eq(unlink(path_of_blob(sha)), 0);
    out = fopen(path_of_blob(sha), "w");
    ck_assert(out && fputs(bytes, out) >= 0 && fclose(out) == 0);
}

START_TEST(damage_is_found_and_healed)
{
    fpi_err_t *err;

    keep_abc();
    replace(abc, "abd");
    err = fpi_blob_verify(blobs, abc, task);
    unit_failed(err, FPI_E_INTERNAL);
    ck_assert(strstr(err->detail, abc) != NULL);
    replace(abc, "ab");
    unit_failed(fpi_blob_verify(blobs, abc, task), FPI_E_INTERNAL);
    keep_abc();
    unit_done(fpi_blob_verify(blobs, abc, task));
}
END_TEST

START_TEST(links_are_not_followed)
{
    int64_t size;
    int fd;

    keep_abc();
    ck_assert_int_eq(unlink(path_of_blob(abc)), 0);
    ck_assert_int_eq(symlink("/etc/passwd", path_of_blob(abc)), 0);
    unit_failed(fpi_blob_open(&fd, &size, blobs, abc, task), FPI_E_STORE);
    ck_assert(!fpi_blob_has(blobs, abc));
    keep_abc();
    unit_done(fpi_blob_verify(blobs, abc, task));
}
END_TEST

/* As a process leaves it that dies between mkdir and the flush of the folders above. */
START_TEST(unflushed_folders_are_flushed_later)
{
    ck_assert_int_eq(mkdir(path_of("ba"), 0700), 0);
    ck_assert_int_eq(mkdir(path_of("ba/78"), S_ISVTX | 0700), 0);
    keep_abc();
    ck_assert_int_eq(mode_of(path_of("ba/78")), 0700);
    ck_assert_int_eq(chmod(path_of("ba/78"), S_ISVTX | 0700), 0);
    keep_abc();
    ck_assert_int_eq(mode_of(path_of("ba/78")), 0700);
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

static fpi_err_t *see(void *baton, const char *sha)
{
    apr_table_t *seen = baton;

    apr_table_add(seen, sha, "");
    return NULL;
}

static fpi_err_t *see_one(void *baton, const char *sha)
{
    int *count = baton;

    return ++*count == 2 ? fpi_fail(task, FPI_E_GONE, "enough") : NULL;
}

START_TEST(lists_all)
{
    apr_table_t *seen = apr_table_make(task->pool, 8);
    int count = 0;

    for (int i = 0; i < 20; i++) {
        char sha[FPI_SHA256_HEX + 1];
        char byte = (char)i;

        unit_done(keep_bytes(sha, &byte, 1, 1, task));
        unit_done(keep_bytes(sha, &byte, 1, 1, task));
    }
    ck_assert_int_eq(mkdir(path_of("lost+found"), 0700), 0);
    ck_assert_int_eq(mknod(path_of("note.txt"), S_IFREG | 0600, 0), 0);
    unit_done(fpi_blobs_list(blobs, see, seen, task));
    ck_assert_int_eq(apr_table_elts(seen)->nelts, 20);
    unit_failed(fpi_blobs_list(blobs, see_one, &count, task), FPI_E_GONE);
    ck_assert_int_eq(count, 2);
}
END_TEST

START_TEST(refuses_bad_places)
{
    fpi_blobs_t *other = NULL;
    const char *note = path_of("note");

    ck_assert_int_eq(mknod(note, S_IFREG | 0600, 0), 0);
    unit_failed(fpi_blobs_open(&other, task->pool, "relative", task), FPI_E_CONFIG);
    unit_failed(fpi_blobs_open(&other, task->pool, "file:relative", task), FPI_E_CONFIG);
    unit_failed(fpi_blobs_open(&other, task->pool, "s3:/bucket", task), FPI_E_CONFIG);
    unit_failed(fpi_blobs_open(&other, task->pool, apr_pstrcat(task->pool, "file:", note, NULL),
                               task), FPI_E_CONFIG);
    unit_failed(fpi_blobs_open(&other, task->pool,
                               apr_pstrcat(task->pool, "file:", note, "/below", NULL), task),
                FPI_E_CONFIG);
    ck_assert(other == NULL);
}
END_TEST

/* ---- many at once ---- */

typedef struct worker_t {
    pthread_t thread;
    int number;
    bool is_done;
} worker_t;

/* Half of what each keeps is the same for all. */
static void *work(void *data)
{
    worker_t *worker = data;
    apr_pool_t *pool;
    fpi_task_t *job;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    job = fpi_task_make(pool, NULL);
    worker->is_done = true;
    for (int i = 0; i < 100; i++) {
        char sha[FPI_SHA256_HEX + 1], text[40];

        snprintf(text, sizeof(text), "%d %d", i % 2 ? worker->number : -1, i);
        worker->is_done = worker->is_done && !keep_bytes(sha, text, strlen(text), 40, job)
                          && !fpi_blob_verify(blobs, sha, job);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void work_together(int from)
{
    worker_t workers[8];

    for (int i = 0; i < 8; i++) {
        workers[i] = (worker_t){ .number = from + i };
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(workers[i].thread, NULL);
        ck_assert(workers[i].is_done);
    }
}

START_TEST(many_at_once)
{
    apr_table_t *seen = apr_table_make(task->pool, 1000);
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        blobs = open_blobs();
        work_together(8);
        _exit(0);
    }
    work_together(0);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    unit_done(fpi_blobs_list(blobs, see, seen, task));
    ck_assert_int_eq(apr_table_elts(seen)->nelts, 16 * 50 + 50);
    ck_assert_int_eq(count_spools(), 0);
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

/* ---- orphans ---- */

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
    Suite *suite = suite_create("blob");
    TCase *tests = tcase_create("blob");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, keeps_and_opens);
    tcase_add_test(tests, keeps_nothing_too);
    tcase_add_test(tests, the_same_is_kept_once);
    tcase_add_test(tests, shows_the_head);
    tcase_add_loop_test(tests, writes_every_length, 0, sizeof(lengths) / sizeof(*lengths));
    tcase_add_loop_test(tests, takes_what_was_filled_in_place, 0, sizeof(lengths) / sizeof(*lengths));
    tcase_add_test(tests, refuses_to_be_filled_beyond_its_limit);
    tcase_add_test(tests, refuses_to_grow);
    tcase_add_test(tests, forgets_what_is_not_kept);
    tcase_add_test(tests, absent_and_strange_names);
    tcase_add_test(tests, damage_is_found_and_healed);
    tcase_add_test(tests, links_are_not_followed);
    tcase_add_test(tests, unflushed_folders_are_flushed_later);
    tcase_add_test(tests, sweeps_what_was_left_over);
    tcase_add_test(tests, lists_all);
    tcase_add_test(tests, refuses_bad_places);
    tcase_add_test(tests, many_at_once);
    tcase_add_test(tests, hits_the_file_limit);
    tcase_add_test(tests, fills_the_disk);
    tcase_add_test(tests, drops_by_age);
    tcase_add_test(tests, keeping_wins_over_dropping);
    tcase_add_test(tests, copies_and_links);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
