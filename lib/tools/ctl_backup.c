/* backup: a copy that grows. The database is copied as it stands at one moment, while httpd goes on; the blobs that its
 * rows name are there by then and never change, so only those that the backup lacks are copied. The manifest
 * says what the database must hash to:
 *
 *   database and manifest are written beside the last ones, flushed ──> database renamed ──> manifest renamed
 *
 * Cut off before the first rename, the last backup stands; behind it, the new one does, by the manifest beside. */
#include "tools/ctl_storage.h"

#include "store/disk.h"
#include "store/identity.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct backing_t {
    ctl_t *ctl;
    ctl_backup_t places;
    fpi_blobs_t *to;
    bool is_link;
    int64_t copied, copied_bytes, kept, lost;
    fpi_json_t *losses;
} backing_t;

/* ---- the folder ---- */

static bool is_same_folder(const char *a, const char *b)
{
    struct stat one, other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Made while we may still be root, for the owner of the data directory, who goes on. */
static fpi_err_t *make_folder(ctl_t *ctl, const char *dir)
{
    struct stat owner;

    if (is_same_folder(dir, ctl->settings->data_dir)) {
        return ctl_usage(ctl, "%s 就是数据目录, 请指定另一个目录", "%s is the data directory: name another one", dir);
    }
    if (mkdir(dir, 0700) != 0) {
        return errno == EEXIST ? NULL : ctl_usage(ctl, "%s 无法创建: %s", "%s can't be made: %s", dir, strerror(errno));
    }
    if (geteuid() == 0 && stat(ctl->settings->data_dir, &owner) == 0 && chown(dir, owner.st_uid, owner.st_gid) != 0) {
        return fpi_disk_fail(errno, "giving away", dir, ctl->task);
    }
    return NULL;
}

static fpi_err_t *check_folder(const backing_t *b)
{
    const char *dir = b->places.dir;

    if (access(dir, R_OK | W_OK | X_OK) != 0) {
        return ctl_usage(b->ctl, "%s 不可写 (uid %u): 请将其属主改为 httpd 用户", "%s can't be written by us (uid %u): give "
                         "it to httpd's user", dir, (unsigned)geteuid());
    }
    return NULL;
}

/* ---- blobs ---- */

static fpi_err_t *copy_one(backing_t *b, const fpi_naming_t *row, fpi_task_t *task)
{
    fpi_task_t step = *task;
    fpi_err_t *err;

    apr_pool_create(&step.pool, task->pool);
    err = b->is_link ? fpi_blob_link(b->to, b->ctl->app->blobs, row->sha256, &step)
                     : fpi_blob_copy(b->to, b->ctl->app->blobs, row->sha256, &step);
    err = fpi_err_copy(task->pool, err);
    apr_pool_destroy(step.pool);
    return err;
}

/* One that is missing or damaged must not keep the others from being saved. */
static fpi_err_t *note_loss(backing_t *b, const fpi_naming_t *row, const fpi_err_t *err)
{
    fpi_json_t *doc = fpi_json_make_object(b->ctl->task);

    if (b->lost++ >= CTL_LOSSES_NAMED) {
        return NULL;
    }
    fpi_json_put_text(doc, "sha256", row->sha256);
    fpi_json_put_text(doc, "why", fpi_err_chain(b->ctl->task->pool, err));
    fpi_json_add(b->losses, doc);
    return NULL;
}

static fpi_err_t *save_one(void *baton, const fpi_naming_t *row, fpi_task_t *task)
{
    backing_t *b = baton;
    apr_interval_time_t age;
    fpi_err_t *err;
    int64_t size;

    if (fpi_blob_stat(b->to, row->sha256, &age, &size) && size == row->size) {
        b->kept++;
        return NULL;
    }
    err = copy_one(b, row, task);
    if (err && err->code == FPI_E_ABSENT && !row->is_kept) {
        return NULL; /* swept since, as it was to be */
    }
    if (err && (err->code == FPI_E_ABSENT || err->code == FPI_E_INTERNAL)) {
        return note_loss(b, row, err);
    }
    FPI_TRY(err);
    b->copied++;
    b->copied_bytes += row->size;
    return NULL;
}

/* ---- database, key, manifest ---- */

static fpi_err_t *move(ctl_t *ctl, const char *from, const char *to)
{
    return rename(from, to) == 0 ? NULL : fpi_disk_fail(errno, "renaming", from, ctl->task);
}

static fpi_err_t *save_key(const backing_t *b)
{
    ctl_t *ctl = b->ctl;
    const char *fresh = apr_pstrcat(ctl->task->pool, b->places.keys, ".new", NULL);

    if (!ctl_has(ctl, "with-key")) {
        return NULL;
    }
    unlink(fresh);
    FPI_TRY(ctl_copy_file(ctl, ctl->settings->secret_file, fresh));
    return move(ctl, fresh, b->places.keys);
}

static fpi_err_t *write_manifest(const backing_t *b, const fpi_json_t *doc)
{
    ctl_t *ctl = b->ctl;
    const char *fresh = b->places.next_manifest;
    const char *text = fpi_json_format(doc, false, ctl->task);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
    int error = errno;

    if (fd >= 0) {
        close(fd);
    }
    return ok ? NULL : fpi_disk_fail(error, "writing", fresh, ctl->task);
}

static fpi_err_t *flush_folder(const backing_t *b)
{
    int fd = open(b->places.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) != 0 ? errno : 0;

    if (fd >= 0) {
        close(fd);
    }
    return error ? fpi_disk_fail(error, "flushing", b->places.dir, b->ctl->task) : NULL;
}

static fpi_err_t *describe(fpi_json_t **out, const backing_t *b, const char *database)
{
    ctl_t *ctl = b->ctl;
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    fpi_store_stats_t stats;
    const char *sha256;
    int64_t size;

    FPI_TRY(ctl_hash_file(&sha256, &size, ctl, database));
    fpi_store_stats(ctl->app->store, &stats);
    fpi_json_put_int(doc, "format", 1);
    fpi_json_put_time(doc, "made", apr_time_now());
    fpi_json_put_int(doc, "schema", stats.schema);
    fpi_json_put_text(doc, "database_sha256", sha256);
    fpi_json_put_int(doc, "database_bytes", size);
    fpi_json_put_int(doc, "originals", b->kept + b->copied);
    fpi_json_put_int(doc, "lost", b->lost);
    fpi_json_put(doc, "losses", b->losses); /* restore does without them */
    fpi_json_put_bool(doc, "has_key", access(b->places.keys, F_OK) == 0);
    *out = doc;
    return NULL;
}

/* Each name is on the disk before the next one changes. */
static fpi_err_t *put_in_place(const backing_t *b, const char *fresh, const char *database)
{
    FPI_TRY(flush_folder(b));
    FPI_TRY(move(b->ctl, fresh, database));
    FPI_TRY(flush_folder(b));
    FPI_TRY(move(b->ctl, b->places.next_manifest, b->places.manifest));
    return flush_folder(b);
}

/* The last run may have been cut off between its renames: its manifest must not be written over. */
static fpi_err_t *end_last(const backing_t *b, const char *database)
{
    ctl_t *ctl = b->ctl;
    fpi_json_t *next = NULL;
    const char *sha256;
    int64_t size;

    fpi_ignore(ctl_find_manifest(&next, ctl, b->places.next_manifest)); /* cut short, it is of no use */
    if (!next || access(database, F_OK) != 0) {
        return NULL;
    }
    FPI_TRY(ctl_hash_file(&sha256, &size, ctl, database));
    if (!ctl_manifest_fits(next, sha256, ctl)) {
        return NULL;
    }
    FPI_TRY(move(ctl, b->places.next_manifest, b->places.manifest));
    return flush_folder(b);
}

/* ---- the command ---- */

static void tell(backing_t *b, fpi_json_t *doc)
{
    ctl_t *ctl = b->ctl;
    static const ctl_column_t columns[] = {
        { "sha256", "SHA-256", "SHA-256", CTL_TEXT }, { "why", "NOT SAVED", "未能备份", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };

    fpi_json_put_text(doc, "directory", b->places.dir);
    fpi_json_put_int(doc, "copied", b->copied);
    fpi_json_put_int(doc, "copied_bytes", b->copied_bytes);
    fpi_json_put_int(doc, "already_there", b->kept);
    if (ctl_json(ctl, doc)) {
        return;
    }
    if (b->lost) {
        ctl_table(ctl, b->losses, columns);
    }
    ctl_say(ctl, b->lost ? "备份 %s 不完整: 新增原件 %d 个 (%s), 已有 %d 个, 未能备份 %d 个"
                         : "备份 %s 完成: 新增原件 %d 个 (%s), 已有 %d 个, 未能备份 %d 个",
            b->lost ? "the backup %s is NOT complete: %d originals (%s) were added, %d were there already, %d could not be saved"
                    : "the backup %s is complete: %d originals (%s) were added, %d were there already, %d could not be saved",
            b->places.dir, (int)b->copied, ctl_size(ctl, b->copied_bytes), (int)b->kept, (int)b->lost);
    if (access(b->places.keys, F_OK) != 0) {
        ctl_say(ctl, "密钥文件 %s 不在备份中: 请另行保存, 没有它将无法读取已保存的密文 (--with-key 可一并备份)",
                "the key file %s is not in it: keep a copy elsewhere, without it stored secrets can't be read "
                "(--with-key puts it in)", ctl->settings->secret_file);
    }
}

/* Before anything of the backup is replaced. */
static fpi_err_t *check_source(backing_t *b)
{
    ctl_t *ctl = b->ctl;
    fpi_err_t *err = ctl_has(ctl, "with-key") ? ctl_check_key(ctl, ctl->app->store) : NULL;

    if (err) {
        return fpi_wrap(ctl->task, err, "the key file %s is not the one of this database: put the right one in its place; nothing was saved",
                        ctl->settings->secret_file);
    }
    err = fpi_identity_give(ctl->app->store, b->to, ctl->task);
    return err ? fpi_wrap(ctl->task, err, "%s holds the backup of another installation: name another folder", b->places.dir) : NULL;
}

static fpi_err_t *save(backing_t *b)
{
    ctl_t *ctl = b->ctl;
    const char *database = strchr(b->places.database, ':') + 1;
    const char *fresh = apr_pstrcat(ctl->task->pool, database, ".new", NULL);
    fpi_json_t *doc;

    FPI_TRY(check_source(b));
    FPI_TRY(end_last(b, database));
    unlink(fresh);
    FPI_TRY(fpi_store_copy(ctl->app->store, fresh, ctl->task));
    FPI_TRY(ctl_each_content(ctl, ctl->app->store, save_one, b));
    FPI_TRY(save_key(b));
    FPI_TRY(describe(&doc, b, fresh));
    FPI_TRY(write_manifest(b, doc));
    FPI_TRY(put_in_place(b, fresh, database));
    ctl->exit = b->lost ? CTL_FAILED : CTL_DONE;
    tell(b, doc);
    return NULL;
}

fpi_err_t *ctl_backup(ctl_t *ctl)
{
    backing_t b = { .ctl = ctl, .is_link = ctl_has(ctl, "link") };
    char dir[PATH_MAX];

    FPI_TRY(ctl_read_settings(ctl));
    FPI_TRY(make_folder(ctl, ctl->args[0]));
    if (!realpath(ctl->args[0], dir)) {
        return ctl_usage(ctl, "%s: %s", "%s: %s", ctl->args[0], strerror(errno));
    }
    ctl_backup_places(&b.places, ctl, apr_pstrdup(ctl->task->pool, dir));
    b.losses = fpi_json_make_array(ctl->task);
    FPI_TRY(ctl_open_blobs(ctl));
    FPI_TRY(check_folder(&b));
    FPI_TRY(fpi_blobs_open(&b.to, ctl->task->pool, b.places.blobs, ctl->task));
    return save(&b);
}
