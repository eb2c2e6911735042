#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tools/decode_jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_SECCOMP
#include <sched.h>
#include <seccomp.h>
#endif

/* ---- limits ---- */

enum {
    FILES = 64,
    THREADS = 4096, /* of this user, other programs' too where there is no user of our own */
    NICE = 5        /* a third of the weight of a thread that answers somebody */
};

#ifndef HAVE_SANITIZER /* which maps terabytes of shadow */
static int64_t address_space(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long pages = 0;

    if (!file || fscanf(file, "%ld", &pages) != 1) {
        pages = 0;
    }
    if (file) {
        fclose(file);
    }
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}
#endif

static fpi_err_t *limit(int64_t memory, fpi_task_t *task)
{
    const struct {
        int what;
        rlim_t most;
    } limits[] = {
        { RLIMIT_CORE, 0 },
        { RLIMIT_FSIZE, 0 },
        { RLIMIT_NOFILE, FILES },
        { RLIMIT_NPROC, THREADS },
        { RLIMIT_CPU, 24 * 3600 },
#ifndef HAVE_SANITIZER
        { RLIMIT_AS, (rlim_t)(address_space() + memory) },
#endif
    };

    setpriority(PRIO_PROCESS, 0, NICE); /* fails only for who is as nice already */
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        struct rlimit now = { limits[i].most, limits[i].most };

        if (setrlimit(limits[i].what, &now) != 0) {
            return fpi_fail(task, FPI_E_CONFIG, "limit %d can't be set: %s", limits[i].what, strerror(errno));
        }
    }
    return NULL;
}

/* ---- Landlock: by its system calls, as no library of Debian 12 has them ---- */

#if defined(SYS_landlock_create_ruleset) && defined(SYS_landlock_add_rule) && defined(SYS_landlock_restrict_self)
enum { READ_FILE = 1 << 2, READ_DIR = 1 << 3, ALL_OF_FIRST = (1 << 13) - 1, BENEATH = 1 };

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* What libraries read while they work: fonts, their index, character maps, colour profiles, converters. */
static const char *const readable[] = {
    "/etc/fonts", "/usr/share/fonts", "/usr/share/fontconfig", "/usr/local/share/fonts", "/var/cache/fontconfig",
    "/usr/share/poppler", "/usr/share/color", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache",
};

static void allow(int rules, const char *path)
{
    struct beneath rule = { READ_FILE | READ_DIR, open(path, O_PATH | O_CLOEXEC) };

    if (rule.parent < 0) {
        return; /* not on this system */
    }
    if (syscall(SYS_landlock_add_rule, rules, BENEATH, &rule, 0) != 0 && errno == EINVAL) {
        rule.allowed = READ_FILE; /* it is no directory */
        syscall(SYS_landlock_add_rule, rules, BENEATH, &rule, 0);
    }
    close(rule.parent);
}

static fpi_err_t *lock_files(fpi_task_t *task)
{
    uint64_t handled = ALL_OF_FIRST;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    bool is_done;

    if (rules < 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++) {
        allow(rules, readable[i]);
    }
    is_done = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return is_done ? NULL : fpi_fail(task, FPI_E_CONFIG, "Landlock can't be put up: %s", strerror(errno));
}
#else
static fpi_err_t *lock_files(fpi_task_t *task)
{
    return NULL;
}
#endif

/* ---- seccomp: what is not listed is answered EPERM ---- */

#ifdef HAVE_SECCOMP
static const int calls[] = {
    /* memory and threads */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(gettid),
    SCMP_SYS(getpid), SCMP_SYS(tgkill), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getattr),
    SCMP_SYS(sched_setattr), SCMP_SYS(membarrier), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
    /* time and facts about ourselves */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday),
    SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getuid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getcwd),
    /* the sockets and files that we have, and files that Landlock lets us read */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(fstatfs), SCMP_SYS(statfs), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents), SCMP_SYS(getdents64), SCMP_SYS(fcntl), SCMP_SYS(dup),
    SCMP_SYS(fadvise64), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg),
    SCMP_SYS(sendto), SCMP_SYS(eventfd2), SCMP_SYS(pipe2),
};

static int allow_calls(scmp_filter_ctx filter)
{
    int failed = 0;

    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls) && failed == 0; i++) {
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    }
    return failed;
}

/* Calls that are harmless with some arguments only. */
static int allow_some(scmp_filter_ctx filter)
{
    const scmp_datum_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;

    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0))
           || seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, writing, 0))
           || seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
           /* glibc falls back to clone, whose flags can be seen */
           || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0)
           || seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME))
#ifdef HAVE_SANITIZER
           || seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_NE, PR_SET_NAME))
#endif
           /* to ask for a limit, not to set one */
           || seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
}

static fpi_err_t *filter_calls(fpi_task_t *task)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = !filter || allow_calls(filter) || allow_some(filter) || seccomp_load(filter);

    if (filter) {
        seccomp_release(filter);
    }
    return failed ? fpi_fail(task, FPI_E_CONFIG, "the system call filter can't be put up: %s", strerror(errno)) : NULL;
}
#else
static fpi_err_t *filter_calls(fpi_task_t *task)
{
    return NULL;
}
#endif

fpi_err_t *decode_jail_enter(int64_t memory, fpi_task_t *task)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return fpi_fail(task, FPI_E_CONFIG, "privileges can't be given up: %s", strerror(errno));
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like others */
    FPI_TRY(limit(memory, task));
    FPI_TRY(lock_files(task));
    return filter_calls(task);
}

/* ---- trying it out ---- */

static bool can_read(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool can_write(void)
{
    return open("/tmp/fpimage-decode-escaped", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static bool can_call(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool can_pair(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool can_fork(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    return pid > 0;
}

static bool can_start(void)
{
    static char *const none[] = { NULL };

    return execve("/bin/true", none, none) == 0 || errno != EPERM;
}

static bool can_signal(void)
{
    return kill(getppid(), 0) == 0;
}

bool decode_jail_try(void)
{
    static const struct {
        const char *name;
        bool (*can)(void);
    } tries[] = { { "read_file", can_read },     { "write_file", can_write }, { "network", can_call },
                  { "local_socket", can_pair },  { "process", can_fork },     { "program", can_start },
                  { "signal_others", can_signal } };
    bool is_tight = true;

    for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
        bool can = tries[i].can();

        printf("%s %s\n", tries[i].name, can ? "allowed" : "denied");
        is_tight = is_tight && !can;
    }
    fflush(stdout);
    return is_tight;
}
