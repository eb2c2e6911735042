#include "store/audit.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/people.h"
#include "store/store.h"
#include "wire/crypto.h"

#include <apr_strings.h>
#include <string.h>

enum { CHUNK = 500 };

/* Among the settings of no tenant: "id mark". */
#define HEAD "audit.head"

static void take_row(fpi_audit_t *out, const fpi_rows_t *rows, int row)
{
    int c = 0;

    out->id = fpi_rows_int(rows, row, c++);
    out->tenant = fpi_rows_int(rows, row, c++);
    out->at = fpi_rows_int(rows, row, c++);
    out->actor = fpi_rows_text(rows, row, c++);
    out->action = fpi_rows_text(rows, row, c++);
    out->object = fpi_rows_text(rows, row, c++);
    out->detail = fpi_rows_text(rows, row, c++);
    out->trace = fpi_rows_text(rows, row, c++);
    out->mark = fpi_rows_text(rows, row, c++);
}

/* ---- marks ---- */

static fpi_err_t *make_key(fpi_mac_t **out, fpi_tx_t *tx, fpi_task_t *task)
{
    static const char purpose[] = "mod_fpimage audit log 1";
    unsigned char key[FPI_SHA256_LEN];
    fpi_mac_t *master;

    FPI_TRY(fpi_mac_make(&master, task->pool, (const unsigned char *)fpi_tx_master(tx)->bytes, task));
    FPI_TRY(fpi_mac_sum(key, master, purpose, sizeof(purpose) - 1, task));
    return fpi_mac_make(out, task->pool, key, task);
}

/* Each with its length before it: no two rows have the same text. */
static const char *add_text(const char *text, const char *value, fpi_task_t *task)
{
    return value ? apr_psprintf(task->pool, "%s%" APR_SIZE_T_FMT ":%s", text, strlen(value), value)
                 : apr_pstrcat(task->pool, text, "-", NULL);
}

static fpi_err_t *mark_of(const char **out, const fpi_mac_t *key, const char *before, const fpi_audit_t *row,
                          fpi_task_t *task)
{
    const char *text = apr_psprintf(task->pool, "%" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " ",
                                    (apr_int64_t)row->id, (apr_int64_t)row->tenant, (apr_int64_t)row->at);
    const char *const values[] = { before, row->actor, row->action, row->object, row->detail, row->trace };
    char *hex = apr_palloc(task->pool, FPI_SHA256_HEX + 1);
    unsigned char sum[FPI_SHA256_LEN];

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        text = add_text(text, values[i], task);
    }
    FPI_TRY(fpi_mac_sum(sum, key, text, strlen(text), task));
    fpi_hex_encode(hex, sum, sizeof(sum));
    *out = hex;
    return NULL;
}

/* ---- add ---- */

static fpi_err_t *find_last(int64_t *id, const char **mark, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_rows_t *rows;

    *id = 0;
    *mark = "";
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_AUDIT_LAST, FPI_NO_ARGS, &rows, NULL, task));
    if (fpi_rows_count(rows)) {
        *id = fpi_rows_int(rows, 0, 0);
        *mark = fpi_rows_text(rows, 0, 1);
    }
    return NULL;
}

static const char *head_of(const fpi_audit_t *row, fpi_task_t *task)
{
    return apr_psprintf(task->pool, "%" APR_INT64_T_FMT " %s", (apr_int64_t)row->id, row->mark);
}

fpi_err_t *fpi_audit_add(fpi_tx_t *tx, const char *action, const char *object, const char *detail, fpi_task_t *task)
{
    fpi_audit_t row = { .tenant = task->tenant, .at = fpi_clock_now(), .actor = task->actor, .action = action,
                        .object = object, .detail = detail, .trace = task->trace };
    const char *before;
    fpi_mac_t *key;

    if (detail && strlen(detail) > FPI_AUDIT_DETAIL) {
        row.detail = "{\"is_cut\":true}";
    }
    FPI_TRY(make_key(&key, tx, task));
    FPI_TRY(find_last(&row.id, &before, tx, task));
    row.id++;
    FPI_TRY(mark_of(&row.mark, key, before, &row, task));
    FPI_TRY(fpi_tx_run(tx, FPI_SQL_AUDIT_ADD,
                       FPI_ARGS(fpi_arg_int(row.id), fpi_arg_int(row.tenant), fpi_arg_int(row.at), fpi_arg_text(row.actor),
                                fpi_arg_text(row.action), fpi_arg_text(row.object), fpi_arg_text(row.detail),
                                fpi_arg_text(row.trace), fpi_arg_text(row.mark)),
                       NULL, NULL, task));
    return fpi_setting_put(tx, 0, HEAD, head_of(&row, task), task);
}

/* ---- list ---- */

/* What is asked for most has a statement that finds it by an index; the rest are conditions beside. */
static fpi_sql_t statement_of(const fpi_audit_query_t *q, bool is_count)
{
    if (q->object) {
        return is_count ? FPI_SQL_AUDIT_COUNT_OBJECT : FPI_SQL_AUDIT_LIST_OBJECT;
    }
    if (q->actor && q->action) {
        return is_count ? FPI_SQL_AUDIT_COUNT_ACTOR_ACTION : FPI_SQL_AUDIT_LIST_ACTOR_ACTION;
    }
    if (q->actor) {
        return is_count ? FPI_SQL_AUDIT_COUNT_ACTOR : FPI_SQL_AUDIT_LIST_ACTOR;
    }
    if (q->action) {
        return is_count ? FPI_SQL_AUDIT_COUNT_ACTION : FPI_SQL_AUDIT_LIST_ACTION;
    }
    if (q->from || q->to) {
        return is_count ? FPI_SQL_AUDIT_COUNT_SPAN : FPI_SQL_AUDIT_LIST_SPAN;
    }
    return is_count ? FPI_SQL_AUDIT_COUNT : FPI_SQL_AUDIT_LIST;
}

