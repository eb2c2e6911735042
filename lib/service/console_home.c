/* What waits for somebody, for the page that greets him: counts only, each along an index and bounded, of what he may see. */
#include "service/handlers.h"

#include "base/clock.h"
#include "store/bill_list.h"
#include "store/report.h"

enum { BOUND = 500, COUNTED = 4 };

#define WEEK apr_time_from_sec(7 * 86400)

typedef struct counting_t {
    const fpi_call_t *call;
    fpi_json_t *doc;
} counting_t;

static void put_count(fpi_json_t *doc, const char *name, int64_t count, bool is_bound, fpi_task_t *task)
{
    fpi_json_t *one = fpi_json_make_object(task);

    fpi_json_put_int(one, "count", count);
    fpi_json_put_bool(one, "is_bound", is_bound);
    fpi_json_put(doc, name, one);
}

static fpi_err_t *tx_count(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    static const struct { const char *name; fpi_state_t state; } rows[COUNTED] = {
        { "awaiting_upload", FPI_STATE_WAITING }, { "to_rescan", FPI_STATE_RESCAN }, { "match_failed", FPI_STATE_MISMATCH },
        { "failed", FPI_STATE_FAILED },
    };
    counting_t *c = baton;
    fpi_bill_tally_t tally;
    int64_t refused, untold;
    unsigned states = 0;

    c->doc = fpi_json_make_object(task);
    for (int i = 0; i < COUNTED; i++) {
        states |= 1U << rows[i].state;
    }
    FPI_TRY(fpi_bills_tally(&tally, tx, task->tenant, c->call->viewer, states, task));
    for (int i = 0; i < COUNTED; i++) {
        put_count(c->doc, rows[i].name, tally.counts[rows[i].state], tally.bounds >> rows[i].state & 1, task);
    }
    if (fpi_viewer_may(c->call->viewer, FPI_MAY_DELIVERY) && !fpi_viewer_is_limited(c->call->viewer)) {
        FPI_TRY(fpi_report_refused(&refused, tx, task->tenant, fpi_clock_now() - WEEK, task));
        FPI_TRY(fpi_report_untold(&untold, tx, task->tenant, BOUND, task));
        put_count(c->doc, "refused_pushes", refused, false, task);
        put_count(c->doc, "failed_deliveries", untold, untold == BOUND, task);
    }
    return NULL;
}

fpi_err_t *fpi_handle_home(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    counting_t c = { .call = call };

    FPI_TRY(fpi_store_read(app->store, tx_count, &c, call->task));
    answer->data = c.doc;
    return NULL;
}
