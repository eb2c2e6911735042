#include "remote/escl.h"

#include "wire/xml.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MOST = 100, NUMBER_MOST = 1000000, PROFILES_MOST = 50 };

#define SPACE_SCAN "http://schemas.hp.com/imaging/escl/2011/05/03"
#define SPACE_PWG "http://www.pwg.org/schemas/2010/12/sm"

/* ---- small things ---- */

static int number_of(const fpi_xml_t *element, const char *path, fpi_task_t *task)
{
    const char *text = fpi_xml_find_text(element, path, task);
    int64_t value;

    return text && fpi_int_parse(&value, text, 0, NUMBER_MOST) ? (int)value : 0;
}

/* What people read of it. */
static const char *text_of(const fpi_xml_t *element, const char *path, fpi_task_t *task)
{
    const char *text = fpi_xml_find_text(element, path, task);
    size_t len = text ? strlen(text) : 0;
    char *out;

    if (len > TEXT_MOST) {
        len = TEXT_MOST;
        while (len && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    out = apr_pstrmemdup(task->pool, text ? text : "", len);
    for (char *c = out; *c; c++) {
        *c = (unsigned char)*c < ' ' || *c == 0x7F ? ' ' : *c;
    }
    return out;
}

/* ---- capabilities ---- */

static void take_color(fpi_scan_input_t *input, const char *mode)
{
    static const struct {
        const char *mode;
        fpi_scan_color_t color;
    } modes[] = { { "RGB24", FPI_SCAN_COLOR }, { "Grayscale8", FPI_SCAN_GRAY }, { "BlackAndWhite1", FPI_SCAN_MONO } };

    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        if (strcmp(modes[i].mode, mode) == 0) {
            input->has_color[modes[i].color] = true;
        }
    }
}

static void take_format(fpi_scan_input_t *input, const char *type)
{
    if (strcmp(type, "image/jpeg") == 0) {
        input->has_format[FPI_SCAN_JPEG] = true;
    }
    else if (strcmp(type, "application/pdf") == 0) {
        input->has_format[FPI_SCAN_PDF] = true;
    }
}

/* Of a range those that people choose of. */
static void take_range(fpi_scan_input_t *input, const fpi_xml_t *range, fpi_task_t *task)
{
    static const int usual[] = { 75, 100, 150, 200, 240, 300, 400, 600, 1200 };
    int least = number_of(range, "Min", task), most = number_of(range, "Max", task), step = number_of(range, "Step", task);

    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
        if (usual[i] >= least && usual[i] <= most && (step < 2 || (usual[i] - least) % step == 0)) {
            fpi_scan_input_add_dpi(input, usual[i]);
        }
    }
}

/* All that a profile says, in whatever order: colours, formats, resolutions. */
static void take_profile(fpi_scan_input_t *input, const fpi_xml_t *profile, fpi_task_t *task)
{
    for (fpi_xml_t *at = fpi_xml_walk(profile, profile); at; at = fpi_xml_walk(profile, at)) {
        const char *name = fpi_xml_name(at);

        if (strcmp(name, "ColorMode") == 0) {
            take_color(input, fpi_xml_text(at, task));
        }
        else if (strcmp(name, "DocumentFormat") == 0 || strcmp(name, "DocumentFormatExt") == 0) {
            take_format(input, fpi_xml_text(at, task));
        }
        else if (strcmp(name, "DiscreteResolution") == 0 && number_of(at, "XResolution", task) == number_of(at, "YResolution", task)) {
            fpi_scan_input_add_dpi(input, number_of(at, "XResolution", task));
        }
        else if (strcmp(name, "XResolutionRange") == 0) {
            take_range(input, at, task);
        }
    }
}

/* Profiles stand in the source itself, or once for all and are named there. */
static const fpi_xml_t *shared_profile(const fpi_xml_t *root, const char *name, fpi_task_t *task)
{
    fpi_xml_t *at = fpi_xml_find(root, "SettingProfiles/SettingProfile");

    for (int i = 0; at && i < PROFILES_MOST; i++, at = fpi_xml_next(at, "SettingProfile")) {
        const char *is = fpi_xml_attribute(at, NULL, "name", task);

        if (is && strcmp(is, name) == 0) {
            return at;
        }
    }
    return NULL;
}

static void take_input(fpi_scan_input_t *input, const fpi_xml_t *root, const fpi_xml_t *caps, fpi_task_t *task)
{
    fpi_xml_t *at;

    memset(input, 0, sizeof(*input));
    if (!caps) {
        return;
    }
    input->is_there = true;
    input->width = number_of(caps, "MaxWidth", task);
    input->height = number_of(caps, "MaxHeight", task);
    at = fpi_xml_find(caps, "SettingProfiles/SettingProfile");
    for (int i = 0; at && i < PROFILES_MOST; i++, at = fpi_xml_next(at, "SettingProfile")) {
        const char *ref = fpi_xml_attribute(at, NULL, "ref", task);
        const fpi_xml_t *profile = ref ? shared_profile(root, ref, task) : at;

        if (profile) {
            take_profile(input, profile, task);
        }
    }
}

