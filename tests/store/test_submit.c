/* Who may submit, the mode of a bill, and moves, against a real SQLite store. */
#include "service/modes.h"
#include "service/submit.h"
#include "store/people.h"

#include "store_unit.h"

#include <stdio.h>

static fpi_bill_t *bill_with(fpi_tx_t *tx, int files, fpi_task_t *t)
{
    fpi_bill_t *bill = apr_pcalloc(t->pool, sizeof(*bill));

    bill->tenant = 1;
    bill->number = "S-1";
    bill->resource = "EAS";
    bill->type_code = "TYPE";
    bill->org_code = "UNKNOWN-ORG";
    bill->is_announced = true;
    bill->state = files ? FPI_STATE_UPLOADED : FPI_STATE_WAITING;
    unit_done(fpi_bill_put(bill, tx, t));
    for (int i = 0; i < files; i++) {
        fpi_file_t file = { .tenant = 1, .bill = bill->id, .kind = FPI_KIND_INVOICE, .name = "f", .media = "m",
                            .sha256 = apr_psprintf(t->pool, "sha%d", i) };
        bool is_new;

        unit_done(fpi_file_put(&file, &is_new, tx, t));
    }
    return bill;
}

static fpi_err_t *submit_by(const fpi_viewer_t *viewer, fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *t)
{
    fpi_submit_t submit = { .order = { .act = FPI_ACT_SUBMIT }, .viewer = viewer };

    return fpi_submit(&submit, bill, tx, t);
}

static fpi_err_t *submit_as(const char *actor, fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *t)
{
    fpi_submit_t submit = { .order = { .act = FPI_ACT_SUBMIT } };
    fpi_err_t *err;

    t->actor = actor;
    err = fpi_submit(&submit, bill, tx, t);
    t->actor = "system";
    return err;
}

TX_TEST(persons_need_a_scan_point)
{
    const fpi_viewer_t person = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 7 },
                       event = { .kind = FPI_VIEWER_EVENT, .tenant = 1, .user = 7 },
                       scanner = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 8, .point = 3 },
                       enterprise = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1 };
    fpi_bill_t *bill = bill_with(tx, 1, t);
    fpi_err_t *err = submit_by(&person, bill, tx, t);

    unit_failed(err, FPI_E_NO_POINT);
    ck_assert_ptr_nonnull(strstr(err->zh, "未绑定扫描点"));
    ck_assert_int_eq(bill->state, FPI_STATE_UPLOADED);
    unit_done(fpi_setting_put(tx, 1, "scan.everyone", "off", t));
    unit_failed(submit_by(&person, bill, tx, t), FPI_E_NO_POINT);
    unit_failed(submit_by(&event, bill, tx, t), FPI_E_NO_POINT);
    unit_done(fpi_submit_may(tx, &scanner, 1, bill->number, t));
    unit_done(fpi_submit_may(tx, &enterprise, 1, bill->number, t));
    unit_done(fpi_submit_may(tx, NULL, 1, bill->number, t));
    unit_done(fpi_setting_put(tx, 1, "scan.everyone", "on", t));
    unit_done(fpi_submit_may(tx, &event, 1, bill->number, t));
    unit_done(submit_by(&person, bill, tx, t));
    ck_assert_int_eq(bill->state, FPI_STATE_SUBMITTED);
    return NULL;
}

TX_TEST(systems_do_not)
{
    static const char *const actors[] = { "client:C1", "admin:root", "system", "cloud", NULL };

    for (int i = 0; i < UNIT_COUNT(actors); i++) {
        fpi_bill_t *bill = bill_with(tx, 1, t);

        unit_done(submit_as(actors[i], bill, tx, t));
        bill->number = apr_psprintf(t->pool, "OLD-%d", i);
        unit_done(fpi_bill_put(bill, tx, t));
    }
    return NULL;
}

