#include "service/sessions.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/viewers.h"
#include "model/duty.h"
#include "wire/crypto.h"

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <string.h>

/* What the entries' pools keep of memory given back, for the next ones. */
#define KEPT_FREE ((apr_size_t)1024 * 1024)

enum { REMEMBERED_MOST = 2000, SESSION_FRESH_S = 5, TOUCH_S = 300, CSRF_LEN = 32 };

/* What is remembered of a session. */
typedef struct entry_t {
    apr_pool_t *pool;               /* its own; gone when it is replaced */
    uint64_t epoch;
    apr_time_t read, used, expires; /* read: in fpi_clock_tick time */
    const fpi_viewer_t *viewer;
} entry_t;

struct fpi_sessions_t {
    apr_thread_mutex_t *lock;    /* guards all below; never held during I/O */
    apr_pool_t *pool;            /* above those of the entries; cleared when there are too many */
    apr_hash_t *entries;         /* hash -> entry_t * */
};

/* ---- the secret ---- */

const char *fpi_session_hash(const char *secret, fpi_task_t *task)
{
    return fpi_sha256_hex(secret, strlen(secret), task);
}

fpi_err_t *fpi_session_secret(const char **out, fpi_task_t *task)
{
    unsigned char bytes[32];

    FPI_TRY(fpi_random(bytes, sizeof(bytes), task));
    *out = fpi_base64url_encode(task->pool, bytes, sizeof(bytes));
    fpi_secret_wipe(bytes, sizeof(bytes));
    return NULL;
}

const char *fpi_session_csrf(const char *secret, fpi_task_t *task)
{
    const char *text = apr_pstrcat(task->pool, "csrf ", secret, NULL);

    return apr_pstrndup(task->pool, fpi_sha256_hex(text, strlen(text), task), CSRF_LEN);
}

/* ---- the cookie ---- */

/* The value at *at up to its ";", when its name is ours; else NULL. *at moves on. */
static const char *next_value(const char **at, apr_pool_t *pool)
{
    size_t name_len = strlen(FPI_SESSION_COOKIE), len;
    const char *pair = *at + strspn(*at, " \t;,");

    len = strcspn(pair, "; \t,");
    *at = pair + len;
    if (len != name_len + 1 + FPI_SESSION_SECRET_LEN || strncmp(pair, FPI_SESSION_COOKIE "=", name_len + 1) != 0) {
        return NULL;
    }
    return apr_pstrmemdup(pool, pair + name_len + 1, FPI_SESSION_SECRET_LEN);
}

const char *fpi_session_cookie(const fpi_call_t *call)
{
    const char *at = apr_table_get(call->headers, "Cookie"), *found = NULL;

    while (at && *at) {
        const char *value = next_value(&at, call->task->pool);

        if (value && found && strcmp(value, found) != 0) {
            return NULL;
        }
        found = value ? value : found;
    }
    return found;
}

const char *fpi_session_set_cookie(const char *secret, const fpi_call_t *call)
{
    return apr_pstrcat(call->task->pool, FPI_SESSION_COOKIE "=", secret ? secret : "", "; Path=/; HttpOnly; SameSite=Lax",
                       secret ? "" : "; Max-Age=0", strcmp(call->scheme, "https") == 0 ? "; Secure" : "", NULL);
}

/* ---- memory ---- */

static apr_status_t close_memory(void *data)
{
    fpi_sessions_t *sessions = data;

    apr_pool_destroy(sessions->pool);
    return APR_SUCCESS;
}

/* The entries' pool has an allocator of its own: it is used by many threads, under our lock. */
fpi_err_t *fpi_sessions_open(fpi_sessions_t **out, apr_pool_t *pool, fpi_task_t *task)
{
    fpi_sessions_t *sessions = apr_pcalloc(pool, sizeof(*sessions));
    apr_allocator_t *allocator;

    if (apr_thread_mutex_create(&sessions->lock, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS
        || apr_allocator_create(&allocator) != APR_SUCCESS
        || apr_pool_create_ex(&sessions->pool, NULL, NULL, allocator) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "the memory of sessions can't be made");
    }
    apr_allocator_owner_set(allocator, sessions->pool);
    apr_allocator_max_free_set(allocator, KEPT_FREE);
    apr_pool_tag(sessions->pool, "fpi_sessions");
    apr_pool_cleanup_register(pool, sessions, close_memory, apr_pool_cleanup_null);
    sessions->entries = apr_hash_make(sessions->pool);
    *out = sessions;
    return NULL;
}

/* A copy, so that nobody else's clearing touches it. */
static bool recall(entry_t *out, fpi_app_t *app, const char *hash, fpi_task_t *task)
{
    fpi_sessions_t *sessions = app->sessions;
    const entry_t *entry;
    bool is_true;

    apr_thread_mutex_lock(sessions->lock);
    entry = apr_hash_get(sessions->entries, hash, FPI_SHA256_HEX);
    is_true = entry && entry->epoch == fpi_store_epoch(app->store)
              && fpi_clock_tick() - entry->read < apr_time_from_sec(SESSION_FRESH_S);
    if (is_true) {
        *out = *entry;
        out->viewer = fpi_viewer_copy(entry->viewer, task->pool);
    }
    apr_thread_mutex_unlock(sessions->lock);
    return is_true;
}

