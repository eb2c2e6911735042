/* What pull.c, pull_read.c and pull_mirror.c share. Private to these.
 *
 * Life:    one run of a pull's job.
 * Threads: a worker's.
 * Limits:  those of the pull (pull.h). */
#ifndef FPI_PULL_OWN_H
#define FPI_PULL_OWN_H

#include "service/forms.h"
#include "service/handlers.h"
#include "store/bills.h"
#include "store/pushes.h"

typedef struct fpi_pulling_t {
    fpi_app_t *app;
    fpi_task_t *task;
    int64_t bill_id, push_id;
    fpi_bill_t *bill;
    fpi_push_t *push;
    const char *path;            /* where the cloud is asked */
    fpi_file_t *files;           /* that the bill has already */
    int file_count;
    fpi_document_t doc;
    fpi_invoice_t *invoices;
    int invoice_count;
    int left_out;                /* members of the list that say no invoice */
    bool lacks_covers, lacks_attachments; /* nobody has said whether there are any */
    bool is_whole;               /* all of the receipt's invoices are known: what is not among them is there no more */
    apr_array_header_t *notes;   /* const char *: what could not be read, to be told once */
    apr_array_header_t *links;   /* fpi_link_t */
    apr_time_t since;            /* when it was put to work: what came since is news, whichever try brought it */
    int fetched, refused, taken_off; /* files of this run; fetched: new ones */
    const char *refusals;        /* sentences on those that can't be had */
    const char *unread;          /* sums of new or changed invoices that can't be read */
    int unread_count;
    bool *has_link;              /* of each invoice */
    const char *linkless;        /* new or changed invoices that came without */
    int linkless_count;
} fpi_pulling_t;

/* The document, brought along or asked of the cloud, into invoices, links and notes. */
fpi_err_t *fpi_pull_read(fpi_pulling_t *pull) FPI_MUST_USE;

/* What a file is known by when it comes again: its address without the query, which may hold a key; then "#" and the beginning
 * of a SHA-256 of the whole, so that two that differ in the query are two. */
const char *fpi_pull_origin(const fpi_link_t *link, fpi_task_t *task);
/* Files of the receipt that came to the bill after `when`. */
int fpi_pull_came_since(const fpi_pulling_t *pull, apr_time_t when);

/* ---- sync mode: the bill mirrors the receipt (pull.h) ---- */
/* Before the invoices: takes off what the receipt has no more, where the bill's mode is that, which *is_synced says. */
fpi_err_t *fpi_pull_mirror(bool *is_synced, fpi_pulling_t *pull, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Behind them, where it is: submits the bill, or tells the ERP that the images of a submitted one are others. */
fpi_err_t *fpi_pull_mirrored(fpi_pulling_t *pull, bool was_submitted, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

#endif
