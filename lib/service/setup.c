#include "service/setup.h"

#include "base/text.h"
#include "model/duty.h"
#include "store/blob.h"
#include "store/identity.h"
#include "store/people.h"
#include "store/store.h"
#include "store/users.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


/* ---- directory and key file ---- */

static fpi_err_t *make_parents(const char *dir, fpi_task_t *task)
{
    char *path = apr_pstrdup(task->pool, dir);

    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST) {
            return fpi_fail(task, FPI_E_CONFIG, "directory %s can't be made: %s", path, strerror(errno));
        }
        *slash = '/';
    }
    return NULL;
}

static fpi_err_t *give(const char *path, unsigned uid, unsigned gid, fpi_task_t *task)
{
    if (geteuid() == 0 && lchown(path, uid, gid) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "%s can't be given to httpd's user: %s", path, strerror(errno));
    }
    return NULL;
}

static fpi_err_t *make_dir(bool *is_new, const char *dir, const char *directive, unsigned uid, unsigned gid,
                           fpi_task_t *task)
{
    struct stat st;

    *is_new = false;
    if (stat(dir, &st) == 0) {
        return S_ISDIR(st.st_mode) ? NULL
                                   : fpi_fail(task, FPI_E_CONFIG, "%s is not a directory (%s)", dir, directive);
    }
    FPI_TRY(make_parents(dir, task));
    if (mkdir(dir, 0700) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "directory %s can't be made: %s (%s)", dir, strerror(errno), directive);
    }
    *is_new = true;
    return give(dir, uid, gid, task);
}

/* One inside the data directory is httpd's user's to make. */
static fpi_err_t *make_blob_dir(const fpi_settings_t *settings, unsigned uid, unsigned gid, fpi_task_t *task)
{
    const char *dir = strchr(settings->blob_store, ':') + 1;
    size_t len = strlen(settings->data_dir);
    bool is_new;

    if (strncmp(dir, settings->data_dir, len) == 0 && dir[len] == '/') {
        return NULL;
    }
    return make_dir(&is_new, dir, "FPImageBlobStore", uid, gid, task);
}

static fpi_err_t *write_key(int fd, const char *path, fpi_task_t *task)
{
    static const char head[] = "# Master key of mod_fpimage: seals the secrets in the database. Keep a copy apart from it;\n"
                               "# without this file they can't be read again.\n";
    unsigned char key[FPI_KEY_LEN];
    char line[7 + 2 * FPI_KEY_LEN + 2] = "master ";
    size_t len;
    bool ok;

    FPI_TRY(fpi_random(key, sizeof(key), task));
    fpi_hex_encode(line + 7, key, sizeof(key));
    strcat(line, "\n");
    len = strlen(line);
    ok = write(fd, head, sizeof(head) - 1) == (ssize_t)sizeof(head) - 1 && write(fd, line, len) == (ssize_t)len
         && fsync(fd) == 0;
    fpi_secret_wipe(key, sizeof(key));
    fpi_secret_wipe(line, sizeof(line));
    return ok ? NULL : fpi_fail(task, FPI_E_CONFIG, "key file %s can't be written: %s", path, strerror(errno));
}

/* Written beside and linked, so that a half-written key file never bears the name, and two starters agree. */
static fpi_err_t *make_key(const char *path, unsigned uid, unsigned gid, fpi_task_t *task)
{
    const char *temp = apr_psprintf(task->pool, "%s.%d", path, (int)getpid());
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    fpi_err_t *err;

    if (fd < 0) {
        return fpi_fail(task, FPI_E_CONFIG, "key file %s can't be made: %s", path, strerror(errno));
    }
    err = write_key(fd, path, task);
    close(fd);
    err = err ? err : give(temp, uid, gid, task);
    if (!err && link(temp, path) != 0 && errno != EEXIST) {
        err = fpi_fail(task, FPI_E_CONFIG, "key file %s can't be made: %s", path, strerror(errno));
    }
    unlink(temp);
    return err;
}

static fpi_err_t *check_key(const char *path, fpi_task_t *task)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "key file %s can't be read: %s", path, strerror(errno));
    }
    if (st.st_mode & 077) {
        return fpi_fail(task, FPI_E_CONFIG, "key file %s can be read by others (mode %04o): chmod 600 %s", path,
                        (unsigned)(st.st_mode & 07777), path);
    }
    return NULL;
}

/* A new key would open nothing of what the old one has sealed, and soon be in the backups in its place. */
static fpi_err_t *check_no_database(const fpi_settings_t *settings, fpi_task_t *task)
{
    const char *path = strchr(settings->database, ':') + 1;
    struct stat st;

    if (stat(path, &st) != 0 || st.st_size == 0) {
        return NULL;
    }
    return fpi_fail(task, FPI_E_CONFIG, "key file %s is not there, but the database %s is: put your copy of the key file in its place "
                    "(FPImageSecretFile); without it the secrets in the database can't be read",
                    settings->secret_file, path);
}

