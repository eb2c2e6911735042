/* The order of a bill's files: documents, parts, and that no page is lost whatever is done. */
#include "model/arrange.h"

#include "unit.h"

#include <apr_strings.h>

/* "a3 b1 c0 d? [e2 f1]": a letter (id 1 for a), the pages of its content, ? not known, - none; [ ] one document. */
static fpi_pile_t *pile_of(const char *text)
{
    fpi_file_t *files = apr_pcalloc(task->pool, sizeof(*files) * 100);
    int *pages = apr_pcalloc(task->pool, sizeof(*pages) * 100), count = 0;
    int64_t group = 0;

    for (; *text; text++) {
        if (*text == '[' || *text == ']') {
            group = *text == '[' ? text[1] - 'a' + 1 : 0;
        }
        else if (*text != ' ') {
            char *sha = apr_psprintf(task->pool, "sha-%c", *text);
            bool is_cover = *text == 'c';

            files[count] = (fpi_file_t){ .id = *text - 'a' + 1, .bill = 1, .tenant = 1, .group_id = group, .sha256 = sha,
                                         .name = apr_psprintf(task->pool, "%c.pdf", *text),
                                         .kind = is_cover ? FPI_KIND_COVER : FPI_KIND_INVOICE, .rotation = 90 };
            text++;
            pages[count++] = *text == '?' ? 0 : *text == '-' ? -1 : *text - '0';
        }
    }
    return fpi_pile_make(files, pages, count, task);
}

static const char *name_of(int64_t id)
{
    return id > 0 ? apr_psprintf(task->pool, "%c", (char)('a' + id - 1))
                  : apr_psprintf(task->pool, "%" APR_INT64_T_FMT, id);
}

/* "a b:1-2 [-1:3-3 d]" */
static const char *said(const fpi_pile_t *pile)
{
    const char *text = "";
    int64_t open = 0;

    for (int i = 0; i < pile->count; i++) {
        const fpi_file_t *f = &pile->files[i];

        if (open && f->group_id != open) {
            text = apr_pstrcat(task->pool, text, "]", NULL);
            open = 0;
        }
        text = apr_pstrcat(task->pool, text, i ? " " : "", f->group_id && !open ? "[" : "", name_of(f->id), NULL);
        open = f->group_id;
        if (f->page_first) {
            text = apr_psprintf(task->pool, "%s:%d-%d", text, f->page_first, f->page_last);
        }
    }
    return open ? apr_pstrcat(task->pool, text, "]", NULL) : text;
}

static void is_total(const fpi_pile_t *pile)
{
    for (int i = 0; i < pile->count; i++) {
        const fpi_file_t *f = &pile->files[i];

        ck_assert_int_eq(f->position, i + 1);
        ck_assert_int_eq(fpi_pile_find(pile, f->id), i);
        if (f->group_id) {
            ck_assert(fpi_pile_find(pile, f->group_id) >= 0);
        }
    }
}

static int ids_of(int64_t *ids, const char *letters)
{
    int count = 0;

    for (; *letters; letters++) {
        ids[count++] = *letters - 'a' + 1;
    }
    return count;
}

/* ---- order ---- */

static const struct order_t {
    const char *pile, *order, *now; /* now NULL: refused */
} orders[] = {
    { "a1 b1 d1", "dab", "d a b" },
    { "a1 b1 d1", "abd", "a b d" },
    { "a1 b1 d1", "ab", NULL },
    { "a1 b1 d1", "abdd", NULL },
    { "a1 b1 d1", "abde", NULL },
    { "a1 b1 d1", "abx", NULL },
    { "", "", "" },
    { "a1 [b1 d1] e1", "ebda", "e [b d] a" },
    { "a1 [b1 d1] e1", "edba", "e [d b] a" },
    { "a1 [b1 d1] e1", "bade", NULL },
};

