/* An invoice by its printed text: labels, and values where they stand beside or below them.
 *
 *   atoms ──read_sheet.h──> "名称:" "示例有限公司" ... ──labels──> fields */
#include "tools/read_sheet.h"

#include "base/text.h"
#include "model/said.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MOST = 6, HEADS_MOST = 10 };

/* ---- labels ---- */

/* Letters that stand upright beside a party, or before its labels. */
static const char *const side_letters[] = { "购", "买", "销", "售", "方", "信", "息", "货", "单", "位" };

typedef enum side_t { SIDE_UNKNOWN, SIDE_BUYER, SIDE_SELLER } side_t;

/* Bytes of side letters at the front; *side is told by them, if at all. */
static size_t skip_side(const char *text, side_t *side)
{
    size_t len = 0, i = 0;

    while (i < sizeof(side_letters) / sizeof(*side_letters)) {
        size_t letter = strlen(side_letters[i]);

        if (strncmp(text + len, side_letters[i], letter) != 0) {
            i++;
            continue;
        }
        *side = i < 2 ? SIDE_BUYER : i < 4 ? SIDE_SELLER : *side;
        len += letter;
        i = 0;
    }
    return len;
}

/* Where a label was found, and what stands behind it in its last cell. */
typedef struct hit_t {
    int first, last;
    side_t side;
    const char *rest;
} hit_t;

static bool is_next_in_line(const read_sheet_t *sheet, int i)
{
    return i + 1 < sheet->cells->nelts && READ_CELL(sheet, i)->line == READ_CELL(sheet, i + 1)->line;
}

/* Does the label begin in this cell? Its letters may be spread over several. */
static bool is_hit(hit_t *hit, const read_sheet_t *sheet, int i, const char *label)
{
    side_t side = SIDE_UNKNOWN;
    const char *at = READ_CELL(sheet, i)->text;

    at += skip_side(at, &side);
    *hit = (hit_t){ i, i, side, NULL };
    for (;;) {
        while (*label && *at == *label) {
            at++;
            label++;
        }
        if (!*label) {
            hit->rest = at + (*at == ':');
            return true;
        }
        if (*at || at == READ_CELL(sheet, hit->last)->text || !is_next_in_line(sheet, hit->last)) {
            return false;
        }
        at = READ_CELL(sheet, ++hit->last)->text;
    }
}

/* "(小写)" and its like may stand anywhere in a cell. */
static bool is_inside(hit_t *hit, const read_sheet_t *sheet, int i, const char *label)
{
    const char *at = strstr(READ_CELL(sheet, i)->text, label);

    *hit = (hit_t){ i, i, SIDE_UNKNOWN, at ? at + strlen(label) : NULL };
    if (at && *hit->rest == ':') {
        hit->rest++;
    }
    return at != NULL;
}

static bool is_label(const char *text)
{
    static const char *const labels[] = {
        "发票代码", "发票号码", "开票日期", "填开日期", "校验码", "名称", "纳税人识别号", "统一社会信用代码", "价税合计",
        "(大写)", "(小写)", "票价", "退票费", "差额退票费", "合计", "密码区", "备注", "地址", "开户行", "购买方", "销售方", "填开单位", "项目名称",
        "金额", "税额", "税率", "机器编号", "收款人", "复核", "开票人", "下载次数",
    };
    side_t side;
    const char *behind = text + skip_side(text, &side);

    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        if (strncmp(text, labels[i], strlen(labels[i])) == 0 || strncmp(behind, labels[i], strlen(labels[i])) == 0) {
            return true;
        }
    }
    return !*behind;
}

/* ---- values ---- */

static bool is_digits(const char *text, size_t least, size_t most)
{
    size_t len = strlen(text);

    return len >= least && len <= most && strspn(text, "0123456789") == len;
}

