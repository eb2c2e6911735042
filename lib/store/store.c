/*     fpi_store_t ── writer (writer.c) ── the one connection that writes
 *         │       ── idle ── reader ── reader ── ...   last used, first taken: its pages are warm
 *         └─ epoch (epoch.c)
 *
 * A reader connection is taken off the list for one transaction, and made when the list is empty,
 * so there are as many as ever read at once. Each has a pool and allocator of its own, because the
 * store's pool may not be used by many threads. */
#include "store/store.h"

#include "store/backend.h"
#include "store/epoch.h"
#include "store/writer.h"

#include <apr_strings.h>
#include <pthread.h>
#include <string.h>

/* What jobs, logs and the write-ahead log need to go on for a while; alarms come before it is 0. */
#define ROOM_LEAST ((int64_t)64 * 1024 * 1024)

typedef struct reader_t {
    apr_pool_t *pool;
    fpi_db_t *db;
    struct reader_t *next;
} reader_t;

struct fpi_store_t {
    apr_pool_t *pool;
    const fpi_backend_t *backend;
    const char *database;
    const fpi_secret_t *master;
    fpi_db_t *write_db;
    fpi_writer_t *writer;
    fpi_epoch_t *epoch;
    int64_t schema;
    pthread_mutex_t lock; /* guards `idle` */
    reader_t *idle;
};

/* ---- readers ---- */

static reader_t *pop_idle(fpi_store_t *store)
{
    reader_t *reader;

    pthread_mutex_lock(&store->lock);
    reader = store->idle;
    if (reader) {
        store->idle = reader->next;
    }
    pthread_mutex_unlock(&store->lock);
    return reader;
}

static void push_idle(fpi_store_t *store, reader_t *reader)
{
    pthread_mutex_lock(&store->lock);
    reader->next = store->idle;
    store->idle = reader;
    pthread_mutex_unlock(&store->lock);
}

static fpi_err_t *open_reader(reader_t **out, fpi_store_t *store, fpi_task_t *task)
{
    apr_pool_t *pool;
    reader_t *reader;
    fpi_err_t *err;

    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return fpi_fail(task, FPI_E_STORE, "a connection of %s: out of memory",
                        store->backend->name);
    }
    reader = apr_pcalloc(pool, sizeof(*reader));
    reader->pool = pool;
    err = store->backend->open(&reader->db, pool, store->database, FPI_DB_READ, task);
    if (err) {
        apr_pool_destroy(pool);
        return err;
    }
    *out = reader;
    return NULL;
}

static fpi_err_t *take_reader(reader_t **reader, fpi_store_t *store, fpi_task_t *task)
{
    *reader = pop_idle(store);
    return *reader ? NULL : open_reader(reader, store, task);
}

/* One that has failed may hold a broken view of the file: the next reader gets a new one. */
static void give_reader(fpi_store_t *store, reader_t *reader, const fpi_err_t *err)
{
    if (err && err->code == FPI_E_STORE) {
        apr_pool_destroy(reader->pool);
        return;
    }
    push_idle(store, reader);
}

fpi_err_t *fpi_store_read(fpi_store_t *store, fpi_tx_fn *fn, void *baton, fpi_task_t *task)
{
    reader_t *reader;
    fpi_err_t *err;

    FPI_TRY(take_reader(&reader, store, task));
    err = store->backend->begin(reader->db, false, task);
    if (!err) {
        fpi_tx_t tx = { store->backend, reader->db, store->master };

        err = fn(&tx, baton, task);
        store->backend->rollback(reader->db);
    }
    give_reader(store, reader, err);
    return err;
}

/* ---- writing ---- */

/* Done by a caller whose own write is durable, beside the next leader's work. */
static void tidy(fpi_store_t *store, fpi_task_t *task)
{
    reader_t *reader;
    fpi_err_t *err = take_reader(&reader, store, task);

    if (err) {
        fpi_ignore(err); /* asked for again after more writes */
        return;
    }
    store->backend->tidy(reader->db);
    give_reader(store, reader, NULL);
}

fpi_err_t *fpi_store_write(fpi_store_t *store, fpi_tx_fn *fn, void *baton, fpi_task_t *task)
{
    fpi_err_t *err = fpi_writer_run(store->writer, fn, baton, task);

    if (fpi_writer_take_tidy(store->writer)) {
        tidy(store, task);
    }
    return err;
}

/* ---- opening and closing ---- */

static const fpi_backend_t *find_backend(const char *database)
{
    static const fpi_backend_t *const all[] = { &fpi_backend_sqlite };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        size_t len = strlen(all[i]->name);

        if (strncmp(database, all[i]->name, len) == 0 && database[len] == ':') {
            return all[i];
        }
    }
    return NULL;
}

