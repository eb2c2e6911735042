/* Attachments of all bills, newest first, for who may see the bills: read along the index of attachments, held one by one
 * against model/viewer.h and the filters, and bounded. A page that would need too many rows ends there and says
 * where to go on.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  as bill_list.h. */
#ifndef FPI_STORE_ATTACHMENTS_H
#define FPI_STORE_ATTACHMENTS_H

#include "model/viewer.h"
#include "store/tx.h"

typedef struct fpi_attachment_t {
    int64_t id, bill, size, attachment_type;
    const char *number, *type_code, *type_name; /* of the bill */
    const char *name, *media, *sha256, *label, *source;
    apr_time_t created;
} fpi_attachment_t;

typedef struct fpi_attachment_query_t {
    int64_t tenant;
    const fpi_viewer_t *viewer;
    const char *number;          /* how the bill's number begins, upper case; NULL: any */
    const char *name;            /* what the file's name holds; NULL */
    const char *label;           /* NULL: any */
    int64_t attachment_type;     /* -1: any */
    apr_time_t from, to;         /* 0: open */
    int64_t after;               /* those with a smaller id; 0: from the newest */
    int64_t skip;
    int most;
} fpi_attachment_query_t;

typedef struct fpi_attachment_page_t {
    fpi_attachment_t *items;
    int count;
    int64_t total;               /* that fit, counted on for a while once the page is full */
    bool is_bound, has_more, is_partial;
    int64_t last;                /* go on behind this id; 0: there was nothing */
} fpi_attachment_page_t;

fpi_err_t *fpi_attachments_page(fpi_attachment_page_t *out, fpi_tx_t *tx, const fpi_attachment_query_t *query,
                                fpi_task_t *task) FPI_MUST_USE;

#endif
