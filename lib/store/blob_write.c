/* How a spool's bytes reach the disk.
 *
 * What comes in one go is gathered in a block, and a full block is written past the page cache (O_DIRECT): it is neither
 * copied once more nor given pages that the next upload has to be given anew, and the flush at the end has little left to
 * do. The end of a file, and all of a small one, goes the usual way, as does everything where the file system won't have
 * it otherwise. A spool that comes in pieces is read again as a whole, so it stays in the page cache. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_DIRECT, sync_file_range */
#endif
#include "store/blob_own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    ALIGNED = 4096,               /* what the disks ask of address, place and length */
    DIRECT_LEAST = FPI_BLOCK / 8, /* bytes of a file's end that are worth a write of their own */
    WRITE_STEP = 1024 * 1024      /* bytes after which the disk is set to work */
};

/* ---- the block ---- */

size_t fpi_spool_reserve(fpi_spool_t *spool, char **data)
{
    if (!spool->block && !(spool->block = fpi_blocks_take(spool->blobs->blocks))) {
        return 0;
    }
    *data = spool->block + spool->block_len;
    return FPI_BLOCK - spool->block_len;
}

void fpi_spool_give_block(fpi_spool_t *spool)
{
    if (spool->block) {
        fpi_blocks_give(spool->blobs->blocks, spool->block);
        spool->block = NULL;
    }
}

/* ---- writing ---- */

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* So that the disk works while more comes in, and the flush at the end is short. Only a hint. */
static void start_writing(const fpi_spool_t *spool, size_t len)
{
    int64_t done = spool->written / WRITE_STEP * WRITE_STEP;
    int64_t next = (spool->written + (int64_t)len) / WRITE_STEP * WRITE_STEP;

    if (next > done) {
        sync_file_range(spool->fd, done, next - done, SYNC_FILE_RANGE_WRITE);
    }
}

static int write_cached(fpi_spool_t *spool, const char *data, size_t len)
{
    int error;

    if (spool->is_direct) {
        spool->is_direct = false;
        if (fcntl(spool->fd, F_SETFL, 0) != 0) {
            return errno;
        }
    }
    error = write_all(spool->fd, data, len);
    if (!error) {
        start_writing(spool, len);
        spool->written += (int64_t)len;
    }
    return error;
}

/* How much of the block is written: less than `len` where the cache has to be used for the rest, for good. */
static size_t write_direct(fpi_spool_t *spool, size_t len)
{
    ssize_t n = -1;

    if (spool->is_cached || spool->written % ALIGNED) {
        return 0;
    }
    if (spool->is_direct || fcntl(spool->fd, F_SETFL, O_DIRECT) == 0) {
        spool->is_direct = true;
        n = write(spool->fd, spool->block, len);
    }
    spool->is_cached = n != (ssize_t)len;
    if (n < 0) {
        return 0;
    }
    spool->written += n;
    return (size_t)n;
}

static int write_block(fpi_spool_t *spool)
{
    size_t len = spool->block_len, whole = len >= DIRECT_LEAST ? len / ALIGNED * ALIGNED : 0;
    size_t done = whole ? write_direct(spool, whole) : 0;

    spool->block_len = 0;
    return done < len ? write_cached(spool, spool->block + done, len - done) : 0;
}

int fpi_spool_commit(fpi_spool_t *spool, size_t len)
{
    spool->block_len += len;
    return spool->block_len == FPI_BLOCK ? write_block(spool) : 0;
}

static int gather(fpi_spool_t *spool, const char *data, size_t len)
{
    while (len) {
        char *room;
        size_t step = fpi_spool_reserve(spool, &room);
        int error;

        if (!step) {
            return ENOMEM;
        }
        step = step < len ? step : len;
        memcpy(room, data, step);
        error = fpi_spool_commit(spool, step);
        if (error) {
            return error;
        }
        data += step;
        len -= step;
    }
    return 0;
}

int fpi_spool_write(fpi_spool_t *spool, const char *data, size_t len)
{
    return spool->is_lasting ? write_cached(spool, data, len) : gather(spool, data, len);
}

int fpi_spool_settle(fpi_spool_t *spool)
{
    int error = spool->block_len ? write_block(spool) : 0;

    if (!error && spool->is_direct) { /* whoever reads it now need not be aligned */
        spool->is_direct = false;
        error = fcntl(spool->fd, F_SETFL, 0) != 0 ? errno : 0;
    }
    fpi_spool_give_block(spool);
    return error;
}
