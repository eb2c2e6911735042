/* Rows of bills, their timeline, their invoices and files.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  lists take a `most` and say what they left off.
 * Every look-up is by tenant: another tenant's bill does not exist. Texts come back as they were put, NULL
 * as NULL. A put sets the id in the caller's struct: a transaction that runs again must begin with its own. */
#ifndef FPI_STORE_BILLS_H
#define FPI_STORE_BILLS_H

#include "model/bill.h"
#include "model/file.h"
#include "model/invoice.h"
#include "model/viewer.h"
#include "store/tx.h"

/* ---- bills ---- */
/* By number and resource. An empty `resource` finds the only bill of that number, or the one announced
 * last when several systems have it. A bill that a push made before the ERP spoke has resource "" and
 * is found for any resource, too, when no exact one is there. NULL when absent. */
fpi_err_t *fpi_bill_find(fpi_bill_t **out, fpi_tx_t *tx, int64_t tenant, const char *number,
                         const char *resource, fpi_task_t *task) FPI_MUST_USE;
/* Resources of the living (not void) bills of that number, sorted, at most `most`. */
fpi_err_t *fpi_bill_resources(const char ***out, int *count, fpi_tx_t *tx, int64_t tenant, const char *number, int most,
                              fpi_task_t *task) FPI_MUST_USE;
/* By the ERP's key, else number, for pushes that bring no image number. NULL when absent or ambiguous; void
 * bills count only where there is no other. */
fpi_err_t *fpi_bill_find_by_erp(fpi_bill_t **out, fpi_tx_t *tx, int64_t tenant, const char *erp_id,
                                const char *bill_no, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_bill_find_by_id(fpi_bill_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id,
                               fpi_task_t *task) FPI_MUST_USE;
/* Of `bill`, from its org, owner, point, tax_no and apply_phone in that order, beginning at `column`. */
fpi_whose_t fpi_rows_whose(const fpi_rows_t *rows, int row, int column, int64_t bill);
/* Inserts (id 0, sets it) or updates all columns; `updated` is set to now. */
fpi_err_t *fpi_bill_put(fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* The bill's files were changed: who has seen the version before must look again. */
fpi_err_t *fpi_bill_raise_version(fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* ---- timeline ---- */
typedef struct fpi_event_t {
    int64_t id, tenant, bill;
    apr_time_t at;
    const char *kind;   /* "announced", "push", "pull", "file", "state", "rescan", ... */
    const char *actor;  /* who */
    const char *trace;
    const char *note;   /* one sentence, English; never secret */
    const char *detail; /* JSON text or NULL */
} fpi_event_t;
/* Appends to the bill's timeline with the task's actor and trace. `detail` may be NULL. */
fpi_err_t *fpi_trail_add(fpi_tx_t *tx, const fpi_bill_t *bill, const char *kind, const char *note,
                         const char *detail, fpi_task_t *task) FPI_MUST_USE;
/* Was exactly this said of the bill already? For what must be said once. */
fpi_err_t *fpi_trail_has(bool *has, fpi_tx_t *tx, const fpi_bill_t *bill, const char *kind, const char *detail,
                         fpi_task_t *task) FPI_MUST_USE;
/* Oldest first, those with id > after. */
fpi_err_t *fpi_trail_list(fpi_event_t **out, int *count, fpi_tx_t *tx, const fpi_bill_t *bill,
                          int64_t after, int most, fpi_task_t *task) FPI_MUST_USE;

/* The newest first. */
fpi_err_t *fpi_trail_list_last(fpi_event_t **out, int *count, fpi_tx_t *tx, const fpi_bill_t *bill, int most,
                               fpi_task_t *task) FPI_MUST_USE;
/* Oldest first, `most` of them behind the first `skip`; *total counts up to `bound`. */
fpi_err_t *fpi_trail_page(fpi_event_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_bill_t *bill,
                          int64_t skip, int most, int bound, fpi_task_t *task) FPI_MUST_USE;

/* ---- invoices of a bill ---- */
/* By bill and serial number, else by bill and identity; sets id and doc_before. *is_changed false when all was the same. One
 * with neither is always new: the same taxi receipt twice is two. */
fpi_err_t *fpi_invoice_put(fpi_invoice_t *invoice, bool *is_changed, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_invoices_list(fpi_invoice_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                             int most, fpi_task_t *task) FPI_MUST_USE;
/* The announced invoices that the file is: by its link, or by the identity of what was read from it. */
fpi_err_t *fpi_invoices_of_file(fpi_invoice_t **out, int *count, fpi_tx_t *tx, const fpi_file_t *file,
                                fpi_task_t *task) FPI_MUST_USE;
/* Takes away the bill's invoices that are not among the `count` ids (a push overwrites); their files stay, as
 * files of no invoice. */
fpi_err_t *fpi_invoices_keep_only(int64_t *dropped, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                                  const int64_t *ids, int count, fpi_task_t *task) FPI_MUST_USE;

/* ---- files of a bill ---- */
/* The same pages of the same bytes and kind on one bill are the same file: *is_new false, and `file` becomes the one
 * that is there (its first part, when it was split), linked to the invoice and known by the origin that it was given with,
 * if any. Where the bill has some of its pages only, the others are added as parts, and `file` becomes the first of them.
 * position 0: behind all that are there; else the place of the first. */
fpi_err_t *fpi_file_put(fpi_file_t *file, bool *is_new, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* The same, with all that was added: one file, or parts. */
fpi_err_t *fpi_file_put_rests(fpi_file_t **added, int *count, fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* By position. */
fpi_err_t *fpi_files_list(fpi_file_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t bill,
                          int most, fpi_task_t *task) FPI_MUST_USE;
/* And whose bill it is of. NULL when absent, *whose unchanged. */
fpi_err_t *fpi_file_find(fpi_file_t **out, fpi_whose_t *whose, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* Overwrites the row of that id; source, origin and created stay. FPI_E_DUPLICATE when the bill has those bytes as
 * that kind already. */
fpi_err_t *fpi_file_put_facts(const fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Position and group only. */
fpi_err_t *fpi_file_put_place(const fpi_file_t *file, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* The row only; its bytes are kept. */
fpi_err_t *fpi_file_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* Files taken off a bill since it was last sent back: none yet; more of them; how many (0 too where it never was). */
fpi_err_t *fpi_dropped_begin(fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_dropped_add(fpi_tx_t *tx, const fpi_bill_t *bill, int files, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_dropped_find(int *files, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
/* All files of the bill that are in state `from` (-1: in any) are in `to` now. */
fpi_err_t *fpi_files_put_state(fpi_tx_t *tx, const fpi_bill_t *bill, int from, fpi_file_state_t to, fpi_task_t *task)
    FPI_MUST_USE;
/* What is on a bill, in one look; pages: a part's own, a content's, else 1. */
typedef struct fpi_tally_t {
    int64_t count, pages;
} fpi_tally_t;
fpi_err_t *fpi_files_tally(fpi_tally_t *out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
    FPI_MUST_USE;
/* What is to be known where files are put behind those of a bill. */
typedef struct fpi_files_end_t {
    int64_t count, last_position;
    bool is_answer;                  /* the bill was sent back since its first files came */
} fpi_files_end_t;
fpi_err_t *fpi_files_end(fpi_files_end_t *out, fpi_tx_t *tx, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
/* Does any row still need this blob? */
fpi_err_t *fpi_file_is_used(bool *used, fpi_tx_t *tx, const char *sha256, fpi_task_t *task) FPI_MUST_USE;

#endif
