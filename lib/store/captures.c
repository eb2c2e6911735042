#include "store/captures.h"

#include "base/clock.h"

static void take_capture(fpi_capture_t *capture, const fpi_rows_t *rows, int row)
{
    int c = 0;

    capture->id = fpi_rows_int(rows, row, c++);
    capture->tenant = fpi_rows_int(rows, row, c++);
    capture->enterprise = fpi_rows_int(rows, row, c++);
    capture->org = fpi_rows_int(rows, row, c++);
    capture->actor = fpi_rows_text(rows, row, c++);
    capture->name = fpi_rows_text(rows, row, c++);
    capture->number = fpi_rows_text(rows, row, c++);
    capture->resource = fpi_rows_text(rows, row, c++);
    capture->type_code = fpi_rows_text(rows, row, c++);
    capture->state = (fpi_capture_state_t)fpi_rows_int(rows, row, c++);
    capture->version = fpi_rows_int(rows, row, c++);
    capture->act = (fpi_capture_act_t)fpi_rows_int(rows, row, c++);
    capture->act_count = fpi_rows_int(rows, row, c++);
    capture->act_by = fpi_rows_text(rows, row, c++);
    capture->created = fpi_rows_int(rows, row, c++);
    capture->updated = fpi_rows_int(rows, row, c++);
    capture->owner = fpi_rows_int(rows, row, c++);
    capture->point = fpi_rows_int(rows, row, c++);
    capture->page_count = fpi_rows_int(rows, row, c++);
    capture->left = fpi_rows_int(rows, row, c++);
}

fpi_err_t *fpi_capture_make(fpi_capture_t *capture, fpi_tx_t *tx, fpi_task_t *task)
{
    capture->version = 1;
    capture->act = FPI_CAPTURE_MADE;
    capture->act_count = 0;
    capture->act_by = task->actor;
    capture->created = capture->updated = fpi_clock_now();
    return fpi_tx_insert(&capture->id, tx, FPI_SQL_CAPTURE_INSERT,
                         FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->enterprise),
                                  fpi_arg_int(capture->org), fpi_arg_text(capture->actor), fpi_arg_text(capture->name),
                                  fpi_arg_text(capture->number), fpi_arg_text(capture->resource),
                                  fpi_arg_text(capture->type_code), fpi_arg_int(capture->state),
                                  fpi_arg_int(capture->version), fpi_arg_int(capture->act),
                                  fpi_arg_int(capture->act_count), fpi_arg_text(capture->act_by),
                                  fpi_arg_int(capture->created), fpi_arg_int(capture->updated),
                                  fpi_arg_int(capture->owner), fpi_arg_int(capture->point)),
                         task);
}

fpi_err_t *fpi_capture_find(fpi_capture_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_FIND, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), &rows, NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_capture(*out, rows, 0);
    }
    return NULL;
}

bool fpi_capture_is_seen(const fpi_capture_t *capture, const fpi_viewer_t *viewer)
{
    if (!fpi_viewer_is_limited(viewer)) {
        return true;
    }
    if (viewer->kind == FPI_VIEWER_PHONE) {
        return capture->id == viewer->capture && capture->state == FPI_CAPTURE_OPEN;
    }
    if (viewer->kind != FPI_VIEWER_PERSON) {
        return viewer->kind == FPI_VIEWER_ENTERPRISE && capture->enterprise == viewer->enterprise;
    }
    return capture->owner == viewer->user || (viewer->point && capture->point == viewer->point);
}

/* ?2 to ?5 of the statements of his own; 0: nobody's. */
typedef struct whose_t {
    fpi_arg_t enterprise, state, user, point;
} whose_t;

static whose_t whose_of(const fpi_viewer_t *viewer, int state)
{
    bool is_event = viewer->kind == FPI_VIEWER_EVENT || viewer->kind == FPI_VIEWER_PHONE;

    return (whose_t){ fpi_arg_int(viewer->enterprise), fpi_arg_int(state), fpi_arg_int(is_event ? 0 : viewer->user),
                      fpi_arg_int(is_event ? 0 : viewer->point) };
}

