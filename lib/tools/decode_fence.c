#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "tools/decode_fence.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct passwd *find_user(const char *named)
{
    const struct passwd *pw = getpwnam(named ? named : "fpimage-decode");

    return pw || named ? pw : getpwnam("nobody");
}

static bool become(const struct passwd *pw, char *why, size_t room)
{
    if (setgroups(0, NULL) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0
        || setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0) {
        snprintf(why, room, "user %s can't be taken on: %s", pw->pw_name, strerror(errno));
        return false;
    }
    if (setresuid(0, 0, 0) == 0) {
        snprintf(why, room, "root could be taken back after it was given up");
        return false;
    }
    return true;
}

static bool take_user(decode_fence_t *fence, const char *named, char *why, size_t room)
{
    const struct passwd *pw;

    if (geteuid() != 0) {
        snprintf(fence->user, sizeof(fence->user), "#%u", (unsigned)geteuid());
        return true;
    }
    pw = find_user(named);
    if (!pw || pw->pw_uid == 0) {
        snprintf(why, room, "there is no user %s to run as, and it does not run as root",
                 named ? named : "fpimage-decode or nobody");
        return false;
    }
    snprintf(fence->user, sizeof(fence->user), "%s", pw->pw_name);
    fence->is_own_user = true;
    return become(pw, why, room);
}

static bool has_landlock(void)
{
#ifdef SYS_landlock_create_ruleset
    return syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* asks for the version */) > 0;
#else
    return false;
#endif
}

static bool has_seccomp(void)
{
#ifdef HAVE_SECCOMP
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
#else
    return false;
#endif
}

bool decode_fence_take(decode_fence_t *fence, const char *user, char *why, size_t room)
{
    memset(fence, 0, sizeof(*fence));
    fence->has_landlock = has_landlock();
    fence->has_seccomp = has_seccomp();
    /* without root this needs a user name space, which many kernels refuse: seccomp denies sockets anyhow */
    fence->has_no_network =
        unshare(geteuid() == 0 ? CLONE_NEWNET | CLONE_NEWIPC : CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0;
    if (!take_user(fence, user, why, room)) {
        return false;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        snprintf(why, room, "privileges can't be given up: %s", strerror(errno));
        return false;
    }
    return true;
}
