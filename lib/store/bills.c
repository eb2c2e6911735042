#include "store/bills.h"

#include "base/clock.h"

/* ---- bills ---- */

static fpi_bill_t *bill_of(const fpi_rows_t *rows, int row, fpi_task_t *task)
{
    fpi_bill_t *bill = apr_pcalloc(task->pool, sizeof(*bill));
    int c = 0;

    bill->id = fpi_rows_int(rows, row, c++);
    bill->tenant = fpi_rows_int(rows, row, c++);
    bill->org = fpi_rows_int(rows, row, c++);
    bill->number = fpi_rows_text(rows, row, c++);
    bill->resource = fpi_rows_text(rows, row, c++);
    bill->erp_id = fpi_rows_text(rows, row, c++);
    bill->bill_no = fpi_rows_text(rows, row, c++);
    bill->type_code = fpi_rows_text(rows, row, c++);
    bill->type_name = fpi_rows_text(rows, row, c++);
    bill->tax_no = fpi_rows_text(rows, row, c++);
    bill->apply_name = fpi_rows_text(rows, row, c++);
    bill->apply_phone = fpi_rows_text(rows, row, c++);
    bill->apply_erp_user = fpi_rows_text(rows, row, c++);
    bill->org_code = fpi_rows_text(rows, row, c++);
    bill->org_name = fpi_rows_text(rows, row, c++);
    bill->state = (fpi_state_t)fpi_rows_int(rows, row, c++);
    bill->state_before = (fpi_state_t)fpi_rows_int(rows, row, c++);
    bill->is_announced = fpi_rows_int(rows, row, c++) != 0;
    bill->is_locked = fpi_rows_int(rows, row, c++) != 0;
    bill->voucher = fpi_rows_text(rows, row, c++);
    bill->reason = fpi_rows_text(rows, row, c++);
    bill->doc_sha = fpi_rows_text(rows, row, c++);
    bill->push_sha = fpi_rows_text(rows, row, c++);
    bill->push_version = fpi_rows_int(rows, row, c++);
    bill->page_count = fpi_rows_int(rows, row, c++);
    bill->created = fpi_rows_int(rows, row, c++);
    bill->updated = fpi_rows_int(rows, row, c++);
    bill->version = fpi_rows_int(rows, row, c++);
    bill->owner = fpi_rows_int(rows, row, c++);
    bill->point = fpi_rows_int(rows, row, c++);
    bill->reason_by = fpi_rows_text(rows, row, c++);
    return bill;
}

fpi_whose_t fpi_rows_whose(const fpi_rows_t *rows, int row, int column, int64_t bill)
{
    return (fpi_whose_t){ .bill = bill,
                          .org = fpi_rows_int(rows, row, column),
                          .owner = fpi_rows_int(rows, row, column + 1),
                          .point = fpi_rows_int(rows, row, column + 2),
                          .tax_no = fpi_rows_text(rows, row, column + 3),
                          .phone = fpi_rows_text(rows, row, column + 4) };
}

static fpi_bill_t *first_bill(const fpi_rows_t *rows, fpi_task_t *task)
{
    return fpi_rows_count(rows) ? bill_of(rows, 0, task) : NULL;
}

/* Of several: the announced one, of several the youngest. */
static fpi_err_t *find_any(fpi_rows_t **rows, fpi_tx_t *tx, int64_t tenant, const char *number,
                           fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_FIND_ANY,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(number)), rows, NULL, task));
    if (fpi_rows_count(*rows) < 2) {
        return NULL;
    }
    return fpi_tx_run(tx, FPI_SQL_BILL_FIND_CHOSEN,
                      FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(number)), rows, NULL, task);
}

fpi_err_t *fpi_bill_find(fpi_bill_t **out, fpi_tx_t *tx, int64_t tenant, const char *number,
                         const char *resource, fpi_task_t *task)
{
    fpi_rows_t *rows;

    if (resource && *resource) {
        FPI_TRY(
            fpi_tx_run(tx, FPI_SQL_BILL_FIND,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(number), fpi_arg_text(resource)),
                       &rows, NULL, task));
    }
    else {
        FPI_TRY(find_any(&rows, tx, tenant, number, task));
    }
    *out = first_bill(rows, task);
    return NULL;
}

fpi_err_t *fpi_bill_resources(const char ***out, int *count, fpi_tx_t *tx, int64_t tenant, const char *number, int most,
                              fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_RESOURCES,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(number), fpi_arg_int(most)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = fpi_rows_text(rows, i, 0);
    }
    return NULL;
}

