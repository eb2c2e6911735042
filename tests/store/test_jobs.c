/* Jobs against a real SQLite store: leased by one at a time, put again meanwhile, kinds apart; by two processes as well. */
#include "store/pushes.h"

#include "noun_unit.h"

#include <sys/wait.h>

enum { LEASE = 600 };

static const fpi_job_queue_t pulls[] = { { "pull", 0 }, { NULL, 0 } };

static fpi_job_t *job_of(fpi_tx_t *tx, const char *key)
{
    fpi_job_t *job;

    unit_done(fpi_job_find(&job, tx, "pull", key, task));
    return job;
}

/* Leases one for `owner` that must have `key`; NULL: there must be none. */
static fpi_job_t *lease_one(fpi_tx_t *tx, const char *owner, const char *key)
{
    fpi_job_t *jobs;
    int count;

    unit_done(fpi_jobs_lease(&jobs, &count, tx, owner, now, LEASE * SECOND, pulls, 1, task));
    ck_assert_int_eq(count, key != NULL);
    if (key) {
        ck_assert_str_eq(jobs->key, key);
    }
    return key ? jobs : NULL;
}

static void put_job(fpi_tx_t *tx, const char *key, const char *payload, apr_time_t due)
{
    unit_done(fpi_job_put(tx, 1, "pull", key, payload, due, task));
}

TX_TEST(jobs_live)
{
    fpi_job_counts_t counts;
    fpi_job_t *job;
    apr_time_t due;
    bool held;

    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, 0);
    put_job(tx, "b", "{}", now + 5 * SECOND);
    put_job(tx, "a", "{}", now);
    ck_assert_ptr_null(job_of(tx, "z"));
    ck_assert_str_eq(job_of(tx, "a")->trace, t->trace);
    ck_assert_int_eq(job_of(tx, "a")->tenant, 1);
    ck_assert_int_eq(job_of(tx, "a")->first, now);
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, now);

    job = lease_one(tx, "me", "a");
    ck_assert_str_eq(job->state, "leased");
    ck_assert_str_eq(job->payload, "{}");
    ck_assert_int_eq(job->attempts, 1);
    ck_assert_int_eq(job->lease_until, now + LEASE * SECOND);
    ck_assert_str_eq(job_of(tx, "a")->owner, "me");
    ck_assert_int_eq(job_of(tx, "a")->attempts, 1);
    lease_one(tx, "you", NULL);
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, now + 5 * SECOND);

    unit_done(fpi_job_later(&held, tx, job->id, "you", now, "no", t));
    ck_assert(!held);
    unit_done(fpi_job_park(&held, tx, job->id, "you", "no", t));
    ck_assert(!held);
    unit_done(fpi_job_end(&held, tx, job->id, "you", t));
    ck_assert(!held);
    unit_done(fpi_job_later(&held, tx, job->id, "me", now + 9 * SECOND, "cloud is away", t));
    ck_assert(held);
    unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    ck_assert(!held);
    job = job_of(tx, "a");
    ck_assert_str_eq(job->state, "ready");
    ck_assert_str_eq(job->last_error, "cloud is away");
    ck_assert_int_eq(job->due, now + 9 * SECOND);
    ck_assert_ptr_null(job->owner);

    now += 9 * SECOND;
    lease_one(tx, "me", "b"); /* due before */
    ck_assert_int_eq(lease_one(tx, "me", "a")->attempts, 2);
    unit_done(fpi_job_park(&held, tx, job->id, "me", "given up", t));
    ck_assert(held);
    unit_done(fpi_jobs_count(&counts, tx, t));
    ck_assert_int_eq(counts.ready, 0);
    ck_assert_int_eq(counts.leased, 1);
    ck_assert_int_eq(counts.parked, 1);
    unit_done(fpi_job_end(&held, tx, job_of(tx, "b")->id, "me", t));
    ck_assert(held);
    ck_assert_ptr_null(job_of(tx, "b"));
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, 0);
    return NULL;
}

