/* Tenants, organisations, enterprise authorisations, push table rows, users with their grants, scan points.
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
    bool is_active;
} fpi_org_t;

/* The tenant itself is level 1; rows stand on levels 2 to FPI_ORG_LEVELS. */
enum { FPI_ORG_LEVELS = 4 };

/* NULL: none of them, or the top. */
const fpi_org_t *fpi_org_of(const fpi_org_t *orgs, int count, int64_t id);
/* Its own tax number, or the nearest above it; NULL. */
const char *fpi_org_tax_no(const fpi_org_t *orgs, int count, int64_t id);

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
    int64_t id, tenant, org;     /* org 0: the top */
    const char *name, *mobile, *mail, *password; /* password: a hash; mobile, mail NULL: none */
    bool is_head, is_active, must_change;
    apr_time_t last_login, created, updated;
} fpi_user_t;

/* In this organisation the user sees everybody's bills, or works for it and sees his own. */
typedef struct fpi_grant_t {
    int64_t org;                 /* 0: the top */
    bool sees_all, with_below;   /* with_below: the organisations below it, too */
} fpi_grant_t;

/* A scan point (扫描点). Its scanners share their bills. */
typedef struct fpi_point_t {
    int64_t id, tenant, org;     /* the owning organisation; 0: the top */
    const char *name, *address;
    bool is_active;
    apr_time_t created, updated;
} fpi_point_t;

/* Trims `text`; refuses (FPI_E_FIELD, naming field and the place) an inner blank, an empty text, or one
 * longer than `most`. For ids and secrets that people paste. */
fpi_err_t *fpi_people_take_word(const char **out, const char *text, const char *field, size_t most,
                                fpi_task_t *task) FPI_MUST_USE;
/* 15 to 20 letters and digits, upper-cased. */
fpi_err_t *fpi_people_take_tax_no(const char **out, const char *text, const char *field,
                                  fpi_task_t *task) FPI_MUST_USE;
/* A mobile number as people and ERPs write it, "+86 138-0000-0000": 5 to 15 digits, the +86 of China cut, and its 86 in
 * front of 11 digits that begin with 1; NULL for a blank one. */
fpi_err_t *fpi_people_take_mobile(const char **out, const char *text, const char *field, fpi_task_t *task) FPI_MUST_USE;
/* The same of a text that need be none, to look for: then it is the text as it stands. */
const char *fpi_people_mobile_key(const char *text, fpi_task_t *task);
/* Something@something.something without blanks, at most 100 characters; NULL for a blank one. */
fpi_err_t *fpi_people_take_mail(const char **out, const char *text, const char *field, fpi_task_t *task) FPI_MUST_USE;
/* A name for people: trimmed, one line, at most `most` characters, not blank. */
fpi_err_t *fpi_people_take_name(const char **out, const char *text, const char *field, size_t most, fpi_task_t *task)
    FPI_MUST_USE;
/* 8-20 characters with upper, lower, digit and special. */
fpi_err_t *fpi_people_check_password(const fpi_secret_t *password, fpi_task_t *task) FPI_MUST_USE;

#endif
