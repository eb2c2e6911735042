#include "wire/decode.h"

#include "base/clock.h"
#include "wire/decode_frame.h"
#include "wire/decode_own.h"

#include <apr_strings.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLICE_MS = 200, QUEUE_WAIT_S = 120 };

/* One document's connection. */
typedef struct talk_t {
    fpi_decoder_t *decoder;
    fpi_task_t *task;
    int sock;
    apr_time_t end; /* by the clock of deadlines */
    char word;      /* to the keeper: c a document, o one for LibreOffice */
} talk_t;

/* ---- waiting ---- */

static fpi_err_t *too_late(const talk_t *talk)
{
    if (talk->task->called_off) {
        return fpi_fail(talk->task, FPI_E_GONE, "called off while the decoding helper was at work");
    }
    return fpi_fail(talk->task, FPI_E_DECODER, "the decoding helper did not answer in time; is it running?");
}

/* In slices, so that it hears when it is called off. */
static fpi_err_t *wait_for(talk_t *talk, int fd, short events)
{
    struct pollfd wait = { fd, events, 0 };

    for (;;) {
        apr_interval_time_t left = talk->end - fpi_clock_tick();
        int slice = left > apr_time_from_msec(SLICE_MS) ? SLICE_MS : (int)apr_time_as_msec(left) + 1;

        if (left <= 0 || fpi_task_is_over(talk->task)) {
            return too_late(talk);
        }
        if (poll(&wait, 1, slice) > 0) {
            return NULL;
        }
    }
}

/* ---- asking ---- */

/* The far end goes to the keeper; full means that it is behind, or away for a moment. */
static fpi_err_t *hand_over(talk_t *talk, int far_end)
{
    for (;;) {
        int error = fpi_descriptor_send(talk->decoder->clients_end, talk->word, far_end);

        if (error == 0) {
            return NULL;
        }
        if (error != EAGAIN && error != ETOOMANYREFS) {
            return fpi_fail(talk->task, FPI_E_DECODER, "the decoding helper can't be reached: %s", strerror(error));
        }
        FPI_TRY(wait_for(talk, talk->decoder->clients_end, POLLOUT));
    }
}

static fpi_err_t *call_keeper(talk_t *talk)
{
    fpi_err_t *err;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return fpi_fail(talk->task, FPI_E_DECODER, "a socket can't be made: %s", strerror(errno));
    }
    talk->sock = ends[0];
    err = hand_over(talk, ends[1]);
    close(ends[1]);
    return err;
}

/* A question is smaller than a socket's buffer: sending it does not wait. */
static fpi_err_t *ask(talk_t *talk, fpi_json_t *question, int fd)
{
    const char *text = fpi_json_format(question, false, talk->task);

    if (strlen(text) > FPI_FRAME_ASK_MOST) {
        return fpi_fail(talk->task, FPI_E_TOO_LARGE, "a question of %ld bytes to the decoding helper",
                        (long)strlen(text));
    }
    FPI_TRY(call_keeper(talk));
    if (!fpi_frame_send(talk->sock, FPI_FRAME_ASK, text, strlen(text), fd)) {
        return fpi_fail(talk->task, FPI_E_DECODER, "the decoding helper left before the question");
    }
    return NULL;
}

/* ---- hearing ---- */

static fpi_err_t *read_all(talk_t *talk, void *data, size_t len)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n;

        FPI_TRY(wait_for(talk, talk->sock, POLLIN));
        n = recv(talk->sock, (char *)data + got, len - got, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            return fpi_fail(talk->task, FPI_E_DECODER, "the decoding helper ended in the middle of a document");
        }
        got += n > 0 ? (size_t)n : 0;
    }
    return NULL;
}

static fpi_err_t *hear_frame(talk_t *talk, fpi_frame_t *frame, char **data)
{
    unsigned char head[FPI_FRAME_HEAD];

    FPI_TRY(read_all(talk, head, sizeof(head)));
    if (!fpi_frame_parse(frame, head)) {
        return fpi_fail(talk->task, FPI_E_DECODER, "the decoding helper sent what is no frame");
    }
    *data = apr_palloc(talk->task->pool, frame->len + 1);
    (*data)[frame->len] = '\0';
    return read_all(talk, *data, frame->len);
}

/* The codes that it may answer with; nothing else can be made from there. */
static fpi_code_t code_of(const char *name)
{
    static const fpi_code_t codes[] = { FPI_E_UNREADABLE, FPI_E_BUSY, FPI_E_ABSENT, FPI_E_FIELD };

    for (size_t i = 0; name && i < sizeof(codes) / sizeof(*codes); i++) {
        if (strcmp(fpi_code_info(codes[i])->symbol, name) == 0) {
            return codes[i];
        }
    }
    return FPI_E_DECODER;
}

