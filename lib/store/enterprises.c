#include "store/people.h"

#include "base/clock.h"
#include "store/store.h"
#include "wire/crypto.h"

#include <apr_strings.h>

/* ---- sealed columns: bound to the column and, by the client id, to the row ---- */

typedef struct sealed_t {
    unsigned char *bytes;
    size_t len;
} sealed_t;

static const char *context_of(const char *column, const char *client_id, fpi_task_t *task)
{
    return apr_pstrcat(task->pool, "enterprise.", column, ":", client_id, NULL);
}

/* An empty secret is NULL: nothing is there to be hidden. */
static fpi_err_t *seal(fpi_arg_t *out, fpi_tx_t *tx, const char *column, const char *client_id,
                       const fpi_secret_t *secret, fpi_task_t *task)
{
    sealed_t sealed = { NULL, 0 };

    if (secret && secret->len) {
        FPI_TRY(fpi_seal(&sealed.bytes, &sealed.len, fpi_tx_master(tx),
                         context_of(column, client_id, task), secret, task));
    }
    *out = fpi_arg_blob(sealed.bytes, sealed.len);
    return NULL;
}

static fpi_err_t *unseal(fpi_secret_t **out, fpi_tx_t *tx, const char *column,
                         const char *client_id, const fpi_rows_t *rows, int row, int cell,
                         fpi_task_t *task)
{
    size_t len;
    const unsigned char *bytes = fpi_rows_blob(rows, row, cell, &len);
    fpi_err_t *err;

    *out = fpi_secret_make(task->pool, "", 0);
    if (!bytes) {
        return NULL;
    }
    err = fpi_unseal(out, fpi_tx_master(tx), context_of(column, client_id, task), bytes, len, task);
    return err ? fpi_wrap(task, err, "%s of the enterprise with client_id %s", column, client_id)
               : NULL;
}

/* ---- rows ---- */

/* Columns of the sealed values among all. */
enum { CELL_SECRET = 6, CELL_ENCRYPT_KEY = 7, CELL_CLOUD_SECRET = 9, CELL_IS_DROPPED = 16 };

static fpi_enterprise_t *enterprise_of(const fpi_rows_t *rows, int row, fpi_task_t *task)
{
    fpi_enterprise_t *enterprise = apr_pcalloc(task->pool, sizeof(*enterprise));
    int c = 0;

    enterprise->id = fpi_rows_int(rows, row, c++);
    enterprise->tenant = fpi_rows_int(rows, row, c++);
    enterprise->epoch = fpi_rows_int(rows, row, c++);
    enterprise->tax_no = fpi_rows_text(rows, row, c++);
    enterprise->name = fpi_rows_text(rows, row, c++);
    enterprise->client_id = fpi_rows_text(rows, row, c++);
    c = CELL_ENCRYPT_KEY + 1;
    enterprise->cloud_client_id = fpi_rows_text(rows, row, c++);
    c = CELL_CLOUD_SECRET + 1;
    enterprise->is_enabled = fpi_rows_int(rows, row, c++) != 0;
    enterprise->is_checked = fpi_rows_int(rows, row, c++) != 0;
    enterprise->check_note = fpi_rows_text(rows, row, c++);
    enterprise->checked = fpi_rows_int(rows, row, c++);
    enterprise->created = fpi_rows_int(rows, row, c++);
    enterprise->updated = fpi_rows_int(rows, row, c++);
    return enterprise;
}

static fpi_err_t *open_secrets(fpi_enterprise_t *enterprise, fpi_tx_t *tx, const fpi_rows_t *rows,
                               int row, fpi_task_t *task)
{
    const char *client_id = enterprise->client_id;

    FPI_TRY(unseal(&enterprise->secret, tx, "secret", client_id, rows, row, CELL_SECRET, task));
    FPI_TRY(unseal(&enterprise->encrypt_key, tx, "encrypt_key", client_id, rows, row,
                   CELL_ENCRYPT_KEY, task));
    FPI_TRY(unseal(&enterprise->cloud_secret, tx, "cloud_secret", client_id, rows, row,
                   CELL_CLOUD_SECRET, task));
    if (!enterprise->cloud_secret->len) {
        enterprise->cloud_secret = NULL;
    }
    return NULL;
}

fpi_err_t *fpi_enterprises_list(fpi_enterprises_t *out, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ENTERPRISE_LIST, FPI_NO_ARGS, &rows, NULL, task));
    out->count = fpi_rows_count(rows);
    out->items = apr_pcalloc(task->pool, (apr_size_t)out->count * sizeof(*out->items));
    for (int i = 0; i < out->count; i++) {
        out->items[i] = enterprise_of(rows, i, task);
        FPI_TRY(open_secrets(out->items[i], tx, rows, i, task));
    }
    return NULL;
}

/* Also a dropped one: no row where there never was any. */
static fpi_err_t *find_row(fpi_rows_t **rows, fpi_tx_t *tx, const char *client_id, fpi_task_t *task)
{
    return fpi_tx_run(tx, FPI_SQL_ENTERPRISE_FIND, FPI_ARGS(fpi_arg_text(client_id)), rows, NULL,
                      task);
}

