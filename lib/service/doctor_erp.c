#include "service/doctor_own.h"

#include "service/erp_people.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

enum { SYSTEMS_ASKED = 10, STEP_SECONDS = 20 };

#define SAY(...) fpi_doctor_say(d, __VA_ARGS__)

static const char *finding_of(fpi_doctor_t *d, const fpi_erp_finding_t *finding)
{
    return strcmp(d->task->lang, "en") == 0 ? finding->en : finding->zh;
}

static const char *remedy_of(fpi_doctor_t *d, const fpi_system_t *system)
{
    return SAY("更正后 fpimagectl erp set %s ..., 再 fpimagectl erp verify %s",
               "correct it with fpimagectl erp set %s ..., then fpimagectl erp verify %s", system->name, system->name);
}

/* ---- organisations and users that were taken from it ---- */

static void judge_people(fpi_doctor_t *d, const fpi_system_t *system, const fpi_people_sync_t *sync)
{
    if (sync->state == FPI_PEOPLE_SYNC_FAILED) {
        fpi_doctor_note(d, "people", FPI_HEALTH_FAIL,
                        SAY("%s: 组织与用户同步连续失败 %ld 次: %s", "%s: organisations and users could not be taken from it, %ld times in a "
                            "row: %s", system->name, (long)sync->tries, sync->error ? sync->error : "-"),
                        SAY("排除原因后运行 fpimagectl erp sync-people %s", "remove the cause, then fpimagectl erp sync-people %s",
                            system->name));
    }
    else if (sync->counts[FPI_PEOPLE_REFUSED]) {
        fpi_doctor_note(d, "people", FPI_HEALTH_WARN,
                        SAY("%s: 最近一次同步有 %ld 行组织或用户被拒绝", "%s: %ld organisations or users were refused the last time",
                            system->name, (long)sync->counts[FPI_PEOPLE_REFUSED]),
                        SAY("逐行原因: fpimagectl erp people %s %ld", "each with its reason: fpimagectl erp people %s %ld",
                            system->name, (long)sync->id));
    }
    else if (sync->state == FPI_PEOPLE_SYNC_DONE) {
        fpi_doctor_note(d, "people", FPI_HEALTH_OK, SAY("%s: 组织与用户已同步", "%s: organisations and users were taken from it",
                                                        system->name), NULL);
    }
}

/* One that is running says nothing yet. */
static void look_at_people(fpi_doctor_t *d, const fpi_system_t *system)
{
    const fpi_erp_which_t which = { .tenant = system->tenant, .id = system->id, .version = -1 };
    fpi_erp_people_view_t view = { .which = &which };
    int i = 0;

    if (fpi_erp_people_look(&view, d->app, d->task)) {
        return; /* the store's own check tells */
    }
    while (i < view.sync_count && view.syncs[i].state == FPI_PEOPLE_SYNC_RUNNING) {
        i++;
    }
    if (i < view.sync_count) {
        judge_people(d, system, &view.syncs[i]);
    }
}

/* ---- the log-in ---- */

static void look_at(fpi_doctor_t *d, const fpi_system_t *system)
{
    apr_time_t deadline = d->task->deadline;
    fpi_erp_verdict_t verdict;
    fpi_err_t *err;

    fpi_task_limit(d->task, apr_time_from_sec(STEP_SECONDS));
    err = fpi_erp_verify(&verdict, d->app->erp, system, d->task);
    d->task->deadline = deadline;
    if (err) {
        fpi_doctor_note(d, "erp", FPI_HEALTH_FAIL, SAY("%s: %s", "%s: %s", system->name, fpi_doctor_why(d, err)),
                        remedy_of(d, system));
        return;
    }
    for (int i = 0; i < verdict.count; i++) {
        fpi_doctor_note(d, "erp", FPI_HEALTH_FAIL,
                        SAY("%s: %s: %s", "%s: %s: %s", system->name, verdict.findings[i].about,
                            finding_of(d, &verdict.findings[i])),
                        remedy_of(d, system));
    }
    if (verdict.is_right) {
        fpi_doctor_note(d, "erp", FPI_HEALTH_OK, SAY("%s: 登录成功, 影像服务可用", "%s: it lets us log in, and takes notices",
                                                     system->name), NULL);
    }
}

void fpi_doctor_look_at_erps(fpi_doctor_t *d)
{
    fpi_systems_t all;
    int asked = 0, left = 0;
    fpi_err_t *err = fpi_erps_list(&all, d->app, d->task->tenant, d->task);

    if (err) {
        fpi_doctor_note(d, "erp", FPI_HEALTH_FAIL, fpi_doctor_why(d, err),
                        SAY("恢复与数据库匹配的密钥文件, 或用 erp set 重新给出密码",
                            "restore the key file that belongs to this database, or give the password anew with erp set"));
        return;
    }
    for (int i = 0; i < all.count; i++) {
        if (all.items[i]->is_enabled) {
            look_at_people(d, all.items[i]);
        }
        if (all.items[i]->is_enabled && asked < SYSTEMS_ASKED) {
            asked++;
            look_at(d, all.items[i]);
        }
        else {
            left += all.items[i]->is_enabled;
        }
    }
    if (asked == 0) {
        fpi_doctor_note(d, "erp", FPI_HEALTH_OK, SAY("没有启用的对接业务系统 (共 %d 个): 影像就绪不会通知 ERP",
                                                     "of %d business systems none is enabled: no ERP is told of images",
                                                     all.count), NULL);
    }
    if (left) {
        fpi_doctor_note(d, "erp", FPI_HEALTH_OK, SAY("另有 %d 个未逐一检查", "%d more were not asked", left), NULL);
    }
}
