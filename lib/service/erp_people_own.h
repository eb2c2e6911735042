/* What the files of taking people from a business system share with each other. Not for other files.
 *
 *      erp_people.c        one run            erp_people_orgs.c   an organisation
 *      erp_people_job.c    when               erp_people_users.c  a user
 *      erp_people_view.c   looking at runs    erp_people_said.c   whose a member is
 *
 * Life:    one run.
 * Threads: the caller's.
 * Limits:  those of erp_people.h. */
#ifndef FPI_ERP_PEOPLE_OWN_H
#define FPI_ERP_PEOPLE_OWN_H

#include "remote/erp_lists.h"
#include "service/erp_people.h"

typedef struct erp_people_t {
    fpi_app_t *app;
    const fpi_erp_which_t *which;
    const fpi_erp_people_how_t *how;
    fpi_system_t *system;
    fpi_people_sync_t *sync;
    fpi_erp_org_t *orgs;
    fpi_erp_user_t *users;
    int org_count, user_count;
    int64_t known;               /* users of it that are somebody here */
    const char *root;            /* the id of the only root of a full list; NULL: not known */
} erp_people_t;

/* ---- erp_people_said.c ---- */
/* {"NAME": ["as the ERP said it", "as it was taken"]} */
typedef struct erp_said_t {
    const fpi_json_t *before;
    fpi_json_t *now;
    fpi_json_t *kept;            /* names of members that were changed by hand, and differ from what the ERP says now */
} erp_said_t;
fpi_err_t *erp_said_read(erp_said_t *said, const char *text, fpi_task_t *task) FPI_MUST_USE;
/* The value that a member is to have: `here` when it stays. `says` NULL: the ERP says nothing of it. */
const char *erp_said_choose(erp_said_t *said, const char *name, const char *here, const char *says, fpi_task_t *task);
/* The member was taken as `taken` and not as the ERP says it. */
void erp_said_take(erp_said_t *said, const char *name, const char *taken, fpi_task_t *task);
/* For the row of the report, when something was kept. */
void erp_said_tell(fpi_people_row_t *row, const erp_said_t *said, fpi_task_t *task);

/* ---- erp_people.c ---- */
/* The one that is meant, fit to be asked. */
fpi_err_t *erp_people_find_system(fpi_system_t **out, const fpi_erp_which_t *which, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
/* The row becomes a refusal with its public text. Failures of the store are passed up. */
fpi_err_t *erp_people_refuse(fpi_people_row_t *row, fpi_err_t *err) FPI_MUST_USE;

/* What was kept of theirs so far, and who said what of it; `name` is what they call it now. */
fpi_err_t *erp_people_before(fpi_origin_t *origin, erp_said_t *said, const erp_people_t *p, fpi_origin_kind_t kind,
                             const char *theirs, const char *name, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* The row's end: what was taken, or why not, is kept for the next time. */
fpi_err_t *erp_people_after(fpi_people_row_t *row, fpi_origin_t *origin, const erp_said_t *said, fpi_err_t *err, fpi_tx_t *tx,
                            fpi_task_t *task) FPI_MUST_USE;

/* ---- erp_people_view.c ---- */
/* {"added", "changed", ...} into the document. */
void erp_people_counts_json(fpi_json_t *doc, const fpi_people_sync_t *sync);

/* ---- in a transaction ---- */
fpi_err_t *erp_people_org(fpi_people_row_t *row, erp_people_t *p, const fpi_erp_org_t *org, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *erp_people_user(fpi_people_row_t *row, erp_people_t *p, const fpi_erp_user_t *user, fpi_tx_t *tx,
                           fpi_task_t *task) FPI_MUST_USE;
/* Who is not named any more. */
fpi_err_t *erp_people_missing(fpi_people_row_t *row, erp_people_t *p, const fpi_origin_t *origin, fpi_tx_t *tx,
                              fpi_task_t *task) FPI_MUST_USE;

#endif
