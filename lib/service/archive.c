#include "service/export_own.h"

#include "base/clock.h"
#include "store/exports.h"
#include "wire/zip_write.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { READ_LEN = 128 * 1024, ROOM_KEPT_MIB = 512 };

typedef struct archive_t {
    fpi_app_t *app;
    const fpi_export_sink_t *sink;
    fpi_export_made_t *made;
    fpi_task_t *task;        /* of the whole: whether it is called off, and what lives on */
    fpi_zip_writer_t *zip;
    fpi_scratch_t *index;
    apr_hash_t *folders;
    char *buffer;
} archive_t;

/* ---- the index ---- */

/* A cell that a program might take for a formula begins with an apostrophe. */
static const char *quote(const char *text, apr_pool_t *pool)
{
    char *out, *to;

    text = text ? text : "";
    out = to = apr_palloc(pool, 2 * strlen(text) + 4);
    *to++ = '"';
    if (*text && strchr("=+-@\t\r", *text)) {
        *to++ = '\'';
    }
    for (; *text; text++) {
        if (*text == '"') {
            *to++ = '"';
        }
        *to++ = *text;
    }
    *to++ = '"';
    *to = '\0';
    return out;
}

enum { INDEX_COLUMNS = 12 };

static fpi_err_t *put_row(archive_t *a, const char *const cells[INDEX_COLUMNS], fpi_task_t *task)
{
    const char *line = "";

    for (int i = 0; i < INDEX_COLUMNS; i++) {
        line = apr_pstrcat(task->pool, line, i ? "," : "", quote(cells[i], task->pool), NULL);
    }
    line = apr_pstrcat(task->pool, line, "\r\n", NULL);
    return fpi_scratch_put(a->index, line, strlen(line), task);
}

static fpi_err_t *begin_index(archive_t *a)
{
    static const char *const titles[INDEX_COLUMNS] = {
        "影像编号", "来源系统", "单据编号", "单据类型", "状态", "种类", "原文件名", "压缩包内路径", "页", "字节数", "SHA-256", "备注",
    };

    FPI_TRY(fpi_scratch_open(&a->index, fpi_blobs_spool_folder(a->app->blobs), a->task));
    FPI_TRY(fpi_scratch_put(a->index, "\xef\xbb\xbf", 3, a->task)); /* or Excel takes it for another encoding */
    return put_row(a, titles, a->task);
}

static fpi_err_t *put_index(archive_t *a, const fpi_bill_t *bill, const fpi_file_t *file, const char *path,
                            const char *note, fpi_task_t *task)
{
    const char *cells[INDEX_COLUMNS] = {
        bill->number, bill->resource, bill->bill_no, bill->type_name ? bill->type_name : bill->type_code,
        fpi_state_name(bill->state, "zh"),
    };

    if (file) {
        cells[5] = fpi_export_kind(file->kind);
        cells[6] = file->name;
        cells[7] = path;
        cells[8] = file->page_first ? apr_psprintf(task->pool, "%d~%d", file->page_first, file->page_last) : "";
        cells[9] = apr_psprintf(task->pool, "%" APR_INT64_T_FMT, file->size);
        cells[10] = file->sha256;
    }
    cells[11] = note;
    return put_row(a, cells, task);
}

static fpi_err_t *sum_up(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    uint32_t *crc = baton;

    (void)task;
    *crc = fpi_crc32(*crc, data, len);
    return NULL;
}

static fpi_err_t *end_index(archive_t *a)
{
    fpi_zip_entry_t entry = { .name = "index.csv", .changed = fpi_clock_now() };

    FPI_TRY(fpi_scratch_send(a->index, sum_up, &entry.crc, a->task));
    entry.size = fpi_scratch_size(a->index);
    FPI_TRY(fpi_zip_begin(a->zip, &entry, a->task));
    return fpi_scratch_send(a->index, fpi_zip_put, a->zip, a->task);
}

/* ---- one file ---- */

static fpi_err_t *read_blob(archive_t *a, int fd, fpi_put_fn *put, void *baton, fpi_task_t *task)
{
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, a->buffer, READ_LEN, at)) != 0) {
        if (n < 0 && errno != EINTR) {
            return fpi_fail(task, FPI_E_STORE, "reading a blob: %s", strerror(errno));
        }
        if (fpi_task_is_over(a->task)) {
            return fpi_fail(task, FPI_E_GONE, "called off");
        }
        if (n > 0) {
            FPI_TRY(put(baton, a->buffer, (size_t)n, task));
            at += n;
        }
    }
    return NULL;
}

typedef struct checking_t {
    uint32_t crc;
    fpi_hash_t *hash;
} checking_t;

static fpi_err_t *check_some(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    checking_t *c = baton;

    c->crc = fpi_crc32(c->crc, data, len);
    return fpi_hash_put(c->hash, data, len, task);
}

/* The sum must stand before the bytes, so they are read twice; the first time shows whether they are whole. */
static fpi_err_t *check_blob(archive_t *a, fpi_zip_entry_t *entry, int *fd, const char *sha256, const char **wrong,
                             fpi_task_t *task)
{
    checking_t c = { .crc = 0 };
    char hex[FPI_SHA256_HEX + 1];
    fpi_err_t *err = fpi_blob_open(fd, &entry->size, a->app->blobs, sha256, task);

    if (err && err->code == FPI_E_ABSENT) {
        *wrong = "文件缺失";
        return NULL;
    }
    FPI_TRY(err);
    FPI_TRY(fpi_hash_open(&c.hash, task));
    FPI_TRY(read_blob(a, *fd, check_some, &c, task));
    FPI_TRY(fpi_hash_end(hex, c.hash, task));
    entry->crc = c.crc;
    *wrong = strcmp(hex, sha256) == 0 ? NULL : "文件已损坏";
    return NULL;
}

