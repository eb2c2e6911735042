#include "model/file.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

enum { NAME_MAX_BYTES = 255 };

int64_t fpi_file_pages(const fpi_file_t *file, int64_t content_pages)
{
    return file->page_first > 0 ? file->page_last - file->page_first + 1 : content_pages;
}

/* ---- pages that are there, and what is left ---- */

static bool has_page(const fpi_file_t *file, int page)
{
    return !file->page_first || (file->page_first <= page && page <= file->page_last);
}

bool fpi_file_overlaps(const fpi_file_t *a, const fpi_file_t *b)
{
    return strcmp(a->sha256, b->sha256) == 0
           && (!a->page_first || !b->page_first || has_page(a, b->page_first) || has_page(b, a->page_first));
}

/* The last page that lies behind `page` without a break, in files that have it; before it: none has it. */
static int end_of_there(const fpi_file_t *there, int count, int page, int last)
{
    int end = page - 1;

    for (int i = 0; i < count; i++) {
        if (has_page(&there[i], page)) {
            int own = there[i].page_first ? there[i].page_last : last;

            end = own > end ? own : end;
        }
    }
    return end;
}

static int end_of_gap(const fpi_file_t *there, int count, int page, int last)
{
    for (int i = 0; i < count; i++) {
        if (there[i].page_first > page && there[i].page_first <= last) {
            last = there[i].page_first - 1;
        }
    }
    return last;
}

static bool is_whole_there(const fpi_file_t *there, int count)
{
    for (int i = 0; i < count; i++) {
        if (!there[i].page_first) {
            return true;
        }
    }
    return false;
}

int fpi_file_rests(fpi_file_t *rests, const fpi_file_t *file, const fpi_file_t *there, int count, int pages)
{
    int page = file->page_first ? file->page_first : 1, last = file->page_first ? file->page_last : pages, found = 0;

    if (!count || is_whole_there(there, count) || last < page) {
        rests[0] = *file; /* the number of its pages may not be known: rather twice than lost */
        return !is_whole_there(there, count);
    }
    while (page <= last) {
        int end = end_of_there(there, count, page, last);

        if (end < page) {
            end = end_of_gap(there, count, page, last);
            rests[found] = *file;
            if (page != 1 || end != pages) {
                rests[found].page_first = page;
                rests[found].page_last = end;
            }
            found++;
        }
        page = end + 1;
    }
    return found;
}

/* ---- names ---- */

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

/* "_" for separators and what other systems keep for themselves, for what steers a display, for what is no character. */
static char *clean(const char *said, apr_pool_t *pool)
{
    const char *text = fpi_text_steady(pool, said, '_');
    char *out = apr_palloc(pool, strlen(text) + 1);
    size_t len = 0, left = strlen(text);

    while (left) {
        size_t step = step_at(text, left);

        if (!step || strchr("/\\:*?\"<>|", *text)) {
            out[len++] = '_';
            step = 1;
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

const char *fpi_file_place(const char *address, apr_pool_t *pool)
{
    return address ? apr_pstrmemdup(pool, address, strcspn(address, "?#")) : NULL;
}

const char *fpi_kind_name(fpi_kind_t kind)
{
    static const char *const names[] = { "cover", "invoice", "attachment" };

    return (unsigned)kind < sizeof(names) / sizeof(*names) ? names[kind] : "?";
}
