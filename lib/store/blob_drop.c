/* Orphans, damaged blobs, and blobs of another store. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "store/blob_own.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int fpi_blobs_lock(const fpi_blobs_t *blobs, int how)
{
    int fd = openat(blobs->spool, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    while (fd >= 0 && flock(fd, how) != 0) {
        int error = errno;

        if (error != EINTR) {
            close(fd);
            errno = error;
            fd = -1;
        }
    }
    return fd;
}

bool fpi_blob_stat(fpi_blobs_t *blobs, const char *sha256, apr_interval_time_t *age, int64_t *size)
{
    char path[FPI_BLOB_PATH + 1];
    struct stat st;

    if (!fpi_blobs_path(path, sha256) || fstatat(blobs->root, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return false;
    }
    *age = fpi_clock_now() - apr_time_make(st.st_mtim.tv_sec, st.st_mtim.tv_nsec / 1000);
    *size = st.st_size;
    return true;
}

fpi_err_t *fpi_blob_drop(bool *dropped, fpi_blobs_t *blobs, const char *sha256, apr_interval_time_t age,
                         fpi_task_t *task)
{
    int lock = fpi_blobs_lock(blobs, LOCK_EX), error = 0;
    char path[FPI_BLOB_PATH + 1];
    apr_interval_time_t is;
    int64_t size;

    *dropped = false;
    if (lock < 0) {
        return fpi_blobs_fail(blobs, errno, "locking", "spool", task);
    }
    if (fpi_blob_stat(blobs, sha256, &is, &size) && is >= age && fpi_blobs_path(path, sha256)) {
        *dropped = unlinkat(blobs->root, path, 0) == 0;
        error = *dropped || errno == ENOENT ? 0 : errno;
    }
    close(lock);
    return error ? fpi_blobs_fail(blobs, error, "removing", path, task) : NULL;
}

fpi_err_t *fpi_blob_put_aside(fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task)
{
    char path[FPI_BLOB_PATH + 1], aside[9 + FPI_SHA256_HEX + 1] = "damaged/";

    if (!fpi_blobs_path(path, sha256)) {
        return fpi_fail(task, FPI_E_ABSENT, "a blob's name must be %d hex digits", FPI_SHA256_HEX);
    }
    strncat(aside, sha256, FPI_SHA256_HEX);
    if ((mkdirat(blobs->root, "damaged", 0700) != 0 && errno != EEXIST)
        || renameat(blobs->root, path, blobs->root, aside) != 0) {
        return fpi_blobs_fail(blobs, errno, "putting aside", path, task);
    }
    return NULL;
}

/* ---- from one store to another ---- */

static int flush_at(const fpi_blobs_t *blobs, const char *name)
{
    int fd = openat(blobs->root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0) {
        close(fd);
    }
    return error;
}

fpi_err_t *fpi_blob_link(fpi_blobs_t *to, fpi_blobs_t *from, const char *sha256, fpi_task_t *task)
{
    char path[FPI_BLOB_PATH + 1], folder[6] = "";
    int error;

    if (!fpi_blobs_path(path, sha256)) {
        return fpi_fail(task, FPI_E_ABSENT, "a blob's name must be %d hex digits", FPI_SHA256_HEX);
    }
    memcpy(folder, path, 5);
    error = fpi_blobs_make_parents(to, folder);
    if (!error && linkat(from->root, path, to->root, path, 0) != 0 && errno != EEXIST) {
        error = errno;
    }
    if (error == EXDEV) {
        return fpi_fail(task, FPI_E_CONFIG, "%s is on another file system than %s: no hard link can be made", to->folder,
                        from->folder);
    }
    error = error ? error : flush_at(to, folder);
    return error ? fpi_blobs_fail(to, error, "linking", path, task) : NULL;
}

static fpi_err_t *copy_bytes(fpi_spool_t *spool, fpi_blobs_t *from, int fd, fpi_task_t *task)
{
    char *buffer = apr_palloc(task->pool, FPI_BLOB_READ);
    ssize_t n;

    while ((n = read(fd, buffer, FPI_BLOB_READ)) != 0) {
        if (n < 0 && errno != EINTR) {
            return fpi_blobs_fail(from, errno, "reading a blob in", "", task);
        }
        if (n > 0) {
            FPI_TRY(fpi_spool_put(spool, buffer, (size_t)n, task));
        }
    }
    return NULL;
}

fpi_err_t *fpi_blob_copy(fpi_blobs_t *to, fpi_blobs_t *from, const char *sha256, fpi_task_t *task)
{
    char hex[FPI_SHA256_HEX + 1];
    fpi_spool_t *spool;
    int64_t size;
    bool dropped;
    int fd;

    FPI_TRY(fpi_blob_open(&fd, &size, from, sha256, task));
    FPI_TRY(fpi_spool_open(&spool, to, size, task));
    FPI_TRY(copy_bytes(spool, from, fd, task));
    FPI_TRY(fpi_spool_keep(hex, &size, spool, task));
    if (strcmp(hex, sha256) == 0) {
        return NULL;
    }
    FPI_TRY(fpi_blob_drop(&dropped, to, hex, 0, task));
    return fpi_fail(task, FPI_E_INTERNAL, "the blob %s in %s is damaged: its bytes hash to %s", sha256, from->folder, hex);
}
