/* Times as peers write them, and pauses. */
#include "unit.h"

#include "base/clock.h"

static const struct {
    const char *text;
    int64_t ms; /* 0: refused */
} times[] = {
    { "1760000000", 1760000000000 },
    { "1760000000123", 1760000000123 },
    { "20251009165320", 1760000000000 },
    { "2025-10-09 16:53:20", 1760000000000 },
    { "2025-10-09T16:53:20.123", 1760000000123 },
    { "202510091653201234", 1760000000123 },
    { "2025/10/09", 1759939200000 },
    { "202510091653", 1759999980000 },
    { "2025-10-09T16:53:20.123+0800", 1760000000123 }, { "2025-10-09T16:53:20+08:00", 1760000000000 },
    { "2025-10-09T08:53:20.123Z", 1760000000123 }, { "20251009T085320Z", 1760000000000 },
    { "2025-10-09T16:53+08", 1759999980000 }, { "2025-10-09 03:23:20-05:30", 1760000000000 },
    { "2025-10-09 03:23:20-0530", 1760000000000 }, { "2025-10-09 16-53-20", 1760000000000 },
    { "2025-10-09Z", 0 }, { "2025-10-09 Z", 0 }, { "1760000000 +08", 0 }, { "1760000000Z", 0 },
    { "2025-10-09T16:53:20+", 0 }, { "2025-10-09T16:53:20+8", 0 }, { "2025-10-09T16:53:20+15:00", 0 },
    { "2025-10-09T16:53:20+08:60", 0 }, { "2025-10-09T16:53:20+08:", 0 }, { "2025-10-09T16:53:20+08001", 0 },
    { "2025-10-09T16:53:20ZZ", 0 }, { "2025-10-09T16:53:20z+08", 0 },
    { "20251309165320", 0 }, { "20251009255320", 0 }, { "20251000000000", 0 },
    { "", 0 }, { "12345678", 0 }, { "-1760000000", 0 }, { "1760000000 ", 0 }, { "now", 0 }, { "1.76e9", 0 },
    { "123456789012345678901", 0 },
};

START_TEST(test_read)
{
    apr_time_t when = 0;
    bool good = fpi_clock_read(&when, times[_i].text);

    ck_assert_int_eq(good, times[_i].ms != 0);
    if (good) {
        ck_assert_int_eq(apr_time_as_msec(when), times[_i].ms);
    }
}
END_TEST

START_TEST(test_format)
{
    char out[21];

    ck_assert_str_eq(fpi_clock_format(out, 0), "1970-01-01T00:00:00Z");
    ck_assert_str_eq(fpi_clock_format(out, apr_time_from_sec(4102444800)), "2100-01-01T00:00:00Z");
    ck_assert_str_eq(fpi_clock_format(out, INT64_MAX), "0000-00-00T00:00:00Z");
}
END_TEST

START_TEST(test_backoff)
{
    for (int attempt = 1; attempt < 200; attempt++) {
        apr_interval_time_t pause = fpi_clock_backoff(attempt, 1000, 64000);
        apr_interval_time_t full = attempt > 6 ? 64000 : 1000 << (attempt - 1);

        ck_assert_int_le(pause, full);
        ck_assert_int_ge(pause, full - full / 5 - 1);
    }
}
END_TEST

static apr_time_t fixed(void)
{
    return 42;
}

START_TEST(test_source)
{
    fpi_clock_set(fixed);
    ck_assert_int_eq(fpi_clock_now(), 42);
    fpi_clock_set(NULL);
    ck_assert_int_gt(fpi_clock_now(), 42);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tc = unit_case(suite, "clock");

    tcase_add_loop_test(tc, test_read, 0, UNIT_COUNT(times));
    tcase_add_test(tc, test_format);
    tcase_add_test(tc, test_backoff);
    tcase_add_test(tc, test_source);
    return unit_run(suite);
}
