#include "tools/ctl.h"

#include "base/text.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef FPI_STATE_DIR
#define FPI_STATE_DIR "/var/lib/fpimage"
#endif

/* ---- settings ---- */

/* As one word of a configuration line. */
static const char *quote(ctl_t *ctl, const char *text)
{
    char *out = apr_palloc(ctl->task->pool, strlen(text) * 2 + 3);
    char *to = out;

    *to++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            *to++ = '\\';
        }
        *to++ = *text;
    }
    *to++ = '"';
    *to = '\0';
    return out;
}

static const char *absolute(ctl_t *ctl, const char *path)
{
    char here[4096];

    if (*path == '/' || !getcwd(here, sizeof(here))) {
        return path;
    }
    return apr_pstrcat(ctl->task->pool, here, "/", path, NULL);
}

static fpi_err_t *take(ctl_t *ctl, fpi_settings_t *settings, fpi_setting_t row, const char *option,
                       const char *value)
{
    const char *said = fpi_settings_take(settings, row, quote(ctl, value), NULL, ctl->task->pool);

    return said ? ctl_usage(ctl, "%s: %s", "%s: %s", option, said) : NULL;
}

static fpi_err_t *read_conf(ctl_t *ctl, fpi_settings_t **said)
{
    const char *file = ctl_option(ctl, "c");
    fpi_err_t *err;

    if (!file) {
        return NULL;
    }
    ctl->conf = absolute(ctl, file);
    err = fpi_settings_read(said, &ctl->user, ctl->conf, ctl->task);
    if (!err && ctl->user && strchr(ctl->user, '$')) {
        ctl->user = NULL; /* a variable that only httpd's start script knows */
    }
    return err ? ctl_usage(ctl, "-c %s: %s", "-c %s: %s", file, ctl_why(ctl, err)) : NULL;
}

fpi_err_t *ctl_read_settings(ctl_t *ctl)
{
    fpi_settings_t *said = fpi_settings_make(ctl->task->pool);

    FPI_TRY(read_conf(ctl, &said));
    if (ctl_has(ctl, "d")) {
        FPI_TRY(take(ctl, said, FPI_SET_FPImageDataDir, "-d", absolute(ctl, ctl_option(ctl, "d"))));
    }
    if (ctl_has(ctl, "upstream")) {
        FPI_TRY(take(ctl, said, FPI_SET_FPImageUpstream, "--upstream", ctl_option(ctl, "upstream")));
    }
    if (ctl_has(ctl, "upstream-ca")) {
        FPI_TRY(take(ctl, said, FPI_SET_FPImageUpstreamCA, "--upstream-ca",
                     absolute(ctl, ctl_option(ctl, "upstream-ca"))));
    }
    ctl->settings = fpi_settings_complete(ctl->task->pool, said, FPI_STATE_DIR);
    return NULL;
}

/* ---- who we are ---- */

fpi_err_t *ctl_become(ctl_t *ctl, uid_t uid, gid_t gid)
{
    const struct passwd *pw = getpwuid(uid);

    if (geteuid() != 0 || uid == 0) {
        return NULL;
    }
    if ((pw ? initgroups(pw->pw_name, gid) : setgroups(0,
                                                       NULL)) != 0 || setgid(gid) != 0 || setuid(uid) != 0) {
        return fpi_fail(ctl->task, FPI_E_CONFIG,
                        "we can't become the owner of the data directory, uid %u: %s",
                        (unsigned)uid, strerror(errno));
    }
    return NULL;
}

fpi_err_t *ctl_become_owner(ctl_t *ctl)
{
    const char *dir = ctl->settings->data_dir;
    struct stat st;

    if (stat(dir, &st) != 0) {
        return fpi_fail(ctl->task, FPI_E_CONFIG,
                        "the data directory %s: %s; make it with fpimagectl init, or name "
                        "the right one with -d or -c", dir, strerror(errno));
    }
    return ctl_become(ctl, st.st_uid, st.st_gid);
}

/* ---- the store ---- */

