/* The people of a child: a snapshot, replaced as a whole.
 *
 *   borrow:  rdlock, take pointer, count up, unlock ... task ends: count down, free at zero
 *   reload:  reload mutex, read the store into a pool of its own, wrlock, swap, unlock, count the old down
 *
 * The read-write lock is held for a pointer and a counter only, never during I/O. */
#include "service/access.h"

#include "base/clock.h"
#include "store/people.h"

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_thread_rwlock.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

typedef struct signing_key_t {
    int64_t id;
    fpi_mac_t *mac;
    bool is_retired;
} signing_key_t;

typedef struct snapshot_t {
    apr_pool_t *pool;
    _Atomic int refs;
    uint64_t epoch;
    const char *version;
    fpi_enterprises_t enterprises;
    apr_hash_t *by_client;  /* client_id -> fpi_enterprise_t * */
    apr_hash_t *by_id;      /* int64_t -> fpi_enterprise_t * */
    fpi_push_row_t *rows;
    int row_count;
    signing_key_t *keys;
    int key_count;
} snapshot_t;

struct fpi_people_t {
    apr_thread_rwlock_t *lock;     /* guards `now` */
    apr_thread_mutex_t *reloading; /* one reader of the store at a time */
    snapshot_t *now;
};

static void release(snapshot_t *snap)
{
    if (atomic_fetch_sub(&snap->refs, 1) == 1) {
        apr_pool_destroy(snap->pool);
    }
}

static apr_status_t release_cleanup(void *data)
{
    release(data);
    return APR_SUCCESS;
}

/* ---- reading the store ---- */

static fpi_err_t *load_keys(snapshot_t *snap, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_token_key_t *keys;

    FPI_TRY(fpi_token_keys_list(&keys, &snap->key_count, tx, task));
    snap->keys = apr_pcalloc(snap->pool, sizeof(*snap->keys) * (size_t)(snap->key_count + 1));
    for (int i = 0; i < snap->key_count; i++) {
        snap->keys[i].id = keys[i].id;
        snap->keys[i].is_retired = keys[i].retired != 0;
        FPI_TRY(fpi_mac_make(&snap->keys[i].mac, snap->pool, (unsigned char *)keys[i].key->bytes, task));
    }
    return NULL;
}

static fpi_err_t *load(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    snapshot_t *snap = baton;

    FPI_TRY(fpi_setting_find(&snap->version, tx, FPI_TENANT_FIRST, "people.version", task));
    FPI_TRY(fpi_enterprises_list(&snap->enterprises, tx, task));
    FPI_TRY(fpi_push_rows_list(&snap->rows, &snap->row_count, tx, task));
    return load_keys(snap, tx, task);
}

static void index_enterprises(snapshot_t *snap)
{
    snap->by_client = apr_hash_make(snap->pool);
    snap->by_id = apr_hash_make(snap->pool);
    for (int i = 0; i < snap->enterprises.count; i++) {
        fpi_enterprise_t *e = snap->enterprises.items[i];

        apr_hash_set(snap->by_client, e->client_id, APR_HASH_KEY_STRING, e);
        apr_hash_set(snap->by_id, &e->id, sizeof(e->id), e);
    }
}

static apr_pool_t *own_pool(void)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&pool, NULL, NULL, allocator);
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, "fpi_people");
    return pool;
}

static fpi_err_t *snapshot_make(snapshot_t **out, fpi_app_t *app, fpi_task_t *task)
{
    apr_pool_t *pool = own_pool();
    snapshot_t *snap = apr_pcalloc(pool, sizeof(*snap));
    fpi_task_t *own = fpi_task_make(pool, task->log); /* rows live as long as the snapshot */
    fpi_err_t *err;

    snap->pool = pool;
    atomic_init(&snap->refs, 1);
    snap->epoch = fpi_store_epoch(app->store); /* before reading: a change in between reads again */
    err = fpi_store_read(app->store, load, snap, own);
    if (err) {
        err = fpi_err_copy(task->pool, err);
        apr_pool_destroy(pool);
        return err;
    }
    index_enterprises(snap);
    *out = snap;
    return NULL;
}

static apr_status_t people_cleanup(void *data)
{
    fpi_people_t *people = data;

    release(people->now);
    return APR_SUCCESS;
}

fpi_err_t *fpi_people_open(fpi_people_t **out, fpi_app_t *app, apr_pool_t *pool, fpi_task_t *task)
{
    fpi_people_t *people = apr_pcalloc(pool, sizeof(*people));

    if (apr_thread_rwlock_create(&people->lock, pool) != APR_SUCCESS
        || apr_thread_mutex_create(&people->reloading, APR_THREAD_MUTEX_DEFAULT, pool)
               != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_INTERNAL, "locks of the people can't be made");
    }
    FPI_TRY(snapshot_make(&people->now, app, task));
    apr_pool_cleanup_register(pool, people, people_cleanup, apr_pool_cleanup_null);
    *out = people;
    return NULL;
}

static void swap(fpi_people_t *people, snapshot_t *fresh)
{
    snapshot_t *old;

    apr_thread_rwlock_wrlock(people->lock);
    old = people->now;
    people->now = fresh;
    apr_thread_rwlock_unlock(people->lock);
    release(old);
}

