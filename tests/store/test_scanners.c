/* Network scanners and their runs, against a real SQLite store. */
#include "base/clock.h"
#include "store/captures.h"
#include "store/scanners.h"
#include "store/scans.h"

#include "store_unit.h"

static fpi_err_t *do_scanners(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_scanner_t one = { .tenant = 1, .name = "b", .address = "http://10.0.0.1/eSCL", .org = 3, .point = 4, .is_enabled = true };
    fpi_scanner_t twin = { .tenant = 1, .name = "b", .address = "x" }, *found, *all;
    fpi_err_t *err;
    int count;

    (void)baton;
    FPI_TRY(fpi_scanner_put(&one, tx, t));
    err = fpi_scanner_put(&twin, tx, t);
    ck_assert(err && err->code == FPI_E_DUPLICATE);
    FPI_TRY(fpi_scanner_find_by_name(&found, tx, 1, "b", t));
    ck_assert(found && found->id == one.id && found->version == 1 && found->org == 3 && found->point == 4 && found->is_enabled);
    FPI_TRY(fpi_scanner_find(&found, tx, 2, one.id, t));
    ck_assert_ptr_null(found); /* another tenant's */
    one.name = "a";
    FPI_TRY(fpi_scanner_put(&one, tx, t));
    found = apr_pmemdup(t->pool, &one, sizeof(one));
    found->version = 1; /* as it was before */
    found->is_checked = true;
    FPI_TRY(fpi_scanner_note(found, tx, t));
    FPI_TRY(fpi_scanner_find(&found, tx, 1, one.id, t));
    ck_assert(found->version == 2 && !found->is_checked); /* a look at an older one tells nothing of it */
    found->is_checked = true;
    found->model = "HP";
    FPI_TRY(fpi_scanner_note(found, tx, t));
    FPI_TRY(fpi_scanners_list(&all, &count, tx, 1, t));
    ck_assert(count == 1 && all[0].is_checked && strcmp(all[0].model, "HP") == 0 && strcmp(all[0].name, "a") == 0);
    FPI_TRY(fpi_scanner_drop(tx, 2, one.id, t));
    FPI_TRY(fpi_scanner_find(&found, tx, 1, one.id, t));
    ck_assert_ptr_nonnull(found);
    FPI_TRY(fpi_scanner_drop(tx, 1, one.id, t));
    FPI_TRY(fpi_scanner_find(&found, tx, 1, one.id, t));
    ck_assert_ptr_null(found);
    return NULL;
}

START_TEST(scanners)
{
    unit_done(fpi_store_write(store, do_scanners, NULL, task));
}
END_TEST

static fpi_scan_t scan_of(int64_t capture, int64_t scanner)
{
    return (fpi_scan_t){ .tenant = 1, .capture = capture, .scanner = scanner, .actor = "user:a", .scanner_name = "s",
                         .settings = { FPI_SCAN_FEEDER, true, 200, FPI_SCAN_GRAY, FPI_SCAN_PDF, FPI_SCAN_LEGAL }, .after = 5 };
}

static fpi_err_t *do_scans(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_scan_t one = scan_of(7, 2), twin = scan_of(7, 2), *found;
    fpi_err_t *err;

    (void)baton;
    FPI_TRY(fpi_scan_put(&one, tx, t));
    err = fpi_scan_put(&twin, tx, t);
    ck_assert(err && err->code == FPI_E_DUPLICATE); /* one at a time of a scanner */
    FPI_TRY(fpi_scan_find_live(&found, tx, 1, 2, t));
    ck_assert(found && found->id == one.id && found->state == FPI_SCAN_RUN_WAITING && fpi_scan_is_live(found));
    ck_assert(memcmp(&found->settings, &one.settings, sizeof(one.settings)) == 0 && found->after == 5);
    found->state = FPI_SCAN_RUN_RUNNING;
    found->job = "/eSCL/ScanJobs/1";
    found->pages = 3;
    FPI_TRY(fpi_scan_keep(found, tx, t));
    FPI_TRY(fpi_scan_find(&found, tx, 1, one.id, t));
    ck_assert(found->pages == 3 && strcmp(found->job, "/eSCL/ScanJobs/1") == 0 && found->problem == FPI_SCAN_FINE);
    found->state = FPI_SCAN_RUN_FAILED;
    found->problem = FPI_SCAN_IS_JAM;
    FPI_TRY(fpi_scan_keep(found, tx, t));
    FPI_TRY(fpi_scan_find(&found, tx, 1, one.id, t));
    ck_assert_int_eq(found->problem, FPI_SCAN_IS_JAM);
    FPI_TRY(fpi_scan_find(&found, tx, 2, one.id, t));
    ck_assert_ptr_null(found);
    FPI_TRY(fpi_scan_find_live(&found, tx, 1, 2, t));
    ck_assert_ptr_null(found);
    return fpi_scan_put(&twin, tx, t);
}

static fpi_err_t *do_many(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_capture_t capture = { .id = 8, .tenant = 1 };
    fpi_scan_t *all, one;
    int64_t total;
    int count;

    (void)baton;
    for (int i = 0; i < FPI_SCANS_KEPT + 20; i++) {
        one = scan_of(8, 9);
        FPI_TRY(fpi_scan_put(&one, tx, t));
        one.state = FPI_SCAN_RUN_DONE;
        FPI_TRY(fpi_scan_keep(&one, tx, t));
    }
    FPI_TRY(fpi_scans_list(&all, &count, &total, tx, 1, 8, 0, 10, t));
    ck_assert_int_eq(total, FPI_SCANS_KEPT);
    ck_assert(count == 10 && all[0].id == one.id && all[1].id < one.id);
    FPI_TRY(fpi_capture_drop(tx, &capture, t));
    FPI_TRY(fpi_scans_list(&all, &count, &total, tx, 1, 8, 0, 10, t));
    ck_assert_int_eq(total, 0);
    FPI_TRY(fpi_scans_list(&all, &count, &total, tx, 1, 7, 0, 10, t));
    ck_assert_int_eq(total, 2);
    return NULL;
}

START_TEST(scans)
{
    unit_done(fpi_store_write(store, do_scans, NULL, task));
    unit_done(fpi_store_write(store, do_many, NULL, task));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scanners");
    TCase *all = tcase_create("all");

    tcase_add_checked_fixture(all, store_unit_open, store_unit_close);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    tcase_add_test(all, scanners);
    tcase_add_test(all, scans);
    return unit_run(suite);
}
