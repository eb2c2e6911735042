#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* madvise, MAP_ANONYMOUS */
#endif
#include "base/blocks.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { COUNT = 4, SLAB = COUNT * FPI_BLOCK, ALL = (1 << COUNT) - 1 };

typedef struct slab_t {
    char *memory;
    unsigned taken;    /* a bit for each block */
    apr_time_t since;  /* clock tick when the last one came back */
    struct slab_t *next;
} slab_t;

struct fpi_blocks_t {
    pthread_mutex_t lock;
    slab_t *first;     /* those at the front are used first, so that those at the end can go */
};

/* ---- slabs: the lock is held ---- */

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

static slab_t *add_slab(slab_t **end)
{
    slab_t *slab = calloc(1, sizeof(*slab));

    if (slab && !(slab->memory = map_aligned())) {
        free(slab);
        slab = NULL;
    }
    *end = slab;
    return slab;
}

static void drop_slab(slab_t **at)
{
    slab_t *slab = *at;

    *at = slab->next;
    munmap(slab->memory, SLAB);
    free(slab);
}

/* ---- blocks ---- */

static apr_status_t end(void *data)
{
    fpi_blocks_t *blocks = data;

    while (blocks->first) {
        drop_slab(&blocks->first);
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

char *fpi_blocks_take(fpi_blocks_t *blocks)
{
    slab_t **at = &blocks->first, *slab;
    int number = 0;

    pthread_mutex_lock(&blocks->lock);
    while (*at && (*at)->taken == ALL) {
        at = &(*at)->next;
    }
    slab = *at ? *at : add_slab(at);
    if (slab) {
        while (slab->taken >> number & 1) {
            number++;
        }
        slab->taken |= 1U << number;
    }
    pthread_mutex_unlock(&blocks->lock);
    return slab ? slab->memory + (size_t)number * FPI_BLOCK : NULL;
}

void fpi_blocks_give(fpi_blocks_t *blocks, char *block)
{
    uintptr_t place = (uintptr_t)block % SLAB;
    slab_t *slab;

    pthread_mutex_lock(&blocks->lock);
    slab = blocks->first;
    while (slab->memory != block - place) {
        slab = slab->next;
    }
    slab->taken &= ~(1U << (place / FPI_BLOCK));
    slab->since = fpi_clock_tick();
    pthread_mutex_unlock(&blocks->lock);
}

int fpi_blocks_tidy(fpi_blocks_t *blocks, apr_interval_time_t idle)
{
    apr_time_t oldest = fpi_clock_tick() - idle;
    slab_t **at = &blocks->first;
    int left = 0;

    pthread_mutex_lock(&blocks->lock);
    while (*at) {
        if (left && !(*at)->taken && (*at)->since <= oldest) {
            drop_slab(at);
        }
        else {
            at = &(*at)->next;
            left++;
        }
    }
    pthread_mutex_unlock(&blocks->lock);
    return left;
}
