/* Calls and replies of Axis 1.x; shapes from facts-erp.md 1.5 and 6. */
#include "unit.h"

#include "wire/soap.h"

#define HEAD "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" " \
             "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" " \
             "xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\"><soapenv:Body>"
#define TAIL "</soapenv:Body></soapenv:Envelope>"

static fpi_soap_t *parse(const char *text)
{
    fpi_soap_t *reply;

    unit_done(fpi_soap_parse(&reply, text, strlen(text), task));
    return reply;
}

static fpi_xml_t *result(const fpi_soap_t *reply)
{
    fpi_xml_t *value;

    unit_done(fpi_soap_result(&value, reply, task));
    return value;
}

static const char *text_of(const fpi_soap_t *reply, fpi_xml_t *value, const char *name)
{
    const char *text;

    unit_done(fpi_soap_find_text(&text, reply, value, name, task));
    return text;
}

/* ---- calls ---- */

START_TEST(makes_a_call)
{
    const fpi_soap_part_t parts[] = {
        { "userName", FPI_SOAP_TEXT, "a&b<c>\"d\"", 0, NULL },
        { "password", FPI_SOAP_SECRET, NULL, 0, fpi_secret_make_text(task->pool, "p&w") },
        { "dbType", FPI_SOAP_INT, NULL, 1, NULL },
        { "isX", FPI_SOAP_BOOL, NULL, 1, NULL },
        { "none", FPI_SOAP_TEXT, NULL, 0, NULL },
    };
    const fpi_soap_call_t call = { "login", "http://login.webservice.bos.kingdee.com", parts, UNIT_COUNT(parts),
                                   "http://login.webservice.bos.kingdee.com",
                                   fpi_secret_make_text(task->pool, "0-1") };
    fpi_secret_t *out;
    fpi_xml_t *root, *login;

    unit_done(fpi_soap_format(&out, &call, task));
    unit_done(fpi_xml_parse(&root, out->bytes, out->len, task));
    ck_assert_str_eq(fpi_xml_find_text(root, "Header/SessionId", task), "0-1");
    login = fpi_xml_find(root, "Body/login");
    ck_assert_str_eq(fpi_xml_space(login), "http://login.webservice.bos.kingdee.com");
    ck_assert_str_eq(fpi_xml_find_text(login, "userName", task), "a&b<c>\"d\"");
    ck_assert_str_eq(fpi_xml_find_text(login, "password", task), "p&w");
    ck_assert_str_eq(fpi_xml_attribute(fpi_xml_first(login, "dbType"), NULL, "type", task), "xsd:int");
    ck_assert_str_eq(fpi_xml_find_text(login, "isX", task), "true");
    ck_assert_str_eq(fpi_xml_attribute(fpi_xml_first(login, "none"), NULL, "nil", task), "true");
    ck_assert(strstr(out->bytes, "<userName xsi:type=\"xsd:string\">") != NULL);
}
END_TEST

static const char *const unwritable[] = { "a\x01z", "\xFF", "x\xEF\xBF\xBF", "\x1B" };

START_TEST(refuses_what_xml_cannot_hold)
{
    const fpi_soap_part_t part = { "inputXML", FPI_SOAP_TEXT, unwritable[_i], 0, NULL };
    const fpi_soap_call_t call = { "x", "urn:x", &part, 1, NULL, NULL };
    fpi_secret_t *out;

    unit_failed(fpi_soap_format(&out, &call, task), FPI_E_FIELD);
    ck_assert(out == NULL);
}
END_TEST

START_TEST(refuses_a_huge_call)
{
    char *text = apr_palloc(task->pool, FPI_SOAP_CALL + 1);
    fpi_soap_part_t part = { "inputXML", FPI_SOAP_TEXT, text, 0, NULL };
    const fpi_soap_call_t call = { "x", "urn:x", &part, 1, NULL, NULL };
    fpi_secret_t *out;

    memset(text, 'a', FPI_SOAP_CALL);
    text[FPI_SOAP_CALL] = '\0';
    unit_failed(fpi_soap_format(&out, &call, task), FPI_E_TOO_LARGE);
}
END_TEST

/* ---- replies ---- */

