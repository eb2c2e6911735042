/* One fetch of a token for all who want it: threads, processes, through cache and lock, or without them. */
#include "cloud_unit.h"

#include <fcntl.h>
#include <sys/wait.h>

enum { THREADS = 32, CALLED_OFF = -1 };

/* ---- many that want one token ---- */

typedef struct wanting_t {
    pthread_t thread;
    fpi_cloud_t *cloud;
    apr_pool_t *pool;
    fpi_task_t *task;
    const char *token;
    fpi_err_t *err;
} wanting_t;

static void *want(void *data)
{
    wanting_t *w = data;

    w->err = fpi_cloud_token_get(&w->token, w->cloud, enterprise_in(w->pool, "secret-1"), w->task);
    return NULL;
}

static void want_start(wanting_t *w, fpi_cloud_t *cloud, int deadline_ms)
{
    memset(w, 0, sizeof(*w));
    w->cloud = cloud;
    apr_pool_create(&w->pool, NULL);
    w->task = fpi_task_make(w->pool, &sink);
    w->task->called_off = deadline_ms == CALLED_OFF;
    if (deadline_ms > 0) {
        fpi_task_limit(w->task, (apr_interval_time_t)deadline_ms * 1000);
    }
    ck_assert_int_eq(pthread_create(&w->thread, NULL, want, w), 0);
}

static void want_many(wanting_t *all, int count, fpi_cloud_t *cloud)
{
    for (int i = 0; i < count; i++) {
        want_start(&all[i], cloud, 0);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
    }
}

static void want_end(wanting_t *all, int count)
{
    for (int i = 0; i < count; i++) {
        apr_pool_destroy(all[i].pool);
    }
}

START_TEST(threads_share_one_fetch)
{
    wanting_t all[THREADS];

    fake_start(fake);
    fake->delay_ms = 150;
    want_many(all, THREADS, make_cloud());
    for (int i = 0; i < THREADS; i++) {
        unit_done(all[i].err);
        ck_assert_str_eq(all[i].token, "cloud-token-0001");
    }
    ck_assert_int_eq(fake_token_calls(fake), 1);
    ck_assert_int_eq(atomic_load(&counts.token_fetches), 1);
    want_end(all, THREADS);
}
END_TEST

START_TEST(threads_share_one_failure)
{
    wanting_t all[THREADS];

    fake_start(fake);
    fake->delay_ms = 400;
    fake->refuse = "{\"errcode\":\"5000\",\"description\":\"busy\"}";
    fake->refuse_status = 500;
    want_many(all, THREADS, make_cloud());
    for (int i = 0; i < THREADS; i++) {
        unit_failed(all[i].err, FPI_E_CLOUD);
    }
    /* those that came too late to wait for the first ask again */
    ck_assert_int_le(fake_token_calls(fake), 3);
    want_end(all, THREADS);
}
END_TEST

/* The one that fetches runs out of time; one of those that wait goes on. */
START_TEST(one_deadline_is_not_all_of_theirs)
{
    wanting_t first, second;
    fpi_cloud_t *cloud = make_cloud();

    fake_start(fake);
    fake->delay_ms = 600;
    want_start(&first, cloud, 200);
    usleep(50000);
    want_start(&second, cloud, 0);
    pthread_join(first.thread, NULL);
    pthread_join(second.thread, NULL);
    unit_failed(first.err, FPI_E_CLOUD_LATE);
    unit_done(second.err);
    want_end(&first, 1);
    want_end(&second, 1);
}
END_TEST

START_TEST(waiting_ends_with_the_deadline)
{
    wanting_t first, second, third;
    fpi_cloud_t *cloud = make_cloud();

    fake_start(fake);
    fake->delay_ms = 1500;
    want_start(&first, cloud, 0);
    usleep(100000);
    want_start(&second, cloud, 200);
    want_start(&third, cloud, CALLED_OFF);
    pthread_join(second.thread, NULL);
    unit_failed(second.err, FPI_E_CLOUD_LATE);
    pthread_join(third.thread, NULL);
    unit_failed(third.err, FPI_E_GONE);
    pthread_join(first.thread, NULL);
    unit_done(first.err);
    want_end(&first, 1);
    want_end(&second, 1);
    want_end(&third, 1);
}
END_TEST

/* ---- several processes ---- */

static pid_t fork_wanting(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        const char *token = NULL;
        apr_pool_t *pool;
        fpi_err_t *err;

        apr_pool_create(&pool, NULL);
        err = fpi_cloud_token_get(&token, make_cloud_in(pool, &cache, lock_file),
                                  enterprise_in(pool, "secret-1"), fpi_task_make(pool, &sink));
        _exit(!err && strcmp(token, "cloud-token-0001") == 0 ? 0 : 1);
    }
    return pid;
}

