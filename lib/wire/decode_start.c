#include "wire/decode_own.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef FPI_DECODE_PROGRAM
#define FPI_DECODE_PROGRAM "/usr/libexec/mod_fpimage/fpimage-decode"
#endif

/* Descriptors of a new keeper; decode_keeper.c has the same. */
enum { CONTROL = 3, REPORT = 4, FIRST_FREE = 5 };
enum { REPORT_MOST_MS = 10 * 1000, STANDARD_TIMEOUT_S = 30 };
static const int64_t STANDARD_MEMORY = (int64_t)1 << 30;

static const char *find_office(const char *said, apr_pool_t *pool)
{
    static const char *const places[] = { "/usr/bin/soffice", "/usr/lib/libreoffice/program/soffice",
                                          "/usr/lib64/libreoffice/program/soffice", "/usr/local/bin/soffice" };
    const char *named = said ? said : getenv("FPIMAGE_SOFFICE");

    if (named) {
        return apr_pstrdup(pool, named);
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        if (access(places[i], X_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

static fpi_decode_options_t complete(const fpi_decode_options_t *said, apr_pool_t *pool)
{
    fpi_decode_options_t o = *said;
    const char *named = getenv("FPIMAGE_DECODE");

    o.program = apr_pstrdup(pool, o.program ? o.program : named && *named ? named : FPI_DECODE_PROGRAM);
    o.workers = o.workers < 1 ? 1 : o.workers > FPI_DECODE_WORKERS ? FPI_DECODE_WORKERS : o.workers;
    o.timeout = o.timeout > 0 ? o.timeout : apr_time_from_sec(STANDARD_TIMEOUT_S);
    o.memory = o.memory > 0 ? o.memory : STANDARD_MEMORY;
    o.user = o.user ? apr_pstrdup(pool, o.user) : NULL;
    o.office = find_office(o.office, pool);
    return o;
}

/* ---- the new process, between fork and exec: no pool, no lock ---- */

static void close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0) {
        return;
    }
#endif
    for (int fd = first; fd < 65536; fd++) {
        close(fd);
    }
}

static void reset_signals(void)
{
    sigset_t none;

    for (int i = 1; i < NSIG; i++) {
        signal(i, SIG_DFL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_keeper(const char *const *argv, int control, int report) __attribute__((noreturn));

static void become_keeper(const char *const *argv, int control, int report)
{
    static char *const environment[] = { (char *)(uintptr_t)"PATH=/usr/bin:/bin", (char *)(uintptr_t)"LANG=C.UTF-8",
                                         NULL };
    int null = open("/dev/null", O_RDWR);
    int high_control = fcntl(control, F_DUPFD, 16);
    int high_report = fcntl(report, F_DUPFD, 16);

    /* out of the terminal's reach: it ends with its clients, not before them */
    setsid();
    reset_signals();
    for (int fd = 0; fd < CONTROL; fd++) {
        dup2(null, fd);
    }
    if (dup2(high_control, CONTROL) == CONTROL && dup2(high_report, REPORT) == REPORT && chdir("/") == 0) {
        close_from(FIRST_FREE);
        execve(argv[0], (char *const *)(uintptr_t)argv, environment);
    }
    _exit(127);
}

/* ---- the parent ---- */

static const char **make_argv(const fpi_decode_options_t *o, apr_pool_t *pool)
{
    const char **argv = apr_pcalloc(pool, 16 * sizeof(*argv));
    int n = 0;

    argv[n++] = o->program;
    argv[n++] = "--workers";
    argv[n++] = apr_itoa(pool, o->workers);
    argv[n++] = "--timeout-ms";
    argv[n++] = apr_psprintf(pool, "%" APR_TIME_T_FMT, apr_time_as_msec(o->timeout));
    argv[n++] = "--memory";
    argv[n++] = apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)o->memory);
    if (o->office && *o->office) {
        argv[n++] = "--office";
        argv[n++] = o->office;
    }
    if (o->user) {
        argv[n++] = "--user";
        argv[n++] = o->user;
    }
    return argv;
}

/* What the keeper says of itself before it serves, until it closes the pipe. */
static void hear_report(char about[FPI_DECODE_ABOUT], int fd)
{
    struct pollfd wait = { fd, POLLIN, 0 };
    size_t len = 0;
    ssize_t n = 1;

    while (n > 0 && len < FPI_DECODE_ABOUT - 1) {
        int ready = poll(&wait, 1, REPORT_MOST_MS);

        if (ready < 0 && errno == EINTR) {
            continue;
        }
        n = ready > 0 ? read(fd, about + len, FPI_DECODE_ABOUT - 1 - len) : 0;
        len += n > 0 ? (size_t)n : 0;
    }
    about[len] = '\0';
}

/* It ends its report with "ready"; anything else is a reason. */
static fpi_err_t *judge(fpi_decoder_t *decoder, fpi_task_t *task)
{
    const char *end = strstr(decoder->about, "ready\n");
    const char *why = *decoder->about ? decoder->about : "it ended without a word";
    pid_t pid = decoder->keeper;

    if (end) {
        return NULL;
    }
    decoder->keeper = 0;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return fpi_fail(task, FPI_E_CONFIG, "the decoding helper %s can't serve: %.*s", decoder->options.program,
                    (int)strcspn(why, "\n"), why);
}

static fpi_err_t *start_keeper(fpi_decoder_t *decoder, fpi_task_t *task)
{
    const char **argv = make_argv(&decoder->options, task->pool);
    int report[2];

    if (access(argv[0], X_OK) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "the decoding helper %s can't be run: %s; install it, or name it in the "
                        "environment variable FPIMAGE_DECODE", argv[0], strerror(errno));
    }
    if (pipe2(report, O_CLOEXEC) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "a pipe can't be made: %s", strerror(errno));
    }
    decoder->keeper = fork();
    if (decoder->keeper == 0) {
        become_keeper(argv, decoder->keepers_end, report[1]);
    }
    close(report[1]);
    *decoder->about = '\0';
    if (decoder->keeper > 0) {
        hear_report(decoder->about, report[0]);
    }
    close(report[0]);
    if (decoder->keeper < 0) {
        decoder->keeper = 0;
        return fpi_fail(task, FPI_E_CONFIG, "the decoding helper can't be started: %s", strerror(errno));
    }
    return judge(decoder, task);
}

static apr_status_t close_decoder(void *data)
{
    fpi_decoder_t *decoder = data;

    close(decoder->clients_end);
    close(decoder->keepers_end);
    return APR_SUCCESS;
}

/* Of one that the tool started for itself: nobody else would collect it. */
static apr_status_t end_keeper(void *data)
{
    fpi_decoder_t *decoder = data;

    close_decoder(data);
    if (decoder->keeper > 0) {
        kill(decoder->keeper, SIGTERM);
        while (waitpid(decoder->keeper, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    return APR_SUCCESS;
}

fpi_err_t *fpi_decoder_make(fpi_decoder_t **out, apr_pool_t *pool, const fpi_decode_options_t *options,
                            fpi_task_t *task)
{
    fpi_decoder_t *decoder = apr_pcalloc(pool, sizeof(*decoder));
    int ends[2];

    *out = NULL;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "a socket can't be made: %s", strerror(errno));
    }
    decoder->pool = pool;
    decoder->options = complete(options, pool);
    decoder->clients_end = ends[0];
    decoder->keepers_end = ends[1];
    decoder->counts = apr_pcalloc(pool, sizeof(*decoder->counts));
    *out = decoder;
    return start_keeper(decoder, task);
}

fpi_err_t *fpi_decoder_start(fpi_decoder_t **out, apr_pool_t *pool, const fpi_decode_options_t *options,
                             fpi_task_t *task)
{
    fpi_err_t *err = fpi_decoder_make(out, pool, options, task);

    if (err) {
        if (*out) {
            close_decoder(*out);
        }
        *out = NULL;
        return err;
    }
    apr_pool_cleanup_register(pool, *out, end_keeper, close_decoder);
    return NULL;
}

void fpi_decoder_retire(fpi_decoder_t *decoder)
{
    if (decoder->keeper > 0) {
        kill(decoder->keeper, SIGTERM);
        decoder->keeper = 0;
    }
}

fpi_err_t *fpi_decoder_restart(fpi_decoder_t *decoder, const fpi_decode_options_t *options, fpi_task_t *task)
{
    if (options) {
        decoder->options = complete(options, decoder->pool);
    }
    fpi_decoder_retire(decoder);
    return start_keeper(decoder, task);
}

pid_t fpi_decoder_pid(const fpi_decoder_t *decoder)
{
    return decoder->keeper;
}

void fpi_decoder_forget(fpi_decoder_t *decoder)
{
    decoder->keeper = 0;
}

const char *fpi_decoder_about(const fpi_decoder_t *decoder)
{
    return decoder->about;
}

fpi_decoder_t *fpi_decoder_use(const fpi_decoder_t *decoder, fpi_decode_counts_t *counts, apr_pool_t *pool)
{
    fpi_decoder_t *mine = apr_pmemdup(pool, decoder, sizeof(*decoder));

    mine->pool = pool;
    mine->counts = counts;
    return mine;
}
