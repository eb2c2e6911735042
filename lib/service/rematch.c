#include "service/rematch.h"

#include "base/clock.h"
#include "service/match.h"

#include <apr_strings.h>
#include <string.h>

enum { AT_ONCE = 100 };

/* ---- one bill ---- */

typedef struct comparing_t {
    int64_t id;
    bool is_changed;
} comparing_t;

static bool is_same(const fpi_match_row_t *a, const fpi_match_row_t *b)
{
    return a->result == b->result && a->expected == b->expected && a->matched == b->matched && a->differs == b->differs
           && a->missing == b->missing && a->extra == b->extra && a->at == b->at;
}

static fpi_err_t *tx_compare(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    comparing_t *c = baton;
    fpi_match_row_t before, after;
    fpi_state_t state;
    fpi_bill_t *bill;

    c->is_changed = false;
    FPI_TRY(fpi_bill_find_by_id(&bill, tx, task->tenant, c->id, task));
    if (!bill || bill->state == FPI_STATE_SUBMITTED || bill->state == FPI_STATE_REVIEWED) {
        return NULL; /* it has moved on meanwhile */
    }
    state = bill->state;
    FPI_TRY(fpi_match_find(&before, tx, task->tenant, c->id, task));
    FPI_TRY(fpi_match_follow(tx, bill, task));
    FPI_TRY(fpi_match_find(&after, tx, task->tenant, c->id, task));
    c->is_changed = bill->state != state || !is_same(&before, &after);
    return NULL;
}

static fpi_err_t *compare(fpi_rematched_t *out, fpi_app_t *app, int64_t id, fpi_task_t *task)
{
    comparing_t c = { .id = id };
    fpi_err_t *err = fpi_store_write(app->store, tx_compare, &c, task);

    if (err && (fpi_err_may_repeat(err) || err->code == FPI_E_INTERNAL)) {
        return err;
    }
    out->bills++;
    out->changed += !err && c.is_changed;
    out->left += err != NULL;
    return NULL;
}

/* ---- all of them ---- */

typedef struct listing_t {
    int64_t after;
    fpi_ids_t ids;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_matches_open(&l->ids, tx, task->tenant, l->after, AT_ONCE, task);
}

static fpi_err_t *compare_some(fpi_rematched_t *out, fpi_app_t *app, const fpi_ids_t *ids, fpi_task_t *task)
{
    fpi_task_t one = *task;

    apr_pool_create(&one.pool, task->pool);
    for (int i = 0; i < ids->count; i++) {
        fpi_err_t *err = fpi_task_is_over(task) ? fpi_fail(&one, FPI_E_BUSY, "comparing bills again was called off") : NULL;

        err = err ? err : compare(out, app, ids->items[i], &one);
        if (err) {
            return fpi_err_copy(task->pool, err);
        }
        apr_pool_clear(one.pool);
    }
    apr_pool_destroy(one.pool);
    return NULL;
}

fpi_err_t *fpi_rematch_all(fpi_rematched_t *out, fpi_app_t *app, fpi_task_t *task)
{
    listing_t l = { .after = 0 };

    memset(out, 0, sizeof(*out));
    do {
        FPI_TRY(fpi_store_read(app->store, tx_list, &l, task));
        FPI_TRY(compare_some(out, app, &l.ids, task));
        l.after = l.ids.count ? l.ids.items[l.ids.count - 1] : 0;
    } while (l.ids.count == AT_ONCE);
    return NULL;
}

/* ---- the job ---- */

fpi_err_t *fpi_rematch_switched(fpi_tx_t *tx, const char *setting, fpi_task_t *task)
{
    static const char *const deciding[] = { "match.strict", "match.counted", "match.electronic", "match.submit" };

    for (size_t i = 0; i < sizeof(deciding) / sizeof(*deciding); i++) {
        if (strcmp(deciding[i], setting) == 0) {
            fpi_json_t *payload = fpi_json_make_object(task);

            fpi_json_put_text(payload, "by", task->actor);
            return fpi_job_put(tx, task->tenant, FPI_JOB_REMATCH,
                               apr_psprintf(task->pool, "%" APR_INT64_T_FMT, task->tenant),
                               fpi_json_format(payload, false, task), fpi_clock_now(), task);
        }
    }
    return NULL;
}

/* What follows is in the name of who changed it. */
fpi_err_t *fpi_rematch_run(fpi_app_t *app, const fpi_job_t *job, fpi_task_t *task)
{
    fpi_rematched_t done;
    fpi_json_t *payload;
    const char *by;
    fpi_err_t *err;

    FPI_TRY(fpi_json_parse(&payload, job->payload, strlen(job->payload), task));
    FPI_TRY(fpi_json_find_text(&by, payload, "by", 200, task));
    task->actor = by ? by : task->actor;
    err = fpi_rematch_all(&done, app, task);
    if (done.changed) {
        fpi_jobs_wake(app);
    }
    return err;
}

/* Each bill is compared again at the next occasion, or by the tool. */
void fpi_rematch_parked(fpi_app_t *app, const fpi_job_t *job, const fpi_err_t *why, fpi_task_t *task)
{
    (void)app;
    (void)job;
    (void)why;
    (void)task;
}