/* Only digits and dots go back to it. */
static const char *version_of(const fpi_xml_t *root, fpi_task_t *task)
{
    const char *text = fpi_xml_find_text(root, "Version", task);

    return text && strlen(text) <= 8 && strspn(text, "0123456789.") == strlen(text) ? text : "2.0";
}

static fpi_err_t *parse(fpi_xml_t **root, const char *name, const void *data, size_t len, fpi_task_t *task)
{
    if (len > FPI_ESCL_DOCUMENT) {
        return fpi_fail(task, FPI_E_UNREADABLE, "a document of a scanner is larger than %d bytes", FPI_ESCL_DOCUMENT);
    }
    FPI_TRY(fpi_xml_parse(root, data, len, task));
    return fpi_xml_is(*root, name) ? NULL : fpi_fail(task, FPI_E_UNREADABLE, "%.50s is no %s of eSCL", fpi_xml_name(*root), name);
}

fpi_err_t *fpi_escl_caps_parse(fpi_scan_caps_t *out, const void *data, size_t len, fpi_task_t *task)
{
    fpi_xml_t *root, *adf;

    memset(out, 0, sizeof(*out));
    FPI_TRY(parse(&root, "ScannerCapabilities", data, len, task));
    out->model = text_of(root, "MakeAndModel", task);
    out->serial = text_of(root, "SerialNumber", task);
    out->version = version_of(root, task);
    adf = fpi_xml_find(root, "Adf");
    take_input(&out->flatbed, root, fpi_xml_find(root, "Platen/PlatenInputCaps"), task);
    if (adf) {
        take_input(&out->feeder, root, fpi_xml_find(adf, "AdfSimplexInputCaps"), task);
        take_input(&out->duplex, root, fpi_xml_find(adf, "AdfDuplexInputCaps"), task);
    }
    if (!out->flatbed.is_there && !out->feeder.is_there && !out->duplex.is_there) {
        return fpi_fail(task, FPI_E_UNREADABLE, "the scanner names neither glass nor feeder");
    }
    if (!out->feeder.is_there) { /* some name the feeder for both sides only */
        out->feeder = out->duplex;
    }
    return NULL;
}

/* ---- status ---- */

static fpi_scan_state_t state_of(const char *text)
{
    static const struct {
        const char *text;
        fpi_scan_state_t state;
    } states[] = { { "Idle", FPI_SCAN_IDLE }, { "Processing", FPI_SCAN_PROCESSING }, { "Testing", FPI_SCAN_TESTING },
                   { "Stopped", FPI_SCAN_STOPPED }, { "Down", FPI_SCAN_DOWN } };

    for (size_t i = 0; text && i < sizeof(states) / sizeof(*states); i++) {
        if (strcmp(states[i].text, text) == 0) {
            return states[i].state;
        }
    }
    return FPI_SCAN_UNKNOWN;
}

static fpi_scan_problem_t feeder_of(const char *text)
{
    static const struct {
        const char *text;
        fpi_scan_problem_t problem;
    } states[] = { { "ScannerAdfEmpty", FPI_SCAN_IS_FEEDER_EMPTY }, { "ScannerAdfJam", FPI_SCAN_IS_JAM },
                   { "ScannerAdfHatchOpen", FPI_SCAN_IS_COVER_OPEN }, { "ScannerAdfMispick", FPI_SCAN_IS_MISPICK },
                   { "ScannerAdfMultipickDetected", FPI_SCAN_IS_DOUBLE_FEED },
                   { "ScannerAdfDuplexPageTooShort", FPI_SCAN_IS_PAGE_LENGTH },
                   { "ScannerAdfDuplexPageTooLong", FPI_SCAN_IS_PAGE_LENGTH },
                   { "ScannerAdfInputTrayFailed", FPI_SCAN_IS_TRAY }, { "ScannerAdfInputTrayOverloaded", FPI_SCAN_IS_TRAY } };

    for (size_t i = 0; text && i < sizeof(states) / sizeof(*states); i++) {
        if (strcmp(states[i].text, text) == 0) {
            return states[i].problem;
        }
    }
    return FPI_SCAN_FINE;
}

