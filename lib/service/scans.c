/* Runs of scanners as people ask for them; what the job does stands in scans_run.c. */
#include "service/scans.h"

#include "base/clock.h"
#include "service/batch.h"
#include "service/jobs.h"
#include "service/scanners.h"

#include <apr_strings.h>

static const char *const states[] = { "WAITING", "RUNNING", "DONE", "FAILED", "CANCELLED" };

fpi_json_t *fpi_scan_form(const fpi_scan_t *scan, fpi_task_t *task)
{
    fpi_scan_problem_t problem = !scan->problem && scan->is_interrupted ? FPI_SCAN_IS_INTERRUPTED : scan->problem;
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "scan_id", scan->id);
    fpi_json_put_int(doc, "capture_id", scan->capture);
    fpi_json_put_int(doc, "scanner_id", scan->scanner);
    fpi_json_put_text(doc, "scanner_name", scan->scanner_name);
    fpi_json_put_text(doc, "state", states[scan->state]);
    fpi_json_put_bool(doc, "is_cancelling", scan->is_cancelled && fpi_scan_is_live(scan));
    fpi_json_put_int(doc, "pages", scan->pages);
    fpi_json_put(doc, "problem", fpi_scan_problem_form(problem, task));
    fpi_json_put_text(doc, "source", fpi_scan_source_name(scan->settings.source));
    fpi_json_put_bool(doc, "is_duplex", scan->settings.is_duplex);
    fpi_json_put_int(doc, "dpi", scan->settings.dpi);
    fpi_json_put_text(doc, "color", fpi_scan_color_name(scan->settings.color));
    fpi_json_put_text(doc, "format", fpi_scan_format_name(scan->settings.format));
    fpi_json_put_text(doc, "paper", fpi_scan_paper_name(scan->settings.paper));
    fpi_json_put_text(doc, "created_by", scan->actor);
    fpi_json_put_time(doc, "created_at", scan->created);
    fpi_json_put_time(doc, "started_at", scan->begun);
    fpi_json_put_time(doc, "ended_at", scan->ended);
    return doc;
}

fpi_err_t *fpi_scans_get(fpi_scan_t **out, fpi_tx_t *tx, const fpi_viewer_t *viewer, int64_t capture, int64_t id,
                         fpi_task_t *task)
{
    fpi_capture_t *seen;

    FPI_TRY(fpi_capture_get(&seen, tx, viewer, capture, task));
    FPI_TRY(fpi_scan_find(out, tx, task->tenant, id, task));
    if (!*out || (*out)->capture != capture) {
        return fpi_refuse(task, FPI_E_ABSENT, "scan_id", "扫描任务 %" APR_INT64_T_FMT " 不存在", "there is no scan %" APR_INT64_T_FMT, id);
    }
    return NULL;
}

/* ---- start ---- */

typedef struct starting_t {
    fpi_app_t *app;
    const fpi_viewer_t *viewer;
    const fpi_scan_want_t *want;
    fpi_scan_t *scan;
    int64_t capture, id;
} starting_t;

static fpi_err_t *check_capture(const starting_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_scan_want_t *want = s->want;
    fpi_capture_page_t *page;
    fpi_capture_t *capture;

    FPI_TRY(fpi_capture_get(&capture, tx, s->viewer, want->capture, task));
    if (capture->state != FPI_CAPTURE_OPEN) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "批次 %" APR_INT64_T_FMT " 已完成归档, 请新建批次",
                          "capture %" APR_INT64_T_FMT " is finished: make a new one", capture->id);
    }
    if (want->after == 0) {
        return NULL;
    }
    FPI_TRY(fpi_capture_page_find(&page, tx, capture, want->after, task));
    return page ? NULL : fpi_refuse(task, FPI_E_FIELD, "after", "字段 after: 批次中没有页 %" APR_INT64_T_FMT,
                                    "after: there is no page %" APR_INT64_T_FMT " in the capture", want->after);
}

static fpi_err_t *check_scanner(fpi_scanner_t **scanner, const starting_t *s, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_scanner_which_t which = { .id = s->want->scanner, .version = -1 };
    fpi_scan_t *live;

    FPI_TRY(fpi_scanners_get(scanner, tx, s->viewer, &which, task));
    if (!(*scanner)->is_enabled) {
        return fpi_refuse(task, FPI_E_STATE, "scanner_id", "扫描仪 %s 已停用", "scanner %s is disabled", (*scanner)->name);
    }
    FPI_TRY(fpi_scan_find_live(&live, tx, task->tenant, (*scanner)->id, task));
    return live ? fpi_refuse(task, FPI_E_STATE, "scanner_id", "扫描仪 %s 正在扫描 (%s, 已 %d 页), 请稍后", "scanner %s is scanning (for %s, %d pages so far): wait for it",
                             (*scanner)->name, live->actor, (int)live->pages)
                : NULL;
}

static fpi_err_t *tx_start(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    starting_t *s = baton;
    fpi_scan_t *scan = apr_pcalloc(task->pool, sizeof(*scan));
    fpi_scanner_t *scanner;

    FPI_TRY(check_capture(s, tx, task));
    FPI_TRY(check_scanner(&scanner, s, tx, task));
    *scan = (fpi_scan_t){ .tenant = task->tenant, .capture = s->want->capture, .scanner = scanner->id, .actor = task->actor,
                          .scanner_name = scanner->name, .settings = s->want->settings, .after = s->want->after };
    FPI_TRY(fpi_scan_put(scan, tx, task));
    s->scan = scan;
    return fpi_job_put(tx, scan->tenant, FPI_JOB_SCAN, apr_psprintf(task->pool, "%" APR_INT64_T_FMT, scan->id), "{}",
                       fpi_clock_now(), task);
}

fpi_err_t *fpi_scans_start(fpi_scan_t **out, fpi_app_t *app, const fpi_viewer_t *viewer, const fpi_scan_want_t *want,
                           fpi_task_t *task)
{
    starting_t s = { .app = app, .viewer = viewer, .want = want };

    FPI_TRY(fpi_store_write(app->store, tx_start, &s, task));
    fpi_jobs_wake_for(app, FPI_JOB_SCAN);
    *out = s.scan;
    return NULL;
}

/* ---- cancel ---- */

static fpi_err_t *tx_cancel(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    starting_t *s = baton;

    FPI_TRY(fpi_scans_get(&s->scan, tx, s->viewer, s->capture, s->id, task));
    if (!fpi_scan_is_live(s->scan)) {
        return NULL;
    }
    s->scan->is_cancelled = true;
    if (s->scan->state == FPI_SCAN_RUN_WAITING) { /* the job finds nothing to do */
        s->scan->state = FPI_SCAN_RUN_CANCELLED;
        s->scan->ended = fpi_clock_now();
    }
    return fpi_scan_keep(s->scan, tx, task);
}

fpi_err_t *fpi_scans_cancel(fpi_scan_t **out, fpi_app_t *app, const fpi_viewer_t *viewer, int64_t capture, int64_t id,
                            fpi_task_t *task)
{
    starting_t s = { .viewer = viewer, .capture = capture, .id = id };

    FPI_TRY(fpi_store_write(app->store, tx_cancel, &s, task));
    *out = s.scan;
    return NULL;
}
