/* Lists of bills against a real SQLite store: every filter and order agrees with a plain look at all rows, pages join
 * without gap or repeat. */
#include "store/bill_list.h"
#include "store/pushes.h"

#include "raw_unit.h"

#include <stdio.h>

enum { BILLS = 400, MORE = 2100 };

/* Bill n: created n s, updated (7n mod BILLS) s, state n mod 10, three organisations, two tax numbers or none, numbers
 * that don't run with the ids. */
static void fill(void)
{
    sqlite3 *db = open_db();

    sql(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
            " INSERT INTO bill (id, tenant, org, number, resource, bill_no, type_code, tax_no, apply_name, state,"
            " state_before, is_announced, is_locked, push_version, page_count, created, updated, version, owner, point,"
            " apply_phone) SELECT i, 1, i % 3, 'N-' || printf('%04d', (i * 37) % 400), CASE i % 2 WHEN 0 THEN 'EAS' ELSE 'HR' END,"
            " 'BX' || (i % 50), 'T' || (i % 4), CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'TAX1' ELSE 'TAX2'"
            " END, CASE i % 5 WHEN 0 THEN '张三' ELSE '李四' END, i % 10, 0, 1, 0, 0, 0, i * 1000000,"
            " ((i * 7) % 400) * 1000000, 0, i % 7, i % 11, CASE i % 13 WHEN 0 THEN '13800000000' ELSE '139' END FROM n");
    sql(db, "INSERT INTO bill (id, tenant, org, number, resource, state, state_before, is_announced, is_locked,"
            " push_version, page_count, created, updated, version)"
            " VALUES (9999, 2, 0, 'N-0001', 'EAS', 1, 0, 1, 0, 0, 0, 5000000, 5000000, 0)");
    sql(db, "INSERT INTO push (tenant, bill, status, at, last, repeats, body_len) VALUES (1, 11, 'parked', 1, 1, 0, 0),"
            " (1, 12, 'refused', 1, 1, 0, 0), (1, 19, 'parked', 1, 1, 0, 0)"); /* 19 is void */
    sqlite3_close(db);
}

static void open_all(void)
{
    store_unit_open();
    fill();
}

/* ---- against a plain look ---- */

typedef struct case_t {
    fpi_bill_query_t query;
    const char *where;           /* the same, as a condition on all rows */
} case_t;

#define ANY .org = -1

static const int64_t org_one[] = { 1 }, some_bills[] = { 3, 40, 399, 9999 };

static const fpi_viewer_t of_TAX1 = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .tax_no = "TAX1" },
                          of_TAX2 = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .tax_no = "TAX2" },
                          of_NOBODY = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .tax_no = "NOBODY" },
                          of_clerk = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 3, .point = 5, .mobile = "13800000000" },
                          of_part = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 4, .all_orgs = { org_one, 1 } },
                          of_all = { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 4,
                                     .permissions = UINT64_C(1) << FPI_MAY_BILL_SEE_ALL },
                          of_event = { .kind = FPI_VIEWER_EVENT, .tenant = 1, .user = 3, .point = 5, .bills = { some_bills, 4 } };

#define CLERK "(owner = 3 OR point = 5 OR apply_phone = '13800000000')"

