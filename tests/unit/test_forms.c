/* Wire names to the model. */
#include "unit.h"

#include "base/text.h"
#include "service/call.h"
#include "service/forms.h"

#include <apr_strings.h>

static fpi_json_t *parse(const char *text)
{
    fpi_json_t *doc;

    unit_done(fpi_json_parse(&doc, text, strlen(text), task));
    return doc;
}

static const char *const numbers[] = {
    "{\"scanBillNo\":\"ab-1\"}", "{\"fscanBillNo\":\" AB-1 \"}", "{\"imageNo\":\"Ab-1\"}", "{\"imageNumber\":\"AB-1\"}",
    "{\"coverNo\":\"AB-1\"}", "{\"影像编号\":\"ab-1\"}", "{\"scanBillNo\":\"\",\"coverNo\":\"AB-1\"}",
    "{\"scanBillNo\":null,\"coverNo\":\"AB-1\"}",
};

START_TEST(number_by_alias)
{
    fpi_identity_t id;

    unit_done(fpi_form_read_identity(&id, parse(numbers[_i]), task));
    ck_assert_str_eq(id.number, "AB-1");
}
END_TEST

static const char *const wrong[] = {
    "{\"scanBillNo\":{}}", "{\"scanBillNo\":[1]}", "{\"scanBillNo\":\"A B\"}", "{\"taxNo\":{\"a\":1}}",
    "{\"billId\":[\"x\"]}",
};

START_TEST(wrong_types_are_named)
{
    fpi_identity_t id;
    fpi_err_t *err = fpi_form_read_identity(&id, parse(wrong[_i]), task);

    unit_failed(err, FPI_E_FIELD);
    ck_assert_ptr_nonnull(err->field);
}
END_TEST

START_TEST(versions_order)
{
    static const char *const in_order[] = {
        "{\"updateTime\":1760000000}", "{\"updateTime\":1760000001000}", "{\"updateTime\":\"1760000002000\"}",
    };
    fpi_identity_t id;
    int64_t last = 0;

    for (int i = 0; i < UNIT_COUNT(in_order); i++) {
        unit_done(fpi_form_read_identity(&id, parse(in_order[i]), task));
        ck_assert_int_gt(id.version, last);
        last = id.version;
    }
    unit_done(fpi_form_read_identity(&id, parse("{\"updateTime\":\"soon\"}"), task));
    ck_assert_int_eq(id.version, 0);
    unit_done(fpi_form_read_identity(&id, parse("{\"updateTime\":\"2026-01-31 08:00:01\"}"), task));
    last = id.version;
    unit_done(fpi_form_read_identity(&id, parse("{\"updateTime\":\"2026-01-31 08:00:02\"}"), task));
    ck_assert_int_gt(id.version, last);
}
END_TEST

START_TEST(announcement)
{
    fpi_bill_t bill, again;
    const char *text = "{\"fscanBillNo\":\"kd-1\",\"fbillId\":\"x1\",\"fbillTypeCode\":\"ER\",\"resource\":\"EAS\",\"taxNo\":"
                       "\"91310000000000001x\",\"billNo\":7}";

    unit_done(fpi_form_read_announcement(&bill, parse(text), task));
    ck_assert_str_eq(bill.number, "KD-1");
    ck_assert_str_eq(bill.tax_no, "91310000000000001X");
    ck_assert_str_eq(bill.bill_no, "7");
    unit_done(fpi_form_read_announcement(&again, parse(text), task));
    ck_assert_str_eq(fpi_form_announcement_sha(&bill, task), fpi_form_announcement_sha(&again, task));
    again.apply_name = "x";
    ck_assert_str_ne(fpi_form_announcement_sha(&bill, task), fpi_form_announcement_sha(&again, task));
    unit_failed(fpi_form_read_announcement(&bill, parse("{\"fbillId\":\"x\"}"), task), FPI_E_NO_NUMBER);
    unit_failed(fpi_form_read_announcement(&bill, parse("{\"fscanBillNo\":\"A-1\"}"), task), FPI_E_FIELD);
}
END_TEST

