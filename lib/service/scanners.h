/* Network scanners for those who look after them and those who scan, and the client that calls them.
 *
 *   form ─> over what is there ─> checked, the address put right ─> one write ─> [verified for real]
 *
 * Who may use one: it is for all, for those who work for its organisation, or for the people of its scan point; whoever
 * sees all bills of the tenant may use all.
 *
 * Life:    results live in the task's pool.
 * Threads: any.
 * Limits:  FPI_SCANNERS scanners a tenant; a look at one takes FPI_SCANNERS_LOOK at the most. */
#ifndef FPI_SCANNERS_H
#define FPI_SCANNERS_H

#include "remote/escl.h"
#include "service/app.h"
#include "model/viewer.h"
#include "store/scanners.h"
#include "wire/json.h"

#define FPI_SCANNERS_LOOK apr_time_from_sec(15)

/* For fpi_app_open. A scanner stands in a private network: with no FPImageScannerAllow any such address is good that was
 * entered, but not this machine's own, link-local, multicast or public ones; with it, exactly those it lists. */
fpi_err_t *fpi_scanners_client_make(fpi_http_client_t **client, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* A conversation with it over that client, its patience that of FPImageScannerTimeout. */
fpi_escl_t fpi_scanner_talk(fpi_app_t *app, const fpi_scanner_t *scanner);

/* What was typed; NULL, -1: as it was. */
typedef struct fpi_scanner_form_t {
    const char *name, *address;
    const char *org;             /* its code; "" for all */
    int64_t point;               /* its id; 0 for all */
    const char *point_name;      /* or its name */
    int is_enabled;
} fpi_scanner_form_t;

/* Which one is meant: id 0 by name. version: what the caller has seen; -1: any. */
typedef struct fpi_scanner_which_t {
    int64_t id;
    const char *name;
    int64_t version;
} fpi_scanner_which_t;

/* Tenant: the task's. Changes the one that is meant, or makes one (id 0, name NULL). FPI_E_FIELD, FPI_E_DUPLICATE,
 * FPI_E_ABSENT, FPI_E_STALE. */
fpi_err_t *fpi_scanners_put(fpi_scanner_t **out, fpi_app_t *app, const fpi_scanner_which_t *which,
                            const fpi_scanner_form_t *form, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_scanners_remove(fpi_app_t *app, const fpi_scanner_which_t *which, fpi_task_t *task) FPI_MUST_USE;
/* `viewer` NULL: ourselves. FPI_E_ABSENT, also for one that he may not use. */
fpi_err_t *fpi_scanners_get(fpi_scanner_t **out, fpi_tx_t *tx, const fpi_viewer_t *viewer, const fpi_scanner_which_t *which,
                            fpi_task_t *task) FPI_MUST_USE;
bool fpi_scanner_is_for(const fpi_scanner_t *scanner, const fpi_viewer_t *viewer);

/* What it is and says at the moment. `problem` FINE: it answered; its status may still tell of one. */
typedef struct fpi_scanner_look_t {
    fpi_scan_problem_t problem;
    const char *detail;          /* of a failure, for the operator */
    fpi_scan_caps_t caps;
    fpi_scan_status_t status;
} fpi_scanner_look_t;
/* Asks it. A scanner that can't be reached is a finding, no failure. */
fpi_err_t *fpi_scanners_look(fpi_scanner_look_t *look, fpi_app_t *app, const fpi_scanner_t *scanner, fpi_task_t *task)
    FPI_MUST_USE;
/* The same, and notes what came of it; *scanner is as it is then. */
fpi_err_t *fpi_scanners_verify(fpi_scanner_look_t *look, fpi_scanner_t **scanner, fpi_app_t *app,
                               const fpi_scanner_which_t *which, fpi_task_t *task) FPI_MUST_USE;

/* ---- scanners_find.c ---- */
/* Asks the local network for scanners (FPImageScannerDiscovery), for a few seconds: [{name, address, model, is_known}].
 * Suggestions of whoever answered; none of them is called. FPI_E_STATE: it is switched off. */
fpi_err_t *fpi_scanners_discover(fpi_json_t **out, fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;

/* ---- scanners_forms.c: family C's forms ---- */
fpi_err_t *fpi_scanner_form(fpi_json_t **out, fpi_tx_t *tx, const fpi_scanner_t *scanner, fpi_task_t *task) FPI_MUST_USE;
/* {is_reachable, state, is_loaded, problem, capabilities} */
fpi_json_t *fpi_scanner_look_form(const fpi_scanner_look_t *look, fpi_task_t *task);
/* {code, message, remedy}; NULL: FINE. */
fpi_json_t *fpi_scan_problem_form(fpi_scan_problem_t problem, fpi_task_t *task);

#endif
