#include "store/people.h"

#include "base/clock.h"
#include "store/store.h"
#include "wire/crypto.h"

#include <apr_strings.h>

static const char *context_of(int64_t id, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "token_key.key:%" APR_INT64_T_FMT, id);
}

static fpi_err_t *take_key(fpi_token_key_t *key, fpi_tx_t *tx, const fpi_rows_t *rows, int row,
                           fpi_task_t *task)
{
    const unsigned char *sealed;
    fpi_err_t *err;
    size_t len;

    key->id = fpi_rows_int(rows, row, 0);
    sealed = fpi_rows_blob(rows, row, 1, &len);
    key->created = fpi_rows_int(rows, row, 2);
    key->retired = fpi_rows_int(rows, row, 3);
    err = fpi_unseal(&key->key, fpi_tx_master(tx), context_of(key->id, task), sealed, len, task);
    return err ? fpi_wrap(task, err, "token key %" APR_INT64_T_FMT, key->id) : NULL;
}

fpi_err_t *fpi_token_keys_list(fpi_token_key_t **out, int *count, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TOKEN_KEY_LIST, FPI_NO_ARGS, &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, (apr_size_t)*count * sizeof(**out));
    for (int i = 0; i < *count; i++) {
        FPI_TRY(take_key(&(*out)[i], tx, rows, i, task));
    }
    return NULL;
}

/* The row comes first and empty: the key is sealed for the id that it gets. */
static fpi_err_t *make_key(fpi_tx_t *tx, apr_time_t now, fpi_task_t *task)
{
    char bytes[FPI_KEY_LEN];
    fpi_secret_t *key;
    unsigned char *sealed;
    size_t len;
    int64_t id;

    FPI_TRY(fpi_random(bytes, sizeof(bytes), task));
    key = fpi_secret_make(task->pool, bytes, sizeof(bytes));
    fpi_secret_wipe(bytes, sizeof(bytes));
    FPI_TRY(fpi_tx_insert(&id, tx, FPI_SQL_TOKEN_KEY_INSERT,
                          FPI_ARGS(fpi_arg_blob("", 0), fpi_arg_int(now)), task));
    FPI_TRY(fpi_seal(&sealed, &len, fpi_tx_master(tx), context_of(id, task), key, task));
    return fpi_tx_run(tx, FPI_SQL_TOKEN_KEY_SEAL,
                      FPI_ARGS(fpi_arg_int(id), fpi_arg_blob(sealed, len)), NULL, NULL, task);
}

fpi_err_t *fpi_token_key_rotate(fpi_tx_t *tx, apr_time_t forget, fpi_task_t *task)
{
    apr_time_t now = fpi_clock_now();

    FPI_TRY(
        fpi_tx_run(tx, FPI_SQL_TOKEN_KEY_FORGET, FPI_ARGS(fpi_arg_int(forget)), NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_TOKEN_KEY_RETIRE, FPI_ARGS(fpi_arg_int(now)), NULL, NULL, task));
    return make_key(tx, now, task);
}
