/* Which evidences are of one invoice. What is then believed: evidence_merge.c. */
#include "model/evidence_own.h"

#include "model/said.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

static const char *const names[FPI_SOURCE_COUNT] = { "HAND", "XML", "XBRL", "OFD_TAG", "OFD_TEXT", "PDF_TEXT", "CLOUD",
                                                     "QR" };

const char *fpi_source_name(fpi_source_t source)
{
    return source < FPI_SOURCE_COUNT ? names[source] : "?";
}

fpi_source_t fpi_source_find(const char *name)
{
    int source = 0;

    while (source < FPI_SOURCE_COUNT && (!name || strcmp(names[source], name) != 0)) {
        source++;
    }
    return (fpi_source_t)source;
}

/* ---- the evidences, tidy ---- */

static const char *said(const fpi_evidence_t *evidence, const char *name)
{
    for (int i = 0; i < evidence->count; i++) {
        if (strcmp(evidence->sayings[i].name, name) == 0) {
            return evidence->sayings[i].value;
        }
    }
    return NULL;
}

static const char *identity_of(const fpi_evidence_t *evidence, apr_pool_t *pool)
{
    const fpi_invoice_t invoice = { .type = evidence->type, .code = said(evidence, "code"),
                                    .number = said(evidence, "number") };

    return fpi_invoice_identity(&invoice, pool);
}

static void tidy(piece_t *piece, const fpi_evidence_t *evidence, apr_pool_t *pool)
{
    fpi_saying_t *sayings = apr_pcalloc(pool, sizeof(*sayings) * (size_t)(evidence->count + 1));

    piece->evidence = *evidence;
    piece->evidence.sayings = sayings;
    piece->evidence.count = 0;
    for (int i = 0; i < evidence->count; i++) {
        const fpi_saying_t *in = &evidence->sayings[i];
        const char *value = fpi_said_value(fpi_said_kind(in->name), in->value, pool);

        if (value && !said(&piece->evidence, in->name)) {
            sayings[piece->evidence.count++] = (fpi_saying_t){ evidence->source, in->name, value };
        }
    }
    piece->number = said(&piece->evidence, "number");
    piece->identity = identity_of(&piece->evidence, pool);
}

/* ---- groups: pieces that are linked have one root, the first of them ---- */

static int root_of(pile_t *pile, int i)
{
    while (pile->pieces[i].above != i) {
        pile->pieces[i].above = pile->pieces[pile->pieces[i].above].above; /* keeps the ways short */
        i = pile->pieces[i].above;
    }
    return i;
}

static void join(pile_t *pile, int a, int b)
{
    a = root_of(pile, a);
    b = root_of(pile, b);
    pile->pieces[a < b ? b : a].above = a < b ? a : b;
}

/* The first piece that came with this key is remembered; later ones are joined with it. */
static void join_by(pile_t *pile, apr_hash_t *seen, const char *key, int i)
{
    const piece_t *first = apr_hash_get(seen, key, APR_HASH_KEY_STRING);

    if (first) {
        join(pile, (int)(first - pile->pieces), i);
    }
    else {
        apr_hash_set(seen, key, APR_HASH_KEY_STRING, &pile->pieces[i]);
    }
}

static void join_same(pile_t *pile, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);

    for (int i = 0; i < pile->count; i++) {
        const piece_t *piece = &pile->pieces[i];

        if (piece->evidence.invoice > 0) {
            join_by(pile, seen, apr_psprintf(pool, "#%d", piece->evidence.invoice), i);
        }
        if (piece->identity) {
            join_by(pile, seen, piece->identity, i);
        }
    }
}

/* ---- what finds its group by a looser tie ---- */

/* Does the piece tie the one at hand to its group? */
typedef bool (*tie_t)(const piece_t *piece, const piece_t *loose);

enum { NONE = -1, SEVERAL = -2 };

/* The one group other than `loose`'s that the tie leads to. */
static int only_group(pile_t *pile, int loose, tie_t tie)
{
    int found = NONE, mine = root_of(pile, loose);

    for (int i = 0; i < pile->count; i++) {
        int root = root_of(pile, i);

        if (root == mine || root == found || !tie(&pile->pieces[i], &pile->pieces[loose])) {
            continue;
        }
        if (found != NONE) {
            return SEVERAL;
        }
        found = root;
    }
    return found;
}

static bool has_number(pile_t *pile, int root)
{
    for (int i = root; i < pile->count; i++) {
        if (root_of(pile, i) == root && pile->pieces[i].number) {
            return true;
        }
    }
    return false;
}

