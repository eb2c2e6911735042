/* Bills and their timelines against a real SQLite store: they come back as put, and are found by what is theirs alone. */
#include "store/bills.h"

#include "noun_unit.h"

static fpi_bill_t *bill_with(const char *number, const char *resource)
{
    fpi_bill_t *bill = apr_pcalloc(task->pool, sizeof(*bill));

    bill->tenant = 1;
    bill->number = number;
    bill->resource = resource;
    return bill;
}

static fpi_bill_t *put_bill(fpi_tx_t *tx, const char *number, const char *resource)
{
    fpi_bill_t *bill = bill_with(number, resource);

    unit_done(fpi_bill_put(bill, tx, task));
    ck_assert_int_gt(bill->id, 0);
    return bill;
}

#define SAME(member) ck_assert_str_eq(a->member, b->member)

static void same_bill(const fpi_bill_t *a, const fpi_bill_t *b)
{
    ck_assert_int_eq(a->id, b->id);
    ck_assert_int_eq(a->tenant, b->tenant);
    ck_assert_int_eq(a->org, b->org);
    SAME(number);
    SAME(resource);
    SAME(erp_id);
    SAME(bill_no);
    SAME(type_code);
    SAME(type_name);
    SAME(tax_no);
    SAME(apply_name);
    SAME(apply_phone);
    SAME(apply_erp_user);
    SAME(org_code);
    SAME(org_name);
    ck_assert_int_eq(a->state, b->state);
    ck_assert_int_eq(a->state_before, b->state_before);
    ck_assert_int_eq(a->is_announced, b->is_announced);
    ck_assert_int_eq(a->is_locked, b->is_locked);
    SAME(voucher);
    SAME(reason);
    SAME(doc_sha);
    SAME(push_sha);
    ck_assert_int_eq(a->push_version, b->push_version);
    ck_assert_int_eq(a->page_count, b->page_count);
    ck_assert_int_eq(a->created, b->created);
    ck_assert_int_eq(a->updated, b->updated);
}

/* Every member differs from every other, and between rounds. */
static void fill_bill(fpi_bill_t *bill, int round)
{
    const char **texts[] = { &bill->number, &bill->resource, &bill->erp_id, &bill->bill_no,
                             &bill->type_code, &bill->type_name, &bill->tax_no, &bill->apply_name,
                             &bill->apply_phone, &bill->apply_erp_user, &bill->org_code,
                             &bill->org_name, &bill->voucher, &bill->reason, &bill->doc_sha,
                             &bill->push_sha };

    for (int i = 0; i < UNIT_COUNT(texts); i++) {
        *texts[i] = apr_psprintf(task->pool, "文%d-%d", round, i);
    }
    bill->org = 100 + round;
    bill->state = round ? FPI_STATE_RESCAN : FPI_STATE_SUBMITTED;
    bill->state_before = round ? FPI_STATE_REVIEWED : FPI_STATE_WAITING;
    bill->is_announced = !round;
    bill->is_locked = round;
    bill->push_version = 1700000000123 + round;
    bill->page_count = 7 + round;
}

TX_TEST(bills_come_back_as_put)
{
    fpi_bill_t *bill = bill_with(NULL, NULL), *found;

    for (int round = 0; round < 2; round++) {
        now += SECOND;
        fill_bill(bill, round);
        unit_done(fpi_bill_put(bill, tx, t));
        ck_assert_int_eq(bill->updated, now);
        ck_assert_int_eq(bill->created, now - round * SECOND);
        unit_done(fpi_bill_find_by_id(&found, tx, 1, bill->id, t));
        same_bill(found, bill);
        unit_done(fpi_bill_find(&found, tx, 1, bill->number, bill->resource, t));
        same_bill(found, bill);
        unit_done(fpi_bill_find_by_erp(&found, tx, 1, bill->erp_id, NULL, t));
        same_bill(found, bill);
        unit_done(fpi_bill_find_by_erp(&found, tx, 1, NULL, bill->bill_no, t));
        same_bill(found, bill);
    }
    bill = put_bill(tx, "N", NULL);
    unit_done(fpi_bill_find(&found, tx, 1, "N", "", t));
    ck_assert_str_eq(found->resource, "");
    ck_assert_ptr_null(found->erp_id);
    ck_assert_ptr_null(found->voucher);
    return NULL;
}

