/* What the tests of blobs share: blobs for each test, in a directory of its own; paths in it, and what keeps bytes there.
 *
 * Life:    the directory is made before each test and gone after it.
 * Threads: keep_bytes may be called by many at once, each with a task of its own.
 * Limits:  who includes it has said _GNU_SOURCE, for nftw. */
#ifndef FPI_BLOB_UNIT_H
#define FPI_BLOB_UNIT_H

#include "base/clock.h"
#include "store/blob.h"

#include "unit.h"

#include <apr_strings.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MB = 1024 * 1024 };

/* sha256("abc") and of nothing */
static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static char folder[64];
static fpi_blobs_t *blobs;

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    return remove(path);
}

static inline fpi_blobs_t *open_blobs(void)
{
    fpi_blobs_t *opened = NULL;
    const char *address = apr_pstrcat(task->pool, "file:", folder, "/new/blobs", NULL);

    unit_done(fpi_blobs_open(&opened, task->pool, address, task));
    return opened;
}

static inline void set_up(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi-blob-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    blobs = open_blobs();
}

static inline void tear_down(void)
{
    unit_close();
    fpi_clock_set(NULL);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *path_of(const char *name)
{
    return apr_pstrcat(task->pool, folder, "/new/blobs/", name, NULL);
}

static inline const char *path_of_blob(const char *sha)
{
    return path_of(apr_psprintf(task->pool, "%.2s/%.2s/%s", sha, sha + 2, sha));
}

static inline int count_spools(void)
{
    DIR *spools = opendir(path_of("spool"));
    int count = 0;

    while (readdir(spools)) {
        count++;
    }
    closedir(spools);
    return count - 2;
}

static inline fpi_err_t *keep_bytes(char *sha, const char *bytes, size_t len, size_t piece,
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

static inline void keep_abc(void)
{
    char sha[FPI_SHA256_HEX + 1];

    unit_done(keep_bytes(sha, "abc", 3, 2, task));
    ck_assert_str_eq(sha, abc);
}

/* A test case of `suite` whose tests have blobs. */
static inline TCase *blob_case(Suite *suite, const char *name)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, set_up, tear_down);
    tcase_set_timeout(made, 120);
    suite_add_tcase(suite, made);
    return made;
}

#endif