fpi_err_t *fpi_audit_list(fpi_audit_t **out, int *count, int64_t *total, fpi_tx_t *tx, const fpi_audit_query_t *q,
                          int64_t bound, fpi_task_t *task)
{
    const fpi_arg_t args[] = { fpi_arg_int(q->tenant), fpi_arg_text(q->actor), fpi_arg_text(q->action),
                               fpi_arg_text(q->object), fpi_arg_int(q->from), fpi_arg_int(q->to ? q->to : INT64_MAX),
                               fpi_arg_int(q->most), fpi_arg_int(q->skip) };
    const fpi_arg_t bounded[] = { args[0], args[1], args[2], args[3], args[4], args[5], fpi_arg_int(bound) };
    fpi_rows_t *rows;

    FPI_TRY(fpi_tx_run(tx, statement_of(q, true), bounded, 7, &rows, NULL, task));
    *total = fpi_rows_int(rows, 0, 0);
    FPI_TRY(fpi_tx_run(tx, statement_of(q, false), args, 8, &rows, NULL, task));
    *count = fpi_rows_count(rows);
    *out = apr_pcalloc(task->pool, sizeof(**out) * (size_t)(*count + 1));
    for (int i = 0; i < *count; i++) {
        take_row(&(*out)[i], rows, i);
    }
    return NULL;
}

/* ---- verify ---- */

typedef struct walk_t {
    fpi_audit_check_t *out;
    const fpi_mac_t *key;
    int64_t id;                  /* noted elsewhere, with its mark */
    const char *mark;
    fpi_task_t *task;            /* whose pool the findings live in */
} walk_t;

static void find(walk_t *w, int64_t bad, const char *zh, const char *en)
{
    w->out->bad = bad;
    w->out->why_zh = zh;
    w->out->why = en;
}

static fpi_err_t *look_at(walk_t *w, const fpi_audit_t *row, fpi_task_t *task)
{
    const char *mark;

    if (row->id != w->out->rows + 1) {
        find(w, w->out->rows + 1, "缺少此条", "it is missing");
        return NULL;
    }
    FPI_TRY(mark_of(&mark, w->key, w->out->mark, row, task));
    if (strcmp(mark, row->mark) != 0) {
        find(w, row->id, "内容或其前一条被改动, 或密钥文件已更换",
             "it, or the one before it, was changed, or the key file is another one");
        return NULL;
    }
    if (row->id == w->id && strcmp(row->mark, w->mark) != 0) {
        find(w, row->id, "与所记校验值不符", "its mark is not the one that was noted");
        return NULL;
    }
    w->out->rows++;
    w->out->mark = apr_pstrdup(w->task->pool, mark);
    return NULL;
}

static fpi_err_t *walk_chunk(bool *is_done, walk_t *w, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_audit_t row;
    fpi_rows_t *rows;
    int count;

    FPI_TRY(fpi_tx_run(tx, FPI_SQL_AUDIT_WALK, FPI_ARGS(fpi_arg_int(w->out->rows), fpi_arg_int(CHUNK)), &rows, NULL, task));
    count = fpi_rows_count(rows);
    for (int i = 0; i < count && !w->out->bad; i++) {
        take_row(&row, rows, i);
        FPI_TRY(look_at(w, &row, task));
    }
    *is_done = count < CHUNK || w->out->bad;
    return NULL;
}

static fpi_err_t *look_at_end(walk_t *w, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_audit_t last = { .id = w->out->rows, .mark = w->out->mark };
    const char *head;

    FPI_TRY(fpi_setting_find(&head, tx, 0, HEAD, task));
    if (strcmp(head ? head : "0 ", head_of(&last, task)) != 0) {
        find(w, w->out->rows + 1, "末尾的记录被删除", "rows at the end were taken away");
    }
    else if (w->id > w->out->rows) {
        find(w, w->id, "所记的一条已不存在", "the one that was noted is not there any more");
    }
    return NULL;
}

fpi_err_t *fpi_audit_verify(fpi_audit_check_t *out, fpi_tx_t *tx, int64_t id, const char *mark, fpi_task_t *task)
{
    walk_t w = { .out = out, .id = id, .mark = mark, .task = task };
    fpi_mac_t *key;
    bool is_done = false;

    *out = (fpi_audit_check_t){ .mark = "" };
    FPI_TRY(make_key(&key, tx, task));
    w.key = key;
    while (!is_done) {
        apr_pool_t *pool;
        fpi_err_t *err;

        apr_pool_create(&pool, task->pool);
        err = walk_chunk(&is_done, &w, tx, fpi_task_make(pool, task->log));
        err = err ? fpi_err_copy(task->pool, err) : NULL;
        apr_pool_destroy(pool);
        FPI_TRY(err);
    }
    return out->bad ? NULL : look_at_end(&w, tx, task);
}
