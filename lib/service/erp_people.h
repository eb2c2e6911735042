/* Organisations and users taken from a business system (snchronyOrg, snchronyUser).
 *
 *   asked ─> both lists, changed since the last run that refused nobody (all: the first time, on demand, each week)
 *         ─> organisations, parents first ─> users ─> who is not named any more ─> a run with a row for each, the audit log
 *
 *   an organisation   is who he was before, by the ERP's id, else by code; the ERP's only root is the tenant, our top
 *   a user            is who he was before, by the ERP's id, else by mobile (service/roster.h)
 *   a member          of somebody is the ERP's as long as it is here as the ERP last gave it, or empty; what was
 *                     changed by hand stays, and the row says so
 *   nobody is deleted; who is not named any more is shown, and disabled only when that was asked for, by the rules of
 *   people.h; who is disabled here stays disabled. New users have the default role and no password.
 *
 * A run that fails in the middle has changed what its rows say, and is taken up by the next. Each day where the switch
 * people.sync is on.
 *
 * Life:    results live in the task's pool.
 * Threads: any; two runs of one system at once come to the same.
 * Limits:  FPI_ERP_LIST_MOST organisations and users; FPI_ERP_PEOPLE_AT_ONCE in one transaction. */
#ifndef FPI_ERP_PEOPLE_H
#define FPI_ERP_PEOPLE_H

#include "service/erps.h"
#include "service/jobs.h"
#include "store/origins.h"

#define FPI_JOB_PEOPLE "people"
#define FPI_ERP_PEOPLE_SWITCH "people.sync"
#define FPI_ERP_PEOPLE_PAUSE apr_time_from_sec(86400)
#define FPI_ERP_PEOPLE_FULL apr_time_from_sec(7 * 86400)
#define FPI_ERP_PEOPLE_LIMIT apr_time_from_sec(1800)

enum { FPI_ERP_PEOPLE_AT_ONCE = 100 };

typedef struct fpi_erp_people_how_t {
    bool is_full;                /* all of them, not only those that changed */
    bool disables_missing;       /* with is_full only; refused when the ERP names fewer than half of those it named */
} fpi_erp_people_how_t;

/* Now, in this thread. *out is the run, also of one that failed (NULL: it was refused before it began): FPI_E_ABSENT,
 * FPI_E_STATE: disabled, or a kind without users; FPI_E_ERP and the like as remote/erp.h says. */
fpi_err_t *fpi_erp_people_take(fpi_people_sync_t **out, fpi_app_t *app, const fpi_erp_which_t *which,
                               const fpi_erp_people_how_t *how, fpi_task_t *task) FPI_MUST_USE;

/* In the background; the same refusals. */
fpi_err_t *fpi_erp_people_order(fpi_app_t *app, const fpi_erp_which_t *which, const fpi_erp_people_how_t *how,
                                fpi_task_t *task) FPI_MUST_USE;
/* Puts the day's job of each system that has none; cheap. For the keeper. */
fpi_err_t *fpi_erp_people_arrange(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_erp_people_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task) FPI_MUST_USE;
void fpi_erp_people_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task);

/* ---- looking ---- */
typedef struct fpi_erp_people_view_t {
    const fpi_erp_which_t *which;
    int64_t id;                  /* of a run; 0: all runs */
    int result;                  /* rows of this only; -1: all */
    int64_t skip;
    int most;
    /* found */
    fpi_system_t *system;
    fpi_people_sync_t *syncs;    /* one, or all */
    int sync_count;
    fpi_people_row_t *rows;      /* of the one */
    int row_count;
    int64_t total;
} fpi_erp_people_view_t;
/* FPI_E_ABSENT. */
fpi_err_t *fpi_erp_people_look(fpi_erp_people_view_t *view, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

/* "ADDED" ... ; a result by its name in any case, -1: none. */
const char *fpi_erp_people_result_name(fpi_people_result_t result);
int fpi_erp_people_result_find(const char *name);
/* Family C's forms. */
fpi_json_t *fpi_erp_people_json(const fpi_people_sync_t *sync, fpi_task_t *task);
fpi_json_t *fpi_erp_people_row_json(const fpi_people_row_t *row, fpi_task_t *task);

#endif
