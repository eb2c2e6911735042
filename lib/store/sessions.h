/* Rows of page sessions, of event codes, and of failed logins. Secrets are known here by their hashes only.
 *
 *   session     put ──touch──> used ... dropped, or idle for too long
 *   event code  (of an ERP, or of a page for a phone) put ──use──> used once; kept for a while so that a second use is told from a wrong code
 *   guard       counts failures of a key (an account, an address) since the first; locked until a time
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  times are the caller's; what is past them is pruned by him. */
#ifndef FPI_STORE_SESSIONS_H
#define FPI_STORE_SESSIONS_H

#include "store/tx.h"

#include <apr_time.h>

typedef struct fpi_session_row_t {
    int64_t id, tenant, user;
    bool is_event;
    const char *rights;          /* of an event: permissions (model/duty.h) */
    const char *bills;           /* of an event: JSON array of ids, rising */
    int64_t capture;             /* of a phone: its scan session; 0: it is none */
    apr_time_t created, used, expires;
} fpi_session_row_t;

fpi_err_t *fpi_session_put(const char *hash, const fpi_session_row_t *row, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_session_find(fpi_session_row_t **out, fpi_tx_t *tx, const char *hash, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_session_touch(fpi_tx_t *tx, const char *hash, apr_time_t used, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_session_drop(fpi_tx_t *tx, const char *hash, fpi_task_t *task) FPI_MUST_USE;
/* All of a user's but one (NULL: all). */
fpi_err_t *fpi_sessions_drop_of(fpi_tx_t *tx, int64_t user, const char *but, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_event_code_t {
    int64_t tenant, user;
    const char *rights, *bills;  /* as of a session */
    const char *made_by;         /* the actor who asked for it */
    int64_t capture;             /* as of a session */
    apr_time_t expires, used;    /* used 0: not yet */
} fpi_event_code_t;
fpi_err_t *fpi_event_code_put(const char *hash, const fpi_event_code_t *code, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_event_code_find(fpi_event_code_t **out, fpi_tx_t *tx, const char *hash, fpi_task_t *task) FPI_MUST_USE;
/* *is_first false: somebody was before. */
fpi_err_t *fpi_event_code_use(bool *is_first, fpi_tx_t *tx, const char *hash, apr_time_t now, fpi_task_t *task) FPI_MUST_USE;

/* Ends the codes for a scan session that nobody has used; the phones that have one. */
fpi_err_t *fpi_phone_codes_end(fpi_tx_t *tx, int64_t capture, apr_time_t now, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_phones_drop(int64_t *ended, fpi_tx_t *tx, int64_t capture, fpi_task_t *task) FPI_MUST_USE;

typedef struct fpi_guard_t {
    int64_t count;
    apr_time_t since, locked;    /* locked 0: not */
} fpi_guard_t;
/* All 0 when there is none. */
fpi_err_t *fpi_guard_find(fpi_guard_t *out, fpi_tx_t *tx, const char *key, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_guard_put(fpi_tx_t *tx, const char *key, const fpi_guard_t *guard, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_guard_drop(bool *was_there, fpi_tx_t *tx, const char *key, fpi_task_t *task) FPI_MUST_USE;

/* Forgets sessions unused since `idle`, codes that expired before `codes`, guards older than `guards`. */
fpi_err_t *fpi_sessions_prune(fpi_tx_t *tx, apr_time_t idle, apr_time_t codes, apr_time_t guards, fpi_task_t *task)
    FPI_MUST_USE;
/* The last of them alone. */
fpi_err_t *fpi_guards_prune(fpi_tx_t *tx, apr_time_t guards, fpi_task_t *task) FPI_MUST_USE;

#endif
