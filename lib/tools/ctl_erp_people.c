/* fpimagectl erp sync-people, people: organisations and users that a business system names. */
#include "service/erp_people.h"
#include "tools/ctl.h"

enum { LIST_MOST = FPI_ROWS_MAX };

static const ctl_column_t run_card[] = {
    { "id", "run", "编号", CTL_TEXT },             { "state", "state", "状态", CTL_TEXT },
    { "is_full", "all of them", "全量", CTL_FLAG }, { "started_at", "started", "开始时间", CTL_TEXT },
    { "added", "added", "新增", CTL_TEXT },         { "changed", "changed", "修改", CTL_TEXT },
    { "unchanged", "unchanged", "未变", CTL_TEXT }, { "refused", "refused", "拒绝", CTL_TEXT },
    { "missing", "named no more", "ERP 中已没有", CTL_TEXT }, { "disabled", "disabled", "已停用", CTL_TEXT },
    { "error", "error", "错误", CTL_TEXT },         { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t run_columns[] = {
    { "id", "RUN", "编号", CTL_TEXT },          { "started_at", "STARTED", "开始时间", CTL_TEXT },
    { "state", "STATE", "状态", CTL_TEXT },     { "is_full", "ALL", "全量", CTL_FLAG },
    { "added", "ADDED", "新增", CTL_TEXT },     { "changed", "CHANGED", "修改", CTL_TEXT },
    { "refused", "REFUSED", "拒绝", CTL_TEXT }, { "missing", "MISSING", "已没有", CTL_TEXT },
    { "disabled", "DISABLED", "已停用", CTL_TEXT }, { "error", "ERROR", "错误", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static const ctl_column_t row_columns[] = {
    { "result", "RESULT", "结果", CTL_TEXT }, { "kind", "KIND", "类别", CTL_TEXT },
    { "code", "CODE", "编码", CTL_TEXT },     { "name", "NAME", "名称", CTL_TEXT },
    { "reason", "WHY", "说明", CTL_LONG },    { NULL, NULL, NULL, CTL_TEXT },
};

static fpi_erp_which_t named(ctl_t *ctl)
{
    return (fpi_erp_which_t){ .tenant = FPI_TENANT_FIRST, .name = ctl->args[0], .version = -1 };
}

/* To people what needs nothing is only counted. */
static fpi_err_t *tell_run(ctl_t *ctl, const fpi_erp_people_view_t *view)
{
    fpi_json_t *doc = fpi_erp_people_json(view->syncs, ctl->task), *all = fpi_json_make_array(ctl->task);
    fpi_json_t *shown = fpi_json_make_array(ctl->task);

    for (int i = 0; i < view->row_count; i++) {
        fpi_json_t *row = fpi_erp_people_row_json(&view->rows[i], ctl->task);

        fpi_json_add(all, row);
        if (view->rows[i].result != FPI_PEOPLE_UNCHANGED || view->rows[i].en) {
            fpi_json_add(shown, row);
        }
    }
    fpi_json_put(doc, "rows", all);
    if (!ctl_json(ctl, doc)) {
        ctl_table(ctl, shown, row_columns);
        ctl_card(ctl, doc, run_card);
    }
    if (view->total > view->row_count) {
        ctl_warn(ctl, "仅列出前 %d 行, 共 %ld 行", "only the first %d of %ld rows are listed", view->row_count, (long)view->total);
    }
    return NULL;
}

static fpi_err_t *show_run(ctl_t *ctl, const fpi_erp_which_t *which, int64_t id)
{
    fpi_erp_people_view_t view = { .which = which, .id = id, .result = -1, .most = LIST_MOST };

    FPI_TRY(fpi_erp_people_look(&view, ctl->app, ctl->task));
    ctl->exit = view.syncs->counts[FPI_PEOPLE_REFUSED] || view.syncs->state == FPI_PEOPLE_SYNC_FAILED ? CTL_FAILED : CTL_DONE;
    return tell_run(ctl, &view);
}

fpi_err_t *ctl_erp_sync_people(ctl_t *ctl)
{
    fpi_erp_which_t which = named(ctl);
    fpi_erp_people_how_t how = { ctl_has(ctl, "full") || ctl_has(ctl, "disable-missing"), ctl_has(ctl, "disable-missing") };
    fpi_people_sync_t *sync;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_erp_people_take(&sync, ctl->app, &which, &how, ctl->task));
    return show_run(ctl, &which, sync->id);
}

fpi_err_t *ctl_erp_people(ctl_t *ctl)
{
    fpi_erp_which_t which = named(ctl);
    fpi_erp_people_view_t view = { .which = &which };
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    int64_t id = 0;

    if (ctl->arg_count > 1) {
        FPI_TRY(ctl_arg_id(&id, ctl, 1));
    }
    FPI_TRY(ctl_open(ctl));
    if (id) {
        return show_run(ctl, &which, id);
    }
    FPI_TRY(fpi_erp_people_look(&view, ctl->app, ctl->task));
    for (int i = 0; i < view.sync_count; i++) {
        fpi_json_add(list, fpi_erp_people_json(&view.syncs[i], ctl->task));
    }
    ctl_list(ctl, list, run_columns);
    return NULL;
}
