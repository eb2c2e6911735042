/* Bills for the console: the list, one with all that belongs to it, its timeline. */
#include "service/bill_query.h"

#include "service/attach.h"
#include "service/found.h"
#include "service/modes.h"
#include "service/moves.h"
#include "service/notices.h"
#include "service/views.h"
#include "store/people.h"

#include <apr_strings.h>
#include <string.h>

enum { INVOICES_MOST = 2000, DELIVERIES_MOST = 20, EVENTS_BOUND = 10000 };

/* ---- the organisation that a bill is filed under ---- */

/* Announced with the bill is the applicant's; this one decides who sees the bill. NULL: the top. */
static fpi_err_t *find_filed(fpi_org_t ***out, fpi_bill_t *const *bills, int count, fpi_tx_t *tx, fpi_task_t *task)
{
    fpi_org_t **orgs = apr_pcalloc(task->pool, sizeof(fpi_org_t *) * ((size_t)count + 1));

    for (int i = 0; i < count; i++) {
        int same = 0;

        while (bills[same]->org != bills[i]->org) { /* few on a page */
            same++;
        }
        if (same < i) {
            orgs[i] = orgs[same];
        }
        else if (bills[i]->org) {
            FPI_TRY(fpi_org_find_by_id(&orgs[i], tx, bills[i]->tenant, bills[i]->org, task));
        }
    }
    *out = orgs;
    return NULL;
}

static fpi_json_t *view_filed(const fpi_bill_t *bill, const fpi_org_t *org, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_view_bill(bill, task);

    fpi_json_put_text(doc, "filed_org_code", org ? org->code : NULL);
    fpi_json_put_text(doc, "filed_org_name", org ? org->name : NULL);
    return doc;
}

/* ---- the list ---- */

typedef struct listing_t {
    fpi_bill_asked_t asked;
    fpi_bill_page_t page;
    fpi_org_t **filed;           /* of each of them */
} listing_t;

static fpi_err_t *tx_list(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    listing_t *l = baton;
    bool is_nobody;

    FPI_TRY(fpi_bill_query_org(&is_nobody, &l->asked, tx, task));
    if (is_nobody) {
        memset(&l->page, 0, sizeof(l->page));
        return NULL;
    }
    FPI_TRY(fpi_bills_page(&l->page, tx, &l->asked.query, task));
    return find_filed(&l->filed, l->page.bills, l->page.count, tx, task);
}

static fpi_json_t *list_answer(const listing_t *l, fpi_task_t *task)
{
    fpi_json_t *items = fpi_json_make_array(task), *data, *pagination;

    for (int i = 0; i < l->page.count; i++) {
        fpi_json_add(items, view_filed(l->page.bills[i], l->filed[i], task));
    }
    data = fpi_page_answer(&l->asked.page, items, l->page.total, task);
    pagination = fpi_json_find(data, "pagination");
    fpi_json_put_bool(pagination, "total_is_bound", l->page.is_bound);
    fpi_json_put_bool(pagination, "has_more", l->page.has_more);
    fpi_json_put_bool(pagination, "is_partial", l->page.is_partial);
    fpi_json_put_text(pagination, "next",
                      l->page.has_more && l->page.last.id ? fpi_bill_query_cursor(&l->page.last, task) : NULL);
    return data;
}

fpi_err_t *fpi_handle_bills_list(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    listing_t l;

    FPI_TRY(fpi_bill_query_read(&l.asked, call));
    FPI_TRY(fpi_store_read(app->store, tx_list, &l, call->task));
    answer->data = list_answer(&l, call->task);
    return NULL;
}

/* ---- one ---- */

typedef struct whole_t {
    const fpi_call_t *call;
    int64_t id;
    fpi_bill_t *bill;
    fpi_org_t **filed;           /* of the bill */
    fpi_file_t *files;
    fpi_content_t *contents;
    fpi_invoice_t *invoices;
    fpi_json_t *found;
    int file_count, invoice_count;
    fpi_mode_said_t mode;
    fpi_delivery_t *deliveries;  /* newest first */
    int delivery_count;
} whole_t;

static fpi_err_t *list_deliveries(whole_t *w, fpi_tx_t *tx, fpi_task_t *task)
{
    const fpi_delivery_query_t query = { .tenant = w->bill->tenant, .bill = w->bill->id, .state = -1,
                                         .most = DELIVERIES_MOST, .bound = DELIVERIES_MOST };
    int64_t total;

    return fpi_deliveries_list(&w->deliveries, &w->delivery_count, &total, tx, &query, task);
}

static fpi_err_t *tx_get(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    whole_t *w = baton;
    int64_t tenant = w->call->viewer->tenant;

    FPI_TRY(fpi_console_bill(&w->bill, tx, w->call, w->id, task));
    FPI_TRY(find_filed(&w->filed, &w->bill, 1, tx, task));
    FPI_TRY(fpi_files_list_looked(&w->files, &w->contents, &w->file_count, tx, tenant, w->id, FPI_PILE_MOST, task));
    FPI_TRY(fpi_invoices_list(&w->invoices, &w->invoice_count, tx, tenant, w->id, INVOICES_MOST, task));
    FPI_TRY(fpi_found_answer(&w->found, tx, w->bill, w->call->viewer, task));
    FPI_TRY(list_deliveries(w, tx, task));
    return fpi_mode_find(&w->mode, tx, w->bill, task);
}

