#include "service/erps.h"

#include "base/clock.h"
#include "service/changes.h"
#include "service/handlers.h"
#include "service/urlcheck.h"
#include "store/audit.h"
#include "store/origins.h"

#include <apr_strings.h>
#include <string.h>

enum { SLOTS = 16, NOTE_MOST = 500 };

/* ---- which addresses ---- */

static bool is_listed(const fpi_settings_t *settings, const char *host, int port)
{
    return settings->erp_allow && fpi_hosts_has(settings->erp_allow, host, port);
}

static bool may_connect(void *baton, const char *host, int port, const struct sockaddr *address)
{
    const fpi_settings_t *settings = ((const fpi_app_t *)baton)->settings;

    if (is_listed(settings, host, port)) {
        return true;
    }
    return !fpi_setting_is_given(settings, FPI_SET_FPImageErpAllow) && !fpi_address_is_link(address);
}

fpi_err_t *fpi_erps_client_make(fpi_erp_t **erp, fpi_app_t *app, fpi_task_t *task)
{
    fpi_erp_options_t options = {
        .lock_file = app->cache ? apr_pstrcat(app->pool, app->settings->data_dir, "/locks-erp", NULL) : NULL,
        .cache = app->cache,
        .http = {
            .ca_file = app->settings->upstream_ca,
            .slots = SLOTS,
            .slot_wait = apr_time_from_sec(30),
            .times = { apr_time_from_sec(5), apr_time_from_sec(60), apr_time_from_sec(60) },
            .user_agent = "mod_fpimage",
            .may_connect = may_connect,
            .baton = app,
        },
    };

    return fpi_erp_make(erp, app->pool, &options, task);
}

/* ---- one of them ---- */

static fpi_err_t *find(fpi_system_t **out, fpi_tx_t *tx, const fpi_erp_which_t *which, fpi_task_t *task)
{
    return which->id ? fpi_system_find_by_id(out, tx, which->tenant, which->id, task)
                     : fpi_system_find(out, tx, which->tenant, which->name, task);
}

static fpi_err_t *absent(const fpi_erp_which_t *which, fpi_task_t *task)
{
    if (which->id) {
        return fpi_refuse(task, FPI_E_ABSENT, "system_id", "对接业务系统 %" APR_INT64_T_FMT " 不存在",
                          "there is no business system %" APR_INT64_T_FMT, (apr_int64_t)which->id);
    }
    return fpi_refuse(task, FPI_E_ABSENT, "name", "没有名为 %.100s 的对接业务系统", "there is no business system named %.100s",
                      which->name);
}

fpi_err_t *fpi_erps_find(fpi_system_t **out, fpi_tx_t *tx, const fpi_erp_which_t *which, fpi_task_t *task)
{
    FPI_TRY(find(out, tx, which, task));
    if (!*out) {
        return absent(which, task);
    }
    return fpi_version_check(which->version, (*out)->epoch, (*out)->name, task);
}

typedef struct asking_t {
    const fpi_erp_which_t *which;
    fpi_system_t *system;
    fpi_systems_t all;
} asking_t;

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    return fpi_erps_find(&asking->system, tx, asking->which, task);
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    return fpi_systems_list(&asking->all, tx, asking->which->tenant, task);
}

fpi_err_t *fpi_erps_get(fpi_system_t **out, fpi_app_t *app, const fpi_erp_which_t *which, fpi_task_t *task)
{
    asking_t asking = { .which = which };

    FPI_TRY(fpi_store_read(app->store, tx_get, &asking, task));
    *out = asking.system;
    return NULL;
}

fpi_err_t *fpi_erps_list(fpi_systems_t *out, fpi_app_t *app, int64_t tenant, fpi_task_t *task)
{
    fpi_erp_which_t which = { .tenant = tenant };
    asking_t asking = { .which = &which };

    FPI_TRY(fpi_store_read(app->store, tx_list, &asking, task));
    *out = asking.all;
    return NULL;
}

static fpi_err_t *tx_remove(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;
    bool was_there;

    FPI_TRY(fpi_erps_find(&asking->system, tx, asking->which, task));
    FPI_TRY(fpi_system_drop(&was_there, tx, asking->system->tenant, asking->system->id, task));
    FPI_TRY(fpi_people_syncs_forget(tx, asking->system->tenant, asking->system->id, task));
    return fpi_audit_add(tx, "system.removed", asking->system->name, NULL, task);
}

