/* Tenants of one installation, by the machine's administrator: made with an administrator of their own, renamed, given a
 * login domain. They never see each other; the page of one is /imgsys-web/login?domain=ITS.DOMAIN.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  those of store/tenants.h; a domain is 1 to 63 letters, digits, "-" and ".". */
#ifndef FPI_TENANTS_H
#define FPI_TENANTS_H

#include "service/app.h"
#include "store/tenants.h"

/* A new one, and its first administrator "admin" with a one-time password. FPI_E_FIELD, FPI_E_DUPLICATE name the field. */
fpi_err_t *fpi_tenant_make(fpi_tenant_t *out, fpi_secret_t **password, fpi_app_t *app, const char *name, const char *domain,
                           fpi_task_t *task) FPI_MUST_USE;
/* Changes what is not NULL of the one that has this name, domain or id. FPI_E_ABSENT. */
fpi_err_t *fpi_tenant_change(fpi_tenant_t *out, fpi_app_t *app, const char *word, const char *name, const char *domain,
                             fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_ABSENT. */
fpi_err_t *fpi_tenant_named(fpi_tenant_t *out, fpi_tx_t *tx, const char *word, fpi_task_t *task) FPI_MUST_USE;

/* Of a login's domain, as somebody typed it; NULL: no tenant has it. */
fpi_err_t *fpi_tenant_of_domain(fpi_tenant_t **out, fpi_tx_t *tx, const char *typed, fpi_task_t *task) FPI_MUST_USE;

/* Trimmed, in lower case. */
fpi_err_t *fpi_tenant_take_domain(const char **out, const char *text, fpi_task_t *task) FPI_MUST_USE;

#endif
