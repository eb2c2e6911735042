#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tools/decode_office_run.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_SECCOMP
#include <seccomp.h>
#endif

enum { PAUSE_MS = 20, FILES = 512, FIRST_FREE = 3, TEXT = PATH_MAX + 64 };

/* ---- the fence ---- */

static void limit(const decode_office_t *office)
{
    const struct {
        int what;
        rlim_t most;
    } limits[] = {
        { RLIMIT_CORE, 0 },
        { RLIMIT_FSIZE, DECODE_OFFICE_FILE },
        { RLIMIT_NOFILE, FILES },
        { RLIMIT_CPU, (rlim_t)office->seconds },
#ifndef HAVE_SANITIZER
        { RLIMIT_AS, (rlim_t)(office->memory > DECODE_OFFICE_MEMORY ? office->memory : DECODE_OFFICE_MEMORY) },
#endif
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        struct rlimit now = { limits[i].most, limits[i].most };

        setrlimit((__rlimit_resource_t)limits[i].what, &now);
    }
}

#if defined(SYS_landlock_create_ruleset) && defined(SYS_landlock_add_rule) && defined(SYS_landlock_restrict_self)
enum {
    EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_FILE = 1 << 5, MAKE_SOCKET = 1 << 9,
    ALL_OF_FIRST = (1 << 13) - 1, BENEATH = 1
};

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static void allow(int rules, const char *path, uint64_t what)
{
    struct beneath rule = { what, open(path, O_PATH | O_CLOEXEC) };

    if (rule.parent >= 0) {
        syscall(SYS_landlock_add_rule, rules, BENEATH, &rule, 0);
        close(rule.parent);
    }
}

/* Where the kernel has it. What it reads is what any program reads to start. */
static bool lock_files(const decode_office_t *office)
{
    static const char *const readable[] = { "/usr", "/lib", "/lib64", "/bin", "/opt", "/etc", "/proc", "/sys", "/var/cache/fontconfig" };
    uint64_t handled = ALL_OF_FIRST;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    char home[PATH_MAX];
    bool is_done;

    if (rules < 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++) {
        allow(rules, readable[i], EXECUTE | READ_FILE | READ_DIR);
    }
    snprintf(home, sizeof(home), "%s", office->program);
    allow(rules, dirname(home), EXECUTE | READ_FILE | READ_DIR);
    allow(rules, "/dev", READ_FILE | READ_DIR | WRITE_FILE);
    allow(rules, "/tmp", MAKE_SOCKET | REMOVE_FILE); /* by which it would find another of its kind; the place is fixed */
    allow(rules, office->folder, ALL_OF_FIRST);
    is_done = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return is_done;
}
#else
static bool lock_files(const decode_office_t *office)
{
    return office != NULL;
}
#endif

#ifdef HAVE_SECCOMP
/* Sockets of its own kind it needs, to itself. */
static bool lock_network(void)
{
    static const int families[] = { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool is_done = filter != NULL;

    for (size_t i = 0; is_done && i < sizeof(families) / sizeof(*families); i++) {
        is_done = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i])) == 0;
    }
    is_done = is_done && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ptrace), 0) == 0
              && seccomp_load(filter) == 0;
    if (filter) {
        seccomp_release(filter);
    }
    return is_done;
}
#else
static bool lock_network(void)
{
    return true; /* the keeper's name space has none, where it could have one */
}
#endif

/* ---- its process ---- */

static void become_office(const decode_office_t *office) __attribute__((noreturn));

static void become_office(const decode_office_t *office)
{
    static char profile[TEXT], home[TEXT], temporary[TEXT];
    const char *argv[] = { office->program, profile, "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck",
                           "--convert-to", "pdf", "--outdir", office->folder, office->name, NULL };
    char *const environment[] = { home, temporary, (char *)(uintptr_t)"PATH=/usr/bin:/bin", (char *)(uintptr_t)"LANG=C.UTF-8", NULL };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    snprintf(profile, sizeof(profile), "-env:UserInstallation=file://%s/profile", office->folder);
    snprintf(home, sizeof(home), "HOME=%s", office->folder);
    snprintf(temporary, sizeof(temporary), "TMPDIR=%s", office->folder);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL);
    for (int fd = 0; fd < FIRST_FREE; fd++) {
        dup2(null, fd);
    }
    for (int fd = FIRST_FREE; fd < FILES; fd++) {
        close(fd);
    }
    limit(office);
    if (chdir(office->folder) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && lock_files(office) && lock_network()) {
        execve(argv[0], (char *const *)(uintptr_t)argv, environment);
    }
    _exit(127);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int decode_office_run(const decode_office_t *office, char *why, size_t room)
{
    const struct timespec pause = { 0, PAUSE_MS * 1000000L };
    int64_t end = now_ms() + (int64_t)office->seconds * 1000;
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        become_office(office);
    }
    while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
        if (now_ms() >= end) {
            snprintf(why, room, "LibreOffice took more than %d s", office->seconds);
            return 1;
        }
        nanosleep(&pause, NULL);
    }
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        snprintf(why, room, "LibreOffice ended with %s %d", pid > 0 && WIFSIGNALED(status) ? "signal" : "status",
                 pid < 0 ? errno : WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        return 1;
    }
    return 0;
}