START_TEST(invoice_and_links)
{
    fpi_invoice_t invoice;
    apr_array_header_t *links = apr_array_make(task->pool, 2, sizeof(fpi_link_t));
    fpi_json_t *doc = parse("{\"serialNo\":\"s1\",\"invoiceType\":\"26\",\"invoiceNo\":\"12345678901234567890\",\"invoiceAmount\":"
                            "\"100.00\",\"totalTaxAmount\":6,\"totalAmount\":\"106.00\",\"invoiceDate\":\"20260131\","
                            "\"invoiceFiles\":[{\"url\":\"https://h/f\",\"fileName\":\"a\",\"fileExtends\":\"pdf\"}]}");

    unit_done(fpi_form_read_invoice(&invoice, doc, task));
    ck_assert_int_eq(invoice.net, 10000);
    ck_assert_int_eq(invoice.tax, 600);
    ck_assert_int_eq(invoice.gross, 10600);
    ck_assert_str_eq(invoice.date, "2026-01-31");
    ck_assert_str_eq(invoice.identity, "12345678901234567890");
    (void)fpi_form_add_invoice_links(links, doc, task);
    ck_assert_int_eq(links->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(links, 0, fpi_link_t).name, "a.pdf");
    ck_assert_str_eq(APR_ARRAY_IDX(links, 0, fpi_link_t).serial_no, "s1");
    unit_failed(fpi_form_read_invoice(&invoice, parse("[]"), task), FPI_E_FIELD);
    unit_done(fpi_form_read_invoice(&invoice, parse("{\"invoiceDate\":\"2026年1月31日\"}"), task));
    ck_assert_str_eq(invoice.date, "2026-01-31");
    unit_done(fpi_form_read_invoice(&invoice, parse("{\"invoiceDate\":\"2026-02-30\"}"), task));
    ck_assert_ptr_null(invoice.date);
}
END_TEST

/* Sums as peers write them: the same reader as that of the files. */
static const struct {
    const char *gross, *tax;     /* as JSON */
    const char *read, *read_tax; /* NULL: none */
    const char *unread;          /* what is said of those that can't be read */
} sums[] = {
    { "\"106.00\"", "\"6.00\"", "106.00", "6.00", NULL },
    { "106", "6.5", "106.00", "6.50", NULL },
    { "\"1,006.00\"", "\"***\"", "1006.00", "0.00", NULL },
    { "\"￥106.00\"", "\"免税\"", "106.00", "0.00", NULL },
    { "\"106.000000\"", "\"\"", "106.00", NULL, NULL },
    { "\"1.06E+2\"", "null", "106.00", NULL, NULL },
    { "1.06E+2", "1e15", "106.00", "1000000000000000.00", NULL },
    { "\"１０６．００\"", "0.30000000000000004", "106.00", "0.30", NULL },
    { "\"106元\"", "\" 6.00 \"", "106.00", "6.00", NULL },
    { "\"-106.00\"", "-6", "-106.00", "-6.00", NULL },
    { "\"one hundred\"", "\"6.001\"", NULL, NULL, "tax \"6.001\", gross \"one hundred\"" },
    { "\"***\"", "true", NULL, NULL, "tax \"true\", gross \"***\"" },
    { "[1]", "{}", NULL, NULL, "tax \"{}\", gross \"[1]\"" },
};

static void check_sum(const char *wanted, bool has, int64_t fen)
{
    ck_assert_int_eq(has, wanted != NULL);
    if (wanted) {
        ck_assert_str_eq(fpi_fen_format(task->pool, fen), wanted);
    }
}

START_TEST(sums_as_peers_write_them)
{
    const char *text = apr_psprintf(task->pool, "{\"invoiceNo\":\"1\",\"totalAmount\":%s,\"taxAmount\":%s}", sums[_i].gross,
                                    sums[_i].tax);
    fpi_invoice_t invoice, kept;

    unit_done(fpi_form_read_invoice(&invoice, parse(text), task));
    check_sum(sums[_i].read, invoice.has_gross, invoice.gross);
    check_sum(sums[_i].read_tax, invoice.has_tax, invoice.tax);
    ck_assert_pstr_eq(fpi_form_unread_sums(&invoice, task), sums[_i].unread);

    kept = (fpi_invoice_t){ .doc = invoice.doc }; /* as a row that has only its document */
    unit_done(fpi_form_reread_sums(&kept, task));
    check_sum(sums[_i].read, kept.has_gross, kept.gross);
    ck_assert_pstr_eq(fpi_form_unread_sums(&kept, task), sums[_i].unread);
}
END_TEST

