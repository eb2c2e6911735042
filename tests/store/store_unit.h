/* What the tests of stored nouns share: a store for each test, in a directory of its own; tests that are one transaction.
 *
 * Life:    the store is made before each test and gone after it.
 * Threads: one.
 * Limits:  none. */
#ifndef FPI_STORE_UNIT_H
#define FPI_STORE_UNIT_H

#include "store/store.h"
#include "wire/crypto.h"

#include "unit.h"

#include <apr_strings.h>
#include <unistd.h>

static char folder[64];
static fpi_store_t *store;
static fpi_secret_t *master;

/* Anew when it was closed; with `master`, which a test may change before. */
static inline void open_store(void)
{
    fpi_store_options_t options = { .data_dir = folder, .master = master, .may_migrate = true };

    options.database = apr_pstrcat(task->pool, "sqlite:", folder, "/test.db", NULL);
    unit_done(fpi_store_open(&store, task->pool, &options, task));
}

static inline void store_unit_open(void)
{
    unit_open();
    strcpy(folder, "/tmp/fpi_store_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    master = fpi_secret_make(task->pool, "0123456789abcdef0123456789abcdef", FPI_KEY_LEN);
    open_store();
}

static inline void store_unit_close(void)
{
    fpi_store_close(&store);
    ck_assert_int_eq(system(apr_psprintf(task->pool, "rm -rf %s", folder)), 0);
    unit_close();
}

/* A test whose body runs in one write transaction `tx` with the task `t`; `baton` is the turn of a test in a loop, an int. */
#define TX_TEST(name)                                                      \
    static fpi_err_t *name##_in(fpi_tx_t *tx, void *baton, fpi_task_t *t); \
    START_TEST(name)                                                       \
    {                                                                      \
        unit_done(fpi_store_write(store, name##_in, &_i, task));           \
    }                                                                      \
    END_TEST                                                               \
    static fpi_err_t *name##_in(fpi_tx_t *tx, void *baton, fpi_task_t *t)

#endif
