/* One turn:
 *
 *      source / body ──> out ──> line ──> peer
 *      head(), sink() <── answer <── in <── line
 *
 * Both directions in each, so that an answer is heard while the request is still on its way. */
#include "wire/http_answer.h"
#include "wire/http_own.h"

#include "base/clock.h"
#include "wire/crypto_tls.h"

#include <apr_strings.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>

enum {
    RECORD = 16 * 1024, /* of TLS: a longer piece would be several, and is not known to have moved before all have */
    PIECES = 8,         /* are read before time and the request are looked at again */
    CHUNK_ROOM = 10,    /* in front of a chunk: its size, CR LF */
    CHUNK_MOST = FPI_HTTP_UPLOAD - CHUNK_ROOM - 2
};

typedef struct direct_t {
    fpi_http_run_t *run;
    fpi_http_line_t *line;
    fpi_http_answer_t answer;
    /* ---- the request ---- */
    char *head;
    size_t head_len, joined; /* joined: bytes of the body behind it */
    const char *out;      /* what goes next */
    size_t out_len, out_at;
    bool is_body_out;     /* a body that is all there was put into out */
    bool is_end_out;      /* ... or the last chunk of one that streams */
    bool is_full;         /* the peer takes nothing now; a send might move a little into a buffer of ours */
    bool is_deaf;         /* the peer takes no more */
    int64_t sent;
    /* ---- the answer ---- */
    uint64_t got;
    bool is_drained;      /* the line had nothing more */
    bool is_behind;       /* bytes came behind the answer's end */
    bool is_lost;         /* the connection is what failed */
} direct_t;

static fpi_err_t *lost(direct_t *d, const char *what)
{
    fpi_task_t *task = d->run->task;

    d->is_lost = true;
    return fpi_fail(task, FPI_E_CLOUD, "%s: %s", fpi_http_request_name(d->run->ex, task->pool), what);
}

/* ---- the request ---- */

/* "host", or "host:port" where it is not the scheme's own. */
static const char *authority_of(const char *url, size_t origin_len, apr_pool_t *pool)
{
    const char *host = strstr(url, "://") + 3;
    const char *own = strncasecmp(url, "https:", 6) == 0 ? ":443" : ":80";
    size_t len = origin_len - (size_t)(host - url), n = strlen(own);

    if (len > n && strncmp(host + len - n, own, n) == 0) {
        len -= n;
    }
    return apr_pstrmemdup(pool, host, len);
}

/* Path and query. */
static const char *target_of(const char *target, apr_pool_t *pool)
{
    size_t len = strcspn(target, "#");

    if (*target != '/') {
        return apr_pstrcat(pool, "/", apr_pstrmemdup(pool, target, len), NULL);
    }
    return target[len] ? apr_pstrmemdup(pool, target, len) : target;
}

/* A short body travels with the head: one record, one call. */
static fpi_err_t *make_head(direct_t *d)
{
    const fpi_http_exchange_t *ex = d->run->ex;
    fpi_task_t *task = d->run->task;
    size_t origin_len = fpi_http_origin_len(ex->url);

    FPI_TRY(fpi_http_request_check(ex, task));
    if (origin_len == 0) {
        return fpi_fail(task, FPI_E_FIELD, "%s: a URL that can't be called",
                        fpi_http_request_name(ex, task->pool));
    }
    d->joined = !ex->source && ex->body_len <= RECORD ? ex->body_len : 0;
    FPI_TRY(fpi_http_request_format(&d->head, &d->head_len, ex, authority_of(ex->url, origin_len, task->pool),
                                    target_of(ex->url + origin_len, task->pool), d->run->options->user_agent,
                                    d->joined, task));
    if (d->joined) {
        memcpy(d->head + d->head_len, ex->body, d->joined);
    }
    return NULL;
}

static void put_head(direct_t *d)
{
    const fpi_http_exchange_t *ex = d->run->ex;

    d->out = d->head;
    d->out_len = d->head_len + d->joined;
    d->is_body_out = ex->source || ex->body_len == d->joined;
    d->is_end_out = ex->source_len >= 0;
}

