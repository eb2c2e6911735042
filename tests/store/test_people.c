/* Users, their roles and grants, scan points, sessions, codes and guards against a real SQLite store; and the viewer that
 * is made of them. */
#include "base/clock.h"
#include "model/duty.h"
#include "service/people.h"
#include "service/sessions.h"
#include "service/viewers.h"
#include "store/duties.h"
#include "store/orgs.h"
#include "store/people.h"
#include "store/points.h"

#include "store_unit.h"

static void open_all(void)
{
    store_unit_open();
    task->tenant = 1;
}

static fpi_user_t user_of(fpi_tx_t *tx, const char *name, const char *mobile, int64_t org, int64_t role)
{
    fpi_user_t user = { .tenant = 1, .org = org, .name = name, .mobile = mobile, .password = "scrypt$1", .is_active = true };

    unit_done(fpi_user_put(&user, tx, task));
    if (role) {
        unit_done(fpi_user_roles_put(tx, user.id, &(fpi_ids_t){ &role, 1 }, task));
    }
    return user;
}

static fpi_org_t org_of(fpi_tx_t *tx, const char *code, int64_t parent, const char *tax_no)
{
    fpi_org_t org = { .tenant = 1, .parent = parent, .code = code, .name = code, .tax_no = tax_no, .is_active = true };

    unit_done(fpi_org_save(&org, tx, task));
    return org;
}

TX_TEST(users)
{
    fpi_user_t admin = user_of(tx, "admin", "138", 0, FPI_DUTY_ADMIN), scan = user_of(tx, "scan", "", 0, 0);
    fpi_user_t twice = { .tenant = 1, .name = "x", .mobile = "138", .password = "p" }, *found, *list;
    int64_t admins, total;
    int count;

    unit_failed(fpi_user_put(&twice, tx, t), FPI_E_DUPLICATE);
    twice.tenant = 2;
    unit_done(fpi_user_put(&twice, tx, t));
    unit_done(fpi_user_find(&found, tx, 1, "scan", t));
    ck_assert(found->id == scan.id && !found->mobile && found->is_active);
    unit_done(fpi_user_find_by_mobile(&found, tx, 1, "138", t));
    ck_assert_int_eq(found->id, admin.id);
    unit_done(fpi_user_find_by_id(&found, tx, 2, admin.id, t));
    ck_assert_ptr_null(found);
    unit_done(fpi_users_count_admins(&admins, tx, t));
    ck_assert_int_eq(admins, 1);
    unit_done(fpi_users_count_other_admins(&admins, tx, &admin, t));
    ck_assert_int_eq(admins, 0);
    unit_done(fpi_users_list(&list, &count, &total, tx,
                             &(fpi_user_query_t){ .tenant = 1, .org = -1, .active = -1, .search = "ca", .most = 10 }, t));
    ck_assert(count == 1 && total == 1 && list[0].id == scan.id);
    admin.is_active = false;
    unit_done(fpi_user_put(&admin, tx, t));
    unit_done(fpi_users_count_admins(&admins, tx, t));
    ck_assert_int_eq(admins, 0);
    return NULL;
}

TX_TEST(roles_give_their_union_while_they_are_active)
{
    fpi_duty_t export = { .tenant = 1, .name = "export", .permissions = UINT64_C(1) << FPI_MAY_EXPORT, .is_active = true }, *found;
    fpi_user_t user = user_of(tx, "u", NULL, 0, 0);
    uint64_t permissions;

    unit_done(fpi_duty_put(&export, tx, t));
    ck_assert_int_ge(export.id, FPI_DUTY_FIRST_OWN);
    unit_done(fpi_user_roles_put(tx, user.id, &(fpi_ids_t){ (int64_t[]){ FPI_DUTY_DEFAULT, export.id }, 2 }, t));
    unit_done(fpi_viewer_permissions(&permissions, tx, 1, user.id, t));
    ck_assert(permissions == (fpi_permissions_of('D') | export.permissions));
    unit_done(fpi_duty_find(&found, tx, 1, export.id, t));
    unit_done(fpi_duty_count_users(found, tx, 1, t));
    ck_assert_int_eq(found->users, 1);
    export.is_active = false;
    unit_done(fpi_duty_put(&export, tx, t));
    unit_done(fpi_viewer_permissions(&permissions, tx, 1, user.id, t));
    ck_assert(permissions == fpi_permissions_of('D'));
    unit_done(fpi_duty_find(&found, tx, 2, export.id, t));
    ck_assert_ptr_null(found);
    return NULL;
}

