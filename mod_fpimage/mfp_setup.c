#include "mfp_setup.h"

#include "base/clock.h"
#include "mfp_cache.h"
#include "mfp_config.h"
#include "mfp_decode.h"
#include "mfp_hosts.h"
#include "mfp_log.h"
#include "mfp_web.h"
#include "service/named_files.h"
#include "service/setup.h"
#include "wire/crypto.h"

#include <apr_shm.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <mpm_common.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unixd.h>

enum { SET_UP_MOST_S = 15 * 60 };

/* ---- what outlives a restart; the module itself does not, so no pointer leads into it ---- */

typedef struct segment_t {
    struct segment_t *next;
    apr_pool_t *pool;
    apr_shm_t *shm;
    char key[FPI_SHA256_HEX + 1];
    int round; /* the last configuration that used it */
} segment_t;

typedef struct retained_t {
    segment_t *segments;
    int round;
    bool has_started;
} retained_t;

static mfp_app_t *apps;

mfp_app_t *mfp_setup_apps(void)
{
    return apps;
}

/* Another release may lay out the memory in another way. */
static retained_t *get_retained(fpi_task_t *task)
{
    const char *name = apr_psprintf(task->pool, "mod_fpimage %s %d", fpi_version(),
                                    (int)sizeof(fpi_shared_t));
    retained_t *retained = ap_retained_data_get(name);

    return retained ? retained : ap_retained_data_create(name, sizeof(*retained));
}

static fpi_err_t *make_segment(segment_t **out, const char *key, apr_pool_t *parent,
                               fpi_task_t *task)
{
    segment_t *segment;
    apr_pool_t *pool;
    apr_shm_t *shm;
    char reason[120];
    apr_status_t rv;

    apr_pool_create(&pool, parent);
    rv = apr_shm_create(&shm, sizeof(fpi_shared_t), NULL, pool);
    if (rv) {
        apr_pool_destroy(pool);
        return fpi_fail(task, FPI_E_CONFIG, "%d bytes of shared memory can't be had: %s",
                        (int)sizeof(fpi_shared_t), apr_strerror(rv, reason, sizeof(reason)));
    }
    memset(apr_shm_baseaddr_get(shm), 0, sizeof(fpi_shared_t));
    segment = apr_pcalloc(pool, sizeof(*segment));
    segment->pool = pool;
    segment->shm = shm;
    apr_cpystrn(segment->key, key, sizeof(segment->key));
    *out = segment;
    return NULL;
}

/* The same settings get the same counters at each restart. */
static fpi_err_t *get_shared(mfp_app_t *app, retained_t *retained, fpi_task_t *task)
{
    const char *key = fpi_sha256_hex(app->key, strlen(app->key), task);
    segment_t *segment = retained->segments;

    while (segment && strcmp(segment->key, key) != 0) {
        segment = segment->next;
    }
    if (!segment) {
        FPI_TRY(make_segment(&segment, key, app->server->process->pool, task));
        segment->next = retained->segments;
        retained->segments = segment;
    }
    segment->round = retained->round;
    app->shared = apr_shm_baseaddr_get(segment->shm);
    return NULL;
}

/* Children of the last configuration keep their own mapping. */
static void drop_unused(retained_t *retained)
{
    segment_t **link = &retained->segments;

    while (*link) {
        segment_t *segment = *link;

        if (segment->round == retained->round) {
            link = &segment->next;
        }
        else {
            *link = segment->next;
            apr_pool_destroy(segment->pool);
        }
    }
}

/* ---- which hosts share an app ---- */

static const char *make_key(const fpi_settings_t *settings, apr_pool_t *pool)
{
    const char *key = "";

    for (int i = 0; i < FPI_SET_COUNT; i++) {
        fpi_setting_t row = (fpi_setting_t)i;

        /* of the module alone: hosts that differ in these share an app */
        if (row != FPI_SET_FPImageEngine && row != FPI_SET_FPImageTrustedProxy
            && row != FPI_SET_FPImageStatus) {
            key = apr_pstrcat(pool, key, fpi_setting_format(settings, row, pool), "\n", NULL);
        }
    }
    return key;
}

static mfp_app_t *get_app(server_rec *host, const fpi_settings_t *settings, apr_pool_t *pconf)
{
    const char *key = make_key(settings, pconf);
    mfp_app_t **link = &apps;

    while (*link && strcmp((*link)->key, key) != 0) {
        link = &(*link)->next;
    }
    if (!*link) {
        *link = apr_pcalloc(pconf, sizeof(**link));
        (*link)->key = key;
        (*link)->server = host;
        (*link)->settings = settings;
    }
    return *link;
}

static void make_apps(server_rec *main, apr_pool_t *pconf)
{
    apps = NULL;
    for (server_rec *host = main; host; host = host->next) {
        mfp_config_t *config = mfp_config_of(host);

        config->app = config->settings->engine ? get_app(host, config->settings, pconf) : NULL;
    }
}

