/* XML: what is found, what is refused, and that nothing is fetched or expanded. */
#include "wire/xml.h"

#include "unit.h"

#include <apr_strings.h>

static fpi_xml_t *parse(const char *text)
{
    fpi_xml_t *root;

    unit_done(fpi_xml_parse(&root, text, strlen(text), task));
    return root;
}

static const char soap[] =
    "<?xml version=\"1.0\"?><!-- note --><s:Envelope xmlns:s=\"urn:soap\" xmlns:i=\"urn:i\"><s:Body>"
    "<m:call xmlns:m=\"urn:m\"><a i:nil=\"true\" nil=\"x\"/><b> one <c>two</c> </b><a>3 &lt;&#x4e2d;<![CDATA[<&]]></a>"
    "<?pi x?></m:call></s:Body></s:Envelope>";

START_TEST(elements_are_found)
{
    fpi_xml_t *root = parse(soap), *call = fpi_xml_find(root, "Body/call");

    ck_assert_str_eq(fpi_xml_name(root), "Envelope");
    ck_assert_str_eq(fpi_xml_space(root), "urn:soap");
    ck_assert_ptr_nonnull(call);
    ck_assert_str_eq(fpi_xml_space(call), "urn:m");
    ck_assert_str_eq(fpi_xml_space(fpi_xml_first(call, NULL)), "");
    ck_assert_ptr_eq(fpi_xml_parent(fpi_xml_seek(root, "c")), fpi_xml_first(call, "b"));
    ck_assert_ptr_null(fpi_xml_parent(root));
    ck_assert_ptr_null(fpi_xml_find(root, "Body/none/b"));
    ck_assert_ptr_null(fpi_xml_find(root, "Bod"));
    ck_assert_ptr_null(fpi_xml_seek(root, "Envelope"));
    ck_assert_ptr_eq(fpi_xml_next(fpi_xml_first(call, "a"), "a"), fpi_xml_next(fpi_xml_first(call, "b"), NULL));
    ck_assert_ptr_null(fpi_xml_first(NULL, "a"));
    ck_assert_int_eq(fpi_xml_line(root), 1);
}
END_TEST

START_TEST(texts_and_attributes_are_read)
{
    fpi_xml_t *call = fpi_xml_find(parse(soap), "Body/call"), *a = fpi_xml_first(call, "a");

    ck_assert_str_eq(fpi_xml_text(fpi_xml_first(call, "b"), task), "one two");
    ck_assert_str_eq(fpi_xml_text(fpi_xml_next(a, "a"), task), "3 <中<&");
    ck_assert_str_eq(fpi_xml_text(NULL, task), "");
    ck_assert_ptr_null(fpi_xml_find_text(call, "a", task));
    ck_assert_str_eq(fpi_xml_find_text(call, "b/c", task), "two");
    ck_assert_str_eq(fpi_xml_attribute(a, "urn:i", "nil", task), "true");
    ck_assert_str_eq(fpi_xml_attribute(a, "", "nil", task), "x");
    ck_assert_str_eq(fpi_xml_attribute(a, NULL, "nil", task), "true");
    ck_assert_ptr_null(fpi_xml_attribute(a, NULL, "none", task));
    ck_assert_ptr_null(fpi_xml_attribute(NULL, NULL, "nil", task));
}
END_TEST

static const char undeclared[] = "<e:a xmlns:d='urn:d'><:b>1</:b><e:c f:id='7' d:id='8'>2</e:c><e:>3</e:><d:c>4</d:c></e:a>";

