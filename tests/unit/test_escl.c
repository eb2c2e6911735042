/* What scanners say and what is made of it, without one: their documents, addresses, and what is sent to them. Talking to
 * one is tests/httpd/test_550_scanners.py. */
#include "unit.h"
#include "remote/escl.h"

#include "wire/xml.h"

#include <apr_strings.h>

#define HEAD "<scan:ScannerCapabilities xmlns:scan='http://schemas.hp.com/imaging/escl/2011/05/03' " \
             "xmlns:pwg='http://www.pwg.org/schemas/2010/12/sm'>"
#define PROFILE "<scan:SettingProfiles><scan:SettingProfile>" \
                "<scan:ColorModes><scan:ColorMode>RGB24</scan:ColorMode><scan:ColorMode>Odd48</scan:ColorMode></scan:ColorModes>" \
                "<scan:DocumentFormats><pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat></scan:DocumentFormats>" \
                "<scan:SupportedResolutions><scan:DiscreteResolutions>" \
                "<scan:DiscreteResolution><scan:XResolution>600</scan:XResolution><scan:YResolution>600</scan:YResolution></scan:DiscreteResolution>" \
                "<scan:DiscreteResolution><scan:XResolution>300</scan:XResolution><scan:YResolution>300</scan:YResolution></scan:DiscreteResolution>" \
                "<scan:DiscreteResolution><scan:XResolution>300</scan:XResolution><scan:YResolution>300</scan:YResolution></scan:DiscreteResolution>" \
                "<scan:DiscreteResolution><scan:XResolution>300</scan:XResolution><scan:YResolution>600</scan:YResolution></scan:DiscreteResolution>" \
                "<scan:DiscreteResolution><scan:XResolution>99999</scan:XResolution><scan:YResolution>99999</scan:YResolution></scan:DiscreteResolution>" \
                "</scan:DiscreteResolutions></scan:SupportedResolutions></scan:SettingProfile></scan:SettingProfiles>"
#define INPUT(name) "<scan:" name "><scan:MaxWidth>2550</scan:MaxWidth><scan:MaxHeight>3300</scan:MaxHeight>" PROFILE "</scan:" name ">"
#define TAIL "</scan:ScannerCapabilities>"

static fpi_scan_caps_t caps_of(const char *text)
{
    fpi_scan_caps_t caps;

    unit_done(fpi_escl_caps_parse(&caps, text, strlen(text), task));
    return caps;
}

START_TEST(capabilities)
{
    fpi_scan_caps_t caps = caps_of(HEAD "<pwg:Version>2.63</pwg:Version><pwg:MakeAndModel> HP\nLaser </pwg:MakeAndModel>"
                                        "<scan:Platen>" INPUT("PlatenInputCaps") "</scan:Platen><scan:Adf>" INPUT(
                                            "AdfSimplexInputCaps") "</scan:Adf>" TAIL);

    ck_assert_str_eq(caps.model, "HP Laser");
    ck_assert_str_eq(caps.version, "2.63");
    ck_assert(caps.flatbed.is_there && caps.feeder.is_there && !caps.duplex.is_there);
    ck_assert_int_eq(caps.feeder.dpi_count, 2);
    ck_assert(caps.feeder.dpi[0] == 300 && caps.feeder.dpi[1] == 600);
    ck_assert(caps.feeder.has_color[FPI_SCAN_COLOR] && !caps.feeder.has_color[FPI_SCAN_GRAY]);
    ck_assert(caps.feeder.has_format[FPI_SCAN_JPEG] && !caps.feeder.has_format[FPI_SCAN_PDF]);
    ck_assert(caps.feeder.width == 2550 && caps.feeder.height == 3300);
}
END_TEST

