/* restore: a backup becomes a data directory, or nothing happens. All of it is verified before a byte of it is put in
 * its place: the database against the manifest, the key against the secrets that it seals, and every original but those
 * that the manifest names as lost. --partial does without others that can't be read, too.
 *
 *   <data>/restoring/   database and key, while they are looked at; gone at the end, however it ends */
#include "tools/ctl_storage.h"

#include "base/text.h"
#include "service/setup.h"
#include "store/disk.h"
#include "store/identity.h"

#include <apr_strings.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MOST = 64 * 1024 };

#define STAGING "restoring"

typedef struct restoring_t {
    ctl_t *ctl;
    ctl_backup_t places;
    const char *staging;
    fpi_secret_t *key_file; /* its bytes; NULL: the one that is in its place already */
    fpi_json_t *manifest;
    fpi_store_t *store;
    fpi_blobs_t *from, *to;
    int64_t originals, bytes;
    apr_hash_t *lost;      /* SHA-256 of what could not be saved when the backup was made */
    apr_hash_t *left_out;  /* of what is not restored */
    fpi_json_t *missing;   /* these, and why */
} restoring_t;

/* ---- where it may go ---- */

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool found = false;

    while (dir && !found && (entry = readdir(dir))) {
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0
                && strcmp(entry->d_name, STAGING) != 0;
    }
    if (dir) {
        closedir(dir);
    }
    return !found;
}

static fpi_err_t *check_target(ctl_t *ctl)
{
    const char *taken[] = { ctl->settings->data_dir, strchr(ctl->settings->blob_store, ':') + 1 };

    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
        if (!is_empty(taken[i])) {
            return fpi_refuse(ctl->task, FPI_E_STATE, NULL, "%s 不为空: 只恢复到空目录, 请先将其移走",
                              "%s is not empty: restore goes into an empty directory only; move it away first", taken[i]);
        }
    }
    if (access(strchr(ctl->settings->database, ':') + 1, F_OK) == 0) {
        return fpi_refuse(ctl->task, FPI_E_STATE, NULL, "数据库 %s 已存在", "the database %s is there already",
                          ctl->settings->database);
    }
    return NULL;
}

static bool has_open(const char *pid, const char *folder)
{
    char path[64], target[PATH_MAX];
    size_t len = strlen(folder);
    const struct dirent *entry;
    bool found = false;
    ssize_t n;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
    dir = opendir(path);
    while (dir && !found && (entry = readdir(dir))) {
        n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
        found = n > (ssize_t)len && strncmp(target, folder, len) == 0 && target[len] == '/';
    }
    if (dir) {
        closedir(dir);
    }
    return found;
}

/* One whose files were taken from under it would go on writing them. */
static fpi_err_t *check_running(ctl_t *ctl)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int64_t pid = 0, each;

    while (proc && !pid && (entry = readdir(proc))) {
        if (fpi_int_parse(&each, entry->d_name, 1, INT32_MAX) && each != getpid()
            && has_open(entry->d_name, ctl->settings->data_dir)) {
            pid = each;
        }
    }
    if (proc) {
        closedir(proc);
    }
    return pid ? fpi_refuse(ctl->task, FPI_E_STATE, NULL, "进程 %d 仍在使用 %s 中的文件: 请先停止 httpd",
                            "process %d still has files of %s open: stop httpd first", (int)pid,
                            ctl->settings->data_dir) : NULL;
}

/* ---- the staging folder ---- */

static void clear_staging(const char *staging)
{
    DIR *dir = opendir(staging);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        unlinkat(dirfd(dir), entry->d_name, 0);
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(staging);
}

static fpi_err_t *make_staging(restoring_t *r)
{
    clear_staging(r->staging);
    return mkdir(r->staging, 0700) == 0 ? NULL : fpi_disk_fail(errno, "making", r->staging, r->ctl->task);
}

/* ---- verifying ---- */

