#include "tools/read_own.h"

#include "base/text.h"
#include "wire/zip.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int read_number(read_t *read)
{
    return ++read->invoices;
}

void read_note(read_t *read, const char *zh, const char *en, const char *name)
{
    if (fpi_json_size(read->notes) < READ_NOTES) {
        fpi_json_add_text(read->notes, apr_psprintf(read->task->pool, "%s%s%.100s (%s)", zh, *name ? ": " : "", name, en));
    }
}

/* ---- archives that hold invoices ---- */

static bool has_invoices(fpi_media_t media)
{
    return media == FPI_MEDIA_XML || media == FPI_MEDIA_OFD || media == FPI_MEDIA_PDF;
}

/* A member that can't be read is passed over: the others may be good. */
static void read_member(read_t *read, fpi_zip_t *zip, const fpi_zip_entry_t *entry)
{
    const char *data;
    size_t len;
    fpi_err_t *err = fpi_zip_read(&data, &len, zip, entry, read->task);
    fpi_media_t media = err ? FPI_MEDIA_UNKNOWN : fpi_media_find(data, len);

    if (media == FPI_MEDIA_ZIP) {
        read_note(read, "压缩包中的压缩包不解析", "an archive in the archive is not read", entry->name);
    }
    err = err || !has_invoices(media) ? err : read_bytes(read, data, len, media);
    if (err) {
        read_note(read, fpi_err_public(err, "zh"), fpi_err_public(err, "en"), entry->name);
    }
}

static fpi_err_t *read_zip(read_t *read, fpi_zip_t *zip)
{
    int members = 0;

    read->is_member = true;
    for (int i = 0; i < fpi_zip_count(zip) && !fpi_task_is_over(read->task); i++) {
        const fpi_zip_entry_t *entry = fpi_zip_at(zip, i);

        if (entry->size == 0) {
            continue;
        }
        if (members++ == FPI_READ_MEMBERS) {
            read_note(read, "压缩包文件过多, 其余未读取", "the archive has too many files, the rest is not read", "");
            break;
        }
        read_member(read, zip, entry);
    }
    return NULL;
}

/* ---- by kind ---- */

static fpi_err_t *read_one_xml(read_t *read, const char *data, size_t len)
{
    int number = read->invoices + 1;
    bool is_read;

    FPI_TRY(read_xml(&is_read, read, data, len, read->is_member ? 0 : 1, number));
    read->invoices += is_read;
    return NULL;
}

fpi_err_t *read_bytes(read_t *read, const char *data, size_t len, fpi_media_t media)
{
    fpi_zip_t *zip;

    if (media == FPI_MEDIA_XML) {
        return read_one_xml(read, data, len);
    }
    if (media == FPI_MEDIA_PDF) {
        return read_pdf(read, data, len);
    }
    if (media != FPI_MEDIA_OFD && media != FPI_MEDIA_ZIP) {
        return NULL;
    }
    FPI_TRY(fpi_zip_open_bytes(&zip, data, len, read->task));
    return media == FPI_MEDIA_OFD ? read_ofd(read, zip) : read_zip(read, zip);
}

/* ---- the file ---- */

typedef struct map_t {
    void *data;
    size_t len;
} map_t;

static apr_status_t drop_map(void *baton)
{
    map_t *map = baton;

    munmap(map->data, map->len);
    return APR_SUCCESS;
}

static fpi_err_t *map_file(map_t **out, int fd, fpi_task_t *task)
{
    map_t *map = apr_pcalloc(task->pool, sizeof(*map));
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return fpi_fail(task, FPI_E_INTERNAL, "an open file can't be examined");
    }
    if (st.st_size == 0 || st.st_size > FPI_READ_BYTES) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "文件为空或超过 %d MB", "the file is empty or larger than %d MB",
                          FPI_READ_BYTES >> 20);
    }
    map->len = (size_t)st.st_size;
    map->data = mmap(NULL, map->len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map->data == MAP_FAILED) {
        return fpi_fail(task, FPI_E_INTERNAL, "a file of %ld bytes can't be mapped", (long)map->len);
    }
    apr_pool_cleanup_register(task->pool, map, drop_map, apr_pool_cleanup_null);
    *out = map;
    return NULL;
}

fpi_err_t *fpi_read_evidence_of(fpi_json_t *evidence, fpi_json_t *notes, const void *data, size_t len,
                                fpi_media_t media, fpi_task_t *task)
{
    read_t read = { evidence, notes, 0, false, task };

    return read_bytes(&read, data, len, media);
}

fpi_err_t *fpi_read_evidence(fpi_json_t *evidence, fpi_json_t *notes, int fd, fpi_media_t media, fpi_task_t *task)
{
    map_t *map;

    if (!has_invoices(media) && media != FPI_MEDIA_ZIP) {
        return NULL;
    }
    FPI_TRY(map_file(&map, fd, task));
    return fpi_read_evidence_of(evidence, notes, map->data, map->len, media, task);
}
