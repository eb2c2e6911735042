/* Who calls: tokens that we issue and check, signs, sessions (service/sessions.h), the child's table of enterprises and
 * push table.
 *
 * The table is a snapshot that is replaced as a whole when the store's epoch moves (any process of the node
 * raised it) or, at the latest, a second after the rows changed on another node. Checking a token costs one
 * HMAC and one look-up in the snapshot: no query, and no lock that is held during I/O.
 *
 * Token:  base64url(v1 | key id | enterprise id | epoch | issued | expires) "." base64url(HMAC-SHA-256)
 *
 * Life:    a child's; snapshots live until the last task that borrowed from them ends.
 * Threads: many.
 * Limits:  10,000 enterprises. */
#ifndef FPI_ACCESS_H
#define FPI_ACCESS_H

#include "service/app.h"
#include "service/call.h"
#include "wire/crypto.h"

typedef struct fpi_people_t fpi_people_t;

/* Loads the first snapshot; closed with `pool`. */
fpi_err_t *fpi_people_open(fpi_people_t **people, fpi_app_t *app, apr_pool_t *pool, fpi_task_t *task)
    FPI_MUST_USE;
/* Looks whether the snapshot is still true; called about once a second by a background thread. */
void fpi_people_refresh(fpi_app_t *app, fpi_task_t *task);

/* By client id; NULL when unknown. Borrowed until the task ends. */
const fpi_enterprise_t *fpi_people_find(fpi_app_t *app, const char *client_id, fpi_task_t *task);
/* tenant 0: of whichever. */
const fpi_enterprise_t *fpi_people_find_by_tax_no(fpi_app_t *app, int64_t tenant, const char *tax_no, fpi_task_t *task);
/* A client id that is the same but for white space, for a helpful refusal. */
const fpi_enterprise_t *fpi_people_find_alike(fpi_app_t *app, const char *client_id, fpi_task_t *task);
/* Does the push table hold this pair? Either may be NULL (matches any row); *is_empty: there are no rows. A row that names
 * another tenant's enterprise is none; one whose enterprise is authorised here goes before others. */
const fpi_push_row_t *fpi_people_find_push_row(fpi_app_t *app, const char *client_id, const char *tax_no,
                                               bool *is_empty, fpi_task_t *task);

/* By row id; NULL when gone. */
const fpi_enterprise_t *fpi_people_find_by_id(fpi_app_t *app, int64_t id, fpi_task_t *task);
/* The key that signs new tokens (id 0) or the one of that id; NULL when there is none. Sets *found_id. */
const fpi_mac_t *fpi_people_find_key(fpi_app_t *app, int64_t id, int64_t *found_id, fpi_task_t *task);

/* Checks client_id, timestamp and sign (encType NULL: 0) and gives the enterprise. Failures: FPI_E_NO_CLIENT,
 * _CLIENT (says so when only white space differs), _DISABLED, _FIELD (timestamp, encType), _SKEW, _SIGN. */
fpi_err_t *fpi_access_sign_check(const fpi_enterprise_t **enterprise, fpi_app_t *app, const char *client_id,
                                 const char *timestamp, const char *sign, const char *enc_type,
                                 fpi_task_t *task) FPI_MUST_USE;

fpi_err_t *fpi_access_token_issue(const char **token, fpi_app_t *app, const fpi_enterprise_t *enterprise,
                                  fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_TOKEN when it is not ours, expired, or its enterprise was changed, disabled or removed since. */
fpi_err_t *fpi_access_token_check(const fpi_enterprise_t **enterprise, fpi_app_t *app, const char *token,
                                  fpi_task_t *task) FPI_MUST_USE;

/* Finds the token of a call (query access_token, Authorization: Bearer, header access_token/accessToken) and
 * checks it: call->token, token_place, enterprise, and the task's tenant and actor. FPI_E_TOKEN when missing or
 * bad; FPI_E_FIELD when two different ones came. */
fpi_err_t *fpi_access_call(fpi_app_t *app, fpi_call_t *call) FPI_MUST_USE;

/* A person by his session's cookie: call->session, viewer, and the task's tenant and actor. FPI_E_SESSION; FPI_E_CSRF
 * when the call changes something and does not bring its token along; FPI_E_OTHER_SESSION when it brings another's. */
fpi_err_t *fpi_access_person(fpi_app_t *app, fpi_call_t *call) FPI_MUST_USE;
/* Either: a token where one came, else the cookie. FPI_E_MUST_CHANGE for a person who must change his password first. */
fpi_err_t *fpi_access_console(fpi_app_t *app, fpi_call_t *call) FPI_MUST_USE;

#endif
