/* Changing organisations, roles, users and scan points by the rules of the business; the console and the tool use it.
 * A refusal says why, and what to do first.
 *
 *   form ─> checked ─> one write transaction: rules against the rows as they are, rows, people.version ─> epoch raised
 *
 *   nobody removes the last administrator · a role or an organisation in use by an active user is not disabled · nor a user
 *   bound to a scan point · nor a point with an enabled scanner · a scanner has one point · nobody gives what he has not
 *
 * What a form leaves out (NULL, -1) stays as it is. Tenant: the task's. `by` is who does it; NULL the machine's
 * administrator, who may all.
 *
 * Life:    results live in the task's pool.
 * Threads: any; two at once end one after the other.
 * Limits:  those of the stores. */
#ifndef FPI_SERVICE_PEOPLE_H
#define FPI_SERVICE_PEOPLE_H

#include "model/duty.h"
#include "service/app.h"
#include "store/users.h"

/* ---- people_orgs.c ---- */
typedef struct fpi_org_form_t {
    const char *code, *name, *tax_no; /* tax_no "": none */
    const char *parent;          /* its code; "": the top */
    int is_active;
} fpi_org_form_t;
/* id 0: a new one. FPI_E_ABSENT, FPI_E_DUPLICATE, FPI_E_STATE, FPI_E_FIELD. */
fpi_err_t *fpi_people_org_put(fpi_org_t **out, fpi_app_t *app, int64_t id, const fpi_org_form_t *form, fpi_task_t *task)
    FPI_MUST_USE;
/* Within a transaction of another's, as fpi_people_user_put. */
fpi_err_t *fpi_people_org_put_in(fpi_org_t **out, const char **changes, fpi_tx_t *tx, int64_t id, const fpi_org_form_t *form,
                                 fpi_task_t *task) FPI_MUST_USE;
/* By code, "" the top: *out 0. FPI_E_FIELD naming `field`; `must_live`: a disabled one is refused, too. */
fpi_err_t *fpi_people_org_of(int64_t *out, fpi_tx_t *tx, int64_t tenant, const char *code, bool must_live,
                             const char *field, fpi_task_t *task) FPI_MUST_USE;
/* The level of each, the tenant being 1; `levels` has room for them. */
void fpi_people_levels(int *levels, const fpi_org_t *orgs, int count);

/* ---- people_roles.c ---- */
typedef struct fpi_duty_form_t {
    const char *name;
    const uint64_t *permissions;
    int is_active;
} fpi_duty_form_t;
fpi_err_t *fpi_people_role_put(fpi_duty_t **out, fpi_app_t *app, const fpi_viewer_t *by, int64_t id,
                               const fpi_duty_form_t *form, fpi_task_t *task) FPI_MUST_USE;
/* A role by its name or the digits of its id; FPI_E_FIELD "roles". */
fpi_err_t *fpi_people_role_of(fpi_duty_t **out, fpi_tx_t *tx, int64_t tenant, const char *word, fpi_task_t *task)
    FPI_MUST_USE;
/* FPI_E_ROLE unless `by` holds all of these himself. */
fpi_err_t *fpi_people_check_reach(const fpi_viewer_t *by, uint64_t permissions, fpi_task_t *task) FPI_MUST_USE;

