#include "service/scanners.h"

#include "store/people.h"
#include "store/points.h"

fpi_json_t *fpi_scan_problem_form(fpi_scan_problem_t problem, fpi_task_t *task)
{
    fpi_json_t *doc;

    if (problem == FPI_SCAN_FINE) {
        return NULL;
    }
    doc = fpi_json_make_object(task);
    fpi_json_put_text(doc, "code", fpi_scan_problem_symbol(problem));
    fpi_json_put_text(doc, "message", fpi_scan_problem_text(problem, task->lang));
    fpi_json_put_text(doc, "remedy", fpi_scan_problem_remedy(problem, task->lang));
    return doc;
}

fpi_err_t *fpi_scanner_form(fpi_json_t **out, fpi_tx_t *tx, const fpi_scanner_t *scanner, fpi_task_t *task)
{
    fpi_json_t *doc = *out = fpi_json_make_object(task);
    fpi_org_t *org = NULL;
    fpi_point_t *point = NULL;

    if (scanner->org) {
        FPI_TRY(fpi_org_find_by_id(&org, tx, scanner->tenant, scanner->org, task));
    }
    if (scanner->point) {
        FPI_TRY(fpi_point_find(&point, tx, scanner->tenant, scanner->point, task));
    }
    fpi_json_put_int(doc, "scanner_id", scanner->id);
    fpi_json_put_text(doc, "name", scanner->name);
    fpi_json_put_text(doc, "address", scanner->address);
    fpi_json_put_text(doc, "org", org ? org->code : "");
    fpi_json_put_text(doc, "org_name", org ? org->name : NULL);
    fpi_json_put_int(doc, "scan_point_id", scanner->point);
    fpi_json_put_text(doc, "scan_point", point ? point->name : "");
    fpi_json_put_bool(doc, "is_enabled", scanner->is_enabled);
    fpi_json_put_text(doc, "model", scanner->model);
    fpi_json_put_bool(doc, "is_checked", scanner->is_checked);
    fpi_json_put_text(doc, "check_note", scanner->check_note);
    fpi_json_put_time(doc, "checked_at", scanner->checked);
    fpi_json_put_int(doc, "version", scanner->version);
    fpi_json_put_time(doc, "created_at", scanner->created);
    fpi_json_put_time(doc, "updated_at", scanner->updated);
    return NULL;
}

/* ---- what it can do ---- */

static void add_source(fpi_json_t *list, const fpi_scan_input_t *input, fpi_scan_source_t source, bool has_duplex,
                       fpi_task_t *task)
{
    fpi_json_t *doc, *part;

    if (!input->is_there) {
        return;
    }
    doc = fpi_json_make_object(task);
    fpi_json_put_text(doc, "source", fpi_scan_source_name(source));
    fpi_json_put_bool(doc, "has_duplex", has_duplex);
    fpi_json_put(doc, "dpi", part = fpi_json_make_array(task));
    for (int i = 0; i < input->dpi_count; i++) {
        fpi_json_add_int(part, input->dpi[i]);
    }
    fpi_json_put(doc, "colors", part = fpi_json_make_array(task));
    for (int i = 0; i < FPI_SCAN_COLORS; i++) {
        if (input->has_color[i]) {
            fpi_json_add_text(part, fpi_scan_color_name((fpi_scan_color_t)i));
        }
    }
    fpi_json_put(doc, "formats", part = fpi_json_make_array(task));
    for (int i = 0; i < FPI_SCAN_FORMATS; i++) {
        if (input->has_format[i]) {
            fpi_json_add_text(part, fpi_scan_format_name((fpi_scan_format_t)i));
        }
    }
    fpi_json_add(list, doc);
}

static fpi_json_t *caps_form(const fpi_scan_caps_t *caps, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *sources = fpi_json_make_array(task);

    fpi_json_put_text(doc, "model", caps->model);
    fpi_json_put_text(doc, "serial", caps->serial);
    add_source(sources, &caps->feeder, FPI_SCAN_FEEDER, caps->duplex.is_there, task);
    add_source(sources, &caps->flatbed, FPI_SCAN_FLATBED, false, task);
    fpi_json_put(doc, "sources", sources);
    return doc;
}

fpi_json_t *fpi_scanner_look_form(const fpi_scanner_look_t *look, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);
    bool is_reachable = look->problem == FPI_SCAN_FINE;
    fpi_scan_problem_t problem = is_reachable ? look->status.feeder : look->problem;

    fpi_json_put_bool(doc, "is_reachable", is_reachable);
    fpi_json_put_text(doc, "state", fpi_scan_state_name(look->status.state));
    fpi_json_put_bool(doc, "is_loaded", look->status.is_loaded);
    fpi_json_put(doc, "problem", fpi_scan_problem_form(problem, task));
    fpi_json_put(doc, "capabilities", is_reachable ? caps_form(&look->caps, task) : NULL);
    return doc;
}
