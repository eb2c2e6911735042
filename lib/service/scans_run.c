/* The job of a scan. Every transaction reads the row anew, as others cancel it meanwhile. */
#include "service/scans.h"

#include "base/clock.h"
#include "service/intake.h"
#include "service/looks.h"
#include "service/scanners.h"
#include "store/captures.h"

#include <apr_strings.h>
#include <string.h>

typedef struct running_t {
    fpi_app_t *app;
    fpi_task_t *job_task;        /* which is called off when this child stops */
    fpi_task_t *task;            /* that one, or a page's */
    int64_t id;
    fpi_scan_t *scan;            /* as this run knows it; NULL: it is gone */
    fpi_scanner_t *scanner;
    fpi_escl_t escl;
    const char *job;
    uint32_t formats;
    /* a page */
    fpi_spool_t *spool;
    fpi_taken_t taken;
    /* what ends it */
    fpi_scan_problem_t problem;
    bool is_called_off;          /* by people: cancelled, or its session is gone */
} running_t;

/* ---- the row ---- */

/* The row as it is now; a run that was taken away, or is to end, is called off. */
static fpi_err_t *look_up(fpi_scan_t **out, running_t *r, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_scan_find(out, tx, task->tenant, r->id, task));
    if (!*out || !fpi_scan_is_live(*out) || (*out)->is_cancelled) {
        r->is_called_off = true;
    }
    return NULL;
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;
    fpi_scan_t *scan;

    return look_up(&scan, r, tx, task);
}

/* A store that can't be read at the moment calls nothing off. */
static bool is_gone(void *baton)
{
    running_t *r = baton;
    fpi_task_t look = *r->task;

    if (r->job_task->called_off) {
        return true;
    }
    if (!r->is_called_off && apr_pool_create(&look.pool, r->task->pool) == APR_SUCCESS) {
        fpi_ignore(fpi_store_read(r->app->store, tx_look, r, &look));
        apr_pool_destroy(look.pool);
    }
    return r->is_called_off;
}

static fpi_err_t *tx_begin(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;
    fpi_scan_t *scan;

    FPI_TRY(look_up(&scan, r, tx, task));
    r->scan = scan;
    if (!scan || !fpi_scan_is_live(scan)) {
        return NULL;
    }
    scan->is_interrupted = scan->is_interrupted || scan->state == FPI_SCAN_RUN_RUNNING;
    scan->state = FPI_SCAN_RUN_RUNNING;
    scan->begun = scan->begun ? scan->begun : fpi_clock_now();
    FPI_TRY(fpi_scanner_find(&r->scanner, tx, task->tenant, scan->scanner, task));
    return fpi_scan_keep(scan, tx, task);
}

static fpi_err_t *tx_begun(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;
    fpi_scan_t *scan;

    FPI_TRY(look_up(&scan, r, tx, task));
    if (!scan) {
        return NULL;
    }
    scan->job = r->job;
    scan->settings = r->scan->settings;
    return fpi_scan_keep(scan, tx, task);
}

static fpi_err_t *tx_end(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;
    fpi_scan_t *scan;

    FPI_TRY(look_up(&scan, r, tx, task));
    if (!scan || !fpi_scan_is_live(scan)) {
        return NULL;
    }
    scan->state = r->problem        ? FPI_SCAN_RUN_FAILED
                  : r->is_called_off ? FPI_SCAN_RUN_CANCELLED
                                     : FPI_SCAN_RUN_DONE;
    scan->problem = r->problem;
    scan->ended = fpi_clock_now();
    return fpi_scan_keep(scan, tx, task);
}

/* ---- a page ---- */

static fpi_err_t *end_with(running_t *r, fpi_scan_problem_t problem, fpi_task_t *task)
{
    r->problem = problem;
    return fpi_fail(task, FPI_E_SCANNER, "the scan ends: %s", fpi_scan_problem_symbol(problem));
}

/* Behind the page that was asked for, while it is there; each next one behind the last. */
static fpi_err_t *find_place(int64_t *position, const fpi_scan_t *scan, fpi_capture_t *capture, fpi_tx_t *tx,
                             fpi_task_t *task)
{
    fpi_capture_page_t *page = NULL;
    int64_t count, last;

    FPI_TRY(fpi_capture_pages_count(&count, &last, tx, capture, task));
    if (scan->after) {
        FPI_TRY(fpi_capture_page_find(&page, tx, capture, scan->after, task));
    }
    *position = page ? page->position + 1 : last + 1;
    return *position <= last ? fpi_capture_pages_shift(tx, capture, *position - 1, 1, task) : NULL;
}