fpi_err_t *fpi_enterprise_find(fpi_enterprise_t **out, fpi_tx_t *tx, const char *client_id,
                               fpi_task_t *task)
{
    fpi_rows_t *rows;

    *out = NULL;
    FPI_TRY(find_row(&rows, tx, client_id, task));
    if (!fpi_rows_count(rows) || fpi_rows_int(rows, 0, CELL_IS_DROPPED)) {
        return NULL;
    }
    *out = enterprise_of(rows, 0, task);
    return open_secrets(*out, tx, rows, 0, task);
}

/* ---- put ---- */

/* Would tokens that were given for `old` be wrong for the new one? A secret that can't be read any
 * more (the master key was lost) counts as another, so that putting it anew puts it right. */
static bool must_raise_epoch(const fpi_enterprise_t *enterprise, const fpi_enterprise_t *old,
                             fpi_tx_t *tx, const fpi_rows_t *rows, fpi_task_t *task)
{
    fpi_secret_t *secret;
    fpi_err_t *err = unseal(&secret, tx, "secret", old->client_id, rows, 0, CELL_SECRET, task);

    if (err) {
        fpi_ignore(err);
        return true;
    }
    return old->is_enabled != enterprise->is_enabled
           || !fpi_secret_is_same(secret, enterprise->secret);
}

/* Takes over what stays of the row that is there. */
static fpi_err_t *follow(fpi_enterprise_t *enterprise, fpi_tx_t *tx, const fpi_rows_t *rows,
                         fpi_task_t *task)
{
    const fpi_enterprise_t *old = enterprise_of(rows, 0, task);
    bool was_dropped = fpi_rows_int(rows, 0, CELL_IS_DROPPED) != 0;

    if (!was_dropped && old->tenant != enterprise->tenant) {
        return fpi_refuse(task, FPI_E_DUPLICATE, "client_id", "client_id %s 已被其他租户使用",
                          "the client_id %s is in use by another tenant", enterprise->client_id);
    }
    enterprise->id = old->id;
    enterprise->epoch = old->epoch;
    enterprise->created = was_dropped ? enterprise->updated : old->created;
    if (was_dropped || must_raise_epoch(enterprise, old, tx, rows, task)) {
        enterprise->epoch++;
    }
    return NULL;
}

static fpi_err_t *write_row(fpi_enterprise_t *enterprise, fpi_tx_t *tx, fpi_task_t *task)
{
    const char *client_id = enterprise->client_id;
    fpi_arg_t secret, encrypt_key, cloud_secret;

    FPI_TRY(seal(&secret, tx, "secret", client_id, enterprise->secret, task));
    FPI_TRY(seal(&encrypt_key, tx, "encrypt_key", client_id, enterprise->encrypt_key, task));
    FPI_TRY(seal(&cloud_secret, tx, "cloud_secret", client_id, enterprise->cloud_secret, task));

    const fpi_arg_t args[] = { fpi_arg_int(enterprise->tenant),
                               fpi_arg_int(enterprise->epoch),
                               fpi_arg_text(enterprise->tax_no),
                               fpi_arg_text(enterprise->name),
                               fpi_arg_text(client_id),
                               secret,
                               encrypt_key,
                               fpi_arg_text(enterprise->cloud_client_id),
                               cloud_secret,
                               fpi_arg_int(enterprise->is_enabled),
                               fpi_arg_int(enterprise->is_checked),
                               fpi_arg_text(enterprise->check_note),
                               fpi_arg_int(enterprise->checked),
                               fpi_arg_int(enterprise->created),
                               fpi_arg_int(enterprise->updated) };
    int count = (int)(sizeof(args) / sizeof(*args));

    if (enterprise->id) {
        return fpi_tx_run(tx, FPI_SQL_ENTERPRISE_UPDATE, args, count, NULL, NULL, task);
    }
    return fpi_tx_insert(&enterprise->id, tx, FPI_SQL_ENTERPRISE_INSERT, args, count, task);
}

fpi_err_t *fpi_enterprise_put(fpi_enterprise_t *enterprise, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    if (!enterprise->secret) {
        enterprise->secret = fpi_secret_make(task->pool, "", 0);
    }
    enterprise->id = 0; /* a second run after a lost transaction begins anew */
    enterprise->epoch = 1;
    enterprise->updated = fpi_clock_now();
    enterprise->created = enterprise->updated;
    FPI_TRY(find_row(&rows, tx, enterprise->client_id, task));
    if (fpi_rows_count(rows)) {
        FPI_TRY(follow(enterprise, tx, rows, task));
    }
    return write_row(enterprise, tx, task);
}

fpi_err_t *fpi_enterprise_drop(fpi_tx_t *tx, int64_t tenant, const char *client_id, bool *was_there,
                               fpi_task_t *task)
{
    int64_t changed;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_ENTERPRISE_DROP,
                       FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(client_id), fpi_arg_int(fpi_clock_now())), NULL,
                       &changed, task));
    *was_there = changed > 0;
    return NULL;
}
