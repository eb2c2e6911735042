/* Workbooks are read as they were written; what is none is refused. Books of other programs: tests/httpd/test_532_admin.py. */
#include "base/text.h"
#include "wire/xlsx.h"
#include "wire/xlsx_read.h"
#include "wire/zip_write.h"

#include "unit.h"

#include <apr_strings.h>
#include <stdio.h>
#include <unistd.h>

static fpi_err_t *put(void *baton, const void *data, size_t len, fpi_task_t *t)
{
    (void)t;
    ck_assert(fpi_buf_put(baton, data, len));
    return NULL;
}

static fpi_buf_t *book(int rows)
{
    static const fpi_xlsx_column_t columns[] = { { "税号", FPI_XLSX_TEXT, 20 }, { "name", FPI_XLSX_TEXT, 20 },
                                                 { "count", FPI_XLSX_COUNT, 20 } };
    fpi_buf_t *bytes = fpi_buf_make(task->pool, 4 << 20);
    fpi_xlsx_t *made;

    unit_done(fpi_xlsx_open(&made, "/tmp", task));
    unit_done(fpi_xlsx_add_sheet(made, "first", columns, 3, task));
    unit_done(fpi_xlsx_add_sheet(made, "second", columns, 3, task));
    for (int i = 0; i < rows; i++) {
        const fpi_xlsx_cell_t cells[3] = { { .text = apr_psprintf(task->pool, "T%d", i) },
                                           { .text = i % 2 ? NULL : "甲 & <b>", .is_empty = i % 2 }, { .number = i } };

        unit_done(fpi_xlsx_put(made, 0, cells, task));
    }
    unit_done(fpi_xlsx_close(made, put, bytes, task));
    return bytes;
}

START_TEST(a_book_is_read_as_it_was_written)
{
    fpi_buf_t *bytes = book(3);
    fpi_xlsx_row_t *rows;
    int count;

    ck_assert(fpi_xlsx_is(bytes->data, bytes->len));
    unit_done(fpi_xlsx_read(&rows, &count, bytes->data, bytes->len, 100, task));
    ck_assert_int_eq(count, 4);
    ck_assert_str_eq(rows[0].cells[0], "税号");
    ck_assert_int_eq(rows[0].number, 1);
    ck_assert_str_eq(rows[1].cells[0], "T0");
    ck_assert_str_eq(rows[1].cells[1], "甲 & <b>");
    ck_assert_str_eq(rows[2].cells[1], "");
    ck_assert_str_eq(rows[3].cells[2], "2");
    ck_assert_int_eq(rows[3].count, 3);
}
END_TEST

START_TEST(rows_have_a_limit)
{
    fpi_buf_t *bytes = book(20);
    fpi_xlsx_row_t *rows;
    int count;

    unit_done(fpi_xlsx_read(&rows, &count, bytes->data, bytes->len, 21, task));
    unit_failed(fpi_xlsx_read(&rows, &count, bytes->data, bytes->len, 20, task), FPI_E_TOO_LARGE);
}
END_TEST

/* ---- texts of many runs ---- */

#define MAIN "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""

static void add_part(fpi_zip_writer_t *zip, const char *name, const char *text)
{
    fpi_zip_entry_t entry = { .name = name, .size = (int64_t)strlen(text), .crc = fpi_crc32(0, text, strlen(text)) };

    unit_done(fpi_zip_begin(zip, &entry, task));
    unit_done(fpi_zip_put(zip, text, strlen(text), task));
}

/* A book of one cell, and the one text that it shows. */
static fpi_buf_t *book_of(const char *texts, const char *cell)
{
    fpi_buf_t *bytes = fpi_buf_make(task->pool, 4 << 20);
    fpi_zip_writer_t *zip;

    unit_done(fpi_zip_open_writer(&zip, "/tmp", put, bytes, task));
    add_part(zip, "xl/workbook.xml", "<workbook " MAIN " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">"
                                     "<sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>");
    add_part(zip, "xl/_rels/workbook.xml.rels",
             "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
             "<Relationship Id=\"rId1\" Type=\"x\" Target=\"worksheets/sheet1.xml\"/></Relationships>");
    add_part(zip, "xl/sharedStrings.xml", apr_pstrcat(task->pool, "<sst " MAIN "><si>", texts, "</si></sst>", NULL));
    add_part(zip, "xl/worksheets/sheet1.xml",
             apr_pstrcat(task->pool, "<worksheet " MAIN "><sheetData><row r=\"1\">", cell, "</row></sheetData></worksheet>", NULL));
    unit_done(fpi_zip_end(zip, task));
    return bytes;
}