START_TEST(prefixes_that_nobody_declared_are_passed_over)
{
    fpi_xml_t *root = parse(undeclared), *c = fpi_xml_first(root, "c");

    ck_assert(fpi_xml_is(root, "a") && !fpi_xml_is(root, "e:a"));
    ck_assert_str_eq(fpi_xml_name(c), "c");
    ck_assert_str_eq(fpi_xml_find_text(root, "b", task), "1");
    ck_assert_str_eq(fpi_xml_text(c, task), "2");
    ck_assert_str_eq(fpi_xml_text(fpi_xml_next(c, "c"), task), "4");
    ck_assert_str_eq(fpi_xml_attribute(c, NULL, "id", task), "7");
    ck_assert_str_eq(fpi_xml_attribute(c, "urn:d", "id", task), "8");
    ck_assert_ptr_null(fpi_xml_attribute(c, "", "id", task)); /* what it means nobody said */
}
END_TEST

static const char *const leads[] = { "", "\n", "\r\n \t", "\xEF\xBB\xBF", "\xEF\xBB\xBF\r\n", " \xEF\xBB\xBF\xEF\xBB\xBF\n" };

START_TEST(blanks_before_the_declaration_are_passed_over)
{
    ck_assert_str_eq(fpi_xml_text(parse(apr_pstrcat(task->pool, leads[_i], "<?xml version='1.0'?><a>1</a>", NULL)), task), "1");
    ck_assert_str_eq(fpi_xml_text(parse(apr_pstrcat(task->pool, leads[_i], "<a>1</a>", NULL)), task), "1");
}
END_TEST

START_TEST(a_walk_meets_all_in_order)
{
    fpi_xml_t *root = parse("<a><b><c/></b><d/><e><f/></e></a>"), *b = fpi_xml_first(root, "b");
    const char *names = "";

    for (const fpi_xml_t *at = fpi_xml_walk(root, root); at; at = fpi_xml_walk(root, at)) {
        names = apr_pstrcat(task->pool, names, fpi_xml_name(at), NULL);
    }
    ck_assert_str_eq(names, "bcdef");
    ck_assert_ptr_null(fpi_xml_walk(b, fpi_xml_first(b, "c"))); /* it stays below the top */
    ck_assert_ptr_null(fpi_xml_walk(fpi_xml_first(root, "d"), fpi_xml_first(root, "d")));
}
END_TEST

START_TEST(encodings_become_utf8)
{
    static const char gbk[] = "<?xml version=\"1.0\" encoding=\"GBK\"?><a>\xD6\xD0</a>";
    static const char utf16[] = "\xFF\xFE<\0a\0>\0\x2D\x4E<\0/\0a\0>\0";
    fpi_xml_t *root;

    ck_assert_str_eq(fpi_xml_text(parse(gbk), task), "中");
    unit_done(fpi_xml_parse(&root, utf16, sizeof(utf16) - 1, task));
    ck_assert_str_eq(fpi_xml_text(root, task), "中");
}
END_TEST

