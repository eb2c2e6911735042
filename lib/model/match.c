/* What becomes of each invoice, and of the bill. */
#include "model/match_own.h"

#include <stdlib.h>

const char *fpi_verdict_name(fpi_verdict_t verdict)
{
    static const char *const names[] = { "MATCHED", "DIFFERS", "MISSING", "EXTRA" };

    return (unsigned)verdict < sizeof(names) / sizeof(*names) ? names[verdict] : "?";
}

const char *fpi_tie_name(fpi_tie_t tie)
{
    static const char *const names[] = { "NONE", "HAND", "IDENTITY", "NUMBER", "LIKENESS" };

    return (unsigned)tie < sizeof(names) / sizeof(*names) ? names[tie] : "?";
}

const char *fpi_why_name(fpi_why_t why)
{
    static const char *const names[] = { "DIFFERENT", "UNREAD", "SETTLED", "COPY" };

    return (unsigned)why < sizeof(names) / sizeof(*names) ? names[why] : "?";
}

/* ---- items ---- */

static bool is_required(const match_run_t *run, int expected)
{
    return !run->asked->rules.is_paper_only || !fpi_invoice_is_electronic(run->expected[expected].invoice);
}

static void judge(match_run_t *run, int expected)
{
    fpi_match_item_t *item = &run->items[expected];
    const match_group_t *group = run->group_of[expected] == MATCH_NONE ? NULL : &run->groups[run->group_of[expected]];

    item->expected = expected;
    item->found = group ? group->best : MATCH_NONE;
    item->copies = group ? group->members : NULL;
    item->copy_count = group ? group->count : 0;
    item->attachment = MATCH_NONE;
    item->is_required = is_required(run, expected);
    item->verdict = !group ? FPI_VERDICT_MISSING : match_compare(run, item) ? FPI_VERDICT_MATCHED : FPI_VERDICT_DIFFERS;
}

static void find_attachments(match_run_t *run)
{
    apr_hash_t *attachments = apr_hash_make(run->pool);

    for (int k = run->asked->found_count - 1; k >= 0; k--) {
        int row = run->found_order[k];

        if (run->asked->found[row].is_attachment && run->found[row].identity) {
            match_put(attachments, run->found[row].identity, APR_HASH_KEY_STRING, row, run->pool);
        }
    }
    for (int i = 0; i < run->asked->expected_count; i++) {
        if (run->items[i].verdict == FPI_VERDICT_MISSING && run->expected[i].identity) {
            run->items[i].attachment = match_get(attachments, run->expected[i].identity, APR_HASH_KEY_STRING);
        }
    }
}

static int by_found(const void *a, const void *b)
{
    const fpi_match_item_t *x = a, *y = b;

    return x->found - y->found;
}

/* Behind those of the expected. */
static int add_extra(match_run_t *run, fpi_match_item_t *items)
{
    int count = 0;

    for (int g = 0; g < run->group_count; g++) {
        const match_group_t *group = &run->groups[g];

        if (!group->is_taken) {
            items[count++] = (fpi_match_item_t){
                .verdict = FPI_VERDICT_EXTRA, .is_required = run->asked->rules.is_counted, .expected = MATCH_NONE,
                .found = group->best, .copies = group->members, .copy_count = group->count, .attachment = MATCH_NONE
            };
        }
    }
    qsort(items, (size_t)count, sizeof(*items), by_found);
    return count;
}

static void count_items(fpi_match_t *match, int expected_count)
{
    for (int i = 0; i < match->count; i++) {
        const fpi_match_item_t *item = &match->items[i];

        match->matched += item->verdict == FPI_VERDICT_MATCHED;
        match->differs += item->verdict == FPI_VERDICT_DIFFERS;
        match->missing += item->verdict == FPI_VERDICT_MISSING;
        match->extra += item->verdict == FPI_VERDICT_EXTRA;
        match->required += item->is_required;
        match->failed += item->is_required && item->verdict != FPI_VERDICT_MATCHED;
    }
    match->is_matched = expected_count > 0 && match->failed == 0;
}

/* ---- all of it ---- */

static match_entry_t *know_all(const fpi_invoice_t *(*at)(const fpi_match_asked_t *, int), const fpi_match_asked_t *asked,
                               int count, apr_pool_t *pool)
{
    match_entry_t *entries = apr_pcalloc(pool, sizeof(*entries) * (size_t)(count + 1));

    for (int i = 0; i < count; i++) {
        match_know(&entries[i], at(asked, i), pool);
    }
    return entries;
}

static const fpi_invoice_t *expected_at(const fpi_match_asked_t *asked, int i)
{
    return &asked->expected[i];
}

static const fpi_invoice_t *found_at(const fpi_match_asked_t *asked, int i)
{
    return &asked->found[i].invoice;
}

static fpi_match_t *run_all(match_run_t *run)
{
    const fpi_match_asked_t *asked = run->asked;
    fpi_match_t *match = apr_pcalloc(run->pool, sizeof(*match));

    run->expected = know_all(expected_at, asked, asked->expected_count, run->pool);
    run->found = know_all(found_at, asked, asked->found_count, run->pool);
    run->items = apr_pcalloc(run->pool, sizeof(*run->items) * (size_t)(asked->expected_count + asked->found_count + 1));
    run->group_of = apr_palloc(run->pool, sizeof(int) * (size_t)(asked->expected_count + 1));
    for (int i = 0; i < asked->expected_count; i++) {
        run->group_of[i] = MATCH_NONE;
    }
    match_group(run);
    match_tie(run);
    for (int i = 0; i < asked->expected_count; i++) {
        judge(run, i);
    }
    find_attachments(run);
    match->items = run->items;
    match->count = asked->expected_count + add_extra(run, run->items + asked->expected_count);
    match_hint(run, match->count);
    count_items(match, asked->expected_count);
    return match;
}

fpi_err_t *fpi_match_run(const fpi_match_t **out, const fpi_match_asked_t *asked, fpi_task_t *task)
{
    match_run_t run = { .asked = asked, .pool = task->pool };

    if (asked->expected_count > FPI_MATCH_MOST || asked->found_count > FPI_MATCH_MOST) {
        return fpi_refuse(task, FPI_E_TOO_LARGE, NULL, "单据上的发票超过 %d 张, 不能匹配",
                          "more than %d invoices on the bill: they can't be matched", FPI_MATCH_MOST);
    }
    *out = run_all(&run);
    return NULL;
}
