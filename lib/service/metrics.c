#ifdef HAVE_CONFIG_H
#include "config.h"
#else
#define PACKAGE_VERSION "0"
#endif

#include "service/metrics.h"

#include "base/clock.h"
#include "service/app.h"
#include "store/notices.h"
#include "store/pushes.h"

#include <apr_strings.h>
#include <assert.h>

enum { TEXT_MOST = 64 * 1024 };

typedef struct row_t {
    const char *name, *help;
    size_t at; /* of the counter in its struct */
} row_t;

static const row_t counters[] = {
#define FPI_METRIC(member, name, help) { name, help, offsetof(fpi_metrics_t, member) },
#include "service/metrics.def"
#undef FPI_METRIC
};

#define CLOUD(member, name, help) { name, help, offsetof(fpi_cloud_counts_t, member) }
static const row_t cloud_counters[] = {
    CLOUD(calls, "fpimage_cloud_calls_total", "calls of the cloud"),
    CLOUD(failures, "fpimage_cloud_failures_total", "calls of the cloud that failed"),
    CLOUD(timeouts, "fpimage_cloud_timeouts_total", "calls of the cloud that ran out of time"),
    CLOUD(token_fetches, "fpimage_cloud_token_fetches_total", "tokens asked of the cloud"),
    CLOUD(token_failures, "fpimage_cloud_token_failures_total", "tokens that it did not give"),
    CLOUD(repeats, "fpimage_cloud_repeats_total", "calls of the cloud that were made again"),
    CLOUD(us_total, "fpimage_cloud_wait_microseconds_total", "time from call to the answer's head"),
};

#define DECODE(member, name, help) { name, help, offsetof(fpi_decode_counts_t, member) }
static const row_t decode_counters[] = {
    DECODE(documents, "fpimage_decode_documents_total", "documents given to the decoding helper"),
    DECODE(failures, "fpimage_decode_failures_total", "documents that it could not read, or failed at"),
    DECODE(kills, "fpimage_decode_kills_total", "workers that died on a document or were ended for time"),
    DECODE(restarts, "fpimage_decode_restarts_total", "keepers that ended by themselves and were replaced"),
    DECODE(us_total, "fpimage_decode_wait_microseconds_total", "time from question to answer"),
};

const char *fpi_version(void)
{
    return PACKAGE_VERSION;
}

static uint64_t read_counter(const void *base, const row_t *row)
{
    const _Atomic uint64_t *counter = (const void *)((const char *)base + row->at);

    return atomic_load_explicit(counter, memory_order_relaxed);
}

bool fpi_metrics_next(const fpi_metrics_t *metrics, int i, const char **name, const char **help,
                      uint64_t *value)
{
    if (i < 0 || (size_t)i >= sizeof(counters) / sizeof(*counters)) {
        return false;
    }
    *name = counters[i].name;
    *help = counters[i].help;
    *value = read_counter(metrics, &counters[i]);
    return true;
}

void fpi_metrics_gather(fpi_app_t *app, fpi_store_stats_t *last)
{
    fpi_store_stats_t now;

    fpi_store_stats(app->store, &now);
    FPI_COUNT(app, commits, now.commits - last->commits);
    FPI_COUNT(app, writes, now.writes - last->writes);
    *last = now;
}

/* ---- text ---- */

static void put(fpi_buf_t *out, const char *text)
{
    bool fits = fpi_buf_put_text(out, text);

    assert(fits); /* the list is ours */
    (void)fits;
}

static void put_head(fpi_buf_t *out, const char *name, const char *type, const char *help)
{
    put(out, apr_pstrcat(out->pool, "# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n",
                         NULL));
}

static void put_value(fpi_buf_t *out, const char *name, const char *labels, int64_t value)
{
    put(out, apr_psprintf(out->pool, "%s%s %" APR_INT64_T_FMT "\n", name, labels,
                          (apr_int64_t)value));
}

