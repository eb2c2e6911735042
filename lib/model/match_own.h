/* What the parts of matching share (match.h). Not for use elsewhere.
 *
 * Life:    one run.
 * Threads: one.
 * Limits:  those of match.h. */
#ifndef FPI_MATCH_OWN_H
#define FPI_MATCH_OWN_H

#include "model/match.h"

#include <apr_hash.h>

enum { MATCH_NONE = -1, MATCH_SEVERAL = -2 };

/* An invoice of either side with its keys; NULL where it has none. */
typedef struct match_entry_t {
    const fpi_invoice_t *invoice;
    const char *number, *code;   /* without zeros in front */
    const char *identity;
} match_entry_t;

/* The rows of one invoice that was found. */
typedef struct match_group_t {
    const char *identity, *number;
    int *members;                /* by id of the rows */
    int count, best;
    bool is_taken;               /* by an expected one, or by another group that a hand made of the two */
} match_group_t;

typedef struct match_run_t {
    const fpi_match_asked_t *asked;
    apr_pool_t *pool;
    match_entry_t *expected, *found;
    match_group_t *groups;
    int group_count;
    int *group_of_row;           /* MATCH_NONE: an attachment */
    int *group_of;               /* of each expected */
    int *expected_order, *found_order; /* both sides by id: what is told must not hang on the order in which things came */
    fpi_match_item_t *items;     /* those of the expected, then the extra ones */
} match_run_t;

/* ---- match_groups.c ---- */
/* Maps of keys that live as long as the run to places. MATCH_NONE: not there. */
void match_put(apr_hash_t *map, const void *key, apr_ssize_t len, int value, apr_pool_t *pool);
int match_get(apr_hash_t *map, const void *key, apr_ssize_t len);
/* The one that has the key, or MATCH_SEVERAL. */
void match_put_only(apr_hash_t *map, const char *key, int value, apr_pool_t *pool);
/* Fills both orders, the groups and group_of_row. */
void match_group(match_run_t *run);
/* The members of one become members of the other. */
void match_join_groups(match_run_t *run, int into, int from);

/* ---- match_ties.c ---- */
/* Fills group_of and, of the items, tie and is_repeated. */
void match_tie(match_run_t *run);

/* ---- match_fields.c ---- */
void match_know(match_entry_t *entry, const fpi_invoice_t *invoice, apr_pool_t *pool);
/* "seller|gross|day", or NULL when one of them is not told. */
const char *match_likeness(const fpi_invoice_t *invoice, apr_pool_t *pool);
/* Seller's tax number, else name, as it is compared; NULL. */
const char *match_seller(const fpi_invoice_t *invoice, apr_pool_t *pool);
/* Fills the differences of an item whose pair is known; returns whether it matches. */
bool match_compare(const match_run_t *run, fpi_match_item_t *item);

/* ---- match_hints.c ---- */
/* Fills the hints of all items that are left. */
void match_hint(match_run_t *run, int count);

#endif
