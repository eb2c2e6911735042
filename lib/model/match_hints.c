/* Which of those that are left could belong together: a hint for the clerk who pairs by hand.
 *
 * Candidates come from an index of what two can share; a key that many share gives the first BUCKET of them only, so
 * that time does not grow with the square. */
#include "model/match_own.h"

#include "model/said.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKET = 16, KEYS = 6, NUMBER_MOST = 32, NEAR = 2, SCORE_LEAST = 30 };

static const struct weight_t {
    unsigned like;
    int score;
} weights[] = {
    { FPI_LIKE_GROSS, 40 },       { FPI_LIKE_NUMBER, 35 }, { FPI_LIKE_NEAR_NUMBER, 28 }, { FPI_LIKE_SELLER, 20 },
    { FPI_LIKE_DATE, 15 },        { FPI_LIKE_NET, 15 },    { FPI_LIKE_TYPE, 5 },
};

/* One that is left, with what it can share. */
typedef struct left_t {
    fpi_match_item_t *item;
    const match_entry_t *entry;
    int at;                      /* its place in what was asked */
    const char *seller, *date;
    const char *keys[KEYS];      /* NULL: none */
} left_t;

typedef struct bucket_t {
    int members[BUCKET];
    int count;
} bucket_t;

typedef struct side_t {
    left_t *left;
    int count;
    apr_hash_t *index;           /* key -> bucket_t */
} side_t;

/* ---- keys ---- */

/* A third of the number: two of them differ where two digits were misread, and one stays. */
static const char *third(const char *number, int which, apr_pool_t *pool)
{
    size_t len = strlen(number), part = len / 3, from = part * (size_t)which;

    return len < 6 ? NULL : apr_psprintf(pool, "%c%.*s", 'a' + which, (int)(which == 2 ? len - from : part), number + from);
}

static void make_keys(left_t *left, apr_pool_t *pool)
{
    const fpi_invoice_t *invoice = left->entry->invoice;
    const char *number = left->entry->number;

    left->seller = match_seller(invoice, pool);
    left->date = invoice->date ? fpi_said_value(FPI_SAID_DATE, invoice->date, pool) : NULL;
    left->keys[0] = invoice->has_gross ? apr_psprintf(pool, "g%" APR_INT64_T_FMT, invoice->gross) : NULL;
    left->keys[1] = left->seller && left->date ? apr_pstrcat(pool, "s", left->date, left->seller, NULL) : NULL;
    left->keys[2] = number ? apr_pstrcat(pool, "n", number, NULL) : NULL;
    for (int i = 0; i < 3; i++) {
        left->keys[3 + i] = number ? third(number, i, pool) : NULL;
    }
}

static void add_key(side_t *side, const char *key, int member, apr_pool_t *pool)
{
    bucket_t *bucket = apr_hash_get(side->index, key, APR_HASH_KEY_STRING);

    if (!bucket) {
        bucket = apr_pcalloc(pool, sizeof(*bucket));
        apr_hash_set(side->index, key, APR_HASH_KEY_STRING, bucket);
    }
    if (bucket->count < BUCKET) {
        bucket->members[bucket->count++] = member;
    }
}

