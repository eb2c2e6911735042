/* What the administrator's files share with each other. Not for other files.
 *
 *      admin.c         the app, enterprises, keys, passwords
 *      admin_change.c  a change of one enterprise
 *      admin_import.c  enterprises by the file
 *      admin_push.c    the push table
 *
 * Life:    one change.
 * Threads: the caller's.
 * Limits:  those of admin.h. */
#ifndef FPI_ADMIN_OWN_H
#define FPI_ADMIN_OWN_H

#include "service/admin.h"

enum { FPI_ADMIN_ID_MAX = 100 };

#define FPI_ADMIN_UNCHECKED "saved without a check"

/* One write transaction of `fn`, which also raises people.version; then the epoch. `fn` tells the audit log what it did. */
fpi_err_t *fpi_admin_write(fpi_app_t *app, fpi_tx_fn *fn, void *baton, fpi_task_t *task) FPI_MUST_USE;

/* Trimmed; FPI_E_FIELD "name" when blank, too long or with control characters. */
fpi_err_t *fpi_admin_take_name(const char **out, const char *text, fpi_task_t *task) FPI_MUST_USE;

/* The form checked and trimmed; what it leaves out is NULL. */
fpi_err_t *fpi_admin_form_take(fpi_enterprise_t *e, const fpi_enterprise_form_t *form,
                               fpi_task_t *task) FPI_MUST_USE;
/* Those of the task's tenant. */
fpi_err_t *fpi_admin_enterprises_of(fpi_enterprises_t *out, fpi_tx_t *tx, fpi_task_t *task) FPI_MUST_USE;
/* What was left out, and whether it is enabled, from the row that is there (*there; NULL when there is none or it can't be
 * read). */
fpi_err_t *fpi_admin_enterprise_follow(fpi_enterprise_t *e, fpi_enterprise_t **there, bool *is_new, fpi_tx_t *tx,
                                       fpi_task_t *task) FPI_MUST_USE;
/* What differs between the two; `old` NULL: all of it is new. */
fpi_err_t *fpi_admin_enterprise_audit(fpi_tx_t *tx, const char *action, const fpi_enterprise_t *old,
                                      const fpi_enterprise_t *e, fpi_task_t *task) FPI_MUST_USE;
/* Does the cloud know both by the same credentials? */
bool fpi_admin_is_same_login(const fpi_enterprise_t *a, const fpi_enterprise_t *b);
/* Asks the cloud, and marks it checked. */
fpi_err_t *fpi_admin_enterprise_prove(fpi_app_t *app, fpi_enterprise_t *e, fpi_task_t *task) FPI_MUST_USE;

#endif