static const char *const logins[] = {
    /* multiRef, in any order, ints referenced, too */
    HEAD "<multiRef id=\"id1\" soapenc:root=\"0\" xsi:type=\"xsd:int\">1</multiRef>"
         "<ns1:loginResponse xmlns:ns1=\"urn:a\"><loginReturn href=\"#id0\"/></ns1:loginResponse>"
         "<multiRef id=\"id0\" soapenc:root=\"0\" xsi:type=\"ns2:WSContext\" xmlns:ns2=\"urn:client\">"
         "<dbType href=\"#id1\"/><sessionId xsi:type=\"soapenc:string\">s-1</sessionId>"
         "<dcName xsi:nil=\"true\"/><slnName></slnName><ok>true</ok></multiRef>" TAIL,
    /* inline */
    HEAD "<loginResponse><loginReturn><dbType>1</dbType><sessionId>s-1</sessionId><dcName xsi:nil=\"1\"/><slnName/>"
         "<ok>1</ok></loginReturn></loginResponse>" TAIL,
    /* behind blank lines and a byte order mark */
    "\r\n\r\n\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Envelope><Body><loginResponse><loginReturn><dbType>1</dbType>"
    "<sessionId>s-1</sessionId><slnName/><ok>1</ok></loginReturn></loginResponse></Body></Envelope>",
};

START_TEST(reads_a_bean)
{
    fpi_soap_t *reply = parse(logins[_i]);
    fpi_xml_t *bean = result(reply);
    int64_t number;
    bool ok;

    ck_assert(!fpi_soap_fault(reply));
    ck_assert_str_eq(text_of(reply, bean, "sessionId"), "s-1");
    ck_assert(text_of(reply, bean, "dcName") == NULL);
    ck_assert_str_eq(text_of(reply, bean, "slnName"), "");
    ck_assert(text_of(reply, bean, "absent") == NULL);
    unit_done(fpi_soap_find_int(&number, reply, bean, "dbType", 7, task));
    ck_assert_int_eq(number, 1);
    unit_done(fpi_soap_find_int(&number, reply, bean, "absent", 7, task));
    ck_assert_int_eq(number, 7);
    unit_done(fpi_soap_find_bool(&ok, reply, bean, "ok", false, task));
    ck_assert(ok);
    unit_failed(fpi_soap_find_int(&number, reply, bean, "sessionId", 0, task), FPI_E_UNREADABLE);
    unit_failed(fpi_soap_find_bool(&ok, reply, bean, "sessionId", false, task), FPI_E_UNREADABLE);
}
END_TEST

START_TEST(reads_an_array)
{
    fpi_soap_t *reply = parse(HEAD "<r><out xsi:type=\"soapenc:Array\" soapenc:arrayType=\"xsd:string[99]\"><item>a</item>"
                                   "<item href=\"#b\"/><x xsi:nil=\"true\"/></out></r>"
                                   "<multiRef id=\"b\">b</multiRef>" TAIL);
    fpi_xml_t **items;
    int count;

    unit_done(fpi_soap_items(&items, &count, reply, result(reply), task));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(text_of(reply, items[0], NULL), "a");
    ck_assert_str_eq(text_of(reply, items[1], NULL), "b");
    ck_assert(items[2] == NULL);
    ck_assert(text_of(reply, items[2], NULL) == NULL);
}
END_TEST

START_TEST(reads_nothing)
{
    fpi_soap_t *reply = parse(HEAD "<imageReadyResponse/>" TAIL);

    ck_assert(result(reply) == NULL);
    reply = parse(HEAD TAIL);
    ck_assert(!fpi_soap_fault(reply));
    unit_failed(fpi_soap_result(&(fpi_xml_t *){ NULL }, reply, task), FPI_E_UNREADABLE);
}
END_TEST

static const char *const astray[] = {
    HEAD "<r><v href=\"#gone\"/></r>" TAIL,
    HEAD "<r><v href=\"http://elsewhere/x\"/></r>" TAIL,
    HEAD "<r><v href=\"#a\"/></r><multiRef id=\"a\" href=\"#b\"/><multiRef id=\"b\" href=\"#a\"/>" TAIL,
    HEAD "<r><v id=\"me\" href=\"#me\"/></r>" TAIL,
};

START_TEST(refuses_references_astray)
{
    fpi_xml_t *value;

    unit_failed(fpi_soap_result(&value, parse(astray[_i]), task), FPI_E_UNREADABLE);
}
END_TEST

#define AXIS "xmlns:x=\"http://xml.apache.org/axis/\""

