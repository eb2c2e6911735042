/* What a scanner says: capabilities, status, the address of a job; and what is made of it. */
#include "fuzz.h"

#include "remote/escl.h"

#include <apr_strings.h>

static void check_input(const fpi_scan_input_t *input)
{
    FUZZ_HOLDS(input->dpi_count >= 0 && input->dpi_count <= FPI_SCAN_RESOLUTIONS);
    for (int i = 0; i < input->dpi_count; i++) {
        FUZZ_HOLDS(input->dpi[i] >= FPI_SCAN_DPI_LEAST && input->dpi[i] <= FPI_SCAN_DPI_MOST);
        FUZZ_HOLDS(i == 0 || input->dpi[i - 1] < input->dpi[i]);
    }
    FUZZ_HOLDS(input->width >= 0 && input->height >= 0);
}

static void check_caps(const fpi_scan_caps_t *caps, fpi_task_t *task)
{
    fpi_scan_settings_t settings = { .dpi = 300 };

    check_input(&caps->flatbed);
    check_input(&caps->feeder);
    check_input(&caps->duplex);
    FUZZ_HOLDS(strlen(caps->model) <= 100 && strlen(caps->serial) <= 100);
    FUZZ_HOLDS(strspn(caps->version, "0123456789.") == strlen(caps->version));
    if (!fpi_scan_settle(&settings, caps, task)) {
        FUZZ_HOLDS(settings.source != FPI_SCAN_AUTO && fpi_scan_input_of(caps, &settings)->is_there);
        FUZZ_HOLDS(strlen(fpi_escl_settings_format(&settings, caps, task)) < 2000);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    fpi_scan_status_t status;
    fpi_scan_caps_t caps;
    const char *state, *path;

    if (!fpi_escl_caps_parse(&caps, data, size, task)) {
        check_caps(&caps, task);
    }
    if (!fpi_escl_status_parse(&status, &state, "/eSCL/ScanJobs/7", data, size, task)) {
        FUZZ_HOLDS(status.state <= FPI_SCAN_DOWN && status.feeder < FPI_SCAN_PROBLEMS);
    }
    path = fpi_escl_job_path("http://host/eSCL", apr_pstrmemdup(task->pool, (const char *)data, size), task);
    FUZZ_HOLDS(!path || (*path == '/' && !strpbrk(path, " ?#\r\n") && strlen(path) <= FPI_ESCL_JOB + 10));
    return 0;
}
