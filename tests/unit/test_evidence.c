/* Values as they are written, QR codes, and what is believed of what several sources say. */
#include "model/evidence.h"
#include "model/said.h"

#include "unit.h"

#include <apr_strings.h>

/* ---- values ---- */

static const struct value_t {
    fpi_said_kind_t kind;
    const char *text, *value; /* value NULL: it says nothing */
} values[] = {
    { FPI_SAID_ID, " 0440 0190 0111 ", "044001900111" },
    { FPI_SAID_ID, "９１４４０３００ｍａ５ｅ", "91440300MA5E" },
    { FPI_SAID_ID, "\xE3\x80\x80\xC2\xA0\t", NULL },
    { FPI_SAID_ID, "", NULL },
    { FPI_SAID_ID, "a\xEF\xBD", "A\xEF\xBD" }, /* a character cut short */
    { FPI_SAID_NAME, " 深圳（示例）有限公司 ", "深圳（示例）有限公司" },
    { FPI_SAID_NAME, "ABC \n  Ltd", "ABC Ltd" },
    { FPI_SAID_NAME, " \r\n", NULL },
    { FPI_SAID_TEXT, "a\x01" "b", "a b" },
    { FPI_SAID_DATE, "2024-05-06", "2024-05-06" },
    { FPI_SAID_DATE, "2024/5/6", "2024-05-06" },
    { FPI_SAID_DATE, "2024.05.06", "2024-05-06" },
    { FPI_SAID_DATE, "20240506", "2024-05-06" },
    { FPI_SAID_DATE, "202405061230", "2024-05-06" },
    { FPI_SAID_DATE, "20240506123059", "2024-05-06" },
    { FPI_SAID_DATE, "2024年05月06日", "2024-05-06" },
    { FPI_SAID_DATE, "2024 年 5 月 6 日", "2024-05-06" },
    { FPI_SAID_DATE, "２０２４年０５月０６日", "2024-05-06" },
    { FPI_SAID_DATE, "2024-05-06 12:30:00", "2024-05-06" },
    { FPI_SAID_DATE, "2024-05-06T12:30:00+08:00", "2024-05-06" },
    { FPI_SAID_DATE, "2024年05月06日12时", "2024-05-06" },
    { FPI_SAID_DATE, "2024-02-29", "2024-02-29" },
    { FPI_SAID_DATE, "2023-02-29", NULL },
    { FPI_SAID_DATE, "2024-13-01", NULL },
    { FPI_SAID_DATE, "2024-00-10", NULL },
    { FPI_SAID_DATE, "2024-04-31", NULL },
    { FPI_SAID_DATE, "20241301", NULL },
    { FPI_SAID_DATE, "2024-05-06x", NULL },
    { FPI_SAID_DATE, "2024-5", NULL },
    { FPI_SAID_DATE, "24-05-06", NULL },
    { FPI_SAID_DATE, "1715000000", NULL },
    { FPI_SAID_DATE, "0224-05-06", NULL },
    { FPI_SAID_DATE, "soon", NULL },
    { FPI_SAID_DATE, "", NULL },
    { FPI_SAID_MONEY, "113", "113.00" },
    { FPI_SAID_MONEY, "113.5", "113.50" },
    { FPI_SAID_MONEY, "1,234,567.89", "1234567.89" },
    { FPI_SAID_MONEY, "1.06E+2", "106.00" },
    { FPI_SAID_MONEY, "-1.065e1", "-10.65" },
    { FPI_SAID_MONEY, "1e15", "1000000000000000.00" },
    { FPI_SAID_MONEY, "1060E-1", "106.00" },
    { FPI_SAID_MONEY, "5E-2元", "0.05" },
    { FPI_SAID_MONEY, "5E-3", NULL },
    { FPI_SAID_MONEY, "1E99", NULL },
    { FPI_SAID_MONEY, "1E", NULL },
    { FPI_SAID_MONEY, "E2", NULL },
    { FPI_SAID_MONEY, "￥１，２３４．５０", "1234.50" },
    { FPI_SAID_MONEY, "¥ 1234.50", "1234.50" },
    { FPI_SAID_MONEY, "CNY1234.50", "1234.50" },
    { FPI_SAID_MONEY, "1234.50元整", "1234.50" },
    { FPI_SAID_MONEY, "-¥12.00", "-12.00" },
    { FPI_SAID_MONEY, "¥-12.00", "-12.00" },
    { FPI_SAID_MONEY, "\xE2\x88\x92" "12.00", "-12.00" },
    { FPI_SAID_MONEY, "（12.00）", "-12.00" },
    { FPI_SAID_MONEY, "12.000", "12.00" },
    { FPI_SAID_MONEY, "12.", "12.00" },
    { FPI_SAID_MONEY, ".5", "0.50" },
    { FPI_SAID_MONEY, "0", "0.00" },
    { FPI_SAID_MONEY, "-0.00", "0.00" },
    { FPI_SAID_MONEY, "12.005", NULL },
    { FPI_SAID_MONEY, "1.2.3", NULL },
    { FPI_SAID_MONEY, "12元30", NULL },
    { FPI_SAID_MONEY, "1-2", NULL },
    { FPI_SAID_MONEY, "壹佰圆整", NULL },
    { FPI_SAID_MONEY, "1e3", "1000.00" },
    { FPI_SAID_MONEY, "99999999999999999999", NULL },
    { FPI_SAID_MONEY, "¥", NULL },
    { FPI_SAID_MONEY, "***", NULL },
    { FPI_SAID_TAX, "***", "0.00" },
    { FPI_SAID_TAX, "＊＊＊", "0.00" },
    { FPI_SAID_TAX, "免 税", "0.00" },
    { FPI_SAID_TAX, "不征税", "0.00" },
    { FPI_SAID_TAX, "¥13.00", "13.00" },
    { FPI_SAID_TAX, "13%", NULL },
};

