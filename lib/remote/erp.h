/* What we ask of any ERP. Behind it: EAS over SOAP, and a webhook in JSON; a further one is a further row of the
 * table in erp.c.
 *
 * A session of EAS belongs to one business system and is shared by all threads and, through the cache, all children:
 * one login at a time; it is kept until EAS calls it dead, and never logged out, since EAS's logout ends all sessions
 * of the account, those of other children and nodes among them (facts-erp.md 1.2).
 *
 * Life:    made after fork in a child's pool, with its http client.
 * Threads: serves many threads.
 * Limits:  a call has 60 s, a login 30 s, an answer 16 MiB. Only the prefixes of business systems are called, as
 *          far as options.http.may_connect lets them; redirects are not followed. */
#ifndef FPI_ERP_H
#define FPI_ERP_H

#include "model/system.h"
#include "remote/cloud.h"

typedef struct fpi_erp_t fpi_erp_t;

typedef struct fpi_erp_options_t {
    const char *lock_file;       /* node-wide locks of logins, a file of its own; NULL: only this process asks */
    const fpi_cache_t *cache;    /* NULL: only this process's memory */
    fpi_http_options_t http;
} fpi_erp_options_t;

fpi_err_t *fpi_erp_make(fpi_erp_t **erp, apr_pool_t *pool, const fpi_erp_options_t *options, fpi_task_t *task)
    FPI_MUST_USE;

enum { FPI_ERP_FINDINGS = 8 };

/* What a real log-in says of each setting. A finding is about one of: host, port, path, solution, dc, user, password,
 * db_type, facade, session (it is not kept between calls), or "answer" when the answer does not tell which. */
typedef struct fpi_erp_finding_t {
    const char *about;
    const char *zh, *en;         /* what is wrong and the remedy */
} fpi_erp_finding_t;
typedef struct fpi_erp_verdict_t {
    bool is_right;               /* no findings */
    int count;
    fpi_erp_finding_t findings[FPI_ERP_FINDINGS];
} fpi_erp_verdict_t;
/* Really logs in and asks the facade something harmless (a webhook: sends a ping), past every cache. Failures are our
 * own only, or the task's end; what the other side says is the verdict. */
fpi_err_t *fpi_erp_verify(fpi_erp_verdict_t *out, fpi_erp_t *erp, const fpi_system_t *system, fpi_task_t *task)
    FPI_MUST_USE;

/* Tells it. NULL: it has said that it took it. FPI_E_ERP, FPI_E_ERP_LATE: not reached, or a failing server in front of it.
 * FPI_E_ERP_UNCLEAR: it answered, and not what can be understood. FPI_E_ERP_REFUSED: it said no, with its words in the public text. A dead session is logged in again
 * once. Telling the same again is harmless to EAS as far as is known; a webhook finds notice->id in it. */
fpi_err_t *fpi_erp_notify(fpi_erp_t *erp, const fpi_system_t *system, const fpi_notice_t *notice, fpi_task_t *task)
    FPI_MUST_USE;
/* The ERP's own state of an image (facts-erp.md 2.4); -1 when it does not know the number or keeps none. */
fpi_err_t *fpi_erp_find_state(int *state, fpi_erp_t *erp, const fpi_system_t *system, const char *number,
                              fpi_task_t *task) FPI_MUST_USE;

/* What changed since a time (0: all), as the ERP gives it: JSON arrays; empty for a kind that has none. */
fpi_err_t *fpi_erp_list_orgs(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                             fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_erp_list_users(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                              fpi_task_t *task) FPI_MUST_USE;

#endif