/* ---- the set-up process ---- */

enum { REMARKS = 2 };

typedef struct outcome_t { /* fits into one write to a pipe */
    int code;
    int made_admin;
    char sentence[1024];
    char remarks[REMARKS][600]; /* what can't be used, where that stops nothing; "" none */
} outcome_t;

static const char *login_file(const fpi_settings_t *settings, apr_pool_t *pool)
{
    return apr_pstrcat(pool, settings->data_dir, "/first-login", NULL);
}

/* Never into a log: logs are copied, mailed and kept. */
static fpi_err_t *write_login(const fpi_settings_t *settings, const char *password,
                              fpi_task_t *task)
{
    const char *path = login_file(settings, task->pool);
    const char *line = apr_pstrcat(task->pool, password, "\n", NULL);
    int fd;

    if (unlink(path) != 0 && errno != ENOENT) {
        return fpi_fail(task, FPI_E_CONFIG, "%s can't be replaced: %s", path, strerror(errno));
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line) || close(fd) != 0) {
        return fpi_fail(task, FPI_E_CONFIG,
                        "the first administrator's password can't be written to %s: %s; fpimagectl "
                        "user reset prints a new one",
                        path, strerror(errno));
    }
    return NULL;
}

/* As httpd's user: may it use what the directives name? That stops a start; a server that runs already goes on without,
 * as its other work is more than that. */
static fpi_err_t *check_files(outcome_t *outcome, const fpi_settings_t *settings, bool is_restart, fpi_task_t *task)
{
    fpi_err_t *wrong[REMARKS] = { fpi_named_anchors(settings, task), fpi_named_program(settings, task) };

    for (int i = 0; i < REMARKS; i++) {
        if (wrong[i] && !is_restart) {
            return wrong[i];
        }
        apr_cpystrn(outcome->remarks[i], wrong[i] ? wrong[i]->detail : "", sizeof(outcome->remarks[i]));
    }
    return NULL;
}

static fpi_err_t *set_up_as_user(outcome_t *outcome, const mfp_app_t *app, bool is_restart, fpi_task_t *task)
{
    const char *password = NULL;

    if (ap_run_drop_privileges(task->pool, app->server) != OK) {
        return fpi_fail(task, FPI_E_CONFIG, "httpd's user can't be taken on (User, Group)");
    }
    FPI_TRY(check_files(outcome, app->settings, is_restart, task));
    FPI_TRY(fpi_setup_store(&password, app->settings, task));
    outcome->made_admin = password != NULL;
    return password ? write_login(app->settings, password, task) : NULL;
}

static void run_set_up(int fd, const mfp_app_t *app, bool is_restart, fpi_task_t *task) __attribute__((noreturn));

static void run_set_up(int fd, const mfp_app_t *app, bool is_restart, fpi_task_t *task)
{
    outcome_t outcome = { 0 };
    fpi_err_t *err;

    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    umask(077);
    err = set_up_as_user(&outcome, app, is_restart, task);
    if (err) {
        const char *chain = fpi_err_chain(task->pool, err);
        const char *sentence = strstr(chain, ": "); /* the code is told apart */

        outcome.code = (int)err->code;
        apr_cpystrn(outcome.sentence, sentence ? sentence + 2 : chain, sizeof(outcome.sentence));
    }
    /* no exit handlers: they belong to the parent. What can't be written shows as an early end */
    _exit(write(fd, &outcome, sizeof(outcome)) == (ssize_t)sizeof(outcome) ? 0 : 1);
}

