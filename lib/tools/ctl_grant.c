/* fpimagectl grant: whose bills a user sees, organisation by organisation. */
#include "tools/ctl.h"

#include "service/people.h"
#include "service/people_forms.h"

#include <string.h>

/* Stands for the tenant itself, which has no code. */
#define TOP "-"

typedef struct granting_t {
    ctl_t *ctl;
    fpi_user_t *user;
    fpi_json_t *grants;
} granting_t;

static fpi_err_t *tx_grants(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    granting_t *g = baton;
    fpi_json_t *doc;

    FPI_TRY(fpi_people_user_named(&g->user, tx, task->tenant, g->ctl->args[0], task));
    FPI_TRY(fpi_form_user(&doc, tx, g->user, task));
    g->grants = fpi_json_find(doc, "grants");
    for (size_t i = 0; i < fpi_json_size(g->grants); i++) {
        fpi_json_t *one = fpi_json_at(g->grants, i);
        const char *code = fpi_json_text(fpi_json_find(one, "org_code"));

        fpi_json_put_text(one, "org_code", code && *code ? code : TOP);
    }
    return NULL;
}

fpi_err_t *ctl_grant_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "org_code", "ORG", "组织", CTL_TEXT },          { "org_name", "NAME", "名称", CTL_TEXT },
        { "scope", "SCOPE", "范围", CTL_TEXT },           { "with_below", "AND BELOW", "含下级", CTL_FLAG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    granting_t g = { .ctl = ctl };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_grants, &g, ctl->task));
    ctl_list(ctl, g.grants, columns);
    return NULL;
}

static fpi_err_t *grant(ctl_t *ctl, const fpi_grant_form_t *form, bool is_given)
{
    granting_t g = { .ctl = ctl };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_grants, &g, ctl->task));
    FPI_TRY(fpi_people_user_grant_one(&g.user, ctl->app, g.user->id, form, is_given, ctl->task));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_grants, &g, ctl->task));
    if (!ctl_json(ctl, g.grants)) {
        ctl_say(ctl, is_given ? "已授权 %s 查看组织 %s 的单据" : "已取消 %s 在组织 %s 的授权",
                is_given ? "%s sees bills of organisation %s" : "the grant of %s in organisation %s is taken away", g.user->name,
                ctl->args[1]);
    }
    return NULL;
}

static const char *org_of(const ctl_t *ctl)
{
    return strcmp(ctl->args[1], TOP) == 0 ? "" : ctl->args[1];
}

fpi_err_t *ctl_grant_add(ctl_t *ctl)
{
    const char *scope = ctl_option(ctl, "scope");
    fpi_grant_form_t form = { org_of(ctl), true, ctl_has(ctl, "below") };

    if (scope && strcmp(scope, "own") != 0 && strcmp(scope, "all") != 0) {
        return ctl_usage(ctl, "--scope 应为 all 或 own", "--scope is all or own");
    }
    form.sees_all = !scope || *scope == 'a';
    return grant(ctl, &form, true);
}

fpi_err_t *ctl_grant_remove(ctl_t *ctl)
{
    const fpi_grant_form_t form = { org_of(ctl), false, false };

    return grant(ctl, &form, false);
}
