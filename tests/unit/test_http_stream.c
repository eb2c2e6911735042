/* Bodies that stream through the client, from sources that block or do not, and calls that are called off. */
#include "http_peer.h"

#include "base/clock.h"

#include <fcntl.h>

/* ---- bodies that stream ---- */

typedef struct stream_t {
    long long left, got;
    int status, heads, pause_ms, asked;
    fpi_code_t fail;
    bool gone;
} stream_t;

static fpi_err_t *give_zeros(void *baton, char *data, size_t room, size_t *len)
{
    stream_t *s = baton;

    if (s->fail && s->left < 100) {
        return fpi_fail(task, s->fail, "the source failed");
    }
    usleep((unsigned)s->pause_ms * 1000);
    *len = (long long)room < s->left ? room : (size_t)s->left;
    memset(data, 0, *len);
    s->left -= (long long)*len;
    return NULL;
}

static fpi_err_t *take_head(void *baton, int status, const apr_table_t *headers)
{
    stream_t *s = baton;

    s->status = status;
    s->heads++;
    return s->fail == FPI_E_STATE ? fpi_fail(task, s->fail, "the head failed") : NULL;
}

static fpi_err_t *take_bytes(void *baton, const char *data, size_t len)
{
    stream_t *s = baton;

    ck_assert_int_eq(s->heads, 1);
    usleep((unsigned)s->pause_ms * 1000);
    s->got += (long long)len;
    return s->fail == FPI_E_STORE ? fpi_fail(task, s->fail, "the sink failed") : NULL;
}

static bool ask_gone(void *baton)
{
    stream_t *s = baton;

    s->asked++;
    return s->gone;
}

static long resident_kib(void)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%ld %ld", &size, &resident), 2);
    fclose(statm);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

START_TEST(test_stream_answer)
{
    stream_t s = { 0 };
    long before;
    fpi_http_client_t *c = client();

    unit_done(call(c, "GET", "/ok"));
    before = resident_kib();
    ex.head = take_head;
    ex.sink = take_bytes;
    ex.baton = &s;
    unit_done(call(c, "GET", "/big"));
    ck_assert_int_eq(s.got, BIG);
    ck_assert_int_eq(s.status, 200);
    ck_assert_ptr_null(ex.reply);
    ck_assert_int_lt(resident_kib() - before, 16 * 1024);
}
END_TEST

START_TEST(test_stream_request)
{
    stream_t s = { .left = BIG };
    long before;
    fpi_http_client_t *c = client();

    unit_done(call(c, "GET", "/ok"));
    before = resident_kib();
    ex.source = give_zeros;
    ex.source_len = _i == 0 ? BIG : -1;
    ex.baton = &s;
    unit_done(call(c, "POST", "/ok"));
    ck_assert_str_eq(ex.reply->data, "hello");
    ck_assert_int_eq(seen.last.body, BIG);
    ck_assert(_i == 0 ? has_line(apr_psprintf(task->pool, "Content-Length: %d", BIG))
                      : has_line("Transfer-Encoding: chunked"));
    ck_assert(ex.is_sent && ex.is_reused);
    ck_assert_int_lt(resident_kib() - before, 16 * 1024);
}
END_TEST

START_TEST(test_empty_source)
{
    stream_t s = { 0 };

    ex.source = give_zeros;
    ex.source_len = _i == 0 ? 0 : -1;
    ex.baton = &s;
    unit_done(call(client(), "POST", "/ok"));
    ck_assert_int_eq(seen.last.body, 0);
    ck_assert(_i == 0 ? has_line("Content-Length: 0") : has_line("Transfer-Encoding: chunked"));
}
END_TEST

/* A slow caller is not a slow peer: pauses in source() and sink() are longer than the limits. */
START_TEST(test_slow_caller)
{
    stream_t s = { .left = 3, .pause_ms = 700 };

    ex.source = give_zeros;
    ex.source_len = 3;
    ex.sink = take_bytes;
    ex.head = take_head;
    ex.baton = &s;
    unit_done(call(client(), "POST", "/ok"));
    ck_assert_int_eq(s.got, 5);
}
END_TEST

/* ---- sources that do not block ---- */

