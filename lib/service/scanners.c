#include "service/scanners.h"

#include "base/clock.h"
#include "service/changes.h"
#include "service/handlers.h"
#include "service/people.h"
#include "store/audit.h"
#include "store/points.h"
#include "store/scans.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

enum { SLOTS = 16, NAME_MOST = 50, NOTE_MOST = 500 };

/* ---- which addresses ---- */

static bool may_connect(void *baton, const char *host, int port, const struct sockaddr *address)
{
    const fpi_settings_t *settings = ((const fpi_app_t *)baton)->settings;

    if (fpi_setting_is_given(settings, FPI_SET_FPImageScannerAllow)) {
        return fpi_hosts_has(settings->scanner_allow, host, port);
    }
    return fpi_address_is_private(address) && !fpi_address_is_link(address) && !fpi_address_is_own(address);
}

fpi_err_t *fpi_scanners_client_make(fpi_http_client_t **client, fpi_app_t *app, fpi_task_t *task)
{
    fpi_http_options_t options = {
        .ca_file = app->settings->upstream_ca,
        .slots = SLOTS,
        .slot_wait = apr_time_from_sec(5),
        .times = app->settings->scanner_times,
        .user_agent = "mod_fpimage",
        .may_connect = may_connect,
        .baton = app,
    };

    return fpi_http_client_make(client, app->pool, &options, task);
}

fpi_escl_t fpi_scanner_talk(fpi_app_t *app, const fpi_scanner_t *scanner)
{
    return (fpi_escl_t){ .http = app->scanners, .base = scanner->address, .patience = app->settings->scanner_times.first_byte };
}

/* What can be told of it before it is called: a listed host, an address that is none of a private network. */
static fpi_err_t *check_address(fpi_app_t *app, const char *address, fpi_task_t *task)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    const struct sockaddr *literal = NULL;
    fpi_url_t url;

    FPI_TRY(fpi_url_parse(&url, address, task));
    if (inet_pton(AF_INET, url.host, &v4.sin_addr) == 1) {
        literal = (const struct sockaddr *)&v4;
    }
    else if (inet_pton(AF_INET6, url.host, &v6.sin6_addr) == 1) {
        literal = (const struct sockaddr *)&v6;
    }
    if (literal || fpi_setting_is_given(app->settings, FPI_SET_FPImageScannerAllow)) {
        return may_connect(app, url.host, url.port, literal ? literal : (const struct sockaddr *)&v4)
                   ? NULL : fpi_refuse(task, FPI_E_FIELD, "address", "不允许连接 %.100s: %s%.0s", "%.100s may not be called: %.0s%s", address,
                                       fpi_scan_problem_remedy(FPI_SCAN_IS_ADDRESS, "zh"),
                                       fpi_scan_problem_remedy(FPI_SCAN_IS_ADDRESS, "en"));
    }
    return NULL;
}

/* ---- one of them ---- */

bool fpi_scanner_is_for(const fpi_scanner_t *scanner, const fpi_viewer_t *viewer)
{
    if (!fpi_viewer_is_limited(viewer) || fpi_viewer_may(viewer, FPI_MAY_POINT_EDIT)) {
        return true;
    }
    if (scanner->point) {
        return viewer->point == scanner->point;
    }
    return scanner->org == 0 || (viewer->kind == FPI_VIEWER_PERSON && fpi_ids_has(&viewer->work_orgs, scanner->org));
}

static fpi_err_t *absent(const fpi_scanner_which_t *which, fpi_task_t *task)
{
    if (which->id) {
        return fpi_refuse(task, FPI_E_ABSENT, "scanner_id", "扫描仪 %" APR_INT64_T_FMT " 不存在",
                          "there is no scanner %" APR_INT64_T_FMT, (apr_int64_t)which->id);
    }
    return fpi_refuse(task, FPI_E_ABSENT, "name", "没有名为 %.100s 的扫描仪", "there is no scanner named %.100s", which->name);
}

fpi_err_t *fpi_scanners_get(fpi_scanner_t **out, fpi_tx_t *tx, const fpi_viewer_t *viewer, const fpi_scanner_which_t *which,
                            fpi_task_t *task)
{
    FPI_TRY(which->id ? fpi_scanner_find(out, tx, task->tenant, which->id, task)
                      : fpi_scanner_find_by_name(out, tx, task->tenant, which->name, task));
    if (!*out || !fpi_scanner_is_for(*out, viewer)) {
        return absent(which, task);
    }
    return fpi_version_check(which->version, (*out)->version, (*out)->name, task);
}