/* The only living bill, or the only one. */
static fpi_err_t *find_only(fpi_bill_t **out, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant,
                            const char *key, fpi_task_t *task)
{
    fpi_rows_t *rows;
    fpi_bill_t *bill;

    *out = NULL;
    if (!key || !*key) {
        return NULL;
    }
    FPI_TRY(
        fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(key)), &rows, NULL, task));
    bill = first_bill(rows, task);
    if (bill && fpi_rows_count(rows) > 1
        && (bill->state == FPI_STATE_VOID || bill_of(rows, 1, task)->state != FPI_STATE_VOID)) {
        return NULL;
    }
    *out = bill;
    return NULL;
}

fpi_err_t *fpi_bill_find_by_erp(fpi_bill_t **out, fpi_tx_t *tx, int64_t tenant, const char *erp_id,
                                const char *bill_no, fpi_task_t *task)
{
    FPI_TRY(find_only(out, tx, FPI_SQL_BILL_FIND_BY_ERP_ID, tenant, erp_id, task));
    if (*out) {
        return NULL;
    }
    return find_only(out, tx, FPI_SQL_BILL_FIND_BY_BILL_NO, tenant, bill_no, task);
}

fpi_err_t *fpi_bill_find_by_id(fpi_bill_t **out, fpi_tx_t *tx, int64_t tenant, int64_t id,
                               fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_FIND_BY_ID, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_int(id)),
                       &rows, NULL, task));
    *out = first_bill(rows, task);
    return NULL;
}

static fpi_err_t *insert_bill(fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_insert(
        &bill->id, tx, FPI_SQL_BILL_INSERT,
        FPI_ARGS(
            fpi_arg_int(bill->tenant), fpi_arg_int(bill->org), fpi_arg_text(bill->number),
            fpi_arg_text(bill->resource), fpi_arg_text(bill->erp_id), fpi_arg_text(bill->bill_no),
            fpi_arg_text(bill->type_code), fpi_arg_text(bill->type_name),
            fpi_arg_text(bill->tax_no), fpi_arg_text(bill->apply_name),
            fpi_arg_text(bill->apply_phone), fpi_arg_text(bill->apply_erp_user),
            fpi_arg_text(bill->org_code), fpi_arg_text(bill->org_name), fpi_arg_int(bill->state),
            fpi_arg_int(bill->state_before), fpi_arg_int(bill->is_announced),
            fpi_arg_int(bill->is_locked), fpi_arg_text(bill->voucher), fpi_arg_text(bill->reason),
            fpi_arg_text(bill->doc_sha), fpi_arg_text(bill->push_sha),
            fpi_arg_int(bill->push_version), fpi_arg_int(bill->page_count),
            fpi_arg_int(bill->created), fpi_arg_int(bill->updated), fpi_arg_int(bill->version),
            fpi_arg_int(bill->owner), fpi_arg_int(bill->point), fpi_arg_text(bill->reason_by)),
        task);
}

static fpi_err_t *update_bill(const fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    int64_t changed;

    /* the keys first: what is counted with the rest (statistics.h) counts for whom the bill belongs to now */
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_UPDATE_KEYS,
                       FPI_ARGS(fpi_arg_int(bill->id), fpi_arg_int(bill->tenant),
                                fpi_arg_int(bill->org), fpi_arg_text(bill->number),
                                fpi_arg_text(bill->resource), fpi_arg_text(bill->erp_id),
                                fpi_arg_text(bill->bill_no), fpi_arg_text(bill->tax_no),
                                fpi_arg_text(bill->apply_name), fpi_arg_text(bill->apply_phone),
                                fpi_arg_int(bill->owner), fpi_arg_int(bill->point)),
                       NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_UPDATE,
                       FPI_ARGS(fpi_arg_int(bill->id), fpi_arg_int(bill->tenant),
                                fpi_arg_text(bill->type_code), fpi_arg_text(bill->type_name),
                                fpi_arg_text(bill->apply_erp_user),
                                fpi_arg_text(bill->org_code), fpi_arg_text(bill->org_name),
                                fpi_arg_int(bill->state), fpi_arg_int(bill->state_before),
                                fpi_arg_int(bill->is_announced), fpi_arg_int(bill->is_locked),
                                fpi_arg_text(bill->voucher), fpi_arg_text(bill->reason),
                                fpi_arg_text(bill->doc_sha), fpi_arg_text(bill->push_sha),
                                fpi_arg_int(bill->push_version), fpi_arg_int(bill->page_count),
                                fpi_arg_int(bill->updated), fpi_arg_int(bill->version),
                                fpi_arg_text(bill->reason_by)),
                       NULL, &changed, task));
    if (!changed) {
        return fpi_fail(task, FPI_E_ABSENT,
                        "bill %" APR_INT64_T_FMT " of tenant %" APR_INT64_T_FMT
                        " is not there to be updated",
                        bill->id, bill->tenant);
    }
    return NULL;
}