static fpi_err_t *check_manifests(const restoring_t *r)
{
    if (access(r->places.manifest, R_OK) != 0 && access(r->places.next_manifest, R_OK) != 0) {
        return ctl_usage(r->ctl, "%s 不是完整的备份: %s: %s", "%s is no complete backup: %s: %s", r->places.dir,
                         r->places.manifest, strerror(errno));
    }
    return NULL;
}

/* The one of the database. The new one may be cut short, but not while it is needed. */
static fpi_err_t *choose_manifest(restoring_t *r, const char *database_sha256)
{
    ctl_t *ctl = r->ctl;
    fpi_json_t *next = NULL;

    FPI_TRY(ctl_find_manifest(&r->manifest, ctl, r->places.manifest));
    if (ctl_manifest_fits(r->manifest, database_sha256, ctl)) {
        return NULL;
    }
    fpi_ignore(ctl_find_manifest(&next, ctl, r->places.next_manifest));
    if (!ctl_manifest_fits(next, database_sha256, ctl)) {
        return fpi_refuse(ctl->task, FPI_E_UNREADABLE, NULL, "备份中的数据库与 manifest.json 不符: 已损坏, 或上次备份未完成",
                          "the backup's database is not the one of its manifest: it is damaged, or the last backup did "
                          "not end");
    }
    r->manifest = next;
    return NULL;
}

static fpi_err_t *stage_database(restoring_t *r, const char *staged)
{
    ctl_t *ctl = r->ctl;
    const char *sha256;
    int64_t size, format;

    FPI_TRY(check_manifests(r));
    FPI_TRY(ctl_copy_file(ctl, strchr(r->places.database, ':') + 1, staged));
    FPI_TRY(ctl_hash_file(&sha256, &size, ctl, staged));
    FPI_TRY(choose_manifest(r, sha256));
    FPI_TRY(fpi_json_find_int(&format, r->manifest, "format", 0, 0, INT64_MAX, ctl->task));
    return format == 1 ? NULL : ctl_usage(ctl, "备份格式 %d 由更新的版本写成", "the backup has format %d, of a newer version",
                                          (int)format);
}

static fpi_err_t *stage_key(fpi_secret_t **key, restoring_t *r)
{
    ctl_t *ctl = r->ctl;
    fpi_settings_t staged = *ctl->settings;
    int fd;

    staged.secret_file = apr_pstrcat(ctl->task->pool, r->staging, "/keys", NULL);
    if (!r->key_file) {
        return fpi_setup_read_key(key, ctl->settings, ctl->task->pool, ctl->task);
    }
    fd = open(staged.secret_file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, r->key_file->bytes, r->key_file->len) != (ssize_t)r->key_file->len || fsync(fd) != 0) {
        return fpi_disk_fail(errno, "writing", staged.secret_file, ctl->task);
    }
    close(fd);
    return fpi_setup_read_key(key, &staged, ctl->task->pool, ctl->task);
}

static fpi_err_t *open_staged(restoring_t *r, const char *staged)
{
    ctl_t *ctl = r->ctl;
    fpi_store_options_t options = { .data_dir = r->staging, .may_migrate = true };
    fpi_secret_t *key;
    fpi_err_t *err;

    FPI_TRY(stage_key(&key, r));
    options.database = apr_pstrcat(ctl->task->pool, "sqlite:", staged, NULL);
    options.master = key;
    FPI_TRY(fpi_store_open(&r->store, ctl->task->pool, &options, ctl->task));
    err = ctl_check_key(ctl, r->store);
    return err ? fpi_wrap(ctl->task, err, "the key does not fit the backup's database: name the right one with --key-file")
               : NULL;
}

static fpi_err_t *read_losses(restoring_t *r)
{
    fpi_json_t *list;

    FPI_TRY(fpi_json_find_array(&list, r->manifest, "losses", CTL_LOSSES_NAMED, r->ctl->task));
    for (size_t i = 0; list && i < fpi_json_size(list); i++) {
        const char *sha256;

        FPI_TRY(fpi_json_get_text(&sha256, fpi_json_at(list, i), "sha256", FPI_SHA256_HEX, r->ctl->task));
        apr_hash_set(r->lost, sha256, APR_HASH_KEY_STRING, "");
    }
    return NULL;
}