START_TEST(order)
{
    const struct order_t *row = &orders[_i];
    fpi_pile_t *pile = pile_of(row->pile);
    const char *before = said(pile);
    int64_t ids[20];
    int count = ids_of(ids, row->order);
    fpi_err_t *err = fpi_pile_order(pile, ids, count, task);

    if (!row->now) {
        unit_failed(err, FPI_E_FIELD);
        ck_assert_str_eq(err->field, "order");
        ck_assert_str_eq(said(pile), before);
        return;
    }
    unit_done(err);
    ck_assert_str_eq(said(pile), row->now);
    is_total(pile);
}
END_TEST

START_TEST(a_documents_id_is_its_first_file)
{
    fpi_pile_t *pile = pile_of("a1 [b1 d1] e1");
    int64_t ids[] = { 4, 2, 1, 5 };

    ck_assert_int_eq(pile->files[2].group_id, 2);
    unit_done(fpi_pile_order(pile, ids, 4, task));
    ck_assert_int_eq(pile->files[0].group_id, 4);
    ck_assert_int_eq(pile->files[1].group_id, 4);
}
END_TEST

START_TEST(named_first)
{
    fpi_pile_t *pile = pile_of("a1 b1 d1 e1");
    int64_t ids[] = { 4, 2 };

    unit_done(fpi_pile_order_first(pile, ids, 2, task));
    ck_assert_str_eq(said(pile), "d b a e");
}
END_TEST

START_TEST(placed_behind)
{
    fpi_pile_t *pile = pile_of("a1 [b1 d1] e1 f1");
    int64_t last[] = { 5, 6 };

    unit_done(fpi_pile_place(pile, last, 2, 0, task));
    ck_assert_str_eq(said(pile), "e f a [b d]");
    unit_done(fpi_pile_place(pile, last, 1, 2, task)); /* behind b means behind its document */
    ck_assert_str_eq(said(pile), "f a [b d] e");
    unit_failed(fpi_pile_place(pile, last, 1, 77, task), FPI_E_FIELD);
    is_total(pile);
}
END_TEST

/* ---- documents ---- */

static const struct merge_t {
    const char *pile, *ids, *now;
} merges[] = {
    { "a1 b1 d1", "ad", "[a d] b" },
    { "a1 b1 d1", "da", "b [d a]" },
    { "a1 [b1 d1] e1", "be", "a [b d e]" },
    { "a1 [b1 d1] e1", "eb", "a [e b d]" },
    { "[a1 b1] [d1 e1]", "da", "[d e a b]" },
    { "a1 b1", "a", NULL },
    { "a1 b1", "aa", NULL },
    { "a1 b1", "az", NULL },
    { "a1 c1", "ac", NULL }, /* a cover */
    { "a1 b1", "", NULL },
};

START_TEST(merge)
{
    const struct merge_t *row = &merges[_i];
    fpi_pile_t *pile = pile_of(row->pile);
    const char *before = said(pile);
    int64_t ids[20];
    int count = ids_of(ids, row->ids);
    fpi_err_t *err = fpi_pile_merge(pile, ids, count, task);

    if (!row->now) {
        unit_failed(err, FPI_E_FIELD);
        ck_assert_str_eq(said(pile), before);
        return;
    }
    unit_done(err);
    ck_assert_str_eq(said(pile), row->now);
    is_total(pile);
}
END_TEST

static const struct split_t {
    const char *pile;
    char at;
    int pages[5], count;
    const char *now;
    fpi_code_t code;
} splits[] = {
    { "a5", 'a', { 3 }, 1, "a:1-2 -1:3-5", FPI_DONE },
    { "a5 b1", 'a', { 2, 5 }, 2, "a:1-1 -1:2-4 -2:5-5 b", FPI_DONE },
    { "a3", 'a', { 0 }, 0, "a:1-1 -1:2-2 -2:3-3", FPI_DONE },
    { "[a1 b1 d1]", 'b', { 0 }, 0, "a b d", FPI_DONE },
    { "[a1 b1 d1]", 'b', { 2 }, 1, "a [b d]", FPI_DONE },
    { "[a1 b1 d1]", 'd', { 3 }, 1, "[a b] d", FPI_DONE },
    { "[a3 b2]", 'a', { 3 }, 1, "a:1-2 [-1:3-3 b]", FPI_DONE },
    { "[a3 b2]", 'b', { 5 }, 1, "[a b:1-1] -1:2-2", FPI_DONE },
    { "[a- b2]", 'b', { 2, 3 }, 2, "a b:1-1 -1:2-2", FPI_DONE },
    { "a5", 'a', { 1 }, 1, NULL, FPI_E_FIELD },
    { "a5", 'a', { 6 }, 1, NULL, FPI_E_FIELD },
    { "a5", 'a', { 3, 3 }, 2, NULL, FPI_E_FIELD },
    { "a5", 'a', { 4, 2 }, 2, NULL, FPI_E_FIELD },
    { "a1", 'a', { 0 }, 0, NULL, FPI_E_FIELD },
    { "a-", 'a', { 0 }, 0, NULL, FPI_E_FIELD },
    { "a?", 'a', { 2 }, 1, NULL, FPI_E_STATE },
    { "[a1 b?]", 'a', { 2 }, 1, NULL, FPI_E_STATE },
    { "a5", 'z', { 2 }, 1, NULL, FPI_E_ABSENT },
};

