/* What administrators changed: settings, people, enterprises, systems. One row a change, written in the transaction of
 * the change itself and never touched again (the schema refuses it). Not the timeline of bills (trail).
 *
 *   mark(n) = HMAC-SHA-256(key, mark(n-1) | row n)     key: made of the master key, which is not in the database
 *   head    = the last row's id and mark, once more among the settings
 *
 * So whoever changes, adds, moves or takes away rows behind our back, without the key file, is found out; rows cut off
 * at the end together with the head show only against a mark that was noted elsewhere.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  FPI_AUDIT_DETAIL bytes of detail; lists up to FPI_ROWS_MAX. Rows are kept for ever. */
#ifndef FPI_STORE_AUDIT_H
#define FPI_STORE_AUDIT_H

#include "store/tx.h"

enum { FPI_AUDIT_DETAIL = 16 * 1024 };

typedef struct fpi_audit_t {
    int64_t id, tenant;          /* id: 1, 2, 3, ... over all tenants */
    apr_time_t at;
    const char *actor;           /* as the task's */
    const char *action;          /* "enterprise.added": noun and what was done, lower case */
    const char *object;          /* which one: client id, code, name */
    const char *detail;          /* a JSON object, or NULL; never a secret */
    const char *trace, *mark;
} fpi_audit_t;

/* Adds a row for the task's tenant and actor. A detail that is too long is left out for {"is_cut": true}. To be called
 * in the write transaction of what it tells of. */
fpi_err_t *fpi_audit_add(fpi_tx_t *tx, const char *action, const char *object, const char *detail, fpi_task_t *task)
    FPI_MUST_USE;

typedef struct fpi_audit_query_t {
    int64_t tenant;
    const char *actor, *action, *object; /* NULL: any */
    apr_time_t from, to;         /* 0: open */
    int64_t skip;
    int most;
} fpi_audit_query_t;
/* Newest first. *total counts up to `bound`. */
fpi_err_t *fpi_audit_list(fpi_audit_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_audit_query_t *query,
                          int64_t bound, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_audit_check_t {
    int64_t rows;                /* that fit, from the first on */
    const char *mark;            /* of the last one that fits; "" of none */
    int64_t bad;                 /* id of the first row that does not fit; 0: all do */
    const char *why, *why_zh;    /* NULL: all is well */
} fpi_audit_check_t;
/* Looks at all rows, of all tenants. What does not fit is a finding, no failure. With `id` not 0 the row of that id must
 * have `mark`, too: what was noted elsewhere. */
fpi_err_t *fpi_audit_verify(fpi_audit_check_t *out, fpi_tx_t *tx, int64_t id, const char *mark, fpi_task_t *task)
    FPI_MUST_USE;

#endif
