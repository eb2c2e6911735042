/* Cloud tokens and our own calls of the cloud, against a peer in this process. */
#include "unit.h"
#include "fakecloud.h"
#include "remote/cloud.h"
#include "remote/recognise.h"
#include "remote/reply.h"
#include "remote/share.h"
#include "wire/crypto.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { SLOTS = 64, THREADS = 32, CALLED_OFF = -1 };

/* ---- a clock that tests move ---- */

static apr_time_t shift;

static apr_time_t shifted(void)
{
    return apr_time_now() + __atomic_load_n(&shift, __ATOMIC_RELAXED);
}

static void move_clock(int seconds)
{
    __atomic_store_n(&shift, shift + apr_time_from_sec(seconds), __ATOMIC_RELAXED);
}

/* ---- a cache in memory that children share ---- */

typedef struct memory_t {
    pthread_mutex_t lock;
    char key[FPI_SHA256_HEX + 1], value[FPI_SHARE_VALUE_MAX];
    size_t len;
    int finds, puts, drops;
    bool is_broken;
} memory_t;

static memory_t *memory;

static fpi_err_t *memory_find(void *baton, const char *key, char *value, size_t room, size_t *len,
                              fpi_task_t *asker)
{
    fpi_err_t *err = NULL;

    pthread_mutex_lock(&memory->lock);
    memory->finds++;
    *len = 0;
    if (memory->is_broken) {
        err = fpi_fail(asker, FPI_E_INTERNAL, "broken on purpose");
    }
    else if (strcmp(memory->key, key) == 0 && memory->len <= room) {
        memcpy(value, memory->value, memory->len);
        *len = memory->len;
    }
    pthread_mutex_unlock(&memory->lock);
    return err;
}

static fpi_err_t *memory_put(void *baton, const char *key, const char *value, size_t len,
                             apr_time_t expires, fpi_task_t *asker)
{
    pthread_mutex_lock(&memory->lock);
    memory->puts++;
    apr_cpystrn(memory->key, key, sizeof(memory->key));
    memcpy(memory->value, value, len);
    memory->len = len;
    pthread_mutex_unlock(&memory->lock);
    return memory->is_broken ? fpi_fail(asker, FPI_E_INTERNAL, "broken on purpose") : NULL;
}

static fpi_err_t *memory_drop(void *baton, const char *key, fpi_task_t *asker)
{
    pthread_mutex_lock(&memory->lock);
    memory->drops++;
    memory->len = 0;
    pthread_mutex_unlock(&memory->lock);
    return NULL;
}

static const fpi_cache_t cache = { memory_find, memory_put, memory_drop, NULL };

static void open_memory(void)
{
    pthread_mutexattr_t attr;

    memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&memory->lock, &attr);
}

/* ---- what each test has ---- */

static fake_t *fake;
static fpi_breaker_t breaker;
static fpi_cloud_counts_t counts;
static char lock_file[] = "/tmp/fpi-test-cloud-XXXXXX";
static char logged[8192];
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void take_line(void *baton, fpi_level_t level, const char *line)
{
    pthread_mutex_lock(&log_lock);
    apr_cpystrn(logged + strlen(logged), line, sizeof(logged) - strlen(logged));
    pthread_mutex_unlock(&log_lock);
}

static const fpi_log_sink_t sink = { take_line, NULL, FPI_LEVEL_INFO };

static bool answer_plain(fake_t *peer, int fd, const fake_request_t *rq)
{
    if (strncmp(rq->target, "/down", 5) == 0) {
        return fake_reply(fd, 503, "", "no");
    }
    return fake_reply(fd, 200, "Content-Type: application/json\r\n",
                      "{\"errcode\":\"0000\",\"data\":[1]}");
}

static void open_all(void)
{
    int fd;

    unit_open();
    task->log = &sink;
    logged[0] = '\0';
    shift = 0;
    fpi_clock_set(shifted);
    fpi_http_setup();
    memset(&breaker, 0, sizeof(breaker));
    memset(&counts, 0, sizeof(counts));
    memcpy(lock_file + strlen(lock_file) - 6, "XXXXXX", 6);
    fd = mkstemp(lock_file);
    ck_assert_int_ge(fd, 0);
    close(fd);
    open_memory();
    fake = fake_listen(answer_plain);
}

static void close_all(void)
{
    apr_pool_destroy(task->pool);
    fake_close(fake);
    munmap(memory, sizeof(*memory));
    unlink(lock_file);
}