static bool is_tax_no(const char *text)
{
    size_t len = strlen(text);

    return len >= 15 && len <= 20 && strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

/* The place in `raw` where so many letters that are no blanks have passed. */
static const char *pass_letters(const char *raw, size_t letters, apr_pool_t *pool)
{
    while (*raw && letters > 0) {
        size_t len = 1;

        while (((unsigned char)raw[len] & 0xC0) == 0x80) {
            len++;
        }
        letters -= *read_squeeze(apr_pstrmemdup(pool, raw, len), pool) != '\0';
        raw += len;
    }
    return raw;
}

/* A name ends where the next label begins, when both are in one cell. It is told as it was written. */
static const char *name_of(const read_cell_t *cell, const char *text, apr_pool_t *pool)
{
    static const char *const ends[] = { "统一社会信用代码", "纳税人识别号" };
    const char *start;
    size_t len = strlen(text);

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        const char *at = strstr(text, ends[i]);

        len = at && (size_t)(at - text) < len ? (size_t)(at - text) : len;
    }
    if (len < 4 || is_label(text) || strspn(text, "0123456789") == len) {
        return NULL;
    }
    start = pass_letters(cell->raw, fpi_utf8_length(apr_pstrmemdup(pool, cell->text, (apr_size_t)(text - cell->text))), pool);
    text = apr_pstrmemdup(pool, text, len);
    return apr_pstrmemdup(pool, start, (apr_size_t)(pass_letters(start, fpi_utf8_length(text), pool) - start));
}

/* The value that begins at `text` in the cell, if it can be one of this field. */
static const char *accept_value(const char *field, const read_cell_t *cell, const char *text, apr_pool_t *pool)
{
    fpi_said_kind_t kind = fpi_said_kind(field);
    const char *value = kind == FPI_SAID_NAME ? name_of(cell, text, pool) : fpi_said_value(kind, text, pool);

    if (!value) {
        return NULL;
    }
    if (strcmp(field, "number") == 0) {
        return is_digits(value, 8, 8) || is_digits(value, 20, 20) ? value : NULL;
    }
    if (strcmp(field, "code") == 0) {
        return is_digits(value, 10, 10) || is_digits(value, 12, 12) ? value : NULL;
    }
    if (strcmp(field, "check_code") == 0) {
        return is_digits(value, 5, 20) ? value : NULL;
    }
    return !strstr(field, "tax_no") || is_tax_no(value) ? value : NULL;
}

static const char *accept_cell(const read_sheet_t *sheet, const char *field, int i)
{
    return accept_value(field, READ_CELL(sheet, i), READ_CELL(sheet, i)->text, sheet->pool);
}

/* Days and check codes are printed in parts with gaps between them: as many cells as still make a value. */
static const char *accept_parts(const read_sheet_t *sheet, const char *field, int i, const char *text)
{
    const char *value = accept_value(field, READ_CELL(sheet, i), text, sheet->pool);

    if (strcmp(field, "date") != 0 && strcmp(field, "check_code") != 0) {
        return value;
    }
    for (int parts = 1; parts < PARTS_MOST && is_next_in_line(sheet, i); parts++) {
        const char *more;

        text = apr_pstrcat(sheet->pool, text, READ_CELL(sheet, ++i)->text, NULL);
        more = strlen(text) < FPI_SAID_MOST ? accept_value(field, READ_CELL(sheet, i), text, sheet->pool) : NULL;
        value = more ? more : value;
    }
    return value;
}

static bool is_beside(const read_cell_t *cell, const read_cell_t *label)
{
    double overlap = fmin(cell->y1, label->y1) - fmax(cell->y0, label->y0);

    return cell->x0 >= label->x1 - 1 && overlap > (label->y1 - label->y0) * 0.4;
}

static bool is_below(const read_cell_t *cell, const read_cell_t *label)
{
    double height = label->y1 - label->y0;

    return cell->y0 >= label->y1 - height * 0.3 && cell->y0 - label->y1 < height * 2
           && fmin(cell->x1, label->x1) > fmax(cell->x0, label->x0);
}

/* The nearest cell to the right of the label, or below it; -1 none. */
static int nearest(const read_sheet_t *sheet, const read_cell_t *label, bool is_right)
{
    int found = -1;

    for (int i = 0; i < sheet->cells->nelts; i++) {
        const read_cell_t *cell = READ_CELL(sheet, i);

        if (cell == label || !(is_right ? is_beside(cell, label) : is_below(cell, label))) {
            continue;
        }
        if (found < 0 || (is_right ? cell->x0 < READ_CELL(sheet, found)->x0 : cell->y0 < READ_CELL(sheet, found)->y0)) {
            found = i;
        }
    }
    return found;
}

