/* fpimagectl tenant: several of one installation, each with its own login domain; and --tenant of other commands. */
#include "tools/ctl.h"

#include "service/setup.h"
#include "service/tenants.h"

static fpi_json_t *tenant_json(const fpi_tenant_t *tenant, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "tenant_id", tenant->id);
    fpi_json_put_text(doc, "name", tenant->name);
    fpi_json_put_text(doc, "domain", tenant->domain);
    fpi_json_put_int(doc, "users", tenant->users);
    return doc;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_json_t *list = *(fpi_json_t **)baton = fpi_json_make_array(task);
    fpi_tenant_t *all;
    int count;

    FPI_TRY(fpi_tenants_list(&all, &count, tx, task));
    for (int i = 0; i < count; i++) {
        fpi_json_add(list, tenant_json(&all[i], task));
    }
    return NULL;
}

fpi_err_t *ctl_tenant_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "tenant_id", "ID", "编号", CTL_TEXT },  { "name", "NAME", "租户", CTL_TEXT },
        { "domain", "DOMAIN", "域名", CTL_TEXT }, { "users", "USERS", "启用的用户", CTL_TEXT }, { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *list;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &list, ctl->task));
    ctl_list(ctl, list, columns);
    return NULL;
}

fpi_err_t *ctl_tenant_add(ctl_t *ctl)
{
    fpi_secret_t *password;
    fpi_tenant_t tenant;
    fpi_json_t *doc;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_tenant_make(&tenant, &password, ctl->app, ctl->args[0], ctl_option(ctl, "domain"), ctl->task));
    doc = tenant_json(&tenant, ctl->task);
    fpi_json_put_text(doc, "admin", FPI_SETUP_ADMIN);
    fpi_json_put_text(doc, "password", password->bytes);
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "已新增租户 %s, 登录页 /imgsys-web/login?domain=%s", "tenant %s is added; its page is /imgsys-web/login?domain=%s",
                tenant.name, tenant.domain);
        ctl_say(ctl, "管理员 admin 的一次性密码 (只显示这一次): %s", "one-time password of its administrator admin, shown this once: %s",
                password->bytes);
    }
    return NULL;
}

fpi_err_t *ctl_tenant_set(ctl_t *ctl)
{
    fpi_tenant_t tenant;

    if (!ctl_option(ctl, "domain") && !ctl_option(ctl, "rename")) {
        return ctl_usage(ctl, "请给出 --domain 或 --rename", "say --domain or --rename");
    }
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_tenant_change(&tenant, ctl->app, ctl->args[0], ctl_option(ctl, "rename"), ctl_option(ctl, "domain"), ctl->task));
    if (!ctl_json(ctl, tenant_json(&tenant, ctl->task))) {
        ctl_say(ctl, "租户 %s: 域名 %s", "tenant %s: domain %s", tenant.name, tenant.domain ? tenant.domain : "-");
    }
    return NULL;
}

static fpi_err_t *tx_choose(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const ctl_t *ctl = baton;
    fpi_tenant_t tenant;

    FPI_TRY(fpi_tenant_named(&tenant, tx, ctl_option(ctl, "tenant"), task));
    task->tenant = tenant.id;
    return NULL;
}

fpi_err_t *ctl_choose_tenant(ctl_t *ctl)
{
    return ctl_option(ctl, "tenant") ? fpi_store_read(ctl->app->store, tx_choose, ctl, ctl->task) : NULL;
}
