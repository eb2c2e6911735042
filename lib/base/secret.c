#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/secret.h"

#include "base/task.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX = 64 * 1024 };

void fpi_secret_wipe(void *bytes, size_t len)
{
    explicit_bzero(bytes, len);
}

static apr_status_t wipe(void *data)
{
    fpi_secret_t *secret = data;

    fpi_secret_wipe(secret->bytes, secret->len);
    return APR_SUCCESS;
}

fpi_secret_t *fpi_secret_make(apr_pool_t *pool, const void *bytes, size_t len)
{
    fpi_secret_t *secret = apr_palloc(pool, sizeof(*secret));

    secret->len = len;
    secret->bytes = apr_palloc(pool, len + 1);
    memcpy(secret->bytes, bytes, len);
    secret->bytes[len] = '\0';
    apr_pool_cleanup_register(pool, secret, wipe, apr_pool_cleanup_null);
    return secret;
}

fpi_secret_t *fpi_secret_make_text(apr_pool_t *pool, const char *text)
{
    return fpi_secret_make(pool, text, strlen(text));
}

bool fpi_secret_is_same(const fpi_secret_t *a, const fpi_secret_t *b)
{
    volatile unsigned char diff = 0;

    if (a->len != b->len) {
        return false;
    }
    for (size_t i = 0; i < a->len; i++) {
        diff |= (unsigned char)(a->bytes[i] ^ b->bytes[i]);
    }
    return diff == 0;
}

const char *fpi_secret_print(const fpi_secret_t *secret)
{
    return secret && secret->len ? "***" : "(empty)";
}

static fpi_err_t *open_source(int *fd, const char *where, bool strict, fpi_task_t *task)
{
    struct stat st;

    if (strcmp(where, "-") == 0) {
        *fd = STDIN_FILENO;
        return NULL;
    }
    *fd = open(where, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return fpi_fail(task, FPI_E_CONFIG, "secret file %s can't be opened: %s", where,
                        strerror(errno));
    }
    if (strict && fstat(*fd, &st) == 0 && (st.st_mode & 077)) {
        close(*fd);
        return fpi_fail(task, FPI_E_CONFIG,
                        "secret file %s can be read by others (mode %04o): chmod 600 it", where,
                        (unsigned)(st.st_mode & 07777));
    }
    return NULL;
}

fpi_err_t *fpi_secret_read(fpi_secret_t **out, const char *where, bool strict, fpi_task_t *task)
{
    char *bytes = NULL;
    size_t len = 0;
    ssize_t n;
    int fd;

    if (strncmp(where, "env:", 4) == 0) {
        const char *value = getenv(where + 4);

        if (!value) {
            return fpi_fail(task, FPI_E_CONFIG, "environment variable %s is not set", where + 4);
        }
        *out = fpi_secret_make_text(task->pool, value);
        return NULL;
    }
    FPI_TRY(open_source(&fd, where, strict, task));
    bytes = apr_palloc(task->pool, SECRET_MAX);
    while (len < SECRET_MAX && (n = read(fd, bytes + len, SECRET_MAX - len)) > 0) {
        len += (size_t)n;
    }
    if (fd != STDIN_FILENO) {
        close(fd);
    }
    while (len && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r')) {
        len--;
    }
    *out = fpi_secret_make(task->pool, bytes, len);
    fpi_secret_wipe(bytes, SECRET_MAX);
    return NULL;
}