START_TEST(values_are_taken)
{
    const struct value_t *row = &values[_i];
    const char *value = fpi_said_value(row->kind, row->text, task->pool);

    ck_assert_pstr_eq(value, row->value);
    if (value) {
        ck_assert_str_eq(fpi_said_value(row->kind, value, task->pool), value); /* a kept one stays */
    }
}
END_TEST

static const struct same_t {
    fpi_said_kind_t kind;
    const char *a, *b;
    bool is_same;
} sames[] = {
    { FPI_SAID_NAME, "深圳(示例)有限公司", "深圳（示例）有限公司", true },
    { FPI_SAID_NAME, "深圳【示例】 有限公司", "深圳(示例)有限公司", true },
    { FPI_SAID_NAME, "Abc Ltd", "ＡＢＣ　ＬＴＤ", true },
    { FPI_SAID_NAME, "甲公司", "乙公司", false },
    { FPI_SAID_TEXT, "a b", "ab", true },
    { FPI_SAID_MONEY, "1.00", "1.00", true },
};

START_TEST(values_are_compared)
{
    const struct same_t *row = &sames[_i];
    const char *a = fpi_said_key(row->kind, row->a, task->pool), *b = fpi_said_key(row->kind, row->b, task->pool);

    ck_assert_int_eq(strcmp(a, b) == 0, row->is_same);
}
END_TEST

START_TEST(long_values_are_cut_at_a_character)
{
    char *text = apr_palloc(task->pool, 3 * 1000 + 1);
    const char *value;

    for (int i = 0; i < 1000; i++) {
        memcpy(text + 3 * i, "影", 4);
    }
    value = fpi_said_value(FPI_SAID_NAME, text, task->pool);
    ck_assert_int_eq(strlen(value), 999);
}
END_TEST

/* ---- a small language: "XML p1 i1 t27 number=1 gross=2.00", fields without blanks ---- */

