#include "model/said.h"

#include "base/text.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { YEAR_LEAST = 1949, YEAR_MOST = 2199, EXPONENT_MOST = 18, MS_DIGITS = 13 };

static const struct kind_row_t {
    const char *field;
    fpi_said_kind_t kind;
} kinds[] = {
    { "number", FPI_SAID_ID },       { "code", FPI_SAID_ID },          { "check_code", FPI_SAID_ID },
    { "date", FPI_SAID_DATE },       { "net", FPI_SAID_MONEY },        { "tax", FPI_SAID_TAX },
    { "gross", FPI_SAID_MONEY },     { "amount", FPI_SAID_MONEY },     { "seller_name", FPI_SAID_NAME },
    { "buyer_name", FPI_SAID_NAME }, { "seller_tax_no", FPI_SAID_ID }, { "buyer_tax_no", FPI_SAID_ID },
};

fpi_said_kind_t fpi_said_kind(const char *field)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i].field, field) == 0) {
            return kinds[i].kind;
        }
    }
    return FPI_SAID_TEXT;
}

/* ---- widths ---- */

static const struct pair_t {
    const char *from, *to;
} narrower[] = {
    { "\xE3\x80\x80", " " },        { "\xC2\xA0", " " },     { "\xE2\x80\x8B", "" }, { "\xEF\xBB\xBF", "" },
    { "\xEF\xBF\xA5", "\xC2\xA5" }, { "\xE2\x88\x92", "-" }, /* minus sign */
};

/* Brackets and dots that are typed for one another in names. */
static const struct pair_t alike[] = {
    { "【", "(" }, { "】", ")" }, { "〔", "(" }, { "〕", ")" }, { "[", "(" }, { "]", ")" }, { "•", "·" }, { "・", "·" },
};

static const struct pair_t *find_pair(const struct pair_t *pairs, size_t count, const char *at)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(at, pairs[i].from, strlen(pairs[i].from)) == 0) {
            return &pairs[i];
        }
    }
    return NULL;
}

/* U+FF01 to U+FF5E are ASCII from 0x21 on; 0 for anything else. */
static char wide_ascii(const unsigned char *s)
{
    bool is_there = s[0] == 0xEF && (s[1] == 0xBC || s[1] == 0xBD) && (s[2] & 0xC0) == 0x80;
    int point = is_there ? (s[1] - 0xBC) * 64 + (s[2] & 0x3F) : 0;

    return (char)(point >= 0x01 && point <= 0x5E ? point + 0x20 : 0);
}

char *fpi_said_narrow(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) + 1), *to = out;

    while (*text) {
        char ascii = wide_ascii((const unsigned char *)text);
        const struct pair_t *pair =
            (unsigned char)*text < 0x80 || ascii ? NULL : find_pair(narrower, sizeof(narrower) / sizeof(*narrower), text);

        if (ascii) {
            *to++ = ascii;
            text += 3;
        }
        else if (pair) {
            to = apr_cpystrn(to, pair->to, strlen(pair->to) + 1);
            text += strlen(pair->from);
        }
        else {
            *to++ = *text++;
        }
    }
    *to = '\0';
    return out;
}

/* Without any blank, in place. */
static char *squeeze(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (!isspace((unsigned char)*from)) {
            *to++ = *from;
        }
    }
    *to = '\0';
    return text;
}

/* ---- dates ---- */

static bool is_day(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return year >= YEAR_LEAST && year <= YEAR_MOST && month >= 1 && month <= 12 && day >= 1
           && day <= days[month - 1] + (month == 2 && is_leap);
}

static int digits_at(const char *s, int most)
{
    int n = 0;

    while (n < most && isdigit((unsigned char)s[n])) {
        n++;
    }
    return n;
}

/* One or two digits to *value, then one of `marks` (bytes of it, whole characters); NULL when it doesn't fit. */
static const char *take_part(int *value, const char *s, const char *const *marks)
{
    int n = digits_at(s, 2);

    *value = n == 0 ? -1 : n == 1 ? s[0] - '0' : (s[0] - '0') * 10 + s[1] - '0';
    s += n;
    for (; n && *marks; marks++) {
        if (strncmp(s, *marks, strlen(*marks)) == 0) {
            return s + strlen(*marks);
        }
    }
    return NULL;
}

/* Behind the day: nothing, its mark, or a time of day. */
static bool is_end(const char *s)
{
    if (strncmp(s, "日", strlen("日")) == 0) {
        s += strlen("日");
    }
    return !*s || *s == 'T' || *s == 't' || isdigit((unsigned char)*s);
}