static const struct wrong_t {
    const char *text, *says;
} wrong[] = {
    { "", "broken" },
    { "   ", "broken" },
    { "<a>", "broken in line 1" },
    { "<a>\n<b></c></a>", "line 2" },
    { "\n\n<?xml version='1.0'?><a>\n<b></c></a>", "line 4" },
    { "x<?xml version='1.0'?><a/>", "broken in line 1" },
    { "<a/><b/>", "broken" },
    { "<a>&undefined;</a>", "broken" },
    { "<a>\xFF\xFE</a>", "broken" },
    { "<!DOCTYPE a><a/>", "document type" },
    { "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "document type" },
    { "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\"><a/>", "document type" },
    { "<!DOCTYPE a [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]><a/>", "document type" },
};

START_TEST(wrong_documents_are_refused)
{
    fpi_xml_t *root;
    fpi_err_t *err = fpi_xml_parse(&root, wrong[_i].text, strlen(wrong[_i].text), task);

    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert_msg(strstr(err->en, wrong[_i].says) != NULL, "%s", err->en);
    ck_assert_ptr_nonnull(err->zh);
    ck_assert_ptr_null(root);
}
END_TEST

static const char *nested(int depth)
{
    char *text = apr_palloc(task->pool, (size_t)depth * 7 + 1), *at = text;

    for (int i = 0; i < depth; i++, at += 3) {
        memcpy(at, "<a>", 3);
    }
    for (int i = 0; i < depth; i++, at += 4) {
        memcpy(at, "</a>", 4);
    }
    *at = '\0';
    return text;
}

static const char *wide(const char *unit, int count)
{
    size_t len = strlen(unit);
    char *text = apr_palloc(task->pool, len * (size_t)count + 8), *at = apr_cpystrn(text, "<a>", 4);

    for (int i = 0; i < count; i++, at += len) {
        memcpy(at, unit, len);
    }
    memcpy(at, "</a>", 5);
    return text;
}

START_TEST(limits_hold)
{
    char *large = apr_pcalloc(task->pool, FPI_XML_BYTES + 1);
    const char *text;
    fpi_xml_t *root;
    bool repaired;

    parse(nested(FPI_XML_DEPTH));
    text = nested(FPI_XML_DEPTH + 1);
    unit_failed(fpi_xml_parse(&root, text, strlen(text), task), FPI_E_UNREADABLE);
    unit_failed(fpi_xml_repair(&root, &repaired, text, strlen(text), task), FPI_E_UNREADABLE);
    parse(wide("<b/>", FPI_XML_NODES - 1));
    text = wide("<b/>", FPI_XML_NODES);
    unit_failed(fpi_xml_parse(&root, text, strlen(text), task), FPI_E_UNREADABLE);
    text = wide("<b c='' d=''/>", FPI_XML_NODES / 3 + 1);
    unit_failed(fpi_xml_parse(&root, text, strlen(text), task), FPI_E_UNREADABLE);
    unit_failed(fpi_xml_parse(&root, large, FPI_XML_BYTES + 1, task), FPI_E_UNREADABLE);
    parse(wide("<!---->", FPI_XML_NODES * 2)); /* comments are no nodes of ours */
}
END_TEST

static const struct repair_t {
    const char *text, *name, *value;
    bool repaired;
} repairs[] = {
    { "<a><b>1</b></a>", "b", "1", false },
    { "<a><b>1</B><c>2</c></a>", "c", "2", true },
    { "<a><b>1</b><c>x & y</c></a>", "b", "1", true },
    { "<a><b>1</b><c>2", "b", "1", true },
};

START_TEST(malformed_ones_are_repaired)
{
    const struct repair_t *row = &repairs[_i];
    fpi_xml_t *root;
    bool repaired;

    unit_done(fpi_xml_repair(&root, &repaired, row->text, strlen(row->text), task));
    ck_assert_int_eq(repaired, row->repaired);
    ck_assert_str_eq(fpi_xml_text(fpi_xml_seek(root, row->name), task), row->value);
}
END_TEST

START_TEST(nothing_is_left_to_repair)
{
    fpi_xml_t *root;
    bool repaired;

    unit_failed(fpi_xml_repair(&root, &repaired, "no markup", 9, task), FPI_E_UNREADABLE);
    unit_failed(fpi_xml_repair(&root, &repaired, "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", 41, task), FPI_E_UNREADABLE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("xml");
    TCase *good = unit_case(suite, "reading");
    TCase *bad = unit_case(suite, "refusing");

    tcase_add_test(good, elements_are_found);
    tcase_add_test(good, texts_and_attributes_are_read);
    tcase_add_test(good, prefixes_that_nobody_declared_are_passed_over);
    tcase_add_loop_test(good, blanks_before_the_declaration_are_passed_over, 0, UNIT_COUNT(leads));
    tcase_add_test(good, a_walk_meets_all_in_order);
    tcase_add_test(good, encodings_become_utf8);
    tcase_add_loop_test(good, malformed_ones_are_repaired, 0, UNIT_COUNT(repairs));
    tcase_add_loop_test(bad, wrong_documents_are_refused, 0, UNIT_COUNT(wrong));
    tcase_add_test(bad, limits_hold);
    tcase_add_test(bad, nothing_is_left_to_repair);
    return unit_run(suite);
}