static fpi_evidence_t evidence_of(const char *text)
{
    fpi_evidence_t out = { 0 };
    fpi_saying_t *sayings = apr_pcalloc(task->pool, sizeof(*sayings) * 80);
    char *state, *copy = apr_pstrdup(task->pool, text), *word = apr_strtok(copy, " ", &state);

    out.source = fpi_source_find(word);
    ck_assert_int_ne(out.source, FPI_SOURCE_COUNT);
    out.sayings = sayings;
    while ((word = apr_strtok(NULL, " ", &state))) {
        char *equals = strchr(word, '=');

        if (!equals) {
            int number = (int)strtol(word + 1, NULL, 10);

            ck_assert(strchr("pit", *word) && number > 0);
            *(*word == 'p' ? &out.page : &out.invoice) = *word == 't' ? out.invoice : number;
            out.type = *word == 't' ? number : out.type;
            continue;
        }
        *equals++ = '\0';
        if (strcmp(word, "amount") == 0) {
            out.amount = equals;
        }
        else if (strcmp(word, "lines") == 0) {
            out.lines = equals;
        }
        else {
            sayings[out.count++] = (fpi_saying_t){ out.source, word, equals };
        }
    }
    return out;
}

/* "t27 number=1@XML date=2@XML!QR:3!CLOUD:4 CONFLICT; ..." */
static const char *found_text(const fpi_found_t *found, int count)
{
    const char *out = "";

    for (int i = 0; i < count; i++) {
        out = apr_psprintf(task->pool, "%s%st%d", out, i ? "; " : "", (int)found[i].invoice.type);
        for (int k = 0; k < found[i].field_count; k++) {
            const fpi_found_field_t *f = &found[i].fields[k];

            out = apr_psprintf(task->pool, "%s %s=%s@%s", out, f->name, f->value, fpi_source_name(f->source));
            for (int n = 0; n < f->other_count; n++) {
                out = apr_psprintf(task->pool, "%s!%s:%s", out, fpi_source_name(f->others[n].source),
                                   f->others[n].value);
            }
        }
        out = apr_pstrcat(task->pool, out, found[i].has_conflict ? " CONFLICT" : "", NULL);
    }
    return out;
}