static apr_status_t close_late(void *data)
{
    fpi_store_t *store = data;
    reader_t *reader;

    while ((reader = pop_idle(store))) {
        apr_pool_destroy(reader->pool);
    }
    if (store->write_db) {
        store->backend->close(&store->write_db); /* the last one out brings the log home */
    }
    pthread_mutex_destroy(&store->lock);
    return APR_SUCCESS;
}

static fpi_err_t *open_parts(fpi_store_t *store, const fpi_store_options_t *options,
                             fpi_task_t *task)
{
    fpi_db_use_t use = options->may_migrate ? FPI_DB_MAKE : FPI_DB_WRITE;

    FPI_TRY(store->backend->open(&store->write_db, store->pool, store->database, use, task));
    FPI_TRY(store->backend->migrate(store->write_db, options->may_migrate, &store->schema, task));
    FPI_TRY(fpi_epoch_open(&store->epoch, store->pool, options->data_dir, task));
    store->writer = fpi_writer_make(store->pool, store->backend, store->write_db, store->master);
    return NULL;
}

fpi_err_t *fpi_store_open(fpi_store_t **out, apr_pool_t *pool, const fpi_store_options_t *options,
                          fpi_task_t *task)
{
    const fpi_backend_t *backend = find_backend(options->database);
    fpi_store_t *store;
    apr_pool_t *own;
    fpi_err_t *err;

    if (!backend) {
        return fpi_fail(task, FPI_E_CONFIG, "no such kind of database is built in: \"%.*s\"",
                        (int)strcspn(options->database, ":"), options->database);
    }
    apr_pool_create(&own, pool);
    store = apr_pcalloc(own, sizeof(*store));
    store->pool = own;
    store->backend = backend;
    store->database = apr_pstrdup(own, options->database);
    store->master = options->master;
    pthread_mutex_init(&store->lock, NULL);
    apr_pool_pre_cleanup_register(own, store, close_late);
    err = open_parts(store, options, task);
    if (err) {
        apr_pool_destroy(own);
        return err;
    }
    *out = store;
    return NULL;
}

void fpi_store_close(fpi_store_t **store)
{
    apr_pool_t *own = (*store)->pool;

    *store = NULL;
    apr_pool_destroy(own);
}

/* ---- the rest of store.h and tx.h ---- */

static fpi_err_t *check_reader(fpi_store_t *store, fpi_db_t *db, fpi_task_t *task)
{
    int64_t schema, room;

    FPI_TRY(store->backend->migrate(db, false, &schema, task));
    room = store->backend->room(db);
    if (room >= 0 && room < ROOM_LEAST) {
        fpi_err_t *err = fpi_fail(task, FPI_E_STORE, "only %d MB are free for the database, %d are needed: "
                                  "make room on its file system", (int)(room >> 20), (int)(ROOM_LEAST >> 20));

        err->zh = "磁盘空间不足"; /* what is missing; how much is nobody's who may ask whether we are ready */
        err->en = "disk space";
        return err;
    }
    return NULL;
}

fpi_err_t *fpi_store_check(fpi_store_t *store, fpi_task_t *task)
{
    reader_t *reader;
    fpi_err_t *err;

    FPI_TRY(take_reader(&reader, store, task));
    err = check_reader(store, reader->db, task);
    give_reader(store, reader, err);
    return err;
}

fpi_err_t *fpi_store_copy(fpi_store_t *store, const char *path, fpi_task_t *task)
{
    reader_t *reader;
    fpi_err_t *err;

    FPI_TRY(take_reader(&reader, store, task));
    err = store->backend->copy(reader->db, path, task);
    give_reader(store, reader, err);
    return err;
}

uint64_t fpi_store_epoch(const fpi_store_t *store)
{
    return fpi_epoch_get(store->epoch);
}

void fpi_store_raise_epoch(fpi_store_t *store)
{
    fpi_epoch_raise(store->epoch);
}

void fpi_store_stats(const fpi_store_t *store, fpi_store_stats_t *out)
{
    fpi_writer_stats(store->writer, out);
    out->schema = store->schema;
}

const char *fpi_store_version(void)
{
    return fpi_backend_sqlite.version();
}

const fpi_secret_t *fpi_tx_master(const fpi_tx_t *tx)
{
    return tx->master;
}

fpi_err_t *fpi_tx_run(fpi_tx_t *tx, fpi_sql_t sql, const fpi_arg_t *args, int count,
                      fpi_rows_t **rows, int64_t *changed, fpi_task_t *task)
{
    return tx->backend->run(tx->db, sql, args, count, rows, changed, NULL, task);
}

fpi_err_t *fpi_tx_insert(int64_t *id, fpi_tx_t *tx, fpi_sql_t sql, const fpi_arg_t *args, int count,
                         fpi_task_t *task)
{
    return tx->backend->run(tx->db, sql, args, count, NULL, NULL, id, task);
}