static fpi_err_t *leave_out(restoring_t *r, const char *sha256, const fpi_err_t *why)
{
    fpi_json_t *doc = fpi_json_make_object(r->ctl->task);

    apr_hash_set(r->left_out, apr_pstrdup(r->ctl->task->pool, sha256), APR_HASH_KEY_STRING, "");
    fpi_json_put_text(doc, "sha256", sha256);
    fpi_json_put_text(doc, "why", fpi_err_chain(r->ctl->task->pool, why));
    fpi_json_add(r->missing, doc);
    return NULL;
}

static bool may_do_without(const restoring_t *r, const char *sha256)
{
    return ctl_has(r->ctl, "partial") || apr_hash_get(r->lost, sha256, APR_HASH_KEY_STRING);
}

static fpi_err_t *verify_one(void *baton, const fpi_naming_t *row, fpi_task_t *task)
{
    restoring_t *r = baton;
    fpi_err_t *err = row->is_kept ? fpi_blob_verify(r->from, row->sha256, task) : NULL;

    if (!row->is_kept) {
        return NULL;
    }
    if (!err) {
        r->originals++;
        r->bytes += row->size;
        return NULL;
    }
    if (err->code != FPI_E_ABSENT && err->code != FPI_E_INTERNAL) {
        return err;
    }
    return may_do_without(r, row->sha256)
               ? leave_out(r, row->sha256, err)
               : fpi_wrap(task, err, "the backup does not have what it should; another backup may, or --partial restores "
                          "all else");
}

static fpi_err_t *verify(restoring_t *r)
{
    const char *staged = apr_pstrcat(r->ctl->task->pool, r->staging, "/store.db", NULL);

    FPI_TRY(stage_database(r, staged));
    FPI_TRY(read_losses(r));
    FPI_TRY(fpi_blobs_open(&r->from, r->ctl->task->pool, r->places.blobs, r->ctl->task));
    FPI_TRY(open_staged(r, staged));
    return ctl_each_content(r->ctl, r->store, verify_one, r);
}

/* ---- putting it in its place ---- */

static fpi_err_t *copy_one(void *baton, const fpi_naming_t *row, fpi_task_t *task)
{
    restoring_t *r = baton;
    fpi_task_t step = *task;
    fpi_err_t *err;

    if (!row->is_kept || apr_hash_get(r->left_out, row->sha256, APR_HASH_KEY_STRING)) {
        return NULL;
    }
    apr_pool_create(&step.pool, task->pool);
    err = fpi_err_copy(task->pool, fpi_blob_copy(r->to, r->from, row->sha256, &step));
    apr_pool_destroy(step.pool);
    return err;
}

static fpi_err_t *tx_drop_passing(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    (void)baton;
    return fpi_storage_drop_passing(tx, task);
}

static fpi_err_t *move_in(restoring_t *r, const char *name, const char *to)
{
    const char *from = apr_pstrcat(r->ctl->task->pool, r->staging, "/", name, NULL);

    if (rename(from, to) == 0) {
        return NULL;
    }
    return errno == EXDEV ? ctl_copy_file(r->ctl, from, to) : fpi_disk_fail(errno, "renaming", from, r->ctl->task);
}

/* The database comes last: without it httpd does not take the rest for an installation. */
static fpi_err_t *put_in_place(restoring_t *r)
{
    ctl_t *ctl = r->ctl;

    FPI_TRY(fpi_blobs_open(&r->to, ctl->task->pool, ctl->settings->blob_store, ctl->task));
    FPI_TRY(ctl_each_content(ctl, r->store, copy_one, r));
    FPI_TRY(fpi_identity_give(r->store, r->to, ctl->task));
    FPI_TRY(fpi_store_write(r->store, tx_drop_passing, NULL, ctl->task));
    fpi_store_close(&r->store); /* which brings the log home */
    if (r->key_file) {
        FPI_TRY(move_in(r, "keys", ctl->settings->secret_file));
    }
    return move_in(r, "store.db", strchr(ctl->settings->database, ':') + 1);
}

