/* The invoice cloud: its tokens and the calls that we make of it ourselves. The proxy half (service/relay)
 * goes through fpi_cloud_perform too, so that breaker, slots and counters are one.
 *
 * A token's way:   memory of this child ─miss→ shared cache ─miss→ lock of the node for this enterprise
 *                  ─→ shared cache again ─miss→ one fetch, put into both, lock given back.
 * Threads of one child that want the same token wait for the one that fetches; other children wait at the
 * lock, which the kernel gives back when its holder dies.
 *
 * Life:    made after fork in a child's pool, with its http client.
 * Threads: serves many threads.
 * Limits:  answers of our own calls 16 MiB; a token fetch at most 15 s, or the task's deadline. */
#ifndef FPI_CLOUD_H
#define FPI_CLOUD_H

#include "base/gate.h"
#include "base/task.h"
#include "model/people.h"
#include "remote/breaker.h"
#include "wire/http.h"
#include "wire/json.h"

#include <stdatomic.h>

/* A cache that all children (or nodes) share. Values expire. Absence is no failure: *len = 0. A cache that
 * fails is as good as none: it costs fetches, never correctness. */
typedef struct fpi_cache_t {
    fpi_err_t *(*find)(void *baton, const char *key, char *value, size_t room, size_t *len, fpi_task_t *task);
    fpi_err_t *(*put)(void *baton, const char *key, const char *value, size_t len, apr_time_t expires,
                      fpi_task_t *task);
    fpi_err_t *(*drop)(void *baton, const char *key, fpi_task_t *task);
    void *baton;
} fpi_cache_t;

typedef struct fpi_cloud_counts_t { /* may lie in shared memory */
    _Atomic uint64_t calls, failures, timeouts, token_fetches, token_failures, repeats, us_total;
    /* for log lines that each call would write again. Opened by who writes them; the first two are
     * shut here, when the breaker closes and when an enterprise (by client id) gets a token */
    fpi_gate_t down;
    fpi_gates_t refused;
    fpi_gate_t no_slot; /* never shut: who comes a while later begins anew anyhow */
} fpi_cloud_counts_t;

typedef struct fpi_cloud_options_t {
    const char *base;            /* "https://host[:port][/prefix]", no slash at the end */
    const char *lock_file;       /* node-wide locks; NULL: only this process asks */
    const fpi_cache_t *cache;    /* NULL: only this process's memory */
    fpi_breaker_t *breaker;      /* never NULL */
    fpi_cloud_counts_t *counts;  /* never NULL */
    fpi_http_options_t http;
} fpi_cloud_options_t;

typedef struct fpi_cloud_t fpi_cloud_t;

fpi_err_t *fpi_cloud_make(fpi_cloud_t **cloud, apr_pool_t *pool, const fpi_cloud_options_t *options,
                          fpi_task_t *task) FPI_MUST_USE;

const char *fpi_cloud_base(const fpi_cloud_t *cloud);
fpi_http_client_t *fpi_cloud_client(fpi_cloud_t *cloud);

/* The cloud's token of an enterprise, made in the task's pool. FPI_E_CLOUD_REFUSED with the cloud's own words
 * when it refuses (wrong secret, unknown id); FPI_E_CLOUD/_LATE when it can't be asked. A refusal is
 * remembered for a few seconds, so that a wrong secret does not become a storm of fetches. */
fpi_err_t *fpi_cloud_token_get(const char **token, fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise,
                               fpi_task_t *task) FPI_MUST_USE;
/* The cloud did not take `token`: forget it everywhere, unless a newer one stands already. False: it is kept, as
 * fresh tokens were not taken either just now (see note_vain), so that a repeat is of no use. */
bool fpi_cloud_token_drop(fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise, const char *token,
                          fpi_task_t *task);
/* A fresh token was not taken either: the call is at fault, not the token. After a few of these within some
 * seconds tokens are kept for the rest of them, so that one caller's bad calls do not become a storm of fetches. */
void fpi_cloud_token_note_vain(fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise, fpi_task_t *task);
/* Renews those tokens of this child's memory that were used since their last fetch and have passed 80 % of
 * their life. For a background thread; returns when to come again (fpi_clock_now time). `find` gives the
 * enterprise of a client id as it is now, or NULL when it is gone or disabled. */
apr_time_t fpi_cloud_tokens_renew(fpi_cloud_t *cloud,
                                  const fpi_enterprise_t *(*find)(void *baton, const char *client_id,
                                                                  fpi_task_t *task),
                                  void *baton, fpi_task_t *task);
/* Really fetches a token, past all caches and the breaker, and forgets it. For "verify" and the doctor. */
fpi_err_t *fpi_cloud_check(fpi_cloud_t *cloud, const fpi_enterprise_t *enterprise, fpi_task_t *task)
    FPI_MUST_USE;

/* One exchange under breaker and counters; made once more at once when no connection could be made. A 5xx of
 * the cloud's gateway (502, 503, 504) counts as a failure of the cloud for the breaker, though it is handed on
 * like every answer. */
fpi_err_t *fpi_cloud_perform(fpi_cloud_t *cloud, fpi_http_exchange_t *exchange, fpi_task_t *task) FPI_MUST_USE;

/* What a bill's receipt holds: the signed GET of the receipt assistant (vendor: /m4/fpzs/bxdInvoices with
 * bxd_key, billNumber, client_id, timestamp, sign). `path` is that path or the installation's other one.
 * The answer's object, with errcode 0000 made sure of; its `data` may be empty. */
fpi_err_t *fpi_cloud_pull(fpi_json_t **answer, fpi_cloud_t *cloud, const char *path,
                          const fpi_enterprise_t *enterprise, const char *bxd_key, const char *bill_no,
                          fpi_task_t *task) FPI_MUST_USE;

/* The credentials under which the cloud knows the enterprise. */
const char *fpi_cloud_client_id(const fpi_enterprise_t *enterprise);
const fpi_secret_t *fpi_cloud_secret(const fpi_enterprise_t *enterprise);

#endif
