/* What is counted of bills, by whatever way they change, and the lists of attachments; against a real SQLite store. */
#include "store/attachments.h"
#include "store/bills.h"
#include "store/statistics.h"
#include "base/clock.h"

#include "store_unit.h"

#include "store/sqlite_sql.h" /* made from sqlite.sql by make */

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define DAY apr_time_from_sec(86400)

static apr_time_t now;

static apr_time_t stopped(void)
{
    return now;
}

static void open_all(void)
{
    store_unit_open();
    now = 20000 * DAY + apr_time_from_sec(3600); /* 09:00 in Beijing */
    task->tenant = 1;
    fpi_clock_set(stopped);
}

static void close_all(void)
{
    store_unit_close();
    fpi_clock_set(NULL);
}

static void sql(const char *text)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(apr_pstrcat(task->pool, folder, "/test.db", NULL), &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* ---- bills ---- */

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    fpi_bill_t *bill = baton;
    int64_t id = bill->id;

    bill->id = id; /* as it was: the transaction may run twice */
    return fpi_bill_put(bill, tx, t);
}

static void put(fpi_bill_t *bill)
{
    unit_done(fpi_store_write(store, tx_put, bill, task));
}

static fpi_bill_t *bill(const char *number, int64_t org, int64_t owner, int64_t point)
{
    fpi_bill_t *made = apr_pcalloc(task->pool, sizeof(*made));

    made->tenant = 1;
    made->number = number;
    made->resource = "EAS";
    made->org = org;
    made->owner = owner;
    made->point = point;
    return made;
}

typedef struct asking_t {
    fpi_statistics_query_t query;
    fpi_statistic_t *items;
    int count;
} asking_t;

static fpi_err_t *tx_ask(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    asking_t *a = baton;

    return fpi_statistics_list(&a->items, &a->count, tx, &a->query, t);
}

/* "key:bills,pages,submitted,sent_back ..." */
static const char *told(fpi_statistics_by_t by, int64_t first, int64_t last, int64_t org)
{
    fpi_ids_t orgs = { &org, 1 };
    asking_t a = { .query = { 1, by, first, last, org < 0 ? NULL : &orgs } };
    const char *text = "";

    unit_done(fpi_store_read(store, tx_ask, &a, task));
    for (int i = 0; i < a.count; i++) {
        fpi_statistic_t *s = &a.items[i];

        text = apr_psprintf(task->pool, "%s%s%d:%d,%d,%d,%d", text, i ? " " : "", (int)s->key, (int)s->bills, (int)s->pages,
                            (int)s->submitted, (int)s->sent_back);
    }
    return text;
}

START_TEST(each_change_is_counted_where_it_happens)
{
    fpi_bill_t *one = bill("A", 1, 7, 3), *other = bill("B", 2, 8, 3);

    put(one);
    put(other);
    one->page_count = 5;
    put(one);
    put(one); /* nothing new */
    one->state = FPI_STATE_SUBMITTED;
    put(one);
    ck_assert_str_eq(told(FPI_BY_DAY, 20000, 20000, -1), "20000:2,5,1,0");
    now += DAY;
    one->state = FPI_STATE_RESCAN;
    put(one);
    one->page_count = 3; /* two taken away */
    put(one);
    one->state = FPI_STATE_SUBMITTED;
    put(one);
    one->state = FPI_STATE_REVIEWED;
    put(one);
    ck_assert_str_eq(told(FPI_BY_DAY, 20000, 20001, -1), "20000:2,5,1,0 20001:0,-2,1,1");
    ck_assert_str_eq(told(FPI_BY_DAY, 20001, 20001, -1), "20001:0,-2,1,1");
    ck_assert_str_eq(told(FPI_BY_ORG, 19999, 20001, -1), "1:1,3,2,1 2:1,0,0,0");
    ck_assert_str_eq(told(FPI_BY_POINT, 20000, 20001, -1), "3:2,3,2,1");
    ck_assert_str_eq(told(FPI_BY_SCANNER, 20000, 20001, -1), "7:1,3,2,1 8:1,0,0,0");
    ck_assert_str_eq(told(FPI_BY_SCANNER, 20000, 20001, 2), "8:1,0,0,0");
    ck_assert_str_eq(told(FPI_BY_DAY, 19000, 19999, -1), "");
}
END_TEST

/* Beijing's midnight is 16:00 UTC. */
START_TEST(days_are_those_of_beijing)
{
    now = 20000 * DAY + apr_time_from_sec(16 * 3600) - 1;
    put(bill("A", 1, 0, 0));
    now += 1;
    put(bill("B", 1, 0, 0));
    ck_assert_str_eq(told(FPI_BY_DAY, 19999, 20002, -1), "20000:1,0,0,0 20001:1,0,0,0");
}
END_TEST

