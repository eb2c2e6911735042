/* What a database must be able to do: the vtable behind store.h. Private to this folder.
 *
 * Life:    a connection is opened in a pool and closed with it or by close().
 * Threads: a connection is used by one thread at a time.
 * Limits:  FPI_ROWS_MAX rows per result. */
#ifndef FPI_BACKEND_H
#define FPI_BACKEND_H

#include "base/secret.h"
#include "store/tx.h"

typedef struct fpi_db_t fpi_db_t; /* one connection; the backend's own */

/* FPI_DB_MAKE is FPI_DB_WRITE that may make the database. */
typedef enum fpi_db_use_t { FPI_DB_READ, FPI_DB_WRITE, FPI_DB_MAKE } fpi_db_use_t;

typedef struct fpi_backend_t {
    const char *name; /* the scheme: "sqlite", "postgresql" */

    /* Opens a connection; `address` has its scheme. FPI_E_CONFIG: it can't be used as it is. */
    fpi_err_t *(*open)(fpi_db_t **db, apr_pool_t *pool, const char *address, fpi_db_use_t use,
                       fpi_task_t *task);
    void (*close)(fpi_db_t **db);

    /* Brings the schema up to date, or only checks it (with a read of the database itself); safe
     * against others doing the same. */
    fpi_err_t *(*migrate)(fpi_db_t *db, bool may_change, int64_t *version, fpi_task_t *task);

    fpi_err_t *(*begin)(fpi_db_t *db, bool is_write, fpi_task_t *task);
    /* NULL: durable. After a failure nothing of the transaction is kept. */
    fpi_err_t *(*commit)(fpi_db_t *db, fpi_task_t *task);
    void (*rollback)(fpi_db_t *db);
    /* One level inside a write transaction. undo() false: the whole transaction is lost. */
    fpi_err_t *(*save)(fpi_db_t *db, fpi_task_t *task);
    fpi_err_t *(*keep)(fpi_db_t *db, fpi_task_t *task);
    bool (*undo)(fpi_db_t *db);
    /* Does the transaction still stand? A full disk can end it under our feet. */
    bool (*is_open)(fpi_db_t *db);

    /* See fpi_tx_run. `id` (may be NULL): key of the inserted row, 0 when none was inserted. */
    fpi_err_t *(*run)(fpi_db_t *db, fpi_sql_t sql, const fpi_arg_t *args, int count,
                      fpi_rows_t **rows, int64_t *changed, int64_t *id, fpi_task_t *task);

    /* Is there housekeeping to do after this connection's last commit? It is done by another
     * connection, beside the writers; what goes wrong there is tried again next time. */
    bool (*is_untidy)(fpi_db_t *db);
    void (*tidy)(fpi_db_t *db);
    /* Bytes free for us where it writes, 0 when it is read-only; -1 unknown. */
    int64_t (*room)(fpi_db_t *db);
    const char *(*version)(void);
    /* Copies all of it, as it stands at one moment, into a new database at `path`, flushed; others may write
     * meanwhile. */
    fpi_err_t *(*copy)(fpi_db_t *db, const char *path, fpi_task_t *task);
} fpi_backend_t;

extern const fpi_backend_t fpi_backend_sqlite;

/* ---- rows.c: results that outlive their statement ---- */
fpi_rows_t *fpi_rows_make(apr_pool_t *pool, int columns);
/* False when FPI_ROWS_MAX is reached. */
bool fpi_rows_begin(fpi_rows_t *rows);
void fpi_rows_put(fpi_rows_t *rows, int column, const fpi_arg_t *value); /* copied into the pool */

struct fpi_tx_t {
    const fpi_backend_t *backend;
    fpi_db_t *db;
    const fpi_secret_t *master;
};

#endif
