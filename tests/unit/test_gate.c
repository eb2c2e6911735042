/* Gates for log lines: the first at once, then one in a while, with the count of the others. */
#include "base/gate.h"
#include "unit.h"

#include <apr_strings.h>
#include <pthread.h>

static int64_t tick = 1000 * APR_USEC_PER_SEC;

static int tell(fpi_gate_t *gate, int times, uint64_t *untold)
{
    int told = 0;

    for (int i = 0; i < times; i++) {
        told += fpi_gate_may_tell(gate, tick, untold);
    }
    return told;
}

START_TEST(test_first_then_one_a_minute)
{
    fpi_gate_t gate = { 0 };
    uint64_t untold = 99;

    ck_assert_int_eq(tell(&gate, 50, &untold), 1);
    ck_assert_int_eq(untold, 0);
    tick += FPI_GATE_PAUSE - 1;
    ck_assert_int_eq(tell(&gate, 2, &untold), 0);
    tick += 1;
    ck_assert_int_eq(tell(&gate, 1, &untold), 1);
    ck_assert_int_eq(untold, 51);
    ck_assert_int_eq(tell(&gate, 3, &untold), 0);
    ck_assert(fpi_gate_end(&gate, &untold));
    ck_assert_int_eq(untold, 3);
    ck_assert(!fpi_gate_end(&gate, &untold));
    ck_assert_int_eq(tell(&gate, 5, &untold), 1); /* a new one begins at once */
    ck_assert_int_eq(untold, 0);
}
END_TEST

START_TEST(test_causes)
{
    static fpi_gates_t gates;
    fpi_gate_t *one, *all[FPI_GATE_ROOM];

    memset(&gates, 0, sizeof(gates));
    ck_assert_ptr_null(fpi_gate_find(&gates, "one"));
    one = fpi_gate_take(&gates, "one");
    ck_assert_ptr_eq(fpi_gate_find(&gates, "one"), one);
    ck_assert_ptr_eq(fpi_gate_take(&gates, "one"), one);
    ck_assert_ptr_null(fpi_gate_find(&gates, "two"));
    for (int i = 1; i < FPI_GATE_ROOM; i++) {
        all[i] = fpi_gate_take(&gates, apr_itoa(task->pool, i));
        ck_assert(all[i] != one && (i == 1 || all[i] != all[i - 1]));
    }
    ck_assert_ptr_eq(fpi_gate_take(&gates, "one too many"), all[FPI_GATE_ROOM - 1]);
    ck_assert_ptr_null(fpi_gate_find(&gates, "one too many"));
    ck_assert_ptr_eq(fpi_gate_find(&gates, "7"), all[7]);
}
END_TEST

static fpi_gate_t shared;
static _Atomic int lines;

static void *call_often(void *data)
{
    uint64_t untold;

    atomic_fetch_add(&lines, tell(&shared, 10000, &untold));
    return data;
}

START_TEST(test_threads_tell_once)
{
    pthread_t threads[4];
    uint64_t untold;

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(lines, 1);
    ck_assert(fpi_gate_end(&shared, &untold));
    ck_assert_int_eq(untold, 39999);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gate");
    TCase *tc = unit_case(suite, "gate");

    tcase_add_test(tc, test_first_then_one_a_minute);
    tcase_add_test(tc, test_causes);
    tcase_add_test(tc, test_threads_tell_once);
    return unit_run(suite);
}
