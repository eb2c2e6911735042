/* Writes a zip archive forwards only, as its bytes are handed on: nothing is gone back to, so that they can be hashed
 * and sent while they are made. Entries are stored, not packed (images are packed already), and their size and sum are
 * known before their bytes, so that every program can read them, also those that refuse sums behind the bytes. Names
 * are UTF-8; what is larger than 4 GiB or has more than 65,535 entries is zip64.
 *
 *   [local head, bytes] [local head, bytes] ... [directory] [zip64 end] [end]
 *                                                    ^ kept in a scratch file until the end
 *
 * Life:    the task's pool.
 * Threads: one.
 * Limits:  memory does not grow with entries or bytes. Names must be safe and differ: the caller's part. */
#ifndef FPI_ZIP_WRITE_H
#define FPI_ZIP_WRITE_H

#include "wire/scratch.h"

#include <apr_time.h>

typedef struct fpi_zip_writer_t fpi_zip_writer_t;

typedef struct fpi_zip_entry_t {
    const char *name;      /* "folder/name", at most 65,535 bytes */
    int64_t size;
    uint32_t crc;          /* fpi_crc32 of its bytes */
    apr_time_t changed;
} fpi_zip_entry_t;

/* `folder`: for the scratch file. */
fpi_err_t *fpi_zip_open_writer(fpi_zip_writer_t **zip, const char *folder, fpi_put_fn *put, void *baton,
                               fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_zip_begin(fpi_zip_writer_t *zip, const fpi_zip_entry_t *entry, fpi_task_t *task) FPI_MUST_USE;
/* Bytes of the entry that was begun; more or fewer than said, or others, are FPI_E_INTERNAL, here or at what comes
 * next. The signature is fpi_put_fn's. */
fpi_err_t *fpi_zip_put(void *zip, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;
/* Writes the directory; nothing may follow. */
fpi_err_t *fpi_zip_end(fpi_zip_writer_t *zip, fpi_task_t *task) FPI_MUST_USE;

/* Goes on from `crc`, 0 at first. */
uint32_t fpi_crc32(uint32_t crc, const void *data, size_t len);

#endif
