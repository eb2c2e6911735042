#include "service/reconcile.h"

#include "base/clock.h"
#include "base/text.h"
#include "remote/erp.h"
#include "service/notices.h"
#include "store/systems.h"

#include <apr_strings.h>
#include <string.h>

/* facts-erp.md 2.4 */
enum { THEIRS_UNKNOWN = -1, THEIRS_READY = 2, THEIRS_SENT_BACK = 3, THEIRS_AGAIN = 4, THEIRS_VOID = 5 };

enum { REPAIRS_MOST = 3 };

#define ALL "{\"all\":true}"

typedef struct round_t {
    fpi_app_t *app;
    fpi_system_t *system;
    int64_t id;                  /* of the system */
    bool is_all;
    fpi_delivery_t *told, *parked;
    int told_count, parked_count;
} round_t;

typedef struct finding_t {
    const round_t *round;
    const fpi_delivery_t *delivery;
    int theirs;
} finding_t;

/* ---- putting right ---- */

/* A review leaves no state of its own: what is ready there may have been reviewed or not. */
static bool agrees(const fpi_delivery_t *d, int theirs)
{
    return (d->kind == FPI_NOTICE_SENT_BACK && theirs == THEIRS_SENT_BACK)
           || (d->kind == FPI_NOTICE_READY && (theirs == THEIRS_READY || theirs == THEIRS_AGAIN));
}

/* Shows the difference, and asks no more. */
static fpi_err_t *show(fpi_tx_t *tx, const fpi_bill_t *bill, const finding_t *f, const char *what, fpi_task_t *task)
{
    const char *note = apr_psprintf(task->pool, "%s says state %d, here it is %s: %s", f->round->system->name, f->theirs,
                                    fpi_state_name(bill->state, "en"), what);

    FPI_TRY(fpi_delivery_checked(tx, f->delivery->id, true, note, task));
    return fpi_notice_note(tx, bill, f->delivery, note, task);
}

static fpi_err_t *judge_told(fpi_tx_t *tx, const fpi_bill_t *bill, const finding_t *f, fpi_task_t *task)
{
    const fpi_delivery_t *d = f->delivery;

    if (f->theirs == THEIRS_UNKNOWN || agrees(d, f->theirs)) {
        return fpi_delivery_checked(tx, d->id, true, NULL, task);
    }
    if (f->theirs == THEIRS_VOID) {
        return show(tx, bill, f, "void it here, too, if that is meant", task);
    }
    if (f->theirs == THEIRS_SENT_BACK && !d->is_again) {
        return show(tx, bill, f, "send it back here, too, or tell it ready again with fpimagectl delivery retry", task);
    }
    if (d->repairs >= REPAIRS_MOST) {
        return show(tx, bill, f, "telling it again has not helped; look at it there", task);
    }
    return fpi_notice_repair(tx, bill, d,
                             apr_psprintf(task->pool, "%s says state %d", f->round->system->name, f->theirs), task);
}

static fpi_err_t *judge_parked(fpi_tx_t *tx, const fpi_bill_t *bill, const finding_t *f, fpi_task_t *task)
{
    const fpi_delivery_t *d = f->delivery;
    int64_t count;
    bool held;

    if (agrees(d, f->theirs)) {
        FPI_TRY(fpi_delivery_done(&held, d, tx, task));
        FPI_TRY(fpi_notice_note(tx, bill, d, apr_psprintf(task->pool, "%s has it already (state %d)",
                                                          f->round->system->name, f->theirs), task));
    }
    else if (d->miss != FPI_MISS_UNREACHED) {
        return fpi_delivery_checked(tx, d->id, false, NULL, task);
    }
    else {
        FPI_TRY(fpi_deliveries_reopen(&count, tx, bill->id, task));
        FPI_TRY(fpi_notice_note(tx, bill, d, apr_psprintf(task->pool, "%s answers again: tried again",
                                                          f->round->system->name), task));
    }
    return fpi_notice_put_job(tx, bill->tenant, bill->id, fpi_clock_now(), task);
}

static fpi_err_t *tx_judge(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const finding_t *f = baton;
    fpi_delivery_t *now, *last;
    fpi_bill_t *bill;

    FPI_TRY(fpi_bill_find_by_id(&bill, tx, task->tenant, f->delivery->bill, task));
    FPI_TRY(fpi_delivery_find(&now, tx, task->tenant, f->delivery->id, task));
    FPI_TRY(fpi_delivery_find_last(&last, tx, task->tenant, f->delivery->bill, task));
    if (!bill || !now || now->state != f->delivery->state) {
        return NULL; /* it has moved on while we asked */
    }
    if (now->state == FPI_DELIVERY_PARKED) {
        return judge_parked(tx, bill, f, task);
    }
    return bill->state == FPI_STATE_SUBMITTED && last && last->id == now->id ? judge_told(tx, bill, f, task) : NULL;
}

