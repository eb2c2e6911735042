/* How receipts are worked on, for the console: modes by tenant, organisation and bill type, the tenant's switches, and what
 * a directive of httpd's configuration rules, which is shown and can't be changed here. */
#include "service/handlers.h"

#include "remote/cloud.h"
#include "service/changes.h"
#include "service/modes.h"
#include "service/pull.h"
#include "service/switches.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { MODES_MOST = 200, SWITCHES_MOST = 50, WORD = 100, PATH_LEN = 200 };

static const char *const scopes[] = { "DEFAULT", "TENANT", "ORGANISATION", "BILL_TYPE" };

static const char *upper(const char *text, fpi_task_t *task)
{
    return fpi_text_upper(apr_pstrdup(task->pool, text));
}

/* ---- telling ---- */

typedef struct settings_t {
    fpi_mode_said_t *modes, *said; /* said: what is to be put */
    int mode_count, said_count;
    fpi_switch_t *switches;
    int switch_count;
    struct { const char *name, *value; } switched[SWITCHES_MOST];
    int switched_count;
    const char *pull_path;       /* as it is; NULL: the standard */
    bool has_pull_path;
    const char *new_path;
} settings_t;

static fpi_err_t *tx_read(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    settings_t *s = baton;

    FPI_TRY(fpi_modes_list(&s->modes, &s->mode_count, tx, task->tenant, task));
    FPI_TRY(fpi_setting_find(&s->pull_path, tx, task->tenant, FPI_PULL_SETTING, task));
    return fpi_switches_list(&s->switches, &s->switch_count, tx, task);
}

static fpi_json_t *view_modes(const settings_t *s, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < s->mode_count; i++) {
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_text(doc, "scope", scopes[s->modes[i].scope]);
        fpi_json_put_text(doc, "code", s->modes[i].code);
        fpi_json_put_text(doc, "mode", s->modes[i].mode ? upper(fpi_mode_name(s->modes[i].mode), task) : NULL);
        fpi_json_add(list, doc);
    }
    return list;
}

static fpi_json_t *view_switches(const settings_t *s, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);
    bool is_en = strcmp(task->lang, "en") == 0;

    for (int i = 0; i < s->switch_count; i++) {
        fpi_json_t *doc = fpi_json_make_object(task);

        fpi_json_put_text(doc, "name", s->switches[i].name);
        fpi_json_put_text(doc, "value", s->switches[i].value);
        fpi_json_put_text(doc, "standard", s->switches[i].standard);
        fpi_json_put_text(doc, "help", is_en ? s->switches[i].en : s->switches[i].zh);
        fpi_json_add(list, doc);
    }
    return list;
}

static void add_fixed(fpi_json_t *list, const char *name, const char *value, const char *directive, const char *help,
                      fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "name", name);
    fpi_json_put_text(doc, "value", value);
    fpi_json_put_text(doc, "directive", directive);
    fpi_json_put_text(doc, "help", help);
    fpi_json_add(list, doc);
}

static fpi_json_t *view_fixed(const fpi_app_t *app, const fpi_call_t *call)
{
    static const struct { const char *name; fpi_setting_t row; } rows[] = {
        { "push_allow", FPI_SET_FPImagePushAllow }, { "fetch_allow", FPI_SET_FPImageFetchAllow },
        { "erp_allow", FPI_SET_FPImageErpAllow },   { "max_file", FPI_SET_FPImageMaxFile },
        { "max_json", FPI_SET_FPImageMaxJSON },
    };
    fpi_task_t *task = call->task;
    fpi_json_t *list = fpi_json_make_array(task);
    bool is_en = strcmp(task->lang, "en") == 0;

    add_fixed(list, "cloud", fpi_cloud_base(app->cloud), "FPImageUpstream",
              fpi_setting_info(FPI_SET_FPImageUpstream)->help, task);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const fpi_setting_info_t *info = fpi_setting_info(rows[i].row);

        add_fixed(list, rows[i].name, fpi_setting_format(app->settings, rows[i].row, task->pool), info->name, info->help,
                  task);
    }
    add_fixed(list, "push_address", apr_pstrcat(task->pool, call->scheme, "://", call->host ? call->host : "", "/api/imgsys/outside/push", NULL),
              NULL, is_en ? "where the receipt assistant pushes to, as this page was reached" : "收票助手推送地址 (按当前访问地址)", task);
    return list;
}

static fpi_json_t *view(const settings_t *s, const fpi_app_t *app, const fpi_call_t *call)
{
    fpi_json_t *data = fpi_json_make_object(call->task);

    fpi_json_put(data, "modes", view_modes(s, call->task));
    fpi_json_put(data, "switches", view_switches(s, call->task));
    fpi_json_put_text(data, "pull_path", s->pull_path ? s->pull_path : FPI_PULL_PATH);
    fpi_json_put_bool(data, "is_pull_path_standard", !s->pull_path);
    fpi_json_put(data, "fixed", view_fixed(app, call));
    return data;
}

fpi_err_t *fpi_handle_receipt_settings(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    settings_t s = { .modes = NULL };

    FPI_TRY(fpi_store_read(app->store, tx_read, &s, call->task));
    answer->data = view(&s, app, call);
    return NULL;
}

