#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* The client of the decoding helper with the real program, started as the tool starts it. */
#include "unit.h"

#include "base/clock.h"
#include "base/text.h"
#include "wire/decode.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define COVER "YX-2024-000123"

static fpi_decoder_t *decoder;

static const char *sample(const char *name)
{
    const char *dir = getenv("FPI_SAMPLES");

    ck_assert_msg(dir != NULL, "FPI_SAMPLES is not set");
    return apr_pstrcat(task->pool, dir, "/", name, NULL);
}

static int open_sample(const char *name)
{
    int fd = open(sample(name), O_RDONLY | O_CLOEXEC);

    ck_assert_msg(fd >= 0, "%s is missing", name);
    return fd;
}

static void start(int workers, int timeout_ms)
{
    fpi_decode_options_t options = { .workers = workers, .timeout = apr_time_from_msec(timeout_ms) };

    unit_done(fpi_decoder_start(&decoder, task->pool, &options, task));
}

static fpi_err_t *look_at(fpi_json_t **doc, const char *name, fpi_media_t media)
{
    fpi_decode_want_t want = { .codes = true };
    int fd = open_sample(name);
    fpi_err_t *err = fpi_decode_look(doc, decoder, fd, media, &want, task);

    close(fd);
    return err;
}

static int64_t number(const fpi_json_t *doc, const char *name)
{
    int64_t value = -1;

    unit_done(fpi_json_find_int(&value, doc, name, -1, INT64_MIN, INT64_MAX, task));
    return value;
}

/* ---- look ---- */

typedef struct seen_t {
    const char *name;
    fpi_media_t media;
    int pages, width, height, turn;
    bool is_blank;
} seen_t;

static const seen_t seens[] = {
    { "page.jpg", FPI_MEDIA_JPEG, 1, 827, 1169, 0, false },
    { "turned.jpg", FPI_MEDIA_JPEG, 1, 827, 1169, 90, false },
    { "page.png", FPI_MEDIA_PNG, 1, 827, 1169, 0, false },
    { "page.webp", FPI_MEDIA_WEBP, 1, 827, 1169, 0, false },
    { "page.heic", FPI_MEDIA_HEIC, 1, 827, 1169, 0, false },
    { "blank.jpg", FPI_MEDIA_JPEG, 1, 827, 1169, 0, true },
    { "faint.jpg", FPI_MEDIA_JPEG, 1, 827, 1169, 0, false },
    { "through.jpg", FPI_MEDIA_JPEG, 1, 827, 1169, 0, true },
    { "grain.tif", FPI_MEDIA_TIFF, 1, 827, 1169, 0, true },
    { "long.png", FPI_MEDIA_PNG, 1, 600, 9000, 0, false },
    { "wide.png", FPI_MEDIA_PNG, 1, 12000, 900, 0, false },
    { "three.tif", FPI_MEDIA_TIFF, 3, 827, 1169, 0, false },
    { "three.pdf", FPI_MEDIA_PDF, 3, 595, 842, 0, false },
    { "page.bmp", FPI_MEDIA_BMP, 1, 400, 500, 0, false },
    { "words.txt", FPI_MEDIA_TEXT, 2, 595, 842, 0, false },
};

START_TEST(look)
{
    const seen_t *want = &seens[_i];
    fpi_json_t *doc, *pages;

    start(1, 20000);
    unit_done(look_at(&doc, want->name, want->media));
    pages = fpi_json_find(doc, "pages");
    ck_assert_int_eq(number(doc, "page_count"), want->pages);
    ck_assert_int_eq(number(doc, "pages_looked"), want->pages);
    ck_assert_int_eq(fpi_json_size(pages), want->pages);
    for (int i = 0; i < want->pages; i++) {
        fpi_json_t *page = fpi_json_at(pages, (size_t)i);
        bool is_blank = false;

        ck_assert_int_eq(number(page, "n"), i + 1);
        ck_assert_int_eq(number(page, "width"), want->width);
        ck_assert_int_eq(number(page, "height"), want->height);
        ck_assert_int_eq(number(page, "turn"), want->turn);
        unit_done(fpi_json_find_bool(&is_blank, page, "is_blank", false, task));
        ck_assert_int_eq(is_blank, want->is_blank);
    }
}
END_TEST

