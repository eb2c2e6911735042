/* Life of a blob:
 *
 *   spool/<random> ──put──> bytes, hashed as they come
 *        │ keep: flush file ──> make ab/cd ──> rename to ab/cd/<sha256> ──> flush ab/cd
 *        └ task ends, failure, or the content is there already: unlinked
 *
 * A name is seen a moment before it is durable, so whoever finds a blob there flushes its folder
 * before saying so. The same holds for a folder's own name: ab and ab/cd are born with the sticky bit, and
 * whoever sees the bit flushes the folder above, then takes it away: of ab/cd only when ab has none.
 *
 * Who finds its content there makes it young, with the lock on the spool folder shared; who drops an orphan looks at its
 * age once more with the lock for itself alone. Each opens the folder anew for that: a lock belongs to what was opened. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "store/blob.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/blob_own.h"
#include "store/disk.h"

#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LASTING apr_time_from_sec(4 * 86400)
#define BLOCKS_IDLE apr_time_from_sec(60)

fpi_err_t *fpi_blobs_fail(const fpi_blobs_t *blobs, int error, const char *doing, const char *name,
                          fpi_task_t *task)
{
    const char *path = apr_pstrcat(task->pool, blobs->folder, "/", name, NULL);

    return fpi_disk_fail(error, doing, path, task);
}

/* ---- names ---- */

bool fpi_blobs_is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") == len && text[len] == '\0';
}

bool fpi_blobs_path(char path[FPI_BLOB_PATH + 1], const char *sha256)
{
    if (!fpi_blobs_is_hex(sha256, FPI_SHA256_HEX)) {
        return false;
    }
    snprintf(path, FPI_BLOB_PATH + 1, "%.2s/%.2s/%.64s", sha256, sha256 + 2, sha256);
    return true;
}

/* ---- opening ---- */

static apr_status_t close_folders(void *data)
{
    fpi_blobs_t *blobs = data;

    if (blobs->spool >= 0) {
        close(blobs->spool);
    }
    if (blobs->root >= 0) {
        close(blobs->root);
    }
    return APR_SUCCESS;
}