START_TEST(split)
{
    const struct split_t *row = &splits[_i];
    fpi_pile_t *pile = pile_of(row->pile);
    const char *before = said(pile);
    fpi_err_t *err = fpi_pile_split(pile, row->at - 'a' + 1, row->pages, row->count, task);

    if (!row->now) {
        unit_failed(err, row->code);
        ck_assert_str_eq(said(pile), before);
        return;
    }
    unit_done(err);
    ck_assert_str_eq(said(pile), row->now);
    is_total(pile);
}
END_TEST

START_TEST(a_part_is_split_again)
{
    fpi_pile_t *pile = pile_of("a6");
    int at[] = { 4 }, again[] = { 2 };

    unit_done(fpi_pile_split(pile, 1, at, 1, task));
    unit_done(fpi_pile_split(pile, -1, again, 1, task));
    ck_assert_str_eq(said(pile), "a:1-3 -1:4-4 -2:5-6");
    ck_assert_int_eq(pile->files[2].rotation, 90);
    ck_assert_int_eq(pile->files[2].group_id, 0);
    ck_assert_int_eq(fpi_pile_pages(pile, 2), 2);
}
END_TEST

/* ---- one file ---- */

START_TEST(replace)
{
    fpi_pile_t *pile = pile_of("a3 [b1 d1]");
    fpi_file_t with = { .sha256 = "new", .name = "new.jpg", .media = "image/jpeg", .size = 7 };
    fpi_file_t there = { .sha256 = "sha-a", .name = "x", .media = "m" };

    pile->files[1].state = FPI_FILE_UNCHANGED;
    pile->files[1].label = "kept";
    unit_failed(fpi_pile_replace(pile, 2, &there, task), FPI_E_DUPLICATE);
    unit_failed(fpi_pile_replace(pile, 77, &with, task), FPI_E_ABSENT);
    unit_done(fpi_pile_replace(pile, 2, &with, task));
    ck_assert_str_eq(said(pile), "a [b d]");
    ck_assert_str_eq(pile->files[1].sha256, "new");
    ck_assert_str_eq(pile->files[1].label, "kept");
    ck_assert_int_eq(pile->files[1].rotation, 0);
    ck_assert_int_eq(pile->files[1].state, FPI_FILE_CHANGED);
    ck_assert_int_eq(fpi_pile_pages(pile, 1), 0);
}
END_TEST

START_TEST(drop)
{
    fpi_pile_t *pile = pile_of("a1 [b1 d1 e1] f1");

    unit_done(fpi_pile_drop(pile, 2, task));
    ck_assert_str_eq(said(pile), "a [d e] f");
    ck_assert_int_eq(pile->files[1].group_id, 4);
    unit_done(fpi_pile_drop(pile, 4, task));
    ck_assert_str_eq(said(pile), "a e f"); /* one alone is no document */
    unit_failed(fpi_pile_drop(pile, 4, task), FPI_E_FIELD);
    is_total(pile);
}
END_TEST

