/* Large blocks of memory for bytes that are read, hashed and written in one go, kept for the next who needs one.
 *
 * Four blocks make a slab, which the kernel may give one huge page: the disk then takes a block as one segment rather than
 * as 128 pages, and fewer addresses have to be translated while it is filled and hashed.
 *
 * Life:    made in a pool, gone with it; a block is its taker's until it is given back.
 * Threads: any.
 * Limits:  FPI_BLOCKS_MOST taken at once; memory that was needed is kept until fpi_blocks_tidy. */
#ifndef FPI_BLOCKS_H
#define FPI_BLOCKS_H

#include <apr_pools.h>
#include <apr_time.h>

enum {
    FPI_BLOCK = 512 * 1024, /* bytes; aligned to as much */
    FPI_BLOCKS_MOST = 4096  /* more than there are threads */
};

typedef struct fpi_blocks_t fpi_blocks_t;

fpi_blocks_t *fpi_blocks_make(apr_pool_t *pool);

/* NULL: there is no memory, or too many are taken. What is in it is not defined. */
char *fpi_blocks_take(fpi_blocks_t *blocks);
void fpi_blocks_give(fpi_blocks_t *blocks, char *block);

/* Slabs of which no block was taken for so long go back to the kernel, all but one; how many are left. */
int fpi_blocks_tidy(fpi_blocks_t *blocks, apr_interval_time_t idle);

#endif
