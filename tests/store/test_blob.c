/* Blobs: what is kept is whole, named by its content and there once; damage, links and strange names are not taken for one. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif
#include "blob_unit.h"

#include <apr_tables.h>
#include <pthread.h>
#include <sys/wait.h>

static unsigned mode_of(const char *path)
{
    struct stat st;

    ck_assert_msg(lstat(path, &st) == 0, "%s", path);
    return st.st_mode & 07777;
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

int main(void)
{
    Suite *suite = suite_create("blob");
    TCase *tests = blob_case(suite, "blob");

    tcase_add_test(tests, keeps_and_opens);
    tcase_add_test(tests, keeps_nothing_too);
    tcase_add_test(tests, the_same_is_kept_once);
    tcase_add_test(tests, absent_and_strange_names);
    tcase_add_test(tests, damage_is_found_and_healed);
    tcase_add_test(tests, links_are_not_followed);
    tcase_add_test(tests, unflushed_folders_are_flushed_later);
    tcase_add_test(tests, lists_all);
    tcase_add_test(tests, refuses_bad_places);
    tcase_add_test(tests, many_at_once);
    return unit_run(suite);
}
