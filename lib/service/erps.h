/* Business systems for those who look after them, and the client that calls them.
 *
 *   form ─> over what is there ─> checked and trimmed, the prefix put right ─> one write ─> [verified for real]
 *
 * Life:    results live in the task's pool.
 * Threads: any; two administrators at once end one after the other.
 * Limits:  FPI_SYSTEMS_MOST systems a tenant; a verification takes as long as remote/erp.h says. */
#ifndef FPI_ERPS_H
#define FPI_ERPS_H

#include "service/app.h"
#include "store/systems.h"

/* For fpi_app_open, and the tool. An ERP stands in a private network as a rule, so any address is good that the
 * administrator of the business systems names, unless FPImageErpAllow is given: then only those in it. Link-local
 * addresses (the metadata service of clouds is one) and multicast must be listed in any case. */
fpi_err_t *fpi_erps_client_make(fpi_erp_t **erp, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

/* What was typed. NULL texts: as they were, or the standard in a new one; "" takes an optional one away. */
typedef struct fpi_erp_form_t {
    const char *name, *kind, *resource, *prefix, *solution, *dc, *user, *language, *auth_pattern;
    const fpi_secret_t *password;
    int64_t db_type, encode_pwd; /* FPI_ERP_AS_IT_WAS */
    int64_t is_enabled;
    const char *names[FPI_EAS_NAMES];
} fpi_erp_form_t;
enum { FPI_ERP_AS_IT_WAS = -100 };
/* All as it was. */
void fpi_erp_form_init(fpi_erp_form_t *form);

/* Which one is meant. */
typedef struct fpi_erp_which_t {
    int64_t tenant, id;          /* id 0: by name */
    const char *name;
    int64_t version;             /* the epoch that the caller has seen; -1: any */
} fpi_erp_which_t;

typedef struct fpi_erp_put_t {
    fpi_system_t *system;
    bool is_new;
    const char *corrected;       /* what was wrong with the prefix and was put right, in the task's language; or NULL */
} fpi_erp_put_t;

fpi_err_t *fpi_erps_list(fpi_systems_t *out, fpi_app_t *app, int64_t tenant, fpi_task_t *task) FPI_MUST_USE;
/* In a transaction; FPI_E_ABSENT, FPI_E_STALE. */
fpi_err_t *fpi_erps_find(fpi_system_t **out, fpi_tx_t *tx, const fpi_erp_which_t *which, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_ABSENT. */
fpi_err_t *fpi_erps_get(fpi_system_t **out, fpi_app_t *app, const fpi_erp_which_t *which, fpi_task_t *task)
    FPI_MUST_USE;
/* Changes the one that is meant, or makes it when `may_make` and there is none of that name. With `is_whole` what the
 * form leaves out becomes standard, but for the password. FPI_E_FIELD names the field; a prefix that can't be put
 * right, or whose host FPImageErpAllow leaves out, is one; FPI_E_DUPLICATE, FPI_E_ABSENT, FPI_E_STALE. It counts as
 * unchecked when anything was changed that a login depends on. */
fpi_err_t *fpi_erps_put(fpi_erp_put_t *out, fpi_app_t *app, const fpi_erp_which_t *which, const fpi_erp_form_t *form,
                        bool may_make, bool is_whole, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_erps_remove(fpi_app_t *app, const fpi_erp_which_t *which, fpi_task_t *task) FPI_MUST_USE;
/* Really logs in, and notes on the row what came of it; *system is as it is then. */
fpi_err_t *fpi_erps_verify(fpi_erp_verdict_t *verdict, fpi_system_t **system, fpi_app_t *app,
                           const fpi_erp_which_t *which, fpi_task_t *task) FPI_MUST_USE;

/* Family C's form of it; never the password. */
fpi_json_t *fpi_erps_json(const fpi_system_t *system, fpi_task_t *task);
/* [{"about","message"}] in the task's language. */
fpi_json_t *fpi_erps_findings_json(const fpi_erp_verdict_t *verdict, fpi_task_t *task);

#endif
