/* Who calls, and the one rule of what he may do and see. Not how he proved who he is: that is service/access.
 *
 *   token ──> enterprise: the bills of its tax number and of none; of all, for a tenant authorisation ("TN_...")
 *   cookie ─> person: by his roles and grants      event code ──> person, for the bills it names only
 *   phone code ─> phone: no bill at all, pages into one scan session only
 *
 * A person sees
 *   - all bills of the tenant with BILL_SEE_ALL;
 *   - all bills of the organisations where a grant says ALL;
 *   - his own: those he, or a scanner of his scan point, filed first, and those whose applicant has his mobile.
 * He may file pages onto what he sees, and onto the bills of the organisations he works for: a grant of ALL or OWN, his
 * own organisation, those of his scan point, and bills of no organisation (the top).
 * What may not be seen does not exist; too small a role is told.
 *
 * Life:    plain data in the pool of whoever made it; sessions borrow theirs.
 * Threads: none of its own; read only once made.
 * Limits:  FPI_VIEWER_ORGS organisations, FPI_VIEWER_BILLS bills of an event code. */
#ifndef FPI_VIEWER_H
#define FPI_VIEWER_H

#include "model/bill.h"
#include "model/people.h"

enum { FPI_VIEWER_ORGS = 5000, FPI_VIEWER_BILLS = 200 };

typedef enum fpi_permission_t {
    FPI_MAY_NONE, /* nothing: who is signed in at all */
#define FPI_PERMISSION(symbol, holders, zh, en) FPI_MAY_##symbol,
#include "model/permissions.def"
#undef FPI_PERMISSION
    FPI_MAY_COUNT
} fpi_permission_t;

typedef enum fpi_viewer_kind_t { FPI_VIEWER_ENTERPRISE, FPI_VIEWER_PERSON, FPI_VIEWER_EVENT, FPI_VIEWER_PHONE } fpi_viewer_kind_t;

typedef struct fpi_ids_t {
    const int64_t *items; /* rising */
    int count;
} fpi_ids_t;

typedef struct fpi_viewer_t {
    fpi_viewer_kind_t kind;
    int64_t tenant;
    uint64_t permissions;        /* bit n: permission n */
    /* an enterprise */
    int64_t enterprise;          /* 0: none */
    const char *tax_no;          /* NULL: all of the tenant's bills, or a person */
    /* a person, by session or event code */
    int64_t user, org;           /* org 0: the top */
    const char *name, *mobile;   /* mobile NULL: none */
    const char *org_tax_no;      /* of his scan point's organisation, else his own; NULL */
    int64_t point, point_org;    /* his enabled scan point; 0: none */
    bool must_change;            /* his password, before anything else */
    fpi_ids_t all_orgs;          /* sees everybody's there */
    fpi_ids_t work_orgs;         /* works for them; holds all_orgs */
    /* an event code */
    fpi_ids_t bills;
    /* a phone */
    int64_t capture;
} fpi_viewer_t;

/* What the rule needs of a bill. */
typedef struct fpi_whose_t {
    int64_t bill, org, owner, point;
    const char *tax_no, *phone;
} fpi_whose_t;
fpi_whose_t fpi_whose(const fpi_bill_t *bill);

/* NULL is ourselves, who may do and see all. */
bool fpi_viewer_may(const fpi_viewer_t *viewer, fpi_permission_t permission);
/* By what he sees it; the rule above, and what explains it to people. */
typedef enum fpi_sight_t {
    FPI_SIGHT_NONE, FPI_SIGHT_ALL, FPI_SIGHT_TAX_NO, FPI_SIGHT_NAMED, FPI_SIGHT_OWNER, FPI_SIGHT_POINT, FPI_SIGHT_MOBILE,
    FPI_SIGHT_ORG, FPI_SIGHT_COUNT
} fpi_sight_t;
fpi_sight_t fpi_viewer_sight(const fpi_viewer_t *viewer, const fpi_whose_t *whose);
bool fpi_viewer_sees(const fpi_viewer_t *viewer, const fpi_whose_t *whose);
bool fpi_viewer_sees_bill(const fpi_viewer_t *viewer, const fpi_bill_t *bill);
/* May he file pages onto it, seen or not? */
bool fpi_viewer_works_for(const fpi_viewer_t *viewer, const fpi_bill_t *bill);
/* Is he limited to a part of the tenant's bills? */
bool fpi_viewer_is_limited(const fpi_viewer_t *viewer);
bool fpi_viewer_is_person(const fpi_viewer_t *viewer);
/* FPI_E_FOREIGN unless he may file onto it; whose it is stays with the operator. */
fpi_err_t *fpi_viewer_check(const fpi_viewer_t *viewer, const fpi_bill_t *bill, fpi_task_t *task) FPI_MUST_USE;
/* A bill that he makes by filing onto an unknown number: tenant, organisation, tax number, owner
 * and scan point are his (an enterprise's organisation is the store's to find). */
void fpi_viewer_mark(const fpi_viewer_t *viewer, fpi_bill_t *bill);

/* What is his alone (an upload, an export) bears this: kind and id, as names change hands, and a page that an ERP has opened
 * for him has no part in what he does elsewhere. */
const char *fpi_viewer_owner(const fpi_viewer_t *viewer, apr_pool_t *pool);

/* An enterprise as a viewer. */
fpi_viewer_t fpi_viewer_of_enterprise(const fpi_enterprise_t *enterprise);

/* All of it in `pool`. */
fpi_viewer_t *fpi_viewer_copy(const fpi_viewer_t *viewer, apr_pool_t *pool);

bool fpi_ids_has(const fpi_ids_t *ids, int64_t id);

/* ---- permissions ---- */
const char *fpi_permission_symbol(fpi_permission_t permission);
const char *fpi_permission_name(fpi_permission_t permission, const char *lang);
/* NONE when it is none. */
fpi_permission_t fpi_permission_find(const char *symbol);
/* Those that a letter of permissions.def has. */
uint64_t fpi_permissions_of(char holder);

#endif
