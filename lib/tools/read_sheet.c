#include "tools/read_sheet.h"

#include "base/text.h"
#include "model/said.h"

#include <apr_strings.h>
#include <stdlib.h>

enum { CELL_MOST = 64 * 1024 };

static double middle(const read_atom_t *atom)
{
    return (atom->y0 + atom->y1) / 2;
}

static int by_y(const void *a, const void *b)
{
    double x = middle(a), y = middle(b);

    return (x > y) - (x < y);
}

static int by_x(const void *a, const void *b)
{
    const read_atom_t *x = a, *y = b;

    return (x->x0 > y->x0) - (x->x0 < y->x0);
}

char *read_squeeze(const char *text, apr_pool_t *pool)
{
    char *out = fpi_said_narrow(text, pool), *to = out;

    for (const char *from = out; *from; from++) {
        if ((unsigned char)*from > ' ' && *from != 0x7F) {
            *to++ = *from;
        }
    }
    *to = '\0';
    return out;
}

static void end_cell(read_sheet_t *sheet, read_cell_t *cell, fpi_buf_t *text, fpi_buf_t *raw)
{
    if (text->len) {
        cell->text = apr_pstrmemdup(sheet->pool, text->data, text->len);
        cell->raw = apr_pstrmemdup(sheet->pool, raw->data, raw->len);
        APR_ARRAY_PUSH(sheet->cells, read_cell_t) = *cell;
    }
    text->len = raw->len = 0;
}

/* A gap of more than a letter's height ends a cell. */
static void add_line(read_sheet_t *sheet, read_atom_t *atoms, int count, int line)
{
    fpi_buf_t *text = fpi_buf_make(sheet->pool, CELL_MOST), *raw = fpi_buf_make(sheet->pool, CELL_MOST);
    read_cell_t cell = { 0 };

    qsort(atoms, (size_t)count, sizeof(*atoms), by_x);
    for (int i = 0; i < count; i++) {
        const read_atom_t *atom = &atoms[i];
        const char *letters = read_squeeze(atom->text, sheet->pool);

        if (*letters && text->len && atom->x0 - cell.x1 > atom->y1 - atom->y0) {
            end_cell(sheet, &cell, text, raw);
        }
        if (*letters && !text->len) {
            raw->len = 0;
            cell = (read_cell_t){ NULL, NULL, atom->x0, atom->y0, atom->x1, atom->y1, line };
        }
        if (!fpi_buf_put_text(text, letters) || !fpi_buf_put_text(raw, atom->text)) {
            break;
        }
        cell.x1 = !*letters ? cell.x1 : atom->x1 > cell.x1 ? atom->x1 : cell.x1;
    }
    end_cell(sheet, &cell, text, raw);
}

read_sheet_t read_sheet_make(read_t *read, apr_array_header_t *atoms)
{
    read_sheet_t made = { read, atoms->pool, apr_array_make(atoms->pool, 128, sizeof(read_cell_t)) };
    read_atom_t *all = (read_atom_t *)atoms->elts;
    int first = 0;

    qsort(all, (size_t)atoms->nelts, sizeof(*all), by_y);
    for (int i = 1, line = 0; i <= atoms->nelts; i++) {
        double height = all[first].y1 - all[first].y0;

        if (i == atoms->nelts || middle(&all[i]) - middle(&all[first]) > height * 0.45) {
            add_line(&made, all + first, i - first, line++);
            first = i;
        }
    }
    return made;
}
