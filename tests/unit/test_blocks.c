/* Blocks of memory: each taker has its own, and what nobody needs goes back. */
#include "base/blocks.h"
#include "unit.h"

#include <pthread.h>
#include <stdint.h>

enum { MANY = 10, SLABS = 3, TAKERS = 8, TURNS = 200 };

static void mark(char *block, int with)
{
    block[0] = block[FPI_BLOCK / 2] = block[FPI_BLOCK - 1] = (char)with;
}

static bool is_marked(const char *block, int with)
{
    return block[0] == (char)with && block[FPI_BLOCK / 2] == (char)with && block[FPI_BLOCK - 1] == (char)with;
}

START_TEST(test_each_has_its_own)
{
    fpi_blocks_t *blocks = fpi_blocks_make(task->pool);
    char *all[MANY], *again;

    for (int i = 0; i < MANY; i++) {
        all[i] = fpi_blocks_take(blocks);
        ck_assert_ptr_nonnull(all[i]);
        ck_assert_int_eq((uintptr_t)all[i] % FPI_BLOCK, 0);
        mark(all[i], i);
    }
    for (int i = 0; i < MANY; i++) {
        ck_assert(is_marked(all[i], i));
    }
    fpi_blocks_give(blocks, all[5]);
    again = fpi_blocks_take(blocks);
    ck_assert_ptr_eq(again, all[5]);
    ck_assert(is_marked(all[4], 4) && is_marked(all[6], 6));
}
END_TEST

START_TEST(test_what_nobody_needs_goes)
{
    fpi_blocks_t *blocks = fpi_blocks_make(task->pool);
    char *all[MANY];

    ck_assert_int_eq(fpi_blocks_tidy(blocks, 0), 0);
    for (int i = 0; i < MANY; i++) {
        all[i] = fpi_blocks_take(blocks);
    }
    ck_assert_int_eq(fpi_blocks_tidy(blocks, 0), SLABS);
    for (int i = 0; i < MANY - 1; i++) { /* the last one keeps the third slab */
        fpi_blocks_give(blocks, all[i]);
    }
    ck_assert_int_eq(fpi_blocks_tidy(blocks, apr_time_from_sec(3600)), SLABS);
    ck_assert_int_eq(fpi_blocks_tidy(blocks, 0), SLABS - 1);
    mark(all[MANY - 1], 7);
    fpi_blocks_give(blocks, all[MANY - 1]);
    ck_assert_int_eq(fpi_blocks_tidy(blocks, 0), 1);
    mark(fpi_blocks_take(blocks), 8);
}
END_TEST

static void *take_and_give(void *data)
{
    fpi_blocks_t *blocks = data;
    intptr_t spoilt = 0;

    for (int i = 0; i < TURNS; i++) {
        char *block = fpi_blocks_take(blocks);

        mark(block, i);
        fpi_blocks_tidy(blocks, 0);
        spoilt += !is_marked(block, i);
        fpi_blocks_give(blocks, block);
    }
    return (void *)spoilt;
}

START_TEST(test_from_many_threads)
{
    fpi_blocks_t *blocks = fpi_blocks_make(task->pool);
    pthread_t threads[TAKERS];

    for (int i = 0; i < TAKERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_give, blocks), 0);
    }
    for (int i = 0; i < TAKERS; i++) {
        void *spoilt;

        pthread_join(threads[i], &spoilt);
        ck_assert_ptr_null(spoilt);
    }
    ck_assert_int_eq(fpi_blocks_tidy(blocks, 0), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blocks");
    TCase *tc = unit_case(suite, "blocks");

    tcase_add_test(tc, test_each_has_its_own);
    tcase_add_test(tc, test_what_nobody_needs_goes);
    tcase_add_test(tc, test_from_many_threads);
    return unit_run(suite);
}
