#include "tools/ctl.h"

#include "service/push_reach.h"

#include <apr_strings.h>
#include <string.h>

static const ctl_column_t columns[] = {
    { "id", "ID", "ID", CTL_TEXT },
    { "tax_no", "TAX NUMBER", "税号", CTL_TEXT },
    { "client_id", "CLIENT_ID", "CLIENT_ID", CTL_TEXT },
    { "name", "NAME", "名称", CTL_TEXT },
    { "url", "URL", "推送地址", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static fpi_json_t *row_json(ctl_t *ctl, const fpi_push_row_t *row)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_int(doc, "id", row->id);
    fpi_json_put_text(doc, "tax_no", row->tax_no);
    fpi_json_put_text(doc, "client_id", row->client_id);
    fpi_json_put_text(doc, "name", row->name);
    fpi_json_put_text(doc, "url", row->url);
    fpi_json_put_time(doc, "created", row->created);
    return doc;
}

fpi_err_t *ctl_push_table_add(ctl_t *ctl)
{
    const fpi_push_row_t form = {
        .name = ctl_option(ctl, "name"),
        .tax_no = ctl_option(ctl, "tax-no"),
        .client_id = ctl_option(ctl, "client-id"),
        .url = ctl_option(ctl, "url"),
    };
    fpi_push_row_t row;
    fpi_json_t *doc;
    bool is_new;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_admin_push_row_put(&row, &is_new, ctl->app, &form, ctl->task));
    doc = row_json(ctl, &row);
    fpi_json_put_text(doc, "result", is_new ? "added" : "changed");
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "%s%.0s第 %ld 行", "%.0s%s row %ld", is_new ? "已新增" : "已修改", is_new ? "added" : "changed",
                (long)row.id);
        ctl_card(ctl, doc, columns);
    }
    return NULL;
}

fpi_err_t *ctl_push_table_list(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    fpi_push_row_t *rows;
    int count;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_admin_push_rows(&rows, &count, ctl->app, ctl->task));
    for (int i = 0; i < count; i++) {
        fpi_json_add(list, row_json(ctl, &rows[i]));
    }
    ctl_list(ctl, list, columns);
    return NULL;
}

/* ---- check ---- */

static const ctl_column_t problem_columns[] = {
    { "row", "ROW", "行", CTL_TEXT },
    { "client_id", "CLIENT_ID", "CLIENT_ID", CTL_TEXT },
    { "tax_no", "TAX NUMBER", "税号", CTL_TEXT },
    { "problem", "PROBLEM", "问题", CTL_TEXT },
    { "message", "MESSAGE", "说明", CTL_LONG },
    { NULL, NULL, NULL, CTL_TEXT },
};

static fpi_json_t *problem_json(ctl_t *ctl, const fpi_push_problem_t *p)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    if (p->row) {
        fpi_json_put_int(doc, "row", p->row->id);
    }
    else {
        fpi_json_put(doc, "row", NULL);
    }
    fpi_json_put_text(doc, "client_id", p->row ? p->row->client_id : p->enterprise->client_id);
    fpi_json_put_text(doc, "tax_no", p->row ? p->row->tax_no : p->enterprise->tax_no);
    fpi_json_put_text(doc, "problem", fpi_push_problem_name(p));
    fpi_json_put_text(doc, "message", p->text);
    return doc;
}

static fpi_json_t *reach_json(ctl_t *ctl, const fpi_push_reach_t *reach)
{
    fpi_json_t *doc = fpi_json_make_object(ctl->task);

    fpi_json_put_int(doc, "row", reach->row->id);
    fpi_json_put_text(doc, "client_id", reach->row->client_id);
    fpi_json_put_text(doc, "tax_no", reach->row->tax_no);
    fpi_json_put_text(doc, "problem", "unreached");
    fpi_json_put_text(doc, "message", apr_pstrcat(ctl->task->pool, reach->found, "; ", reach->remedy, NULL));
    return doc;
}

