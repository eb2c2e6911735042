/* Rows of notices to the ERP: one for each that is to be told, kept for ever. Their order within a bill is that of
 * their ids. Sending them is service/notices.h.
 *
 *   WAITING ──claim──> (in the air) ──done──> DELIVERED
 *      ^ │                  │ failed: WAITING again, or PARKED
 *      │ └──skip──> SKIPPED
 *      └──reopen── PARKED, UNADDRESSED (no business system takes it)
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  lists take a `most`; counts stop at a bound. */
#ifndef FPI_STORE_NOTICES_H
#define FPI_STORE_NOTICES_H

#include "model/bill.h"
#include "model/system.h"
#include "store/tx.h"

typedef enum fpi_delivery_state_t {
    FPI_DELIVERY_WAITING, FPI_DELIVERY_DELIVERED, FPI_DELIVERY_PARKED, FPI_DELIVERY_SKIPPED, FPI_DELIVERY_UNADDRESSED,
    FPI_DELIVERY_STATES
} fpi_delivery_state_t;

/* Why the last try failed. */
typedef enum fpi_miss_t { FPI_MISS_NONE, FPI_MISS_UNREACHED, FPI_MISS_REFUSED, FPI_MISS_OURS } fpi_miss_t;

typedef struct fpi_delivery_t {
    int64_t id, tenant, bill;
    fpi_notice_kind_t kind;
    bool is_again;               /* ready once more after a send-back */
    fpi_delivery_state_t state;
    fpi_miss_t miss;
    const char *reason;          /* of the move that it tells of; NULL */
    const char *note;            /* what came of the last try, or why it was skipped; NULL */
    int64_t system, attempts;    /* system 0: not tried yet */
    int64_t repairs;             /* so many before it told the same without effect */
    apr_time_t created, tried, ended;
    apr_time_t claimed;          /* nobody else may try before; 0 */
    apr_time_t checked;          /* delivered: when the ERP was last asked what it made of it; 0 never */
    bool is_settled;             /* delivered: need not be asked about any more */
    const char *actor, *trace;   /* of the move */
    /* not put: */
    const char *number, *resource; /* of its bill */
    const char *system_name;     /* NULL: not tried yet, or the system is gone */
} fpi_delivery_t;

/* Inserts it, with the time, actor and trace of now; sets id. */
fpi_err_t *fpi_delivery_put(fpi_delivery_t *delivery, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_delivery_find(fpi_delivery_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* The bill's oldest that is neither delivered nor skipped nor unaddressed; NULL: none. */
fpi_err_t *fpi_delivery_find_next(fpi_delivery_t **out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
    FPI_MUST_USE;
/* The bill's newest that was not skipped; NULL: none. */
fpi_err_t *fpi_delivery_find_last(fpi_delivery_t **out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
    FPI_MUST_USE;
/* Was, or is, the ERP to be told of this kind? */
fpi_err_t *fpi_delivery_has(bool *has, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_notice_kind_t kind,
                            fpi_task_t *task) FPI_MUST_USE;

/* ---- trying ---- */
/* A try of `system` begins: counts it and keeps all others off until `until`. *held false: it does not wait, or is in
 * the air. The claim is what fpi_delivery_done and _miss hold it against. */
fpi_err_t *fpi_delivery_claim(bool *held, fpi_delivery_t *delivery, fpi_tx_t *tx, int64_t system, apr_time_t until,
                              fpi_task_t *task) FPI_MUST_USE;
/* It was told, even if it was skipped meanwhile. *held false: another has taken it over. */
fpi_err_t *fpi_delivery_done(bool *held, const fpi_delivery_t *delivery, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* It was not: WAITING or PARKED by delivery->state, with miss and note. */
fpi_err_t *fpi_delivery_miss(bool *held, const fpi_delivery_t *delivery, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* When a notice of another bill last failed to reach the system, with those still waiting; 0: none. */
fpi_err_t *fpi_deliveries_last_miss(apr_time_t *at, fpi_tx_t *tx, int64_t system, int64_t but, fpi_task_t *task)
    FPI_MUST_USE;
/* The system answers: the bills' jobs whose notice did not reach it are due now, and its misses are over. *count so many. */
fpi_err_t *fpi_deliveries_hurry(int64_t *count, fpi_tx_t *tx, int64_t system, fpi_task_t *task) FPI_MUST_USE;

/* ---- putting aside, putting back ---- */
/* That one need not be told; `note` says why. */
fpi_err_t *fpi_delivery_skip(fpi_tx_t *tx, int64_t id, const char *note, fpi_task_t *task) FPI_MUST_USE;
/* Nor any of the bill that is not told yet. *count so many. */
fpi_err_t *fpi_deliveries_skip(int64_t *count, fpi_tx_t *tx, int64_t bill, const char *note, fpi_task_t *task)
    FPI_MUST_USE;
/* The bill's parked and unaddressed ones wait again, with their tries counted anew. *count so many. */
fpi_err_t *fpi_deliveries_reopen(int64_t *count, fpi_tx_t *tx, int64_t bill, fpi_task_t *task) FPI_MUST_USE;

/* ---- what the ERP made of it ---- */
/* Delivered "ready" of bills that are submitted, not settled, last asked about before `before`, longest ago first; those
 * of other bills are settled on the way. */
fpi_err_t *fpi_deliveries_unsettled(fpi_delivery_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system,
                                    apr_time_t before, int most, fpi_task_t *task) FPI_MUST_USE;
/* The heads of their bills that are parked, longest ago first. */
fpi_err_t *fpi_deliveries_parked(fpi_delivery_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system,
                                 int most, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_delivery_checked(fpi_tx_t *tx, int64_t id, bool is_settled, const char *note, fpi_task_t *task)
    FPI_MUST_USE;

/* Enabled systems of all tenants, with their tenants, that have no live job "reconcile". */
fpi_err_t *fpi_deliveries_idle_systems(int64_t **systems, int64_t **tenants, int *count, fpi_tx_t *tx,
                                       fpi_task_t *task) FPI_MUST_USE;

/* ---- lists ---- */
typedef struct fpi_delivery_query_t {
    int64_t tenant, bill;        /* bill 0: of any */
    int state, kind;             /* -1, 0: any */
    const char *tax_no;          /* of bills of it and of none; NULL: of all */
    int64_t first, last;         /* ids, of fpi_deliveries_stuck only; 0: open */
    int64_t skip;
    int most, bound;             /* *total stops there */
} fpi_delivery_query_t;
/* Newest first. */
fpi_err_t *fpi_deliveries_list(fpi_delivery_t **out, int *count, int64_t *total, fpi_tx_t *tx,
                               const fpi_delivery_query_t *query, fpi_task_t *task) FPI_MUST_USE;
/* Bills, by id from behind `after` on, with a parked or unaddressed one, or one that waits after a failed try. */
fpi_err_t *fpi_deliveries_stuck(int64_t **bills, int *count, fpi_tx_t *tx, const fpi_delivery_query_t *query,
                                int64_t after, fpi_task_t *task) FPI_MUST_USE;
/* Of all tenants. */
typedef struct fpi_delivery_counts_t {
    int64_t waiting, failing, parked, unaddressed; /* failing: waiting after a failed try */
    apr_time_t oldest;           /* of the waiting; 0 */
} fpi_delivery_counts_t;
fpi_err_t *fpi_deliveries_count(fpi_delivery_counts_t *out, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;

/* "WAITING", ...; "READY", "SENT_BACK", "REVIEW". */
const char *fpi_delivery_state_symbol(fpi_delivery_state_t state);
const char *fpi_notice_symbol(fpi_notice_kind_t kind);

#endif