TX_TEST(bills_are_found_by_number_and_resource)
{
    fpi_bill_t *bare = put_bill(tx, "N", ""), *found, *eas, *k3;

    unit_done(fpi_bill_find(&found, tx, 1, "N", "EAS", t));
    ck_assert_int_eq(found->id, bare->id);
    eas = put_bill(tx, "N", "EAS");
    unit_done(fpi_bill_find(&found, tx, 1, "N", "EAS", t));
    ck_assert_int_eq(found->id, eas->id);
    unit_done(fpi_bill_find(&found, tx, 1, "N", "K3", t));
    ck_assert_int_eq(found->id, bare->id);
    eas->is_announced = true;
    unit_done(fpi_bill_put(eas, tx, t));
    put_bill(tx, "N", "LATE"); /* newer, but nobody announced it */
    unit_done(fpi_bill_find(&found, tx, 1, "N", "", t));
    ck_assert_int_eq(found->id, eas->id);
    k3 = bill_with("N", "K3");
    k3->is_announced = true;
    now += SECOND;
    unit_done(fpi_bill_put(k3, tx, t));
    unit_done(fpi_bill_find(&found, tx, 1, "N", NULL, t));
    ck_assert_int_eq(found->id, k3->id);

    bare->resource = "EAS";
    unit_failed(fpi_bill_put(bare, tx, t), FPI_E_DUPLICATE);
    unit_failed(fpi_bill_put(bill_with("N", "EAS"), tx, t), FPI_E_DUPLICATE);
    bare->resource = "NEW";
    unit_done(fpi_bill_put(bare, tx, t));
    unit_done(fpi_bill_find(&found, tx, 1, "N", "NEW", t));
    ck_assert_int_eq(found->id, bare->id);
    unit_done(fpi_bill_find(&found, tx, 1, "N", "ZZ", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find(&found, tx, 1, "n", "", t));
    ck_assert_ptr_null(found);
    return NULL;
}

static fpi_bill_t *put_erp_bill(fpi_tx_t *tx, const char *number, const char *erp_id,
                                const char *bill_no, fpi_state_t state)
{
    fpi_bill_t *bill = bill_with(number, "EAS");

    bill->erp_id = erp_id;
    bill->bill_no = bill_no;
    bill->state = state;
    unit_done(fpi_bill_put(bill, tx, task));
    return bill;
}

static int64_t id_by_erp(fpi_tx_t *tx, const char *erp_id, const char *bill_no)
{
    fpi_bill_t *found;

    unit_done(fpi_bill_find_by_erp(&found, tx, 1, erp_id, bill_no, task));
    return found ? found->id : 0;
}

TX_TEST(bills_are_found_by_the_erps_keys)
{
    fpi_bill_t *one = put_erp_bill(tx, "N1", "e1", "b1", FPI_STATE_WAITING);
    fpi_bill_t *two = put_erp_bill(tx, "N2", "e2", "b1", FPI_STATE_WAITING);
    fpi_bill_t *gone = put_erp_bill(tx, "N3", "e3", "b3", FPI_STATE_VOID);
    fpi_bill_t *anew;

    put_erp_bill(tx, "N4", "", "", FPI_STATE_WAITING);
    put_erp_bill(tx, "N5", NULL, NULL, FPI_STATE_WAITING);
    ck_assert_int_eq(id_by_erp(tx, "e1", NULL), one->id);
    ck_assert_int_eq(id_by_erp(tx, "e2", "b1"), two->id);
    ck_assert_int_eq(id_by_erp(tx, NULL, "b1"), 0);
    ck_assert_int_eq(id_by_erp(tx, "e9", "b1"), 0);
    ck_assert_int_eq(id_by_erp(tx, "", ""), 0);
    ck_assert_int_eq(id_by_erp(tx, NULL, NULL), 0);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), gone->id);
    ck_assert_int_eq(id_by_erp(tx, "e9", "b3"), gone->id);
    anew = put_erp_bill(tx, "N6", "e3", "b3", FPI_STATE_UPLOADED);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), anew->id);
    ck_assert_int_eq(id_by_erp(tx, NULL, "b3"), anew->id);
    put_erp_bill(tx, "N7", "e3", "b3", FPI_STATE_VOID);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), anew->id);
    put_erp_bill(tx, "N8", "e3", "b7", FPI_STATE_UPLOADED);
    ck_assert_int_eq(id_by_erp(tx, "e3", NULL), 0);
    ck_assert_int_eq(id_by_erp(tx, "e3", "b3"), anew->id);
    return NULL;
}

