#include "service/people_file.h"

#include "service/admin_own.h"
#include "service/setup.h"
#include "store/users.h"
#include "wire/crypto.h"
#include "wire/csv.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* One line that is well-formed so far. */
typedef struct entry_t {
    int place;                   /* in the report's lines */
    const char *cells[FPI_LIST_COLUMNS];
    const char *hash;            /* of the password that is told when it is added */
    fpi_secret_t *password;
} entry_t;

typedef struct import_t {
    fpi_task_t *task;
    fpi_app_t *app;
    const fpi_viewer_t *by;
    const fpi_list_t *list;
    unsigned how;
    int passwords_most;
    fpi_people_report_t *out;
    fpi_csv_t csv;
    int place[FPI_LIST_COLUMNS]; /* where each column stands, -1: nowhere */
    apr_hash_t *seen[FPI_LIST_COLUMNS]; /* key -> int *: its line */
    apr_array_header_t *entries;
} import_t;

/* ---- the first line ---- */

static int find_column(const fpi_list_t *list, const char *heading)
{
    for (int column = 0; column < list->count; column++) {
        for (int i = 0; i < FPI_COLUMN_NAMES && list->columns[column].names[i]; i++) {
            if (strcasecmp(list->columns[column].names[i], heading) == 0) {
                return column;
            }
        }
    }
    return -1;
}

/* The names of all columns in one language: 0 Chinese, 1 English. */
static const char *all_names(const import_t *in, int language)
{
    const char *all = in->list->columns[0].names[language];

    for (int i = 1; i < in->list->count; i++) {
        all = apr_pstrcat(in->task->pool, all, ", ", in->list->columns[i].names[language], NULL);
    }
    return all;
}

static fpi_err_t *take_heading(import_t *in, const char *heading, int place)
{
    int column = find_column(in->list, heading);

    if (column < 0) {
        return fpi_refuse(in->task, FPI_E_FIELD, "file", "首行的列名 \"%.50s\" 无法识别, 应为 %s%.0s",
                          "the first line names a column \"%.50s\"; known are %.0s%s", heading, all_names(in, 0), all_names(in, 1));
    }
    if (in->place[column] >= 0) {
        return fpi_refuse(in->task, FPI_E_FIELD, "file", "首行的列 %s 重复", "the first line names the column %s twice", heading);
    }
    in->place[column] = place;
    return NULL;
}

static fpi_err_t *check_needed(import_t *in)
{
    for (int i = 0; i < in->list->count; i++) {
        const fpi_list_column_t *column = &in->list->columns[i];

        in->seen[i] = apr_hash_make(in->task->pool);
        if (column->is_needed && in->place[i] < 0) {
            return fpi_refuse(in->task, FPI_E_FIELD, "file", "首行缺少列 %s%.0s", "the first line does not name the column %.0s%s",
                              column->names[0], column->names[1]);
        }
    }
    return NULL;
}

static fpi_err_t *read_headings(import_t *in)
{
    char *cells[FPI_CSV_CELLS];
    int count, line;

    memset(in->place, -1, sizeof(in->place));
    FPI_TRY(fpi_csv_next(cells, &count, &line, &in->csv, in->task));
    for (int i = 0; i < count; i++) {
        const char *heading = fpi_text_trim(in->task->pool, cells[i]);

        if (*heading) {
            FPI_TRY(take_heading(in, heading, i));
        }
    }
    return check_needed(in);
}

/* ---- the lines ---- */

static fpi_people_line_t *line_at(const import_t *in, int place)
{
    return &APR_ARRAY_IDX(in->out->lines, place, fpi_people_line_t);
}

static fpi_err_t *check_twice(import_t *in, const entry_t *entry)
{
    for (int i = 0; i < in->list->keys; i++) {
        const char *key = fpi_list_key(in->list, i, entry->cells[i], in->task);
        const int *first = key ? apr_hash_get(in->seen[i], key, APR_HASH_KEY_STRING) : NULL;

        if (first) {
            return fpi_refuse(in->task, FPI_E_DUPLICATE, in->list->columns[i].names[1], "%.50s 与第%d行重复, 请只保留一行",
                              "%.50s is on line %d already: keep one of them", key, *first);
        }
        if (key) {
            apr_hash_set(in->seen[i], key, APR_HASH_KEY_STRING, &line_at(in, entry->place)->line);
        }
    }
    return NULL;
}

