/* The found invoices in the console: the list of all that one may see, and a clerk's correction of one. */
#include "service/handlers.h"

#include "base/text.h"
#include "model/said.h"
#include "service/found.h"
#include "service/looks.h"
#include "store/bill_list.h"
#include "store/found_list.h"

#include <apr_strings.h>
#include <string.h>

enum { TEXT_MOST = 200, TYPE_MOST = 9999, ROWS_MOST = 5000 };

/* ---- list ---- */

typedef struct listing_t {
    const fpi_call_t *call;
    fpi_found_query_t query;
    fpi_page_t page;
    fpi_json_t *items;
    fpi_found_page_t found;
} listing_t;

static fpi_err_t *read_text(const char **out, const fpi_call_t *call, const char *name)
{
    const char *text = fpi_params_find(call->params, name);

    *out = text && *text ? text : NULL;
    if (*out && fpi_utf8_length(*out) > TEXT_MOST) {
        return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 超过 %d 个字符", "parameter %s is longer than %d characters",
                          name, TEXT_MOST);
    }
    return NULL;
}

static fpi_err_t *read_date(const char **out, const fpi_call_t *call, const char *name)
{
    FPI_TRY(read_text(out, call, name));
    if (*out) {
        const char *date = fpi_said_value(FPI_SAID_DATE, *out, call->task->pool);

        if (!date) {
            return fpi_refuse(call->task, FPI_E_FIELD, name, "参数 %s 应为日期, 如 2024-05-06",
                              "parameter %s must be a date like 2024-05-06", name);
        }
        *out = date;
    }
    return NULL;
}

static fpi_err_t *read_twin(int *out, const fpi_call_t *call)
{
    static const char *const kinds[] = { "NONE", "CLAIMED", "OTHER_BILL", "SAME_BILL", "ALIKE" };
    const char *text = fpi_params_find(call->params, "twin");

    *out = FPI_FOUND_ANY;
    if (text && strcmp(text, "ANY") == 0) {
        *out = FPI_FOUND_TWINNED;
        return NULL;
    }
    for (size_t i = 0; text && i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(text, kinds[i]) == 0) {
            *out = (int)i;
        }
    }
    return !text || *out >= 0 ? NULL
           : fpi_refuse(call->task, FPI_E_FIELD, "twin", "参数 twin 应为 ANY, NONE, CLAIMED, OTHER_BILL, SAME_BILL 或 ALIKE",
                        "parameter twin must be ANY, NONE, CLAIMED, OTHER_BILL, SAME_BILL or ALIKE");
}

static fpi_err_t *read_query(fpi_found_query_t *query, const fpi_call_t *call)
{
    const char *bill = fpi_params_find(call->params, "bill_id");

    query->tenant = call->viewer->tenant;
    query->viewer = call->viewer;
    FPI_TRY(read_text(&query->number, call, "number"));
    FPI_TRY(read_text(&query->seller, call, "seller"));
    FPI_TRY(read_date(&query->date_from, call, "date_from"));
    FPI_TRY(read_date(&query->date_to, call, "date_to"));
    FPI_TRY(read_twin(&query->twin_kind, call));
    if (bill && !fpi_int_parse(&query->bill, bill, 1, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "bill_id", "参数 bill_id 应为正整数",
                          "parameter bill_id must be a positive number");
    }
    return NULL;
}

static fpi_err_t *read_place(listing_t *l, const fpi_call_t *call)
{
    const char *after = fpi_params_find(call->params, "after");
    fpi_found_query_t *q = &l->query;

    FPI_TRY(fpi_page_read(&l->page, call));
    if (after && *after && !fpi_int_parse(&q->after, after, 1, INT64_MAX)) {
        return fpi_refuse(call->task, FPI_E_FIELD, "after", "参数 after 应为上一页的 pagination.next", "parameter after is pagination.next of the page before");
    }
    q->most = l->page.size;
    q->skip = q->after ? 0 : l->page.skip;
    if (q->skip + q->most > FPI_LIST_DEEP) {
        return fpi_refuse(call->task, FPI_E_FIELD, "page", "参数 page: 按页最多查看前 %d 条, 请用 pagination.next 作为 after 继续",
                          "parameter page reaches %d rows deep; go on with pagination.next as after", FPI_LIST_DEEP);
    }
    return NULL;
}

