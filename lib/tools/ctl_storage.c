/* storage: how much there is, and room for how much; and what the commands about bytes share. */
#include "tools/ctl_storage.h"

#include "store/disk.h"
#include "store/people.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 1000, READ_LEN = 256 * 1024, MANIFEST_MOST = 16 * 1024 * 1024 };

/* ---- shared ---- */

fpi_err_t *ctl_open_blobs(ctl_t *ctl)
{
    FPI_TRY(ctl_open(ctl));
    return fpi_blobs_open(&ctl->app->blobs, ctl->task->pool, ctl->settings->blob_store, ctl->task);
}

static fpi_err_t *tx_unseal(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_token_key_t *keys;
    int count;

    (void)baton;
    return fpi_token_keys_list(&keys, &count, tx, task);
}

fpi_err_t *ctl_check_key(ctl_t *ctl, fpi_store_t *store)
{
    return fpi_store_read(store, tx_unseal, NULL, ctl->task);
}

const char *ctl_size(ctl_t *ctl, int64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double value = (double)bytes;
    int unit = 0;

    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    return apr_psprintf(ctl->task->pool, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

typedef struct contents_t {
    const char *after;
    fpi_naming_t *rows;
    int count;
} contents_t;

static fpi_err_t *tx_contents(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    contents_t *c = baton;

    return fpi_storage_list_contents(&c->rows, &c->count, tx, c->after, PAGE, task);
}

static fpi_err_t *walk_contents(fpi_store_t *store, ctl_content_fn *each, void *baton, fpi_task_t *step)
{
    char last[FPI_SHA256_HEX + 1] = "";
    contents_t c = { .after = last };

    do {
        apr_pool_clear(step->pool);
        FPI_TRY(fpi_store_read(store, tx_contents, &c, step));
        for (int i = 0; i < c.count; i++) {
            FPI_TRY(each(baton, &c.rows[i], step));
            apr_cpystrn(last, c.rows[i].sha256, sizeof(last));
        }
    } while (c.count == PAGE);
    return NULL;
}

fpi_err_t *ctl_each_content(ctl_t *ctl, fpi_store_t *store, ctl_content_fn *each, void *baton)
{
    fpi_task_t step = *ctl->task;
    fpi_err_t *err;

    apr_pool_create(&step.pool, ctl->task->pool);
    err = fpi_err_copy(ctl->task->pool, walk_contents(store, each, baton, &step));
    apr_pool_destroy(step.pool);
    return err;
}

void ctl_backup_places(ctl_backup_t *backup, ctl_t *ctl, const char *dir)
{
    apr_pool_t *pool = ctl->task->pool;

    backup->dir = dir;
    backup->database = apr_pstrcat(pool, "sqlite:", dir, "/store.db", NULL);
    backup->blobs = apr_pstrcat(pool, "file:", dir, "/blobs", NULL);
    backup->keys = apr_pstrcat(pool, dir, "/keys", NULL);
    backup->manifest = apr_pstrcat(pool, dir, "/manifest.json", NULL);
    backup->next_manifest = apr_pstrcat(pool, backup->manifest, ".new", NULL);
}

fpi_err_t *ctl_find_manifest(fpi_json_t **manifest, ctl_t *ctl, const char *path)
{
    fpi_secret_t *text;

    *manifest = NULL;
    if (access(path, F_OK) != 0) {
        return NULL;
    }
    FPI_TRY(ctl_read_file(&text, ctl, path, MANIFEST_MOST));
    return fpi_json_parse(manifest, text->bytes, text->len, ctl->task);
}

bool ctl_manifest_fits(fpi_json_t *manifest, const char *sha256, ctl_t *ctl)
{
    const char *wanted = NULL;

    if (manifest) {
        fpi_ignore(fpi_json_find_text(&wanted, manifest, "database_sha256", FPI_SHA256_HEX, ctl->task));
    }
    return wanted && strcmp(wanted, sha256) == 0;
}

static fpi_err_t *hash_fd(char hex[FPI_SHA256_HEX + 1], int64_t *size, int fd, const char *path, fpi_task_t *task)
{
    char *buffer = apr_palloc(task->pool, READ_LEN);
    fpi_hash_t *hash;
    ssize_t n;

    *size = 0;
    FPI_TRY(fpi_hash_open(&hash, task));
    while ((n = read(fd, buffer, READ_LEN)) > 0) {
        FPI_TRY(fpi_hash_put(hash, buffer, (size_t)n, task));
        *size += n;
    }
    FPI_TRY(fpi_hash_end(hex, hash, task));
    return n < 0 ? fpi_disk_fail(errno, "reading", path, task) : NULL;
}

fpi_err_t *ctl_hash_file(const char **sha256, int64_t *size, ctl_t *ctl, const char *path)
{
    char *hex = apr_palloc(ctl->task->pool, FPI_SHA256_HEX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    fpi_err_t *err;

    if (fd < 0) {
        return fpi_disk_fail(errno, "opening", path, ctl->task);
    }
    err = hash_fd(hex, size, fd, path, ctl->task);
    close(fd);
    *sha256 = hex;
    return err;
}

static int copy_all(int from, int to)
{
    char buffer[16384];
    ssize_t n;

    while ((n = read(from, buffer, sizeof(buffer))) > 0) {
        for (ssize_t done = 0; done < n;) {
            ssize_t some = write(to, buffer + done, (size_t)(n - done));

            if (some < 0) {
                return errno;
            }
            done += some;
        }
    }
    return n < 0 || fsync(to) != 0 ? errno : 0;
}

fpi_err_t *ctl_copy_file(ctl_t *ctl, const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error = in < 0 || out < 0 ? errno : copy_all(in, out);

    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    return error ? fpi_disk_fail(error, in < 0 ? "opening" : "writing", in < 0 ? from : to, ctl->task) : NULL;
}

/* ---- storage ---- */

typedef struct usages_t {
    fpi_usage_t *months, *types;
    int month_count, type_count;
    int64_t contents, bytes;
} usages_t;

static fpi_err_t *tx_usage(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    usages_t *u = baton;

    FPI_TRY(fpi_storage_sum(&u->contents, &u->bytes, tx, task));
    FPI_TRY(fpi_storage_by_month(&u->months, &u->month_count, tx, FPI_TENANT_FIRST, NULL, task));
    return fpi_storage_by_type(&u->types, &u->type_count, tx, FPI_TENANT_FIRST, NULL, task);
}

static fpi_json_t *usage_json(ctl_t *ctl, const fpi_usage_t *usage, int count, const char *key)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);

    for (int i = 0; i < count; i++) {
        fpi_json_t *doc = fpi_json_make_object(ctl->task);

        fpi_json_put_text(doc, key, usage[i].key);
        if (usage[i].name) {
            fpi_json_put_text(doc, "name", usage[i].name);
        }
        fpi_json_put_int(doc, "bills", usage[i].bills);
        fpi_json_put_int(doc, "files", usage[i].files);
        fpi_json_put_int(doc, "bytes", usage[i].bytes);
        fpi_json_put_text(doc, "size", ctl_size(ctl, usage[i].bytes));
        fpi_json_add(list, doc);
    }
    return list;
}

/* Thumbnails and page images, which can be made again. */
static int64_t derived_size(ctl_t *ctl)
{
    const char *blobs = strchr(ctl->settings->blob_store, ':') + 1;

    return fpi_storage_tree_size(apr_pstrcat(ctl->task->pool, blobs, "/derived", NULL));
}

static fpi_json_t *storage_json(ctl_t *ctl, const usages_t *u)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_int(doc, "originals", u->contents);
    fpi_json_put_int(doc, "original_bytes", u->bytes);
    fpi_json_put_int(doc, "database_bytes", fpi_storage_database_size(ctl->settings->database, ctl->task->pool));
    fpi_json_put_int(doc, "spool_bytes", fpi_storage_folder_size(fpi_blobs_spool_folder(ctl->app->blobs)));
    fpi_json_put_int(doc, "derived_bytes", derived_size(ctl));
    fpi_json_put_int(doc, "free_bytes", fpi_blobs_room(ctl->app->blobs));
    fpi_json_put(doc, "months", usage_json(ctl, u->months, u->month_count, "month"));
    fpi_json_put(doc, "bill_types", usage_json(ctl, u->types, u->type_count, "code"));
    return doc;
}

