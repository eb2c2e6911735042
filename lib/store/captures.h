/* Rows of scan sessions and their pages. A page is a content, or one page of it; which bill it begins or belongs to is
 * worked out from its codes (model/cover.h) each time, and stands still once the page has gone to a bill.
 *
 *   OPEN ──every page has gone to a bill──> FINISHED
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_CAPTURE_PAGES pages per capture. Every look-up is by tenant. */
#ifndef FPI_STORE_CAPTURES_H
#define FPI_STORE_CAPTURES_H

#include "model/cover.h"
#include "model/viewer.h"
#include "store/contents.h"
#include "store/tx.h"

enum { FPI_CAPTURE_PAGES = 5000 };

typedef enum fpi_capture_state_t { FPI_CAPTURE_OPEN = 0, FPI_CAPTURE_FINISHED = 1 } fpi_capture_state_t;

/* What was done to a capture last. */
typedef enum fpi_capture_act_t {
    FPI_CAPTURE_MADE, FPI_CAPTURE_ADDED, FPI_CAPTURE_EDITED, FPI_CAPTURE_ORDERED, FPI_CAPTURE_TAKEN_OUT,
    FPI_CAPTURE_UNFOLDED, FPI_CAPTURE_FILED, FPI_CAPTURE_ACTS
} fpi_capture_act_t;

typedef struct fpi_capture_t {
    int64_t id, tenant, enterprise, org;
    int64_t owner, point;        /* the person who made it, and his scan point; 0: an enterprise did, none */
    const char *actor;           /* who made it */
    const char *name;            /* NULL: none */
    const char *number;          /* all pages are for this bill; "": by covers */
    const char *resource;        /* of the bills; "": any */
    const char *type_code;       /* of bills that are made; NULL */
    fpi_capture_state_t state;
    int64_t version;
    fpi_capture_act_t act;
    int64_t act_count;
    const char *act_by;
    apr_time_t created, updated;
    int64_t page_count, left;    /* left: not with a bill yet */
} fpi_capture_t;

typedef struct fpi_capture_page_t {
    int64_t id, tenant, capture, position;
    const char *upload_key;      /* NULL: none */
    const char *sha256;
    int page;                    /* from 1; 0: all of the content */
    const char *name;
    fpi_role_t kind;             /* as a clerk said, or AUTO; once filed: as it was */
    int rotation;
    const char *number;          /* typed in; once filed: its bill's, on its first page and covers; NULL */
    const char *label;
    const char *type_code;       /* of the bill that it goes to, as a clerk said; NULL */
    int attachment_type;         /* 0: none said */
    int64_t bill;                /* 0: not yet */
    apr_time_t created;
} fpi_capture_page_t;

/* Sets id, version, act, created, updated. */
fpi_err_t *fpi_capture_make(fpi_capture_t *capture, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_capture_find(fpi_capture_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* Those that he may see, the newest first; state -1: in any. *total counts up to `bound`. */
fpi_err_t *fpi_captures_list(fpi_capture_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_viewer_t *viewer,
                             int state, int64_t skip, int most, int64_t bound, fpi_task_t *task) FPI_MUST_USE;
/* An enterprise sees its own; a tenant authorisation, and who sees all bills, all; a person his own and his scan
 * point's; who came by an event code none; a phone its own, as long as it is open. */
bool fpi_capture_is_seen(const fpi_capture_t *capture, const fpi_viewer_t *viewer);
/* FINISHED once it has pages and all of them went to bills, by its counts. */
void fpi_capture_settle(fpi_capture_t *capture);
/* It was changed: the next version, by the task's actor; the state is the struct's. */
fpi_err_t *fpi_capture_touch(fpi_capture_t *capture, fpi_capture_act_t act, int64_t count, fpi_tx_t *tx,
                             fpi_task_t *task) FPI_MUST_USE;
/* Name, number, resource and type of the bills; its caller touches it, too. */
fpi_err_t *fpi_capture_put_facts(const fpi_capture_t *capture, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* With its pages and scans. */
fpi_err_t *fpi_capture_drop(fpi_tx_t *tx, const fpi_capture_t *capture, fpi_task_t *task) FPI_MUST_USE;

/* By position. */
fpi_err_t *fpi_capture_pages_list(fpi_capture_page_t **out, int *count, fpi_tx_t *tx, const fpi_capture_t *capture,
                                  fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_capture_page_find(fpi_capture_page_t **out, fpi_tx_t *tx, const fpi_capture_t *capture, int64_t id,
                                 fpi_task_t *task) FPI_MUST_USE;
/* The first page that came under the client's key; NULL. */
fpi_err_t *fpi_capture_page_find_by_key(fpi_capture_page_t **out, fpi_tx_t *tx, const fpi_capture_t *capture,
                                        const char *key, fpi_task_t *task) FPI_MUST_USE;
/* How many there are, and the last position. */
fpi_err_t *fpi_capture_pages_count(int64_t *count, int64_t *last, fpi_tx_t *tx, const fpi_capture_t *capture,
                                   fpi_task_t *task) FPI_MUST_USE;
/* Makes room: what stands behind `position` moves `by` places back. */
fpi_err_t *fpi_capture_pages_shift(fpi_tx_t *tx, const fpi_capture_t *capture, int64_t position, int64_t by,
                                   fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0, sets it) or updates; an update leaves position, key, content and name alone. */
fpi_err_t *fpi_capture_page_put(fpi_capture_page_t *page, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_capture_page_move(fpi_tx_t *tx, const fpi_capture_page_t *page, int64_t position, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_capture_page_drop(fpi_tx_t *tx, const fpi_capture_page_t *page, fpi_task_t *task) FPI_MUST_USE;

/* What is known of the pages' contents, each content once, in no order. */
fpi_err_t *fpi_capture_contents(fpi_content_t **out, int *count, fpi_tx_t *tx, int64_t capture, fpi_task_t *task)
    FPI_MUST_USE;
/* Pages without a bill whose content was not looked at yet. */
fpi_err_t *fpi_capture_count_waiting(int64_t *count, fpi_tx_t *tx, int64_t capture, fpi_task_t *task) FPI_MUST_USE;

#endif