START_TEST(profiles_that_are_shared)
{
    fpi_scan_caps_t caps = caps_of(HEAD "<scan:SettingProfiles><scan:SettingProfile name='a'><scan:ColorMode>Grayscale8</scan:ColorMode>"
                                        "<scan:XResolutionRange><scan:Min>100</scan:Min><scan:Max>400</scan:Max><scan:Step>50</scan:Step>"
                                        "</scan:XResolutionRange></scan:SettingProfile></scan:SettingProfiles>"
                                        "<scan:Adf><scan:AdfDuplexInputCaps><scan:SettingProfiles><scan:SettingProfile ref='a'/>"
                                        "<scan:SettingProfile ref='absent'/></scan:SettingProfiles></scan:AdfDuplexInputCaps></scan:Adf>" TAIL);

    ck_assert(caps.feeder.is_there && caps.duplex.is_there && caps.feeder.has_color[FPI_SCAN_GRAY]);
    ck_assert_int_eq(caps.feeder.dpi_count, 5); /* 100 150 200 300 400 */
    ck_assert_int_eq(caps.feeder.dpi[4], 400);
    ck_assert_str_eq(caps.version, "2.0");
}
END_TEST

START_TEST(no_capabilities)
{
    static const char *const texts[] = { "", "x", "<html/>", HEAD TAIL, HEAD, "<!DOCTYPE a><ScannerCapabilities/>",
                                         HEAD "<scan:Platen/><scan:Adf/>" TAIL };
    fpi_scan_caps_t caps;

    for (int i = 0; i < UNIT_COUNT(texts); i++) {
        unit_failed(fpi_escl_caps_parse(&caps, texts[i], strlen(texts[i]), task), FPI_E_UNREADABLE);
    }
}
END_TEST

START_TEST(status)
{
    static const struct {
        const char *state, *adf;
        fpi_scan_state_t is;
        fpi_scan_problem_t feeder;
        bool is_loaded;
    } cases[] = {
        { "Idle", "ScannerAdfLoaded", FPI_SCAN_IDLE, FPI_SCAN_FINE, true },
        { "Idle", "ScannerAdfEmpty", FPI_SCAN_IDLE, FPI_SCAN_IS_FEEDER_EMPTY, false },
        { "Stopped", "ScannerAdfJam", FPI_SCAN_STOPPED, FPI_SCAN_IS_JAM, false },
        { "Down", "ScannerAdfHatchOpen", FPI_SCAN_DOWN, FPI_SCAN_IS_COVER_OPEN, false },
        { "Processing", "ScannerAdfProcessing", FPI_SCAN_PROCESSING, FPI_SCAN_FINE, false },
        { "Odd", "Odd", FPI_SCAN_UNKNOWN, FPI_SCAN_FINE, false },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        const char *job_state;
        fpi_scan_status_t is;
        char *text = apr_psprintf(task->pool,
                                  "<a:ScannerStatus xmlns:a='x'><a:State>%s</a:State><a:AdfState>%s</a:AdfState><a:Jobs>"
                                  "<a:JobInfo><a:JobUri>/eSCL/ScanJobs/17</a:JobUri><a:JobState>Processing</a:JobState></a:JobInfo>"
                                  "<a:JobInfo><a:JobUri>http://me/eSCL/ScanJobs/7</a:JobUri><a:JobState>Aborted</a:JobState></a:JobInfo>"
                                  "</a:Jobs></a:ScannerStatus>",
                                  cases[i].state, cases[i].adf);

        unit_done(fpi_escl_status_parse(&is, &job_state, "/eSCL/ScanJobs/7", text, strlen(text), task));
        ck_assert_int_eq(is.state, cases[i].is);
        ck_assert_int_eq(is.feeder, cases[i].feeder);
        ck_assert_int_eq(is.is_loaded, cases[i].is_loaded);
        ck_assert_str_eq(job_state, "Aborted");
    }
}
END_TEST

