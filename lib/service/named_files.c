#include "service/named_files.h"

#include "wire/crypto_tls.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

fpi_err_t *fpi_named_anchors(const fpi_settings_t *settings, fpi_task_t *task)
{
    const char *path = settings->upstream_ca;

    if (!path) {
        return NULL;
    }
    if (access(path, R_OK) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "FPImageUpstreamCA %s can't be read: %s", path, strerror(errno));
    }
    return fpi_tls_has_anchors(path) ? NULL
                                     : fpi_fail(task, FPI_E_CONFIG, "FPImageUpstreamCA %s holds no certificate: a file in PEM "
                                                "form is wanted", path);
}

fpi_err_t *fpi_named_program(const fpi_settings_t *settings, fpi_task_t *task)
{
    const char *path = settings->event_command;
    struct stat st;

    if (!path) {
        return NULL;
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return fpi_fail(task, FPI_E_CONFIG, "FPImageEventCommand %s is no file: a program is wanted", path);
    }
    return access(path, X_OK) == 0 ? NULL : fpi_fail(task, FPI_E_CONFIG, "FPImageEventCommand %s can't be run: %s", path,
                                                     strerror(errno));
}

/* What we may not look at is for set-up to judge, which runs as httpd's user. */
static fpi_err_t *check_kind(const char *directive, const char *path, bool is_dir, fpi_task_t *task)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return errno == ENOTDIR ? fpi_fail(task, FPI_E_CONFIG, "%s %s: %s", directive, path, strerror(errno)) : NULL;
    }
    if (is_dir ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode)) {
        return NULL;
    }
    return fpi_fail(task, FPI_E_CONFIG, "%s %s is no %s", directive, path, is_dir ? "directory" : "file");
}

static fpi_err_t *check_key_mode(const char *path, fpi_task_t *task)
{
    struct stat st;

    if (stat(path, &st) != 0 || !(st.st_mode & 077)) {
        return NULL;
    }
    return fpi_fail(task, FPI_E_CONFIG, "FPImageSecretFile %s can be read by others (mode %04o): chmod 600 %s", path,
                    (unsigned)(st.st_mode & 07777), path);
}

fpi_err_t *fpi_named_check(const fpi_settings_t *settings, fpi_task_t *task)
{
    FPI_TRY(check_kind("FPImageDataDir", settings->data_dir, true, task));
    FPI_TRY(check_kind("FPImageDatabase", strchr(settings->database, ':') + 1, false, task));
    FPI_TRY(check_kind("FPImageBlobStore", strchr(settings->blob_store, ':') + 1, true, task));
    FPI_TRY(check_kind("FPImageSecretFile", settings->secret_file, false, task));
    FPI_TRY(check_key_mode(settings->secret_file, task));
    FPI_TRY(fpi_named_anchors(settings, task));
    return fpi_named_program(settings, task);
}
