#include "service/api.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

enum { SEGMENTS_MAX = 64, PATH_MAX_LEN = 4096 };

typedef struct segment_t {
    const char *text;
    size_t len;
} segment_t;

bool fpi_api_is_ours(const char *uri, apr_pool_t *pool)
{
    (void)pool;
    while (*uri == '/' || *uri == ':') {
        uri++;
    }
    return strncmp(uri, "api", 3) == 0 && (uri[3] == '\0' || uri[3] == '/' || uri[3] == ':');
}

/* People's prefixes and generated suffixes meet with "//", "/:" and ":/"; what is left of a segment
 * without its outer colons is what was meant. */
static segment_t without_colons(segment_t seg)
{
    while (seg.len && seg.text[0] == ':') {
        seg.text++;
        seg.len--;
    }
    while (seg.len && seg.text[seg.len - 1] == ':') {
        seg.len--;
    }
    return seg;
}

static bool is_api(segment_t seg)
{
    return seg.len == 3 && memcmp(seg.text, "api", 3) == 0;
}

static fpi_err_t *check_segment(segment_t seg, fpi_task_t *task)
{
    const char *plain = fpi_url_decode(task->pool, seg.text, seg.len, false);
    bool bad = !plain || strcmp(plain, ".") == 0 || strcmp(plain, "..") == 0;

    for (const char *c = plain; !bad && *c; c++) {
        bad = *c == '/' || *c == '\\' || (unsigned char)*c < 0x20 || *c == 0x7f;
    }
    if (!bad) {
        return NULL;
    }
    return fpi_refuse(task, FPI_E_BAD_REQUEST, NULL,
                      "请求路径含有不允许的片段 (点段, 编码的斜杠, 反斜杠, 控制字符或非UTF-8)",
                      "the path has a segment that is not allowed (dot segment, encoded slash, "
                      "backslash, control character or bad UTF-8)");
}

/* Appends a segment; bytes that may not stand in a URL are escaped. */
static char *append(char *to, segment_t seg)
{
    *to++ = '/';
    for (size_t i = 0; i < seg.len; i++) {
        unsigned char c = (unsigned char)seg.text[i];

        if (c <= 0x20 || c >= 0x7f || strchr("\"<>^`{|}", c)) {
            to += snprintf(to, 4, "%%%02X", c);
        }
        else {
            *to++ = (char)c;
        }
    }
    return to;
}

fpi_err_t *fpi_path_normalise(const char **out, bool *was_malformed, const char *uri, fpi_task_t *task)
{
    size_t len = strlen(uri);
    bool malformed = *uri != '/';
    char *to;
    int kept = 0;

    if (len > PATH_MAX_LEN) {
        return fpi_refuse(task, FPI_E_BAD_REQUEST, NULL, "请求路径过长, 上限 %d 字节",
                          "the path is longer than %d bytes", PATH_MAX_LEN);
    }
    *out = to = apr_palloc(task->pool, len * 3 + 2);
    for (const char *at = uri + (*uri == '/'); *at;) {
        size_t n = strcspn(at, "/");
        segment_t seg = without_colons((segment_t){ at, n });
        bool is_last = at[n] == '\0';

        malformed = malformed || seg.len != n || n == 0;
        at += n + !is_last;
        if (seg.len == 0) {
            continue;
        }
        if (kept == 1 && is_api(seg)) {
            malformed = true;
            continue;
        }
        FPI_TRY(check_segment(seg, task));
        if (++kept > SEGMENTS_MAX) {
            return fpi_refuse(task, FPI_E_BAD_REQUEST, NULL, "请求路径层级超过 %d",
                              "the path has more than %d segments", SEGMENTS_MAX);
        }
        to = append(to, seg);
    }
    *to = '\0';
    *was_malformed = malformed;
    return NULL;
}