static fpi_err_t *open_app(ctl_t *ctl)
{
    fpi_err_t *err = ctl->needs_no_key ? fpi_admin_app_open_sealed(ctl->app, ctl->task) : fpi_admin_app_open(ctl->app, ctl->task);

    if (!err) {
        return NULL;
    }
    if (geteuid() != 0 && access(ctl->settings->data_dir, R_OK | W_OK | X_OK) != 0) {
        return fpi_recode(ctl->task, err, FPI_E_CONFIG,
                          "the store can't be opened by us (uid %u): run it as root or as httpd's user",
                          (unsigned)geteuid());
    }
    return fpi_recode(ctl->task, err, FPI_E_CONFIG, "the store can't be opened");
}

fpi_err_t *ctl_open(ctl_t *ctl)
{
    const char *wrong;

    if (ctl->app) {
        return NULL;
    }
    if (!ctl->settings) {
        FPI_TRY(ctl_read_settings(ctl));
    }
    wrong = fpi_settings_check(ctl->settings, ctl->task->pool);
    if (wrong) {
        return ctl_usage(ctl, "%s", "%s", wrong);
    }
    FPI_TRY(ctl_become_owner(ctl));
    FPI_TRY(fpi_admin_app_make(&ctl->app, ctl->task->pool, ctl->settings, ctl->task->log, ctl->task));
    FPI_TRY(open_app(ctl));
    return ctl_choose_tenant(ctl);
}

/* ---- secrets and files, read before we become somebody else ---- */

static void warn_if_open(ctl_t *ctl, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077)) {
        ctl_warn(ctl, "%s 可被其他用户读取 (权限 %04o): 请 chmod 600",
                 "%s can be read by others (mode %04o): chmod 600 it",
                 path, (unsigned)(st.st_mode & 07777));
    }
}

/* Its copy in our environment, which /proc shows, is not left there. */
static void wipe_variable(const char *name)
{
    char *value = getenv(name);

    if (value) {
        fpi_secret_wipe(value, strlen(value));
    }
}

/* Standard input can be read once. */
static fpi_err_t *check_stdin(ctl_t *ctl)
{
    static const char *const names[] = { "secret-file", "encrypt-key-file", "cloud-secret-file" };
    int count = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *where = ctl_option(ctl, names[i]);

        count += where && strcmp(where, "-") == 0;
    }
    return count > 1 ? ctl_usage(ctl, "只能有一个选项用 - 从标准输入读取",
                                 "only one option may read standard input (-)") : NULL;
}

fpi_err_t *ctl_secret(fpi_secret_t **out, ctl_t *ctl, const char *option)
{
    const char *where = ctl_option(ctl, option);
    fpi_err_t *err;

    *out = NULL;
    if (!where) {
        return NULL;
    }
    FPI_TRY(check_stdin(ctl));
    err = fpi_secret_read(out, where, false, ctl->task);
    if (err) {
        return ctl_usage(ctl, "--%s: %s", "--%s: %s", option, err->detail);
    }
    if (strncmp(where, "env:", 4) == 0) {
        wipe_variable(where + 4);
    }
    else if (strcmp(where, "-") != 0) {
        warn_if_open(ctl, where);
    }
    return NULL;
}

static fpi_err_t *read_all(fpi_secret_t **out, ctl_t *ctl, const char *path, int fd, size_t most)
{
    char *bytes = apr_palloc(ctl->task->pool, most + 1);
    size_t len = 0;
    ssize_t n = 1;

    while (n > 0 && len <= most && (n = read(fd, bytes + len, most + 1 - len)) > 0) {
        len += (size_t)n;
    }
    if (n >= 0 && len <= most) {
        *out = fpi_secret_make(ctl->task->pool, bytes, len);
    }
    fpi_secret_wipe(bytes, len);
    if (n < 0) {
        return ctl_usage(ctl, "%s 无法读取: %s", "%s can't be read: %s", path, strerror(errno));
    }
    return len > most ? ctl_usage(ctl, "%s 超过 %ld 字节", "%s has more than %ld bytes", path, (long)most) : NULL;
}

fpi_err_t *ctl_read_file(fpi_secret_t **out, ctl_t *ctl, const char *path, size_t most)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    fpi_err_t *err;

    if (fd < 0) {
        return ctl_usage(ctl, "%s 无法打开: %s", "%s can't be opened: %s", path, strerror(errno));
    }
    err = read_all(out, ctl, path, fd, most);
    if (!is_stdin) {
        close(fd);
        warn_if_open(ctl, path);
    }
    return err;
}
