#include "base/text.h"

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>

/* ---- buffer ---- */

fpi_buf_t *fpi_buf_make(apr_pool_t *pool, size_t limit)
{
    fpi_buf_t *buf = apr_pcalloc(pool, sizeof(*buf));

    buf->pool = pool;
    buf->limit = limit;
    buf->room = limit < 255 ? limit : 255;
    buf->data = apr_palloc(pool, buf->room + 1);
    buf->data[0] = '\0';
    return buf;
}

static void grow(fpi_buf_t *buf, size_t need)
{
    size_t room = buf->room;
    char *data;

    while (room < need) {
        room = room > buf->limit / 2 ? buf->limit : room * 2;
    }
    data = apr_palloc(buf->pool, room + 1);
    memcpy(data, buf->data, buf->len);
    buf->data = data;
    buf->room = room;
}

void fpi_buf_reserve(fpi_buf_t *buf, size_t len)
{
    size_t need = len < buf->limit ? len : buf->limit;

    if (need > buf->room) {
        grow(buf, need);
    }
}

bool fpi_buf_put(fpi_buf_t *buf, const void *data, size_t len)
{
    if (len > buf->limit - buf->len) {
        return false;
    }
    if (len > buf->room - buf->len) {
        grow(buf, buf->len + len);
    }
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return true;
}

bool fpi_buf_put_text(fpi_buf_t *buf, const char *text)
{
    return fpi_buf_put(buf, text, strlen(text));
}

/* ---- numbers ---- */

bool fpi_int_parse(int64_t *out, const char *text, int64_t least, int64_t most)
{
    bool minus = *text == '-';
    int64_t value = 0;

    text += minus;
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value)
            || __builtin_sub_overflow(value, *text - '0', &value)) {
            return false;
        }
    }
    /* gathered as a negative number: that side of the range is the wider one */
    if (!minus && __builtin_sub_overflow(0, value, &value)) {
        return false;
    }
    if (value < least || value > most) {
        return false;
    }
    *out = value;
    return true;
}

bool fpi_fen_parse(int64_t *fen, const char *text)
{
    const char *dot = strchr(text, '.');
    size_t whole = dot ? (size_t)(dot - text) : strlen(text);
    char digits[24];
    size_t decimals = dot ? strlen(dot + 1) : 0;

    if (whole == 0 || whole > 16 || decimals > 2 || (dot && decimals == 0)
        || !isdigit((unsigned char)text[whole - 1])) {
        return false;
    }
    memcpy(digits, text, whole);
    memcpy(digits + whole, "00", 3);
    if (decimals) {
        memcpy(digits + whole, dot + 1, decimals);
    }
    return fpi_int_parse(fen, digits, INT64_MIN, INT64_MAX);
}

const char *fpi_fen_format(apr_pool_t *pool, int64_t fen)
{
    uint64_t size = fen < 0 ? 0 - (uint64_t)fen : (uint64_t)fen;

    return apr_psprintf(pool, "%s%" APR_UINT64_T_FMT ".%02d", fen < 0 ? "-" : "",
                        (apr_uint64_t)(size / 100), (int)(size % 100));
}

