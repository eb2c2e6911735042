/* Looking at the runs in which people were taken from a business system. */
#include "service/erp_people_own.h"

#include <string.h>
#include <strings.h>

static const char *const results[FPI_PEOPLE_RESULTS] = {
    [FPI_PEOPLE_ADDED] = "ADDED",     [FPI_PEOPLE_CHANGED] = "CHANGED", [FPI_PEOPLE_UNCHANGED] = "UNCHANGED",
    [FPI_PEOPLE_REFUSED] = "REFUSED", [FPI_PEOPLE_MISSING] = "MISSING", [FPI_PEOPLE_DISABLED] = "DISABLED",
};
static const char *const members[FPI_PEOPLE_RESULTS] = {
    [FPI_PEOPLE_ADDED] = "added",     [FPI_PEOPLE_CHANGED] = "changed", [FPI_PEOPLE_UNCHANGED] = "unchanged",
    [FPI_PEOPLE_REFUSED] = "refused", [FPI_PEOPLE_MISSING] = "missing", [FPI_PEOPLE_DISABLED] = "disabled",
};
static const char *const states[FPI_PEOPLE_SYNC_STATES] = {
    [FPI_PEOPLE_SYNC_RUNNING] = "RUNNING", [FPI_PEOPLE_SYNC_DONE] = "DONE", [FPI_PEOPLE_SYNC_FAILED] = "FAILED",
};

const char *fpi_erp_people_result_name(fpi_people_result_t result)
{
    return results[result];
}

int fpi_erp_people_result_find(const char *name)
{
    for (int i = 0; i < FPI_PEOPLE_RESULTS; i++) {
        if (strcasecmp(results[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* ---- the store ---- */

static fpi_err_t *look_at_one(fpi_erp_people_view_t *view, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_people_sync_find(&view->syncs, tx, view->system->tenant, view->system->id, view->id, task));
    if (!view->syncs) {
        return fpi_refuse(task, FPI_E_ABSENT, "sync_id", "没有编号为 %ld 的同步", "there is no such run: %ld", (long)view->id);
    }
    view->sync_count = 1;
    return fpi_people_rows_list(&view->rows, &view->row_count, &view->total, tx, view->id, view->result, view->skip, view->most,
                                task);
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_erp_people_view_t *view = baton;

    FPI_TRY(fpi_erps_find(&view->system, tx, view->which, task));
    if (view->id) {
        return look_at_one(view, tx, task);
    }
    return fpi_people_syncs_list(&view->syncs, &view->sync_count, tx, view->system->tenant, view->system->id, task);
}

fpi_err_t *fpi_erp_people_look(fpi_erp_people_view_t *view, fpi_app_t *app, fpi_task_t *task)
{
    view->rows = NULL;
    view->row_count = 0;
    view->total = 0;
    return fpi_store_read(app->store, tx_look, view, task);
}

/* ---- forms ---- */

void erp_people_counts_json(fpi_json_t *doc, const fpi_people_sync_t *sync)
{
    for (int i = 0; i < FPI_PEOPLE_RESULTS; i++) {
        fpi_json_put_int(doc, members[i], sync->counts[i]);
    }
}

fpi_json_t *fpi_erp_people_json(const fpi_people_sync_t *sync, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", sync->id);
    fpi_json_put_text(doc, "state", states[sync->state]);
    fpi_json_put_bool(doc, "is_full", sync->is_full);
    fpi_json_put_time(doc, "since", sync->since);
    fpi_json_put_time(doc, "started_at", sync->started);
    fpi_json_put_time(doc, "ended_at", sync->ended);
    fpi_json_put_text(doc, "actor", sync->actor);
    fpi_json_put_text(doc, "trace_id", sync->trace);
    erp_people_counts_json(doc, sync);
    fpi_json_put_int(doc, "failures", sync->tries);
    fpi_json_put_text(doc, "error", sync->error);
    return doc;
}

fpi_json_t *fpi_erp_people_row_json(const fpi_people_row_t *row, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "kind", row->kind == FPI_ORIGIN_ORG ? "ORGANISATION" : "USER");
    fpi_json_put_text(doc, "result", results[row->result]);
    fpi_json_put_text(doc, "erp_id", row->theirs);
    fpi_json_put_text(doc, "code", row->code);
    fpi_json_put_text(doc, "name", row->name);
    if (row->local != FPI_ORIGIN_NONE) {
        fpi_json_put_int(doc, row->kind == FPI_ORIGIN_ORG ? "org_id" : "user_id", row->local);
    }
    fpi_json_put_text(doc, "reason", strcmp(task->lang, "en") == 0 ? row->en : row->zh);
    return doc;
}
