/* Organisations and users as an ERP lists them, made of its JSON: what is ours to know of them, under the names that
 * facts-erp.md 2.2 and the business system give.
 *
 * Life:    results live in the task's pool.
 * Threads: none of its own.
 * Limits:  FPI_ERP_LIST_MOST of a list; texts of FPI_ERP_LIST_TEXT characters. */
#ifndef FPI_ERP_LISTS_H
#define FPI_ERP_LISTS_H

#include "model/system.h"
#include "wire/json.h"

enum { FPI_ERP_LIST_MOST = 50000, FPI_ERP_LIST_TEXT = 200 };

/* Texts are trimmed; NULL: not said. `why`: the row can't be used, and this is wrong with it. */
typedef struct fpi_erp_org_t {
    const char *id, *code, *name, *parent; /* parent: its id; NULL: a root */
    const fpi_err_t *why;
} fpi_erp_org_t;

typedef struct fpi_erp_user_t {
    const char *id, *code, *name, *mobile, *mail;
    const char *org;             /* the id or code of an organisation */
    const fpi_err_t *why;
} fpi_erp_user_t;

/* FPI_E_ERP: there are too many. Rows that come again, by id, are left out but for the last. */
fpi_err_t *fpi_erp_orgs_take(fpi_erp_org_t **out, int *count, const fpi_json_t *list, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_erp_users_take(fpi_erp_user_t **out, int *count, const fpi_json_t *list, const fpi_system_t *system,
                              fpi_task_t *task) FPI_MUST_USE;

/* Parents before what stands below them, as far as the list knows them; otherwise as they came. */
void fpi_erp_orgs_sort(fpi_erp_org_t *orgs, int count, apr_pool_t *pool);

#endif