static const case_t cases[] = {
    { { ANY }, "1" },
    { { ANY, .viewer = &of_TAX1 }, "COALESCE(tax_no, '') IN ('', 'TAX1')" },
    { { ANY, .viewer = &of_NOBODY }, "COALESCE(tax_no, '') = ''" },
    { { ANY, .states = 1 << 4 }, "state = 4" },
    { { ANY, .states = 1 << 4 | 1 << 9, .viewer = &of_TAX2 }, "state IN (4, 9) AND COALESCE(tax_no, '') IN ('', 'TAX2')" },
    { { .org = 2 }, "org = 2" },
    { { .org = 0, .viewer = &of_TAX1 }, "org = 0 AND COALESCE(tax_no, '') IN ('', 'TAX1')" },
    { { ANY, .type_code = "T3" }, "type_code = 'T3'" },
    { { ANY, .type_code = "NONE" }, "0" },
    { { ANY, .resource = "HR" }, "resource = 'HR'" },
    { { ANY, .from = 100000000, .to = 200000000 }, "created >= 100000000 AND created < 200000000" },
    { { ANY, .from = 390000000 }, "created >= 390000000" },
    { { ANY, .to = 20000000, .viewer = &of_TAX1 }, "created < 20000000 AND COALESCE(tax_no, '') IN ('', 'TAX1')" },
    { { ANY, .search = "n-000" }, "number LIKE 'N-000%'" },
    { { ANY, .search = "BX4" }, "bill_no LIKE 'BX4%'" },
    { { ANY, .search = "张" }, "apply_name LIKE '张%'" },
    { { ANY, .search = "张", .viewer = &of_TAX1, .states = 1 << 5 },
      "apply_name LIKE '张%' AND COALESCE(tax_no, '') IN ('', 'TAX1') AND state = 5" },
    { { ANY, .search = "%" }, "0" },
    { { ANY, .viewer = &of_clerk }, CLERK },
    { { ANY, .viewer = &of_clerk, .states = 1 << 4 | 1 << 5 }, CLERK " AND state IN (4, 5)" },
    { { .org = 2, .viewer = &of_clerk }, CLERK " AND org = 2" },
    { { ANY, .viewer = &of_clerk, .from = 100000000, .to = 200000000 }, CLERK " AND created >= 100000000 AND created < 200000000" },
    { { ANY, .viewer = &of_clerk, .search = "张" }, CLERK " AND apply_name LIKE '张%'" },
    { { ANY, .viewer = &of_clerk, .trouble = FPI_TROUBLE_ONLY }, CLERK " AND (state IN (4, 5, 6) OR id = 11)" },
    { { ANY, .viewer = &of_part }, "(owner = 4 OR org = 1)" },
    { { .org = 1, .viewer = &of_part }, "org = 1" },
    { { .org = 2, .viewer = &of_part }, "org = 2 AND owner = 4" },
    { { ANY, .viewer = &of_all }, "1" },
    { { ANY, .viewer = &of_event }, "id IN (3, 40, 399)" },
    { { ANY, .viewer = &of_event, .search = "N-0" }, "id IN (3, 40, 399) AND number LIKE 'N-0%'" },
    { { ANY, .trouble = FPI_TROUBLE_ONLY }, "(state IN (4, 5, 6) OR id = 11)" },
    { { ANY, .trouble = FPI_TROUBLE_ONLY, .states = 1 << 1 | 1 << 4 }, "(state = 4 OR id = 11)" },
    { { ANY, .trouble = FPI_TROUBLE_ONLY, .search = "N-000" }, "(state IN (4, 5, 6) OR id = 11) AND number LIKE 'N-000%'" },
    { { ANY, .trouble = FPI_TROUBLE_ONLY, .viewer = &of_event }, "0" },
    { { ANY, .trouble = FPI_TROUBLE_NONE }, "state NOT IN (4, 5, 6) AND id <> 11" },
    { { ANY, .trouble = FPI_TROUBLE_NONE, .states = 1 << 1 }, "state = 1 AND id <> 11" },
    { { ANY, .trouble = FPI_TROUBLE_NONE, .viewer = &of_part }, "(owner = 4 OR org = 1) AND state NOT IN (4, 5, 6) AND id <> 11" },
};

static const char *const columns[] = { "created", "updated", "number" };

