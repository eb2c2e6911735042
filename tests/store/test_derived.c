/* Derived pictures: kept whole, gone without harm, swept by age. */
#include "base/clock.h"
#include "store/derived.h"
#include "unit/unit.h"

#include <apr_strings.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char sha[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static char folder[64];
static fpi_blobs_t *blobs;
static int files;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    return remove(path);
}

static int count_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    files += kind == FTW_F;
    return 0;
}

static int count_files(void)
{
    files = 0;
    nftw(folder, count_one, 16, FTW_PHYS);
    return files;
}

static void set_up(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi-derived-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    unit_done(fpi_blobs_open(&blobs, task->pool, apr_pstrcat(task->pool, "file:", folder, NULL), task));
}

static void tear_down(void)
{
    unit_close();
    fpi_clock_set(NULL);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void check_is(const char *what, const char *content)
{
    char buffer[100] = "";
    int64_t size;
    int fd;

    unit_done(fpi_derived_open(&fd, &size, blobs, sha, what, task));
    ck_assert_int_eq(size, strlen(content));
    ck_assert_int_eq(read(fd, buffer, sizeof(buffer)), size);
    ck_assert_str_eq(buffer, content);
}

START_TEST(keeps_and_opens)
{
    int64_t size;
    int fd;

    unit_failed(fpi_derived_open(&fd, &size, blobs, sha, "p1-200-r0", task), FPI_E_ABSENT);
    unit_done(fpi_derived_keep(blobs, sha, "p1-200-r0", "picture", 7, task));
    unit_done(fpi_derived_keep(blobs, sha, "p1-200-r90", "turned", 6, task));
    check_is("p1-200-r0", "picture");
    check_is("p1-200-r90", "turned");
    unit_done(fpi_derived_keep(blobs, sha, "p1-200-r0", "again", 5, task)); /* another was as quick */
    check_is("p1-200-r0", "again");
    ck_assert_int_eq(count_files(), 2);
}
END_TEST

START_TEST(strange_names_reach_no_path)
{
    static const char *const names[] = { "", "../x", "a/b", "A", "a.b", "a_b",
                                         "a234567890123456789012345678901234567890123456789012345678901" };
    int64_t size;
    int fd;

    unit_failed(fpi_derived_keep(blobs, sha, names[_i], "x", 1, task), FPI_E_ABSENT);
    unit_failed(fpi_derived_open(&fd, &size, blobs, sha, names[_i], task), FPI_E_ABSENT);
    unit_failed(fpi_derived_open(&fd, &size, blobs, "../../etc/passwd", "a", task), FPI_E_ABSENT);
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

START_TEST(are_no_blobs)
{
    unit_done(fpi_derived_keep(blobs, sha, "a", "x", 1, task));
    ck_assert(!fpi_blob_has(blobs, sha));
    ck_assert_int_eq(count_files(), 1);
    unit_failed(fpi_blob_verify(blobs, sha, task), FPI_E_ABSENT);
}
END_TEST

static apr_time_t in_a_year(void)
{
    return apr_time_now() + apr_time_from_sec(365 * 86400);
}

START_TEST(are_swept_by_age)
{
    enum { SLICE = 0xba };

    unit_done(fpi_derived_keep(blobs, sha, "a", "x", 1, task));
    fpi_derived_sweep(blobs, SLICE, apr_time_from_sec(3600));
    check_is("a", "x");
    fpi_clock_set(in_a_year);
    fpi_derived_sweep(blobs, SLICE + 1, apr_time_from_sec(3600));
    check_is("a", "x");
    fpi_derived_sweep(blobs, SLICE + 256, apr_time_from_sec(3600));
    ck_assert_int_eq(count_files(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("derived");
    TCase *tests = tcase_create("derived");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, keeps_and_opens);
    tcase_add_loop_test(tests, strange_names_reach_no_path, 0, 7);
    tcase_add_test(tests, are_no_blobs);
    tcase_add_test(tests, are_swept_by_age);
    return unit_run(suite);
}
