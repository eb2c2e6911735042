#include "store/pushes.h"

#include "base/clock.h"

#include <string.h>

static void take_push(fpi_push_t *push, const fpi_rows_t *rows, int row)
{
    int c = 0;

    push->id = fpi_rows_int(rows, row, c++);
    push->tenant = fpi_rows_int(rows, row, c++);
    push->bill = fpi_rows_int(rows, row, c++);
    push->number = fpi_rows_text(rows, row, c++);
    push->client_id = fpi_rows_text(rows, row, c++);
    push->tax_no = fpi_rows_text(rows, row, c++);
    push->source = fpi_rows_text(rows, row, c++);
    push->status = fpi_rows_text(rows, row, c++);
    push->reason = fpi_rows_text(rows, row, c++);
    push->trace = fpi_rows_text(rows, row, c++);
    push->at = fpi_rows_int(rows, row, c++);
    push->last = fpi_rows_int(rows, row, c++);
    push->repeats = fpi_rows_int(rows, row, c++);
    push->body_sha = fpi_rows_text(rows, row, c++);
    push->body_len = fpi_rows_int(rows, row, c++);
}

/* ---- put ---- */

static fpi_err_t *insert_push(fpi_push_t *push, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!push->at) {
        push->at = fpi_clock_now();
    }
    FPI_TRY(fpi_tx_insert(
        &push->id, tx, FPI_SQL_PUSH_INSERT,
        FPI_ARGS(fpi_arg_int(push->tenant), fpi_arg_int(push->bill), fpi_arg_text(push->number),
                 fpi_arg_text(push->client_id), fpi_arg_text(push->tax_no),
                 fpi_arg_text(push->source), fpi_arg_text(push->status), fpi_arg_text(push->reason),
                 fpi_arg_text(push->trace), fpi_arg_int(push->at), fpi_arg_int(push->last),
                 fpi_arg_int(push->repeats), fpi_arg_text(push->body_sha),
                 fpi_arg_int(push->body ? push->body_len : 0)),
        task));
    if (!push->body) {
        return NULL;
    }
    return fpi_tx_run(tx, FPI_SQL_PUSH_BODY_INSERT,
                      FPI_ARGS(fpi_arg_int(push->id), fpi_arg_int(push->tenant),
                               fpi_arg_blob(push->body, (size_t)push->body_len)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_push_put(fpi_push_t *push, fpi_tx_t *tx, fpi_task_t *task)
{
    if (!push->id) {
        return insert_push(push, tx, task);
    }
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_UPDATE,
                       FPI_ARGS(fpi_arg_int(push->id), fpi_arg_text(push->number),
                                fpi_arg_text(push->status), fpi_arg_text(push->reason)),
                       NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_PUSH_UPDATE_BILL,
                      FPI_ARGS(fpi_arg_int(push->id), fpi_arg_int(push->bill)), NULL, NULL, task);
}

fpi_err_t *fpi_push_find_same(int64_t *id, fpi_tx_t *tx, int64_t bill, const char *body_sha,
                              fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_FIND_SAME,
                       FPI_ARGS(fpi_arg_int(bill), fpi_arg_text(body_sha)), &rows, NULL, task));
    *id = fpi_rows_count(rows) ? fpi_rows_int(rows, 0, 0) : 0;
    return NULL;
}

fpi_err_t *fpi_push_repeat(int64_t *id, fpi_tx_t *tx, int64_t bill, const char *body_sha,
                           fpi_task_t *task)
{
    FPI_TRY(fpi_push_find_same(id, tx, bill, body_sha, task));
    if (!*id) {
        return NULL;
    }
    return fpi_tx_run(tx, FPI_SQL_PUSH_REPEAT,
                      FPI_ARGS(fpi_arg_int(*id), fpi_arg_int(fpi_clock_now())), NULL, NULL, task);
}

/* The bodies up to the newest refused one that `find` says is too many for `most`, and then `end` for its rows. */
static fpi_err_t *prune(fpi_tx_t *tx, fpi_sql_t find, int64_t most, fpi_sql_t end, fpi_task_t *task)
{
    fpi_rows_t *rows;
    fpi_arg_t last;

    FPI_TRY(fpi_tx_run(tx, find, FPI_ARGS(fpi_arg_int(most)), &rows, NULL, task));
    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    last = fpi_arg_int(fpi_rows_int(rows, 0, 0));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_BODY_PRUNE, FPI_ARGS(last), NULL, NULL, task));
    return fpi_tx_run(tx, end, FPI_ARGS(last), NULL, NULL, task);
}

