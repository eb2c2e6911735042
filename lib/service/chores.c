#include "service/chores.h"

#include "base/clock.h"
#include "service/access.h"
#include "service/clean.h"
#include "service/erp_people.h"
#include "service/events.h"
#include "service/reconcile.h"
#include "store/derived.h"
#include "store/people.h"

#include <apr_strings.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define MINUTE apr_time_from_sec(60)
#define HOUR apr_time_from_sec(3600)
#define KEY_LIFE apr_time_from_sec(30 * 86400)
#define DERIVED_LIFE apr_time_from_sec(90 * 86400)

enum { LOW_ROOM_MIB = 512 };

static const fpi_enterprise_t *find_enabled(void *baton, const char *client_id, fpi_task_t *task)
{
    const fpi_enterprise_t *e = fpi_people_find(baton, client_id, task);

    return e && e->is_enabled ? e : NULL;
}

static fpi_err_t *tx_rotate(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    bool *rotated = baton;
    apr_time_t now = fpi_clock_now();
    fpi_token_key_t *keys;
    int count;

    *rotated = false;
    FPI_TRY(fpi_token_keys_list(&keys, &count, tx, task));
    if (count && now - keys[0].created < KEY_LIFE) {
        return NULL;
    }
    *rotated = true;
    /* tokens live 30 days at the most: older keys sign nothing that is still alive */
    return fpi_token_key_rotate(tx, now - KEY_LIFE, task);
}

static void keep_hourly(fpi_app_t *app, fpi_task_t *task)
{
    bool rotated = false;
    int64_t room = fpi_blobs_room(app->blobs);
    fpi_err_t *err = fpi_blobs_sweep(app->blobs, 24 * HOUR, task);

    fpi_derived_sweep(app->blobs, (int)(fpi_clock_now() / HOUR % FPI_DERIVED_SLICES), DERIVED_LIFE);
    err = err ? err : fpi_store_write(app->store, tx_rotate, &rotated, task);
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "the hourly clean-up failed");
    }
    if (rotated) {
        fpi_store_raise_epoch(app->store);
    }
    if (room >= 0 && room / (1024 * 1024) < LOW_ROOM_MIB) {
        fpi_event_tell(app, "disk-low",
                       apr_psprintf(task->pool, "%" APR_INT64_T_FMT " MiB are left for images", room / (1024 * 1024)),
                       task);
    }
}

/* A business system may have been added, here or on another node. */
static void arrange(apr_time_t *at, fpi_app_t *app, fpi_task_t *task)
{
    fpi_err_t *err;

    if (fpi_clock_tick() < *at) {
        return;
    }
    *at = fpi_clock_tick() + MINUTE;
    err = fpi_reconcile_arrange(app, task);
    err = err ? err : fpi_erp_people_arrange(app, task);
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "the work with business systems could not be arranged");
    }
}

/* A long list is megabytes of small pieces in the heap of whichever thread made it, and glibc keeps them once they are
 * freed: a child would hold the longest list as often as it has heaps. */
static void give_memory_back(apr_time_t *at, bool is_open, fpi_app_t *app)
{
    if (fpi_clock_tick() < *at) {
        return;
    }
    *at = fpi_clock_tick() + MINUTE;
    if (is_open) {
        fpi_blobs_tidy(app->blobs);
    }
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void turn_of_store(fpi_chores_t *chores, fpi_app_t *app, fpi_task_t *task)
{
    fpi_people_refresh(app, task);
    fpi_metrics_gather(app, &chores->counted);
    if (fpi_clock_now() >= chores->renew) {
        chores->renew = fpi_cloud_tokens_renew(app->cloud, find_enabled, app, task);
    }
    fpi_clean_turn(&chores->cleaned, app, task);
    arrange(&chores->arranged, app, task);
    if (fpi_clock_tick() >= chores->hourly) {
        chores->hourly = fpi_clock_tick() + HOUR;
        keep_hourly(app, task);
    }
}

void fpi_chores_turn(fpi_chores_t *chores, bool is_open, fpi_app_t *app, fpi_task_t *task)
{
    if (is_open) {
        turn_of_store(chores, app, task);
    }
    give_memory_back(&chores->trimmed, is_open, app);
}