fpi_err_t *fpi_erps_remove(fpi_app_t *app, const fpi_erp_which_t *which, fpi_task_t *task)
{
    asking_t asking = { .which = which };

    return fpi_store_write(app->store, tx_remove, &asking, task);
}

/* ---- the prefix ---- */

static fpi_err_t *check_allowed(const fpi_system_t *system, const fpi_settings_t *settings, fpi_task_t *task)
{
    fpi_url_t url;
    fpi_err_t *err = fpi_url_parse(&url, system->prefix, task);

    if (err) {
        err->field = "prefix";
        return err;
    }
    if (fpi_setting_is_given(settings, FPI_SET_FPImageErpAllow) && !is_listed(settings, url.host, url.port)) {
        return fpi_refuse(task, FPI_E_FIELD, "prefix", "主机 %.100s:%d 不在 FPImageErpAllow 允许范围",
                          "the host %.100s:%d is not in FPImageErpAllow", url.host, url.port);
    }
    return NULL;
}

/* An EAS's is put right where it can be told what was meant. */
static fpi_err_t *take_prefix(const char **corrected, fpi_system_t *system, const char *text, fpi_task_t *task)
{
    fpi_url_report_t report;

    *corrected = NULL;
    system->prefix = fpi_text_trim(task->pool, text ? text : "");
    if (strcmp(system->kind, "eas") != 0 && *system->prefix) {
        return NULL;
    }
    fpi_url_check(&report, system->prefix, FPI_ADDRESS_ERP, task->pool);
    if (report.is_right) {
        return NULL;
    }
    if (!report.right) {
        return fpi_refuse(task, FPI_E_FIELD, "prefix", "prefix有误: %s%.0s; 应为 http(s)://IP:端口/ormrpc/services/",
                          "prefix is wrong: %.0s%s; it must be http(s)://host:port/ormrpc/services/",
                          fpi_url_wrongs(&report, "zh", task->pool), fpi_url_wrongs(&report, "en", task->pool));
    }
    *corrected = apr_psprintf(task->pool, "%.300s -> %s (%s)", system->prefix, report.right,
                              fpi_url_wrongs(&report, task->lang, task->pool));
    system->prefix = report.right;
    return NULL;
}

/* ---- put ---- */

void fpi_erp_form_init(fpi_erp_form_t *form)
{
    memset(form, 0, sizeof(*form));
    form->db_type = form->encode_pwd = form->is_enabled = FPI_ERP_AS_IT_WAS;
}

static const char *over(const char *said, const char *was)
{
    return said ? said : was;
}

static fpi_err_t *merge(fpi_system_t *system, const fpi_erp_form_t *form, fpi_task_t *task)
{
    system->name = over(form->name, system->name);
    system->kind = over(form->kind, system->kind);
    system->resource = over(form->resource, system->resource);
    system->solution = over(form->solution, system->solution);
    system->dc = over(form->dc, system->dc);
    system->user = over(form->user, system->user);
    system->language = over(form->language, system->language);
    system->auth_pattern = over(form->auth_pattern, system->auth_pattern);
    system->password = form->password ? fpi_secret_make(task->pool, form->password->bytes, form->password->len)
                                      : system->password;
    system->db_type = form->db_type == FPI_ERP_AS_IT_WAS ? system->db_type : (int)form->db_type;
    system->encode_pwd = form->encode_pwd == FPI_ERP_AS_IT_WAS ? system->encode_pwd : (int)form->encode_pwd;
    system->is_enabled = form->is_enabled == FPI_ERP_AS_IT_WAS ? system->is_enabled : form->is_enabled != 0;
    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        if (form->names[i]) {
            FPI_TRY(fpi_eas_name_set(system, (fpi_eas_name_t)i, form->names[i], task));
        }
    }
    return NULL;
}

