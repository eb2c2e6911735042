/* Business systems (对接业务系统): the ERPs that we report to, and what is told to them.
 *
 * Life:    plain data in the pool of whoever made it; the password is wiped with it.
 * Threads: none of its own.
 * Limits:  as the checks below say. */
#ifndef FPI_SYSTEM_H
#define FPI_SYSTEM_H

#include "base/secret.h"
#include "base/task.h"

#include <stdint.h>

/* Names and values that differ between installations of EAS: facts-erp.md 2 could not settle them all, so each may be
 * set; NULL is the standard. One row per member in system.c, which knows name, default and help. */
typedef struct fpi_eas_names_t {
    const char *facade;          /* WSSSCImageBaseServiceFacade */
    const char *operation;       /* updateImageStateNew */
    const char *parameter;       /* inputXML */
    const char *space;           /* http://webservice.app.wssc.base.eas.kingdee.com */
    const char *login_space;     /* http://login.webservice.bos.kingdee.com */
    const char *code_ready, *code_sent_back, *code_again, *code_review; /* 2, 3, 4, 2: imageState of a notice */
} fpi_eas_names_t;

typedef struct fpi_system_t {
    int64_t id, tenant, epoch;   /* epoch counts changes: a session of an older one is forgotten */
    const char *name;            /* unique in the tenant */
    const char *kind;            /* "eas" or "webhook" */
    const char *resource;        /* the bills that it is for (fpi_bill_t.resource); "": all that no other is for */
    const char *prefix;          /* EAS: "http(s)://host:port/ormrpc/services/"; webhook: the address itself */
    const char *solution, *dc, *user, *language, *auth_pattern; /* auth_pattern NULL: the login of 6 parameters */
    fpi_secret_t *password;      /* webhook: key of the HMAC over the body */
    int db_type;
    fpi_eas_names_t names;
    bool is_enabled, is_checked; /* checked: it has let us log in */
    const char *check_note;      /* what the last check said, one sentence */
    apr_time_t checked, created, updated;
} fpi_system_t;

/* Trims and checks what was typed, in place: name 1-50 characters; prefix by fpi_url_check's rules is the caller's;
 * dc, user, solution words without blanks; language L1, L2 or L3; db_type 0-9. FPI_E_FIELD names the field. */
fpi_err_t *fpi_system_check(fpi_system_t *system, fpi_task_t *task) FPI_MUST_USE;

/* ---- notices ---- */
typedef enum fpi_notice_kind_t { FPI_NOTICE_READY = 1, FPI_NOTICE_SENT_BACK = 2, FPI_NOTICE_REVIEW = 3 } fpi_notice_kind_t;

typedef struct fpi_notice_t {
    fpi_notice_kind_t kind;
    bool is_again;               /* ready once more after a send-back */
    const char *number;          /* image number */
    const char *erp_id, *bill_no, *resource;
    int64_t pages;
    const char *person;          /* the ERP's account of who did it; NULL: the system's user */
    const char *reason;
} fpi_notice_t;

const char *fpi_notice_name(fpi_notice_kind_t kind, const char *lang);

#endif
