/* What the tests of the cloud's client share: a peer that gives tokens, a clock that tests move, a cache in memory and a lock
 * that processes share.
 *
 * Life:    made before each test and gone after it; the peer only listens until fake_start, so that a test can fork first.
 * Threads: what a cloud calls may be called by many at once.
 * Limits:  as fakecloud.h; the cache holds one value, the log 8 KiB. */
#ifndef FPI_CLOUD_UNIT_H
#define FPI_CLOUD_UNIT_H

#include "unit.h"
#include "fakecloud.h"
#include "remote/cloud.h"
#include "remote/share.h"
#include "wire/crypto.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <signal.h>
#include <sys/mman.h>

enum { SLOTS = 64 };

/* ---- a clock that tests move ---- */

static apr_time_t shift;

static inline apr_time_t shifted(void)
{
    return apr_time_now() + __atomic_load_n(&shift, __ATOMIC_RELAXED);
}

static inline void move_clock(int seconds)
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

static inline fpi_err_t *memory_find(void *baton, const char *key, char *value, size_t room, size_t *len,
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

static inline fpi_err_t *memory_put(void *baton, const char *key, const char *value, size_t len,
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

static inline fpi_err_t *memory_drop(void *baton, const char *key, fpi_task_t *asker)
{
    pthread_mutex_lock(&memory->lock);
    memory->drops++;
    memory->len = 0;
    pthread_mutex_unlock(&memory->lock);
    return NULL;
}

static const fpi_cache_t cache = { memory_find, memory_put, memory_drop, NULL };

static inline void open_memory(void)
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

static inline void take_line(void *baton, fpi_level_t level, const char *line)
{
    pthread_mutex_lock(&log_lock);
    apr_cpystrn(logged + strlen(logged), line, sizeof(logged) - strlen(logged));
    pthread_mutex_unlock(&log_lock);
}

static const fpi_log_sink_t sink = { take_line, NULL, FPI_LEVEL_INFO };

static inline bool answer_plain(fake_t *peer, int fd, const fake_request_t *rq)
{
    if (strncmp(rq->target, "/down", 5) == 0) {
        return fake_reply(fd, 503, "", "no");
    }
    return fake_reply(fd, 200, "Content-Type: application/json\r\n",
                      "{\"errcode\":\"0000\",\"data\":[1]}");
}

static inline void open_all(void)
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

static inline void close_all(void)
{
    apr_pool_destroy(task->pool);
    fake_close(fake);
    munmap(memory, sizeof(*memory));
    unlink(lock_file);
}

static inline fpi_cloud_t *make_cloud_in(apr_pool_t *pool, const fpi_cache_t *shared, const char *file)
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

static inline fpi_cloud_t *make_cloud(void)
{
    return make_cloud_in(task->pool, &cache, lock_file);
}

static inline fpi_enterprise_t *enterprise_in(apr_pool_t *pool, const char *secret)
{
    fpi_enterprise_t *made = apr_pcalloc(pool, sizeof(*made));

    made->id = 1;
    made->tenant = 1;
    made->client_id = "client-1";
    made->secret = fpi_secret_make_text(pool, secret);
    made->is_enabled = true;
    return made;
}

static inline fpi_enterprise_t *enterprise(void)
{
    return enterprise_in(task->pool, "secret-1");
}

static inline const char *get(fpi_cloud_t *cloud, const fpi_enterprise_t *who)
{
    const char *token = NULL;

    unit_done(fpi_cloud_token_get(&token, cloud, who, task));
    ck_assert(token != NULL);
    return token;
}

/* A test case of `suite` whose tests have all of that. */
static inline TCase *cloud_case(Suite *suite, const char *name)
{
    signal(SIGPIPE, SIG_IGN);
    return unit_case_with(suite, name, open_all, close_all);
}

#endif
