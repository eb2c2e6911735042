/* The requests about exports, and the job that makes one. */
#include "service/export_own.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/handlers.h"
#include "service/jobs.h"
#include "service/viewers.h"
#include "store/exports.h"
#include "store/storage.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

enum { SWEPT_AT_ONCE = 100 };

#define STEP_PAUSE apr_time_from_sec(1)
#define DROP_AGE apr_time_from_sec(60)

typedef struct export_kind_t {
    const char *name, *extension, *media;
    int most; /* bills */
    fpi_err_t *(*make)(fpi_export_made_t *made, fpi_app_t *app, const fpi_export_want_t *want,
                       const fpi_export_sink_t *sink, fpi_task_t *task);
} export_kind_t;

static const export_kind_t kinds[] = {
    { "ZIP", "zip", "application/zip", FPI_EXPORT_ZIP, fpi_archive_make },
    { "XLSX", "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", FPI_EXPORT_LIST,
      fpi_sheet_make },
};

static const export_kind_t *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

static const char *const states[] = { "WAITING", "RUNNING", "READY", "FAILED" };

const char *fpi_export_state_name(fpi_export_state_t state)
{
    return states[state];
}

const char *fpi_export_media(const char *kind)
{
    const export_kind_t *found = find_kind(kind);

    return found ? found->media : "application/octet-stream";
}

static fpi_json_t *export_json(const fpi_export_t *e, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "export_id", e->id);
    fpi_json_put_text(doc, "kind", e->kind);
    fpi_json_put_text(doc, "state", states[e->state]);
    fpi_json_put_int(doc, "done", e->done);
    fpi_json_put_int(doc, "total", e->total);
    fpi_json_put_text(doc, "name", e->name);
    if (e->state == FPI_EXPORT_READY) {
        fpi_json_put_int(doc, "size", e->size);
        fpi_json_put_text(doc, "sha256", e->sha256);
    }
    fpi_json_put_text(doc, "note", e->note);
    fpi_json_put_time(doc, "created_at", e->created);
    fpi_json_put_time(doc, "ended_at", e->ended);
    fpi_json_put_time(doc, "expires_at", e->ended ? e->ended + FPI_EXPORT_KEPT : 0);
    return doc;
}

/* ---- POST ---- */

typedef struct asking_t {
    const fpi_call_t *call;
    const export_kind_t *kind;
    int64_t *bills;
    int count;
    fpi_export_t export;
} asking_t;

static fpi_err_t *read_kind(asking_t *asking)
{
    fpi_task_t *task = asking->call->task;
    const char *name;

    FPI_TRY(fpi_json_get_text(&name, asking->call->json, "kind", 8, task));
    asking->kind = find_kind(name);
    if (!asking->kind) {
        return fpi_refuse(task, FPI_E_FIELD, "kind", "字段 kind 应为 ZIP 或 XLSX, 收到 %s",
                          "kind must be ZIP or XLSX, not %s", name);
    }
    return NULL;
}

static fpi_err_t *refuse_id(fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, "bill_ids", "字段 bill_ids 应为单据 id (正整数) 的数组",
                      "bill_ids must be an array of bill ids, positive integers");
}

static bool has_id(const asking_t *asking, apr_hash_t *seen, int64_t id)
{
    int64_t *key = &asking->bills[asking->count];

    *key = id;
    if (apr_hash_get(seen, key, sizeof(*key))) {
        return true;
    }
    apr_hash_set(seen, key, sizeof(*key), "");
    return false;
}

/* In their order, each once. */
static fpi_err_t *read_ids(asking_t *asking, const fpi_json_t *list)
{
    fpi_task_t *task = asking->call->task;
    apr_hash_t *seen = apr_hash_make(task->pool);
    size_t count = fpi_json_size(list);

    asking->bills = apr_palloc(task->pool, sizeof(int64_t) * (count + 1));
    for (size_t i = 0; i < count; i++) {
        int64_t id;

        if (!fpi_json_int(&id, fpi_json_at(list, i)) || id < 1) {
            return refuse_id(task);
        }
        asking->count += !has_id(asking, seen, id);
    }
    return count ? NULL : refuse_id(task);
}