TX_TEST(jobs_are_put_again)
{
    apr_time_t start = now;
    fpi_job_t *job;
    bool held;

    put_job(tx, "a", "1", now + 10 * SECOND);
    now += SECOND;
    put_job(tx, "a", "2", now + 30 * SECOND); /* ready: never later than it was */
    ck_assert_int_eq(job_of(tx, "a")->due, start + 10 * SECOND);
    ck_assert_str_eq(job_of(tx, "a")->payload, "2");
    ck_assert_int_eq(job_of(tx, "a")->first, now);
    put_job(tx, "a", "3", now);
    ck_assert_int_eq(job_of(tx, "a")->due, now);

    job = lease_one(tx, "me", "a");
    unit_done(fpi_job_park(&held, tx, job->id, "me", "no", t));
    ck_assert_str_eq(job_of(tx, "a")->state, "parked");
    now += LEASE * SECOND;
    lease_one(tx, "me", NULL);
    put_job(tx, "a", "4", now + SECOND); /* parked: wakes */
    ck_assert_str_eq(job_of(tx, "a")->state, "ready");
    ck_assert_int_eq(job_of(tx, "a")->due, now + SECOND);
    ck_assert_int_eq(job_of(tx, "a")->attempts, 0);
    ck_assert_int_eq(job_of(tx, "a")->id, job->id);
    unit_done(fpi_job_put(tx, 1, "fetch", "a", "other kind", now, t));
    ck_assert_str_eq(job_of(tx, "a")->payload, "4");
    return NULL;
}

/* Kinds are queues of their own: leased in the order asked for, and only so many at once where that is said. */
TX_TEST(jobs_by_kind)
{
    static const fpi_job_queue_t both[] = { { "pull", 0 }, { "look", 2 }, { NULL, 0 } };
    static const fpi_job_queue_t looks[] = { { "look", 2 }, { NULL, 0 } };
    fpi_job_t *jobs;
    apr_time_t due;
    bool held;
    int count;

    for (int i = 0; i < 5; i++) {
        unit_done(fpi_job_put(tx, 1, "look", apr_psprintf(t->pool, "%d", i), "{}", now - 10 * SECOND + i, t));
    }
    put_job(tx, "late", "{}", now);
    unit_done(fpi_jobs_next_due(&due, tx, pulls, t));
    ck_assert_int_eq(due, now);
    unit_done(fpi_jobs_next_due(&due, tx, looks, t));
    ck_assert_int_eq(due, now - 10 * SECOND);
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "a", now, LEASE * SECOND, both, 10, t));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(jobs[0].key, "late");
    ck_assert_str_eq(jobs[1].key, "0");
    ck_assert_str_eq(jobs[2].key, "1");

    unit_done(fpi_jobs_next_due(&due, tx, looks, t)); /* as many as may: nothing until one ends */
    ck_assert_int_eq(due, now + LEASE * SECOND);
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "b", now, LEASE * SECOND, looks, 10, t));
    ck_assert_int_eq(count, 0);
    unit_done(fpi_job_end(&held, tx, job_of(tx, "late")->id, "a", t));
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "b", now, LEASE * SECOND, looks, 10, t));
    ck_assert_int_eq(count, 0);
    now += LEASE * SECOND;
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "b", now, LEASE * SECOND, looks, 1, t));
    ck_assert_int_eq(count, 1);
    return NULL;
}

/* What is done with a lease during which the job was put again: it must run once more. */
enum { END, LATER, PARK, EXPIRE, FINISHES };

TX_TEST(jobs_put_again_while_leased)
{
    const int turn = *(const int *)baton;
    fpi_job_t *job;
    bool held = true;

    put_job(tx, "a", "1", now);
    job = lease_one(tx, "me", "a");
    now += SECOND;
    put_job(tx, "a", "2", now + SECOND);
    put_job(tx, "a", "3", now);
    ck_assert_str_eq(job_of(tx, "a")->state, "leased");
    ck_assert_str_eq(job_of(tx, "a")->owner, "me");
    lease_one(tx, "you", NULL);
    if (turn == END) {
        unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    }
    else if (turn == LATER) {
        unit_done(fpi_job_later(&held, tx, job->id, "me", now + 3600 * SECOND, "e", t));
    }
    else if (turn == PARK) {
        unit_done(fpi_job_park(&held, tx, job->id, "me", "e", t));
    }
    else {
        now += LEASE * SECOND;
    }
    ck_assert(held);
    job = lease_one(tx, "you", "a");
    ck_assert_str_eq(job->payload, "3");
    ck_assert_int_eq(job->attempts, 1);
    unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    ck_assert(!held);
    unit_done(fpi_job_end(&held, tx, job->id, "you", t));
    ck_assert(held);
    ck_assert_ptr_null(job_of(tx, "a")); /* once more, not for ever */
    return NULL;
}

