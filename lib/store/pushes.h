/* Rows of the inbox (pushes as they came), of durable jobs, and of the journal of unknown calls.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  a push body up to FPImageMaxJSON; FPI_REFUSED_MAX refused pushes with FPI_REFUSED_BYTES of bodies, of strangers
 *          FPI_REFUSED_STRANGER each, so that they don't fill the disk; the journal keeps FPI_JOURNAL_MAX shapes, the oldest go. */
#ifndef FPI_STORE_PUSHES_H
#define FPI_STORE_PUSHES_H

#include "model/viewer.h"
#include "store/tx.h"

#include <apr_time.h>

/* ---- the push log ---- */
typedef struct fpi_push_t {
    int64_t id, tenant, bill;    /* bill 0: refused or not known */
    const char *number;          /* image number, or NULL */
    const char *client_id, *tax_no;
    const char *source;          /* address of the sender */
    const char *status;          /* "taken", "unchanged", "older", "refused", "done", "parked" */
    const char *reason;          /* English sentence when refused or parked */
    const char *trace;
    apr_time_t at, last;         /* last: when the same content came again */
    int64_t repeats;             /* how often it came again */
    const char *body;            /* this bill's notice, JSON text as it came (decrypted) */
    int64_t body_len;
    const char *body_sha;        /* of its canonical form */
} fpi_push_t;
fpi_err_t *fpi_push_put(fpi_push_t *push, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;   /* id 0: inserts and sets it; else
 * changes bill, number, status and reason, nothing more. The body is kept as it came. */
/* The bill's last push of that content; *id 0 when there is none. */
fpi_err_t *fpi_push_find_same(int64_t *id, fpi_tx_t *tx, int64_t bill, const char *body_sha,
                              fpi_task_t *task) FPI_MUST_USE;
/* The bill's last push of that content came once more: counts it up. *id 0 when there is none. */
fpi_err_t *fpi_push_repeat(int64_t *id, fpi_tx_t *tx, int64_t bill, const char *body_sha, fpi_task_t *task)
    FPI_MUST_USE;
/* Keeps the newest FPI_REFUSED_MAX refused pushes, and the newest bodies of these; the reason of a row whose body went says
 * that, its body_len is 0. */
enum { FPI_REFUSED_MAX = 1000, FPI_REFUSED_BYTES = 256 << 20, FPI_REFUSED_STRANGER = 64 << 10 };
fpi_err_t *fpi_pushes_prune_refused(fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_push_find(fpi_push_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* Newest first with id < before (0: from the newest), without bodies; only failed: refused and parked. */
fpi_err_t *fpi_pushes_list(fpi_push_t **out, int *count, fpi_tx_t *tx, bool only_failed, int64_t before,
                           int most, fpi_task_t *task) FPI_MUST_USE;
/* For people: of one tenant, with filters. */
typedef struct fpi_push_query_t {
    int64_t tenant, bill;        /* bill 0: of any */
    const char *status, *number, *tax_no; /* NULL: any; tax_no: those of it alone, "" none */
    int64_t skip;
    int most, bound;             /* *total stops there */
} fpi_push_query_t;
/* Newest first, without bodies. */
fpi_err_t *fpi_pushes_page(fpi_push_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_push_query_t *query,
                           fpi_task_t *task) FPI_MUST_USE;

/* ---- jobs: durable work with a lease, safe for many children and nodes ----
 *
 *   ready ──lease──> leased ──end──> (row gone)
 *     ^                │ later(due)          a lease that runs out makes it ready again
 *     └────────────────┘ park ──> parked ──put──> ready
 */
typedef struct fpi_job_t {
    int64_t id, tenant;
    const char *kind;            /* "pull", "fetch", ... */
    const char *key;             /* one live job per kind and key */
    const char *payload;         /* JSON text */
    const char *state;           /* "ready", "leased", "parked" */
    apr_time_t due, first, lease_until;
    int64_t attempts;
    const char *owner;           /* of the lease */
    const char *last_error;
    const char *trace;           /* of the request that caused it */
} fpi_job_t;
/* Makes it, or brings the live one of the same kind and key up to date: payload and trace are replaced,
 * `first` now, attempts 0, due at `due` or, when it is ready, earlier if it was. A parked one becomes
 * ready. A job put again while it is leased runs once more (its `again` column is set): fpi_job_end,
 * _later and _park then make it ready, due as put, and so does a lease that runs out. */
fpi_err_t *fpi_job_put(fpi_tx_t *tx, int64_t tenant, const char *kind, const char *key,
                       const char *payload, apr_time_t due, fpi_task_t *task) FPI_MUST_USE;
/* Jobs of one kind are a queue of their own. */
typedef struct fpi_job_queue_t {
    const char *kind;
    int most_leased;             /* in the whole store at once; 0: any number */
} fpi_job_queue_t;
/* Leases up to `most` due jobs (ready and due, or leased with a lease that ran out) of these queues, from the first
 * to the last (kind NULL ends), for `span`. */
fpi_err_t *fpi_jobs_lease(fpi_job_t **out, int *count, fpi_tx_t *tx, const char *owner, apr_time_t now,
                          apr_interval_time_t span, const fpi_job_queue_t *queues, int most, fpi_task_t *task)
    FPI_MUST_USE;
/* These three change only a job that `owner` still holds; *held says so. */
fpi_err_t *fpi_job_end(bool *held, fpi_tx_t *tx, int64_t id, const char *owner, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_job_later(bool *held, fpi_tx_t *tx, int64_t id, const char *owner, apr_time_t due,
                         const char *error, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_job_park(bool *held, fpi_tx_t *tx, int64_t id, const char *owner, const char *error,
                        fpi_task_t *task) FPI_MUST_USE;
/* Lengthens all leases of `owner`, which is alive and still at them. */
fpi_err_t *fpi_jobs_hold(fpi_tx_t *tx, const char *owner, apr_time_t until, fpi_task_t *task) FPI_MUST_USE;
/* When something may be leased from these queues (NULL: from any): the next job's due time, or the end of a lease; 0
 * when there is neither. */
fpi_err_t *fpi_jobs_next_due(apr_time_t *due, fpi_tx_t *tx, const fpi_job_queue_t *queues, fpi_task_t *task)
    FPI_MUST_USE;
typedef struct fpi_job_counts_t {
    int64_t ready, leased, parked;
} fpi_job_counts_t;
fpi_err_t *fpi_jobs_count(fpi_job_counts_t *out, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* Bills, not void, whose pull was given up and is no push's that was. */
fpi_err_t *fpi_jobs_parked_pulls(fpi_ids_t *out, fpi_tx_t *tx, int64_t tenant, const char *tax_no, int most,
                                 fpi_task_t *task) FPI_MUST_USE;
/* The live job of a kind and key, NULL when there is none. */
fpi_err_t *fpi_job_find(fpi_job_t **out, fpi_tx_t *tx, const char *kind, const char *key, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- the journal of unknown calls ---- */
enum { FPI_JOURNAL_MAX = 500 };
typedef struct fpi_journal_t {
    int64_t id, count;
    const char *method, *path;
    const char *query;           /* names only, sorted, comma list */
    const char *shape;           /* body shape with values masked, or "" */
    const char *why;             /* "unknown path", "push without identity" */
    const char *source, *trace;  /* of the last call */
    const char *sample;          /* the last body in clear, only when capture was on; or NULL */
    apr_time_t first, last;
} fpi_journal_t;
/* Counts up the entry of the same method, path, query names and shape, or adds it and drops the oldest
 * above FPI_JOURNAL_MAX. Sets id. */
fpi_err_t *fpi_journal_add(fpi_journal_t *entry, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_journal_list(fpi_journal_t **out, int *count, fpi_tx_t *tx, int most, fpi_task_t *task)
    FPI_MUST_USE;
/* The same for one tenant: its own and those that nobody signed for, `most` behind the first `skip`. */
fpi_err_t *fpi_journal_page(fpi_journal_t **out, int *count, int64_t *total, fpi_tx_t *tx, int64_t skip, int most,
                            fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_journal_find(fpi_journal_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task) FPI_MUST_USE;

#endif
