/* A second connection to the store of a test, which sees and changes rows as they lie there.
 *
 * Life:    whoever opens one closes it.
 * Threads: one.
 * Limits:  none. */
#ifndef FPI_RAW_UNIT_H
#define FPI_RAW_UNIT_H

#include "store_unit.h"

#include <sqlite3.h>

static inline const char *path(void)
{
    return apr_pstrcat(task->pool, folder, "/test.db", NULL);
}

static inline sqlite3 *open_db(void)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path(), &db), SQLITE_OK);
    return db;
}

static inline void sql(sqlite3 *db, const char *text)
{
    ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
}

#endif