static bool is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Would the last verification have come out the same? */
static bool is_same_login(const fpi_system_t *a, const fpi_system_t *b)
{
    bool same = is_same_text(a->kind, b->kind) && is_same_text(a->prefix, b->prefix)
                && is_same_text(a->solution, b->solution) && is_same_text(a->dc, b->dc)
                && is_same_text(a->user, b->user) && is_same_text(a->language, b->language)
                && is_same_text(a->auth_pattern, b->auth_pattern) && a->db_type == b->db_type
                && a->encode_pwd == b->encode_pwd && fpi_secret_is_same(a->password, b->password);

    for (int i = 0; same && i < FPI_EAS_NAMES; i++) {
        same = is_same_text(a->names[i], b->names[i]);
    }
    return same;
}

static fpi_err_t *tell_audit(const fpi_system_t *old, const fpi_system_t *system, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_system_t none = { .encode_pwd = -1 }, *was = old ? old : &none;
    fpi_json_t *changes = fpi_json_make_object(task);

    fpi_change_text(changes, "name", was->name, system->name, task);
    fpi_change_text(changes, "kind", was->kind, system->kind, task);
    fpi_change_text(changes, "resource", was->resource, system->resource, task);
    fpi_change_text(changes, "prefix", was->prefix, system->prefix, task);
    fpi_change_text(changes, "solution", was->solution, system->solution, task);
    fpi_change_text(changes, "dc", was->dc, system->dc, task);
    fpi_change_text(changes, "user", was->user, system->user, task);
    fpi_change_text(changes, "language", was->language, system->language, task);
    fpi_change_text(changes, "auth_pattern", was->auth_pattern, system->auth_pattern, task);
    fpi_change_secret(changes, "password", was->password, system->password);
    fpi_change_text(changes, "db_type", apr_itoa(task->pool, was->db_type), apr_itoa(task->pool, system->db_type), task);
    fpi_change_text(changes, "encode_pwd", apr_itoa(task->pool, was->encode_pwd),
                    apr_itoa(task->pool, system->encode_pwd), task);
    fpi_change_bool(changes, "is_enabled", was->is_enabled, system->is_enabled, task);
    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        fpi_change_text(changes, fpi_eas_name_info((fpi_eas_name_t)i)->key, was->names[i], system->names[i], task);
    }
    return fpi_audit_add(tx, old ? "system.changed" : "system.added", system->name, fpi_changes_text(changes, task), task);
}

typedef struct putting_t {
    fpi_app_t *app;
    const fpi_erp_which_t *which;
    const fpi_erp_form_t *form;
    bool may_make, is_whole;
    fpi_erp_put_t *out;
} putting_t;

/* What stands before the form is laid over it. The password of one that can't be unsealed any more (the master key was
 * lost) is put right by a new one. */
static fpi_err_t *start(fpi_system_t *system, fpi_system_t **old, const putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_err_t *err = p->which->id || p->which->name ? find(old, tx, p->which, task) : NULL;

    if (err && !(err->code == FPI_E_CONFIG && *old && p->form->password)) {
        return err;
    }
    if (!*old && !p->may_make) {
        return absent(p->which, task);
    }
    fpi_system_init(system, p->which->tenant);
    if (!*old) {
        return NULL;
    }
    FPI_TRY(fpi_version_check(p->which->version, (*old)->epoch, (*old)->name, task));
    if (!p->is_whole) {
        *system = **old;
    }
    system->id = (*old)->id;
    system->epoch = (*old)->epoch;
    system->created = (*old)->created;
    system->name = (*old)->name;
    system->password = (*old)->password;
    return NULL;
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    fpi_system_t *system = apr_pcalloc(task->pool, sizeof(*system)), *old = NULL;

    FPI_TRY(start(system, &old, p, tx, task));
    FPI_TRY(merge(system, p->form, task));
    FPI_TRY(fpi_system_check(system, task));
    p->out->corrected = NULL;
    if (p->form->prefix || !system->prefix || (old && strcmp(old->kind, system->kind) != 0)) {
        FPI_TRY(take_prefix(&p->out->corrected, system, over(p->form->prefix, system->prefix), task));
    }
    FPI_TRY(check_allowed(system, p->app->settings, task));
    if (!old || !old->password || !is_same_login(old, system)) {
        system->is_checked = false;
        system->check_note = NULL;
        system->checked = 0;
    }
    FPI_TRY(fpi_system_put(system, tx, task));
    p->out->system = system;
    p->out->is_new = !old;
    return tell_audit(old, system, tx, task);
}