static fpi_err_t *refuse_many(const asking_t *asking)
{
    return fpi_refuse(asking->call->task, FPI_E_FIELD, "bill_ids", "一次 %s 导出最多 %d 张单据: 请分批或缩小筛选范围",
                      "a %s export has at most %d bills: ask for fewer, or narrow the filter", asking->kind->name,
                      asking->kind->most);
}

static fpi_err_t *read_which(asking_t *asking, fpi_app_t *app)
{
    fpi_task_t *task = asking->call->task;
    fpi_json_t *ids, *filter = fpi_json_find(asking->call->json, "filter");

    FPI_TRY(fpi_json_find_array(&ids, asking->call->json, "bill_ids", 10 * FPI_EXPORT_LIST, task));
    if (!ids == !filter) {
        return fpi_refuse(task, FPI_E_FIELD, "bill_ids", "字段 bill_ids 与 filter 须有且只有一个",
                          "one of bill_ids and filter must be there, not both");
    }
    if (ids) {
        return read_ids(asking, ids);
    }
    FPI_TRY(fpi_export_filter(&asking->bills, &asking->count, app, asking->call, filter, asking->kind->most));
    return asking->count ? NULL : fpi_refuse(task, FPI_E_ABSENT, "filter", "没有符合条件的单据", "no bill fits the filter");
}

static fpi_err_t *read_asking(asking_t *asking, fpi_app_t *app)
{
    fpi_task_t *task = asking->call->task;

    if (!fpi_json_is_object(asking->call->json)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    FPI_TRY(read_kind(asking));
    FPI_TRY(read_which(asking, app));
    return asking->count > asking->kind->most ? refuse_many(asking) : NULL;
}

static const char *query_text(const asking_t *asking, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *list = fpi_json_make_array(task);

    for (int i = 0; i < asking->count; i++) {
        fpi_json_add_int(list, asking->bills[i]);
    }
    fpi_json_put(doc, "bills", list);
    if (asking->call->viewer->tax_no) {
        fpi_json_put_text(doc, "tax_no", asking->call->viewer->tax_no);
    }
    if (fpi_viewer_is_person(asking->call->viewer)) {
        fpi_json_put_int(doc, "user", asking->call->viewer->user);
    }
    return fpi_json_format(doc, false, task);
}

static fpi_err_t *check_live(fpi_tx_t *tx, const char *owner, fpi_task_t *task)
{
    int64_t all, live;
    fpi_err_t *err;

    FPI_TRY(fpi_exports_count(&all, &live, tx, task->tenant, owner, task));
    if (live < FPI_EXPORT_LIVE) {
        return NULL;
    }
    err = fpi_refuse(task, FPI_E_BUSY, NULL, "已有 %d 个导出任务未完成, 请等待或删除后再试",
                     "%d exports of yours have not ended: wait, or delete some", (int)live);
    err->retry_after = 10;
    return err;
}

static fpi_err_t *tx_ask(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;
    fpi_export_t *e = &asking->export;
    fpi_bill_t *bill;

    FPI_TRY(check_live(tx, asking->export.owner, task));
    for (int i = 0; i < asking->count; i++) {
        FPI_TRY(fpi_console_bill(&bill, tx, asking->call, asking->bills[i], task));
    }
    FPI_TRY(fpi_export_put(e, tx, task));
    return fpi_job_put(tx, e->tenant, FPI_JOB_EXPORT, apr_psprintf(task->pool, "%" APR_INT64_T_FMT, e->id), "{}",
                       fpi_clock_now(), task);
}

/* In the time of China, where it is read. */
static const char *name_of(const export_kind_t *kind, fpi_task_t *task)
{
    apr_time_exp_t t;

    apr_time_exp_tz(&t, fpi_clock_now(), 8 * 3600);
    return apr_psprintf(task->pool, "影像导出-%04d%02d%02d-%02d%02d%02d.%s", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                        t.tm_hour, t.tm_min, t.tm_sec, kind->extension);
}

fpi_err_t *fpi_handle_export_put(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_task_t *task = call->task;
    asking_t asking = { .call = call };

    FPI_TRY(read_asking(&asking, app));
    asking.export.tenant = task->tenant;
    asking.export.owner = fpi_viewer_owner(call->viewer, task->pool);
    asking.export.kind = asking.kind->name;
    asking.export.query = query_text(&asking, task);
    asking.export.total = asking.count;
    asking.export.name = name_of(asking.kind, task);
    FPI_TRY(fpi_store_write(app->store, tx_ask, &asking, task));
    fpi_jobs_wake_for(app, FPI_JOB_EXPORT);
    answer->status = 202;
    answer->data = export_json(&asking.export, task);
    return NULL;
}

/* ---- GET, DELETE ---- */

typedef struct looking_t {
    const char *owner;
    fpi_page_t page;
    fpi_export_t *exports;
    int count;
    int64_t id, total, live;
} looking_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    looking_t *l = baton;

    FPI_TRY(fpi_exports_count(&l->total, &l->live, tx, task->tenant, l->owner, task));
    return fpi_exports_list(&l->exports, &l->count, tx, task->tenant, l->owner, l->page.skip, l->page.size, task);
}

