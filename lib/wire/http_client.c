#include "wire/http_own.h"

#include "base/clock.h"

#include <apr_strings.h>
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum {
    CONNECTIONS = 4,
    KEEP_ALIVE_SECONDS = 60,
    UNUSED_SECONDS = 55, /* peers close kept connections after 60 or 65 seconds */
    WAIT_STEP = APR_USEC_PER_SEC,
    RETRY_AFTER = 2
};

struct fpi_http_client_t {
    fpi_http_options_t options;
    CURLSH *share; /* names and TLS sessions; connections can't be shared by threads safely */
    pthread_mutex_t share_locks[CURL_LOCK_DATA_LAST];
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t freed;
    fpi_http_slot_t *free;
    int in_use;
    char h2_origin[FPI_HTTP_ORIGIN];
};

static CURLcode set_up = CURLE_FAILED_INIT;

void fpi_http_setup(void)
{
    set_up = curl_global_init(CURL_GLOBAL_DEFAULT);
}

const char *fpi_http_version(void)
{
    return curl_version();
}

const fpi_http_options_t *fpi_http_options(const fpi_http_client_t *client)
{
    return &client->options;
}

/* ---- what all handles share ---- */

static void lock_share(CURL *easy, curl_lock_data data, curl_lock_access access, void *baton)
{
    fpi_http_client_t *client = baton;

    (void)pthread_mutex_lock(&client->share_locks[data]);
}

static void unlock_share(CURL *easy, curl_lock_data data, void *baton)
{
    fpi_http_client_t *client = baton;

    (void)pthread_mutex_unlock(&client->share_locks[data]);
}

static bool open_share(fpi_http_client_t *client)
{
    client->share = curl_share_init();
    return client->share
           && curl_share_setopt(client->share, CURLSHOPT_LOCKFUNC, lock_share) == CURLSHE_OK
           && curl_share_setopt(client->share, CURLSHOPT_UNLOCKFUNC, unlock_share) == CURLSHE_OK
           && curl_share_setopt(client->share, CURLSHOPT_USERDATA, client) == CURLSHE_OK
           && curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK
           && curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION)
                  == CURLSHE_OK;
}

/* ---- the client ---- */

static void close_handles(fpi_http_slot_t *slot)
{
    curl_easy_cleanup(slot->easy);
    if (slot->multi) {
        (void)curl_multi_cleanup(slot->multi);
    }
    slot->easy = NULL;
    slot->multi = NULL;
    fpi_http_line_close(&slot->line);
}

/* A slot in use is left alone: its thread outlived the pool, and a leak is better than a crash. */
static apr_status_t close_client(void *data)
{
    fpi_http_client_t *client = data;

    for (fpi_http_slot_t *slot = client->free; slot; slot = slot->next) {
        close_handles(slot);
    }
    client->free = NULL;
    if (client->share && client->in_use == 0) {
        (void)curl_share_cleanup(client->share);
        client->share = NULL;
    }
    return APR_SUCCESS;
}

static bool make_locks(fpi_http_client_t *client)
{
    pthread_condattr_t attr;
    bool done = pthread_mutex_init(&client->lock, NULL) == 0
                && pthread_condattr_init(&attr) == 0
                && pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0
                && pthread_cond_init(&client->freed, &attr) == 0;

    for (int i = 0; done && i < CURL_LOCK_DATA_LAST; i++) {
        done = pthread_mutex_init(&client->share_locks[i], NULL) == 0;
    }
    return done;
}

static fpi_err_t *check_options(const fpi_http_options_t *options, fpi_task_t *task)
{
    if (set_up != CURLE_OK) {
        return fpi_fail(task, FPI_E_CONFIG, "libcurl is not set up: %s",
                        curl_easy_strerror(set_up));
    }
    if (options->slots < 1) {
        return fpi_fail(task, FPI_E_CONFIG, "an HTTP client needs at least one slot, not %d",
                        options->slots);
    }
    return NULL;
}

/* Takes no memory before it is used: each page of it is the slot's own. */
static void give_room(fpi_http_line_t *line, apr_pool_t *pool)
{
    line->in = apr_palloc(pool, FPI_HTTP_READ + FPI_HTTP_UPLOAD);
    line->out = line->in + FPI_HTTP_READ;
}

