#include "wire/zip.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

/* The end record of an archive, and how far from the end it may stand (its comment has 16 bits). */
enum { END_SIZE = 22, END_MOST = END_SIZE + 65535, DIRECTORY_MOST = 4 << 20 };

struct fpi_zip_t {
    zip_t *archive;
    fpi_zip_entry_t *entries;
    const char **keys; /* of each entry */
    int count;
    int64_t inflated; /* so far, whatever was read twice counts twice */
};

#define refuse(task, zh, en, ...) fpi_refuse(task, FPI_E_UNREADABLE, NULL, zh, en, ##__VA_ARGS__)

/* ---- before libzip sees it: how large is the directory? It takes memory for each entry of it. ---- */

static uint32_t little(const unsigned char *at, int bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0) {
        value = value << 8 | at[bytes];
    }
    return value;
}

static fpi_err_t *check_end(const unsigned char *tail, size_t len, fpi_task_t *task)
{
    for (size_t at = len < END_SIZE ? 0 : len - END_SIZE + 1; at-- > 0;) {
        if (memcmp(tail + at, "PK\5\6", 4) == 0) {
            if (little(tail + at + 10, 2) > FPI_ZIP_ENTRIES || little(tail + at + 12, 4) > DIRECTORY_MOST) {
                return refuse(task, "压缩包条目超过 %d 个", "the archive has more than %d entries", FPI_ZIP_ENTRIES);
            }
            return NULL;
        }
    }
    return refuse(task, "压缩包不完整", "the archive is cut off");
}

static fpi_err_t *check_tail(int fd, fpi_task_t *task)
{
    unsigned char *tail = apr_palloc(task->pool, END_MOST);
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0) {
        return fpi_fail(task, FPI_E_INTERNAL, "an open archive can't be examined");
    }
    n = pread(fd, tail, END_MOST, st.st_size > END_MOST ? st.st_size - END_MOST : 0);
    return check_end(tail, n > 0 ? (size_t)n : 0, task);
}

/* ---- the directory ---- */

static fpi_err_t *check_entry(const fpi_zip_entry_t *entry, int64_t sum, fpi_task_t *task)
{
    if (entry->size > FPI_ZIP_ENTRY) {
        return refuse(task, "压缩包条目 %.100s 解压后超过 %d MB", "the entry %.100s is larger than %d MB when inflated",
                      entry->name, FPI_ZIP_ENTRY >> 20);
    }
    if (sum > FPI_ZIP_ALL) {
        return refuse(task, "压缩包解压后超过 %d MB", "the archive is larger than %d MB when inflated",
                      FPI_ZIP_ALL >> 20);
    }
    if (entry->size > FPI_ZIP_FREE && entry->size / FPI_ZIP_RATIO > entry->packed) {
        return refuse(task, "压缩包条目 %.100s 压缩比超过 %d 倍", "the entry %.100s is packed more than %d times",
                      entry->name, FPI_ZIP_RATIO);
    }
    return NULL;
}

/* Names that are not UTF-8 get a "?" for each foreign byte: they are only looked for and shown. */
static const char *name_of(const char *name, fpi_task_t *task)
{
    char *copy = apr_pstrdup(task->pool, name ? name : "");

    if (!fpi_utf8_is_valid(copy, strlen(copy))) {
        for (char *c = copy; *c; c++) {
            *c = (unsigned char)*c < 0x80 ? *c : '?';
        }
    }
    return copy;
}

/* "a/./b/../c" to "a/c"; what leads out of the top stays at the top. */
static char *tidy(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(name) + 2), *end = out;

    while (*name) {
        size_t len = strcspn(name, "/\\");

        if (len == 2 && memcmp(name, "..", 2) == 0) {
            while (end > out && *--end != '/') {
            }
        }
        else if (len > 0 && !(len == 1 && *name == '.')) {
            if (end > out) {
                *end++ = '/';
            }
            memcpy(end, name, len);
            end += len;
        }
        name += len + (name[len] != '\0');
    }
    *end = '\0';
    return out;
}

