/* What needs no change of the store: routes, addresses, the doctor. */
#include "tools/ctl.h"

#include "service/api.h"
#include "service/doctor.h"
#include "service/urlcheck.h"

#include <stdio.h>

/* ---- routes ---- */

static void add_route(ctl_t *ctl, fpi_json_t *list, const char *method, const char *path,
                      const fpi_route_t *route,
                      const char *source)
{
    static const char *const families[] = { "A", "B", "C" };
    static const char *const access[] = { "open", "token", "push", "console", "session" };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "method", method);
    fpi_json_put_text(doc, "path", path);
    fpi_json_put_text(doc, "handler", route->handler);
    fpi_json_put_text(doc, "family", families[route->family]);
    fpi_json_put_text(doc, "access", access[route->access]);
    fpi_json_put_text(doc, "permission", fpi_permission_symbol(route->permission));
    fpi_json_put_text(doc, "source", source);
    fpi_json_put_text(doc, "help", route->help);
    fpi_json_add(list, doc);
}

static void add_configured(ctl_t *ctl, fpi_json_t *list)
{
    const apr_array_header_t *routes = ctl->settings->routes;

    for (int i = 0; routes && i < routes->nelts; i++) {
        const fpi_route_setting_t *said = &APR_ARRAY_IDX(routes, i, fpi_route_setting_t);
        const fpi_route_t *route = fpi_route_by_handler(said->handler);

        if (!route) {
            ctl_warn(ctl, "FPImageRoute %s: 没有处理器 %s", "FPImageRoute %s: there is no handler %s", said->path,
                     said->handler);
            ctl->exit = CTL_FAILED;
            continue;
        }
        add_route(ctl, list, said->method ? said->method : route->method, said->path, route, "FPImageRoute");
    }
}

fpi_err_t *ctl_routes(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "method", "METHOD", "方法", CTL_TEXT },   { "path", "PATH", "路径", CTL_TEXT },
        { "handler", "HANDLER", "处理器", CTL_TEXT }, { "access", "ACCESS", "权限", CTL_TEXT },
        { "source", "SOURCE", "来源", CTL_TEXT },   { "help", "WHAT IT DOES", "用途", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list = fpi_json_make_array(ctl->task);

    FPI_TRY(ctl_read_settings(ctl));
    for (const fpi_route_t *route = fpi_routes(); route->method; route++) {
        add_route(ctl, list, route->method, route->path, route, "built in");
    }
    add_configured(ctl, list);
    ctl_list(ctl, list, columns);
    return NULL;
}

/* ---- url check ---- */

static fpi_json_t *finding_json(ctl_t *ctl, const fpi_url_finding_t *finding)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "code", finding->code);
    fpi_json_put_text(doc, "severity", finding->is_wrong ? "error" : "hint");
    fpi_json_put_text(doc, "message", ctl->is_zh ? finding->zh : finding->en);
    fpi_json_put_text(doc, "zh", finding->zh);
    fpi_json_put_text(doc, "en", finding->en);
    return doc;
}

static void tell_report(ctl_t *ctl, const fpi_url_report_t *report)
{
    for (int i = 0; i < report->count; i++) {
        const fpi_url_finding_t *f = report->findings[i];

        ctl_say(ctl, "%s %s%.0s", "%s %.0s%s", f->is_wrong ? "✗" : "·", f->zh, f->en);
    }
    if (report->is_right) {
        ctl_say(ctl, "地址正确: %s", "right: %s", report->right);
    }
    else if (report->right) {
        ctl_say(ctl, "正确写法: %s", "the right one: %s", report->right);
    }
}

fpi_err_t *ctl_url_check(ctl_t *ctl)
{
    const char *name = ctl_option(ctl, "kind");
    fpi_address_t kind = FPI_ADDRESS_ANY;
    fpi_json_t *doc = fpi_json_make_object(ctl->task), *findings = fpi_json_make_array(ctl->task);
    fpi_url_report_t report;

    if (name && !fpi_address_find(&kind, name)) {
        return ctl_usage(ctl, "--kind 应为 imaging, erp 或 push, 收到 %.20s",
                         "--kind is imaging, erp or push, not %.20s", name);
    }
    fpi_url_check(&report, ctl->args[0], kind, ctl->task->pool);
    for (int i = 0; i < report.count; i++) {
        fpi_json_add(findings, finding_json(ctl, report.findings[i]));
    }
    fpi_json_put_text(doc, "url", ctl->args[0]);
    fpi_json_put_text(doc, "kind", fpi_address_name(report.kind));
    fpi_json_put_bool(doc, "is_right", report.is_right);
    fpi_json_put_text(doc, "right", report.right);
    fpi_json_put(doc, "findings", findings);
    ctl->exit = report.is_right ? CTL_DONE : CTL_FAILED;
    if (!ctl_json(ctl, doc)) {
        tell_report(ctl, &report);
    }
    return NULL;
}

/* ---- doctor ---- */

static fpi_json_t *checks_json(ctl_t *ctl, const apr_array_header_t *checks)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);

    for (int i = 0; i < checks->nelts; i++) {
        const fpi_check_t *check = &APR_ARRAY_IDX(checks, i, fpi_check_t);
        fpi_json_t *doc = fpi_json_make_object(ctl->task);

        fpi_json_put_text(doc, "name", check->name);
        fpi_json_put_text(doc, "status", fpi_health_name(check->health));
        fpi_json_put_text(doc, "found", check->found);
        fpi_json_put_text(doc, "remedy", check->remedy);
        fpi_json_add(list, doc);
    }
    return list;
}

static void tell_checks(ctl_t *ctl, const apr_array_header_t *checks)
{
    for (int i = 0; i < checks->nelts; i++) {
        const fpi_check_t *check = &APR_ARRAY_IDX(checks, i, fpi_check_t);

        printf("%-5s %-14s %s\n", fpi_health_name(check->health), check->name, ctl_clean(ctl, check->found));
        if (check->remedy) {
            printf("%-20s -> %s\n", "", ctl_clean(ctl, check->remedy));
        }
    }
}

fpi_err_t *ctl_doctor(ctl_t *ctl)
{
    fpi_doctor_options_t options;
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    apr_array_header_t *checks;
    fpi_health_t worst;

    FPI_TRY(ctl_read_settings(ctl));
    fpi_ignore(ctl_become_owner(ctl)); /* a directory that is not there is a finding */
    FPI_TRY(fpi_admin_app_make(&ctl->app, ctl->task->pool, ctl->settings, ctl->task->log, ctl->task));
    options = (fpi_doctor_options_t){ .conf = ctl->conf, .user = ctl->user, .tokens = FPI_DOCTOR_TOKENS };
    fpi_doctor_run(&checks, ctl->app, &options, ctl->task);
    worst = fpi_doctor_worst(checks);
    ctl->exit = worst == FPI_HEALTH_FAIL ? CTL_FAILED : CTL_DONE;
    fpi_json_put_text(doc, "status", fpi_health_name(worst));
    fpi_json_put(doc, "checks", checks_json(ctl, checks));
    if (!ctl_json(ctl, doc)) {
        tell_checks(ctl, checks);
    }
    return NULL;
}
