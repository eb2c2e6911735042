/* What a pull works off: the document that the push brought, or the cloud's answer. */
#include "service/pull_own.h"

#include "service/access.h"
#include "service/pull.h"

#include <apr_strings.h>
#include <string.h>

enum { INVOICES_MAX = 2000, NUMBERS_TOLD = 20 };

/* ---- whence ---- */

static fpi_err_t *read_brought(fpi_pulling_t *pull)
{
    fpi_json_t *doc;

    if (!pull->push || !pull->push->body_len) {
        return NULL;
    }
    FPI_TRY(fpi_json_parse(&doc, pull->push->body, (size_t)pull->push->body_len, pull->task));
    fpi_form_read_pushed(&pull->doc, doc, pull->task);
    return NULL;
}

static const fpi_enterprise_t *enterprise_of(fpi_pulling_t *pull)
{
    const char *client_id = pull->push ? pull->push->client_id : NULL;
    const fpi_enterprise_t *e = client_id ? fpi_people_find(pull->app, client_id, pull->task) : NULL;

    if (!e && pull->bill->tax_no && *pull->bill->tax_no) {
        e = fpi_people_find_by_tax_no(pull->app, pull->task->tenant, pull->bill->tax_no, pull->task);
    }
    return e && e->tenant == pull->task->tenant && e->is_enabled ? e : NULL;
}

/* The published parameters of the call (facts-cloud.md 3.4) choose no page. */
static fpi_err_t *refuse_part(const fpi_document_t *doc, fpi_task_t *task)
{
    if (!fpi_form_is_part(doc)) {
        return NULL;
    }
    return fpi_fail(task, FPI_E_CLOUD,
                    "the cloud gave %d invoices of %s, and there is no documented way to ask for the others: nothing was changed; "
                    "have the cloud give all in one answer, or set the path of the receipt (pull_path) to a call that does",
                    (int)fpi_json_size(doc->invoices),
                    apr_psprintf(task->pool, doc->total ? "%" APR_INT64_T_FMT : "page 1 of %" APR_INT64_T_FMT,
                                 doc->total ? doc->total : doc->pages));
}

static fpi_err_t *ask(fpi_document_t *out, fpi_pulling_t *pull, const fpi_enterprise_t *e)
{
    const fpi_bill_t *bill = pull->bill;
    const char *key = bill->erp_id && *bill->erp_id ? bill->erp_id : bill->number;
    fpi_json_t *answer;

    FPI_TRY(fpi_cloud_pull(&answer, pull->app->cloud, pull->path ? pull->path : FPI_PULL_PATH, e, key, bill->bill_no,
                           pull->task));
    fpi_form_read_document(out, answer, pull->task);
    return refuse_part(out, pull->task);
}

static fpi_err_t *ask_cloud(fpi_pulling_t *pull)
{
    const fpi_enterprise_t *e = enterprise_of(pull);

    if (!e) {
        return fpi_fail(pull->task, FPI_E_CLIENT,
                        "no enabled enterprise authorisation for tax number %s: add it with fpimagectl enterprise add, "
                        "then replay",
                        pull->bill->tax_no ? pull->bill->tax_no : "-");
    }
    return ask(&pull->doc, pull, e);
}

static void note(fpi_pulling_t *pull, const char *text)
{
    APR_ARRAY_PUSH(pull->notes, const char *) = text;
}

/* Of what the push does not speak, not even to say that there is none, the cloud is asked. Where it can't be, what the push
 * brought stands. */
static void complete(fpi_pulling_t *pull)
{
    const fpi_enterprise_t *e = enterprise_of(pull);
    fpi_document_t *doc = &pull->doc, got;
    fpi_err_t *err;

    pull->lacks_covers = !doc->has_covers;
    pull->lacks_attachments = !doc->has_attachments;
    if (!e || !fpi_json_size(doc->invoices) || (doc->has_covers && doc->has_attachments)) {
        return;
    }
    err = ask(&got, pull, e);
    if (err) {
        note(pull, apr_psprintf(pull->task->pool,
                                "the push says nothing of covers or attachments, and the cloud could not be asked for them, so that "
                                "what it brought stands: %s",
                                fpi_err_chain(pull->task->pool, err)));
        return;
    }
    doc->covers = pull->lacks_covers ? got.covers : doc->covers;
    doc->attachments = pull->lacks_attachments ? got.attachments : doc->attachments;
    doc->odd = doc->odd ? doc->odd : got.odd;
    pull->lacks_covers = pull->lacks_attachments = false;
}

