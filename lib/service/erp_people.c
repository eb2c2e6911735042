#include "service/erp_people_own.h"

#include "base/clock.h"
#include "service/admin_own.h"
#include "service/roster.h"
#include "store/audit.h"

#include <apr_strings.h>
#include <string.h>

/* What changed while the last run asked may be in neither of the two. */
#define OVERLAP apr_time_from_sec(3600)

fpi_err_t *erp_people_refuse(fpi_people_row_t *row, fpi_err_t *err)
{
    if (!err || !fpi_roster_is_refusal(err)) {
        return err;
    }
    row->result = FPI_PEOPLE_REFUSED;
    row->zh = fpi_err_public(err, "zh");
    row->en = fpi_err_public(err, "en");
    return NULL;
}

fpi_err_t *erp_people_before(fpi_origin_t *origin, erp_said_t *said, const erp_people_t *p, fpi_origin_kind_t kind,
                             const char *theirs, const char *name, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_origin_t *before;

    *origin = (fpi_origin_t){ .tenant = p->system->tenant, .system = p->system->id, .kind = kind, .theirs = theirs,
                              .local = FPI_ORIGIN_NONE };
    FPI_TRY(fpi_origin_find(&before, tx, origin, task));
    if (before) {
        *origin = *before;
    }
    origin->name = name;
    origin->run = p->sync->id;
    return erp_said_read(said, origin->said, task);
}

fpi_err_t *erp_people_after(fpi_people_row_t *row, fpi_origin_t *origin, const erp_said_t *said, fpi_err_t *err, fpi_tx_t *tx,
                            fpi_task_t *task)
{
    if (!err) {
        origin->said = fpi_json_format(said->now, false, task);
    }
    FPI_TRY(erp_people_refuse(row, err));
    row->local = origin->local;
    return fpi_origin_put(origin, tx, task);
}

/* ---- before ---- */

fpi_err_t *erp_people_find_system(fpi_system_t **out, const fpi_erp_which_t *which, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_erps_find(out, tx, which, task));
    if (!(*out)->is_enabled) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "对接业务系统 %s 已停用", "the business system %s is disabled", (*out)->name);
    }
    if (strcmp((*out)->kind, "eas") != 0) {
        return fpi_refuse(task, FPI_E_STATE, NULL, "对接业务系统 %s (%s) 不提供组织与用户, 请用文件导入",
                          "the business system %s (%s) has no organisations and users: import them from a file", (*out)->name,
                          (*out)->kind);
    }
    return NULL;
}

static fpi_err_t *tx_begin(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    erp_people_t *p = baton;
    fpi_people_sync_t *last, *full;
    int64_t tenant = p->which->tenant;
    apr_time_t now = fpi_clock_now();

    FPI_TRY(erp_people_find_system(&p->system, p->which, tx, task));
    FPI_TRY(fpi_people_syncs_end_lost(tx, tenant, p->system->id, now - FPI_ERP_PEOPLE_LIMIT, task));
    FPI_TRY(fpi_people_sync_last(&last, tx, tenant, p->system->id, false, task));
    FPI_TRY(fpi_people_sync_last(&full, tx, tenant, p->system->id, true, task));
    FPI_TRY(fpi_origins_count(&p->known, tx, tenant, p->system->id, task));
    p->sync = apr_pcalloc(task->pool, sizeof(*p->sync));
    p->sync->tenant = tenant;
    p->sync->system = p->system->id;
    p->sync->started = now;
    p->sync->is_full = p->how->is_full || !last || !full || now - full->started >= FPI_ERP_PEOPLE_FULL;
    p->sync->since = p->sync->is_full ? 0 : last->started - OVERLAP;
    p->sync->actor = task->actor;
    p->sync->trace = task->trace;
    return fpi_people_sync_put(p->sync, tx, task);
}

/* ---- asking ---- */

