#include "store/derived.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/blob_own.h"

#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 8 + 1 + 6 + FPI_SHA256_HEX + 1 + FPI_DERIVED_WHAT + 1 };

static bool is_of(const char *text, size_t least, size_t most, const char *letters)
{
    size_t len = strlen(text);

    return len >= least && len <= most && strspn(text, letters) == len;
}

/* Nothing but these letters reaches a path. */
static fpi_err_t *make_path(char path[PATH_ROOM], const char *sha256, const char *what, fpi_task_t *task)
{
    if (!is_of(sha256, FPI_SHA256_HEX, FPI_SHA256_HEX, "0123456789abcdef")
        || !is_of(what, 1, FPI_DERIVED_WHAT, "abcdefghijklmnopqrstuvwxyz0123456789-")) {
        return fpi_fail(task, FPI_E_ABSENT, "no name of a derived picture");
    }
    snprintf(path, PATH_ROOM, "derived/%.2s/%.2s/%s-%s", sha256, sha256 + 2, sha256, what);
    return NULL;
}

static apr_status_t close_fd(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

fpi_err_t *fpi_derived_open(int *fd, int64_t *size, fpi_blobs_t *blobs, const char *sha256, const char *what,
                            fpi_task_t *task)
{
    char path[PATH_ROOM];
    struct stat st;

    FPI_TRY(make_path(path, sha256, what, task));
    *fd = openat(blobs->root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return fpi_fail(task, FPI_E_ABSENT, "there is no %s yet", path);
    }
    if (*fd < 0) {
        return fpi_blobs_fail(blobs, errno, "opening", path, task);
    }
    apr_pool_cleanup_register(task->pool, (void *)(intptr_t)*fd, close_fd, apr_pool_cleanup_null);
    if (fstat(*fd, &st) != 0) {
        return fpi_blobs_fail(blobs, errno, "looking at", path, task);
    }
    *size = st.st_size;
    return NULL;
}

/* ---- keeping ---- */

static bool make_folders(const fpi_blobs_t *blobs, const char *path)
{
    static const int ends[] = { 7, 10, 13 }; /* of "derived", "derived/ab", "derived/ab/cd" */
    char folder[PATH_ROOM];

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        apr_cpystrn(folder, path, (apr_size_t)ends[i] + 1);
        if (mkdirat(blobs->root, folder, 0700) != 0 && errno != EEXIST) {
            return false;
        }
    }
    return true;
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Flushed before it has its name, or a crash could leave an empty one that is served for ever. */
static bool write_file(const fpi_blobs_t *blobs, const char *name, const void *data, size_t len)
{
    int fd = openat(blobs->spool, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    bool done = fd >= 0 && write_all(fd, data, len) && fdatasync(fd) == 0;
    int error = errno;

    if (fd >= 0) {
        close(fd);
    }
    errno = error;
    return done;
}

fpi_err_t *fpi_derived_keep(fpi_blobs_t *blobs, const char *sha256, const char *what, const void *data, size_t len,
                            fpi_task_t *task)
{
    char path[PATH_ROOM], name[2 * FPI_SPOOL_RANDOM + 1];
    unsigned char bytes[FPI_SPOOL_RANDOM];
    fpi_err_t *err = NULL;

    FPI_TRY(make_path(path, sha256, what, task));
    FPI_TRY(fpi_random(bytes, sizeof(bytes), task));
    fpi_hex_encode(name, bytes, sizeof(bytes));
    if (!write_file(blobs, name, data, len) || !make_folders(blobs, path)
        || renameat(blobs->spool, name, blobs->root, path) != 0) {
        err = fpi_blobs_fail(blobs, errno, "making", path, task);
        unlinkat(blobs->spool, name, 0);
    }
    return err;
}

/* ---- sweeping ---- */

void fpi_derived_drop(fpi_blobs_t *blobs, const char *sha256)
{
    char name[sizeof("derived/ab/cd")];
    const struct dirent *entry;
    DIR *folder;

    snprintf(name, sizeof(name), "derived/%.2s/%.2s", sha256, sha256 + 2);
    folder = fpi_blobs_open_folder(blobs->root, name);
    while (folder && (entry = readdir(folder))) {
        if (strncmp(entry->d_name, sha256, FPI_SHA256_HEX) == 0) {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

static void sweep_folder(int at, const char *name, int depth, time_t before)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    struct stat st;

    if (!folder && fd >= 0) {
        close(fd);
    }
    while (folder && (entry = readdir(folder))) {
        if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        if (depth == 0 && S_ISDIR(st.st_mode)) {
            sweep_folder(fd, entry->d_name, 1, before);
        }
        else if (depth == 1 && S_ISREG(st.st_mode) && st.st_mtime < before) {
            unlinkat(fd, entry->d_name, 0);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

void fpi_derived_sweep(fpi_blobs_t *blobs, int slice, apr_interval_time_t age)
{
    char name[sizeof("derived/ab")];

    snprintf(name, sizeof(name), "derived/%02x", (unsigned)slice % FPI_DERIVED_SLICES);
    sweep_folder(blobs->root, name, 0, (time_t)apr_time_sec(fpi_clock_now() - age));
}
