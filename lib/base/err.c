#include "base/err.h"

#include "base/task.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 1000, CHAIN_MAX = 16 };

static const fpi_code_info_t codes[FPI_CODE_COUNT] = {
    { "DONE", "0000", 200, 200, "ok", FPI_RETRY_NEVER, "操作成功", "done" },
#define FPI_CODE(symbol, wire, http, http_c, type, retry, zh, en) \
    { #symbol, wire, http, http_c, type, FPI_RETRY_##retry, zh, en },
#include "base/codes.def"
#undef FPI_CODE
};

const fpi_code_info_t *fpi_code_info(fpi_code_t code)
{
    return &codes[code < FPI_CODE_COUNT ? code : FPI_E_INTERNAL];
}

FPI_PRINTF(2, 0)
static const char *sentence(apr_pool_t *pool, const char *format, va_list args)
{
    char line[SENTENCE_MAX + 8]; /* more than is kept, to see where a character begins */
    int n = vsnprintf(line, sizeof(line), format, args);

    if (n > SENTENCE_MAX) {
        /* not in the middle of a UTF-8 character */
        n = SENTENCE_MAX;
        while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80) {
            n--;
        }
        line[n] = '\0';
    }
    return apr_pstrdup(pool, line);
}

static fpi_err_t *make(fpi_task_t *task, fpi_code_t code, const fpi_err_t *cause)
{
    fpi_err_t *err = apr_pcalloc(task->pool, sizeof(*err));

    err->code = code;
    err->cause = cause;
    return err;
}

fpi_err_t *fpi_fail(fpi_task_t *task, fpi_code_t code, const char *format, ...)
{
    fpi_err_t *err = make(task, code, NULL);
    va_list args;

    va_start(args, format);
    err->detail = sentence(task->pool, format, args);
    va_end(args);
    return err;
}

fpi_err_t *fpi_refuse(fpi_task_t *task, fpi_code_t code, const char *field, const char *zh,
                      const char *en, ...)
{
    fpi_err_t *err = make(task, code, NULL);
    va_list args;

    va_start(args, en);
    err->zh = sentence(task->pool, zh, args);
    va_end(args);
    va_start(args, en);
    err->en = sentence(task->pool, en, args);
    va_end(args);
    err->detail = err->en;
    err->field = field;
    return err;
}

FPI_PRINTF(4, 0)
static fpi_err_t *link_up(fpi_task_t *task, const fpi_err_t *cause, fpi_code_t code,
                          const char *format, va_list args)
{
    fpi_err_t *err = make(task, code, cause);

    err->detail = sentence(task->pool, format, args);
    err->retry_after = cause->retry_after;
    return err;
}

fpi_err_t *fpi_wrap(fpi_task_t *task, const fpi_err_t *cause, const char *format, ...)
{
    fpi_err_t *err;
    va_list args;

    va_start(args, format);
    err = link_up(task, cause, cause->code, format, args);
    va_end(args);
    err->zh = cause->zh;
    err->en = cause->en;
    err->field = cause->field;
    err->more = cause->more;
    return err;
}

fpi_err_t *fpi_recode(fpi_task_t *task, const fpi_err_t *cause, fpi_code_t code,
                      const char *format, ...)
{
    fpi_err_t *err;
    va_list args;

    va_start(args, format);
    err = link_up(task, cause, code, format, args);
    va_end(args);
    return err;
}

fpi_err_t *fpi_err_copy(apr_pool_t *pool, const fpi_err_t *err)
{
    fpi_err_t *copy;

    if (!err) {
        return NULL;
    }
    copy = apr_pmemdup(pool, err, sizeof(*err));
    copy->detail = apr_pstrdup(pool, err->detail);
    copy->zh = apr_pstrdup(pool, err->zh);
    copy->en = apr_pstrdup(pool, err->en);
    copy->field = apr_pstrdup(pool, err->field);
    copy->more = apr_pstrdup(pool, err->more);
    copy->cause = fpi_err_copy(pool, err->cause);
    return copy;
}

const char *fpi_err_public(const fpi_err_t *err, const char *lang)
{
    const fpi_code_info_t *info = fpi_code_info(err->code);

    if (lang && strcmp(lang, "en") == 0) {
        return err->en ? err->en : info->en;
    }
    return err->zh ? err->zh : info->zh;
}

const char *fpi_err_chain(apr_pool_t *pool, const fpi_err_t *err)
{
    const char *line = apr_psprintf(pool, "%s %s: %s", fpi_code_info(err->code)->wire,
                                    fpi_code_info(err->code)->symbol, err->detail);
    int links = 0;

    for (err = err->cause; err && ++links < CHAIN_MAX; err = err->cause) {
        line = apr_pstrcat(pool, line, ": ", err->detail, NULL);
    }
    return line;
}

bool fpi_err_may_repeat(const fpi_err_t *err)
{
    return fpi_code_info(err->code)->retry == FPI_RETRY_LATER;
}
