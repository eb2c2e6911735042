/* Matching: every tie, every field, every trap; then random bills whose verdicts are known. */
#include "model/match.h"

#include "unit.h"

#include <apr_strings.h>

/* A case is an invoice but for what its row says otherwise. */
#pragma GCC diagnostic ignored "-Woverride-init"

/* ---- bills in a few words ---- */

#define SELLER .seller_name = "深圳（示例）有限公司", .seller_tax_no = "91440300MA5SAMPL01"
#define BUYER .buyer_name = "广州测试贸易有限公司", .buyer_tax_no = "91440101MA5TESTS01"
#define SUMS .has_net = true, .net = 10000, .has_tax = true, .tax = 1300, .has_gross = true, .gross = 11300
#define DIGITAL .type = 27, .number = "24112000000012345678", .date = "2024-05-06", SUMS, SELLER, BUYER
#define PAPER .type = 4, .code = "4403241130", .number = "00012345", .date = "2024-05-06", SUMS, SELLER, BUYER
#define TAXI .type = 8, .date = "2024-05-06", .has_gross = true, .gross = 3200, .seller_name = "虚构出租车公司"

static const fpi_match_rules_t normal, strict = { .is_strict = true };

static const fpi_match_t *run(const fpi_match_asked_t *asked)
{
    const fpi_match_t *match;

    unit_done(fpi_match_run(&match, asked, task));
    return match;
}

static const fpi_match_t *run_two(const fpi_invoice_t *expected, const fpi_invoice_t *found, fpi_match_rules_t rules)
{
    fpi_match_asked_t *asked = apr_pcalloc(task->pool, sizeof(*asked));
    fpi_match_found_t *row = apr_pcalloc(task->pool, sizeof(*row));

    row->invoice = *found;
    *asked = (fpi_match_asked_t){ expected, 1, row, 1, NULL, 0, rules };
    return run(asked);
}

/* "gross DIFFERENT; tax UNREAD" */
static const char *diffs_of(const fpi_match_item_t *item)
{
    const char *text = "";

    for (int i = 0; i < item->diff_count; i++) {
        text = apr_pstrcat(task->pool, text, *text ? "; " : "", item->diffs[i].field, " ",
                           fpi_why_name(item->diffs[i].why), NULL);
    }
    return text;
}

/* "MATCHED IDENTITY", "MISSING NONE EXTRA NONE" */
static const char *verdicts_of(const fpi_match_t *match)
{
    const char *text = "";

    for (int i = 0; i < match->count; i++) {
        text = apr_pstrcat(task->pool, text, *text ? " " : "", fpi_verdict_name(match->items[i].verdict), " ",
                           fpi_tie_name(match->items[i].tie), NULL);
    }
    return text;
}

/* ---- one against one ---- */

#define APARTS "MISSING NONE EXTRA NONE"

