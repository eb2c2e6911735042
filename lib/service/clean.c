#include "service/clean.h"

#include "base/clock.h"
#include "base/text.h"
#include "service/exports.h"
#include "service/uploads.h"
#include "store/identity.h"
#include "store/people.h"
#include "store/storage.h"

#include <apr_strings.h>
#include <string.h>

enum { FOLDERS = 256 };

#define TURN_SETTING "clean.turn"

typedef struct turn_t {
    int64_t number;
    bool is_ours;
} turn_t;

static fpi_err_t *tx_look(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    turn_t *turn = baton;
    const char *text;
    int64_t last;

    FPI_TRY(fpi_setting_find(&text, tx, 0, TURN_SETTING, task));
    turn->is_ours = !text || !fpi_int_parse(&last, text, 0, INT64_MAX) || last != turn->number;
    return NULL;
}

static fpi_err_t *tx_take(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    turn_t *turn = baton;

    FPI_TRY(tx_look(tx, turn, task));
    if (!turn->is_ours) {
        return NULL;
    }
    return fpi_setting_put(tx, 0, TURN_SETTING, apr_psprintf(task->pool, "%" APR_INT64_T_FMT, turn->number), task);
}

static fpi_err_t *clean(fpi_app_t *app, turn_t *turn, fpi_task_t *task)
{
    int64_t dropped;

    FPI_TRY(fpi_store_read(app->store, tx_look, turn, task));
    if (turn->is_ours) {
        FPI_TRY(fpi_store_write(app->store, tx_take, turn, task));
    }
    if (!turn->is_ours) {
        return NULL;
    }
    FPI_TRY(fpi_identity_check(app->store, app->blobs, task));
    FPI_TRY(fpi_exports_sweep(app, task));
    FPI_TRY(fpi_uploads_sweep(app, task));
    FPI_TRY(fpi_storage_sweep(&dropped, app->store, app->blobs, (unsigned char)(turn->number % FOLDERS), FPI_ORPHAN_AGE,
                              task));
    if (dropped) {
        fpi_log(task, FPI_M_ORPHANS, "%d orphaned blobs in the folder %02x were taken away", (int)dropped,
                (unsigned)(turn->number % FOLDERS));
    }
    return NULL;
}

void fpi_clean_turn(int64_t *last, fpi_app_t *app, fpi_task_t *task)
{
    turn_t turn = { .number = fpi_clock_now() / FPI_ORPHAN_TURN };
    fpi_err_t *err;

    if (turn.number == *last) {
        return;
    }
    *last = turn.number;
    err = clean(app, &turn, task);
    if (err) {
        fpi_log_err(task, FPI_M_JOBS_FAILED, err, "the clean-up of orphaned blobs failed");
    }
}
