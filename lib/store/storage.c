#include "store/storage.h"

#include "base/clock.h"
#include "store/derived.h"

#include <apr_strings.h>
#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>

enum { BATCH = 500, USAGE_MOST = 200 };

/* ---- orphans ---- */

fpi_err_t *fpi_storage_standing(fpi_standing_t *standing, fpi_tx_t *tx, const char *sha256, apr_time_t before,
                                fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_STORAGE_STANDING, FPI_ARGS(fpi_arg_text(sha256), fpi_arg_int(before)), &rows, NULL,
                       task));
    *standing = (fpi_standing_t)fpi_rows_int(rows, 0, 0);
    return NULL;
}

typedef struct asking_t {
    const char *names[BATCH];
    fpi_standing_t standing[BATCH];
    int count;
    apr_time_t before;
} asking_t;

static fpi_err_t *tx_ask(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    for (int i = 0; i < asking->count; i++) {
        FPI_TRY(fpi_storage_standing(&asking->standing[i], tx, asking->names[i], asking->before, task));
    }
    return NULL;
}

static bool has_known(const asking_t *asking)
{
    for (int i = 0; i < asking->count; i++) {
        if (asking->standing[i] == FPI_STANDING_KNOWN) {
            return true;
        }
    }
    return false;
}

/* Asked once more, where nobody else writes: a row may have come. */
static fpi_err_t *tx_forget(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    asking_t *asking = baton;

    FPI_TRY(tx_ask(tx, asking, task));
    for (int i = 0; i < asking->count; i++) {
        if (asking->standing[i] == FPI_STANDING_KNOWN) {
            FPI_TRY(fpi_tx_run(tx, FPI_SQL_STORAGE_FORGET, FPI_ARGS(fpi_arg_text(asking->names[i])), NULL, NULL, task));
        }
    }
    return NULL;
}

/* The rows are looked at first: whoever writes one later has made the blob young before, and it stays for that, as something
 * that is not known yet. */
static fpi_err_t *drop_unnamed(int64_t *dropped, fpi_store_t *store, fpi_blobs_t *blobs, asking_t *asking,
                               apr_interval_time_t age, fpi_task_t *task)
{
    asking->before = fpi_clock_now() - age;
    FPI_TRY(fpi_store_read(store, tx_ask, asking, task));
    if (has_known(asking)) {
        FPI_TRY(fpi_store_write(store, tx_forget, asking, task));
    }
    for (int i = 0; i < asking->count; i++) {
        bool gone = false;

        if (asking->standing[i] != FPI_STANDING_NAMED) {
            FPI_TRY(fpi_blob_drop(&gone, blobs, asking->names[i], age, task));
        }
        if (gone) {
            fpi_derived_drop(blobs, asking->names[i]);
        }
        *dropped += gone;
    }
    return NULL;
}

fpi_err_t *fpi_storage_drop_orphan(bool *dropped, fpi_store_t *store, fpi_blobs_t *blobs, const char *sha256,
                                   apr_interval_time_t age, fpi_task_t *task)
{
    asking_t asking = { .names = { sha256 }, .count = 1 };
    int64_t count = 0;
    fpi_err_t *err = drop_unnamed(&count, store, blobs, &asking, age, task);

    *dropped = count > 0;
    return err;
}

typedef struct sweeping_t {
    fpi_store_t *store;
    fpi_blobs_t *blobs;
    apr_interval_time_t age;
    fpi_task_t step;       /* in a pool that is cleared with each batch */
    asking_t asking;
    int64_t dropped;
} sweeping_t;

static fpi_err_t *flush(sweeping_t *s)
{
    FPI_TRY(drop_unnamed(&s->dropped, s->store, s->blobs, &s->asking, s->age, &s->step));
    s->asking.count = 0;
    apr_pool_clear(s->step.pool);
    return NULL;
}

static fpi_err_t *see_blob(void *baton, const char *sha256)
{
    sweeping_t *s = baton;
    apr_interval_time_t age;
    int64_t size;

    if (!fpi_blob_stat(s->blobs, sha256, &age, &size) || age < s->age) {
        return NULL;
    }
    s->asking.names[s->asking.count++] = apr_pstrdup(s->step.pool, sha256);
    return s->asking.count == BATCH ? flush(s) : NULL;
}

fpi_err_t *fpi_storage_sweep(int64_t *dropped, fpi_store_t *store, fpi_blobs_t *blobs, unsigned char first,
                             apr_interval_time_t age, fpi_task_t *task)
{
    sweeping_t *s = apr_pcalloc(task->pool, sizeof(*s));
    fpi_err_t *err;

    s->store = store;
    s->blobs = blobs;
    s->age = age;
    s->step = *task;
    apr_pool_create(&s->step.pool, task->pool);
    err = fpi_blobs_list_some(blobs, first, see_blob, s, &s->step);
    err = err ? err : flush(s);
    err = fpi_err_copy(task->pool, err);
    apr_pool_destroy(s->step.pool);
    *dropped = s->dropped;
    return err;
}