static fpi_err_t *list_own(fpi_rows_t **rows, fpi_rows_t **counted, fpi_tx_t *tx, const fpi_viewer_t *viewer, int state,
                           int64_t skip, int most, int64_t bound, fpi_task_t *task)
{
    whose_t w = whose_of(viewer, state);
    fpi_arg_t tenant = fpi_arg_int(viewer->tenant);

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_COUNT_OWN,
                       FPI_ARGS(tenant, w.enterprise, w.state, w.user, w.point, fpi_arg_int(bound)), counted, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_LIST_OWN,
                      FPI_ARGS(tenant, w.enterprise, w.state, w.user, w.point, fpi_arg_int(most), fpi_arg_int(skip)), rows, NULL,
                      task);
}

static fpi_err_t *list_all(fpi_rows_t **rows, fpi_rows_t **counted, fpi_tx_t *tx, int64_t tenant, int state, int64_t skip,
                           int most, int64_t bound, fpi_task_t *task)
{
    const fpi_arg_t list[] = { fpi_arg_int(tenant), fpi_arg_int(most), fpi_arg_int(skip), fpi_arg_int(state) };
    const fpi_arg_t count[] = { fpi_arg_int(tenant), fpi_arg_int(bound), fpi_arg_int(state) };
    bool is_any = state < 0;

    FPI_TRY(fpi_tx_run(tx, is_any ? FPI_SQL_CAPTURE_COUNT : FPI_SQL_CAPTURE_COUNT_OF_STATE, count, is_any ? 2 : 3, counted, NULL,
                       task));
    return fpi_tx_run(tx, is_any ? FPI_SQL_CAPTURE_LIST : FPI_SQL_CAPTURE_LIST_OF_STATE, list, is_any ? 3 : 4, rows, NULL, task);
}

fpi_err_t *fpi_captures_list(fpi_capture_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_viewer_t *viewer,
                             int state, int64_t skip, int most, int64_t bound, fpi_task_t *task)
{
    fpi_rows_t *rows, *counted;

    FPI_TRY(fpi_viewer_is_limited(viewer)
                ? list_own(&rows, &counted, tx, viewer, state, skip, most, bound, task)
                : list_all(&rows, &counted, tx, viewer->tenant, state, skip, most, bound, task));
    *total = fpi_rows_int(counted, 0, 0);
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_capture(&(*out)[i], rows, i);
    }
    return NULL;
}

void fpi_capture_settle(fpi_capture_t *capture)
{
    capture->state = capture->page_count > 0 && capture->left == 0 ? FPI_CAPTURE_FINISHED : FPI_CAPTURE_OPEN;
}

fpi_err_t *fpi_capture_touch(fpi_capture_t *capture, fpi_capture_act_t act, int64_t count, fpi_tx_t *tx,
                             fpi_task_t *task)
{
    capture->version++;
    capture->act = act;
    capture->act_count = count;
    capture->act_by = task->actor;
    capture->updated = fpi_clock_now();
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_TOUCH,
                      FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->id), fpi_arg_int(capture->state),
                               fpi_arg_int(act), fpi_arg_int(count), fpi_arg_text(capture->act_by),
                               fpi_arg_int(capture->updated)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_capture_put_facts(const fpi_capture_t *capture, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_PUT_FACTS,
                      FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->id), fpi_arg_text(capture->name),
                               fpi_arg_text(capture->number), fpi_arg_text(capture->resource),
                               fpi_arg_text(capture->type_code)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_capture_drop(fpi_tx_t *tx, const fpi_capture_t *capture, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SCAN_DROP, FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->id)), NULL, NULL,
                       task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_RELEASE_ALL,
                       FPI_ARGS(fpi_arg_int(capture->id), fpi_arg_int(fpi_clock_now())), NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_CAPTURE_PAGE_DROP_ALL, FPI_ARGS(fpi_arg_int(capture->id)), NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_CAPTURE_DROP, FPI_ARGS(fpi_arg_int(capture->tenant), fpi_arg_int(capture->id)), NULL,
                      NULL, task);
}
