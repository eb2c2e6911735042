#include "wire/csv.h"

#include "base/text.h"
#include "wire/gb18030.h"

#include <string.h>

#define MARK "\xEF\xBB\xBF"

/* ---- lines ---- */

/* Reads the quoted cell at csv->at; false when its quote is left open. */
static bool read_quoted(fpi_csv_t *csv, char **cell)
{
    char *to = ++csv->at;

    *cell = to;
    for (;; csv->at++) {
        if (*csv->at == '\0') {
            return false;
        }
        if (*csv->at == '"' && *++csv->at != '"') {
            *to = '\0';
            return true;
        }
        csv->line += *csv->at == '\n';
        *to++ = *csv->at;
    }
}

static fpi_err_t *fail_line(int line, const char *zh, const char *en, fpi_task_t *task)
{
    return fpi_refuse(task, FPI_E_FIELD, NULL, "第%d行: %s%.0s", "line %d: %.0s%s", line, zh, en);
}

/* Reads one cell and what ends it: *end is ',', '\n' or 0. */
static fpi_err_t *read_cell(char **cell, char *end, fpi_csv_t *csv, int line, fpi_task_t *task)
{
    size_t len;

    csv->at += strspn(csv->at, " \t");
    if (*csv->at == '"') {
        if (!read_quoted(csv, cell)) {
            return fail_line(line, "引号没有结束", "a quote is left open", task);
        }
        csv->at += strspn(csv->at, " \t");
    }
    else {
        *cell = csv->at;
        csv->at += strcspn(csv->at, ",\r\n");
    }
    len = strspn(csv->at, "\r");
    *end = csv->at[len];
    if (*end && *end != '\n' && (len || *end != ',')) {
        return fail_line(line, "引号之后应为逗号或行尾", "a comma or the end of the line must follow a closing quote", task);
    }
    *csv->at = '\0';
    csv->at += len + (*end != '\0');
    csv->line += *end == '\n';
    return NULL;
}

fpi_err_t *fpi_csv_next(char **cells, int *count, int *line, fpi_csv_t *csv, fpi_task_t *task)
{
    char end = ',';

    *line = csv->line;
    for (*count = 0; end == ',' && (*csv->at || *count);) {
        if (*count == FPI_CSV_CELLS) {
            return fail_line(*line, "列数过多", "there are too many columns", task);
        }
        FPI_TRY(read_cell(&cells[(*count)++], &end, csv, *line, task));
    }
    return NULL;
}

/* ---- encodings ---- */

/* NULL when it is none, or unknown here. What lies in the pool is wiped: it may hold secrets. */
static fpi_secret_t *from_gb18030(const void *data, size_t len, apr_pool_t *pool)
{
    char *out = fpi_gb_decode(pool, data, len);
    fpi_secret_t *text = out ? fpi_secret_make(pool, out, strlen(out)) : NULL;

    if (out) {
        fpi_secret_wipe(out, strlen(out));
    }
    return text;
}

fpi_err_t *fpi_csv_decode(fpi_secret_t **text, const void *data, size_t len, fpi_task_t *task)
{
    const char *bytes = data;
    size_t mark = len >= 3 && memcmp(bytes, MARK, 3) == 0 ? 3 : 0;

    *text = NULL;
    if (!len || memchr(bytes, '\0', len)) {
        /* no text, or UTF-16 */
    }
    else if (fpi_utf8_is_valid(bytes, len)) {
        *text = fpi_secret_make(task->pool, bytes + mark, len - mark);
    }
    else if (memcmp(bytes, "\xFF\xFE", len < 2 ? len : 2) != 0 && memcmp(bytes, "\xFE\xFF", len < 2 ? len : 2) != 0) {
        *text = from_gb18030(data, len, task->pool);
    }
    return *text ? NULL : fpi_refuse(task, FPI_E_FIELD, "file", "文件不是 UTF-8 或 GBK 文本: 请另存为 \"CSV UTF-8\" 或 xlsx",
                                     "the file is neither UTF-8 nor GBK text: save it as \"CSV UTF-8\" or xlsx");
}
