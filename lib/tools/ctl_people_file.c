/* fpimagectl user|org|scan-point import: many by a file, and what became of each line. */
#include "tools/ctl.h"

#include "service/people_file.h"
#include "service/table.h"

#include <apr_strings.h>

enum { PASSWORDS_MOST = 1000 };

static const ctl_column_t columns[] = {
    { "line", "LINE", "行", CTL_TEXT },      { "subject", "WHO", "对象", CTL_TEXT },
    { "result", "RESULT", "结果", CTL_TEXT }, { "one_time_password", "PASSWORD", "一次性密码", CTL_TEXT },
    { "field", "FIELD", "字段", CTL_TEXT },   { "reason", "REASON", "原因", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static void tell(ctl_t *ctl, const fpi_people_report_t *report, unsigned how)
{
    fpi_json_t *doc = fpi_people_report_form(report, how, ctl->task);
    const int *counts = report->counts;

    if (ctl_json(ctl, doc)) {
        return;
    }
    ctl_table(ctl, fpi_json_find(doc, "lines"), columns);
    ctl_say(ctl, "共 %d 行: 新增 %d, 更新 %d, 未变 %d, 拒绝 %d%s%.0s", "%d lines: %d added, %d changed, %d unchanged, %d refused%.0s%s",
            report->lines->nelts, counts[FPI_ROSTER_ADDED], counts[FPI_ROSTER_CHANGED], counts[FPI_ROSTER_UNCHANGED],
            counts[FPI_ROSTER_REFUSED], how & FPI_FILE_DRY ? "; 仅试算, 未保存" : report->is_stored ? "" : "; 未保存",
            how & FPI_FILE_DRY ? "; a dry run, nothing is stored" : report->is_stored ? "" : "; nothing is stored");
}

static fpi_err_t *import(ctl_t *ctl, fpi_people_list_t list)
{
    unsigned how = (ctl_has(ctl, "dry-run") ? FPI_FILE_DRY : 0) | (ctl_has(ctl, "partial") ? FPI_FILE_PARTIAL : 0)
                   | (ctl_has(ctl, "passwords") ? FPI_FILE_PASSWORDS : 0);
    fpi_people_report_t report;
    fpi_secret_t *file, *csv;

    FPI_TRY(ctl_read_settings(ctl));
    FPI_TRY(ctl_read_file(&file, ctl, ctl->args[0], FPI_TABLE_BYTES));
    FPI_TRY(fpi_table_csv(&csv, file->bytes, file->len, ctl->task));
    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_people_import(&report, ctl->app, NULL, list, csv, how, PASSWORDS_MOST, ctl->task));
    ctl->exit = report.counts[FPI_ROSTER_REFUSED] ? CTL_FAILED : CTL_DONE;
    tell(ctl, &report, how);
    return NULL;
}

fpi_err_t *ctl_user_import(ctl_t *ctl)
{
    return import(ctl, FPI_LIST_USERS);
}

fpi_err_t *ctl_org_import(ctl_t *ctl)
{
    return import(ctl, FPI_LIST_ORGS);
}

fpi_err_t *ctl_point_import(ctl_t *ctl)
{
    return import(ctl, FPI_LIST_POINTS);
}
