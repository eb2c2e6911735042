#include "store/sessions.h"

#include "base/clock.h"

/* ---- sessions ---- */

enum { KIND_PERSON = 1, KIND_EVENT = 2, KIND_PHONE = 3 };

fpi_err_t *fpi_session_put(const char *hash, const fpi_session_row_t *row, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SESSION_PUT,
                      FPI_ARGS(fpi_arg_text(hash), fpi_arg_int(row->tenant), fpi_arg_int(row->user),
                               fpi_arg_int(row->capture ? KIND_PHONE : row->is_event ? KIND_EVENT : KIND_PERSON),
                               fpi_arg_text(row->rights), fpi_arg_text(row->bills), fpi_arg_int(row->created),
                               fpi_arg_int(row->expires), fpi_arg_int(row->capture)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_session_find(fpi_session_row_t **out, fpi_tx_t *tx, const char *hash, fpi_task_t *task)
{
    fpi_session_row_t *row;
    fpi_rows_t *rows;
    int c = 0;

    *out = NULL;
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SESSION_FIND, FPI_ARGS(fpi_arg_text(hash)), &rows, NULL, task));
    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    row = apr_pcalloc(task->pool, sizeof(*row));
    row->id = fpi_rows_int(rows, 0, c++);
    row->tenant = fpi_rows_int(rows, 0, c++);
    row->user = fpi_rows_int(rows, 0, c++);
    row->is_event = fpi_rows_int(rows, 0, c++) == KIND_EVENT;
    row->rights = fpi_rows_text(rows, 0, c++);
    row->bills = fpi_rows_text(rows, 0, c++);
    row->created = fpi_rows_int(rows, 0, c++);
    row->used = fpi_rows_int(rows, 0, c++);
    row->expires = fpi_rows_int(rows, 0, c++);
    row->capture = fpi_rows_int(rows, 0, c++);
    *out = row;
    return NULL;
}

fpi_err_t *fpi_session_touch(fpi_tx_t *tx, const char *hash, apr_time_t used, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SESSION_TOUCH, FPI_ARGS(fpi_arg_text(hash), fpi_arg_int(used)), NULL, NULL, task);
}

fpi_err_t *fpi_session_drop(fpi_tx_t *tx, const char *hash, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SESSION_DROP, FPI_ARGS(fpi_arg_text(hash)), NULL, NULL, task);
}

fpi_err_t *fpi_sessions_drop_of(fpi_tx_t *tx, int64_t user, const char *but, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SESSION_DROP_OF_USER, FPI_ARGS(fpi_arg_int(user), fpi_arg_text(but ? but : "")), NULL, NULL,
                      task);
}

/* ---- event codes ---- */

fpi_err_t *fpi_event_code_put(const char *hash, const fpi_event_code_t *code, fpi_tx_t *tx, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_EVENT_CODE_PUT,
                      FPI_ARGS(fpi_arg_text(hash), fpi_arg_int(code->tenant), fpi_arg_int(code->user),
                               fpi_arg_text(code->rights), fpi_arg_text(code->bills), fpi_arg_text(code->made_by),
                               fpi_arg_int(code->expires), fpi_arg_int(code->capture)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_event_code_find(fpi_event_code_t **out, fpi_tx_t *tx, const char *hash, fpi_task_t *task)
{
    fpi_event_code_t *code;
    fpi_rows_t *rows;
    int c = 0;

    *out = NULL;
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EVENT_CODE_FIND, FPI_ARGS(fpi_arg_text(hash)), &rows, NULL, task));
    if (!fpi_rows_count(rows)) {
        return NULL;
    }
    code = apr_pcalloc(task->pool, sizeof(*code));
    code->tenant = fpi_rows_int(rows, 0, c++);
    code->user = fpi_rows_int(rows, 0, c++);
    code->rights = fpi_rows_text(rows, 0, c++);
    code->bills = fpi_rows_text(rows, 0, c++);
    code->made_by = fpi_rows_text(rows, 0, c++);
    code->expires = fpi_rows_int(rows, 0, c++);
    code->used = fpi_rows_int(rows, 0, c++);
    code->capture = fpi_rows_int(rows, 0, c++);
    *out = code;
    return NULL;
}

fpi_err_t *fpi_event_code_use(bool *is_first, fpi_tx_t *tx, const char *hash, apr_time_t now, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EVENT_CODE_USE, FPI_ARGS(fpi_arg_text(hash), fpi_arg_int(now)), NULL, &changed, task));
    *is_first = changed > 0;
    return NULL;
}

fpi_err_t *fpi_phone_codes_end(fpi_tx_t *tx, int64_t capture, apr_time_t now, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_EVENT_CODE_END_OF_CAPTURE, FPI_ARGS(fpi_arg_int(capture), fpi_arg_int(now)), NULL, NULL, task);
}

fpi_err_t *fpi_phones_drop(int64_t *ended, fpi_tx_t *tx, int64_t capture, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_SESSION_DROP_OF_CAPTURE, FPI_ARGS(fpi_arg_int(capture)), NULL, ended, task);
}

/* ---- guards ---- */

fpi_err_t *fpi_guard_find(fpi_guard_t *out, fpi_tx_t *tx, const char *key, fpi_task_t *task)
{
    fpi_rows_t *rows;

    *out = (fpi_guard_t){ 0, 0, 0 };
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_LOGIN_GUARD_FIND, FPI_ARGS(fpi_arg_text(key)), &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        *out = (fpi_guard_t){ fpi_rows_int(rows, 0, 0), fpi_rows_int(rows, 0, 1), fpi_rows_int(rows, 0, 2) };
    }
    return NULL;
}

fpi_err_t *fpi_guard_put(fpi_tx_t *tx, const char *key, const fpi_guard_t *guard, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_LOGIN_GUARD_PUT,
                      FPI_ARGS(fpi_arg_text(key), fpi_arg_int(guard->count), fpi_arg_int(guard->since),
                               fpi_arg_int(guard->locked)),
                      NULL, NULL, task);
}

fpi_err_t *fpi_guard_drop(bool *was_there, fpi_tx_t *tx, const char *key, fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_LOGIN_GUARD_DROP, FPI_ARGS(fpi_arg_text(key)), NULL, &changed, task));
    *was_there = changed > 0;
    return NULL;
}

fpi_err_t *fpi_guards_prune(fpi_tx_t *tx, apr_time_t guards, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_LOGIN_GUARD_PRUNE, FPI_ARGS(fpi_arg_int(guards), fpi_arg_int(fpi_clock_now())), NULL, NULL,
                      task);
}

fpi_err_t *fpi_sessions_prune(fpi_tx_t *tx, apr_time_t idle, apr_time_t codes, apr_time_t guards, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_SESSION_PRUNE, FPI_ARGS(fpi_arg_int(idle)), NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_EVENT_CODE_PRUNE, FPI_ARGS(fpi_arg_int(codes)), NULL, NULL, task));
    return fpi_guards_prune(tx, guards, task);
}
