#include "model/file.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_MAX_BYTES = 255 };

/* Bytes of a character that must not stand in a name, 0 when it may: separators and what other
 * systems keep for themselves, control characters, and marks that turn the reading direction of
 * what is shown. */
static size_t bad_at(const unsigned char *c)
{
    if (*c < 0x20 || *c == 0x7F || strchr("/\\:*?\"<>|", *c)) {
        return 1;
    }
    if (*c == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F) {
        return 2;
    }
    if (*c == 0xE2
        && ((c[1] == 0x80 && (c[2] == 0x8E || c[2] == 0x8F || (c[2] >= 0xA8 && c[2] <= 0xAE)))
            || (c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9))) {
        return 3;
    }
    return 0;
}

/* Bytes of the well-formed character at `c`, 0 when it is none. */
static size_t step_at(const char *c, size_t left)
{
    for (size_t n = 1; n <= 4 && n <= left; n++) {
        if (fpi_utf8_is_valid(c, n)) {
            return n;
        }
    }
    return 0;
}

static const char *last_part(const char *text)
{
    size_t len = strlen(text);

    while (len && (text[len - 1] == '/' || text[len - 1] == '\\')) {
        len--;
    }
    while (len && text[len - 1] != '/' && text[len - 1] != '\\') {
        len--;
    }
    return text + len;
}

static char *clean(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) + 1);
    size_t len = 0, left = strlen(text);

    while (left) {
        size_t bad = bad_at((const unsigned char *)text);
        size_t step = bad ? bad : step_at(text, left);

        if (bad || !step) {
            out[len++] = '_';
            step = step ? step : 1;
        }
        else {
            memcpy(out + len, text, step);
            len += step;
        }
        text += step;
        left -= step;
    }
    out[len] = '\0';
    return out;
}

static void cut(char *name)
{
    size_t len = strlen(name);

    if (len > NAME_MAX_BYTES) {
        len = NAME_MAX_BYTES;
        while (len && ((unsigned char)name[len] & 0xC0) == 0x80) {
            len--;
        }
        name[len] = '\0';
    }
}

const char *fpi_file_take_name(const char *text, const char *otherwise, apr_pool_t *pool)
{
    const char *part = last_part(fpi_text_trim(pool, text ? text : ""));
    size_t len = strcspn(part, "/\\");
    char *name = clean(fpi_text_trim(pool, apr_pstrmemdup(pool, part, len)), pool);

    cut(name);
    /* nothing but dots: a folder; nothing but replacements: no name */
    return name[strspn(name, "._ ")] ? name : otherwise;
}

const char *fpi_kind_name(fpi_kind_t kind)
{
    static const char *const names[] = { "cover", "invoice", "attachment" };

    return (unsigned)kind < sizeof(names) / sizeof(*names) ? names[kind] : "?";
}
