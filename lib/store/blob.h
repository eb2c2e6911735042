/* The bytes of images and originals, kept for ever under their SHA-256.
 *
 *   <dir>/ab/cd/abcd...ef   finished, read-only, named by its content
 *   <dir>/store-NAME        an empty folder: which database the blobs belong to
 *   <dir>/spool/xxxx        being written; older than a day = left over, swept
 *   <dir>/spool/up.KEY      comes in pieces, over requests and restarts; swept by whoever keeps the rows, and here
 *                           when it was untouched for four days
 *
 * What no row names is an orphan (an upload that was never answered, an export that was given up, a page that was scanned and
 * thrown away) and goes after a while. Whoever keeps content that is there already makes it young again, so that an orphan is not taken from under a
 * row that is just being written: a blob may be dropped by age only, and keeping and dropping are never at one time.
 *
 * Life:    a store of blobs is opened after fork in a child's pool; a spool lives in a task.
 * Threads: one store serves many threads; a spool belongs to one.
 * Limits:  a spool refuses to grow past the size it was opened with; a block of memory (base/blocks.h, 512 KiB) for each
 *          that takes bytes in one go, of which four (2 MiB) stay with the store after fpi_blobs_tidy. */
#ifndef FPI_BLOB_H
#define FPI_BLOB_H

#include "base/task.h"
#include "wire/crypto.h"
#include "wire/media.h"

#include <stdint.h>

enum { FPI_BLOBS_NAME = 32 };

typedef struct fpi_blobs_t fpi_blobs_t;
typedef struct fpi_spool_t fpi_spool_t;

/* `address`: "file:/dir". The directory is made 0700. FPI_E_CONFIG when it can't be. */
fpi_err_t *fpi_blobs_open(fpi_blobs_t **blobs, apr_pool_t *pool, const char *address, fpi_task_t *task)
    FPI_MUST_USE;

/* Begins to take bytes; gone without a trace unless it is kept, also when the task ends. */
fpi_err_t *fpi_spool_open(fpi_spool_t **spool, fpi_blobs_t *blobs, int64_t most, fpi_task_t *task)
    FPI_MUST_USE;
