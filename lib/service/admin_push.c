#include "service/admin_own.h"

#include "base/text.h"
#include "service/changes.h"
#include "service/urlcheck.h"
#include "store/audit.h"

#include <apr_strings.h>
#include <string.h>

/* ---- push table ---- */

typedef struct rows_t {
    fpi_push_row_t *rows;
    int count;
    fpi_enterprises_t enterprises;
} rows_t;

static fpi_err_t *tx_rows(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    rows_t *r = baton;
    int kept = 0;

    FPI_TRY(fpi_push_rows_list(&r->rows, &r->count, tx, task));
    for (int i = 0; i < r->count; i++) {
        if (r->rows[i].tenant == task->tenant) {
            r->rows[kept++] = r->rows[i];
        }
    }
    r->count = kept;
    return NULL;
}

fpi_err_t *fpi_admin_push_rows(fpi_push_row_t **out, int *count, fpi_app_t *app, fpi_task_t *task)
{
    rows_t r = { .rows = NULL };

    FPI_TRY(fpi_store_read(app->store, tx_rows, &r, task));
    *out = r.rows;
    *count = r.count;
    return NULL;
}

static fpi_err_t *take_url(const char **out, const char *text, fpi_task_t *task)
{
    fpi_url_report_t report;

    *out = fpi_text_trim(task->pool, text ? text : "");
    fpi_url_check(&report, *out, FPI_ADDRESS_PUSH, task->pool);
    if (report.is_right) {
        return NULL;
    }
    /* each text takes its own of the two languages and prints nothing of the other */
    return fpi_refuse(task, FPI_E_FIELD, "url", "url有误: %s%.0s%s%.0s%s", "url is wrong: %.0s%s%.0s%s%s",
                      fpi_url_wrongs(&report, "zh", task->pool), fpi_url_wrongs(&report, "en", task->pool),
                      report.right ? "; 应为 " : "", report.right ? "; the right one: " : "",
                      report.right ? report.right : "");
}

/* Either may be NULL: before it was made, after it was removed. */
static fpi_err_t *audit_row(fpi_tx_t *tx, const char *action, const fpi_push_row_t *old, const fpi_push_row_t *row, fpi_task_t *task)
{
    static const fpi_push_row_t none = { .id = 0 };
    const fpi_push_row_t *from = old ? old : &none, *to = row ? row : &none;
    fpi_json_t *changes = fpi_json_make_object(task);

    fpi_change_text(changes, "tax_no", from->tax_no, to->tax_no, task);
    fpi_change_text(changes, "name", from->name, to->name, task);
    fpi_change_text(changes, "url", from->url, to->url, task);
    return fpi_audit_add(tx, action, (row ? row : old)->client_id, fpi_changes_text(changes, task), task);
}

typedef struct row_put_t {
    fpi_push_row_t said, row;
    bool is_new;
} row_put_t;

static fpi_err_t *tx_row_put(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    row_put_t *put = baton;
    const fpi_push_row_t *old = NULL;
    rows_t all;

    put->row = put->said;
    FPI_TRY(tx_rows(tx, &all, task));
    for (int i = 0; i < all.count && !old; i++) {
        bool is_same = strcmp(all.rows[i].tax_no, put->row.tax_no) == 0
                       && strcmp(all.rows[i].client_id, put->row.client_id) == 0;

        old = is_same ? &all.rows[i] : NULL;
    }
    put->is_new = !old;
    FPI_TRY(fpi_push_row_put(&put->row, tx, task));
    return audit_row(tx, old ? "push-table.changed" : "push-table.added", old, &put->row, task);
}

fpi_err_t *fpi_admin_push_row_put(fpi_push_row_t *out, bool *is_new, fpi_app_t *app,
                                  const fpi_push_row_t *form,
                                  fpi_task_t *task)
{
    row_put_t put = { .said = { .tenant = task->tenant } };

    FPI_TRY(fpi_admin_take_name(&put.said.name, form->name, task));
    FPI_TRY(fpi_people_take_tax_no(&put.said.tax_no, form->tax_no, "tax_no", task));
    FPI_TRY(fpi_people_take_word(&put.said.client_id, form->client_id, "client_id", FPI_ADMIN_ID_MAX, task));
    FPI_TRY(take_url(&put.said.url, form->url, task));
    FPI_TRY(fpi_admin_write(app, tx_row_put, &put, task));
    *out = put.row;
    *is_new = put.is_new;
    return NULL;
}

static fpi_err_t *tx_row_drop(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    int64_t id = *(int64_t *)baton;
    rows_t all;
    bool was_there;

    FPI_TRY(tx_rows(tx, &all, task));
    for (int i = 0; i < all.count; i++) {
        if (all.rows[i].id == id) {
            FPI_TRY(fpi_push_row_drop(tx, task->tenant, id, &was_there, task));
            return audit_row(tx, "push-table.removed", &all.rows[i], NULL, task);
        }
    }
    return fpi_refuse(task, FPI_E_ABSENT, "id", "推送表中没有第 %" APR_INT64_T_FMT " 行",
                      "the push table has no row %" APR_INT64_T_FMT, (apr_int64_t)id);
}

