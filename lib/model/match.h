/* Matching: the invoices that the receipt announced for a bill (expected) against those that were read from its files
 * (found). Facts in, verdicts and reasons out; what follows of them is service/match.h.
 *
 *   found rows ──the same invoice in several files is one──> groups
 *   expected ──tie──> group ──fields compared──> MATCHED | DIFFERS        no group: MISSING        no expected: EXTRA
 *
 * Ties, the stronger first; what a hand has set apart is tied by none of them:
 *   HAND      a clerk paired them: that they are the same invoice is settled, what they come to is not
 *   IDENTITY  fpi_invoice_identity(), after widths, blanks and zeros in front are gone, which spreadsheets eat; a fully digital
 *             number that was cut in a code of 12 and a number of 8 digits is put together again
 *   NUMBER    the same number, where one side lacks the code or type that would make it an identity, and nothing else has it
 *   LIKENESS  neither has a number: same seller, gross and day; the first with the first. A warning. Not in strict comparison
 *
 * Fields (model/said.h says what is equal):
 *                      number, code        gross  net                               type date tax seller_*, buyer_*
 *   normal             where the tie does  yes    where a side does not know gross   -
 *   strict             not prove them      yes    yes                               yes
 * What is not expected to be anything is not compared; what is expected and was not read differs (UNREAD), but net and gross
 * of normal comparison stand in for each other. A number or code that a hand has settled is told, and fails nothing. Copies
 * of an invoice (PDF, OFD and XML of one) are judged by the most believed; a copy that says otherwise is told, and fails
 * in strict comparison. The check code is not told by the receipt, and not compared.
 *
 * Life:    results live in the task's pool and borrow from what was asked.
 * Threads: none of its own.
 * Limits:  FPI_MATCH_MOST invoices on each side; FPI_MATCH_SUGGESTIONS for each that is left. Time grows with the number of
 *          invoices, not with its square. */
#ifndef FPI_MATCH_H
#define FPI_MATCH_H

#include "model/evidence.h"

enum { FPI_MATCH_MOST = 10000, FPI_MATCH_SUGGESTIONS = 5 };

typedef enum fpi_verdict_t { FPI_VERDICT_MATCHED, FPI_VERDICT_DIFFERS, FPI_VERDICT_MISSING, FPI_VERDICT_EXTRA } fpi_verdict_t;
typedef enum fpi_tie_t { FPI_TIE_NONE, FPI_TIE_HAND, FPI_TIE_IDENTITY, FPI_TIE_NUMBER, FPI_TIE_LIKENESS } fpi_tie_t;
typedef enum fpi_why_t {
    FPI_WHY_DIFFERENT,
    FPI_WHY_UNREAD,              /* expected, and the files do not say it */
    FPI_WHY_SETTLED,             /* a hand paired the two all the same */
    FPI_WHY_COPY                 /* another file of the same invoice says otherwise */
} fpi_why_t;

/* ---- asked ---- */
typedef struct fpi_match_found_t {
    fpi_invoice_t invoice;
    int64_t file;
    fpi_source_t source;         /* of copies, the most believed is compared */
    bool is_attachment;          /* is no invoice of the bill; only pointed at when one is missing */
} fpi_match_found_t;

/* What a clerk said of two, by their ids; of rows that are gone it says nothing. A found one has one pair at most. */
typedef struct fpi_match_pair_t {
    int64_t invoice, found;
    bool is_apart;
} fpi_match_pair_t;

typedef struct fpi_match_rules_t {
    bool is_strict;
    bool is_paper_only;          /* expected e-invoices need not be there */
    bool is_counted;             /* the numbers of invoices must agree: an EXTRA one fails the bill */
} fpi_match_rules_t;

typedef struct fpi_match_asked_t {
    const fpi_invoice_t *expected;
    int expected_count;
    const fpi_match_found_t *found;
    int found_count;
    const fpi_match_pair_t *pairs;
    int pair_count;
    fpi_match_rules_t rules;
} fpi_match_asked_t;

/* ---- told ---- */
typedef struct fpi_match_diff_t {
    const char *field;           /* as in model/evidence.h, or "type" */
    const char *expected, *found; /* as texts; NULL: not told */
    fpi_why_t why;
    int at;                      /* which of `found` says so */
} fpi_match_diff_t;

enum { FPI_LIKE_GROSS = 1, FPI_LIKE_NET = 2, FPI_LIKE_DATE = 4, FPI_LIKE_SELLER = 8, FPI_LIKE_NUMBER = 16,
       FPI_LIKE_NEAR_NUMBER = 32, FPI_LIKE_TYPE = 64 };

typedef struct fpi_match_hint_t {
    int at;                      /* which of the other side */
    int score;                   /* the higher the likelier */
    unsigned like;               /* FPI_LIKE_...: what is the same */
} fpi_match_hint_t;

typedef struct fpi_match_item_t {
    fpi_verdict_t verdict;
    fpi_tie_t tie;
    bool is_required;            /* does it count for the bill? */
    bool is_repeated;            /* another expected one is the same invoice */
    int expected;                /* which; -1: none */
    int found;                   /* the most believed; -1: none */
    const int *copies;           /* all files' rows of it, `found` among them, by their id */
    int copy_count;
    int attachment;              /* missing, but this attachment (of `found`) is it; -1 */
    const fpi_match_diff_t *diffs;
    int diff_count;
    const fpi_match_hint_t *hints; /* for one that is left, the best first */
    int hint_count;
} fpi_match_item_t;

typedef struct fpi_match_t {
    const fpi_match_item_t *items; /* one for each expected, in their order; then the extra ones in the order of found */
    int count;
    int matched, differs, missing, extra;
    int required, failed;        /* items that count, and those of them that do not match */
    bool is_matched;             /* something was expected, and nothing failed */
} fpi_match_t;

/* FPI_E_TOO_LARGE. The verdicts do not depend on the order in which invoices and pairs come. */
fpi_err_t *fpi_match_run(const fpi_match_t **out, const fpi_match_asked_t *asked, fpi_task_t *task) FPI_MUST_USE;

/* "MATCHED", ...; "IDENTITY", ...; "DIFFERENT", ... */
const char *fpi_verdict_name(fpi_verdict_t verdict);
const char *fpi_tie_name(fpi_tie_t tie);
const char *fpi_why_name(fpi_why_t why);

#endif
