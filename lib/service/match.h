/* The match mode: the receipt's invoices of a bill against those in its files (model/match.h), and what follows.
 *
 *   reading ends | a hand pairs | submit ──> look: all derived anew ──> result kept, state moved, timeline told ──> submitted
 *
 *   result     when                                            the bill
 *   READING    files are still looked at, the cloud is asked    stays
 *   WAITING    nothing is expected yet                         7 recognised; the receipt is asked once it was announced
 *   MATCHED    all required match                              8 matched, then submitted (switch match.submit)
 *   FAILED     something required does not                     5 match failed, with the reasons
 *   FALLEN     announced, and the receipt has none             1 uploaded: basic mode (service/modes.h)
 *   NONE       another mode                                    1 uploaded, if it was matched before
 * A submitted bill is compared, too, and stays. The same result again is not told again. Switches (switches.def, match.*)
 * count from the next comparison on; who changes one has the open bills compared again (service/rematch.h).
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  2,000 expected and FPI_READ_ROWS found invoices; FPI_MATCH_WORDS of them are named in a reason. */
#ifndef FPI_MATCH_SERVICE_H
#define FPI_MATCH_SERVICE_H

#include "service/modes.h"
#include "service/moves.h"
#include "store/found.h"
#include "store/matches.h"

enum { FPI_MATCH_WORDS = 5, FPI_MATCH_PAIRS = 5000 };

/* A bill as it stands. */
typedef struct fpi_matching_t {
    fpi_mode_said_t mode;
    fpi_match_row_t before;      /* as it was last told */
    fpi_match_result_t result;
    const char *zh, *en;         /* why; NULL: nothing to say */
    fpi_file_t *files;
    int file_count;
    fpi_found_row_t *rows;       /* asked.found of the same place */
    fpi_pair_row_t *pairs;       /* asked.pairs of the same place */
    fpi_match_asked_t asked;
    const fpi_match_t *match;
    bool submits, submits_failed, drops_extra; /* switches */
} fpi_matching_t;

/* Only reads. */
fpi_err_t *fpi_match_look(fpi_matching_t *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
/* Keeps, moves, tells and submits. */
fpi_err_t *fpi_match_follow(fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

/* ---- what happened to it ---- */
/* Its files were read; is_asked: the cloud was asked about some. */
fpi_err_t *fpi_match_read(fpi_tx_t *tx, fpi_bill_t *bill, bool is_asked, fpi_task_t *task) FPI_MUST_USE;
/* The cloud will give no answer about these bytes soon: the bills that hold them are judged without. */
fpi_err_t *fpi_match_unanswered(fpi_tx_t *tx, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* The receipt has no invoices of it. */
fpi_err_t *fpi_match_empty(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
/* It was announced, so that its mode may be another: what has files is read and compared again, in the background. */
fpi_err_t *fpi_match_announced(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

/* ---- by hand ---- */
/* FPI_E_ABSENT naming the id; FPI_E_STATE: void, locked, another mode, an attachment. *is_changed false: it was said before. */
fpi_err_t *fpi_match_pair(bool *is_changed, fpi_tx_t *tx, fpi_bill_t *bill, const fpi_match_pair_t *pair,
                          fpi_task_t *task) FPI_MUST_USE;
/* The clerk sees in an invoice file, from which nothing could be read, what is expected: it is found there from now on, as he
 * says. FPI_E_ABSENT naming the id; FPI_E_STATE: void, locked, another mode, an attachment, or something was read from it. */
fpi_err_t *fpi_match_vouch(fpi_tx_t *tx, fpi_bill_t *bill, int64_t invoice, int64_t file, fpi_task_t *task) FPI_MUST_USE;
/* Compares again, and asks the receipt again where it had nothing. */
fpi_err_t *fpi_match_rerun(fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;

/* Before a submit, whoever orders it. In match mode, as it stands in this transaction: FPI_E_STATE says what does not match;
 * where the tenant allows it and it is confirmed, *told says so for the timeline (else NULL), and the bill is free to be
 * submitted. A bill that matches may lose files nobody expects (switch match.drop_extra). */
fpi_err_t *fpi_match_check_submit(const char **told, bool is_confirmed, fpi_tx_t *tx, fpi_bill_t *bill, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- words and views ---- */
/* Fills zh and en. */
void fpi_match_say(fpi_matching_t *matching, const fpi_bill_t *bill, fpi_task_t *task);
/* One item in a few words of the language: "gross 113.00 is 114.00". */
const char *fpi_match_item_words(const fpi_match_item_t *item, bool is_zh, fpi_task_t *task);
const char *fpi_match_result_name(fpi_match_result_t result); /* "MATCHED", ... */
/* For family C: result, counts, reason, rules, items with differences and suggestions, pairs, unread files. */
fpi_json_t *fpi_match_answer(const fpi_matching_t *matching, const fpi_bill_t *bill, fpi_task_t *task);

#endif
