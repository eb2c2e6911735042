/* init, version and keys. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "tools/ctl.h"

#include "service/setup.h"
#include "store/report.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <apr_version.h>
#include <apu_version.h>
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

/* ---- whose the data directory is to be ---- */

typedef struct owner_t {
    uid_t uid;
    gid_t gid;
    const char *name;
} owner_t;

/* "#1000" is a number, as in httpd's User. */
static bool find_user(owner_t *owner, const char *name)
{
    int64_t uid = -1;
    const struct passwd *pw = *name != '#'                                       ? getpwnam(name)
                              : fpi_int_parse(&uid, name + 1, 0, INT32_MAX) ? getpwuid((uid_t)uid)
                                                                            : NULL;

    if (pw) {
        *owner = (owner_t){ pw->pw_uid, pw->pw_gid, NULL };
    }
    return pw != NULL;
}

static fpi_err_t *get_user(owner_t *owner, ctl_t *ctl, const char *name, const char *where)
{
    if (find_user(owner, name)) {
        return NULL;
    }
    return ctl_usage(ctl, "%s 指定的用户 %.64s 不存在", "%s names a user, %.64s, that does not exist", where, name);
}

static fpi_err_t *choose_user(owner_t *owner, ctl_t *ctl)
{
    static const char *const usual[] = { "www-data", "apache" };
    const char *said = ctl_option(ctl, "user");

    *owner = (owner_t){ geteuid(), getegid(), NULL };
    if (geteuid() != 0) {
        return said ? ctl_usage(ctl, "--user 只能由 root 使用", "--user is for root only") : NULL;
    }
    if (ctl->user && said && strcmp(ctl->user, said) != 0) {
        return ctl_usage(ctl, "--user %.64s 与配置中的 User %.64s 不一致",
                         "--user %.64s is not the configuration's User %.64s",
                         said, ctl->user);
    }
    if (ctl->user) {
        return get_user(owner, ctl, ctl->user, "User");
    }
    if (said) {
        return get_user(owner, ctl, said, "--user");
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
        if (find_user(owner, usual[i])) {
            return NULL;
        }
    }
    return NULL;
}

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool found = false;

    while (dir && !found && (entry = readdir(dir))) {
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    if (dir) {
        closedir(dir);
    }
    return dir && !found;
}

/* The owner of a directory that is there; an empty one of root's was made for httpd's user. */
static fpi_err_t *settle_owner(owner_t *owner, ctl_t *ctl)
{
    const char *dir = ctl->settings->data_dir;
    struct stat st;

    if (stat(dir, &st) != 0) {
        return choose_user(owner, ctl);
    }
    *owner = (owner_t){ st.st_uid, st.st_gid, NULL };
    if (geteuid() != 0 || st.st_uid != 0 || !is_empty(dir)) {
        return NULL;
    }
    FPI_TRY(choose_user(owner, ctl));
    if (chown(dir, owner->uid, owner->gid) != 0 || chmod(dir, 0700) != 0) {
        return fpi_fail(ctl->task, FPI_E_CONFIG, "%s can't be given to httpd's user: %s", dir,
                        strerror(errno));
    }
    return NULL;
}

fpi_err_t *ctl_make_data_dir(ctl_t *ctl)
{
    const char *dir = ctl->settings->data_dir;
    owner_t owner;

    FPI_TRY(settle_owner(&owner, ctl));
    if (mkdir(dir, 0700) == 0) {
        if (geteuid() == 0 && chown(dir, owner.uid, owner.gid) != 0) {
            return fpi_fail(ctl->task, FPI_E_CONFIG, "%s can't be given to httpd's user: %s", dir, strerror(errno));
        }
    }
    else if (errno != EEXIST) {
        return fpi_fail(ctl->task, FPI_E_CONFIG, "%s can't be made: %s", dir, strerror(errno));
    }
    return ctl_become(ctl, owner.uid, owner.gid);
}

/* ---- init ---- */

