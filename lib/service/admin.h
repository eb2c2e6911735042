/* What an administrator changes: enterprise authorisations, the push table, token keys, the capture of
 * unknown calls. For the tool and the console, which act for the task's tenant. Not what users or peers do.
 *
 *   form ─> checked and trimmed ─> [the cloud is asked] ─> one write transaction: row + people.version + audit log ─> epoch raised
 *
 * Nothing is stored when anything of it is refused. The version tells other nodes, the epoch this one's processes.
 *
 * Life:    results live in the task's pool.
 * Threads: any; two administrators at once end one after the other.
 * Limits:  10,000 enterprises and push rows; an import of 10,000 lines; the cloud has 15 s for each answer. */
#ifndef FPI_ADMIN_H
#define FPI_ADMIN_H

#include "service/app.h"
#include "store/people.h"

#include <apr_tables.h>

/* ---- an app for administrators only: cloud and store, no images, no people, no threads ---- */

/* The cloud's half. */
fpi_err_t *fpi_admin_app_make(fpi_app_t **app, apr_pool_t *pool, const fpi_settings_t *settings,
                              const fpi_log_sink_t *log, fpi_task_t *task) FPI_MUST_USE;
/* Opens app->store; never makes or migrates it. */
fpi_err_t *fpi_admin_app_open(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* The same without the key file, which a backup may lack: what is sealed can't be read then. */
fpi_err_t *fpi_admin_app_open_sealed(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

/* ---- enterprise authorisations ---- */

typedef struct fpi_enterprise_form_t {
    const char *tax_no, *name, *client_id;
    const fpi_secret_t *secret;
    /* NULL: as it was, or none in a new one */
    const fpi_secret_t *encrypt_key, *cloud_secret;
    const char *cloud_client_id;
    const bool *is_enabled;      /* of a change only */
} fpi_enterprise_form_t;

fpi_err_t *fpi_admin_enterprises(fpi_enterprises_t *out, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_CLIENT when there is none; says so when only white space differs. */
fpi_err_t *fpi_admin_enterprise_get(fpi_enterprise_t **out, fpi_app_t *app, const char *client_id,
                                    fpi_task_t *task) FPI_MUST_USE;

/* How it is put; a set of these. */
enum {
    FPI_ADMIN_CHECK = 1,         /* the cloud must give a token first: FPI_E_CLOUD_REFUSED, FPI_E_CLOUD, _LATE; else it is
                                  * marked unchecked */
    FPI_ADMIN_NEW = 2            /* FPI_E_DUPLICATE when there is one of that client id */
};
/* Adds it, or overwrites the one of that client id, which stays disabled if it was. FPI_E_FIELD names the field. */
fpi_err_t *fpi_admin_enterprise_put(fpi_enterprise_t **out, bool *is_new, fpi_app_t *app,
                                    const fpi_enterprise_form_t *form, unsigned how, fpi_task_t *task) FPI_MUST_USE;
/* Changes what the form says of the one of its client id; the rest, and whether it is checked, stays as it was while
 * its credentials do. An encrypt_key or cloud_client_id that is empty is taken away. */
fpi_err_t *fpi_admin_enterprise_change(fpi_enterprise_t **out, fpi_app_t *app, const fpi_enterprise_form_t *form,
                                       unsigned how, fpi_task_t *task) FPI_MUST_USE;
/* Asks the cloud for a token and notes on the row what it said; its refusal is the failure, and *out is set then,
 * too. When it can't be asked the row keeps its mark. */
fpi_err_t *fpi_admin_enterprise_check(fpi_enterprise_t **out, fpi_app_t *app, const char *client_id,
                                      fpi_task_t *task) FPI_MUST_USE;
/* Disabling kills its tokens at once. */
fpi_err_t *fpi_admin_enterprise_enable(fpi_enterprise_t **out, bool *was_changed, fpi_app_t *app,
                                       const char *client_id, bool is_enabled, fpi_task_t *task) FPI_MUST_USE;
/* *push_rows: how many rows of the push table still name it. */
fpi_err_t *fpi_admin_enterprise_remove(int *push_rows, fpi_app_t *app, const char *client_id,
                                       fpi_task_t *task)
    FPI_MUST_USE;

/* ---- import of enterprises ----
 * CSV (RFC 4180) in UTF-8, as service/table.h gives it; the first line names the columns, in any order:
 *   tax_no|税号  name|名称  client_id  secret|client_secret  [encrypt_key] */
typedef struct fpi_import_line_t {
    int line;
    const char *client_id;      /* NULL: the line has none */
    enum { FPI_IMPORT_ADDED, FPI_IMPORT_CHANGED, FPI_IMPORT_REFUSED, FPI_IMPORT_LEFT } result;
    const fpi_err_t *why;       /* of a refused one */
} fpi_import_line_t;

typedef struct fpi_import_t {
    apr_array_header_t *lines;  /* fpi_import_line_t */
    int stored, refused;
} fpi_import_t;

/* Stores all lines, or none when one is refused; with `is_partial` those that are not refused. `csv` is overwritten.
 * A failure is one of the file as a whole; what is wrong with a line stands in the line. */
fpi_err_t *fpi_admin_import(fpi_import_t *out, fpi_app_t *app, fpi_secret_t *csv, bool is_partial,
                            bool must_check,
                            fpi_task_t *task) FPI_MUST_USE;

/* ---- push table ---- */

fpi_err_t *fpi_admin_push_rows(fpi_push_row_t **out, int *count, fpi_app_t *app,
                               fpi_task_t *task) FPI_MUST_USE;
/* Adds it, or overwrites name and url of the row with this tax number and client id. A url with something wrong
 * (service/urlcheck) is refused with the right one named. */
fpi_err_t *fpi_admin_push_row_put(fpi_push_row_t *out, bool *is_new, fpi_app_t *app,
                                  const fpi_push_row_t *form,
                                  fpi_task_t *task) FPI_MUST_USE;
/* FPI_E_ABSENT. */
fpi_err_t *fpi_admin_push_row_remove(fpi_app_t *app, int64_t id, fpi_task_t *task) FPI_MUST_USE;

/* What does not fit between the two tables. */
typedef struct fpi_push_problem_t {
    enum {
        FPI_PUSH_NO_ENTERPRISE,  /* the row's client id is no enterprise */
        FPI_PUSH_DISABLED,       /* ... a disabled one */
        FPI_PUSH_TAX_NO,         /* ... one of another tax number, and no tenant authorisation */
        FPI_PUSH_NAME,           /* ... one of another name, and no tenant authorisation */
        FPI_PUSH_URL,            /* the row's url is malformed */
        FPI_PUSH_NO_ROW          /* an enabled enterprise without a row: its pushes need a token or sign */
    } kind;
    const fpi_push_row_t *row;          /* NULL for NO_ROW */
    const fpi_enterprise_t *enterprise; /* NULL for NO_ENTERPRISE */
    const char *text;                   /* in the task's language */
} fpi_push_problem_t;
const char *fpi_push_problem_name(const fpi_push_problem_t *problem);
/* Pushed onto a new array of fpi_push_problem_t. */
fpi_err_t *fpi_admin_push_check(apr_array_header_t **out, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

/* ---- the rest ---- */

/* New tokens are signed with a new key; the old one is good until its tokens are dead. */
fpi_err_t *fpi_admin_keys_rotate(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* Keeps bodies of unknown calls in clear until then; 0: no more. */
fpi_err_t *fpi_admin_capture(fpi_app_t *app, apr_time_t until, fpi_task_t *task) FPI_MUST_USE;

#endif