/* Puts its size in front of, and a line end behind, what stands CHUNK_ROOM bytes into the buffer. */
static void put_chunk(direct_t *d, char *buffer, size_t len)
{
    char size[CHUNK_ROOM + 1];
    int digits = apr_snprintf(size, sizeof(size), "%lx\r\n", (unsigned long)len);

    memcpy(buffer + CHUNK_ROOM - digits, size, (size_t)digits);
    memcpy(buffer + CHUNK_ROOM + len, "\r\n", 2);
    d->out = buffer + CHUNK_ROOM - digits;
    d->out_len = (size_t)digits + len + 2;
}

static fpi_err_t *put_from_source(direct_t *d)
{
    fpi_http_run_t *run = d->run;
    bool is_chunked = run->ex->source_len < 0;
    char *buffer = d->line->out;
    size_t len;

    FPI_TRY(fpi_http_source_ask(run, buffer + CHUNK_ROOM, CHUNK_MOST, &len));
    if (len && is_chunked) {
        put_chunk(d, buffer, len);
    }
    else if (len) {
        d->out = buffer + CHUNK_ROOM;
        d->out_len = len;
    }
    else if (run->is_source_over && !d->is_end_out) {
        d->out = "0\r\n\r\n";
        d->out_len = 5;
        d->is_end_out = true;
    }
    return NULL;
}

/* What comes behind that which has left; nothing while the source is dry, and at the end. */
static fpi_err_t *put_next(direct_t *d)
{
    fpi_http_run_t *run = d->run;

    d->out_at = d->out_len = 0;
    if (!run->ex->source) {
        d->out = run->ex->body; /* what was not joined to the head */
        d->out_len = d->is_body_out ? 0 : run->ex->body_len;
        d->is_body_out = true;
        return NULL;
    }
    if (run->is_source_over || run->taken == run->ex->source_len) {
        return NULL;
    }
    return put_from_source(d);
}

/* An unfinished piece is offered anew in the same way, as TLS wants it. */
static void send_out(direct_t *d)
{
    fpi_http_io_t io = FPI_HTTP_MOVED;

    while (d->out_at < d->out_len && io == FPI_HTTP_MOVED) {
        size_t len = d->out_len - d->out_at, n;

        io = fpi_http_line_send(d->line, d->out + d->out_at, len < RECORD ? len : RECORD, &n);
        d->out_at += n;
        d->sent += (int64_t)n;
        d->is_deaf = io == FPI_HTTP_BROKEN;
    }
}

static bool is_all_out(const direct_t *d)
{
    const fpi_http_run_t *run = d->run;

    if (d->out_at < d->out_len || !d->is_body_out) {
        return false;
    }
    return !run->ex->source
           || (d->is_end_out && (run->is_source_over || run->taken == run->ex->source_len));
}

static fpi_err_t *push(direct_t *d)
{
    if (!d->is_deaf && !d->is_full) {
        if (d->out_at == d->out_len) {
            FPI_TRY(put_next(d));
        }
        send_out(d);
    }
    d->run->is_upload_over = d->is_deaf || is_all_out(d);
    return NULL;
}

/* ---- the answer ---- */

static fpi_err_t *end_of_line(direct_t *d, fpi_http_io_t io)
{
    if (io == FPI_HTTP_MOVED && fpi_http_answer_may_close(&d->answer)) {
        d->answer.state = FPI_ANSWER_OVER;
        return NULL;
    }
    if (d->got > 0) {
        return lost(d, "broken answer: cut short");
    }
    return lost(d, io == FPI_HTTP_MOVED && !d->is_deaf ? "closed without an answer" : "the connection broke");
}

static fpi_err_t *pull(direct_t *d)
{
    int pieces = d->line->is_blocking ? 1 : PIECES;

    d->is_drained = false;
    for (int i = 0; i < pieces && d->answer.state != FPI_ANSWER_OVER; i++) {
        size_t got, used;
        fpi_http_io_t io = fpi_http_line_recv(d->line, d->line->in, FPI_HTTP_READ, &got);

        if (io == FPI_HTTP_AGAIN) {
            d->is_drained = true;
            return NULL;
        }
        if (io == FPI_HTTP_BROKEN || got == 0) {
            return end_of_line(d, io);
        }
        d->got += got;
        FPI_TRY(fpi_http_answer_take(&d->answer, d->line->in, got, &used));
        d->is_behind = used < got;
        fpi_http_run_moved(d->run);
    }
    return NULL;
}

/* ---- both ---- */

