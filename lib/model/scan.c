#include "model/scan.h"

#include <apr_strings.h>
#include <string.h>

/* ---- names ---- */

static const char *const sources[] = { "AUTO", "FEEDER", "FLATBED" };
static const char *const colors[] = { "COLOR", "GRAY", "MONO" };
static const char *const formats[] = { "JPEG", "PDF" };
static const char *const papers[] = { "A4", "A5", "LETTER", "LEGAL", "MAX" };
static const char *const states[] = { "UNKNOWN", "IDLE", "PROCESSING", "TESTING", "STOPPED", "DOWN" };

static int find(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *fpi_scan_source_name(fpi_scan_source_t source)
{
    return sources[source];
}

const char *fpi_scan_color_name(fpi_scan_color_t color)
{
    return colors[color];
}

const char *fpi_scan_format_name(fpi_scan_format_t format)
{
    return formats[format];
}

const char *fpi_scan_paper_name(fpi_scan_paper_t paper)
{
    return papers[paper];
}

const char *fpi_scan_state_name(fpi_scan_state_t state)
{
    return states[state];
}

int fpi_scan_source_find(const char *name)
{
    return find(sources, FPI_SCAN_SOURCES, name);
}

int fpi_scan_color_find(const char *name)
{
    return find(colors, FPI_SCAN_COLORS, name);
}

int fpi_scan_format_find(const char *name)
{
    return find(formats, FPI_SCAN_FORMATS, name);
}

int fpi_scan_paper_find(const char *name)
{
    return find(papers, FPI_SCAN_PAPERS, name);
}

/* ---- problems ---- */

static const struct problem_t {
    const char *symbol, *zh, *en, *zh_remedy, *en_remedy;
} problems[] = {
    { "", "", "", "", "" },
#define FPI_SCAN_PROBLEM(symbol, zh, en, zh_remedy, en_remedy) { #symbol, zh, en, zh_remedy, en_remedy },
#include "model/scan_problems.def"
#undef FPI_SCAN_PROBLEM
};

const char *fpi_scan_problem_symbol(fpi_scan_problem_t problem)
{
    return problems[problem].symbol;
}

fpi_scan_problem_t fpi_scan_problem_find(const char *symbol)
{
    for (int i = 1; symbol && i < FPI_SCAN_PROBLEMS; i++) {
        if (strcmp(problems[i].symbol, symbol) == 0) {
            return (fpi_scan_problem_t)i;
        }
    }
    return FPI_SCAN_FINE;
}

const char *fpi_scan_problem_text(fpi_scan_problem_t problem, const char *lang)
{
    return strcmp(lang, "en") == 0 ? problems[problem].en : problems[problem].zh;
}

const char *fpi_scan_problem_remedy(fpi_scan_problem_t problem, const char *lang)
{
    return strcmp(lang, "en") == 0 ? problems[problem].en_remedy : problems[problem].zh_remedy;
}

/* ---- what it can do ---- */

void fpi_scan_input_add_dpi(fpi_scan_input_t *input, int64_t dpi)
{
    int at = 0;

    if (dpi < FPI_SCAN_DPI_LEAST || dpi > FPI_SCAN_DPI_MOST || input->dpi_count == FPI_SCAN_RESOLUTIONS) {
        return;
    }
    while (at < input->dpi_count && input->dpi[at] < dpi) {
        at++;
    }
    if (at < input->dpi_count && input->dpi[at] == dpi) {
        return;
    }
    memmove(&input->dpi[at + 1], &input->dpi[at], sizeof(int) * (size_t)(input->dpi_count - at));
    input->dpi[at] = (int)dpi;
    input->dpi_count++;
}

const fpi_scan_input_t *fpi_scan_input_of(const fpi_scan_caps_t *caps, const fpi_scan_settings_t *settings)
{
    if (settings->source == FPI_SCAN_FLATBED) {
        return &caps->flatbed;
    }
    return settings->is_duplex ? &caps->duplex : &caps->feeder;
}

/* ISO 216 and ANSI sizes, in 1/300 inch. */
static const int sizes[FPI_SCAN_PAPERS][2] = {
    [FPI_SCAN_A4] = { 2480, 3508 },
    [FPI_SCAN_A5] = { 1748, 2480 },
    [FPI_SCAN_LETTER] = { 2550, 3300 },
    [FPI_SCAN_LEGAL] = { 2550, 4200 },
};

static int within(int wanted, int most)
{
    return wanted == 0 || (most && most < wanted) ? most : wanted;
}

void fpi_scan_region(int *width, int *height, const fpi_scan_input_t *input, fpi_scan_paper_t paper)
{
    *width = within(sizes[paper][0], input->width);
    *height = within(sizes[paper][1], input->height);
    if (*width == 0 || *height == 0) {
        *width = *height = 0;
    }
}

/* ---- settle ---- */

static fpi_err_t *settle_source(fpi_scan_settings_t *settings, const fpi_scan_caps_t *caps, fpi_task_t *task)
{
    if (settings->source == FPI_SCAN_AUTO) {
        settings->source = caps->feeder.is_there ? FPI_SCAN_FEEDER : FPI_SCAN_FLATBED;
    }
    if (settings->source == FPI_SCAN_FLATBED) {
        settings->is_duplex = false;
    }
    if (settings->is_duplex && !caps->duplex.is_there) {
        return fpi_refuse(task, FPI_E_FIELD, "is_duplex", "扫描仪不能双面扫描", "the scanner can't scan both sides");
    }
    if (!fpi_scan_input_of(caps, settings)->is_there) {
        return settings->source == FPI_SCAN_FEEDER
                   ? fpi_refuse(task, FPI_E_FIELD, "source", "扫描仪没有进纸器, 请用平板 (FLATBED)", "the scanner has no feeder: use FLATBED")
                   : fpi_refuse(task, FPI_E_FIELD, "source", "扫描仪没有平板, 请用进纸器 (FEEDER)", "the scanner has no glass: use FEEDER");
    }
    return NULL;
}

static fpi_err_t *check_dpi(int dpi, const fpi_scan_input_t *input, fpi_task_t *task)
{
    const char *can = "";

    for (int i = 0; i < input->dpi_count; i++) {
        if (input->dpi[i] == dpi) {
            return NULL;
        }
        can = apr_pstrcat(task->pool, can, i ? ", " : "", apr_itoa(task->pool, input->dpi[i]), NULL);
    }
    return input->dpi_count == 0 ? NULL : fpi_refuse(task, FPI_E_FIELD, "dpi", "扫描仪不支持 %d dpi, 可选: %s",
                                                     "the scanner has no %d dpi: choose of %s", dpi, can);
}

/* What it says nothing of is left to it. */
static bool has(const bool *list, int count, int wanted)
{
    bool says = false;

    for (int i = 0; i < count; i++) {
        says = says || list[i];
    }
    return !says || list[wanted];
}

fpi_err_t *fpi_scan_settle(fpi_scan_settings_t *settings, const fpi_scan_caps_t *caps, fpi_task_t *task)
{
    const fpi_scan_input_t *input;

    FPI_TRY(settle_source(settings, caps, task));
    input = fpi_scan_input_of(caps, settings);
    FPI_TRY(check_dpi(settings->dpi, input, task));
    if (!has(input->has_color, FPI_SCAN_COLORS, settings->color)) {
        return fpi_refuse(task, FPI_E_FIELD, "color", "扫描仪不支持色彩 %s", "the scanner has no %s", colors[settings->color]);
    }
    if (!has(input->has_format, FPI_SCAN_FORMATS, settings->format) && settings->format == FPI_SCAN_JPEG) {
        settings->format = FPI_SCAN_PDF;
    }
    if (!has(input->has_format, FPI_SCAN_FORMATS, settings->format)) {
        return fpi_refuse(task, FPI_E_FIELD, "format", "扫描仪不支持格式 %s", "the scanner makes no %s", formats[settings->format]);
    }
    return NULL;
}
