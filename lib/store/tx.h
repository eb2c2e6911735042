/* One open transaction on one connection: what the nouns of this folder are written with.
 * Statements are named in sqlite.sql / pgsql.sql; C code says their FPI_SQL_ name.
 *
 * Life:    a transaction lives during one call of fpi_store_read or fpi_store_write; rows live in the
 *          task's pool and outlive it.
 * Threads: a write transaction may be run by another thread than the task's own, which waits.
 * Limits:  at most FPI_ROWS_MAX rows per result; a statement that would give more fails. */
#ifndef FPI_TX_H
#define FPI_TX_H

#include "base/task.h"

#include <stdint.h>

typedef enum fpi_sql_t {
#define FPI_SQL(name) FPI_SQL_##name,
#include "store/sql_names.def" /* made from sqlite.sql by make */
#undef FPI_SQL
    FPI_SQL_COUNT
} fpi_sql_t;

enum { FPI_ROWS_MAX = 10000 };

typedef struct fpi_tx_t fpi_tx_t;

/* ---- arguments, in the order of ?1 ?2 ... ---- */
typedef struct fpi_arg_t {
    enum { FPI_ARG_NULL, FPI_ARG_INT, FPI_ARG_TEXT, FPI_ARG_BLOB } kind;
    int64_t number;
    const void *data; /* must live until the call returns */
    size_t len;
} fpi_arg_t;

static inline fpi_arg_t fpi_arg_int(int64_t v)
{
    return (fpi_arg_t){ FPI_ARG_INT, v, NULL, 0 };
}
/* NULL binds as null. */
fpi_arg_t fpi_arg_text(const char *v);
fpi_arg_t fpi_arg_blob(const void *v, size_t len);

#define FPI_ARGS(...) (const fpi_arg_t[]){ __VA_ARGS__ }, \
                      (int)(sizeof((const fpi_arg_t[]){ __VA_ARGS__ }) / sizeof(fpi_arg_t))
#define FPI_NO_ARGS NULL, 0

/* ---- results ---- */
typedef struct fpi_rows_t fpi_rows_t;
int fpi_rows_count(const fpi_rows_t *rows);
/* Column values; null reads as 0 or NULL. A column that does not exist is our own mistake (assert). */
int64_t fpi_rows_int(const fpi_rows_t *rows, int row, int column);
const char *fpi_rows_text(const fpi_rows_t *rows, int row, int column);
const void *fpi_rows_blob(const fpi_rows_t *rows, int row, int column, size_t *len);
bool fpi_rows_is_null(const fpi_rows_t *rows, int row, int column);

/* Runs a statement. `rows` and `changed` may be NULL. Failures: FPI_E_DUPLICATE (a unique rule),
 * FPI_E_STORE (disk full, busy, I/O: repeat later), FPI_E_INTERNAL (our statement is wrong). */
fpi_err_t *fpi_tx_run(fpi_tx_t *tx, fpi_sql_t sql, const fpi_arg_t *args, int count, fpi_rows_t **rows,
                      int64_t *changed, fpi_task_t *task) FPI_MUST_USE;
/* Runs an INSERT of a table with an integer key and gives the new key; 0 when ON CONFLICT kept it from
 * inserting. */
fpi_err_t *fpi_tx_insert(int64_t *id, fpi_tx_t *tx, fpi_sql_t sql, const fpi_arg_t *args, int count,
                         fpi_task_t *task) FPI_MUST_USE;

#endif
