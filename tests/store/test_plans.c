/* The plans of the lists' statements in a real SQLite store: each goes along an index, and the index of few serves those
 * alone that it is for. */
#include "raw_unit.h"

#include <stdio.h>
#include <string.h>

static const struct plan_t {
    const char *name;
} plans[] = {
#define FPI_SQL(name) { #name },
#include "store/sql_names.def"
#undef FPI_SQL
};

#include "store/sqlite_sql.h" /* made from sqlite.sql by make */

/* What may not be sorted, however much there is: the index gives the order. */
static bool is_in_order(const char *name)
{
    return strncmp(name, "BILLS_BY_", 9) == 0 || strncmp(name, "BILLS_PASS_", 11) == 0
           || strncmp(name, "AUDIT_", 6) == 0 || strncmp(name, "ATTACHMENT_", 11) == 0
           || strcmp(name, "STATISTICS_BY_DAY") == 0 || strcmp(name, "CAPTURE_LIST") == 0 || strcmp(name, "CAPTURE_LIST_OF_STATE") == 0;
}

static bool is_of_lists(const char *name)
{
    return strncmp(name, "BILLS_", 6) == 0 || strncmp(name, "FILE_", 5) == 0 || strncmp(name, "TRAIL_", 6) == 0
           || strncmp(name, "CONTENT_BRIEF", 13) == 0 || strcmp(name, "INVOICE_LIST_OF_FILE") == 0
           || strncmp(name, "AUDIT_", 6) == 0 || strncmp(name, "ATTACHMENT_", 11) == 0
           || strncmp(name, "STATISTICS_", 11) == 0 || strncmp(name, "LABEL_", 6) == 0
           || strcmp(name, "REPORT_COUNT_UNTOLD") == 0
           || strcmp(name, "CAPTURE_LIST_OF_STATE") == 0 || strcmp(name, "CAPTURE_COUNT_OF_STATE") == 0
           || strncmp(name, "BILL_", 5) == 0 || strncmp(name, "SETTING_", 8) == 0 || strncmp(name, "ORG_", 4) == 0;
}

static void check_step(const char *name, const char *step)
{
    ck_assert_msg(strncmp(step, "SCAN", 4) != 0 || strstr(step, "CONSTANT ROW") || strstr(step, "SCAN seen")
                      || strstr(step, "push_by_failure") /* the few that went wrong */
                      || strstr(step, "SCAN wanted")     /* the organisations asked for */
                      || strstr(step, "SCAN parts")      /* what its own steps brought */
                      || strcmp(name, "AUDIT_LAST") == 0, /* one row, from the end */
                  "%s: %s", name, step);
    ck_assert_msg(!is_in_order(name) || (!strstr(step, "TEMP B-TREE FOR ORDER BY") && !strstr(step, "TEMP B-TREE FOR GROUP BY")),
                  "%s: %s", name, step);
}

static void check_plan(sqlite3 *db, const char *name, const char *text)
{
    sqlite3_stmt *statement;

    ck_assert_msg(sqlite3_prepare_v2(db, apr_pstrcat(task->pool, "EXPLAIN QUERY PLAN ", text, NULL), -1, &statement, NULL)
                      == SQLITE_OK, "%s: %s", name, sqlite3_errmsg(db));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        check_step(name, (const char *)sqlite3_column_text(statement, 3));
    }
    sqlite3_finalize(statement);
}

START_TEST(no_statement_looks_at_all_rows)
{
    sqlite3 *db = open_db();

    for (int i = 0; i < UNIT_COUNT(plans); i++) {
        if (is_of_lists(plans[i].name)) {
            check_plan(db, plans[i].name, sql_texts[i]);
        }
    }
    sqlite3_close(db);
}
END_TEST

/* An index of few statements, which all others stay away from: they are in the order of the ids, or find fewer otherwise. */
static const struct guarded_t {
    const char *table, *index, *ending; /* names that begin with table go by index if they end so, and not else */
} guarded[] = {
    { "PUSH_", "push_by_tax_no", "_OF_TAX_NO" },
    { "REPORT_", "push_by_tax_no", "-" },
    { "BILLS_", "push_by_tax_no", "-" },
    { "JOB_", "push_by_tax_no", "-" },
    { "PUSH_", "push_underway", "_UNDERWAY" },
    { "REPORT_", "push_underway", "-" },
    { "BILLS_", "push_underway", "-" },
    { "JOB_", "push_underway", "-" },
    { "AUDIT_LIST", "audit_by_time", "_SPAN" },
    { "DELIVERY_", "delivery_by_kind", "_OF_KIND" },
    { "REPORT_", "delivery_by_kind", "-" },
};

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);

    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

/* How many steps of a statement name the index; none may sort a list but of those few that are put together first. */
static int steps_by(sqlite3 *db, int at, const char *index)
{
    const char *name = plans[at].name;
    bool may_sort = ends_with(name, "_OF_TAX_NO") || ends_with(name, "_OF_NUMBER") || !strstr(name, "_PAGE");
    sqlite3_stmt *statement;
    int count = 0;

    ck_assert_int_eq(sqlite3_prepare_v2(db, apr_pstrcat(task->pool, "EXPLAIN QUERY PLAN ", sql_texts[at], NULL), -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(statement, 3);

        count += strstr(step, index) != NULL;
        ck_assert_msg(may_sort || !strstr(step, "TEMP B-TREE FOR ORDER BY"), "%s: %s", name, step);
    }
    sqlite3_finalize(statement);
    return count;
}

START_TEST(an_index_of_few_serves_no_other_statement)
{
    sqlite3 *db = open_db();

    for (int g = 0; g < UNIT_COUNT(guarded); g++) {
        for (int i = 0; i < UNIT_COUNT(plans); i++) {
            if (strncmp(plans[i].name, guarded[g].table, strlen(guarded[g].table)) == 0) {
                ck_assert_msg((steps_by(db, i, guarded[g].index) > 0) == ends_with(plans[i].name, guarded[g].ending), "%s, %s",
                              plans[i].name, guarded[g].index);
            }
        }
    }
    sqlite3_close(db);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plans");
    TCase *one = unit_case_with(suite, "plans", store_unit_open, store_unit_close);

    tcase_add_test(one, no_statement_looks_at_all_rows);
    tcase_add_test(one, an_index_of_few_serves_no_other_statement);
    return unit_run(suite);
}
