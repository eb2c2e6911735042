/* What the files of exports share. Private to them.
 *
 * Life:    one bill's things live in a pool of their own, which is cleared for the next.
 * Threads: one.
 * Limits:  FPI_EXPORT_FILES files and invoices of one bill. */
#ifndef FPI_EXPORT_OWN_H
#define FPI_EXPORT_OWN_H

#include "service/call.h"
#include "service/exports.h"
#include "store/bills.h"
#include "store/exports.h"
#include "store/found.h"

enum { FPI_EXPORT_FILES = 5000 };

/* A bill with what belongs to it. */
typedef struct fpi_export_bill_t {
    fpi_bill_t *bill;      /* NULL: gone, or not to be seen by who asks */
    fpi_file_t *files;
    int file_count;
    fpi_invoice_t *invoices; /* announced */
    int invoice_count;
    fpi_found_row_t *found;  /* read from its files */
    int found_count;
} fpi_export_bill_t;

/* Calls `each` for every wanted bill, in a task of its own that ends with it, and tells the sink. */
typedef fpi_err_t *fpi_export_each_fn(void *baton, const fpi_export_bill_t *one, fpi_task_t *task);
fpi_err_t *fpi_export_walk(fpi_app_t *app, const fpi_export_want_t *want, const fpi_export_sink_t *sink,
                           fpi_export_each_fn *each, void *baton, fpi_task_t *task) FPI_MUST_USE;

/* Ids of the bills that a filter means, at most `most` and one: whose members are the parameters of GET /api/v1/bills,
 * but for the page. */
fpi_err_t *fpi_export_filter(int64_t **bills, int *count, fpi_app_t *app, const fpi_call_t *call,
                             const fpi_json_t *filter, int most) FPI_MUST_USE;

/* What there is to a row, for who may have it: FPI_E_ABSENT for others. */
fpi_err_t *fpi_export_take(fpi_export_t **out, fpi_tx_t *tx, int64_t id, const char *owner, fpi_task_t *task) FPI_MUST_USE;
const char *fpi_export_state_name(fpi_export_state_t state);
const char *fpi_export_media(const char *kind);

/* "封面", "发票", "附件" */
const char *fpi_export_kind(fpi_kind_t kind);

/* ---- export_name.c: names that every system can unpack ---- */
/* A folder for the bill: its number, made safe. */
const char *fpi_export_folder(const char *number, apr_pool_t *pool);
/* "01-封面-name.ext", at most 255 bytes; the extension of the media type where the name has none. */
const char *fpi_export_file_name(int place, int of, const fpi_file_t *file, apr_pool_t *pool);

#endif
