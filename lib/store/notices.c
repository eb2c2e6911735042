#include "store/notices.h"

#include "base/clock.h"

static void take_delivery(fpi_delivery_t *d, const fpi_rows_t *rows, int row)
{
    int c = 0;

    d->id = fpi_rows_int(rows, row, c++);
    d->tenant = fpi_rows_int(rows, row, c++);
    d->bill = fpi_rows_int(rows, row, c++);
    d->kind = (fpi_notice_kind_t)fpi_rows_int(rows, row, c++);
    d->is_again = fpi_rows_int(rows, row, c++) != 0;
    d->state = (fpi_delivery_state_t)fpi_rows_int(rows, row, c++);
    d->miss = (fpi_miss_t)fpi_rows_int(rows, row, c++);
    d->reason = fpi_rows_text(rows, row, c++);
    d->note = fpi_rows_text(rows, row, c++);
    d->system = fpi_rows_int(rows, row, c++);
    d->attempts = fpi_rows_int(rows, row, c++);
    d->repairs = fpi_rows_int(rows, row, c++);
    d->created = fpi_rows_int(rows, row, c++);
    d->tried = fpi_rows_int(rows, row, c++);
    d->ended = fpi_rows_int(rows, row, c++);
    d->claimed = fpi_rows_int(rows, row, c++);
    d->checked = fpi_rows_int(rows, row, c++);
    d->is_settled = fpi_rows_int(rows, row, c++) != 0;
    d->actor = fpi_rows_text(rows, row, c++);
    d->trace = fpi_rows_text(rows, row, c++);
    d->number = fpi_rows_text(rows, row, c++);
    d->resource = fpi_rows_text(rows, row, c++);
    d->system_name = fpi_rows_text(rows, row, c++);
}

static void take_deliveries(fpi_delivery_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_delivery(&(*out)[i], rows, i);
    }
}

static fpi_err_t *find_one(fpi_delivery_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant, int64_t id,
                           fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)), &rows, NULL, task));
    *out = NULL;
    if (fpi_rows_count(rows)) {
        *out = apr_pcalloc(task->pool, sizeof(**out));
        take_delivery(*out, rows, 0);
    }
    return NULL;
}

fpi_err_t *fpi_delivery_put(fpi_delivery_t *d, fpi_tx_t *tx, fpi_task_t *task)
{
    d->created = fpi_clock_now();
    d->actor = task->actor;
    d->trace = task->trace;
    return fpi_tx_insert(&d->id, tx, FPI_SQL_DELIVERY_INSERT,
                         FPI_ARGS(fpi_arg_int(d->tenant), fpi_arg_int(d->bill), fpi_arg_int(d->kind),
                                  fpi_arg_int(d->is_again), fpi_arg_int(d->state), fpi_arg_text(d->reason),
                                  fpi_arg_text(d->note), fpi_arg_int(d->repairs), fpi_arg_int(d->created),
                                  fpi_arg_text(d->actor), fpi_arg_text(d->trace)),
                         task);
}

fpi_err_t *fpi_delivery_find(fpi_delivery_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id, fpi_task_t *task)
{
    return find_one(out, tx, FPI_SQL_DELIVERY_FIND, tenant, id, task);
}

fpi_err_t *fpi_delivery_find_next(fpi_delivery_t **out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    return find_one(out, tx, FPI_SQL_DELIVERY_FIND_NEXT, tenant, bill, task);
}

fpi_err_t *fpi_delivery_find_last(fpi_delivery_t **out, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_task_t *task)
{
    return find_one(out, tx, FPI_SQL_DELIVERY_FIND_LAST, tenant, bill, task);
}

fpi_err_t *fpi_delivery_has(bool *has, fpi_tx_t *tx, int64_t tenant, int64_t bill, fpi_notice_kind_t kind,
                            fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_HAS,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(bill), fpi_arg_int(kind)), &rows, NULL, task));
    *has = fpi_rows_int(rows, 0, 0) != 0;
    return NULL;
}

/* ---- trying ---- */

fpi_err_t *fpi_delivery_claim(bool *held, fpi_delivery_t *d, fpi_tx_t *tx, int64_t system, apr_time_t until,
                              fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_CLAIM,
                       FPI_ARGS(fpi_arg_int(d->id), fpi_arg_int(until), fpi_arg_int(system), fpi_arg_int(now)), NULL,
                       &changed, task));
    *held = changed > 0;
    if (*held) {
        d->claimed = until;
        d->system = system;
        d->tried = now;
        d->attempts++;
    }
    return NULL;
}

