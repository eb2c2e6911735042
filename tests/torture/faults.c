/* Calls that fail: preloaded, it counts the calls of one kind and lets one of them fail as a full disk, a dying
 * machine or a peer would. Which, stands in the mapped file $FPIMAGE_FAULTS, shared by all processes:
 *
 *      int32 kind      one of KIND_..., 0: none
 *      int32 spared    a process that is left alone: httpd's parent, whose end would end all
 *      int64 left      the call that fails: 1 is the next one
 *      int64 hits      how many have failed
 *
 * malloc is taken over where the build says -DFAULTS_MALLOC: not under a sanitizer, which has its own. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum { KIND_NONE, KIND_MALLOC, KIND_PWRITE, KIND_WRITE, KIND_FSYNC, KIND_RENAME, KIND_OPEN, KIND_RECV, KIND_STEP };

typedef struct plan_t {
    _Atomic int32_t kind;
    int32_t spared;
    _Atomic int64_t left, hits;
} plan_t;

static plan_t *plan;
static const char *data_dir;

__attribute__((constructor)) static void map_plan(void)
{
    const char *path = getenv("FPIMAGE_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *found = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    data_dir = getenv("FPIMAGE_FAULTS_UNDER");
    if (found != MAP_FAILED) {
        plan = found;
    }
    if (fd >= 0) {
        close(fd);
    }
}

static bool fails(int kind)
{
    if (!plan || atomic_load_explicit(&plan->kind, memory_order_relaxed) != kind || getpid() == plan->spared
        || atomic_fetch_sub(&plan->left, 1) != 1) {
        return false;
    }
    atomic_fetch_add(&plan->hits, 1);
    return true;
}

static bool is_armed(int kind)
{
    return plan && atomic_load_explicit(&plan->kind, memory_order_relaxed) == kind;
}

/* Logs and scoreboards are not what is tested. */
static bool is_data(int fd)
{
    char name[64], path[4096];
    ssize_t len;

    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    len = readlink(name, path, sizeof(path) - 1);
    return len > 0 && data_dir && strncmp(path, data_dir, strlen(data_dir)) == 0;
}

static int say(int error)
{
    errno = error;
    return -1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---- the disk ---- */

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    static __typeof__(&pwrite64) next;

    next = next ? next : NEXT(pwrite64);
    return is_armed(KIND_PWRITE) && is_data(fd) && fails(KIND_PWRITE) ? say(ENOSPC) : next(fd, data, len, at);
}

ssize_t write(int fd, const void *data, size_t len)
{
    static __typeof__(&write) next;

    next = next ? next : NEXT(write);
    return is_armed(KIND_WRITE) && is_data(fd) && fails(KIND_WRITE) ? say(ENOSPC) : next(fd, data, len);
}

int fsync(int fd)
{
    static __typeof__(&fsync) next;

    next = next ? next : NEXT(fsync);
    return fails(KIND_FSYNC) ? say(EIO) : next(fd);
}

int fdatasync(int fd)
{
    static __typeof__(&fdatasync) next;

    next = next ? next : NEXT(fdatasync);
    return fails(KIND_FSYNC) ? say(EIO) : next(fd);
}

int rename(const char *from, const char *to)
{
    static __typeof__(&rename) next;

    next = next ? next : NEXT(rename);
    return fails(KIND_RENAME) ? say(EIO) : next(from, to);
}

int open64(const char *path, int flags, ...)
{
    static __typeof__(&open64) next;
    va_list args;
    int mode;

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);
    next = next ? next : NEXT(open64);
    return is_armed(KIND_OPEN) && data_dir && strncmp(path, data_dir, strlen(data_dir)) == 0 && fails(KIND_OPEN)
               ? say(EMFILE) : next(path, flags, mode);
}

/* ---- the peer ---- */

ssize_t recv(int fd, void *data, size_t len, int flags)
{
    static __typeof__(&recv) next;

    next = next ? next : NEXT(recv);
    return fails(KIND_RECV) ? say(ECONNRESET) : next(fd, data, len, flags);
}

/* ---- statements ---- */

int sqlite3_step(void *statement)
{
    static int (*next)(void *);

    next = next ? next : (int (*)(void *))dlsym(RTLD_NEXT, "sqlite3_step");
    return fails(KIND_STEP) ? 10 /* SQLITE_IOERR */ : next(statement);
}

/* ---- memory ---- */

#ifdef FAULTS_MALLOC
extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *old, size_t len);

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t len)
{
    return fails(KIND_MALLOC) ? no_memory() : __libc_malloc(len);
}

void *calloc(size_t count, size_t len)
{
    return fails(KIND_MALLOC) ? no_memory() : __libc_calloc(count, len);
}

void *realloc(void *old, size_t len)
{
    return fails(KIND_MALLOC) ? no_memory() : __libc_realloc(old, len);
}
#endif