/* False when the process ended or time ran out before it told. */
static bool hear(outcome_t *outcome, int fd)
{
    apr_time_t end = fpi_clock_tick() + apr_time_from_sec(SET_UP_MOST_S);
    size_t got = 0;

    while (got < sizeof(*outcome)) {
        struct pollfd wait = { fd, POLLIN, 0 };
        apr_interval_time_t left = end - fpi_clock_tick();
        ssize_t n;

        if (left <= 0) {
            return false;
        }
        if (poll(&wait, 1, (int)apr_time_as_msec(left) + 1) <= 0) {
            continue; /* a signal, or the time is up */
        }
        n = read(fd, (char *)outcome + got, sizeof(*outcome) - got);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        got += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static void reap(pid_t pid, bool has_told, int *status)
{
    if (!has_told) {
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
    }
}

static fpi_err_t *judge(const outcome_t *outcome, bool has_told, int status, fpi_task_t *task)
{
    if (!has_told) {
        return fpi_fail(task, FPI_E_STORE, "the set-up process ended early (%s %d)",
                        WIFSIGNALED(status) ? "signal" : "status",
                        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    if (outcome->code != FPI_DONE) {
        return fpi_fail(task, (fpi_code_t)outcome->code, "%s", outcome->sentence);
    }
    return NULL;
}

static void tell_remarks(const outcome_t *outcome, fpi_task_t *task)
{
    for (int i = 0; i < REMARKS; i++) {
        if (*outcome->remarks[i]) {
            fpi_log(task, FPI_M_NAMED_UNUSABLE, "%s", outcome->remarks[i]);
        }
    }
}

static fpi_err_t *set_up_store(const mfp_app_t *app, bool is_restart, fpi_task_t *task)
{
    outcome_t outcome = { 0 };
    int status = 0;
    int pipes[2];
    bool has_told;
    pid_t pid;

    if (pipe(pipes) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "a pipe can't be made: %s", strerror(errno));
    }
    pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        run_set_up(pipes[1], app, is_restart, task);
    }
    close(pipes[1]);
    has_told = pid > 0 && hear(&outcome, pipes[0]);
    close(pipes[0]);
    if (pid < 0) {
        return fpi_fail(task, FPI_E_CONFIG, "the set-up process can't be started");
    }
    reap(pid, has_told, &status);
    if (has_told && outcome.made_admin) {
        fpi_log(task, FPI_M_ADMIN,
                "the first administrator was made; the one-time password is in %s",
                login_file(app->settings, task->pool));
    }
    tell_remarks(&outcome, task);
    return judge(&outcome, has_told, status, task);
}

/* ---- one app ---- */

bool mfp_setup_is_same_store(const mfp_app_t *a, const mfp_app_t *b)
{
    return strcmp(a->settings->data_dir, b->settings->data_dir) == 0
           && strcmp(a->settings->database, b->settings->database) == 0
           && strcmp(a->settings->blob_store, b->settings->blob_store) == 0
           && strcmp(a->settings->secret_file, b->settings->secret_file) == 0;
}

static bool is_set_up(const mfp_app_t *app)
{
    for (const mfp_app_t *other = apps; other != app; other = other->next) {
        if (mfp_setup_is_same_store(other, app)) {
            return true;
        }
    }
    return false;
}

static fpi_err_t *set_up(const mfp_app_t *app, bool is_restart, fpi_task_t *task)
{
    bool is_first = false;

    if (is_set_up(app)) {
        return NULL;
    }
    FPI_TRY(fpi_setup_prepare(&is_first, app->settings, (unsigned)ap_unixd_config.user_id,
                              (unsigned)ap_unixd_config.group_id, task));
    FPI_TRY(set_up_store(app, is_restart, task));
    if (is_first) {
        fpi_log(task, FPI_M_SETUP, "data directory %s, key file %s and the store were made",
                app->settings->data_dir, app->settings->secret_file);
    }
    return NULL;
}

/* Is it plain http to another machine? */
static bool is_plain(const char *upstream)
{
    const char *host = upstream + 7;
    size_t len;

    if (strncmp(upstream, "http://", 7) != 0) {
        return false;
    }
    len = strcspn(host, "/");
    return strncmp(host, "127.", 4) != 0 && strncmp(host, "[::1]", 5) != 0
           && (strncmp(host, "localhost", 9) != 0 || (len > 9 && host[9] != ':'));
}

static void tell_ready(const mfp_app_t *app, fpi_task_t *task)
{
    const fpi_settings_t *settings = app->settings;

    if (is_plain(settings->upstream)) {
        fpi_log(task, FPI_M_UPSTREAM_PLAIN, "FPImageUpstream %s is not encrypted",
                settings->upstream);
    }
    fpi_log(task, FPI_M_READY, "mod_fpimage %s is ready: data in %s, upstream %s, token cache %s",
            fpi_version(), settings->data_dir, settings->upstream,
            app->cache ? settings->token_cache : "none");
}

int mfp_setup(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main)
{
    fpi_task_t *task = fpi_task_make(ptemp, mfp_log_server(ptemp, main));
    retained_t *retained = get_retained(task);

    retained->round++;
    make_apps(main, pconf);
    for (mfp_app_t *app = apps; app; app = app->next) {
        fpi_err_t *err = get_shared(app, retained, task);
        bool is_fatal = err != NULL;

        err = err ? err : set_up(app, retained->has_started, task);
        if (err) {
            fpi_log_err(task, FPI_M_SETUP_FAILED, err, "mod_fpimage can't start (data directory %s)",
                        app->settings->data_dir);
            if (is_fatal || !retained->has_started) {
                return HTTP_INTERNAL_SERVER_ERROR;
            }
            continue;
        }
        app->cache = mfp_cache_make(app->settings, main, pconf, task);
        tell_ready(app, task);
    }
    mfp_hosts_tell(main, task);
    mfp_decode_setup(pconf, main, task);
    mfp_web_setup(pconf, task);
    drop_unused(retained);
    retained->has_started = true;
    return OK;
}