static fpi_cloud_t *make_cloud_in(apr_pool_t *pool, const fpi_cache_t *shared, const char *file)
{
    fpi_cloud_options_t options = { .base = fake->base, .lock_file = file, .cache = shared,
                                    .breaker = &breaker, .counts = &counts };
    fpi_task_t *own = fpi_task_make(pool, &sink);
    fpi_cloud_t *cloud;

    options.http.slots = SLOTS;
    options.http.slot_wait = apr_time_from_sec(5);
    options.http.times.connect = options.http.times.first_byte = options.http.times.idle
        = apr_time_from_sec(20);
    options.http.user_agent = "test";
    unit_done(fpi_cloud_make(&cloud, pool, &options, own));
    return cloud;
}

static fpi_cloud_t *make_cloud(void)
{
    return make_cloud_in(task->pool, &cache, lock_file);
}

static fpi_enterprise_t *enterprise_in(apr_pool_t *pool, const char *secret)
{
    fpi_enterprise_t *made = apr_pcalloc(pool, sizeof(*made));

    made->id = 1;
    made->tenant = 1;
    made->client_id = "client-1";
    made->secret = fpi_secret_make_text(pool, secret);
    made->is_enabled = true;
    return made;
}

static fpi_enterprise_t *enterprise(void)
{
    return enterprise_in(task->pool, "secret-1");
}

static const char *get(fpi_cloud_t *cloud, const fpi_enterprise_t *who)
{
    const char *token = NULL;

    unit_done(fpi_cloud_token_get(&token, cloud, who, task));
    ck_assert(token != NULL);
    return token;
}

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

/* ---- life of a token ---- */

START_TEST(it_ends_before_the_cloud_says)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    fake->expires_in = 3600;
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    move_clock(3530);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    move_clock(15);
    fake->expires_in = 10;
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    move_clock(8);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    move_clock(2);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0003");
}
END_TEST

START_TEST(another_secret_asks_anew)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    who->cloud_client_id = "at-the-cloud";
    who->cloud_secret = fpi_secret_make_text(task->pool, "secret-2");
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    ck_assert_str_eq(fpi_cloud_client_id(who), "at-the-cloud");
    ck_assert_str_eq(fpi_cloud_secret(who)->bytes, "secret-2");
}
END_TEST

START_TEST(a_refusal_is_remembered)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    const char *token;
    fpi_err_t *err;

    fake_start(fake);
    fake->refuse = "{\"errcode\":\"1101\",\"description\":\"签名认证不通过\"}";
    for (int i = 0; i < 5; i++) {
        err = fpi_cloud_token_get(&token, cloud, who, task);
        unit_failed(err, FPI_E_CLOUD_REFUSED);
        ck_assert(strstr(err->zh, "签名认证不通过") && strstr(err->zh, "1101"));
        ck_assert(i == 0 || err->retry_after > 0);
    }
    ck_assert_int_eq(fake_token_calls(fake), 1);
    ck_assert_int_eq(atomic_load(&counts.token_failures), 1);
    ck_assert(!fpi_breaker_is_open(&breaker));
    fake->refuse = NULL;
    get(cloud, enterprise_in(task->pool, "corrected"));
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

START_TEST(a_refusal_is_forgotten)
{
    fpi_cloud_t *cloud = make_cloud();
    const char *token;

    fake_start(fake);
    fake->refuse = "{\"errcode\":\"1101\"}";
    unit_failed(fpi_cloud_token_get(&token, cloud, enterprise(), task), FPI_E_CLOUD_REFUSED);
    fake->refuse = NULL;
    sleep(6);
    ck_assert_str_eq(get(cloud, enterprise()), "cloud-token-0002");
}
END_TEST

/* ---- dropping ---- */

START_TEST(drop_forgets_everywhere)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
    ck_assert(fpi_cloud_token_drop(cloud, who, "cloud-token-0001", task));
    ck_assert_int_eq(memory->drops, 1);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    /* late news of the old one */
    ck_assert(fpi_cloud_token_drop(cloud, who, "cloud-token-0001", task));
    ck_assert_int_eq(memory->drops, 1);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

/* Another child's drop may not have reached the cache yet. */
START_TEST(a_dropped_token_is_not_found_again)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    memory_t kept;

    fake_start(fake);
    get(cloud, who);
    kept = *memory;
    ck_assert(fpi_cloud_token_drop(cloud, who, "cloud-token-0001", task));
    memcpy(memory->value, kept.value, sizeof(kept.value));
    memory->len = kept.len;
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
}
END_TEST