fpi_err_t *fpi_http_client_make(fpi_http_client_t **client, apr_pool_t *pool,
                                const fpi_http_options_t *options, fpi_task_t *task)
{
    fpi_http_client_t *made;
    fpi_http_slot_t *slots;

    FPI_TRY(check_options(options, task));
    made = apr_pcalloc(pool, sizeof(*made));
    made->options = *options;
    made->options.ca_file = apr_pstrdup(pool, options->ca_file);
    made->options.user_agent = apr_pstrdup(pool, options->user_agent);
    if (!make_locks(made) || !open_share(made)) {
        return fpi_fail(task, FPI_E_INTERNAL, "an HTTP client can't be made: no memory or locks");
    }
    slots = apr_pcalloc(pool, (size_t)options->slots * sizeof(*slots));
    for (int i = 0; i < options->slots; i++) {
        if (options->is_direct) {
            give_room(&slots[i].line, pool);
        }
        slots[i].next = made->free;
        made->free = &slots[i];
    }
    apr_pool_cleanup_register(pool, made, close_client, apr_pool_cleanup_null);
    *client = made;
    return NULL;
}

int fpi_http_in_use(const fpi_http_client_t *client)
{
    return __atomic_load_n(&client->in_use, __ATOMIC_RELAXED);
}

/* ---- a slot's handles ---- */

/* What is the same for all exchanges. Only what fails for want of memory is looked at with `done`;
 * the rest may be missing from a libcurl that was built without it. */
#define SET(easy, done, option, value) \
    ((done) = (done) && curl_easy_setopt(easy, option, value) == CURLE_OK)