static void tell(ctl_t *ctl, const fpi_json_t *doc, const usages_t *u)
{
    static const ctl_column_t months[] = {
        { "month", "MONTH", "月份", CTL_TEXT }, { "bills", "BILLS", "单据", CTL_TEXT },
        { "files", "FILES", "文件", CTL_TEXT }, { "size", "SIZE", "大小", CTL_TEXT }, { NULL, NULL, NULL, CTL_TEXT },
    };
    static const ctl_column_t types[] = {
        { "code", "BILL TYPE", "单据类型", CTL_TEXT }, { "name", "NAME", "名称", CTL_TEXT },
        { "bills", "BILLS", "单据", CTL_TEXT },        { "files", "FILES", "文件", CTL_TEXT },
        { "size", "SIZE", "大小", CTL_TEXT },          { NULL, NULL, NULL, CTL_TEXT },
    };
    const char *database = ctl_size(ctl, fpi_storage_database_size(ctl->settings->database, ctl->task->pool));

    ctl_say(ctl, "原件 %s (%d 个), 数据库 %s, 预览图 %s, 临时文件 %s, 磁盘剩余 %s", "originals %s (%d), database %s, pictures of them %s, "
            "on their way %s, free %s", ctl_size(ctl, u->bytes), (int)u->contents, database,
            ctl_size(ctl, derived_size(ctl)),
            ctl_size(ctl, fpi_storage_folder_size(fpi_blobs_spool_folder(ctl->app->blobs))),
            ctl_size(ctl, fpi_blobs_room(ctl->app->blobs)));
    ctl_table(ctl, fpi_json_find(doc, "months"), months);
    ctl_table(ctl, fpi_json_find(doc, "bill_types"), types);
}

fpi_err_t *ctl_storage(ctl_t *ctl)
{
    usages_t u = { .month_count = 0 };
    fpi_json_t *doc;

    ctl->needs_no_key = true;
    FPI_TRY(ctl_open_blobs(ctl));
    FPI_TRY(fpi_store_read(ctl->app->store, tx_usage, &u, ctl->task));
    doc = storage_json(ctl, &u);
    if (!ctl_json(ctl, doc)) {
        tell(ctl, doc, &u);
    }
    return NULL;
}