/* A ─ B ─ C, D beside them. */
TX_TEST(grants_become_organisations)
{
    fpi_org_t a = org_of(tx, "A", 0, "TAXA"), b = org_of(tx, "B", a.id, NULL), c = org_of(tx, "C", b.id, NULL);
    fpi_org_t d = org_of(tx, "D", 0, NULL);
    fpi_user_t user = user_of(tx, "u", "138", c.id, 0);
    fpi_grant_t grants[] = { { a.id, true, true }, { d.id, false, false } }, top = { 0, true, true };
    fpi_viewer_t *viewer;

    unit_done(fpi_viewer_load(&viewer, tx, 1, user.id, t));
    ck_assert(viewer->all_orgs.count == 0 && viewer->work_orgs.count == 1 && fpi_ids_has(&viewer->work_orgs, c.id));
    ck_assert_str_eq(viewer->org_tax_no, "TAXA");
    unit_done(fpi_user_grants_put(tx, user.id, grants, 2, t));
    unit_done(fpi_viewer_load(&viewer, tx, 1, user.id, t));
    ck_assert(viewer->all_orgs.count == 3 && fpi_ids_has(&viewer->all_orgs, a.id) && fpi_ids_has(&viewer->all_orgs, c.id));
    ck_assert(!fpi_ids_has(&viewer->all_orgs, d.id) && fpi_ids_has(&viewer->work_orgs, d.id));
    unit_done(fpi_user_grants_put(tx, user.id, &top, 1, t));
    unit_done(fpi_viewer_load(&viewer, tx, 1, user.id, t));
    ck_assert(viewer->all_orgs.count == 5 && fpi_ids_has(&viewer->all_orgs, 0));
    user.is_active = false;
    unit_done(fpi_user_put(&user, tx, t));
    unit_done(fpi_viewer_load(&viewer, tx, 1, user.id, t));
    ck_assert_ptr_null(viewer);
    return NULL;
}

TX_TEST(a_scanner_has_one_point)
{
    fpi_org_t a = org_of(tx, "A", 0, "TAXA"), b = org_of(tx, "B", 0, NULL);
    fpi_user_t scanner = user_of(tx, "s", NULL, a.id, FPI_DUTY_SCANNER), clerk = user_of(tx, "c", NULL, a.id, FPI_DUTY_DEFAULT);
    fpi_user_t other = user_of(tx, "o", NULL, b.id, FPI_DUTY_SCANNER);
    fpi_point_t point = { .tenant = 1, .name = "P", .org = a.id, .is_active = true }, second = { .tenant = 1, .name = "Q", .org = a.id };
    const fpi_err_t *why;
    fpi_viewer_t *viewer;
    bool was_bound;

    unit_done(fpi_point_put(&point, tx, t));
    unit_done(fpi_point_put(&second, tx, t));
    unit_done(fpi_point_orgs_put(tx, point.id, &(fpi_ids_t){ &b.id, 1 }, t));
    unit_done(fpi_people_why_not_bind(&why, tx, &point, &clerk, t));
    ck_assert_ptr_nonnull(strstr(why->en, "permission to scan"));
    unit_done(fpi_people_why_not_bind(&why, tx, &point, &other, t));
    ck_assert_ptr_nonnull(strstr(why->en, "organisation"));
    unit_done(fpi_people_why_not_bind(&why, tx, &point, &scanner, t));
    ck_assert_ptr_null(why);
    unit_done(fpi_point_bind(tx, point.id, scanner.id, t));
    unit_failed(fpi_point_bind(tx, second.id, scanner.id, t), FPI_E_DUPLICATE);
    unit_done(fpi_people_why_not_bind(&why, tx, &second, &scanner, t));
    ck_assert_ptr_nonnull(strstr(why->en, "P"));
    unit_done(fpi_viewer_load(&viewer, tx, 1, scanner.id, t));
    ck_assert(viewer->point == point.id && viewer->point_org == a.id && fpi_ids_has(&viewer->work_orgs, b.id));
    point.is_active = false;
    unit_done(fpi_point_put(&point, tx, t));
    unit_done(fpi_viewer_load(&viewer, tx, 1, scanner.id, t));
    ck_assert_int_eq(viewer->point, 0);
    unit_done(fpi_point_unbind(&was_bound, tx, point.id, scanner.id, t));
    ck_assert(was_bound);
    unit_done(fpi_point_unbind(&was_bound, tx, point.id, scanner.id, t));
    ck_assert(!was_bound);
    return NULL;
}