static const char *subject_of(const import_t *in, const entry_t *entry)
{
    const char *subject = NULL;

    for (int i = in->list->keys - 1; i >= 0 && !subject; i--) {
        subject = fpi_list_key(in->list, i, entry->cells[i], in->task);
    }
    return subject;
}

static bool is_blank(char *const *cells, int count, fpi_task_t *task)
{
    for (int i = 0; i < count; i++) {
        if (*fpi_text_trim(task->pool, cells[i])) {
            return false;
        }
    }
    return true;
}

static void take_line(import_t *in, char *const *cells, int count, int line)
{
    entry_t *entry = apr_pcalloc(in->task->pool, sizeof(*entry));
    fpi_people_line_t *report;

    entry->place = in->out->lines->nelts;
    for (int i = 0; i < in->list->count; i++) {
        entry->cells[i] = in->place[i] >= 0 && in->place[i] < count ? cells[in->place[i]] : "";
    }
    report = apr_array_push(in->out->lines);
    *report = (fpi_people_line_t){ .line = line, .subject = subject_of(in, entry), .told = { .result = FPI_ROSTER_REFUSED } };
    report->told.why = check_twice(in, entry);
    if (!report->told.why) {
        APR_ARRAY_PUSH(in->entries, entry_t *) = entry;
    }
}

static fpi_err_t *read_lines(import_t *in)
{
    char *cells[FPI_CSV_CELLS];
    int count, line;

    for (;;) {
        FPI_TRY(fpi_csv_next(cells, &count, &line, &in->csv, in->task));
        if (count == 0) {
            break;
        }
        if (is_blank(cells, count, in->task)) {
            continue;
        }
        if (in->out->lines->nelts == FPI_PEOPLE_FILE_LINES) {
            return fpi_refuse(in->task, FPI_E_TOO_LARGE, "file", "超过 %d 行, 请分批导入", "more than %d lines: import it in parts",
                              FPI_PEOPLE_FILE_LINES);
        }
        take_line(in, cells, count, line);
    }
    return in->out->lines->nelts ? NULL
                                 : fpi_refuse(in->task, FPI_E_FIELD, "file", "文件中没有数据行", "the file has no lines beside the first");
}

/* ---- passwords: made before the transaction, which they would hold up ---- */

typedef struct counting_t {
    import_t *in;
    apr_array_header_t *fresh;   /* entry_t * of who seems to be new */
} counting_t;

static fpi_err_t *tx_fresh(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    counting_t *c = baton;

    for (int i = 0; i < c->in->entries->nelts; i++) {
        entry_t *entry = APR_ARRAY_IDX(c->in->entries, i, entry_t *);
        const char *mobile = fpi_list_key(c->in->list, 0, entry->cells[0], task);
        fpi_user_t *user = NULL;

        if (mobile) {
            FPI_TRY(fpi_user_find_by_mobile(&user, tx, task->tenant, mobile, task));
        }
        if (mobile && !user) {
            APR_ARRAY_PUSH(c->fresh, entry_t *) = entry;
        }
    }
    return NULL;
}

static fpi_err_t *make_passwords(import_t *in)
{
    counting_t c = { in, apr_array_make(in->task->pool, 16, sizeof(entry_t *)) };

    FPI_TRY(fpi_store_read(in->app->store, tx_fresh, &c, in->task));
    if (c.fresh->nelts > in->passwords_most) {
        return fpi_refuse(in->task, FPI_E_TOO_LARGE, "passwords",
                          "一次最多为 %d 个新用户生成一次性密码, 此文件有 %d 个: 请分批导入, 或不生成密码 (之后可逐个重置, 或由 ERP 跳转登录)",
                          "one-time passwords are made for at most %d new users at once, this file has %d: import it in parts, or "
                          "without passwords (reset them one by one later, or let the ERP's jump sign them on)",
                          in->passwords_most, c.fresh->nelts);
    }
    for (int i = 0; i < c.fresh->nelts; i++) {
        entry_t *entry = APR_ARRAY_IDX(c.fresh, i, entry_t *);

        FPI_TRY(fpi_setup_make_password(&entry->password, in->task));
        FPI_TRY(fpi_password_hash(&entry->hash, entry->password, in->task));
    }
    return NULL;
}

/* ---- storing ---- */

/* A cell that can't be read refuses its row as a rule does. */
static fpi_err_t *put_entry(import_t *in, const entry_t *entry, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_people_line_t *line = line_at(in, entry->place);
    fpi_err_t *err = in->list->put(&line->told, tx, in->by, entry->cells, entry->hash, task);

    if (err && fpi_roster_is_refusal(err)) {
        line->told = (fpi_roster_told_t){ .result = FPI_ROSTER_REFUSED, .why = err };
        err = NULL;
    }
    line->password = line->told.result == FPI_ROSTER_ADDED ? entry->password : NULL;
    return err;
}