/* ---- changing ---- */

static fpi_err_t *take_scope(fpi_scope_t *out, const char *text, fpi_task_t *task)
{
    for (int i = FPI_SCOPE_TENANT; i <= FPI_SCOPE_TYPE; i++) {
        if (strcasecmp(scopes[i], text) == 0) {
            *out = (fpi_scope_t)i;
            return NULL;
        }
    }
    return fpi_refuse(task, FPI_E_FIELD, "scope", "scope 应为 TENANT, ORGANISATION 或 BILL_TYPE, 收到 %.40s",
                      "scope is TENANT, ORGANISATION or BILL_TYPE, not %.40s", text);
}

static fpi_err_t *read_mode(fpi_mode_said_t *said, const fpi_json_t *item, fpi_task_t *task)
{
    const char *scope, *mode;

    if (!fpi_json_is_object(item)) {
        return fpi_refuse(task, FPI_E_FIELD, "modes", "modes 的成员应为对象", "modes must hold objects");
    }
    FPI_TRY(fpi_json_get_text(&scope, item, "scope", 20, task));
    FPI_TRY(take_scope(&said->scope, scope, task));
    if (said->scope == FPI_SCOPE_TENANT) {
        said->code = NULL;
    }
    else {
        FPI_TRY(fpi_json_get_text(&said->code, item, "code", WORD, task));
    }
    FPI_TRY(fpi_json_find_text(&mode, item, "mode", 20, task));
    said->mode = FPI_MODE_NONE;
    return mode ? fpi_mode_parse(&said->mode, mode, task) : NULL;
}

static fpi_err_t *read_modes(settings_t *s, const fpi_call_t *call)
{
    fpi_json_t *list;

    FPI_TRY(fpi_json_find_array(&list, call->json, "modes", MODES_MOST, call->task));
    s->said_count = list ? (int)fpi_json_size(list) : 0;
    s->said = apr_pcalloc(call->task->pool, sizeof(*s->said) * (size_t)(s->said_count + 1));
    for (int i = 0; i < s->said_count; i++) {
        FPI_TRY(read_mode(&s->said[i], fpi_json_at(list, (size_t)i), call->task));
    }
    return NULL;
}

static fpi_err_t *read_switches(settings_t *s, const fpi_call_t *call)
{
    fpi_json_t *list;

    FPI_TRY(fpi_json_find_array(&list, call->json, "switches", SWITCHES_MOST, call->task));
    for (size_t i = 0; list && i < fpi_json_size(list); i++) {
        const fpi_json_t *item = fpi_json_at(list, i);
        const char *value;

        if (!fpi_json_is_object(item)) {
            return fpi_refuse(call->task, FPI_E_FIELD, "switches", "switches 的成员应为对象", "switches must hold objects");
        }
        FPI_TRY(fpi_json_get_text(&s->switched[i].name, item, "name", WORD, call->task));
        FPI_TRY(fpi_json_find_text(&value, item, "value", 20, call->task));
        s->switched[i].value = value ? value : "standard";
        s->switched_count++;
    }
    return NULL;
}

/* null is the standard again. Only a path below the cloud's own address: no other host can be named by it. */
static fpi_err_t *read_path(settings_t *s, const fpi_call_t *call)
{
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;

    while (fpi_json_next(&iter, call->json, &name, &value)) {
        s->has_pull_path = s->has_pull_path || strcmp(name, "pull_path") == 0;
    }
    FPI_TRY(fpi_json_find_text(&s->new_path, call->json, "pull_path", PATH_LEN, call->task));
    if (s->new_path && *s->new_path
        && (*s->new_path != '/' || s->new_path[1] == '/'
            || s->new_path[strspn(s->new_path, "/-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")]
            || strstr(s->new_path, ".."))) {
        return fpi_refuse(call->task, FPI_E_FIELD, "pull_path", "pull_path 应为以 / 开头的路径, 如 " FPI_PULL_PATH,
                          "pull_path is a path that begins with /, like " FPI_PULL_PATH);
    }
    return NULL;
}

static fpi_err_t *tx_change(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    settings_t *s = baton;

    for (int i = 0; i < s->said_count; i++) {
        FPI_TRY(fpi_mode_put(tx, &s->said[i], task));
    }
    for (int i = 0; i < s->switched_count; i++) {
        FPI_TRY(fpi_switch_put(tx, s->switched[i].name, s->switched[i].value, task));
    }
    if (s->has_pull_path) {
        FPI_TRY(fpi_change_setting(tx, FPI_PULL_SETTING, s->new_path && *s->new_path ? s->new_path : NULL,
                                   "pull-path.changed", "", task));
    }
    return tx_read(tx, s, task);
}

fpi_err_t *fpi_handle_receipt_settings_patch(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    settings_t s = { .modes = NULL };

    if (!fpi_json_is_object(call->json)) {
        return fpi_refuse(call->task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(read_modes(&s, call));
    FPI_TRY(read_switches(&s, call));
    FPI_TRY(read_path(&s, call));
    FPI_TRY(fpi_store_write(app->store, tx_change, &s, call->task));
    fpi_store_raise_epoch(app->store);
    answer->data = view(&s, app, call);
    return NULL;
}
