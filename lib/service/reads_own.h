/* Parts of one reading of a bill (reads.h): gathering what was seen, choosing what to ask the cloud, storing. Not for
 * use elsewhere.
 *
 * Life:    a job's task.
 * Threads: a worker's; the storing as the transaction.
 * Limits:  those of reads.h. */
#ifndef FPI_READS_OWN_H
#define FPI_READS_OWN_H

#include "service/found.h"
#include "service/looks.h"
#include "service/reads.h"

/* A row as it was before. */
typedef struct fpi_read_row_t {
    fpi_found_row_t row;
    fpi_json_t *doc;
    bool is_taken;
} fpi_read_row_t;

/* An invoice that a file has by what was seen. */
typedef struct fpi_wanted_t {
    int64_t file;
    const char *key, *said;      /* of service/found.h; said as JSON text */
    fpi_read_row_t *old;         /* its row, NULL: new */
    bool is_gone;                /* its file left the bill meanwhile, or has other bytes */
} fpi_wanted_t;

typedef struct fpi_unreadable_t {
    const char *sha256, *name, *note;
} fpi_unreadable_t;

typedef struct fpi_read_t {
    fpi_app_t *app;
    int64_t bill_id;
    fpi_bill_t *bill;
    fpi_file_t *files;           /* that were gathered from */
    int file_count;
    bool *is_waiting;            /* of each: nobody has looked at its bytes yet */
    fpi_file_t *now;             /* that the bill has when it is stored */
    int now_count;
    fpi_wanted_t *wanted;
    int wanted_count, wanted_room;
    fpi_unreadable_t *unreadable;
    int unreadable_count;
    const char **unread;         /* contents (sha256) that the cloud may know better */
    int unread_count;
    int64_t *recognised;         /* files of which nobody said what they are, and the cloud: an invoice */
    int recognised_count;
    const fpi_enterprise_t *asker; /* in whose name it is asked; NULL: it is not */
    fpi_read_row_t *old;
    int old_count;
    int added, changed, dropped;
    int lost;                    /* invoices whose corrections are no longer theirs */
} fpi_read_t;

/* ---- reads_gather.c ---- */
/* Fills wanted, unreadable, unread and recognised. */
fpi_err_t *fpi_read_gather(fpi_read_t *read, fpi_task_t *task) FPI_MUST_USE;

/* ---- recognise_want.c ---- */
/* Who may ask the cloud for this bill. */
fpi_err_t *fpi_read_choose(fpi_read_t *read, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_read_put_recognitions(const fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Makes invoices of the recognised files, where the bill may still change. */
fpi_err_t *fpi_read_put_kinds(fpi_read_t *read, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

#endif