fpi_err_t *fpi_handle_exports(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    looking_t l = { .owner = fpi_viewer_owner(call->viewer, call->task->pool) };

    FPI_TRY(fpi_page_read(&l.page, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(items, export_json(&l.exports[i], call->task));
    }
    answer->data = fpi_page_answer(&l.page, items, l.total, call->task);
    return NULL;
}

/* Who asked for it may have it, nobody else. */
fpi_err_t *fpi_export_take(fpi_export_t **out, fpi_tx_t *tx, int64_t id, const char *owner, fpi_task_t *task)
{
    FPI_TRY(fpi_export_find(out, tx, task->tenant, id, task));
    if (!*out || strcmp((*out)->owner, owner) != 0) {
        return fpi_refuse(task, FPI_E_ABSENT, "export_id", "导出任务 %" APR_INT64_T_FMT " 不存在",
                          "there is no export %" APR_INT64_T_FMT, id);
    }
    return NULL;
}

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    looking_t *l = baton;

    return fpi_export_take(&l->exports, tx, l->id, l->owner, task);
}

static fpi_err_t *tx_drop(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    looking_t *l = baton;

    FPI_TRY(tx_find(tx, l, task));
    return fpi_export_drop(tx, task->tenant, l->id, task);
}

fpi_err_t *fpi_handle_export(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    looking_t l = { .owner = fpi_viewer_owner(call->viewer, call->task->pool) };

    FPI_TRY(fpi_call_id(&l.id, call, "export_id"));
    FPI_TRY(fpi_store_read(app->store, tx_find, &l, call->task));
    answer->data = export_json(l.exports, call->task);
    return NULL;
}

fpi_err_t *fpi_handle_export_drop(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    looking_t l = { .owner = fpi_viewer_owner(call->viewer, call->task->pool) };
    bool dropped;

    FPI_TRY(fpi_call_id(&l.id, call, "export_id"));
    FPI_TRY(fpi_store_write(app->store, tx_drop, &l, call->task));
    if (l.exports->sha256) {
        /* the row is gone: what can't be taken away now is an orphan, which the sweep finds */
        fpi_ignore(fpi_storage_drop_orphan(&dropped, app->store, app->blobs, l.exports->sha256, DROP_AGE, call->task));
    }
    answer->status = 204;
    return NULL;
}

/* ---- the job ---- */

typedef struct running_t {
    fpi_app_t *app;
    fpi_export_t *export;
    fpi_export_want_t want;
    fpi_spool_t *spool;
    apr_time_t told;      /* when the row was told last */
    int64_t id;
    bool is_wanted;
} running_t;