START_TEST(settings)
{
    fpi_scan_caps_t caps = caps_of(HEAD "<pwg:Version>2.63</pwg:Version><scan:Adf>" INPUT("AdfSimplexInputCaps")
                                       INPUT("AdfDuplexInputCaps") "</scan:Adf>" TAIL);
    fpi_scan_settings_t want = { .dpi = 300, .is_duplex = true };
    const char *text;
    fpi_xml_t *root;

    unit_done(fpi_scan_settle(&want, &caps, task));
    ck_assert_int_eq(want.source, FPI_SCAN_FEEDER);
    text = fpi_escl_settings_format(&want, &caps, task);
    unit_done(fpi_xml_parse(&root, text, strlen(text), task));
    ck_assert_str_eq(fpi_xml_find_text(root, "InputSource", task), "Feeder");
    ck_assert_str_eq(fpi_xml_find_text(root, "Duplex", task), "true");
    ck_assert_str_eq(fpi_xml_find_text(root, "XResolution", task), "300");
    ck_assert_str_eq(fpi_xml_find_text(root, "Version", task), "2.63");
    ck_assert_str_eq(fpi_xml_find_text(root, "ScanRegions/ScanRegion/Width", task), "2480");
    ck_assert_str_eq(fpi_xml_find_text(root, "ScanRegions/ScanRegion/Height", task), "3300"); /* A4, as far as it takes it */
}
END_TEST

START_TEST(what_it_can_not_do)
{
    static const struct {
        fpi_scan_settings_t want;
        const char *field;
    } cases[] = {
        { { .dpi = 200 }, "dpi" },
        { { .dpi = 300, .color = FPI_SCAN_GRAY }, "color" },
        { { .dpi = 300, .format = FPI_SCAN_PDF }, "format" },
        { { .dpi = 300, .source = FPI_SCAN_FLATBED }, "source" },
        { { .dpi = 300, .is_duplex = true }, "is_duplex" },
    };
    fpi_scan_caps_t caps = caps_of(HEAD "<scan:Adf>" INPUT("AdfSimplexInputCaps") "</scan:Adf>" TAIL);

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        fpi_scan_settings_t want = cases[i].want;
        fpi_err_t *err = fpi_scan_settle(&want, &caps, task);

        unit_failed(err, FPI_E_FIELD);
        ck_assert_str_eq(err->field, cases[i].field);
    }
}
END_TEST

START_TEST(job_addresses)
{
    static const struct {
        const char *location, *path; /* NULL: none */
    } cases[] = {
        { "http://192.168.1.20/eSCL/ScanJobs/1", "/eSCL/ScanJobs/1" },
        { "https://me.local:8080/eSCL/ScanJobs/1/", "/eSCL/ScanJobs/1" },
        { "http://evil.example/x", "/x" }, /* at our host all the same */
        { "//evil.example/x", "/x" },
        { "/eSCL/ScanJobs/1", "/eSCL/ScanJobs/1" },
        { "ScanJobs/1", "/eSCL/ScanJobs/1" },
        { "", NULL }, { NULL, NULL }, { "/", NULL }, { "http://h", NULL }, { "/a?b=c", NULL }, { "/a b", NULL },
        { "/a\r\nX: y", NULL }, { "http://u@h/x", NULL },
    };

    for (int i = 0; i < UNIT_COUNT(cases); i++) {
        const char *path = fpi_escl_job_path("http://192.168.1.20/eSCL", cases[i].location, task);

        ck_assert_msg(path ? cases[i].path && strcmp(path, cases[i].path) == 0 : !cases[i].path, "%s: %s", cases[i].location,
                      path ? path : "none");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("escl");
    TCase *all = unit_case(suite, "all");

    tcase_add_test(all, capabilities);
    tcase_add_test(all, profiles_that_are_shared);
    tcase_add_test(all, no_capabilities);
    tcase_add_test(all, status);
    tcase_add_test(all, settings);
    tcase_add_test(all, what_it_can_not_do);
    tcase_add_test(all, job_addresses);
    return unit_run(suite);
}
