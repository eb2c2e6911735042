/* Page sessions: how a person proves who he is, and the child's memory of who did.
 *
 *   login ──> guard (account, address) ──> scrypt ──> row: SHA-256 of 32 random bytes ──> cookie of one fixed size
 *   cookie ──> memory, true while the store's epoch stands and for SESSION_FRESH_S at the most ──else──> row, user, rights
 *
 * So a call costs one hash and one look-up, without a query; whatever changes people raises the epoch, and all children
 * of the node forget at once. Another node learns within SESSION_FRESH_S. A session ends after 8 h without a call, by
 * DELETE, when its user is disabled or reset, and for good after FPI_SESSION_LIFE.
 *
 * Cookie:  fpimage_session=<43 characters of base64url>; HttpOnly; SameSite=Lax; Path=/; Secure on TLS
 * CSRF:    a digest of the cookie's value, which only its owner's page can know; in X-CSRF-Token of each call that changes
 *          something; a page also sends it where it reads, so that it is refused once another session has its cookie
 * Guard:   a try is counted before the password is looked at, so that many at once get no further than one after the
 *          other. Unknown accounts cost the same time and lock the same way. Codes of ERPs and phones that nobody has
 *          made, and domains of tenants that there are not, are counted by address. Of IPv6 the /64 is the address.
 * Races:   a password is looked at outside of any transaction; what follows is done only when the account still has the
 *          hash that it was held against, and is active, and (change of password) the session is there still
 *
 * Life:    the memory is a child's; secrets live in the task's pool.
 * Threads: many.
 * Limits:  2,000 remembered sessions (then it forgets all), of 8 KiB or as much as their rights need; 4 passwords looked at
 *          at once in a child. */
#ifndef FPI_SESSIONS_H
#define FPI_SESSIONS_H

#include "service/app.h"
#include "service/call.h"
#include "store/sessions.h"

#define FPI_SESSION_COOKIE "fpimage_session"
#define FPI_SESSION_IDLE apr_time_from_sec(8 * 3600)
#define FPI_SESSION_LIFE apr_time_from_sec(7 * 86400)
#define FPI_GUARD_LOCK apr_time_from_sec(30 * 60)
enum { FPI_GUARD_ACCOUNT = 5, FPI_GUARD_ADDRESS = 60, FPI_GUARD_CODES = 60, FPI_GUARD_DOMAINS = 60, FPI_SESSION_SECRET_LEN = 43 };

typedef struct fpi_sessions_t fpi_sessions_t;

fpi_err_t *fpi_sessions_open(fpi_sessions_t **out, apr_pool_t *pool, fpi_task_t *task) FPI_MUST_USE;

/* The cookie's value, NULL when there is none of the right form, or two that differ. */
const char *fpi_session_cookie(const fpi_call_t *call);
/* Who that is. FPI_E_SESSION. */
fpi_err_t *fpi_session_check(const fpi_viewer_t **viewer, fpi_app_t *app, const char *secret, fpi_task_t *task)
    FPI_MUST_USE;
/* The token that its calls bring along. */
const char *fpi_session_csrf(const char *secret, fpi_task_t *task);
/* "Set-Cookie" for it; NULL takes it away. */
const char *fpi_session_set_cookie(const char *secret, const fpi_call_t *call);

typedef struct fpi_login_t {
    const char *login, *domain;  /* name or mobile; domain NULL: the first tenant's */
    const fpi_secret_t *password;
    const char *address;         /* where it comes from */
    /* out */
    const char *secret;          /* the cookie's value */
    int64_t tenant, user;
    apr_time_t expires;          /* when it ends without a call */
} fpi_login_t;
/* FPI_E_LOGIN; FPI_E_LOCKED with the seconds left; FPI_E_BUSY when too many passwords are being looked at. */
fpi_err_t *fpi_session_login(fpi_login_t *login, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

typedef enum fpi_taking_t { FPI_TAKING_DONE, FPI_TAKING_UNKNOWN, FPI_TAKING_USED, FPI_TAKING_EXPIRED } fpi_taking_t;
typedef struct fpi_by_code_t {
    const char *code, *address;  /* address: where it comes from */
    bool is_phone;               /* a phone's (service/phone.h), else an event code: the one is unknown as the other */
    /* out */
    fpi_taking_t how;            /* the rest is there when it is DONE */
    const char *secret;
    int64_t tenant, user;
    apr_time_t expires;
} fpi_by_code_t;
/* Takes a code, once, for a session. FPI_E_LOCKED after too many that nobody has made. */
fpi_err_t *fpi_session_by_code(fpi_by_code_t *by, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_session_end(fpi_app_t *app, const char *secret, fpi_task_t *task) FPI_MUST_USE;
/* A new password, by the old one; other sessions of the user end. FPI_E_LOGIN, FPI_E_SESSION (it ended meanwhile),
 * FPI_E_LOCKED, FPI_E_FIELD. */
fpi_err_t *fpi_session_change_password(fpi_app_t *app, const fpi_viewer_t *viewer, const char *secret,
                                       const fpi_secret_t *old, const fpi_secret_t *wanted, fpi_task_t *task) FPI_MUST_USE;

/* SHA-256 of a secret, as the store knows it. */
const char *fpi_session_hash(const char *secret, fpi_task_t *task);
/* 32 random bytes as text. */
fpi_err_t *fpi_session_secret(const char **out, fpi_task_t *task) FPI_MUST_USE;

/* ---- session_guard.c ---- */
/* Counts a try of `key`; FPI_E_LOCKED when there were `most` within FPI_GUARD_LOCK. */
fpi_err_t *fpi_guard_charge(fpi_tx_t *tx, const char *key, int most, fpi_task_t *task) FPI_MUST_USE;
const char *fpi_guard_key_user(int64_t user, fpi_task_t *task);
const char *fpi_guard_key_login(int64_t tenant, const char *login, fpi_task_t *task);
const char *fpi_guard_key_address(const char *address, fpi_task_t *task);
const char *fpi_guard_key_code(const char *address, fpi_task_t *task);
/* Gives a counted try back: it was a good one. */
fpi_err_t *fpi_guard_refund(fpi_tx_t *tx, const char *key, fpi_task_t *task) FPI_MUST_USE;
/* Domains that no tenant has are guesses, too. */
const char *fpi_guard_key_domain(const char *address, fpi_task_t *task);
/* FPI_E_LOCKED while `key` is; nothing is counted. */
fpi_err_t *fpi_guard_check(fpi_tx_t *tx, const char *key, fpi_task_t *task) FPI_MUST_USE;
/* Takes a code in the caller's transaction: *code NULL, and the try of `address` counted, when there is none of `hash`.
 * FPI_E_LOCKED. */
fpi_err_t *fpi_guard_code_find(fpi_event_code_t **code, fpi_tx_t *tx, const char *hash, const char *address,
                               fpi_task_t *task) FPI_MUST_USE;
/* Lifts the locks of an address: of passwords, of codes, of domains. */
fpi_err_t *fpi_guard_unlock_address(bool *was_locked, fpi_app_t *app, const char *address, fpi_task_t *task) FPI_MUST_USE;
bool fpi_guard_is_address(const char *text);
/* When the account's lock ends; 0: it is not locked. */
fpi_err_t *fpi_guard_locked(apr_time_t *until, fpi_tx_t *tx, int64_t user, fpi_task_t *task) FPI_MUST_USE;

#endif