/* Codes in every kind of document, with their place; a page without has an empty list. */
static const struct {
    const char *name;
    fpi_media_t media;
    double x, y; /* of its first corner, in fractions of the upright page */
} coded[] = {
    { "page.jpg", FPI_MEDIA_JPEG, 0.82, 0.04 }, { "turned.jpg", FPI_MEDIA_JPEG, 0.82, 0.04 },
    { "page.png", FPI_MEDIA_PNG, 0.82, 0.04 },  { "page.webp", FPI_MEDIA_WEBP, 0.82, 0.04 },
    { "three.pdf", FPI_MEDIA_PDF, 0.82, 0.06 }, { "drawn.ofd", FPI_MEDIA_OFD, 0.83, 0.05 },
    { "page.heic", FPI_MEDIA_HEIC, 0.82, 0.04 },  { "long.png", FPI_MEDIA_PNG, 0.19, 0.015 },
    { "wide.png", FPI_MEDIA_PNG, 0.01, 0.15 },
};

START_TEST(codes)
{
    fpi_json_t *doc, *page, *found, *corner;
    double x, y;

    start(1, 20000);
    unit_done(look_at(&doc, coded[_i].name, coded[_i].media));
    page = fpi_json_at(fpi_json_find(doc, "pages"), 0);
    found = fpi_json_find(page, "codes");
    ck_assert_int_eq(fpi_json_size(found), 1);
    ck_assert_str_eq(fpi_json_text(fpi_json_find(fpi_json_at(found, 0), "kind")), "QR");
    ck_assert_str_eq(fpi_json_text(fpi_json_find(fpi_json_at(found, 0), "text")), COVER);
    corner = fpi_json_at(fpi_json_find(fpi_json_at(found, 0), "box"), 0);
    x = atof(fpi_json_format(corner, false, task) + 1);
    y = atof(strchr(fpi_json_format(corner, false, task), ',') + 1);
    ck_assert_msg(fabs(x - coded[_i].x) < 0.15 && fabs(y - coded[_i].y) < 0.15, "at %f, %f", x, y);
}
END_TEST

/* What an OFD has that we can't show is said, once. */
START_TEST(notes)
{
    fpi_json_t *doc;

    start(1, 20000);
    unit_done(look_at(&doc, "drawn.ofd", FPI_MEDIA_OFD));
    ck_assert_int_eq(number(doc, "page_count"), 2);
    ck_assert_int_eq(fpi_json_size(fpi_json_find(doc, "notes")), 1);
    ck_assert(strstr(fpi_json_text(fpi_json_at(fpi_json_find(doc, "notes"), 0)), "is not shown") != NULL);
}
END_TEST

static const struct {
    const char *name;
    fpi_media_t media;
} bads[] = {
    { "cut.jpg", FPI_MEDIA_JPEG }, { "cut.pdf", FPI_MEDIA_PDF },     { "page.jpg", FPI_MEDIA_PDF },
    { "page.jpg", FPI_MEDIA_ZIP }, { "cut.pdf", FPI_MEDIA_UNKNOWN },
};

START_TEST(unreadable)
{
    fpi_json_t *doc;
    fpi_err_t *err;

    start(1, 20000);
    err = look_at(&doc, bads[_i].name, bads[_i].media);
    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert(err->zh && err->en);
}
END_TEST

/* ---- render ---- */

static fpi_err_t *keep(void *baton, const void *data, size_t len, fpi_task_t *t)
{
    fpi_buf_t *buf = baton;

    return fpi_buf_put(buf, data, len) ? NULL : fpi_fail(t, FPI_E_TOO_LARGE, "a picture of more than 64 MB");
}

static const struct {
    const char *name;
    fpi_media_t media;
    int page, rotation;
    bool is_png;
} pictures[] = {
    { "page.jpg", FPI_MEDIA_JPEG, 1, 0, false }, { "turned.jpg", FPI_MEDIA_JPEG, 1, 90, false },
    { "three.tif", FPI_MEDIA_TIFF, 3, 180, false }, { "three.pdf", FPI_MEDIA_PDF, 2, 270, true },
    { "page.bmp", FPI_MEDIA_BMP, 1, 0, true },
    { "words.txt", FPI_MEDIA_TEXT, 2, 0, true },
    { "drawn.ofd", FPI_MEDIA_OFD, 1, 0, false },
};

