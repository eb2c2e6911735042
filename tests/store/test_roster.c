/* What becomes of a row that tells of a person, against a real SQLite store. */
#include "service/roster.h"

#include "model/duty.h"
#include "store/orgs.h"
#include "store/points.h"
#include "store/users.h"

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
    unit_done(fpi_user_roles_put(tx, user.id, &(fpi_ids_t){ &role, 1 }, task));
    return user;
}

typedef struct case_t {
    fpi_roster_row_t row;
    fpi_roster_result_t result;
    const char *field;           /* of a refusal, or a word of the changes */
} case_t;

#define ROW(...) { .role_count = -1, .is_head = -1, .is_active = -1, __VA_ARGS__ }
#define ACTIVE(active, ...) { .role_count = -1, .is_head = -1, .is_active = (active), __VA_ARGS__ }
#define ROLE(role, ...) { .roles = (role), .role_count = 1, .is_head = -1, .is_active = -1, __VA_ARGS__ }

static const char *const scanner[] = { "扫描员" }, *const nonsense[] = { "皇帝" }, *const admin[] = { "系统管理员" };

/* In this order: what one row did the next one finds. */
static const case_t cases[] = {
    { ROW(.name = " 王芳 ", .mobile = "+86 138-0000-0001", .org = "A1"), FPI_ROSTER_ADDED, "mobile" },
    { ROW(.name = "王芳", .mobile = "13800000001", .org = "A1", .mail = " "), FPI_ROSTER_UNCHANGED, NULL },
    { ROW(.mobile = "13800000001"), FPI_ROSTER_UNCHANGED, NULL },
    { ROW(.name = "王芳"), FPI_ROSTER_UNCHANGED, NULL },
    { ROW(.name = "王芳芳", .mobile = "13800000001"), FPI_ROSTER_CHANGED, "王芳芳" },
    { ROLE(scanner, .name = "王芳芳"), FPI_ROSTER_CHANGED, "roles" },
    { ROLE(scanner, .name = "王芳芳"), FPI_ROSTER_UNCHANGED, NULL },
    { ROW(.name = "王芳芳", .mobile = "13800000002"), FPI_ROSTER_REFUSED, "name" },
    { ROW(.name = "bound", .mobile = "13800000001"), FPI_ROSTER_REFUSED, "name" },
    { ROW(.name = "李雷"), FPI_ROSTER_REFUSED, "mobile" },
    { ROW(.mobile = "13800000003"), FPI_ROSTER_REFUSED, "name" },
    { ROW(.name = "李雷", .mobile = "12"), FPI_ROSTER_REFUSED, "mobile" },
    { ROW(.name = "李雷", .mobile = "13800000003", .mail = "li"), FPI_ROSTER_REFUSED, "mail" },
    { ROW(.name = "李雷", .mobile = "13800000003", .org = "NONE"), FPI_ROSTER_REFUSED, "org" },
    { ROLE(nonsense, .name = "李雷", .mobile = "13800000003"), FPI_ROSTER_REFUSED, "roles" },
    { ROW(.name = "=cmd|' /C calc'!A0", .mobile = "13800000003"), FPI_ROSTER_REFUSED, "name" },
    { ACTIVE(0, .name = "李雷", .mobile = "13800000003"), FPI_ROSTER_UNCHANGED, NULL },
    { ROW(.name = "bare", .mobile = "13800000004"), FPI_ROSTER_CHANGED, "13800000004" },
    { ACTIVE(0, .name = "bare"), FPI_ROSTER_CHANGED, "is_active" },
    { ACTIVE(1, .name = "bare"), FPI_ROSTER_CHANGED, "is_active" },
    { ACTIVE(0, .name = "bound"), FPI_ROSTER_REFUSED, "is_active" },
    { ROW(.name = "bound", .org = "A1"), FPI_ROSTER_REFUSED, "org" },
    { ACTIVE(0, .name = "root"), FPI_ROSTER_REFUSED, "roles" },
    { ROLE(scanner, .name = "root"), FPI_ROSTER_REFUSED, "roles" },
};

