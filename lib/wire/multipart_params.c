/* The header fields of parts: "kind; name=value; name=\"value\"; name*=charset'language'%XX". */
#include "wire/multipart_own.h"

#include "base/text.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { PARAMS_MAX = 16 };

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static size_t token_len(const char *at)
{
    size_t len = 0;

    while (at[len] && !apr_iscntrl(at[len]) && !strchr(" \t()<>@,;:\\\"/[]?=", at[len])) {
        len++;
    }
    return len;
}

/* Behind the closing quote, or NULL. Browsers send the backslashes of a path as they are, so that only \" and \\
 * count as escapes. */
static const char *read_quoted(const char **out, const char *at, apr_pool_t *pool)
{
    char *to = apr_palloc(pool, strlen(at) + 1);

    *out = to;
    for (at++; *at != '"'; at++) {
        if (!*at) {
            return NULL;
        }
        at += *at == '\\' && (at[1] == '"' || at[1] == '\\');
        *to++ = *at;
    }
    *to = '\0';
    return at + 1;
}

/* A bare value may hold more than a token's characters: clients forget the quotes round names. */
static const char *read_bare(const char **out, const char *at, apr_pool_t *pool)
{
    size_t len = strcspn(at, ";"), end = len;

    while (end && (at[end - 1] == ' ' || at[end - 1] == '\t')) {
        end--;
    }
    *out = apr_pstrmemdup(pool, at, end);
    return at + len;
}

/* One parameter at `*at`, which stands on its ';'. False: malformed. */
static bool read_param(const char **at, const char **name, const char **value, apr_pool_t *pool)
{
    const char *p = skip_blanks(*at + 1);
    size_t len = token_len(p);

    *name = apr_pstrmemdup(pool, p, len);
    p = skip_blanks(p + len);
    if (!len) { /* "form-data;" */
        *at = p;
        *value = NULL;
        return *p == '\0' || *p == ';';
    }
    if (*p != '=') {
        return false;
    }
    p = skip_blanks(p + 1);
    p = *p == '"' ? read_quoted(value, p, pool) : read_bare(value, p, pool);
    if (p) {
        p = skip_blanks(p);
    }
    *at = p;
    return p && (*p == '\0' || *p == ';');
}

static fpi_err_t *malformed(const char *text, fpi_task_t *task)
{
    const char *shown = fpi_utf8_is_valid(text, strlen(text)) ? text : "?";

    return fpi_refuse(task, FPI_E_FIELD, NULL, "头字段格式错误: %.200s", "a header field is malformed: %.200s", shown);
}

fpi_err_t *fpi_params_walk(const char **kind, const char *text, fpi_param_fn *take, void *baton, fpi_task_t *task)
{
    size_t len = 0;
    const char *at = skip_blanks(text), *name, *value;

    while (at[len] && at[len] != ';' && at[len] != ' ' && at[len] != '\t') {
        len++;
    }
    *kind = apr_pstrmemdup(task->pool, at, len);
    at = skip_blanks(at + len);
    for (int i = 0; *at; i++) {
        if (*at != ';' || i >= PARAMS_MAX || !read_param(&at, &name, &value, task->pool)
            || (value && !take(baton, name, value, task))) {
            return malformed(text, task);
        }
    }
    return NULL;
}

/* ---- Content-Disposition ---- */

typedef struct taking_t {
    const char *name, *filename, *extended;
} taking_t;

/* NULL unless it is in UTF-8 and well formed. */
static const char *decode_extended(const char *value, apr_pool_t *pool)
{
    const char *quote = strncasecmp(value, "UTF-8'", 6) == 0 ? strchr(value + 6, '\'') : NULL;

    return quote ? fpi_url_decode(pool, quote + 1, strlen(quote + 1), false) : NULL;
}

static bool take_param(void *baton, const char *name, const char *value, fpi_task_t *task)
{
    taking_t *t = baton;
    const char **place = strcasecmp(name, "name") == 0         ? &t->name
                         : strcasecmp(name, "filename") == 0   ? &t->filename
                         : strcasecmp(name, "filename*") == 0 ? &t->extended
                                                               : NULL;

    (void)task;
    if (!place) {
        return true;
    }
    if (*place) {
        return false; /* twice: which one is meant? */
    }
    *place = value;
    return true;
}

fpi_err_t *fpi_disposition_parse(fpi_disposition_t *out, const char *value, fpi_task_t *task)
{
    taking_t t = { NULL, NULL, NULL };
    const char *kind;
    char *lower;

    FPI_TRY(fpi_params_walk(&kind, value, take_param, &t, task));
    lower = apr_pstrdup(task->pool, kind);
    for (char *c = lower; *c; c++) {
        *c = (char)apr_tolower(*c);
    }
    out->kind = lower;
    out->name = t.name;
    out->filename = t.extended ? decode_extended(t.extended, task->pool) : NULL;
    if (!out->filename) {
        out->filename = t.filename ? t.filename : t.extended;
    }
    return NULL;
}
