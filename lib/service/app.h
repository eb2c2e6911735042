/* One child's bundle: everything a handler or a job may use.
 *
 *   fpi_setup_...     service/setup.h: directory, keys, schema; before any of this
 *   fpi_app_open      in each child, and in the tool: opens store, blobs, cloud, loads the people
 *   fpi_app_start     in each child: background threads     fpi_app_stop: ends them, finishes leases
 *
 * Life:    a child's pool. A store that can't be opened does not keep the child from living: fpi_app_ready
 *          tries again, and requests get FPI_E_STORE until it works.
 * Threads: one app serves all threads of a child.
 * Limits:  those of settings. */
#ifndef FPI_APP_H
#define FPI_APP_H

#include "remote/cloud.h"
#include "remote/erp.h"
#include "service/metrics.h"
#include "service/settings.h"
#include "store/blob.h"
#include "store/store.h"
#include "wire/decode.h"

struct fpi_people_t;
struct fpi_sessions_t;
struct fpi_jobs_t;
struct apr_thread_mutex_t;

/* What all children share; lies in shared memory in httpd, in plain memory in the tool. Zeroed at start. */
typedef struct fpi_shared_t {
    fpi_metrics_t metrics;
    fpi_cloud_counts_t cloud;
    fpi_breaker_t breaker;
    fpi_decode_counts_t decode;
    _Atomic uint64_t prefix_sources[64]; /* hashes of sources whose malformed prefix was logged */
    _Atomic uint32_t prefix_count;
    _Atomic int64_t examining;   /* fpi_clock_tick when the doctor began for the console; 0: he is free */
    _Atomic bool is_unready;     /* /fpimage/ready said so, and that was logged */
    _Atomic int64_t events[8];   /* fpi_clock_tick of the last start of each event's program */
} fpi_shared_t;

typedef struct fpi_app_t {
    apr_pool_t *pool;
    const fpi_settings_t *settings;
    const fpi_log_sink_t *log;
    fpi_shared_t *shared;
    const fpi_cache_t *cache;    /* NULL: none */
    fpi_secret_t *master;
    fpi_store_t *store;          /* NULL until it could be opened */
    fpi_blobs_t *blobs;
    fpi_cloud_t *cloud;
    fpi_decoder_t *decoder;      /* NULL: none; ask fpi_app_decoder */
    fpi_erp_t *erp;              /* the business systems */
    fpi_http_client_t *fetcher;  /* files by URL: other hosts, other address rules */
    fpi_http_client_t *scanners; /* network scanners: other address rules again */
    struct fpi_people_t *people; /* service/access.h */
    struct fpi_sessions_t *sessions; /* service/sessions.h */
    struct fpi_jobs_t *jobs;     /* service/jobs.h; NULL in the tool */
    const char *instance;        /* owner of leases: host, pid, random */
    struct apr_thread_mutex_t *opening; /* guards next_try and the opening of the store */
    apr_time_t next_try;
    _Atomic bool is_open;
} fpi_app_t;

/* The app, open as far as it goes: with a failure *app is still set unless memory or locks were missing, and
 * fpi_app_ready goes on trying. */
fpi_err_t *fpi_app_open(fpi_app_t **app, apr_pool_t *pool, const fpi_settings_t *settings,
                        const fpi_log_sink_t *log, fpi_shared_t *shared, const fpi_cache_t *cache,
                        fpi_task_t *task) FPI_MUST_USE;
/* Is the store there? Tries to open it at most once a second. */
fpi_err_t *fpi_app_ready(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* The decoding helper, or FPI_E_DECODER when there is none. */
fpi_err_t *fpi_app_decoder(fpi_decoder_t **decoder, const fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
/* In the tool: one of its own, which ends with the app's pool. */
fpi_err_t *fpi_app_start_decoder(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_app_start(fpi_app_t *app, fpi_task_t *task) FPI_MUST_USE;
void fpi_app_stop(fpi_app_t *app);

#endif
