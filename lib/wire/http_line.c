#include "wire/http_own.h"

#include "base/clock.h"
#include "wire/crypto_tls.h"

#include <apr_strings.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* peers close kept connections after 60 or 65 seconds */
enum { KEPT_LONGEST = 55 * APR_USEC_PER_SEC, BUSY = APR_USEC_PER_SEC / 2 };

/* ---- the connection ---- */

void fpi_http_line_close(fpi_http_line_t *line)
{
    if (line->easy) {
        fpi_http_line_set_blocking(line, false); /* libcurl reads once more to end TLS, and must not wait there */
    }
    if (line->multi && line->easy) {
        (void)curl_multi_remove_handle(line->multi, line->easy);
    }
    curl_easy_cleanup(line->easy);
    if (line->multi) {
        (void)curl_multi_cleanup(line->multi);
    }
    line->easy = line->multi = line->tls = NULL;
    line->fd = -1;
    line->is_blocking = false;
}

/* What comes unasked on a kept connection is its end, or words that belong to no request ("408"). One in constant
 * use is not asked each time: peers say such things to idle ones, and what may be repeated is. */
static bool is_quiet(const fpi_http_line_t *line, apr_interval_time_t idle, const fpi_http_exchange_t *ex)
{
    struct pollfd ask = { .fd = line->fd, .events = POLLIN };

    return (idle < BUSY && fpi_http_request_may_replay(ex)) || poll(&ask, 1, 0) == 0;
}

static bool is_usable(const fpi_http_line_t *line, const fpi_http_exchange_t *ex, size_t origin_len)
{
    apr_interval_time_t idle = fpi_clock_tick() - line->used_at;

    return line->easy && strncmp(line->origin, ex->url, origin_len) == 0 && line->origin[origin_len] == '\0'
           && idle < KEPT_LONGEST && is_quiet(line, idle, ex);
}

void fpi_http_line_set_blocking(fpi_http_line_t *line, bool is_blocking)
{
    int flags = line->is_blocking == is_blocking ? -1 : fcntl(line->fd, F_GETFL);

    if (flags >= 0 && fcntl(line->fd, F_SETFL, is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) == 0) {
        line->is_blocking = is_blocking;
    }
}

/* ---- making one ---- */

/* No call on it takes longer, so that limits are kept and who has left is noticed. */
static bool limit_calls(const fpi_http_line_t *line)
{
    const struct timeval most = { .tv_sec = 1 };

    return setsockopt(line->fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) == 0
           && setsockopt(line->fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) == 0;
}

static bool find_socket(fpi_http_line_t *line)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(line->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK) {
        return false;
    }
    line->fd = fd;
    return fd != CURL_SOCKET_BAD && limit_calls(line);
}

/* OpenSSL's SSL of the line; NULL: another library's, or a peer that speaks unasked. libcurl parts the handle from
 * its connection when it stands, and joins them again with the first read. */
static void *tls_of(const fpi_http_line_t *line)
{
    const struct curl_tlssessioninfo *info = NULL;
    size_t got = 0;

    if (curl_easy_recv(line->easy, line->in, FPI_HTTP_READ, &got) != CURLE_AGAIN
        || curl_easy_getinfo(line->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info
        || info->backend != CURLSSLBACKEND_OPENSSL) {
        return NULL;
    }
    return info->internals;
}

/* May our framing be used on it? Not on TLS where ALPN's choice can't be seen, or is HTTP/2. */
static bool speaks_http1(fpi_http_line_t *line)
{
    if (strncasecmp(line->origin, "https:", 6) != 0) {
        return true;
    }
    if (!fpi_tls_is_same_library(curl_version_info(CURLVERSION_NOW)->ssl_version)) {
        return false;
    }
    line->tls = tls_of(line);
    return line->tls && !fpi_tls_has_chosen(line->tls, "h2") && fpi_tls_read_ahead(line->tls);
}

static fpi_err_t *make_handles(fpi_http_slot_t *slot, const fpi_http_client_t *client, fpi_task_t *task)
{
    fpi_http_line_t *line = &slot->line;

    line->multi = curl_multi_init();
    if (!line->multi || !fpi_http_handle_open(&line->easy, client, slot->said)) {
        return fpi_fail(task, FPI_E_INTERNAL, "libcurl can't make a handle: no memory");
    }
    return NULL;
}

static fpi_err_t *connect_line(fpi_http_slot_t *slot, fpi_http_client_t *client, fpi_http_run_t *run)
{
    fpi_http_line_t *line = &slot->line;

    FPI_TRY(make_handles(slot, client, run->task));
    FPI_TRY(fpi_http_connect(run, line->easy, line->multi, slot->said));
    if (!find_socket(line)) {
        return fpi_fail(run->task, FPI_E_CLOUD, "%s: the connection broke as soon as it stood",
                        fpi_http_request_name(run->ex, run->task->pool));
    }
    return NULL;
}

static fpi_err_t *open_anew(fpi_http_slot_t *slot, fpi_http_client_t *client, fpi_http_run_t *run, size_t origin_len,
                            bool *is_h2)
{
    fpi_http_line_t *line = &slot->line;
    fpi_url_t url;
    fpi_err_t *err;

    FPI_TRY(fpi_url_parse(&url, run->ex->url, run->task));
    if (origin_len >= sizeof(line->origin)) {
        return fpi_fail(run->task, FPI_E_FIELD, "a URL that can't be called: its host is too long");
    }
    memcpy(line->origin, run->ex->url, origin_len);
    line->origin[origin_len] = '\0';
    *is_h2 = fpi_http_origin_is_h2(client, line->origin);
    if (*is_h2) {
        return NULL;
    }
    err = connect_line(slot, client, run);
    *is_h2 = !err && !speaks_http1(line);
    if (*is_h2) {
        fpi_http_origin_note_h2(client, line->origin);
        run->ex->is_connected = false;
    }
    if (err || *is_h2) {
        fpi_http_line_close(line);
    }
    return err;
}

fpi_err_t *fpi_http_line_open(fpi_http_slot_t *slot, fpi_http_client_t *client, fpi_http_run_t *run, bool is_fresh,
                              bool *is_h2)
{
    size_t len = fpi_http_origin_len(run->ex->url);

    *is_h2 = false;
    run->ex->is_reused = !is_fresh && is_usable(&slot->line, run->ex, len);
    run->ex->is_connected = run->ex->is_reused;
    if (run->ex->is_reused) {
        return NULL;
    }
    fpi_http_line_close(&slot->line);
    return open_anew(slot, client, run, len, is_h2);
}

/* ---- bytes ---- */

static fpi_http_io_t outcome(CURLcode rc)
{
    return rc == CURLE_OK ? FPI_HTTP_MOVED : rc == CURLE_AGAIN ? FPI_HTTP_AGAIN : FPI_HTTP_BROKEN;
}

fpi_http_io_t fpi_http_line_send(fpi_http_line_t *line, const char *data, size_t len, size_t *sent)
{
    *sent = 0;
    return outcome(curl_easy_send(line->easy, data, len, sent));
}

fpi_http_io_t fpi_http_line_recv(fpi_http_line_t *line, char *data, size_t room, size_t *got)
{
    *got = 0;
    return outcome(curl_easy_recv(line->easy, data, room, got));
}