static const struct two_t {
    const char *what;
    fpi_invoice_t expected, found;
    const char *verdicts, *diffs;           /* in normal comparison */
    const char *strict_verdicts, *strict_diffs;
} twos[] = {
    { "the same", { DIGITAL }, { DIGITAL }, "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "paper", { PAPER }, { PAPER }, "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "another number", { DIGITAL }, { DIGITAL, .number = "24112000000012345679" }, APARTS, "", APARTS, "" },
    { "another code", { PAPER }, { PAPER, .code = "4403241131" }, APARTS, "", APARTS, "" },
    { "gross", { DIGITAL }, { DIGITAL, .gross = 11301 }, "DIFFERS IDENTITY", "gross DIFFERENT", "DIFFERS IDENTITY",
      "gross DIFFERENT" },
    { "a red one", { DIGITAL }, { DIGITAL, .gross = -11300 }, "DIFFERS IDENTITY", "gross DIFFERENT", "DIFFERS IDENTITY",
      "gross DIFFERENT" },
    { "net beside gross", { DIGITAL }, { DIGITAL, .net = 1 }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY", "net DIFFERENT" },
    { "net for gross", { PAPER }, { PAPER, .has_gross = false }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY", "gross UNREAD" },
    { "wrong net for gross", { PAPER }, { PAPER, .has_gross = false, .net = 9999 }, "DIFFERS IDENTITY", "net DIFFERENT",
      "DIFFERS IDENTITY", "net DIFFERENT; gross UNREAD" },
    { "no sum was read", { PAPER }, { PAPER, .has_gross = false, .has_net = false, .has_tax = false }, "DIFFERS IDENTITY",
      "gross UNREAD", "DIFFERS IDENTITY", "net UNREAD; tax UNREAD; gross UNREAD" },
    { "no sum is expected", { PAPER, .has_gross = false, .has_net = false }, { PAPER }, "MATCHED IDENTITY", "",
      "MATCHED IDENTITY", "" },
    { "a sum that can't be read", { DIGITAL, .has_gross = false, .gross_said = "1.9.9" }, { DIGITAL }, "DIFFERS IDENTITY",
      "gross DIFFERENT", "DIFFERS IDENTITY", "gross DIFFERENT" },
    { "a sum that can't be read beside a net", { PAPER, .has_gross = false, .gross_said = "x" }, { PAPER, .has_gross = false },
      "DIFFERS IDENTITY", "gross UNREAD", "DIFFERS IDENTITY", "gross UNREAD" },
    { "a net that can't be read", { PAPER, .has_net = false, .net_said = "x" }, { PAPER }, "MATCHED IDENTITY", "",
      "DIFFERS IDENTITY", "net DIFFERENT" },
    { "a net that can't be read for gross", { PAPER, .has_net = false, .net_said = "x", .has_gross = false }, { PAPER },
      "DIFFERS IDENTITY", "net DIFFERENT", "DIFFERS IDENTITY", "net DIFFERENT" },
    { "no sum can be read", { PAPER, .has_net = false, .net_said = "x", .has_gross = false, .gross_said = "y" },
      { PAPER, .has_net = false, .has_gross = false }, "DIFFERS IDENTITY", "gross UNREAD", "DIFFERS IDENTITY",
      "net UNREAD; gross UNREAD" },
    { "tax", { DIGITAL }, { DIGITAL, .tax = 0 }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY", "tax DIFFERENT" },
    { "type", { DIGITAL }, { DIGITAL, .type = 26 }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY", "type DIFFERENT" },
    { "type not read", { DIGITAL }, { DIGITAL, .type = 0 }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY", "type UNREAD" },
    { "type not told", { DIGITAL, .type = 0 }, { DIGITAL }, "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "date", { DIGITAL }, { DIGITAL, .date = "2024-05-07" }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY", "date DIFFERENT" },
    { "date written otherwise", { DIGITAL, .date = "2024年5月6日" }, { DIGITAL }, "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "seller", { DIGITAL }, { DIGITAL, .seller_name = "深圳（实例）有限公司" }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY",
      "seller_name DIFFERENT" },
    { "seller written otherwise", { DIGITAL }, { DIGITAL, .seller_name = "深圳(示例) 有限公司" }, "MATCHED IDENTITY", "",
      "MATCHED IDENTITY", "" },
    { "seller's tax number", { DIGITAL }, { DIGITAL, .seller_tax_no = "91440300MA5SAMPL02" }, "MATCHED IDENTITY", "",
      "DIFFERS IDENTITY", "seller_tax_no DIFFERENT" },
    { "tax number of wide letters", { DIGITAL, .seller_tax_no = "９１４４０３００ｍａ５ｓａｍｐｌ０１" }, { DIGITAL },
      "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "buyer", { DIGITAL }, { DIGITAL, .buyer_name = NULL, .buyer_tax_no = "" }, "MATCHED IDENTITY", "", "DIFFERS IDENTITY",
      "buyer_name UNREAD; buyer_tax_no UNREAD" },
    { "wide digits", { DIGITAL, .number = "２４１１２００００００ ０１２３４５６７８" }, { DIGITAL },
      "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "zeros that a spreadsheet ate", { PAPER, .number = "12345" }, { PAPER }, "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "zeros of the code", { PAPER, .type = 1, .code = "44002400111" }, { PAPER, .type = 1, .code = "044002400111" },
      "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "a digital number cut in two", { DIGITAL, .code = "241120000000", .number = "12345678" }, { DIGITAL },
      "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "no such cut on paper", { PAPER, .code = "241120000000", .number = "12345678" },
      { PAPER, .number = "24112000000012345678", .code = NULL }, APARTS, "", APARTS, "" },
    { "a digital number with a code", { DIGITAL, .code = "044002400111" }, { DIGITAL }, "MATCHED IDENTITY", "",
      "MATCHED IDENTITY", "" },
    { "no code was read", { PAPER }, { PAPER, .code = NULL }, "MATCHED NUMBER", "", "MATCHED NUMBER", "" },
    { "no code is expected", { PAPER, .code = "" }, { PAPER }, "MATCHED NUMBER", "", "MATCHED NUMBER", "" },
    { "number alone, other sum", { PAPER, .code = NULL }, { PAPER, .gross = 1 }, "DIFFERS NUMBER", "gross DIFFERENT",
      "DIFFERS NUMBER", "gross DIFFERENT" },
    { "rail", { PAPER, .type = 9, .code = NULL, .number = "E012345" }, { PAPER, .type = 9, .code = "X", .number = "e012345" },
      "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "rail is not air", { PAPER, .type = 9, .number = "7812345678" }, { PAPER, .type = 10, .number = "7812345678" }, APARTS, "",
      APARTS, "" },
    { "hyphens of an air ticket", { PAPER, .type = 10, .code = NULL, .number = "781-2345678901" },
      { PAPER, .type = 10, .code = NULL, .number = "7812345678901" }, "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "an air ticket of which no type was read", { PAPER, .type = 10, .code = NULL, .number = "781-2345678901" },
      { PAPER, .type = 0, .code = NULL, .number = "7812345678901" }, "MATCHED NUMBER", "", "DIFFERS NUMBER", "type UNREAD" },
    { "a customs receipt", { PAPER, .type = 21, .code = NULL, .number = "5316-L01" }, { PAPER, .type = 21, .number = "5316-L01" },
      "MATCHED IDENTITY", "", "MATCHED IDENTITY", "" },
    { "a taxi", { TAXI }, { TAXI }, "MATCHED LIKENESS", "", APARTS, "" },
    { "another taxi", { TAXI }, { TAXI, .gross = 3201 }, APARTS, "", APARTS, "" },
    { "a taxi of another day", { TAXI }, { TAXI, .date = "2024-05-07" }, APARTS, "", APARTS, "" },
    { "one has a number", { TAXI }, { TAXI, .number = "123" }, APARTS, "", APARTS, "" },
    { "nothing is known", { .type = 11 }, { .type = 11 }, APARTS, "", APARTS, "" },
};

START_TEST(two)
{
    const struct two_t *row = &twos[_i];
    const fpi_match_t *match = run_two(&row->expected, &row->found, normal);
    bool is_matched = strncmp(row->verdicts, "MATCHED", 7) == 0;

    ck_assert_msg(strcmp(verdicts_of(match), row->verdicts) == 0, "%s: %s", row->what, verdicts_of(match));
    ck_assert_msg(strcmp(diffs_of(match->items), row->diffs) == 0, "%s: %s", row->what, diffs_of(match->items));
    ck_assert_int_eq(match->is_matched, is_matched);
    match = run_two(&row->expected, &row->found, strict);
    ck_assert_msg(strcmp(verdicts_of(match), row->strict_verdicts) == 0, "%s: %s", row->what, verdicts_of(match));
    ck_assert_msg(strcmp(diffs_of(match->items), row->strict_diffs) == 0, "%s: %s", row->what, diffs_of(match->items));
}
END_TEST

START_TEST(differences_show_both_values)
{
    const fpi_invoice_t expected = { DIGITAL }, found = { DIGITAL, .gross = 11301, .has_tax = false };
    const fpi_match_diff_t *diffs = run_two(&expected, &found, strict)->items[0].diffs;

    ck_assert_str_eq(diffs[0].field, "tax");
    ck_assert_str_eq(diffs[0].expected, "13.00");
    ck_assert_ptr_null(diffs[0].found);
    ck_assert_str_eq(diffs[1].field, "gross");
    ck_assert_str_eq(diffs[1].expected, "113.00");
    ck_assert_str_eq(diffs[1].found, "113.01");
    ck_assert_int_eq(diffs[1].at, 0);
}
END_TEST

/* ---- bills of several ---- */

#define ROWS 4

static const struct bill_t {
    const char *what;
    fpi_match_rules_t rules;
    int expected_count, found_count, pair_count;
    fpi_invoice_t expected[ROWS];
    fpi_match_found_t found[ROWS];
    fpi_match_pair_t pairs[ROWS];
    const char *verdicts;
    int failed;
    const char *diffs; /* of the first */
} bills[] = {
    { "nothing at all", { 0 }, 0, 0, 0, { { 0 } }, { { .invoice = { 0 } } }, { { 0 } }, "", 0, NULL },
    { "nothing expected", { 0 }, 0, 1, 0, { { 0 } }, { { .invoice = { DIGITAL, .id = 7 } } }, { { 0 } }, "EXTRA NONE", 0, NULL },
    { "nothing expected, but counted", { .is_counted = true }, 0, 1, 0, { { 0 } }, { { .invoice = { DIGITAL, .id = 7 } } }, { { 0 } },
      "EXTRA NONE", 1, NULL },
    { "one missing", { 0 }, 2, 1, 0, { { PAPER, .id = 1 }, { DIGITAL, .id = 2 } }, { { .invoice = { DIGITAL, .id = 7 } } }, { { 0 } },
      "MISSING NONE MATCHED IDENTITY", 1, "" },
    { "one more", { 0 }, 1, 2, 0, { { DIGITAL, .id = 1 } }, { { .invoice = { PAPER, .id = 6 } }, { .invoice = { DIGITAL, .id = 7 } } }, { { 0 } },
      "MATCHED IDENTITY EXTRA NONE", 0, "" },
    { "one more, counted", { .is_counted = true }, 1, 2, 0, { { DIGITAL, .id = 1 } },
      { { .invoice = { PAPER, .id = 6 } }, { .invoice = { DIGITAL, .id = 7 } } }, { { 0 } }, "MATCHED IDENTITY EXTRA NONE", 1, "" },
    { "paper only", { .is_paper_only = true }, 2, 1, 0, { { PAPER, .id = 1 }, { DIGITAL, .id = 2 } },
      { { .invoice = { PAPER, .id = 7 } } }, { { 0 } }, "MATCHED IDENTITY MISSING NONE", 0, "" },
    { "paper only, paper is missing", { .is_paper_only = true }, 2, 1, 0, { { PAPER, .id = 1 }, { DIGITAL, .id = 2 } },
      { { .invoice = { DIGITAL, .id = 7 } } }, { { 0 } }, "MISSING NONE MATCHED IDENTITY", 1, "" },
    { "PDF, OFD and XML of one", { .is_strict = true }, 1, 3, 0, { { DIGITAL, .id = 1 } },
      { { .invoice = { DIGITAL, .id = 5 }, .source = FPI_SOURCE_PDF_TEXT }, { .invoice = { DIGITAL, .id = 6 }, .source = FPI_SOURCE_XML },
        { .invoice = { DIGITAL, .id = 7 }, .source = FPI_SOURCE_OFD_TAG } }, { { 0 } }, "MATCHED IDENTITY", 0, "" },
    { "a copy says otherwise", { 0 }, 1, 2, 0, { { DIGITAL, .id = 1 } },
      { { .invoice = { DIGITAL, .id = 5, .gross = 99900 }, .source = FPI_SOURCE_PDF_TEXT }, { .invoice = { DIGITAL, .id = 6 }, .source = FPI_SOURCE_XML } },
      { { 0 } }, "MATCHED IDENTITY", 0, "gross COPY" },
    { "a copy says otherwise, strictly", { .is_strict = true }, 1, 2, 0, { { DIGITAL, .id = 1 } },
      { { .invoice = { DIGITAL, .id = 5, .gross = 99900 }, .source = FPI_SOURCE_PDF_TEXT }, { .invoice = { DIGITAL, .id = 6 }, .source = FPI_SOURCE_XML } },
      { { 0 } }, "DIFFERS IDENTITY", 1, "gross COPY" },
    { "the believed one is wrong", { 0 }, 1, 2, 0, { { DIGITAL, .id = 1 } },
      { { .invoice = { DIGITAL, .id = 5 }, .source = FPI_SOURCE_QR }, { .invoice = { DIGITAL, .id = 6, .gross = 1 }, .source = FPI_SOURCE_XML } },
      { { 0 } }, "DIFFERS IDENTITY", 1, "gross DIFFERENT; gross COPY" },
    { "a copy without code", { 0 }, 1, 2, 0, { { PAPER, .id = 1 } },
      { { .invoice = { PAPER, .id = 5, .code = NULL }, .source = FPI_SOURCE_QR }, { .invoice = { PAPER, .id = 6 }, .source = FPI_SOURCE_CLOUD } },
      { { 0 } }, "MATCHED IDENTITY", 0, "" },
    { "a number of two codes", { 0 }, 1, 3, 0, { { PAPER, .id = 1 } },
      { { .invoice = { PAPER, .id = 5, .code = NULL } }, { .invoice = { PAPER, .id = 6 } }, { .invoice = { PAPER, .id = 7, .code = "4403241131" } } },
      { { 0 } }, "MATCHED IDENTITY EXTRA NONE EXTRA NONE", 0, "" },
    { "a bare number that two have", { 0 }, 1, 2, 0, { { PAPER, .id = 1, .code = NULL } },
      { { .invoice = { PAPER, .id = 5 } }, { .invoice = { PAPER, .id = 6, .code = "4403241131" } } }, { { 0 } }, "MISSING NONE EXTRA NONE EXTRA NONE", 1,
      "" },
    { "expected twice", { 0 }, 2, 1, 0, { { DIGITAL, .id = 1 }, { DIGITAL, .id = 2 } }, { { .invoice = { DIGITAL, .id = 5 } } }, { { 0 } },
      "MATCHED IDENTITY MATCHED IDENTITY", 0, "" },
    { "two taxis", { 0 }, 2, 2, 0, { { TAXI, .id = 1 }, { TAXI, .id = 2 } }, { { .invoice = { TAXI, .id = 5 } }, { .invoice = { TAXI, .id = 6 } } },
      { { 0 } }, "MATCHED LIKENESS MATCHED LIKENESS", 0, "" },
    { "one of two taxis", { 0 }, 2, 1, 0, { { TAXI, .id = 1 }, { TAXI, .id = 2 } }, { { .invoice = { TAXI, .id = 5 } } }, { { 0 } },
      "MATCHED LIKENESS MISSING NONE", 1, "" },
    { "an attachment is no invoice", { 0 }, 1, 1, 0, { { DIGITAL, .id = 1 } }, { { .invoice = { DIGITAL, .id = 5 }, .is_attachment = true } },
      { { 0 } }, "MISSING NONE", 1, "" },
    { "by hand", { .is_strict = true }, 1, 1, 1, { { DIGITAL, .id = 1 } },
      { { .invoice = { DIGITAL, .id = 5, .number = "24112000000012345679" } } }, { { 1, 5, false } }, "MATCHED HAND", 0, "number SETTLED" },
    { "by hand, but the sum", { 0 }, 1, 1, 1, { { DIGITAL, .id = 1 } },
      { { .invoice = { DIGITAL, .id = 5, .number = "24112000000012345679", .gross = 1 } } }, { { 1, 5, false } }, "DIFFERS HAND", 1,
      "number SETTLED; gross DIFFERENT" },
    { "a hand is stronger", { 0 }, 2, 1, 1, { { DIGITAL, .id = 1 }, { PAPER, .id = 2 } }, { { .invoice = { DIGITAL, .id = 5 } } },
      { { 2, 5, false } }, "MISSING NONE MATCHED HAND", 1, "" },
    { "a hand takes all copies", { 0 }, 1, 2, 1, { { PAPER, .id = 1 } }, { { .invoice = { DIGITAL, .id = 5 } }, { .invoice = { DIGITAL, .id = 6 } } },
      { { 1, 6, false } }, "MATCHED HAND", 0, "number SETTLED" },
    { "a misread copy by hand", { 0 }, 1, 2, 1, { { DIGITAL, .id = 1 } },
      { { .invoice = { DIGITAL, .id = 5 }, .source = FPI_SOURCE_XML },
        { .invoice = { DIGITAL, .id = 6, .number = "24112000000012345679" }, .source = FPI_SOURCE_QR } },
      { { 1, 6, false } }, "MATCHED HAND", 0, "" },
    { "two copies by hand", { 0 }, 1, 2, 2, { { TAXI, .id = 1, .number = "1" } },
      { { .invoice = { TAXI, .id = 5, .number = "2" } }, { .invoice = { TAXI, .id = 6, .number = "3" } } }, { { 1, 6, false }, { 1, 5, false } },
      "MATCHED HAND", 0, "number SETTLED" },
    { "two want one", { 0 }, 2, 1, 2, { { PAPER, .id = 1 }, { DIGITAL, .id = 2 } }, { { .invoice = { TAXI, .gross = 11300, .id = 5 } } },
      { { 2, 5, false }, { 1, 5, false } }, "MATCHED HAND MISSING NONE", 1, "" },
    { "apart", { 0 }, 1, 1, 1, { { DIGITAL, .id = 1 } }, { { .invoice = { DIGITAL, .id = 5 } } }, { { 1, 5, true } }, APARTS, 1, "" },
    { "apart, by number", { 0 }, 1, 1, 1, { { PAPER, .id = 1 } }, { { .invoice = { PAPER, .id = 5, .code = NULL } } }, { { 1, 5, true } },
      APARTS, 1, "" },
    { "apart, by likeness", { 0 }, 1, 1, 1, { { TAXI, .id = 1 } }, { { .invoice = { TAXI, .id = 5 } } }, { { 1, 5, true } }, APARTS, 1, "" },
    { "a pair of rows that are gone", { 0 }, 1, 1, 2, { { DIGITAL, .id = 1 } }, { { .invoice = { DIGITAL, .id = 5 } } },
      { { 1, 99, false }, { 99, 5, false } }, "MATCHED IDENTITY", 0, "" },
    { "a pair with an attachment", { 0 }, 1, 1, 1, { { DIGITAL, .id = 1 } }, { { .invoice = { PAPER, .id = 5 }, .is_attachment = true } },
      { { 1, 5, false } }, "MISSING NONE", 1, "" },
};

START_TEST(bill)
{
    const struct bill_t *row = &bills[_i];
    const fpi_match_asked_t asked = { row->expected, row->expected_count, row->found, row->found_count, row->pairs,
                                      row->pair_count, row->rules };
    const fpi_match_t *match = run(&asked);

    ck_assert_msg(strcmp(verdicts_of(match), row->verdicts) == 0, "%s: %s", row->what, verdicts_of(match));
    ck_assert_msg(match->failed == row->failed, "%s: %d failed", row->what, match->failed);
    ck_assert_int_eq(match->is_matched, row->expected_count > 0 && row->failed == 0);
    ck_assert_int_eq(match->count, match->matched + match->differs + match->missing + match->extra);
    if (row->diffs) {
        ck_assert_msg(strcmp(diffs_of(match->items), row->diffs) == 0, "%s: %s", row->what, diffs_of(match->items));
    }
}
END_TEST

START_TEST(copies_and_attachments_are_named)
{
    const fpi_invoice_t expected[] = { { DIGITAL, .id = 1 }, { PAPER, .id = 2 } };
    const fpi_match_found_t found[] = { { .invoice = { DIGITAL, .id = 9 }, .source = FPI_SOURCE_PDF_TEXT },
                                        { .invoice = { DIGITAL, .id = 4 }, .source = FPI_SOURCE_XML },
                                        { .invoice = { PAPER, .id = 3 }, .is_attachment = true } };
    const fpi_match_asked_t asked = { expected, 2, found, 3, NULL, 0, normal };
    const fpi_match_t *match = run(&asked);

    ck_assert_int_eq(match->items[0].found, 1);
    ck_assert_int_eq(match->items[0].copy_count, 2);
    ck_assert_int_eq(match->items[0].copies[0], 1); /* by id */
    ck_assert_int_eq(match->items[0].copies[1], 0);
    ck_assert_int_eq(match->items[0].attachment, -1);
    ck_assert_int_eq(match->items[1].verdict, FPI_VERDICT_MISSING);
    ck_assert_int_eq(match->items[1].attachment, 2);
}
END_TEST

START_TEST(too_many_are_refused)
{
    fpi_match_asked_t asked = { .expected = apr_pcalloc(task->pool, sizeof(fpi_invoice_t) * (FPI_MATCH_MOST + 1)),
                                .expected_count = FPI_MATCH_MOST + 1 };
    const fpi_match_t *match;

    unit_failed(fpi_match_run(&match, &asked, task), FPI_E_TOO_LARGE);
    asked.expected_count = FPI_MATCH_MOST;
    unit_done(fpi_match_run(&match, &asked, task));
    ck_assert_int_eq(match->missing, FPI_MATCH_MOST);
}
END_TEST

/* ---- hints ---- */

START_TEST(hints_are_ranked)
{
    const fpi_invoice_t expected[] = { { DIGITAL, .id = 1 } };
    const fpi_match_found_t found[] = {
        { .invoice = { TAXI, .id = 2 } },                                        /* the day only: no hint */
        { .invoice = { TAXI, .id = 3, .gross = 11300 } },                        /* sum and day */
        { .invoice = { DIGITAL, .id = 4, .number = "24112000000012345687" } },   /* two digits changed places */
        { .invoice = { DIGITAL, .id = 5, .number = "24112000000012399999", .gross = 5, .has_net = false } }, /* seller, day */
        { .invoice = { .id = 6, .number = "24112000000012345677" } },            /* a number alone is too little */
        { .invoice = { .id = 7, .number = "2411200000001234567", .date = "2024-05-06" } }, /* a digit short, and the day */
    };
    const fpi_match_asked_t asked = { expected, 1, found, 6, NULL, 0, normal };
    const fpi_match_item_t *item = run(&asked)->items;

    ck_assert_int_eq(item->hint_count, 4);
    ck_assert_int_eq(item->hints[0].at, 2);
    ck_assert_uint_eq(item->hints[0].like, FPI_LIKE_GROSS | FPI_LIKE_NET | FPI_LIKE_DATE | FPI_LIKE_SELLER | FPI_LIKE_NEAR_NUMBER
                                               | FPI_LIKE_TYPE);
    ck_assert_int_eq(item->hints[1].at, 1);
    ck_assert_uint_eq(item->hints[1].like, FPI_LIKE_GROSS | FPI_LIKE_DATE);
    ck_assert_int_eq(item->hints[2].at, 5);
    ck_assert_int_eq(item->hints[3].at, 3);
    for (int i = 1; i < item->hint_count; i++) {
        ck_assert_int_ge(item->hints[i - 1].score, item->hints[i].score);
    }
}
END_TEST

START_TEST(hints_are_bounded_and_mutual)
{
    enum { MANY = 300 };
    fpi_invoice_t *expected = apr_pcalloc(task->pool, sizeof(*expected) * MANY);
    fpi_match_found_t *found = apr_pcalloc(task->pool, sizeof(*found) * MANY);
    const fpi_match_asked_t asked = { expected, MANY, found, MANY, NULL, 0, normal };
    const fpi_match_t *match;

    for (int i = 0; i < MANY; i++) {
        expected[i] = (fpi_invoice_t){ DIGITAL, .id = i + 1, .number = apr_psprintf(task->pool, "2411%016d", i) };
        found[i].invoice = (fpi_invoice_t){ DIGITAL, .id = i + 1, .number = apr_psprintf(task->pool, "2511%016d", i) };
    }
    match = run(&asked);
    ck_assert_int_eq(match->missing, MANY);
    ck_assert_int_eq(match->extra, MANY);
    for (int i = 0; i < match->count; i++) {
        ck_assert_int_eq(match->items[i].hint_count, FPI_MATCH_SUGGESTIONS);
    }
}
END_TEST

/* ---- random bills ---- */

enum { BILLS = 300, MOST = 60 };

/* xorshift: the same bills in each run */
static uint64_t state;

static int chance(int below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int)(state % (uint64_t)below);
}

static void shuffle(int *order, int count)
{
    for (int i = 0; i < count; i++) {
        order[i] = i;
    }
    for (int i = count - 1; i > 0; i--) {
        int k = chance(i + 1), t = order[i];

        order[i] = order[k];
        order[k] = t;
    }
}

static fpi_invoice_t invent(int n)
{
    fpi_invoice_t digital = { DIGITAL }, paper = { PAPER }, rail = { PAPER, .type = 9, .code = NULL };
    fpi_invoice_t invoice = n % 3 == 0 ? digital : n % 3 == 1 ? paper : rail;

    invoice.id = n + 1;
    invoice.number = apr_psprintf(task->pool, n % 3 == 0 ? "2411%016d" : "%08d", n + 1);
    invoice.net = 100 * n;
    invoice.tax = 13 * n;
    invoice.gross = 113 * n;
    return invoice;
}

/* The same invoice as another would write it. */
static fpi_invoice_t rewrite(fpi_invoice_t invoice)
{
    if (chance(3) == 0) {
        invoice.number = apr_pstrcat(task->pool, " ", invoice.number, "\xE3\x80\x80", NULL);
    }
    if (chance(3) == 0) {
        invoice.seller_name = "深圳 (示例)有限公司";
    }
    if (chance(3) == 0) {
        invoice.date = "2024/05/06";
    }
    if (chance(3) == 0 && invoice.code) {
        invoice.code = apr_pstrcat(task->pool, invoice.code, " ", NULL);
    }
    return invoice;
}

enum { PLAIN, GROSS, TAX, DATE, SELLER_NAME, ABSENT, ADDED, FATES };

static void damage(fpi_invoice_t *invoice, int fate)
{
    switch (fate) {
    case GROSS:
        invoice->gross++;
        break;
    case TAX:
        invoice->tax++;
        break;
    case DATE:
        invoice->date = "2024-06-05";
        break;
    case SELLER_NAME:
        invoice->seller_name = "某公司";
        break;
    default:
        break;
    }
}

static fpi_verdict_t verdict_of_fate(int fate, bool is_strict)
{
    if (fate == ABSENT) {
        return FPI_VERDICT_MISSING;
    }
    if (fate == ADDED) {
        return FPI_VERDICT_EXTRA;
    }
    return fate == GROSS || (is_strict && fate != PLAIN) ? FPI_VERDICT_DIFFERS : FPI_VERDICT_MATCHED;
}

typedef struct random_t {
    int fates[MOST], count;
    fpi_invoice_t expected[MOST];
    fpi_match_found_t found[2 * MOST];
    int expected_count, found_count;
} random_t;

static void add_found(random_t *r, int n)
{
    fpi_match_found_t *row = &r->found[r->found_count++];

    row->invoice = rewrite(invent(n));
    row->invoice.id = 1000 + 2 * n;
    row->source = FPI_SOURCE_XML;
    damage(&row->invoice, r->fates[n]);
    if (chance(4) == 0) { /* in another file, too */
        r->found[r->found_count] = *row;
        r->found[r->found_count].source = FPI_SOURCE_PDF_TEXT;
        r->found[r->found_count++].invoice.id++;
    }
}

static random_t *make_random(void)
{
    random_t *r = apr_pcalloc(task->pool, sizeof(*r));

    r->count = 1 + chance(MOST);
    for (int n = 0; n < r->count; n++) {
        r->fates[n] = chance(2) ? PLAIN : chance(FATES);
        if (r->fates[n] != ADDED) {
            r->expected[r->expected_count++] = invent(n);
        }
        if (r->fates[n] != ABSENT) {
            add_found(r, n);
        }
    }
    return r;
}

/* verdicts[n] of the invoice that invent(n) made */
static void told(fpi_verdict_t *verdicts, const fpi_match_t *match, const fpi_match_asked_t *asked)
{
    for (int i = 0; i < match->count; i++) {
        const fpi_match_item_t *item = &match->items[i];
        int64_t n = item->expected >= 0 ? asked->expected[item->expected].id - 1
                                        : (asked->found[item->found].invoice.id - 1000) / 2;

        verdicts[n] = item->verdict;
    }
}

static void check_verdicts(const random_t *r, const fpi_match_t *match, const fpi_match_asked_t *asked)
{
    fpi_verdict_t verdicts[MOST];
    int failed = 0;

    memset(verdicts, 0xFF, sizeof(verdicts));
    told(verdicts, match, asked);
    ck_assert_int_eq(match->count, r->count);
    for (int n = 0; n < r->count; n++) {
        fpi_verdict_t verdict = verdict_of_fate(r->fates[n], asked->rules.is_strict);

        ck_assert_msg(verdicts[n] == verdict, "invoice %d of fate %d is %s", n, r->fates[n], fpi_verdict_name(verdicts[n]));
        failed += verdict != FPI_VERDICT_MATCHED && verdict != FPI_VERDICT_EXTRA;
    }
    ck_assert_int_eq(match->failed, failed);
    ck_assert_int_eq(match->is_matched, r->expected_count > 0 && !failed);
}

/* Both sides in another order. */
static fpi_match_asked_t shuffled(const random_t *r, fpi_match_rules_t rules)
{
    fpi_invoice_t *expected = apr_pcalloc(task->pool, sizeof(r->expected));
    fpi_match_found_t *found = apr_pcalloc(task->pool, sizeof(r->found));
    int order[2 * MOST];

    shuffle(order, r->expected_count);
    for (int i = 0; i < r->expected_count; i++) {
        expected[i] = r->expected[order[i]];
    }
    shuffle(order, r->found_count);
    for (int i = 0; i < r->found_count; i++) {
        found[i] = r->found[order[i]];
    }
    return (fpi_match_asked_t){ expected, r->expected_count, found, r->found_count, NULL, 0, rules };
}

/* What is expected was found, and the other way round: copies apart, the same verdicts. */
static void check_mirror(const fpi_match_t *match, const fpi_match_asked_t *asked)
{
    fpi_invoice_t *expected = apr_pcalloc(task->pool, sizeof(*expected) * (size_t)(match->count + 1));
    fpi_match_found_t *found = apr_pcalloc(task->pool, sizeof(*found) * (size_t)(match->count + 1));
    fpi_match_asked_t mirror = { expected, 0, found, 0, NULL, 0, asked->rules };
    const fpi_match_t *other;

    for (int i = 0; i < match->count; i++) {
        const fpi_match_item_t *item = &match->items[i];

        if (item->found >= 0) {
            expected[mirror.expected_count++] = asked->found[item->found].invoice;
        }
        if (item->expected >= 0) {
            found[mirror.found_count++].invoice = asked->expected[item->expected];
        }
    }
    other = run(&mirror);
    ck_assert_int_eq(other->matched, match->matched);
    ck_assert_int_eq(other->differs, match->differs);
    ck_assert_int_eq(other->missing, match->extra);
    ck_assert_int_eq(other->extra, match->missing);
}

START_TEST(random_bills)
{
    state = 88172645463325252U + (uint64_t)_i;
    for (int i = 0; i < BILLS; i++) {
        random_t *r;

        unit_close();
        unit_open();
        r = make_random();
        for (int way = 0; way < 2; way++) {
            fpi_match_asked_t asked = shuffled(r, way ? strict : normal);
            const fpi_match_t *match = run(&asked);

            check_verdicts(r, match, &asked);
            check_mirror(match, &asked);
            ck_assert_str_eq(verdicts_of(match), verdicts_of(run(&asked)));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("match");
    TCase *one = unit_case(suite, "one against one"), *several = unit_case(suite, "bills");
    TCase *hints = unit_case(suite, "hints"), *random = unit_case(suite, "random bills");

    tcase_add_loop_test(one, two, 0, UNIT_COUNT(twos));
    tcase_add_test(one, differences_show_both_values);
    tcase_add_loop_test(several, bill, 0, UNIT_COUNT(bills));
    tcase_add_test(several, copies_and_attachments_are_named);
    tcase_add_test(several, too_many_are_refused);
    tcase_add_test(hints, hints_are_ranked);
    tcase_add_test(hints, hints_are_bounded_and_mutual);
    tcase_add_loop_test(random, random_bills, 0, 4);
    return unit_run(suite);
}
