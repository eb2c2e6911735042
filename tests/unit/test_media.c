#include "unit.h"
#include "wire/media.h"

#include "base/text.h"

#define BYTES(text) text, sizeof(text) - 1
#define LOCAL "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define UNKNOWN_SIZE "PK\3\4\x14\0\x08\0\x08\0\0\0\0\0\0\0\0\0"
/* compressed size 4, size 4, name of n bytes, no extra field */
#define SIZED(n) "\4\0\0\0\4\0\0\0" n "\0\0\0"
#define UNSIZED(n) "\0\0\0\0\0\0\0\0" n "\0\0\0"

static const struct {
    const char *bytes;
    size_t len;
    fpi_media_t media;
} cases[] = {
    { BYTES(""), FPI_MEDIA_UNKNOWN },
    { BYTES("%PDF-1.7\n%\xE2\xE3"), FPI_MEDIA_PDF },
    { BYTES("\xEF\xBB\xBF%PDF-1.4"), FPI_MEDIA_PDF },
    { BYTES("\r\n %PDF-1.4"), FPI_MEDIA_PDF },
    { BYTES("x%PDF-1.4"), FPI_MEDIA_TEXT },
    { BYTES("%PD"), FPI_MEDIA_TEXT },
    { BYTES("\0%PDF-1.4"), FPI_MEDIA_PDF },
    { BYTES("\xFF\xD8\xFF\xE0\0\x10JFIF"), FPI_MEDIA_JPEG },
    { BYTES("\xFF\xD8"), FPI_MEDIA_UNKNOWN },
    { BYTES("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"), FPI_MEDIA_PNG },
    { BYTES("\x89PNG\n\x1A\n"), FPI_MEDIA_UNKNOWN },
    { BYTES("II*\0\x08\0\0\0"), FPI_MEDIA_TIFF },
    { BYTES("MM\0*\0\0\0\x08"), FPI_MEDIA_TIFF },
    { BYTES("II+\0\x08\0\0\0"), FPI_MEDIA_TIFF },
    { BYTES("II-notes"), FPI_MEDIA_TEXT },
    { BYTES("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"), FPI_MEDIA_BMP },
    { BYTES("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x29\0\0\0"), FPI_MEDIA_UNKNOWN },
    { BYTES("BMW is a maker of cars"), FPI_MEDIA_TEXT },
    { BYTES("RIFF\x24\0\0\0WEBPVP8 "), FPI_MEDIA_WEBP },
    { BYTES("RIFF\x24\0\0\0WAVEfmt "), FPI_MEDIA_UNKNOWN },
    { BYTES("\0\0\0\x18" "ftypheic\0\0\0\0mif1heic"), FPI_MEDIA_HEIC },
    { BYTES("\0\0\0\x18" "ftypmif1\0\0\0\0mif1heic"), FPI_MEDIA_HEIC },
    { BYTES("\0\0\0\x18" "ftypmif1\0\0\0\0mif1avif"), FPI_MEDIA_UNKNOWN },
    { BYTES("\0\0\0\x14" "ftypmif1\0\0\0\0mif1heic"), FPI_MEDIA_UNKNOWN },
    { BYTES("\0\0\0\x18" "ftypisom\0\0\0\0isomheic"), FPI_MEDIA_UNKNOWN },
    { BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0"), FPI_MEDIA_OLE },
    /* zip */
    { BYTES(LOCAL SIZED("\7") "OFD.xml<a/>"), FPI_MEDIA_OFD },
    { BYTES(LOCAL SIZED("\5") "Doc_0data" LOCAL SIZED("\7") "OFD.xml<a/>"), FPI_MEDIA_OFD },
    { BYTES(UNKNOWN_SIZE UNSIZED("\5") "Doc_0?PK??data" LOCAL SIZED("\7") "OFD.xml<a/>"),
      FPI_MEDIA_OFD },
    { BYTES(LOCAL SIZED("\7") "ofd.XML<a/>"), FPI_MEDIA_OFD },
    { BYTES(LOCAL SIZED("\x9") "./OFD.xml<a/>"), FPI_MEDIA_OFD },
    { BYTES(LOCAL SIZED("\x9") "x/OFD.xml<a/>"), FPI_MEDIA_ZIP },
    { BYTES(LOCAL SIZED("\x13") "[Content_Types].xml<a/>" LOCAL SIZED("\x11")
            "word/document.xml<a/>"), FPI_MEDIA_WORD },
    { BYTES(LOCAL SIZED("\x0f") "xl/workbook.xml<a/>"), FPI_MEDIA_EXCEL },
    { BYTES(LOCAL SIZED("\x14") "ppt/presentation.xml<a/>"), FPI_MEDIA_POWERPOINT },
    { BYTES(LOCAL SIZED("\5") "word/<a/>"), FPI_MEDIA_ZIP },
    /* a name that stands in the data is no entry */
    { BYTES(LOCAL "\x40\0\0\0\x40\0\0\0\5\0\0\0" "a.txt" LOCAL SIZED("\7") "OFD.xml<a/>"),
      FPI_MEDIA_ZIP },
    { BYTES(LOCAL "\4\0\0\0\4\0\0\0\xff\xff\xff\xff" "OFD.xml"), FPI_MEDIA_ZIP },
    { BYTES(LOCAL "\xff\xff\xff\xff\0\0\0\0\1\0\0\0" "a"), FPI_MEDIA_ZIP },
    { BYTES("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), FPI_MEDIA_ZIP },
    { BYTES("PK\3\4"), FPI_MEDIA_ZIP },
    { BYTES("PK\3"), FPI_MEDIA_UNKNOWN },
    /* text */
    { BYTES("<?xml version=\"1.0\"?><EInvoice/>"), FPI_MEDIA_XML },
    { BYTES("\xEF\xBB\xBF<?xml version=\"1.0\"?><EInvoice/>"), FPI_MEDIA_XML },
    { BYTES("<?xml version=\"1.0\" encoding=\"GBK\"?><a>\xB7\xA2</a>"), FPI_MEDIA_XML },
    { BYTES("  \n<EInvoice a=\"\xE5\x8F\x91\"/>"), FPI_MEDIA_XML },
    { BYTES("<a>\xB7\xA2</a>"), FPI_MEDIA_UNKNOWN },
    { BYTES("<!DOCTYPE HTML><p>"), FPI_MEDIA_HTML },
    { BYTES("<HTML>"), FPI_MEDIA_HTML },
    { BYTES("<script>alert(1)</script>"), FPI_MEDIA_HTML },
    { BYTES("<!-- x --><html>"), FPI_MEDIA_HTML },
    { BYTES("<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>"), FPI_MEDIA_HTML },
    { BYTES("<?xml version=\"1.0\"?><h xmlns=\"http://www.w3.org/1999/xhtml\"/>"), FPI_MEDIA_HTML },
    { BYTES("plain words\r\n\tand more\f"), FPI_MEDIA_TEXT },
    { BYTES("\xE5\x8F\x91\xE7\xA5\xA8"), FPI_MEDIA_TEXT },
    { BYTES("\xE5\x8F"), FPI_MEDIA_UNKNOWN },
    { BYTES("bell \x07"), FPI_MEDIA_UNKNOWN },
    { BYTES("nul \0"), FPI_MEDIA_UNKNOWN },
    { BYTES("MZ\x90\0\3\0"), FPI_MEDIA_UNKNOWN },
    { BYTES("\x7f" "ELF\2\1\1\0"), FPI_MEDIA_UNKNOWN },
    { BYTES("#!/bin/sh\n"), FPI_MEDIA_TEXT },
};

/* On a heap block of just this size, so that the sanitizer sees a step too far. */
static fpi_media_t find_exact(const char *bytes, size_t len)
{
    char *copy = malloc(len ? len : 1);
    fpi_media_t media;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, len);
    media = fpi_media_find(copy, len);
    free(copy);
    return media;
}

START_TEST(test_media)
{
    fpi_media_t media = find_exact(cases[_i].bytes, cases[_i].len);

    ck_assert_msg(media == cases[_i].media, "case %d: %s, not %s", _i, fpi_media_info(media)->name,
                  fpi_media_info(cases[_i].media)->name);
    for (size_t len = 0; len < cases[_i].len; len++) {
        ck_assert_int_lt(find_exact(cases[_i].bytes, len), FPI_MEDIA_COUNT);
    }
}
END_TEST

/* The end of the look may cut a character; the end of the file may not. */
START_TEST(test_cut_character)
{
    char text[FPI_MEDIA_LOOK + 10];

    for (int shift = 0; shift < 3; shift++) {
        memset(text, 'x', sizeof(text));
        memcpy(text + FPI_MEDIA_LOOK - 3 + shift, "\xE5\x8F\x91", 3);
        ck_assert_int_eq(fpi_media_find(text, sizeof(text)), FPI_MEDIA_TEXT);
        ck_assert_int_eq(fpi_media_find(text, FPI_MEDIA_LOOK + 1), FPI_MEDIA_TEXT);
    }
    ck_assert_int_eq(fpi_media_find(text, FPI_MEDIA_LOOK - 1), FPI_MEDIA_TEXT);
    memcpy(text + 100, "\xE5\x8F", 2);
    ck_assert_int_eq(fpi_media_find(text, sizeof(text)), FPI_MEDIA_UNKNOWN);
    ck_assert_int_eq(fpi_media_find(text, 102), FPI_MEDIA_UNKNOWN);
}
END_TEST

START_TEST(test_info)
{
    for (int i = 0; i < FPI_MEDIA_COUNT; i++) {
        const fpi_media_info_t *info = fpi_media_info((fpi_media_t)i);

        ck_assert(info->name && info->type && info->extension);
        ck_assert_ptr_nonnull(strchr(info->type, '/'));
        ck_assert_ptr_null(strchr(info->extension, '.'));
    }
    ck_assert(!fpi_media_info(FPI_MEDIA_UNKNOWN)->is_default);
    ck_assert(!fpi_media_info(FPI_MEDIA_HTML)->is_default);
    ck_assert(fpi_media_info(FPI_MEDIA_OFD)->is_default);
    ck_assert_ptr_eq(fpi_media_info((fpi_media_t)99), fpi_media_info(FPI_MEDIA_UNKNOWN));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("media");
    TCase *tc = unit_case(suite, "media");

    tcase_add_loop_test(tc, test_media, 0, UNIT_COUNT(cases));
    tcase_add_test(tc, test_cut_character);
    tcase_add_test(tc, test_info);
    return unit_run(suite);
}
