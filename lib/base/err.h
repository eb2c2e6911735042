/* Failure as a value that cannot be dropped unseen.
 * A function that can fail returns `fpi_err_t *`: NULL is done. The value says a code for machines,
 * a sentence for the operator (what was tried, on what, what to do) and, for refusals, a public
 * sentence in Chinese and English. Internals never reach a client: without a public sentence the
 * client gets the code's text from codes.def.
 *
 * Life:    the failure lives in the pool of the task it was made with.
 * Threads: a failure belongs to the thread of its task.
 * Limits:  sentences are cut at 1,000 bytes; a chain at 16 links when it is printed. */
#ifndef FPI_ERR_H
#define FPI_ERR_H

#include <apr_pools.h>
#include <stdbool.h>

struct fpi_task_t;

typedef enum fpi_code_t {
    FPI_DONE = 0,
#define FPI_CODE(symbol, wire, http, http_c, type, retry, zh, en) FPI_E_##symbol,
#include "base/codes.def"
#undef FPI_CODE
    FPI_CODE_COUNT
} fpi_code_t;

typedef enum fpi_retry_t { FPI_RETRY_NEVER, FPI_RETRY_LATER, FPI_RETRY_CALLER } fpi_retry_t;

/* One row of codes.def. */
typedef struct fpi_code_info_t {
    const char *symbol, *wire;
    int http, http_c;
    const char *type;
    fpi_retry_t retry;
    const char *zh, *en;
} fpi_code_info_t;

typedef struct fpi_err_t {
    fpi_code_t code;
    const char *detail;            /* for the operator's log */
    const char *zh, *en;           /* public; NULL: the code's own text */
    const char *field;             /* the request's field at fault, or NULL */
    const char *more;              /* a JSON object, whose members stand beside the message on family C; or NULL */
    int retry_after;               /* seconds, or 0 when nothing is known */
    const struct fpi_err_t *cause; /* what it came from, or NULL */
} fpi_err_t;

#define FPI_MUST_USE __attribute__((warn_unused_result))
#define FPI_NEVER_NULL __attribute__((returns_nonnull))
#define FPI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Passes a failure up at once. */
#define FPI_TRY(call)                   \
    do {                                \
        fpi_err_t *try_err_ = (call);   \
        if (try_err_) return try_err_;  \
    } while (0)

const fpi_code_info_t *fpi_code_info(fpi_code_t code);

/* Makes a failure whose sentence is for the operator only. */
fpi_err_t *fpi_fail(struct fpi_task_t *task, fpi_code_t code, const char *format, ...)
    FPI_MUST_USE FPI_NEVER_NULL FPI_PRINTF(3, 4);

/* Makes a refusal: `zh` and `en` are formats over the same arguments in the same order and both
 * reach the client, so nothing secret may be among the arguments. `field` may be NULL. */
fpi_err_t *fpi_refuse(struct fpi_task_t *task, fpi_code_t code, const char *field, const char *zh,
                      const char *en, ...) FPI_MUST_USE FPI_NEVER_NULL FPI_PRINTF(4, 6) FPI_PRINTF(5, 6);

/* Adds what was being tried to `cause`, keeping its code, public text, field and pause. */
fpi_err_t *fpi_wrap(struct fpi_task_t *task, const fpi_err_t *cause, const char *format, ...)
    FPI_MUST_USE FPI_NEVER_NULL FPI_PRINTF(3, 4);

/* As fpi_wrap, and from here on it counts as `code`, with that code's public text. */
fpi_err_t *fpi_recode(struct fpi_task_t *task, const fpi_err_t *cause, fpi_code_t code,
                      const char *format, ...) FPI_MUST_USE FPI_NEVER_NULL FPI_PRINTF(4, 5);

/* A copy of `err` and its chain that lives in `pool`; NULL stays NULL. */
fpi_err_t *fpi_err_copy(apr_pool_t *pool, const fpi_err_t *err);

/* Public text in "zh" or "en". */
const char *fpi_err_public(const fpi_err_t *err, const char *lang);

/* The whole chain as one line for a log, made in `pool`. */
const char *fpi_err_chain(apr_pool_t *pool, const fpi_err_t *err);

/* May the same call be made again later without a change? */
bool fpi_err_may_repeat(const fpi_err_t *err);

/* Says on purpose that a failure changes nothing here. */
static inline void fpi_ignore(const fpi_err_t *err)
{
    (void)err;
}

#endif