/* ---- the command ---- */

static fpi_err_t *choose_key(restoring_t *r)
{
    ctl_t *ctl = r->ctl;
    const char *said = ctl_option(ctl, "key-file");
    const char *path = said ? said : access(r->places.keys, F_OK) == 0 ? r->places.keys : NULL;

    if (path) {
        return ctl_read_file(&r->key_file, ctl, path, KEY_MOST);
    }
    if (access(ctl->settings->secret_file, F_OK) == 0) {
        return NULL;
    }
    return ctl_usage(ctl, "备份中没有密钥文件, 请用 --key-file 指定您另行保存的密钥文件", "the backup has no key file: name "
                     "the copy that you kept of it with --key-file");
}

static void tell(restoring_t *r)
{
    static const ctl_column_t columns[] = {
        { "sha256", "SHA-256", "SHA-256", CTL_TEXT }, { "why", "NOT RESTORED", "未能恢复", CTL_LONG },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    ctl_t *ctl = r->ctl;
    int missing = (int)fpi_json_size(r->missing);
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "data_dir", ctl->settings->data_dir);
    fpi_json_put_int(doc, "originals", r->originals);
    fpi_json_put_int(doc, "bytes", r->bytes);
    fpi_json_put(doc, "made", fpi_json_find(r->manifest, "made"));
    fpi_json_put_int(doc, "missing", missing);
    fpi_json_put(doc, "missing_originals", r->missing);
    ctl->exit = missing ? CTL_FAILED : CTL_DONE;
    if (ctl_json(ctl, doc)) {
        return;
    }
    ctl_say(ctl, "已从 %s 恢复到 %s: 原件 %d 个 (%s), 均已校验; 可启动 httpd, 再运行 fpimagectl doctor",
            "%s was restored to %s: %d originals (%s), all verified; start httpd, then run fpimagectl doctor",
            r->places.dir, ctl->settings->data_dir, (int)r->originals, ctl_size(ctl, r->bytes));
    if (missing) {
        ctl_table(ctl, r->missing, columns);
        ctl_say(ctl, "上列 %d 个原件不在备份中, 未能恢复; fpimagectl verify 可指出其所属单据",
                "the %d originals above are not in the backup and were NOT restored; fpimagectl verify names their bills",
                missing);
    }
}

static fpi_err_t *restore(restoring_t *r)
{
    fpi_err_t *err;

    FPI_TRY(make_staging(r));
    err = verify(r);
    err = err ? err : put_in_place(r);
    if (r->store) {
        fpi_store_close(&r->store);
    }
    clear_staging(r->staging);
    return err;
}

fpi_err_t *ctl_restore(ctl_t *ctl)
{
    restoring_t r = { .ctl = ctl };
    char dir[PATH_MAX];
    const char *wrong;

    FPI_TRY(ctl_read_settings(ctl));
    wrong = fpi_settings_check(ctl->settings, ctl->task->pool);
    if (wrong) {
        return ctl_usage(ctl, "%s", "%s", wrong);
    }
    if (!realpath(ctl->args[0], dir)) {
        return ctl_usage(ctl, "%s: %s", "%s: %s", ctl->args[0], strerror(errno));
    }
    ctl_backup_places(&r.places, ctl, dir);
    r.lost = apr_hash_make(ctl->task->pool);
    r.left_out = apr_hash_make(ctl->task->pool);
    r.missing = fpi_json_make_array(ctl->task);
    r.staging = apr_pstrcat(ctl->task->pool, ctl->settings->data_dir, "/" STAGING, NULL);
    FPI_TRY(check_target(ctl));
    FPI_TRY(check_running(ctl));
    FPI_TRY(choose_key(&r));
    FPI_TRY(ctl_make_data_dir(ctl));
    FPI_TRY(restore(&r));
    tell(&r);
    return NULL;
}