START_TEST(render)
{
    fpi_picture_t want = { pictures[_i].page, 200, 200, pictures[_i].rotation };
    fpi_buf_t *buf = fpi_buf_make(task->pool, 1 << 20);
    int fd = open_sample(pictures[_i].name);
    fpi_media_t media = FPI_MEDIA_UNKNOWN;

    start(1, 20000);
    unit_done(fpi_decode_render(&media, decoder, fd, pictures[_i].media, &want, keep, buf, task));
    close(fd);
    ck_assert_int_eq(media, pictures[_i].is_png ? FPI_MEDIA_PNG : FPI_MEDIA_JPEG);
    ck_assert_int_eq(fpi_media_find(buf->data, buf->len), media);
}
END_TEST

START_TEST(render_no_such_page)
{
    fpi_picture_t want = { 4, 200, 200, 0 };
    fpi_buf_t *buf = fpi_buf_make(task->pool, 1 << 20);
    int fd = open_sample("three.tif");
    fpi_media_t media;

    start(1, 20000);
    unit_failed(fpi_decode_render(&media, decoder, fd, FPI_MEDIA_TIFF, &want, keep, buf, task), FPI_E_ABSENT);
    close(fd);
}
END_TEST

static fpi_err_t *refuse(void *baton, const void *data, size_t len, fpi_task_t *t)
{
    return fpi_fail(t, FPI_E_STORE, "the disk is full");
}

/* What the receiver of a picture says comes through as it is. */
START_TEST(receiver_fails)
{
    fpi_picture_t want = { 1, 200, 200, 0 };
    int fd = open_sample("page.jpg");
    fpi_media_t media;

    start(1, 20000);
    unit_failed(fpi_decode_render(&media, decoder, fd, FPI_MEDIA_JPEG, &want, refuse, NULL, task), FPI_E_STORE);
    close(fd);
}
END_TEST

/* ---- covers ---- */

/* What we print is what we read. */
START_TEST(cover_print)
{
    fpi_cover_print_t covers[2] = { { .number = COVER, .title = "报销单影像封面", .lines = { "提交人: 张三", "2024-05-06" } },
                                    { .number = "EAS-BX-0009" } };
    fpi_buf_t *buf = fpi_buf_make(task->pool, 1 << 20);
    fpi_decode_want_t want = { .codes = true };
    fpi_json_t *doc;
    char path[] = "/tmp/fpimage-cover-XXXXXX";
    int fd = mkstemp(path);

    start(1, 20000);
    unit_done(fpi_decode_print_cover(decoder, covers, 2, keep, buf, task));
    ck_assert_int_eq(write(fd, buf->data, buf->len), (ssize_t)buf->len);
    unlink(path);
    unit_done(fpi_decode_look(&doc, decoder, fd, FPI_MEDIA_PDF, &want, task));
    close(fd);
    ck_assert_int_eq(number(doc, "page_count"), 2);
    for (size_t i = 0; i < 2; i++) {
        fpi_json_t *found = fpi_json_find(fpi_json_at(fpi_json_find(doc, "pages"), i), "codes");

        ck_assert_int_eq(fpi_json_size(found), 1);
        ck_assert_str_eq(fpi_json_text(fpi_json_find(fpi_json_at(found, 0), "text")), covers[i].number);
    }
}
END_TEST

START_TEST(no_covers)
{
    fpi_buf_t *buf = fpi_buf_make(task->pool, 1 << 20);

    start(1, 20000);
    unit_failed(fpi_decode_print_cover(decoder, NULL, 0, keep, buf, task), FPI_E_FIELD);
}
END_TEST

/* ---- the helper as a process ---- */

START_TEST(no_program)
{
    fpi_decode_options_t options = { .program = "/nowhere/fpimage-decode", .workers = 1 };
    fpi_err_t *err = fpi_decoder_start(&decoder, task->pool, &options, task);

    unit_failed(err, FPI_E_CONFIG);
    ck_assert(strstr(err->detail, "/nowhere/fpimage-decode") != NULL);
}
END_TEST