/* Bytes come through a pipe; its end stays open until all has come. */
typedef struct later_t {
    int ends[2], asked, pieces;
    int64_t left;
    bool has_fd;
} later_t;

static fpi_err_t *give_later(void *baton, char *data, size_t room, size_t *len)
{
    later_t *l = baton;
    ssize_t n = l->left ? read(l->ends[0], data, room) : 0;

    l->asked++;
    *len = n < 0 ? FPI_HTTP_LATER : (size_t)n;
    l->left -= n > 0 ? n : 0;
    return NULL;
}

static int later_fd(void *baton)
{
    const later_t *l = baton;

    return l->has_fd ? l->ends[0] : -1;
}

static void *feed(void *data)
{
    later_t *l = data;

    for (int i = 0; i < l->pieces; i++) {
        usleep(120 * 1000);
        ck_assert_int_eq(write(l->ends[1], "abcd", 4), 4);
    }
    return NULL;
}

static void later_open(later_t *l, int64_t left)
{
    memset(l, 0, sizeof(*l));
    l->left = left;
    l->has_fd = true;
    ck_assert_int_eq(pipe(l->ends), 0);
    ck_assert_int_eq(fcntl(l->ends[0], F_SETFL, O_NONBLOCK), 0);
    ex.source = give_later;
    ex.source_fd = later_fd;
    ex.baton = l;
}

static void later_close(later_t *l)
{
    close(l->ends[0]);
    close(l->ends[1]);
}

/* Waits with the upload, longer than the peer may be idle, and is woken by what comes. */
START_TEST(test_source_later)
{
    apr_time_t start = fpi_clock_tick();
    pthread_t thread;
    later_t l;

    options.times.idle = options.times.first_byte = MS(100);
    later_open(&l, 20);
    l.pieces = 5;
    ex.source_len = _i == 0 ? 20 : -1;
    ck_assert_int_eq(pthread_create(&thread, NULL, feed, &l), 0);
    unit_done(call(client(), "POST", "/ok"));
    pthread_join(thread, NULL);
    later_close(&l);
    ck_assert_int_eq(seen.last.body, 20);
    ck_assert_int_lt(fpi_clock_tick() - start, MS(2000));
    ck_assert_int_lt(l.asked, 40); /* it is not asked all the time */
}
END_TEST

START_TEST(test_source_later_without_a_descriptor)
{
    pthread_t thread;
    later_t l;

    later_open(&l, 4);
    l.pieces = 1;
    l.has_fd = false;
    ex.source_len = 4;
    ck_assert_int_eq(pthread_create(&thread, NULL, feed, &l), 0);
    unit_done(call(client(), "POST", "/ok"));
    pthread_join(thread, NULL);
    later_close(&l);
    ck_assert_int_eq(seen.last.body, 4);
    ck_assert_int_lt(l.asked, 6);
}
END_TEST

START_TEST(test_early_answer_while_the_source_is_dry)
{
    apr_time_t start = fpi_clock_tick();
    later_t l;

    later_open(&l, 1000);
    ck_assert_int_eq(write(l.ends[1], "abcd", 4), 4);
    ex.source_len = _i == 0 ? 1000 : -1;
    unit_done(call(client(), "POST", "/early"));
    ck_assert_int_eq(ex.status, 413);
    ck_assert_str_eq(ex.reply->data, "big");
    ck_assert_int_lt(fpi_clock_tick() - start, MS(1500));
    later_close(&l);
}
END_TEST

static void *call_off(void *data)
{
    usleep(100 * 1000);
    __atomic_store_n(&((fpi_task_t *)data)->called_off, 1, __ATOMIC_RELAXED);
    return NULL;
}

START_TEST(test_called_off_while_the_source_is_dry)
{
    apr_time_t start = fpi_clock_tick();
    pthread_t thread;
    later_t l;

    later_open(&l, 1000);
    ex.source_len = 1000;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_off, task), 0);
    unit_failed(call(client(), "POST", "/ok"), FPI_E_GONE);
    pthread_join(thread, NULL);
    later_close(&l);
    ck_assert_int_lt(fpi_clock_tick() - start, MS(2000));
}
END_TEST