TX_TEST(a_move_raises_the_version_once)
{
    fpi_bill_t *bill = bill_with(tx, 2, t), *stored;
    fpi_order_t order = { FPI_ACT_RESCAN, "why", "who", NULL };
    fpi_file_t *files;
    int count;
    bool is_changed;

    unit_done(fpi_move(&is_changed, bill, &order, tx, t));
    ck_assert(is_changed);
    unit_done(fpi_move(&is_changed, bill, &order, tx, t));
    ck_assert(!is_changed);
    unit_done(fpi_bill_find_by_id(&stored, tx, 1, bill->id, t));
    ck_assert_int_eq(stored->version, 1);
    ck_assert_int_eq(stored->state, FPI_STATE_RESCAN);
    ck_assert_int_eq(stored->state_before, FPI_STATE_UPLOADED);
    unit_done(fpi_files_list(&files, &count, tx, 1, bill->id, 10, t));
    ck_assert_int_eq(files[1].state, FPI_FILE_UNCHANGED);
    order.act = FPI_ACT_CANCEL_RESCAN;
    unit_done(fpi_move(&is_changed, bill, &order, tx, t));
    ck_assert_int_eq(bill->state, FPI_STATE_UPLOADED);
    unit_done(fpi_files_list(&files, &count, tx, 1, bill->id, 10, t));
    ck_assert_int_eq(files[1].state, FPI_FILE_NORMAL);
    return NULL;
}

TX_TEST(a_locked_bill_stays)
{
    fpi_bill_t *bill = bill_with(tx, 1, t);
    fpi_order_t order = { FPI_ACT_VOID, NULL, NULL, NULL };
    bool is_changed;
    fpi_err_t *err;

    unit_done(submit_as("client:C", bill, tx, t));
    bill->voucher = "V-9";
    unit_done(fpi_move_lock(&is_changed, bill, true, &order, tx, t));
    ck_assert(is_changed && bill->is_locked);
    err = fpi_move(&is_changed, bill, &order, tx, t);
    unit_failed(err, FPI_E_STATE);
    ck_assert_ptr_nonnull(strstr(err->zh, "V-9"));
    ck_assert_ptr_nonnull(strstr(err->en, "V-9"));
    unit_done(fpi_move_lock(&is_changed, bill, false, &order, tx, t));
    unit_done(fpi_move(&is_changed, bill, &order, tx, t));
    ck_assert_int_eq(bill->state, FPI_STATE_VOID);
    return NULL;
}

static void is_mode(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_mode_t mode, fpi_scope_t scope, fpi_task_t *t)
{
    fpi_mode_said_t said;

    unit_done(fpi_mode_find(&said, tx, bill, t));
    ck_assert_int_eq(said.mode, mode);
    ck_assert_int_eq(said.scope, scope);
}

static void say(fpi_tx_t *tx, fpi_scope_t scope, const char *code, fpi_mode_t mode, fpi_task_t *t)
{
    fpi_mode_said_t said = { mode, scope, code, FPI_MODE_NONE };

    t->tenant = 1;
    unit_done(fpi_mode_put(tx, &said, t));
}

TX_TEST(modes_go_before_one_another)
{
    fpi_bill_t *bill = bill_with(tx, 1, t);

    is_mode(tx, bill, FPI_MODE_BASIC, FPI_SCOPE_DEFAULT, t);
    say(tx, FPI_SCOPE_TENANT, NULL, FPI_MODE_SYNC, t);
    is_mode(tx, bill, FPI_MODE_SYNC, FPI_SCOPE_TENANT, t);
    say(tx, FPI_SCOPE_ORG, "UNKNOWN-ORG", FPI_MODE_MATCH, t);
    is_mode(tx, bill, FPI_MODE_MATCH, FPI_SCOPE_ORG, t);
    say(tx, FPI_SCOPE_TYPE, "TYPE", FPI_MODE_SYNC, t);
    is_mode(tx, bill, FPI_MODE_SYNC, FPI_SCOPE_TYPE, t);
    bill->is_announced = false;
    is_mode(tx, bill, FPI_MODE_BASIC, FPI_SCOPE_DEFAULT, t);
    unit_failed(fpi_mode_parse(&(fpi_mode_t){ 0 }, "audit", t), FPI_E_FIELD);
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("submit");
    TCase *one = tcase_create("submit");

    tcase_add_checked_fixture(one, store_unit_open, store_unit_close);
    tcase_add_test(one, persons_need_a_scan_point);
    tcase_add_test(one, systems_do_not);
    tcase_add_test(one, a_move_raises_the_version_once);
    tcase_add_test(one, a_locked_bill_stays);
    tcase_add_test(one, modes_go_before_one_another);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
