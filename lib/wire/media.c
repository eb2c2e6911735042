#include "wire/media.h"

#include "base/text.h"
#include "wire/gb18030.h"

#include <string.h>
#include <strings.h>

#define OFD_ROOT "OFD.xml"

enum { ZIP_ENTRIES = 64, ZIP_HEADER = 30, PDF_HEAD = 1024 };

typedef struct head_t {
    const unsigned char *bytes;
    size_t len;
} head_t;

static const fpi_media_info_t infos[FPI_MEDIA_COUNT] = {
    [FPI_MEDIA_UNKNOWN] = { "UNKNOWN", "application/octet-stream", "bin", false },
    [FPI_MEDIA_PDF] = { "PDF", "application/pdf", "pdf", true },
    [FPI_MEDIA_OFD] = { "OFD", "application/ofd", "ofd", true },
    [FPI_MEDIA_JPEG] = { "JPEG", "image/jpeg", "jpg", true },
    [FPI_MEDIA_PNG] = { "PNG", "image/png", "png", true },
    [FPI_MEDIA_TIFF] = { "TIFF", "image/tiff", "tif", true },
    [FPI_MEDIA_BMP] = { "BMP", "image/bmp", "bmp", true },
    [FPI_MEDIA_WEBP] = { "WEBP", "image/webp", "webp", true },
    [FPI_MEDIA_HEIC] = { "HEIC", "image/heic", "heic", true },
    [FPI_MEDIA_XML] = { "XML", "application/xml", "xml", true },
    [FPI_MEDIA_WORD] = { "WORD",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", true },
    [FPI_MEDIA_EXCEL] = { "EXCEL",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", true },
    [FPI_MEDIA_POWERPOINT] = { "POWERPOINT",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx", true },
    [FPI_MEDIA_OLE] = { "OLE", "application/x-ole-storage", "doc", true },
    [FPI_MEDIA_ZIP] = { "ZIP", "application/zip", "zip", false },
    [FPI_MEDIA_HTML] = { "HTML", "text/html", "html", false },
    [FPI_MEDIA_TEXT] = { "TEXT", "text/plain", "txt", true },
};

static bool has_at(const head_t *h, size_t at, const char *magic, size_t len)
{
    return h->len >= at && h->len - at >= len && memcmp(h->bytes + at, magic, len) == 0;
}

static uint32_t little(const unsigned char *at, int bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0) {
        value = value << 8 | at[bytes];
    }
    return value;
}

/* ---- pictures and the like ---- */

/* "BM" alone begins many texts: reserved words are zero and the second header's size is known. */
static bool is_bmp(const head_t *h)
{
    static const unsigned char sizes[] = { 12, 40, 52, 56, 64, 108, 124 };

    if (h->len < 18 || !has_at(h, 0, "BM", 2) || little(h->bytes + 6, 4) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(sizes); i++) {
        if (little(h->bytes + 14, 4) == sizes[i]) {
            return true;
        }
    }
    return false;
}

static bool is_webp(const head_t *h)
{
    return has_at(h, 0, "RIFF", 4) && has_at(h, 8, "WEBPVP8", 7);
}

static bool is_brand(const head_t *h, size_t at, const char *brands)
{
    for (; *brands; brands += 4) {
        if (has_at(h, at, brands, 4)) {
            return true;
        }
    }
    return false;
}

/* ISO 14496-12: size, "ftyp", major brand, version, compatible brands. "mif1" and "msf1" alone may
 * hold AVIF as well, so one of the HEVC brands must stand beside them. */
static bool is_heic(const head_t *h)
{
    static const char hevc[] = "heicheixheimheishevchevxhevmhevs";
    size_t size;

    if (h->len < 16 || !has_at(h, 4, "ftyp", 4)) {
        return false;
    }
    if (is_brand(h, 8, hevc)) {
        return true;
    }
    size = (size_t)h->bytes[2] << 8 | h->bytes[3];
    for (size_t at = 16; is_brand(h, 8, "mif1msf1") && at + 4 <= size && at + 4 <= h->len;
         at += 4) {
        if (is_brand(h, at, hevc)) {
            return true;
        }
    }
    return false;
}

static bool is_tiff(const head_t *h)
{
    return has_at(h, 0, "II*\0", 4) || has_at(h, 0, "MM\0*", 4) || has_at(h, 0, "II+\0\x08\0", 6)
           || has_at(h, 0, "MM\0+\0\x08", 6);
}

/* Some makers put a byte order mark or line ends in front. */
static bool is_pdf(const head_t *h)
{
    size_t at = has_at(h, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;

    while (at < h->len && strchr("\r\n\t ", h->bytes[at]) && h->bytes[at]) {
        at++;
    }
    return has_at(h, at, "%PDF-", 5);
}

/* ---- zip ---- */

static bool is_below(const char *name, size_t len, const char *folder)
{
    return len > strlen(folder) && memcmp(name, folder, strlen(folder)) == 0;
}

static fpi_media_t media_of_entry(const char *name, size_t len)
{
    if (len > 2 && name[0] == '.' && (name[1] == '/' || name[1] == '\\')) {
        name += 2;
        len -= 2;
    }
    if (len == sizeof(OFD_ROOT) - 1 && strncasecmp(name, OFD_ROOT, len) == 0) {
        return FPI_MEDIA_OFD;
    }
    if (is_below(name, len, "word/")) {
        return FPI_MEDIA_WORD;
    }
    if (is_below(name, len, "xl/")) {
        return FPI_MEDIA_EXCEL;
    }
    return is_below(name, len, "ppt/") ? FPI_MEDIA_POWERPOINT : FPI_MEDIA_ZIP;
}

/* The next local header at or behind `at`, or the end. */
static size_t find_entry(const head_t *h, size_t at)
{
    const unsigned char *found;

    while (at < h->len && (found = memchr(h->bytes + at, 'P', h->len - at))) {
        at = (size_t)(found - h->bytes);
        if (has_at(h, at, "PK\3\4", 4)) {
            return at;
        }
        at++;
    }
    return h->len;
}

/* Behind the entry at `at`. Bit 3 says that the size stands behind the data: then the next header
 * is searched for. */
static size_t skip_entry(const head_t *h, size_t at)
{
    const unsigned char *entry = h->bytes + at;
    size_t behind = at + ZIP_HEADER + little(entry + 26, 2) + little(entry + 28, 2);
    bool is_unknown = entry[6] & 8 || little(entry + 18, 4) == UINT32_MAX;

    return is_unknown ? behind : behind + little(entry + 18, 4);
}

static fpi_media_t find_zip(const head_t *h)
{
    size_t at = 0;

    if (has_at(h, 0, "PK\5\6", 4)) {
        return FPI_MEDIA_ZIP;
    }
    if (!has_at(h, 0, "PK\3\4", 4)) {
        return FPI_MEDIA_UNKNOWN;
    }
    for (int i = 0; i < ZIP_ENTRIES && at < h->len && h->len - at >= ZIP_HEADER; i++) {
        size_t name_len = little(h->bytes + at + 26, 2);
        fpi_media_t media;

        if (h->len - at - ZIP_HEADER < name_len) {
            break;
        }
        media = media_of_entry((const char *)h->bytes + at + ZIP_HEADER, name_len);
        if (media != FPI_MEDIA_ZIP) {
            return media;
        }
        at = find_entry(h, skip_entry(h, at));
    }
    return FPI_MEDIA_ZIP;
}

/* ---- text ---- */

static bool is_clean_text(const head_t *h)
{
    for (size_t i = 0; i < h->len; i++) {
        unsigned char c = h->bytes[i];

        if ((c < 0x20 && !strchr("\t\r\n\f", c)) || c == 0 || c == 0x7f) {
            return false;
        }
    }
    return h->len > 0;
}

/* Well-formed, but for a last character that the end of the look has cut. */
static bool is_utf8(const head_t *h)
{
    for (size_t cut = 0; cut < 4 && cut < h->len; cut++) {
        if (fpi_utf8_is_valid((const char *)h->bytes, h->len - cut)) {
            return cut == 0 || (h->len == FPI_MEDIA_LOOK && h->bytes[h->len - cut] >= 0xC2);
        }
    }
    return false;
}

static bool has_inside(const head_t *h, const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= h->len; i++) {
        if (strncasecmp((const char *)h->bytes + i, word, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool starts_with(const head_t *h, size_t at, const char *word)
{
    return at <= h->len && h->len - at >= strlen(word)
           && strncasecmp((const char *)h->bytes + at, word, strlen(word)) == 0;
}

/* What a browser would run counts as HTML under whatever cover it comes. */
static bool is_page(const head_t *h, size_t at)
{
    static const char *const starts[] = { "<!doctype html", "<html", "<head", "<body", "<script",
                                          "<iframe", "<svg" };
    static const char *const inside[] = { "http://www.w3.org/1999/xhtml",
                                          "http://www.w3.org/2000/svg", "<html", "<!doctype html" };

    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        if (starts_with(h, at, starts[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++) {
        if (has_inside(h, inside[i])) {
            return true;
        }
    }
    return false;
}

static fpi_media_t find_text(const head_t *h)
{
    size_t at = has_at(h, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;
    bool is_declared;

    if (!is_clean_text(h)) {
        return FPI_MEDIA_UNKNOWN;
    }
    while (at < h->len && strchr("\t\r\n ", h->bytes[at])) {
        at++;
    }
    /* with a declaration other encodings (GBK) are the reader's affair */
    is_declared = starts_with(h, at, "<?xml ");
    if (!is_declared && !is_utf8(h)) {
        return FPI_MEDIA_UNKNOWN;
    }
    if (at < h->len && h->bytes[at] == '<') {
        return is_page(h, at) ? FPI_MEDIA_HTML : FPI_MEDIA_XML;
    }
    return FPI_MEDIA_TEXT;
}

/* With other bytes in front, as viewers take it (ISO 32000-1, annex H.3): only where nothing else fits. */
static bool is_late_pdf(const head_t *h)
{
    for (size_t at = 0; at < h->len && at < PDF_HEAD; at++) {
        if (has_at(h, at, "%PDF-", 5)) {
            return !is_page(h, 0);
        }
    }
    return false;
}

bool fpi_media_is_gb_text(const void *head, size_t len)
{
    const head_t h = { head, len < FPI_MEDIA_LOOK ? len : FPI_MEDIA_LOOK };

    return fpi_media_find(head, len) == FPI_MEDIA_UNKNOWN && is_clean_text(&h)
           && fpi_gb_is_valid(head, h.len, h.len == FPI_MEDIA_LOOK) && !is_page(&h, 0);
}

fpi_media_t fpi_media_find(const void *head, size_t len)
{
    const head_t all = { head, len };
    const head_t h = { head, len < FPI_MEDIA_LOOK ? len : FPI_MEDIA_LOOK };
    static const struct {
        const char *magic;
        size_t len;
        fpi_media_t media;
    } plain[] = {
        { "\xFF\xD8\xFF", 3, FPI_MEDIA_JPEG },
        { "\x89PNG\r\n\x1A\n", 8, FPI_MEDIA_PNG },
        { "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, FPI_MEDIA_OLE },
    };
    static const struct {
        bool (*is)(const head_t *h);
        fpi_media_t media;
    } asked[] = {
        { is_pdf, FPI_MEDIA_PDF }, { is_tiff, FPI_MEDIA_TIFF }, { is_webp, FPI_MEDIA_WEBP },
        { is_heic, FPI_MEDIA_HEIC }, { is_bmp, FPI_MEDIA_BMP },
    };
    fpi_media_t media;

    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
        if (has_at(&h, 0, plain[i].magic, plain[i].len)) {
            return plain[i].media;
        }
    }
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        if (asked[i].is(&h)) {
            return asked[i].media;
        }
    }
    media = find_zip(&all);
    media = media != FPI_MEDIA_UNKNOWN ? media : find_text(&h);
    return media == FPI_MEDIA_UNKNOWN && is_late_pdf(&h) ? FPI_MEDIA_PDF : media;
}

const fpi_media_info_t *fpi_media_info(fpi_media_t media)
{
    return &infos[media < FPI_MEDIA_COUNT ? media : FPI_MEDIA_UNKNOWN];
}