static fpi_err_t *put_file(archive_t *a, const char **wrong, const char *path, const fpi_file_t *file, fpi_task_t *task)
{
    fpi_zip_entry_t entry = { .name = path, .changed = file->created };
    int fd = -1;

    FPI_TRY(check_blob(a, &entry, &fd, file->sha256, wrong, task));
    if (*wrong) {
        a->made->left_out++;
        return NULL;
    }
    FPI_TRY(fpi_zip_begin(a->zip, &entry, task));
    FPI_TRY(read_blob(a, fd, fpi_zip_put, a->zip, task));
    a->made->files++;
    a->made->bytes += entry.size;
    return NULL;
}

/* ---- one bill ---- */

/* Bills of several systems may have one number. */
static const char *take_folder(archive_t *a, const fpi_bill_t *bill, apr_pool_t *pool)
{
    const char *name = fpi_export_folder(bill->number, pool);

    if (apr_hash_get(a->folders, name, APR_HASH_KEY_STRING)) {
        name = fpi_export_folder(apr_psprintf(pool, "%s (%" APR_INT64_T_FMT ")", name, bill->id), pool);
    }
    apr_hash_set(a->folders, apr_pstrdup(a->task->pool, name), APR_HASH_KEY_STRING, "");
    return name;
}

/* Parts of a file are files of the same bytes: these are there once. */
static fpi_err_t *put_files(archive_t *a, const fpi_export_bill_t *one, const char *folder, fpi_task_t *task)
{
    apr_hash_t *paths = apr_hash_make(task->pool);
    int place = 0;

    for (int i = 0; i < one->file_count; i++) {
        const fpi_file_t *file = &one->files[i];
        const char *path = apr_hash_get(paths, file->sha256, APR_HASH_KEY_STRING), *wrong = NULL;
        fpi_task_t step = *task;
        fpi_err_t *err = NULL;

        apr_pool_create(&step.pool, task->pool);
        if (!path) {
            path = apr_pstrcat(task->pool, folder, "/",
                               fpi_export_file_name(++place, one->file_count, file, task->pool), NULL);
            err = put_file(a, &wrong, path, file, &step);
            apr_hash_set(paths, file->sha256, APR_HASH_KEY_STRING, wrong ? NULL : path);
        }
        err = err ? err : put_index(a, one->bill, file, wrong ? "" : path, wrong, &step);
        err = fpi_err_copy(task->pool, err);
        apr_pool_destroy(step.pool);
        FPI_TRY(err);
    }
    return NULL;
}

static fpi_err_t *put_bill(void *baton, const fpi_export_bill_t *one, fpi_task_t *task)
{
    archive_t *a = baton;

    if (!one->bill) {
        a->made->left_out++;
        return NULL;
    }
    a->made->bills++;
    if (!one->file_count) {
        return put_index(a, one->bill, NULL, NULL, "没有影像", task);
    }
    return put_files(a, one, take_folder(a, one->bill, task->pool), task);
}

/* ---- the whole ---- */

typedef struct sizing_t {
    const fpi_export_want_t *want;
    int64_t bytes;
} sizing_t;

static fpi_err_t *tx_size(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    sizing_t *s = baton;

    s->bytes = 0;
    for (int i = 0; i < s->want->count; i++) {
        int64_t bytes;

        FPI_TRY(fpi_export_size(&bytes, tx, s->want->tenant, s->want->bills[i], task));
        s->bytes += bytes;
    }
    return NULL;
}

/* An export must not be what fills the disk on which uploads are to be stored. */
static fpi_err_t *check_size(fpi_app_t *app, const fpi_export_want_t *want, fpi_task_t *task)
{
    int64_t room = fpi_blobs_room(app->blobs), kept = (int64_t)ROOM_KEPT_MIB << 20;
    sizing_t s = { .want = want };

    FPI_TRY(fpi_store_read(app->store, tx_size, &s, task));
    if (s.bytes > FPI_EXPORT_BYTES) {
        return fpi_refuse(task, FPI_E_TOO_LARGE, NULL, "原件共 %d MiB, 单次导出上限 %d MiB, 请分批导出",
                          "the originals have %d MiB, an export at most %d MiB: export them in parts",
                          (int)(s.bytes >> 20), (int)(FPI_EXPORT_BYTES >> 20));
    }
    if (room >= 0 && s.bytes > room - kept) {
        return fpi_refuse(task, FPI_E_TOO_LARGE, NULL, "导出需要 %d MiB, 磁盘可用 %d MiB (须保留 %d MiB)",
                          "the export needs %d MiB, the disk has %d MiB (of which %d MiB stay free)",
                          (int)(s.bytes >> 20), (int)(room >> 20), ROOM_KEPT_MIB);
    }
    return NULL;
}

fpi_err_t *fpi_archive_make(fpi_export_made_t *made, fpi_app_t *app, const fpi_export_want_t *want,
                            const fpi_export_sink_t *sink, fpi_task_t *task)
{
    archive_t a = { .app = app, .sink = sink, .made = made, .task = task };

    memset(made, 0, sizeof(*made));
    FPI_TRY(check_size(app, want, task));
    a.folders = apr_hash_make(task->pool);
    a.buffer = apr_palloc(task->pool, READ_LEN);
    FPI_TRY(fpi_zip_open_writer(&a.zip, fpi_blobs_spool_folder(app->blobs), sink->put, sink->baton, task));
    FPI_TRY(begin_index(&a));
    FPI_TRY(fpi_export_walk(app, want, sink, put_bill, &a, task));
    FPI_TRY(end_index(&a));
    return fpi_zip_end(a.zip, task);
}