/* ---- people_users.c ---- */
typedef struct fpi_user_form_t {
    const char *name, *mobile, *mail; /* mobile, mail "": none */
    const char *org;             /* its code */
    int is_head, is_active;
    const char *const *roles;    /* names or ids */
    int role_count;
} fpi_user_form_t;
/* A new one, with a one-time password that he must change. FPI_E_DUPLICATE names the field. */
fpi_err_t *fpi_people_user_make(fpi_user_t **out, fpi_secret_t **password, fpi_app_t *app, const fpi_viewer_t *by,
                                const fpi_user_form_t *form, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_people_user_change(fpi_user_t **out, fpi_app_t *app, const fpi_viewer_t *by, int64_t id,
                                  const fpi_user_form_t *form, fpi_task_t *task) FPI_MUST_USE;
/* Within a transaction of another's: *user is found by id, or made when id is 0 with the hash. What it refuses it refuses
 * before it writes. *changes: as the audit log has them; NULL when all was so already, and nothing is written. */
fpi_err_t *fpi_people_user_put(fpi_user_t **user, const char **changes, fpi_tx_t *tx, const fpi_viewer_t *by, int64_t id,
                               const char *hash, const fpi_user_form_t *form, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_ABSENT. */
fpi_err_t *fpi_people_user_get(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* By a mobile as people type it ("+86 138 0000 0000"); one that is stored otherwise is found as it stands. NULL when absent. */
fpi_err_t *fpi_people_user_of_mobile(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *text, fpi_task_t *task)
    FPI_MUST_USE;
/* A word of the tool: name or mobile. FPI_E_ABSENT. */
fpi_err_t *fpi_people_user_named(fpi_user_t **out, fpi_tx_t *tx, int64_t tenant, const char *word, fpi_task_t *task)
    FPI_MUST_USE;
/* Disabling ends his sessions at once. */
fpi_err_t *fpi_people_user_enable(fpi_user_t **out, fpi_app_t *app, const fpi_viewer_t *by, int64_t id, bool is_active,
                                  fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_people_user_unlock(bool *was_locked, fpi_app_t *app, int64_t id, fpi_task_t *task) FPI_MUST_USE;
/* A new one-time password; his sessions end. */
fpi_err_t *fpi_people_user_reset(fpi_secret_t **password, fpi_app_t *app, const fpi_viewer_t *by, int64_t id,
                                 fpi_task_t *task) FPI_MUST_USE;
typedef struct fpi_grant_form_t {
    const char *org;             /* its code; "" the top */
    bool sees_all, with_below;
} fpi_grant_form_t;
/* These and no others. */
fpi_err_t *fpi_people_user_grant(fpi_user_t **out, fpi_app_t *app, int64_t id, const fpi_grant_form_t *grants, int count,
                                 fpi_task_t *task) FPI_MUST_USE;
/* This one beside the others, in place of that of the same organisation; or that one is taken away: FPI_E_ABSENT when there
 * is none. */
fpi_err_t *fpi_people_user_grant_one(fpi_user_t **out, fpi_app_t *app, int64_t id, const fpi_grant_form_t *grant, bool is_given,
                                     fpi_task_t *task) FPI_MUST_USE;

/* ---- people_points.c ---- */
typedef struct fpi_point_form_t {
    const char *name, *address, *org;
    const char *const *related;  /* codes */
    int related_count;           /* -1: as it was */
    int is_active;
} fpi_point_form_t;
fpi_err_t *fpi_people_point_put(fpi_point_t **out, fpi_app_t *app, int64_t id, const fpi_point_form_t *form,
                                fpi_task_t *task) FPI_MUST_USE;
/* Within a transaction of another's, as fpi_people_user_put; binds these of its organisation, too. */
fpi_err_t *fpi_people_point_put_in(fpi_point_t **out, const char **changes, fpi_tx_t *tx, int64_t id,
                                   const fpi_point_form_t *form, const fpi_user_t *const *scanners, int scanner_count,
                                   fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_ABSENT. */
fpi_err_t *fpi_people_point_get(fpi_point_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
    FPI_MUST_USE;
/* FPI_E_STATE with what keeps him from it: the same as fpi_people_why_not_bind. */
fpi_err_t *fpi_people_point_bind(fpi_app_t *app, int64_t point, int64_t user, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_people_point_unbind(fpi_app_t *app, int64_t point, int64_t user, fpi_task_t *task) FPI_MUST_USE;
/* NULL: he may be bound to it. */
fpi_err_t *fpi_people_why_not_bind(const fpi_err_t **why, fpi_tx_t *tx, const fpi_point_t *point, const fpi_user_t *user,
                                   fpi_task_t *task) FPI_MUST_USE;

#endif
