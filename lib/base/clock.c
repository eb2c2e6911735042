#include "base/clock.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static apr_time_t (*source)(void);

apr_time_t fpi_clock_now(void)
{
    return source ? source() : apr_time_now();
}

apr_time_t fpi_clock_tick(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (apr_time_t)ts.tv_sec * APR_USEC_PER_SEC + ts.tv_nsec / 1000;
}

void fpi_clock_set(apr_time_t (*replacement)(void))
{
    source = replacement;
}

apr_interval_time_t fpi_clock_backoff(int attempt, apr_interval_time_t first,
                                      apr_interval_time_t most)
{
    apr_interval_time_t pause = first;
    uint32_t dice = 0;

    for (int i = 1; i < attempt && pause < most; i++) {
        pause *= 2;
    }
    if (pause > most) {
        pause = most;
    }
    if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != (ssize_t)sizeof(dice)) {
        dice = 0;
    }
    return pause - (apr_interval_time_t)((double)pause / 5 * dice / UINT32_MAX);
}

char *fpi_clock_format(char out[21], apr_time_t when)
{
    time_t seconds = (time_t)apr_time_sec(when);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || tm.tm_year > 8099 || tm.tm_year < -1899
        || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        memcpy(out, "0000-00-00T00:00:00Z", 21);
    }
    return out;
}
