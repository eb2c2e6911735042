#include "service/doctor_own.h"

#include "service/scanners.h"
#include "store/people.h"

enum { SCANNERS_ASKED = 10, STEP_SECONDS = 5 };

#define SAY(...) fpi_doctor_say(d, __VA_ARGS__)

typedef struct listing_t {
    fpi_scanner_t *all;
    int count;
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;

    return fpi_scanners_list(&l->all, &l->count, tx, task->tenant, task);
}

static void note_problem(fpi_doctor_t *d, const fpi_scanner_t *scanner, fpi_scan_problem_t problem)
{
    const char *lang = d->task->lang;

    fpi_doctor_note(d, "scanner", FPI_HEALTH_WARN,
                    SAY("%s (%s): %s", "%s (%s): %s", scanner->name, scanner->address, fpi_scan_problem_text(problem, lang)),
                    fpi_scan_problem_remedy(problem, lang));
}

/* One that is switched off at night is no fault of the installation: a warning at the most. */
static void look_at(fpi_doctor_t *d, const fpi_scanner_t *scanner)
{
    apr_time_t deadline = d->task->deadline;
    fpi_scanner_look_t look;
    fpi_err_t *err;

    fpi_task_limit(d->task, apr_time_from_sec(STEP_SECONDS));
    err = fpi_scanners_look(&look, d->app, scanner, d->task);
    d->task->deadline = deadline;
    if (err) {
        fpi_doctor_note(d, "scanner", FPI_HEALTH_WARN, SAY("%s: %s", "%s: %s", scanner->name, fpi_doctor_why(d, err)), NULL);
    }
    else if (look.problem) {
        note_problem(d, scanner, look.problem);
    }
    else if (look.status.feeder && look.status.feeder != FPI_SCAN_IS_FEEDER_EMPTY) {
        note_problem(d, scanner, look.status.feeder);
    }
    else {
        fpi_doctor_note(d, "scanner", FPI_HEALTH_OK, SAY("%s: %s 可用", "%s: %s answers", scanner->name, look.caps.model), NULL);
    }
}

void fpi_doctor_look_at_scanners(fpi_doctor_t *d)
{
    listing_t l = { .count = 0 };
    fpi_err_t *err = fpi_store_read(d->app->store, tx_list, &l, d->task);
    int asked = 0, left = 0;

    if (err) {
        fpi_doctor_note(d, "scanner", FPI_HEALTH_FAIL, fpi_doctor_why(d, err), NULL);
    }
    for (int i = 0; i < l.count; i++) {
        if (l.all[i].is_enabled && asked < SCANNERS_ASKED) {
            asked++;
            look_at(d, &l.all[i]);
        }
        else {
            left += l.all[i].is_enabled;
        }
    }
    if (left) {
        fpi_doctor_note(d, "scanner", FPI_HEALTH_OK, SAY("另有 %d 台扫描仪未逐一检查", "%d more scanners were not asked", left), NULL);
    }
}
