/* Spools that come in pieces, and looks into files of any kind.
 *
 * A lasting spool is one file, spool/up.KEY, and its lock is flock(2) on it: the kernel ends it with its holder. Who
 * waited for it may find that the holder has given the file its final name meanwhile, so the name is checked again
 * behind the lock; nobody ever writes into a finished blob. */
#include "store/blob_own.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOCK_STEP apr_time_from_msec(20)

enum { LOCK_TRIES = 100, KEY_MAX = 64 };

/* ---- what it is ---- */

/* The pages are the kernel's: memory stays flat however large the file is. */
static fpi_err_t *find_in_all(fpi_media_t *media, int fd, int64_t size, const fpi_blobs_t *blobs, fpi_task_t *task)
{
    void *all = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);

    if (all == MAP_FAILED) {
        return fpi_blobs_fail(blobs, errno, "looking into a file in", "", task);
    }
    *media = fpi_media_find(all, (size_t)size);
    munmap(all, (size_t)size);
    return NULL;
}

/* A lasting one may have been begun by another task. */
static fpi_err_t *read_head(char head[FPI_MEDIA_LOOK], size_t *len, const fpi_spool_t *spool, fpi_task_t *task)
{
    ssize_t n;

    if (!spool->is_lasting) {
        memcpy(head, spool->head, spool->head_len);
        *len = spool->head_len;
        return NULL;
    }
    n = pread(spool->fd, head, FPI_MEDIA_LOOK, 0);
    if (n < 0) {
        return fpi_blobs_fail(spool->blobs, errno, "reading a file in", "spool", task);
    }
    *len = (size_t)n;
    return NULL;
}

fpi_err_t *fpi_spool_media(fpi_media_t *media, fpi_spool_t *spool, fpi_task_t *task)
{
    char head[FPI_MEDIA_LOOK];
    size_t len = 0;
    int error;

    FPI_TRY(read_head(head, &len, spool, task));
    *media = fpi_media_find(head, len);
    if (*media != FPI_MEDIA_ZIP || spool->size <= (int64_t)len) {
        return NULL;
    }
    error = fpi_spool_settle(spool);
    if (error) {
        return fpi_blobs_fail(spool->blobs, error, "writing a file in", "spool", task);
    }
    return find_in_all(media, spool->fd, spool->size, spool->blobs, task);
}

fpi_err_t *fpi_blob_media(fpi_media_t *media, fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task)
{
    struct stat st;
    fpi_err_t *err = NULL;
    int fd;

    FPI_TRY(fpi_blobs_open_one(&fd, &st, blobs, sha256, task));
    *media = FPI_MEDIA_UNKNOWN;
    if (st.st_size) {
        err = find_in_all(media, fd, st.st_size, blobs, task);
    }
    close(fd);
    return err;
}

/* ---- a spool that comes in pieces ---- */

static bool make_name(char name[FPI_SPOOL_NAME], const char *key)
{
    size_t len = strlen(key);

    if (len < 1 || len > KEY_MAX || strspn(key, "0123456789abcdefghijklmnopqrstuvwxyz") != len) {
        return false;
    }
    apr_cpystrn(apr_cpystrn(name, FPI_SPOOL_LASTING, FPI_SPOOL_NAME), key, KEY_MAX + 1);
    return true;
}

static fpi_err_t *lock(const fpi_spool_t *spool, fpi_task_t *task)
{
    for (int i = 0; flock(spool->fd, LOCK_EX | LOCK_NB) != 0; i++) {
        fpi_err_t *err;

        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fpi_blobs_fail(spool->blobs, errno, "locking a file in", "spool", task);
        }
        if (i >= LOCK_TRIES) {
            err = fpi_refuse(task, FPI_E_BUSY, NULL, "该上传正在接收另一分片, 请稍后重试",
                             "another piece of this upload is being taken: repeat in a moment");
            err->retry_after = 1;
            return err;
        }
        apr_sleep(LOCK_STEP);
    }
    return NULL;
}

static fpi_err_t *absent(const fpi_spool_t *spool, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_ABSENT, "there is no %s in the spool of %s", spool->name, spool->blobs->folder);
}