/* Waits in the control socket for the new keeper, and is served. */
START_TEST(keeper_replaced)
{
    fpi_json_t *doc;
    pid_t first;

    start(2, 20000);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
    first = fpi_decoder_pid(decoder);
    unit_done(fpi_decoder_restart(decoder, NULL, task));
    ck_assert_int_ne(fpi_decoder_pid(decoder), first);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
    ck_assert_int_eq(waitpid(first, NULL, 0), first); /* retired: it ends by itself */
}
END_TEST

/* A document that is never there whole: the worker can't read it, and nobody waits for ever. */
START_TEST(not_a_file)
{
    fpi_decode_want_t want = { .codes = true };
    fpi_json_t *doc;
    int ends[2];

    start(1, 20000);
    ck_assert_int_eq(pipe(ends), 0);
    unit_failed(fpi_decode_look(&doc, decoder, ends[0], FPI_MEDIA_JPEG, &want, task), FPI_E_DECODER);
    close(ends[0]);
    close(ends[1]);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
}
END_TEST

START_TEST(called_off)
{
    fpi_json_t *doc;

    start(1, 20000);
    kill(fpi_decoder_pid(decoder), SIGSTOP);
    task->called_off = 1;
    unit_failed(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG), FPI_E_GONE);
    task->called_off = 0;
    kill(fpi_decoder_pid(decoder), SIGCONT);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
}
END_TEST

START_TEST(counted)
{
    fpi_decode_counts_t counts = { 0 };
    fpi_json_t *doc;

    start(1, 20000);
    decoder = fpi_decoder_use(decoder, &counts, task->pool);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
    fpi_ignore(look_at(&doc, "cut.jpg", FPI_MEDIA_JPEG));
    ck_assert_uint_eq(atomic_load(&counts.documents), 2);
    ck_assert_uint_eq(atomic_load(&counts.failures), 1);
    ck_assert_uint_eq(atomic_load(&counts.kills), 0);
}
END_TEST

/* ---- accidents: they cost the document in hand, and nothing else ---- */

/* The only process that the keeper has started; waits for it. */
static pid_t worker_of(pid_t keeper)
{
    const char *path = apr_psprintf(task->pool, "/proc/%d/task/%d/children", (int)keeper, (int)keeper);
    apr_time_t end = fpi_clock_tick() + apr_time_from_sec(20);
    char line[64] = "";

    while (!*line && fpi_clock_tick() < end) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : 0;

        line[n > 0 ? n : 0] = '\0';
        if (fd >= 0) {
            close(fd);
        }
    }
    return (pid_t)atoi(line);
}

START_TEST(worker_killed)
{
    fpi_json_t *doc;
    fpi_err_t *err;
    pid_t killer;

    start(1, 20000);
    killer = fork();
    if (killer == 0) {
        kill(worker_of(fpi_decoder_pid(decoder)), SIGKILL);
        _exit(0);
    }
    err = look_at(&doc, "long.pdf", FPI_MEDIA_PDF);
    unit_failed(err, FPI_E_DECODER);
    ck_assert_msg(strstr(err->detail, "killed") != NULL, "%s", err->detail);
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
}
END_TEST

/* One that hangs is ended when the page's time is over. */
START_TEST(worker_hangs)
{
    fpi_decode_counts_t counts = { 0 };
    fpi_err_t *err = NULL;
    fpi_json_t *doc;
    pid_t worker = 0;

    start(1, 2000);
    decoder = fpi_decoder_use(decoder, &counts, task->pool);
    /* stopped before it told the keeper that it is free, it is ended without harm to anybody: once more then */
    for (int i = 0; i < 10 && !err; i++) {
        unit_done(look_at(&doc, "page.bmp", FPI_MEDIA_BMP));
        worker = worker_of(fpi_decoder_pid(decoder));
        kill(worker, SIGSTOP);
        err = look_at(&doc, "page.jpg", FPI_MEDIA_JPEG);
    }
    unit_failed(err, FPI_E_DECODER);
    ck_assert_msg(strstr(err->detail, "too long") != NULL, "%s", err->detail);
    ck_assert_uint_eq(atomic_load(&counts.kills), 1);
    unit_done(look_at(&doc, "page.bmp", FPI_MEDIA_BMP));
    ck_assert_int_ne(worker_of(fpi_decoder_pid(decoder)), worker);
}
END_TEST

