/* CSV is cut as RFC 4180 has it and as spreadsheets write it; text comes out of the encodings they save. */
#include "wire/csv.h"

#include "unit.h"

#include <apr_strings.h>

/* All lines as "line:cell|cell;" */
static const char *cut(const char *text)
{
    fpi_csv_t csv = { apr_pstrdup(task->pool, text), 1 };
    const char *all = "";
    char *cells[FPI_CSV_CELLS];
    int count, line;

    for (;;) {
        if (fpi_csv_next(cells, &count, &line, &csv, task)) {
            return apr_psprintf(task->pool, "%sfailed on %d", all, line);
        }
        if (!count) {
            return all;
        }
        all = apr_psprintf(task->pool, "%s%d:", all, line);
        for (int i = 0; i < count; i++) {
            all = apr_pstrcat(task->pool, all, i ? "|" : "", cells[i], NULL);
        }
        all = apr_pstrcat(task->pool, all, ";", NULL);
    }
}

START_TEST(lines)
{
    static const char *const cases[][2] = {
        { "", "" },
        { "a,b\r\nc,d", "1:a|b;2:c|d;" },
        { "a,b\n", "1:a|b;" },
        { " a , \"b\" ,c\n", "1:a |b|c;" },
        { "\"a,\"\"x\"\"\nb\",c\nd", "1:a,\"x\"\nb|c;3:d;" },
        { "a,\n,b", "1:a|;2:|b;" },
        { "a\n\nb", "1:a;2:;3:b;" },
        { "a,\"b", "failed on 1" },
        { "a\nb,\"c\"d", "1:a;failed on 2" },
        { "a\rb", "failed on 1" },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        ck_assert_str_eq(cut(cases[i][0]), cases[i][1]);
    }
}
END_TEST

START_TEST(a_line_has_its_limit)
{
    char line[FPI_CSV_CELLS + 2];

    memset(line, ',', sizeof(line));
    line[FPI_CSV_CELLS - 1] = '\0';
    ck_assert_ptr_null(strstr(cut(line), "failed"));
    line[FPI_CSV_CELLS - 1] = ',';
    line[FPI_CSV_CELLS] = '\0';
    ck_assert_str_eq(cut(line), "failed on 1");
}
END_TEST

START_TEST(encodings)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;        /* NULL: refused */
    } cases[] = {
        { "name,x", 6, "name,x" },
        { "\xEF\xBB\xBF\xE5\xA7\x93", 6, "姓" },
        { "\xD0\xD5\xC3\xFB,1", 6, "姓名,1" },
        { "\x81\x30\x81\x30", 4, "\xC2\x80" }, /* four bytes, which GBK has not */
        { "\xD0", 1, NULL },
        { "\xFF\xFEn\0", 4, NULL },
        { "\xFE\xFF\0n", 4, NULL },
        { "a\0b", 3, NULL },
        { "", 0, NULL },
        { "\xFF", 1, NULL },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        fpi_secret_t *text;
        fpi_err_t *err = fpi_csv_decode(&text, cases[i].bytes, cases[i].len, task);

        ck_assert_msg((err == NULL) == (cases[i].text != NULL), "case %d", i);
        if (cases[i].text) {
            ck_assert_str_eq(text->bytes, cases[i].text);
        }
        else {
            unit_failed(err, FPI_E_FIELD);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *all = tcase_create("csv");

    tcase_add_checked_fixture(all, unit_open, unit_close);
    tcase_add_test(all, lines);
    tcase_add_test(all, a_line_has_its_limit);
    tcase_add_test(all, encodings);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