/* ---- who names what ---- */

static void take_namings(fpi_naming_t **out, int *count, const fpi_rows_t *rows, fpi_task_t *task)
{
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_naming_t){ fpi_rows_int(rows, i, 0), fpi_rows_int(rows, i, 1), fpi_rows_text(rows, i, 2),
                                    fpi_rows_int(rows, i, 3), fpi_rows_int(rows, i, 4) != 0 };
    }
}

static fpi_err_t *list(fpi_naming_t **out, int *count, fpi_tx_t *tx, fpi_sql_t sql, fpi_arg_t after, int most,
                       fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(after, fpi_arg_int(most)), &rows, NULL, task));
    take_namings(out, count, rows, task);
    return NULL;
}

fpi_err_t *fpi_storage_list_files(fpi_naming_t **out, int *count, fpi_tx_t *tx, int64_t after, int most,
                                  fpi_task_t *task)
{
    return list(out, count, tx, FPI_SQL_STORAGE_LIST_FILES, fpi_arg_int(after), most, task);
}

fpi_err_t *fpi_storage_list_exports(fpi_naming_t **out, int *count, fpi_tx_t *tx, int64_t after, int most,
                                    fpi_task_t *task)
{
    return list(out, count, tx, FPI_SQL_STORAGE_LIST_EXPORTS, fpi_arg_int(after), most, task);
}

fpi_err_t *fpi_storage_list_contents(fpi_naming_t **out, int *count, fpi_tx_t *tx, const char *after, int most,
                                     fpi_task_t *task)
{
    return list(out, count, tx, FPI_SQL_STORAGE_LIST_CONTENTS, fpi_arg_text(after), most, task);
}

fpi_err_t *fpi_storage_drop_passing(fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_STORAGE_DROP_EXPORTS, FPI_NO_ARGS, NULL, NULL, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_STORAGE_DROP_UPLOADS, FPI_NO_ARGS, NULL, NULL, task));
    return fpi_tx_run(tx, FPI_SQL_STORAGE_DROP_LOOSE, FPI_NO_ARGS, NULL, NULL, task);
}

/* ---- how much ---- */

static fpi_err_t *usage(fpi_usage_t **out, int *count, fpi_tx_t *tx, fpi_sql_t sql, int64_t tenant, const char *tax_no,
                        fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, sql, FPI_ARGS(fpi_arg_int(tenant), fpi_arg_text(tax_no), fpi_arg_int(USAGE_MOST)), &rows,
                       NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        (*out)[i] = (fpi_usage_t){ fpi_rows_text(rows, i, 0), fpi_rows_text(rows, i, 1), fpi_rows_int(rows, i, 2),
                                   fpi_rows_int(rows, i, 3), fpi_rows_int(rows, i, 4) };
    }
    return NULL;
}

fpi_err_t *fpi_storage_by_month(fpi_usage_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *tax_no,
                                fpi_task_t *task)
{
    return usage(out, count, tx, FPI_SQL_STORAGE_BY_MONTH, tenant, tax_no, task);
}

fpi_err_t *fpi_storage_by_type(fpi_usage_t **out, int *count, fpi_tx_t *tx, int64_t tenant, const char *tax_no,
                               fpi_task_t *task)
{
    return usage(out, count, tx, FPI_SQL_STORAGE_BY_TYPE, tenant, tax_no, task);
}

fpi_err_t *fpi_storage_sum(int64_t *count, int64_t *bytes, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_STORAGE_SUM, FPI_NO_ARGS, &rows, NULL, task));
    *count = fpi_rows_int(rows, 0, 0);
    *bytes = fpi_rows_int(rows, 0, 1);
    return NULL;
}

int64_t fpi_storage_database_size(const char *database, apr_pool_t *pool)
{
    static const char *const parts[] = { "", "-wal", "-shm" };
    const char *path = strchr(database, ':') + 1;
    int64_t size = 0;
    struct stat st;

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        size += stat(apr_pstrcat(pool, path, parts[i], NULL), &st) == 0 ? st.st_size : 0;
    }
    return size;
}

int64_t fpi_storage_tree_size(const char *folder)
{
    char *const places[] = { (char *)folder, NULL };
    FTS *tree = fts_open(places, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *entry;
    int64_t size = 0;

    while (tree && (entry = fts_read(tree))) {
        size += entry->fts_info == FTS_F ? entry->fts_statp->st_size : 0;
    }
    if (tree) {
        fts_close(tree);
    }
    return size;
}

int64_t fpi_storage_folder_size(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int64_t size = 0;
    struct stat st;

    while (dir && (entry = readdir(dir))) {
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
            size += st.st_size;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return size;
}