static fpi_err_t *tx_rows(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_org_t org = { .tenant = 1, .code = "A1", .name = "A1", .is_active = true };
    fpi_point_t point = { .tenant = 1, .name = "P", .is_active = true };
    fpi_user_t bound;
    int64_t before, after;
    fpi_user_query_t all = { .tenant = 1, .org = -1, .active = -1, .most = 1 };
    fpi_user_t *list;
    int count;

    (void)baton;
    unit_done(fpi_org_save(&org, tx, t));
    user_of(tx, "root", NULL, 0, FPI_DUTY_ADMIN);
    user_of(tx, "bare", NULL, 0, FPI_DUTY_DEFAULT);
    bound = user_of(tx, "bound", "139", 0, FPI_DUTY_SCANNER);
    unit_done(fpi_point_put(&point, tx, t));
    unit_done(fpi_point_bind(tx, point.id, bound.id, t));
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const case_t *c = &cases[i];
        fpi_roster_told_t told;

        unit_done(fpi_users_list(&list, &count, &before, tx, &all, t));
        unit_done(fpi_roster_person(&told, tx, NULL, &c->row, t));
        unit_done(fpi_users_list(&list, &count, &after, tx, &all, t));
        ck_assert_msg(told.result == c->result, "row %d: %s, %s", (int)i, fpi_roster_result_name(told.result),
                      told.why ? told.why->en : "");
        ck_assert_int_eq(after - before, c->result == FPI_ROSTER_ADDED);
        ck_assert((told.why != NULL) == (c->result == FPI_ROSTER_REFUSED));
        ck_assert(!told.why || (told.why->zh && told.why->en && strcmp(told.why->field, c->field) == 0));
        ck_assert_msg(!c->field || told.why || (told.changes && strstr(told.changes, c->field)), "row %d: %s", (int)i, told.changes);
    }
    return NULL;
}

START_TEST(rows)
{
    unit_done(fpi_store_write(store, tx_rows, NULL, task));
}
END_TEST

/* Nobody gives by a list what he has not, nor changes who has more. */
static fpi_err_t *tx_reach(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    const fpi_viewer_t by = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .permissions = fpi_permissions_of('D') };
    const fpi_roster_row_t give = ROLE(admin, .name = "a", .mobile = "13800000009"),
                           change = ROW(.name = "root", .mail = "r@example.com"),
                           plain = ROW(.name = "b", .mobile = "13800000008");
    fpi_roster_told_t told;
    fpi_user_t *user;

    (void)baton;
    user_of(tx, "root", NULL, 0, FPI_DUTY_ADMIN);
    unit_done(fpi_roster_person(&told, tx, &by, &give, t));
    ck_assert(told.result == FPI_ROSTER_REFUSED && told.why->code == FPI_E_ROLE);
    unit_done(fpi_roster_person(&told, tx, &by, &change, t));
    ck_assert(told.result == FPI_ROSTER_REFUSED && told.why->code == FPI_E_ROLE);
    unit_done(fpi_roster_person(&told, tx, &by, &plain, t));
    ck_assert_int_eq(told.result, FPI_ROSTER_ADDED);
    unit_done(fpi_user_find_by_id(&user, tx, 1, told.id, t));
    ck_assert(user->must_change && user->is_active);
    unit_failed(fpi_password_verify(user->password, fpi_secret_make_text(t->pool, ""), t), FPI_E_SIGN);
    return NULL;
}

START_TEST(reach)
{
    unit_done(fpi_store_write(store, tx_reach, NULL, task));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("roster");
    TCase *all = tcase_create("roster");

    tcase_add_checked_fixture(all, open_all, store_unit_close);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, rows);
    tcase_add_test(all, reach);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
