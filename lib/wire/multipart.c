/* The delimiter is CRLF "--" boundary. CR stands at its beginning only, so a run that turns out to be none can hide
 * no other but at the byte that broke it: no table is needed to fall back.
 *
 *   PREAMBLE ─delimiter─> LINE ─CRLF─> HEAD ─blank line─> CONTENT ─delimiter─> LINE ─"--"─> EPILOGUE
 *
 * The CRLF before the first delimiter may be missing, and a part without content may end with that of its blank line:
 * there the search begins with two bytes of the delimiter already `matched`, which are `lent` and given to nobody. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "wire/multipart_own.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARY_MAX = 70, LENT = 2, PADDING_MAX = 256 };

struct fpi_multipart_t {
    fpi_task_t *task;
    fpi_multipart_sink_t sink;
    void *baton;
    enum { PREAMBLE, LINE, HEAD, CONTENT, EPILOGUE } state;
    char delimiter[4 + BOUNDARY_MAX + 1];
    size_t delimiter_len, matched, lent;
    size_t passed;           /* bytes of preamble or epilogue, of the line or of a field */
    char last;               /* byte behind a delimiter */
    bool is_file;
    int parts;
    size_t head_len;
    char head[FPI_MULTIPART_HEAD + 1];
};

static fpi_err_t *refuse(const fpi_multipart_t *m, const char *zh, const char *en)
{
    return fpi_refuse(m->task, FPI_E_FIELD, NULL, "multipart 第 %d 部分: %s%.0s", "multipart, part %d: %.0s%s", m->parts,
                      zh, en);
}

/* ---- opening ---- */

bool fpi_multipart_is(const char *content_type)
{
    static const char kind[] = "multipart/form-data";

    return content_type && strncasecmp(content_type, kind, sizeof(kind) - 1) == 0
           && strchr("; \t", content_type[sizeof(kind) - 1]);
}

static bool take_boundary(void *baton, const char *name, const char *value, fpi_task_t *task)
{
    const char **boundary = baton;

    (void)task;
    if (strcasecmp(name, "boundary") != 0) {
        return true;
    }
    if (*boundary) {
        return false;
    }
    *boundary = value;
    return true;
}

/* RFC 2046's bchars, not ending with a blank; and what careless clients use beside them. */
static bool is_boundary(const char *text)
{
    size_t len = strlen(text);

    if (len < 1 || len > BOUNDARY_MAX || text[len - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E) {
            return false;
        }
    }
    return true;
}

fpi_err_t *fpi_multipart_open(fpi_multipart_t **out, const char *content_type, const fpi_multipart_sink_t *sink,
                              void *baton, fpi_task_t *task)
{
    fpi_multipart_t *m = apr_pcalloc(task->pool, sizeof(*m));
    const char *kind, *boundary = NULL;

    FPI_TRY(fpi_params_walk(&kind, content_type, take_boundary, &boundary, task));
    if (!boundary || !is_boundary(boundary)) {
        return fpi_refuse(task, FPI_E_FIELD, "Content-Type", "multipart/form-data 缺少 boundary 或其格式错误 (1-%d 个可见字符)",
                          "multipart/form-data needs a boundary of 1-%d printable characters", BOUNDARY_MAX);
    }
    m->task = task;
    m->sink = *sink;
    m->baton = baton;
    m->delimiter_len = (size_t)(apr_cpystrn(m->delimiter, apr_pstrcat(task->pool, "\r\n--", boundary, NULL),
                                            sizeof(m->delimiter))
                                - m->delimiter);
    m->matched = m->lent = LENT;
    *out = m;
    return NULL;
}

/* ---- content ---- */

