/* fpimagectl scan-point: the points of the first tenant, and who is bound to them. */
#include "tools/ctl.h"

#include "base/text.h"
#include "service/people.h"
#include "service/people_forms.h"
#include "store/people.h"
#include "store/points.h"

#include <apr_strings.h>
#include <string.h>

typedef struct points_t {
    ctl_t *ctl;
    fpi_point_t *point;
    fpi_user_t *user;
    fpi_json_t *doc;
} points_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    points_t *p = baton;
    fpi_point_t *points;
    int count;

    p->doc = fpi_json_make_array(task);
    FPI_TRY(fpi_points_list(&points, &count, tx, task->tenant, task));
    for (int i = 0; i < count; i++) {
        fpi_json_t *one, *scanners;
        const char *names = "";

        FPI_TRY(fpi_form_point(&one, tx, &points[i], task));
        scanners = fpi_json_find(one, "scanners");
        for (size_t n = 0; n < fpi_json_size(scanners); n++) {
            names = apr_pstrcat(task->pool, names, n ? ", " : "", fpi_json_text(fpi_json_find(fpi_json_at(scanners, n), "name")),
                                NULL);
        }
        fpi_json_put_text(one, "scanner_names", names);
        fpi_json_add(p->doc, one);
    }
    return NULL;
}

fpi_err_t *ctl_point_list(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "scan_point_id", "ID", "编号", CTL_TEXT }, { "name", "NAME", "扫描点", CTL_TEXT },
        { "org_code", "ORG", "组织", CTL_TEXT },     { "is_active", "ACTIVE", "启用", CTL_FLAG },
        { "scanner_names", "SCANNERS", "扫描员", CTL_LONG }, { NULL, NULL, NULL, CTL_TEXT },
    };
    points_t p = { .ctl = ctl };

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_list, &p, ctl->task));
    ctl_list(ctl, p.doc, columns);
    return NULL;
}

static fpi_err_t *tx_form(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    points_t *p = baton;

    return fpi_form_point(&p->doc, tx, p->point, task);
}

static fpi_err_t *tell(points_t *p, const char *zh, const char *en)
{
    FPI_TRY(fpi_store_read(p->ctl->app->store, tx_form, p, p->ctl->task));
    if (!ctl_json(p->ctl, p->doc)) {
        ctl_say(p->ctl, "扫描点 %s: %s%.0s", "scan point %s: %.0s%s", p->point->name, zh, en);
    }
    return NULL;
}

fpi_err_t *ctl_point_add(ctl_t *ctl)
{
    fpi_point_form_t form = { .name = ctl->args[0], .address = ctl_option(ctl, "address"), .org = ctl_option(ctl, "org"),
                              .is_active = -1 };
    points_t p = { .ctl = ctl };

    form.related = ctl_words(&form.related_count, ctl, "related");
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_people_point_put(&p.point, ctl->app, 0, &form, ctl->task));
    return tell(&p, "已新增", "added");
}

static fpi_err_t *tx_both(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    points_t *p = baton;
    const char *word = p->ctl->args[0];
    int64_t id;

    FPI_TRY(fpi_point_find_by_name(&p->point, tx, task->tenant, word, task));
    if (!p->point && fpi_int_parse(&id, word, 1, INT64_MAX)) {
        FPI_TRY(fpi_point_find(&p->point, tx, task->tenant, id, task));
    }
    if (!p->point) {
        return fpi_refuse(task, FPI_E_ABSENT, "scan_point", "扫描点 %.50s 不存在", "there is no scan point %.50s", word);
    }
    return fpi_people_user_named(&p->user, tx, task->tenant, p->ctl->args[1], task);
}

static fpi_err_t *find_both(points_t *p)
{
    FPI_TRY(ctl_open(p->ctl));
    return fpi_store_read(p->ctl->app->store, tx_both, p, p->ctl->task);
}

fpi_err_t *ctl_point_bind(ctl_t *ctl)
{
    points_t p = { .ctl = ctl };

    FPI_TRY(find_both(&p));
    FPI_TRY(fpi_people_point_bind(ctl->app, p.point->id, p.user->id, ctl->task));
    return tell(&p, "已绑定", "bound");
}

fpi_err_t *ctl_point_unbind(ctl_t *ctl)
{
    points_t p = { .ctl = ctl };

    FPI_TRY(find_both(&p));
    FPI_TRY(fpi_people_point_unbind(ctl->app, p.point->id, p.user->id, ctl->task));
    return tell(&p, "已解绑", "unbound");
}