/* The last good snapshot stays in use when the store can't be read. */
static void reload(fpi_app_t *app, bool always, fpi_task_t *task)
{
    fpi_people_t *people = app->people;
    snapshot_t *fresh;
    fpi_err_t *err = NULL;

    apr_thread_mutex_lock(people->reloading);
    if (always || people->now->epoch != fpi_store_epoch(app->store)) {
        err = snapshot_make(&fresh, app, task);
        if (!err) {
            swap(people, fresh);
        }
    }
    apr_thread_mutex_unlock(people->reloading);
    if (err) {
        fpi_log_err(task, FPI_M_RELOAD_FAILED, err, "enterprises could not be read again");
    }
}

static const snapshot_t *borrow(fpi_app_t *app, fpi_task_t *task)
{
    fpi_people_t *people = app->people;
    snapshot_t *snap;

    for (int tries = 0;; tries++) {
        apr_thread_rwlock_rdlock(people->lock);
        snap = people->now;
        atomic_fetch_add(&snap->refs, 1);
        apr_thread_rwlock_unlock(people->lock);
        if (snap->epoch == fpi_store_epoch(app->store) || tries == 1) {
            break;
        }
        release(snap);
        reload(app, false, task);
    }
    apr_pool_cleanup_register(task->pool, snap, release_cleanup, apr_pool_cleanup_null);
    return snap;
}

static fpi_err_t *read_version(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    return fpi_setting_find(baton, tx, FPI_TENANT_FIRST, "people.version", task);
}

void fpi_people_refresh(fpi_app_t *app, fpi_task_t *task)
{
    const snapshot_t *snap = borrow(app, task);
    const char *version = NULL;
    fpi_err_t *err = fpi_store_read(app->store, read_version, &version, task);

    if (err) {
        fpi_log_err(task, FPI_M_RELOAD_FAILED, err, "the version of the enterprises could not be read");
    }
    else if (strcmp(version ? version : "", snap->version ? snap->version : "") != 0) {
        reload(app, true, task);
    }
}

/* ---- look-ups ---- */

const fpi_enterprise_t *fpi_people_find(fpi_app_t *app, const char *client_id, fpi_task_t *task)
{
    return apr_hash_get(borrow(app, task)->by_client, client_id, APR_HASH_KEY_STRING);
}

const fpi_enterprise_t *fpi_people_find_by_id(fpi_app_t *app, int64_t id, fpi_task_t *task)
{
    return apr_hash_get(borrow(app, task)->by_id, &id, sizeof(id));
}

const fpi_mac_t *fpi_people_find_key(fpi_app_t *app, int64_t id, int64_t *found_id, fpi_task_t *task)
{
    const snapshot_t *snap = borrow(app, task);

    for (int i = 0; i < snap->key_count; i++) {
        if (id ? snap->keys[i].id == id : !snap->keys[i].is_retired) {
            *found_id = snap->keys[i].id;
            return snap->keys[i].mac;
        }
    }
    return NULL;
}

const fpi_enterprise_t *fpi_people_find_by_tax_no(fpi_app_t *app, int64_t tenant, const char *tax_no, fpi_task_t *task)
{
    const snapshot_t *snap = borrow(app, task);
    const fpi_enterprise_t *found = NULL;

    for (int i = 0; i < snap->enterprises.count; i++) {
        const fpi_enterprise_t *e = snap->enterprises.items[i];

        if ((!tenant || e->tenant == tenant) && strcmp(e->tax_no, tax_no) == 0 && (!found || (e->is_enabled && !found->is_enabled))) {
            found = e;
        }
    }
    return found;
}

static const char *without_blanks(apr_pool_t *pool, const char *text)
{
    char *out = apr_pstrdup(pool, text);
    long at;

    while ((at = fpi_text_find_blank(out)) >= 0) {
        char *s = out + at;
        size_t n = 1;

        while (((unsigned char)s[n] & 0xC0) == 0x80) {
            n++;
        }
        memmove(s, s + n, strlen(s + n) + 1);
    }
    return out;
}

const fpi_enterprise_t *fpi_people_find_alike(fpi_app_t *app, const char *client_id, fpi_task_t *task)
{
    return fpi_people_find(app, without_blanks(task->pool, client_id), task);
}

const fpi_push_row_t *fpi_people_find_push_row(fpi_app_t *app, const char *client_id, const char *tax_no,
                                               bool *is_empty, fpi_task_t *task)
{
    const snapshot_t *snap = borrow(app, task);
    const fpi_push_row_t *found = NULL;

    *is_empty = snap->row_count == 0;
    for (int i = 0; i < snap->row_count; i++) {
        const fpi_push_row_t *row = &snap->rows[i];
        const fpi_enterprise_t *e = apr_hash_get(snap->by_client, row->client_id, APR_HASH_KEY_STRING);

        if ((client_id && strcmp(client_id, row->client_id) != 0) || (tax_no && strcmp(tax_no, row->tax_no) != 0)
            || (e && e->tenant != row->tenant)) {
            continue;
        }
        if (e && strcmp(e->tax_no, row->tax_no) == 0) {
            return row;
        }
        found = found ? found : row;
    }
    return found;
}