static const struct {
    const char *text, *code, *says, *exception;
} faults[] = {
    { HEAD "<soapenv:Fault><faultcode>soapenv:Server.userException</faultcode><faultstring>"
           "com.kingdee.bos.webservice.WSInvokeException: session not\nfound</faultstring>"
           "<detail><ns:hostname xmlns:ns=\"http://xml.apache.org/axis/\">h</ns:hostname></detail></soapenv:Fault>" TAIL,
      "Server.userException", "com.kingdee.bos.webservice.WSInvokeException: session not found",
      "com.kingdee.bos.webservice.WSInvokeException" },
    { HEAD "<Fault><faultcode>Client</faultcode><faultstring>No such operation &#x65E0;</faultstring></Fault>" TAIL,
      "Client", "No such operation \xE6\x97\xA0", NULL },
    { HEAD "<Fault/>" TAIL, "", "", NULL },
    { HEAD "<Fault><faultstring>a.b.WSInvokeException</faultstring><detail><x:exceptionName " AXIS ">a.b.WSInvokeException"
           "</x:exceptionName><x:stackTrace " AXIS ">Caused by: please login first</x:stackTrace><x:hostname " AXIS ">h"
           "</x:hostname></detail></Fault>" TAIL,
      "", "a.b.WSInvokeException: Caused by: please login first", "a.b.WSInvokeException" },
    { HEAD "<Fault><faultstring/><detail><msg>单据不存在</msg><x:hostname " AXIS ">eas1</x:hostname></detail></Fault>" TAIL,
      "", "单据不存在", NULL },
    { HEAD "<Fault><faultstring>a.b.WSInvokeException: no</faultstring><detail><x:stackTrace " AXIS ">trace</x:stackTrace>"
           "</detail></Fault>" TAIL,
      "", "a.b.WSInvokeException: no", "a.b.WSInvokeException" },
};

START_TEST(tells_faults)
{
    fpi_soap_t *reply = parse(faults[_i].text);
    const fpi_soap_fault_t *fault = fpi_soap_fault(reply);
    fpi_xml_t *value;

    ck_assert(fault != NULL);
    ck_assert_str_eq(fault->code, faults[_i].code);
    ck_assert_str_eq(fault->text, faults[_i].says);
    ck_assert_msg(faults[_i].exception ? fault->exception && strcmp(fault->exception, faults[_i].exception) == 0
                                       : !fault->exception,
                  "exception: %s", fault->exception ? fault->exception : "none");
    unit_failed(fpi_soap_result(&value, reply, task), FPI_E_UNREADABLE);
}
END_TEST

static const struct {
    const char *text, *says;
} strange[] = {
    { "<html><body>login</body></html>", "begins with <html>" },
    { "\r\n  <html><body>login</body></html>", "begins with <html>" },
    { "user&password", "no SOAP envelope" },
    { "", "no SOAP envelope" },
    { "<Envelope/>", "no SOAP envelope" },
    { "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Envelope><Body>&e;</Body></Envelope>", "<!DOCTYPE" },
    { HEAD "<r>", "no SOAP envelope" },
};

START_TEST(refuses_what_is_none)
{
    fpi_soap_t *reply;
    fpi_err_t *err = fpi_soap_parse(&reply, strange[_i].text, strlen(strange[_i].text), task);

    unit_failed(err, FPI_E_UNREADABLE);
    ck_assert_msg(strstr(fpi_err_chain(task->pool, err), strange[_i].says) != NULL, "%s",
                  fpi_err_chain(task->pool, err));
}
END_TEST

static const char *const inner[] = {
    "<DATA><retCode>0</retCode></DATA>",
    " \r\n\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"GBK\"?>\n<DATA><retCode>0</retCode></DATA>",
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?><DATA><retCode>0</retCode></DATA>",
    "&lt;DATA&gt;&lt;retCode&gt;0&lt;/retCode&gt;&lt;/DATA&gt;",
    "&lt;?xml version=\"1.0\"?&gt;&lt;DATA&gt;&lt;retCode&gt;0&lt;/retCode&gt;&lt;/DATA&gt;",
};

START_TEST(reads_xml_inside)
{
    fpi_xml_t *root;

    unit_done(fpi_soap_inner(&root, inner[_i], task));
    ck_assert_str_eq(fpi_xml_find_text(root, "retCode", task), "0");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("soap");
    TCase *tc = unit_case(suite, "soap");

    tcase_add_test(tc, makes_a_call);
    tcase_add_loop_test(tc, refuses_what_xml_cannot_hold, 0, UNIT_COUNT(unwritable));
    tcase_add_test(tc, refuses_a_huge_call);
    tcase_add_loop_test(tc, reads_a_bean, 0, UNIT_COUNT(logins));
    tcase_add_test(tc, reads_an_array);
    tcase_add_test(tc, reads_nothing);
    tcase_add_loop_test(tc, refuses_references_astray, 0, UNIT_COUNT(astray));
    tcase_add_loop_test(tc, tells_faults, 0, UNIT_COUNT(faults));
    tcase_add_loop_test(tc, refuses_what_is_none, 0, UNIT_COUNT(strange));
    tcase_add_loop_test(tc, reads_xml_inside, 0, UNIT_COUNT(inner));
    return unit_run(suite);
}
