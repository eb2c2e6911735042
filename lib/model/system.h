/* Business systems (对接业务系统): the ERPs that we report to, and what is told to them.
 *
 * Life:    plain data in the pool of whoever made it; the password is wiped with it.
 * Threads: none of its own.
 * Limits:  as fpi_system_check says. */
#ifndef FPI_SYSTEM_H
#define FPI_SYSTEM_H

#include "base/secret.h"
#include "base/task.h"

#include <stdint.h>

/* One for each row of eas_names.def. */
typedef enum fpi_eas_name_t {
#define FPI_EAS_NAME(symbol, key, kind, standard, zh, en) FPI_EAS_##symbol,
#include "model/eas_names.def"
#undef FPI_EAS_NAME
    FPI_EAS_NAMES
} fpi_eas_name_t;

typedef struct fpi_eas_name_info_t {
    const char *key;             /* for forms, the tool and the store */
    enum { FPI_EAS_KIND_NAME, FPI_EAS_KIND_SPACE, FPI_EAS_KIND_CODE } kind;
    const char *standard, *zh, *en;
} fpi_eas_name_info_t;

typedef struct fpi_system_t {
    int64_t id, tenant, epoch;   /* epoch counts changes: a session of an older one is forgotten */
    const char *name;            /* unique in the tenant */
    const char *kind;            /* "eas" or "webhook" */
    const char *resource;        /* the bills that it is for (fpi_bill_t.resource); "": all that no other is for */
    const char *prefix;          /* EAS: "http(s)://host:port/ormrpc/services/"; webhook: the address itself */
    const char *solution, *dc, *user, *language, *auth_pattern; /* auth_pattern NULL: the login of 6 parameters */
    fpi_secret_t *password;      /* webhook: key of the HMAC over the body */
    int db_type;
    int encode_pwd;              /* isEncodePwd, the 8th parameter; -1: it is not sent */
    const char *names[FPI_EAS_NAMES]; /* NULL: the standard */
    bool is_enabled, is_checked; /* checked: it has let us log in */
    const char *check_note;      /* what the last check said, one sentence; NULL: none yet */
    apr_time_t checked, created, updated;
} fpi_system_t;

/* What it is made of before anybody says something: an enabled EAS. */
void fpi_system_init(fpi_system_t *system, int64_t tenant);

/* Trims and checks what was typed, in place: name 1-50 characters, resource 0-50 words without blanks; kind "eas" or
 * "webhook"; of an EAS dc, user and solution words without blanks, language L1, L2 or L3, db_type 0-9; the password
 * 1-200 bytes, a webhook's at least 16. The prefix is the caller's. FPI_E_FIELD names the field. */
fpi_err_t *fpi_system_check(fpi_system_t *system, fpi_task_t *task) FPI_MUST_USE;

/* ---- names of an EAS ---- */
const fpi_eas_name_info_t *fpi_eas_name_info(fpi_eas_name_t name);
/* False when there is no such key. */
bool fpi_eas_name_find(fpi_eas_name_t *name, const char *key);
/* What holds: the system's own, else the standard, which may be NULL. */
const char *fpi_eas_name(const fpi_system_t *system, fpi_eas_name_t name);
/* Trims and checks it; blank or the standard makes it NULL. FPI_E_FIELD names the key. */
fpi_err_t *fpi_eas_name_set(fpi_system_t *system, fpi_eas_name_t name, const char *value, fpi_task_t *task)
    FPI_MUST_USE;

/* ---- notices ---- */
typedef enum fpi_notice_kind_t { FPI_NOTICE_READY = 1, FPI_NOTICE_SENT_BACK = 2, FPI_NOTICE_REVIEW = 3 } fpi_notice_kind_t;

typedef struct fpi_notice_t {
    fpi_notice_kind_t kind;
    const char *id;              /* of this notice, the same each time that it is told; NULL: none */
    bool is_again;               /* ready once more after a send-back */
    const char *number;          /* image number */
    const char *erp_id, *bill_no, *resource; /* may be NULL */
    int64_t pages;
    const char *person;          /* the ERP's account of who did it; NULL: the system's user */
    const char *reason;          /* may be NULL */
} fpi_notice_t;

/* "影像已就绪", "images ready"; lang "id": "ready", "sent_back", "review". */
const char *fpi_notice_name(fpi_notice_kind_t kind, const char *lang);

#endif