fpi_err_t *fpi_admin_push_row_remove(fpi_app_t *app, int64_t id, fpi_task_t *task)
{
    return fpi_admin_write(app, tx_row_drop, &id, task);
}

/* ---- push table and enterprises ---- */

typedef struct finding_t {
    const rows_t *tables;
    apr_array_header_t *problems;
    fpi_task_t *task;
} finding_t;

static bool is_en(const fpi_task_t *task)
{
    return strcmp(task->lang, "en") == 0;
}

static void add(finding_t *f, int kind, const fpi_push_row_t *row, const fpi_enterprise_t *e,
                const char *text)
{
    APR_ARRAY_PUSH(f->problems, fpi_push_problem_t) = (fpi_push_problem_t){ kind, row, e, text };
}

static void look_at_url(finding_t *f, const fpi_push_row_t *row, const fpi_enterprise_t *e)
{
    apr_pool_t *pool = f->task->pool;
    fpi_url_report_t report;

    fpi_url_check(&report, row->url ? row->url : "", FPI_ADDRESS_PUSH, pool);
    if (!report.is_right) {
        add(f, FPI_PUSH_URL, row, e,
            apr_pstrcat(pool, fpi_url_wrongs(&report, f->task->lang, pool), report.right ? " -> " : "",
                        report.right,
                        NULL));
    }
}

static const fpi_enterprise_t *find_enterprise(const rows_t *tables, const char *client_id)
{
    for (int i = 0; i < tables->enterprises.count; i++) {
        if (strcmp(tables->enterprises.items[i]->client_id, client_id) == 0) {
            return tables->enterprises.items[i];
        }
    }
    return NULL;
}

/* It speaks for several. */
static bool is_tenant(const fpi_enterprise_t *e)
{
    return strncmp(e->client_id, "TN_", 3) == 0;
}

static void look_at_row(finding_t *f, const fpi_push_row_t *row)
{
    const fpi_enterprise_t *e = find_enterprise(f->tables, row->client_id);

    if (!e) {
        add(f, FPI_PUSH_NO_ENTERPRISE, row, NULL,
            is_en(f->task) ? "no enterprise authorisation has this client_id" : "企业授权中没有此 client_id");
    }
    else if (!e->is_enabled) {
        add(f, FPI_PUSH_DISABLED, row, e, is_en(f->task) ? "the enterprise is disabled" : "该企业授权已停用");
    }
    else if (!is_tenant(e) && strcmp(e->tax_no, row->tax_no) != 0) {
        add(f, FPI_PUSH_TAX_NO, row, e,
            apr_psprintf(f->task->pool,
                         is_en(f->task) ? "the enterprise has tax number %s" : "该企业授权的税号是 %s", e->tax_no));
    }
    else if (!is_tenant(e) && strcmp(e->name, row->name) != 0) {
        add(f, FPI_PUSH_NAME, row, e,
            apr_psprintf(f->task->pool, is_en(f->task) ? "the row says %s, the enterprise is called %s"
                                                       : "此行名称为 %s, 企业授权名称为 %s", row->name, e->name));
    }
    look_at_url(f, row, e);
}

static void look_at_enterprise(finding_t *f, const fpi_enterprise_t *e)
{
    for (int i = 0; i < f->tables->count; i++) {
        if (strcmp(f->tables->rows[i].client_id, e->client_id) == 0) {
            return;
        }
    }
    if (e->is_enabled) {
        add(f, FPI_PUSH_NO_ROW, NULL, e,
            is_en(f->task) ? "the enterprise has no row in the push table: its pushes need a token or sign"
                           : "推送表中没有该企业: 其推送须携带 token 或签名");
    }
}

static fpi_err_t *tx_tables(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    rows_t *tables = baton;

    FPI_TRY(fpi_admin_enterprises_of(&tables->enterprises, tx, task));
    return tx_rows(tx, tables, task);
}

fpi_err_t *fpi_admin_push_check(apr_array_header_t **out, fpi_app_t *app, fpi_task_t *task)
{
    rows_t *tables = apr_pcalloc(task->pool, sizeof(*tables));
    finding_t f = { tables, apr_array_make(task->pool, 8, sizeof(fpi_push_problem_t)), task };

    FPI_TRY(fpi_store_read(app->store, tx_tables, tables, task));
    for (int i = 0; i < tables->count; i++) {
        look_at_row(&f, &tables->rows[i]);
    }
    for (int i = 0; i < tables->enterprises.count; i++) {
        look_at_enterprise(&f, tables->enterprises.items[i]);
    }
    *out = f.problems;
    return NULL;
}

const char *fpi_push_problem_name(const fpi_push_problem_t *problem)
{
    static const char *const names[] = { "no_enterprise", "disabled", "tax_no", "name", "url", "no_row" };

    return names[problem->kind];
}
