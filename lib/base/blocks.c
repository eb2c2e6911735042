#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise, MAP_ANONYMOUS */
#endif
#include "base/blocks.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>

enum { COUNT = 4, SLAB = COUNT * FPI_BLOCK, ALL = (1 << COUNT) - 1, SLABS = FPI_BLOCKS_MOST / COUNT };

typedef struct slab_t {
    char *memory;      /* NULL: none now */
    unsigned taken;    /* a bit for each block */
    apr_time_t since;  /* clock tick when the last one came back */
} slab_t;

struct fpi_blocks_t {
    pthread_mutex_t lock;
    slab_t slabs[SLABS]; /* the first are used first, so that the last can go */
};

/* A huge page has to be aligned to its size. */
static char *map_aligned(void)
{
    char *all = mmap(NULL, 2 * SLAB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (all == MAP_FAILED) {
        return NULL;
    }
    before = (SLAB - (uintptr_t)all % SLAB) % SLAB;
    if (before) {
        munmap(all, before);
    }
    munmap(all + before + SLAB, SLAB - before);
    (void)madvise(all + before, SLAB, MADV_HUGEPAGE); /* where it isn't to be had, small pages do */
    return all + before;
}

static void drop(slab_t *slab)
{
    munmap(slab->memory, SLAB);
    slab->memory = NULL;
}

static apr_status_t end(void *data)
{
    fpi_blocks_t *blocks = data;

    for (int i = 0; i < SLABS; i++) {
        if (blocks->slabs[i].memory) {
            drop(&blocks->slabs[i]);
        }
    }
    pthread_mutex_destroy(&blocks->lock);
    return APR_SUCCESS;
}

fpi_blocks_t *fpi_blocks_make(apr_pool_t *pool)
{
    fpi_blocks_t *blocks = apr_pcalloc(pool, sizeof(*blocks));

    pthread_mutex_init(&blocks->lock, NULL);
    apr_pool_cleanup_register(pool, blocks, end, apr_pool_cleanup_null);
    return blocks;
}

/* The lock is held. */
static char *take(slab_t *slab)
{
    int number = 0;

    if (!slab->memory && !(slab->memory = map_aligned())) {
        return NULL;
    }
    while (slab->taken >> number & 1) {
        number++;
    }
    slab->taken |= 1U << number;
    return slab->memory + (size_t)number * FPI_BLOCK;
}

char *fpi_blocks_take(fpi_blocks_t *blocks)
{
    char *block;
    int at = 0;

    pthread_mutex_lock(&blocks->lock);
    while (at < SLABS && blocks->slabs[at].taken == ALL) {
        at++;
    }
    block = at < SLABS ? take(&blocks->slabs[at]) : NULL;
    pthread_mutex_unlock(&blocks->lock);
    return block;
}

void fpi_blocks_give(fpi_blocks_t *blocks, char *block)
{
    uintptr_t place = (uintptr_t)block % SLAB;
    slab_t *slab = blocks->slabs;

    pthread_mutex_lock(&blocks->lock);
    while (slab->memory != block - place) {
        slab++;
    }
    slab->taken &= ~(1U << (place / FPI_BLOCK));
    slab->since = fpi_clock_tick();
    pthread_mutex_unlock(&blocks->lock);
}

int fpi_blocks_tidy(fpi_blocks_t *blocks, apr_interval_time_t idle)
{
    apr_time_t oldest = fpi_clock_tick() - idle;
    int left = 0;

    pthread_mutex_lock(&blocks->lock);
    for (slab_t *slab = blocks->slabs; slab < blocks->slabs + SLABS; slab++) {
        if (slab->memory && left && !slab->taken && slab->since <= oldest) {
            drop(slab);
        }
        left += slab->memory != NULL;
    }
    pthread_mutex_unlock(&blocks->lock);
    return left;
}