fpi_err_t *fpi_delivery_done(bool *held, const fpi_delivery_t *d, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_DONE,
                       FPI_ARGS(fpi_arg_int(d->id), fpi_arg_int(d->claimed), fpi_arg_int(fpi_clock_now())), NULL,
                       &changed, task));
    *held = changed > 0;
    return NULL;
}

fpi_err_t *fpi_delivery_miss(bool *held, const fpi_delivery_t *d, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_MISS,
                       FPI_ARGS(fpi_arg_int(d->id), fpi_arg_int(d->claimed), fpi_arg_int(d->state),
                                fpi_arg_int(d->miss), fpi_arg_text(d->note), fpi_arg_int(d->system)),
                       NULL, &changed, task));
    *held = changed > 0;
    return NULL;
}

fpi_err_t *fpi_deliveries_last_miss(apr_time_t *at, fpi_tx_t *tx, int64_t system, int64_t but, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_LAST_MISS, FPI_ARGS(fpi_arg_int(system), fpi_arg_int(but)), &rows, NULL,
                       task));
    *at = fpi_rows_int(rows, 0, 0);
    return NULL;
}

fpi_err_t *fpi_deliveries_hurry(int64_t *count, fpi_tx_t *tx, int64_t system, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_HURRY, FPI_ARGS(fpi_arg_int(system), fpi_arg_int(fpi_clock_now())), NULL,
                       count, task));
    return fpi_tx_run(tx, FPI_SQL_DELIVERY_CALM, FPI_ARGS(fpi_arg_int(system)), NULL, NULL, task);
}

/* ---- putting aside, putting back ---- */

fpi_err_t *fpi_delivery_skip(fpi_tx_t *tx, int64_t id, const char *note, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_DELIVERY_SKIP,
                      FPI_ARGS(fpi_arg_int(id), fpi_arg_text(note), fpi_arg_int(fpi_clock_now())), NULL, NULL, task);
}

fpi_err_t *fpi_deliveries_skip(int64_t *count, fpi_tx_t *tx, int64_t bill, const char *note, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_DELIVERY_SKIP_ALL,
                      FPI_ARGS(fpi_arg_int(bill), fpi_arg_text(note), fpi_arg_int(fpi_clock_now())), NULL, count,
                      task);
}

fpi_err_t *fpi_deliveries_reopen(int64_t *count, fpi_tx_t *tx, int64_t bill, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_DELIVERY_REOPEN, FPI_ARGS(fpi_arg_int(bill)), NULL, count, task);
}

/* ---- what the ERP made of it ---- */