static bool is_same_number(const piece_t *piece, const piece_t *loose)
{
    return piece->number && strcmp(piece->number, loose->number) == 0;
}

static bool is_on_page(const piece_t *piece, const piece_t *loose)
{
    return piece->number && piece->evidence.page > 0 && piece->evidence.page == loose->evidence.page;
}

static bool is_numbered(const piece_t *piece, const piece_t *loose)
{
    return piece->number && (piece->evidence.page == 0 || loose->evidence.page == 0);
}

static void join_loose(pile_t *pile)
{
    for (int i = 0; i < pile->count; i++) {
        const piece_t *piece = &pile->pieces[i];
        int group = NONE;

        if (piece->number && !piece->identity) {
            group = only_group(pile, i, is_same_number);
        }
        else if (!piece->number && !has_number(pile, root_of(pile, i))) {
            group = only_group(pile, i, is_on_page);
            group = group == NONE ? only_group(pile, i, is_numbered) : group;
        }
        if (group >= 0) {
            join(pile, group, i);
        }
    }
}

/* ---- a QR that nobody confirms ---- */

/* Marks the groups that are told by both, by QR alone, or by others alone; returns how many groups there are. */
static int mark_qr(pile_t *pile)
{
    int groups = 0;

    for (int i = 0; i < pile->count; i++) {
        piece_t *root = &pile->pieces[root_of(pile, i)];

        groups += root == &pile->pieces[i];
        root->has_qr = root->has_qr || pile->pieces[i].evidence.source == FPI_SOURCE_QR;
        root->has_other = root->has_other || pile->pieces[i].evidence.source != FPI_SOURCE_QR;
    }
    for (int i = 0; i < pile->count; i++) {
        pile->pieces[i].has_qr = pile->pieces[root_of(pile, i)].has_qr;
        pile->pieces[i].has_other = pile->pieces[root_of(pile, i)].has_other;
    }
    return groups;
}

static bool is_unconfirmed_there(const piece_t *piece, const piece_t *qr)
{
    return !piece->has_qr && piece->evidence.page > 0 && piece->evidence.page == qr->evidence.page;
}

static bool is_other_qr_there(const piece_t *piece, const piece_t *qr)
{
    return piece->has_qr && !piece->has_other && piece->evidence.page == qr->evidence.page;
}

static bool is_unconfirmed(const piece_t *piece, const piece_t *qr)
{
    return !piece->has_qr && (piece->evidence.page == 0 || qr->evidence.page == 0);
}

static void join_disagreeing(pile_t *pile)
{
    int groups = mark_qr(pile);

    for (int i = 0; i < pile->count; i++) {
        const piece_t *piece = &pile->pieces[i];
        int group = NONE;

        if (piece->evidence.source != FPI_SOURCE_QR || piece->has_other) {
            continue;
        }
        if (only_group(pile, i, is_other_qr_there) == NONE) {
            group = only_group(pile, i, is_unconfirmed_there);
        }
        if (group == NONE && groups == 2) {
            group = only_group(pile, i, is_unconfirmed);
        }
        if (group >= 0) {
            join(pile, group, i);
            groups = mark_qr(pile);
        }
    }
}

/* ---- all of it ---- */

static fpi_err_t *check_limits(const fpi_evidence_t *evidence, int count, fpi_task_t *task)
{
    if (count > FPI_EVIDENCE_MAX) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "发票数据超过 %d 份", "there are more than %d evidences",
                          FPI_EVIDENCE_MAX);
    }
    for (int i = 0; i < count; i++) {
        if (evidence[i].count > FPI_EVIDENCE_FIELDS) {
            return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "一份发票数据超过 %d 个字段",
                              "an evidence has more than %d fields", FPI_EVIDENCE_FIELDS);
        }
    }
    return NULL;
}

fpi_err_t *fpi_evidence_merge(fpi_found_t **out, int *count, const fpi_evidence_t *evidence, int evidence_count,
                              fpi_task_t *task)
{
    pile_t pile = { NULL, evidence_count };

    FPI_TRY(check_limits(evidence, evidence_count, task));
    pile.pieces = apr_pcalloc(task->pool, sizeof(*pile.pieces) * (size_t)(evidence_count + 1));
    for (int i = 0; i < evidence_count; i++) {
        tidy(&pile.pieces[i], &evidence[i], task->pool);
        pile.pieces[i].above = i;
    }
    join_same(&pile, task->pool);
    join_loose(&pile);
    join_disagreeing(&pile);
    for (int i = 0; i < evidence_count; i++) {
        pile.pieces[i].above = root_of(&pile, i);
    }
    return evidence_believe(out, count, &pile, task);
}
