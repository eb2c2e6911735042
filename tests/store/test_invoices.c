/* Invoices and files of bills against a real SQLite store: what is known again, kept or dropped. */
#include "store/bills.h"

#include "noun_unit.h"

static fpi_invoice_t invoice_with(int64_t bill, const char *serial_no, const char *identity)
{
    return (fpi_invoice_t){ .tenant = 1, .bill = bill, .serial_no = serial_no,
                            .identity = identity, .type = 27, .code = "c", .number = "n",
                            .date = "2026-01-31", .has_net = true, .net = 0, .has_gross = true,
                            .gross = -1230, .seller_name = "卖方", .seller_tax_no = "s",
                            .buyer_name = "买方", .buyer_tax_no = "b", .check_status = 1,
                            .doc = "{}" };
}

static fpi_file_t file_with(int64_t bill, fpi_kind_t kind)
{
    return (fpi_file_t){ .tenant = 1, .bill = bill, .kind = kind, .name = "f", .sha256 = "aa" };
}

/* Puts it and says whether that changed anything; the id in *id. */
static bool put_invoice(fpi_tx_t *tx, fpi_invoice_t invoice, int64_t *id)
{
    bool is_changed;

    unit_done(fpi_invoice_put(&invoice, &is_changed, tx, task));
    ck_assert_int_gt(invoice.id, 0);
    *id = invoice.id;
    return is_changed;
}

TX_TEST(invoices_are_known_again)
{
    int64_t first, id;
    fpi_invoice_t *list, changed;
    int count;

    ck_assert(put_invoice(tx, invoice_with(5, "s1", "i1"), &first));
    ck_assert(!put_invoice(tx, invoice_with(5, "s1", "i1"), &id));
    ck_assert_int_eq(id, first);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 1);
    ck_assert(list[0].has_net && !list[0].has_tax && list[0].has_gross);
    ck_assert_int_eq(list[0].net, 0);
    ck_assert_int_eq(list[0].gross, -1230);
    ck_assert_int_eq(list[0].type, 27);
    ck_assert_str_eq(list[0].buyer_name, "买方");
    ck_assert_str_eq(list[0].doc, "{}");

    changed = invoice_with(5, "s1", "i1");
    changed.has_tax = true;
    ck_assert(put_invoice(tx, changed, &id));
    ck_assert(!put_invoice(tx, changed, &id));
    changed.doc = NULL;
    ck_assert(put_invoice(tx, changed, &id));
    ck_assert(!put_invoice(tx, changed, &id));
    ck_assert_int_eq(id, first);

    /* another serial number, the same invoice */
    ck_assert(put_invoice(tx, invoice_with(5, "s9", "i1"), &id));
    ck_assert_int_eq(id, first);
    ck_assert(put_invoice(tx, invoice_with(5, NULL, "i1"), &id));
    ck_assert_int_eq(id, first);
    ck_assert(put_invoice(tx, invoice_with(6, "s1", "i1"), &id)); /* on another bill */
    ck_assert_int_ne(id, first);
    ck_assert(put_invoice(tx, invoice_with(5, "", NULL), &first)); /* of nothing to be known by */
    ck_assert(put_invoice(tx, invoice_with(5, "", NULL), &id));
    ck_assert_int_ne(id, first);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 5, 2, t));
    ck_assert_int_eq(count, 2);
    return NULL;
}

TX_TEST(invoices_are_kept_or_dropped)
{
    fpi_file_t file = file_with(5, FPI_KIND_INVOICE), *files;
    fpi_invoice_t *list;
    int64_t ids[4], keep[2], other, dropped;
    bool is_new;
    int count;

    for (int i = 0; i < 4; i++) {
        put_invoice(tx, invoice_with(5, apr_psprintf(t->pool, "s%d", i), NULL), &ids[i]);
    }
    put_invoice(tx, invoice_with(6, "s0", NULL), &other);
    file.invoice = ids[1];
    unit_done(fpi_file_put(&file, &is_new, tx, t));
    keep[0] = ids[3];
    keep[1] = ids[0];
    unit_done(fpi_invoices_keep_only(&dropped, tx, 1, 5, keep, 2, t));
    ck_assert_int_eq(dropped, 2);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(list[0].id, ids[0]);
    ck_assert_int_eq(list[1].id, ids[3]);
    unit_done(fpi_files_list(&files, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(files[0].invoice, 0);
    unit_done(fpi_invoices_keep_only(&dropped, tx, 1, 5, NULL, 0, t));
    ck_assert_int_eq(dropped, 2);
    unit_done(fpi_invoices_list(&list, &count, tx, 1, 6, 10, t));
    ck_assert_int_eq(count, 1);
    return NULL;
}

TX_TEST(files)
{
    fpi_file_t file = { .tenant = 1, .bill = 5, .kind = FPI_KIND_INVOICE, .name = "发票.pdf",
                        .sha256 = "aa", .media = "application/pdf", .size = 9,
                        .source = "push", .origin = "https://h/p" };
    fpi_file_t *list, again = file;
    bool is_new, used;
    int count;

    unit_done(fpi_file_is_used(&used, tx, "aa", t));
    ck_assert(!used);
    unit_done(fpi_file_put(&file, &is_new, tx, t));
    ck_assert(is_new);
    ck_assert_int_eq(file.created, now);
    again.name = "other name.pdf";
    again.origin = "https://h/q#1";
    again.invoice = 77;
    unit_done(fpi_file_put(&again, &is_new, tx, t));
    ck_assert(!is_new);
    ck_assert_int_eq(again.id, file.id);
    ck_assert_str_eq(again.name, "发票.pdf");

    again = file_with(5, FPI_KIND_COVER);
    unit_done(fpi_file_put(&again, &is_new, tx, t));
    ck_assert(is_new);
    again = file_with(6, FPI_KIND_COVER);
    unit_done(fpi_file_put(&again, &is_new, tx, t));
    ck_assert(is_new);
    unit_done(fpi_files_list(&list, &count, tx, 1, 5, 10, t));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(list[1].kind, FPI_KIND_COVER);
    ck_assert_int_eq(list[1].position, 2); /* behind what was there */
    ck_assert_int_eq(list[0].kind, FPI_KIND_INVOICE);
    ck_assert_int_eq(list[0].position, 1);
    ck_assert_int_eq(list[0].invoice, 77);
    ck_assert_str_eq(list[0].media, "application/pdf");
    ck_assert_str_eq(list[0].origin, "https://h/q#1"); /* where it stood last */
    ck_assert_int_eq(list[0].size, 9);
    unit_done(fpi_file_is_used(&used, tx, "aa", t));
    ck_assert(used);
    unit_done(fpi_file_is_used(&used, tx, "a", t));
    ck_assert(!used);
    return NULL;
}

int main(void)
{
    Suite *suite = suite_create("invoices");
    TCase *tests = noun_case(suite, "invoices");

    tcase_add_test(tests, invoices_are_known_again);
    tcase_add_test(tests, invoices_are_kept_or_dropped);
    tcase_add_test(tests, files);
    return unit_run(suite);
}