/* Who files the first pages becomes the owner in the same put. */
START_TEST(first_pages_count_for_their_owner)
{
    fpi_bill_t *one = bill("A", 1, 0, 0);

    put(one);
    one->owner = 7;
    one->point = 3;
    one->page_count = 4;
    put(one);
    ck_assert_str_eq(told(FPI_BY_SCANNER, 20000, 20000, -1), "0:1,0,0,0 7:0,4,0,0");
}
END_TEST

START_TEST(tenants_are_apart)
{
    fpi_bill_t *one = bill("A", 1, 7, 3);

    one->tenant = 2;
    put(one);
    ck_assert_str_eq(told(FPI_BY_DAY, 20000, 20000, -1), "");
}
END_TEST

START_TEST(names_are_told)
{
    asking_t a = { .query = { 1, FPI_BY_ORG, 20000, 20000, NULL } };

    sql("INSERT INTO org (id, tenant, parent, code, name) VALUES (1, 1, 0, 'O1', '一'), (2, 2, 0, 'O2', '别家')");
    put(bill("A", 1, 0, 0));
    put(bill("B", 2, 0, 0));
    unit_done(fpi_store_read(store, tx_ask, &a, task));
    ck_assert_str_eq(a.items[0].name, "一");
    ck_assert_ptr_null(a.items[1].name);
}
END_TEST

/* ---- sums ---- */

static int number(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement;
    int value;

    ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

#define SUMS "SUM(bills), SUM(pages), SUM(submitted), SUM(sent_back) FROM statistic"

/* Both tables of sums hold what adding up gives, and nothing else. */
static void check_sums(sqlite3 *db)
{
    static const char *const pairs[][2] = {
        { "SELECT tenant, day, org, " SUMS " GROUP BY tenant, day, org", "SELECT * FROM statistic_day" },
        { "SELECT tenant, day / 16, org, point, owner, " SUMS " GROUP BY tenant, day / 16, org, point, owner",
          "SELECT * FROM statistic_span" },
    };

    for (int i = 0; i < UNIT_COUNT(pairs); i++) {
        for (int side = 0; side < 2; side++) {
            ck_assert_int_eq(number(db, apr_psprintf(task->pool, "SELECT COUNT(*) FROM (%s EXCEPT %s)", pairs[i][side],
                                                     pairs[i][!side])), 0);
        }
        ck_assert_int_gt(number(db, apr_psprintf(task->pool, "SELECT COUNT(*) FROM (%s)", pairs[i][1])), 1);
    }
}

static sqlite3 *open_raw(const char *name)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(apr_pstrcat(task->pool, folder, "/", name, NULL), &db), SQLITE_OK);
    return db;
}

START_TEST(sums_follow_each_change)
{
    sqlite3 *db = open_raw("test.db");
    fpi_bill_t *one = bill("A", 1, 7, 3), *other = bill("B", 2, 8, 3);

    put(one);
    put(other);
    for (int i = 0; i < 40; i++) {
        one->org = 1 + i % 3; /* it changes hands, too */
        one->owner = 7 + i % 2;
        one->page_count = (i * 7) % 11;
        one->state = i % 2 ? FPI_STATE_SUBMITTED : FPI_STATE_RESCAN;
        put(one);
        other->page_count = i / 4;
        put(other);
        now += i % 4 ? 0 : 3 * DAY;
    }
    sql("DELETE FROM bill WHERE number = 'B'"); /* what was done stays done */
    check_sums(db);
    ck_assert_int_eq(number(db, "SELECT SUM(bills) FROM statistic_span"), 2);
    sqlite3_close(db);
}
END_TEST

static void fill_days(sqlite3 *db)
{
    const char *text = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)"
                       " INSERT INTO statistic SELECT 1 + i % 2, 20000 + i * 7 % 401, i % 5, i % 3, i % 7, i, i % 4 - 1, i % 3, 1 FROM n"
                       " WHERE true ON CONFLICT DO UPDATE SET bills = bills + excluded.bills";

    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
}

