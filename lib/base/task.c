#include "base/task.h"

#include "base/clock.h"
#include "base/text.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void write_nowhere(void *baton, fpi_level_t level, const char *line)
{
    (void)baton;
    (void)level;
    (void)line;
}

static const fpi_log_sink_t nowhere = { write_nowhere, NULL, FPI_LEVEL_CRIT };

/* Bytes for ids, drawn for many at once: up to 256 are given whole, whatever signal comes. The
 * kernel's own pool is there long before httpd is. */
static __thread struct {
    unsigned char bytes[256];
    size_t left;
} draw;

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Runs in the child, in a copy of the thread that forked; the others are not there. */
static void forget_draw(void)
{
    draw.left = 0;
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forget_draw);
}

static void draw_bytes(size_t need)
{
    pthread_once(&once, watch_forks);
    draw.left = sizeof(draw.bytes);
    if (getrandom(draw.bytes, sizeof(draw.bytes), 0) != (ssize_t)sizeof(draw.bytes)) {
        /* no such call here: ids only have to differ, so the clock will do, for this one */
        apr_time_t tick = fpi_clock_tick();

        memset(draw.bytes, 0, sizeof(draw.bytes));
        draw.left = need;
        memcpy(draw.bytes + sizeof(draw.bytes) - need, &tick, sizeof(tick));
    }
}

static void random_hex(char *out, size_t digits)
{
    size_t need = digits / 2;

    if (draw.left < need) {
        draw_bytes(need);
    }
    fpi_hex_encode(out, draw.bytes + sizeof(draw.bytes) - draw.left, need);
    draw.left -= need;
}

fpi_task_t *fpi_task_make(apr_pool_t *pool, const fpi_log_sink_t *log)
{
    fpi_task_t *task = apr_pcalloc(pool, sizeof(*task));

    task->pool = pool;
    task->log = log ? log : &nowhere;
    task->actor = "system";
    task->lang = "zh";
    random_hex(task->trace, FPI_TRACE_LEN);
    return task;
}

static bool is_hex(const char *s, size_t n)
{
    return strspn(s, "0123456789abcdef") >= n;
}

static bool is_id(const char *s, size_t n)
{
    return is_hex(s, n) && strspn(s, "0") < n;
}

void fpi_task_take_traceparent(fpi_task_t *task, const char *header)
{
    size_t len = header ? strlen(header) : 0;

    if (len < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-'
        || strncmp(header, "ff", 2) == 0) {
        return;
    }
    /* version 00 ends here; a later one may go on behind a hyphen */
    if (len > 55 && (strncmp(header, "00", 2) == 0 || header[55] != '-')) {
        return;
    }
    if (!is_hex(header, 2) || !is_id(header + 3, 32) || !is_id(header + 36, 16) || !is_hex(header + 53, 2)) {
        return;
    }
    memcpy(task->trace, header + 3, FPI_TRACE_LEN);
}

const char *fpi_task_traceparent(fpi_task_t *task)
{
    char span[17];

    random_hex(span, 16);
    return apr_pstrcat(task->pool, "00-", task->trace, "-", span, "-01", NULL);
}

void fpi_task_limit(fpi_task_t *task, apr_interval_time_t span)
{
    apr_time_t deadline = fpi_clock_tick() + span;

    if (!task->deadline || deadline < task->deadline) {
        task->deadline = deadline;
    }
}

apr_interval_time_t fpi_task_left(const fpi_task_t *task, apr_interval_time_t most)
{
    apr_interval_time_t left;

    if (!task->deadline) {
        return most;
    }
    left = task->deadline - fpi_clock_tick();
    if (left < 0) {
        left = 0;
    }
    return left < most ? left : most;
}

bool fpi_task_is_over(const fpi_task_t *task)
{
    return task->called_off || (task->deadline && fpi_clock_tick() >= task->deadline);
}
