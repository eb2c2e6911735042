#include "service/tenants.h"

#include "base/text.h"
#include "model/duty.h"
#include "service/admin_own.h"
#include "service/changes.h"
#include "service/setup.h"
#include "store/audit.h"
#include "store/users.h"
#include "wire/crypto.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

enum { DOMAIN_MOST = 63, NAME_MOST = 100 };

/* As domains are kept. */
static const char *domain_of(const char *typed, fpi_task_t *task)
{
    char *domain = fpi_text_trim(task->pool, typed ? typed : "");

    for (char *c = domain; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    return domain;
}

fpi_err_t *fpi_tenant_of_domain(fpi_tenant_t **out, fpi_tx_t *tx, const char *typed, fpi_task_t *task)
{
    return fpi_tenant_find(out, tx, domain_of(typed, task), task);
}

fpi_err_t *fpi_tenant_take_domain(const char **out, const char *text, fpi_task_t *task)
{
    const char *domain = domain_of(text, task);
    size_t len = strlen(domain);

    if (!len || len > DOMAIN_MOST || strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789.-") != len) {
        return fpi_refuse(task, FPI_E_FIELD, "domain", "域名应为 1-%d 位字母、数字、- 或 .", "a domain is 1 to %d letters, digits, - and .",
                          DOMAIN_MOST);
    }
    *out = domain;
    return NULL;
}

fpi_err_t *fpi_tenant_named(fpi_tenant_t *out, fpi_tx_t *tx, const char *word, fpi_task_t *task)
{
    fpi_tenant_t *all;
    int64_t id = 0;
    int count;

    fpi_int_parse(&id, word, 1, INT64_MAX);
    FPI_TRY(fpi_tenants_list(&all, &count, tx, task));
    for (int i = 0; i < count; i++) {
        if (strcmp(all[i].name, word) == 0 || (all[i].domain && strcmp(all[i].domain, word) == 0) || all[i].id == id) {
            *out = all[i];
            return NULL;
        }
    }
    return fpi_refuse(task, FPI_E_ABSENT, "tenant", "租户 %.100s 不存在", "there is no tenant %.100s", word);
}

typedef struct putting_t {
    fpi_tenant_t tenant;
    const char *word, *name, *domain; /* word: of a change */
    const char *hash;
} putting_t;

/* Which of the two another has. */
static fpi_err_t *refuse_twice(const putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_tenant_t *all;
    int count;

    FPI_TRY(fpi_tenants_list(&all, &count, tx, task));
    if (count >= FPI_TENANTS) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "最多 %d 个租户", "there are %d tenants already", FPI_TENANTS);
    }
    for (int i = 0; i < count; i++) {
        bool has_name = strcmp(all[i].name, p->tenant.name) == 0;

        if (all[i].id == p->tenant.id) {
            continue;
        }
        if (has_name || (all[i].domain && p->tenant.domain && strcmp(all[i].domain, p->tenant.domain) == 0)) {
            return fpi_refuse(task, FPI_E_DUPLICATE, has_name ? "name" : "domain", "租户 %s 已使用该%s%.0s",
                              "tenant %s has that %.0s%s", all[i].name, has_name ? "名称" : "域名", has_name ? "name" : "domain");
        }
    }
    return NULL;
}

static fpi_err_t *put_admin(const putting_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    const int64_t role = FPI_DUTY_ADMIN;
    fpi_user_t admin = { .tenant = p->tenant.id, .name = FPI_SETUP_ADMIN, .password = p->hash, .is_active = true, .must_change = true };

    FPI_TRY(fpi_user_put(&admin, tx, task));
    return fpi_user_roles_put(tx, admin.id, &(fpi_ids_t){ &role, 1 }, task);
}

static fpi_err_t *tx_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    putting_t *p = baton;
    fpi_tenant_t old = { 0 };
    fpi_json_t *changes = fpi_json_make_object(task);

    if (p->word) {
        FPI_TRY(fpi_tenant_named(&old, tx, p->word, task));
    }
    p->tenant = old;
    p->tenant.name = p->name ? p->name : old.name;
    p->tenant.domain = p->domain ? p->domain : old.domain;
    FPI_TRY(refuse_twice(p, tx, task));
    FPI_TRY(fpi_tenant_put(&p->tenant, tx, task));
    if (p->hash) {
        FPI_TRY(put_admin(p, tx, task));
    }
    fpi_change_text(changes, "name", old.name, p->tenant.name, task);
    fpi_change_text(changes, "domain", old.domain, p->tenant.domain, task);
    return fpi_audit_add(tx, p->word ? "tenant.changed" : "tenant.added", p->tenant.name, fpi_changes_text(changes, task), task);
}

static fpi_err_t *take(putting_t *p, const char *name, const char *domain, fpi_task_t *task)
{
    if (name) {
        FPI_TRY(fpi_people_take_name(&p->name, name, "name", NAME_MOST, task));
    }
    return domain ? fpi_tenant_take_domain(&p->domain, domain, task) : NULL;
}

fpi_err_t *fpi_tenant_make(fpi_tenant_t *out, fpi_secret_t **password, fpi_app_t *app, const char *name, const char *domain,
                           fpi_task_t *task)
{
    putting_t p = { .word = NULL };

    FPI_TRY(take(&p, name ? name : "", domain ? domain : "", task));
    FPI_TRY(fpi_setup_make_password(password, task));
    FPI_TRY(fpi_password_hash(&p.hash, *password, task));
    FPI_TRY(fpi_admin_write(app, tx_put, &p, task));
    *out = p.tenant;
    return NULL;
}

fpi_err_t *fpi_tenant_change(fpi_tenant_t *out, fpi_app_t *app, const char *word, const char *name, const char *domain,
                             fpi_task_t *task)
{
    putting_t p = { .word = word };

    FPI_TRY(take(&p, name, domain, task));
    FPI_TRY(fpi_admin_write(app, tx_put, &p, task));
    *out = p.tenant;
    return NULL;
}
