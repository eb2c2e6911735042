/* The audit log against a real SQLite store: rows are chained, and whatever is done to them behind our back shows. */
#include "store/audit.h"
#include "store/store.h"
#include "wire/crypto.h"

#include "unit.h"

#include <apr_strings.h>
#include <sqlite3.h>
#include <stdio.h>

enum { ROWS = 7 };

static char folder[64];
static fpi_store_t *store;

static const char *path(void)
{
    return apr_pstrcat(task->pool, folder, "/test.db", NULL);
}

static void open_store(const char *key)
{
    fpi_store_options_t options = { .data_dir = folder, .may_migrate = true };

    options.master = fpi_secret_make(task->pool, key, FPI_KEY_LEN);
    options.database = apr_pstrcat(task->pool, "sqlite:", path(), NULL);
    unit_done(fpi_store_open(&store, task->pool, &options, task));
}

typedef struct adding_t {
    const char *action, *object, *detail;
} adding_t;

static fpi_err_t *tx_add(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    const adding_t *a = baton;

    return fpi_audit_add(tx, a->action, a->object, a->detail, t);
}

static void add(const char *actor, const char *action, const char *object, const char *detail)
{
    adding_t a = { action, object, detail };

    task->actor = actor;
    unit_done(fpi_store_write(store, tx_add, &a, task));
}

static void open_all(void)
{
    unit_open();
    task->tenant = 1;
    strcpy(folder, "/tmp/fpi_audit_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    open_store("0123456789abcdef0123456789abcdef");
    add("user:li", "enterprise.added", "c1", "{\"name\":[null,\"一\"]}");
    add("user:li", "enterprise.changed", "c1", NULL);
    add("admin:root", "enterprise.added", "c2", NULL);
    add("user:wang", "user.reset", "li", NULL);
    add("user:wang", "enterprise.removed", "c2", NULL);
    add("user:li", "mode.changed", "", NULL);
    add("user:li", "enterprise.disabled", "c1", NULL);
}

static void close_all(void)
{
    fpi_store_close(&store);
    ck_assert_int_eq(system(apr_psprintf(task->pool, "rm -rf %s", folder)), 0);
    unit_close();
}

/* As somebody with the database, but without the key, would. */
static void sql(const char *text)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path(), &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

#define FREE "DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_not_changed; "

typedef struct verifying_t {
    int64_t id;
    const char *mark;
    fpi_audit_check_t check;
} verifying_t;

static fpi_err_t *tx_verify(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    verifying_t *v = baton;

    return fpi_audit_verify(&v->check, tx, v->id, v->mark, t);
}

static fpi_audit_check_t verify(int64_t id, const char *mark)
{
    verifying_t v = { id, mark, { 0 } };

    unit_done(fpi_store_read(store, tx_verify, &v, task));
    return v.check;
}

/* ---- what was done shows ---- */

static const struct tampering_t {
    const char *sql;
    int bad;
} tamperings[] = {
    { "SELECT 1", 0 },
    { FREE "UPDATE audit SET actor = 'user:zhao' WHERE id = 3", 3 },
    { FREE "UPDATE audit SET action = 'enterprise.changed' WHERE id = 1", 1 },
    { FREE "UPDATE audit SET object = 'c9' WHERE id = 7", 7 },
    { FREE "UPDATE audit SET detail = NULL WHERE id = 1", 1 },
    { FREE "UPDATE audit SET detail = '' WHERE id = 2", 2 },
    { FREE "UPDATE audit SET at = at + 1 WHERE id = 4", 4 },
    { FREE "UPDATE audit SET tenant = 2 WHERE id = 4", 4 },
    { FREE "UPDATE audit SET trace = '0' WHERE id = 4", 4 },
    { FREE "UPDATE audit SET mark = (SELECT mark FROM audit WHERE id = 3) WHERE id = 4", 4 },
    { FREE "UPDATE audit SET actor = 'user:lie', action = 'nterprise.changed' WHERE id = 2", 2 },
    { FREE "DELETE FROM audit WHERE id = 1", 1 },
    { FREE "DELETE FROM audit WHERE id = 4", 4 },
    { FREE "DELETE FROM audit WHERE id = 4; UPDATE audit SET id = id - 1 WHERE id > 4", 4 },
    { FREE "DELETE FROM audit WHERE id = 7", 7 },
    { FREE "DELETE FROM audit", 1 },
    { "INSERT INTO audit SELECT 8, tenant, at, actor, action, object, detail, trace, mark FROM audit WHERE id = 7", 8 },
    { "DELETE FROM setting WHERE name = 'audit.head'", 8 },
};

START_TEST(tampering_shows)
{
    const struct tampering_t *t = &tamperings[_i];
    fpi_audit_check_t check;

    sql(t->sql);
    check = verify(0, NULL);
    ck_assert_msg(check.bad == t->bad, "%s: row %d, not %d", t->sql, (int)check.bad, t->bad);
    ck_assert_int_eq(check.rows, t->bad ? t->bad - 1 : ROWS);
    ck_assert((check.why != NULL) == (t->bad != 0) && (check.why_zh != NULL) == (t->bad != 0));
}
END_TEST

/* The end cut off together with the head fits again, but not with a mark that was noted elsewhere. */
START_TEST(a_noted_mark_holds_the_end)
{
    const char *mark = verify(0, NULL).mark;

    ck_assert_int_eq(verify(ROWS, mark).bad, 0);
    ck_assert_int_eq(verify(3, mark).bad, 3);
    sql(FREE "DELETE FROM audit WHERE id = 7;"
             " UPDATE setting SET value = (SELECT id || ' ' || mark FROM audit WHERE id = 6) WHERE name = 'audit.head'");
    ck_assert_int_eq(verify(0, NULL).bad, 0);
    ck_assert_int_eq(verify(ROWS, mark).bad, ROWS);
    add("user:wang", "user.reset", "li", NULL);
    ck_assert_int_eq(verify(0, NULL).bad, 0);
    ck_assert_int_eq(verify(ROWS, mark).bad, ROWS);
}
END_TEST

START_TEST(another_key_fits_no_row)
{
    fpi_store_close(&store);
    open_store("another-key-that-was-never-here!");
    ck_assert_int_eq(verify(0, NULL).bad, 1);
}
END_TEST

START_TEST(rows_are_only_added)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path(), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "UPDATE audit SET actor = 'x'", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM audit", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
    ck_assert_int_eq(verify(0, NULL).rows, ROWS);
}
END_TEST

