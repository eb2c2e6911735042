#include "service/views.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

static const char *const kinds[] = { "COVER", "INVOICE", "ATTACHMENT" };
static const char *const file_states[] = { "NORMAL", "UNCHANGED", "CHANGED", "ADDED", "CONFIRMED" };
static const char *const looks[] = { "WAITING", "LOOKED", "UNREADABLE" };

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

const char *fpi_view_kind(fpi_kind_t kind)
{
    return (size_t)kind < COUNT(kinds) ? kinds[kind] : "?";
}

const char *fpi_view_file_state(fpi_file_state_t state)
{
    return (size_t)state < COUNT(file_states) ? file_states[state] : "?";
}

fpi_err_t *fpi_view_take_kind(fpi_kind_t *out, const char *text, fpi_task_t *task)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (strcasecmp(kinds[i], text) == 0) {
            *out = (fpi_kind_t)i;
            return NULL;
        }
    }
    return fpi_refuse(task, FPI_E_FIELD, "kind", "字段 kind 应为 COVER, INVOICE 或 ATTACHMENT, 收到 %.40s",
                      "field kind is COVER, INVOICE or ATTACHMENT, not %.40s", text);
}

/* ---- bills ---- */

static void put_applicant(fpi_json_t *doc, const fpi_bill_t *bill)
{
    fpi_json_put_text(doc, "applicant_name", bill->apply_name);
    fpi_json_put_text(doc, "applicant_phone", bill->apply_phone);
    fpi_json_put_text(doc, "applicant_erp_user", bill->apply_erp_user);
    fpi_json_put_text(doc, "org_code", bill->org_code);
    fpi_json_put_text(doc, "org_name", bill->org_name);
}

fpi_json_t *fpi_view_bill(const fpi_bill_t *bill, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", bill->id);
    fpi_json_put_text(doc, "number", bill->number);
    fpi_json_put_text(doc, "resource", bill->resource);
    fpi_json_put_text(doc, "bill_no", bill->bill_no);
    fpi_json_put_text(doc, "erp_id", bill->erp_id);
    fpi_json_put_text(doc, "bill_type", bill->type_code);
    fpi_json_put_text(doc, "bill_type_name", bill->type_name);
    fpi_json_put_text(doc, "tax_no", bill->tax_no);
    put_applicant(doc, bill);
    fpi_json_put_text(doc, "state", fpi_state_symbol(bill->state));
    fpi_json_put_text(doc, "state_name", fpi_state_name(bill->state, task->lang));
    fpi_json_put_text(doc, "reason", bill->reason);
    fpi_json_put_text(doc, "reason_by", bill->reason_by);
    fpi_json_put_bool(doc, "is_announced", bill->is_announced);
    fpi_json_put_bool(doc, "is_locked", bill->is_locked);
    fpi_json_put_text(doc, "voucher", bill->voucher);
    fpi_json_put_int(doc, "page_count", bill->page_count);
    fpi_json_put_int(doc, "version", bill->version);
    fpi_json_put_time(doc, "created_at", bill->created);
    fpi_json_put_time(doc, "updated_at", bill->updated);
    return doc;
}

/* ---- files ---- */

static void put_content(fpi_json_t *doc, const fpi_file_t *file, const fpi_content_t *content)
{
    fpi_json_put_int(doc, "page_count", fpi_file_pages(file, content->pages));
    fpi_json_put_text(doc, "look", looks[content->state]);
    fpi_json_put_text(doc, "look_note", content->note);
}

fpi_json_t *fpi_view_file(const fpi_file_t *file, const fpi_content_t *content, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", file->id);
    fpi_json_put_int(doc, "bill_id", file->bill);
    fpi_json_put_int(doc, "position", file->position);
    fpi_json_put_text(doc, "kind", fpi_view_kind(file->kind));
    fpi_json_put_text(doc, "state", fpi_view_file_state(file->state));
    fpi_json_put_text(doc, "name", file->name);
    fpi_json_put_text(doc, "media", file->media);
    fpi_json_put_int(doc, "size", file->size);
    fpi_json_put_text(doc, "sha256", file->sha256);
    fpi_json_put_int(doc, "rotation", file->rotation);
    fpi_json_put_int(doc, "page_first", file->page_first);
    fpi_json_put_int(doc, "page_last", file->page_last);
    fpi_json_put_int(doc, "group_id", file->group_id);
    fpi_json_put_text(doc, "label", file->label);
    fpi_json_put_int(doc, "attachment_type", file->attachment_type);
    fpi_json_put_int(doc, "invoice_id", file->invoice);
    fpi_json_put_text(doc, "source", file->source);
    fpi_json_put_text(doc, "origin", fpi_file_place(file->origin, task->pool));
    fpi_json_put_time(doc, "created_at", file->created);
    if (content) {
        put_content(doc, file, content);
    }
    return doc;
}

fpi_json_t *fpi_view_files(const fpi_file_t *files, const fpi_content_t *contents, int count, fpi_task_t *task)
{
    fpi_json_t *list = fpi_json_make_array(task);

    for (int i = 0; i < count; i++) {
        fpi_json_add_written(list, fpi_view_file(&files[i], contents ? &contents[i] : NULL, task), task);
    }
    return list;
}

/* ---- timeline ---- */

fpi_json_t *fpi_view_event(const fpi_event_t *event, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task), *detail;

    fpi_json_put_int(doc, "id", event->id);
    fpi_json_put_time(doc, "at", event->at);
    fpi_json_put_text(doc, "kind", event->kind);
    fpi_json_put_text(doc, "actor", event->actor);
    fpi_json_put_text(doc, "note", event->note);
    if (event->detail && !fpi_json_parse(&detail, event->detail, strlen(event->detail), task)) {
        fpi_json_put(doc, "detail", detail);
    }
    else {
        fpi_json_put_text(doc, "detail", event->detail);
    }
    fpi_json_put_text(doc, "trace_id", event->trace);
    return doc;
}

/* ---- invoices ---- */

static void put_sum(fpi_json_t *doc, const char *name, bool has, int64_t fen, fpi_task_t *task)
{
    if (has) {
        fpi_json_put_fen(doc, name, fen, task);
    }
    else {
        fpi_json_put(doc, name, NULL);
    }
}

fpi_json_t *fpi_view_invoice(const fpi_invoice_t *invoice, fpi_task_t *task)
{
    fpi_json_t *doc = fpi_json_make_object(task);

    fpi_json_put_int(doc, "id", invoice->id);
    fpi_json_put_text(doc, "serial_no", invoice->serial_no);
    fpi_json_put_text(doc, "identity", invoice->identity);
    fpi_json_put_int(doc, "type", invoice->type);
    fpi_json_put_text(doc, "code", invoice->code);
    fpi_json_put_text(doc, "number", invoice->number);
    fpi_json_put_text(doc, "date", invoice->date);
    put_sum(doc, "net", invoice->has_net, invoice->net, task);
    put_sum(doc, "tax", invoice->has_tax, invoice->tax, task);
    put_sum(doc, "gross", invoice->has_gross, invoice->gross, task);
    fpi_json_put_text(doc, "seller_name", invoice->seller_name);
    fpi_json_put_text(doc, "seller_tax_no", invoice->seller_tax_no);
    fpi_json_put_text(doc, "buyer_name", invoice->buyer_name);
    fpi_json_put_text(doc, "buyer_tax_no", invoice->buyer_tax_no);
    fpi_json_put_int(doc, "check_status", invoice->check_status);
    return doc;
}
