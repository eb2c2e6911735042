#include "wire/zip_write.h"

#include <string.h>
#include <zlib.h>

#define FULL32 0xffffffffu
#define FULL16 0xffffu

enum {
    LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50,
    UTF8_NAMES = 0x0800, STORED = 0, EXTRA64 = 1,
    NEEDS = 20, NEEDS64 = 45, MADE_BY = 3 << 8 | NEEDS64, /* Unix */
    HEAD_MOST = 128
};

struct fpi_zip_writer_t {
    fpi_put_fn *put;
    void *baton;
    fpi_scratch_t *directory;
    uint64_t at, count;  /* bytes handed on, entries begun */
    uint64_t left;       /* of the entry at hand */
    uint32_t crc, wanted;
};

/* A record, little-endian as all of the format. */
typedef struct record_t {
    unsigned char bytes[HEAD_MOST];
    size_t len;
} record_t;

static void add(record_t *record, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        record->bytes[record->len++] = (unsigned char)(value >> 8 * i);
    }
}

static uint32_t cut32(uint64_t value)
{
    return value >= FULL32 ? FULL32 : (uint32_t)value;
}

static fpi_err_t *emit(fpi_zip_writer_t *zip, const void *data, size_t len, fpi_task_t *task)
{
    zip->at += len;
    return zip->put(zip->baton, data, len, task);
}

fpi_err_t *fpi_zip_open_writer(fpi_zip_writer_t **out, const char *folder, fpi_put_fn *put, void *baton,
                               fpi_task_t *task)
{
    fpi_zip_writer_t *zip = apr_pcalloc(task->pool, sizeof(*zip));

    zip->put = put;
    zip->baton = baton;
    FPI_TRY(fpi_scratch_open(&zip->directory, folder, task));
    *out = zip;
    return NULL;
}

/* ---- entries ---- */

/* MS-DOS: local time in steps of two seconds, from 1980 on. */
static uint32_t dos_time(apr_time_t when)
{
    apr_time_exp_t t;

    if (apr_time_exp_lt(&t, when) != APR_SUCCESS || t.tm_year < 80) {
        return 1u << 21 | 1u << 16;
    }
    return (uint32_t)(t.tm_year - 80) << 25 | (uint32_t)(t.tm_mon + 1) << 21 | (uint32_t)t.tm_mday << 16
           | (uint32_t)t.tm_hour << 11 | (uint32_t)t.tm_min << 5 | (uint32_t)t.tm_sec / 2;
}

static fpi_err_t *check_whole(const fpi_zip_writer_t *zip, fpi_task_t *task)
{
    if (zip->left || zip->crc != zip->wanted) {
        return fpi_fail(task, FPI_E_INTERNAL, "entry %d of an archive is not what was said of it", (int)zip->count);
    }
    return NULL;
}

/* What the local head and the directory say alike: from the needed version to the length of the name. */
static void add_common(record_t *head, const fpi_zip_entry_t *entry, bool is_large)
{
    add(head, is_large ? NEEDS64 : NEEDS, 2);
    add(head, UTF8_NAMES, 2);
    add(head, STORED, 2);
    add(head, dos_time(entry->changed), 4);
    add(head, entry->crc, 4);
    add(head, cut32((uint64_t)entry->size), 4);
    add(head, cut32((uint64_t)entry->size), 4);
    add(head, strlen(entry->name), 2);
}

static fpi_err_t *send_local(fpi_zip_writer_t *zip, const fpi_zip_entry_t *entry, fpi_task_t *task)
{
    bool is_large = (uint64_t)entry->size >= FULL32;
    record_t head = { .len = 0 }, extra = { .len = 0 };

    add(&head, LOCAL, 4);
    add_common(&head, entry, is_large);
    add(&head, is_large ? 20 : 0, 2);
    FPI_TRY(emit(zip, head.bytes, head.len, task));
    FPI_TRY(emit(zip, entry->name, strlen(entry->name), task));
    if (!is_large) {
        return NULL;
    }
    add(&extra, EXTRA64, 2);
    add(&extra, 16, 2);
    add(&extra, (uint64_t)entry->size, 8);
    add(&extra, (uint64_t)entry->size, 8);
    return emit(zip, extra.bytes, extra.len, task);
}