START_TEST(vain_drops_end)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    int drops = 0;

    fake_start(fake);
    for (int i = 0; i < 20; i++) {
        if (fpi_cloud_token_drop(cloud, who, get(cloud, who), task)) {
            drops++;
            get(cloud, who);
            fpi_cloud_token_note_vain(cloud, who, task);
        }
    }
    ck_assert_int_eq(drops, 4);
    ck_assert_int_eq(fake_token_calls(fake), 5);
}
END_TEST

/* ---- renewing ---- */

static const fpi_enterprise_t *find_one(void *baton, const char *client_id, fpi_task_t *asker)
{
    ck_assert_str_eq(client_id, "client-1");
    return baton;
}

START_TEST(renewed_when_used_and_old)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    apr_time_t next;

    fake_start(fake);
    get(cloud, who);
    next = fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert(next > fpi_clock_now() && next <= fpi_clock_now() + apr_time_from_sec(1));
    ck_assert_int_eq(fake_token_calls(fake), 1);
    move_clock(2800);
    next = fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert(next <= fpi_clock_now() + apr_time_from_sec(1));
    ck_assert_int_eq(fake_token_calls(fake), 1);
    move_clock(60);
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    /* not used since: let it end */
    move_clock(2900);
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0002");
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 3);
}
END_TEST

START_TEST(one_child_renews_for_all)
{
    fpi_cloud_t *one = make_cloud(), *two = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    get(one, who);
    get(two, who);
    move_clock(3000);
    fpi_cloud_tokens_renew(one, find_one, who, task);
    fpi_cloud_tokens_renew(two, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    ck_assert_str_eq(get(one, who), "cloud-token-0002");
    ck_assert_str_eq(get(two, who), "cloud-token-0002");
}
END_TEST

START_TEST(a_failed_renewal_keeps_the_old_one)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();

    fake_start(fake);
    get(cloud, who);
    move_clock(3000);
    fake->refuse = "{\"errcode\":\"1101\",\"description\":\"no\"}";
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    fpi_cloud_tokens_renew(cloud, find_one, who, task);
    ck_assert_int_eq(fake_token_calls(fake), 2);
    ck_assert_ptr_ne(strstr(logged, "FPI0023"), NULL);
    ck_assert_str_eq(get(cloud, who), "cloud-token-0001");
}
END_TEST

START_TEST(who_is_gone_is_not_renewed)
{
    fpi_cloud_t *cloud = make_cloud();

    fake_start(fake);
    get(cloud, enterprise());
    move_clock(3000);
    fpi_cloud_tokens_renew(cloud, find_one, NULL, task);
    fpi_cloud_tokens_renew(cloud, find_one, enterprise(), task);
    ck_assert_int_eq(fake_token_calls(fake), 1);
}
END_TEST

/* ---- what is said ---- */

START_TEST(the_token_call_is_the_vendors)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    const char *timestamp, *sign, *want_sign;
    fpi_json_t *body;

    fake_start(fake);
    who->client_id = "id \"1\"";
    unit_done(fpi_cloud_check(cloud, who, task));
    ck_assert_int_eq(fake_token_calls(fake), 1);
    ck_assert_int_eq(memory->puts, 0);
    unit_done(fpi_json_parse(&body, fake->token_body, strlen(fake->token_body), task));
    ck_assert_str_eq(fpi_json_text(fpi_json_find(body, "client_id")), "id \"1\"");
    ck_assert(!fpi_json_is_text(fpi_json_find(body, "timestamp")));
    unit_done(fpi_json_find_scalar(&timestamp, body, "timestamp", 32, task));
    ck_assert_int_eq((int)strlen(timestamp), 13);
    sign = fpi_json_text(fpi_json_find(body, "sign"));
    unit_done(fpi_sign_make(&want_sign, FPI_SIGN_MD5, who->client_id, who->secret, timestamp,
                            task));
    ck_assert_str_eq(sign, want_sign);
}
END_TEST