START_TEST(processes_share_one_fetch)
{
    enum { CHILDREN = 6 };
    pid_t pids[CHILDREN];
    int status;

    fake->delay_ms = 300;
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork_wanting();
    }
    fake_start(fake);
    for (int i = 0; i < CHILDREN; i++) {
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(fake_token_calls(fake), 1);
    ck_assert_int_eq(memory->puts, 1);
}
END_TEST

/* The kernel gives a dead process's lock back, and a stopped holder delays but does not block. */
START_TEST(a_dead_holder_blocks_nobody)
{
    fpi_cloud_t *cloud;
    wanting_t one;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = open(lock_file, O_RDWR);

        if (fcntl(fd, F_SETLK, &all) == 0) {
            pause();
        }
        _exit(1);
    }
    fake_start(fake);
    usleep(200000);
    cloud = make_cloud();
    want_start(&one, cloud, 0);
    usleep(300000);
    ck_assert_int_eq(fake_token_calls(fake), 0);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    pthread_join(one.thread, NULL);
    unit_done(one.err);
    ck_assert_int_eq(fake_token_calls(fake), 1);
    want_end(&one, 1);
}
END_TEST

START_TEST(the_deadline_holds_at_the_lock)
{
    fpi_cloud_t *cloud;
    const char *token;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = open(lock_file, O_RDWR);

        if (fcntl(fd, F_SETLK, &all) == 0) {
            pause();
        }
        _exit(1);
    }
    fake_start(fake);
    usleep(200000);
    cloud = make_cloud();
    fpi_task_limit(task, 300000);
    unit_failed(fpi_cloud_token_get(&token, cloud, enterprise(), task), FPI_E_CLOUD_LATE);
    ck_assert_int_eq(fake_token_calls(fake), 0);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}
END_TEST

START_TEST(without_lock_or_cache_it_works)
{
    fpi_cloud_t *cloud;

    fake_start(fake);
    cloud = make_cloud_in(task->pool, &cache, "/nonexistent/lock");
    ck_assert_str_eq(get(cloud, enterprise()), "cloud-token-0001");
    cloud = make_cloud_in(task->pool, NULL, lock_file);
    ck_assert_str_eq(get(cloud, enterprise()), "cloud-token-0002");
    memory->is_broken = true;
    cloud = make_cloud();
    ck_assert_str_eq(get(cloud, enterprise()), "cloud-token-0003");
    ck_assert_str_eq(get(cloud, enterprise()), "cloud-token-0003");
}
END_TEST

START_TEST(another_child_finds_it)
{
    fake_start(fake);
    ck_assert_str_eq(get(make_cloud(), enterprise()), "cloud-token-0001");
    ck_assert_str_eq(get(make_cloud(), enterprise()), "cloud-token-0001");
    ck_assert_int_eq(fake_token_calls(fake), 1);
    /* a wrong secret does not find the token of the right one */
    ck_assert_str_eq(get(make_cloud(), enterprise_in(task->pool, "other")), "cloud-token-0002");
}
END_TEST

static const struct {
    const char *value;
    bool is_good;
} values[] = {
    { "1 2 token", true }, { "0 9223372036854775807 t", true }, { "", false }, { "1 2", false },
    { "1 2 ", false }, { "1  2 t", false }, { "x 2 t", false }, { "1 y t", false }, { "-1 2 t",
                                                                                      false },
    { "1 9223372036854775808 t", false }, { "1 2 a b", false }, { "1 2 a\r\nb", false },
};

START_TEST(cache_values)
{
    fpi_token_t token;

    ck_assert(fpi_share_parse(&token, values[_i].value, strlen(values[_i].value), task->pool)
              == values[_i].is_good);
    ck_assert(!fpi_share_parse(&token, "1 2 a\0b", 7, task->pool));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cloud_share");
    TCase *tests = cloud_case(suite, "cloud_share");

    tcase_add_test(tests, threads_share_one_fetch);
    tcase_add_test(tests, threads_share_one_failure);
    tcase_add_test(tests, one_deadline_is_not_all_of_theirs);
    tcase_add_test(tests, waiting_ends_with_the_deadline);
    tcase_add_test(tests, processes_share_one_fetch);
    tcase_add_test(tests, a_dead_holder_blocks_nobody);
    tcase_add_test(tests, the_deadline_holds_at_the_lock);
    tcase_add_test(tests, without_lock_or_cache_it_works);
    tcase_add_test(tests, another_child_finds_it);
    tests = unit_case(suite, "words");
    tcase_add_loop_test(tests, cache_values, 0, UNIT_COUNT(values));
    return unit_run(suite);
}