/* Bytes that are no delimiter. */
static fpi_err_t *give(fpi_multipart_t *m, const char *data, size_t len)
{
    if (!len) {
        return NULL;
    }
    if (m->state == PREAMBLE || !m->is_file) {
        m->passed += len;
        if (m->passed > FPI_MULTIPART_FIELD) {
            return m->state == PREAMBLE ? refuse(m, "首个 boundary 未出现", "the first boundary does not come")
                                        : refuse(m, "文本字段超过 64 KiB", "a text field is larger than 64 KiB");
        }
    }
    return m->state == PREAMBLE ? NULL : m->sink.put(m->baton, data, len, m->task);
}

static fpi_err_t *end_content(fpi_multipart_t *m)
{
    bool was_part = m->state == CONTENT;

    m->state = LINE;
    m->matched = m->lent = m->passed = 0;
    m->last = '\0';
    return was_part ? m->sink.end(m->baton, m->task) : NULL;
}

/* Goes on with a delimiter that an earlier piece, or the loan, began. */
static fpi_err_t *go_on(fpi_multipart_t *m, const char *data, size_t len, size_t *used)
{
    size_t matched, lent;

    while (*used < len && m->matched < m->delimiter_len && data[*used] == m->delimiter[m->matched]) {
        m->matched++;
        (*used)++;
    }
    if (m->matched == m->delimiter_len) {
        return end_content(m);
    }
    if (*used == len) {
        return NULL;
    }
    matched = m->matched;
    lent = m->lent;
    m->matched = m->lent = 0;
    return give(m, m->delimiter + lent, matched - lent);
}

/* How many bytes at the end may begin a delimiter. */
static size_t tail_len(const fpi_multipart_t *m, const char *data, size_t len)
{
    size_t most = len < m->delimiter_len - 1 ? len : m->delimiter_len - 1;
    const char *cr = memrchr(data + len - most, '\r', most);
    size_t tail = cr ? (size_t)(data + len - cr) : 0;

    return tail && memcmp(cr, m->delimiter, tail) == 0 ? tail : 0;
}

static fpi_err_t *take_content(fpi_multipart_t *m, const char *data, size_t len, size_t *used)
{
    const char *found;

    if (m->matched) {
        return go_on(m, data, len, used);
    }
    found = memmem(data, len, m->delimiter, m->delimiter_len);
    if (found) {
        *used = (size_t)(found - data) + m->delimiter_len;
        FPI_TRY(give(m, data, (size_t)(found - data)));
        return end_content(m);
    }
    m->matched = tail_len(m, data, len);
    *used = len;
    return give(m, data, len - m->matched);
}

/* ---- between parts ---- */

static fpi_err_t *begin_head(fpi_multipart_t *m)
{
    m->state = HEAD;
    m->head_len = 0;
    if (m->parts++ == FPI_MULTIPART_PARTS) {
        return refuse(m, "部分过多 (上限 264)", "there are more than 264 parts");
    }
    return NULL;
}

/* Behind a boundary: "--" ends all; else blanks and a line end. */
static fpi_err_t *take_line(fpi_multipart_t *m, char c)
{
    char last = m->last;

    m->last = c;
    m->passed++;
    if (last == '\r' && c == '\n') {
        return begin_head(m);
    }
    if (last == '-' && c == '-') {
        m->state = EPILOGUE;
        m->passed = 0;
        return NULL;
    }
    if (last == '\r' || last == '-' || m->passed > PADDING_MAX
        || !(c == '\r' || c == ' ' || c == '\t' || (c == '-' && m->passed == 1))) {
        return refuse(m, "boundary 后格式错误", "what follows its boundary is malformed");
    }
    return NULL;
}

/* ---- headers ---- */

/* The value of a field, unfolded; NULL when it is not there. */
static const char *find_field(const fpi_multipart_t *m, const char *name)
{
    size_t wanted = strlen(name);

    for (const char *line = m->head; *line;) {
        const char *end = strstr(line, "\r\n");

        while (end[2] == ' ' || end[2] == '\t') {
            end = strstr(end + 2, "\r\n");
        }
        if (strncasecmp(line, name, wanted) == 0 && line[wanted] == ':') {
            char *value = apr_pstrmemdup(m->task->pool, line + wanted + 1, (size_t)(end - line) - wanted - 1);

            for (char *c = value; *c; c++) {
                *c = *c == '\r' || *c == '\n' ? ' ' : *c;
            }
            return value + strspn(value, " \t");
        }
        line = end + 2;
    }
    return NULL;
}

