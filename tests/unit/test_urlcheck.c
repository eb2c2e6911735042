/* Addresses as people paste them: what is wrong with each, and the one that was meant. */
#include "unit.h"

#include "service/urlcheck.h"
#include "wire/http.h"

#define ANY FPI_ADDRESS_ANY
#define PUSH FPI_ADDRESS_PUSH

/* found: codes in the order of the findings, hints in (); right NULL: can't be told. */
static const struct {
    const char *text;
    fpi_address_t kind;
    const char *found, *right;
} cases[] = {
    /* right as they are */
    { "http://10.1.2.3:8080/api/", ANY, "", "http://10.1.2.3:8080/api/" },
    { "https://img.example.com:8443/api/", ANY, "", "https://img.example.com:8443/api/" },
    { "https://img.example.com/api/", ANY, "", "https://img.example.com/api/" },
    { "http://[2001:db8::1]:8080/api/", ANY, "", "http://[2001:db8::1]:8080/api/" },
    { "http://10.1.2.3:6888/ormrpc/services/", ANY, "", "http://10.1.2.3:6888/ormrpc/services/" },
    { "http://1.2.3.4:8080/api/imgsys/outside/push", ANY, "", "http://1.2.3.4:8080/api/imgsys/outside/push" },
    { "http://1.2.3.4:8080/mapped/push", PUSH, "", "http://1.2.3.4:8080/mapped/push" },
    /* hints */
    { "http://10.1.2.3/api/", ANY, "(no_port)", "http://10.1.2.3/api/" },
    { "http://localhost:8080/api/", ANY, "(loopback)", "http://localhost:8080/api/" },
    { "http://127.0.0.1:8080/api/", ANY, "(loopback)", "http://127.0.0.1:8080/api/" },
    /* slashes and colons */
    { "http://10.1.2.3:8080//api/", ANY, "doubled_slash", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api//", ANY, "doubled_slash", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api", ANY, "no_final_slash", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api:/", ANY, "stray_colon", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/:/api/", ANY, "stray_colon", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3::8080/api/", ANY, "stray_colon", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080:/api:/", ANY, "stray_colon", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:/api/", ANY, "stray_colon (no_port)", "http://10.1.2.3/api/" },
    { "http：//10.1.2.3：8080/api/", ANY, "full_width_colon", "http://10.1.2.3:8080/api/" },
    { "http://１０.1.2.3:8080／api/", ANY, "full_width", "http://10.1.2.3:8080/api/" },
    { "http://10。1。2。3:8080/api/", ANY, "full_width", "http://10.1.2.3:8080/api/" },
    { "http:\\\\10.1.2.3:8080\\api\\", ANY, "backslash", "http://10.1.2.3:8080/api/" },
    /* scheme */
    { "10.1.2.3:8080/api/", ANY, "no_scheme", "http://10.1.2.3:8080/api/" },
    { "//10.1.2.3:8080/api/", ANY, "no_scheme", "http://10.1.2.3:8080/api/" },
    { "httpserver:8080/api/", ANY, "no_scheme", "http://httpserver:8080/api/" },
    { "http:/10.1.2.3:8080/api/", ANY, "bad_scheme", "http://10.1.2.3:8080/api/" },
    { "https//10.1.2.3:8080/api/", ANY, "bad_scheme", "https://10.1.2.3:8080/api/" },
    { "http:///10.1.2.3:8080/api/", ANY, "bad_scheme", "http://10.1.2.3:8080/api/" },
    { "ftp://10.1.2.3:8080/api/", ANY, "other_scheme", "http://10.1.2.3:8080/api/" },
    /* what came along when it was pasted */
    { " http://10.1.2.3:8080/api/\n", ANY, "blank", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3 :8080/api/", ANY, "blank", "http://10.1.2.3:8080/api/" },
    { "\xE3\x80\x80http://10.1.2.3:8080/api/", ANY, "blank", "http://10.1.2.3:8080/api/" },
    { "“http://10.1.2.3:8080/api/”", ANY, "quotes", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api/?x=1", ANY, "query", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api/#top", ANY, "query", "http://10.1.2.3:8080/api/" },
    { "http://u:p@10.1.2.3:8080/api/", ANY, "user", "http://10.1.2.3:8080/api/" },
    /* /api */
    { "http://10.1.2.3:8080", ANY, "no_api", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/", ANY, "no_api", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/imgsys/", ANY, "no_api", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/apix/", ANY, "no_api", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/API/", ANY, "api_case", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api/api/", ANY, "api_twice", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api/api/api", ANY, "api_twice no_final_slash", "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/api/imgsys/bill/h5/getH5ViewPageUrl", ANY, "suffix",
      "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/imgsys-web/login?domain=kingdee", ANY, "login_page",
      "http://10.1.2.3:8080/api/" },
    { "http://10.1.2.3:8080/imgsys-web/#/login", ANY, "login_page", "http://10.1.2.3:8080/api/" },
    /* the ERP's */
    { "http://10.1.2.3:6888/ormrpc/services/EASLogin?wsdl", ANY, "wsdl eas_login",
      "http://10.1.2.3:6888/ormrpc/services/" },
    { "http://10.1.2.3:6888/ormrpc/services/EASLogin", ANY, "eas_login",
      "http://10.1.2.3:6888/ormrpc/services/" },
    { "http://10.1.2.3:6888/ormrpc/services", ANY, "no_final_slash",
      "http://10.1.2.3:6888/ormrpc/services/" },
    { "http://10.1.2.3:6888/ormrpc/services/WSContextSrv", ANY, "service_name",
      "http://10.1.2.3:6888/ormrpc/services/" },
    { "http://10.1.2.3:6888//ormrpc//services/", ANY, "doubled_slash",
      "http://10.1.2.3:6888/ormrpc/services/" },
    { "http://10.1.2.3:6888/ormrpc/", ANY, "no_services", "http://10.1.2.3:6888/ormrpc/services/" },
    { "http://10.1.2.3/ormrpc/services/", ANY, "(no_port)", "http://10.1.2.3/ormrpc/services/" },
    { "http://10.1.2.3:6888/easportal/", FPI_ADDRESS_ERP, "no_services",
      "http://10.1.2.3:6888/ormrpc/services/" },
    /* the push */
    { "http://1.2.3.4:8080/", PUSH, "no_path", "http://1.2.3.4:8080/api/imgsys/outside/push" },
    { "http://1.2.3.4:8080/api/", PUSH, "no_path", "http://1.2.3.4:8080/api/imgsys/outside/push" },
    { "http://1.2.3.4:8080/api/api/imgsys/outside/push", PUSH, "api_twice",
      "http://1.2.3.4:8080/api/imgsys/outside/push" },
    { "http://1.2.3.4:8080/imgsys-web/login", PUSH, "login_page",
      "http://1.2.3.4:8080/api/imgsys/outside/push" },
    /* nobody can tell */
    { "", ANY, "empty", NULL },
    { " \xE3\x80\x80 ", ANY, "empty blank", NULL },
    { "http://ip:port/api/", ANY, "placeholder", NULL },
    { "http://ip:8080/api/", ANY, "placeholder", NULL },
    { "http:///", ANY, "bad_scheme no_host no_api", NULL },
    { "http://10.1.2:8080/api/", ANY, "bad_host", NULL },
    { "http://10.1.2.300:8080/api/", ANY, "bad_host", NULL },
    { "http://影像:8080/api/", ANY, "bad_host", NULL },
    { "http://[::1:8080/api/", ANY, "bad_host", NULL },
    { "http://10.1.2.3:80800/api/", ANY, "bad_port", NULL },
    { "http://10.1.2.3:808o/api/", ANY, "bad_port", NULL },
    { "http://10.1.2.3:8080:9090/api/", ANY, "bad_port", NULL },
    { "http://api.piaozone.com/api/", ANY, "cloud_host", NULL },
    { "https://API.Piaozone.com/api/", ANY, "cloud_host", NULL },
    { "https://notpiaozone.com/api/", ANY, "", "https://notpiaozone.com/api/" },
};

static const char *found_of(const fpi_url_report_t *report)
{
    static char line[400];

    line[0] = '\0';
    for (int i = 0; i < report->count; i++) {
        const fpi_url_finding_t *f = report->findings[i];

        strcat(line, i ? " " : "");
        strcat(line, f->is_wrong ? "" : "(");
        strcat(line, f->code);
        strcat(line, f->is_wrong ? "" : ")");
    }
    return line;
}

static bool has_wrong(const fpi_url_report_t *report)
{
    for (int i = 0; i < report->count; i++) {
        if (report->findings[i]->is_wrong) {
            return true;
        }
    }
    return false;
}

START_TEST(finds)
{
    fpi_url_report_t report;

    fpi_url_check(&report, cases[_i].text, cases[_i].kind, task->pool);
    ck_assert_msg(strcmp(found_of(&report), cases[_i].found) == 0, "%s: found \"%s\", not \"%s\"",
                  cases[_i].text,
                  found_of(&report), cases[_i].found);
    ck_assert_msg(cases[_i].right ? report.right && strcmp(report.right,
                                                           cases[_i].right) == 0 : !report.right,
                  "%s: right is %s", cases[_i].text, report.right ? report.right : "not told");
    ck_assert_int_eq(report.is_right, !has_wrong(&report));
    ck_assert_int_eq(report.is_right, *fpi_url_wrongs(&report, "zh", task->pool) == '\0');
}
END_TEST

/* What it says is right it finds right, and others can call. */
START_TEST(right_is_right)
{
    fpi_url_report_t report, again;
    fpi_url_t url;

    fpi_url_check(&report, cases[_i].text, cases[_i].kind, task->pool);
    if (report.right) {
        fpi_url_check(&again, report.right, report.kind, task->pool);
        ck_assert(again.is_right);
        ck_assert_str_eq(again.right, report.right);
        unit_done(fpi_url_parse(&url, report.right, task));
    }
}
END_TEST

/* Any bytes: no crash, no endless loop, and an answer. */
START_TEST(bears_all)
{
    static const char letters[] = ":/?#@[].\\ \"ahtpis80\xE3\x80\xEF\xBC\x9A\xFF";
    unsigned dice = 12345;
    char text[64];

    for (int i = 0; i < 200000; i++) {
        fpi_url_report_t report;
        size_t len = (dice >> 8) % (sizeof(text) - 1);

        for (size_t k = 0; k < len; k++) {
            dice = dice * 1103515245u + 12345u;
            text[k] = letters[(dice >> 16) % (sizeof(letters) - 1)];
        }
        text[len] = '\0';
        dice = dice * 1103515245u + 12345u;
        fpi_url_check(&report, text, (fpi_address_t)(dice >> 16) % 4, task->pool);
        ck_assert(report.right || !report.is_right);
        if (i % 1000 == 0) {
            apr_pool_clear(task->pool);
            task = fpi_task_make(task->pool, NULL);
        }
    }
}
END_TEST

START_TEST(long_text)
{
    fpi_url_report_t report;
    char *text = apr_palloc(task->pool, 100001);

    memset(text, ':', 100000);
    text[100000] = '\0';
    fpi_url_check(&report, text, ANY, task->pool);
    ck_assert(!report.is_right);
}
END_TEST

START_TEST(names)
{
    fpi_address_t kind;

    for (int i = FPI_ADDRESS_ANY; i <= FPI_ADDRESS_PUSH; i++) {
        ck_assert(fpi_address_find(&kind, fpi_address_name((fpi_address_t)i)));
        ck_assert_int_eq(kind, i);
    }
    ck_assert(!fpi_address_find(&kind, "eas"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("urlcheck");
    TCase *tc = unit_case(suite, "urlcheck");

    tcase_add_loop_test(tc, finds, 0, UNIT_COUNT(cases));
    tcase_add_loop_test(tc, right_is_right, 0, UNIT_COUNT(cases));
    tcase_add_test(tc, bears_all);
    tcase_add_test(tc, long_text);
    tcase_add_test(tc, names);
    return unit_run(suite);
}