fpi_err_t *fpi_bill_put(fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    bill->updated = fpi_clock_now();
    if (!bill->resource) {
        bill->resource = "";
    }
    if (bill->id) {
        return update_bill(bill, tx, task);
    }
    if (!bill->created) {
        bill->created = bill->updated;
    }
    return insert_bill(bill, tx, task);
}

fpi_err_t *fpi_bill_raise_version(fpi_bill_t *bill, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_BILL_RAISE_VERSION,
                       FPI_ARGS(fpi_arg_int(bill->id), fpi_arg_int(bill->tenant)), NULL, NULL, task));
    bill->version++;
    return NULL;
}

/* ---- timeline ---- */

static void take_event(fpi_event_t *event, const fpi_rows_t *rows, int row)
{
    int c = 0;

    event->id = fpi_rows_int(rows, row, c++);
    event->tenant = fpi_rows_int(rows, row, c++);
    event->bill = fpi_rows_int(rows, row, c++);
    event->at = fpi_rows_int(rows, row, c++);
    event->kind = fpi_rows_text(rows, row, c++);
    event->actor = fpi_rows_text(rows, row, c++);
    event->trace = fpi_rows_text(rows, row, c++);
    event->note = fpi_rows_text(rows, row, c++);
    event->detail = fpi_rows_text(rows, row, c++);
}

fpi_err_t *fpi_trail_add(fpi_tx_t *tx, const fpi_bill_t *bill, const char *kind, const char *note,
                         const char *detail, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_TRAIL_ADD,
                      FPI_ARGS(fpi_arg_int(bill->tenant), fpi_arg_int(bill->id),
                               fpi_arg_int(fpi_clock_now()), fpi_arg_text(kind),
                               fpi_arg_text(task->actor), fpi_arg_text(task->trace),
                               fpi_arg_text(note), fpi_arg_text(detail)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_trail_has(bool *has, fpi_tx_t *tx, const fpi_bill_t *bill, const char *kind, const char *detail,
                         fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TRAIL_HAS,
                       FPI_ARGS(fpi_arg_int(bill->tenant), fpi_arg_int(bill->id), fpi_arg_text(kind),
                                fpi_arg_text(detail)),
                       &rows, NULL, task));
    *has = fpi_rows_count(rows) > 0;
    return NULL;
}

static void take_events(fpi_event_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_event(&(*out)[i], rows, i);
    }
}

fpi_err_t *fpi_trail_list(fpi_event_t **out, int *count, fpi_tx_t *tx, const fpi_bill_t *bill,
                          int64_t after, int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TRAIL_LIST,
                       FPI_ARGS(fpi_arg_int(bill->tenant), fpi_arg_int(bill->id),
                                fpi_arg_int(after), fpi_arg_int(most)),
                       &rows, NULL, task));
    take_events(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_trail_list_last(fpi_event_t **out, int *count, fpi_tx_t *tx, const fpi_bill_t *bill,
                               int most, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(
        tx, FPI_SQL_TRAIL_LIST_LAST,
        FPI_ARGS(fpi_arg_int(bill->tenant), fpi_arg_int(bill->id), fpi_arg_int(most)), &rows, NULL,
        task));
    take_events(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_trail_page(fpi_event_t **out, int *count, int64_t *total, fpi_tx_t *tx,
                          const fpi_bill_t *bill, int64_t skip, int most, int bound,
                          fpi_task_t *task)
{
    fpi_arg_t tenant = fpi_arg_int(bill->tenant), id = fpi_arg_int(bill->id);
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TRAIL_COUNT, FPI_ARGS(tenant, id, fpi_arg_int(bound)), &rows,
                       NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TRAIL_PAGE,
                       FPI_ARGS(tenant, id, fpi_arg_int(most), fpi_arg_int(skip)), &rows, NULL,
                       task));
    take_events(out, count, rows, task);
    return NULL;
}
