/* Who sees and files what: the rule of model/viewer.h, and permissions. */
#include "model/viewer.h"

#include "unit.h"

#include <ctype.h>
#include <string.h>

static const int64_t ten[] = { 10 }, ten_twenty[] = { 10, 20 }, bill_seven[] = { 7 };

#define PERSON .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 3

static const struct case_t {
    fpi_viewer_t viewer;
    fpi_bill_t bill;
    bool sees, works;
} cases[] = {
    { { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = "T1" }, { .tax_no = "T1" }, true, true },
    { { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = "T1" }, { .tax_no = "T2" }, false, false },
    { { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = "T1" }, { .tax_no = NULL }, true, true },
    { { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = "T1" }, { .tax_no = "" }, true, true },
    { { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = "" }, { .tax_no = "T2" }, false, false },
    { { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = NULL }, { .tax_no = "T2" }, true, true },
    { { PERSON }, { .org = 10 }, false, false },
    { { PERSON }, { .org = 0 }, false, true },
    { { PERSON }, { .org = 10, .owner = 3 }, true, true },
    { { PERSON }, { .org = 10, .owner = 4 }, false, false },
    { { PERSON, .point = 5 }, { .org = 10, .point = 5, .owner = 4 }, true, true },
    { { PERSON, .point = 5 }, { .org = 10, .point = 6, .owner = 4 }, false, false },
    { { PERSON, .point = 0 }, { .org = 10, .point = 0, .owner = 4 }, false, false },
    { { PERSON, .mobile = "138" }, { .org = 10, .apply_phone = "138" }, true, true },
    { { PERSON, .mobile = "138" }, { .org = 10, .apply_phone = "139" }, false, false },
    { { PERSON, .mobile = NULL }, { .org = 10, .apply_phone = NULL }, false, false },
    { { PERSON, .all_orgs = { ten, 1 }, .work_orgs = { ten_twenty, 2 } }, { .org = 10 }, true, true },
    { { PERSON, .all_orgs = { ten, 1 }, .work_orgs = { ten_twenty, 2 } }, { .org = 20 }, false, true },
    { { PERSON, .all_orgs = { ten, 1 }, .work_orgs = { ten_twenty, 2 } }, { .org = 30 }, false, false },
    { { PERSON, .permissions = UINT64_C(1) << FPI_MAY_BILL_SEE_ALL }, { .org = 30 }, true, true },
    { { .kind = FPI_VIEWER_EVENT, .user = 3, .bills = { bill_seven, 1 } }, { .id = 7, .org = 10 }, true, true },
    { { .kind = FPI_VIEWER_EVENT, .user = 3, .bills = { bill_seven, 1 } }, { .id = 8, .org = 0, .owner = 3 }, false, false },
    { { .kind = FPI_VIEWER_EVENT, .user = 3, .all_orgs = { ten, 1 }, .permissions = UINT64_C(1) << FPI_MAY_BILL_SEE_ALL },
      { .id = 8, .org = 10 }, false, false },
};

START_TEST(the_rule)
{
    const struct case_t *c = &cases[_i];
    fpi_err_t *err;

    ck_assert_int_eq(fpi_viewer_sees_bill(&c->viewer, &c->bill), c->sees);
    ck_assert_int_eq(fpi_viewer_works_for(&c->viewer, &c->bill), c->works);
    err = fpi_viewer_check(&c->viewer, &c->bill, task);
    ck_assert_int_eq(err == NULL, c->works);
    ck_assert(!err || err->code == FPI_E_FOREIGN);
    fpi_ignore(err);
}
END_TEST

START_TEST(ourselves_see_all)
{
    fpi_bill_t bill = { .org = 10, .tax_no = "T" };

    ck_assert(fpi_viewer_sees_bill(NULL, &bill) && fpi_viewer_works_for(NULL, &bill));
    ck_assert(fpi_viewer_may(NULL, FPI_MAY_PEOPLE_EDIT) && !fpi_viewer_is_limited(NULL) && !fpi_viewer_is_person(NULL));
}
END_TEST