static fpi_err_t *refuse_encoded(const fpi_multipart_t *m)
{
    const char *coding = find_field(m, "Content-Transfer-Encoding");

    if (coding && strncasecmp(coding, "binary", 6) != 0 && strncasecmp(coding, "8bit", 4) != 0
        && strncasecmp(coding, "7bit", 4) != 0) {
        return refuse(m, "不支持 Content-Transfer-Encoding, 请直接发送二进制", "no Content-Transfer-Encoding is taken: send bytes as they are");
    }
    return NULL;
}

static fpi_err_t *begin_part(fpi_multipart_t *m)
{
    const char *value = find_field(m, "Content-Disposition");
    fpi_disposition_t said = { NULL, NULL, NULL };
    fpi_part_t part;

    if (!value) {
        return refuse(m, "缺少 Content-Disposition", "Content-Disposition is missing");
    }
    FPI_TRY(fpi_disposition_parse(&said, value, m->task));
    if (strcmp(said.kind, "form-data") != 0 || !said.name || !fpi_utf8_is_valid(said.name, strlen(said.name))) {
        return refuse(m, "Content-Disposition 应为 form-data 且带 UTF-8 的 name",
                      "Content-Disposition must be form-data with a name in UTF-8");
    }
    FPI_TRY(refuse_encoded(m));
    part.name = said.name;
    part.filename = said.filename;
    m->is_file = said.filename != NULL;
    m->state = CONTENT;
    m->passed = 0;
    m->matched = m->lent = LENT;
    return m->sink.begin(m->baton, &part, m->task);
}

static fpi_err_t *take_head(fpi_multipart_t *m, char c)
{
    if (!c) {
        return refuse(m, "头字段含有 NUL", "a NUL stands in its headers");
    }
    if (m->head_len == FPI_MULTIPART_HEAD) {
        return refuse(m, "头字段超过 8 KiB", "its headers are larger than 8 KiB");
    }
    m->head[m->head_len++] = c;
    if (c != '\n' || m->head_len < 2 || m->head[m->head_len - 2] != '\r') {
        return NULL;
    }
    if (m->head_len == 2 || (m->head_len >= 4 && memcmp(m->head + m->head_len - 4, "\r\n\r\n", 4) == 0)) {
        m->head[m->head_len - 2] = '\0'; /* the blank line */
        return begin_part(m);
    }
    return NULL;
}

/* ---- the door ---- */

static fpi_err_t *take_epilogue(fpi_multipart_t *m, size_t len)
{
    m->passed += len;
    return m->passed > FPI_MULTIPART_FIELD ? refuse(m, "结尾 boundary 之后内容过长", "too much follows the last boundary") : NULL;
}

static fpi_err_t *take_some(fpi_multipart_t *m, const char *data, size_t len, size_t *used)
{
    *used = 1;
    switch (m->state) {
    case LINE:
        return take_line(m, *data);
    case HEAD:
        return take_head(m, *data);
    case EPILOGUE:
        *used = len;
        return take_epilogue(m, len);
    default:
        *used = 0;
        return take_content(m, data, len, used);
    }
}

fpi_err_t *fpi_multipart_put(fpi_multipart_t *m, const char *data, size_t len)
{
    while (len) {
        size_t used;

        FPI_TRY(take_some(m, data, len, &used));
        data += used;
        len -= used;
    }
    return NULL;
}

fpi_err_t *fpi_multipart_end(fpi_multipart_t *m)
{
    if (m->state != EPILOGUE) {
        return refuse(m, "请求体不完整, 缺少结尾 boundary", "the body is cut: its last boundary is missing");
    }
    return NULL;
}
