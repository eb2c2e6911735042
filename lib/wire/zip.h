/* Zip archives (OFD is one) that come from outside, read with every limit known before a byte is inflated. The only
 * owner of libzip. Names in an archive are labels to look for, never paths of this machine; nothing is unpacked.
 *
 * Life:    an open archive lives until its task's pool is cleared; what is read lives in that pool, too.
 * Threads: an archive belongs to one thread at a time.
 * Limits:  FPI_ZIP_ENTRIES entries; FPI_ZIP_ENTRY bytes of one and FPI_ZIP_ALL of all, as the directory declares them
 *          and as they come out; FPI_ZIP_RATIO times the packed size from FPI_ZIP_FREE bytes on. Stored and deflated
 *          entries only, without password. */
#ifndef FPI_ZIP_H
#define FPI_ZIP_H

#include "base/task.h"

#include <stddef.h>
#include <stdint.h>

enum {
    FPI_ZIP_ENTRIES = 4096, FPI_ZIP_ENTRY = 64 << 20, FPI_ZIP_ALL = 256 << 20,
    FPI_ZIP_RATIO = 200, FPI_ZIP_FREE = 1 << 20
};

typedef struct fpi_zip_t fpi_zip_t;

typedef struct fpi_zip_entry_t {
    const char *name;      /* UTF-8, as it stands there; folders end with "/" */
    int64_t size, packed;  /* as declared */
} fpi_zip_entry_t;

/* FPI_E_UNREADABLE when it is no archive, or one that passes a limit (the sentence names which). The descriptor stays
 * the caller's and must stay open; its offset is moved. */
fpi_err_t *fpi_zip_open(fpi_zip_t **zip, int fd, fpi_task_t *task) FPI_MUST_USE;
/* The bytes stay the caller's and must outlive the archive. */
fpi_err_t *fpi_zip_open_bytes(fpi_zip_t **zip, const void *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

int fpi_zip_count(const fpi_zip_t *zip);
const fpi_zip_entry_t *fpi_zip_at(const fpi_zip_t *zip, int i);
/* By name, with "." and ".." resolved inside the archive, a leading "/" ignored and "\" read as "/"; an entry of the
 * same letters in other case when no exact one is there. NULL when there is none. */
const fpi_zip_entry_t *fpi_zip_find(const fpi_zip_t *zip, const char *name, fpi_task_t *task);
/* As fpi_zip_find, relative to the folder of the entry `beside`, as links in documents are; a link that starts with
 * "/" is from the top. */
const fpi_zip_entry_t *fpi_zip_follow(const fpi_zip_t *zip, const char *beside, const char *link, fpi_task_t *task);

/* The entry inflated, NUL-terminated behind `len`. */
fpi_err_t *fpi_zip_read(const char **data, size_t *len, fpi_zip_t *zip, const fpi_zip_entry_t *entry,
                        fpi_task_t *task) FPI_MUST_USE;

#endif
