/* What matching keeps: results, pairs, and what goes with an invoice; against a real SQLite store. */
#include "base/clock.h"
#include "store/bills.h"
#include "store/contents.h"
#include "store/found.h"
#include "store/matches.h"

#include "store_unit.h"

#include <stdio.h>

static apr_time_t now;

static apr_time_t stopped(void)
{
    return now;
}

static void open_all(void)
{
    store_unit_open();
    now = apr_time_from_sec(1700000000);
    fpi_clock_set(stopped);
}

static void close_all(void)
{
    store_unit_close();
    fpi_clock_set(NULL);
}

TX_TEST(results)
{
    const fpi_match_row_t row = { 1, 7, FPI_RESULT_FAILED, 5, 2, 1, 2, 3, "2 are missing", 11, 12, true };
    fpi_match_row_t got, next = row;

    (void)baton;
    FPI_TRY(fpi_match_find(&got, tx, 1, 7, t));
    ck_assert_int_eq(got.result, FPI_RESULT_NONE);
    ck_assert_int_eq(got.bill, 7);
    FPI_TRY(fpi_match_put(&row, tx, t));
    FPI_TRY(fpi_match_find(&got, tx, 1, 7, t));
    ck_assert(got.tenant == 1 && got.bill == 7 && got.result == FPI_RESULT_FAILED && got.expected == 5 && got.matched == 2);
    ck_assert(got.differs == 1 && got.missing == 2 && got.extra == 3 && got.at == 11 && got.empty_at == 12 && got.is_asked);
    ck_assert_str_eq(got.reason, "2 are missing");
    FPI_TRY(fpi_match_find(&got, tx, 2, 7, t));
    ck_assert_int_eq(got.result, FPI_RESULT_NONE);
    next.result = FPI_RESULT_MATCHED;
    next.reason = NULL;
    next.is_asked = false;
    FPI_TRY(fpi_match_put(&next, tx, t));
    FPI_TRY(fpi_match_find(&got, tx, 1, 7, t));
    ck_assert(got.result == FPI_RESULT_MATCHED && !got.reason && !got.is_asked);
    return NULL;
}

/* "1-5 1/6": pairs with "-", apart with "/" */
static const char *said(fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *t)
{
    const char *text = "";
    fpi_pair_row_t *rows;
    int count;

    unit_done(fpi_pairs_list(&rows, &count, tx, tenant, bill, 100, t));
    for (int i = 0; i < count; i++) {
        text = apr_psprintf(t->pool, "%s%s%d%s%d", text, *text ? " " : "", (int)rows[i].pair.invoice,
                            rows[i].pair.is_apart ? "/" : "-", (int)rows[i].pair.found);
        ck_assert_str_eq(rows[i].actor, "user:a");
        ck_assert(rows[i].created == now);
    }
    return text;
}

TX_TEST(pairs)
{
    const fpi_match_pair_t words[] = { { 1, 5, false }, { 2, 5, true }, { 2, 6, false }, { 3, 5, false }, { 3, 5, true } };
    const char *after[] = { "1-5", "1-5 2/5", "1-5 2/5 2-6", "2/5 2-6 3-5", "2/5 2-6 3/5" };

    (void)baton;
    t->actor = "user:a";
    for (int i = 0; i < UNIT_COUNT(words); i++) {
        FPI_TRY(fpi_pair_put(tx, 1, 7, &words[i], t));
        ck_assert_str_eq(said(tx, 1, 7, t), after[i]);
    }
    FPI_TRY(fpi_pair_put(tx, 1, 8, &words[0], t));
    ck_assert_str_eq(said(tx, 1, 7, t), after[4]);
    ck_assert_str_eq(said(tx, 1, 8, t), "1-5");
    ck_assert_str_eq(said(tx, 2, 7, t), "");
    return NULL;
}

/* Keys are given again: what was said of one that is gone must not be said of the next. */
TX_TEST(pairs_go_with_their_invoices)
{
    fpi_invoice_t invoice = { .tenant = 1, .bill = 7, .serial_no = "S", .doc = "{}" };
    fpi_found_row_t found = { .invoice = { .tenant = 1, .bill = 7 }, .file = 1, .source = "XML" }, other = found;
    fpi_match_pair_t pair = { 0 };
    int64_t dropped;
    bool is_changed;

    (void)baton;
    t->actor = "user:a";
    FPI_TRY(fpi_invoice_put(&invoice, &is_changed, tx, t));
    FPI_TRY(fpi_found_put(&found, tx, t));
    FPI_TRY(fpi_found_put(&other, tx, t));
    pair.invoice = invoice.id;
    pair.found = found.invoice.id;
    FPI_TRY(fpi_pair_put(tx, 1, 7, &pair, t));
    pair.found = other.invoice.id;
    pair.is_apart = true;
    FPI_TRY(fpi_pair_put(tx, 1, 7, &pair, t));
    ck_assert_str_eq(said(tx, 1, 7, t), "1-1 1/2");
    FPI_TRY(fpi_found_drop(&found, tx, t));
    ck_assert_str_eq(said(tx, 1, 7, t), "1/2");
    FPI_TRY(fpi_invoices_keep_only(&dropped, tx, 1, 7, NULL, 0, t));
    ck_assert_int_eq(dropped, 1);
    ck_assert_str_eq(said(tx, 1, 7, t), "");
    return NULL;
}

TX_TEST(looking)
{
    fpi_file_t file = { .tenant = 1, .bill = 7, .kind = FPI_KIND_INVOICE, .name = "a", .sha256 = "ab", .media = "x", .size = 1 };
    fpi_content_t content = { .sha256 = "ab", .state = FPI_CONTENT_LOOKED, .doc = "{}" };
    bool is_new, is_looking;

    (void)baton;
    FPI_TRY(fpi_match_is_looking(&is_looking, tx, 1, 7, t));
    ck_assert(!is_looking);
    FPI_TRY(fpi_file_put(&file, &is_new, tx, t));
    FPI_TRY(fpi_content_put(tx, "ab", 1, "x", FPI_CONTENT_OF_FILE, t));
    FPI_TRY(fpi_match_is_looking(&is_looking, tx, 1, 7, t));
    ck_assert(is_looking);
    FPI_TRY(fpi_match_is_looking(&is_looking, tx, 1, 8, t));
    ck_assert(!is_looking);
    FPI_TRY(fpi_match_is_looking(&is_looking, tx, 2, 7, t));
    ck_assert(!is_looking);
    FPI_TRY(fpi_content_tell(&content, tx, t));
    FPI_TRY(fpi_match_is_looking(&is_looking, tx, 1, 7, t));
    ck_assert(!is_looking);
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("matches");
    TCase *tests = tcase_create("matches");

    tcase_add_checked_fixture(tests, open_all, close_all);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, results);
    tcase_add_test(tests, pairs);
    tcase_add_test(tests, pairs_go_with_their_invoices);
    tcase_add_test(tests, looking);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
