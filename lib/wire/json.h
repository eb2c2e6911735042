/* JSON documents that belong to a task, and getters that say which field was wrong.
 * The only owner of jansson: json.c asks and makes, json_read.c parses, json_write.c writes.
 *
 * Life:    a parsed or made document lives until its task's pool is cleared; values got from it are
 *          borrowed from the document.
 * Threads: a document belongs to one thread at a time.
 * Limits:  the caller bounds the bytes; depth 64; FPI_JSON_VALUES values, as each takes up to a hundred times its bytes
 *          (2,000 invoices of 20 lines and 5,000 files have 770,000); duplicate keys, bad UTF-8, NUL in text and anything
 *          behind the document are refused, and a document is an object or an array. Numbers are
 *          exact 64-bit integers or doubles of 15 digits; an integer beyond 64 bits, up to
 *          FPI_JSON_INTEGER digits, is the text of its digits; money travels as text. When memory
 *          runs out the process ends, as with APR's pools. */
#ifndef FPI_JSON_H
#define FPI_JSON_H

#include "base/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct json_t fpi_json_t;

enum { FPI_JSON_DEPTH = 64, FPI_JSON_VALUES = 1000000, FPI_JSON_INTEGER = 100 };

/* Refuses with FPI_E_FIELD naming line and column. `data` need not be NUL-terminated; a byte order mark before it is
 * passed over. */
fpi_err_t *fpi_json_parse(fpi_json_t **doc, const char *data, size_t len, fpi_task_t *task)
    FPI_MUST_USE;
/* The same, with every number as the text that stands there: where what was signed is that text. */
fpi_err_t *fpi_json_parse_as_said(fpi_json_t **doc, const char *data, size_t len, fpi_task_t *task) FPI_MUST_USE;

/* Length of the byte order mark that `data` begins with; 0: none. */
size_t fpi_json_mark(const char *data, size_t len);

/* Compact text in the task's pool, members in the order they were put; sorted by name with
 * `canonical` (for hashes). Never NULL. */
const char *fpi_json_format(const fpi_json_t *doc, bool canonical, fpi_task_t *task);

/* ---- asking ---- */
bool fpi_json_is_object(const fpi_json_t *v);
bool fpi_json_is_array(const fpi_json_t *v);
bool fpi_json_is_text(const fpi_json_t *v);
bool fpi_json_is_real(const fpi_json_t *v); /* a number with a fraction or exponent */
bool fpi_json_is_null(const fpi_json_t *v); /* NULL or JSON null */
size_t fpi_json_size(const fpi_json_t *array_or_object);
fpi_json_t *fpi_json_at(const fpi_json_t *array, size_t i);
/* The member, or NULL when absent or null. */
fpi_json_t *fpi_json_find(const fpi_json_t *object, const char *name);
/* Bytes of a text value, NULL for another kind. */
const char *fpi_json_text(const fpi_json_t *v);
/* The number, when it is an integer. */
bool fpi_json_int(int64_t *out, const fpi_json_t *v);
/* Walks members in order: start with *iter NULL; false at the end. */
bool fpi_json_next(void **iter, const fpi_json_t *object, const char **name, fpi_json_t **value);

/* Getters. find: absent or null gives NULL/`otherwise`; get: absent, null or blank is refused. A wrong
 * type or a text longer than `most` characters is refused by both; the refusal (FPI_E_FIELD) names the
 * field, what was expected and what came. Where no text is wanted, blank text counts as absent. */
fpi_err_t *fpi_json_find_text(const char **out, const fpi_json_t *object, const char *name,
                              size_t most, fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_json_get_text(const char **out, const fpi_json_t *object, const char *name, size_t most,
                             fpi_task_t *task) FPI_MUST_USE;
/* A text, or a number or bool printed as it stood; for peers that don't care about types. */
fpi_err_t *fpi_json_find_scalar(const char **out, const fpi_json_t *object, const char *name,
                                size_t most, fpi_task_t *task) FPI_MUST_USE;
/* The same, but true and false are refused: they are no text of anything. */
fpi_err_t *fpi_json_find_word(const char **out, const fpi_json_t *object, const char *name,
                              size_t most, fpi_task_t *task) FPI_MUST_USE;
/* An integer, or a text that is one. */
fpi_err_t *fpi_json_find_int(int64_t *out, const fpi_json_t *object, const char *name,
                             int64_t otherwise, int64_t least, int64_t most, fpi_task_t *task)
    FPI_MUST_USE;
/* true/false, or 0/1, or "true"/"false"/"0"/"1". */
fpi_err_t *fpi_json_find_bool(bool *out, const fpi_json_t *object, const char *name, bool otherwise,
                              fpi_task_t *task) FPI_MUST_USE;
/* Money: a number or text with at most two decimals, to fen; *has says whether it was there. */
fpi_err_t *fpi_json_find_fen(int64_t *fen, bool *has, const fpi_json_t *object, const char *name,
                             fpi_task_t *task) FPI_MUST_USE;
fpi_err_t *fpi_json_find_array(fpi_json_t **out, const fpi_json_t *object, const char *name,
                               size_t most, fpi_task_t *task) FPI_MUST_USE;

/* ---- making ---- */
fpi_json_t *fpi_json_make_object(fpi_task_t *task);
fpi_json_t *fpi_json_make_array(fpi_task_t *task);
/* Text that is not well-formed UTF-8 is put with U+FFFD for each bad byte; NULL is put as null. */
void fpi_json_put_text(fpi_json_t *object, const char *name, const char *value);
void fpi_json_put_int(fpi_json_t *object, const char *name, int64_t value);
void fpi_json_put_bool(fpi_json_t *object, const char *name, bool value);
/* Puts `value`, which stays owned by its own task as well; NULL is put as null. */
void fpi_json_put(fpi_json_t *object, const char *name, fpi_json_t *value);
void fpi_json_add(fpi_json_t *array, fpi_json_t *value);
/* Adds the text of a document, and ends that: a list of thousands takes half the time and a fraction of the memory. What
 * such a list is part of can be put, copied and written, though not as canonical; its members can't be asked. */
void fpi_json_add_written(fpi_json_t *array, fpi_json_t *doc, fpi_task_t *task);
void fpi_json_add_real(fpi_json_t *array, double value);
void fpi_json_add_text(fpi_json_t *array, const char *value);
void fpi_json_add_int(fpi_json_t *array, int64_t value);
/* ISO 8601 UTC; 0 is put as null. */
void fpi_json_put_time(fpi_json_t *object, const char *name, apr_time_t when);
/* "12.30" */
void fpi_json_put_fen(fpi_json_t *object, const char *name, int64_t fen, fpi_task_t *task);
/* A copy of the outermost object or array, its values shared with the original: members put into or
 * dropped from one are not seen in the other, a change inside a value is. */
fpi_json_t *fpi_json_copy(const fpi_json_t *doc, fpi_task_t *task);
void fpi_json_drop(fpi_json_t *object, const char *name);

#endif
