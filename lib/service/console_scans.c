/* Runs of network scanners into a scan session, for the console. */
#include "service/handlers.h"

#include "service/batch.h"
#include "service/looks.h"
#include "service/people_read.h"
#include "service/scans.h"

#include <string.h>

enum { WAIT_MAX = 30, WORD_MOST = 20, DPI_USUAL = 300 };

typedef struct looking_t {
    const fpi_viewer_t *viewer;
    int64_t capture, id, total, pages;
    fpi_page_t page;
    fpi_scan_t *scans;
    int count;
    bool is_waiting;
} looking_t;

/* ---- start ---- */

/* A word of a list; `out` stays as it is when it is not said. */
static fpi_err_t *read_word(int *out, const fpi_call_t *call, const char *name, int (*find)(const char *), const char *can)
{
    const char *text;
    int found;

    FPI_TRY(fpi_json_find_text(&text, call->json, name, WORD_MOST, call->task));
    if (!text) {
        return NULL;
    }
    found = find(text);
    if (found < 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "字段 %s 应为 %s, 收到 %.40s", "field %s is %s, not %.40s", name, can, text);
    }
    *out = found;
    return NULL;
}

static fpi_err_t *read_settings(fpi_scan_settings_t *settings, const fpi_call_t *call)
{
    int source = FPI_SCAN_AUTO, color = FPI_SCAN_COLOR, format = FPI_SCAN_JPEG, paper = FPI_SCAN_A4;
    int64_t dpi;

    FPI_TRY(read_word(&source, call, "source", fpi_scan_source_find, "AUTO, FEEDER, FLATBED"));
    FPI_TRY(read_word(&color, call, "color", fpi_scan_color_find, "COLOR, GRAY, MONO"));
    FPI_TRY(read_word(&format, call, "format", fpi_scan_format_find, "JPEG, PDF"));
    FPI_TRY(read_word(&paper, call, "paper", fpi_scan_paper_find, "A4, A5, LETTER, LEGAL, MAX"));
    FPI_TRY(fpi_json_find_int(&dpi, call->json, "dpi", DPI_USUAL, FPI_SCAN_DPI_LEAST, FPI_SCAN_DPI_MOST, call->task));
    FPI_TRY(fpi_json_find_bool(&settings->is_duplex, call->json, "is_duplex", false, call->task));
    settings->source = (fpi_scan_source_t)source;
    settings->color = (fpi_scan_color_t)color;
    settings->format = (fpi_scan_format_t)format;
    settings->paper = (fpi_scan_paper_t)paper;
    settings->dpi = (int)dpi;
    return NULL;
}

fpi_err_t *fpi_handle_scan_make(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_scan_want_t want = { .capture = 0 };
    fpi_scan_t *scan;

    FPI_TRY(fpi_call_id(&want.capture, call, "capture_id"));
    FPI_TRY(fpi_read_object(call));
    FPI_TRY(fpi_json_find_int(&want.scanner, call->json, "scanner_id", 0, 1, INT64_MAX, call->task));
    FPI_TRY(fpi_json_find_int(&want.after, call->json, "after", 0, 0, INT64_MAX, call->task));
    if (want.scanner == 0) {
        return fpi_refuse(call->task, FPI_E_FIELD, "scanner_id", "缺少字段 scanner_id", "scanner_id is missing");
    }
    FPI_TRY(read_settings(&want.settings, call));
    FPI_TRY(fpi_scans_start(&scan, app, call->viewer, &want, call->task));
    answer->data = fpi_scan_form(scan, call->task);
    answer->status = 202;
    return NULL;
}

/* ---- look ---- */

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    looking_t *l = baton;
    fpi_capture_t *capture;

    FPI_TRY(fpi_capture_get(&capture, tx, l->viewer, l->capture, task));
    return fpi_scans_list(&l->scans, &l->count, &l->total, tx, task->tenant, l->capture, l->page.skip, l->page.size, task);
}

fpi_err_t *fpi_handle_scans_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    looking_t l = { .viewer = call->viewer };

    FPI_TRY(fpi_call_id(&l.capture, call, "capture_id"));
    FPI_TRY(fpi_page_read(&l.page, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    for (int i = 0; i < l.count; i++) {
        fpi_json_add(items, fpi_scan_form(&l.scans[i], call->task));
    }
    answer->data = fpi_page_answer(&l.page, items, l.total, call->task);
    return NULL;
}

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    looking_t *l = baton;

    FPI_TRY(fpi_scans_get(&l->scans, tx, l->viewer, l->capture, l->id, task));
    l->is_waiting = fpi_scan_is_live(l->scans) && l->scans->pages <= l->pages;
    return NULL;
}

static fpi_err_t *read_number(int64_t *out, const fpi_call_t *call, const char *name, int64_t most)
{
    const char *text = fpi_params_find(call->params, name);

    if (text && !fpi_int_parse(out, text, 0, most)) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 应为 0 到 %d 的整数", "parameter %s must be a whole number of 0 to %d", name,
                          (int)most);
    }
    return NULL;
}

fpi_err_t *fpi_handle_scan_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    looking_t l = { .viewer = call->viewer };
    int64_t wait = 0;

    FPI_TRY(fpi_call_id(&l.capture, call, "capture_id"));
    FPI_TRY(fpi_call_id(&l.id, call, "scan_id"));
    FPI_TRY(read_number(&wait, call, "wait", WAIT_MAX));
    FPI_TRY(read_number(&l.pages, call, "pages", FPI_SCAN_PAGES));
    FPI_TRY(fpi_look_wait(app, call, tx_look, &l, &l.is_waiting, apr_time_from_sec(wait)));
    answer->data = fpi_scan_form(l.scans, call->task);
    return NULL;
}

fpi_err_t *fpi_handle_scan_cancel(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    int64_t capture, id;
    fpi_scan_t *scan;

    FPI_TRY(fpi_call_id(&capture, call, "capture_id"));
    FPI_TRY(fpi_call_id(&id, call, "scan_id"));
    FPI_TRY(fpi_scans_cancel(&scan, app, call->viewer, capture, id, call->task));
    answer->data = fpi_scan_form(scan, call->task);
    return NULL;
}