/* ---- put ---- */

typedef struct putting_t {
    fpi_app_t *app;
    const fpi_scanner_which_t *which;
    const fpi_scanner_form_t *form;
    fpi_scanner_t *scanner;
} putting_t;

static fpi_err_t *start(fpi_scanner_t *scanner, fpi_scanner_t **old, const putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    *old = NULL;
    *scanner = (fpi_scanner_t){ .tenant = task->tenant, .is_enabled = true };
    if (p->which->id || p->which->name) {
        FPI_TRY(fpi_scanners_get(old, tx, NULL, p->which, task));
        *scanner = **old;
    }
    return NULL;
}

static fpi_err_t *take_point(fpi_scanner_t *scanner, const fpi_scanner_form_t *form, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_point_t *point = NULL;

    if (form->point_name && *form->point_name) {
        FPI_TRY(fpi_point_find_by_name(&point, tx, task->tenant, form->point_name, task));
    }
    else if (form->point > 0) {
        FPI_TRY(fpi_point_find(&point, tx, task->tenant, form->point, task));
    }
    else {
        scanner->point = form->point == 0 || form->point_name ? 0 : scanner->point;
        return NULL;
    }
    if (!point) {
        return fpi_refuse(task, FPI_E_FIELD, "scan_point_id", "扫描点不存在", "there is no such scan point");
    }
    scanner->point = point->id;
    return NULL;
}

static fpi_err_t *take_form(fpi_scanner_t *scanner, const putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_scanner_form_t *form = p->form;

    if (form->name || !scanner->name) {
        FPI_TRY(fpi_people_take_name(&scanner->name, form->name, "name", NAME_MOST, task));
    }
    if (form->address || !scanner->address) {
        FPI_TRY(fpi_escl_address_take(&scanner->address, form->address, task));
        FPI_TRY(check_address(p->app, scanner->address, task));
    }
    if (form->org) {
        FPI_TRY(fpi_people_org_of(&scanner->org, tx, task->tenant, fpi_text_trim(task->pool, form->org), true, "org", task));
    }
    scanner->is_enabled = form->is_enabled < 0 ? scanner->is_enabled : form->is_enabled != 0;
    return take_point(scanner, form, tx, task);
}

static fpi_err_t *change_point(fpi_json_t *changes, int64_t before, int64_t after, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_point_t *from = NULL, *to = NULL;

    if (before != after) {
        FPI_TRY(before ? fpi_point_find(&from, tx, task->tenant, before, task) : NULL);
        FPI_TRY(after ? fpi_point_find(&to, tx, task->tenant, after, task) : NULL);
        fpi_change_text(changes, "scan_point", from ? from->name : NULL, to ? to->name : NULL, task);
    }
    return NULL;
}

static fpi_err_t *tell_audit(const fpi_scanner_t *old, const fpi_scanner_t *scanner, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_scanner_t none = { .id = 0 }, *was = old ? old : &none;
    fpi_json_t *changes = fpi_json_make_object(task);

    fpi_change_text(changes, "name", was->name, scanner->name, task);
    fpi_change_text(changes, "address", was->address, scanner->address, task);
    FPI_TRY(fpi_change_org(changes, "org", was->org, scanner->org, tx, task));
    FPI_TRY(change_point(changes, was->point, scanner->point, tx, task));
    fpi_change_bool(changes, "is_enabled", was->is_enabled, scanner->is_enabled, task);
    return fpi_audit_add(tx, old ? "scanner.changed" : "scanner.added", scanner->name, fpi_changes_text(changes, task), task);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    fpi_scanner_t *scanner = apr_palloc(task->pool, sizeof(*scanner)), *old;
    fpi_err_t *err;

    FPI_TRY(start(scanner, &old, p, tx, task));
    FPI_TRY(take_form(scanner, p, tx, task));
    if (old && strcmp(old->address, scanner->address) != 0) {
        scanner->is_checked = false;
        scanner->model = scanner->check_note = NULL;
        scanner->checked = 0;
    }
    err = fpi_scanner_put(scanner, tx, task);
    if (err && err->code == FPI_E_DUPLICATE) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "name", "已有名为 %s 的扫描仪", "there is a scanner named %s already", scanner->name);
    }
    FPI_TRY(err);
    p->scanner = scanner;
    return tell_audit(old, scanner, tx, task);
}