/* Of what `told` says, as adding up all single days gives it. */
static const char *added(sqlite3 *db, fpi_statistics_by_t by, int first, int last, int org)
{
    static const char *const columns[] = { "day", "org", "point", "owner" };
    const char *text = apr_psprintf(task->pool, "SELECT COALESCE(group_concat(line, ' '), '') FROM (SELECT %s || ':' || SUM(bills) || ',' ||"
                                    " SUM(pages) || ',' || SUM(submitted) || ',' || SUM(sent_back) AS line FROM statistic WHERE tenant = 1"
                                    " AND day BETWEEN %d AND %d AND (%d < 0 OR org = %d) GROUP BY %s ORDER BY %s)",
                                    columns[by], first, last, org, org, columns[by], columns[by]);
    sqlite3_stmt *statement;

    ck_assert_msg(sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    text = apr_pstrdup(task->pool, (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

/* From any day of a span to any other: 16 days are one. */
START_TEST(any_days_are_added_up_right)
{
    sqlite3 *db = open_raw("test.db");
    fpi_statistics_by_t by = (fpi_statistics_by_t)_i;

    fill_days(db);
    check_sums(db);
    for (int first = 19990; first < 20040; first++) {
        for (int days = 1; days < 366; days += days < 36 ? 1 : 47) {
            int last = first + days - 1, org = (first + days) % 8 - 3;

            ck_assert_str_eq(told(by, first, last, org < 0 ? -1 : org), added(db, by, first, last, org < 0 ? -1 : org));
        }
    }
    sqlite3_close(db);
}
END_TEST

START_TEST(several_organisations_are_added_up_at_once)
{
    int64_t ids[] = { 0, 2, 4 };
    fpi_ids_t orgs = { ids, 3 };
    sqlite3 *db = open_raw("test.db");

    fill_days(db);
    for (int by = FPI_BY_DAY; by <= FPI_BY_SCANNER; by++) {
        asking_t a = { .query = { 1, (fpi_statistics_by_t)by, 20003, 20103, &orgs } };
        int64_t sum = 0;

        unit_done(fpi_store_read(store, tx_ask, &a, task));
        for (int i = 0; i < a.count; i++) {
            sum += a.items[i].bills;
        }
        ck_assert_int_eq(sum, number(db, "SELECT SUM(bills) FROM statistic WHERE tenant = 1 AND day BETWEEN 20003 AND 20103 AND org IN (0, 2, 4)"));
        orgs.count = 0;
        unit_done(fpi_store_read(store, tx_ask, &a, task));
        ck_assert_int_eq(a.count, 0);
        orgs.count = 3;
    }
    sqlite3_close(db);
}
END_TEST

/* A store that was made before there were sums. */
START_TEST(the_days_of_an_older_store_are_summed)
{
    sqlite3 *db = open_raw("older.db");

    for (int i = 0; i < UNIT_COUNT(sql_migrations); i++) {
        if (strstr(sql_migrations[i], "CREATE TABLE statistic_span")) {
            fill_days(db);
        }
        ck_assert_msg(sqlite3_exec(db, sql_migrations[i], NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    }
    check_sums(db);
    sqlite3_close(db);
}
END_TEST

/* ---- attachments ---- */

typedef struct listing_t {
    fpi_attachment_query_t query;
    fpi_attachment_page_t page;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    listing_t *l = baton;

    return fpi_attachments_page(&l->page, tx, &l->query, t);
}

/* Bills 1 to 4 in organisations 1 and 2; `count` files, kind 2 but every tenth, of the bills in turn. */
static void fill(int count)
{
    put(bill("N1", 1, 0, 0));
    put(bill("N2", 2, 0, 0));
    put(bill("N3", 1, 7, 0));
    put(bill("M4", 2, 0, 0));
    sql(apr_psprintf(task->pool,
                     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
                     " INSERT INTO file (id, tenant, bill, invoice, kind, name, sha256, size, position, created, label,"
                     " attachment_type) SELECT i, 1, 1 + i %% 4, 0, CASE i %% 10 WHEN 0 THEN 1 ELSE 2 END, 'f' || i || '.pdf',"
                     " printf('%%064x', i), 10, i, i * 1000000, CASE i %% 3 WHEN 0 THEN '合同' END, i %% 2 FROM n",
                     count));
}

static int count_of(listing_t *l)
{
    l->query.tenant = 1;
    l->query.most = l->query.most ? l->query.most : 200;
    unit_done(fpi_store_read(store, tx_list, l, task));
    return l->page.count;
}

START_TEST(attachments_are_filtered)
{
    listing_t all = { .query = { .attachment_type = -1 } };
    listing_t label = { .query = { .attachment_type = -1, .label = "合同" } };
    listing_t type = { .query = { .attachment_type = 1 } };
    listing_t number = { .query = { .attachment_type = -1, .number = "N" } };
    listing_t name = { .query = { .attachment_type = -1, .name = "f9" } };
    listing_t span = { .query = { .attachment_type = -1, .from = 11000000, .to = 20000000 } };

    fill(100);
    ck_assert_int_eq(count_of(&all), 90);
    ck_assert_int_eq(all.page.total, 90);
    ck_assert(!all.page.has_more && !all.page.is_partial && !all.page.is_bound);
    ck_assert_int_eq(all.page.items[0].id, 99);
    ck_assert_str_eq(all.page.items[0].number, "M4");
    ck_assert_int_eq(count_of(&label), 30);
    ck_assert_int_eq(count_of(&type), 50);
    ck_assert_int_eq(count_of(&number), 65);
    ck_assert_int_eq(count_of(&name), 10);
    ck_assert_int_eq(count_of(&span), 9);
}
END_TEST

START_TEST(attachments_are_seen_as_their_bills)
{
    int64_t orgs[] = { 2 };
    fpi_viewer_t viewer = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 7, .all_orgs = { orgs, 1 } };
    listing_t mine = { .query = { .attachment_type = -1, .viewer = &viewer } };
    listing_t nobody = { .query = { .attachment_type = -1 } };

    fill(100);
    ck_assert_int_eq(count_of(&mine), 70); /* of N2, M4 and his own N3 */
    for (int i = 0; i < mine.page.count; i++) {
        ck_assert_str_ne(mine.page.items[i].number, "N1");
    }
    viewer.user = 8;
    viewer.all_orgs.count = 0;
    ck_assert_int_eq(count_of(&mine), 0);
    nobody.query.tenant = 2;
    nobody.query.most = 10;
    unit_done(fpi_store_read(store, tx_list, &nobody, task));
    ck_assert_int_eq(nobody.page.count, 0);
}
END_TEST

START_TEST(attachments_go_on_where_the_page_ended)
{
    listing_t l = { .query = { .attachment_type = -1, .most = 7 } };
    int seen = 0;
    int64_t last = INT64_MAX;

    fill(100);
    do {
        count_of(&l);
        for (int i = 0; i < l.page.count; i++) {
            ck_assert(l.page.items[i].id < last);
            last = l.page.items[i].id;
            seen++;
        }
        l.query.after = l.page.last;
    } while (l.page.has_more);
    ck_assert_int_eq(seen, 90);
}
END_TEST

/* Each page that is asked for by its number is what comes behind the one before. */
START_TEST(pages_of_attachments_are_those_behind_each_other)
{
    listing_t deep = { .query = { .attachment_type = -1, .most = 7 } }, behind = deep;

    fill(100);
    do {
        ck_assert_int_eq(count_of(&deep), count_of(&behind));
        for (int i = 0; i < deep.page.count; i++) {
            ck_assert_int_eq(deep.page.items[i].id, behind.page.items[i].id);
        }
        ck_assert_int_eq(deep.page.has_more, behind.page.has_more);
        ck_assert_int_eq(deep.page.total, 90);
        deep.query.skip += 7;
        behind.query.after = behind.page.last;
    } while (behind.page.count);
    ck_assert_int_eq(deep.query.skip, 98);
}
END_TEST

START_TEST(attachments_out_of_reach_are_not_tried_to_the_end)
{
    int64_t orgs[] = { 2 };
    fpi_viewer_t viewer = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 9, .all_orgs = { orgs, 1 } };
    listing_t all = { .query = { .attachment_type = -1, .skip = 4800 } }, half = all;

    fill(20000);
    ck_assert_int_eq(count_of(&all), 200);
    half.query.viewer = &viewer;
    ck_assert_int_eq(count_of(&half), 0);
    ck_assert(half.page.is_partial && half.page.has_more);
    ck_assert_int_gt(half.page.last, 20000 * 0.8); /* the newest are the first */
}
END_TEST

START_TEST(a_rare_attachment_is_found_in_rounds)
{
    listing_t l = { .query = { .attachment_type = -1, .name = "f1.pdf" } };
    int rounds = 0;

    fill(20000);
    do {
        count_of(&l);
        ck_assert(l.page.count || l.page.is_partial);
        l.query.after = l.page.last;
        rounds++;
    } while (!l.page.count && rounds < 20);
    ck_assert_int_eq(l.page.count, 1);
    ck_assert_int_gt(rounds, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("statistics");
    TCase *one = tcase_create("statistics");

    tcase_add_checked_fixture(one, open_all, close_all);
    tcase_set_timeout(one, 120);
    tcase_add_test(one, each_change_is_counted_where_it_happens);
    tcase_add_test(one, days_are_those_of_beijing);
    tcase_add_test(one, first_pages_count_for_their_owner);
    tcase_add_test(one, tenants_are_apart);
    tcase_add_test(one, names_are_told);
    tcase_add_test(one, sums_follow_each_change);
    tcase_add_loop_test(one, any_days_are_added_up_right, FPI_BY_DAY, FPI_BY_SCANNER + 1);
    tcase_add_test(one, several_organisations_are_added_up_at_once);
    tcase_add_test(one, the_days_of_an_older_store_are_summed);
    tcase_add_test(one, attachments_are_filtered);
    tcase_add_test(one, attachments_are_seen_as_their_bills);
    tcase_add_test(one, attachments_go_on_where_the_page_ended);
    tcase_add_test(one, pages_of_attachments_are_those_behind_each_other);
    tcase_add_test(one, attachments_out_of_reach_are_not_tried_to_the_end);
    tcase_add_test(one, a_rare_attachment_is_found_in_rounds);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
