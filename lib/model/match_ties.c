/* Which of the two sides belong together, by the ties of match.h, the stronger first. */
#include "model/match_own.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

typedef struct ties_t {
    match_run_t *run;
    apr_hash_t *expected_by_id, *row_by_id;
    apr_hash_t *apart;           /* "expected.group" */
} ties_t;

static const char *pair_key(const ties_t *ties, int expected, int group)
{
    return apr_psprintf(ties->run->pool, "%d.%d", expected, group);
}

static bool is_apart(const ties_t *ties, int expected, int group)
{
    return apr_hash_count(ties->apart)
           && apr_hash_get(ties->apart, pair_key(ties, expected, group), APR_HASH_KEY_STRING);
}

static void tie(ties_t *ties, int expected, int group, fpi_tie_t how)
{
    match_run_t *run = ties->run;

    run->items[expected].tie = how;
    run->group_of[expected] = group;
    run->groups[group].is_taken = true;
}

static void know_ids(ties_t *ties)
{
    const fpi_match_asked_t *asked = ties->run->asked;
    apr_pool_t *pool = ties->run->pool;

    ties->expected_by_id = apr_hash_make(pool);
    ties->row_by_id = apr_hash_make(pool);
    ties->apart = apr_hash_make(pool);
    for (int i = 0; asked->pair_count && i < asked->expected_count; i++) {
        match_put(ties->expected_by_id, &asked->expected[i].id, sizeof(int64_t), i, pool);
    }
    for (int i = 0; asked->pair_count && i < asked->found_count; i++) {
        match_put(ties->row_by_id, &asked->found[i].invoice.id, sizeof(int64_t), i, pool);
    }
}

static int by_ids(const void *a, const void *b)
{
    const fpi_match_pair_t *x = a, *y = b;

    return x->invoice != y->invoice ? (x->invoice > y->invoice) - (x->invoice < y->invoice)
                                    : (x->found > y->found) - (x->found < y->found);
}

/* Several of one expected are copies; a group that two hands want goes to the first. */
static void take_by_hand(ties_t *ties, int expected, int group)
{
    match_run_t *run = ties->run;

    if (run->groups[group].is_taken) {
        return;
    }
    if (run->group_of[expected] == MATCH_NONE) {
        tie(ties, expected, group, FPI_TIE_HAND);
    }
    else {
        match_join_groups(run, run->group_of[expected], group);
    }
}

static void tie_by_hand(ties_t *ties)
{
    const fpi_match_asked_t *asked = ties->run->asked;
    fpi_match_pair_t *pairs = apr_pcalloc(ties->run->pool, sizeof(*pairs) * (size_t)(asked->pair_count + 1));

    if (asked->pair_count) {
        memcpy(pairs, asked->pairs, sizeof(*pairs) * (size_t)asked->pair_count);
    }
    qsort(pairs, (size_t)asked->pair_count, sizeof(*pairs), by_ids);
    for (int i = 0; i < asked->pair_count; i++) {
        int expected = match_get(ties->expected_by_id, &pairs[i].invoice, sizeof(int64_t));
        int row = match_get(ties->row_by_id, &pairs[i].found, sizeof(int64_t));
        int group = expected >= 0 && row >= 0 ? ties->run->group_of_row[row] : MATCH_NONE;

        if (group >= 0 && pairs[i].is_apart) {
            apr_hash_set(ties->apart, pair_key(ties, expected, group), APR_HASH_KEY_STRING, "");
        }
        else if (group >= 0) {
            take_by_hand(ties, expected, group);
        }
    }
}

/* What has the identity of one that a hand has paired is a copy of it. */
static void tie_or_join(ties_t *ties, int expected, int group)
{
    match_run_t *run = ties->run;

    if (run->group_of[expected] == MATCH_NONE) {
        tie(ties, expected, group, FPI_TIE_IDENTITY);
    }
    else if (!run->groups[group].is_taken) {
        match_join_groups(run, run->group_of[expected], group);
    }
}

/* Several expected ones of one identity are one invoice that is expected twice: the same group is all of theirs, unless a
 * hand has given it away. */