/* As it is looked for. A folder's keeps the stroke at its end, so that no file is taken for it. */
static const char *key_of(const char *name, fpi_task_t *task)
{
    size_t len = strlen(name);

    return len > 0 && strchr("/\\", name[len - 1]) ? name : tidy(name, task->pool);
}

static fpi_err_t *read_directory(fpi_zip_t *zip, fpi_task_t *task)
{
    zip_int64_t count = zip_get_num_entries(zip->archive, 0);
    int64_t sum = 0;

    if (count < 0 || count > FPI_ZIP_ENTRIES) {
        return refuse(task, "压缩包条目超过 %d 个", "the archive has more than %d entries", FPI_ZIP_ENTRIES);
    }
    zip->entries = apr_pcalloc(task->pool, sizeof(*zip->entries) * (size_t)(count + 1));
    zip->keys = apr_pcalloc(task->pool, sizeof(*zip->keys) * (size_t)(count + 1));
    for (zip_int64_t i = 0; i < count; i++) {
        fpi_zip_entry_t *entry = &zip->entries[i];
        zip_stat_t st;

        if (zip_stat_index(zip->archive, (zip_uint64_t)i, 0, &st) != 0 || st.size > INT64_MAX || st.comp_size > INT64_MAX) {
            return refuse(task, "压缩包第 %d 个条目已损坏", "entry %d of the archive is damaged", (int)i + 1);
        }
        entry->name = name_of(st.name, task);
        zip->keys[i] = key_of(entry->name, task);
        entry->size = (int64_t)st.size;
        entry->packed = (int64_t)st.comp_size;
        sum += entry->size > FPI_ZIP_ENTRY ? FPI_ZIP_ENTRY : entry->size;
        FPI_TRY(check_entry(entry, sum, task));
    }
    zip->count = (int)count;
    return NULL;
}

static apr_status_t drop_zip(void *archive)
{
    zip_discard(archive);
    return APR_SUCCESS;
}

static fpi_err_t *take(fpi_zip_t **out, zip_t *archive, fpi_task_t *task)
{
    fpi_zip_t *zip = apr_pcalloc(task->pool, sizeof(*zip));

    if (!archive) {
        return refuse(task, "压缩包已损坏", "the archive is damaged");
    }
    zip->archive = archive;
    apr_pool_cleanup_register(task->pool, archive, drop_zip, apr_pool_cleanup_null);
    FPI_TRY(read_directory(zip, task));
    *out = zip;
    return NULL;
}

fpi_err_t *fpi_zip_open(fpi_zip_t **zip, int fd, fpi_task_t *task)
{
    zip_t *archive;
    int own, code;

    FPI_TRY(check_tail(fd, task));
    own = dup(fd);
    archive = own < 0 ? NULL : zip_fdopen(own, 0, &code);
    if (!archive && own >= 0) {
        close(own);
    }
    return take(zip, archive, task);
}

fpi_err_t *fpi_zip_open_bytes(fpi_zip_t **zip, const void *data, size_t len, fpi_task_t *task)
{
    zip_source_t *source;
    zip_t *archive;
    size_t skip = len > END_MOST ? len - END_MOST : 0;

    FPI_TRY(check_end((const unsigned char *)data + skip, len - skip, task));
    source = zip_source_buffer_create(data, len, 0, NULL);
    archive = source ? zip_open_from_source(source, ZIP_RDONLY, NULL) : NULL;
    if (!archive) {
        zip_source_free(source);
    }
    return take(zip, archive, task);
}

int fpi_zip_count(const fpi_zip_t *zip)
{
    return zip->count;
}

const fpi_zip_entry_t *fpi_zip_at(const fpi_zip_t *zip, int i)
{
    return i >= 0 && i < zip->count ? &zip->entries[i] : NULL;
}