static bool set_connection(CURL *easy, const fpi_http_client_t *client)
{
    bool done = true;

    SET(easy, done, CURLOPT_SHARE, client->share);
    SET(easy, done, CURLOPT_NOSIGNAL, 1L);
    SET(easy, done, CURLOPT_PROXY, "");
    SET(easy, done, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, done, CURLOPT_TCP_NODELAY, 1L);
    SET(easy, done, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(easy, done, CURLOPT_TCP_KEEPIDLE, (long)KEEP_ALIVE_SECONDS);
    SET(easy, done, CURLOPT_BUFFERSIZE, (long)FPI_HTTP_READ);
#if LIBCURL_VERSION_NUM >= 0x073e00
    SET(easy, done, CURLOPT_UPLOAD_BUFFERSIZE, (long)FPI_HTTP_UPLOAD);
#endif
#if LIBCURL_VERSION_NUM >= 0x074100
    SET(easy, done, CURLOPT_MAXAGE_CONN, (long)UNUSED_SECONDS);
#endif
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(easy, done, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(easy, done, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    /* else a name server that is silent holds the thread past its deadline */
    SET(easy, done, CURLOPT_QUICK_EXIT, 1L);
#endif
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    return done;
}

static bool set_tls(CURL *easy, const fpi_http_options_t *options)
{
    bool done = true;

    SET(easy, done, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(easy, done, CURLOPT_SSL_VERIFYHOST, 2L);
    SET(easy, done, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca_file) {
        SET(easy, done, CURLOPT_CAINFO, options->ca_file);
        /* the file replaces the system's trust anchors, it does not add to them */
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    return done;
}

/* Bytes pass as they are: a proxy must not decode contents or tidy paths. */
static bool set_contents(CURL *easy, const fpi_http_options_t *options)
{
    bool done = true;

    SET(easy, done, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(easy, done, CURLOPT_PATH_AS_IS, 1L);
    SET(easy, done, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(easy, done, CURLOPT_USERAGENT, options->user_agent);
#if LIBCURL_VERSION_NUM >= 0x074000
    SET(easy, done, CURLOPT_HTTP09_ALLOWED, 0L);
#endif
    return done;
}

bool fpi_http_handle_open(void **easy, const fpi_http_client_t *client, char *said)
{
    *easy = curl_easy_init();
    return *easy && set_connection(*easy, client) && set_tls(*easy, &client->options)
           && set_contents(*easy, &client->options)
           && curl_easy_setopt(*easy, CURLOPT_ERRORBUFFER, said) == CURLE_OK;
}

static bool open_handles(fpi_http_slot_t *slot, const fpi_http_client_t *client)
{
    slot->multi = curl_multi_init();
    return slot->multi && curl_multi_setopt(slot->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS) == CURLM_OK
           && fpi_http_handle_open(&slot->easy, client, slot->said);
}

/* ---- what lines have learned ---- */

bool fpi_http_origin_is_h2(fpi_http_client_t *client, const char *origin)
{
    bool is_it;

    (void)pthread_mutex_lock(&client->lock);
    is_it = strcmp(client->h2_origin, origin) == 0;
    (void)pthread_mutex_unlock(&client->lock);
    return is_it;
}

void fpi_http_origin_note_h2(fpi_http_client_t *client, const char *origin)
{
    (void)pthread_mutex_lock(&client->lock);
    (void)apr_cpystrn(client->h2_origin, origin, sizeof(client->h2_origin));
    (void)pthread_mutex_unlock(&client->lock);
}

/* ---- taking a slot ---- */

/* Waits a little with the lock held by the caller; false when there is no more time. */
static bool wait_freed(fpi_http_client_t *client, apr_time_t end, const fpi_task_t *task)
{
    apr_time_t now = fpi_clock_tick();
    apr_time_t until = end < now + WAIT_STEP ? end : now + WAIT_STEP;
    struct timespec ts = { .tv_sec = (time_t)apr_time_sec(until),
                           .tv_nsec = (long)apr_time_usec(until) * 1000 };

    if (now >= end || fpi_task_is_over(task)) {
        return false;
    }
    /* a timeout is found out above at the next turn */
    (void)pthread_cond_timedwait(&client->freed, &client->lock, &ts);
    return true;
}

static fpi_http_slot_t *find_free(fpi_http_client_t *client, const fpi_task_t *task)
{
    apr_time_t end = 0;
    fpi_http_slot_t *slot;

    (void)pthread_mutex_lock(&client->lock);
    while (!(slot = client->free)) {
        if (!end) {
            end = fpi_clock_tick() + fpi_task_left(task, client->options.slot_wait);
        }
        if (!wait_freed(client, end, task)) {
            break;
        }
    }
    if (slot) {
        client->free = slot->next;
        __atomic_add_fetch(&client->in_use, 1, __ATOMIC_RELAXED);
    }
    (void)pthread_mutex_unlock(&client->lock);
    return slot;
}

fpi_err_t *fpi_http_slot_take(fpi_http_slot_t **slot, fpi_http_client_t *client, fpi_task_t *task)
{
    fpi_http_slot_t *taken = find_free(client, task);

    if (!taken) {
        fpi_err_t *err = fpi_fail(task, FPI_E_SLOTS, "all %d slots for outgoing calls are taken",
                                  client->options.slots);

        err->retry_after = RETRY_AFTER;
        return err;
    }
    if (!taken->easy && !open_handles(taken, client)) {
        close_handles(taken);
        fpi_http_slot_drop(client, taken);
        return fpi_fail(task, FPI_E_INTERNAL, "libcurl can't make a handle: no memory");
    }
    *slot = taken;
    return NULL;
}

void fpi_http_slot_drop(fpi_http_client_t *client, fpi_http_slot_t *slot)
{
    (void)pthread_mutex_lock(&client->lock);
    slot->next = client->free;
    client->free = slot;
    __atomic_sub_fetch(&client->in_use, 1, __ATOMIC_RELAXED);
    (void)pthread_cond_signal(&client->freed);
    (void)pthread_mutex_unlock(&client->lock);
}

/* ---- waiting ---- */

int fpi_http_wait(void *multi, int fd, apr_interval_time_t wait)
{
    int ms = (int)((wait + 999) / 1000);
    struct curl_waitfd own = { fd, CURL_WAIT_POLLIN, 0 };
    unsigned count = fd >= 0;

#if LIBCURL_VERSION_NUM >= 0x074200
    return curl_multi_poll(multi, &own, count, ms, NULL);
#else
    int sockets = 0;
    CURLMcode rc = curl_multi_wait(multi, &own, count, ms, &sockets);

    /* comes back at once while a name is looked up, when there is no socket yet */
    if (rc == CURLM_OK && sockets == 0) {
        long due = -1;

        (void)curl_multi_timeout(multi, &due);
        apr_sleep((due >= 0 && due < 10 ? due : ms < 10 ? ms : 10) * 1000);
    }
    return rc;
#endif
}

fpi_http_stage_t fpi_http_stage(void *easy, const fpi_http_exchange_t *ex)
{
    long port = 0; /* ours, of a connection that stands; the times only tell of whole handshakes */

    if (ex->is_connected) {
        return FPI_HTTP_AT_ANSWER;
    }
    return curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port) == CURLE_OK && port > 0
               ? FPI_HTTP_AT_TLS : FPI_HTTP_AT_CONNECT;
}