/* Until the line can be read, or written where that is wanted, or the source has something. */
static fpi_err_t *wait_for(direct_t *d, apr_interval_time_t wait)
{
    int source = fpi_http_source_fd(d->run);
    bool is_sending = !d->run->is_upload_over && !(d->run->is_dry && d->out_at == d->out_len);
    struct pollfd asked[] = { { .fd = d->line->fd, .events = POLLIN | (is_sending ? POLLOUT : 0) },
                              { .fd = source, .events = POLLIN } };

    if (poll(asked, source >= 0 ? 2 : 1, (int)((wait + 999) / 1000)) < 0) {
        return errno == EINTR ? NULL
            : fpi_fail(d->run->task, FPI_E_INTERNAL, "poll failed: error %d", errno);
    }
    d->is_drained = !(asked[0].revents & ~POLLOUT);
    d->is_full = is_sending && !asked[0].revents;
    return NULL;
}

static fpi_err_t *go_round(direct_t *d)
{
    apr_interval_time_t wait;

    put_head(d);
    /* a short request is in the peer's hands when its send returns: then the read may wait, which saves a call */
    fpi_http_line_set_blocking(d->line, !d->run->ex->source && d->is_body_out);
    d->is_drained = true;
    while (d->answer.state != FPI_ANSWER_OVER) {
        FPI_TRY(push(d));
        FPI_TRY(fpi_http_watch(d->run, d->sent, &wait));
        if (d->is_drained && !(d->line->is_blocking && d->run->is_upload_over && wait == FPI_HTTP_LOOK)) {
            FPI_TRY(wait_for(d, wait));
        }
        else {
            d->is_drained = false;
        }
        d->run->is_dry = false;
        if (!d->is_drained) {
            FPI_TRY(pull(d));
        }
    }
    return NULL;
}

/* ---- the exchange ---- */

static bool has_left(const direct_t *d)
{
    const fpi_http_exchange_t *ex = d->run->ex;
    bool has_body = ex->source ? ex->source_len != 0 : ex->body_len > 0;

    return d->sent > (has_body ? (int64_t)d->head_len : 0);
}

static void end_line(const direct_t *d, const fpi_err_t *err)
{
    fpi_http_line_t *line = d->line;

    if (err || !d->answer.is_kept || !is_all_out(d) || d->is_behind || (line->tls && fpi_tls_has_more(line->tls))) {
        fpi_http_line_close(line);
        return;
    }
    line->used_at = d->run->moved_at;
}

static fpi_err_t *try_once(direct_t *d)
{
    fpi_http_run_t *run = d->run;
    fpi_err_t *err;

    fpi_http_run_start(run);
    fpi_http_answer_start(&d->answer, run);
    err = go_round(d);
    run->ex->is_sent = run->ex->is_sent || has_left(d);
    run->ex->failed_at = err ? FPI_HTTP_AT_ANSWER : FPI_HTTP_NOWHERE;
    end_line(d, err);
    return err;
}

/* A kept connection that the peer had closed, unknown to us: it has read nothing, or may read it again. */
static bool may_go_again(const direct_t *d)
{
    const fpi_http_run_t *run = d->run;

    return d->is_lost && run->ex->is_reused && d->got == 0 && !fpi_task_is_over(run->task)
           && (fpi_http_request_may_replay(run->ex) || (d->sent == 0 && run->taken == 0));
}

fpi_err_t *fpi_http_direct(fpi_http_slot_t *slot, fpi_http_client_t *client, fpi_http_run_t *run, bool *is_h2)
{
    direct_t d = { .run = run, .line = &slot->line };
    fpi_err_t *err;

    fpi_http_run_start(run);
    FPI_TRY(make_head(&d));
    FPI_TRY(fpi_http_line_open(slot, client, run, false, is_h2));
    if (*is_h2) {
        return NULL;
    }
    err = try_once(&d);
    if (err && may_go_again(&d)) {
        d = (direct_t){ .run = run, .line = &slot->line, .head = d.head, .head_len = d.head_len, .joined = d.joined };
        run->sent = 0;
        FPI_TRY(fpi_http_line_open(slot, client, run, true, is_h2));
        return *is_h2 ? NULL : try_once(&d);
    }
    if (d.is_lost && run->ex->is_reused && d.got == 0) {
        return fpi_wrap(run->task, err, "a kept connection; not repeated, since it can't be known to be safe");
    }
    return err;
}