/* ---- how like two are ---- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Is it at most NEAR insertions, deletions and substitutions from one to the other? */
static bool is_near(const char *a, const char *b)
{
    int len_a = (int)strlen(a), len_b = (int)strlen(b), row[NUMBER_MOST + 1];

    if (len_a > NUMBER_MOST || len_b > NUMBER_MOST || abs(len_a - len_b) > NEAR || len_a <= 2 * NEAR) {
        return false;
    }
    for (int j = 0; j <= len_b; j++) {
        row[j] = j;
    }
    for (int i = 1; i <= len_a; i++) {
        int corner = row[0], best = row[0] = i;

        for (int j = 1; j <= len_b; j++) {
            int above = row[j];

            row[j] = least(least(above, row[j - 1]) + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
            best = least(best, row[j]);
        }
        if (best > NEAR) {
            return false;
        }
    }
    return row[len_b] <= NEAR;
}

static bool is_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static unsigned likeness(const left_t *a, const left_t *b)
{
    const fpi_invoice_t *x = a->entry->invoice, *y = b->entry->invoice;
    const char *m = a->entry->number, *n = b->entry->number;
    unsigned like = 0;

    like |= x->has_gross && y->has_gross && x->gross == y->gross ? FPI_LIKE_GROSS : 0;
    like |= x->has_net && y->has_net && x->net == y->net ? FPI_LIKE_NET : 0;
    like |= is_text(a->date, b->date) ? FPI_LIKE_DATE : 0;
    like |= is_text(a->seller, b->seller) ? FPI_LIKE_SELLER : 0;
    like |= x->type && x->type == y->type ? FPI_LIKE_TYPE : 0;
    if (m && n) {
        like |= strcmp(m, n) == 0 ? FPI_LIKE_NUMBER : is_near(m, n) ? FPI_LIKE_NEAR_NUMBER : 0;
    }
    return like;
}

static int score_of(unsigned like)
{
    int score = 0;

    for (size_t i = 0; i < sizeof(weights) / sizeof(*weights); i++) {
        score += like & weights[i].like ? weights[i].score : 0;
    }
    return score;
}

/* ---- the best of them ---- */

/* Keeps the best in order; of equals the first stays first. */
static void keep_best(fpi_match_hint_t *hints, int *count, fpi_match_hint_t hint)
{
    int place = *count;

    while (place > 0 && hints[place - 1].score < hint.score) {
        place--;
    }
    if (place == FPI_MATCH_SUGGESTIONS) {
        return;
    }
    *count += *count < FPI_MATCH_SUGGESTIONS;
    memmove(&hints[place + 1], &hints[place], sizeof(*hints) * (size_t)(*count - 1 - place));
    hints[place] = hint;
}

static void hint_one(left_t *left, const side_t *others, int *seen, int turn, apr_pool_t *pool)
{
    fpi_match_hint_t *hints = apr_pcalloc(pool, sizeof(*hints) * FPI_MATCH_SUGGESTIONS);

    for (int k = 0; k < KEYS; k++) {
        const bucket_t *bucket = left->keys[k] ? apr_hash_get(others->index, left->keys[k], APR_HASH_KEY_STRING) : NULL;

        for (int i = 0; bucket && i < bucket->count; i++) {
            const left_t *other = &others->left[bucket->members[i]];
            unsigned like;
            int score;

            if (seen[bucket->members[i]] == turn) {
                continue;
            }
            seen[bucket->members[i]] = turn;
            like = likeness(left, other);
            score = score_of(like);
            if (score >= SCORE_LEAST) {
                keep_best(hints, &left->item->hint_count, (fpi_match_hint_t){ other->at, score, like });
            }
        }
    }
    left->item->hints = hints;
}

static void hint_side(side_t *side, const side_t *others, apr_pool_t *pool)
{
    int *seen = apr_pcalloc(pool, sizeof(*seen) * (size_t)(others->count + 1));

    for (int i = 0; i < side->count; i++) {
        hint_one(&side->left[i], others, seen, i + 1, pool);
    }
}

static void add_left(side_t *side, fpi_match_item_t *item, const match_entry_t *entries, int at, apr_pool_t *pool)
{
    left_t *left = &side->left[side->count];

    *left = (left_t){ .item = item, .entry = &entries[at], .at = at };
    make_keys(left, pool);
    for (int k = 0; k < KEYS; k++) {
        if (left->keys[k]) {
            add_key(side, left->keys[k], side->count, pool);
        }
    }
    side->count++;
}

static side_t make_side(int most, apr_pool_t *pool)
{
    return (side_t){ apr_pcalloc(pool, sizeof(left_t) * (size_t)(most + 1)), 0, apr_hash_make(pool) };
}

void match_hint(match_run_t *run, int count)
{
    side_t missing = make_side(count, run->pool), extra = make_side(count, run->pool);

    for (int k = 0; k < count; k++) {
        int i = k < run->asked->expected_count ? run->expected_order[k] : k;
        fpi_match_item_t *item = &run->items[i];

        if (item->verdict == FPI_VERDICT_MISSING) {
            add_left(&missing, item, run->expected, item->expected, run->pool);
        }
        else if (item->verdict == FPI_VERDICT_EXTRA) {
            add_left(&extra, item, run->found, item->found, run->pool);
        }
    }
    hint_side(&missing, &extra, run->pool);
    hint_side(&extra, &missing, run->pool);
}
