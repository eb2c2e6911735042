/* What the tests of single nouns share beside their store: a clock that stands still, and statements behind the store's back.
 *
 * Life:    as the store of store_unit.h; the clock stands from before it is made.
 * Threads: one.
 * Limits:  none. */
#ifndef FPI_NOUN_UNIT_H
#define FPI_NOUN_UNIT_H

#include "base/clock.h"

#include "store_unit.h"

#include <sqlite3.h>

#define SECOND ((apr_time_t)1000000)

static apr_time_t now; /* where a test puts it */

static inline apr_time_t stopped(void)
{
    return now;
}

static inline void noun_unit_open(void)
{
    now = 1700000000 * SECOND;
    fpi_clock_set(stopped);
    store_unit_open();
}

static inline void noun_unit_close(void)
{
    store_unit_close();
    fpi_clock_set(NULL);
}

static inline void in_write(fpi_tx_fn *fn)
{
    unit_done(fpi_store_write(store, fn, NULL, task));
}

/* A statement of the test's own on the file, behind the store's back. */
static inline void sql(const char *statement)
{
    char *path = apr_pstrcat(task->pool, folder, "/test.db", NULL);
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, statement, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", statement,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* A test case of `suite` whose tests have a store and a clock. */
static inline TCase *noun_case(Suite *suite, const char *name)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, noun_unit_open, noun_unit_close);
    tcase_set_timeout(made, 120);
    suite_add_tcase(suite, made);
    return made;
}

#endif