fpi_err_t *fpi_setup_prepare(bool *is_first, const fpi_settings_t *settings, unsigned uid, unsigned gid,
                             fpi_task_t *task)
{
    struct stat st;
    bool new_dir;

    FPI_TRY(make_dir(&new_dir, settings->data_dir, "FPImageDataDir", uid, gid, task));
    FPI_TRY(make_blob_dir(settings, uid, gid, task));
    *is_first = new_dir;
    if (lstat(settings->secret_file, &st) != 0 && errno == ENOENT) {
        FPI_TRY(check_no_database(settings, task));
        *is_first = true;
        FPI_TRY(make_key(settings->secret_file, uid, gid, task));
    }
    return check_key(settings->secret_file, task);
}

fpi_err_t *fpi_setup_read_key(fpi_secret_t **key, const fpi_settings_t *settings, apr_pool_t *pool,
                              fpi_task_t *task)
{
    const char *path = settings->secret_file;
    unsigned char bytes[FPI_KEY_LEN];
    fpi_secret_t *text;
    const char *line;

    FPI_TRY(fpi_secret_read(&text, path, true, task));
    line = strncmp(text->bytes, "master ", 7) == 0 ? text->bytes : strstr(text->bytes, "\nmaster ");
    line = line ? strchr(line, ' ') + 1 : NULL;
    if (!line || strlen(line) < 2 * FPI_KEY_LEN || !fpi_hex_decode(bytes, sizeof(bytes), line)) {
        return fpi_fail(task, FPI_E_CONFIG, "key file %s has no line \"master <64 hex digits>\": restore it from your copy",
                        path);
    }
    *key = fpi_secret_make(pool, bytes, sizeof(bytes));
    fpi_secret_wipe(bytes, sizeof(bytes));
    return NULL;
}

/* ---- schema, token key, administrator ---- */

fpi_err_t *fpi_setup_make_password(fpi_secret_t **password, fpi_task_t *task)
{
    /* no 0 O 1 l I: it is read off a screen */
    static const char letters[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    unsigned char dice[12];
    char text[17] = "";

    FPI_TRY(fpi_random(dice, sizeof(dice), task));
    for (size_t i = 0; i < sizeof(dice); i++) {
        text[i] = letters[dice[i] % (sizeof(letters) - 1)];
    }
    /* the rules ask for one of each kind */
    memcpy(text + sizeof(dice), "aZ7#", 5);
    *password = fpi_secret_make(task->pool, text, strlen(text));
    fpi_secret_wipe(text, sizeof(text));
    return NULL;
}

typedef struct first_t {
    const char *hash;
    bool is_new;
} first_t;

static fpi_err_t *tx_first(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    first_t *first = baton;
    fpi_user_t admin = { .tenant = FPI_TENANT_FIRST, .name = FPI_SETUP_ADMIN, .password = first->hash, .is_active = true, .must_change = true };
    fpi_token_key_t *keys;
    int64_t admins;
    int count;

    FPI_TRY(fpi_token_keys_list(&keys, &count, tx, task));
    if (count == 0) {
        FPI_TRY(fpi_token_key_rotate(tx, 0, task));
    }
    FPI_TRY(fpi_users_count_admins(&admins, tx, task));
    first->is_new = admins == 0;
    if (!first->is_new) {
        return NULL;
    }
    FPI_TRY(fpi_user_put(&admin, tx, task));
    return fpi_user_roles_put(tx, admin.id, &(fpi_ids_t){ (const int64_t[]){ FPI_DUTY_ADMIN }, 1 }, task);
}

static fpi_err_t *tx_count(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    fpi_token_key_t *keys;
    int64_t admins;
    int count;

    FPI_TRY(fpi_token_keys_list(&keys, &count, tx, task));
    FPI_TRY(fpi_users_count_admins(&admins, tx, task));
    *(bool *)baton = count > 0 && admins > 0;
    return NULL;
}

static fpi_err_t *fill(const char **out, fpi_store_t *store, fpi_task_t *task)
{
    fpi_secret_t *password;
    first_t first = { NULL, false };
    bool is_full = false;

    FPI_TRY(fpi_store_read(store, tx_count, &is_full, task));
    if (is_full) {
        return NULL;
    }
    FPI_TRY(fpi_setup_make_password(&password, task));
    FPI_TRY(fpi_password_hash(&first.hash, password, task));
    FPI_TRY(fpi_store_write(store, tx_first, &first, task));
    *out = first.is_new ? password->bytes : NULL;
    return NULL;
}

fpi_err_t *fpi_setup_store(const char **password, const fpi_settings_t *settings, fpi_task_t *task)
{
    fpi_store_options_t options = { .database = settings->database, .data_dir = settings->data_dir,
                                    .may_migrate = true };
    fpi_secret_t *key;
    fpi_blobs_t *blobs;
    fpi_store_t *store;
    fpi_err_t *err;

    *password = NULL;
    FPI_TRY(fpi_blobs_open(&blobs, task->pool, settings->blob_store, task));
    FPI_TRY(fpi_setup_read_key(&key, settings, task->pool, task));
    options.master = key;
    FPI_TRY(fpi_store_open(&store, task->pool, &options, task));
    err = fpi_identity_join(store, blobs, task);
    err = err ? err : fill(password, store, task);
    fpi_store_close(&store);
    return err;
}
