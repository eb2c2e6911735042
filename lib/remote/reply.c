#include "remote/reply.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

enum { WORDS_MAX = 200, ERRCODE_MAX = 32 };

#define TOKEN_REFUSED "1300"

static const char *const code_names[] = { "errcode", "errorCode" };

enum { CODE_NAMES = sizeof(code_names) / sizeof(*code_names) };

static const int64_t life_most = 10 * 366 * 86400LL;

/* A token is not used in the last minute of its life, or a twentieth of a short one: clocks differ,
 * and a call may be under way for a while before the cloud looks at its token. */
static const apr_interval_time_t margin_most = 60 * APR_USEC_PER_SEC;

/* Looked for before anything is cut, so that no half of it stays. */
static const char *masked(const char *text, const fpi_secret_t *secret)
{
    return secret && secret->len && strstr(text, secret->bytes) ? "***" : text;
}

static const char *words_of(const fpi_json_t *answer, const fpi_secret_t *secret, fpi_task_t *task)
{
    static const char *const names[] = { "description", "message", "errmsg" };
    const char *words = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !words; i++) {
        words = fpi_json_text(fpi_json_find(answer, names[i]));
    }
    return words ? fpi_utf8_cut(task->pool, masked(words, secret), WORDS_MAX) : "-";
}

static fpi_err_t *garbage(const char *what, int status, const char *why, fpi_task_t *task)
{
    return fpi_fail(task, FPI_E_CLOUD,
                    "%s: the cloud's answer (HTTP %d) could not be understood: %s", what, status,
                    why);
}

/* NULL: there is none. */
static fpi_err_t *find_code(const char **code, const fpi_json_t *answer, fpi_task_t *task)
{
    *code = NULL;
    for (int i = 0; i < CODE_NAMES && !*code; i++) {
        FPI_TRY(fpi_json_find_scalar(code, answer, code_names[i], ERRCODE_MAX, task));
    }
    return NULL;
}

/* Most answers are no refusal, and are not parsed for it. Of a long word only every ninth byte is looked at. */
static bool may_say(const char *data, size_t len, const char *name, const char *code, apr_pool_t *pool)
{
    enum { BETWEEN = 64 }; /* blanks, a colon, a quote */
    const char *quoted = apr_pstrcat(pool, "\"", name, "\"", NULL), *at, *end = data + len;
    size_t n = strlen(quoted);

    for (; (at = memmem(data, (size_t)(end - data), quoted, n)); data = at + n) {
        size_t left = (size_t)(end - at) - n;

        if (memmem(at + n, left < BETWEEN ? left : BETWEEN, code, strlen(code))) {
            return true;
        }
    }
    return false;
}

bool fpi_reply_is_token_refused(const char *data, size_t len, fpi_task_t *task)
{
    const char *code = NULL;
    fpi_json_t *answer;
    bool may_be = false;

    for (int i = 0; i < CODE_NAMES && !may_be; i++) {
        may_be = may_say(data, len, code_names[i], TOKEN_REFUSED, task->pool);
    }
    if (!may_be || fpi_json_parse(&answer, data, len, task) || !fpi_json_is_object(answer)) {
        return false;
    }
    fpi_ignore(find_code(&code, answer, task));
    return code && strcmp(code, TOKEN_REFUSED) == 0;
}

/* Some codes only say that it is too early (vendor's polling answers). */
static bool is_for_later(int status, const char *errcode)
{
    return status >= 500 || status == 429 || strcmp(errcode, "1307") == 0;
}

static fpi_err_t *refused(const char *what, int status, const char *errcode, const char *words,
                          fpi_task_t *task)
{
    if (is_for_later(status, errcode)) {
        return fpi_fail(task, FPI_E_CLOUD, "%s: the cloud can't say now: HTTP %d, errcode %s: %s",
                        what, status, errcode, words);
    }
    return fpi_refuse(task, FPI_E_CLOUD_REFUSED, NULL, "发票云拒绝了请求 (%s, errcode %s): %s",
                      "the cloud refused the call (%s, errcode %s): %s", what, errcode, words);
}

fpi_err_t *fpi_reply_read(fpi_json_t **answer, const char *what, int status, const char *data,
                          size_t len, const fpi_secret_t *secret, fpi_task_t *task)
{
    const char *errcode = NULL;
    fpi_err_t *err = fpi_json_parse(answer, data, len, task);

    if (err || !fpi_json_is_object(*answer)) {
        return garbage(what, status, err ? err->detail : "not an object", task);
    }
    err = find_code(&errcode, *answer, task);
    if (err || !errcode) {
        return garbage(what, status, err ? err->detail : "without an errcode", task);
    }
    if (strcmp(errcode, "0000") != 0) {
        return refused(what, status, masked(errcode, secret), words_of(*answer, secret, task),
                       task);
    }
    return status / 100 == 2 ? NULL : garbage(what, status, "errcode 0000 with this status", task);
}

/* Some peers write whole numbers as 129600.0. */
static bool read_life(int64_t *seconds, const fpi_json_t *answer, fpi_task_t *task)
{
    const char *text;
    size_t whole;

    if (fpi_json_find_scalar(&text, answer, "expires_in", 40, task) || !text) {
        return false;
    }
    whole = strcspn(text, ".");
    if (text[whole] && text[whole + 1] && text[whole + 1 + strspn(text + whole + 1, "0")] == '\0') {
        text = apr_pstrmemdup(task->pool, text, whole);
    }
    return fpi_int_parse(seconds, text, 1, life_most);
}

fpi_err_t *fpi_reply_read_token(fpi_token_t *token, const fpi_json_t *answer, apr_time_t sent,
                                fpi_task_t *task)
{
    const char *text = fpi_json_text(fpi_json_find(answer, "access_token"));
    apr_interval_time_t life, margin;
    int64_t seconds;

    if (!text || !fpi_token_is_clean(text)) {
        return fpi_fail(task, FPI_E_CLOUD,
                        "the cloud's token answer has no access_token that can be used");
    }
    if (!read_life(&seconds, answer, task)) {
        return fpi_fail(task, FPI_E_CLOUD, "the cloud's token answer has no expires_in in seconds");
    }
    life = seconds * APR_USEC_PER_SEC;
    margin = life / 20 < margin_most ? life / 20 : margin_most;
    token->text = apr_pstrdup(task->pool, text);
    token->fetched = sent;
    token->expires = sent + life - margin;
    return NULL;
}
