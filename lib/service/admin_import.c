/* Enterprises by the file: text ─> cells ─> one form a line ─> checked, all of them ─> one transaction.
 * The text is cut into cells in place, so that its secrets lie in no second place and go with it. */
#include "service/admin_own.h"

#include "base/text.h"
#include "wire/csv.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

enum { LINES_MAX = 10000 };

typedef enum column_t { TAX_NO, NAME, CLIENT_ID, SECRET, ENCRYPT_KEY, COLUMNS } column_t;

/* Names as files have them; the first is ours. */
static const char *const headings[COLUMNS][5] = {
    [TAX_NO] = { "tax_no", "税号", "企业税号", "taxNo", NULL },
    [NAME] = { "name", "名称", "企业名称", NULL },
    [CLIENT_ID] = { "client_id", "clientId", NULL },
    [SECRET] = { "secret", "client_secret", "clientSecret", NULL },
    [ENCRYPT_KEY] = { "encrypt_key", "encryptKey", NULL },
};

/* One line that is to be stored. */
typedef struct entry_t {
    fpi_import_line_t *report;
    fpi_enterprise_t said, e, *old;
    bool is_new;
} entry_t;

typedef struct import_t {
    fpi_app_t *app;
    fpi_task_t *task;
    fpi_import_t *out;
    fpi_csv_t csv;               /* the rest of the text */
    int place[COLUMNS];          /* where each column stands, -1: nowhere */
    apr_array_header_t *entries; /* entry_t * */
    apr_hash_t *seen;            /* client id -> int *: its line */
    bool is_partial;
    const fpi_err_t *silent;     /* the cloud can't be asked: the rest need not try */
} import_t;

/* ---- the first line ---- */

static int find_column(const char *heading)
{
    for (int column = 0; column < COLUMNS; column++) {
        for (const char *const *name = headings[column]; *name; name++) {
            if (strcasecmp(*name, heading) == 0) {
                return column;
            }
        }
    }
    return -1;
}

static fpi_err_t *take_heading(import_t *in, const char *heading, int place)
{
    int column = find_column(heading);

    if (column < 0) {
        return fpi_refuse(in->task, FPI_E_FIELD, NULL,
                          "首行的列名 \"%.50s\" 无法识别, 应为 税号, 名称, client_id, client_secret, encrypt_key",
                          "the first line names a column \"%.50s\"; known are tax_no, name, client_id, secret, "
                          "encrypt_key",
                          heading);
    }
    if (in->place[column] >= 0) {
        return fpi_refuse(in->task, FPI_E_FIELD, NULL, "首行的列 %s 重复",
                          "the first line names the column %s twice",
                          headings[column][0]);
    }
    in->place[column] = place;
    return NULL;
}

static fpi_err_t *read_headings(import_t *in)
{
    char *cells[FPI_CSV_CELLS];
    int count, line;

    for (int i = 0; i < COLUMNS; i++) {
        in->place[i] = -1;
    }
    FPI_TRY(fpi_csv_next(cells, &count, &line, &in->csv, in->task));
    for (int i = 0; i < count; i++) {
        FPI_TRY(take_heading(in, fpi_text_trim(in->task->pool, cells[i]), i));
    }
    for (int i = 0; i < ENCRYPT_KEY; i++) {
        if (in->place[i] < 0) {
            return fpi_refuse(in->task, FPI_E_FIELD, NULL, "首行缺少列 %s",
                              "the first line does not name the column %s", headings[i][0]);
        }
    }
    return NULL;
}

/* ---- the lines ---- */

static void refuse_entry(import_t *in, fpi_import_line_t *report, const fpi_err_t *why)
{
    report->result = FPI_IMPORT_REFUSED;
    report->why = why;
    in->out->refused++;
}

static const char *cell_of(const import_t *in, column_t column, char *const *cells, int count)
{
    int place = in->place[column];

    return place >= 0 && place < count ? cells[place] : "";
}

