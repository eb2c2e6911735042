/* Rows of one invoice, and the maps that find them. */
#include "model/match_own.h"

#include <stdlib.h>
#include <string.h>

/* ---- maps of small numbers ---- */

void match_put(apr_hash_t *map, const void *key, apr_ssize_t len, int value, apr_pool_t *pool)
{
    int *kept = apr_palloc(pool, sizeof(*kept));

    *kept = value;
    apr_hash_set(map, key, len, kept);
}

int match_get(apr_hash_t *map, const void *key, apr_ssize_t len)
{
    const int *kept = apr_hash_get(map, key, len);

    return kept ? *kept : MATCH_NONE;
}

/* The one that has the key, or MATCH_SEVERAL. */
void match_put_only(apr_hash_t *map, const char *key, int value, apr_pool_t *pool)
{
    bool is_new = match_get(map, key, APR_HASH_KEY_STRING) == MATCH_NONE;

    match_put(map, key, APR_HASH_KEY_STRING, is_new ? value : MATCH_SEVERAL, pool);
}

/* ---- groups ---- */

/* A bare number belongs to the one identity of that number; else to the others without. */
static int group_by_number(match_run_t *run, apr_hash_t *by_number, apr_hash_t *by_bare, int row)
{
    const char *number = run->found[row].number;
    int group = match_get(by_number, number, APR_HASH_KEY_STRING);

    if (group < 0) {
        group = match_get(by_bare, number, APR_HASH_KEY_STRING);
    }
    if (group < 0) {
        group = run->group_count++;
        match_put(by_bare, number, APR_HASH_KEY_STRING, group, run->pool);
    }
    return group;
}

static int group_by_identity(match_run_t *run, apr_hash_t *by_identity, apr_hash_t *by_number, int row)
{
    const match_entry_t *entry = &run->found[row];
    int group = match_get(by_identity, entry->identity, APR_HASH_KEY_STRING);

    if (group < 0) {
        group = run->group_count++;
        run->groups[group].identity = entry->identity;
        match_put(by_identity, entry->identity, APR_HASH_KEY_STRING, group, run->pool);
        match_put_only(by_number, entry->number, group, run->pool);
    }
    return group;
}

/* Does row a come before row b? */
static bool by_row_id(const match_run_t *run, int a, int b)
{
    int64_t x = run->asked->found[a].invoice.id, y = run->asked->found[b].invoice.id;

    return x != y ? x < y : a < b;
}

static bool is_better(const match_run_t *run, int a, int b)
{
    const fpi_match_found_t *x = &run->asked->found[a], *y = &run->asked->found[b];

    return x->source != y->source ? x->source < y->source : by_row_id(run, a, b);
}

static void add_member(match_run_t *run, match_group_t *group, int row)
{
    group->best = group->count == 0 || is_better(run, row, group->best) ? row : group->best;
    group->number = group->number ? group->number : run->found[row].number;
    group->members[group->count++] = row;
}

static void fill_groups(match_run_t *run)
{
    int count = run->asked->found_count;
    int *room = apr_pcalloc(run->pool, sizeof(*room) * (size_t)(count + 1));

    for (int i = 0; i < count; i++) {
        if (run->group_of_row[i] != MATCH_NONE) {
            run->groups[run->group_of_row[i]].count++;
        }
    }
    for (int g = 0; g < run->group_count; g++) {
        run->groups[g].members = room;
        room += run->groups[g].count;
        run->groups[g].count = 0;
    }
    for (int k = 0; k < count; k++) {
        int row = run->found_order[k];

        if (run->group_of_row[row] != MATCH_NONE) {
            add_member(run, &run->groups[run->group_of_row[row]], row);
        }
    }
}

void match_join_groups(match_run_t *run, int into, int from)
{
    match_group_t *to = &run->groups[into], *other = &run->groups[from], before = *to;

    to->members = apr_pcalloc(run->pool, sizeof(int) * (size_t)(before.count + other->count));
    to->count = 0;
    for (int a = 0, b = 0; a < before.count || b < other->count;) {
        bool is_first = b == other->count
                        || (a < before.count && by_row_id(run, before.members[a], other->members[b]));

        add_member(run, to, is_first ? before.members[a++] : other->members[b++]);
    }
    other->is_taken = true;
}

/* ---- orders ---- */

typedef struct placed_t {
    int64_t id;
    int at;
} placed_t;

static int by_id(const void *a, const void *b)
{
    const placed_t *x = a, *y = b;

    return x->id != y->id ? (x->id > y->id) - (x->id < y->id) : x->at - y->at;
}

static int *order_of(placed_t *placed, int count, apr_pool_t *pool)
{
    int *order = apr_pcalloc(pool, sizeof(*order) * (size_t)(count + 1));

    qsort(placed, (size_t)count, sizeof(*placed), by_id);
    for (int i = 0; i < count; i++) {
        order[i] = placed[i].at;
    }
    return order;
}

static void make_orders(match_run_t *run)
{
    const fpi_match_asked_t *asked = run->asked;
    int most = asked->expected_count > asked->found_count ? asked->expected_count : asked->found_count;
    placed_t *placed = apr_pcalloc(run->pool, sizeof(*placed) * (size_t)(most + 1));

    for (int i = 0; i < asked->expected_count; i++) {
        placed[i] = (placed_t){ asked->expected[i].id, i };
    }
    run->expected_order = order_of(placed, asked->expected_count, run->pool);
    for (int i = 0; i < asked->found_count; i++) {
        placed[i] = (placed_t){ asked->found[i].invoice.id, i };
    }
    run->found_order = order_of(placed, asked->found_count, run->pool);
}

/* Those with an identity first, so that a bare number finds its own. */
void match_group(match_run_t *run)
{
    apr_hash_t *by_identity = apr_hash_make(run->pool), *by_number = apr_hash_make(run->pool);
    apr_hash_t *by_bare = apr_hash_make(run->pool);
    int count = run->asked->found_count;

    make_orders(run);
    run->groups = apr_pcalloc(run->pool, sizeof(*run->groups) * (size_t)(count + 1));
    run->group_of_row = apr_pcalloc(run->pool, sizeof(int) * (size_t)(count + 1));
    for (int k = 0; k < count; k++) {
        int row = run->found_order[k];
        bool is_ours = !run->asked->found[row].is_attachment && run->found[row].identity;

        run->group_of_row[row] = is_ours ? group_by_identity(run, by_identity, by_number, row) : MATCH_NONE;
    }
    for (int k = 0; k < count; k++) {
        int row = run->found_order[k];

        if (!run->asked->found[row].is_attachment && !run->found[row].identity) {
            run->group_of_row[row] = run->found[row].number ? group_by_number(run, by_number, by_bare, row)
                                                            : run->group_count++;
        }
    }
    fill_groups(run);
}