static const struct {
    const char *invoice, *urls;  /* urls and names, one behind the other */
} linked[] = {
    { "{\"url\":\"u\",\"invoiceNo\":\"1\"}", "u 1;" },
    { "{\"kdorgpdfurl\":\"k\",\"snapshotUrl\":\"s\",\"invoiceNo\":\"1\"}", "k 1;" },
    { "{\"snapshotUrl\":\"s\",\"invoiceNo\":\"1\"}", "s 1;" },
    { "{\"pdfurl\":\"p\",\"xbrlUrl\":\"x\",\"xbrlName\":\"v.xml\",\"invoiceNo\":\"1\",\"fileExtends\":\"pdf\"}", "p 1.pdf;x v.xml;" },
    { "{\"xbrlUrl\":\"x\",\"xbrlLocalUrl\":\"l\",\"invoiceNo\":\"1\"}", "l 1;" },
    { "{\"invoiceFiles\":[{\"url\":\"a\",\"fileName\":\"f\"},{\"url\":\"x\",\"fileName\":\"g\"}],\"pdfurl\":\"p\",\"xbrlUrl\":\"x\"}", "a f;x g;" },
    { "{\"invoiceFiles\":[{}],\"pdfurl\":\"p\",\"invoiceNo\":\"1\"}", "p 1;" },
    { "{\"invoiceFiles\":[]}", "" },
    { "{\"invoiceFiles\":{\"url\":\"a\",\"name\":\"n\"}}", "a n;" },
    { "{\"invoiceFiles\":[\"https://h/a\",\"b\",null,7],\"pdfurl\":\"p\"}", "https://h/a -;" },
    { "{\"invoiceFiles\":\"http://h/a\"}", "http://h/a -;" },
    { "{\"url\":{},\"pdfurl\":\"p\",\"fileName\":[1],\"invoiceNo\":\"1\"}", "p 1;" },
    { "{}", "" },
};

START_TEST(links_of_an_invoice)
{
    apr_array_header_t *links = apr_array_make(task->pool, 2, sizeof(fpi_link_t));
    const char *text = "";

    (void)fpi_form_add_invoice_links(links, parse(linked[_i].invoice), task);
    for (int i = 0; i < links->nelts; i++) {
        const fpi_link_t *link = &APR_ARRAY_IDX(links, i, fpi_link_t);

        text = apr_pstrcat(task->pool, text, link->url, " ", link->name ? link->name : "-", ";", NULL);
    }
    ck_assert_str_eq(text, linked[_i].urls);
}
END_TEST

/* facts-cloud.md 5.3 */
static const struct {
    const char *invoice, *number, *identity, *date, *seller, *buyer;
} typed[] = {
    { .invoice = "\"invoiceType\":\"24\",\"number\":\"E123456\"", "E123456", "refund-E123456", NULL, NULL, NULL },
    { .invoice = "\"invoiceType\":19,\"taxPaidProofNo\":\"344035190100012345\"", "344035190100012345", "taxpaid-344035190100012345" },
    { .invoice = "\"invoiceType\":\"21\",\"customDeclarationNo\":\"531620191167000123-L01\",\"invoiceNo\":\"\"", "531620191167000123-L01",
      "customs-531620191167000123-L01" },
    { .invoice = "\"invoiceType\":\"25\",\"invoiceCode\":\"31060124\",\"invoiceNo\":\"0012345678\",\"payerPartyName\":\"购方\","
      "\"invoicingPartyName\":\"医院\"", "0012345678", "31060124-0012345678", NULL, "医院", "购方" },
    { .invoice = "\"invoiceType\":\"25\",\"invoiceNo\":\"1\",\"buyerName\":\"甲\",\"payerPartyName\":\"乙\"", "1", NULL, NULL, NULL, "甲" },
    { .invoice = "\"invoiceType\":\"9\",\"printingSequenceNo\":\"Z12A034567\"", "Z12A034567", "rail-Z12A034567" },
    { .invoice = "\"invoiceType\":\"10\",\"invoiceNo\":\"12345678901\",\"electronicTicketNum\":\"781-2345678901\",\"customerName\":\"李四\","
      "\"issueDate\":\"2024-01-01\"", "7812345678901", "air-7812345678901", "2024-01-01", NULL, "李四" },
    { .invoice = "\"invoiceType\":\"10\",\"invoiceNo\":\"781-2345678901\"", "7812345678901", "air-7812345678901" },
    { .invoice = "\"invoiceType\":\"28\",\"invoiceNo\":\"24312000000123450001\",\"electronicTicketNum\":\"7812345678901\",\"customerName\":"
      "\"李四\"", "24312000000123450001", "24312000000123450001" },
    { .invoice = "\"invoiceType\":\"16\",\"invoiceCode\":\"131001\",\"invoiceNo\":\"1234567\",\"time\":\"2024-1-1 10:00\"", "1234567", "131001-1234567",
      "2024-01-01" },
    { .invoice = "\"invoiceType\":\"26\",\"number\":\"7\",\"time\":\"2024-01-01\",\"payerPartyName\":\"x\"", NULL, NULL },
    { .invoice = "\"invoiceNum\":\"12345678\",\"invoiceCode\":\"1\"", "12345678", "1-12345678" },
};

