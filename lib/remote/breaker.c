#include "remote/breaker.h"

#include "base/clock.h"

/* Nobody tells the breaker which call was the probe, and calls that began before it opened may end
 * while it is open. Times tell them apart: no probe runs before open_until has passed, and
 * probe_until is 0 while none is under way. */

static const int64_t pause_first = 5 * APR_USEC_PER_SEC, pause_most = 60 * APR_USEC_PER_SEC;
/* A probe whose process died must not keep the breaker open for ever. */
static const int64_t probe_life = 70 * APR_USEC_PER_SEC;

static fpi_err_t *refuse(fpi_task_t *task, int64_t wait)
{
    int seconds = (int)((wait + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC);
    fpi_err_t *err = fpi_fail(task, FPI_E_CLOUD,
                              "several calls of the cloud failed in a row: not called, a probe "
                              "comes within %d s", seconds < 1 ? 1 : seconds);

    err->retry_after = seconds < 1 ? 1 : seconds;
    return err;
}

fpi_err_t *fpi_breaker_enter(fpi_breaker_t *breaker, fpi_task_t *task)
{
    int64_t until = atomic_load_explicit(&breaker->open_until, memory_order_acquire);
    int64_t now, probe;

    if (until == 0) {
        return NULL;
    }
    now = fpi_clock_tick();
    if (now < until) {
        return refuse(task, until - now);
    }
    probe = atomic_load(&breaker->probe_until);
    if (now < probe || !atomic_compare_exchange_strong(&breaker->probe_until, &probe,
                                                       now + probe_life)) {
        return refuse(task, 1);
    }
    return NULL;
}

bool fpi_breaker_succeeded(fpi_breaker_t *breaker)
{
    int64_t until = atomic_load_explicit(&breaker->open_until, memory_order_acquire);

    if (until == 0) {
        /* the common case writes nothing, so the line stays in every core's cache */
        if (atomic_load_explicit(&breaker->failures, memory_order_relaxed) != 0) {
            atomic_store(&breaker->failures, 0);
        }
        return false;
    }
    if (atomic_load(&breaker->probe_until) == 0) {
        return false;
    }
    atomic_store(&breaker->failures, 0);
    atomic_store(&breaker->probe_until, 0);
    return atomic_compare_exchange_strong(&breaker->open_until, &until, 0);
}

static bool open_first(fpi_breaker_t *breaker)
{
    int64_t closed = 0;

    if (atomic_fetch_add(&breaker->failures, 1) + 1 < FPI_BREAKER_FAILURES) {
        return false;
    }
    atomic_store(&breaker->pause, pause_first);
    return atomic_compare_exchange_strong(&breaker->open_until, &closed,
                                          fpi_clock_tick() + pause_first);
}

bool fpi_breaker_failed(fpi_breaker_t *breaker)
{
    int64_t until = atomic_load_explicit(&breaker->open_until, memory_order_acquire);
    int64_t now, pause;

    if (until == 0) {
        return open_first(breaker);
    }
    now = fpi_clock_tick();
    if (now < until || atomic_load(&breaker->probe_until) == 0) {
        return false;
    }
    pause = atomic_load(&breaker->pause) * 2;
    if (pause > pause_most) {
        pause = pause_most;
    }
    if (atomic_compare_exchange_strong(&breaker->open_until, &until, now + pause)) {
        atomic_store(&breaker->pause, pause);
        atomic_store(&breaker->probe_until, 0);
    }
    return false;
}

void fpi_breaker_left(fpi_breaker_t *breaker)
{
    /* if it was the probe, the next call may be one; if not, at worst two probes run at once */
    if (atomic_load_explicit(&breaker->open_until, memory_order_relaxed) != 0) {
        atomic_store(&breaker->probe_until, 0);
    }
}

bool fpi_breaker_is_open(const fpi_breaker_t *breaker)
{
    return atomic_load_explicit(&breaker->open_until, memory_order_relaxed) != 0;
}