/* With the number of its bill, which in a list is not known otherwise. */
static fpi_err_t *add_item(listing_t *listing, fpi_tx_t *tx, const fpi_found_row_t *row, fpi_task_t *task)
{
    fpi_json_t *item;
    fpi_bill_t *bill;

    FPI_TRY(fpi_found_write_row(&item, tx, row, listing->call->viewer, task));
    FPI_TRY(fpi_bill_find_by_id(&bill, tx, row->invoice.tenant, row->invoice.bill, task));
    fpi_json_put_text(item, "bill_number", bill ? bill->number : NULL);
    fpi_json_add(listing->items, item);
    return NULL;
}

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *listing = baton;

    FPI_TRY(fpi_found_page(&listing->found, tx, &listing->query, task));
    for (int i = 0; i < listing->found.count; i++) {
        FPI_TRY(add_item(listing, tx, &listing->found.rows[i], task));
    }
    return NULL;
}

fpi_err_t *fpi_handle_invoices_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    listing_t listing = { .call = call, .items = fpi_json_make_array(call->task) };
    const fpi_found_page_t *found = &listing.found;
    fpi_json_t *pagination;

    FPI_TRY(read_place(&listing, call));
    FPI_TRY(read_query(&listing.query, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &listing, call->task));
    answer->data = fpi_page_answer(&listing.page, listing.items, found->total, call->task);
    pagination = fpi_json_find(answer->data, "pagination");
    fpi_json_put_bool(pagination, "total_is_bound", found->is_bound);
    fpi_json_put_bool(pagination, "has_more", found->has_more);
    fpi_json_put_bool(pagination, "is_partial", found->is_partial);
    fpi_json_put_text(pagination, "next", found->has_more && found->last ? apr_psprintf(call->task->pool, "%" APR_INT64_T_FMT, found->last) : NULL);
    return NULL;
}

/* ---- correct one ---- */

typedef struct correction_t {
    const fpi_call_t *call;
    int64_t id, version;
    fpi_json_t *wanted;          /* name -> text, or null to take a hand's word away */
    fpi_json_t *result;
    bool is_changed;
} correction_t;