static void tie_by_identity(ties_t *ties)
{
    match_run_t *run = ties->run;
    apr_hash_t *groups = apr_hash_make(run->pool), *first = apr_hash_make(run->pool);

    for (int g = 0; g < run->group_count; g++) {
        if (run->groups[g].identity && !run->groups[g].is_taken) {
            match_put(groups, run->groups[g].identity, APR_HASH_KEY_STRING, g, run->pool);
        }
    }
    for (int k = 0; k < run->asked->expected_count; k++) {
        int i = run->expected_order[k], group, other;
        const char *identity = run->expected[i].identity;

        if (!identity) {
            continue;
        }
        other = match_get(first, identity, APR_HASH_KEY_STRING);
        if (other >= 0) {
            run->items[i].is_repeated = run->items[other].is_repeated = true;
        }
        else {
            match_put(first, identity, APR_HASH_KEY_STRING, i, run->pool);
        }
        group = match_get(groups, identity, APR_HASH_KEY_STRING);
        if (group >= 0 && !is_apart(ties, i, group)) {
            tie_or_join(ties, i, group);
        }
    }
}

static void tie_by_number(ties_t *ties)
{
    match_run_t *run = ties->run;
    apr_hash_t *groups = apr_hash_make(run->pool), *expected = apr_hash_make(run->pool);

    for (int g = 0; g < run->group_count; g++) {
        if (run->groups[g].number && !run->groups[g].is_taken) {
            match_put_only(groups, run->groups[g].number, g, run->pool);
        }
    }
    for (int i = 0; i < run->asked->expected_count; i++) {
        if (run->expected[i].number && run->group_of[i] == MATCH_NONE) {
            match_put_only(expected, run->expected[i].number, i, run->pool);
        }
    }
    for (int i = 0; i < run->asked->expected_count; i++) {
        const match_entry_t *entry = &run->expected[i];
        int group = entry->number ? match_get(groups, entry->number, APR_HASH_KEY_STRING) : MATCH_NONE;

        if (group >= 0 && match_get(expected, entry->number, APR_HASH_KEY_STRING) == i && !is_apart(ties, i, group)
            && (!entry->identity || !run->groups[group].identity)) {
            tie(ties, i, group, FPI_TIE_NUMBER);
        }
    }
}

/* A queue of groups for each likeness: the first expected gets the first, so that two alike are two. */
typedef struct queue_t {
    int group;
    struct queue_t *next;
} queue_t;

/* Put in front from the last to the first: the first is found first. */
static apr_hash_t *queue_groups(const match_run_t *run)
{
    apr_hash_t *queues = apr_hash_make(run->pool);

    for (int g = run->group_count - 1; g >= 0; g--) {
        const match_group_t *group = &run->groups[g];
        const char *key = group->is_taken || group->number
                              ? NULL : match_likeness(run->found[group->best].invoice, run->pool);

        if (key) {
            queue_t *queue = apr_palloc(run->pool, sizeof(*queue));

            *queue = (queue_t){ g, apr_hash_get(queues, key, APR_HASH_KEY_STRING) };
            apr_hash_set(queues, key, APR_HASH_KEY_STRING, queue);
        }
    }
    return queues;
}

static void tie_by_likeness(ties_t *ties)
{
    match_run_t *run = ties->run;
    apr_hash_t *queues = queue_groups(run);

    for (int k = 0; k < run->asked->expected_count; k++) {
        int i = run->expected_order[k];
        const match_entry_t *entry = &run->expected[i];
        const char *key = entry->number || run->group_of[i] != MATCH_NONE ? NULL : match_likeness(entry->invoice, run->pool);
        queue_t *queue = key ? apr_hash_get(queues, key, APR_HASH_KEY_STRING) : NULL;

        if (queue && !is_apart(ties, i, queue->group)) {
            apr_hash_set(queues, key, APR_HASH_KEY_STRING, queue->next);
            tie(ties, i, queue->group, FPI_TIE_LIKENESS);
        }
    }
}

void match_tie(match_run_t *run)
{
    ties_t ties = { .run = run };

    know_ids(&ties);
    tie_by_hand(&ties);
    tie_by_identity(&ties);
    tie_by_number(&ties);
    if (!run->asked->rules.is_strict) {
        tie_by_likeness(&ties);
    }
}
