/* Pushes as they came, and the journal of calls that nobody knows, against a real SQLite store. */
#include "store/pushes.h"

#include "noun_unit.h"

static fpi_push_t push_with(int64_t bill, const char *status, const char *body)
{
    return (fpi_push_t){ .tenant = 1, .bill = bill, .number = "N", .client_id = "c1", .tax_no = "T",
                         .source = "192.0.2.1", .status = status, .trace = "trace", .body = body,
                         .body_len = body ? (int64_t)strlen(body) : 0, .body_sha = body };
}

TX_TEST(pushes_come_back_as_put)
{
    fpi_push_t push = push_with(0, "taken", NULL), *found;

    push.body = "{\"a\":\"\0\"}";
    push.body_len = 9;
    unit_done(fpi_push_put(&push, tx, t));
    ck_assert_int_eq(push.at, now);
    unit_done(fpi_push_find(&found, tx, push.id, t));
    ck_assert_int_eq(found->body_len, 9);
    ck_assert_mem_eq(found->body, "{\"a\":\"\0\"}", 9);
    ck_assert_str_eq(found->source, "192.0.2.1");
    ck_assert_int_eq(found->repeats, 0);
    ck_assert_int_eq(found->last, 0);

    push = (fpi_push_t){
        .id = push.id, .bill = 7, .number = "M", .status = "parked", .reason = "why"
    };
    unit_done(fpi_push_put(&push, tx, t));
    unit_done(fpi_push_find(&found, tx, push.id, t));
    ck_assert_int_eq(found->bill, 7);
    ck_assert_int_eq(found->tenant, 1);
    ck_assert_str_eq(found->number, "M");
    ck_assert_str_eq(found->status, "parked");
    ck_assert_str_eq(found->reason, "why");
    ck_assert_str_eq(found->trace, "trace");
    ck_assert_int_eq(found->body_len, 9);
    ck_assert_ptr_nonnull(found->body);

    push = push_with(0, "refused", NULL);
    unit_done(fpi_push_put(&push, tx, t));
    unit_done(fpi_push_find(&found, tx, push.id, t));
    ck_assert_ptr_null(found->body);
    unit_done(fpi_push_find(&found, tx, push.id + 1, t));
    ck_assert_ptr_null(found);
    return NULL;
}

TX_TEST(pushes_are_counted_up)
{
    fpi_push_t push = push_with(7, "taken", "x"), *found;
    int64_t id, first;

    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    ck_assert_int_eq(id, 0);
    unit_done(fpi_push_put(&push, tx, t));
    first = push.id;
    push = push_with(0, "refused", "x");
    unit_done(fpi_push_put(&push, tx, t));
    now += SECOND;
    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    ck_assert_int_eq(id, first);
    unit_done(fpi_push_find(&found, tx, first, t));
    ck_assert_int_eq(found->repeats, 2);
    ck_assert_int_eq(found->last, now);
    ck_assert_int_eq(found->at, now - SECOND);
    unit_done(fpi_push_repeat(&id, tx, 7, "y", t));
    ck_assert_int_eq(id, 0);
    unit_done(fpi_push_repeat(&id, tx, 8, "x", t));
    ck_assert_int_eq(id, 0);
    unit_done(fpi_push_repeat(&id, tx, 0, "x", t));
    ck_assert_int_eq(id, 0);
    push = push_with(7, "taken", "x"); /* an older one that became the newest again */
    unit_done(fpi_push_put(&push, tx, t));
    unit_done(fpi_push_repeat(&id, tx, 7, "x", t));
    ck_assert_int_eq(id, push.id);
    return NULL;
}

TX_TEST(pushes_are_listed)
{
    static const char *const status[] = { "taken", "refused", "done", "parked", "unchanged" };
    fpi_push_t *list;
    int count;

    for (int i = 0; i < 10; i++) {
        fpi_push_t push = push_with(i, status[i % 5], "body");

        unit_done(fpi_push_put(&push, tx, t));
        ck_assert_int_eq(push.id, i + 1);
    }
    unit_done(fpi_pushes_list(&list, &count, tx, false, 0, 3, t));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(list[0].id, 10);
    ck_assert_ptr_null(list[0].body);
    ck_assert_int_eq(list[0].body_len, 4);
    unit_done(fpi_pushes_list(&list, &count, tx, false, 8, 100, t));
    ck_assert_int_eq(count, 7);
    ck_assert_int_eq(list[0].id, 7);
    unit_done(fpi_pushes_list(&list, &count, tx, true, 0, 3, t));
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(list[0].id, 9);
    ck_assert_int_eq(list[1].id, 7);
    ck_assert_int_eq(list[2].id, 4);
    unit_done(fpi_pushes_list(&list, &count, tx, true, 4, 3, t));
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(list[0].status, "refused");
    return NULL;
}

TX_TEST(refused_pushes_are_pruned)
{
    fpi_push_t *list, *found;
    int count;

    unit_done(fpi_pushes_prune_refused(tx, t));
    for (int i = 0; i < FPI_REFUSED_MAX + 20; i++) {
        fpi_push_t push = push_with(0, i == 3 ? "parked" : i == 5 ? "taken" : "refused", "body");

        unit_done(fpi_push_put(&push, tx, t));
    }
    unit_done(fpi_pushes_prune_refused(tx, t));
    unit_done(fpi_pushes_prune_refused(tx, t));
    unit_done(fpi_pushes_list(&list, &count, tx, false, 0, FPI_ROWS_MAX, t));
    ck_assert_int_eq(count, FPI_REFUSED_MAX + 2);
    ck_assert_int_eq(list[count - 1].id, 4); /* the parked one, and then the taken one */
    ck_assert_int_eq(list[count - 2].id, 6);
    ck_assert_int_eq(list[count - 3].id, 21);
    unit_done(fpi_push_find(&found, tx, 4, t));
    ck_assert_ptr_nonnull(found->body);
    return NULL;
}