static const char *root_of(const fpi_erp_org_t *orgs, int count)
{
    const char *root = NULL;

    for (int i = 0; i < count; i++) {
        if (!orgs[i].parent && !orgs[i].why) {
            if (root) {
                return NULL;
            }
            root = orgs[i].id;
        }
    }
    return root;
}

static fpi_err_t *ask(erp_people_t *p, fpi_task_t *task)
{
    apr_time_t since = p->sync->since;
    fpi_json_t *list;

    FPI_TRY(fpi_erp_list_orgs(&list, p->app->erp, p->system, since, task));
    FPI_TRY(fpi_erp_orgs_take(&p->orgs, &p->org_count, list, task));
    fpi_erp_orgs_sort(p->orgs, p->org_count, task->pool);
    p->root = p->sync->is_full ? root_of(p->orgs, p->org_count) : NULL;
    FPI_TRY(fpi_erp_list_users(&list, p->app->erp, p->system, since, task));
    FPI_TRY(fpi_erp_users_take(&p->users, &p->user_count, list, p->system, task));
    if (p->sync->is_full && !p->user_count) {
        return fpi_fail(task, FPI_E_ERP, "%s lists no users at all", p->system->name);
    }
    return NULL;
}

/* ---- some of them at a time ---- */

typedef struct piece_t {
    erp_people_t *p;
    int from, to;                /* over organisations, then users */
    const char *after;           /* of the missing */
    bool is_over;
    int64_t counts[FPI_PEOPLE_RESULTS];
} piece_t;

static fpi_err_t *add_row(piece_t *piece, const fpi_people_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    piece->counts[row->result]++;
    return fpi_people_row_add(tx, piece->p->sync->id, row, task);
}

/* May be run again from the start when its commit failed. */
static fpi_err_t *tx_piece(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    piece_t *piece = baton;
    erp_people_t *p = piece->p;

    memset(piece->counts, 0, sizeof(piece->counts));
    for (int i = piece->from; i < piece->to; i++) {
        fpi_people_row_t row;

        FPI_TRY(i < p->org_count ? erp_people_org(&row, p, &p->orgs[i], tx, task)
                                 : erp_people_user(&row, p, &p->users[i - p->org_count], tx, task));
        FPI_TRY(add_row(piece, &row, tx, task));
    }
    return NULL;
}

static fpi_err_t *tx_missing(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    piece_t *piece = baton;
    erp_people_t *p = piece->p;
    fpi_origin_t *gone;
    int count;

    memset(piece->counts, 0, sizeof(piece->counts));
    FPI_TRY(fpi_origins_missing(&gone, &count, tx, p->system->tenant, p->system->id, p->sync->id, piece->after,
                                FPI_ERP_PEOPLE_AT_ONCE, task));
    for (int i = 0; i < count; i++) {
        fpi_people_row_t row;

        FPI_TRY(erp_people_missing(&row, p, &gone[i], tx, task));
        FPI_TRY(add_row(piece, &row, tx, task));
    }
    piece->is_over = count < FPI_ERP_PEOPLE_AT_ONCE;
    piece->after = count ? gone[count - 1].theirs : piece->after;
    return NULL;
}

static fpi_err_t *write_piece(piece_t *piece, fpi_tx_fn *fn, fpi_task_t *task)
{
    if (fpi_task_is_over(task)) {
        return fpi_fail(task, task->called_off ? FPI_E_GONE : FPI_E_ERP_LATE, "taking people over was ended before it was through");
    }
    FPI_TRY(fpi_store_write(piece->p->app->store, fn, piece, task));
    for (int i = 0; i < FPI_PEOPLE_RESULTS; i++) {
        piece->p->sync->counts[i] += piece->counts[i];
    }
    return NULL;
}