/* "9:30", "10时", "101112" */
static bool is_time(const char *s)
{
    static const char *const behind_hour[] = { ":", "时", "時", "点" };
    int n = digits_at(s, 7);

    s += n;
    s += strspn(s, " ");
    for (size_t i = 0; n >= 1 && n <= 2 && i < sizeof(behind_hour) / sizeof(*behind_hour); i++) {
        if (strncmp(s, behind_hour[i], strlen(behind_hour[i])) == 0) {
            return true;
        }
    }
    return n == 6;
}

/* Without the time of day behind a blank or "T": with the blank squeezed out, its first digit would be the day's second. */
static char *cut_time(char *text)
{
    for (char *at = text; *at; at++) {
        if (at > text && strchr(" \t\r\nTt", *at) && is_time(at + strspn(at, " \t\r\nTt"))) {
            *at = '\0';
            break;
        }
    }
    return text;
}

/* The day in China of milliseconds since 1970. */
static bool read_ms(int *year, int *month, int *day, const char *digits)
{
    apr_time_exp_t exp;
    int64_t ms;

    if (!fpi_int_parse(&ms, digits, 0, INT64_MAX) || apr_time_exp_tz(&exp, ms * 1000, 8 * 3600) != APR_SUCCESS) {
        return false;
    }
    *year = exp.tm_year + 1900;
    *month = exp.tm_mon + 1;
    *day = exp.tm_mday;
    return true;
}

static const char *date_of(const char *text, apr_pool_t *pool)
{
    static const char *const behind_year[] = { "年", "-", "/", ".", NULL };
    static const char *const behind_month[] = { "月", "-", "/", ".", NULL };
    static const char *const none[] = { "", NULL };
    char *s = squeeze(cut_time(fpi_said_narrow(text, pool)));
    int year, month, day, run = digits_at(s, 32);
    const char *at;

    if (run == MS_DIGITS) {
        if (s[run] || !read_ms(&year, &month, &day, s)) {
            return NULL;
        }
    }
    else if (run == 8 || run == 12 || run == 14 || run == 17) {
        if (s[run] || sscanf(s, "%4d%2d%2d", &year, &month, &day) != 3) {
            return NULL;
        }
    }
    else {
        if (run != 4) {
            return NULL;
        }
        sscanf(s, "%4d", &year);
        at = NULL;
        for (const char *const *mark = behind_year; *mark && !at; mark++) {
            at = strncmp(s + 4, *mark, strlen(*mark)) == 0 ? s + 4 + strlen(*mark) : NULL;
        }
        at = at ? take_part(&month, at, behind_month) : NULL;
        at = at ? take_part(&day, at, none) : NULL;
        if (!at || !is_end(at)) {
            return NULL;
        }
    }
    return is_day(year, month, day) ? apr_psprintf(pool, "%04d-%02d-%02d", year, month, day) : NULL;
}

/* ---- money ---- */

/* Cuts zeros behind the second decimal, in place. */
static void cut_zeros(char *digits)
{
    char *dot = strchr(digits, '.');
    size_t len = strlen(digits);

    while (dot && digits + len > dot + 3 && digits[len - 1] == '0') {
        digits[--len] = '\0';
    }
    if (dot && !dot[1]) {
        *dot = '\0';
    }
}

static const char *const leading[] = { "CNY", "RMB", "\xC2\xA5", "$", "+", "(", "-" };
static const char *const trailing[] = { "CNY", "RMB", "元", "圆", "整", ")" };

/* Past all signs in front; *is_minus when one of them says so. */
static char *skip_leading(char *s, bool *is_minus)
{
    for (size_t i = 0; i < sizeof(leading) / sizeof(*leading); i++) {
        size_t len = strlen(leading[i]);

        if (strncmp(s, leading[i], len) == 0) {
            *is_minus = *is_minus || *s == '-' || *s == '(';
            return skip_leading(s + len, is_minus);
        }
    }
    return s;
}

static void cut_trailing(char *s)
{
    for (size_t i = 0; i < sizeof(trailing) / sizeof(*trailing); i++) {
        size_t len = strlen(trailing[i]), all = strlen(s);

        if (all > len && strcmp(s + all - len, trailing[i]) == 0) {
            s[all - len] = '\0';
            i = (size_t)-1; /* from the first again */
        }
    }
}