START_TEST(names_by_type)
{
    fpi_invoice_t invoice;

    unit_done(fpi_form_read_invoice(&invoice, parse(apr_pstrcat(task->pool, "{", typed[_i].invoice, "}", NULL)), task));
    ck_assert_pstr_eq(invoice.number, typed[_i].number);
    ck_assert_pstr_eq(invoice.identity, typed[_i].identity);
    ck_assert_pstr_eq(invoice.date, typed[_i].date);
    ck_assert_pstr_eq(invoice.seller_name, typed[_i].seller);
    ck_assert_pstr_eq(invoice.buyer_name, typed[_i].buyer);
}
END_TEST

START_TEST(sums_by_their_other_name)
{
    fpi_invoice_t invoice;

    unit_done(fpi_form_read_invoice(&invoice, parse("{\"invoiceAmount\":\"?\",\"invoiceMoney\":\"1,000\"}"), task));
    check_sum("1000.00", invoice.has_net, invoice.net);
    ck_assert_ptr_null(fpi_form_unread_sums(&invoice, task));
}
END_TEST

#define SHA256 "a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5a3f5"

static const struct {
    const char *hash, *taken;
} hashes[] = {
    { SHA256, SHA256 }, { "d41d8cd98f00b204e9800998ecf8427e", NULL }, { SHA256 "0", NULL }, { "g" SHA256, NULL }, { "", NULL },
};

START_TEST(a_hash_is_a_sha256_or_none)
{
    apr_array_header_t *links = apr_array_make(task->pool, 1, sizeof(fpi_link_t));
    const char *text = apr_psprintf(task->pool, "{\"url\":\"u\",\"fileHash\":\"%s\"}", hashes[_i].hash);

    (void)fpi_form_add_link(links, parse(text), FPI_KIND_COVER, task);
    ck_assert_pstr_eq(APR_ARRAY_IDX(links, 0, fpi_link_t).hash, hashes[_i].taken);
}
END_TEST

static const struct {
    const char *a, *b;
    bool is_same;
} docs[] = {
    { "{}", "{}", true },
    { "{\"url\":\"https://h/a?t=1\",\"n\":1}", "{\"url\":\"HTTP://h/b\",\"n\":1}", true },
    { "{\"f\":[{\"url\":\"https://h/a\\\"x\"},{\"n\":\"a\"}]}", "{\"f\":[{\"url\":\"https://h/b\"},{\"n\":\"a\"}]}", true },
    { "{\"url\":\"https://h/a\"}", "{\"pdfurl\":\"https://h/a\"}", false },
    { "{\"n\":\"1\"}", "{\"n\":\"2\"}", false },
    { "{\"n\":\"1\",\"url\":\"https://h/a\"}", "{\"n\":\"2\",\"url\":\"https://h/a\"}", false },
    { "{\"n\":\"a\\\\\",\"m\":1}", "{\"n\":\"a\\\\\",\"m\":2}", false },
};

START_TEST(an_address_is_no_fact)
{
    ck_assert_int_eq(fpi_form_is_same_invoice(docs[_i].a, docs[_i].b, task), docs[_i].is_same);
}
END_TEST

#define ONE "{\"invoiceNo\":\"1\"}"