START_TEST(what_was_sent_back_is_marked)
{
    static const fpi_file_state_t after[] = { FPI_FILE_NORMAL, FPI_FILE_CHANGED, FPI_FILE_CHANGED, FPI_FILE_ADDED,
                                              FPI_FILE_CHANGED };

    for (int i = 0; i < UNIT_COUNT(after); i++) {
        ck_assert_int_eq(fpi_file_state_changed((fpi_file_state_t)i), after[i]);
    }
}
END_TEST

/* ---- any acts in any order: every page of every content is there once ---- */

static unsigned dice_state;

static int dice(int sides)
{
    dice_state = dice_state * 1103515245u + 12345u;
    return (int)(dice_state >> 16) % sides;
}

/* How often page n of content `letter` is there. */
static int times(const fpi_pile_t *pile, const char *sha256, int n)
{
    int found = 0;

    for (int i = 0; i < pile->count; i++) {
        const fpi_file_t *f = &pile->files[i];

        found += strcmp(f->sha256, sha256) == 0 && (!f->page_first || (f->page_first <= n && n <= f->page_last));
    }
    return found;
}

static void no_page_is_lost(const fpi_pile_t *pile)
{
    static const char *const contents[] = { "sha-a", "sha-b", "sha-d", "sha-e", "sha-f" };
    static const int pages[] = { 9, 1, 5, 2, 7 };

    for (int c = 0; c < UNIT_COUNT(contents); c++) {
        for (int n = 1; n <= pages[c]; n++) {
            ck_assert_msg(times(pile, contents[c], n) == 1, "page %d of %s is there %d times: %s", n, contents[c],
                          times(pile, contents[c], n), said(pile));
        }
    }
}

static void act(fpi_pile_t *pile)
{
    int64_t ids[64];
    int at[3] = { 2 + dice(4), 0, 0 }, count = pile->count;
    int64_t one = pile->files[dice(count)].id;

    at[1] = at[0] + dice(5);
    for (int i = 0; i < count; i++) {
        ids[i] = pile->files[i].id;
    }
    for (int i = count - 1; i > 0; i--) {
        int j = dice(i + 1);
        int64_t id = ids[i];

        ids[i] = ids[j];
        ids[j] = id;
    }
    switch (dice(5)) { /* what is refused must leave it as it was */
    case 0:
        fpi_ignore(fpi_pile_order(pile, ids, count, task));
        break;
    case 1:
        fpi_ignore(fpi_pile_merge(pile, ids, 2 + dice(2), task));
        break;
    case 2:
        fpi_ignore(fpi_pile_split(pile, one, at, dice(3), task));
        break;
    case 3:
        fpi_ignore(fpi_pile_place(pile, ids, 1, ids[count - 1], task));
        break;
    default:
        fpi_ignore(fpi_pile_order_first(pile, ids, 1 + dice(count), task));
    }
}

static void do_whatever(unsigned seed)
{
    fpi_pile_t *pile = pile_of("a9 b1 [d5 e2] f7");

    dice_state = seed;
    for (int i = 0; i < 60; i++) {
        act(pile);
        is_total(pile);
        no_page_is_lost(pile);
    }
}

START_TEST(whatever_is_done)
{
    for (unsigned i = 0; i < 20; i++) {
        do_whatever(((unsigned)_i * 20u + i) * 7919u + 1u);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arrange");
    TCase *one = unit_case(suite, "order");

    tcase_add_loop_test(one, order, 0, UNIT_COUNT(orders));
    tcase_add_test(one, a_documents_id_is_its_first_file);
    tcase_add_test(one, named_first);
    tcase_add_test(one, placed_behind);
    one = unit_case(suite, "documents");
    tcase_add_loop_test(one, merge, 0, UNIT_COUNT(merges));
    tcase_add_loop_test(one, split, 0, UNIT_COUNT(splits));
    tcase_add_test(one, a_part_is_split_again);
    one = unit_case(suite, "file");
    tcase_add_test(one, replace);
    tcase_add_test(one, drop);
    tcase_add_test(one, what_was_sent_back_is_marked);
    one = unit_case(suite, "property");
    tcase_add_loop_test(one, whatever_is_done, 0, 10);
    return unit_run(suite);
}
