/* A store is opened: made where there is none, and refused with what to do where the file is not ours or not of our schema. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif
#include "core_unit.h"

START_TEST(opens_and_makes)
{
    fpi_store_stats_t stats;
    fpi_store_t *store;
    struct stat st;

    ck_assert_int_eq(mknod(file, S_IFREG | 0644, 0), 0);
    store = open_store();
    ck_assert_int_eq(stat(file, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(raw_number("PRAGMA application_id"), 0x4650494D);
    fpi_store_stats(store, &stats);
    ck_assert_int_ge(stats.schema, 1);
    ck_assert_int_eq(raw_number("PRAGMA user_version"), stats.schema);
    unit_done(fpi_store_check(store, task));
    fpi_store_close(&store);
    ck_assert(store == NULL);
    unit_done(open_with(&store, address, false));
    ck_assert(fpi_store_version()[0] == '3');
}
END_TEST

static void refuse(const char *database, bool may_migrate, const char *part)
{
    fpi_store_t *store = NULL;
    fpi_err_t *err = open_with(&store, database, may_migrate);

    unit_failed(err, FPI_E_CONFIG);
    ck_assert_msg(strstr(fpi_err_chain(task->pool, err), part) != NULL, "no \"%s\" in %s", part,
                  fpi_err_chain(task->pool, err));
    ck_assert(store == NULL);
}

START_TEST(refuses_what_is_not_there)
{
    refuse(address, false, "fpimagectl init");
    refuse("sqlite:relative.db", true, "absolute");
    refuse("oracle://x", true, "oracle");
    refuse("sqlite:/nowhere/at/all/fp.db", true, "/nowhere/at/all");
    refuse(apr_pstrcat(task->pool, "sqlite:", folder, NULL), true, "not a file");
    ck_assert_int_eq(mknod(file, S_IFREG | 0600, 0), 0);
    refuse(address, false, "empty");
}
END_TEST

START_TEST(refuses_foreign_files)
{
    raw_run(file, "CREATE TABLE theirs (x); PRAGMA application_id=305419896;");
    refuse(address, true, "another program (application id 0x12345678)");
    raw_run(file, "PRAGMA application_id=0;");
    refuse(address, true, "another program");
    ck_assert_int_eq(raw_number("SELECT count(*) FROM sqlite_master"), 1);
    ck_assert_int_eq(unlink(file), 0);
}
END_TEST

START_TEST(refuses_what_is_no_database)
{
    FILE *out = fopen(file, "w");

    for (int i = 0; i < 1000; i++) {
        fputs("this is not a database\n", out);
    }
    fclose(out);
    refuse(address, true, "no database");
}
END_TEST

START_TEST(refuses_other_schemas)
{
    fpi_store_t *store = open_store();

    fpi_store_close(&store);
    raw_run(file, "PRAGMA user_version=4711;");
    refuse(address, true, "has schema 4711");
    refuse(address, false, "install the program");
    raw_run(file, "PRAGMA user_version=0;");
    refuse(address, false, "run fpimagectl init");
}
END_TEST

START_TEST(many_open_at_once)
{
    pid_t pids[6];

    for (int i = 0; i < UNIT_COUNT(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            fpi_store_t *store;

            _exit(open_with(&store, address, true) ? 1 : 0);
        }
    }
    for (int i = 0; i < UNIT_COUNT(pids); i++) {
        wait_child(pids[i]);
    }
    open_store();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("open");
    TCase *tests = core_case(suite, "open");

    tcase_add_test(tests, opens_and_makes);
    tcase_add_test(tests, refuses_what_is_not_there);
    tcase_add_test(tests, refuses_foreign_files);
    tcase_add_test(tests, refuses_what_is_no_database);
    tcase_add_test(tests, refuses_other_schemas);
    tcase_add_test(tests, many_open_at_once);
    return unit_run(suite);
}
