#include "store/epoch.h"

#include "store/disk.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

struct fpi_epoch_t {
    _Atomic uint64_t *count; /* the first bytes of the page */
};

static apr_status_t unmap(void *data)
{
    fpi_epoch_t *epoch = data;

    munmap((void *)epoch->count, PAGE);
    return APR_SUCCESS;
}

/* Blocks are given to it now: writing into a hole on a full disk would be a signal. */
static fpi_err_t *map(void **page, int fd, const char *path, fpi_task_t *task)
{
    int error = posix_fallocate(fd, 0, PAGE);

    if (error) {
        return fpi_disk_fail(error, "making room for", path, task);
    }
    *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*page == MAP_FAILED) {
        return fpi_disk_fail(errno, "mapping", path, task);
    }
    return NULL;
}

fpi_err_t *fpi_epoch_open(fpi_epoch_t **out, apr_pool_t *pool, const char *data_dir,
                          fpi_task_t *task)
{
    const char *path = apr_pstrcat(task->pool, data_dir, "/epoch", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    fpi_epoch_t *epoch;
    void *page = NULL;
    fpi_err_t *err;

    if (fd < 0) {
        return fpi_fail(task, FPI_E_CONFIG, "the epoch file %s: %s; its folder must belong to "
                        "httpd's user", path, strerror(errno));
    }
    err = map(&page, fd, path, task);
    close(fd);
    if (err) {
        return err;
    }
    epoch = apr_pcalloc(pool, sizeof(*epoch));
    epoch->count = page;
    apr_pool_cleanup_register(pool, epoch, unmap, apr_pool_cleanup_null);
    *out = epoch;
    return NULL;
}

uint64_t fpi_epoch_get(const fpi_epoch_t *epoch)
{
    return *epoch->count;
}

void fpi_epoch_raise(fpi_epoch_t *epoch)
{
    ++*epoch->count;
}