TX_TEST(leases_run_out)
{
    fpi_job_t *job, *jobs;
    apr_time_t due;
    bool held;
    int count;

    put_job(tx, "a", "1", now);
    put_job(tx, "b", "1", now);
    job = lease_one(tx, "me", "a");
    unit_done(fpi_job_end(&held, tx, lease_one(tx, "me", "b")->id, "me", t));
    unit_done(fpi_jobs_next_due(&due, tx, NULL, t));
    ck_assert_int_eq(due, now + LEASE * SECOND);
    now += LEASE * SECOND - 1;
    lease_one(tx, "you", NULL);
    now++;
    unit_done(fpi_jobs_lease(&jobs, &count, tx, "you", now, SECOND, pulls, 10, t));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(jobs->id, job->id);
    ck_assert_int_eq(jobs->attempts, 2);
    ck_assert_ptr_nonnull(strstr(job_of(tx, "a")->last_error, "me"));
    unit_done(fpi_job_end(&held, tx, job->id, "me", t));
    ck_assert(!held);
    ck_assert_ptr_nonnull(job_of(tx, "a"));
    unit_done(fpi_job_end(&held, tx, job->id, "you", t));
    ck_assert(held);
    put_job(tx, "c", "1", now);
    ck_assert_int_gt(job_of(tx, "c")->id, job->id + 1); /* a key is never used again */
    return NULL;
}

/* ---- two processes, 1,000 jobs ---- */

enum { MANY = 1000, PROCESSES = 2 };

static fpi_err_t *put_many(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    for (int i = 0; i < MANY; i++) {
        FPI_TRY(fpi_job_put(tx, 1, "pull", apr_psprintf(t->pool, "key %d", i), "{}", now, t));
    }
    return NULL;
}

typedef struct taken_t {
    const char *owner;
    fpi_job_t *jobs;
    int count;
} taken_t;

static fpi_err_t *lease_some(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    taken_t *taken = baton;

    return fpi_jobs_lease(&taken->jobs, &taken->count, tx, taken->owner, now, LEASE * SECOND, pulls, 7, t);
}

static fpi_err_t *end_some(fpi_tx_t *tx, void *baton, fpi_task_t *t)
{
    taken_t *taken = baton;

    for (int i = 0; i < taken->count; i++) {
        bool held;

        FPI_TRY(fpi_job_end(&held, tx, taken->jobs[i].id, taken->owner, t));
        ck_assert(held);
    }
    return NULL;
}

/* Says that it is ready, waits for the end of `go`, then leases until nothing is left, telling each
 * job's number down the pipe. It pauses between turns, so that both get theirs. */
static void work(int out, int go, const char *owner)
{
    taken_t taken = { .owner = owner };
    int number = -1;

    open_store();
    ck_assert_int_eq(write(out, &number, sizeof(number)), sizeof(number));
    ck_assert_int_eq(read(go, &number, sizeof(number)), 0);
    do {
        unit_done(fpi_store_write(store, lease_some, &taken, task));
        for (int i = 0; i < taken.count; i++) {
            number = atoi(taken.jobs[i].key + 4);
            ck_assert_int_eq(write(out, &number, sizeof(number)), sizeof(number));
        }
        unit_done(fpi_store_write(store, end_some, &taken, task));
        apr_sleep(1000);
    } while (taken.count);
    fpi_store_close(&store);
}

START_TEST(two_processes_share_the_jobs)
{
    int seen[MANY] = { 0 }, by[PROCESSES] = { 0 }, pipes[PROCESSES][2], go[2], status, number;
    pid_t pids[PROCESSES];

    in_write(put_many);
    fpi_store_close(&store);
    ck_assert_int_eq(pipe(go), 0);
    for (int p = 0; p < PROCESSES; p++) {
        ck_assert_int_eq(pipe(pipes[p]), 0);
        pids[p] = fork();
        if (pids[p] == 0) {
            close(go[1]);
            work(pipes[p][1], go[0], p ? "one" : "two");
            _exit(0);
        }
        close(pipes[p][1]);
        ck_assert_int_eq(read(pipes[p][0], &number, sizeof(number)), sizeof(number));
    }
    close(go[1]);
    for (int p = 0; p < PROCESSES; p++) {
        while (read(pipes[p][0], &number, sizeof(number)) == sizeof(number)) {
            seen[number]++;
            by[p]++;
        }
        ck_assert_int_eq(waitpid(pids[p], &status, 0), pids[p]);
        ck_assert_int_eq(status, 0);
    }
    for (int i = 0; i < MANY; i++) {
        ck_assert_msg(seen[i] == 1, "job %d was leased %d times", i, seen[i]);
    }
    ck_assert_int_gt(by[0], 0);
    ck_assert_int_gt(by[1], 0);
    open_store();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jobs");
    TCase *tests = noun_case(suite, "jobs");

    tcase_add_test(tests, jobs_live);
    tcase_add_test(tests, jobs_are_put_again);
    tcase_add_test(tests, jobs_by_kind);
    tcase_add_loop_test(tests, jobs_put_again_while_leased, 0, FINISHES);
    tcase_add_test(tests, leases_run_out);
    tcase_add_test(tests, two_processes_share_the_jobs);
    return unit_run(suite);
}