static fpi_secret_t *secret_of(const import_t *in, column_t column, char *const *cells, int count)
{
    return fpi_secret_make_text(in->task->pool, cell_of(in, column, cells, count));
}

static fpi_err_t *check_twice(import_t *in, const char *client_id, const int *line)
{
    const int *first = apr_hash_get(in->seen, client_id, APR_HASH_KEY_STRING);

    if (first) {
        return fpi_refuse(in->task, FPI_E_DUPLICATE, "client_id", "client_id %s 与第%d行重复",
                          "client_id %s is on line %d already", client_id, *first);
    }
    apr_hash_set(in->seen, client_id, APR_HASH_KEY_STRING, line);
    return NULL;
}

static fpi_err_t *take_line(import_t *in, entry_t *entry, char *const *cells, int count)
{
    fpi_enterprise_form_t form = {
        .tax_no = cell_of(in, TAX_NO, cells, count),
        .name = cell_of(in, NAME, cells, count),
        .client_id = cell_of(in, CLIENT_ID, cells, count),
        .secret = secret_of(in, SECRET, cells, count),
    };

    if (in->place[ENCRYPT_KEY] >= 0) {
        form.encrypt_key = secret_of(in, ENCRYPT_KEY, cells, count);
    }
    FPI_TRY(fpi_admin_form_take(&entry->said, &form, in->task));
    return check_twice(in, entry->said.client_id, &entry->report->line);
}

static fpi_import_line_t *add_report(import_t *in, int line, const char *client_id)
{
    fpi_import_line_t *report = apr_array_push(in->out->lines);

    client_id = fpi_text_trim(in->task->pool, client_id);
    *report = (fpi_import_line_t){ line, *client_id ? client_id : NULL, FPI_IMPORT_LEFT, NULL };
    return report;
}

static fpi_err_t *read_lines(import_t *in)
{
    char *cells[FPI_CSV_CELLS];
    int count, line;

    for (;;) {
        FPI_TRY(fpi_csv_next(cells, &count, &line, &in->csv, in->task));
        if (count == 0) {
            return NULL;
        }
        if (count > 1 || *fpi_text_trim(in->task->pool, cells[0])) {
            entry_t *entry = apr_pcalloc(in->task->pool, sizeof(*entry));
            fpi_err_t *err;

            if (in->out->lines->nelts == LINES_MAX) {
                return fpi_refuse(in->task, FPI_E_TOO_LARGE, NULL, "超过 %d 行", "more than %d lines",
                                  LINES_MAX);
            }
            entry->report = add_report(in, line, cell_of(in, CLIENT_ID, cells, count));
            err = take_line(in, entry, cells, count);
            if (err) {
                refuse_entry(in, entry->report, err);
            }
            else {
                APR_ARRAY_PUSH(in->entries, entry_t *) = entry;
            }
        }
    }
}

/* ---- the cloud ---- */

static fpi_err_t *tx_follow(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    entry_t *entry = baton;

    entry->e = entry->said;
    return fpi_admin_enterprise_follow(&entry->e, &entry->old, &entry->is_new, tx, task);
}

static fpi_err_t *prove(import_t *in, entry_t *entry)
{
    fpi_err_t *err;

    if (in->silent) {
        refuse_entry(in, entry->report, in->silent);
        return NULL;
    }
    FPI_TRY(fpi_store_read(in->app->store, tx_follow, entry, in->task));
    err = fpi_admin_enterprise_prove(in->app, &entry->e, in->task);
    if (err) {
        refuse_entry(in, entry->report, err);
        in->silent = err->code == FPI_E_CLOUD_REFUSED ? NULL : err;
        return NULL;
    }
    entry->said.is_checked = true;
    entry->said.checked = entry->e.checked;
    entry->said.check_note = entry->e.check_note;
    return NULL;
}