static const char *value_of(const read_sheet_t *sheet, const hit_t *hit, const char *field)
{
    const read_cell_t *label = READ_CELL(sheet, hit->last);
    const char *value = *hit->rest ? accept_parts(sheet, field, hit->last, hit->rest) : NULL;
    int right = nearest(sheet, label, true), below = nearest(sheet, label, false);

    if (!value && right >= 0 && !is_label(READ_CELL(sheet, right)->text)) {
        value = accept_parts(sheet, field, right, READ_CELL(sheet, right)->text);
    }
    if (!value && below >= 0 && !is_label(READ_CELL(sheet, below)->text)) {
        value = accept_cell(sheet, field, below);
    }
    return value;
}

/* ---- fields ---- */

static const struct field_t {
    const char *field, *label;
    bool is_inside;
} fields[] = {
    { "code", "发票代码", false },   { "number", "发票号码", false },  { "number", "发票号码", true },
    { "date", "开票日期", false },   { "date", "填开日期", false },    { "date", "开票日期", true },
    { "check_code", "校验码", false }, { "gross", "(小写)", true },      { "seller_name", "填开单位", false },
};

static const char *said(const fpi_json_t *evidence, const char *field)
{
    return fpi_json_text(fpi_json_find(fpi_json_find(evidence, "fields"), field));
}

static void say_once(const read_sheet_t *sheet, fpi_json_t *evidence, const char *field, const char *value)
{
    if (value && !said(evidence, field)) {
        read_say(sheet->read, evidence, field, value);
    }
}

static void take_fields(const read_sheet_t *sheet, fpi_json_t *evidence)
{
    for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++) {
        for (int i = 0; i < sheet->cells->nelts && !said(evidence, fields[f].field); i++) {
            hit_t hit;

            if (fields[f].is_inside ? is_inside(&hit, sheet, i, fields[f].label)
                                    : is_hit(&hit, sheet, i, fields[f].label)) {
                say_once(sheet, evidence, fields[f].field, value_of(sheet, &hit, fields[f].field));
            }
        }
    }
}

/* The row of sums: net, then tax. */
static void take_sums(const read_sheet_t *sheet, fpi_json_t *evidence)
{
    for (int i = 0; i < sheet->cells->nelts; i++) {
        const char *names[] = { "net", "tax" };
        hit_t hit;
        int n = 0;

        if (!is_hit(&hit, sheet, i, "合计") || (*hit.rest && *hit.rest != '\xC2')) {
            continue;
        }
        for (int k = hit.last + 1; k < sheet->cells->nelts && n < 2; k++) {
            const char *value = is_beside(READ_CELL(sheet, k), READ_CELL(sheet, hit.last))
                                    ? accept_cell(sheet, names[n], k) : NULL;

            if (value) {
                say_once(sheet, evidence, names[n++], value);
            }
        }
    }
}

/* ---- the two parties ---- */

static bool is_party_mark(const read_cell_t *cell, side_t *side)
{
    *side = SIDE_UNKNOWN;
    return !cell->text[skip_side(cell->text, side)] && *side != SIDE_UNKNOWN;
}

/* By the letters nearest to the left or above. */
static side_t side_near(const read_sheet_t *sheet, const read_cell_t *label)
{
    side_t found = SIDE_UNKNOWN, side;
    double best = (label->y1 - label->y0) * 8;

    for (int i = 0; i < sheet->cells->nelts; i++) {
        const read_cell_t *cell = READ_CELL(sheet, i);
        double away = fabs(cell->y0 - label->y0) + fabs(label->x0 - cell->x0);

        if (cell->x0 <= label->x0 + 1 && away < best && is_party_mark(cell, &side)) {
            best = away;
            found = side;
        }
    }
    return found;
}

/* What nobody says is told by the order: the buyer stands to the left or above. */
static void take_party(const read_sheet_t *sheet, fpi_json_t *evidence, const hit_t *hit, const char *buyer, const char *seller)
{
    const char *value = value_of(sheet, hit, buyer);
    side_t side = hit->side ? hit->side : side_near(sheet, READ_CELL(sheet, hit->first));

    if (side == SIDE_UNKNOWN) {
        side = said(evidence, buyer) ? SIDE_SELLER : SIDE_BUYER;
    }
    say_once(sheet, evidence, side == SIDE_BUYER ? buyer : seller, value);
}

