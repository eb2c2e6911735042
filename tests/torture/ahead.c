/* A clock that is ahead: preloaded, it adds the seconds that stand in the file $FPIMAGE_AHEAD (8 bytes, this
 * machine's order) to the time of day. The file is mapped, so whoever writes it moves all processes at once. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void map_file(void)
{
    const char *path = getenv("FPIMAGE_AHEAD");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *found = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);

    if (found != MAP_FAILED) {
        ahead = found;
    }
    if (fd >= 0) {
        close(fd);
    }
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec ts;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &ts);
    now->tv_sec = ts.tv_sec + (ahead ? *ahead : 0);
    now->tv_usec = ts.tv_nsec / 1000;
    return 0;
}