/* ---- names ---- */

const fpi_zip_entry_t *fpi_zip_find(const fpi_zip_t *zip, const char *name, fpi_task_t *task)
{
    const fpi_zip_entry_t *similar = NULL;
    const char *wanted = tidy(name, task->pool);

    for (int i = 0; i < zip->count; i++) {
        const char *mine = zip->keys[i];

        if (strcmp(mine, wanted) == 0) {
            return &zip->entries[i];
        }
        if (!similar && strcasecmp(mine, wanted) == 0) {
            similar = &zip->entries[i];
        }
    }
    return similar;
}

const fpi_zip_entry_t *fpi_zip_follow(const fpi_zip_t *zip, const char *beside, const char *link, fpi_task_t *task)
{
    size_t folder = strlen(beside);

    while (folder > 0 && !strchr("/\\", beside[folder - 1])) {
        folder--;
    }
    if (strchr("/\\", *link)) { /* no link, too: it leads nowhere from the top */
        folder = 0;
    }

    return fpi_zip_find(zip, apr_psprintf(task->pool, "%.*s/%s", (int)folder, beside, link), task);
}

/* ---- inflating ---- */

static fpi_err_t *damaged(const fpi_zip_entry_t *entry, fpi_task_t *task)
{
    return refuse(task, "压缩包条目 %.100s 已损坏", "the entry %.100s of the archive is damaged", entry->name);
}

/* Only what every archiver writes. */
static fpi_err_t *check_method(fpi_zip_t *zip, const fpi_zip_entry_t *entry, zip_uint64_t index, fpi_task_t *task)
{
    zip_stat_t st;

    if (zip_stat_index(zip->archive, index, 0, &st) != 0) {
        return damaged(entry, task);
    }
    if (st.encryption_method != ZIP_EM_NONE) {
        return refuse(task, "压缩包条目 %.100s 有密码保护", "the entry %.100s is locked by a password", entry->name);
    }
    if (st.comp_method != ZIP_CM_STORE && st.comp_method != ZIP_CM_DEFLATE) {
        return refuse(task, "压缩包条目 %.100s 的压缩方式不支持", "the entry %.100s is packed in an uncommon way",
                      entry->name);
    }
    return NULL;
}

/* One byte more than declared is asked for: a directory that lies is damaged. */
static fpi_err_t *inflate_entry(char *data, zip_file_t *file, const fpi_zip_entry_t *entry, fpi_task_t *task)
{
    int64_t at = 0;
    zip_int64_t n;

    while ((n = zip_fread(file, data + at, (zip_uint64_t)(entry->size + 1 - at))) > 0) {
        at += n;
        if (at > entry->size || fpi_task_is_over(task)) {
            return damaged(entry, task);
        }
    }
    data[entry->size] = '\0';
    return n < 0 || at != entry->size ? damaged(entry, task) : NULL;
}

fpi_err_t *fpi_zip_read(const char **data, size_t *len, fpi_zip_t *zip, const fpi_zip_entry_t *entry, fpi_task_t *task)
{
    zip_uint64_t index = (zip_uint64_t)(entry - zip->entries);
    zip_file_t *file;
    fpi_err_t *err;
    char *bytes;

    FPI_TRY(check_method(zip, entry, index, task));
    zip->inflated += entry->size;
    if (zip->inflated > FPI_ZIP_ALL) {
        return refuse(task, "压缩包解压后超过 %d MB", "the archive is larger than %d MB when inflated",
                      FPI_ZIP_ALL >> 20);
    }
    file = zip_fopen_index(zip->archive, index, 0);
    if (!file) {
        return damaged(entry, task);
    }
    bytes = apr_palloc(task->pool, (size_t)entry->size + 1);
    err = inflate_entry(bytes, file, entry, task);
    zip_fclose(file);
    *data = bytes;
    *len = (size_t)entry->size;
    return err;
}