fpi_err_t *fpi_pushes_prune_refused(fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(prune(tx, FPI_SQL_PUSH_FIND_SURPLUS, FPI_REFUSED_MAX, FPI_SQL_PUSH_PRUNE, task));
    return prune(tx, FPI_SQL_PUSH_FIND_TOO_MUCH, FPI_REFUSED_BYTES, FPI_SQL_PUSH_TELL_BODY_GONE, task);
}

/* ---- look ---- */

static fpi_err_t *find_body(fpi_push_t *push, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;
    size_t len;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_BODY_FIND, FPI_ARGS(fpi_arg_int(push->id)), &rows, NULL,
                       task));
    if (fpi_rows_count(rows)) {
        push->body = fpi_rows_blob(rows, 0, 0, &len);
    }
    return NULL;
}

fpi_err_t *fpi_push_find(fpi_push_t **out, fpi_tx_t *tx, int64_t id, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_PUSH_FIND, FPI_ARGS(fpi_arg_int(id)), &rows, NULL, task));
    *out = NULL;
    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    *out = apr_pcalloc(task->pool, sizeof(**out));
    take_push(*out, rows, 0);
    return find_body(*out, tx, task);
}

fpi_err_t *fpi_pushes_list(fpi_push_t **out, int *count, fpi_tx_t *tx, bool only_failed,
                           int64_t before, int most, fpi_task_t *task)
{
    fpi_sql_t sql = only_failed ? FPI_SQL_PUSH_LIST_FAILED : FPI_SQL_PUSH_LIST;
    int64_t end = before ? before : INT64_MAX;
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(end), fpi_arg_int(most)), &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_push(&(*out)[i], rows, i);
    }
    return NULL;
}

/* Statements for the few of a bill, the few that went wrong, those of a number, the few that are under way, those of one
 * enterprise, and all. */
typedef enum choice_t { OF_BILL, FAILED, OF_NUMBER, UNDERWAY, OF_TAX_NO, OF_ALL } choice_t;

static const struct {
    fpi_sql_t list, count;
} choices[] = {
    [OF_BILL] = { FPI_SQL_PUSH_PAGE_OF_BILL, FPI_SQL_PUSH_COUNT_OF_BILL },
    [FAILED] = { FPI_SQL_PUSH_PAGE_FAILED, FPI_SQL_PUSH_COUNT_FAILED },
    [OF_NUMBER] = { FPI_SQL_PUSH_PAGE_OF_NUMBER, FPI_SQL_PUSH_COUNT_OF_NUMBER },
    [UNDERWAY] = { FPI_SQL_PUSH_PAGE_UNDERWAY, FPI_SQL_PUSH_COUNT_UNDERWAY },
    [OF_TAX_NO] = { FPI_SQL_PUSH_PAGE_OF_TAX_NO, FPI_SQL_PUSH_COUNT_OF_TAX_NO },
    [OF_ALL] = { FPI_SQL_PUSH_PAGE, FPI_SQL_PUSH_COUNT },
};

static bool is_status(const fpi_push_query_t *q, const char *one, const char *other)
{
    return q->status && (strcmp(q->status, one) == 0 || strcmp(q->status, other) == 0);
}

static choice_t choose(const fpi_push_query_t *q)
{
    return q->bill                              ? OF_BILL
           : is_status(q, "refused", "parked") ? FAILED
           : q->number                          ? OF_NUMBER
           : is_status(q, "taken", "older")    ? UNDERWAY
           : q->tax_no                          ? OF_TAX_NO
                                                : OF_ALL;
}

fpi_err_t *fpi_pushes_page(fpi_push_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_push_query_t *q,
                           fpi_task_t *task)
{
    fpi_arg_t args[] = { fpi_arg_int(q->tenant), fpi_arg_int(q->bill),    fpi_arg_text(q->status),
                         fpi_arg_text(q->number), fpi_arg_text(q->tax_no), fpi_arg_int(q->most),
                         fpi_arg_int(q->skip) };
    choice_t choice = choose(q);
    fpi_rows_t *rows, *counted;

    FPI_TRY(fpi_tx_run(tx, choices[choice].list, args, 7, &rows, NULL, task));
    args[5] = fpi_arg_int(q->bound);
    FPI_TRY(fpi_tx_run(tx, choices[choice].count, args, 6, &counted, NULL, task));
    *total = fpi_rows_int(counted, 0, 0);
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)(*count + 1) * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        take_push(&(*out)[i], rows, i);
    }
    return NULL;
}