#ifndef HAVE_SANITIZER
/* A bitmap of 81 million pixels in a file without a byte of them: more than the worker may have. */
START_TEST(worker_eats_memory)
{
    static const unsigned char head[62] = { 'B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 62, 0, 0, 0, 40, 0, 0, 0, 0x28, 0x23, 0, 0,
                                            0x28, 0x23, 0, 0, 1, 0, 1 };
    fpi_decode_options_t options = { .workers = 1, .memory = 64 << 20 };
    fpi_decode_want_t want = { .codes = true };
    char path[] = "/tmp/fpimage-bomb-XXXXXX";
    int fd = mkstemp(path);
    fpi_json_t *doc;

    ck_assert_int_eq(write(fd, head, sizeof(head)), sizeof(head));
    ck_assert_int_eq(ftruncate(fd, 62 + 9000L * 1128), 0);
    unlink(path);
    unit_done(fpi_decoder_start(&decoder, task->pool, &options, task));
    unit_failed(fpi_decode_look(&doc, decoder, fd, FPI_MEDIA_BMP, &want, task), FPI_E_DECODER);
    close(fd);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
}
END_TEST
#endif

static void *restart(void *data)
{
    apr_pool_t *pool;

    if (apr_pool_create(&pool, NULL) == APR_SUCCESS) {
        fpi_ignore(fpi_decoder_restart(decoder, NULL, fpi_task_make(pool, NULL)));
    }
    return NULL;
}

/* A document that is given while there is no keeper waits for the next one. */
START_TEST(keeper_killed)
{
    fpi_json_t *doc;
    pthread_t thread;
    pid_t first;

    start(1, 20000);
    first = fpi_decoder_pid(decoder);
    kill(first, SIGKILL);
    ck_assert_int_eq(waitpid(first, NULL, 0), first);
    fpi_decoder_forget(decoder);
    ck_assert_int_eq(pthread_create(&thread, NULL, restart, NULL), 0);
    unit_done(look_at(&doc, "page.jpg", FPI_MEDIA_JPEG));
    pthread_join(thread, NULL);
}
END_TEST

static void *look_from_thread(void *data)
{
    fpi_decode_want_t want = { .codes = true };
    apr_pool_t *pool;
    fpi_json_t *doc;
    int fd = open(data, O_RDONLY | O_CLOEXEC);
    fpi_err_t *err;

    apr_pool_create(&pool, NULL);
    err = fpi_decode_look(&doc, decoder, fd, FPI_MEDIA_JPEG, &want, fpi_task_make(pool, NULL));
    close(fd);
    apr_pool_destroy(pool);
    return err ? (void *)1 : NULL;
}

/* More documents than workers: each is answered. */
START_TEST(many_at_once)
{
    const char *path = sample("page.jpg");
    pthread_t threads[12];

    start(2, 20000);
    for (int i = 0; i < UNIT_COUNT(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look_from_thread, (void *)(uintptr_t)path), 0);
    }
    for (int i = 0; i < UNIT_COUNT(threads); i++) {
        void *failed = NULL;

        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decode");
    TCase *looks = unit_case(suite, "look");
    TCase *shows = unit_case(suite, "render");
    TCase *accidents = unit_case(suite, "accidents");
    TCase *processes = unit_case(suite, "process");

    tcase_add_loop_test(looks, look, 0, UNIT_COUNT(seens));
    tcase_add_loop_test(looks, codes, 0, UNIT_COUNT(coded));
    tcase_add_test(looks, notes);
    tcase_add_loop_test(looks, unreadable, 0, UNIT_COUNT(bads));
    tcase_add_loop_test(shows, render, 0, UNIT_COUNT(pictures));
    tcase_add_test(shows, render_no_such_page);
    tcase_add_test(shows, receiver_fails);
    tcase_add_test(shows, cover_print);
    tcase_add_test(shows, no_covers);
    tcase_add_test(processes, no_program);
    tcase_add_test(processes, keeper_replaced);
    tcase_add_test(processes, not_a_file);
    tcase_add_test(processes, called_off);
    tcase_add_test(processes, counted);
    tcase_add_test(accidents, worker_killed);
    tcase_add_test(accidents, worker_hangs);
#ifndef HAVE_SANITIZER /* which needs more address space than any limit */
    tcase_add_test(accidents, worker_eats_memory);
#endif
    tcase_add_test(accidents, keeper_killed);
    tcase_add_test(accidents, many_at_once);
    return unit_run(suite);
}
