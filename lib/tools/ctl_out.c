#define _XOPEN_SOURCE 700 /* strptime */
#include "tools/ctl.h"

#include "base/clock.h"
#include "base/text.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { COLUMNS_MAX = 16, WIDTH_MAX = 48 };

/* ---- text ---- */

/* What peers sent must not steer the terminal, nor say something else than it shows. */
const char *ctl_clean(ctl_t *ctl, const char *text)
{
    return fpi_text_steady(ctl->task->pool, text, '.');
}

static const char *format(ctl_t *ctl, const char *zh, const char *en,
                          va_list args) FPI_PRINTF(2, 0) FPI_PRINTF(3, 0);

static const char *format(ctl_t *ctl, const char *zh, const char *en, va_list args)
{
    return ctl->is_zh ? apr_pvsprintf(ctl->task->pool, zh, args) : apr_pvsprintf(ctl->task->pool, en, args);
}

const char *ctl_text(ctl_t *ctl, const char *zh, const char *en, ...)
{
    const char *out;
    va_list args;

    va_start(args, en);
    out = format(ctl, zh, en, args);
    va_end(args);
    return out;
}

void ctl_say(ctl_t *ctl, const char *zh, const char *en, ...)
{
    va_list args;

    if (ctl->is_json) {
        return;
    }
    va_start(args, en);
    printf("%s\n", ctl_clean(ctl, format(ctl, zh, en, args)));
    va_end(args);
}

void ctl_warn(ctl_t *ctl, const char *zh, const char *en, ...)
{
    va_list args;

    va_start(args, en);
    fprintf(stderr, "fpimagectl: %s\n", ctl_clean(ctl, format(ctl, zh, en, args)));
    va_end(args);
}

const char *ctl_time(ctl_t *ctl, apr_time_t when)
{
    time_t seconds = (time_t)apr_time_sec(when);
    char text[40];
    struct tm tm;
    size_t len;

    if (!when || !localtime_r(&seconds, &tm)) {
        return "-";
    }
    len = strftime(text, sizeof(text) - 1, "%Y-%m-%dT%H:%M:%S%z", &tm);
    if (len < 5) {
        return "-";
    }
    /* +0800 -> +08:00 */
    memmove(text + len - 1, text + len - 2, 3);
    text[len - 2] = ':';
    return apr_pstrdup(ctl->task->pool, text);
}

/* ---- cells ---- */

static const char *local_time(ctl_t *ctl, const char *utc)
{
    struct tm tm = { .tm_isdst = 0 };

    if (!strptime(utc, "%Y-%m-%dT%H:%M:%SZ", &tm)) {
        return utc;
    }
    return ctl_time(ctl, apr_time_from_sec((apr_time_t)timegm(&tm)));
}

/* NULL: there is nothing to show. */
static const char *cell(ctl_t *ctl, const fpi_json_t *object, const ctl_column_t *column)
{
    const char *text = NULL;
    fpi_err_t *err = fpi_json_find_scalar(&text, object, column->name, SIZE_MAX, ctl->task);

    if (err || !text || !*text) {
        return NULL;
    }
    if (column->look == CTL_TIME) {
        return local_time(ctl, text);
    }
    if (column->look == CTL_FLAG) {
        bool is_on = strcmp(text, "true") == 0;

        return ctl->is_zh ? (is_on ? "是" : "否") : is_on ? "yes" : "no";
    }
    return ctl_clean(ctl, text);
}

/* Wide characters of East Asia take two places (Unicode's EastAsianWidth W and F, in outline). */
static int width_of(const char *text)
{
    int width = 0;

    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if ((*s & 0xC0) == 0x80) {
            continue;
        }
        width += *s >= 0xE3 && *s <= 0xED ? 2 : *s == 0xEF && s[1] >= 0xBC ? 2 : *s >= 0xF0 ? 2 : 1;
    }
    return width;
}

/* Two blanks at least: a cell may be wider than its column. */
static void pad(int width)
{
    printf("%*s", (width > 0 ? width : 0) + 2, "");
}

static const char *heading(const ctl_t *ctl, const ctl_column_t *column)
{
    return ctl->is_zh ? column->zh : column->en;
}

/* ---- tables ---- */

static void print_row(const char *const *cells, const ctl_column_t *columns, const int *widths)
{
    for (int c = 0; columns[c].name; c++) {
        printf("%s", cells[c]);
        if (columns[c + 1].name) {
            pad(widths[c] - width_of(cells[c]));
        }
    }
    printf("\n");
}

void ctl_list(ctl_t *ctl, const fpi_json_t *list, const ctl_column_t *columns)
{
    if (!ctl_json(ctl, list)) {
        ctl_table(ctl, list, columns);
    }
}

