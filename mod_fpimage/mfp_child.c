#include "mfp_child.h"

#include "mfp_cache.h"
#include "mfp_config.h"
#include "mfp_decode.h"
#include "mfp_log.h"
#include "mfp_setup.h"
#include "wire/http.h"

#include <ap_mpm.h>
#include <apr_thread_mutex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static atomic_int entered;
static pthread_t stopper;
static bool has_stopper;

fpi_app_t *mfp_child_enter(const server_rec *host)
{
    const mfp_app_t *app = mfp_config_of(host)->app;

    atomic_fetch_add(&entered, 1);
    return app ? app->app : NULL;
}

void mfp_child_leave(void)
{
    atomic_fetch_sub(&entered, 1);
}

/* ---- opening ---- */

/* With its own allocator and lock: threads of the app make sub-pools while requests do. */
static apr_pool_t *make_pool(void)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return NULL;
    }
    if (apr_pool_create_unmanaged_ex(&pool, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return NULL;
    }
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, "fpimage_app");
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    apr_allocator_mutex_set(allocator, mutex);
    return pool;
}

static fpi_err_t *open_app(mfp_app_t *app, fpi_task_t *task)
{
    fpi_err_t *err;

    app->pool = make_pool();
    if (!app->pool) {
        return fpi_fail(task, FPI_E_INTERNAL, "a pool can't be made");
    }
    err = fpi_app_open(&app->app, app->pool, app->settings, mfp_log_server(app->pool, app->server),
                       app->shared, app->cache, task);
    if (app->app) {
        fpi_err_t *late;

        app->app->decoder = mfp_decode_use(&app->shared->decode, app->pool);
        late = fpi_app_start(app->app, task);

        err = err ? err : late;
    }
    return err;
}

static void open_apps(apr_pool_t *pchild)
{
    for (mfp_app_t *app = mfp_setup_apps(); app; app = app->next) {
        fpi_task_t *task = fpi_task_make(pchild, mfp_log_server(pchild, app->server));
        fpi_err_t *err = open_app(app, task);

        if (err) {
            fpi_log_err(task, FPI_M_CHILD_FAILED, err, "data directory %s",
                        app->settings->data_dir);
        }
    }
}

/* ---- ending ---- */

static bool is_threaded(void)
{
    int answer = 0;

    return ap_mpm_query(AP_MPMQ_IS_THREADED, &answer) == APR_SUCCESS
           && answer != AP_MPMQ_NOT_SUPPORTED;
}

static void stop_apps(void)
{
    for (mfp_app_t *app = mfp_setup_apps(); app; app = app->next) {
        if (app->app) {
            fpi_app_stop(app->app);
        }
    }
}

static void *run_stopper(void *data)
{
    (void)data;
    stop_apps();
    return NULL;
}

static apr_status_t close_apps(void *data)
{
    int in_hand = atomic_load(&entered);

    (void)data;
    if (has_stopper) {
        pthread_join(stopper, NULL);
    }
    /* prefork ends a child from a signal handler: a request in hand may hold any lock of ours */
    else if (in_hand == 0 || is_threaded()) {
        stop_apps();
    }
    for (mfp_app_t *app = mfp_setup_apps(); app && in_hand == 0; app = app->next) {
        app->app = NULL;
        if (app->pool) {
            apr_pool_destroy(app->pool);
            app->pool = NULL;
        }
    }
    return APR_SUCCESS;
}

/* Signals are for the main thread: a handler that ends the child must not run in one of the threads
 * that the child waits for. Returns what was blocked before. */
static sigset_t block_signals(void)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

void mfp_child_stopping(apr_pool_t *pchild, int graceful)
{
    sigset_t before;

    /* with prefork this may be a signal handler: no thread can be made there */
    if (has_stopper || !is_threaded() || !mfp_setup_apps()) {
        return;
    }
    before = block_signals();
    has_stopper = pthread_create(&stopper, NULL, run_stopper, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void mfp_child_open(apr_pool_t *pchild, server_rec *main)
{
    sigset_t before;

    if (!mfp_setup_apps()) {
        return;
    }
    before = block_signals();
    fpi_http_setup();
    mfp_cache_open(pchild);
    open_apps(pchild);
    /* before the sub-pools of pchild go, where other modules keep what our last log lines need */
    apr_pool_pre_cleanup_register(pchild, NULL, close_apps);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
