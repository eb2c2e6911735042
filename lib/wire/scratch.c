#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkostemp */
#endif
#include "wire/scratch.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = 64 * 1024 };

struct fpi_scratch_t {
    apr_pool_t *pool;
    const char *folder;
    int fd;
    size_t len; /* in the buffer, not written yet */
    char buffer[BUFFER];
};

static apr_status_t close_late(void *data)
{
    fpi_scratch_t *scratch = data;

    close(scratch->fd);
    return APR_SUCCESS;
}

static fpi_err_t *fail(const fpi_scratch_t *scratch, const char *doing, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_STORE, "%s a scratch file in %s: %s", doing, scratch->folder, strerror(errno));
}

fpi_err_t *fpi_scratch_open(fpi_scratch_t **out, const char *folder, fpi_task_t *task)
{
    fpi_scratch_t *scratch = apr_palloc(task->pool, sizeof(*scratch));
    char *name = apr_pstrcat(task->pool, folder, "/scratch.XXXXXX", NULL);

    scratch->pool = task->pool;
    scratch->folder = apr_pstrdup(task->pool, folder);
    scratch->len = 0;
    scratch->fd = mkostemp(name, O_CLOEXEC);
    if (scratch->fd < 0) {
        return fail(scratch, "making", task);
    }
    unlink(name);
    apr_pool_cleanup_register(task->pool, scratch, close_late, apr_pool_cleanup_null);
    *out = scratch;
    return NULL;
}

void fpi_scratch_close(fpi_scratch_t **scratch)
{
    apr_pool_cleanup_run((*scratch)->pool, *scratch, close_late);
    *scratch = NULL;
}

static fpi_err_t *write_all(fpi_scratch_t *scratch, const char *data, size_t len, fpi_task_t *task)
{
    while (len) {
        ssize_t n = write(scratch->fd, data, len);

        if (n < 0 && errno != EINTR) {
            return fail(scratch, "writing", task);
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return NULL;
}

static fpi_err_t *flush(fpi_scratch_t *scratch, fpi_task_t *task)
{
    size_t len = scratch->len;

    scratch->len = 0;
    return write_all(scratch, scratch->buffer, len, task);
}

fpi_err_t *fpi_scratch_put(fpi_scratch_t *scratch, const void *data, size_t len, fpi_task_t *task)
{
    if (len > BUFFER - scratch->len) {
        FPI_TRY(flush(scratch, task));
    }
    if (len > BUFFER) {
        return write_all(scratch, data, len, task);
    }
    memcpy(scratch->buffer + scratch->len, data, len);
    scratch->len += len;
    return NULL;
}

int64_t fpi_scratch_size(const fpi_scratch_t *scratch)
{
    struct stat st;

    return (fstat(scratch->fd, &st) == 0 ? (int64_t)st.st_size : 0) + (int64_t)scratch->len;
}

const char *fpi_scratch_path(const fpi_scratch_t *scratch)
{
    return apr_psprintf(scratch->pool, "/proc/self/fd/%d", scratch->fd);
}

fpi_err_t *fpi_scratch_send(fpi_scratch_t *scratch, fpi_put_fn *put, void *baton, fpi_task_t *task)
{
    off_t at = 0;
    ssize_t n;

    FPI_TRY(flush(scratch, task));
    while ((n = pread(scratch->fd, scratch->buffer, BUFFER, at)) != 0) {
        if (n < 0 && errno != EINTR) {
            return fail(scratch, "reading", task);
        }
        if (n > 0) {
            FPI_TRY(put(baton, scratch->buffer, (size_t)n, task));
            at += n;
        }
    }
    return NULL;
}