void ctl_table(ctl_t *ctl, const fpi_json_t *list, const ctl_column_t *columns)
{
    size_t rows = fpi_json_size(list);
    const char *(*cells)[COLUMNS_MAX] = apr_pcalloc(ctl->task->pool, (rows + 1) * sizeof(*cells));
    int widths[COLUMNS_MAX] = { 0 };

    for (size_t r = 0; r <= rows; r++) {
        for (int c = 0; columns[c].name; c++) {
            const char *text = r ? cell(ctl, fpi_json_at(list, r - 1), &columns[c]) : heading(ctl,
                                                                                              &columns[c]);
            int width;

            cells[r][c] = text ? text : "-";
            width = width_of(cells[r][c]);
            widths[c] = width > widths[c] && width <= WIDTH_MAX ? width : widths[c];
        }
    }
    for (size_t r = 0; r <= rows; r++) {
        print_row(cells[r], columns, widths);
    }
}

void ctl_card(ctl_t *ctl, const fpi_json_t *object, const ctl_column_t *columns)
{
    int width = 0;

    for (int c = 0; columns[c].name; c++) {
        int w = width_of(heading(ctl, &columns[c]));

        width = w > width ? w : width;
    }
    for (int c = 0; columns[c].name; c++) {
        const char *text = cell(ctl, object, &columns[c]);

        if (text) {
            printf("%s", heading(ctl, &columns[c]));
            pad(width - width_of(heading(ctl, &columns[c])));
            printf("%s\n", text);
        }
    }
}

/* ---- JSON ---- */

bool ctl_json(ctl_t *ctl, const fpi_json_t *doc)
{
    if (!ctl->is_json) {
        return false;
    }
    printf("%s\n", fpi_json_format(doc, false, ctl->task));
    ctl->is_answered = true;
    return true;
}

/* ---- failures ---- */

ctl_exit_t ctl_exit_of(const fpi_err_t *err)
{
    switch (err->code) {
    case FPI_E_BAD_REQUEST:
    case FPI_E_FIELD:
    case FPI_E_NO_NUMBER:
    case FPI_E_TOO_LARGE:
        return CTL_USAGE;
    case FPI_E_STORE:
    case FPI_E_SLOTS:
    case FPI_E_CONFIG:
        return CTL_NO_STORE;
    case FPI_E_CLOUD:
    case FPI_E_CLOUD_LATE:
    case FPI_E_CLOUD_REFUSED:
    case FPI_E_ERP:
    case FPI_E_ERP_LATE:
    case FPI_E_ERP_REFUSED:
    case FPI_E_SCANNER:
    case FPI_E_SCANNER_LATE:
        return CTL_REFUSED;
    default:
        return CTL_FAILED;
    }
}

const char *ctl_why(ctl_t *ctl, const fpi_err_t *err)
{
    const char *lang = ctl->is_zh ? "zh" : "en";
    const char *chain = err->detail;

    if (err->zh) {
        return fpi_err_public(err, lang);
    }
    for (const fpi_err_t *e = err->cause; e; e = e->cause) {
        chain = apr_pstrcat(ctl->task->pool, chain, ": ", e->detail, NULL);
    }
    return ctl->is_zh ? apr_pstrcat(ctl->task->pool, fpi_err_public(err, lang), ": ", chain, NULL) : chain;
}

static const char *name_of(const fpi_err_t *err, ctl_exit_t code)
{
    switch (code) {
    case CTL_USAGE:
        return err->code == FPI_E_BAD_REQUEST ? "usage" : fpi_code_info(err->code)->type;
    case CTL_NO_STORE:
        return "store";
    case CTL_REFUSED:
        return err->code == FPI_E_CLOUD_REFUSED ? "refused" : "unreachable";
    default:
        return err->code == FPI_E_CLIENT ? "not_found" : fpi_code_info(err->code)->type;
    }
}

static void put_more(ctl_t *ctl, fpi_json_t *error)
{
    const char *name;
    fpi_json_t *value;
    void *iter = NULL;

    while (ctl->more && fpi_json_next(&iter, ctl->more, &name, &value)) {
        fpi_json_put(error, name, value);
    }
}

int ctl_fail(ctl_t *ctl, const fpi_err_t *err)
{
    ctl_exit_t code = ctl_exit_of(err);
    const char *why = ctl_why(ctl, err);
    fpi_json_t *error = fpi_json_make_object(ctl->task);
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fprintf(stderr, "fpimagectl: %s\n", ctl_clean(ctl, why));
    if (!ctl->is_json || ctl->is_answered) {
        return code;
    }
    fpi_json_put_text(error, "code", name_of(err, code));
    fpi_json_put_text(error, "message", why);
    if (err->field) {
        fpi_json_put_text(error, "field", err->field);
    }
    fpi_json_put_int(error, "exit", code);
    put_more(ctl, error);
    fpi_json_put(doc, "error", error);
    ctl_json(ctl, doc);
    return code;
}
