/* Scan sessions, their pages and image-code rules against a real SQLite store in a directory of its own. */
#include "base/clock.h"
#include "store/captures.h"
#include "store/cover_rules.h"

#include "store_unit.h"

#include <stdio.h>

static fpi_capture_t make(fpi_tx_t *tx, int64_t tenant, int64_t enterprise)
{
    fpi_capture_t capture = { .tenant = tenant, .enterprise = enterprise, .actor = "client:A", .number = "", .resource = "" };

    unit_done(fpi_capture_make(&capture, tx, task));
    ck_assert_int_gt(capture.id, 0);
    return capture;
}

static fpi_capture_page_t add(fpi_tx_t *tx, const fpi_capture_t *capture, int64_t position, const char *key)
{
    const char *sha = apr_psprintf(task->pool, "%064d", (int)position);
    fpi_capture_page_t page = { .tenant = capture->tenant, .capture = capture->id, .position = position, .upload_key = key,
                                .sha256 = sha, .name = "p.jpg", .kind = FPI_ROLE_AUTO };

    unit_done(fpi_content_put(tx, sha, 10, "image/jpeg", FPI_CONTENT_OF_PAGE, task));
    unit_done(fpi_capture_page_put(&page, tx, task));
    return page;
}

/* The ids in order, "1 2 3". */
static const char *order(fpi_tx_t *tx, const fpi_capture_t *capture)
{
    fpi_capture_page_t *pages;
    const char *out = "";
    int count;

    unit_done(fpi_capture_pages_list(&pages, &count, tx, capture, task));
    for (int i = 0; i < count; i++) {
        out = apr_psprintf(task->pool, "%s%s%" APR_INT64_T_FMT, out, i ? " " : "", pages[i].id);
    }
    return out;
}

TX_TEST(captures_are_their_tenants)
{
    const fpi_viewer_t all = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .enterprise = 4 },
                       five = { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .enterprise = 5, .tax_no = "T" };
    fpi_capture_t a = make(tx, 1, 5), b = make(tx, 1, 6), *found, *list;
    int64_t total;
    int count;

    make(tx, 2, 5);
    unit_done(fpi_capture_find(&found, tx, 2, a.id, t));
    ck_assert_ptr_null(found);
    unit_done(fpi_capture_find(&found, tx, 1, a.id, t));
    ck_assert_int_eq(found->enterprise, 5);
    ck_assert_int_eq(found->version, 1);
    ck_assert_ptr_null(found->name);
    ck_assert_str_eq(found->number, "");
    unit_done(fpi_captures_list(&list, &count, &total, tx, &all, -1, 0, 10, 100, t));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(list[0].id, b.id);
    unit_done(fpi_captures_list(&list, &count, &total, tx, &five, FPI_CAPTURE_OPEN, 0, 10, 100, t));
    ck_assert_int_eq(total, 1);
    unit_done(fpi_captures_list(&list, &count, &total, tx, &all, FPI_CAPTURE_FINISHED, 0, 10, 100, t));
    ck_assert_int_eq(count, 0);
    ck_assert(fpi_capture_is_seen(found, &all) && fpi_capture_is_seen(found, &five) && fpi_capture_is_seen(found, NULL));
    ck_assert(!fpi_capture_is_seen(&b, &five));
    return NULL;
}

/* Scanners of one point share their scan sessions. */
TX_TEST(captures_are_their_persons)
{
    fpi_capture_t mine = { .tenant = 1, .owner = 7, .point = 2, .actor = "user:x", .number = "", .resource = "" };
    static const struct {
        fpi_viewer_t viewer;
        int seen;
    } cases[] = {
        { { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 7 }, 1 },
        { { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 8, .point = 2 }, 1 },
        { { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 8, .point = 3 }, 0 },
        { { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 8 }, 0 },
        { { .kind = FPI_VIEWER_EVENT, .tenant = 1, .user = 7, .point = 2 }, 0 },
        { { .kind = FPI_VIEWER_PERSON, .tenant = 1, .user = 8, .permissions = UINT64_C(1) << FPI_MAY_BILL_SEE_ALL }, 2 },
        { { .kind = FPI_VIEWER_PERSON, .tenant = 2, .user = 7 }, 0 },
        { { .kind = FPI_VIEWER_ENTERPRISE, .tenant = 1, .enterprise = 5, .tax_no = "T" }, 1 },
    };
    fpi_capture_t *list;
    int64_t total;
    int count;

    unit_done(fpi_capture_make(&mine, tx, t));
    make(tx, 1, 5);
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        unit_done(fpi_captures_list(&list, &count, &total, tx, &cases[i].viewer, -1, 0, 10, 100, t));
        ck_assert_msg(total == cases[i].seen && count == cases[i].seen, "case %d: %d", (int)i, count);
        ck_assert_int_eq(fpi_capture_is_seen(&mine, &cases[i].viewer) && cases[i].viewer.tenant == 1,
                         cases[i].seen > 0 && cases[i].viewer.kind != FPI_VIEWER_ENTERPRISE);
    }
    return NULL;
}

TX_TEST(a_touch_is_the_next_version)
{
    fpi_capture_t capture = make(tx, 1, 5), *found;

    capture.page_count = 2;
    capture.left = 0;
    fpi_capture_settle(&capture);
    unit_done(fpi_capture_touch(&capture, FPI_CAPTURE_FILED, 2, tx, t));
    unit_done(fpi_capture_find(&found, tx, 1, capture.id, t));
    ck_assert_int_eq(found->version, 2);
    ck_assert_int_eq(capture.version, 2);
    ck_assert_int_eq(found->state, FPI_CAPTURE_FINISHED);
    ck_assert_int_eq(found->act, FPI_CAPTURE_FILED);
    ck_assert_int_eq(found->act_count, 2);
    ck_assert_str_eq(found->act_by, t->actor);
    return NULL;
}