static const char *text_in(const fpi_json_t *doc, const char *name)
{
    return fpi_json_text(fpi_json_find(doc, name));
}

static void note_event(talk_t *talk, const char *event, const char *detail)
{
    if (event && strcmp(event, "time") == 0) {
        fpi_log(talk->task, FPI_M_DECODE_KILLED, "%s", detail);
    }
    else if (event && strcmp(event, "died") == 0) {
        fpi_log(talk->task, FPI_M_DECODE_DIED, "%s", detail);
    }
    if (event) {
        atomic_fetch_add_explicit(&talk->decoder->counts->kills, 1, memory_order_relaxed);
    }
}

static fpi_err_t *hear_failure(talk_t *talk, const char *data, size_t len)
{
    fpi_json_t *doc;
    const char *zh, *en, *detail;

    FPI_TRY(fpi_json_parse(&doc, data, len, talk->task));
    zh = text_in(doc, "zh");
    en = text_in(doc, "en");
    detail = text_in(doc, "detail");
    detail = detail ? detail : "the decoding helper gave no reason";
    note_event(talk, text_in(doc, "event"), detail);
    if (zh && en) {
        fpi_err_t *err = fpi_refuse(talk->task, code_of(text_in(doc, "code")), NULL, "%s%.0s", "%.0s%s", zh, en);

        err->detail = apr_psprintf(talk->task->pool, "%s", detail);
        return err;
    }
    return fpi_fail(talk->task, code_of(text_in(doc, "code")), "%s", detail);
}

typedef struct answer_t {
    fpi_json_t *doc;
    fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task);
    void *baton;
    size_t total;
    fpi_err_t *put_err; /* of the caller's own making */
    bool has_failed;    /* it said why */
} answer_t;

static fpi_err_t *take_data(talk_t *talk, answer_t *answer, const char *data, size_t len)
{
    answer->total += len;
    if (!answer->put || answer->total > FPI_FRAME_PICTURE_MOST) {
        return fpi_fail(talk->task, FPI_E_DECODER, "the decoding helper sent more than was asked for");
    }
    answer->put_err = answer->put(answer->baton, data, len, talk->task);
    return answer->put_err;
}

static fpi_err_t *hear(talk_t *talk, answer_t *answer)
{
    for (;;) {
        fpi_frame_t frame;
        char *data;

        FPI_TRY(hear_frame(talk, &frame, &data));
        switch (frame.kind) {
        case FPI_FRAME_END: return NULL;
        case FPI_FRAME_FAIL: answer->has_failed = true; return hear_failure(talk, data, frame.len);
        case FPI_FRAME_JSON: FPI_TRY(fpi_json_parse(&answer->doc, data, frame.len, talk->task)); break;
        case FPI_FRAME_DATA: FPI_TRY(take_data(talk, answer, data, frame.len)); break;
        default: return fpi_fail(talk->task, FPI_E_DECODER, "the decoding helper sent a frame of kind %d", frame.kind);
        }
    }
}

static fpi_err_t *exchange(answer_t *answer, fpi_decoder_t *decoder, char word, fpi_json_t *question, int fd,
                           fpi_task_t *task)
{
    apr_interval_time_t most = decoder->options.timeout * FPI_DECODE_ROUNDS + apr_time_from_sec(QUEUE_WAIT_S);
    apr_time_t begun = fpi_clock_tick();
    talk_t talk = { decoder, task, -1, begun + fpi_task_left(task, most), word };
    fpi_err_t *err;

    fpi_json_put_int(question, "left_ms", apr_time_as_msec(talk.end - begun));
    err = ask(&talk, question, fd);
    err = err ? err : hear(&talk, answer);
    if (talk.sock >= 0) {
        close(talk.sock);
    }
    if (err && err->code == FPI_E_FIELD && err != answer->put_err && !answer->has_failed) { /* JSON of its that is none */
        err = fpi_recode(task, err, FPI_E_DECODER, "the decoding helper's answer can't be understood");
    }
    atomic_fetch_add_explicit(&decoder->counts->documents, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&decoder->counts->failures, err != NULL, memory_order_relaxed);
    atomic_fetch_add_explicit(&decoder->counts->us_total, (uint64_t)(fpi_clock_tick() - begun), memory_order_relaxed);
    return err;
}

/* ---- the questions ---- */

static fpi_json_t *make_question(const char *op, fpi_media_t media, fpi_task_t *task)
{
    fpi_json_t *question = fpi_json_make_object(task);

    fpi_json_put_text(question, "op", op);
    fpi_json_put_text(question, "media", fpi_media_info(media)->name);
    return question;
}