/* Jobs are named by a path or a whole address; the end of it is enough to know one's own. */
static bool is_job(const char *uri, const char *job)
{
    size_t len = uri ? strlen(uri) : 0, wanted = strlen(job);
    const char *last = strrchr(job, '/');

    if (last && len >= strlen(last) && strcmp(uri + len - strlen(last), last) == 0) {
        return true;
    }
    return len == wanted && wanted && strcmp(uri, job) == 0;
}

fpi_err_t *fpi_escl_status_parse(fpi_scan_status_t *out, const char **job_state, const char *job, const void *data,
                                 size_t len, fpi_task_t *task)
{
    fpi_xml_t *root, *at;
    const char *adf;

    memset(out, 0, sizeof(*out));
    *job_state = NULL;
    FPI_TRY(parse(&root, "ScannerStatus", data, len, task));
    out->state = state_of(fpi_xml_find_text(root, "State", task));
    adf = fpi_xml_find_text(root, "AdfState", task);
    out->feeder = feeder_of(adf);
    out->is_loaded = adf && strcmp(adf, "ScannerAdfLoaded") == 0;
    at = job ? fpi_xml_find(root, "Jobs/JobInfo") : NULL;
    for (; at && !*job_state; at = fpi_xml_next(at, "JobInfo")) {
        if (is_job(fpi_xml_find_text(at, "JobUri", task), job)) {
            *job_state = fpi_xml_find_text(at, "JobState", task);
        }
    }
    return NULL;
}

/* ---- settings ---- */

static const char *region_of(const fpi_scan_settings_t *settings, const fpi_scan_caps_t *caps, fpi_task_t *task)
{
    int width, height;

    fpi_scan_region(&width, &height, fpi_scan_input_of(caps, settings), settings->paper);
    if (width == 0) {
        return "";
    }
    return apr_psprintf(task->pool,
                        "<pwg:ScanRegions><pwg:ScanRegion>"
                        "<pwg:ContentRegionUnits>escl:ThreeHundredthsOfInches</pwg:ContentRegionUnits>"
                        "<pwg:XOffset>0</pwg:XOffset><pwg:YOffset>0</pwg:YOffset>"
                        "<pwg:Width>%d</pwg:Width><pwg:Height>%d</pwg:Height>"
                        "</pwg:ScanRegion></pwg:ScanRegions>",
                        width, height);
}

const char *fpi_escl_settings_format(const fpi_scan_settings_t *settings, const fpi_scan_caps_t *caps, fpi_task_t *task)
{
    static const char *const modes[] = { "RGB24", "Grayscale8", "BlackAndWhite1" };
    static const char *const types[] = { "image/jpeg", "application/pdf" };
    const char *type = types[settings->format];
    bool is_feeder = settings->source == FPI_SCAN_FEEDER;

    return apr_psprintf(task->pool,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<scan:ScanSettings xmlns:scan=\"" SPACE_SCAN "\" xmlns:pwg=\"" SPACE_PWG "\">"
                        "<pwg:Version>%s</pwg:Version>%s<pwg:InputSource>%s</pwg:InputSource>"
                        "<pwg:DocumentFormat>%s</pwg:DocumentFormat><scan:DocumentFormatExt>%s</scan:DocumentFormatExt>"
                        "<scan:ColorMode>%s</scan:ColorMode>"
                        "<scan:XResolution>%d</scan:XResolution><scan:YResolution>%d</scan:YResolution>%s"
                        "</scan:ScanSettings>\n",
                        caps->version, region_of(settings, caps, task), is_feeder ? "Feeder" : "Platen", type, type,
                        modes[settings->color], settings->dpi, settings->dpi,
                        !is_feeder             ? ""
                        : settings->is_duplex ? "<scan:Duplex>true</scan:Duplex>"
                                               : "<scan:Duplex>false</scan:Duplex>");
}

/* ---- the job's address ---- */

/* Scanners name themselves by names that only they know: the path is what counts, the host is ours. */
const char *fpi_escl_job_path(const char *base, const char *location, fpi_task_t *task)
{
    const char *whole;
    fpi_url_t url;
    size_t len;

    if (!location || !*location || strlen(location) > FPI_ESCL_JOB) {
        return NULL;
    }
    whole = strncasecmp(location, "http:", 5) == 0 || strncasecmp(location, "https:", 6) == 0 ? location
            : location[0] == '/' && location[1] == '/' ? apr_pstrcat(task->pool, "http:", location, NULL)
            : *location == '/' ? apr_pstrcat(task->pool, "http://host", location, NULL)
                               : apr_pstrcat(task->pool, base, "/", location, NULL);
    if (fpi_url_parse(&url, whole, task) || url.query) {
        return NULL;
    }
    len = strlen(url.path);
    while (len > 1 && url.path[len - 1] == '/') {
        len--;
    }
    return len > 1 ? apr_pstrmemdup(task->pool, url.path, len) : NULL;
}