static const struct merge_t {
    const char *in[6], *out;
} merges[] = {
    { { NULL }, "" },
    { { "XML t27 number=24442000000000000001 gross=1" }, "t27 number=24442000000000000001@XML gross=1.00@XML" },
    /* what says nothing is dropped, and what is no invoice */
    { { "XML number=1 date=never gross=x code=" }, "t0 number=1@XML" },
    { { "PDF_TEXT date=2024-05-06 seller_name=A" }, "" },
    { { "PDF_TEXT gross=5" }, "t0 gross=5.00@PDF_TEXT" },
    /* who is believed */
    { { "QR number=24442000000000000001 gross=3", "CLOUD number=24442000000000000001 gross=2",
        "XML number=24442000000000000001 gross=1" },
      "t0 number=24442000000000000001@XML gross=1.00@XML!CLOUD:2.00!QR:3.00 CONFLICT" },
    { { "PDF_TEXT i1 number=1 code=c net=6", "OFD_TEXT i1 number=1 code=c net=5", "OFD_TAG i1 number=1 code=c net=4",
        "XBRL i1 number=1 code=c net=3", "XML i1 number=1 code=c net=2", "HAND i1 net=1" },
      "t0 number=1@XML code=C@XML net=1.00@HAND!XML:2.00!XBRL:3.00!OFD_TAG:4.00!OFD_TEXT:5.00!PDF_TEXT:6.00" },
    /* the same written otherwise is no conflict */
    { { "XML i1 number=24442000000000000001 date=20240506 gross=1234.5 seller_name=甲（乙）公司",
        "PDF_TEXT i1 number=２４４４２００００００００００００００１ date=2024年05月06日 gross=￥1,234.50 "
        "seller_name=甲(乙)公司" },
      "t0 number=24442000000000000001@XML date=2024-05-06@XML gross=1234.50@XML seller_name=甲（乙）公司@XML" },
    { { "XML i1 number=1 gross=1", "PDF_TEXT i1 number=1 seller_name=A", "CLOUD i1 seller_name=B" },
      "t0 number=1@XML gross=1.00@XML seller_name=A@PDF_TEXT!CLOUD:B CONFLICT" },
    { { "CLOUD i1 number=1 net=1", "CLOUD i1 number=1 net=2", "CLOUD i1 number=1 net=2" },
      "t0 number=1@CLOUD net=1.00@CLOUD!CLOUD:2.00 CONFLICT" },
    /* a QR fills gaps, never overrides; only number, code and date make a conflict */
    { { "PDF_TEXT p1 number=12345678 code=044001900111 gross=113",
        "QR p1 number=12345678 code=044001900111 date=2024-05-06 net=100 check_code=66" },
      "t1 number=12345678@PDF_TEXT code=044001900111@PDF_TEXT date=2024-05-06@QR net=100.00@QR "
      "gross=113.00@PDF_TEXT check_code=66@QR" },
    { { "CLOUD number=24442000000000000001 gross=113", "QR p1 number=24442000000000000001 gross=114" },
      "t0 number=24442000000000000001@CLOUD gross=113.00@CLOUD!QR:114.00" },
    { { "XML i1 number=24442000000000000001 date=2024-05-06", "QR p1 number=24442000000000000001 date=2024-05-07" },
      "t0 number=24442000000000000001@XML date=2024-05-06@XML!QR:2024-05-07 CONFLICT" },
    { { "XML i1 p1 number=24442000000000000001", "QR p1 number=24442000000000000002" },
      "t0 number=24442000000000000001@XML!QR:24442000000000000002 CONFLICT" },
    { { "CLOUD number=12345678 code=4403201130", "QR p1 number=12345679 code=4403201130" },
      "t4 number=12345678@CLOUD!QR:12345679 code=4403201130@CLOUD CONFLICT" },
    { { "HAND i1 p1 number=24442000000000000003", "QR p1 number=24442000000000000002" },
      "t0 number=24442000000000000003@HAND!QR:24442000000000000002" },
    /* but another invoice on another page, or a second one on the page, is another invoice */
    { { "PDF_TEXT p1 i1 number=24442000000000000001", "QR p2 number=24442000000000000002" },
      "t0 number=24442000000000000001@PDF_TEXT; t0 number=24442000000000000002@QR" },
    { { "PDF_TEXT p1 i1 number=24442000000000000001", "QR p1 number=24442000000000000001",
        "QR p1 number=24442000000000000002" },
      "t0 number=24442000000000000001@PDF_TEXT; t0 number=24442000000000000002@QR" },
    { { "PDF_TEXT p1 i1 number=24442000000000000001", "QR p1 number=24442000000000000002",
        "QR p1 number=24442000000000000003" },
      "t0 number=24442000000000000001@PDF_TEXT; t0 number=24442000000000000002@QR; t0 number=24442000000000000003@QR" },
    { { "CLOUD number=24442000000000000001", "CLOUD number=24442000000000000002", "QR p1 number=24442000000000000003" },
      "t0 number=24442000000000000001@CLOUD; t0 number=24442000000000000002@CLOUD; t0 number=24442000000000000003@QR" },
    { { "QR p1 number=24442000000000000001", "QR p1 number=24442000000000000002" },
      "t0 number=24442000000000000001@QR; t0 number=24442000000000000002@QR" },
    /* a QR's amount of unknown meaning */
    { { "QR p1 t15 number=12345678 code=044001900112 amount=100" },
      "t15 number=12345678@QR code=044001900112@QR amount=100.00@QR" },
    { { "CLOUD number=12345678 code=044001900112 gross=100", "QR p1 number=12345678 code=044001900112 amount=100" },
      "t15 number=12345678@CLOUD code=044001900112@CLOUD gross=100.00@CLOUD" },
    /* grouping */
    { { "XML i1 number=24442000000000000001", "XML i2 number=24442000000000000002",
        "PDF_TEXT p1 number=24442000000000000002 net=2", "PDF_TEXT p2 number=24442000000000000001 net=1" },
      "t0 number=24442000000000000001@XML net=1.00@PDF_TEXT; t0 number=24442000000000000002@XML net=2.00@PDF_TEXT" },
    { { "XML i1 t3 number=12345678 code=4403201120", "PDF_TEXT p1 number=12345678 net=2" },
      "t3 number=12345678@XML code=4403201120@XML net=2.00@PDF_TEXT" },
    { { "CLOUD number=12345678 code=4403201120", "CLOUD number=12345678 code=4403201130", "PDF_TEXT number=12345678" },
      "t3 number=12345678@CLOUD code=4403201120@CLOUD; t4 number=12345678@CLOUD code=4403201130@CLOUD; "
      "t0 number=12345678@PDF_TEXT" },
    { { "PDF_TEXT p2 net=2", "XML number=24442000000000000001" },
      "t0 number=24442000000000000001@XML net=2.00@PDF_TEXT" },
    { { "PDF_TEXT p2 net=2", "XML p1 i1 number=24442000000000000001", "XML p2 i2 number=24442000000000000002" },
      "t0 number=24442000000000000002@XML net=2.00@PDF_TEXT; t0 number=24442000000000000001@XML" },
    { { "PDF_TEXT p3 net=2", "XML p1 i1 number=24442000000000000001" },
      "t0 net=2.00@PDF_TEXT; t0 number=24442000000000000001@XML" },
    { { "XML t29 number=z110a012345 train=G1", "CLOUD t9 number=Z110A012345 train=G2" },
      "t29 number=Z110A012345@XML train=G1@XML!CLOUD:G2 CONFLICT" },
    /* type: the most believed who tells one, else the code's */
    { { "CLOUD i1 t27 number=1", "XML i1 number=1", "QR i1 t26 number=1" }, "t27 number=1@XML" },
    { { "CLOUD number=12345678 code=044001900111" }, "t1 number=12345678@CLOUD code=044001900111@CLOUD" },
};