/* The ids in the order of the query, all of them. */
static int expected(int64_t *ids, const case_t *c, const fpi_bill_query_t *q)
{
    const char *way = q->is_rising ? "" : "DESC";
    char *text = apr_psprintf(task->pool, "SELECT id FROM bill WHERE tenant = 1 AND %s ORDER BY %s %s, id %s", c->where,
                              columns[q->sort], way, way);
    sqlite3 *db = open_db();
    sqlite3_stmt *statement;
    int count = 0;

    ck_assert_int_eq(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        ids[count++] = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

typedef struct asking_t {
    fpi_bill_query_t query;
    fpi_bill_page_t page;
} asking_t;

static fpi_err_t *tx_ask(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    asking_t *a = baton;

    return fpi_bills_page(&a->page, tx, &a->query, t);
}

enum { ORDERS = 6 };

static fpi_bill_query_t query_of(const case_t *c, int order)
{
    fpi_bill_query_t q = c->query;

    q.tenant = 1;
    q.sort = (fpi_sort_t)(order % 3);
    q.is_rising = order / 3;
    q.most = 23;
    return q;
}

static void turn_pages(const case_t *c, int order)
{
    int64_t ids[BILLS];
    asking_t a = { .query = query_of(c, order) };
    int count = expected(ids, c, &a.query), seen = 0;

    do {
        a.query.skip = seen;
        unit_done(fpi_store_read(store, tx_ask, &a, task));
        ck_assert_int_eq(a.page.total, count);
        ck_assert(!a.page.is_bound && !a.page.is_partial);
        for (int i = 0; i < a.page.count; i++) {
            ck_assert_msg(a.page.bills[i]->id == ids[seen], "case %s, place %d: %d, not %d", c->where, seen,
                          (int)a.page.bills[i]->id, (int)ids[seen]);
            seen++;
        }
    } while (a.page.has_more);
    ck_assert_int_eq(seen, count);
}

static void follow_cursors(const case_t *c, int order)
{
    int64_t ids[BILLS + MORE];
    asking_t a = { .query = query_of(c, order) };
    int count = expected(ids, c, &a.query), seen = 0;
    fpi_spot_t spot;

    do {
        unit_done(fpi_store_read(store, tx_ask, &a, task));
        for (int i = 0; i < a.page.count; i++) {
            ck_assert_msg(a.page.bills[i]->id == ids[seen], "case %s, place %d", c->where, seen);
            seen++;
        }
        spot = a.page.last;
        a.query.after = &spot;
    } while (a.page.has_more);
    ck_assert_int_eq(seen, count);
}

/* One store for all: none of them changes it. */
START_TEST(each_list_is_whole)
{
    for (int at = 0; at < UNIT_COUNT(cases) * ORDERS; at++) {
        turn_pages(&cases[at / ORDERS], at % ORDERS);
        follow_cursors(&cases[at / ORDERS], at % ORDERS);
    }
}
END_TEST

/* More than few: the list goes along the order's own index. */
START_TEST(many_in_trouble)
{
    static const case_t many[] = {
        { { ANY, .trouble = FPI_TROUBLE_ONLY }, "(state IN (4, 5, 6) OR id = 11)" },
        { { ANY, .trouble = FPI_TROUBLE_ONLY, .states = 1 << 1 | 1 << 4 }, "(state = 4 OR id = 11)" },
        { { ANY, .trouble = FPI_TROUBLE_NONE }, "state NOT IN (4, 5, 6) AND id <> 11" },
    };
    sqlite3 *db = open_db();

    sql(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100)"
            " INSERT INTO bill (id, tenant, org, number, resource, state, state_before, is_announced, is_locked, push_version,"
            " page_count, created, updated, version) SELECT 20000 + i, 1, 0, 'M-' || printf('%04d', (i * 37) % 2100), 'EAS', 4, 0,"
            " 1, 0, 0, 0, i * 300000, ((i * 7) % 2100) * 1000000, 0 FROM n");
    sqlite3_close(db);
    for (int at = 0; at < UNIT_COUNT(many) * ORDERS; at++) {
        follow_cursors(&many[at / ORDERS], at % ORDERS);
    }
}
END_TEST

/* ---- counted by state ---- */

static const struct seen_t {
    const fpi_viewer_t *viewer;
    const char *where;
} seen[] = {
    { NULL, "1" },
    { &of_TAX1, "COALESCE(tax_no, '') IN ('', 'TAX1')" },
    { &of_clerk, CLERK },
    { &of_part, "(owner = 4 OR org = 1)" },
    { &of_all, "1" },
    { &of_event, "id IN (3, 40, 399)" },
};

typedef struct counting_t {
    const fpi_viewer_t *viewer;
    unsigned states;
    fpi_bill_tally_t tally;
} counting_t;

static fpi_err_t *tx_tally(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    counting_t *c = baton;

    return fpi_bills_tally(&c->tally, tx, 1, c->viewer, c->states, t);
}

static int64_t plain_count(sqlite3 *db, const char *where, int state)
{
    sqlite3_stmt *statement;
    int64_t count;

    ck_assert_int_eq(sqlite3_prepare_v2(db, apr_psprintf(task->pool, "SELECT COUNT(*) FROM bill WHERE tenant = 1 AND state = %d AND %s",
                                                         state, where), -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

START_TEST(a_tally_agrees_with_all_rows)
{
    sqlite3 *db = open_db();

    for (int i = 0; i < UNIT_COUNT(seen); i++) {
        counting_t c = { seen[i].viewer, 1U << 0 | 1U << 4 | 1U << 7, { .bounds = 0 } };

        unit_done(fpi_store_read(store, tx_tally, &c, task));
        ck_assert_int_eq(c.tally.bounds, 0);
        for (int state = 0; state <= FPI_STATE_VOID; state++) {
            int64_t count = c.states >> state & 1 ? plain_count(db, seen[i].where, state) : 0;

            ck_assert_msg(c.tally.counts[state] == count, "%s, state %d: %d, not %d", seen[i].where, state,
                          (int)c.tally.counts[state], (int)count);
        }
    }
    sqlite3_close(db);
}
END_TEST

/* A bill that comes while somebody turns pages by cursor neither shifts nor repeats one. */
START_TEST(a_newcomer_moves_no_page)
{
    asking_t a = { .query = { ANY, .tenant = 1, .most = 10 } };
    fpi_spot_t spot;
    sqlite3 *db;

    unit_done(fpi_store_read(store, tx_ask, &a, task));
    ck_assert_int_eq(a.page.bills[9]->id, 391);
    db = open_db();
    sql(db, "UPDATE bill SET created = 900000000 WHERE id = 7");
    sqlite3_close(db);
    spot = a.page.last;
    a.query.after = &spot;
    unit_done(fpi_store_read(store, tx_ask, &a, task));
    ck_assert_int_eq(a.page.bills[0]->id, 390);
}
END_TEST

/* ---- pushes ---- */

static const char *const push_states[] = { NULL, "taken", "done", "older", "refused", "parked" };
static const char *const push_tax_nos[] = { NULL, "TAX1", "TAX2", "NOBODY", "" };

typedef struct pushes_t {
    fpi_push_query_t query;
    fpi_push_t *items;
    int count;
    int64_t total;
} pushes_t;

static fpi_err_t *tx_pushes(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    pushes_t *p = baton;

    return fpi_pushes_page(&p->items, &p->count, &p->total, tx, &p->query, t);
}

/* Of two tenants, with and without a tax number; those of bill 0 have none. */
static void fill_pushes(void)
{
    sqlite3 *db = open_db();

    sql(db, "DELETE FROM push");
    sql(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
            " INSERT INTO push (tenant, bill, number, status, tax_no, at, last, repeats, body_len) SELECT 1 + (i % 9 = 0), i % 50, 'N',"
            " CASE i % 8 WHEN 0 THEN 'taken' WHEN 1 THEN 'older' WHEN 2 THEN 'refused' WHEN 3 THEN 'parked' ELSE 'done' END,"
            " CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'TAX1' ELSE 'TAX2' END, i, i, 0, 0 FROM n");
    sqlite3_close(db);
}

static void turn_pushes(sqlite3 *db, const char *status, const char *tax_no)
{
    pushes_t p = { .query = { .tenant = 1, .status = status, .tax_no = tax_no, .most = 17, .bound = 1000 } };
    sqlite3_stmt *statement;

    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT id FROM push WHERE tenant = 1 AND (?1 IS NULL OR status = ?1)"
                                            " AND (?2 IS NULL OR tax_no = NULLIF(?2, '')) ORDER BY id DESC", -1, &statement,
                                        NULL), SQLITE_OK);
    sqlite3_bind_text(statement, 1, status, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, tax_no, -1, SQLITE_STATIC);
    do {
        unit_done(fpi_store_read(store, tx_pushes, &p, task));
        for (int i = 0; i < p.count; i++) {
            ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
            ck_assert_msg(p.items[i].id == sqlite3_column_int64(statement, 0), "%s of %s", status ? status : "any", tax_no ? tax_no : "all");
        }
        p.query.skip += p.count;
    } while (p.count);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_DONE);
    ck_assert_int_eq(p.total, p.query.skip);
    sqlite3_finalize(statement);
}

START_TEST(each_list_of_pushes_is_whole)
{
    sqlite3 *db;

    fill_pushes();
    db = open_db();
    for (int i = 0; i < UNIT_COUNT(push_states); i++) {
        for (int j = 0; j < UNIT_COUNT(push_tax_nos); j++) {
            turn_pushes(db, push_states[i], push_tax_nos[j]);
        }
    }
    sqlite3_close(db);
}
END_TEST

/* ---- many: bounded ---- */

static void fill_many(void)
{
    sqlite3 *db = open_db();

    sql(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
            " INSERT INTO bill (tenant, org, number, resource, type_code, state, state_before, is_announced, is_locked,"
            " push_version, page_count, created, updated, version)"
            " SELECT 1, 0, 'M-' || i, 'EAS', CASE i WHEN 1 THEN 'RARE' ELSE 'MANY' END, 2, 0, 1, 0, 0, 0,"
            " 1000000000 + i, 1000000000 + i, 0 FROM n");
    sqlite3_close(db);
}

START_TEST(a_total_has_a_bound)
{
    asking_t a = { .query = { ANY, .tenant = 1, .most = 20 } };

    fill_many();
    unit_done(fpi_store_read(store, tx_ask, &a, task));
    ck_assert_int_eq(a.page.total, FPI_LIST_TOTAL);
    ck_assert(a.page.is_bound && a.page.has_more && !a.page.is_partial);
    ck_assert_int_eq(a.page.count, 20);
}
END_TEST

/* State 2 is too many for those who see a part, state 4 is not; the enterprise sees the many, the part is few. */
START_TEST(a_tally_has_a_bound)
{
    static const fpi_viewer_t *const viewers[] = { NULL, &of_TAX1, &of_part };

    fill_many();
    for (int i = 0; i < UNIT_COUNT(viewers); i++) {
        counting_t c = { viewers[i], 1U << 2 | 1U << 4, { .bounds = 0 } };
        bool is_many = viewers[i] != &of_part;

        unit_done(fpi_store_read(store, tx_tally, &c, task));
        ck_assert_int_eq(c.tally.bounds, is_many ? 1U << 2 : 0);
        ck_assert_int_eq(c.tally.counts[2], is_many ? FPI_LIST_TOTAL : 17);
        ck_assert_int_gt(c.tally.counts[4], 0);
    }
}
END_TEST

START_TEST(a_rare_one_is_found_in_rounds)
{
    asking_t a = { .query = { ANY, .tenant = 1, .most = 20, .type_code = "RARE" } };
    fpi_spot_t spot;
    int rounds = 0;

    fill_many();
    do {
        unit_done(fpi_store_read(store, tx_ask, &a, task));
        ck_assert(a.page.count || a.page.is_partial || rounds);
        spot = a.page.last;
        a.query.after = &spot;
        rounds++;
    } while (!a.page.count && a.page.has_more && rounds < 40);
    ck_assert_int_eq(a.page.count, 1);
    ck_assert_int_gt(rounds, 1);
}
END_TEST

/* Several bills of a number, of other resources in another order than their ids. */
static void fill_resources(void)
{
    sqlite3 *db = open_db();

    sql(db, "INSERT INTO bill (tenant, org, number, resource, type_code, state, state_before, is_announced, is_locked, push_version,"
            " page_count, created, updated, version) SELECT tenant, org, number, substr('CBA', k, 1), type_code, state, 0, 1, 0, 0, 0, 1, 1, 0"
            " FROM bill, (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3) WHERE id % 7 = 0");
    sqlite3_close(db);
}

/* Each page that is asked for by its number is what comes behind the one before. */
static void check_pages(asking_t deep)
{
    asking_t behind = deep;
    fpi_spot_t spot;

    do {
        unit_done(fpi_store_read(store, tx_ask, &deep, task));
        unit_done(fpi_store_read(store, tx_ask, &behind, task));
        ck_assert_int_eq(deep.page.count, behind.page.count);
        ck_assert_int_eq(deep.page.has_more, behind.page.has_more);
        for (int k = 0; k < deep.page.count; k++) {
            ck_assert_int_eq(deep.page.bills[k]->id, behind.page.bills[k]->id);
        }
        spot = behind.page.last;
        behind.query.after = &spot;
        deep.query.skip += deep.query.most;
    } while (behind.page.count && deep.query.skip < FPI_LIST_DEEP);
    ck_assert_int_gt(deep.query.skip, 400);
    ck_assert(!deep.page.is_partial);
}

START_TEST(pages_by_number_are_those_behind_each_other)
{
    static const int sizes[] = { 1, 7, 50 };

    fill_resources();
    for (int i = 0; i < 2 * UNIT_COUNT(sizes); i++) {
        check_pages((asking_t){ .query = { ANY, .tenant = 1, .sort = FPI_SORT_NUMBER, .is_rising = i % 2, .most = sizes[i / 2] } });
    }
}
END_TEST

/* The deepest page: whoever sees all gets it, without a look at the rows before it; whoever sees little is told soon. */
START_TEST(a_page_out_of_reach_is_not_tried_to_the_end)
{
    fpi_viewer_t little = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .tax_no = "T" };
    asking_t all = { .query = { ANY, .tenant = 1, .sort = FPI_SORT_NUMBER, .skip = FPI_LIST_DEEP - 50, .most = 50 } };
    asking_t few = all, most = all;
    sqlite3 *db;

    fill_many();
    db = open_db();
    sql(db, "UPDATE bill SET tax_no = CASE WHEN id % 10 = 0 THEN 'T' ELSE 'U' END");
    unit_done(fpi_store_read(store, tx_ask, &all, task));
    ck_assert_int_eq(all.page.count, 50);
    ck_assert(all.page.has_more && !all.page.is_partial && all.page.is_bound);
    few.query.viewer = &little;
    unit_done(fpi_store_read(store, tx_ask, &few, task));
    ck_assert(!few.page.count && few.page.is_partial && few.page.has_more);
    ck_assert_int_le(few.page.total, FPI_LIST_SCAN / 8);
    sql(db, "UPDATE bill SET tax_no = CASE WHEN id % 10 = 0 THEN 'U' ELSE 'T' END");
    most.query.viewer = &little;
    unit_done(fpi_store_read(store, tx_ask, &most, task));
    ck_assert_int_eq(most.page.count, 50);
    ck_assert(most.page.has_more && !most.page.is_partial);
    sqlite3_close(db);
}
END_TEST