static fpi_err_t *tx_begin(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;

    FPI_TRY(fpi_export_find(&r->export, tx, task->tenant, r->id, task));
    r->is_wanted = r->export && r->export->state < FPI_EXPORT_READY;
    return r->is_wanted ? fpi_export_step(&r->is_wanted, tx, r->export, task) : NULL;
}

static fpi_err_t *tx_step(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;

    return fpi_export_step(&r->is_wanted, tx, r->export, task);
}

/* At most once a second. */
static fpi_err_t *tell(running_t *r, fpi_task_t *task)
{
    apr_time_t now = fpi_clock_tick();

    if (now - r->told < STEP_PAUSE) {
        return NULL;
    }
    r->told = now;
    FPI_TRY(fpi_store_write(r->app->store, tx_step, r, task));
    return r->is_wanted ? NULL : fpi_fail(task, FPI_E_GONE, "the export was dropped");
}

static fpi_err_t *put_some(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    running_t *r = baton;

    FPI_TRY(fpi_spool_put(r->spool, data, len, task));
    return tell(r, task);
}

static fpi_err_t *count_bill(void *baton, int64_t done, fpi_task_t *task)
{
    running_t *r = baton;

    r->export->done = done;
    return tell(r, task);
}

static fpi_err_t *tx_viewer(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;
    fpi_viewer_t *viewer;

    FPI_TRY(fpi_viewer_load(&viewer, tx, r->want.viewer->tenant, r->want.viewer->user, task));
    if (!viewer || !fpi_viewer_may(viewer, FPI_MAY_EXPORT)) {
        return fpi_refuse(task, FPI_E_ROLE, NULL, "申请人已停用或不再有导出权限", "who asked for it is disabled or may not export any more");
    }
    r->want.viewer = viewer;
    return NULL;
}

/* Who asked, with the rights that he has now. */
static fpi_err_t *find_viewer(running_t *r, const fpi_json_t *doc, fpi_task_t *task)
{
    fpi_viewer_t *viewer = apr_pcalloc(task->pool, sizeof(*viewer));

    viewer->kind = FPI_VIEWER_ENTERPRISE;
    viewer->tenant = r->export->tenant;
    r->want.viewer = viewer;
    FPI_TRY(fpi_json_find_text(&viewer->tax_no, doc, "tax_no", 100, task));
    FPI_TRY(fpi_json_find_int(&viewer->user, doc, "user", 0, 0, INT64_MAX, task));
    return viewer->user ? fpi_store_read(r->app->store, tx_viewer, r, task) : NULL;
}

static fpi_err_t *read_query(running_t *r, fpi_task_t *task)
{
    fpi_json_t *doc, *list;
    int64_t *bills;

    FPI_TRY(fpi_json_parse(&doc, r->export->query, strlen(r->export->query), task));
    FPI_TRY(fpi_json_find_array(&list, doc, "bills", FPI_EXPORT_LIST, task));
    FPI_TRY(find_viewer(r, doc, task));
    r->want.tenant = r->export->tenant;
    r->want.count = list ? (int)fpi_json_size(list) : 0;
    r->want.bills = bills = apr_pcalloc(task->pool, sizeof(*bills) * (size_t)(r->want.count + 1));
    for (int i = 0; i < r->want.count; i++) {
        if (!fpi_json_int(&bills[i], fpi_json_at(list, (size_t)i))) {
            return fpi_fail(task, FPI_E_INTERNAL, "the query of export %" APR_INT64_T_FMT " is damaged", r->id);
        }
    }
    return NULL;
}

static const char *note_of(const fpi_export_made_t *made, fpi_task_t *task)
{
    return made->left_out ? apr_psprintf(task->pool, "%d 项未能导出 (文件缺失, 已损坏, 或单据不再可见), 详见 index.csv",
                                         (int)made->left_out) : NULL;
}