fpi_err_t *fpi_scanners_put(fpi_scanner_t **out, fpi_app_t *app, const fpi_scanner_which_t *which,
                            const fpi_scanner_form_t *form, fpi_task_t *task)
{
    putting_t p = { .app = app, .which = which, .form = form };

    FPI_TRY(fpi_store_write(app->store, tx_put, &p, task));
    *out = p.scanner;
    return NULL;
}

/* ---- remove ---- */

static fpi_err_t *tx_remove(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    fpi_scan_t *live;

    FPI_TRY(fpi_scanners_get(&p->scanner, tx, NULL, p->which, task));
    FPI_TRY(fpi_scan_find_live(&live, tx, task->tenant, p->scanner->id, task));
    if (live) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "扫描仪 %s 正在扫描, 请等待结束或先取消", "%s is scanning: wait for its end, or cancel it first",
                          p->scanner->name);
    }
    FPI_TRY(fpi_scanner_drop(tx, task->tenant, p->scanner->id, task));
    return fpi_audit_add(tx, "scanner.removed", p->scanner->name, NULL, task);
}

fpi_err_t *fpi_scanners_remove(fpi_app_t *app, const fpi_scanner_which_t *which, fpi_task_t *task)
{
    putting_t p = { .app = app, .which = which };

    return fpi_store_write(app->store, tx_remove, &p, task);
}

/* ---- looking at it ---- */

fpi_err_t *fpi_scanners_look(fpi_scanner_look_t *look, fpi_app_t *app, const fpi_scanner_t *scanner, fpi_task_t *task)
{
    fpi_escl_t escl = fpi_scanner_talk(app, scanner);
    apr_time_t deadline = task->deadline;
    fpi_err_t *err;

    memset(look, 0, sizeof(*look));
    escl.patience = 0;
    fpi_task_limit(task, FPI_SCANNERS_LOOK);
    err = fpi_escl_caps_get(&look->caps, &escl, task);
    err = err ? err : fpi_escl_status_get(&look->status, &escl, task);
    task->deadline = deadline;
    if (err && escl.problem == FPI_SCAN_FINE) {
        return err;
    }
    look->problem = err ? escl.problem : FPI_SCAN_FINE;
    look->detail = err ? fpi_err_chain(task->pool, err) : NULL;
    return NULL;
}

typedef struct verifying_t {
    const fpi_scanner_which_t *which;
    fpi_scanner_t *scanner;
} verifying_t;

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    verifying_t *v = baton;

    return fpi_scanners_get(&v->scanner, tx, NULL, v->which, task);
}

static fpi_err_t *tx_note(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    verifying_t *v = baton;

    FPI_TRY(fpi_scanner_note(v->scanner, tx, task));
    return fpi_audit_add(tx, "scanner.verified", v->scanner->name, NULL, task);
}

fpi_err_t *fpi_scanners_verify(fpi_scanner_look_t *look, fpi_scanner_t **scanner, fpi_app_t *app,
                               const fpi_scanner_which_t *which, fpi_task_t *task)
{
    verifying_t v = { .which = which };

    FPI_TRY(fpi_store_read(app->store, tx_get, &v, task));
    FPI_TRY(fpi_scanners_look(look, app, v.scanner, task));
    v.scanner->is_checked = look->problem == FPI_SCAN_FINE;
    v.scanner->model = v.scanner->is_checked ? look->caps.model : v.scanner->model;
    v.scanner->check_note = v.scanner->is_checked ? "扫描仪可用"
                                                  : apr_psprintf(task->pool, "%s: %s", fpi_scan_problem_text(look->problem, "zh"),
                                                                 fpi_scan_problem_remedy(look->problem, "zh"));
    v.scanner->checked = fpi_clock_now();
    FPI_TRY(fpi_store_write(app->store, tx_note, &v, task));
    *scanner = v.scanner;
    return NULL;
}
