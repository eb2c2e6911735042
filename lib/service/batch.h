/* A capture as it is seen: its pages with what the looks found on them, cut into segments by the tenant's rules, and
 * for each segment the bill that it is meant for.
 *
 *   rows of pages + contents (looked at) + rules ──cut──> segments ──> bills that are there, or why not
 *
 * Contents of several pages that were looked at are unfolded into a row per page, so that covers inside them count.
 *
 * Life:    in the pool of the task that loads it; a snapshot, never changed.
 * Threads: the task's.
 * Limits:  FPI_CAPTURE_PAGES pages. */
#ifndef FPI_BATCH_H
#define FPI_BATCH_H

#include "service/app.h"
#include "service/call.h"
#include "store/bills.h"
#include "store/captures.h"

/* A page with what is known of it. */
typedef struct fpi_sheet_t {
    const fpi_capture_page_t *page;
    const fpi_content_t *content;
    fpi_json_t *codes;           /* as the look gave them (wire/decode.h), each with its page `n`; an array */
    const char *note, *note_en;  /* what a clerk should know; NULL */
    bool is_folded;              /* several pages, each to become a row */
    bool is_too_long;            /* the same, but there is no room for them */
    bool is_doubtful;            /* it can't be read and nobody said what it is: it may be a cover */
} fpi_sheet_t;

typedef enum fpi_cut_state_t {
    FPI_CUT_WAITING,             /* still being read */
    FPI_CUT_READY,
    FPI_CUT_NO_NUMBER,           /* pages without a cover */
    FPI_CUT_PROBLEM,
    FPI_CUT_SUPPLEMENT,          /* ready, but the bill was submitted: only when the clerk confirms it */
    FPI_CUT_FILED
} fpi_cut_state_t;

/* Who says of what type the bill is: the bill that is there, a clerk of a page or of the whole capture, the image-code
 * rule of its number; the first that does is heard. */
typedef enum fpi_type_from_t {
    FPI_TYPE_UNSAID, FPI_TYPE_OF_BILL, FPI_TYPE_OF_PAGE, FPI_TYPE_OF_CAPTURE, FPI_TYPE_OF_RULE
} fpi_type_from_t;

/* A segment and what may become of it. */
typedef struct fpi_cut_t {
    fpi_segment_t segment;
    fpi_cut_state_t state;
    fpi_bill_t *bill;            /* that is there and may be seen; NULL */
    fpi_type_from_t type_from;
    const char *type_code, *type_name; /* of its bill, or what a new one will be; NULL: not said */
    const char *problem, *problem_en;
} fpi_cut_t;

typedef struct fpi_batch_t {
    fpi_capture_t *capture;
    fpi_sheet_t *sheets;
    fpi_leaf_t *leaves;          /* as many */
    int count;
    fpi_cut_t *cuts;
    int cut_count;
    bool may_go_without;         /* the tenant's switch: pages without number get one of ours */
    bool is_waiting;
    bool has_folded;             /* some content is to be unfolded */
} fpi_batch_t;

/* The capture, when the caller may see it; else FPI_E_ABSENT. */
fpi_err_t *fpi_capture_get(fpi_capture_t **out, fpi_tx_t *tx, const fpi_viewer_t *viewer, int64_t id,
                           fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_STALE unless `said` is -1 or the capture's version: says what was changed last, by whom and when. */
fpi_err_t *fpi_capture_check_version(const fpi_capture_t *capture, int64_t said, fpi_task_t *task) FPI_MUST_USE;

/* Loads it, unfolding what has to be in a transaction of its own. FPI_E_ABSENT. */
fpi_err_t *fpi_batch_load(fpi_batch_t *batch, fpi_app_t *app, const fpi_viewer_t *viewer, int64_t id,
                         fpi_task_t *task) FPI_MUST_USE;

/* The field bill_type, at most 50 bytes; NULL: absent, null or empty. FPI_E_FIELD. */
fpi_err_t *fpi_bill_type_read(const char **code, const fpi_json_t *said, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_FIELD "bill_type": the tenant has none of that code. NULL is none. */
fpi_err_t *fpi_bill_type_check(const char *code, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* The same of a person, who makes no types by a slip; an ERP's is made when it is filed, as with its other calls. */
fpi_err_t *fpi_capture_check_type(const char *code, const fpi_viewer_t *viewer, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- batch_form.c: as family C writes them ---- */
fpi_json_t *fpi_capture_form(const fpi_capture_t *capture, fpi_task_t *task);
fpi_json_t *fpi_batch_form(const fpi_batch_t *batch, fpi_task_t *task);
/* A segment: index, number, state, problem, page_ids, bill. */
fpi_json_t *fpi_cut_form(const fpi_batch_t *batch, int i, fpi_task_t *task);
const char *fpi_role_name(fpi_role_t role);
/* -2 (no role) when unknown. */
int fpi_role_find(const char *name);

/* Name of the tenant's switch: "on" files pages without number under a number of ours. */
#define FPI_SETTING_WITHOUT_COVER "capture.without_cover"

#endif