START_TEST(permissions_have_names_and_holders)
{
    uint64_t admin = fpi_permissions_of('A'), event = fpi_permissions_of('E');

    for (int i = FPI_MAY_NONE + 1; i < FPI_MAY_COUNT; i++) {
        fpi_permission_t p = (fpi_permission_t)i;

        ck_assert_int_eq(fpi_permission_find(fpi_permission_symbol(p)), p);
        ck_assert_str_ne(fpi_permission_name(p, "zh"), fpi_permission_name(p, "en"));
        ck_assert_msg(admin >> i & 1, "an administrator must hold %s", fpi_permission_symbol(p));
        for (const char *c = fpi_permission_symbol(p); *c; c++) {
            ck_assert(isupper((unsigned char)*c) || *c == '_');
        }
    }
    ck_assert_int_le(FPI_MAY_COUNT, 64);
    ck_assert_int_eq(fpi_permission_find("NONE"), FPI_MAY_NONE);
    ck_assert_int_eq(fpi_permission_find("bill_view"), FPI_MAY_NONE);
    /* what the ERP may hand on never reaches people, settings or all bills */
    ck_assert(!(event >> FPI_MAY_BILL_SEE_ALL & 1) && !(event >> FPI_MAY_PEOPLE_EDIT & 1) && !(event >> FPI_MAY_EXPORT & 1));
    ck_assert(!(fpi_permissions_of('T') >> FPI_MAY_PEOPLE_EDIT & 1) && !(fpi_permissions_of('T') >> FPI_MAY_ENTERPRISE_EDIT & 1));
    ck_assert(fpi_permissions_of('?') == 0);
}
END_TEST

START_TEST(may_is_by_bit)
{
    fpi_viewer_t viewer = { PERSON, .permissions = UINT64_C(1) << FPI_MAY_EXPORT };

    ck_assert(fpi_viewer_may(&viewer, FPI_MAY_NONE) && fpi_viewer_may(&viewer, FPI_MAY_EXPORT));
    ck_assert(!fpi_viewer_may(&viewer, FPI_MAY_BILL_VIEW) && !fpi_viewer_may(&viewer, FPI_MAY_STORAGE));
}
END_TEST

START_TEST(what_he_makes_is_his)
{
    fpi_viewer_t scanner = { PERSON, .org = 4, .point = 5, .point_org = 6, .org_tax_no = "T6" }, clerk = { PERSON, .org = 4 };
    fpi_viewer_t enterprise = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 2, .tax_no = "T1" };
    fpi_bill_t bill = { 0 };

    fpi_viewer_mark(&scanner, &bill);
    ck_assert(bill.tenant == 1 && bill.org == 6 && bill.owner == 3 && bill.point == 5);
    ck_assert_str_eq(bill.tax_no, "T6");
    fpi_viewer_mark(&clerk, &bill);
    ck_assert(bill.org == 4 && bill.owner == 3 && bill.point == 0 && !bill.tax_no);
    bill = (fpi_bill_t){ 0 };
    fpi_viewer_mark(&enterprise, &bill);
    ck_assert(bill.tenant == 2 && bill.owner == 0 && bill.point == 0);
    ck_assert_str_eq(bill.tax_no, "T1");
}
END_TEST

START_TEST(ids_are_found)
{
    static const int64_t many[] = { 1, 3, 5, 7, 9, 11 };
    fpi_ids_t ids = { many, 6 }, none = { NULL, 0 };

    for (int64_t id = 0; id < 13; id++) {
        ck_assert_int_eq(fpi_ids_has(&ids, id), id % 2 == 1 && id < 12);
    }
    ck_assert(!fpi_ids_has(&none, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("viewer");
    TCase *one = tcase_create("viewer");

    tcase_add_checked_fixture(one, unit_open, unit_close);
    tcase_add_loop_test(one, the_rule, 0, UNIT_COUNT(cases));
    tcase_add_test(one, ourselves_see_all);
    tcase_add_test(one, permissions_have_names_and_holders);
    tcase_add_test(one, may_is_by_bit);
    tcase_add_test(one, what_he_makes_is_his);
    tcase_add_test(one, ids_are_found);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
