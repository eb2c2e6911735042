#include "wire/http_own.h"

#include "base/clock.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

static const char *where(const fpi_http_run_t *run)
{
    return fpi_http_request_name(run->ex, run->task->pool);
}

static bool is_status_line(const char *line, size_t len)
{
    return len >= 5 && memcmp(line, "HTTP/", 5) == 0;
}

/* Each head begins anew: interim ones (1xx) and those of a replaced connection are passed over. */
static void start_head(fpi_http_run_t *run, const char *line, size_t len)
{
    const char *code = memchr(line, ' ', len);
    int status = 0;

    for (int i = 1; code && code + i < line + len && i <= 3 && apr_isdigit(code[i]); i++) {
        status = status * 10 + code[i] - '0';
    }
    run->ex->status = status;
    apr_table_clear(run->ex->reply_headers);
}

/* In place. */
static const char *trim(char *from, char *end)
{
    while (from < end && apr_isspace(*from)) {
        from++;
    }
    while (end > from && apr_isspace(end[-1])) {
        end--;
    }
    *end = '\0';
    return from;
}

/* A line that begins with a blank goes on with the header before it (RFC 9112, 5.2). */
static void fold_header(fpi_http_run_t *run, const char *line, size_t len)
{
    const apr_array_header_t *rows = apr_table_elts(run->ex->reply_headers);

    if (rows->nelts > 0) {
        apr_table_entry_t *last = &APR_ARRAY_IDX(rows, rows->nelts - 1, apr_table_entry_t);
        char *more = apr_pstrmemdup(run->task->pool, line, len);

        last->val = apr_pstrcat(run->task->pool, last->val, " ", trim(more, more + len), NULL);
    }
}

static bool is_token_byte(char c)
{
    return apr_isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static fpi_err_t *add_header(fpi_http_run_t *run, const char *line, size_t len)
{
    const char *end = line + len;
    const char *colon = line;
    apr_pool_t *pool = run->task->pool;
    char *name;

    while (end > line && (end[-1] == '\n' || end[-1] == '\r')) {
        end--;
    }
    for (const char *c = line; c < end; c++) {
        if (apr_iscntrl(*c) && *c != '\t') {
            return fpi_fail(run->task, FPI_E_CLOUD, "%s: broken answer: a control byte in a header",
                            where(run));
        }
    }
    if (*line == ' ' || *line == '\t') {
        fold_header(run, line, len);
        return NULL;
    }
    while (colon < end && is_token_byte(*colon)) {
        colon++;
    }
    if (colon == line || colon == end || *colon != ':') {
        return fpi_fail(run->task, FPI_E_CLOUD, "%s: broken answer: a header without a proper name",
                        where(run));
    }
    name = apr_pstrmemdup(pool, line, (size_t)(end - line)); /* one copy for both */
    name[colon - line] = '\0';
    apr_table_addn(run->ex->reply_headers, name, trim(name + (colon - line) + 1, name + (end - line)));
    return NULL;
}

/* libcurl takes the last of several lengths, and of each only what begins it: where the answer ends
 * would be told to our side in another way than it is read (RFC 9112, 6.3). */
static fpi_err_t *check_length(const fpi_http_run_t *run)
{
    const apr_array_header_t *rows = apr_table_elts(run->ex->reply_headers);
    int64_t length, before = -1;

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (!row->key || strcasecmp(row->key, "Content-Length") != 0) {
            continue;
        }
        if (!fpi_int_parse(&length, row->val, 0, INT64_MAX) || (before >= 0 && length != before)) {
            return fpi_fail(run->task, FPI_E_CLOUD,
                            "%s: broken answer: its Content-Length is no number, or there are two",
                            where(run));
        }
        before = length;
    }
    return NULL;
}

static fpi_err_t *end_head(fpi_http_run_t *run)
{
    fpi_http_exchange_t *ex = run->ex;

    if (ex->status < 200) {
        return NULL;
    }
    FPI_TRY(check_length(run));
    run->has_head = true;
    ex->upstream_us = fpi_clock_tick() - run->start;
    return ex->head ? ex->head(ex->baton, ex->status, ex->reply_headers) : NULL;
}

fpi_err_t *fpi_http_head_take(fpi_http_run_t *run, const char *line, size_t len)
{
    run->head_bytes += len;
    if (run->head_bytes > FPI_HTTP_HEAD_BYTES || ++run->head_lines > FPI_HTTP_HEAD_LINES) {
        return fpi_fail(run->task, FPI_E_CLOUD,
                        "%s: broken answer: its head has more than %d lines or %d bytes",
                        where(run), (int)FPI_HTTP_HEAD_LINES, (int)FPI_HTTP_HEAD_BYTES);
    }
    if (is_status_line(line, len)) {
        start_head(run, line, len);
    }
    else if (*line == '\r' || *line == '\n') {
        return end_head(run);
    }
    else {
        return add_header(run, line, len);
    }
    return NULL;
}

/* ---- the body ---- */

fpi_err_t *fpi_http_body_take(fpi_http_run_t *run, const char *data, size_t len)
{
    fpi_http_exchange_t *ex = run->ex;

    if (!run->has_head) {
        return fpi_fail(run->task, FPI_E_CLOUD, "%s: broken answer: a body without a head",
                        where(run));
    }
    if (ex->sink) {
        return ex->sink(ex->baton, data, len);
    }
    if (!fpi_buf_put(ex->reply, data, len)) {
        return fpi_fail(run->task, FPI_E_TOO_LARGE, "%s: the answer has more than %lu bytes",
                        where(run), (unsigned long)ex->reply_max);
    }
    return NULL;
}