bool fpi_size_parse(int64_t *bytes, const char *text)
{
    static const char units[] = "KMG";
    size_t len = strlen(text);
    const char *unit = len ? strchr(units, toupper((unsigned char)text[len - 1])) : NULL;
    char digits[20];
    int shift = 0;

    if (unit) {
        shift = 10 * (int)(unit - units + 1);
        len--;
    }
    if (len == 0 || len >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (!fpi_int_parse(bytes, digits, 0, INT64_MAX >> shift)) {
        return false;
    }
    *bytes <<= shift;
    return true;
}

/* ---- hex ---- */

void fpi_hex_encode(char *out, const unsigned char *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool fpi_hex_decode(unsigned char *out, size_t len, const char *text)
{
    for (size_t i = 0; i < len; i++, text += 2) {
        int high = hex_value(text[0]);
        int low = high < 0 ? -1 : hex_value(text[1]);

        if (low < 0) {
            return false;
        }
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* ---- base64 (RFC 4648) ---- */

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode(apr_pool_t *pool, const unsigned char *in, size_t len, const char *alphabet,
                    bool pad)
{
    char *out = apr_palloc(pool, (len + 2) / 3 * 4 + 1);
    char *to = out;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i < 3 ? len - i : 3;
        uint32_t three = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0)
                         | (left > 2 ? in[i + 2] : 0);

        for (size_t k = 0; k < 4; k++) {
            if (k <= left) {
                *to++ = alphabet[three >> (18 - 6 * k) & 63];
            }
            else if (pad) {
                *to++ = '=';
            }
        }
    }
    *to = '\0';
    return out;
}

char *fpi_base64_encode(apr_pool_t *pool, const void *bytes, size_t len)
{
    return encode(pool, bytes, len, standard, true);
}

char *fpi_base64url_encode(apr_pool_t *pool, const void *bytes, size_t len)
{
    return encode(pool, bytes, len, url_safe, false);
}

static int base64_value(unsigned char c, bool url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (url ? '-' : '+')) {
        return 62;
    }
    return c == (url ? '_' : '/') ? 63 : -1;
}

/* Room for the decoded bytes stands at `out`; false when the text is not base64. */
static bool decode(unsigned char *out, size_t *out_len, const char *text, size_t len, bool url)
{
    uint32_t bits = 0;
    size_t chars = 0, pads = 0, at = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        int value;

        if (!url && (c == '\r' || c == '\n' || c == ' ' || c == '\t')) {
            continue;
        }
        if (!url && c == '=' && pads < 2) {
            pads++;
            continue;
        }
        value = base64_value(c, url);
        if (value < 0 || pads) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        if (++chars % 4 == 0) {
            out[at++] = (unsigned char)(bits >> 16);
            out[at++] = (unsigned char)(bits >> 8);
            out[at++] = (unsigned char)bits;
        }
    }
    switch (chars % 4) {
    case 0:
        break;
    case 2:
        out[at++] = (unsigned char)(bits >> 4);
        break;
    case 3:
        out[at++] = (unsigned char)(bits >> 10);
        out[at++] = (unsigned char)(bits >> 2);
        break;
    default:
        return false;
    }
    *out_len = at;
    return url || (chars + pads) % 4 == 0;
}

unsigned char *fpi_base64_decode(size_t *out_len, apr_pool_t *pool, const char *text, size_t len)
{
    unsigned char *out = apr_palloc(pool, len / 4 * 3 + 4);

    if (!decode(out, out_len, text, len, false)) {
        return NULL;
    }
    out[*out_len] = '\0';
    return out;
}

unsigned char *fpi_base64url_decode(size_t *out_len, apr_pool_t *pool, const char *text, size_t len)
{
    unsigned char *out = apr_palloc(pool, len / 4 * 3 + 4);

    if (!decode(out, out_len, text, len, true)) {
        return NULL;
    }
    out[*out_len] = '\0';
    return out;
}

/* ---- text ---- */

/* Length of the well-formed character at `s`, of which `left` bytes are there; 0 if it is none. */
static size_t utf8_step(const unsigned char *s, size_t left)
{
    size_t need = s[0] < 0x80 ? 1 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
                  : (s[0] & 0xF0) == 0xE0 ? 3 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;

    if (need == 0 || need > left) {
        return 0;
    }
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0)
        || (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] >= 0x90)) {
        return 0;
    }
    return need;
}

/* Bytes of ASCII that `text` begins with, in whole words: most text is nothing else. */
static size_t skip_ascii(const char *text, size_t len)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    size_t at = 0;
    uint64_t word;

    for (; len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if (word & high) {
            break;
        }
    }
    return at;
}

bool fpi_utf8_is_valid(const char *text, size_t len)
{
    for (size_t i = skip_ascii(text, len); i < len;) {
        size_t step = utf8_step((const unsigned char *)text + i, len - i);

        if (step == 0) {
            return false;
        }
        i += step;
    }
    return true;
}

size_t fpi_utf8_length(const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        n += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return n;
}

char *fpi_utf8_cut(apr_pool_t *pool, const char *text, size_t most)
{
    size_t n = 0, at = 0;

    for (; text[at]; at++) {
        if (((unsigned char)text[at] & 0xC0) != 0x80 && n++ == most) {
            break;
        }
    }
    return apr_pstrmemdup(pool, text, at);
}

enum { BLANK_MOST = 3 };

/* Bytes of the blank at `s`, 0 when there is none; at most BLANK_MOST. */
static size_t blank_at(const char *s)
{
    static const char *const wide[] = { "\xE3\x80\x80", "\xC2\xA0", "\xEF\xBB\xBF", "\xE2\x80\x8B" };

    if (*s && strchr(" \t\r\n\v\f", *s)) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
        if (strncmp(s, wide[i], strlen(wide[i])) == 0) {
            return strlen(wide[i]);
        }
    }
    return 0;
}

/* Bytes of the blank that ends at `end`, 0 when there is none. No blank's bytes are the end of
 * another's, so at most one length fits. */
static size_t blank_before(const char *text, const char *end)
{
    for (size_t n = 1; n <= BLANK_MOST && n <= (size_t)(end - text); n++) {
        if (blank_at(end - n) == n) {
            return n;
        }
    }
    return 0;
}

