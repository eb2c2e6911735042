/* Evidence and found invoices, JSON to the model and back. */
#include "service/evidence_forms.h"

#include "unit.h"

static fpi_json_t *parse(const char *text)
{
    fpi_json_t *doc;

    unit_done(fpi_json_parse(&doc, text, strlen(text), task));
    return doc;
}

static const char look[] =
    "{\"v\":1,\"pages\":[{\"n\":2,\"codes\":[{\"kind\":\"QR\",\"text\":\"01,32,,24442000000000000001,9,20240506,,\"},"
    "{\"kind\":\"BAR\",\"text\":\"EAS-1\"},{\"kind\":\"QR\"}]}],"
    "\"evidence\":[{\"source\":\"XML\",\"invoice\":1,\"type\":26,\"lines\":[{\"name\":\"a\"}],"
    "\"fields\":{\"number\":\"24442000000000000001\",\"gross\":\"8\",\"note\":null}}]}";

START_TEST(a_look_is_read)
{
    fpi_evidence_t *evidence;
    int count;

    unit_done(fpi_evidence_read(&evidence, &count, parse(look), task));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(evidence->source, FPI_SOURCE_XML);
    ck_assert_int_eq(evidence->invoice, 1);
    ck_assert_int_eq(evidence->type, 26);
    ck_assert_int_eq(evidence->count, 2);
    ck_assert_str_eq(evidence->lines, "[{\"name\":\"a\"}]");
    unit_done(fpi_evidence_read_look(&evidence, &count, parse(look), task));
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(evidence[1].source, FPI_SOURCE_QR);
    ck_assert_int_eq(evidence[1].page, 2);
    unit_done(fpi_evidence_read(&evidence, &count, parse("[]"), task));
    ck_assert_int_eq(count, 0);
    unit_done(fpi_evidence_read_look(&evidence, &count, parse("{}"), task));
    ck_assert_int_eq(count, 0);
}
END_TEST

START_TEST(a_found_invoice_is_written)
{
    static const char expected[] =
        "{\"identity\":\"24442000000000000001\",\"type\":26,\"source\":\"XML\",\"page\":2,\"has_conflict\":false,"
        "\"fields\":{\"number\":{\"value\":\"24442000000000000001\",\"source\":\"XML\",\"others\":[]},"
        "\"date\":{\"value\":\"2024-05-06\",\"source\":\"QR\",\"others\":[]},"
        "\"gross\":{\"value\":\"8.00\",\"source\":\"XML\",\"others\":[{\"source\":\"QR\",\"value\":\"9.00\"}]}},"
        "\"lines\":[{\"name\":\"a\"}]}";
    fpi_evidence_t *evidence;
    fpi_found_t *found;
    int count;

    unit_done(fpi_evidence_read_look(&evidence, &count, parse(look), task));
    unit_done(fpi_evidence_merge(&found, &count, evidence, count, task));
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(fpi_json_format(fpi_found_write(found, task), false, task), expected);
}
END_TEST

static const char *const wrong[] = {
    "[{}]", "[1]", "[{\"source\":\"OCR\"}]", "[{\"source\":\"XML\",\"fields\":[]}]",
    "[{\"source\":\"XML\",\"fields\":{\"number\":1}}]", "[{\"source\":\"XML\",\"page\":-1}]",
    "[{\"source\":\"XML\",\"lines\":{}}]", "{\"evidence\":{}}",
};

START_TEST(wrong_forms_are_refused)
{
    fpi_evidence_t *evidence;
    int count;

    unit_failed(fpi_evidence_read(&evidence, &count, parse(wrong[_i]), task), FPI_E_FIELD);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evidence forms");
    TCase *forms = unit_case(suite, "forms");

    tcase_add_test(forms, a_look_is_read);
    tcase_add_test(forms, a_found_invoice_is_written);
    tcase_add_loop_test(forms, wrong_forms_are_refused, 0, UNIT_COUNT(wrong));
    return unit_run(suite);
}