/* ---- asking ---- */

static fpi_err_t *ask(bool *is_reached, const round_t *r, const fpi_delivery_t *delivery, fpi_task_t *task)
{
    finding_t f = { .round = r, .delivery = delivery };
    fpi_err_t *err = fpi_erp_find_state(&f.theirs, r->app->erp, r->system, delivery->number, task);

    *is_reached = !err || err->code == FPI_E_ERP_REFUSED;
    if (!*is_reached) {
        return NULL;
    }
    f.theirs = err ? THEIRS_UNKNOWN : f.theirs;
    return fpi_store_write(r->app->store, tx_judge, &f, task);
}

static fpi_err_t *ask_all(bool *is_reached, const round_t *r, const fpi_delivery_t *list, int count, fpi_task_t *task)
{
    for (int i = 0; i < count && *is_reached && !fpi_task_is_over(task); i++) {
        FPI_TRY(ask(is_reached, r, &list[i], task));
    }
    return NULL;
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    round_t *r = baton;
    apr_time_t before = fpi_clock_now() - (r->is_all ? 0 : FPI_RECONCILE_PAUSE);

    FPI_TRY(fpi_system_find_by_id(&r->system, tx, task->tenant, r->id, task));
    if (!r->system || !r->system->is_enabled) {
        r->system = NULL;
        return NULL;
    }
    FPI_TRY(fpi_deliveries_unsettled(&r->told, &r->told_count, tx, task->tenant, r->id, before, FPI_RECONCILE_MOST,
                                     task));
    return fpi_deliveries_parked(&r->parked, &r->parked_count, tx, task->tenant, r->id, FPI_RECONCILE_MOST, task);
}

static fpi_err_t *put(fpi_tx_t *tx, int64_t tenant, int64_t system, const char *payload, apr_time_t due, fpi_task_t *task)
{
    return fpi_job_put(tx, tenant, FPI_JOB_RECONCILE, apr_psprintf(task->pool, "%" APR_INT64_T_FMT, system), payload,
                       due, task);
}

static fpi_err_t *tx_again(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const round_t *r = baton;

    return put(tx, task->tenant, r->id, NULL, fpi_clock_now() + FPI_RECONCILE_PAUSE, task);
}

fpi_err_t *fpi_reconcile_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    round_t r = { .app = app, .is_all = job->payload && strcmp(job->payload, ALL) == 0 };
    bool is_reached = true;

    if (!fpi_int_parse(&r.id, job->key, 1, INT64_MAX)) {
        return fpi_fail(task, FPI_E_INTERNAL, "%s is no business system", job->key);
    }
    FPI_TRY(fpi_store_write(app->store, tx_look, &r, task));
    if (!r.system) {
        return NULL;
    }
    FPI_TRY(ask_all(&is_reached, &r, r.told, r.told_count, task));
    FPI_TRY(ask_all(&is_reached, &r, r.parked, r.parked_count, task));
    return fpi_store_write(app->store, tx_again, &r, task);
}

/* The keeper puts it again. */
void fpi_reconcile_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    (void)app;
    (void)job;
    (void)why;
    (void)task;
}

/* ---- when ---- */

fpi_err_t *fpi_reconcile_put(fpi_tx_t *tx, int64_t tenant, int64_t system, fpi_task_t *task)
{
    return put(tx, tenant, system, ALL, fpi_clock_now(), task);
}

typedef struct missing_t {
    int64_t *ids, *tenants;
    int count;
} missing_t;

static fpi_err_t *tx_missing(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    missing_t *m = baton;

    return fpi_deliveries_idle_systems(&m->ids, &m->tenants, &m->count, tx, task);
}

static fpi_err_t *tx_arrange(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const missing_t *m = baton;

    for (int i = 0; i < m->count; i++) {
        FPI_TRY(put(tx, m->tenants[i], m->ids[i], NULL, fpi_clock_now() + FPI_RECONCILE_PAUSE, task));
    }
    return NULL;
}

fpi_err_t *fpi_reconcile_arrange(fpi_app_t *app, fpi_task_t *task)
{
    missing_t m;

    FPI_TRY(fpi_store_read(app->store, tx_missing, &m, task));
    return m.count ? fpi_store_write(app->store, tx_arrange, &m, task) : NULL;
}
