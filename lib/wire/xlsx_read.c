/* workbook.xml names the sheets in order by relationship ids, workbook.xml.rels says where each lies; texts are kept once
 * for all cells in sharedStrings.xml (ECMA-376 part 1, 18.2, 18.3, 18.4). */
#include "wire/xlsx_read.h"

#include "base/text.h"
#include "wire/xml.h"
#include "wire/zip.h"

#include <apr_strings.h>
#include <ctype.h>
#include <string.h>

enum { ROWS_FIRST = 256, ROW_MOST = 1048576, UTF8_MOST = 4 };

#define WORKBOOK "xl/workbook.xml"

typedef struct reading_t {
    fpi_zip_t *zip;
    fpi_task_t *task;
    fpi_buf_t *joined;           /* the runs of a text, one text after the other */
    const char **texts;          /* the shared ones */
    int text_count;
} reading_t;

static fpi_err_t *no_workbook(reading_t *r, const char *what)
{
    return fpi_refuse(r->task, FPI_E_UNREADABLE, "file", "不是可读取的 Excel 工作簿 (xlsx): 缺少 %s", "this is no xlsx workbook: it has no %s", what);
}

/* *root NULL when the archive has no such part. */
static fpi_err_t *open_part(fpi_xml_t **root, reading_t *r, const fpi_zip_entry_t *entry)
{
    const char *data;
    size_t len;

    *root = NULL;
    if (!entry) {
        return NULL;
    }
    FPI_TRY(fpi_zip_read(&data, &len, r->zip, entry, r->task));
    return fpi_xml_parse(root, data, len, r->task);
}

/* ---- which part is the first sheet ---- */

static fpi_err_t *find_sheet(const fpi_zip_entry_t **out, reading_t *r)
{
    const fpi_zip_entry_t *there = fpi_zip_find(r->zip, WORKBOOK, r->task);
    fpi_xml_t *book, *links, *sheet;
    const char *id;

    *out = NULL;
    FPI_TRY(open_part(&book, r, there));
    FPI_TRY(open_part(&links, r, fpi_zip_find(r->zip, "xl/_rels/workbook.xml.rels", r->task)));
    sheet = book ? fpi_xml_find(book, "sheets/sheet") : NULL;
    id = sheet ? fpi_xml_attribute(sheet, "http://schemas.openxmlformats.org/officeDocument/2006/relationships", "id", r->task)
               : NULL;
    for (fpi_xml_t *link = links && id ? fpi_xml_first(links, "Relationship") : NULL; link;
         link = fpi_xml_next(link, "Relationship")) {
        const char *own = fpi_xml_attribute(link, NULL, "Id", r->task);
        const char *target = fpi_xml_attribute(link, NULL, "Target", r->task);

        if (own && target && strcmp(own, id) == 0) {
            *out = fpi_zip_follow(r->zip, WORKBOOK, target, r->task);
            break;
        }
    }
    return *out ? NULL : no_workbook(r, "xl/worksheets/sheet1.xml");
}

/* ---- texts ---- */

static fpi_err_t *refuse_text(reading_t *r)
{
    return fpi_refuse(r->task, FPI_E_TOO_LARGE, "file", "有单元格的文字超过 %d 个字符, 请缩短后再导入",
                      "a cell has more than %d characters: shorten it and import it again", FPI_XLSX_READ_TEXT);
}

static fpi_err_t *check_text(reading_t *r, const char *text)
{
    return fpi_utf8_length(text) > FPI_XLSX_READ_TEXT ? refuse_text(r) : NULL;
}

/* Runs of one text in different fonts are joined; how a word is pronounced (rPh) is none of it. */
static fpi_err_t *text_of(const char **out, reading_t *r, const fpi_xml_t *item)
{
    int runs = 0;

    *out = "";
    r->joined->len = 0;
    for (fpi_xml_t *at = fpi_xml_walk(item, item); at; at = fpi_xml_walk(item, at)) {
        if (fpi_xml_is(at, "t") && !fpi_xml_is(fpi_xml_parent(at), "rPh")) {
            *out = fpi_xml_text(at, r->task);
            if (!fpi_buf_put_text(r->joined, *out)) {
                return refuse_text(r);
            }
            runs++;
        }
    }
    if (runs > 1) {
        *out = apr_pstrmemdup(r->task->pool, r->joined->data, r->joined->len);
    }
    return check_text(r, *out);
}

static fpi_err_t *read_texts(reading_t *r)
{
    fpi_xml_t *root;
    int room = 0;

    FPI_TRY(open_part(&root, r, fpi_zip_find(r->zip, "xl/sharedStrings.xml", r->task)));
    for (fpi_xml_t *item = root ? fpi_xml_first(root, "si") : NULL; item; item = fpi_xml_next(item, "si")) {
        room++;
    }
    r->texts = apr_pcalloc(r->task->pool, sizeof(*r->texts) * (size_t)(room + 1));
    for (fpi_xml_t *item = room ? fpi_xml_first(root, "si") : NULL; item; item = fpi_xml_next(item, "si")) {
        FPI_TRY(text_of(&r->texts[r->text_count++], r, item));
    }
    return NULL;
}

