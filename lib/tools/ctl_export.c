/* export: the same archives and workbooks as the console's, straight into a file, which stays what it was until the
 * new one is whole. */
#include "tools/ctl_storage.h"

#include "base/text.h"
#include "service/exports.h"
#include "store/bills.h"
#include "store/disk.h"
#include "store/report.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct exporting_t {
    ctl_t *ctl;
    int64_t *bills;
    int fd;
    bool is_stdout;
    int64_t size;
    const char *path;
    pid_t finisher;  /* 0: none */
    int keep;        /* its pipe */
} exporting_t;

/* ---- which bills ---- */

static fpi_err_t *find_bill(int64_t *id, ctl_t *ctl, fpi_tx_t *tx, const char *said, fpi_task_t *task)
{
    const char *resource = ctl_option(ctl, "resource"), *number = fpi_text_upper(apr_pstrdup(task->pool, said));
    fpi_namesake_t *list;
    int count, hits = 0;

    FPI_TRY(fpi_report_bills(&list, &count, tx, FPI_TENANT_FIRST, number, task));
    for (int i = 0; i < count; i++) {
        if (!resource || strcmp(list[i].resource, resource) == 0) {
            *id = list[i].id;
            hits++;
        }
    }
    if (hits == 1) {
        return NULL;
    }
    return hits ? fpi_refuse(task, FPI_E_FIELD, "resource", "%s 有多张单据, 请用 --resource 指定来源系统",
                             "there are several bills %s: name the system with --resource", number)
                : fpi_refuse(task, FPI_E_ABSENT, "number", "单据 %s 不存在", "there is no bill %s", number);
}

static fpi_err_t *tx_find(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    exporting_t *e = baton;

    for (int i = 1; i < e->ctl->arg_count; i++) {
        FPI_TRY(find_bill(&e->bills[i - 1], e->ctl, tx, e->ctl->args[i], task));
    }
    return NULL;
}

/* ---- where it goes ---- */

