/* The breaker, with its times set by hand where a pause has to pass. */
#include "unit.h"
#include "remote/breaker.h"

#include "base/clock.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static fpi_breaker_t breaker;

static void reset(void)
{
    memset(&breaker, 0, sizeof(breaker));
}

static bool fail_times(int n)
{
    bool opened = false;

    for (int i = 0; i < n; i++) {
        opened = fpi_breaker_failed(&breaker);
    }
    return opened;
}

static void pass_pause(void)
{
    atomic_store(&breaker.open_until, fpi_clock_tick() - 1);
}

static int refused(void)
{
    fpi_err_t *err = fpi_breaker_enter(&breaker, task);

    unit_failed(err, FPI_E_CLOUD);
    return err->retry_after;
}

START_TEST(opens_after_failures_in_a_row)
{
    reset();
    ck_assert(!fail_times(FPI_BREAKER_FAILURES - 1));
    ck_assert(!fpi_breaker_is_open(&breaker));
    unit_done(fpi_breaker_enter(&breaker, task));
    ck_assert(fail_times(1));
    ck_assert(fpi_breaker_is_open(&breaker));
    ck_assert_int_eq(refused(), 5);
}
END_TEST

START_TEST(a_success_starts_the_count_anew)
{
    reset();
    fail_times(FPI_BREAKER_FAILURES - 1);
    ck_assert(!fpi_breaker_succeeded(&breaker));
    ck_assert(!fail_times(FPI_BREAKER_FAILURES - 1));
    ck_assert(!fpi_breaker_is_open(&breaker));
}
END_TEST

START_TEST(one_probe_at_a_time)
{
    reset();
    fail_times(FPI_BREAKER_FAILURES);
    pass_pause();
    unit_done(fpi_breaker_enter(&breaker, task));
    ck_assert_int_ge(refused(), 1);
    ck_assert(fpi_breaker_succeeded(&breaker));
    ck_assert(!fpi_breaker_is_open(&breaker));
    unit_done(fpi_breaker_enter(&breaker, task));
    unit_done(fpi_breaker_enter(&breaker, task));
    ck_assert(!fpi_breaker_succeeded(&breaker));
}
END_TEST

START_TEST(a_failed_probe_doubles_the_pause)
{
    static const int pauses[] = { 10, 20, 40, 60, 60 };

    reset();
    fail_times(FPI_BREAKER_FAILURES);
    for (int i = 0; i < UNIT_COUNT(pauses); i++) {
        pass_pause();
        unit_done(fpi_breaker_enter(&breaker, task));
        ck_assert(!fpi_breaker_failed(&breaker));
        ck_assert_int_eq(refused(), pauses[i]);
    }
    pass_pause();
    unit_done(fpi_breaker_enter(&breaker, task));
    ck_assert(fpi_breaker_succeeded(&breaker));
    ck_assert(fail_times(FPI_BREAKER_FAILURES));
    ck_assert_int_eq(refused(), 5);
}
END_TEST

START_TEST(a_probe_without_verdict_makes_room)
{
    reset();
    fail_times(FPI_BREAKER_FAILURES);
    pass_pause();
    unit_done(fpi_breaker_enter(&breaker, task));
    fpi_breaker_left(&breaker);
    ck_assert(fpi_breaker_is_open(&breaker));
    unit_done(fpi_breaker_enter(&breaker, task));
    /* its process died */
    atomic_store(&breaker.probe_until, fpi_clock_tick() - 1);
    unit_done(fpi_breaker_enter(&breaker, task));
}
END_TEST

/* Calls that began before it opened and end while it is open say nothing. */
START_TEST(late_comers_change_nothing)
{
    int64_t until;

    reset();
    fail_times(FPI_BREAKER_FAILURES);
    until = atomic_load(&breaker.open_until);
    ck_assert(!fpi_breaker_failed(&breaker));
    ck_assert(!fpi_breaker_succeeded(&breaker));
    fpi_breaker_left(&breaker);
    ck_assert(atomic_load(&breaker.open_until) == until);
    pass_pause();
    ck_assert(!fpi_breaker_failed(&breaker));
    ck_assert(!fpi_breaker_succeeded(&breaker));
    ck_assert(fpi_breaker_is_open(&breaker));
    unit_done(fpi_breaker_enter(&breaker, task));
}
END_TEST

static void *fail_once(void *data)
{
    return fpi_breaker_failed(data) ? data : NULL;
}

START_TEST(threads_open_it_once)
{
    enum { THREADS = 32 };
    pthread_t threads[THREADS];
    int opened = 0;

    reset();
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_once, &breaker), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *said;

        pthread_join(threads[i], &said);
        opened += said != NULL;
    }
    ck_assert_int_eq(opened, 1);
    ck_assert_int_eq(refused(), 5);
}
END_TEST

static void *probe_once(void *data)
{
    apr_pool_t *pool;
    bool entered;

    apr_pool_create(&pool, NULL);
    entered = fpi_breaker_enter(data, fpi_task_make(pool, NULL)) == NULL;
    apr_pool_destroy(pool);
    return entered ? data : NULL;
}

START_TEST(threads_get_one_probe)
{
    enum { THREADS = 32 };
    pthread_t threads[THREADS];
    int entered = 0;

    reset();
    fail_times(FPI_BREAKER_FAILURES);
    pass_pause();
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, probe_once, &breaker), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *said;

        pthread_join(threads[i], &said);
        entered += said != NULL;
    }
    ck_assert_int_eq(entered, 1);
}
END_TEST

START_TEST(processes_share_it)
{
    fpi_breaker_t *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(shared, MAP_FAILED);
    for (int i = 0; i < FPI_BREAKER_FAILURES; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            _exit(fpi_breaker_failed(shared) ? 1 : 0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(WEXITSTATUS(status), i == FPI_BREAKER_FAILURES - 1);
    }
    ck_assert(fpi_breaker_is_open(shared));
    munmap(shared, sizeof(*shared));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("breaker");
    TCase *all = unit_case(suite, "all");

    tcase_add_test(all, opens_after_failures_in_a_row);
    tcase_add_test(all, a_success_starts_the_count_anew);
    tcase_add_test(all, one_probe_at_a_time);
    tcase_add_test(all, a_failed_probe_doubles_the_pause);
    tcase_add_test(all, a_probe_without_verdict_makes_room);
    tcase_add_test(all, late_comers_change_nothing);
    tcase_add_test(all, threads_open_it_once);
    tcase_add_test(all, threads_get_one_probe);
    tcase_add_test(all, processes_share_it);
    return unit_run(suite);
}
