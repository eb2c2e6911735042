#include "wire/http_answer.h"

#include <apr_lib.h>
#include <string.h>
#include <strings.h>

enum { LINE_BYTES = 128 * 1024, SIZE_BYTES = 4096, SIZE_DIGITS = 15 };

static fpi_err_t *broken(const fpi_http_answer_t *answer, const char *what)
{
    fpi_task_t *task = answer->run->task;

    return fpi_fail(task, FPI_E_CLOUD, "%s: broken answer: %s", fpi_http_request_name(answer->run->ex, task->pool),
                    what);
}

void fpi_http_answer_start(fpi_http_answer_t *answer, fpi_http_run_t *run)
{
    memset(answer, 0, sizeof(*answer));
    answer->run = run;
}

bool fpi_http_answer_may_close(const fpi_http_answer_t *answer)
{
    return answer->state == FPI_ANSWER_CLOSE;
}

/* ---- heads ---- */

/* "HTTP/1.1 200 OK"; the reason is often left out, and may be anything. */
static fpi_err_t *take_status(fpi_http_answer_t *answer, const char *line, size_t len)
{
    if (len < 13 || memcmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') || line[8] != ' '
        || line[9] < '1' || line[9] > '9' || !apr_isdigit(line[10]) || !apr_isdigit(line[11])
        || !strchr(" \r\n", line[12]) || memchr(line, '\0', len)) {
        return broken(answer, "it does not begin with a status line of HTTP/1.1");
    }
    answer->is_http10 = line[7] == '0';
    answer->run->ex->is_answered = true;
    answer->state = FPI_ANSWER_HEAD;
    return fpi_http_head_take(answer->run, line, len);
}

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word), n;

    for (list += strspn(list, ", \t"); *list; list += n, list += strspn(list, ", \t")) {
        n = strcspn(list, ", \t");
        if (n == len && strncasecmp(list, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* What the head says of the message's end. */
typedef struct framing_t {
    int lengths, codings;
    int64_t length;
    bool is_chunked, is_closing, is_keeping;
} framing_t;

static bool read_framing(framing_t *f, const apr_table_t *headers)
{
    const apr_array_header_t *rows = apr_table_elts(headers);

    for (int i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if ((row->key[0] | 0x20) == 'c' && strcasecmp(row->key, "Connection") == 0) {
            f->is_closing |= has_word(row->val, "close");
            f->is_keeping |= has_word(row->val, "keep-alive");
        }
        else if ((row->key[0] | 0x20) == 'c' && strcasecmp(row->key, "Content-Length") == 0) {
            f->lengths++;
            if (!fpi_int_parse(&f->length, row->val, 0, INT64_MAX)) {
                return false;
            }
        }
        else if ((row->key[0] | 0x20) == 't' && strcasecmp(row->key, "Transfer-Encoding") == 0) {
            f->codings++;
            f->is_chunked = strcasecmp(row->val, "chunked") == 0;
        }
    }
    return true;
}

static bool has_no_body(const fpi_http_exchange_t *ex)
{
    return ex->status == 204 || ex->status == 304 || strcmp(ex->method, "HEAD") == 0;
}

/* Where the message ends, as its head says, told before anybody is told of the head. */
static fpi_err_t *choose_framing(fpi_http_answer_t *answer)
{
    const fpi_http_exchange_t *ex = answer->run->ex;
    framing_t f = { 0 };

    if (!read_framing(&f, ex->reply_headers)) {
        return broken(answer, "its Content-Length is no number");
    }
    if (f.codings && (f.lengths || !f.is_chunked || f.codings > 1 || answer->is_http10)) {
        return broken(answer, "its Transfer-Encoding is another than chunked, or stands beside a length");
    }
    answer->is_kept = answer->is_http10 ? f.is_keeping && !f.is_closing : !f.is_closing;
    answer->left = (uint64_t)f.length;
    if (has_no_body(ex)) {
        answer->state = FPI_ANSWER_OVER;
    }
    else if (f.codings) {
        answer->state = FPI_ANSWER_SIZE;
    }
    else if (f.lengths) {
        answer->state = f.length ? FPI_ANSWER_LENGTH : FPI_ANSWER_OVER;
    }
    else {
        answer->state = FPI_ANSWER_CLOSE;
        answer->is_kept = false;
    }
    return NULL;
}

static fpi_err_t *end_head(fpi_http_answer_t *answer, const char *line, size_t len)
{
    int status = answer->run->ex->status;

    if (status == 101) {
        return broken(answer, "it changes the protocol, which nobody asked for");
    }
    if (status < 200) {
        answer->state = FPI_ANSWER_START;
    }
    else {
        FPI_TRY(choose_framing(answer));
    }
    return fpi_http_head_take(answer->run, line, len);
}

static fpi_err_t *take_header(fpi_http_answer_t *answer, const char *line, size_t len)
{
    if (*line == '\n' || (len == 2 && *line == '\r')) {
        return end_head(answer, line, len);
    }
    if (*line == '\r' || (len >= 5 && memcmp(line, "HTTP/", 5) == 0)) {
        return broken(answer, "a header without a proper name");
    }
    return fpi_http_head_take(answer->run, line, len);
}

/* ---- chunks ---- */

static int digit_of(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, apr_tolower(c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* "1f", perhaps blanks, perhaps ";name=value", CR LF. A bare LF is refused: others read it as part of the line. */
static fpi_err_t *take_size(fpi_http_answer_t *answer, const char *line, size_t len)
{
    size_t at = 0;

    answer->left = 0;
    while (at < len && at <= SIZE_DIGITS && digit_of(line[at]) >= 0) {
        answer->left = answer->left * 16 + (uint64_t)digit_of(line[at++]);
    }
    if (at == 0 || at > SIZE_DIGITS || len > SIZE_BYTES || line[len - 2] != '\r'
        || memchr(line, '\r', len) != line + len - 2 || memchr(line, '\0', len)) {
        return broken(answer, "a chunk without a proper size");
    }
    at += strspn(line + at, " \t");
    if (line[at] != ';' && line[at] != '\r') {
        return broken(answer, "a chunk without a proper size");
    }
    answer->state = answer->left ? FPI_ANSWER_DATA : FPI_ANSWER_TRAILER;
    return NULL;
}

static fpi_err_t *take_data_end(fpi_http_answer_t *answer, const char *line, size_t len)
{
    if (len != 2 || *line != '\r') {
        return broken(answer, "a chunk is longer than its size");
    }
    answer->state = FPI_ANSWER_SIZE;
    return NULL;
}

/* Trailers are passed over, counted as lines of the head. */
static fpi_err_t *take_trailer(fpi_http_answer_t *answer, const char *line, size_t len)
{
    answer->run->head_bytes += len;
    if (++answer->run->head_lines > FPI_HTTP_HEAD_LINES || answer->run->head_bytes > FPI_HTTP_HEAD_BYTES) {
        return broken(answer, "too many trailers");
    }
    if (len == 2 && *line == '\r') {
        answer->state = FPI_ANSWER_OVER;
    }
    return NULL;
}

/* ---- lines ---- */

/* `line` ends with LF and is not empty. */
static fpi_err_t *take_line(fpi_http_answer_t *answer, const char *line, size_t len)
{
    switch (answer->state) {
    case FPI_ANSWER_START:
        return take_status(answer, line, len);
    case FPI_ANSWER_HEAD:
        return take_header(answer, line, len);
    case FPI_ANSWER_SIZE:
        return len < 2 ? broken(answer, "a chunk without a proper size") : take_size(answer, line, len);
    case FPI_ANSWER_DATA_END:
        return take_data_end(answer, line, len);
    default:
        return take_trailer(answer, line, len);
    }
}

/* Sets what is no beginning of an answer apart at once: a peer that speaks something else may never end its line. */
static fpi_err_t *keep_part(fpi_http_answer_t *answer, const char *data, size_t len)
{
    if (!answer->part) {
        answer->part = fpi_buf_make(answer->run->task->pool, LINE_BYTES);
    }
    if (!fpi_buf_put(answer->part, data, len)) {
        return broken(answer, "a line of more than 128 KiB");
    }
    if (answer->state == FPI_ANSWER_START
        && memcmp(answer->part->data, "HTTP/1.", answer->part->len < 7 ? answer->part->len : 7) != 0) {
        return broken(answer, "it does not begin with a status line of HTTP/1.1");
    }
    return NULL;
}

static fpi_err_t *take_in_lines(fpi_http_answer_t *answer, const char *data, size_t len, size_t *used)
{
    const char *end = memchr(data, '\n', len);
    fpi_buf_t *part = answer->part;
    size_t whole;

    *used = end ? (size_t)(end - data) + 1 : len;
    if (end && (!part || part->len == 0)) {
        return take_line(answer, data, *used);
    }
    FPI_TRY(keep_part(answer, data, *used));
    if (!end) {
        return NULL;
    }
    part = answer->part;
    whole = part->len;
    part->len = 0;
    return take_line(answer, part->data, whole);
}

/* ---- bodies ---- */

static fpi_err_t *take_in_bytes(fpi_http_answer_t *answer, const char *data, size_t len, size_t *used)
{
    *used = answer->state != FPI_ANSWER_CLOSE && answer->left < len ? (size_t)answer->left : len;
    FPI_TRY(fpi_http_body_take(answer->run, data, *used));
    if (answer->state == FPI_ANSWER_CLOSE) {
        return NULL;
    }
    answer->left -= *used;
    if (answer->left == 0) {
        answer->state = answer->state == FPI_ANSWER_DATA ? FPI_ANSWER_DATA_END : FPI_ANSWER_OVER;
    }
    return NULL;
}

fpi_err_t *fpi_http_answer_take(fpi_http_answer_t *answer, const char *data, size_t len, size_t *used)
{
    size_t n;

    *used = 0;
    while (*used < len && answer->state != FPI_ANSWER_OVER) {
        bool is_body = answer->state == FPI_ANSWER_LENGTH || answer->state == FPI_ANSWER_CLOSE
                       || answer->state == FPI_ANSWER_DATA;

        FPI_TRY(is_body ? take_in_bytes(answer, data + *used, len - *used, &n)
                        : take_in_lines(answer, data + *used, len - *used, &n));
        *used += n;
    }
    return NULL;
}
