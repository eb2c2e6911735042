/* Persons as a list tells of them, a row of a file or a person of an ERP, against the users that are there; organisations
 * and scan points the same way, by code and by name. The one rule of what becomes of a row; where the list comes from is its
 * caller's.
 *
 *   row ──who: by mobile, else by name──> nobody    -> added, without a password unless one is given
 *                                         somebody  -> changed, or unchanged: nothing is written then
 *                                         doubtful, against a rule (service/people.h), malformed -> refused, nothing is written
 *
 * The mobile is who he is: an ERP's account is matched by it, so a new user must have one. A namesake with another mobile
 * is refused rather than guessed. Who is new and has no password signs on by the ERP's jump, or by the one-time password
 * that an administrator resets him to.
 *
 * Life:    results live in the task's pool.
 * Threads: as the transaction.
 * Limits:  those of people.h. */
#ifndef FPI_ROSTER_H
#define FPI_ROSTER_H

#include "model/viewer.h"
#include "store/tx.h"

/* What is NULL, blank or -1 stays as it is; in a new user it is none, roles are those of everybody and he is enabled. */
typedef struct fpi_roster_row_t {
    int64_t user;                /* who he is, where the caller knows it; 0: found as above */
    const char *name, *mobile, *mail;
    const char *org;             /* its code */
    const char *const *roles;    /* names or ids; they replace those he has */
    int role_count;
    int is_head, is_active;
    const char *hash;            /* of a new one's one-time password */
} fpi_roster_row_t;

typedef enum fpi_roster_result_t {
    FPI_ROSTER_ADDED,
    FPI_ROSTER_CHANGED,
    FPI_ROSTER_UNCHANGED,        /* also: not to be enabled, and not there */
    FPI_ROSTER_REFUSED,
    FPI_ROSTER_RESULTS
} fpi_roster_result_t;

typedef struct fpi_roster_told_t {
    fpi_roster_result_t result;
    int64_t id;                  /* of the user, organisation or scan point; 0: none */
    const char *changes;         /* of a change: {"org_id": 3, "name": ["before", "after"]}; NULL */
    const fpi_err_t *why;        /* of a refusal: its field and its public text with the remedy; NULL */
} fpi_roster_told_t;

/* One row. What it returns is a failure of the store, after which the transaction is to be given up; a refusal stands in
 * *out, and the transaction goes on. `by` must hold what he gives (people.h); NULL: ourselves. The caller raises the
 * store's epoch after its commit (fpi_admin_write does). */
fpi_err_t *fpi_roster_person(fpi_roster_told_t *out, fpi_tx_t *tx, const fpi_viewer_t *by, const fpi_roster_row_t *row,
                             fpi_task_t *task) FPI_MUST_USE;

/* The same of an organisation; who it is says form->code. Blank and NULL stay as they are. */
struct fpi_org_form_t;
fpi_err_t *fpi_roster_org(fpi_roster_told_t *out, fpi_tx_t *tx, const struct fpi_org_form_t *form, fpi_task_t *task)
    FPI_MUST_USE;

/* The same of a scan point; which it is says form->name. `scanners` are names or mobiles: they are bound to it, too, and
 * nobody is unbound. */
struct fpi_point_form_t;
fpi_err_t *fpi_roster_point(fpi_roster_told_t *out, fpi_tx_t *tx, const struct fpi_point_form_t *form,
                            const char *const *scanners, int scanner_count, fpi_task_t *task) FPI_MUST_USE;

/* "ADDED" and so on. */
const char *fpi_roster_result_name(fpi_roster_result_t result);
/* Is a failure a refusal of the one row, and not the store's? */
bool fpi_roster_is_refusal(const fpi_err_t *err);

#endif
