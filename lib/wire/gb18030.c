#include "wire/gb18030.h"

#include "base/secret.h"

#include <iconv.h>

/* ---- its shape: one byte, 81-FE 40-7E/80-FE, or 81-FE 30-39 81-FE 30-39 ---- */

static bool is_lead(unsigned char c)
{
    return c >= 0x81 && c <= 0xFE;
}

static bool is_digit(unsigned char c)
{
    return c >= 0x30 && c <= 0x39;
}

/* Bytes of the character at `s`; 0: none, *is_short when only the end is missing. */
static size_t char_at(bool *is_short, const unsigned char *s, size_t left)
{
    *is_short = false;
    if (*s < 0x80) {
        return 1;
    }
    if (!is_lead(*s)) {
        return 0;
    }
    if (left > 1 && !is_digit(s[1])) {
        return s[1] >= 0x40 && s[1] <= 0xFE && s[1] != 0x7F ? 2 : 0;
    }
    if ((left > 2 && !is_lead(s[2])) || (left > 3 && !is_digit(s[3]))) {
        return 0;
    }
    *is_short = left < 4;
    return *is_short ? 0 : 4;
}

bool fpi_gb_is_valid(const void *bytes, size_t len, bool is_cut)
{
    const unsigned char *s = bytes;
    bool is_short = false;
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        n = char_at(&is_short, s + i, len - i);
        if (!n) {
            return is_short && is_cut;
        }
    }
    return true;
}

/* It never takes less than a byte for each of UTF-8's, less by half. */
char *fpi_gb_decode(apr_pool_t *pool, const void *bytes, size_t len)
{
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    size_t room = 2 * len, left = len;
    char *out, *to, *from = (char *)bytes;
    bool is_done;

    if (converter == (iconv_t)-1) {
        return NULL;
    }
    out = to = apr_palloc(pool, room + 1);
    is_done = iconv(converter, &from, &left, &to, &room) != (size_t)-1 && left == 0;
    iconv_close(converter);
    if (!is_done) { /* a piece of somebody's list of secrets, perhaps */
        fpi_secret_wipe(out, (size_t)(to - out));
    }
    *to = '\0';
    return is_done ? out : NULL;
}