static fpi_err_t *put_page(running_t *r, fpi_scan_t *scan, fpi_capture_t *capture, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *type = fpi_media_info(r->taken.media)->type;
    fpi_capture_page_t page = { .tenant = scan->tenant, .capture = capture->id, .sha256 = r->taken.sha256,
                                .name = r->taken.name, .kind = FPI_ROLE_AUTO };

    FPI_TRY(find_place(&page.position, scan, capture, tx, task));
    FPI_TRY(fpi_content_put(tx, page.sha256, r->taken.size, type, FPI_CONTENT_OF_PAGE, task));
    FPI_TRY(fpi_capture_page_put(&page, tx, task));
    FPI_TRY(fpi_look_put(NULL, tx, page.tenant, page.sha256, task));
    capture->page_count++;
    capture->left++;
    FPI_TRY(fpi_capture_touch(capture, FPI_CAPTURE_ADDED, 1, tx, task));
    scan->pages++;
    scan->after = scan->after ? page.id : 0;
    return fpi_scan_keep(scan, tx, task);
}

/* A page that came before the run was called off is a page. */
static fpi_err_t *tx_page(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;
    fpi_capture_t *capture = NULL;
    fpi_scan_t *scan;

    r->problem = FPI_SCAN_FINE;
    FPI_TRY(look_up(&scan, r, tx, task));
    if (!scan) {
        return NULL;
    }
    FPI_TRY(fpi_capture_find(&capture, tx, task->tenant, scan->capture, task));
    if (!capture || capture->state != FPI_CAPTURE_OPEN) {
        return end_with(r, FPI_SCAN_IS_NO_CAPTURE, task);
    }
    if (capture->page_count >= FPI_CAPTURE_PAGES) {
        return end_with(r, FPI_SCAN_IS_FULL, task);
    }
    FPI_TRY(put_page(r, scan, capture, tx, task));
    r->scan->pages = scan->pages;
    return NULL;
}

static fpi_err_t *put_bytes(void *baton, const char *data, size_t len)
{
    running_t *r = baton;

    return fpi_spool_put(r->spool, data, len, r->task);
}

/* By its bytes; the extension is what opens it later. */
static fpi_err_t *check_page(running_t *r, fpi_task_t *task)
{
    fpi_media_t media;

    FPI_TRY(fpi_spool_media(&media, r->spool, task));
    if ((media != FPI_MEDIA_JPEG && media != FPI_MEDIA_PDF && media != FPI_MEDIA_PNG && media != FPI_MEDIA_TIFF)
        || !(r->formats >> media & 1)) {
        return end_with(r, FPI_SCAN_IS_MEDIA, task);
    }
    r->taken.media = media;
    r->taken.name = apr_psprintf(task->pool, "%.80s-%03d.%s", r->scan->scanner_name, (int)r->scan->pages + 1,
                                 fpi_media_info(media)->extension);
    return NULL;
}

static fpi_err_t *next_page(bool *is_end, running_t *r, fpi_task_t *task)
{
    fpi_escl_page_t page = { .put = put_bytes, .baton = r, .is_feeder = r->scan->settings.source == FPI_SCAN_FEEDER };

    FPI_TRY(fpi_spool_open(&r->spool, r->app->blobs, r->app->settings->max_file, task));
    FPI_TRY(fpi_escl_page_next(&page, &r->escl, r->job, task));
    *is_end = page.is_end;
    if (page.is_end) {
        return NULL;
    }
    FPI_TRY(check_page(r, task));
    FPI_TRY(fpi_spool_keep(r->taken.sha256, &r->taken.size, r->spool, task));
    FPI_TRY(fpi_store_write(r->app->store, tx_page, r, task));
    fpi_jobs_wake_for(r->app, FPI_JOB_LOOK);
    return NULL;
}

/* ---- the run ---- */

static fpi_err_t *begin(running_t *r, fpi_task_t *task)
{
    fpi_scan_caps_t caps;
    fpi_err_t *err;

    FPI_TRY(fpi_escl_caps_get(&caps, &r->escl, task));
    err = fpi_scan_settle(&r->scan->settings, &caps, task);
    if (err) {
        r->problem = FPI_SCAN_IS_SETTINGS;
        return err;
    }
    FPI_TRY(fpi_escl_job_start(&r->job, &r->escl, &r->scan->settings, &caps, task));
    return fpi_store_write(r->app->store, tx_begun, r, task);
}

