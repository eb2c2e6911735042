#include "wire/http_own.h"

#include "base/clock.h"

static const char *where(const fpi_http_run_t *run)
{
    return fpi_http_request_name(run->ex, run->task->pool);
}

void fpi_http_run_start(fpi_http_run_t *run)
{
    run->start = run->sent_at = run->moved_at = run->asked_at = fpi_clock_tick();
}

void fpi_http_run_moved(fpi_http_run_t *run)
{
    run->moved_at = fpi_clock_tick();
}

/* ---- the source ---- */

static fpi_err_t *ask_source(fpi_http_run_t *run, char *data, size_t room, size_t *len)
{
    fpi_http_exchange_t *ex = run->ex;

    if (ex->source_len >= 0 && (uint64_t)(ex->source_len - run->taken) < room) {
        room = (size_t)(ex->source_len - run->taken);
    }
    if (room == 0) {
        return NULL;
    }
    FPI_TRY(ex->source(ex->baton, data, room, len));
    run->is_dry = *len == FPI_HTTP_LATER;
    if (run->is_dry) {
        return NULL;
    }
    run->taken += (int64_t)*len;
    if (*len > room || (*len == 0 && run->taken < ex->source_len)) {
        return fpi_fail(run->task, FPI_E_INTERNAL,
                        "%s: the source of the body gave %" APR_INT64_T_FMT " bytes of %"
                        APR_INT64_T_FMT, where(run), (apr_int64_t)run->taken,
                        (apr_int64_t)ex->source_len);
    }
    return NULL;
}

fpi_err_t *fpi_http_source_ask(fpi_http_run_t *run, char *data, size_t room, size_t *len)
{
    *len = 0;
    FPI_TRY(ask_source(run, data, room, len));
    if (run->is_dry) {
        *len = 0;
    }
    else {
        run->is_source_over = *len == 0;
    }
    run->is_upload_over = run->is_source_over || run->taken == run->ex->source_len;
    fpi_http_run_moved(run);
    run->sent_at = run->moved_at;
    return NULL;
}

int fpi_http_source_fd(const fpi_http_run_t *run)
{
    const fpi_http_exchange_t *ex = run->ex;

    return run->is_dry && ex->source_fd ? ex->source_fd(ex->baton) : -1;
}

/* ---- time ---- */

fpi_err_t *fpi_http_late(const fpi_http_run_t *run, const char *limit, apr_interval_time_t span)
{
    return fpi_fail(run->task, FPI_E_CLOUD_LATE, "%s: %s within %" APR_INT64_T_FMT " ms",
                    where(run), limit, (apr_int64_t)(span / 1000));
}

/* Fails when `span` has passed since `since`; else shortens *wait so that it is noticed in time. */
static fpi_err_t *check_limit(const fpi_http_run_t *run, apr_time_t now, apr_time_t since,
                              apr_interval_time_t span, const char *limit,
                              apr_interval_time_t *wait)
{
    apr_interval_time_t left = since + span - now;

    if (span <= 0) {
        return NULL;
    }
    if (left <= 0) {
        return fpi_http_late(run, limit, span);
    }
    if (left < *wait) {
        *wait = left;
    }
    return NULL;
}

static fpi_err_t *check_times(const fpi_http_run_t *run, apr_time_t now, apr_interval_time_t *wait)
{
    const fpi_http_times_t *times = &run->options->times;

    if (run->task->deadline) {
        FPI_TRY(check_limit(run, now, run->start, run->task->deadline - run->start,
                            "not done, as the caller's deadline asks,", wait));
    }
    if (run->sent == 0 && !run->ex->is_connected) {
        return NULL; /* connecting: libcurl's own clock runs */
    }
    if (!run->has_head && run->is_upload_over) {
        return check_limit(run, now, run->sent_at, times->first_byte,
                           "request sent, but no answer's head", wait);
    }
    return check_limit(run, now, run->moved_at, times->idle, "not a byte moved", wait);
}

static fpi_err_t *check_wanted(fpi_http_run_t *run, apr_time_t now)
{
    fpi_http_exchange_t *ex = run->ex;

    if (run->task->called_off) {
        return fpi_fail(run->task, FPI_E_GONE, "%s: called off", where(run));
    }
    if (!ex->is_gone || now - run->moved_at < FPI_HTTP_LOOK
        || now - run->asked_at < FPI_HTTP_LOOK) {
        return NULL;
    }
    run->asked_at = now;
    if (ex->is_gone(ex->baton)) {
        return fpi_fail(run->task, FPI_E_GONE, "%s: the caller has left", where(run));
    }
    return NULL;
}

fpi_err_t *fpi_http_watch(fpi_http_run_t *run, int64_t sent, apr_interval_time_t *wait)
{
    apr_time_t now = fpi_clock_tick();

    if (sent != run->sent || run->is_dry) { /* it is not the peer that keeps us waiting */
        run->sent = sent;
        run->sent_at = run->moved_at = now;
    }
    *wait = FPI_HTTP_LOOK;
    FPI_TRY(check_wanted(run, now));
    return check_times(run, now, wait);
}