static const struct {
    int status;
    const char *body;
    fpi_code_t code;
} answers[] = {
    { 200, "", FPI_E_CLOUD },
    { 200, "<html>login</html>", FPI_E_CLOUD },
    { 200, "[]", FPI_E_CLOUD },
    { 200, "{}", FPI_E_CLOUD },
    { 200, "{\"errcode\":{}}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"\",\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"a b\",\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"a\\r\\nX: y\",\"expires_in\":5}",
      FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"标\",\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":7,\"expires_in\":5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":0}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":-5}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":1e300}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":99999999999}",
      FPI_E_CLOUD },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":\"60\"}", FPI_DONE },
    { 200, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":60}", FPI_DONE },
    { 500, "{\"errcode\":\"0000\",\"access_token\":\"t\",\"expires_in\":60}", FPI_E_CLOUD },
    { 500, "{\"errcode\":\"1500\",\"description\":\"x\"}", FPI_E_CLOUD },
    { 429, "{\"errcode\":\"1429\",\"description\":\"x\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"1307\",\"description\":\"later\"}", FPI_E_CLOUD },
    { 200, "{\"errcode\":\"1101\"}", FPI_E_CLOUD_REFUSED },
    { 200, "{\"errcode\":1101,\"description\":\"x\"}", FPI_E_CLOUD_REFUSED },
    { 401, "{\"errcode\":\"1300\",\"description\":\"x\"}", FPI_E_CLOUD_REFUSED },
};

START_TEST(answers_are_told_apart)
{
    fpi_token_t token;
    fpi_json_t *json;
    fpi_err_t *err = fpi_reply_read(&json, "token", answers[_i].status, answers[_i].body,
                                    strlen(answers[_i].body), NULL, task);

    if (!err) {
        err = fpi_reply_read_token(&token, json, 1, task);
    }
    if (answers[_i].code == FPI_DONE) {
        unit_done(err);
        ck_assert_int_eq((int)(token.expires - token.fetched), 57 * APR_USEC_PER_SEC);
    }
    else {
        unit_failed(err, answers[_i].code);
    }
}
END_TEST