START_TEST(evidences_are_merged)
{
    const struct merge_t *row = &merges[_i];
    fpi_evidence_t evidence[6];
    fpi_found_t *found;
    int n = 0, count;

    while (n < 6 && row->in[n]) {
        evidence[n] = evidence_of(row->in[n]);
        n++;
    }
    unit_done(fpi_evidence_merge(&found, &count, evidence, n, task));
    ck_assert_str_eq(found_text(found, count), row->out);
}
END_TEST

START_TEST(the_invoice_has_all_of_it)
{
    fpi_evidence_t evidence[] = {
        evidence_of("QR p2 t27 number=24442000000000000001 gross=9"),
        evidence_of("OFD_TAG p1 i1 number=24442000000000000001 lines=[2]"),
        evidence_of("XML i1 t27 number=24442000000000000001 date=20240506 net=-100 tax=*** gross=-100.00 seller_name=甲 "
                    "seller_tax_no=91440300ma5example buyer_name=乙 buyer_tax_no=9144 check_code=1234 lines=[1] x=y"),
    };
    const fpi_invoice_t *invoice;
    fpi_found_t *found;
    int count;

    unit_done(fpi_evidence_merge(&found, &count, evidence, 3, task));
    ck_assert_int_eq(count, 1);
    invoice = &found->invoice;
    ck_assert_str_eq(invoice->identity, "24442000000000000001");
    ck_assert_str_eq(invoice->number, "24442000000000000001");
    ck_assert_ptr_null(invoice->code);
    ck_assert_str_eq(invoice->date, "2024-05-06");
    ck_assert(invoice->has_net && invoice->has_tax && invoice->has_gross);
    ck_assert_int_eq(invoice->net, -10000);
    ck_assert_int_eq(invoice->tax, 0);
    ck_assert_int_eq(invoice->gross, -10000);
    ck_assert_str_eq(invoice->seller_tax_no, "91440300MA5EXAMPLE");
    ck_assert_str_eq(invoice->buyer_name, "乙");
    ck_assert_str_eq(found->check_code, "1234");
    ck_assert_str_eq(found->lines, "[1]");
    ck_assert_int_eq(found->page, 1);
    ck_assert_int_eq(found->source, FPI_SOURCE_XML);
    ck_assert(!found->has_conflict);
}
END_TEST

static fpi_evidence_t *many(int count)
{
    fpi_evidence_t *evidence = apr_pcalloc(task->pool, sizeof(*evidence) * (size_t)count);

    for (int i = 0; i < count; i++) {
        evidence[i] = evidence_of(apr_psprintf(task->pool, "QR p1 number=%020d", i + 1));
    }
    return evidence;
}