static void take_parties(const read_sheet_t *sheet, fpi_json_t *evidence)
{
    static const char *const numbers[] = { "统一社会信用代码/纳税人识别号", "统一社会信用代码", "纳税人识别号" };

    for (int i = 0; i < sheet->cells->nelts; i++) {
        hit_t hit;

        if (is_hit(&hit, sheet, i, "名称")) {
            take_party(sheet, evidence, &hit, "buyer_name", "seller_name");
            continue;
        }
        for (size_t n = 0; n < sizeof(numbers) / sizeof(*numbers); n++) {
            if (is_hit(&hit, sheet, i, numbers[n])) {
                take_party(sheet, evidence, &hit, "buyer_tax_no", "seller_tax_no");
                break;
            }
        }
    }
}

/* ---- tickets ---- */

/* A value under, or beside, the one cell that is this label. */
static const char *value_at(const read_sheet_t *sheet, const char *label, const char *field)
{
    for (int i = 0; i < sheet->cells->nelts; i++) {
        hit_t hit;
        const char *value = is_hit(&hit, sheet, i, label) ? value_of(sheet, &hit, field) : NULL;

        if (value) {
            return value;
        }
    }
    return NULL;
}

static const char *value_under(const read_sheet_t *sheet, const char *label, const char *field)
{
    for (int i = 0; i < sheet->cells->nelts; i++) {
        const char *text = READ_CELL(sheet, i)->text;
        int below = strcmp(text, label) == 0 ? nearest(sheet, READ_CELL(sheet, i), false) : -1;

        if (below >= 0) {
            return accept_cell(sheet, field, below);
        }
    }
    return NULL;
}

/* What a ticket that was given back cost is told under another label. */
static void take_rail(const read_sheet_t *sheet, fpi_json_t *evidence)
{
    static const char *const labels[] = { "票价", "退票费", "差额退票费" };

    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
        say_once(sheet, evidence, "gross", value_at(sheet, labels[i], "gross"));
    }
}

static void take_air(const read_sheet_t *sheet, fpi_json_t *evidence)
{
    const char *fare = value_under(sheet, "票价", "net"), *fuel = value_under(sheet, "燃油附加费", "net");
    int64_t net, more = 0;

    say_once(sheet, evidence, "tax", value_under(sheet, "增值税税额", "tax"));
    say_once(sheet, evidence, "gross", value_under(sheet, "合计", "gross"));
    if (fare && fpi_fen_parse(&net, fare) && (!fuel || fpi_fen_parse(&more, fuel))
        && !__builtin_add_overflow(net, more, &net)) {
        say_once(sheet, evidence, "net", fpi_fen_format(sheet->pool, net));
    }
}

/* ---- one invoice ---- */

static int64_t type_of_title(const char *text)
{
    return strlen(text) < 100 && (strstr(text, "发票") || strstr(text, "行程单") || strstr(text, "客票"))
               ? read_type_of_words(text) : 0;
}

static int64_t type_of(const read_sheet_t *sheet)
{
    for (int i = 0; i < sheet->cells->nelts; i++) {
        int64_t type = type_of_title(READ_CELL(sheet, i)->text);

        if (type) {
            return type;
        }
    }
    return 0;
}

/* Pages whose labels are drawn, not written, still have number and day as texts of their own. */
static void take_bare(const read_sheet_t *sheet, fpi_json_t *evidence)
{
    for (int i = 0; i < sheet->cells->nelts; i++) {
        const char *text = READ_CELL(sheet, i)->text;

        if (is_digits(text, 20, 20)) {
            say_once(sheet, evidence, "number", text);
        }
        if (strstr(text, "年") && strlen(text) <= 20) {
            say_once(sheet, evidence, "date", text);
        }
    }
}

