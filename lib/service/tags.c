#include "service/tags.h"

#include <apr_strings.h>
#include <string.h>

typedef struct tag_t {
    const char *text; /* without quotes */
    size_t len;
    bool is_weak;
} tag_t;

/* mod_deflate, mod_brotli, and others as these */
static size_t cut_coding(const char *text, size_t len)
{
    static const char *const endings[] = { "-gzip", "-br", ";gzip", ";br" };

    for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
        size_t n = strlen(endings[i]);

        if (len > n && memcmp(text + len - n, endings[i], n) == 0) {
            return len - n;
        }
    }
    return len;
}

/* Moves *at behind the next tag; false when there is none. */
static bool next_tag(tag_t *tag, const char **at)
{
    const char *from = *at + strspn(*at, " \t,"), *end;

    tag->is_weak = strncmp(from, "W/", 2) == 0;
    from += tag->is_weak ? 2 : 0;
    end = *from == '"' ? strchr(from + 1, '"') : NULL;
    if (!end) {
        return false;
    }
    tag->text = from + 1;
    tag->len = cut_coding(tag->text, (size_t)(end - tag->text));
    *at = end + 1;
    return true;
}

bool fpi_tags_has(const char *list, const char *etag, bool is_strong)
{
    tag_t ours, theirs;

    if (strcmp(list, "*") == 0) {
        return true;
    }
    if (!next_tag(&ours, &etag)) {
        return false;
    }
    while (next_tag(&theirs, &list)) {
        if (theirs.len == ours.len && memcmp(theirs.text, ours.text, ours.len) == 0 && !(is_strong && theirs.is_weak)) {
            return true;
        }
    }
    return false;
}

const char *fpi_tag_text(const char *tag, apr_pool_t *pool)
{
    const char *rest = tag;
    tag_t one;

    return next_tag(&one, &rest) && *rest == '\0' ? apr_pstrmemdup(pool, one.text, one.len) : tag;
}
