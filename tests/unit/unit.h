/* What the unit tests share: a task for each test, a runner, and checks of failures.
 *
 * Life:    pool and task are made before each test and gone after it.
 * Threads: one.
 * Limits:  none. */
#ifndef FPI_UNIT_H
#define FPI_UNIT_H

#include "base/task.h"

#include <apr_general.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Entries of a table of cases. */
#define UNIT_COUNT(table) ((int)(sizeof(table) / sizeof(*(table))))

static fpi_task_t *task;

static inline void unit_open(void)
{
    apr_pool_t *pool;

    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    task = fpi_task_make(pool, NULL);
}

static inline void unit_close(void)
{
    apr_pool_destroy(task->pool);
    task = NULL;
}

static inline void unit_done(const fpi_err_t *err)
{
    ck_assert_msg(!err, "failed: %s", err ? fpi_err_chain(task->pool, err) : "");
}

static inline void unit_failed(const fpi_err_t *err, fpi_code_t code)
{
    ck_assert_msg(err != NULL, "should have failed with %s", fpi_code_info(code)->symbol);
    ck_assert_msg(err->code == code, "should be %s: %s", fpi_code_info(code)->symbol,
                  fpi_err_chain(task->pool, err));
    ck_assert(err->detail && *err->detail);
}

/* A test case of `suite`, and one whose tests have a task. */
static inline TCase *unit_case_with(Suite *suite, const char *name, SFun open, SFun close)
{
    TCase *made = tcase_create(name);

    tcase_add_checked_fixture(made, open, close);
    tcase_set_timeout(made, 120);
    suite_add_tcase(suite, made);
    return made;
}

static inline TCase *unit_case(Suite *suite, const char *name)
{
    return unit_case_with(suite, name, unit_open, unit_close);
}

/* Runs it; what main returns. */
static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    if (apr_initialize() != APR_SUCCESS) {
        return EXIT_FAILURE;
    }
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner) + (srunner_ntests_run(runner) == 0);
    srunner_free(runner);
    apr_terminate();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
