/* Work on a bill's files: what every act has in common. An act is a function that changes the pile; before it come
 * the caller's right, version, lock, state and the rules of amending, behind it rows, state, version, timeline and the
 * background work, all in one transaction.
 *
 *   visible? ──> version ──> locked? ──> state ──> amendment? ──> act(pile) ──> rows ──> state ──> note
 *
 * A bill that is submitted or reviewed is amended (补改): a reviewed one by those only who may review; not in match mode; its cover may be replaced, not deleted;
 * deleting must be confirmed; an invoice that was signed for at the receipt and matched stays as it is.
 *
 * Life:    a request's.
 * Threads: the request's, and whoever leads the group commit.
 * Limits:  FPI_PILE_MOST files. */
#ifndef FPI_FILEWORK_H
#define FPI_FILEWORK_H

#include "service/handlers.h"
#include "service/moves.h"
#include "store/piles.h"

/* What an act does to one file, for the rules of amending. */
typedef enum fpi_touch_t {
    FPI_TOUCH_SHOW,              /* order, label, rotation: nothing is lost by it */
    FPI_TOUCH_REPLACE,           /* other bytes, parts, another document */
    FPI_TOUCH_RECLASS,           /* another kind */
    FPI_TOUCH_DROP
} fpi_touch_t;

typedef struct fpi_filework_t fpi_filework_t;
typedef fpi_err_t *fpi_filework_fn(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task);

struct fpi_filework_t {
    fpi_app_t *app;
    fpi_call_t *call;
    int64_t bill_id, file_id, version;
    fpi_order_t order;           /* its reason is the clerk's */
    bool is_confirmed;
    fpi_filework_fn *act;        /* changes pile, says note and detail; neither set: nothing changed */
    void *baton;
    /* on the way */
    fpi_bill_t *bill;
    fpi_pile_t *pile, before;
    fpi_act_t moves;             /* whose moves hold when it is done, where that is not EDIT: ATTACH brings new bytes */
    bool is_remark;              /* it says something of the files and puts none right: a label, a confirmation */
    int dropped;                 /* files that it took off the bill */
    const char *note;
    fpi_json_t *detail;
};

/* bill_id and file_id of the path, version, reason and confirm wherever they came. `fields`: a JSON body; NULL: the
 * query only. */
fpi_err_t *fpi_filework_read(fpi_filework_t *work, fpi_app_t *app, fpi_call_t *call, const fpi_json_t *fields,
                             bool has_file) FPI_MUST_USE;
/* Does it and answers with the bill and its files as they lie now. */
fpi_err_t *fpi_filework_run(fpi_filework_t *work, fpi_answer_t *answer) FPI_MUST_USE;
/* The bill, with its right, version, lock and state checked. */
fpi_err_t *fpi_filework_open(fpi_filework_t *work, fpi_act_t act, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Rows, state, version, timeline, when note is set. */
fpi_err_t *fpi_filework_keep(fpi_filework_t *work, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* {"bill"} with its version as ETag: what costs the same however many files it has. */
void fpi_filework_tell(fpi_answer_t *answer, const fpi_bill_t *bill, fpi_task_t *task);

/* The file of the path in the pile. FPI_E_ABSENT. */
fpi_err_t *fpi_filework_file(fpi_file_t **out, fpi_filework_t *work, fpi_task_t *task) FPI_MUST_USE;
/* May this be done to the file of a bill in that state? FPI_E_STATE says why not. */
fpi_err_t *fpi_filework_may(const fpi_filework_t *work, const fpi_file_t *file, fpi_touch_t touch, fpi_tx_t *tx,
                            fpi_task_t *task) FPI_MUST_USE;
/* {"file_id", "name", "sha256"} for the timeline. */
fpi_json_t *fpi_filework_detail(const fpi_file_t *file, fpi_task_t *task);

#endif
