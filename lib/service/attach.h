/* Stored bytes become files of a bill: the one place where rows of files, the state's move, the page count, the
 * timeline and the background work that follows are written together.
 *
 *   taken (intake.h) | pages of a capture ──> wanted files ──> rows, trail, state, version, jobs "look" and "read"
 *
 * Life:    a write transaction's; results live in its task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_BILL_FILES files on a bill. */
#ifndef FPI_ATTACH_H
#define FPI_ATTACH_H

#include "service/intake.h"
#include "store/bills.h"

enum { FPI_BILL_FILES = 5000 };

/* Of one wanted file. More files than one: the bill had pages amid it. */
typedef struct fpi_attach_new_t {
    int files;
    int64_t pages;
} fpi_attach_new_t;

typedef struct fpi_attach_t {
    fpi_bill_t *bill;            /* found in this transaction; its state, page_count follow */
    fpi_act_t act;               /* whose moves hold: FPI_ACT_ATTACH, or a finer one of states.def */
    const fpi_file_t *wanted;    /* kind, name, sha256, media, size, and of the rest what is not its standard; the bill,
                                  * source, position and time are filled in here, state too when it is NORMAL */
    int count;
    const char *source;          /* "upload", "erp", "capture" */
    const char *why;             /* the clerk's reason, for the timeline; NULL */
    int64_t position;            /* of the first, whose place is free from there on; 0: behind what is there */
    fpi_file_t *stored;          /* out: as many as wanted: what was added for it first, or what is there */
    fpi_attach_new_t *news;      /* out: as many as wanted: what of it the bill did not have; the rest changes nothing */
    apr_array_header_t *fresh;   /* out: fpi_file_t, what was added, in order */
    int added;                   /* out: so many */
    bool is_readable;            /* out: something new was looked at already, elsewhere */
} fpi_attach_t;

/* FPI_E_STATE: the bill is locked or its state does not allow the act (both are named); FPI_E_TOO_LARGE: too many
 * files. Nothing new: nothing is written. The bytes must be in the blob store. After the commit the caller wakes the
 * workers (fpi_looks_wake). */
fpi_err_t *fpi_attach_files(fpi_attach_t *attach, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* What a taken thing wants to be. */
fpi_file_t fpi_attach_wanted(const fpi_taken_t *taken, fpi_kind_t kind);

/* The bill of that number, or a new one in state 0 that nobody has announced, so that nothing is lost; FPI_E_FOREIGN
 * unless the viewer may file onto it, and it is his if it was nobody's yet. `type_code` NULL: not told; one that is there
 * and has a type keeps it. */
fpi_err_t *fpi_attach_bill(fpi_bill_t **bill, fpi_tx_t *tx, const fpi_viewer_t *viewer, const char *number,
                           const char *resource, const char *type_code, fpi_task_t *task) FPI_MUST_USE;
/* `bill` is of that type, by the name that the tenant has for it; one that nobody knows is made. The caller stores the bill. */
fpi_err_t *fpi_attach_put_type(fpi_bill_t *bill, const char *code, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* A bill that came as images only may not know its type yet: `code`, unless that is NULL or the bill has one. */
fpi_err_t *fpi_attach_type(fpi_bill_t *bill, const char *code, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Whose a new thing is: tenant, tax number, organisation, owner and scan point, set in `bill`. */
fpi_err_t *fpi_attach_mark(fpi_bill_t *bill, fpi_tx_t *tx, const fpi_viewer_t *viewer, fpi_task_t *task) FPI_MUST_USE;

/* A reviewed bill is changed, or added to, by those only who may review (FPI_E_ROLE names the right). */
fpi_err_t *fpi_attach_check_amend(const fpi_bill_t *bill, const fpi_viewer_t *viewer, fpi_task_t *task) FPI_MUST_USE;

/* FPI_E_STATE when the bill is locked by its voucher; names voucher, state and act. */
fpi_err_t *fpi_attach_refuse_locked(const fpi_bill_t *bill, fpi_act_t act, fpi_task_t *task) FPI_MUST_USE;

#endif