static fpi_err_t *prove_all(import_t *in)
{
    /* one bad line keeps all from being stored: the cloud need not be asked for the rest */
    for (int i = 0; i < in->entries->nelts && (in->is_partial || !in->out->refused); i++) {
        FPI_TRY(prove(in, APR_ARRAY_IDX(in->entries, i, entry_t *)));
    }
    return NULL;
}

/* ---- storing ---- */

static fpi_err_t *put_one(import_t *in, entry_t *entry, fpi_tx_t *tx, fpi_task_t *task)
{
    FPI_TRY(tx_follow(tx, entry, task));
    FPI_TRY(fpi_enterprise_put(&entry->e, tx, task));
    FPI_TRY(fpi_admin_enterprise_audit(tx, entry->is_new ? "enterprise.added" : "enterprise.changed", entry->old, &entry->e,
                                       task));
    entry->report->result = entry->is_new ? FPI_IMPORT_ADDED : FPI_IMPORT_CHANGED;
    in->out->stored++;
    return NULL;
}

/* A duplicate is refused before anything of it is written, so the others can go on. */
static fpi_err_t *tx_import(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    import_t *in = baton;
    int refused = in->out->refused;

    in->out->stored = 0;
    for (int i = 0; i < in->entries->nelts; i++) {
        entry_t *entry = APR_ARRAY_IDX(in->entries, i, entry_t *);
        fpi_err_t *err = entry->report->result == FPI_IMPORT_REFUSED ? NULL : put_one(in, entry, tx, task);

        if (err && err->code != FPI_E_DUPLICATE) {
            in->out->refused = refused;
            return err;
        }
        if (err) {
            refuse_entry(in, entry->report, err);
        }
    }
    if (in->out->refused && !in->is_partial) {
        return fpi_refuse(task, FPI_E_DUPLICATE, NULL, "有重复, 未导入", "there are duplicates; nothing is stored");
    }
    return NULL;
}

static void leave_all(import_t *in)
{
    for (int i = 0; i < in->out->lines->nelts; i++) {
        fpi_import_line_t *report = &APR_ARRAY_IDX(in->out->lines, i, fpi_import_line_t);

        report->result = report->result == FPI_IMPORT_REFUSED ? FPI_IMPORT_REFUSED : FPI_IMPORT_LEFT;
    }
    in->out->stored = 0;
}

static fpi_err_t *store_all(import_t *in)
{
    fpi_err_t *err;

    if ((in->out->refused && !in->is_partial) || in->out->refused == in->out->lines->nelts) {
        return NULL;
    }
    err = fpi_admin_write(in->app, tx_import, in, in->task);
    if (err) {
        leave_all(in);
    }
    return err && err->code == FPI_E_DUPLICATE ? NULL : err;
}

/* ---- all of it ---- */

static void mark_unchecked(import_t *in)
{
    for (int i = 0; i < in->entries->nelts; i++) {
        APR_ARRAY_IDX(in->entries, i, entry_t *)->said.check_note = FPI_ADMIN_UNCHECKED;
    }
}

fpi_err_t *fpi_admin_import(fpi_import_t *out, fpi_app_t *app, fpi_secret_t *csv, bool is_partial,
                            bool must_check,
                            fpi_task_t *task)
{
    import_t in = { .app = app, .task = task, .out = out, .csv = { csv->bytes, 1 }, .is_partial = is_partial };

    memset(out, 0, sizeof(*out));
    /* reports are pointed at: room for all of them from the start */
    out->lines = apr_array_make(task->pool, LINES_MAX, sizeof(fpi_import_line_t));
    in.entries = apr_array_make(task->pool, 64, sizeof(entry_t *));
    in.seen = apr_hash_make(task->pool);
    FPI_TRY(read_headings(&in));
    FPI_TRY(read_lines(&in));
    if (out->lines->nelts == 0) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "文件中没有数据行", "the file has no lines beside the first");
    }
    if (must_check) {
        FPI_TRY(prove_all(&in));
    }
    else {
        mark_unchecked(&in);
    }
    return store_all(&in);
}