/* Only what does not fit its own field stands in the extra, in this order. */
static void add_extra(record_t *extra, const fpi_zip_entry_t *entry, uint64_t offset)
{
    bool is_large = (uint64_t)entry->size >= FULL32, is_far = offset >= FULL32;

    if (!is_large && !is_far) {
        return;
    }
    add(extra, EXTRA64, 2);
    add(extra, (uint64_t)(is_large ? 16 : 0) + (is_far ? 8 : 0), 2);
    if (is_large) {
        add(extra, (uint64_t)entry->size, 8);
        add(extra, (uint64_t)entry->size, 8);
    }
    if (is_far) {
        add(extra, offset, 8);
    }
}

static fpi_err_t *note_entry(fpi_zip_writer_t *zip, const fpi_zip_entry_t *entry, uint64_t offset, fpi_task_t *task)
{
    record_t head = { .len = 0 }, extra = { .len = 0 };

    add_extra(&extra, entry, offset);
    add(&head, CENTRAL, 4);
    add(&head, MADE_BY, 2);
    add_common(&head, entry, extra.len > 0);
    add(&head, extra.len, 2);
    add(&head, 0, 2 + 2 + 2); /* comment, disk, internal attributes */
    add(&head, 0100644u << 16, 4);
    add(&head, cut32(offset), 4);
    FPI_TRY(fpi_scratch_put(zip->directory, head.bytes, head.len, task));
    FPI_TRY(fpi_scratch_put(zip->directory, entry->name, strlen(entry->name), task));
    return fpi_scratch_put(zip->directory, extra.bytes, extra.len, task);
}

fpi_err_t *fpi_zip_begin(fpi_zip_writer_t *zip, const fpi_zip_entry_t *entry, fpi_task_t *task)
{
    uint64_t offset = zip->at;

    FPI_TRY(check_whole(zip, task));
    if (strlen(entry->name) > FULL16 || entry->size < 0) {
        return fpi_fail(task, FPI_E_INTERNAL, "an archive's entry has a name of %d bytes", (int)strlen(entry->name));
    }
    FPI_TRY(send_local(zip, entry, task));
    FPI_TRY(note_entry(zip, entry, offset, task));
    zip->count++;
    zip->left = (uint64_t)entry->size;
    zip->wanted = entry->crc;
    zip->crc = 0;
    return NULL;
}

fpi_err_t *fpi_zip_put(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    fpi_zip_writer_t *zip = baton;

    if (len > zip->left) {
        return fpi_fail(task, FPI_E_INTERNAL, "entry %d of an archive is larger than was said", (int)zip->count);
    }
    zip->left -= len;
    zip->crc = fpi_crc32(zip->crc, data, len);
    return emit(zip, data, len, task);
}

/* ---- the end ---- */

static void add_end64(record_t *end, uint64_t count, uint64_t from, uint64_t size)
{
    add(end, END64, 4);
    add(end, 44, 8); /* bytes of this record behind here */
    add(end, MADE_BY, 2);
    add(end, NEEDS64, 2);
    add(end, 0, 4 + 4); /* disks */
    add(end, count, 8);
    add(end, count, 8);
    add(end, size, 8);
    add(end, from, 8);
    add(end, LOCATOR64, 4);
    add(end, 0, 4);
    add(end, from + size, 8);
    add(end, 1, 4);
}

static fpi_err_t *emit_again(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    return emit(baton, data, len, task);
}

fpi_err_t *fpi_zip_end(fpi_zip_writer_t *zip, fpi_task_t *task)
{
    uint64_t from = zip->at, size;
    record_t end = { .len = 0 };

    FPI_TRY(check_whole(zip, task));
    FPI_TRY(fpi_scratch_send(zip->directory, emit_again, zip, task));
    size = zip->at - from;
    if (zip->count >= FULL16 || size >= FULL32 || from >= FULL32) {
        add_end64(&end, zip->count, from, size);
    }
    add(&end, END, 4);
    add(&end, 0, 2 + 2); /* disks */
    add(&end, zip->count >= FULL16 ? FULL16 : zip->count, 2);
    add(&end, zip->count >= FULL16 ? FULL16 : zip->count, 2);
    add(&end, cut32(size), 4);
    add(&end, cut32(from), 4);
    add(&end, 0, 2); /* comment */
    return emit(zip, end.bytes, end.len, task);
}

uint32_t fpi_crc32(uint32_t crc, const void *data, size_t len)
{
    const unsigned char *at = data;

    while (len) {
        uInt some = len > (1u << 30) ? 1u << 30 : (uInt)len;

        crc = (uint32_t)crc32(crc, at, some);
        at += some;
        len -= some;
    }
    return crc;
}
