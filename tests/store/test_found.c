/* Contents and what was found in them, against a real SQLite store. */
#include "base/clock.h"
#include "store/bills.h"
#include "store/contents.h"
#include "store/found_list.h"

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

static int64_t make_bill(fpi_tx_t *tx, int64_t tenant, const char *number, fpi_state_t state, fpi_state_t before)
{
    fpi_bill_t bill = { .tenant = tenant, .number = number, .resource = "", .state = state, .state_before = before };

    unit_done(fpi_bill_put(&bill, tx, task));
    return bill.id;
}

static int64_t make_file(fpi_tx_t *tx, int64_t bill, const char *sha256)
{
    fpi_file_t file = { .tenant = 1, .bill = bill, .kind = FPI_KIND_INVOICE, .name = "a", .sha256 = sha256,
                        .media = "image/png", .size = 3 };
    bool is_new;

    unit_done(fpi_file_put(&file, &is_new, tx, task));
    ck_assert(is_new);
    return file.id;
}

/* ---- contents ---- */

TX_TEST(contents)
{
    fpi_content_t *content;
    fpi_holder_t *holders;
    int count;

    unit_done(fpi_content_find(&content, tx, "aa", t));
    ck_assert_ptr_null(content);
    unit_done(fpi_content_put(tx, "aa", 7, "application/pdf", FPI_CONTENT_OF_FILE, t));
    unit_done(fpi_content_put(tx, "aa", 8, "image/png", FPI_CONTENT_OF_FILE, t)); /* changes nothing */
    unit_done(fpi_content_find(&content, tx, "aa", t));
    ck_assert_str_eq(content->media, "application/pdf");
    ck_assert_int_eq(content->size, 7);
    ck_assert_int_eq(content->state, FPI_CONTENT_WAITING);
    ck_assert_ptr_null(content->doc);

    content->state = FPI_CONTENT_LOOKED;
    content->pages = 3;
    content->doc = "{}";
    content->note = "odd";
    now += 5;
    unit_done(fpi_content_tell(content, tx, t));
    unit_done(fpi_content_find(&content, tx, "aa", t));
    ck_assert_int_eq(content->state, FPI_CONTENT_LOOKED);
    ck_assert_int_eq(content->pages, 3);
    ck_assert_str_eq(content->doc, "{}");
    ck_assert_str_eq(content->note, "odd");
    ck_assert_int_eq(content->looked, now);
    unit_done(fpi_content_put(tx, "aa", 7, "application/pdf", FPI_CONTENT_OF_FILE, t));
    unit_done(fpi_content_find(&content, tx, "aa", t));
    ck_assert_int_eq(content->state, FPI_CONTENT_LOOKED);

    content->doc = apr_pcalloc(t->pool, FPI_CONTENT_DOC + 2);
    memset((char *)content->doc, ' ', FPI_CONTENT_DOC + 1);
    unit_failed(fpi_content_tell(content, tx, t), FPI_E_TOO_LARGE);

    unit_done(fpi_content_holders(&holders, &count, tx, "aa", t));
    ck_assert_int_eq(count, 0);
    make_file(tx, make_bill(tx, 1, "A", FPI_STATE_UPLOADED, 0), "aa");
    make_file(tx, make_bill(tx, 1, "B", FPI_STATE_UPLOADED, 0), "aa");
    make_file(tx, 2, "bb");
    unit_done(fpi_content_holders(&holders, &count, tx, "aa", t));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(holders[0].bill, 2);
    ck_assert(holders[0].is_waiting); /* for bb */
    ck_assert_int_eq(holders[1].bill, 1);
    ck_assert(!holders[1].is_waiting);
    return NULL;
}

