/* Organisations, bill types, the push table, settings and nonces against a real SQLite store. */
#include "store/people.h"

#include "noun_unit.h"

TX_TEST(orgs)
{
    fpi_org_t *org;
    bool is_new;

    unit_done(fpi_org_find(&org, tx, 1, "91440300MA5EXAMPLE", "01", t));
    ck_assert_ptr_null(org);
    unit_done(fpi_org_put(&org, &is_new, tx, 1, "01", "总部", "91440300MA5EXAMPLE", t));
    ck_assert(is_new);
    ck_assert_int_eq(org->tenant, 1);
    ck_assert_int_eq(org->parent, 0);
    unit_done(fpi_org_put(&org, &is_new, tx, 1, "02", NULL, NULL, t));
    ck_assert(is_new);
    ck_assert_ptr_null(org->tax_no);
    unit_done(fpi_org_put(&org, &is_new, tx, 1, "01", "another", "X", t));
    ck_assert(!is_new);
    ck_assert_str_eq(org->name, "总部");

    unit_done(fpi_org_find(&org, tx, 1, "91440300MA5EXAMPLE", "02", t));
    ck_assert_str_eq(org->code, "01");
    unit_done(fpi_org_find(&org, tx, 1, "unknown", "02", t));
    ck_assert_str_eq(org->code, "02");
    unit_done(fpi_org_find(&org, tx, 1, NULL, "02", t));
    ck_assert_str_eq(org->code, "02");
    unit_done(fpi_org_find(&org, tx, 1, "", "", t));
    ck_assert_ptr_null(org);
    unit_done(fpi_org_find(&org, tx, 1, NULL, NULL, t));
    ck_assert_ptr_null(org);
    unit_done(fpi_org_find(&org, tx, 2, "91440300MA5EXAMPLE", "01", t));
    ck_assert_ptr_null(org);

    unit_done(fpi_bill_type_put(&is_new, tx, 1, "BX", "报销单", t));
    ck_assert(is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "BX", "报销单", t));
    ck_assert(!is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "FK", t)); /* a push knows the code only */
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "FK", t));
    ck_assert(!is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "付款单", t));
    ck_assert(is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 1, "FK", "另一个名称", t));
    ck_assert(!is_new);
    unit_done(fpi_bill_type_put(&is_new, tx, 2, "BX", "报销单", t));
    ck_assert(is_new);
    return NULL;
}

TX_TEST(push_table)
{
    fpi_push_row_t row = {
        .tenant = 1, .name = "A", .tax_no = "T1", .client_id = "c1", .url = "u"
    };
    fpi_push_row_t *rows;
    int64_t first;
    int count;
    bool was;

    unit_done(fpi_push_row_put(&row, tx, t));
    first = row.id;
    ck_assert_int_gt(first, 0);
    ck_assert_int_eq(row.created, now);
    row = (fpi_push_row_t){ .tenant = 1, .name = "B", .tax_no = "T1", .client_id = "c1" };
    now += SECOND;
    unit_done(fpi_push_row_put(&row, tx, t));
    ck_assert_int_eq(row.id, first);
    ck_assert_int_eq(row.created, now - SECOND);
    row = (fpi_push_row_t){ .tenant = 1, .client_id = "c1" };
    unit_done(fpi_push_row_put(&row, tx, t));
    ck_assert_int_ne(row.id, first);
    row = (fpi_push_row_t){ .tenant = 2, .tax_no = "T1", .client_id = "c1" };
    unit_done(fpi_push_row_put(&row, tx, t));

    unit_done(fpi_push_rows_list(&rows, &count, tx, t));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(rows[0].name, "B");
    ck_assert_ptr_null(rows[0].url);
    ck_assert_str_eq(rows[1].tax_no, "");
    ck_assert_int_eq(rows[2].tenant, 2);
    unit_done(fpi_push_row_drop(tx, 1, first, &was, t));
    ck_assert(was);
    unit_done(fpi_push_row_drop(tx, 1, first, &was, t));
    ck_assert(!was);
    return NULL;
}

TX_TEST(settings)
{
    const char *value;

    unit_done(fpi_setting_find(&value, tx, 1, "mode", t));
    ck_assert_ptr_null(value);
    unit_done(fpi_setting_put(tx, 1, "mode", "2", t));
    unit_done(fpi_setting_put(tx, 1, "mode", "3", t));
    unit_done(fpi_setting_find(&value, tx, 1, "mode", t));
    ck_assert_str_eq(value, "3");
    unit_done(fpi_setting_find(&value, tx, 2, "mode", t));
    ck_assert_ptr_null(value);
    unit_done(fpi_setting_put(tx, 1, "mode", NULL, t));
    unit_done(fpi_setting_find(&value, tx, 1, "mode", t));
    ck_assert_ptr_null(value);
    return NULL;
}

TX_TEST(nonces)
{
    unit_done(fpi_nonce_take(tx, "c1|sign", now + 10 * SECOND, now, t));
    unit_done(fpi_nonce_take(tx, "c2|sign", now + 10 * SECOND, now, t));
    unit_failed(fpi_nonce_take(tx, "c1|sign", now + 20 * SECOND, now + SECOND, t), FPI_E_DUPLICATE);
    unit_failed(fpi_nonce_take(tx, "c1|sign", now + 20 * SECOND, now + 10 * SECOND, t),
                FPI_E_DUPLICATE);
    unit_done(fpi_nonce_take(tx, "c1|sign", now + 30 * SECOND, now + 10 * SECOND + 1, t));
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("orgs");
    TCase *tests = noun_case(suite, "orgs");

    tcase_add_test(tests, orgs);
    tcase_add_test(tests, push_table);
    tcase_add_test(tests, settings);
    tcase_add_test(tests, nonces);
    return unit_run(suite);
}