/* Of 32 MB each, eight would be kept, and seven with a small one; what is not refused does not count. The rows stay, and say it. */
TX_TEST(bodies_of_refused_pushes_are_bounded)
{
    size_t len = FPI_REFUSED_BYTES / 8;
    char *body = apr_palloc(t->pool, len);
    fpi_push_t *found;

    memset(body, 'x', len);
    for (int i = 0; i < 12; i++) {
        fpi_push_t push = push_with(0, i == 2 ? "parked" : i == 11 ? "taken" : "refused", "body");

        push.body = i == 10 ? "small" : body;
        push.body_len = i == 10 ? 5 : (int64_t)len;
        unit_done(fpi_push_put(&push, tx, t));
        unit_done(fpi_pushes_prune_refused(tx, t));
    }
    unit_done(fpi_pushes_prune_refused(tx, t));
    for (int i = 0; i < 12; i++) {
        bool is_gone = i < 2;

        unit_done(fpi_push_find(&found, tx, i + 1, t));
        ck_assert_msg((found->body == NULL) == is_gone && (found->body_len == 0) == is_gone, "%d", i);
        ck_assert_msg(!is_gone || strstr(found->reason, "; its body of 33554432 bytes is not kept any more"), "%s", found->reason);
        ck_assert(is_gone || !strstr(found->reason ? found->reason : "", "any more"));
    }
    return NULL;
}

START_TEST(pruned_bodies_are_gone)
{
    in_write(refused_pushes_are_pruned_in);
    sql("CREATE TABLE odd (n INTEGER CHECK (n = 0)); INSERT INTO odd SELECT COUNT(*) FROM push_body"
        " WHERE id NOT IN (SELECT id FROM push)");
}
END_TEST

/* ---- the journal ---- */

static fpi_journal_t entry_with(const char *path, const char *shape)
{
    return (fpi_journal_t){ .method = "POST", .path = path, .query = "a,b", .shape = shape,
                            .why = "unknown path", .source = "192.0.2.1", .trace = "t1" };
}

TX_TEST(journal_counts_up)
{
    fpi_journal_t entry = entry_with("/api/x", "{}"), *found;
    int64_t id;
    int count;

    entry.sample = "body";
    unit_done(fpi_journal_add(&entry, tx, t));
    id = entry.id;
    ck_assert_int_eq(entry.count, 1);
    now += SECOND;
    entry = entry_with("/api/x", "{}");
    entry.trace = "t2";
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_eq(entry.id, id);
    ck_assert_int_eq(entry.count, 2);
    entry = entry_with("/api/x", "[]");
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_ne(entry.id, id);
    entry = entry_with("/api/x\n", NULL);
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_eq(entry.count, 1);

    unit_done(fpi_journal_find(&found, tx, id, t));
    ck_assert_int_eq(found->count, 2);
    ck_assert_int_eq(found->first, now - SECOND);
    ck_assert_int_eq(found->last, now);
    ck_assert_str_eq(found->trace, "t2");
    ck_assert_str_eq(found->sample, "body");
    ck_assert_str_eq(found->query, "a,b");
    unit_done(fpi_journal_find(&found, tx, 999, t));
    ck_assert_ptr_null(found);
    unit_done(fpi_journal_list(&found, &count, tx, 2, t));
    ck_assert_int_eq(count, 2);
    return NULL;
}

TX_TEST(journal_is_bounded)
{
    fpi_journal_t entry, *list;
    int count;

    for (int i = 0; i < FPI_JOURNAL_MAX + 50; i++) {
        now += SECOND;
        entry = entry_with(apr_psprintf(t->pool, "/%d", i), "");
        unit_done(fpi_journal_add(&entry, tx, t));
        if (i % 100 == 99) { /* one that keeps coming stays */
            entry = entry_with("/0", "");
            unit_done(fpi_journal_add(&entry, tx, t));
        }
    }
    unit_done(fpi_journal_list(&list, &count, tx, FPI_ROWS_MAX, t));
    ck_assert_int_eq(count, FPI_JOURNAL_MAX);
    ck_assert_str_eq(list[0].path, apr_psprintf(t->pool, "/%d", FPI_JOURNAL_MAX + 49));
    ck_assert_str_eq(list[count - 1].path, "/51");
    entry = entry_with("/0", "");
    unit_done(fpi_journal_add(&entry, tx, t));
    ck_assert_int_eq(entry.count, 7);
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("pushes");
    TCase *tests = noun_case(suite, "pushes");

    tcase_add_test(tests, pushes_come_back_as_put);
    tcase_add_test(tests, pushes_are_counted_up);
    tcase_add_test(tests, pushes_are_listed);
    tcase_add_test(tests, refused_pushes_are_pruned);
    tcase_add_test(tests, bodies_of_refused_pushes_are_bounded);
    tcase_add_test(tests, pruned_bodies_are_gone);
    tcase_add_test(tests, journal_counts_up);
    tcase_add_test(tests, journal_is_bounded);
    return unit_run(suite);
}