/* By creation, too, and for an enterprise, whose bills are its own and those of none. */
START_TEST(pages_by_creation_are_those_behind_each_other)
{
    fpi_viewer_t one = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .tax_no = "T" };
    fpi_viewer_t none = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .tax_no = "" };
    const fpi_viewer_t *viewers[] = { NULL, &one, &none };
    sqlite3 *db;

    fill_many();
    db = open_db();
    /* many of one moment: the order goes on by id */
    sql(db, "UPDATE bill SET tax_no = CASE id % 4 WHEN 0 THEN 'T' WHEN 1 THEN NULL WHEN 2 THEN '' ELSE 'U' END, created = created / 100 * 100");
    sqlite3_close(db);
    for (int i = 0; i < 2 * UNIT_COUNT(viewers); i++) {
        check_pages((asking_t){ .query = { ANY, .tenant = 1, .is_rising = i % 2, .most = 37, .viewer = viewers[i / 2] } });
    }
}
END_TEST

START_TEST(few_of_a_state_are_found_among_many)
{
    asking_t a = { .query = { ANY, .tenant = 1, .most = 50, .states = 1 << FPI_STATE_RESCAN, .is_rising = true } };

    fill_many();
    unit_done(fpi_store_read(store, tx_ask, &a, task));
    ck_assert_int_eq(a.page.total, 40);
    ck_assert(!a.page.is_bound);
    ck_assert_int_eq(a.page.bills[0]->id, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lists");
    TCase *one = tcase_create("lists");

    tcase_add_checked_fixture(one, open_all, store_unit_close);
    tcase_set_timeout(one, 120);
    tcase_add_test(one, each_list_is_whole);
    tcase_add_test(one, many_in_trouble);
    tcase_add_test(one, a_newcomer_moves_no_page);
    tcase_add_test(one, a_total_has_a_bound);
    tcase_add_test(one, a_tally_agrees_with_all_rows);
    tcase_add_test(one, a_tally_has_a_bound);
    tcase_add_test(one, a_rare_one_is_found_in_rounds);
    tcase_add_test(one, pages_by_number_are_those_behind_each_other);
    tcase_add_test(one, pages_by_creation_are_those_behind_each_other);
    tcase_add_test(one, a_page_out_of_reach_is_not_tried_to_the_end);
    tcase_add_test(one, few_of_a_state_are_found_among_many);
    tcase_add_test(one, each_list_of_pushes_is_whole);
    suite_add_tcase(suite, one);
    return unit_run(suite);
}