static bool is_field(const char *name)
{
    static const char *const names[] = { "number",      "code",          "date",       "net",         "tax",
                                         "gross",       "check_code",    "seller_name", "seller_tax_no",
                                         "buyer_name",  "buyer_tax_no",  "type" };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *value_of(const char *name, const char *text, apr_pool_t *pool)
{
    int64_t type;

    if (strcmp(name, "type") == 0) {
        return fpi_int_parse(&type, text, 1, TYPE_MOST) ? text : NULL;
    }
    return fpi_said_value(fpi_said_kind(name), text, pool);
}

static fpi_err_t *take_field(correction_t *c, const char *name, const fpi_json_t *given)
{
    fpi_task_t *task = c->call->task;
    const char *text, *value;

    if (fpi_json_is_null(given)) {
        fpi_json_put_text(c->wanted, name, NULL);
        return NULL;
    }
    FPI_TRY(fpi_json_find_scalar(&text, c->call->json, name, TEXT_MOST, task));
    value = text ? value_of(name, text, task->pool) : NULL;
    if (!value) {
        return fpi_refuse(task, FPI_E_FIELD, name,
                          "字段 %s 的值无效: 日期如 2024-05-06, 金额如 113.00, 类型为 1-%d 的代码, 清除人工值用 null",
                          "field %s is not valid: a day like 2024-05-06, an amount like 113.00, a type code 1-%d; null takes a "
                          "correction away", name, TYPE_MOST);
    }
    fpi_json_put_text(c->wanted, name, value);
    return NULL;
}

static fpi_err_t *read_wanted(correction_t *c)
{
    fpi_task_t *task = c->call->task;
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;

    if (!fpi_json_is_object(c->call->json)) {
        return fpi_refuse(task, FPI_E_FIELD, NULL, "请求体应为JSON对象", "the body must be a JSON object");
    }
    c->wanted = fpi_json_make_object(task);
    while (fpi_json_next(&iter, c->call->json, &name, &value)) {
        if (is_field(name)) {
            FPI_TRY(take_field(c, name, value));
        }
    }
    return fpi_json_size(c->wanted) ? NULL
           : fpi_refuse(task, FPI_E_FIELD, NULL, "没有可修改的字段, 可改: number, code, date, net, tax, gross, seller_name 等",
                        "nothing to change; number, code, date, net, tax, gross, seller_name and the like can be");
}

static fpi_err_t *find_row(fpi_found_row_t **row, fpi_bill_t **bill, const correction_t *c, fpi_tx_t *tx,
                           fpi_task_t *task)
{
    const fpi_viewer_t *viewer = c->call->viewer;

    FPI_TRY(fpi_found_find(row, tx, viewer->tenant, c->id, task));
    if (*row) {
        FPI_TRY(fpi_bill_find_by_id(bill, tx, viewer->tenant, (*row)->invoice.bill, task));
    }
    if (!*row || !*bill || !fpi_viewer_sees_bill(viewer, *bill)) {
        return fpi_refuse(task, FPI_E_ABSENT, "found_id", "发票 %" APR_INT64_T_FMT " 不存在",
                          "there is no found invoice %" APR_INT64_T_FMT, c->id);
    }
    if ((*bill)->state == FPI_STATE_VOID || (*bill)->is_locked) {
        return fpi_refuse(task, FPI_E_STATE, "found_id", "单据 %s 已作废或已绑定凭证, 不能修改发票",
                          "bill %s is void or locked by its voucher: its invoices can't be corrected", (*bill)->number);
    }
    return NULL;
}

/* What hands have set, with the wanted laid over it; NULL when nothing is left. */
static fpi_json_t *new_hand(const fpi_json_t *before, const fpi_json_t *wanted, fpi_task_t *task)
{
    fpi_json_t *hand = fpi_json_make_object(task);
    const fpi_json_t *layers[] = { before, wanted };

    for (size_t i = 0; i < 2; i++) {
        void *iter = NULL;
        const char *name;
        fpi_json_t *value;

        while (layers[i] && fpi_json_next(&iter, layers[i], &name, &value)) {
            fpi_json_drop(hand, name);
            if (!fpi_json_is_null(value)) {
                fpi_json_put_text(hand, name, fpi_json_text(value));
            }
        }
    }
    return fpi_json_size(hand) ? hand : NULL;
}

static const char *note_of(const fpi_found_row_t *before, const fpi_json_t *wanted, fpi_task_t *task)
{
    const char *identity = before->invoice.identity ? before->invoice.identity : "without number";
    const char *note = apr_psprintf(task->pool, "invoice %s corrected by hand:", identity);
    void *iter = NULL;
    const char *name;
    fpi_json_t *value;

    while (fpi_json_next(&iter, wanted, &name, &value)) {
        note = apr_pstrcat(task->pool, note, " ", name, fpi_json_is_null(value) ? " as read" : " = ",
                           fpi_json_is_null(value) ? "" : fpi_json_text(value), ";", NULL);
    }
    return note;
}

/* The twins of the bill's other invoices, and of other bills, follow in the background. */
static fpi_err_t *keep(correction_t *c, fpi_tx_t *tx, const fpi_bill_t *bill, const fpi_found_row_t *before,
                       fpi_found_row_t *row, fpi_task_t *task)
{
    fpi_found_row_t *rows;
    int count;

    row->editor = task->actor;
    FPI_TRY(fpi_found_put(row, tx, task));
    FPI_TRY(fpi_found_list(&rows, &count, tx, bill->tenant, bill->id, ROWS_MOST, task));
    FPI_TRY(fpi_found_find_twin(row, tx, rows, count, task));
    FPI_TRY(fpi_found_put(row, tx, task));
    FPI_TRY(fpi_read_put(tx, bill->tenant, bill->id, task));
    FPI_TRY(fpi_found_wake(tx, bill, before->invoice.identity, task));
    FPI_TRY(fpi_found_wake(tx, bill, row->invoice.identity, task));
    c->is_changed = true;
    return fpi_trail_add(tx, bill, "invoice", note_of(before, c->wanted, task), NULL, task);
}

static fpi_err_t *tx_correct(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    correction_t *c = baton;
    fpi_found_row_t *row, before;
    fpi_json_t *doc, *hand;
    fpi_bill_t *bill;

    c->is_changed = false;
    FPI_TRY(find_row(&row, &bill, c, tx, task));
    FPI_TRY(fpi_version_check(c->version, row->updated, "发票 (the invoice)", task));
    before = *row;
    FPI_TRY(fpi_found_doc(&doc, row, task));
    hand = new_hand(fpi_json_find(doc, "hand"), c->wanted, task);
    fpi_json_drop(doc, "hand");
    if (hand) {
        fpi_json_put(doc, "hand", hand);
    }
    FPI_TRY(fpi_found_compose(row, doc, task));
    if (!fpi_found_is_same(row, &before)) {
        FPI_TRY(keep(c, tx, bill, &before, row, task));
    }
    return fpi_found_write_row(&c->result, tx, row, c->call->viewer, task);
}

fpi_err_t *fpi_handle_found_correct(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    correction_t c = { .call = call };

    FPI_TRY(fpi_call_id(&c.id, call, "found_id"));
    FPI_TRY(fpi_version_read(&c.version, call));
    FPI_TRY(read_wanted(&c));
    FPI_TRY(fpi_store_write(app->store, tx_correct, &c, call->task));
    if (c.is_changed) {
        fpi_jobs_wake(app);
    }
    answer->data = c.result;
    return NULL;
}