TX_TEST(pages_have_places)
{
    fpi_capture_t capture = make(tx, 1, 5), other = make(tx, 1, 5), *found;
    fpi_capture_page_t a = add(tx, &capture, 1, "ka"), b = add(tx, &capture, 2, NULL), *page, c;
    int64_t count, last;

    add(tx, &other, 2, "ka"); /* a key counts within its capture */
    unit_done(fpi_capture_pages_shift(tx, &capture, 1, 1, t));
    c = add(tx, &capture, 2, NULL);
    ck_assert_str_eq(order(tx, &capture), apr_psprintf(task->pool, "%ld %ld %ld", (long)a.id, (long)c.id, (long)b.id));
    unit_done(fpi_capture_pages_count(&count, &last, tx, &capture, t));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(last, 3);
    unit_done(fpi_capture_page_move(tx, &a, 9, t));
    ck_assert_str_eq(order(tx, &capture), apr_psprintf(task->pool, "%ld %ld %ld", (long)c.id, (long)b.id, (long)a.id));
    unit_done(fpi_capture_page_find_by_key(&page, tx, &capture, "ka", t));
    ck_assert_int_eq(page->id, a.id);
    unit_done(fpi_capture_page_find(&page, tx, &other, a.id, t));
    ck_assert_ptr_null(page);
    c.bill = 7;
    c.kind = FPI_ROLE_COVER;
    c.number = "N-1";
    unit_done(fpi_capture_page_put(&c, tx, t));
    unit_done(fpi_capture_find(&found, tx, 1, capture.id, t));
    ck_assert_int_eq(found->page_count, 3);
    ck_assert_int_eq(found->left, 2);
    unit_done(fpi_capture_page_drop(tx, &b, t));
    unit_done(fpi_capture_count_waiting(&count, tx, capture.id, t));
    ck_assert_int_eq(count, 1); /* what has gone to a bill waits for nothing */
    unit_done(fpi_capture_drop(tx, &capture, t));
    ck_assert_str_eq(order(tx, &capture), "");
    ck_assert_str_ne(order(tx, &other), "");
    return NULL;
}

TX_TEST(a_key_is_taken_once)
{
    fpi_capture_t capture = make(tx, 1, 5);
    fpi_capture_page_t page = add(tx, &capture, 1, "k");

    page.id = 0;
    unit_failed(fpi_capture_page_put(&page, tx, t), FPI_E_DUPLICATE);
    page.page = 2; /* the next page of the same file */
    unit_done(fpi_capture_page_put(&page, tx, t));
    return NULL;
}

TX_TEST(rules_come_back_as_they_were)
{
    fpi_rule_t rule = { .tenant = 1, .name = "费用", .separator = '\\', .part_count = 3, .is_enabled = true }, *found, *list;
    int count;

    rule.parts[0] = (fpi_rule_part_t){ FPI_PART_CONSTANT, "C D", 0, 0 };
    rule.parts[1] = (fpi_rule_part_t){ FPI_PART_DIGITS, NULL, 2, 14 };
    rule.parts[2] = (fpi_rule_part_t){ FPI_PART_CONSTANT, "费", 0, 0 };
    unit_done(fpi_cover_rule_put(&rule, tx, t));
    unit_done(fpi_cover_rule_find(&found, tx, 1, rule.id, t));
    ck_assert_int_eq(found->separator, '\\');
    ck_assert_int_eq(found->part_count, 3);
    ck_assert_str_eq(found->parts[0].text, "C D");
    ck_assert_int_eq(found->parts[1].kind, FPI_PART_DIGITS);
    ck_assert_int_eq(found->parts[1].least, 2);
    ck_assert_int_eq(found->parts[1].most, 14);
    ck_assert_str_eq(found->parts[2].text, "费");
    found->separator = '\0';
    found->part_count = 1;
    found->is_enabled = false;
    unit_done(fpi_cover_rule_put(found, tx, t));
    unit_done(fpi_cover_rules_list(&list, &count, tx, 1, t));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(list[0].version, 2);
    ck_assert_int_eq(list[0].separator, 0);
    ck_assert_int_eq(list[0].part_count, 1);
    ck_assert(!list[0].is_enabled);
    unit_done(fpi_cover_rule_find(&found, tx, 2, rule.id, t));
    ck_assert_ptr_null(found);
    rule.id = 0;
    unit_failed(fpi_cover_rule_put(&rule, tx, t), FPI_E_DUPLICATE);
    unit_done(fpi_cover_rule_drop(tx, &list[0], t));
    unit_done(fpi_cover_rules_list(&list, &count, tx, 1, t));
    ck_assert_int_eq(count, 0);
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("captures");
    TCase *all = tcase_create("captures, rules");

    tcase_add_checked_fixture(all, store_unit_open, store_unit_close);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    tcase_add_test(all, captures_are_their_tenants);
    tcase_add_test(all, captures_are_their_persons);
    tcase_add_test(all, a_touch_is_the_next_version);
    tcase_add_test(all, pages_have_places);
    tcase_add_test(all, a_key_is_taken_once);
    tcase_add_test(all, rules_come_back_as_they_were);
    return unit_run(suite);
}
