/* Workbooks are read as they were written; what is none is refused. Books of other programs: tests/httpd/test_532_admin.py. */
#include "base/text.h"
#include "wire/xlsx.h"
#include "wire/xlsx_read.h"

#include "unit.h"

#include <apr_strings.h>

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
    tcase_add_test(one, broken_books_do_no_harm);
    return unit_run(suite);
}
