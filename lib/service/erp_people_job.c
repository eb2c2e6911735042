/* When people are taken from business systems: each day, where the tenant wants it, and on order. */
#include "service/erp_people_own.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

/* ---- on order ---- */

typedef struct ordering_t {
    const fpi_erp_which_t *which;
    const fpi_erp_people_how_t *how;
} ordering_t;

static const char *key_of(int64_t system, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "%" APR_INT64_T_FMT, (apr_int64_t)system);
}

static fpi_err_t *tx_order(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const ordering_t *o = baton;
    fpi_json_t *payload = fpi_json_make_object(task);
    fpi_system_t *system;

    FPI_TRY(erp_people_find_system(&system, o->which, tx, task));
    fpi_json_put_text(payload, "by", task->actor);
    fpi_json_put_bool(payload, "is_full", o->how->is_full);
    fpi_json_put_bool(payload, "disables_missing", o->how->disables_missing);
    return fpi_job_put(tx, system->tenant, FPI_JOB_PEOPLE, key_of(system->id, task), fpi_json_format(payload, false, task),
                       fpi_clock_now(), task);
}

fpi_err_t *fpi_erp_people_order(fpi_app_t *app, const fpi_erp_which_t *which, const fpi_erp_people_how_t *how,
                                fpi_task_t *task)
{
    ordering_t o = { which, how };

    FPI_TRY(fpi_store_write(app->store, tx_order, &o, task));
    fpi_jobs_wake(app);
    return NULL;
}

/* ---- each day ---- */

typedef struct idle_t {
    fpi_idle_system_t *items;
    int count;
} idle_t;

static fpi_err_t *tx_idle(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    idle_t *idle = baton;

    return fpi_people_syncs_idle(&idle->items, &idle->count, tx, task);
}

static fpi_err_t *tx_arrange(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const idle_t *idle = baton;
    apr_time_t now = fpi_clock_now();

    for (int i = 0; i < idle->count; i++) {
        apr_time_t due = idle->items[i].last ? idle->items[i].last + FPI_ERP_PEOPLE_PAUSE : now;

        FPI_TRY(fpi_job_put(tx, idle->items[i].tenant, FPI_JOB_PEOPLE, key_of(idle->items[i].id, task), NULL,
                            due > now ? due : now, task));
    }
    return NULL;
}

fpi_err_t *fpi_erp_people_arrange(fpi_app_t *app, fpi_task_t *task)
{
    idle_t idle;

    FPI_TRY(fpi_store_read(app->store, tx_idle, &idle, task));
    return idle.count ? fpi_store_write(app->store, tx_arrange, &idle, task) : NULL;
}

/* ---- the job ---- */

static fpi_err_t *tx_is_wanted(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    bool *is_wanted = baton;
    const char *value;

    FPI_TRY(fpi_setting_find(&value, tx, task->tenant, FPI_ERP_PEOPLE_SWITCH, task));
    *is_wanted = value && strcmp(value, "on") == 0;
    return NULL;
}

static fpi_err_t *read_how(fpi_erp_people_how_t *how, const char *text, fpi_task_t *task)
{
    fpi_json_t *doc;
    const char *by;

    FPI_TRY(fpi_json_parse(&doc, text, strlen(text), task));
    FPI_TRY(fpi_json_find_text(&by, doc, "by", 200, task));
    task->actor = by ? by : task->actor;
    FPI_TRY(fpi_json_find_bool(&how->is_full, doc, "is_full", false, task));
    return fpi_json_find_bool(&how->disables_missing, doc, "disables_missing", false, task);
}

fpi_err_t *fpi_erp_people_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    fpi_erp_which_t which = { .tenant = task->tenant, .version = -1 };
    fpi_erp_people_how_t how = { false, false };
    fpi_people_sync_t *sync;
    bool is_wanted = true;
    fpi_err_t *err;

    if (!fpi_int_parse(&which.id, job->key, 1, INT64_MAX)) {
        return fpi_fail(task, FPI_E_INTERNAL, "%s is no business system", job->key);
    }
    FPI_TRY(job->payload ? read_how(&how, job->payload, task) : fpi_store_read(app->store, tx_is_wanted, &is_wanted, task));
    if (!is_wanted) {
        return NULL;
    }
    err = fpi_erp_people_take(&sync, app, &which, &how, task);
    /* removed or disabled meanwhile */
    return err && !sync && (err->code == FPI_E_ABSENT || err->code == FPI_E_STATE) ? NULL : err;
}

/* The run says why, and the keeper puts the next day's. */
void fpi_erp_people_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    (void)app;
    (void)job;
    (void)why;
    (void)task;
}