static fpi_err_t *put_some(void *baton, const void *data, size_t len, fpi_task_t *task)
{
    exporting_t *e = baton;
    const char *at = data;

    e->size += (int64_t)len;
    while (len) {
        ssize_t n = write(e->fd, at, len);

        if (n < 0 && errno != EINTR) {
            return fpi_disk_fail(errno, "writing", e->path, task);
        }
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return NULL;
}

static fpi_err_t *count_bill(void *baton, int64_t done, fpi_task_t *task)
{
    (void)baton;
    (void)done;
    (void)task;
    return NULL;
}

/* ---- the new file, which takes FILE's name when it is whole ----
 *
 *   we, become httpd's user    write FILE.PID.new ──> tell "keep", or end in whatever way
 *   a process that stays root  ............ waits ──> renames it to FILE, or removes it */

static int finish(int fd, const char *fresh, const char *path)
{
    char word;
    ssize_t n;

    signal(SIGINT, SIG_IGN); /* of the terminal: the half file is to go, too */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    while ((n = read(fd, &word, 1)) < 0 && errno == EINTR) {
    }
    if (n == 1 && rename(fresh, path) == 0) {
        return 0;
    }
    n = errno;
    unlink(fresh);
    return (int)n;
}

static fpi_err_t *start_finisher(exporting_t *e, const char *fresh)
{
    int pipes[2];

    if (pipe(pipes) != 0) {
        return fpi_disk_fail(errno, "opening", "a pipe", e->ctl->task);
    }
    e->finisher = fork();
    if (e->finisher == 0) {
        close(pipes[1]);
        _exit(finish(pipes[0], fresh, e->path));
    }
    close(pipes[0]);
    e->keep = pipes[1];
    return e->finisher < 0 ? fpi_disk_fail(errno, "starting", "a process", e->ctl->task) : NULL;
}

static fpi_err_t *end_finisher(exporting_t *e, bool is_whole)
{
    int status = 0;
    bool is_told = is_whole && write(e->keep, "k", 1) == 1;

    close(e->keep);
    while (waitpid(e->finisher, &status, 0) < 0 && errno == EINTR) {
    }
    if (!is_whole || (is_told && status == 0)) {
        return NULL;
    }
    return fpi_disk_fail(WIFEXITED(status) ? WEXITSTATUS(status) : EIO, "renaming the new file to", e->path, e->ctl->task);
}

/* Opened while we may still be root: where the administrator says, not where httpd's user may write. */
static fpi_err_t *open_new(exporting_t *e, const struct stat *old)
{
    const char *fresh = apr_psprintf(e->ctl->task->pool, "%s.%d.new", e->path, (int)getpid());

    FPI_TRY(start_finisher(e, fresh)); /* first: whatever ends us, nothing of the new file is left */
    e->fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (e->fd < 0) {
        return ctl_usage(e->ctl, "%s 无法写入: %s", "%s can't be written: %s", e->path, strerror(errno));
    }
    if (old && (fchown(e->fd, old->st_uid, old->st_gid) != 0 || fchmod(e->fd, old->st_mode & 0777) != 0)) {
        fchmod(e->fd, 0600); /* not ours to give: it is who made it then */
    }
    return NULL;
}

static fpi_err_t *open_file(exporting_t *e)
{
    ctl_t *ctl = e->ctl;
    const char *said = ctl_option(ctl, "o");
    char real[PATH_MAX];
    struct stat st;

    e->is_stdout = strcmp(said, "-") == 0;
    e->path = !e->is_stdout && realpath(said, real) ? apr_pstrdup(ctl->task->pool, real) : said; /* a link stays one */
    if (e->is_stdout) {
        e->fd = dup(STDOUT_FILENO);
        return NULL;
    }
    if (stat(e->path, &st) != 0) {
        return open_new(e, NULL);
    }
    if (S_ISREG(st.st_mode)) {
        return open_new(e, &st);
    }
    e->fd = open(e->path, O_WRONLY | O_CLOEXEC); /* a pipe or a device, which nothing may replace */
    return e->fd < 0 ? ctl_usage(ctl, "%s 无法写入: %s", "%s can't be written: %s", e->path, strerror(errno)) : NULL;
}

/* ---- the command ---- */

static fpi_err_t *make(fpi_export_made_t *made, exporting_t *e, bool is_zip)
{
    ctl_t *ctl = e->ctl;
    fpi_export_want_t want = { .tenant = FPI_TENANT_FIRST, .count = ctl->arg_count - 1 };
    const fpi_export_sink_t sink = { put_some, count_bill, e };

    FPI_TRY(ctl_open_blobs(ctl));
    e->bills = apr_pcalloc(ctl->task->pool, sizeof(*e->bills) * (size_t)ctl->arg_count);
    FPI_TRY(fpi_store_read(ctl->app->store, tx_find, e, ctl->task));
    want.bills = e->bills;
    FPI_TRY((is_zip ? fpi_archive_make : fpi_sheet_make)(made, ctl->app, &want, &sink, ctl->task));
    return fsync(e->fd) == 0 || errno == EINVAL || errno == EROFS ? NULL
                                                                  : fpi_disk_fail(errno, "flushing", e->path, ctl->task);
}

static void tell(const exporting_t *e, const fpi_export_made_t *made)
{
    ctl_t *ctl = e->ctl;
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "file", e->path);
    fpi_json_put_int(doc, "bills", made->bills);
    fpi_json_put_int(doc, "files", made->files);
    fpi_json_put_int(doc, "left_out", made->left_out);
    fpi_json_put_int(doc, "bytes", e->size);
    ctl->exit = made->left_out ? CTL_FAILED : CTL_DONE;
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%s: 单据 %d 张, 文件 %d 个, %s; 未能导出 %d 项", "%s: %d bills, %d files, %s; %d left out", e->path,
                (int)made->bills, (int)made->files, ctl_size(ctl, e->size), (int)made->left_out);
    }
}

fpi_err_t *ctl_export(ctl_t *ctl)
{
    bool is_zip = strcmp(ctl->args[0], "zip") == 0;
    exporting_t e = { .ctl = ctl, .fd = -1, .keep = -1 };
    fpi_export_made_t made;
    fpi_err_t *err;

    if (!is_zip && strcmp(ctl->args[0], "xlsx") != 0) {
        return ctl_usage(ctl, "应为 zip 或 xlsx, 而非 %.20s", "it must be zip or xlsx, not %.20s", ctl->args[0]);
    }
    if (ctl->arg_count < 2) {
        return ctl_usage(ctl, "请给出影像编号", "name the image numbers");
    }
    FPI_TRY(ctl_read_settings(ctl));
    FPI_TRY(open_file(&e));
    err = make(&made, &e, is_zip);
    close(e.fd);
    if (e.finisher) {
        fpi_err_t *last = end_finisher(&e, !err);

        err = err ? err : last;
    }
    if (!err && !e.is_stdout) {
        tell(&e, &made);
    }
    return err;
}