START_TEST(limits_hold)
{
    fpi_found_t *found;
    fpi_evidence_t *evidence = many(FPI_EVIDENCE_MAX + 1);
    int count;

    unit_done(fpi_evidence_merge(&found, &count, evidence, FPI_FOUND_MAX, task));
    ck_assert_int_eq(count, FPI_FOUND_MAX);
    unit_failed(fpi_evidence_merge(&found, &count, evidence, FPI_FOUND_MAX + 1, task), FPI_E_UNREADABLE);
    unit_failed(fpi_evidence_merge(&found, &count, evidence, FPI_EVIDENCE_MAX, task), FPI_E_UNREADABLE);
    unit_failed(fpi_evidence_merge(&found, &count, evidence, FPI_EVIDENCE_MAX + 1, task), FPI_E_UNREADABLE);
    evidence[0].count = FPI_EVIDENCE_FIELDS + 1;
    unit_failed(fpi_evidence_merge(&found, &count, evidence, 1, task), FPI_E_UNREADABLE);
}
END_TEST

START_TEST(sources_have_names)
{
    for (int i = 0; i < FPI_SOURCE_COUNT; i++) {
        ck_assert_int_eq(fpi_source_find(fpi_source_name((fpi_source_t)i)), i);
    }
    ck_assert_int_eq(fpi_source_find("OCR"), FPI_SOURCE_COUNT);
    ck_assert_int_eq(fpi_source_find(NULL), FPI_SOURCE_COUNT);
    ck_assert_str_eq(fpi_source_name(FPI_SOURCE_COUNT), "?");
}
END_TEST

/* ---- QR ---- */

static const struct qr_t {
    const char *text, *out; /* out NULL: not one */
} qrs[] = {
    { "01,01,4403201130,12345678,100.00,20240506,,A1B2",
      "t4 number=12345678 code=4403201130 date=2024-05-06 net=100.00" },
    { "01,04,044001900104,12345678,100.00,20240506,12345678901234567890,A1B2,",
      "t3 number=12345678 code=044001900104 date=2024-05-06 net=100.00 check_code=12345678901234567890" },
    { "01,10,044001900111,12345678,100,20240506,12345678901234567890,A1B2,",
      "t1 number=12345678 code=044001900111 date=2024-05-06 net=100.00 check_code=12345678901234567890" },
    { "01,31,,24442000000000000001,113.00,20240506,,A1B2", "t27 number=24442000000000000001 date=2024-05-06 gross=113.00" },
    { "01,32,,24442000000000000001,113.00,20240506", "t26 number=24442000000000000001 date=2024-05-06 gross=113.00" },
    { "01,51,,25442000000000000001,113.00,20240506,,1", "t29 number=25442000000000000001 date=2024-05-06 gross=113.00" },
    { "01,20,,24442000000000000001,113.00,20240506,,1", "t0 number=24442000000000000001 date=2024-05-06 gross=113.00" },
    { "01,1,4403201130,12345678,-5.5,20240506,,", "t4 number=12345678 code=4403201130 date=2024-05-06 net=-5.50" },
    { "01,31,044001900111,12345678,9,20240506,,", "t27 number=12345678 code=044001900111 date=2024-05-06 amount=9.00" },
    { "01,14,044001900112,12345678,9,20240506,,", "t15 number=12345678 code=044001900112 date=2024-05-06 amount=9.00" },
    { "01,99,044001900111,12345678,9,20240506,,", "t1 number=12345678 code=044001900111 date=2024-05-06 amount=9.00" },
    { "01,10,044001900111,12345678,,20240506,,", "t1 number=12345678 code=044001900111 date=2024-05-06" },
    { "\xEF\xBB\xBF０１，１０，０４４００１９００１１１，１２３４５６７８，１００，２０２４０５０６",
      "t1 number=12345678 code=044001900111 date=2024-05-06 net=100.00" },
    { "02,10,044001900111,12345678,100,20240506,,", NULL },
    { "01,10,044001900111,12345678,100", NULL },
    { "01,10,044001900111,12345678,100,20241306,,", NULL },
    { "01,10,044001900111,12345678,100,2024-05-06,,", NULL },
    { "01,10,044001900111,1234567,100,20240506,,", NULL },
    { "01,10,0440019001,12345678x,100,20240506,,", NULL },
    { "01,10,04400190011,12345678,100,20240506,,", NULL },
    { "01,10,044001900111,12345678,1OO,20240506,,", NULL },
    { "01,,044001900111,12345678,100,20240506,,", NULL },
    { "01,AB,044001900111,12345678,100,20240506,,", NULL },
    { "https://example.invalid/q?01,10,044001900111", NULL },
    { "EAS-BX-0001", NULL },
    { "", NULL },
    { NULL, NULL },
};

