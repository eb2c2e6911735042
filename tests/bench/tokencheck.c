/* What the check of a token costs, and what its parts cost by themselves.
 *
 *   tokencheck DATADIR CLIENT_ID COUNT
 *
 * One line each, "NAME NANOSECONDS" of CPU: check (all of fpi_access_token_check), hmac (over as many bytes as
 * a token has), md5 (the vendor's sign). Under callgrind, collect in fpi_access_token_check only. */
#include "base/secret.h"
#include "service/access.h"
#include "wire/crypto.h"
#include "wire/http.h"

#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TOKEN_BYTES = 55 };

typedef struct bench_t {
    fpi_app_t *app;
    const fpi_enterprise_t *enterprise;
    const char *token;
    fpi_mac_t *mac;
} bench_t;

static void die(const char *what, const fpi_err_t *err)
{
    fprintf(stderr, "tokencheck: %s: %s\n", what, err ? err->detail : "failed");
    exit(1);
}

static double cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static fpi_err_t *check(const bench_t *bench, fpi_task_t *task)
{
    const fpi_enterprise_t *enterprise;

    return fpi_access_token_check(&enterprise, bench->app, bench->token, task);
}

static fpi_err_t *hmac(const bench_t *bench, fpi_task_t *task)
{
    unsigned char sum[FPI_SHA256_LEN];

    return fpi_mac_sum(sum, bench->mac, bench->token, TOKEN_BYTES, task);
}

static fpi_err_t *md5(const bench_t *bench, fpi_task_t *task)
{
    const char *sign;

    return fpi_sign_make(&sign, FPI_SIGN_MD5, bench->enterprise->client_id, bench->enterprise->secret,
                         "1700000000000", task);
}

/* Each in a pool that is cleared after it, as a request's is. */
static void measure(const char *name, fpi_err_t *(*fn)(const bench_t *, fpi_task_t *), const bench_t *bench,
                    long count, const fpi_task_t *task)
{
    fpi_task_t own = *task;
    double start;

    apr_pool_create(&own.pool, task->pool);
    start = cpu_ns();
    for (long i = 0; i < count; i++) {
        fpi_err_t *err = fn(bench, &own);

        if (err) {
            die(name, err);
        }
        apr_pool_clear(own.pool);
    }
    printf("%s %.1f\n", name, (cpu_ns() - start) / (double)count);
}

static fpi_settings_t *read_settings(const char *data_dir, apr_pool_t *pool)
{
    fpi_settings_t *said = fpi_settings_make(pool);
    const char *wrong = fpi_settings_take(said, FPI_SET_FPImageDataDir, data_dir, NULL, pool);

    if (wrong) {
        fprintf(stderr, "tokencheck: %s\n", wrong);
        exit(2);
    }
    return fpi_settings_complete(pool, said, data_dir);
}

int main(int argc, char **argv)
{
    static const unsigned char key[FPI_KEY_LEN] = { 1 };
    static fpi_shared_t shared;
    long count = argc == 4 ? atol(argv[3]) : 0;
    bench_t bench;
    apr_pool_t *pool;
    fpi_task_t *task;
    fpi_err_t *err;

    if (count < 1) {
        fprintf(stderr, "usage: tokencheck DATADIR CLIENT_ID COUNT\n");
        return 2;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    task = fpi_task_make(pool, NULL);
    fpi_http_setup();
    err = fpi_app_open(&bench.app, pool, read_settings(argv[1], pool), task->log, &shared, NULL, task);
    if (err) {
        die("open", err);
    }
    bench.enterprise = fpi_people_find(bench.app, argv[2], task);
    if (!bench.enterprise) {
        die("no such enterprise", NULL);
    }
    err = fpi_access_token_issue(&bench.token, bench.app, bench.enterprise, task);
    err = err ? err : fpi_mac_make(&bench.mac, pool, key, task);
    if (err) {
        die("token", err);
    }
    measure("check", check, &bench, count, task);
    measure("hmac", hmac, &bench, count, task);
    measure("md5", md5, &bench, count, task);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