fpi_err_t *fpi_erps_put(fpi_erp_put_t *out, fpi_app_t *app, const fpi_erp_which_t *which, const fpi_erp_form_t *form,
                        bool may_make, bool is_whole, fpi_task_t *task)
{
    putting_t p = { app, which, form, may_make, is_whole, out };

    return fpi_store_write(app->store, tx_put, &p, task);
}

/* ---- verification ---- */

/* One note in Chinese, as all notes on rows are. */
static const char *note_of(const fpi_erp_verdict_t *verdict, fpi_task_t *task)
{
    const char *note = "登录成功";

    for (int i = 0; i < verdict->count; i++) {
        note = i == 0 ? verdict->findings[0].zh : apr_pstrcat(task->pool, note, "; ", verdict->findings[i].zh, NULL);
    }
    return strlen(note) > NOTE_MOST ? verdict->findings[0].zh : note;
}

static fpi_err_t *tx_note(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    FPI_TRY(fpi_system_note(asking->system, tx, task));
    FPI_TRY(fpi_audit_add(tx, "system.verified", asking->system->name,
                          asking->system->is_checked ? NULL : "{\"is_checked\":false}", task));
    return find(&asking->all.items[0], tx, asking->which, task);
}

fpi_err_t *fpi_erps_verify(fpi_erp_verdict_t *verdict, fpi_system_t **system, fpi_app_t *app,
                           const fpi_erp_which_t *which, fpi_task_t *task)
{
    fpi_system_t *after = NULL;
    asking_t asking = { .which = which, .all = { 1, &after } };

    FPI_TRY(fpi_store_read(app->store, tx_get, &asking, task));
    FPI_TRY(check_allowed(asking.system, app->settings, task));
    FPI_TRY(fpi_erp_verify(verdict, app->erp, asking.system, task));
    asking.system->is_checked = verdict->is_right;
    asking.system->check_note = note_of(verdict, task);
    asking.system->checked = fpi_clock_now();
    FPI_TRY(fpi_store_write(app->store, tx_note, &asking, task));
    *system = after ? after : asking.system;
    return NULL;
}

/* ---- forms ---- */

fpi_json_t *fpi_erps_json(const fpi_system_t *system, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *names = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", system->id);
    fpi_json_put_text(doc, "name", system->name);
    fpi_json_put_text(doc, "kind", system->kind);
    fpi_json_put_text(doc, "resource", system->resource);
    fpi_json_put_text(doc, "prefix", system->prefix);
    fpi_json_put_text(doc, "solution", system->solution);
    fpi_json_put_text(doc, "dc", system->dc);
    fpi_json_put_text(doc, "user", system->user);
    fpi_json_put_text(doc, "language", system->language);
    fpi_json_put_text(doc, "auth_pattern", system->auth_pattern);
    fpi_json_put_int(doc, "db_type", system->db_type);
    if (system->encode_pwd >= 0) {
        fpi_json_put_int(doc, "encode_pwd", system->encode_pwd);
    }
    for (int i = 0; i < FPI_EAS_NAMES; i++) {
        fpi_json_put_text(names, fpi_eas_name_info((fpi_eas_name_t)i)->key, fpi_eas_name(system, (fpi_eas_name_t)i));
    }
    fpi_json_put(doc, "names", names);
    fpi_json_put_bool(doc, "is_enabled", system->is_enabled);
    fpi_json_put_bool(doc, "is_checked", system->is_checked);
    fpi_json_put_text(doc, "check_note", system->check_note);
    fpi_json_put_time(doc, "checked_at", system->checked);
    fpi_json_put_int(doc, "version", system->epoch);
    fpi_json_put_time(doc, "created_at", system->created);
    fpi_json_put_time(doc, "updated_at", system->updated);
    return doc;
}

fpi_json_t *fpi_erps_findings_json(const fpi_erp_verdict_t *verdict, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < verdict->count; i++) {
        const fpi_erp_finding_t *finding = &verdict->findings[i];
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_text(doc, "about", finding->about);
        fpi_json_put_text(doc, "message", strcmp(task->lang, "en") == 0 ? finding->en : finding->zh);
        fpi_json_add(list, doc);
    }
    return list;
}