TX_TEST(bills_of_another_tenant_do_not_exist)
{
    fpi_bill_t *bill = put_erp_bill(tx, "N", "e", "b", FPI_STATE_WAITING), *found;
    fpi_event_t *events;
    fpi_invoice_t invoice = { .tenant = 1, .bill = bill->id, .serial_no = "s" }, *invoices;
    fpi_file_t file = { .tenant = 1, .bill = bill->id, .name = "f", .sha256 = "aa" }, *files;
    int64_t dropped;
    bool is;
    int count;

    unit_done(fpi_trail_add(tx, bill, "state", "note", NULL, t));
    unit_done(fpi_invoice_put(&invoice, &is, tx, t));
    unit_done(fpi_file_put(&file, &is, tx, t));

    unit_done(fpi_bill_find(&found, tx, 2, "N", "EAS", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find(&found, tx, 2, "N", "", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find_by_id(&found, tx, 2, bill->id, t));
    ck_assert_ptr_null(found);
    unit_done(fpi_bill_find_by_erp(&found, tx, 2, "e", "b", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_invoices_list(&invoices, &count, tx, 2, bill->id, 10, t));
    ck_assert_int_eq(count, 0);
    unit_done(fpi_invoices_keep_only(&dropped, tx, 2, bill->id, NULL, 0, t));
    ck_assert_int_eq(dropped, 0);
    unit_done(fpi_files_list(&files, &count, tx, 2, bill->id, 10, t));
    ck_assert_int_eq(count, 0);
    file.tenant = 2;
    unit_failed(fpi_file_put(&file, &is, tx, t), FPI_E_ABSENT);

    bill->tenant = 2;
    unit_done(fpi_trail_list(&events, &count, tx, bill, 0, 10, t));
    ck_assert_int_eq(count, 0);
    unit_failed(fpi_bill_put(bill, tx, t), FPI_E_ABSENT);
    bill->id = 0;
    unit_done(fpi_bill_put(bill, tx, t)); /* the same number is free there */
    unit_done(fpi_invoices_list(&invoices, &count, tx, 1, invoice.bill, 10, t));
    ck_assert_int_eq(count, 1);
    return NULL;
}

TX_TEST(timeline)
{
    fpi_bill_t *bill = put_bill(tx, "A", "EAS"), *other = put_bill(tx, "B", "EAS");
    fpi_event_t *events;
    int count;

    t->actor = "client:c1";
    for (int i = 0; i < 5; i++) {
        now += SECOND;
        unit_done(fpi_trail_add(tx, bill, "state", apr_psprintf(t->pool, "note %d", i),
                                i ? NULL : "{\"a\":1}", t));
        unit_done(fpi_trail_add(tx, other, "push", NULL, NULL, t));
    }
    unit_done(fpi_trail_list(&events, &count, tx, bill, 0, 3, t));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(events[0].note, "note 0");
    ck_assert_str_eq(events[0].detail, "{\"a\":1}");
    ck_assert_str_eq(events[0].actor, "client:c1");
    ck_assert_str_eq(events[0].trace, t->trace);
    ck_assert_str_eq(events[0].kind, "state");
    ck_assert_int_eq(events[1].at, now - 3 * SECOND);
    ck_assert_int_eq(events[1].bill, bill->id);
    ck_assert_int_eq(events[1].tenant, 1);
    ck_assert_ptr_null(events[1].detail);
    unit_done(fpi_trail_list(&events, &count, tx, bill, events[2].id, 3, t));
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(events[1].note, "note 4");
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("bills");
    TCase *tests = noun_case(suite, "bills");

    tcase_add_test(tests, bills_come_back_as_put);
    tcase_add_test(tests, bills_are_found_by_number_and_resource);
    tcase_add_test(tests, bills_are_found_by_the_erps_keys);
    tcase_add_test(tests, bills_of_another_tenant_do_not_exist);
    tcase_add_test(tests, timeline);
    return unit_run(suite);
}