static void put_act(fpi_json_t *acts, const char *name, const fpi_err_t *why_not, fpi_task_t *task)
{
    fpi_json_t *act = fpi_json_make_object(task);

    fpi_json_put_bool(act, "is_allowed", !why_not);
    if (why_not) {
        fpi_json_put_text(act, "why", fpi_err_public(why_not, task->lang));
    }
    fpi_json_put(acts, name, act);
}

static fpi_json_t *acts_of(const whole_t *w, fpi_task_t *task)
{
    static const fpi_act_t asked[] = { FPI_ACT_ATTACH, FPI_ACT_EDIT, FPI_ACT_SUBMIT, FPI_ACT_RESUBMIT, FPI_ACT_RESCAN,
                                       FPI_ACT_CANCEL_RESCAN, FPI_ACT_REVIEW, FPI_ACT_VOID, FPI_ACT_LOCK };
    fpi_json_t *acts = fpi_json_make_object(task);

    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        fpi_err_t *why_not = fpi_move_may(w->bill, asked[i], w->file_count, task);

        if (!why_not && (asked[i] == FPI_ACT_ATTACH || asked[i] == FPI_ACT_EDIT)) {
            why_not = fpi_attach_check_amend(w->bill, w->call->viewer, task);
        }
        put_act(acts, fpi_act_symbol(asked[i]), why_not, task);
    }
    put_act(acts, "UNLOCK",
            w->bill->is_locked ? NULL : fpi_refuse(task, FPI_E_STATE, NULL, "单据未锁定", "the bill is not locked"), task);
    return acts;
}

static fpi_json_t *mode_of(const whole_t *w, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_text(doc, "mode", fpi_text_upper(apr_pstrdup(task->pool, fpi_mode_name(w->mode.mode))));
    fpi_json_put_text(doc, "from", fpi_scope_name(w->mode.scope));
    fpi_json_put_text(doc, "code", w->mode.code);
    fpi_json_put_text(doc, "fallen_from",
                      w->mode.fallen ? fpi_text_upper(apr_pstrdup(task->pool, fpi_mode_name(w->mode.fallen))) : NULL);
    return doc;
}

static fpi_json_t *deliveries_of(const whole_t *w, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < w->delivery_count; i++) {
        fpi_json_add(list, fpi_view_delivery(&w->deliveries[i], task));
    }
    return list;
}

static fpi_json_t *whole_answer(const whole_t *w, fpi_task_t *task)
{
    fpi_json_t *data = view_filed(w->bill, *w->filed, task), *invoices = fpi_json_make_array(task);

    for (int i = 0; i < w->invoice_count; i++) {
        fpi_json_add(invoices, fpi_view_invoice(&w->invoices[i], task));
    }
    fpi_json_put(data, "files", fpi_view_files(w->files, w->contents, w->file_count, task));
    fpi_json_put(data, "invoices", invoices);
    fpi_json_put(data, "found_invoices", w->found);
    fpi_json_put(data, "deliveries", deliveries_of(w, task));
    fpi_json_put(data, "mode", mode_of(w, task));
    fpi_json_put(data, "acts", acts_of(w, task));
    return data;
}

fpi_err_t *fpi_handle_bill_get(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    apr_table_t *headers = apr_table_make(call->task->pool, 1);
    whole_t w = { .call = call };

    FPI_TRY(fpi_call_id(&w.id, call, "bill_id"));
    FPI_TRY(fpi_store_read(app->store, tx_get, &w, call->task));
    call->note(call->baton, "FPIMAGE_BILL", w.bill->number);
    answer->data = whole_answer(&w, call->task);
    apr_table_setn(headers, "ETag", apr_psprintf(call->task->pool, "\"%" APR_INT64_T_FMT "\"", w.bill->version));
    answer->headers = headers;
    return NULL;
}

/* ---- the timeline ---- */

typedef struct timeline_t {
    const fpi_call_t *call;
    int64_t id, total;
    fpi_page_t page;
    fpi_event_t *events;
    int count;
} timeline_t;

static fpi_err_t *tx_timeline(fpi_tx_t *tx, void *baton, fpi_task_t *task)
{
    timeline_t *t = baton;
    fpi_bill_t *bill;

    FPI_TRY(fpi_console_bill(&bill, tx, t->call, t->id, task));
    return fpi_trail_page(&t->events, &t->count, &t->total, tx, bill, t->page.skip, t->page.size, EVENTS_BOUND, task);
}

fpi_err_t *fpi_handle_bill_timeline(fpi_app_t *app, fpi_call_t *call, fpi_answer_t *answer)
{
    fpi_json_t *items = fpi_json_make_array(call->task);
    timeline_t t = { .call = call };

    FPI_TRY(fpi_call_id(&t.id, call, "bill_id"));
    FPI_TRY(fpi_page_read(&t.page, call));
    FPI_TRY(fpi_store_read(app->store, tx_timeline, &t, call->task));
    for (int i = 0; i < t.count; i++) {
        fpi_json_add(items, fpi_view_event(&t.events[i], call->task));
    }
    answer->data = fpi_page_answer(&t.page, items, t.total, call->task);
    return NULL;
}
