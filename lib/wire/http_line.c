#include "wire/http_own.h"

#include "base/clock.h"
#include "wire/crypto_tls.h"

#include <apr_strings.h>
#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_LONGEST = 55 }; /* seconds; peers close kept connections after 60 or 65 */

/* ---- the connection ---- */

void fpi_http_line_close(fpi_http_line_t *line)
{
    if (line->multi && line->easy) {
        (void)curl_multi_remove_handle(line->multi, line->easy);
    }
    curl_easy_cleanup(line->easy);
    if (line->multi) {
        (void)curl_multi_cleanup(line->multi);
    }
    line->easy = line->multi = line->tls = NULL;
    line->fd = -1;
}

/* What comes unasked on a kept connection is its end, or words that belong to no request ("408"). */
static bool is_quiet(const fpi_http_line_t *line)
{
    struct pollfd ask = { .fd = line->fd, .events = POLLIN };

    return poll(&ask, 1, 0) == 0;
}

static bool is_usable(const fpi_http_line_t *line, const char *origin, size_t len)
{
    return line->easy && strncmp(line->origin, origin, len) == 0 && line->origin[len] == '\0'
           && fpi_clock_tick() - line->used_at < KEPT_LONGEST * APR_USEC_PER_SEC && is_quiet(line);
}

/* ---- making one ---- */

static bool find_socket(fpi_http_line_t *line)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(line->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK) {
        return false;
    }
    line->fd = fd;
    return fd != CURL_SOCKET_BAD;
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
    line->in = line->in ? line->in : malloc(FPI_HTTP_READ);
    if (!line->multi || !line->in || !fpi_http_handle_open(&line->easy, client, slot->said)) {
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
    const char *url = run->ex->url;
    size_t len = fpi_http_origin_len(url);

    *is_h2 = false;
    run->ex->is_reused = !is_fresh && is_usable(&slot->line, url, len);
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