/* ---- cells ---- */

static fpi_err_t *cell_text(const char **out, reading_t *r, const fpi_xml_t *cell)
{
    const char *type = fpi_xml_attribute(cell, NULL, "t", r->task);
    const char *value = fpi_xml_find_text(cell, "v", r->task);
    int64_t at;

    if (type && strcmp(type, "inlineStr") == 0) {
        return text_of(out, r, cell);
    }
    if (type && strcmp(type, "s") == 0) {
        *out = value && fpi_int_parse(&at, value, 0, r->text_count - 1) ? r->texts[at] : "";
        return NULL;
    }
    *out = value ? value : "";
    return check_text(r, *out);
}

/* "AB12" -> 27; -1 when there is none: it stands behind the one before it. */
static int column_of(const char *place)
{
    int column = 0;

    for (; place && isupper((unsigned char)*place) && column <= FPI_XLSX_READ_CELLS; place++) {
        column = column * 26 + (*place - 'A' + 1);
    }
    return column - 1;
}

static fpi_err_t *read_row(fpi_xlsx_row_t *out, reading_t *r, const fpi_xml_t *row)
{
    int next = 0;

    out->cells = apr_pcalloc(r->task->pool, sizeof(*out->cells) * FPI_XLSX_READ_CELLS);
    for (fpi_xml_t *cell = fpi_xml_first(row, "c"); cell; cell = fpi_xml_next(cell, "c")) {
        int said = column_of(fpi_xml_attribute(cell, NULL, "r", r->task)), column = said < 0 ? next : said;
        const char *text;

        FPI_TRY(cell_text(&text, r, cell));
        next = column + 1;
        if (!*text) {
            continue;
        }
        if (column >= FPI_XLSX_READ_CELLS) {
            return fpi_refuse(r->task, FPI_E_TOO_LARGE, "file", "第 %d 行超过 %d 列", "row %d has more than %d columns", out->number,
                              FPI_XLSX_READ_CELLS);
        }
        out->cells[column] = text;
        out->count = column >= out->count ? column + 1 : out->count;
    }
    for (int i = 0; i < out->count; i++) {
        out->cells[i] = out->cells[i] ? out->cells[i] : "";
    }
    return NULL;
}

static int number_of(const reading_t *r, const fpi_xml_t *row, int otherwise)
{
    const char *said = fpi_xml_attribute(row, NULL, "r", r->task);
    int64_t number = otherwise;

    return said && fpi_int_parse(&number, said, otherwise, ROW_MOST) ? (int)number : otherwise;
}

static fpi_err_t *read_rows(apr_array_header_t *rows, reading_t *r, const fpi_xml_t *sheet, int most)
{
    fpi_xml_t *data = fpi_xml_first(sheet, "sheetData");
    int number = 0;

    for (fpi_xml_t *row = data ? fpi_xml_first(data, "row") : NULL; row; row = fpi_xml_next(row, "row")) {
        fpi_xlsx_row_t one = { .number = number_of(r, row, number + 1) };

        number = one.number;
        FPI_TRY(read_row(&one, r, row));
        if (!one.count) {
            continue;
        }
        if (rows->nelts == most) {
            return fpi_refuse(r->task, FPI_E_TOO_LARGE, "file", "超过 %d 行", "more than %d rows", most);
        }
        APR_ARRAY_PUSH(rows, fpi_xlsx_row_t) = one;
    }
    return NULL;
}

bool fpi_xlsx_is(const void *data, size_t len)
{
    return len > 4 && memcmp(data, "PK\3\4", 4) == 0;
}

fpi_err_t *fpi_xlsx_read(fpi_xlsx_row_t **out, int *count, const void *data, size_t len, int most, fpi_task_t *task)
{
    apr_array_header_t *rows = apr_array_make(task->pool, ROWS_FIRST, sizeof(fpi_xlsx_row_t));
    reading_t r = { .task = task, .joined = fpi_buf_make(task->pool, FPI_XLSX_READ_TEXT * UTF8_MOST) };
    const fpi_zip_entry_t *entry;
    fpi_xml_t *sheet;

    FPI_TRY(fpi_zip_open_bytes(&r.zip, data, len, task));
    FPI_TRY(find_sheet(&entry, &r));
    FPI_TRY(read_texts(&r));
    FPI_TRY(open_part(&sheet, &r, entry));
    FPI_TRY(read_rows(rows, &r, sheet, most));
    *out = (fpi_xlsx_row_t *)rows->elts;
    *count = rows->nelts;
    return NULL;
}
