/* Trace ids, which are drawn for many at once: of threads, over forks. */
#include "unit.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EACH = 200 }; /* more than are drawn at once */

typedef char trace_t[FPI_TRACE_LEN + 1];

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void all_differ(trace_t *traces, int count)
{
    qsort(traces, (size_t)count, sizeof(*traces), by_text);
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(strspn(traces[i], "0123456789abcdef"), FPI_TRACE_LEN);
        ck_assert(i == 0 || strcmp(traces[i - 1], traces[i]) != 0);
    }
}

static void *draw_many(void *data)
{
    trace_t *traces = data;
    apr_pool_t *pool;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    for (int i = 0; i < EACH; i++) {
        strcpy(traces[i], fpi_task_make(pool, NULL)->trace);
    }
    apr_pool_destroy(pool);
    return NULL;
}

START_TEST(test_threads)
{
    static trace_t traces[4 * EACH];
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, draw_many, traces + i * EACH), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    all_differ(traces, 4 * EACH);
}
END_TEST

/* What a parent had drawn is not used by its children. */
START_TEST(test_forks)
{
    static trace_t traces[4 * EACH];

    for (int i = 0; i < 3; i++) {
        int ends[2];
        pid_t child;

        ck_assert_int_eq(pipe(ends), 0);
        child = fork();
        if (child == 0) {
            draw_many(traces);
            _exit(write(ends[1], traces, EACH * sizeof(*traces)) < 0);
        }
        close(ends[1]);
        ck_assert_int_eq(read(ends[0], traces + i * EACH, EACH * sizeof(*traces)),
                         EACH * (int)sizeof(*traces));
        close(ends[0]);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
    }
    draw_many(traces + 3 * EACH);
    all_differ(traces, 4 * EACH);
}
END_TEST

START_TEST(test_traceparent)
{
    char own[FPI_TRACE_LEN + 1];
    const char *one = fpi_task_traceparent(task), *other = fpi_task_traceparent(task);

    ck_assert_int_eq(strlen(one), 55);
    ck_assert(strncmp(one + 3, task->trace, FPI_TRACE_LEN) == 0);
    ck_assert_str_ne(one, other); /* a span of its own */
    strcpy(own, task->trace);
    fpi_task_take_traceparent(task, "00-00000000000000000000000000000000-0123456789abcdef-01");
    ck_assert_str_eq(task->trace, own);
    fpi_task_take_traceparent(task, one);
    ck_assert_str_eq(task->trace, own);
    fpi_task_take_traceparent(task, "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01");
    ck_assert_str_eq(task->trace, "0123456789abcdef0123456789abcdef");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("task");
    TCase *tc = unit_case(suite, "task");

    tcase_add_test(tc, test_threads);
    tcase_add_test(tc, test_forks);
    tcase_add_test(tc, test_traceparent);
    return unit_run(suite);
}