static void put_gauge(fpi_buf_t *out, const char *name, const char *help, int64_t value)
{
    put_head(out, name, "gauge", help);
    put_value(out, name, "", value);
}

static void put_counters(fpi_buf_t *out, const void *base, const row_t *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_head(out, rows[i].name, "counter", rows[i].help);
        put_value(out, rows[i].name, "", (int64_t)read_counter(base, &rows[i]));
    }
}

static void put_cloud(fpi_buf_t *out, fpi_app_t *app)
{
    put_counters(out, &app->shared->cloud, cloud_counters,
                 sizeof(cloud_counters) / sizeof(*cloud_counters));
    put_gauge(out, "fpimage_cloud_breaker_open", "1 while calls of the cloud are refused at once",
              fpi_breaker_is_open(&app->shared->breaker));
    if (app->cloud) {
        put_gauge(out, "fpimage_cloud_slots_in_use", "calls of the cloud under way in this child",
                  fpi_http_in_use(fpi_cloud_client(app->cloud)));
    }
}

static void put_decoder(fpi_buf_t *out, fpi_app_t *app)
{
    put_counters(out, &app->shared->decode, decode_counters, sizeof(decode_counters) / sizeof(*decode_counters));
}

typedef struct queues_t {
    fpi_job_counts_t jobs;
    fpi_delivery_counts_t notices;
} queues_t;

static fpi_err_t *tx_count(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    queues_t *queues = baton;

    FPI_TRY(fpi_jobs_count(&queues->jobs, tx, task));
    return fpi_deliveries_count(&queues->notices, tx, task);
}

static void put_notices(fpi_buf_t *out, const fpi_delivery_counts_t *counts)
{
    static const char notices[] = "fpimage_notices";

    put_head(out, notices, "gauge", "notices to the ERP that it was not told yet, by state");
    put_value(out, notices, "{state=\"waiting\"}", counts->waiting);
    put_value(out, notices, "{state=\"parked\"}", counts->parked);
    put_value(out, notices, "{state=\"unaddressed\"}", counts->unaddressed);
    put_gauge(out, "fpimage_notices_failing", "waiting notices whose last try failed", counts->failing);
    put_gauge(out, "fpimage_notices_oldest_seconds", "age of the oldest that waits",
              counts->oldest ? apr_time_sec(fpi_clock_now() - counts->oldest) : 0);
}

static void put_store(fpi_buf_t *out, fpi_app_t *app, fpi_task_t *task)
{
    static const char jobs[] = "fpimage_jobs";
    queues_t queues = { .jobs = { 0, 0, 0 } };
    bool is_up = app->is_open && !fpi_store_read(app->store, tx_count, &queues, task);

    put_gauge(out, "fpimage_store_up", "1 while the store can be read", is_up);
    if (!is_up) {
        return;
    }
    put_head(out, jobs, "gauge", "background steps by state");
    put_value(out, jobs, "{state=\"ready\"}", queues.jobs.ready);
    put_value(out, jobs, "{state=\"leased\"}", queues.jobs.leased);
    put_value(out, jobs, "{state=\"parked\"}", queues.jobs.parked);
    put_notices(out, &queues.notices);
    put_gauge(out, "fpimage_blob_room_bytes", "bytes free for images, -1 unknown",
              fpi_blobs_room(app->blobs));
}

const char *fpi_metrics_format(fpi_app_t *app, fpi_task_t *task)
{
    fpi_buf_t *out = fpi_buf_make(task->pool, TEXT_MOST);

    put_head(out, "fpimage_info", "gauge", "the release that answers");
    put_value(out, "fpimage_info",
              apr_pstrcat(task->pool, "{version=\"", fpi_version(), "\"}", NULL), 1);
    put_counters(out, &app->shared->metrics, counters, sizeof(counters) / sizeof(*counters));
    put_cloud(out, app);
    put_decoder(out, app);
    put_store(out, app, task);
    return out->data;
}
