#include "service/app.h"

#include "base/clock.h"
#include "service/access.h"
#include "service/erps.h"
#include "service/fetch.h"
#include "service/jobs.h"
#include "service/scanners.h"
#include "service/sessions.h"
#include "service/setup.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static apr_status_t app_cleanup(void *data)
{
    fpi_app_t *app = data;

    fpi_app_stop(app);
    return APR_SUCCESS;
}

static fpi_err_t *open_cloud(fpi_app_t *app, fpi_task_t *task)
{
    const fpi_settings_t *settings = app->settings;
    fpi_cloud_options_t options = {
        .base = settings->upstream,
        .lock_file = apr_pstrcat(app->pool, settings->data_dir, "/locks", NULL),
        .cache = app->cache,
        .breaker = &app->shared->breaker,
        .counts = &app->shared->cloud,
        .http = {
            .ca_file = settings->upstream_ca,
            .slots = (int)settings->upstream_connections,
            .slot_wait = settings->upstream_times.connect,
            .times = settings->upstream_times,
            .user_agent = "mod_fpimage",
        },
    };

    FPI_TRY(fpi_cloud_make(&app->cloud, app->pool, &options, task));
    FPI_TRY(fpi_erps_client_make(&app->erp, app, task));
    FPI_TRY(fpi_scanners_client_make(&app->scanners, app, task));
    return fpi_fetch_client_make(&app->fetcher, app, task);
}

/* In a pool of its own: a failed try must leave nothing behind, however often it is repeated. */
static fpi_err_t *open_in(fpi_app_t *app, apr_pool_t *pool, fpi_task_t *task)
{
    fpi_store_options_t options = {
        .database = app->settings->database,
        .data_dir = app->settings->data_dir,
        .may_migrate = false,
    };

    FPI_TRY(fpi_setup_read_key(&app->master, app->settings, pool, task));
    options.master = app->master;
    FPI_TRY(fpi_blobs_open(&app->blobs, pool, app->settings->blob_store, task));
    FPI_TRY(fpi_store_open(&app->store, pool, &options, task));
    FPI_TRY(fpi_sessions_open(&app->sessions, pool, task));
    return fpi_people_open(&app->people, app, pool, task);
}

static fpi_err_t *try_open(fpi_app_t *app, fpi_task_t *task)
{
    apr_pool_t *pool;
    fpi_err_t *err;

    if (!app->fetcher) {
        FPI_TRY(open_cloud(app, task));
    }
    if (apr_pool_create(&pool, app->pool) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "a pool can't be made");
    }
    err = open_in(app, pool, task);
    if (err) {
        err = fpi_err_copy(task->pool, err);
        app->store = NULL;
        app->blobs = NULL;
        app->people = NULL;
        app->sessions = NULL;
        app->master = NULL;
        apr_pool_destroy(pool);
    }
    return err;
}

static const char *instance_name(apr_pool_t *pool)
{
    char host[64] = "host";
    fpi_task_t *task = fpi_task_make(pool, NULL);

    if (gethostname(host, sizeof(host) - 1) != 0) {
        apr_cpystrn(host, "host", sizeof(host));
    }
    return apr_psprintf(pool, "%s/%d/%.8s", host, (int)getpid(), task->trace);
}

fpi_err_t *fpi_app_open(fpi_app_t **out, apr_pool_t *pool, const fpi_settings_t *settings,
                        const fpi_log_sink_t *log, fpi_shared_t *shared, const fpi_cache_t *cache,
                        fpi_task_t *task)
{
    fpi_app_t *app = apr_pcalloc(pool, sizeof(*app));

    app->pool = pool;
    app->settings = settings;
    app->log = log;
    app->shared = shared;
    app->cache = cache;
    app->instance = instance_name(pool);
    if (apr_thread_mutex_create(&app->opening, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "a lock can't be made");
    }
    *out = app;
    apr_pool_pre_cleanup_register(pool, app, app_cleanup); /* threads end before what they use */
    FPI_TRY(try_open(app, task));
    atomic_store(&app->is_open, true);
    return NULL;
}

fpi_err_t *fpi_app_ready(fpi_app_t *app, fpi_task_t *task)
{
    fpi_err_t *err = NULL;

    if (atomic_load_explicit(&app->is_open, memory_order_acquire)) {
        return NULL;
    }
    apr_thread_mutex_lock(app->opening);
    if (!app->is_open) {
        if (fpi_clock_tick() < app->next_try) {
            err = fpi_fail(task, FPI_E_STORE, "the store could not be opened; it is tried again each second");
        }
        else {
            app->next_try = fpi_clock_tick() + APR_USEC_PER_SEC;
            err = try_open(app, task);
            if (!err) {
                atomic_store_explicit(&app->is_open, true, memory_order_release);
                fpi_log(task, FPI_M_STORE_BACK, "the store is open");
            }
            else {
                err = fpi_recode(task, err, FPI_E_STORE, "the store can't be opened");
            }
        }
    }
    apr_thread_mutex_unlock(app->opening);
    return err;
}

fpi_err_t *fpi_app_decoder(fpi_decoder_t **decoder, const fpi_app_t *app, fpi_task_t *task)
{
    *decoder = app->decoder;
    return *decoder ? NULL : fpi_fail(task, FPI_E_DECODER, "there is no decoding helper");
}

fpi_err_t *fpi_app_start_decoder(fpi_app_t *app, fpi_task_t *task)
{
    fpi_decode_options_t options = { .workers = (int)app->settings->decoders,
                                     .timeout = apr_time_from_sec(app->settings->decode_timeout) };

    return app->decoder ? NULL : fpi_decoder_start(&app->decoder, app->pool, &options, task);
}

fpi_err_t *fpi_app_start(fpi_app_t *app, fpi_task_t *task)
{
    return fpi_jobs_start(app, task);
}

void fpi_app_stop(fpi_app_t *app)
{
    fpi_jobs_stop(app);
}