/* False: errno says why. */
static bool open_folders(fpi_blobs_t *blobs)
{
    blobs->root = open(blobs->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (blobs->root < 0) {
        return false;
    }
    blobs->spool = openat(blobs->root, "spool", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return blobs->spool >= 0 && faccessat(blobs->root, ".", W_OK | X_OK, AT_EACCESS) == 0
           && faccessat(blobs->spool, ".", W_OK | X_OK, AT_EACCESS) == 0;
}

fpi_err_t *fpi_blobs_open(fpi_blobs_t **out, apr_pool_t *pool, const char *address,
                          fpi_task_t *task)
{
    fpi_blobs_t *blobs = apr_pcalloc(pool, sizeof(*blobs));

    if (strncmp(address, "file:/", 6) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "\"%s\" must be \"file:\" and an absolute path",
                        address);
    }
    blobs->folder = apr_pstrdup(pool, address + 5);
    blobs->root = blobs->spool = -1;
    apr_pool_cleanup_register(pool, blobs, close_folders, apr_pool_cleanup_null);
    blobs->blocks = fpi_blocks_make(pool);
    FPI_TRY(fpi_disk_make_folder(blobs->folder, task));
    blobs->spool_folder = apr_pstrcat(pool, blobs->folder, "/spool", NULL);
    FPI_TRY(fpi_disk_make_folder(blobs->spool_folder, task));
    if (!open_folders(blobs)) {
        return fpi_fail(task, FPI_E_CONFIG, "the folder of blobs %s can't be used: %s; give it to "
                        "httpd's user", blobs->folder, strerror(errno));
    }
    *out = blobs;
    return NULL;
}

/* ---- spools ---- */

apr_status_t fpi_spool_close(void *data)
{
    fpi_spool_t *spool = data;

    fpi_spool_give_block(spool);
    close(spool->fd);
    if (!spool->is_named && !spool->is_lasting) {
        unlinkat(spool->blobs->spool, spool->name, 0);
    }
    return APR_SUCCESS;
}

fpi_err_t *fpi_spool_open(fpi_spool_t **out, fpi_blobs_t *blobs, int64_t most, fpi_task_t *task)
{
    fpi_spool_t *spool = apr_pcalloc(task->pool, sizeof(*spool));
    unsigned char bytes[FPI_SPOOL_RANDOM];

    spool->blobs = blobs;
    spool->pool = task->pool;
    spool->most = most;
    FPI_TRY(fpi_hash_open(&spool->hash, task));
    FPI_TRY(fpi_random(bytes, sizeof(bytes), task));
    fpi_hex_encode(spool->name, bytes, sizeof(bytes));
    /* 0400 already: the mode counts for later openers only */
    spool->fd = openat(blobs->spool, spool->name,
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (spool->fd < 0) {
        return fpi_blobs_fail(blobs, errno, "making a file in", "spool", task);
    }
    apr_pool_cleanup_register(spool->pool, spool, fpi_spool_close, apr_pool_cleanup_null);
    *out = spool;
    return NULL;
}

static void keep_head(fpi_spool_t *spool, const void *data, size_t len)
{
    size_t room = sizeof(spool->head) - spool->head_len;

    if (len > room) {
        len = room;
    }
    memcpy(spool->head + spool->head_len, data, len);
    spool->head_len += len;
}

/* Of bytes that come next. */
static fpi_err_t *check_size(const fpi_spool_t *spool, size_t len, fpi_task_t *task)
{
    return (int64_t)len <= spool->most - spool->size
               ? NULL
               : fpi_refuse(task, FPI_E_TOO_LARGE, NULL, "文件超过上限 %" APR_INT64_T_FMT " 字节",
                            "the file is larger than the limit of %" APR_INT64_T_FMT " bytes", spool->most);
}

static fpi_err_t *put(fpi_spool_t *spool, const void *data, size_t len, fpi_task_t *task)
{
    int error;

    FPI_TRY(check_size(spool, len, task));
    error = fpi_spool_write(spool, data, len);
    if (error) {
        return fpi_blobs_fail(spool->blobs, error, "writing a file in", "spool", task);
    }
    return spool->hash ? fpi_hash_put(spool->hash, data, len, task) : NULL;
}

/* The block may be written by and used for what follows: what is needed of the bytes is taken before. */
static fpi_err_t *took(fpi_spool_t *spool, size_t len, fpi_task_t *task)
{
    const char *data = spool->block + spool->block_len;
    int error;

    FPI_TRY(check_size(spool, len, task));
    FPI_TRY(fpi_hash_put(spool->hash, data, len, task));
    keep_head(spool, data, len);
    error = fpi_spool_commit(spool, len);
    return error ? fpi_blobs_fail(spool->blobs, error, "writing a file in", "spool", task) : NULL;
}

fpi_err_t *fpi_spool_put(fpi_spool_t *spool, const void *data, size_t len, fpi_task_t *task)
{
    fpi_err_t *err;

    if (!len) {
        return NULL;
    }
    err = put(spool, data, len, task);
    if (err) {
        spool->is_broken = true;
        return err;
    }
    keep_head(spool, data, len);
    spool->size += (int64_t)len;
    return NULL;
}

fpi_err_t *fpi_spool_room(char **data, size_t *len, fpi_spool_t *spool, fpi_task_t *task)
{
    *len = spool->is_lasting ? 0 : fpi_spool_reserve(spool, data);
    return *len ? NULL : fpi_fail(task, FPI_E_INTERNAL, "there is no room for the bytes of a file");
}

fpi_err_t *fpi_spool_took(fpi_spool_t *spool, size_t len, fpi_task_t *task)
{
    fpi_err_t *err = len ? took(spool, len, task) : NULL;

    if (err) {
        spool->is_broken = true;
        return err;
    }
    spool->size += (int64_t)len;
    return NULL;
}

const void *fpi_spool_head(const fpi_spool_t *spool, size_t *len)
{
    *len = spool->head_len;
    return spool->head;
}

/* ---- keeping ---- */

static int flush_folder(const fpi_blobs_t *blobs, const char *name)
{
    int fd = openat(blobs->root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0) {
        close(fd);
    }
    return error;
}

/* Of a name that may be new: see the head of this file. `above` holds it. */
static int settle_folder(const fpi_blobs_t *blobs, const char *name, const char *above)
{
    struct stat st;
    int error;

    if (fstatat(blobs->root, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno;
    }
    if (!(st.st_mode & S_ISVTX)) {
        return 0;
    }
    error = flush_folder(blobs, above);
    if (!error) {
        error = fchmodat(blobs->root, name, 0700, 0) != 0 ? errno : 0;
    }
    return error;
}

/* Of "ab/cd"; where that is settled, so is ab. */
static int settle_folders(const fpi_blobs_t *blobs, const char *path)
{
    const char above[3] = { path[0], path[1], '\0' };
    struct stat st;
    int error;

    if (fstatat(blobs->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && !(st.st_mode & S_ISVTX)) {
        return 0;
    }
    error = settle_folder(blobs, above, ".");
    return error ? error : settle_folder(blobs, path, above);
}

static int make_folder(const fpi_blobs_t *blobs, const char *name)
{
    return mkdirat(blobs->root, name, S_ISVTX | 0700) != 0 && errno != EEXIST ? errno : 0;
}

int fpi_blobs_make_parents(const fpi_blobs_t *blobs, const char *path)
{
    const char above[3] = { path[0], path[1], '\0' };
    int error = make_folder(blobs, above);

    return error ? error : make_folder(blobs, path);
}

/* One of another size is damaged, and the new one takes its place. */
static bool is_there(const fpi_blobs_t *blobs, const char *path, int64_t size)
{
    struct stat st;

    return fstatat(blobs->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)
           && st.st_size == size;
}

/* Is it there, and young from now on? */
static bool make_young(const fpi_blobs_t *blobs, const char *path, int64_t size)
{
    int lock = is_there(blobs, path, size) ? fpi_blobs_lock(blobs, LOCK_SH) : -1;
    bool ok = lock >= 0 && is_there(blobs, path, size)
              && utimensat(blobs->root, path, NULL, AT_SYMLINK_NOFOLLOW) == 0;

    if (lock >= 0) {
        close(lock);
    }
    return ok;
}

fpi_err_t *fpi_blob_refresh(fpi_blobs_t *blobs, const char *sha256, int64_t size, fpi_task_t *task)
{
    char path[FPI_BLOB_PATH + 1];

    return fpi_blobs_path(path, sha256) && make_young(blobs, path, size)
               ? NULL
               : fpi_fail(task, FPI_E_ABSENT, "there is no blob %s of %" APR_INT64_T_FMT " bytes in %s", sha256, size, blobs->folder);
}

/* It may take the place of a damaged orphan, which nobody may be about to drop. */
static int rename_locked(const fpi_spool_t *spool, const char *path)
{
    int lock = fpi_blobs_lock(spool->blobs, LOCK_SH);
    int error = lock < 0 || renameat(spool->blobs->spool, spool->name, spool->blobs->root, path) != 0 ? errno : 0;

    if (lock >= 0) {
        close(lock);
    }
    return error;
}

static fpi_err_t *give_name(fpi_spool_t *spool, const char *path, const char *folder,
                            fpi_task_t *task)
{
    fpi_blobs_t *blobs = spool->blobs;
    int error;

    error = fpi_spool_settle(spool);
    if (error) {
        return fpi_blobs_fail(blobs, error, "writing a file in", "spool", task);
    }
    if (fsync(spool->fd) != 0) {
        return fpi_blobs_fail(blobs, errno, "flushing a file in", "spool", task);
    }
    error = rename_locked(spool, path);
    if (error == ENOENT) { /* the first of its folder */
        error = fpi_blobs_make_parents(blobs, folder);
        error = error ? error : rename_locked(spool, path);
    }
    if (error) {
        return fpi_blobs_fail(blobs, error, "making", path, task);
    }
    spool->is_named = true;
    if (spool->is_lasting) { /* not before: until it has its name, others who bring a piece must be able to open it */
        (void)fchmod(spool->fd, 0400);
    }
    return NULL;
}

fpi_err_t *fpi_spool_keep(char *sha256, int64_t *size, fpi_spool_t *spool, fpi_task_t *task)
{
    char path[FPI_BLOB_PATH + 1], folder[6] = "";
    int error;

    if (spool->is_broken || (!spool->hash && !spool->sum)) {
        return fpi_fail(task, FPI_E_INTERNAL, "a spool is kept twice or after a failed write");
    }
    if (spool->hash) {
        FPI_TRY(fpi_hash_end(sha256, spool->hash, task));
    }
    else {
        memcpy(sha256, spool->sum, FPI_SHA256_HEX + 1);
    }
    spool->hash = NULL;
    spool->sum = NULL;
    fpi_blobs_path(path, sha256);
    memcpy(folder, path, 5);
    if (!make_young(spool->blobs, path, spool->size)) {
        FPI_TRY(give_name(spool, path, folder, task));
    }
    else {
        spool->is_lasting = false;
    }
    error = flush_folder(spool->blobs, folder);
    if (!error) {
        error = settle_folders(spool->blobs, folder);
    }
    if (error) {
        return fpi_blobs_fail(spool->blobs, error, "flushing", folder, task);
    }
    *size = spool->size;
    apr_pool_cleanup_run(spool->pool, spool, fpi_spool_close);
    return NULL;
}

/* ---- reading ---- */

static apr_status_t close_fd(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

fpi_err_t *fpi_blobs_open_one(int *fd, struct stat *st, fpi_blobs_t *blobs, const char *sha256,
                            fpi_task_t *task)
{
    char path[FPI_BLOB_PATH + 1];
    int error;

    if (!fpi_blobs_path(path, sha256)) {
        return fpi_fail(task, FPI_E_ABSENT, "a blob's name must be %d hex digits", FPI_SHA256_HEX);
    }
    *fd = openat(blobs->root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd >= 0 && fstat(*fd, st) == 0 && S_ISREG(st->st_mode)) {
        return NULL;
    }
    error = *fd < 0 ? errno : EINVAL;
    if (*fd >= 0) {
        close(*fd);
    }
    if (error == ENOENT) {
        return fpi_fail(task, FPI_E_ABSENT, "there is no blob %s in %s", sha256, blobs->folder);
    }
    return fpi_blobs_fail(blobs, error, "opening", path, task);
}

fpi_err_t *fpi_blob_open(int *fd, int64_t *size, fpi_blobs_t *blobs, const char *sha256,
                         fpi_task_t *task)
{
    struct stat st;

    FPI_TRY(fpi_blobs_open_one(fd, &st, blobs, sha256, task));
    apr_pool_cleanup_register(task->pool, (void *)(intptr_t)*fd, close_fd, apr_pool_cleanup_null);
    *size = st.st_size;
    return NULL;
}

bool fpi_blob_has(fpi_blobs_t *blobs, const char *sha256)
{
    char path[FPI_BLOB_PATH + 1];
    struct stat st;

    return fpi_blobs_path(path, sha256) && fstatat(blobs->root, path, &st, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISREG(st.st_mode);
}

fpi_err_t *fpi_blobs_hash(char *hex, int fd, char *buffer, fpi_blobs_t *blobs, fpi_task_t *task)
{
    fpi_hash_t *hash;
    ssize_t n;

    FPI_TRY(fpi_hash_open(&hash, task));
    while ((n = read(fd, buffer, FPI_BLOB_READ)) != 0) {
        if (n < 0 && errno != EINTR) {
            return fpi_blobs_fail(blobs, errno, "reading a blob in", "", task);
        }
        if (n > 0) {
            FPI_TRY(fpi_hash_put(hash, buffer, (size_t)n, task));
        }
    }
    return fpi_hash_end(hex, hash, task);
}

/* A whole store is verified in one task: each blob's memory goes with `turn`. */
static fpi_err_t *verify(fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task, apr_pool_t *turn)
{
    fpi_task_t step = *task;
    char hex[FPI_SHA256_HEX + 1];
    struct stat st;
    fpi_err_t *err;
    int fd;

    step.pool = turn;
    FPI_TRY(fpi_blobs_open_one(&fd, &st, blobs, sha256, &step));
    err = fpi_blobs_hash(hex, fd, apr_palloc(turn, FPI_BLOB_READ), blobs, &step);
    close(fd);
    if (!err && strcmp(hex, sha256) != 0) {
        err = fpi_fail(&step, FPI_E_INTERNAL, "the blob %s in %s is damaged: its bytes hash to %s; "
                       "restore it from a backup", sha256, blobs->folder, hex);
    }
    return err;
}

fpi_err_t *fpi_blob_verify(fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task)
{
    apr_pool_t *turn;
    fpi_err_t *err;

    apr_pool_create(&turn, task->pool);
    err = fpi_err_copy(task->pool, verify(blobs, sha256, task, turn));
    apr_pool_destroy(turn);
    return err;
}

/* ---- walking ---- */

DIR *fpi_blobs_open_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);

    if (fd >= 0 && !folder) {
        close(fd);
    }
    return folder;
}

fpi_err_t *fpi_blobs_sweep(fpi_blobs_t *blobs, apr_interval_time_t age, fpi_task_t *task)
{
    time_t oldest = (time_t)apr_time_sec(fpi_clock_now() - age);
    time_t oldest_lasting = (time_t)apr_time_sec(fpi_clock_now() - LASTING);
    DIR *folder = fpi_blobs_open_folder(blobs->spool, ".");
    struct dirent *entry;
    struct stat st;

    if (!folder) {
        return fpi_blobs_fail(blobs, errno, "listing", "spool", task);
    }
    while ((entry = readdir(folder))) {
        if (fstatat(blobs->spool, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(st.st_mode)
            && st.st_mtime < (strncmp(entry->d_name, FPI_SPOOL_LASTING, 3) == 0 ? oldest_lasting : oldest)) {
            unlinkat(blobs->spool, entry->d_name, 0);
        }
    }
    closedir(folder);
    return NULL;
}

typedef struct walk_t {
    fpi_blobs_t *blobs;
    fpi_err_t *(*each)(void *baton, const char *sha256);
    void *baton;
    fpi_task_t *task;
} walk_t;

/* depth 0: the root, 1: ab, 2: ab/cd with the blobs. What has another name is passed over. */
static fpi_err_t *walk(const walk_t *plan, int at, const char *name, int depth)
{
    DIR *folder = fpi_blobs_open_folder(at, name);
    fpi_err_t *err = NULL;
    struct dirent *entry;

    if (!folder) {
        return fpi_blobs_fail(plan->blobs, errno, "listing", name, plan->task);
    }
    while (!err && (entry = readdir(folder))) {
        if (depth < 2 && fpi_blobs_is_hex(entry->d_name, 2)) {
            err = walk(plan, dirfd(folder), entry->d_name, depth + 1);
        }
        else if (depth == 2 && fpi_blobs_is_hex(entry->d_name, FPI_SHA256_HEX)) {
            err = plan->each(plan->baton, entry->d_name);
        }
    }
    closedir(folder);
    return err;
}

fpi_err_t *fpi_blobs_list(fpi_blobs_t *blobs, fpi_err_t *(*each)(void *baton, const char *sha256),
                          void *baton, fpi_task_t *task)
{
    walk_t plan = { blobs, each, baton, task };

    return walk(&plan, blobs->root, ".", 0);
}

fpi_err_t *fpi_blobs_list_some(fpi_blobs_t *blobs, unsigned char first,
                               fpi_err_t *(*each)(void *baton, const char *sha256), void *baton, fpi_task_t *task)
{
    walk_t plan = { blobs, each, baton, task };
    char name[3];

    snprintf(name, sizeof(name), "%02x", first);
    return faccessat(blobs->root, name, F_OK, 0) == 0 ? walk(&plan, blobs->root, name, 1) : NULL;
}

void fpi_blobs_tidy(fpi_blobs_t *blobs)
{
    fpi_blocks_tidy(blobs->blocks, BLOCKS_IDLE);
}

const char *fpi_blobs_folder(const fpi_blobs_t *blobs)
{
    return blobs->folder;
}

const char *fpi_blobs_spool_folder(const fpi_blobs_t *blobs)
{
    return blobs->spool_folder;
}

int64_t fpi_blobs_room(const fpi_blobs_t *blobs)
{
    return fpi_disk_room(blobs->folder);
}