fpi_err_t *fpi_decode_look(fpi_json_t **doc, fpi_decoder_t *decoder, int fd, fpi_media_t media,
                           const fpi_decode_want_t *want, fpi_task_t *task)
{
    fpi_json_t *question = make_question("look", media, task);
    answer_t answer = { 0 };

    fpi_json_put_bool(question, "codes", want->codes);
    fpi_json_put_bool(question, "invoice", want->invoice);
    FPI_TRY(exchange(&answer, decoder, 'c', question, fd, task));
    if (!answer.doc) {
        return fpi_fail(task, FPI_E_DECODER, "the decoding helper answered nothing");
    }
    *doc = answer.doc;
    return NULL;
}

static fpi_media_t media_of(const fpi_json_t *doc)
{
    const char *name = text_in(doc, "media");

    return name && strcmp(name, fpi_media_info(FPI_MEDIA_PNG)->name) == 0 ? FPI_MEDIA_PNG : FPI_MEDIA_JPEG;
}

fpi_err_t *fpi_decode_render(fpi_media_t *media, fpi_decoder_t *decoder, int fd, fpi_media_t source,
                             const fpi_picture_t *want,
                             fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task),
                             void *baton, fpi_task_t *task)
{
    fpi_json_t *question = make_question("render", source, task);
    answer_t answer = { .put = put, .baton = baton };

    fpi_json_put_int(question, "page", want->page);
    fpi_json_put_int(question, "width", want->width);
    fpi_json_put_int(question, "height", want->height);
    fpi_json_put_int(question, "rotation", want->rotation);
    FPI_TRY(exchange(&answer, decoder, 'c', question, fd, task));
    if (!answer.doc || answer.total == 0) {
        return fpi_fail(task, FPI_E_DECODER, "the decoding helper answered no picture");
    }
    *media = media_of(answer.doc);
    return NULL;
}

fpi_err_t *fpi_decode_office(fpi_decoder_t *decoder, int fd, fpi_media_t media,
                             fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task), void *baton,
                             fpi_task_t *task)
{
    const fpi_media_info_t *info = fpi_media_info(media);
    fpi_json_t *question = make_question("office", media, task);
    answer_t answer = { .put = put, .baton = baton };

    if (!strstr(decoder->about, "office 1")) {
        return fpi_refuse(task, FPI_E_UNREADABLE, NULL, "%s 文件没有预览: 服务器未安装 LibreOffice",
                          "there is no preview of %s files: LibreOffice is not installed on the server", info->name);
    }
    fpi_json_put_text(question, "extension", info->extension);
    FPI_TRY(exchange(&answer, decoder, 'o', question, fd, task));
    return answer.total ? NULL : fpi_fail(task, FPI_E_DECODER, "the decoding helper answered no PDF");
}

static fpi_json_t *cover_of(const fpi_cover_print_t *cover, fpi_task_t *task)
{
    fpi_json_t *one = fpi_json_make_object(task);
    fpi_json_t *lines = fpi_json_make_array(task);

    fpi_json_put_text(one, "number", cover->number);
    fpi_json_put_text(one, "title", cover->title);
    for (size_t i = 0; i < sizeof(cover->lines) / sizeof(*cover->lines) && cover->lines[i]; i++) {
        fpi_json_add_text(lines, cover->lines[i]);
    }
    fpi_json_put(one, "lines", lines);
    return one;
}

fpi_err_t *fpi_decode_print_cover(fpi_decoder_t *decoder, const fpi_cover_print_t *cover, int count,
                                  fpi_err_t *(*put)(void *baton, const void *data, size_t len, fpi_task_t *task),
                                  void *baton, fpi_task_t *task)
{
    fpi_json_t *question = make_question("cover", FPI_MEDIA_PDF, task);
    fpi_json_t *covers = fpi_json_make_array(task);
    answer_t answer = { .put = put, .baton = baton };

    for (int i = 0; i < count; i++) {
        fpi_json_add(covers, cover_of(&cover[i], task));
    }
    fpi_json_put(question, "covers", covers);
    FPI_TRY(exchange(&answer, decoder, 'c', question, -1, task));
    if (answer.doc && fpi_json_size(fpi_json_find(answer.doc, "notes")) > 0) {
        fpi_log(task, FPI_M_DECODE_FONT, "%s", fpi_json_text(fpi_json_at(fpi_json_find(answer.doc, "notes"), 0)));
    }
    return answer.total ? NULL : fpi_fail(task, FPI_E_DECODER, "the decoding helper answered no cover");
}