START_TEST(many_rows_are_walked_in_pieces)
{
    for (int i = ROWS; i < 1203; i++) {
        add("user:li", "user.reset", apr_psprintf(task->pool, "u%d", i), NULL);
    }
    ck_assert_int_eq(verify(0, NULL).rows, 1203);
}
END_TEST

/* ---- lists ---- */

typedef struct listing_t {
    fpi_audit_query_t query;
    fpi_audit_t *rows;
    int count;
    int64_t total;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    listing_t *l = baton;

    return fpi_audit_list(&l->rows, &l->count, &l->total, tx, &l->query, 5, t);
}

static const struct list_case_t {
    fpi_audit_query_t query;
    const char *ids;
    int total;
} lists[] = {
    { { .tenant = 1, .most = 10 }, "7 6 5 4 3 2 1 ", 5 }, /* counted up to 5 */
    { { .tenant = 1, .most = 2, .skip = 3 }, "4 3 ", 5 },
    { { .tenant = 2, .most = 10 }, "", 0 },
    { { .tenant = 1, .most = 10, .actor = "user:li" }, "7 6 2 1 ", 4 },
    { { .tenant = 1, .most = 10, .action = "enterprise.added" }, "3 1 ", 2 },
    { { .tenant = 1, .most = 10, .object = "c1" }, "7 2 1 ", 3 },
    { { .tenant = 1, .most = 10, .object = "c2", .actor = "user:wang" }, "5 ", 1 },
    { { .tenant = 1, .most = 10, .actor = "user:li", .action = "enterprise.added", .object = "c1" }, "1 ", 1 },
    { { .tenant = 1, .most = 10, .actor = "user:wang", .action = "user.reset" }, "4 ", 1 },
    { { .tenant = 1, .most = 10, .to = 1 }, "", 0 },
};

START_TEST(lists_are_filtered)
{
    listing_t l = { .query = lists[_i].query };
    const char *ids = "";

    unit_done(fpi_store_read(store, tx_list, &l, task));
    for (int i = 0; i < l.count; i++) {
        ids = apr_psprintf(task->pool, "%s%d ", ids, (int)l.rows[i].id);
    }
    ck_assert_str_eq(ids, lists[_i].ids);
    ck_assert_int_eq(l.total, lists[_i].total);
}
END_TEST

START_TEST(a_row_says_who_and_what)
{
    listing_t l = { .query = { .tenant = 1, .most = 10, .action = "enterprise.added", .object = "c1" } };

    unit_done(fpi_store_read(store, tx_list, &l, task));
    ck_assert_str_eq(l.rows[0].actor, "user:li");
    ck_assert_str_eq(l.rows[0].detail, "{\"name\":[null,\"一\"]}");
    ck_assert_str_eq(l.rows[0].trace, task->trace);
    ck_assert_int_eq(l.rows[0].tenant, 1);
    ck_assert_int_gt(l.rows[0].at, 0);
}
END_TEST

START_TEST(too_long_a_detail_is_left_out)
{
    char *detail = apr_pcalloc(task->pool, FPI_AUDIT_DETAIL + 2);
    listing_t l = { .query = { .tenant = 1, .most = 1 } };

    memset(detail, 'x', FPI_AUDIT_DETAIL + 1);
    add("user:li", "mode.changed", "", detail);
    unit_done(fpi_store_read(store, tx_list, &l, task));
    ck_assert_str_eq(l.rows[0].detail, "{\"is_cut\":true}");
    ck_assert_int_eq(verify(0, NULL).bad, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("audit");
    TCase *one = tcase_create("audit");

    tcase_add_checked_fixture(one, open_all, close_all);
    tcase_set_timeout(one, 120);
    tcase_add_loop_test(one, tampering_shows, 0, UNIT_COUNT(tamperings));
    tcase_add_test(one, a_noted_mark_holds_the_end);
    tcase_add_test(one, another_key_fits_no_row);
    tcase_add_test(one, rows_are_only_added);
    tcase_add_test(one, many_rows_are_walked_in_pieces);
    tcase_add_loop_test(one, lists_are_filtered, 0, UNIT_COUNT(lists));
    tcase_add_test(one, a_row_says_who_and_what);
    tcase_add_test(one, too_long_a_detail_is_left_out);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
