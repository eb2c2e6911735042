/* What the files of blobs share. Private to them.
 *
 * Life:    a spool's is its task.
 * Threads: one per spool.
 * Limits:  a spool's key has at most 64 characters. */
#ifndef FPI_BLOB_OWN_H
#define FPI_BLOB_OWN_H

#include "base/blocks.h"
#include "store/blob.h"

#include <dirent.h>
#include <sys/stat.h>

enum { FPI_SPOOL_NAME = 72, FPI_SPOOL_RANDOM = 16, FPI_BLOB_READ = 256 * 1024,
       FPI_BLOB_PATH = 6 + FPI_SHA256_HEX }; /* "ab/cd/<sha256>" */

#define FPI_SPOOL_LASTING "up." /* begins the names of those that come in pieces */

struct fpi_blobs_t {
    const char *folder, *spool_folder;
    int root, spool;
    fpi_blocks_t *blocks;
};

struct fpi_spool_t {
    fpi_blobs_t *blobs;
    apr_pool_t *pool;
    int fd;
    fpi_hash_t *hash;
    const char *sum;  /* of a lasting one, once it was read */
    int64_t size, most, written; /* bytes: put, at most, of those in the file */
    char *block;      /* put and not written yet: `block_len` bytes; NULL: none needed so far */
    size_t block_len, head_len;
    bool is_direct;   /* the descriptor writes past the page cache now */
    bool is_cached;   /* it can't */
    bool is_broken;   /* a put failed: what is there is not what was given */
    bool is_named;    /* renamed, nothing left to unlink */
    bool is_lasting;  /* stays when the task ends */
    char name[FPI_SPOOL_NAME];
    unsigned char head[FPI_MEDIA_LOOK];
};

/* FPI_E_STORE of errno's number. */
fpi_err_t *fpi_blobs_fail(const fpi_blobs_t *blobs, int error, const char *doing, const char *name, fpi_task_t *task)
    FPI_MUST_USE;
/* Everything that comes from a row or a request passes here, so no ".." ever reaches a path: false when it is no name
 * of a blob. */
bool fpi_blobs_path(char path[FPI_BLOB_PATH + 1], const char *sha256);
bool fpi_blobs_is_hex(const char *text, size_t len);
/* With a descriptor of its own, because a directory stream owns and moves it. NULL: errno says why. */
DIR *fpi_blobs_open_folder(int at, const char *name);
/* Makes ab and ab/cd; errno's number. */
int fpi_blobs_make_parents(const fpi_blobs_t *blobs, const char *path);
/* The lock of the head of blob.c, LOCK_SH or LOCK_EX: a descriptor to be closed; -1: errno says why. */
int fpi_blobs_lock(const fpi_blobs_t *blobs, int how);
/* ---- blob_write.c ---- */
/* Takes bytes for the file; they are in it, as far as readers go, after fpi_spool_settle. errno's number. */
int fpi_spool_write(fpi_spool_t *spool, const char *data, size_t len) FPI_MUST_USE;
int fpi_spool_settle(fpi_spool_t *spool) FPI_MUST_USE;
/* Where the next bytes go, and how many at most, 0 for want of memory; and that so many were put there: errno's number. */
size_t fpi_spool_reserve(fpi_spool_t *spool, char **data);
int fpi_spool_commit(fpi_spool_t *spool, size_t len) FPI_MUST_USE;
/* A spool takes a block when its first bytes come; whoever closes or settles it gives it back. */
void fpi_spool_give_block(fpi_spool_t *spool);

/* The cleanup of a spool. */
apr_status_t fpi_spool_close(void *data);
/* From where the descriptor stands; `buffer` has FPI_BLOB_READ bytes. */
fpi_err_t *fpi_blobs_hash(char *hex, int fd, char *buffer, fpi_blobs_t *blobs, fpi_task_t *task) FPI_MUST_USE;
/* The caller closes it. */
fpi_err_t *fpi_blobs_open_one(int *fd, struct stat *st, fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task)
    FPI_MUST_USE;

#endif