/* ---- what it says ---- */

/* "1, 3, 4" */
static const char *add_number(const char *numbers, int count, size_t i, fpi_task_t *task)
{
    if (count > NUMBERS_TOLD) {
        return count == NUMBERS_TOLD + 1 ? apr_pstrcat(task->pool, numbers, ", ...", NULL) : numbers;
    }
    return apr_psprintf(task->pool, "%s%s%d", numbers ? numbers : "", numbers ? ", " : "", (int)i + 1);
}

static fpi_err_t *read_invoice(fpi_pulling_t *pull, const fpi_json_t *said)
{
    fpi_invoice_t *invoice = &pull->invoices[pull->invoice_count];

    FPI_TRY(fpi_form_read_invoice(invoice, said, pull->task));
    invoice->tenant = pull->bill->tenant;
    invoice->bill = pull->bill_id;
    pull->has_link[pull->invoice_count++] = fpi_form_add_invoice_links(pull->links, said, pull->task);
    return NULL;
}

static fpi_err_t *read_invoices(fpi_pulling_t *pull)
{
    fpi_json_t *list = pull->doc.invoices;
    size_t count = list ? fpi_json_size(list) : 0;
    const char *numbers = NULL;

    if (count > INVOICES_MAX) {
        return fpi_fail(pull->task, FPI_E_TOO_LARGE, "%d invoices on one bill; %d are taken", (int)count,
                        INVOICES_MAX);
    }
    pull->invoices = apr_pcalloc(pull->task->pool, sizeof(fpi_invoice_t) * (count + 1));
    pull->has_link = apr_pcalloc(pull->task->pool, sizeof(bool) * (count + 1));
    for (size_t i = 0; i < count; i++) {
        if (fpi_form_says_invoice(fpi_json_at(list, i), pull->task)) {
            FPI_TRY(read_invoice(pull, fpi_json_at(list, i)));
        }
        else {
            numbers = add_number(numbers, ++pull->left_out, i, pull->task);
        }
    }
    if (pull->left_out) {
        note(pull, apr_psprintf(pull->task->pool,
                                "%d of %d members of the list of invoices say no invoice, as they have no number, code, date, sum, "
                                "party or file, and were left out: %s; so long as they come, nothing is taken away",
                                pull->left_out, (int)count, numbers));
    }
    pull->is_whole = list && !pull->left_out;
    return NULL;
}

static void read_links(fpi_pulling_t *pull, const fpi_json_t *list, fpi_kind_t kind)
{
    size_t count = list ? fpi_json_size(list) : 0;
    const char *numbers = NULL;
    int without = 0;

    for (size_t i = 0; i < count; i++) {
        if (!fpi_form_add_link(pull->links, fpi_json_at(list, i), kind, pull->task)) {
            numbers = add_number(numbers, ++without, i, pull->task);
        }
    }
    if (without) {
        note(pull, apr_psprintf(pull->task->pool, "%d of %d %ss came without an address, so that they can't be fetched: %s",
                                without, (int)count, fpi_kind_name(kind), numbers));
    }
}

fpi_err_t *fpi_pull_read(fpi_pulling_t *pull)
{
    pull->links = apr_array_make(pull->task->pool, 16, sizeof(fpi_link_t));
    pull->notes = apr_array_make(pull->task->pool, 2, sizeof(const char *));
    FPI_TRY(read_brought(pull));
    if (pull->doc.invoices) {
        complete(pull);
    }
    else {
        FPI_TRY(ask_cloud(pull));
    }
    read_links(pull, pull->doc.covers, FPI_KIND_COVER);
    FPI_TRY(read_invoices(pull));
    read_links(pull, pull->doc.attachments, FPI_KIND_ATTACHMENT);
    if (pull->doc.odd) {
        note(pull, apr_psprintf(pull->task->pool,
                                "%.40s is neither an address nor a list or object with addresses: nothing was fetched for it",
                                pull->doc.odd));
    }
    return NULL;
}