/* Is what we hold still what the name means? */
static fpi_err_t *check_name(fpi_spool_t *spool, fpi_task_t *task)
{
    struct stat held, named;

    if (fstat(spool->fd, &held) != 0 || fstatat(spool->blobs->spool, spool->name, &named, AT_SYMLINK_NOFOLLOW) != 0
        || held.st_ino != named.st_ino || held.st_dev != named.st_dev) {
        return absent(spool, task);
    }
    spool->size = spool->written = held.st_size;
    return NULL;
}

fpi_err_t *fpi_spool_resume(fpi_spool_t **out, fpi_blobs_t *blobs, const char *key, int64_t most, bool may_make,
                            fpi_task_t *task)
{
    fpi_spool_t *spool = apr_pcalloc(task->pool, sizeof(*spool));

    spool->blobs = blobs;
    spool->pool = task->pool;
    spool->most = most;
    spool->is_lasting = true;
    if (!make_name(spool->name, key)) {
        return fpi_fail(task, FPI_E_ABSENT, "a spool's key must be 1-%d small letters and digits", KEY_MAX);
    }
    spool->fd = openat(blobs->spool, spool->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | (may_make ? O_CREAT : 0), 0600);
    if (spool->fd < 0) {
        return errno == ENOENT ? absent(spool, task) : fpi_blobs_fail(blobs, errno, "opening a file in", "spool", task);
    }
    apr_pool_cleanup_register(spool->pool, spool, fpi_spool_close, apr_pool_cleanup_null);
    *out = spool;
    FPI_TRY(lock(spool, task));
    return check_name(spool, task);
}

fpi_err_t *fpi_spool_rewind(fpi_spool_t *spool, int64_t taken, fpi_task_t *task)
{
    if (spool->size < taken) {
        return fpi_fail(task, FPI_E_INTERNAL, "%s has %lld bytes, not the %lld that were taken", spool->name,
                        (long long)spool->size, (long long)taken);
    }
    if (ftruncate(spool->fd, taken) != 0 || lseek(spool->fd, taken, SEEK_SET) < 0) {
        return fpi_blobs_fail(spool->blobs, errno, "writing a file in", "spool", task);
    }
    spool->size = spool->written = taken;
    spool->is_broken = false;
    return NULL;
}

fpi_err_t *fpi_spool_compare(bool *is_same, const fpi_spool_t *spool, int64_t at, const void *data, size_t len,
                             fpi_task_t *task)
{
    char *there = apr_palloc(task->pool, FPI_MEDIA_LOOK);

    *is_same = true;
    for (size_t done = 0; done < len && *is_same;) {
        size_t step = len - done < FPI_MEDIA_LOOK ? len - done : FPI_MEDIA_LOOK;
        ssize_t n = pread(spool->fd, there, step, at + (off_t)done);

        if (n < 0) {
            return fpi_blobs_fail(spool->blobs, errno, "reading a file in", "spool", task);
        }
        *is_same = n == (ssize_t)step && memcmp(there, (const char *)data + done, step) == 0;
        done += step;
    }
    return NULL;
}

fpi_err_t *fpi_spool_flush(fpi_spool_t *spool, fpi_task_t *task)
{
    /* its name, too, must outlive a loss of power */
    if (fdatasync(spool->fd) != 0 || fsync(spool->blobs->spool) != 0) {
        return fpi_blobs_fail(spool->blobs, errno, "flushing a file in", "spool", task);
    }
    return NULL;
}

fpi_err_t *fpi_spool_sum(char *sha256, fpi_spool_t *spool, fpi_task_t *task)
{
    if (lseek(spool->fd, 0, SEEK_SET) < 0) {
        return fpi_blobs_fail(spool->blobs, errno, "reading a file in", "spool", task);
    }
    FPI_TRY(fpi_blobs_hash(sha256, spool->fd, apr_palloc(task->pool, FPI_BLOB_READ), spool->blobs, task));
    spool->sum = apr_pstrdup(task->pool, sha256);
    return NULL;
}

void fpi_spool_drop(fpi_blobs_t *blobs, const char *key)
{
    char name[FPI_SPOOL_NAME];

    if (make_name(name, key)) {
        unlinkat(blobs->spool, name, 0);
    }
}
