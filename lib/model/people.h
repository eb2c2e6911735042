/* Tenants, organisations, enterprise authorisations, push table rows, users.
 *
 * Life:    plain data in the pool of whoever made it; secrets are wiped with it.
 * Threads: none of its own.
 * Limits:  as the checks below say. */
#ifndef FPI_PEOPLE_H
#define FPI_PEOPLE_H

#include "base/secret.h"
#include "base/task.h"

#include <stdint.h>

typedef struct fpi_org_t {
    int64_t id, tenant, parent; /* parent 0: the top */
    const char *code, *name, *tax_no;
} fpi_org_t;

/* An enterprise authorisation (企业授权). `epoch` counts changes of secret and enabled: tokens carry it, so
 * raising it kills them. */
typedef struct fpi_enterprise_t {
    int64_t id, tenant, epoch;
    const char *tax_no, *name, *client_id;
    fpi_secret_t *secret;       /* signs the clients' token calls */
    fpi_secret_t *encrypt_key;  /* 16 bytes, or empty */
    const char *cloud_client_id; /* where the cloud knows it by other credentials; NULL: the same */
    fpi_secret_t *cloud_secret;
    bool is_enabled, is_checked; /* checked: the cloud has given a token for it */
    const char *check_note;      /* what the last check said */
    apr_time_t checked, created, updated;
} fpi_enterprise_t;

typedef struct fpi_push_row_t {
    int64_t id, tenant;
    const char *name, *tax_no, *client_id, *url;
    apr_time_t created;
} fpi_push_row_t;

typedef struct fpi_user_t {
    int64_t id, tenant;
    const char *name, *mobile, *password; /* password: a hash */
    bool is_admin, is_active, must_change;
    apr_time_t created;
} fpi_user_t;

/* Trims `text`; refuses (FPI_E_FIELD, naming field and the place) an inner blank, an empty text, or one
 * longer than `most`. For ids and secrets that people paste. */
fpi_err_t *fpi_people_take_word(const char **out, const char *text, const char *field, size_t most,
                                fpi_task_t *task) FPI_MUST_USE;
/* 15 to 20 letters and digits, upper-cased. */
fpi_err_t *fpi_people_take_tax_no(const char **out, const char *text, const char *field,
                                  fpi_task_t *task) FPI_MUST_USE;
/* 8-20 characters with upper, lower, digit and special. */
fpi_err_t *fpi_people_check_password(const fpi_secret_t *password, fpi_task_t *task) FPI_MUST_USE;

#endif
