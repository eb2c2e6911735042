/* What the files of the ERPs share with each other. Not for other files.
 *
 *      erp.c          the table of kinds, sessions, one exchange
 *      eas_call.c     one SOAP call of an EAS: login, session, re-login
 *      eas.c          the operations of an EAS      eas_verify.c   what a login says of the settings
 *      webhook.c      the JSON webhook
 *
 * Life:    as erp.h.
 * Threads: as erp.h.
 * Limits:  as erp.h. */
#ifndef FPI_ERP_OWN_H
#define FPI_ERP_OWN_H

#include "remote/erp.h"
#include "remote/tokens.h"
#include "wire/soap.h"

enum { FPI_ERP_REPLY_MAX = 16 * 1024 * 1024 };

struct fpi_erp_t {
    fpi_http_client_t *client;
    fpi_tokens_t *sessions;
};

/* A kind of ERP; members as the functions of erp.h. NULL: it has no such thing. */
typedef struct fpi_erp_kind_t {
    const char *name;
    fpi_err_t *(*verify)(fpi_erp_verdict_t *out, fpi_erp_t *erp, const fpi_system_t *system, fpi_task_t *task);
    fpi_err_t *(*notify)(fpi_erp_t *erp, const fpi_system_t *system, const fpi_notice_t *notice, fpi_task_t *task);
    fpi_err_t *(*find_state)(int *state, fpi_erp_t *erp, const fpi_system_t *system, const char *number,
                             fpi_task_t *task);
    fpi_err_t *(*list_orgs)(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                            fpi_task_t *task);
    fpi_err_t *(*list_users)(fpi_json_t **out, fpi_erp_t *erp, const fpi_system_t *system, apr_time_t since,
                             fpi_task_t *task);
} fpi_erp_kind_t;

extern const fpi_erp_kind_t fpi_erp_eas, fpi_erp_webhook;

/* ---- erp.c ---- */
/* One POST within `most`; failures of the way as FPI_E_ERP and FPI_E_ERP_LATE (FPI_E_SLOTS, FPI_E_GONE stay). */
fpi_err_t *fpi_erp_post(fpi_http_exchange_t *ex, fpi_erp_t *erp, const fpi_system_t *system, apr_interval_time_t most,
                        fpi_task_t *task) FPI_MUST_USE;
/* Words of the other side for people: one line, at most 200 characters, without the system's password. */
const char *fpi_erp_words(const char *text, const fpi_system_t *system, fpi_task_t *task);
/* Adds a finding: two formats over the same arguments. */
void fpi_erp_find(fpi_erp_verdict_t *verdict, fpi_task_t *task, const char *about, const char *zh, const char *en, ...)
    FPI_PRINTF(4, 6) FPI_PRINTF(5, 6);
/* Adds what a failed exchange says of host and port. */
void fpi_erp_find_way(fpi_erp_verdict_t *verdict, const fpi_http_exchange_t *ex, const fpi_err_t *err,
                      const fpi_system_t *system, fpi_task_t *task);

/* ---- eas_call.c ---- */
typedef struct fpi_eas_session_t {
    const char *token;           /* as it is kept: time, id and cookies */
    const fpi_secret_t *id;
    const char *cookies;         /* of the login's answer, "a=b; c=d", or "" */
    apr_time_t since;
} fpi_eas_session_t;

typedef struct fpi_eas_answer_t {
    fpi_http_exchange_t ex;
    fpi_soap_t *soap;            /* NULL: the answer was none */
    const fpi_soap_fault_t *fault;
    const fpi_secret_t *session; /* in which it was asked; NULL: none */
} fpi_eas_answer_t;

/* Asks for a session. FPI_E_ERP_REFUSED when the answer has none; FPI_E_ERP for a fault or no envelope, too. */
fpi_err_t *fpi_eas_login(fpi_eas_session_t *session, fpi_eas_answer_t *answer, fpi_erp_t *erp,
                         const fpi_system_t *system, fpi_task_t *task) FPI_MUST_USE;
/* fpi_token_fetch_fn of the sessions; the baton is the fpi_erp_t. */
fpi_err_t *fpi_eas_fetch(void *baton, fpi_token_t *token, const fpi_holder_t *holder, fpi_task_t *task) FPI_MUST_USE;
/* False for anything that is not a kept session. */
bool fpi_eas_session_parse(fpi_eas_session_t *session, const char *token, fpi_task_t *task);

/* One operation of the facade with one text parameter, in this session. A fault is in the answer, not a failure. */
fpi_err_t *fpi_eas_ask(fpi_eas_answer_t *answer, fpi_erp_t *erp, const fpi_system_t *system,
                       const fpi_eas_session_t *session, const char *operation, const char *parameter,
                       const char *text, fpi_task_t *task) FPI_MUST_USE;
/* The same in the system's session, which is made and renewed as needed. *result: the text that it returned, NULL when
 * it returned nothing. FPI_E_ERP_REFUSED with the words of a fault; FPI_E_ERP_UNCLEAR for an answer with a status of
 * success that can't be understood. */
fpi_err_t *fpi_eas_call(const char **result, fpi_erp_t *erp, const fpi_system_t *system, const char *operation,
                        const char *parameter, const char *text, fpi_task_t *task) FPI_MUST_USE;
/* The fault's words for people: as fpi_erp_words, and without the session's id. */
const char *fpi_eas_fault_words(const fpi_eas_answer_t *answer, const fpi_system_t *system, fpi_task_t *task);
/* Does the fault say that the session is none (any more)? `since` is the session's. */
bool fpi_eas_is_dead(const fpi_soap_fault_t *fault, apr_time_t since);

/* ---- eas.c ---- */
/* What an answer of updateImageStateNew says; `text` may be NULL. */
fpi_err_t *fpi_eas_judge(const char *text, const fpi_system_t *system, fpi_task_t *task) FPI_MUST_USE;
/* What getImageState says. */
fpi_err_t *fpi_eas_state_parse(int *state, const char *text, const fpi_system_t *system, fpi_task_t *task)
    FPI_MUST_USE;
/* The array of snchronyOrg or snchronyUser. */
fpi_err_t *fpi_eas_list_parse(fpi_json_t **out, const char *text, fpi_task_t *task) FPI_MUST_USE;

/* ---- eas_verify.c ---- */
fpi_err_t *fpi_eas_verify(fpi_erp_verdict_t *out, fpi_erp_t *erp, const fpi_system_t *system, fpi_task_t *task)
    FPI_MUST_USE;

#endif