static fpi_err_t *add_unreached(fpi_json_t *list, ctl_t *ctl)
{
    apr_array_header_t *reached;
    int left;

    FPI_TRY(fpi_push_reach(&reached, &left, ctl->app, ctl->task));
    for (int i = 0; i < reached->nelts; i++) {
        const fpi_push_reach_t *reach = &APR_ARRAY_IDX(reached, i, fpi_push_reach_t);

        if (reach->found) {
            fpi_json_add(list, reach_json(ctl, reach));
        }
    }
    if (left) {
        ctl_warn(ctl, "另有 %d 行的地址未逐一访问", "the urls of %d more rows were not called", left);
    }
    return NULL;
}

fpi_err_t *ctl_push_table_check(ctl_t *ctl)
{
    fpi_json_t *list = fpi_json_make_array(ctl->task);
    apr_array_header_t *problems;
    bool is_right;

    FPI_TRY(ctl_open(ctl));
    FPI_TRY(fpi_admin_push_check(&problems, ctl->app, ctl->task));
    for (int i = 0; i < problems->nelts; i++) {
        fpi_json_add(list, problem_json(ctl, &APR_ARRAY_IDX(problems, i, fpi_push_problem_t)));
    }
    FPI_TRY(add_unreached(list, ctl));
    is_right = fpi_json_size(list) == 0;
    ctl->exit = is_right ? CTL_DONE : CTL_FAILED;
    if (!is_right || ctl->is_json) {
        ctl_list(ctl, list, problem_columns);
    }
    else {
        ctl_say(ctl, "推送表与企业授权一致, 地址均指向本系统", "the push table fits the enterprises, and its urls lead here");
    }
    return NULL;
}

/* ---- remove ---- */

static fpi_err_t *find_by_keys(int64_t *id, ctl_t *ctl)
{
    const char *tax_no = ctl_option(ctl, "tax-no"), *client_id = ctl_option(ctl, "client-id");
    fpi_push_row_t *rows;
    int count;

    FPI_TRY(fpi_admin_push_rows(&rows, &count, ctl->app, ctl->task));
    for (int i = 0; i < count; i++) {
        if (strcmp(rows[i].tax_no, tax_no) == 0 && strcmp(rows[i].client_id, client_id) == 0) {
            *id = rows[i].id;
            return NULL;
        }
    }
    return fpi_refuse(ctl->task, FPI_E_ABSENT, NULL, "推送表中没有税号 %.40s, client_id %.100s",
                      "the push table has no row of tax number %.40s and client_id %.100s", tax_no, client_id);
}

fpi_err_t *ctl_push_table_remove(ctl_t *ctl)
{
    bool by_keys = ctl_has(ctl, "tax-no") && ctl_has(ctl, "client-id");
    fpi_json_t *doc = fpi_json_make_object(ctl->task);
    int64_t id = 0;

    if ((ctl->arg_count == 1) == by_keys || (!by_keys && (ctl_has(ctl, "tax-no") || ctl_has(ctl,
                                                                                            "client-id")))) {
        return ctl_usage(ctl, "需要 ID, 或同时给出 --tax-no 与 --client-id",
                         "say the row's ID, or both --tax-no and --client-id");
    }
    if (!by_keys) {
        FPI_TRY(ctl_arg_id(&id, ctl, 0));
    }
    FPI_TRY(ctl_open(ctl));
    if (by_keys) {
        FPI_TRY(find_by_keys(&id, ctl));
    }
    FPI_TRY(fpi_admin_push_row_remove(ctl->app, id, ctl->task));
    fpi_json_put_int(doc, "id", id);
    fpi_json_put_text(doc, "result", "removed");
    if (!ctl_json(ctl, doc)) {
        ctl_say(ctl, "已删除第 %ld 行", "removed row %ld", (long)id);
    }
    return NULL;
}
