/* fpimage-decode-worker: takes one document at a time from the keeper and answers its client. Started by the keeper
 * only (decode_keeper.c has the picture). */
#include "base/clock.h"
#include "base/text.h"
#include "tools/decode_jail.h"
#include "tools/decode_serve.h"
#include "wire/decode_frame.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECK_MEMORY = 1 << 30, MEMORY_LEAST = 64 << 20 };
enum { JOBS = 3, DOCUMENTS_MOST = 500, GROWTH_MOST_KB = 200 * 1024 };

static const char *const told = "fpr"; /* words to the keeper: free, page done, done and leaving */

static void tell_keeper(char word)
{
    if (send(JOBS, &word, 1, MSG_NOSIGNAL) != 1) {
        _exit(0); /* there is no keeper any more */
    }
}

static void beat(void *baton)
{
    tell_keeper(told[1]);
}

/* ---- the question ---- */

static bool receive_question(char **text, uint32_t *len, int *fd, int client, apr_pool_t *pool)
{
    unsigned char head[FPI_FRAME_HEAD];
    fpi_frame_t frame;

    *fd = -1;
    if (!fpi_descriptor_receive_all(client, head, sizeof(head), fd) || !fpi_frame_parse(&frame, head) || frame.kind != FPI_FRAME_ASK) {
        return false;
    }
    *text = apr_palloc(pool, frame.len + 1);
    *len = frame.len;
    (*text)[frame.len] = '\0';
    return fpi_descriptor_receive_all(client, *text, frame.len, fd);
}

/* ---- the document ---- */

static fpi_media_t media_of(const char *name)
{
    for (int m = 0; name && m < FPI_MEDIA_COUNT; m++) {
        if (strcmp(fpi_media_info((fpi_media_t)m)->name, name) == 0) {
            return (fpi_media_t)m;
        }
    }
    return FPI_MEDIA_UNKNOWN;
}

static fpi_err_t *map(decode_bytes_t *bytes, int fd, fpi_task_t *task)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return fpi_fail(task, FPI_E_DECODER, "the document is not a regular file");
    }
    if (st.st_size == 0) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "文件为空", "the file is empty");
    }
    bytes->len = (size_t)st.st_size;
    bytes->data = mmap(NULL, bytes->len, PROT_READ, MAP_PRIVATE, fd, 0);
    bytes->fd = fd;
    if (bytes->data == MAP_FAILED) {
        bytes->data = NULL;
        return fpi_fail(task, FPI_E_DECODER, "%ld bytes of document don't fit into the worker's memory",
                        (long)st.st_size);
    }
    return NULL;
}

static fpi_err_t *serve(decode_answer_t *answer, decode_bytes_t *bytes, const char *text, size_t len, int fd,
                        fpi_task_t *task)
{
    fpi_json_t *question;

    FPI_TRY(fpi_json_parse(&question, text, len, task));
    bytes->media = media_of(fpi_json_text(fpi_json_find(question, "media")));
    if (fd >= 0) {
        FPI_TRY(map(bytes, fd, task));
    }
    return decode_serve(answer, question, fd >= 0 ? bytes : NULL, task);
}

/* ---- the answer ---- */

static void send_failure(int client, const fpi_err_t *err, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);
    const char *text;

    fpi_json_put_text(doc, "code", fpi_code_info(err->code)->symbol);
    fpi_json_put_text(doc, "zh", err->zh);
    fpi_json_put_text(doc, "en", err->en);
    fpi_json_put_text(doc, "detail", fpi_err_chain(task->pool, err));
    text = fpi_json_format(doc, false, task);
    fpi_frame_send(client, FPI_FRAME_FAIL, text, strlen(text), -1);
}

static void send_answer(int client, const decode_answer_t *answer, fpi_task_t *task)
{
    const char *text = fpi_json_format(answer->doc, false, task);
    bool is_sent = fpi_frame_send(client, FPI_FRAME_JSON, text, strlen(text), -1);

    for (size_t at = 0; is_sent && at < answer->len; at += FPI_FRAME_DATA_MOST) {
        size_t n = answer->len - at < FPI_FRAME_DATA_MOST ? answer->len - at : FPI_FRAME_DATA_MOST;

        is_sent = fpi_frame_send(client, FPI_FRAME_DATA, (const char *)answer->data + at, n, -1);
    }
    if (is_sent) {
        fpi_frame_send(client, FPI_FRAME_END, NULL, 0, -1);
    }
}

static void work(int client, apr_pool_t *pool)
{
    decode_answer_t answer = { .doc = NULL, .beat = beat };
    decode_bytes_t bytes = { 0 };
    uint32_t len;
    char *text;
    int fd = -1;

    if (receive_question(&text, &len, &fd, client, pool)) {
        fpi_task_t *task = fpi_task_make(pool, NULL);
        fpi_err_t *err = serve(&answer, &bytes, text, len, fd, task);

        if (err) {
            send_failure(client, err, task);
        }
        else {
            send_answer(client, &answer, task);
        }
    }
    apr_pool_clear(pool); /* before the bytes go that libraries still look at */
    if (bytes.data) {
        munmap((void *)(uintptr_t)bytes.data, bytes.len);
    }
    if (fd >= 0) {
        close(fd);
    }
    close(client);
}

/* ---- the process ---- */

static long memory_kb(void)
{
    long pages = 0;
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    pages = used.ru_maxrss;
    return pages;
}

static int run(apr_pool_t *pool)
{
    long begun_kb = memory_kb();

    for (int done = 1;; done++) {
        char word;
        int client;
        bool is_last;

        if (fpi_descriptor_receive(JOBS, &word, 1, &client) != 1 || client < 0) {
            return 0;
        }
        work(client, pool);
        is_last = done >= DOCUMENTS_MOST || memory_kb() - begun_kb > GROWTH_MOST_KB;
        tell_keeper(told[is_last ? 2 : 0]);
        if (is_last) {
            return 0;
        }
    }
}

/* Libraries first, then the jail; "--check" tries the jail out and says what it found. */
static fpi_err_t *prepare(int64_t memory, fpi_task_t *task)
{
    FPI_TRY(decode_prepare(task));
    return decode_jail_enter(memory, task);
}

static int check(apr_pool_t *pool)
{
    fpi_task_t *task = fpi_task_make(pool, NULL);
    fpi_err_t *err = prepare(CHECK_MEMORY, task);

    if (err) {
        printf("%s\n", fpi_err_chain(pool, err));
        return 3;
    }
    return decode_jail_try() ? 0 : 1;
}

/* What keeps it from working is told to each client in turn, by the status (decode_keeper.c). */
static int begin(const char *memory, apr_pool_t *pool)
{
    int64_t bytes;

    if (!fpi_int_parse(&bytes, memory, MEMORY_LEAST, INT64_MAX) || prepare(bytes, fpi_task_make(pool, NULL)) != NULL) {
        return 3;
    }
    apr_pool_clear(pool);
    return run(pool);
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;

    if (argc < 2 || apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        fputs("fpimage-decode-worker is started by fpimage-decode; --check tries its jail out\n", stderr);
        return 2;
    }
    _exit(strcmp(argv[1], "--check") == 0 ? check(pool) : begin(argv[1], pool)); /* libraries need no farewell */
}