fpi_err_t *fpi_spool_put(fpi_spool_t *spool, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;
/* The same without a copy: room for the next bytes (at least one), then how many of it were filled. Not for spools that
 * come in pieces. */
fpi_err_t *fpi_spool_room(char **data, size_t *len, fpi_spool_t *spool, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_spool_took(fpi_spool_t *spool, size_t len, fpi_task_t *task) FPI_MUST_USE;
/* What the bytes so far are: by the first FPI_MEDIA_LOOK, and where those say "a zip" by the names in all of it. */
fpi_err_t *fpi_spool_media(fpi_media_t *media, fpi_spool_t *spool, fpi_task_t *task) FPI_MUST_USE;
/* Flushes file and directory, then gives it its name. NULL means: durable. `sha256` holds
 * FPI_SHA256_HEX + 1. The same content again is success. The first FPI_MEDIA_LOOK bytes stay readable
 * through fpi_spool_head(). */
fpi_err_t *fpi_spool_keep(char *sha256, int64_t *size, fpi_spool_t *spool, fpi_task_t *task) FPI_MUST_USE;
const void *fpi_spool_head(const fpi_spool_t *spool, size_t *len);

/* ---- a spool that comes in pieces ---- */
/* Opens the one of that key (1-64 of [0-9a-z]), makes it when there is none and `may_make`, and locks it against other
 * threads and processes until the task ends. FPI_E_ABSENT; FPI_E_BUSY when another holds it for longer than 2 s. */
fpi_err_t *fpi_spool_resume(fpi_spool_t **spool, fpi_blobs_t *blobs, const char *key, int64_t most, bool may_make,
                            fpi_task_t *task) FPI_MUST_USE;
/* Cuts off what is behind `taken`; the next put goes there. FPI_E_INTERNAL when so much is not there. */
fpi_err_t *fpi_spool_rewind(fpi_spool_t *spool, int64_t taken, fpi_task_t *task) FPI_MUST_USE;
/* Are these the bytes at that place? */
fpi_err_t *fpi_spool_compare(bool *is_same, const fpi_spool_t *spool, int64_t at, const void *data, size_t len,
                             fpi_task_t *task) FPI_MUST_USE;
/* NULL: what was put is on the disk. */
fpi_err_t *fpi_spool_flush(fpi_spool_t *spool, fpi_task_t *task) FPI_MUST_USE;
/* The SHA-256 of all of it, read anew. fpi_spool_keep gives it that name then. */
fpi_err_t *fpi_spool_sum(char *sha256, fpi_spool_t *spool, fpi_task_t *task) FPI_MUST_USE;
/* Takes the spool of that key away, locked or not. Absence is fine. */
void fpi_spool_drop(fpi_blobs_t *blobs, const char *key);

/* ---- finished blobs ---- */
/* An open descriptor for reading and the size; closed with the task's pool. FPI_E_ABSENT. */
fpi_err_t *fpi_blob_open(int *fd, int64_t *size, fpi_blobs_t *blobs, const char *sha256,
                         fpi_task_t *task) FPI_MUST_USE;
/* As fpi_spool_media. FPI_E_ABSENT. */
fpi_err_t *fpi_blob_media(fpi_media_t *media, fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
bool fpi_blob_has(fpi_blobs_t *blobs, const char *sha256);
/* Reads it whole and compares its hash. FPI_E_INTERNAL names the damaged blob. */
fpi_err_t *fpi_blob_verify(fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* Removes spools older than `age`. */
fpi_err_t *fpi_blobs_sweep(fpi_blobs_t *blobs, apr_interval_time_t age, fpi_task_t *task) FPI_MUST_USE;
/* Calls `each` for every finished blob. */
fpi_err_t *fpi_blobs_list(fpi_blobs_t *blobs, fpi_err_t *(*each)(void *baton, const char *sha256),
                          void *baton, fpi_task_t *task) FPI_MUST_USE;
/* The same for those whose name begins with that byte. */
fpi_err_t *fpi_blobs_list_some(fpi_blobs_t *blobs, unsigned char first,
                               fpi_err_t *(*each)(void *baton, const char *sha256), void *baton, fpi_task_t *task)
    FPI_MUST_USE;
/* Since when it was last kept, and its size; false: it is not there. */
bool fpi_blob_stat(fpi_blobs_t *blobs, const char *sha256, apr_interval_time_t *age, int64_t *size);
/* Keeps one that is there already, of that size: it is young from now on, so a row may be written that names it.
 * FPI_E_ABSENT when it is not there, or damaged. */
fpi_err_t *fpi_blob_refresh(fpi_blobs_t *blobs, const char *sha256, int64_t size, fpi_task_t *task) FPI_MUST_USE;
/* Takes away one that no row names, by the caller's look after its age, unless it was kept less than `age` ago.
 * *dropped says whether it went. */
fpi_err_t *fpi_blob_drop(bool *dropped, fpi_blobs_t *blobs, const char *sha256, apr_interval_time_t age,
                         fpi_task_t *task) FPI_MUST_USE;
/* The same bytes in another store, durable: a hard link, FPI_E_CONFIG across file systems; or a copy, whose hash is
 * compared: FPI_E_INTERNAL names a damaged one, and nothing is kept of it. */
fpi_err_t *fpi_blob_link(fpi_blobs_t *to, fpi_blobs_t *from, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_blob_copy(fpi_blobs_t *to, fpi_blobs_t *from, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* Puts damaged bytes aside, out of the way of good ones: into <dir>/damaged/<sha256>. */
fpi_err_t *fpi_blob_put_aside(fpi_blobs_t *blobs, const char *sha256, fpi_task_t *task) FPI_MUST_USE;
/* The name that the folder was given, FPI_BLOBS_NAME hex digits; NULL: none yet. See store/identity.h. */
fpi_err_t *fpi_blobs_get_name(const char **name, fpi_blobs_t *blobs, fpi_task_t *task) FPI_MUST_USE;
/* Durable. To be asked for before: it must have no other. */
fpi_err_t *fpi_blobs_put_name(fpi_blobs_t *blobs, const char *name, fpi_task_t *task) FPI_MUST_USE;
const char *fpi_blobs_folder(const fpi_blobs_t *blobs);
/* The folder of spools, where other files of passing use may lie, too: what is older than a day is swept. */
const char *fpi_blobs_spool_folder(const fpi_blobs_t *blobs);
/* From time to time: memory that uploads needed goes back. */
void fpi_blobs_tidy(fpi_blobs_t *blobs);
/* Bytes free for us on its file system; -1 unknown. */
int64_t fpi_blobs_room(const fpi_blobs_t *blobs);

#endif
