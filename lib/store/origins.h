/* Rows of what a business system last said of an organisation or a user, and which one that is here; and of the runs in
 * which it was asked, with a row for each that it named. Rules: service/erp_people.h.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  the last FPI_PEOPLE_SYNCS_KEPT runs of a system are kept. Every look-up is by tenant. */
#ifndef FPI_STORE_ORIGINS_H
#define FPI_STORE_ORIGINS_H

#include "store/tx.h"

enum { FPI_PEOPLE_SYNCS_KEPT = 20 };

typedef enum fpi_origin_kind_t { FPI_ORIGIN_ORG, FPI_ORIGIN_USER, FPI_ORIGIN_KINDS } fpi_origin_kind_t;

enum { FPI_ORIGIN_NONE = -1 };   /* it is named there, and is nobody here */

typedef struct fpi_origin_t {
    int64_t tenant, system;
    fpi_origin_kind_t kind;
    const char *theirs;          /* the ERP's own id */
    const char *name;            /* as the ERP has it */
    int64_t local;               /* of an organisation 0: the top; FPI_ORIGIN_NONE */
    const char *said;            /* JSON: what was said, and what was made of it */
    int64_t run;                 /* the last one that named it */
} fpi_origin_t;

/* *out NULL when it was never named. */
fpi_err_t *fpi_origin_find(fpi_origin_t **out, fpi_tx_t *tx, const fpi_origin_t *key, fpi_task_t *task) FPI_MUST_USE;
/* Who else of the same system stands for key->local; *out NULL: nobody. */
fpi_err_t *fpi_origin_find_other(fpi_origin_t **out, fpi_tx_t *tx, const fpi_origin_t *key, fpi_task_t *task) FPI_MUST_USE;
/* By tenant, system, kind and theirs. */
fpi_err_t *fpi_origin_put(const fpi_origin_t *origin, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Users who are somebody here. */
fpi_err_t *fpi_origins_count(int64_t *out, fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task) FPI_MUST_USE;
/* Users who are somebody here and were not named since the run, by their id, behind `after` (NULL: from the first). */
fpi_err_t *fpi_origins_missing(fpi_origin_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system, int64_t run,
                               const char *after, int most, fpi_task_t *task) FPI_MUST_USE;

/* ---- runs ---- */
typedef enum fpi_people_sync_state_t {
    FPI_PEOPLE_SYNC_RUNNING, FPI_PEOPLE_SYNC_DONE, FPI_PEOPLE_SYNC_FAILED, FPI_PEOPLE_SYNC_STATES
} fpi_people_sync_state_t;

typedef enum fpi_people_result_t {
    FPI_PEOPLE_ADDED, FPI_PEOPLE_CHANGED, FPI_PEOPLE_UNCHANGED, FPI_PEOPLE_REFUSED, FPI_PEOPLE_MISSING, FPI_PEOPLE_DISABLED,
    FPI_PEOPLE_RESULTS
} fpi_people_result_t;

typedef struct fpi_people_sync_t {
    int64_t id, tenant, system;
    fpi_people_sync_state_t state;
    bool is_full;                /* all were asked for, not only what changed */
    int64_t tries;               /* how often it failed in a row */
    apr_time_t since, started, ended;
    const char *actor, *trace;
    int64_t counts[FPI_PEOPLE_RESULTS];
    const char *error;           /* of a failed one */
} fpi_people_sync_t;

typedef struct fpi_people_row_t {
    fpi_origin_kind_t kind;
    fpi_people_result_t result;
    const char *theirs, *code, *name;
    int64_t local;               /* FPI_ORIGIN_NONE: nobody here */
    const char *zh, *en;         /* why; NULL: nothing to say */
} fpi_people_row_t;

/* Inserts (id 0) or overwrites. */
fpi_err_t *fpi_people_sync_put(fpi_people_sync_t *sync, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Runs that began before `before` and never ended, as their process did not live: they have failed. */
fpi_err_t *fpi_people_syncs_end_lost(fpi_tx_t *tx, int64_t tenant, int64_t system, apr_time_t before, fpi_task_t *task)
    FPI_MUST_USE;
/* *out NULL when there is none. */
fpi_err_t *fpi_people_sync_find(fpi_people_sync_t **out, fpi_tx_t *tx, int64_t tenant, int64_t system, int64_t id,
                                fpi_task_t *task) FPI_MUST_USE;
/* Newest first. */
fpi_err_t *fpi_people_syncs_list(fpi_people_sync_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system,
                                 fpi_task_t *task) FPI_MUST_USE;
/* The newest that went well and refused nobody, or (only_full) that went well and asked for all. *out NULL: none. */
fpi_err_t *fpi_people_sync_last(fpi_people_sync_t **out, fpi_tx_t *tx, int64_t tenant, int64_t system, bool only_full,
                                fpi_task_t *task) FPI_MUST_USE;
/* Forgets runs, with their rows, beyond the last FPI_PEOPLE_SYNCS_KEPT. */
fpi_err_t *fpi_people_syncs_prune(fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task) FPI_MUST_USE;
/* Of a system that is removed: runs, rows and origins. */
fpi_err_t *fpi_people_syncs_forget(fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task) FPI_MUST_USE;

fpi_err_t *fpi_people_row_add(fpi_tx_t *tx, int64_t sync, const fpi_people_row_t *row, fpi_task_t *task) FPI_MUST_USE;
/* In their order; result -1: of any. */
fpi_err_t *fpi_people_rows_list(fpi_people_row_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t sync, int result,
                                int64_t skip, int most, fpi_task_t *task) FPI_MUST_USE;

/* Enabled EAS systems of tenants whose switch "people.sync" is on that have no job of the kind, and when they were asked last
 * (0: never). */
typedef struct fpi_idle_system_t {
    int64_t id, tenant;
    apr_time_t last;
} fpi_idle_system_t;
fpi_err_t *fpi_people_syncs_idle(fpi_idle_system_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

#endif