START_TEST(words_are_cut_and_secrets_masked)
{
    fpi_secret_t *secret = fpi_secret_make_text(task->pool, "hush-hush");
    const char *text = "{\"errcode\":\"1101\",\"description\":\"bad hush-hush\"}";
    fpi_json_t *json;
    fpi_err_t *err;
    char *words = "";

    err = fpi_reply_read(&json, "token", 200, text, strlen(text), secret, task);
    ck_assert(!strstr(err->zh, "hush") && !strstr(err->en, "hush") && !strstr(err->detail, "hush"));
    for (int i = 0; i < 201; i++) {
        words = apr_pstrcat(task->pool, words, i < 200 ? "票" : "尾", NULL);
    }
    text = apr_psprintf(task->pool, "{\"errcode\":\"1101\",\"description\":\"%s\"}", words);
    err = fpi_reply_read(&json, "token", 200, text, strlen(text), secret, task);
    ck_assert(strstr(err->zh, "票") && !strstr(err->zh, "尾"));
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

/* ---- exchanges ---- */

static fpi_err_t *call(fpi_cloud_t *cloud, const char *path, int *status)
{
    fpi_http_exchange_t ex = { .method = "GET", .reply_max = 1000 };
    fpi_err_t *err;

    ex.url = apr_pstrcat(task->pool, fake->base, path, NULL);
    err = fpi_cloud_perform(cloud, &ex, task);
    *status = ex.status;
    return err;
}

START_TEST(gateway_failures_open_the_breaker)
{
    fpi_cloud_t *cloud = make_cloud();
    const char *token;
    int status;

    fake_start(fake);
    for (int i = 0; i < FPI_BREAKER_FAILURES; i++) {
        ck_assert_ptr_eq(strstr(logged, "FPI0021"), NULL);
        unit_done(call(cloud, "/down", &status));
        ck_assert_int_eq(status, 503);
    }
    ck_assert_ptr_ne(strstr(logged, "FPI0021"), NULL);
    unit_failed(call(cloud, "/up", &status), FPI_E_CLOUD);
    unit_failed(fpi_cloud_token_get(&token, cloud, enterprise(), task), FPI_E_CLOUD);
    unit_done(fpi_cloud_check(cloud, enterprise(), task));
    atomic_store(&breaker.open_until, fpi_clock_tick() - 1);
    unit_done(call(cloud, "/up", &status));
    ck_assert_ptr_ne(strstr(logged, "FPI0022"), NULL);
    get(cloud, enterprise());
    ck_assert_int_eq(atomic_load(&counts.failures), 5);
    ck_assert_int_eq(atomic_load(&counts.calls), 7);
}
END_TEST

START_TEST(no_connection_is_tried_twice)
{
    fpi_cloud_t *cloud = make_cloud();
    int status;

    fake_start(fake);
    unit_done(call(cloud, "/up", &status));
    ck_assert_int_eq(atomic_load(&counts.repeats), 0);
    apr_cpystrn(fake->base, "http://127.0.0.1:1", sizeof(fake->base));
    unit_failed(call(cloud, "/up", &status), FPI_E_CLOUD);
    ck_assert_int_eq(atomic_load(&counts.repeats), 1);
    ck_assert_int_eq(atomic_load(&counts.failures), 1);
}
END_TEST

START_TEST(pull_is_signed)
{
    fpi_cloud_t *cloud = make_cloud();
    fpi_enterprise_t *who = enterprise();
    const char *sign, *timestamp;
    char digits[16];
    fpi_json_t *answer;

    fake_start(fake);
    unit_done(fpi_cloud_pull(&answer, cloud, "/m4/fpzs/bxdInvoices", who, "key+1 &", "单据", task));
    ck_assert_int_eq((int)fpi_json_size(fpi_json_find(answer, "data")), 1);
    ck_assert_ptr_ne(strstr(fake->last.target,
                            "/m4/fpzs/bxdInvoices?bxd_key=key%2B1%20%26&billNumber="
                                               "%E5%8D%95%E6%8D%AE&client_id=client-1&timestamp="), NULL);
    timestamp = strstr(fake->last.target, "timestamp=") + 10;
    snprintf(digits, sizeof(digits), "%.13s", timestamp);
    unit_done(fpi_sign_make(&sign, FPI_SIGN_MD5, "client-1", who->secret, digits, task));
    ck_assert_str_eq(timestamp + 13, apr_pstrcat(task->pool, "&sign=", sign, NULL));
    ck_assert_ptr_ne(strstr(fake->last.head, task->trace), NULL);
}
END_TEST

/* ---- recognition ---- */

static const char *recognition_answers[4]; /* of the first, second, ... call of it; the last one stays */
static int recognition_calls;

static bool answer_recognition(fake_t *peer, int fd, const fake_request_t *rq)
{
    const char *body = recognition_answers[recognition_calls];

    recognition_calls += recognition_answers[recognition_calls + 1] != NULL;
    if (strcmp(body, "401") == 0) {
        return fake_reply(fd, 401, "", "{\"errcode\":\"1300\"}");
    }
    return fake_reply(fd, strcmp(body, "503") == 0 ? 503 : 200, "Content-Type: application/json\r\n", body);
}

static fpi_err_t *recognise(fpi_recognition_t *out, const char *first, const char *second)
{
    fake_start(fake);
    fake->answer = answer_recognition;
    recognition_calls = 0;
    recognition_answers[0] = first;
    recognition_answers[1] = second;
    return fpi_cloud_recognise(out, make_cloud(), enterprise(), "pdf", "%PDF-1.4", 8, task);
}

START_TEST(recognises)
{
    fpi_recognition_t got;
    char type[100];

    unit_done(recognise(&got, "{\"errcode\":\"0000\",\"data\":[{\"invoiceNo\":\"1\"},{}]}", NULL));
    ck_assert_int_eq(fpi_json_size(got.invoices), 2);
    ck_assert_str_eq(fake->last.target, "/m3/bill/invoice/img/analyze/multiple/check?access_token=cloud-token-0001"
                                        "&type=pdf&checkFlag=true");
    ck_assert_str_eq(fake->last.method, "POST");
    ck_assert_int_eq(fake->last.body_len, 12);
    ck_assert_mem_eq(fake->last.body, "JVBERi0xLjQ=", 12);
    ck_assert(fake_header(type, sizeof(type), &fake->last, "Content-Type"));
    ck_assert_str_eq(type, "text/plain");
}
END_TEST

START_TEST(recognises_with_a_fresh_token)
{
    static const char *const refusals[] = { "401", "{\"errcode\":\"1300\"}", "{\"errcode\":1300}" };
    fpi_recognition_t got;

    unit_done(recognise(&got, refusals[_i], "{\"errcode\":\"0000\",\"data\":{\"invoiceNo\":\"1300\"}}"));
    ck_assert_int_eq(fpi_json_size(got.invoices), 1);
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

START_TEST(tokens_in_vain_are_no_answer)
{
    fpi_recognition_t got;

    unit_failed(recognise(&got, "401", "401"), FPI_E_CLOUD);
    ck_assert_int_eq(fake_token_calls(fake), 2);
}
END_TEST

START_TEST(recognition_answers_of_all_kinds)
{
    static const struct {
        const char *answer;
        fpi_code_t code;     /* 0: an answer */
        int count;           /* -1: the file is refused */
    } cases[] = {
        { "{\"errcode\":\"0000\",\"data\":[]}", 0, 0 },
        { "{\"errcode\":\"0000\",\"data\":null}", 0, 0 },
        { "{\"errcode\":\"0000\"}", 0, 0 },
        { "{\"errcode\":\"2003\",\"description\":\"no invoice\"}", 0, -1 },
        { "{\"errcode\":\"1307\"}", FPI_E_CLOUD, 0 },
        { "503", FPI_E_CLOUD, 0 },
        { "{\"errcode\"", FPI_E_CLOUD, 0 },
        { "[]", FPI_E_CLOUD, 0 },
    };
    fpi_recognition_t got;
    fpi_err_t *err = recognise(&got, cases[_i].answer, NULL);

    if (cases[_i].code) {
        unit_failed(err, cases[_i].code);
        return;
    }
    unit_done(err);
    ck_assert_int_eq(got.invoices ? (int)fpi_json_size(got.invoices) : -1, cases[_i].count);
    ck_assert(got.invoices || strstr(got.words, "no invoice"));
}
END_TEST

START_TEST(what_is_too_large_is_not_sent)
{
    fpi_recognition_t got;
    char *data = apr_pcalloc(task->pool, FPI_RECOGNISE_MOST + 1);

    fake_start(fake);
    unit_failed(fpi_cloud_recognise(&got, make_cloud(), enterprise(), "pdf", data, FPI_RECOGNISE_MOST + 1, task),
                FPI_E_TOO_LARGE);
    ck_assert_int_eq(fake_token_calls(fake), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cloud");
    TCase *all = tcase_create("all");

    signal(SIGPIPE, SIG_IGN);
    tcase_add_checked_fixture(all, open_all, close_all);
    tcase_set_timeout(all, 120);
    suite_add_tcase(suite, all);
    tcase_add_test(all, threads_share_one_fetch);
    tcase_add_test(all, threads_share_one_failure);
    tcase_add_test(all, one_deadline_is_not_all_of_theirs);
    tcase_add_test(all, waiting_ends_with_the_deadline);
    tcase_add_test(all, processes_share_one_fetch);
    tcase_add_test(all, a_dead_holder_blocks_nobody);
    tcase_add_test(all, the_deadline_holds_at_the_lock);
    tcase_add_test(all, without_lock_or_cache_it_works);
    tcase_add_test(all, another_child_finds_it);
    tcase_add_test(all, it_ends_before_the_cloud_says);
    tcase_add_test(all, another_secret_asks_anew);
    tcase_add_test(all, a_refusal_is_remembered);
    tcase_add_test(all, a_refusal_is_forgotten);
    tcase_add_test(all, drop_forgets_everywhere);
    tcase_add_test(all, a_dropped_token_is_not_found_again);
    tcase_add_test(all, vain_drops_end);
    tcase_add_test(all, renewed_when_used_and_old);
    tcase_add_test(all, one_child_renews_for_all);
    tcase_add_test(all, a_failed_renewal_keeps_the_old_one);
    tcase_add_test(all, who_is_gone_is_not_renewed);
    tcase_add_test(all, the_token_call_is_the_vendors);
    tcase_add_test(all, gateway_failures_open_the_breaker);
    tcase_add_test(all, no_connection_is_tried_twice);
    tcase_add_test(all, pull_is_signed);
    tcase_add_test(all, recognises);
    tcase_add_loop_test(all, recognises_with_a_fresh_token, 0, 3);
    tcase_add_test(all, tokens_in_vain_are_no_answer);
    tcase_add_loop_test(all, recognition_answers_of_all_kinds, 0, 8);
    tcase_add_test(all, what_is_too_large_is_not_sent);
    all = unit_case(suite, "words");
    tcase_add_loop_test(all, answers_are_told_apart, 0, UNIT_COUNT(answers));
    tcase_add_loop_test(all, cache_values, 0, UNIT_COUNT(values));
    tcase_add_test(all, words_are_cut_and_secrets_masked);
    return unit_run(suite);
}