/* The list of a bill's files tells what the contents themselves tell. */
static void check_looked(fpi_tx_t *tx, int64_t bill, fpi_task_t *t)
{
    fpi_content_t *told, *truth;
    fpi_file_t *files;
    int count;

    unit_done(fpi_files_list_looked(&files, &told, &count, tx, 1, bill, 10, t));
    unit_done(fpi_contents_list(&truth, tx, files, count, t));
    ck_assert_int_gt(count, 0);
    for (int i = 0; i < count; i++) {
        ck_assert_str_eq(told[i].sha256, truth[i].sha256);
        ck_assert_int_eq(told[i].pages, truth[i].pages);
        ck_assert_int_eq(told[i].state, truth[i].state);
        ck_assert_pstr_eq(told[i].note, truth[i].note);
    }
}

static void tell(fpi_tx_t *tx, const char *sha256, fpi_content_state_t state, int64_t pages, const char *note, fpi_task_t *t)
{
    fpi_content_t content = { .sha256 = sha256, .state = state, .pages = pages, .note = note };

    unit_done(fpi_content_tell(&content, tx, t));
}

TX_TEST(files_come_with_what_is_known_of_their_bytes)
{
    int64_t one = make_bill(tx, 1, "A", FPI_STATE_UPLOADED, 0), other = make_bill(tx, 1, "B", FPI_STATE_UPLOADED, 0);
    fpi_file_t *file;
    fpi_whose_t whose;
    int64_t id = make_file(tx, one, "aa");

    make_file(tx, one, "bb");
    make_file(tx, one, "cc");
    check_looked(tx, one, t);
    tell(tx, "aa", FPI_CONTENT_LOOKED, 3, NULL, t);
    tell(tx, "bb", FPI_CONTENT_UNREADABLE, 0, "no", t);
    tell(tx, "cc", FPI_CONTENT_LOOKED, 2, "odd", t);
    check_looked(tx, one, t);
    make_file(tx, other, "aa"); /* known already */
    check_looked(tx, other, t);
    tell(tx, "aa", FPI_CONTENT_LOOKED, 5, NULL, t);
    tell(tx, "bb", FPI_CONTENT_LOOKED, 0, NULL, t);
    check_looked(tx, one, t);
    check_looked(tx, other, t);
    tell(tx, "bb", FPI_CONTENT_LOOKED, 4, "odd", t);
    unit_done(fpi_file_find(&file, &whose, tx, 1, id, t));
    file->sha256 = "dd"; /* other bytes, which nobody has looked at */
    unit_done(fpi_file_put_facts(file, tx, t));
    check_looked(tx, one, t);
    tell(tx, "aa", FPI_CONTENT_WAITING, 0, NULL, t);
    check_looked(tx, other, t);
    return NULL;
}

/* ---- what was found ---- */

static fpi_found_row_t row_of(int64_t bill, int64_t file, const char *identity)
{
    fpi_found_row_t row = { .file = file, .page = 2, .check_code = "cc", .source = "XML", .fields = "{}" };

    row.invoice = (fpi_invoice_t){ .tenant = 1, .bill = bill, .identity = identity, .number = identity, .type = 27,
                                   .date = "2024-05-06", .has_gross = true, .gross = 11300, .seller_name = "50%_a",
                                   .seller_tax_no = "S1", .check_status = 1 };
    return row;
}

static void check_same(const fpi_found_row_t *a, const fpi_found_row_t *b)
{
    ck_assert(fpi_found_is_same(a, b));
    ck_assert_int_eq(a->invoice.id, b->invoice.id);
    ck_assert_int_eq(a->updated, b->updated);
    ck_assert_int_eq(a->created, b->created);
}

