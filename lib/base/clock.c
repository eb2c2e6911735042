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

enum { DIGITS_MAX = 20, CHINA = 8 * 3600, ZONE_HOURS = 14 };

/* Digits of the text up to `end` without separators; 0 when there is anything else, or too many. */
static size_t take_digits(char out[DIGITS_MAX + 1], const char *text, const char *end)
{
    size_t n = 0;

    for (; text < end; text++) {
        if (*text >= '0' && *text <= '9') {
            if (n == DIGITS_MAX) {
                return 0;
            }
            out[n++] = *text;
        }
        else if (!strchr("-/: T.", *text)) {
            return 0;
        }
    }
    out[n] = '\0';
    return n;
}

static int64_t number_of(const char *digits, size_t len)
{
    int64_t value = 0;

    for (size_t i = 0; i < len; i++) {
        value = value * 10 + (digits[i] - '0');
    }
    return value;
}

/* Of two digits; -1: there are none. */
static int two_of(const char *text)
{
    return strspn(text, "0123456789") >= 2 ? (text[0] - '0') * 10 + text[1] - '0' : -1;
}

/* "Z", "+08", "+0800" or "+08:00", and the last two with a minus, to seconds east. */
static bool read_zone(apr_int32_t *seconds, const char *zone)
{
    int hours = strlen(zone) < 3 ? -1 : two_of(zone + 1), minutes = 0;

    if (strcmp(zone, "Z") == 0) {
        *seconds = 0;
        return true;
    }
    if (hours >= 0 && (zone[3] || *zone == '-')) {
        const char *rest = zone + 3 + (zone[3] == ':');

        minutes = strlen(rest) == 2 ? two_of(rest) : -1;
    }
    if (hours < 0 || hours > ZONE_HOURS || minutes < 0 || minutes > 59) {
        return false;
    }
    *seconds = (hours * 60 + minutes) * (*zone == '-' ? -60 : 60);
    return true;
}

/* Where the zone behind a time of day begins, or the end of the text. */
static const char *find_zone(apr_int32_t *seconds, const char *text)
{
    const char *time = strpbrk(text, "T "), *zone = time ? strpbrk(time, "+Z") : NULL;

    zone = zone || !time ? zone : strrchr(time, '-');
    *seconds = CHINA;
    return zone && read_zone(seconds, zone) ? zone : text + strlen(text);
}

static bool read_calendar(apr_time_t *out, const char *digits, size_t len, apr_int32_t zone)
{
    apr_time_exp_t exp = {
        .tm_year = (apr_int32_t)number_of(digits, 4) - 1900,
        .tm_mon = (apr_int32_t)number_of(digits + 4, 2) - 1,
        .tm_mday = (apr_int32_t)number_of(digits + 6, 2),
        .tm_hour = (apr_int32_t)number_of(digits + 8, 2),
        .tm_min = (apr_int32_t)number_of(digits + 10, 2),
        .tm_sec = (apr_int32_t)number_of(digits + 12, 2),
        .tm_gmtoff = zone,
    };

    for (size_t i = 14; i < 20; i++) {
        exp.tm_usec = exp.tm_usec * 10 + (i < len ? digits[i] - '0' : 0);
    }
    return exp.tm_mon >= 0 && exp.tm_mon < 12 && exp.tm_mday >= 1 && exp.tm_mday <= 31 && exp.tm_hour < 24
           && exp.tm_min < 60 && exp.tm_sec < 61 && apr_time_exp_gmt_get(out, &exp) == APR_SUCCESS;
}

bool fpi_clock_read(apr_time_t *out, const char *text)
{
    char digits[DIGITS_MAX + 1];
    apr_int32_t zone;
    const char *end = find_zone(&zone, text);
    size_t len = take_digits(digits, text, end);

    if (len == 12 || (len == 8 && !*end)) {
        memcpy(digits + len, "000000", 7);
        return read_calendar(out, digits, 14, zone);
    }
    if (len >= 14) {
        return read_calendar(out, digits, len, zone);
    }
    if (len < 9 || len != strlen(text)) {
        return false;
    }
    *out = number_of(digits, len) * (len == 13 ? 1000 : APR_USEC_PER_SEC);
    return true;
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
