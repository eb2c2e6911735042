/* Rows of people: tenants' organisations, enterprise authorisations, token keys, push table,
 * settings. Users and what belongs to them: users.h, duties.h, orgs.h, points.h, sessions.h. Secrets are sealed with the master key, bound to table, column and row.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  lists up to FPI_ROWS_MAX.
 * After a committed change of enterprises, token keys, push table or settings the caller raises the
 * store's epoch. */
#ifndef FPI_STORE_PEOPLE_H
#define FPI_STORE_PEOPLE_H

#include "model/people.h"
#include "store/tx.h"

/* Tenant 1 is made with the schema ("Kingdee"); an installation serves it unless told otherwise. */
enum { FPI_TENANT_FIRST = 1 };

/* ---- organisations ---- */
/* By tax number, else by code, else the top (org 0 -> *out NULL). NULL arguments match nothing. */
fpi_err_t *fpi_org_find(fpi_org_t **out, fpi_tx_t *tx, int64_t tenant, const char *tax_no,
                        const char *code, fpi_task_t *task) FPI_MUST_USE;
/* NULL when absent. */
fpi_err_t *fpi_org_find_by_id(fpi_org_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* Makes it under the top when the code is unknown; *is_new says so. A known one stays as it is. */
fpi_err_t *fpi_org_put(fpi_org_t **out, bool *is_new, fpi_tx_t *tx, int64_t tenant, const char *code,
                       const char *name, const char *tax_no, fpi_task_t *task) FPI_MUST_USE;
/* Makes the bill type when it is unknown, or gives it this name when it has none but its code; *is_new says that it did. */
fpi_err_t *fpi_bill_type_put(bool *is_new, fpi_tx_t *tx, int64_t tenant, const char *code,
                             const char *name, fpi_task_t *task) FPI_MUST_USE;

/* ---- enterprise authorisations ---- */
typedef struct fpi_enterprises_t {
    int count;
    fpi_enterprise_t **items;
} fpi_enterprises_t;
/* All of them with secrets unsealed; for the child's table. */
fpi_err_t *fpi_enterprises_list(fpi_enterprises_t *out, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_enterprise_find(fpi_enterprise_t **out, fpi_tx_t *tx, const char *client_id,
                               fpi_task_t *task) FPI_MUST_USE;
/* Inserts (id 0) or overwrites by client_id within its tenant; a changed secret or enabled flag raises its
 * epoch. FPI_E_DUPLICATE when another tenant has the client_id. Sets id, epoch, created and updated. One
 * that was dropped comes back under its id and a higher epoch: the old one's tokens stay dead. */
fpi_err_t *fpi_enterprise_put(fpi_enterprise_t *enterprise, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_enterprise_drop(fpi_tx_t *tx, int64_t tenant, const char *client_id, bool *was_there, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- keys that sign our tokens ---- */
typedef struct fpi_token_key_t {
    int64_t id;
    fpi_secret_t *key;       /* FPI_KEY_LEN bytes */
    apr_time_t created;
    apr_time_t retired;      /* no new tokens from then on; 0: in use */
} fpi_token_key_t;
/* Newest first. */
fpi_err_t *fpi_token_keys_list(fpi_token_key_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
/* Retires the key in use and makes a new one; forgets those retired before `forget`. */
fpi_err_t *fpi_token_key_rotate(fpi_tx_t *tx, apr_time_t forget, fpi_task_t *task) FPI_MUST_USE;

/* ---- push table ---- */
fpi_err_t *fpi_push_rows_list(fpi_push_row_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
/* By tenant, tax number and client id; overwrites name and url; sets id and created. */
fpi_err_t *fpi_push_row_put(fpi_push_row_t *row, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_push_row_drop(fpi_tx_t *tx, int64_t tenant, int64_t id, bool *was_there, fpi_task_t *task) FPI_MUST_USE;

/* ---- signs that were used: each is good once ---- */
/* FPI_E_DUPLICATE when `key` was taken before and has not expired; forgets the expired. */
fpi_err_t *fpi_nonce_take(fpi_tx_t *tx, const char *key, apr_time_t expires, apr_time_t now,
                          fpi_task_t *task) FPI_MUST_USE;

/* ---- settings: names are ours, lower case with dots ---- */
fpi_err_t *fpi_setting_find(const char **value, fpi_tx_t *tx, int64_t tenant, const char *name,
                            fpi_task_t *task) FPI_MUST_USE;
typedef struct fpi_named_t {
    const char *name, *value;
} fpi_named_t;
/* Those whose names begin with `prefix` (not empty, ASCII), by name. */
fpi_err_t *fpi_settings_list(fpi_named_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *prefix,
                             fpi_task_t *task) FPI_MUST_USE;
/* A NULL value takes it away. */
fpi_err_t *fpi_setting_put(fpi_tx_t *tx, int64_t tenant, const char *name, const char *value,
                           fpi_task_t *task) FPI_MUST_USE;

#endif