/* The glass holds one sheet, and some scanners scan it again and again for whoever asks. */
static fpi_err_t *take_pages(running_t *r, fpi_task_t *task)
{
    fpi_task_t turn = *task;
    bool is_end = false;

    if (apr_pool_create(&turn.pool, task->pool) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "a pool can't be made");
    }
    while (!is_end && !is_gone(r)) {
        fpi_err_t *err;

        apr_pool_clear(turn.pool);
        r->task = &turn;
        err = next_page(&is_end, r, &turn);
        r->task = task;
        if (err) {
            return fpi_err_copy(task->pool, err);
        }
        is_end = is_end || r->scan->settings.source == FPI_SCAN_FLATBED;
        if (!is_end && r->scan->pages >= FPI_SCAN_PAGES) {
            return end_with(r, FPI_SCAN_IS_FULL, task);
        }
    }
    if (task->called_off) {
        return fpi_fail(task, FPI_E_GONE, "called off");
    }
    return r->is_called_off ? NULL : fpi_escl_job_judge(&r->escl, r->job, &r->scan->settings, r->scan->pages, task);
}

static fpi_err_t *scan(running_t *r, fpi_task_t *task)
{
    FPI_TRY(fpi_formats_find(&r->formats, r->app, task->tenant, FPI_ENTRY_CAPTURE, task));
    if (!r->scanner || !r->scanner->is_enabled) {
        return end_with(r, FPI_SCAN_IS_NO_SCANNER, task);
    }
    r->escl = fpi_scanner_talk(r->app, r->scanner);
    r->escl.is_gone = is_gone;
    r->escl.baton = r;
    r->job = r->scan->job;
    if (!r->job && r->scan->is_interrupted) {
        return end_with(r, FPI_SCAN_IS_INTERRUPTED, task); /* whether the scanner has begun nobody knows */
    }
    if (!r->job) {
        FPI_TRY(begin(r, task));
    }
    return take_pages(r, task);
}

/* Whose fault it was. Where it was the store's or ours, the row says so. */
static void judge(running_t *r, const fpi_err_t *err)
{
    if (!err || r->is_called_off || r->problem) {
        return;
    }
    r->problem = r->escl.problem ? r->escl.problem : FPI_SCAN_IS_INTERNAL;
}

static fpi_err_t *finish(running_t *r, const fpi_err_t *why, fpi_task_t *task)
{
    fpi_task_t rest = *task;

    rest.called_off = 0;
    rest.deadline = 0;
    if (r->job && r->scanner) {
        fpi_err_t *err = fpi_escl_job_end(&r->escl, r->job, &rest);

        if (err) {
            fpi_log_err(&rest, FPI_M_SCAN_LEFT, err, "scan %" APR_INT64_T_FMT ": the scanner's job could not be taken away", r->id);
        }
    }
    FPI_TRY(fpi_store_write(r->app->store, tx_end, r, &rest));
    if (r->problem) {
        fpi_log_err(&rest, FPI_M_SCAN_FAILED, why, "scan %" APR_INT64_T_FMT " by %s failed after %d pages", r->id,
                    r->scan->scanner_name, (int)r->scan->pages);
    }
    return NULL;
}

fpi_err_t *fpi_scan_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    running_t r = { .app = app, .job_task = task, .task = task };
    fpi_err_t *err;

    if (!fpi_int_parse(&r.id, job->key, 1, INT64_MAX)) {
        return fpi_fail(task, FPI_E_INTERNAL, "a scan's job has the key %s", job->key);
    }
    FPI_TRY(fpi_store_write(app->store, tx_begin, &r, task));
    if (!r.scan || !fpi_scan_is_live(r.scan)) {
        return NULL;
    }
    task->actor = r.scan->actor;
    err = scan(&r, task);
    if (err && task->called_off && !r.is_called_off) {
        return err; /* another child, or this httpd's next one, goes on */
    }
    judge(&r, err);
    return finish(&r, err, task);
}

void fpi_scan_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    running_t r = { .app = app, .job_task = task, .task = task, .problem = FPI_SCAN_IS_INTERNAL };
    fpi_err_t *err = NULL;

    (void)why;
    if (fpi_int_parse(&r.id, job->key, 1, INT64_MAX)) {
        err = fpi_store_write(app->store, tx_end, &r, task);
    }
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "a failed scan could not be noted");
    }
}