START_TEST(test_failing_callback)
{
    static const struct {
        fpi_code_t fail;
        bool is_sent;
    } cases[] = { { FPI_E_GONE, false }, { FPI_E_STATE, true }, { FPI_E_STORE, true } };
    stream_t s = { .left = 3, .fail = cases[_i].fail };
    fpi_http_client_t *c = client();

    if (cases[_i].fail == FPI_E_GONE) {
        ex.source = give_zeros;
        ex.source_len = 3;
    }
    ex.head = take_head;
    ex.sink = take_bytes;
    ex.baton = &s;
    unit_failed(call(c, "POST", "/ok"), cases[_i].fail);
    ck_assert_int_eq(ex.is_sent, cases[_i].is_sent);
    memset(&ex, 0, sizeof(ex));
    unit_done(call(c, "GET", "/ok"));
    ck_assert(!ex.is_reused);
}
END_TEST

START_TEST(test_short_source)
{
    stream_t s = { .left = 3 };

    ex.source = give_zeros;
    ex.source_len = 5;
    ex.baton = &s;
    unit_failed(call(client(), "POST", "/ok"), FPI_E_INTERNAL);
}
END_TEST

/* An answer in mid-upload ends the upload. */
START_TEST(test_early_answer)
{
    stream_t s = { .left = BIG, .pause_ms = 1 };

    ex.source = give_zeros;
    ex.source_len = BIG;
    ex.baton = &s;
    (void)!call(client(), "POST", "/early");
    ck_assert_int_eq(ex.status, 413);
    ck_assert(ex.is_answered && s.left > 0);
}
END_TEST

START_TEST(test_peer_takes_nothing)
{
    stream_t s = { .left = BIG };
    fpi_err_t *err;

    ex.source = give_zeros;
    ex.source_len = BIG;
    ex.baton = &s;
    err = call(client(), "POST", "/unread");
    unit_failed(err, FPI_E_CLOUD_LATE);
    ck_assert_ptr_nonnull(strstr(err->detail, "not a byte moved"));
    ck_assert(ex.is_sent && !ex.is_answered);
}
END_TEST

/* ---- calling off ---- */

START_TEST(test_is_gone)
{
    stream_t s = { .gone = _i == 0 };
    apr_time_t start = fpi_clock_tick();
    fpi_err_t *err;

    options.times.first_byte = MS(2500);
    ex.is_gone = ask_gone;
    ex.baton = &s;
    err = call(client(), "GET", "/silent");
    unit_failed(err, _i == 0 ? FPI_E_GONE : FPI_E_CLOUD_LATE);
    ck_assert(s.asked >= 1 && s.asked <= (_i == 0 ? 1 : 2));
    ck_assert(_i == 1 || fpi_clock_tick() - start < MS(2000));
}
END_TEST

START_TEST(test_called_off)
{
    pthread_t thread;

    options.times.first_byte = MS(2500);
    ck_assert_int_eq(pthread_create(&thread, NULL, call_off, task), 0);
    unit_failed(call(client(), "GET", "/silent"), FPI_E_GONE);
    pthread_join(thread, NULL);
}
END_TEST

static void add_all(Suite *suite, bool direct)
{
    TCase *tc = peer_case(suite, direct ? "streams, direct" : "streams", direct);

    tcase_add_test(tc, test_stream_answer);
    tcase_add_loop_test(tc, test_stream_request, 0, 2);
    tcase_add_loop_test(tc, test_empty_source, 0, 2);
    tcase_add_test(tc, test_slow_caller);
    tcase_add_loop_test(tc, test_source_later, 0, 2);
    tcase_add_test(tc, test_source_later_without_a_descriptor);
    tcase_add_loop_test(tc, test_early_answer_while_the_source_is_dry, 0, 2);
    tcase_add_test(tc, test_called_off_while_the_source_is_dry);
    tcase_add_loop_test(tc, test_failing_callback, 0, 3);
    tcase_add_test(tc, test_short_source);
    tcase_add_test(tc, test_early_answer);
    tcase_add_test(tc, test_peer_takes_nothing);
    tc = peer_case(suite, direct ? "calling off, direct" : "calling off", direct);
    tcase_add_loop_test(tc, test_is_gone, 0, 2);
    tcase_add_test(tc, test_called_off);
}

int main(void)
{
    return peer_run(suite_create("http_stream"), add_all);
}
