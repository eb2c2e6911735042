/* What the children of a node (and, with a shared cache, the nodes) know of tokens together: the
 * cache's values, and the lock of the node for one holder. Not for use outside lib/remote.
 *
 * Value:   "fetched expires token", times in microseconds since 1970, the token visible ASCII
 * Lock:    a byte of the lock file per holder, at an offset from its key
 *
 * Life:    a share lives as long as its pool; made after fork, as record locks are not inherited.
 * Threads: many, but no two ask for the same byte at once: to the kernel they are one owner.
 * Limits:  tokens of FPI_TOKEN_MAX bytes. */
#ifndef FPI_SHARE_H
#define FPI_SHARE_H

#include "remote/cloud.h"

enum { FPI_TOKEN_MAX = 4000, FPI_SHARE_VALUE_MAX = FPI_TOKEN_MAX + 64 };

typedef struct fpi_token_t {
    const char *text; /* NULL: none */
    apr_time_t fetched, expires;
} fpi_token_t;

typedef struct fpi_share_t fpi_share_t;

/* Either may be NULL. A lock file that can't be opened is as good as none. */
fpi_share_t *fpi_share_make(apr_pool_t *pool, const fpi_cache_t *cache, const char *lock_file,
                            fpi_task_t *task);

/* True with a token that is valid now and was fetched after `after`. */
bool fpi_share_find(fpi_token_t *token, fpi_share_t *share, const char *key, apr_time_t after,
                    fpi_task_t *task);
void fpi_share_put(fpi_share_t *share, const char *key, const fpi_token_t *token, fpi_task_t *task);
/* Drops the key's value if it still holds this token. */
void fpi_share_drop(fpi_share_t *share, const char *key, const char *text, fpi_task_t *task);

typedef enum fpi_share_lock_t {
    FPI_SHARE_TAKEN, /* give it back */
    FPI_SHARE_OTHER, /* another process holds it */
    FPI_SHARE_NONE   /* there is no use in a lock: go on without */
} fpi_share_lock_t;
/* Does not wait. */
fpi_share_lock_t fpi_share_lock(fpi_share_t *share, const char *key, fpi_task_t *task);
void fpi_share_unlock(fpi_share_t *share, const char *key);

/* Is it something to put into a header: 1 to FPI_TOKEN_MAX bytes of visible ASCII? */
bool fpi_token_is_clean(const char *text);
/* A value of the cache; false for anything that fpi_share_put does not write. */
bool fpi_share_parse(fpi_token_t *token, const char *value, size_t len, apr_pool_t *pool);

#endif