/* "1.06E2" is "106", in which form the rest can be read; what is no such number stays as it stands. */
static char *without_exponent(char *s, apr_pool_t *pool)
{
    static const char zeros[] = "000000000000000000000";
    char *mark = strchr(s, 'E'), *dot = strchr(s, '.');
    int64_t power;
    long digits, place;

    if (!mark || mark == s || !fpi_int_parse(&power, mark + 1 + (mark[1] == '+'), -EXPONENT_MOST, EXPONENT_MOST)) {
        return s;
    }
    *mark = '\0';
    place = (long)(dot && dot < mark ? dot - s : mark - s) + (long)power;
    if (dot && dot < mark) {
        memmove(dot, dot + 1, strlen(dot));
    }
    digits = (long)strlen(s);
    if (place <= 0) {
        return apr_psprintf(pool, "0.%.*s%s", (int)-place, zeros, s);
    }
    return place < digits ? apr_psprintf(pool, "%.*s.%s", (int)place, s, s + place)
                          : apr_psprintf(pool, "%s%.*s", s, (int)(place - digits), zeros);
}

static const char *money_of(const char *text, apr_pool_t *pool)
{
    bool is_minus = false;
    char *s = skip_leading(fpi_text_upper(squeeze(fpi_said_narrow(text, pool))), &is_minus), *to = s;
    int64_t fen;

    cut_trailing(s);
    for (const char *at = s; *at; at++) {
        if (*at != ',' || !isdigit((unsigned char)at[1])) {
            *to++ = *at;
        }
    }
    *to = '\0';
    s = without_exponent(s, pool);
    cut_zeros(s);
    s = *s == '.' ? apr_pstrcat(pool, "0", s, NULL) : s;
    if (!isdigit((unsigned char)*s) || !fpi_fen_parse(&fen, s)) {
        return NULL;
    }
    return fpi_fen_format(pool, is_minus ? -fen : fen);
}

static const char *tax_of(const char *text, apr_pool_t *pool)
{
    static const char *const nothing[] = { "***", "**", "*", "免税", "不征税" };
    const char *s = squeeze(fpi_said_narrow(text, pool));

    for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
        if (strcmp(s, nothing[i]) == 0) {
            return "0.00";
        }
    }
    return money_of(text, pool);
}

/* ---- texts ---- */

static const char *id_of(const char *text, apr_pool_t *pool)
{
    char *s = fpi_text_upper(squeeze(fpi_said_narrow(text, pool)));

    return *s ? s : NULL;
}

/* Runs of blanks as one, none at the ends, no control characters. */
static const char *text_of(const char *text, apr_pool_t *pool)
{
    char *s = fpi_text_trim(pool, text), *to = s;

    for (const char *from = s; *from; from++) {
        bool is_blank = (unsigned char)*from <= ' ' || *from == 0x7F;

        if (!is_blank || (to > s && to[-1] != ' ')) {
            *to++ = is_blank ? ' ' : *from;
        }
    }
    *to = '\0';
    return *s ? s : NULL;
}

static const char *cut(const char *text, apr_pool_t *pool)
{
    size_t len = strlen(text);

    if (len > FPI_SAID_MOST) {
        len = FPI_SAID_MOST;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--;
        }
        text = apr_pstrmemdup(pool, text, len);
    }
    return text;
}

const char *fpi_said_value(fpi_said_kind_t kind, const char *text, apr_pool_t *pool)
{
    static const char *(*const readers[])(const char *, apr_pool_t *) = {
        [FPI_SAID_TEXT] = text_of, [FPI_SAID_ID] = id_of,       [FPI_SAID_NAME] = text_of,
        [FPI_SAID_DATE] = date_of, [FPI_SAID_MONEY] = money_of, [FPI_SAID_TAX] = tax_of,
    };

    return text ? readers[kind](cut(text, pool), pool) : NULL;
}

const char *fpi_said_key(fpi_said_kind_t kind, const char *value, apr_pool_t *pool)
{
    char *s, *to;

    if (kind != FPI_SAID_TEXT && kind != FPI_SAID_NAME) {
        return value;
    }
    s = to = fpi_text_upper(squeeze(fpi_said_narrow(value, pool)));
    for (const char *from = s; *from;) {
        const struct pair_t *pair = find_pair(alike, sizeof(alike) / sizeof(*alike), from);

        if (pair) {
            size_t len = strlen(pair->from); /* what takes its place is never longer */

            memmove(to, pair->to, strlen(pair->to));
            to += strlen(pair->to);
            from += len;
        }
        else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    return s;
}