TX_TEST(found_come_back_as_put)
{
    fpi_found_row_t row = row_of(5, 6, "X-1"), *list, *found;
    int count;

    row.twin_kind = FPI_TWIN_ALIKE;
    row.twin_bill = 8;
    row.twin_file = 9;
    row.editor = "user:1";
    row.invoice.has_net = true;
    row.invoice.net = 0;
    unit_done(fpi_found_put(&row, tx, t));
    ck_assert_int_gt(row.invoice.id, 0);
    unit_done(fpi_found_list(&list, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 1);
    check_same(&row, list);
    ck_assert(list->invoice.has_net && !list->invoice.has_tax);
    unit_done(fpi_found_list(&list, &count, tx, 2, 5, 10, t));
    ck_assert_int_eq(count, 0);
    unit_done(fpi_found_find(&found, tx, 2, row.invoice.id, t));
    ck_assert_ptr_null(found);

    row.check_code = NULL;
    row.page = 3;
    unit_done(fpi_found_put(&row, tx, t));
    ck_assert_int_eq(row.updated, now + 1); /* another version within the same microsecond */
    unit_done(fpi_found_find(&found, tx, 1, row.invoice.id, t));
    check_same(&row, found);
    found->invoice.has_net = false;
    ck_assert(!fpi_found_is_same(&row, found));
    unit_done(fpi_found_drop(&row, tx, t));
    unit_done(fpi_found_find(&found, tx, 1, row.invoice.id, t));
    ck_assert_ptr_null(found);
    return NULL;
}

TX_TEST(twins)
{
    int64_t mine = make_bill(tx, 1, "M", FPI_STATE_UPLOADED, 0), open = make_bill(tx, 1, "O", FPI_STATE_UPLOADED, 0);
    int64_t gone = make_bill(tx, 1, "V", FPI_STATE_VOID, 0), done = make_bill(tx, 1, "S", FPI_STATE_SUBMITTED, 0);
    int64_t back = make_bill(tx, 1, "R", FPI_STATE_RESCAN, FPI_STATE_REVIEWED);
    int64_t early = make_bill(tx, 1, "E", FPI_STATE_RESCAN, FPI_STATE_UPLOADED);
    int64_t others[] = { open, gone, done, early };
    fpi_invoice_t announced = { .tenant = 1, .bill = back, .identity = "I-1", .number = "I-1", .serial_no = "s" };
    fpi_found_row_t row = row_of(mine, 1, "I-1");
    fpi_twin_t *list;
    int64_t *bills;
    int count;
    bool is_changed;

    unit_done(fpi_found_put(&row, tx, t));
    unit_done(fpi_found_twins(&list, &count, tx, 1, mine, "I-1", 10, t));
    ck_assert_int_eq(count, 0);
    for (int i = 0; i < UNIT_COUNT(others); i++) {
        fpi_found_row_t other = row_of(others[i], 10 + i, "I-1");

        unit_done(fpi_found_put(&other, tx, t));
    }
    unit_done(fpi_invoice_put(&announced, &is_changed, tx, t));
    unit_done(fpi_found_twins(&list, &count, tx, 1, mine, "I-1", 10, t));
    ck_assert_int_eq(count, 4);
    ck_assert(list[0].bill == done && list[0].file == 12 && list[0].is_claimed);
    ck_assert(list[1].bill == back && list[1].file == 0 && list[1].is_claimed);
    ck_assert(list[2].bill == open && !list[2].is_claimed);
    ck_assert(list[3].bill == early && !list[3].is_claimed);
    unit_done(fpi_found_twins(&list, &count, tx, 2, mine, "I-1", 10, t));
    ck_assert_int_eq(count, 0);

    unit_done(fpi_found_neighbours(&bills, &count, tx, 1, mine, NULL, 10, t));
    ck_assert_int_eq(count, 4); /* void or not: it may say so of them */
    unit_done(fpi_found_neighbours(&bills, &count, tx, 1, open, "I-1", 1, t));
    ck_assert_int_eq(count, 1);
    unit_done(fpi_found_neighbours(&bills, &count, tx, 1, open, "I-2", 10, t));
    ck_assert_int_eq(count, 0);
    return NULL;
}

TX_TEST(alike)
{
    int64_t mine = make_bill(tx, 1, "M", FPI_STATE_UPLOADED, 0), other = make_bill(tx, 1, "O", FPI_STATE_UPLOADED, 0);
    fpi_found_row_t row = row_of(mine, 1, NULL), same = row_of(other, 2, "N-1"), day = row_of(other, 3, "N-2");
    fpi_twin_t *twin;

    day.invoice.date = "2024-05-07";
    unit_done(fpi_found_put(&row, tx, t));
    unit_done(fpi_found_put(&day, tx, t));
    unit_done(fpi_found_alike(&twin, tx, &row, t));
    ck_assert_ptr_null(twin);
    unit_done(fpi_found_put(&same, tx, t));
    unit_done(fpi_found_alike(&twin, tx, &row, t));
    ck_assert(twin && twin->bill == other && twin->file == 2);
    unit_done(fpi_found_alike(&twin, tx, &same, t));
    ck_assert(twin && twin->bill == mine);
    row.invoice.identity = "N-3"; /* two numbers: two invoices */
    unit_done(fpi_found_put(&row, tx, t));
    unit_done(fpi_found_alike(&twin, tx, &row, t));
    ck_assert_ptr_null(twin);
    row.invoice.identity = NULL;
    row.invoice.has_gross = false;
    unit_done(fpi_found_alike(&twin, tx, &row, t));
    ck_assert_ptr_null(twin);
    return NULL;
}

/* ---- search ---- */

static int64_t own_bill, foreign_bill;

static void check_search(fpi_tx_t *tx, fpi_found_query_t query, int total)
{
    fpi_found_page_t page, rest;

    query.tenant = query.tenant ? query.tenant : 1;
    query.twin_kind = query.twin_kind ? query.twin_kind : FPI_FOUND_ANY;
    query.most = 2;
    unit_done(fpi_found_page(&page, tx, &query, task));
    ck_assert_int_eq(page.total, total);
    ck_assert(!page.is_bound && !page.is_partial && page.has_more == (total > 2));
    ck_assert_int_eq(page.count, total < 2 ? total : 2);
    query.skip = 2;
    unit_done(fpi_found_page(&rest, tx, &query, task));
    ck_assert_int_eq(rest.count, total < 2 ? 0 : total - 2);
    query.skip = 0;
    query.after = page.last;
    if (page.has_more) { /* the same, behind where the page ended */
        fpi_found_page_t behind;

        unit_done(fpi_found_page(&behind, tx, &query, task));
        ck_assert(behind.count == rest.count && behind.rows[0].invoice.id == rest.rows[0].invoice.id);
    }
}

TX_TEST(search)
{
    fpi_bill_t bill = { .tenant = 1, .number = "F", .resource = "", .tax_no = "OTHER", .org = 12, .owner = 8, .point = 3,
                        .apply_phone = "138" };
    const int64_t orgs[] = { 1, 12 }, others[] = { 2, 123 };
    const fpi_viewer_t me = { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = "ME" },
                       other = { .kind = FPI_VIEWER_ENTERPRISE, .tax_no = "OTHER" },
                       owner = { .kind = FPI_VIEWER_PERSON, .user = 8 }, peer = { .kind = FPI_VIEWER_PERSON, .user = 9, .point = 3 },
                       applicant = { .kind = FPI_VIEWER_PERSON, .user = 9, .mobile = "138" },
                       stranger = { .kind = FPI_VIEWER_PERSON, .user = 9, .mobile = "139", .all_orgs = { others, 2 } },
                       auditor = { .kind = FPI_VIEWER_PERSON, .user = 9, .all_orgs = { orgs, 2 } };
    fpi_viewer_t event = { .kind = FPI_VIEWER_EVENT, .user = 8, .point = 3, .mobile = "138" };
    fpi_found_row_t row;

    own_bill = make_bill(tx, 1, "M", FPI_STATE_UPLOADED, 0);
    unit_done(fpi_bill_put(&bill, tx, t));
    foreign_bill = bill.id;
    for (int i = 0; i < 4; i++) {
        row = row_of(i == 3 ? foreign_bill : own_bill, i + 1, apr_psprintf(t->pool, "N-%d", i));
        row.invoice.date = apr_psprintf(t->pool, "2024-05-0%d", i + 1);
        row.invoice.seller_name = i == 2 ? "500 x" : row.invoice.seller_name;
        row.twin_kind = i == 1 ? FPI_TWIN_SAME_BILL : FPI_TWIN_NONE;
        unit_done(fpi_found_put(&row, tx, t));
    }
    check_search(tx, (fpi_found_query_t){ .viewer = NULL }, 4);
    check_search(tx, (fpi_found_query_t){ .tenant = 2 }, 0);
    check_search(tx, (fpi_found_query_t){ .viewer = &me }, 3);
    check_search(tx, (fpi_found_query_t){ .viewer = &other }, 4);
    check_search(tx, (fpi_found_query_t){ .viewer = &owner }, 1);
    check_search(tx, (fpi_found_query_t){ .viewer = &peer }, 1);
    check_search(tx, (fpi_found_query_t){ .viewer = &applicant, .number = "N-3" }, 1);
    check_search(tx, (fpi_found_query_t){ .viewer = &auditor, .bill = foreign_bill }, 1);
    check_search(tx, (fpi_found_query_t){ .viewer = &stranger }, 0);
    check_search(tx, (fpi_found_query_t){ .viewer = &event }, 0);
    event.bills = (fpi_ids_t){ &own_bill, 1 };
    check_search(tx, (fpi_found_query_t){ .viewer = &event }, 3);
    check_search(tx, (fpi_found_query_t){ .number = "N-1" }, 1);
    check_search(tx, (fpi_found_query_t){ .number = "N-3", .viewer = &me }, 0);
    check_search(tx, (fpi_found_query_t){ .bill = own_bill }, 3);
    check_search(tx, (fpi_found_query_t){ .bill = own_bill, .number = "N-3" }, 0);
    check_search(tx, (fpi_found_query_t){ .bill = foreign_bill, .viewer = &me }, 0);
    check_search(tx, (fpi_found_query_t){ .seller = "S1" }, 4);
    check_search(tx, (fpi_found_query_t){ .seller = "50%" }, 3);
    check_search(tx, (fpi_found_query_t){ .seller = "_a", .number = "N-0" }, 1);
    check_search(tx, (fpi_found_query_t){ .seller = "\\" }, 0);
    check_search(tx, (fpi_found_query_t){ .date_from = "2024-05-02", .date_to = "2024-05-03" }, 2);
    check_search(tx, (fpi_found_query_t){ .date_from = "2024-05-01" }, 4);
    check_search(tx, (fpi_found_query_t){ .date_to = "2024-05-03", .viewer = &me }, 3);
    check_search(tx, (fpi_found_query_t){ .seller = "500 x" }, 1);
    check_search(tx, (fpi_found_query_t){ .seller = "500 X" }, 1);
    check_search(tx, (fpi_found_query_t){ .twin_kind = FPI_TWIN_SAME_BILL }, 1);
    check_search(tx, (fpi_found_query_t){ .twin_kind = FPI_FOUND_TWINNED }, 1);
    check_search(tx, (fpi_found_query_t){ .twin_kind = FPI_TWIN_CLAIMED }, 0);
    return NULL;
}

/* ---- what is said once ---- */

TX_TEST(trail_has)
{
    fpi_bill_t bill = { .tenant = 1, .number = "B", .resource = "" }, other = { .tenant = 1, .id = 99 };
    bool has;

    unit_done(fpi_bill_put(&bill, tx, t));
    unit_done(fpi_trail_has(&has, tx, &bill, "unreadable", "d", t));
    ck_assert(!has);
    unit_done(fpi_trail_add(tx, &bill, "unreadable", "n", "d", t));
    unit_done(fpi_trail_has(&has, tx, &bill, "unreadable", "d", t));
    ck_assert(has);
    unit_done(fpi_trail_has(&has, tx, &bill, "unreadable", "e", t));
    ck_assert(!has);
    unit_done(fpi_trail_has(&has, tx, &other, "unreadable", "d", t));
    ck_assert(!has);
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("found");
    TCase *tests = tcase_create("found");

    tcase_add_checked_fixture(tests, open_all, close_all);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, contents);
    tcase_add_test(tests, files_come_with_what_is_known_of_their_bytes);
    tcase_add_test(tests, found_come_back_as_put);
    tcase_add_test(tests, twins);
    tcase_add_test(tests, alike);
    tcase_add_test(tests, search);
    tcase_add_test(tests, trail_has);
    return unit_run(suite);
}