/* A list that lost most of its people is more likely broken than true. */
static fpi_err_t *check_missing(const erp_people_t *p, fpi_task_t *task)
{
    int64_t known = p->known;

    if (!p->how->disables_missing) {
        return NULL;
    }
    return p->user_count * 2 >= known ? NULL
                                      : fpi_refuse(task, FPI_E_STATE, NULL, "ERP 只给出 %d 个用户, 此前有 %d 个: 不予停用, 请先核对 ERP",
                                                   "the ERP names %d users, and named %d before: nobody is disabled; look at it there",
                                                   p->user_count, (int)known);
}

static fpi_err_t *work(erp_people_t *p, fpi_task_t *task)
{
    int all = p->org_count + p->user_count;
    piece_t piece = { .p = p };

    FPI_TRY(check_missing(p, task));
    for (; piece.from < all; piece.from = piece.to) {
        piece.to = piece.from + FPI_ERP_PEOPLE_AT_ONCE < all ? piece.from + FPI_ERP_PEOPLE_AT_ONCE : all;
        FPI_TRY(write_piece(&piece, tx_piece, task));
    }
    while (p->sync->is_full && !piece.is_over) {
        FPI_TRY(write_piece(&piece, tx_missing, task));
    }
    return NULL;
}

/* ---- after ---- */

static fpi_err_t *tell_audit(const erp_people_t *p, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "run", p->sync->id);
    fpi_json_put_bool(doc, "is_full", p->sync->is_full);
    erp_people_counts_json(doc, p->sync);
    return fpi_audit_add(tx, p->sync->error ? "people.sync-failed" : "people.synced", p->system->name,
                         fpi_json_format(doc, false, task), task);
}

/* How often it failed in a row; a row of failures is one run that is told once. */
static fpi_err_t *join_failures(erp_people_t *p, bool *is_news, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_people_sync_t *runs;
    int count;

    *is_news = true;
    p->sync->tries = p->sync->error ? 1 : 0;
    if (!p->sync->error) {
        return NULL;
    }
    FPI_TRY(fpi_people_syncs_list(&runs, &count, tx, p->sync->tenant, p->sync->system, task));
    for (int i = 0; i < count; i++) {
        if (runs[i].id < p->sync->id) {
            *is_news = runs[i].state != FPI_PEOPLE_SYNC_FAILED;
            p->sync->tries = *is_news ? 1 : runs[i].tries + 1;
            return NULL;
        }
    }
    return NULL;
}

static fpi_err_t *tx_end(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    erp_people_t *p = baton;
    bool is_news;

    FPI_TRY(join_failures(p, &is_news, tx, task));
    FPI_TRY(fpi_people_sync_put(p->sync, tx, task));
    FPI_TRY(fpi_people_syncs_prune(tx, p->sync->tenant, p->sync->system, task));
    return is_news ? tell_audit(p, tx, task) : NULL;
}

static fpi_err_t *end(erp_people_t *p, const fpi_err_t *why, fpi_task_t *task)
{
    apr_time_t deadline = task->deadline;
    fpi_err_t *err;

    p->sync->state = why ? FPI_PEOPLE_SYNC_FAILED : FPI_PEOPLE_SYNC_DONE;
    p->sync->ended = fpi_clock_now();
    p->sync->error = why ? fpi_err_chain(task->pool, why) : NULL;
    task->deadline = 0; /* what came of it is to be seen in any case */
    err = fpi_admin_write(p->app, tx_end, p, task);
    task->deadline = deadline;
    return err;
}

fpi_err_t *fpi_erp_people_take(fpi_people_sync_t **out, fpi_app_t *app, const fpi_erp_which_t *which,
                               const fpi_erp_people_how_t *how, fpi_task_t *task)
{
    erp_people_t p = { .app = app, .which = which, .how = how };
    fpi_err_t *err, *unsaid;

    *out = NULL;
    FPI_TRY(fpi_store_write(app->store, tx_begin, &p, task));
    *out = p.sync;
    err = ask(&p, task);
    err = err ? err : work(&p, task);
    unsaid = end(&p, err, task);
    return err ? err : unsaid;
}