static const struct {
    const char *body;
    int pushed, answered;        /* invoices; -1: not said */
    int covers;
} documents[] = {
    { "{\"invoices\":[" ONE "," ONE "],\"cover\":\"https://h/c\"}", 2, 2, 1 },
    { "{\"invoice\":" ONE ",\"covers\":{\"url\":\"u\"}}", 1, 1, 1 },
    { "{\"invoice\":[],\"cover\":[]}", 0, 0, 0 },
    { "{\"invoice\":{},\"cover\":\"KD-1\"}", -1, -1, -1 },
    { "{\"invoiceData\":[{\"serialNo\":\"s\"}]}", -1, 1, -1 },
    { "{\"data\":[]}", -1, 0, -1 },
    { "{\"data\":{}}", -1, -1, -1 },
    { "{\"data\":[" ONE "]}", 1, 1, -1 },
    { "{\"data\":" ONE "}", 1, 1, -1 },
    { "{\"data\":\"[{\\\"invoiceNo\\\":1}]\"}", 1, 1, -1 },
    { "{\"data\":\"[\"}", -1, -1, -1 },
    { "{\"data\":[{\"entryid\":1,\"fid\":[\"s\"]}]}", -1, 1, -1 },
    { "{\"data\":{\"invoiceSerialNos\":\"s\",\"totalAmount\":1}}", -1, -1, -1 },
    { "{\"data\":{\"invoice\":[" ONE "],\"cover\":[\"https://h/c\"]}}", 1, 1, 1 },
    { "{\"data\":{\"data\":[" ONE "]}}", 1, 1, -1 },
    { "{\"invoice\":[" ONE "],\"totalElement\":2}", -1, 1, -1 },
    { "{\"invoice\":[" ONE "],\"totalPage\":\"2\"}", -1, 1, -1 },
    { "{\"invoice\":[" ONE "],\"totalElements\":1,\"totalPage\":1}", 1, 1, -1 },
};

static int size_of(const fpi_json_t *list)
{
    return list ? (int)fpi_json_size(list) : -1;
}

START_TEST(documents_and_notices)
{
    fpi_json_t *body = parse(documents[_i].body);
    fpi_document_t doc;

    fpi_form_read_pushed(&doc, body, task);
    ck_assert_int_eq(size_of(doc.invoices), documents[_i].pushed);
    fpi_form_read_document(&doc, body, task);
    ck_assert_int_eq(size_of(doc.invoices), documents[_i].answered);
    ck_assert_int_eq(size_of(doc.covers), documents[_i].covers);
}
END_TEST

static const struct {
    const char *query;
    bool good;
} queries[] = {
    { "", true }, { "&&&", true }, { "a=1&b=2", true }, { "a", true }, { "a=%20+x", true }, { "=", true }, { "&=&==&a=1&", true },
    { "a=1&a=2", false }, { "a=%", false }, { "a=%zz", false }, { "a=%00", false }, { "a=%ff", false },
};

START_TEST(query_pairs)
{
    const apr_array_header_t *params;
    fpi_err_t *err = fpi_params_parse(&params, queries[_i].query, strlen(queries[_i].query), task);

    ck_assert_int_eq(err == NULL, queries[_i].good);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forms");
    TCase *tc = unit_case(suite, "forms");

    tcase_add_loop_test(tc, number_by_alias, 0, UNIT_COUNT(numbers));
    tcase_add_loop_test(tc, wrong_types_are_named, 0, UNIT_COUNT(wrong));
    tcase_add_test(tc, versions_order);
    tcase_add_test(tc, announcement);
    tcase_add_test(tc, invoice_and_links);
    tcase_add_loop_test(tc, sums_as_peers_write_them, 0, UNIT_COUNT(sums));
    tcase_add_loop_test(tc, names_by_type, 0, UNIT_COUNT(typed));
    tcase_add_test(tc, sums_by_their_other_name);
    tcase_add_loop_test(tc, links_of_an_invoice, 0, UNIT_COUNT(linked));
    tcase_add_loop_test(tc, a_hash_is_a_sha256_or_none, 0, UNIT_COUNT(hashes));
    tcase_add_loop_test(tc, documents_and_notices, 0, UNIT_COUNT(documents));
    tcase_add_loop_test(tc, an_address_is_no_fact, 0, UNIT_COUNT(docs));
    tcase_add_loop_test(tc, query_pairs, 0, UNIT_COUNT(queries));
    return unit_run(suite);
}
