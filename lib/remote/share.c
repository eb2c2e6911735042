#include "remote/share.h"

#include "base/clock.h"
#include "base/text.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct fpi_share_t {
    const fpi_cache_t *cache;
    int fd; /* -1: no lock file */
};

/* ---- values ---- */

bool fpi_token_is_clean(const char *text)
{
    size_t len = 0;

    for (; text[len]; len++) {
        if (text[len] <= 0x20 || text[len] >= 0x7f || len >= FPI_TOKEN_MAX) {
            return false;
        }
    }
    return len > 0;
}

bool fpi_share_parse(fpi_token_t *token, const char *value, size_t len, apr_pool_t *pool)
{
    char *text, *expires, *word;

    if (len >= FPI_SHARE_VALUE_MAX || memchr(value, '\0', len)) {
        return false;
    }
    text = apr_pstrmemdup(pool, value, len);
    expires = strchr(text, ' ');
    word = expires ? strchr(expires + 1, ' ') : NULL;
    if (!word) {
        return false;
    }
    *expires++ = '\0';
    *word++ = '\0';
    token->text = word;
    return fpi_token_is_clean(word) && fpi_int_parse(&token->fetched, text, 0, INT64_MAX)
           && fpi_int_parse(&token->expires, expires, 0, INT64_MAX);
}

/* The token that the cache holds, as it is. */
static bool find_any(fpi_token_t *token, fpi_share_t *share, const char *key, fpi_task_t *task)
{
    char value[FPI_SHARE_VALUE_MAX];
    size_t len = 0;
    fpi_err_t *err;

    if (!share->cache) {
        return false;
    }
    err = share->cache->find(share->cache->baton, key, value, sizeof(value), &len, task);
    if (err) {
        fpi_debug(task, "a token was not read from the shared cache: %s", err->detail);
        return false;
    }
    return len > 0 && len <= sizeof(value) && fpi_share_parse(token, value, len, task->pool);
}

bool fpi_share_find(fpi_token_t *token, fpi_share_t *share, const char *key, apr_time_t after,
                    fpi_task_t *task)
{
    return find_any(token, share, key, task) && token->fetched > after
           && token->expires > fpi_clock_now();
}

void fpi_share_put(fpi_share_t *share, const char *key, const fpi_token_t *token, fpi_task_t *task)
{
    char value[FPI_SHARE_VALUE_MAX];
    fpi_err_t *err;
    int len;

    if (!share->cache) {
        return;
    }
    len = snprintf(value, sizeof(value), "%" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %s",
                   token->fetched, token->expires, token->text);
    err = share->cache->put(share->cache->baton, key, value, (size_t)len, token->expires, task);
    if (err) {
        fpi_debug(task, "a token was not put into the shared cache: %s", err->detail);
    }
}

void fpi_share_drop(fpi_share_t *share, const char *key, const char *text, fpi_task_t *task)
{
    fpi_token_t token;

    /* between the two a newer one may have come: that costs a fetch, no more */
    if (find_any(&token, share, key, task) && strcmp(token.text, text) == 0) {
        fpi_ignore(share->cache->drop(share->cache->baton, key, task));
    }
}

/* ---- the lock ---- */

static apr_status_t close_lock(void *data)
{
    close(((fpi_share_t *)data)->fd);
    return APR_SUCCESS;
}

fpi_share_t *fpi_share_make(apr_pool_t *pool, const fpi_cache_t *cache, const char *lock_file,
                            fpi_task_t *task)
{
    fpi_share_t *share = apr_pcalloc(pool, sizeof(*share));

    share->cache = cache;
    share->fd = -1;
    /* without a cache whoever waits at the lock would find nothing behind it */
    if (!cache || !lock_file) {
        return share;
    }
    /* Opened once per process and kept: closing any descriptor of this file, also one that was
     * opened elsewhere in the process, would drop all of the process's locks on it. */
    share->fd = open(lock_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (share->fd < 0) {
        fpi_debug(task, "lock file %s can't be opened: %s; each process fetches tokens itself",
                  lock_file, strerror(errno));
        return share;
    }
    apr_pool_cleanup_register(pool, share, close_lock, apr_pool_cleanup_null);
    return share;
}

static int set_lock(fpi_share_t *share, const char *key, short type)
{
    unsigned char bytes[7];
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };

    if (!fpi_hex_decode(bytes, sizeof(bytes), key)) {
        errno = EINVAL;
        return -1;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        lock.l_start = lock.l_start << 8 | bytes[i];
    }
    return fcntl(share->fd, F_SETLK, &lock);
}

fpi_share_lock_t fpi_share_lock(fpi_share_t *share, const char *key, fpi_task_t *task)
{
    int error;

    if (share->fd < 0) {
        return FPI_SHARE_NONE;
    }
    do {
        error = set_lock(share, key, F_WRLCK) == 0 ? 0 : errno;
    } while (error == EINTR);
    if (error == 0) {
        return FPI_SHARE_TAKEN;
    }
    if (error == EACCES || error == EAGAIN) {
        return FPI_SHARE_OTHER;
    }
    fpi_debug(task, "the lock file of tokens can't be locked: %s", strerror(error));
    return FPI_SHARE_NONE;
}

void fpi_share_unlock(fpi_share_t *share, const char *key)
{
    if (set_lock(share, key, F_UNLCK) != 0) {
        /* nothing to be done: the kernel gives it back when the process ends */
        return;
    }
}