static void count_results(import_t *in)
{
    memset(in->out->counts, 0, sizeof(in->out->counts));
    for (int i = 0; i < in->out->lines->nelts; i++) {
        in->out->counts[line_at(in, i)->told.result]++;
    }
}

static fpi_err_t *tx_import(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    import_t *in = baton;

    for (int i = 0; i < in->entries->nelts; i++) {
        FPI_TRY(put_entry(in, APR_ARRAY_IDX(in->entries, i, entry_t *), tx, task));
    }
    count_results(in);
    in->out->is_stored = !(in->how & FPI_FILE_DRY) && (in->how & FPI_FILE_PARTIAL || !in->out->counts[FPI_ROSTER_REFUSED]);
    /* what is only to be told is undone by a failure, which ends here */
    return in->out->is_stored ? NULL : fpi_fail(task, FPI_E_STALE, "an import is undone");
}

fpi_err_t *fpi_people_import(fpi_people_report_t *out, fpi_app_t *app, const fpi_viewer_t *by, fpi_people_list_t list,
                             fpi_secret_t *csv, unsigned how, int passwords_most, fpi_task_t *task)
{
    import_t in = { .task = task, .app = app, .by = by, .list = fpi_list_of(list), .how = how,
                    .passwords_most = passwords_most, .out = out, .csv = { csv->bytes, 1 } };
    fpi_err_t *err;

    memset(out, 0, sizeof(*out));
    /* lines are pointed at: room for all of them from the start */
    out->lines = apr_array_make(task->pool, FPI_PEOPLE_FILE_LINES, sizeof(fpi_people_line_t));
    in.entries = apr_array_make(task->pool, 64, sizeof(entry_t *));
    FPI_TRY(read_headings(&in));
    FPI_TRY(read_lines(&in));
    if (how & FPI_FILE_PASSWORDS && !(how & FPI_FILE_DRY)) {
        FPI_TRY(make_passwords(&in));
    }
    err = fpi_admin_write(app, tx_import, &in, task);
    return err && err->code == FPI_E_STALE && !out->is_stored ? NULL : err;
}

/* ---- the report ---- */

static const char *result_of(const fpi_people_line_t *line, bool is_undone)
{
    return is_undone && line->told.result <= FPI_ROSTER_CHANGED ? "NOT_STORED" : fpi_roster_result_name(line->told.result);
}

static fpi_json_t *line_form(const fpi_people_line_t *line, bool is_undone, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *changes = NULL;

    fpi_json_put_int(doc, "line", line->line);
    fpi_json_put_text(doc, "subject", line->subject);
    fpi_json_put_text(doc, "result", result_of(line, is_undone));
    fpi_json_put_text(doc, "field", line->told.why ? line->told.why->field : NULL);
    fpi_json_put_text(doc, "reason", line->told.why ? fpi_err_public(line->told.why, task->lang) : NULL);
    if (line->told.changes) {
        fpi_ignore(fpi_json_parse(&changes, line->told.changes, strlen(line->told.changes), task)); /* our own */
    }
    fpi_json_put(doc, "changes", changes);
    fpi_json_put_text(doc, "one_time_password", line->password && !is_undone ? line->password->bytes : NULL);
    return doc;
}

fpi_json_t *fpi_people_report_form(const fpi_people_report_t *report, unsigned how, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *lines = fpi_json_make_array(task);
    bool is_dry = how & FPI_FILE_DRY;

    for (int i = 0; i < report->lines->nelts; i++) {
        fpi_json_add(lines, line_form(&APR_ARRAY_IDX(report->lines, i, fpi_people_line_t), !is_dry && !report->is_stored, task));
    }
    fpi_json_put_bool(doc, "is_dry_run", is_dry);
    fpi_json_put_bool(doc, "is_stored", report->is_stored);
    fpi_json_put_int(doc, "added", report->counts[FPI_ROSTER_ADDED]);
    fpi_json_put_int(doc, "changed", report->counts[FPI_ROSTER_CHANGED]);
    fpi_json_put_int(doc, "unchanged", report->counts[FPI_ROSTER_UNCHANGED]);
    fpi_json_put_int(doc, "refused", report->counts[FPI_ROSTER_REFUSED]);
    fpi_json_put(doc, "lines", lines);
    return doc;
}