static char *repeat(const char *text, int count)
{
    size_t len = strlen(text);
    char *out = apr_palloc(task->pool, len * (size_t)count + 1);

    for (int i = 0; i < count; i++) {
        memcpy(out + (size_t)i * len, text, len);
    }
    out[len * (size_t)count] = '\0';
    return out;
}

static long resident_mb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    ck_assert(file && fscanf(file, "%ld %ld", &size, &resident) == 2);
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE) >> 20;
}

static fpi_err_t *read_one(const char **text, const char *texts, const char *cell)
{
    fpi_buf_t *bytes = book_of(texts, cell);
    fpi_xlsx_row_t *rows;
    int count;

    FPI_TRY(fpi_xlsx_read(&rows, &count, bytes->data, bytes->len, 10, task));
    ck_assert_int_eq(count, 1);
    *text = rows[0].cells[0];
    return NULL;
}

#define SHARED "<c r=\"A1\" t=\"s\"><v>0</v></c>"

static const struct {
    const char *run;
    int characters;
} run_cases[] = { { "<t>x</t>", 1 }, { "<r><t>0123456789</t></r>", 10 }, { "<t>长</t>", 1 } };

/* As long as Excel lets a cell be, in whatever runs, for little memory. */
START_TEST(texts_have_a_limit)
{
    int fits = FPI_XLSX_READ_TEXT / run_cases[_i].characters;
    long before = resident_mb();
    const char *text;

    unit_done(read_one(&text, repeat(run_cases[_i].run, fits), SHARED));
    ck_assert_int_eq(fpi_utf8_length(text), fits * run_cases[_i].characters);
    unit_done(read_one(&text, "", apr_pstrcat(task->pool, "<c t=\"inlineStr\"><is>", repeat(run_cases[_i].run, fits), "</is></c>", NULL)));
    ck_assert_int_eq(fpi_utf8_length(text), fits * run_cases[_i].characters);
    ck_assert_int_lt(resident_mb() - before, 200);
    unit_failed(read_one(&text, repeat(run_cases[_i].run, fits + 1), SHARED), FPI_E_TOO_LARGE);
    unit_failed(read_one(&text, "", apr_pstrcat(task->pool, "<c><v>", repeat("1", FPI_XLSX_READ_TEXT + 1), "</v></c>", NULL)),
                FPI_E_TOO_LARGE);
}
END_TEST

/* Whatever is cut off or turned round: refused, or read, but never a crash. */
START_TEST(broken_books_do_no_harm)
{
    fpi_buf_t *bytes = book(5);
    fpi_xlsx_row_t *rows;
    int count;

    for (size_t len = 0; len < bytes->len; len += 97) {
        unit_failed(fpi_xlsx_read(&rows, &count, bytes->data, len, 100, task), FPI_E_UNREADABLE);
    }
    for (size_t at = 0; at < bytes->len; at += 131) {
        bytes->data[at] ^= 0x55;
        fpi_ignore(fpi_xlsx_read(&rows, &count, bytes->data, bytes->len, 100, task));
        bytes->data[at] ^= 0x55;
    }
    ck_assert(!fpi_xlsx_is("PK", 2) && !fpi_xlsx_is("a,b,c,d", 7));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xlsx_read");
    TCase *one = unit_case(suite, "xlsx_read");

    tcase_add_test(one, a_book_is_read_as_it_was_written);
    tcase_add_test(one, rows_have_a_limit);
    tcase_add_loop_test(one, texts_have_a_limit, 0, UNIT_COUNT(run_cases));
    tcase_add_test(one, broken_books_do_no_harm);
    return unit_run(suite);
}