static fpi_err_t *make(running_t *r, char sha256[FPI_SHA256_HEX + 1], fpi_task_t *task)
{
    const fpi_export_sink_t sink = { put_some, count_bill, r };
    const export_kind_t *kind = find_kind(r->export->kind);
    fpi_export_made_t made;

    if (!kind) {
        return fpi_fail(task, FPI_E_INTERNAL, "no such kind of export: %s", r->export->kind);
    }
    FPI_TRY(read_query(r, task));
    r->export->total = r->want.count;
    FPI_TRY(fpi_spool_open(&r->spool, r->app->blobs, FPI_EXPORT_BYTES + FPI_EXPORT_BYTES / 8, task));
    FPI_TRY(kind->make(&made, r->app, &r->want, &sink, task));
    r->export->note = note_of(&made, task);
    return fpi_spool_keep(sha256, &r->export->size, r->spool, task);
}

static fpi_err_t *tx_end(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    running_t *r = baton;

    return fpi_export_end(&r->is_wanted, tx, r->export, task);
}

fpi_err_t *fpi_export_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    running_t r = { .app = app };
    char sha256[FPI_SHA256_HEX + 1];
    bool dropped;
    fpi_err_t *err;

    if (!fpi_int_parse(&r.id, job->key, 1, INT64_MAX)) {
        return fpi_fail(task, FPI_E_INTERNAL, "an export is called \"%s\"", job->key);
    }
    FPI_TRY(fpi_store_write(app->store, tx_begin, &r, task));
    if (!r.is_wanted) {
        return NULL;
    }
    err = make(&r, sha256, task);
    if (err && !r.is_wanted) {
        return NULL; /* dropped meanwhile: its spool goes with the task */
    }
    FPI_TRY(err);
    r.export->state = FPI_EXPORT_READY;
    r.export->sha256 = sha256;
    FPI_TRY(fpi_store_write(app->store, tx_end, &r, task));
    if (!r.is_wanted) {
        fpi_ignore(fpi_storage_drop_orphan(&dropped, app->store, app->blobs, sha256, 0, task));
    }
    return NULL;
}

typedef struct failing_t {
    int64_t id;
    const char *why;
} failing_t;

static fpi_err_t *tx_fail(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const failing_t *failing = baton;
    fpi_export_t *export;
    bool is_wanted;

    FPI_TRY(fpi_export_find(&export, tx, task->tenant, failing->id, task));
    if (!export) {
        return NULL;
    }
    export->state = FPI_EXPORT_FAILED;
    export->note = failing->why;
    return fpi_export_end(&is_wanted, tx, export, task);
}

void fpi_export_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    failing_t failing = { .why = fpi_err_public(why, "zh") };
    fpi_err_t *err = NULL;

    if (fpi_int_parse(&failing.id, job->key, 1, INT64_MAX)) {
        err = fpi_store_write(app->store, tx_fail, &failing, task);
    }
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "a failed export could not be noted");
    }
}

/* ---- the sweep ---- */

typedef struct sweeping_t {
    fpi_export_t *exports;
    int count;
} sweeping_t;

static fpi_err_t *tx_sweep(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sweeping_t *s = baton;

    FPI_TRY(fpi_exports_list_ended(&s->exports, &s->count, tx, fpi_clock_now() - FPI_EXPORT_KEPT, SWEPT_AT_ONCE, task));
    for (int i = 0; i < s->count; i++) {
        FPI_TRY(fpi_export_drop(tx, s->exports[i].tenant, s->exports[i].id, task));
    }
    return NULL;
}

fpi_err_t *fpi_exports_sweep(fpi_app_t *app, fpi_task_t *task)
{
    sweeping_t s = { .count = 0 };
    bool dropped;

    FPI_TRY(fpi_store_write(app->store, tx_sweep, &s, task));
    for (int i = 0; i < s.count; i++) {
        if (s.exports[i].sha256) {
            FPI_TRY(fpi_storage_drop_orphan(&dropped, app->store, app->blobs, s.exports[i].sha256, DROP_AGE, task));
        }
    }
    return NULL;
}
