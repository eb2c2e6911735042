/* Where an answer of HTTP/1.1 ends (RFC 9112, 6.3): takes what comes apart into the lines of heads and the bytes of the
 * body. Strict, for what is read in another way than the peer meant it belongs to somebody else's answer. Not a reader:
 * bytes are handed in as they come, in pieces of any size.
 *
 *      START ── HEAD ──┬── LENGTH ─────────────────────────────┬── OVER
 *        ^──── 1xx ────┤── SIZE ── DATA ── DATA_END ── TRAILER ┤
 *                      ├── CLOSE (until the peer closes) ──────┤
 *                      └── HEAD, 204, 304 ─────────────────────┘
 *
 * Life:    one answer, in the run's task.
 * Threads: one.
 * Limits:  128 KiB and 256 lines of heads and trailers, a line of a chunk's size 4 KiB. */
#ifndef FPI_HTTP_ANSWER_H
#define FPI_HTTP_ANSWER_H

#include "wire/http_own.h"

typedef struct fpi_http_answer_t {
    fpi_http_run_t *run;
    enum {
        FPI_ANSWER_START, FPI_ANSWER_HEAD, FPI_ANSWER_LENGTH, FPI_ANSWER_CLOSE, FPI_ANSWER_SIZE, FPI_ANSWER_DATA,
        FPI_ANSWER_DATA_END, FPI_ANSWER_TRAILER, FPI_ANSWER_OVER
    } state;
    uint64_t left;     /* bytes of the body, or of this chunk */
    fpi_buf_t *part;   /* the beginning of a line that came in pieces; NULL: none came yet */
    bool is_http10;
    bool is_kept;      /* may the connection serve another request? */
} fpi_http_answer_t;

void fpi_http_answer_start(fpi_http_answer_t *answer, fpi_http_run_t *run);
/* Takes `len` bytes, or up to the end of the answer; *used of them. Calls the exchange's head and sink. FPI_E_CLOUD for
 * what is no answer, FPI_E_TOO_LARGE, or what head and sink said. */
fpi_err_t *fpi_http_answer_take(fpi_http_answer_t *answer, const char *data, size_t len, size_t *used) FPI_MUST_USE;
/* The peer has closed: is that the end of the answer? */
bool fpi_http_answer_may_close(const fpi_http_answer_t *answer);

#endif
