/* What the reading of an invoice costs, without the helper's process around it.
 *
 *   readcheck COUNT FILE...
 *
 * One line each, "NAME MICROSECONDS INVOICES PEAK_KB": CPU time of one reading, what was found, and the most memory that
 * this process held so far. */
#include "service/evidence_forms.h"
#include "tools/read.h"

#include <apr_general.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double cpu_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static long peak_kb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void die(const char *what, const char *path)
{
    fprintf(stderr, "readcheck: %s: %s\n", what, path);
    exit(1);
}

static fpi_media_t media_of(int fd, const char *path)
{
    static char data[1 << 22];
    ssize_t len = pread(fd, data, sizeof(data), 0);

    if (len <= 0) {
        die("can't be read", path);
    }
    return fpi_media_find(data, (size_t)len);
}

/* Read, grouped and merged, as it is done for each file. */
static int read_once(fpi_task_t *task, int fd, fpi_media_t media, const char *path)
{
    fpi_json_t *evidence = fpi_json_make_array(task), *notes = fpi_json_make_array(task);
    fpi_evidence_t *list;
    fpi_found_t *found;
    int count;

    if (fpi_read_evidence(evidence, notes, fd, media, task) || fpi_evidence_read(&list, &count, evidence, task)
        || fpi_evidence_merge(&found, &count, list, count, task)) {
        die("is not read", path);
    }
    return count;
}

static void measure(apr_pool_t *pool, const char *path, int count)
{
    int fd = open(path, O_RDONLY), invoices = 0;
    fpi_media_t media = fd < 0 ? FPI_MEDIA_UNKNOWN : media_of(fd, path);
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    double start;

    if (fd < 0) {
        die("can't be opened", path);
    }
    start = cpu_us();
    for (int i = 0; i < count; i++) {
        apr_pool_clear(pool);
        invoices = read_once(fpi_task_make(pool, NULL), fd, media, path);
    }
    printf("%s %.0f %d %ld\n", name, (cpu_us() - start) / count, invoices, peak_kb());
    close(fd);
}

int main(int argc, char **argv)
{
    int count = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    apr_pool_t *pool;

    if (count < 1 || apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        fprintf(stderr, "usage: readcheck COUNT FILE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        measure(pool, argv[i], count);
    }
    apr_terminate();
    return 0;
}
