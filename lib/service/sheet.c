#include "service/export_own.h"

#include "wire/xlsx.h"

#include <string.h>

enum { BILLS, INVOICES };

static const fpi_xlsx_column_t bill_columns[] = {
    { "影像编号", FPI_XLSX_TEXT, 22 },   { "来源系统", FPI_XLSX_TEXT, 10 },   { "单据编号", FPI_XLSX_TEXT, 22 },
    { "单据类型", FPI_XLSX_TEXT, 18 },   { "状态", FPI_XLSX_TEXT, 10 },       { "组织", FPI_XLSX_TEXT, 20 },
    { "税号", FPI_XLSX_TEXT, 20 },       { "提单人", FPI_XLSX_TEXT, 12 },     { "影像页数", FPI_XLSX_COUNT, 9 },
    { "文件数", FPI_XLSX_COUNT, 9 },     { "推送发票数", FPI_XLSX_COUNT, 11 }, { "推送发票价税合计", FPI_XLSX_FEN, 16 },
    { "识别发票数", FPI_XLSX_COUNT, 11 }, { "识别发票价税合计", FPI_XLSX_FEN, 16 },
    { "凭证号", FPI_XLSX_TEXT, 16 },     { "原因", FPI_XLSX_TEXT, 24 },       { "创建时间", FPI_XLSX_TIME, 19 },
    { "更新时间", FPI_XLSX_TIME, 19 },
};
static const fpi_xlsx_column_t invoice_columns[] = {
    { "影像编号", FPI_XLSX_TEXT, 22 },   { "来源", FPI_XLSX_TEXT, 8 },        { "发票类型", FPI_XLSX_COUNT, 9 },
    { "发票代码", FPI_XLSX_TEXT, 14 },   { "发票号码", FPI_XLSX_TEXT, 22 },   { "开票日期", FPI_XLSX_TEXT, 12 },
    { "不含税金额", FPI_XLSX_FEN, 14 },  { "税额", FPI_XLSX_FEN, 14 },        { "价税合计", FPI_XLSX_FEN, 14 },
    { "销方名称", FPI_XLSX_TEXT, 28 },   { "销方税号", FPI_XLSX_TEXT, 20 },   { "购方名称", FPI_XLSX_TEXT, 28 },
    { "购方税号", FPI_XLSX_TEXT, 20 },   { "查验", FPI_XLSX_TEXT, 8 },       { "数据来源", FPI_XLSX_TEXT, 10 },
    { "重复", FPI_XLSX_TEXT, 22 },
};
enum {
    BILL_COLUMNS = sizeof(bill_columns) / sizeof(*bill_columns),
    INVOICE_COLUMNS = sizeof(invoice_columns) / sizeof(*invoice_columns)
};

#define TEXT(value) { .text = (value) }
#define NUMBER(value) { .number = (value) }
#define FEN(has, value) { .number = (value), .is_empty = !(has) }

static const char *check_name(int64_t status)
{
    static const char *const names[] = { "", "通过", "不通过", "未查验" };

    return status > 0 && status < 4 ? names[status] : "";
}

static const char *twin_name(fpi_twin_kind_t kind)
{
    static const char *const names[] = { "", "已在其他已提交单据中", "在其他单据中", "本单据内重复", "疑似重复" };

    return names[kind];
}

/* `found`: of one that was read from a file; NULL: it was announced. */
static fpi_err_t *put_invoice(fpi_xlsx_t *book, const fpi_bill_t *bill, const fpi_found_row_t *found,
                              const fpi_invoice_t *v, fpi_task_t *task)
{
    const fpi_xlsx_cell_t cells[INVOICE_COLUMNS] = {
        TEXT(bill->number), TEXT(found ? "识别" : "推送"), FEN(v->type, v->type), TEXT(v->code), TEXT(v->number), TEXT(v->date),
        FEN(v->has_net, v->net), FEN(v->has_tax, v->tax), FEN(v->has_gross, v->gross), TEXT(v->seller_name),
        TEXT(v->seller_tax_no), TEXT(v->buyer_name), TEXT(v->buyer_tax_no), TEXT(check_name(v->check_status)),
        TEXT(found ? found->source : ""), TEXT(found ? twin_name(found->twin_kind) : ""),
    };

    return fpi_xlsx_put(book, INVOICES, cells, task);
}

static int64_t sum_gross(const fpi_invoice_t *invoices, int count)
{
    int64_t sum = 0;

    for (int i = 0; i < count; i++) {
        sum += invoices[i].has_gross ? invoices[i].gross : 0;
    }
    return sum;
}

/* The same invoice in another file of the bill counts once. */
static int64_t sum_found(const fpi_found_row_t *found, int count)
{
    int64_t sum = 0;

    for (int i = 0; i < count; i++) {
        sum += found[i].invoice.has_gross && found[i].twin_kind != FPI_TWIN_SAME_BILL ? found[i].invoice.gross : 0;
    }
    return sum;
}

static fpi_err_t *put_bill(fpi_xlsx_t *book, const fpi_export_bill_t *one, fpi_task_t *task)
{
    const fpi_bill_t *b = one->bill;
    const fpi_xlsx_cell_t cells[BILL_COLUMNS] = {
        TEXT(b->number), TEXT(b->resource), TEXT(b->bill_no), TEXT(b->type_name ? b->type_name : b->type_code),
        TEXT(fpi_state_name(b->state, "zh")), TEXT(b->org_name ? b->org_name : b->org_code), TEXT(b->tax_no),
        TEXT(b->apply_name), NUMBER(b->page_count), NUMBER(one->file_count), NUMBER(one->invoice_count),
        NUMBER(sum_gross(one->invoices, one->invoice_count)), NUMBER(one->found_count),
        NUMBER(sum_found(one->found, one->found_count)), TEXT(b->voucher), TEXT(b->reason), NUMBER(b->created),
        NUMBER(b->updated),
    };

    return fpi_xlsx_put(book, BILLS, cells, task);
}

typedef struct sheet_t {
    fpi_xlsx_t *book;
    fpi_export_made_t *made;
} sheet_t;

static fpi_err_t *put_one(void *baton, const fpi_export_bill_t *one, fpi_task_t *task)
{
    sheet_t *s = baton;

    if (!one->bill) {
        s->made->left_out++;
        return NULL;
    }
    s->made->bills++;
    FPI_TRY(put_bill(s->book, one, task));
    for (int i = 0; i < one->invoice_count; i++) {
        FPI_TRY(put_invoice(s->book, one->bill, NULL, &one->invoices[i], task));
    }
    for (int i = 0; i < one->found_count; i++) {
        FPI_TRY(put_invoice(s->book, one->bill, &one->found[i], &one->found[i].invoice, task));
    }
    return NULL;
}

fpi_err_t *fpi_sheet_make(fpi_export_made_t *made, fpi_app_t *app, const fpi_export_want_t *want,
                          const fpi_export_sink_t *sink, fpi_task_t *task)
{
    sheet_t s = { .made = made };

    memset(made, 0, sizeof(*made));
    FPI_TRY(fpi_xlsx_open(&s.book, fpi_blobs_spool_folder(app->blobs), task));
    FPI_TRY(fpi_xlsx_add_sheet(s.book, "单据", bill_columns, BILL_COLUMNS, task));
    FPI_TRY(fpi_xlsx_add_sheet(s.book, "发票", invoice_columns, INVOICE_COLUMNS, task));
    FPI_TRY(fpi_export_walk(app, want, sink, put_one, &s, task));
    return fpi_xlsx_close(s.book, sink->put, sink->baton, task);
}