fpi_err_t *fpi_deliveries_unsettled(fpi_delivery_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system,
                                    apr_time_t before, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_SETTLE_MOVED, FPI_ARGS(fpi_arg_int(system)), NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_UNSETTLED,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(before), fpi_arg_int(most)), &rows,
                       NULL, task));
    take_deliveries(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_deliveries_parked(fpi_delivery_t **out, int *count, fpi_tx_t *tx, int64_t tenant, int64_t system,
                                 int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_PARKED,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(system), fpi_arg_int(most)), &rows, NULL, task));
    take_deliveries(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_delivery_checked(fpi_tx_t *tx, int64_t id, bool is_settled, const char *note, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_DELIVERY_CHECKED,
                      FPI_ARGS(fpi_arg_int(id), fpi_arg_int(fpi_clock_now()), fpi_arg_int(is_settled),
                               fpi_arg_text(note)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_deliveries_idle_systems(int64_t **systems, int64_t **tenants, int *count, fpi_tx_t *tx,
                                       fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_IDLE_SYSTEMS, FPI_NO_ARGS, &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *systems = apr_pcalloc(task->pool, sizeof(**systems) * (size_t)(*count + 1));
    *tenants = apr_pcalloc(task->pool, sizeof(**tenants) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        (*systems)[i] = fpi_rows_int(rows, i, 0);
        (*tenants)[i] = fpi_rows_int(rows, i, 1);
    }
    return NULL;
}

/* ---- lists ---- */

/* Nearly all are told: those of a kind are the fewer ones. Of any other state there are few, whatever their kind. */
static bool is_by_kind(const fpi_delivery_query_t *q)
{
    return q->kind && (q->state < 0 || q->state == FPI_DELIVERY_DELIVERED);
}

static fpi_err_t *list(fpi_rows_t **rows, fpi_tx_t *tx, const fpi_delivery_query_t *q, fpi_task_t *task)
{
    const fpi_arg_t args[] = { fpi_arg_int(q->tenant), fpi_arg_int(q->kind), fpi_arg_text(q->tax_no),
                               fpi_arg_int(q->most),   fpi_arg_int(q->skip), fpi_arg_int(q->state),
                               fpi_arg_int(q->bill) };

    return q->bill         ? fpi_tx_run(tx, FPI_SQL_DELIVERY_LIST_OF_BILL, args, 7, rows, NULL, task)
           : is_by_kind(q) ? fpi_tx_run(tx, FPI_SQL_DELIVERY_LIST_OF_KIND, args, 6, rows, NULL, task)
           : q->state >= 0 ? fpi_tx_run(tx, FPI_SQL_DELIVERY_LIST_OF_STATE, args, 6, rows, NULL, task)
                           : fpi_tx_run(tx, FPI_SQL_DELIVERY_LIST, args, 5, rows, NULL, task);
}

static fpi_err_t *count_all(fpi_rows_t **rows, fpi_tx_t *tx, const fpi_delivery_query_t *q, fpi_task_t *task)
{
    const fpi_arg_t args[] = { fpi_arg_int(q->tenant), fpi_arg_int(q->kind),  fpi_arg_text(q->tax_no),
                               fpi_arg_int(q->bound),  fpi_arg_int(q->state), fpi_arg_int(q->bill) };

    return q->bill         ? fpi_tx_run(tx, FPI_SQL_DELIVERY_COUNT_OF_BILL, args, 6, rows, NULL, task)
           : is_by_kind(q) ? fpi_tx_run(tx, FPI_SQL_DELIVERY_COUNT_OF_KIND, args, 5, rows, NULL, task)
           : q->state >= 0 ? fpi_tx_run(tx, FPI_SQL_DELIVERY_COUNT_OF_STATE, args, 5, rows, NULL, task)
                           : fpi_tx_run(tx, FPI_SQL_DELIVERY_COUNT, args, 4, rows, NULL, task);
}

fpi_err_t *fpi_deliveries_list(fpi_delivery_t **out, int *count, int64_t *total, fpi_tx_t *tx,
                               const fpi_delivery_query_t *query, fpi_task_t *task)
{
    fpi_rows_t *rows, *counted;

    FPI_TRY(list(&rows, tx, query, task));
    FPI_TRY(count_all(&counted, tx, query, task));
    take_deliveries(out, count, rows, task);
    *total = fpi_rows_int(counted, 0, 0);
    return NULL;
}

fpi_err_t *fpi_deliveries_stuck(int64_t **bills, int *count, fpi_tx_t *tx, const fpi_delivery_query_t *q, int64_t after,
                                fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_LIST_STUCK,
                       FPI_ARGS(fpi_arg_int(q->tenant), fpi_arg_int(q->state), fpi_arg_int(q->kind),
                                fpi_arg_text(q->tax_no), fpi_arg_int(after), fpi_arg_int(q->most), fpi_arg_int(q->first),
                                fpi_arg_int(q->last)),
                       &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *bills = apr_pcalloc(task->pool, sizeof(**bills) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        (*bills)[i] = fpi_rows_int(rows, i, 0);
    }
    return NULL;
}

fpi_err_t *fpi_deliveries_count(fpi_delivery_counts_t *out, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_DELIVERY_TALLY, FPI_NO_ARGS, &rows, NULL, task));
    *out = (fpi_delivery_counts_t){ 0 };
    for (int i = 0; i < fpi_rows_count(rows); i++) {
        int64_t state = fpi_rows_int(rows, i, 0), count = fpi_rows_int(rows, i, 1);

        if (state == FPI_DELIVERY_WAITING) {
            out->waiting = count;
            out->failing = fpi_rows_int(rows, i, 2);
            out->oldest = fpi_rows_int(rows, i, 3);
        }
        else {
            *(state == FPI_DELIVERY_PARKED ? &out->parked : &out->unaddressed) = count;
        }
    }
    return NULL;
}

/* ---- names ---- */

const char *fpi_delivery_state_symbol(fpi_delivery_state_t state)
{
    static const char *const names[] = { "WAITING", "DELIVERED", "PARKED", "SKIPPED", "UNADDRESSED" };

    return (size_t)state < sizeof(names) / sizeof(*names) ? names[state] : "?";
}

const char *fpi_notice_symbol(fpi_notice_kind_t kind)
{
    static const char *const names[] = { "?", "READY", "SENT_BACK", "REVIEW" };

    return (size_t)kind < sizeof(names) / sizeof(*names) ? names[kind] : "?";
}
