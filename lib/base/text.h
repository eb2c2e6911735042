/* Text and bytes: buffers with a limit at birth, strict numbers, hex, base64, UTF-8, words of a
 * configuration line. Not a parser of any format.
 *
 * Life:    results live in the pool that is given.
 * Threads: all functions may be used at once on different data.
 * Limits:  a buffer never grows past the limit it was made with; passing it is a failure. */
#ifndef FPI_TEXT_H
#define FPI_TEXT_H

#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- growing buffer; data is NUL-terminated behind len ---- */
typedef struct fpi_buf_t {
    char *data;
    size_t len, room, limit;
    apr_pool_t *pool;
} fpi_buf_t;

fpi_buf_t *fpi_buf_make(apr_pool_t *pool, size_t limit);
/* Room for `len` bytes in all, so that what is put up to there never moves (secrets leave no copy). */
void fpi_buf_reserve(fpi_buf_t *buf, size_t len);
/* Appends; false, with nothing changed, when the limit would be passed. */
bool fpi_buf_put(fpi_buf_t *buf, const void *data, size_t len) FPI_MUST_USE;
bool fpi_buf_put_text(fpi_buf_t *buf, const char *text) FPI_MUST_USE;

/* ---- numbers: the whole text or nothing ---- */
/* Decimal with optional minus; no blanks, no plus; false outside [least, most]. */
bool fpi_int_parse(int64_t *out, const char *text, int64_t least, int64_t most);
/* Money with at most two decimals, "-12.3", to integer fen; false otherwise. */
bool fpi_fen_parse(int64_t *fen, const char *text);
/* "12.30" in the pool. */
const char *fpi_fen_format(apr_pool_t *pool, int64_t fen);
/* Size with optional K, M, G (1024), to bytes. */
bool fpi_size_parse(int64_t *bytes, const char *text);

/* ---- hex and base64 ---- */
/* Lower case, NUL-terminated: `out` holds 2 * len + 1. */
void fpi_hex_encode(char *out, const unsigned char *bytes, size_t len);
/* Upper or lower case; exactly 2 * len digits at `text`; false otherwise. */
bool fpi_hex_decode(unsigned char *out, size_t len, const char *text);
/* Standard alphabet with padding, made in the pool; NUL-terminated. */
char *fpi_base64_encode(apr_pool_t *pool, const void *bytes, size_t len);
/* URL alphabet without padding. */
char *fpi_base64url_encode(apr_pool_t *pool, const void *bytes, size_t len);
/* Standard alphabet; blanks and line ends are passed over, padding must be right; NULL otherwise. */
unsigned char *fpi_base64_decode(size_t *out_len, apr_pool_t *pool, const char *text, size_t len);
unsigned char *fpi_base64url_decode(size_t *out_len, apr_pool_t *pool, const char *text, size_t len);

/* ---- text ---- */
/* Well-formed UTF-8 (no surrogates, no overlong forms, nothing above U+10FFFF)? */
bool fpi_utf8_is_valid(const char *text, size_t len);
/* The first `most` code points of well-formed UTF-8. */
char *fpi_utf8_cut(apr_pool_t *pool, const char *text, size_t most);
/* Number of code points of well-formed UTF-8. */
size_t fpi_utf8_length(const char *text);
/* Copy without leading and trailing white space, also U+3000, U+00A0, U+FEFF and U+200B, which come
 * along when ids are pasted from documents. */
char *fpi_text_trim(apr_pool_t *pool, const char *text);
/* Offset of the first white space of the kinds above inside `text`, or -1. */
long fpi_text_find_blank(const char *text);
/* Copy with `instead` for each character that steers a display instead of being seen: C0, DEL, C1, line and paragraph
 * separators, bidirectional controls, what has no width. For terminals and names of files. */
char *fpi_text_steady(apr_pool_t *pool, const char *text, char instead);
/* ASCII letters to upper case, in place; returns it. */
char *fpi_text_upper(char *text);
/* Are both the same, compared in a time that depends on the lengths only? */
bool fpi_text_is_same_secret(const char *a, const char *b);
/* Splits a configuration line into words: blanks separate, '…' and "…" keep, \ escapes in "…".
 * NULL when a quote is left open. */
apr_array_header_t *fpi_text_words(apr_pool_t *pool, const char *line);
/* %XX and (in queries) + decoded; NULL for a bad escape, an encoded NUL or bad UTF-8. */
char *fpi_url_decode(apr_pool_t *pool, const char *text, size_t len, bool plus_is_space);
/* Everything but unreserved characters as %XX. */
char *fpi_url_encode(apr_pool_t *pool, const char *text);

#endif