START_TEST(qr_texts_are_read)
{
    const fpi_evidence_t *evidence = fpi_evidence_of_qr(qrs[_i].text, 3, task);
    const char *out;

    if (!qrs[_i].out) {
        ck_assert_ptr_null(evidence);
        return;
    }
    ck_assert_ptr_nonnull(evidence);
    ck_assert_int_eq(evidence->source, FPI_SOURCE_QR);
    ck_assert_int_eq(evidence->page, 3);
    ck_assert_int_eq(evidence->invoice, 0);
    out = apr_psprintf(task->pool, "t%d", (int)evidence->type);
    for (int i = 0; i < evidence->count; i++) {
        ck_assert_int_eq(evidence->sayings[i].source, FPI_SOURCE_QR);
        out = apr_psprintf(task->pool, "%s %s=%s", out, evidence->sayings[i].name, evidence->sayings[i].value);
    }
    out = evidence->amount ? apr_psprintf(task->pool, "%s amount=%s", out, evidence->amount) : out;
    ck_assert_str_eq(out, qrs[_i].out);
}
END_TEST

static const struct type_t {
    const char *code;
    int type;
} types[] = {
    { "4403201130", 4 }, { "4403201140", 4 }, { "4403201160", 4 }, { "4403201170", 4 }, { "4403201120", 3 },
    { "4403201320", 3 }, { "044001900111", 1 }, { "044001900112", 15 }, { "044001900113", 2 }, { "044001900106", 5 },
    { "044001900107", 5 }, { "044001900117", 13 }, { "044001900104", 3 }, { "044001900105", 3 }, { "044001900199", 0 },
    { "144001120111", 12 }, { "144002220111", 12 }, { "144003120111", 0 }, { "144001110111", 0 },
    { "14400122", 0 }, { "44032O1130", 0 }, { "", 0 }, { NULL, 0 },
};

START_TEST(codes_tell_types)
{
    ck_assert_int_eq(fpi_invoice_type_of_code(types[_i].code), types[_i].type);
}
END_TEST

START_TEST(the_bureau_tells_types)
{
    ck_assert_int_eq(fpi_invoice_type_of_bureau("01"), 4);
    ck_assert_int_eq(fpi_invoice_type_of_bureau("86"), 3);
    ck_assert_int_eq(fpi_invoice_type_of_bureau("8208"), 72);
    ck_assert_int_eq(fpi_invoice_type_of_bureau("61"), 28);
    ck_assert_int_eq(fpi_invoice_type_of_bureau("00"), 0);
    ck_assert_int_eq(fpi_invoice_type_of_bureau(NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evidence");
    TCase *said = unit_case(suite, "values");
    TCase *merge = unit_case(suite, "merge");
    TCase *paper = unit_case(suite, "QR and codes");

    tcase_add_loop_test(said, values_are_taken, 0, UNIT_COUNT(values));
    tcase_add_loop_test(said, values_are_compared, 0, UNIT_COUNT(sames));
    tcase_add_test(said, long_values_are_cut_at_a_character);
    tcase_add_loop_test(merge, evidences_are_merged, 0, UNIT_COUNT(merges));
    tcase_add_test(merge, the_invoice_has_all_of_it);
    tcase_add_test(merge, limits_hold);
    tcase_add_test(merge, sources_have_names);
    tcase_add_loop_test(paper, qr_texts_are_read, 0, UNIT_COUNT(qrs));
    tcase_add_loop_test(paper, codes_tell_types, 0, UNIT_COUNT(types));
    tcase_add_test(paper, the_bureau_tells_types);
    return unit_run(suite);
}
