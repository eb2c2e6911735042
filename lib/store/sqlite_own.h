/* What sqlite.c and sqlite_open.c share. Private to these two; no other file includes sqlite3.h.
 *
 * Life:    as backend.h says of a connection.
 * Threads: as backend.h says.
 * Limits:  as backend.h says. */
#ifndef FPI_SQLITE_OWN_H
#define FPI_SQLITE_OWN_H

#include "store/backend.h"

#include <sqlite3.h>

enum { FPI_SQLITE_APPLICATION = 0x4650494D }; /* "FPIM" in the file's header */

/* Texts: `controls` in sqlite.c. */
typedef enum control_t {
    BEGIN_READ, BEGIN_WRITE, COMMIT, ROLLBACK, SAVE, KEEP, UNDO, CONTROL_COUNT
} control_t;

struct fpi_db_t {
    sqlite3 *handle;
    apr_pool_t *pool;
    const char *path, *folder;
    fpi_db_use_t use;
    apr_time_t busy_since;
    int turns;                 /* descriptor of the folder, to lock; -1: none */
    bool is_waiting, had_turn; /* for the write lock; was the last that held it */
    /* transactions */
    bool is_begun, is_write; /* what we believe; SQLite may have ended it, see is_open() */
    sqlite3_stmt *controls[CONTROL_COUNT]; /* prepared when first needed, as `statements` */
    sqlite3_stmt *statements[FPI_SQL_COUNT];
    /* the log */
    int wal_pages, tidy_from; /* its length now, and when it was last brought home */
    bool is_untidy;
};

/* Makes the failure of `rc`; `doing` names what failed. To be called before anything else is done
 * on the connection: SQLite keeps the last message only. */
fpi_err_t *fpi_sqlite_fail(fpi_db_t *db, int rc, const char *doing, fpi_task_t *task) FPI_MUST_USE;

/* For statements that are run rarely; both return SQLite's result code. */
int fpi_sqlite_execute(fpi_db_t *db, const char *sql);
/* First column of the first row. */
int fpi_sqlite_number(fpi_db_t *db, const char *sql, int64_t *number);

fpi_err_t *fpi_sqlite_open(fpi_db_t **db, apr_pool_t *pool, const char *address, fpi_db_use_t use,
                           fpi_task_t *task) FPI_MUST_USE;
void fpi_sqlite_close(fpi_db_t **db);

/* sqlite_copy.c; see backend.h. */
fpi_err_t *fpi_sqlite_copy(fpi_db_t *db, const char *path, fpi_task_t *task) FPI_MUST_USE;

/* Before and after BEGIN IMMEDIATE: lets a process go first that waits since our last turn. */
void fpi_sqlite_yield(fpi_db_t *db);
void fpi_sqlite_end_wait(fpi_db_t *db, bool is_our_turn);

#endif