/* Adds the evidence when the sheet is an invoice. */
static bool read_one(const read_sheet_t *sheet, fpi_source_t source, int page, int invoice)
{
    read_t *read = sheet->read;
    int64_t type = type_of(sheet);
    fpi_json_t *evidence = read_evidence_make(read, source, 0, page, invoice);
    const char *number;

    take_fields(sheet, evidence);
    if (type) {
        take_bare(sheet, evidence);
    }
    number = said(evidence, "number");
    if (!number || fpi_json_size(read->evidence) >= FPI_EVIDENCE_MAX) {
        return false;
    }
    take_parties(sheet, evidence);
    if (type == 28) {
        take_air(sheet, evidence);
    }
    else if (type == 29) {
        take_rail(sheet, evidence);
    }
    else {
        take_sums(sheet, evidence);
    }
    fpi_json_put_int(evidence, "type", strlen(number) == 20 ? type : fpi_invoice_type_of_code(said(evidence, "code")));
    fpi_json_add(read->evidence, evidence);
    return true;
}

/* ---- several on a page ---- */

/* Where an invoice's number stands, and where the invoice begins. */
typedef struct head_t {
    const read_cell_t *cell;
    const char *number;
    double top;
} head_t;

static bool is_known(const head_t *heads, int count, const char *number)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(heads[i].number, number) == 0) {
            return true;
        }
    }
    return false;
}

/* Labels with different numbers, from the top. Those inside of other words name the invoice that was corrected. */
static int find_heads(head_t heads[HEADS_MOST], const read_sheet_t *sheet)
{
    int count = 0;

    for (int i = 0; i < sheet->cells->nelts && count < HEADS_MOST; i++) {
        hit_t hit;
        const char *number = is_hit(&hit, sheet, i, "发票号码") ? value_of(sheet, &hit, "number") : NULL;

        if (number && !is_known(heads, count, number)) {
            heads[count++] = (head_t){ READ_CELL(sheet, i), number, -HUGE_VAL };
        }
    }
    return count;
}

/* Each but the first begins with the title that stands between its number and the one above; false: it has none. */
static bool find_tops(head_t *heads, int count, const read_sheet_t *sheet)
{
    for (int k = 1; k < count; k++) {
        const read_cell_t *above = heads[k - 1].cell, *head = heads[k].cell;

        for (int i = 0; i < sheet->cells->nelts; i++) {
            const read_cell_t *cell = READ_CELL(sheet, i);

            if (cell->y0 > above->y1 && cell->y0 < head->y1 && type_of_title(cell->text)) {
                heads[k].top = fmin(cell->y0, head->y0); /* the lowest: they come from the top */
            }
        }
        if (heads[k].top < above->y1) {
            return false;
        }
    }
    return true;
}

static read_sheet_t part_of(const read_sheet_t *sheet, double top, double end)
{
    read_sheet_t part = { sheet->read, sheet->pool, apr_array_make(sheet->pool, 64, sizeof(read_cell_t)) };

    for (int i = 0; i < sheet->cells->nelts; i++) {
        const read_cell_t *cell = READ_CELL(sheet, i);
        double middle = (cell->y0 + cell->y1) / 2;

        if (middle >= top && middle < end) {
            APR_ARRAY_PUSH(part.cells, read_cell_t) = *cell;
        }
    }
    return part;
}

static void note_several(read_t *read, int page)
{
    apr_pool_t *pool = read->task->pool;

    read_note(read, apr_psprintf(pool, "第 %d 页有多个发票号码, 只读取了第一个", page),
              apr_psprintf(pool, "more than one invoice number on page %d: only the first was read", page), "");
}

int read_page(read_t *read, apr_array_header_t *atoms, fpi_source_t source, int page, int invoice)
{
    head_t heads[HEADS_MOST];
    read_sheet_t sheet;
    int count, found = 0;

    if (atoms->nelts == 0) {
        return 0;
    }
    sheet = read_sheet_make(read, atoms);
    count = find_heads(heads, &sheet);
    if (count > 1 && !find_tops(heads, count, &sheet)) {
        note_several(read, page);
        count = 1;
    }
    if (count <= 1) {
        return read_one(&sheet, source, page, invoice);
    }
    for (int k = 0; k < count; k++) {
        read_sheet_t part = part_of(&sheet, heads[k].top, k + 1 < count ? heads[k + 1].top : HUGE_VAL);

        found += read_one(&part, source, page, 0);
    }
    return found;
}
