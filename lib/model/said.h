/* How the values of an invoice are written by those who say them, and the one form in which we keep and compare them:
 * full-width and half-width letters, blanks, brackets, currency signs, dates and amounts in every usual notation.
 *
 * Life:    results live in the pool that is given.
 * Threads: all functions may be used at once.
 * Limits:  a value of FPI_SAID_MOST bytes; longer ones are cut at a character. */
#ifndef FPI_SAID_H
#define FPI_SAID_H

#include <apr_pools.h>
#include <stdbool.h>

enum { FPI_SAID_MOST = 1000 };

typedef enum fpi_said_kind_t {
    FPI_SAID_TEXT, FPI_SAID_ID, FPI_SAID_NAME, FPI_SAID_DATE, FPI_SAID_MONEY, FPI_SAID_TAX
} fpi_said_kind_t;

/* Of a field of model/evidence.h; TEXT for one that is not listed there. */
fpi_said_kind_t fpi_said_kind(const char *field);

/* The value as it is kept, or NULL when the text says nothing of this kind:
 *   ID     half-width upper case letters and digits without blanks
 *   NAME   without blanks round it or double ones inside, else as it was written
 *   DATE   "2024-05-06" of "2024年5月6日", "20240506", "2024/5/6 9:30:00", 1714953600000 (ms, China), ...; one that exists
 *   MONEY  "-1234.50" of "（￥1，234.5）", "-¥1234.50", "1234.500元", "-1.2345E+3"; NULL for parts of a fen
 *   TAX    as MONEY; "***", "免税" and "不征税" are "0.00" */
const char *fpi_said_value(fpi_said_kind_t kind, const char *text, apr_pool_t *pool);

/* The form of a kept value in which two that mean the same are equal. */
const char *fpi_said_key(fpi_said_kind_t kind, const char *value, apr_pool_t *pool);

/* Full-width forms of ASCII, the ideographic and other wide blanks and the yen sign as half-width ones; the rest as it
 * stands. */
char *fpi_said_narrow(const char *text, apr_pool_t *pool);

#endif