static void tell_init(ctl_t *ctl, bool is_first, const char *owner, const char *password)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "data_dir", ctl->settings->data_dir);
    fpi_json_put_text(doc, "database", ctl->settings->database);
    fpi_json_put_text(doc, "secret_file", ctl->settings->secret_file);
    fpi_json_put_text(doc, "owner", owner);
    fpi_json_put_bool(doc, "created", is_first);
    fpi_json_put_text(doc, "admin", password ? "admin" : NULL);
    fpi_json_put_text(doc, "password", password);
    if (ctl_json(ctl, doc)) {
        return;
    }
    ctl_say(ctl, "%s 已就绪 (属主 %s); 请另行备份密钥文件 %s",
            "%s is ready (owner %s); keep a copy of the key file %s elsewhere",
            ctl->settings->data_dir, owner, ctl->settings->secret_file);
    if (password) {
        ctl_say(ctl, "管理员 admin 的一次性密码 (只显示这一次): %s", "one-time password of the administrator \"admin\", "
                "shown this once: %s", password);
    }
    else {
        ctl_say(ctl, "已有管理员; 重置密码: fpimagectl user reset NAME",
                "there is an administrator already; for a new password: fpimagectl user reset NAME");
    }
}

fpi_err_t *ctl_init(ctl_t *ctl)
{
    const char *password, *wrong;
    bool is_first = false;
    const struct passwd *pw;
    owner_t owner;
    fpi_err_t *err;

    FPI_TRY(ctl_read_settings(ctl));
    wrong = fpi_settings_check(ctl->settings, ctl->task->pool);
    if (wrong) {
        return ctl_usage(ctl, "%s", "%s", wrong);
    }
    FPI_TRY(settle_owner(&owner, ctl));
    pw = getpwuid(owner.uid);
    owner.name = pw ? apr_pstrdup(ctl->task->pool, pw->pw_name)
                    : apr_psprintf(ctl->task->pool, "#%u", (unsigned)owner.uid);
    FPI_TRY(fpi_setup_prepare(&is_first, ctl->settings, owner.uid, owner.gid, ctl->task));
    FPI_TRY(ctl_become(ctl, owner.uid, owner.gid));
    err = fpi_setup_store(&password, ctl->settings, ctl->task);
    if (err) {
        return fpi_recode(ctl->task, err, FPI_E_CONFIG, "the store can't be made or migrated");
    }
    tell_init(ctl, is_first, owner.name, password);
    return NULL;
}

/* ---- version ---- */

fpi_err_t *ctl_version(ctl_t *ctl)
{
    static const ctl_column_t columns[] = {
        { "mod_fpimage", "mod_fpimage", "mod_fpimage", CTL_TEXT }, { "apr", "APR", "APR", CTL_TEXT },
        { "apr_util", "APR-util", "APR-util", CTL_TEXT },          { "http", "HTTP", "HTTP", CTL_TEXT },
        { "crypto", "crypto", "加密", CTL_TEXT },                  { "store", "store", "数据库", CTL_TEXT },
        { NULL, NULL, NULL, CTL_TEXT },
    };
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_text(doc, "mod_fpimage", PACKAGE_VERSION);
    fpi_json_put_text(doc, "apr", apr_version_string());
    fpi_json_put_text(doc, "apr_util", apu_version_string());
    fpi_json_put_text(doc, "http", fpi_http_version());
    fpi_json_put_text(doc, "crypto", fpi_crypto_version());
    fpi_json_put_text(doc, "store", fpi_store_version());
    if (!ctl_json(ctl, doc)) {
        ctl_card(ctl, doc, columns);
    }
    return NULL;
}

/* ---- keys ---- */

fpi_err_t *ctl_keys_rotate(ctl_t *ctl)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_admin_keys_rotate(ctl->app, ctl->task));
    fpi_json_put_text(doc, "result", "rotated");
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "已更换; 旧 token 到期前仍有效", "done; tokens that are out stay good until they expire");
    }
    return NULL;
}