char *fpi_text_trim(apr_pool_t *pool, const char *text)
{
    const char *end;
    size_t n;

    while ((n = blank_at(text)) > 0) {
        text += n;
    }
    end = text + strlen(text);
    while ((n = blank_before(text, end)) > 0) {
        end -= n;
    }
    return apr_pstrmemdup(pool, text, (size_t)(end - text));
}

/* Third byte of "E2 80 xx": U+200B-200F, U+2028-202E; of "E2 81 xx": U+2060-206F. */
static bool steers_general(unsigned char second, unsigned char third)
{
    return second == 0x80 ? (third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE)
                          : second == 0x81 && third >= 0xA0 && third <= 0xAF;
}

/* Bytes of the steering character at `s`; 0: it is none. */
static size_t steers(const unsigned char *s)
{
    if (*s < 0x80) {
        return *s && (*s < 0x20 || *s == 0x7F) ? 1 : 0;
    }
    if ((*s == 0xC2 && s[1] >= 0x80 && s[1] < 0xA0) || (*s == 0xD8 && s[1] == 0x9C)) {
        return 2; /* C1, U+061C */
    }
    if (*s == 0xE2 && s[1] && steers_general(s[1], s[2])) {
        return 3;
    }
    if (*s == 0xEF && ((s[1] == 0xBB && s[2] == 0xBF) || (s[1] == 0xBF && s[2] >= 0xB9 && s[2] <= 0xBB))) {
        return 3; /* U+FEFF, U+FFF9-FFFB */
    }
    return 0;
}

char *fpi_text_steady(apr_pool_t *pool, const char *text, char instead)
{
    char *out = apr_palloc(pool, strlen(text) + 1), *to = out;

    while (*text) {
        size_t len = steers((const unsigned char *)text);

        *to++ = len ? instead : *text;
        text += len ? len : 1;
    }
    *to = '\0';
    return out;
}

long fpi_text_find_blank(const char *text)
{
    for (const char *s = text; *s; s++) {
        if (blank_at(s)) {
            return s - text;
        }
    }
    return -1;
}

char *fpi_text_upper(char *text)
{
    for (char *c = text; *c; c++) {
        if (*c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        }
    }
    return text;
}

bool fpi_text_is_same_secret(const char *a, const char *b)
{
    size_t len = strlen(a);
    volatile unsigned char diff = 0;

    if (strlen(b) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        diff |= (unsigned char)(a[i] ^ b[i]);
    }
    return diff == 0;
}

/* Reads the word at *at into `to`; false when its quote is left open. */
static bool read_word(const char **at, char *to)
{
    const char *s = *at;
    char quote = '\0';

    for (; *s && (quote || !isspace((unsigned char)*s)); s++) {
        if (!quote && (*s == '"' || *s == '\'')) {
            quote = *s;
        }
        else if (quote && *s == quote) {
            quote = '\0';
        }
        else {
            if (quote == '"' && *s == '\\' && s[1]) {
                s++;
            }
            *to++ = *s;
        }
    }
    *to = '\0';
    *at = s;
    return quote == '\0';
}

apr_array_header_t *fpi_text_words(apr_pool_t *pool, const char *line)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(char *));

    for (;;) {
        char *word;

        while (isspace((unsigned char)*line)) {
            line++;
        }
        if (!*line) {
            return words;
        }
        word = apr_palloc(pool, strlen(line) + 1);
        if (!read_word(&line, word)) {
            return NULL;
        }
        APR_ARRAY_PUSH(words, char *) = word;
    }
}

char *fpi_url_decode(apr_pool_t *pool, const char *text, size_t len, bool plus_is_space)
{
    char *out;
    char *to;

    if (!memchr(text, '%', len) && !memchr(text, '\0', len) && !(plus_is_space && memchr(text, '+', len))) {
        return fpi_utf8_is_valid(text, len) ? apr_pstrmemdup(pool, text, len) : NULL;
    }
    out = to = apr_palloc(pool, len + 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte == '%') {
            if (len - i < 3 || !fpi_hex_decode(&byte, 1, text + i + 1)) {
                return NULL;
            }
            i += 2;
        }
        else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        if (byte == '\0') {
            return NULL;
        }
        *to++ = (char)byte;
    }
    *to = '\0';
    return fpi_utf8_is_valid(out, (size_t)(to - out)) ? out : NULL;
}

char *fpi_url_encode(apr_pool_t *pool, const char *text)
{
    char *out = apr_palloc(pool, strlen(text) * 3 + 1);
    char *to = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x80 && (isalnum(c) || strchr("-._~", c))) {
            *to++ = (char)c;
        }
        else {
            *to++ = '%';
            fpi_hex_encode(to, &c, 1);
            fpi_text_upper(to);
            to += 2;
        }
    }
    *to = '\0';
    return out;
}
