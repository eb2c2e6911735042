/* What the administrator's files share with each other. Not for other files.
 *
 *      admin.c         the app, enterprises, keys, passwords
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

/* One write transaction of `fn`, which also raises people.version; then the epoch. */
fpi_err_t *fpi_admin_write(fpi_app_t *app, fpi_tx_fn *fn, void *baton, fpi_task_t *task) FPI_MUST_USE;

/* Trimmed; FPI_E_FIELD "name" when blank, too long or with control characters. */
fpi_err_t *fpi_admin_take_name(const char **out, const char *text, fpi_task_t *task) FPI_MUST_USE;

/* The form checked and trimmed; what it leaves out is NULL. */
fpi_err_t *fpi_admin_form_take(fpi_enterprise_t *e, const fpi_enterprise_form_t *form,
                               fpi_task_t *task) FPI_MUST_USE;
/* What was left out, and whether it is enabled, from the row that is there. */
fpi_err_t *fpi_admin_enterprise_follow(fpi_enterprise_t *e, bool *is_new, fpi_tx_t *tx, fpi_task_t *task)
    FPI_MUST_USE;
/* Asks the cloud, and marks it checked. */
fpi_err_t *fpi_admin_enterprise_prove(fpi_app_t *app, fpi_enterprise_t *e, fpi_task_t *task) FPI_MUST_USE;

#endif