/* The hash keeps the key that it was given first, so the entry leaves it before its pool goes. */
static void forget(fpi_sessions_t *sessions, const char *hash)
{
    entry_t *entry = apr_hash_get(sessions->entries, hash, FPI_SHA256_HEX);

    if (entry) {
        apr_hash_set(sessions->entries, hash, FPI_SHA256_HEX, NULL);
        apr_pool_destroy(entry->pool);
    }
}

static void put(fpi_sessions_t *sessions, const char *hash, const entry_t *entry)
{
    apr_pool_t *pool;
    entry_t *own;

    if (apr_pool_create(&pool, sessions->pool) != APR_SUCCESS) {
        return;
    }
    own = apr_pmemdup(pool, entry, sizeof(*entry));
    own->pool = pool;
    own->viewer = fpi_viewer_copy(entry->viewer, pool);
    apr_hash_set(sessions->entries, apr_pstrdup(pool, hash), FPI_SHA256_HEX, own);
}

static void remember(fpi_app_t *app, const char *hash, const entry_t *entry)
{
    fpi_sessions_t *sessions = app->sessions;

    apr_thread_mutex_lock(sessions->lock);
    forget(sessions, hash);
    if (apr_hash_count(sessions->entries) >= REMEMBERED_MOST) {
        apr_pool_clear(sessions->pool);
        sessions->entries = apr_hash_make(sessions->pool);
    }
    put(sessions, hash, entry);
    apr_thread_mutex_unlock(sessions->lock);
}

/* ---- who it is ---- */

typedef struct asking_t {
    const char *hash;
    apr_time_t now;
    entry_t entry;
} asking_t;

static fpi_err_t *take_bills(fpi_ids_t *out, const char *text, fpi_task_t *task)
{
    fpi_json_t *list;
    int64_t *ids;

    FPI_TRY(fpi_json_parse(&list, text, strlen(text), task));
    ids = apr_palloc(task->pool, sizeof(*ids) * (fpi_json_size(list) + 1));
    *out = (fpi_ids_t){ ids, 0 };
    for (size_t i = 0; i < fpi_json_size(list); i++) {
        out->count += fpi_json_int(&ids[out->count], fpi_json_at(list, i));
    }
    return NULL;
}

/* Never more than the user has now, and only what an event code may carry. */
static fpi_err_t *limit_to_event(fpi_viewer_t *viewer, const fpi_session_row_t *row, fpi_task_t *task)
{
    viewer->kind = FPI_VIEWER_EVENT;
    viewer->must_change = false;
    viewer->permissions &= fpi_permissions_parse(row->rights, task->pool) & fpi_permissions_of('E');
    return take_bills(&viewer->bills, row->bills, task);
}

/* One scan session, and nothing that its user sees. */
static void limit_to_phone(fpi_viewer_t *viewer, const fpi_session_row_t *row)
{
    viewer->kind = FPI_VIEWER_PHONE;
    viewer->must_change = false;
    viewer->permissions &= UINT64_C(1) << FPI_MAY_CAPTURE;
    viewer->capture = row->capture;
}

static fpi_err_t *tx_read(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *a = baton;
    fpi_session_row_t *row;
    fpi_viewer_t *viewer;

    a->entry.viewer = NULL;
    FPI_TRY(fpi_session_find(&row, tx, a->hash, task));
    if (!row || row->expires <= a->now || a->now - row->used > FPI_SESSION_IDLE) {
        return NULL;
    }
    FPI_TRY(fpi_viewer_load(&viewer, tx, row->tenant, row->user, task));
    if (viewer && row->capture) {
        limit_to_phone(viewer, row);
    }
    else if (viewer && row->is_event) {
        FPI_TRY(limit_to_event(viewer, row, task));
    }
    a->entry.viewer = viewer;
    a->entry.used = row->used;
    a->entry.expires = row->expires;
    return NULL;
}

static fpi_err_t *tx_touch(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    const asking_t *a = baton;

    return fpi_session_touch(tx, a->hash, a->now, task);
}

/* A call that can't be noted is served all the same: the session would end early at the worst. */
static void touch(fpi_app_t *app, asking_t *a, fpi_task_t *task)
{
    fpi_err_t *err = fpi_store_write(app->store, tx_touch, a, task);

    if (err) {
        fpi_debug(task, "the use of a session could not be noted: %s", fpi_err_chain(task->pool, err));
        return;
    }
    a->entry.used = a->now;
}

static bool is_over(const entry_t *entry, apr_time_t now)
{
    return entry->expires <= now || now - entry->used > FPI_SESSION_IDLE;
}

fpi_err_t *fpi_session_check(const fpi_viewer_t **viewer, fpi_app_t *app, const char *secret, fpi_task_t *task)
{
    asking_t a = { .hash = fpi_session_hash(secret, task), .now = fpi_clock_now() };

    if (!recall(&a.entry, app, a.hash, task) || is_over(&a.entry, a.now)) {
        a.entry.epoch = fpi_store_epoch(app->store); /* before reading: a change in between reads again */
        a.entry.read = fpi_clock_tick();
        FPI_TRY(fpi_store_read(app->store, tx_read, &a, task));
        if (!a.entry.viewer) {
            return fpi_fail(task, FPI_E_SESSION, "the session is unknown, ended, or its user was disabled");
        }
        if (a.now - a.entry.used > apr_time_from_sec(TOUCH_S)) {
            touch(app, &a, task);
        }
        remember(app, a.hash, &a.entry);
    }
    *viewer = a.entry.viewer;
    return NULL;
}