TX_TEST(sessions)
{
    fpi_session_row_t row = { .tenant = 1, .user = 5, .created = 100, .expires = 900 }, *found;

    unit_done(fpi_session_put("one", &row, tx, t));
    row.is_event = true;
    row.rights = "BILL_VIEW";
    row.bills = "[1,2]";
    unit_done(fpi_session_put("two", &row, tx, t));
    unit_done(fpi_session_find(&found, tx, "two", t));
    ck_assert(found->is_event && found->used == 100 && found->expires == 900);
    ck_assert_str_eq(found->bills, "[1,2]");
    unit_done(fpi_session_touch(tx, "one", 300, t));
    unit_done(fpi_session_touch(tx, "one", 200, t));
    unit_done(fpi_session_find(&found, tx, "one", t));
    ck_assert(found->used == 300 && !found->is_event);
    unit_done(fpi_sessions_prune(tx, 200, 0, 0, t));
    unit_done(fpi_session_find(&found, tx, "two", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_session_put("three", &row, tx, t));
    unit_done(fpi_sessions_drop_of(tx, 5, "one", t));
    unit_done(fpi_session_find(&found, tx, "three", t));
    ck_assert_ptr_null(found);
    unit_done(fpi_session_find(&found, tx, "one", t));
    ck_assert_ptr_nonnull(found);
    return NULL;
}

TX_TEST(codes_are_good_once)
{
    fpi_event_code_t code = { .tenant = 1, .user = 5, .rights = "BILL_VIEW", .bills = "[1]", .made_by = "client:C", .expires = 500 };
    fpi_event_code_t *found;
    bool is_first;

    unit_done(fpi_event_code_put("hash", &code, tx, t));
    unit_done(fpi_event_code_find(&found, tx, "hash", t));
    ck_assert(found->expires == 500 && found->used == 0 && found->user == 5);
    unit_done(fpi_event_code_use(&is_first, tx, "hash", 400, t));
    ck_assert(is_first);
    unit_done(fpi_event_code_use(&is_first, tx, "hash", 401, t));
    ck_assert(!is_first);
    unit_done(fpi_event_code_find(&found, tx, "other", t));
    ck_assert_ptr_null(found);
    return NULL;
}

static apr_time_t now;

static apr_time_t the_time(void)
{
    return now;
}

TX_TEST(guards)
{
    apr_time_t until;

    now = apr_time_from_sec(1700000000);
    fpi_clock_set(the_time);
    for (int i = 0; i < 3; i++) {
        unit_done(fpi_guard_charge(tx, fpi_guard_key_user(9, t), 3, t));
    }
    unit_failed(fpi_guard_charge(tx, fpi_guard_key_user(9, t), 3, t), FPI_E_LOCKED);
    unit_done(fpi_guard_charge(tx, fpi_guard_key_user(8, t), 3, t));
    unit_done(fpi_guard_locked(&until, tx, 9, t));
    ck_assert(until == now + FPI_GUARD_LOCK);
    now += FPI_GUARD_LOCK + 1;
    unit_done(fpi_guard_charge(tx, fpi_guard_key_user(9, t), 3, t));
    unit_done(fpi_guard_locked(&until, tx, 9, t));
    ck_assert_int_eq(until, 0);
    /* what was given back does not count */
    for (int i = 0; i < 10; i++) {
        unit_done(fpi_guard_charge(tx, "address:x", 3, t));
        unit_done(fpi_guard_refund(tx, "address:x", t));
    }
    /* failures far apart do not, either */
    for (int i = 0; i < 10; i++) {
        unit_done(fpi_guard_charge(tx, "address:y", 3, t));
        now += FPI_GUARD_LOCK + 1;
    }
    fpi_clock_set(NULL);
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("people");
    TCase *all = tcase_create("people");

    tcase_add_checked_fixture(all, open_all, store_unit_close);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, users);
    tcase_add_test(all, roles_give_their_union_while_they_are_active);
    tcase_add_test(all, grants_become_organisations);
    tcase_add_test(all, a_scanner_has_one_point);
    tcase_add_test(all, sessions);
    tcase_add_test(all, codes_are_good_once);
    tcase_add_test(all, guards);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
