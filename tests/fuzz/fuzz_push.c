/* Bodies of pushes, announcements and cloud answers, up to the model. */
#include "fuzz.h"

#include "service/forms.h"

static void read_all(const fpi_json_t *doc, fpi_task_t *task)
{
    apr_array_header_t *links = apr_array_make(task->pool, 4, sizeof(fpi_link_t));
    fpi_identity_t id;
    fpi_document_t parts;
    fpi_invoice_t invoice;
    fpi_bill_t bill;

    fpi_ignore(fpi_form_read_identity(&id, doc, task));
    if (fpi_form_read_announcement(&bill, doc, task) == NULL) {
        (void)fpi_form_announcement_sha(&bill, task);
    }
    fpi_form_read_pushed(&parts, doc, task);
    fpi_form_read_document(&parts, doc, task);
    for (size_t i = 0; parts.invoices && i < fpi_json_size(parts.invoices); i++) {
        const fpi_json_t *object = fpi_json_at(parts.invoices, i);

        if (fpi_form_read_invoice(&invoice, object, task) == NULL) {
            (void)fpi_form_write_invoice(&invoice, task);
            (void)fpi_form_add_invoice_links(links, object, task);
        }
    }
    for (size_t i = 0; parts.covers && i < fpi_json_size(parts.covers); i++) {
        (void)fpi_form_add_link(links, fpi_json_at(parts.covers, i), FPI_KIND_COVER, task);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fpi_task_t *task = fuzz_task();
    fpi_json_t *doc;

    if (fpi_json_parse(&doc, (const char *)data, size, task) == NULL && fpi_json_is_object(doc)) {
        read_all(doc, task);
    }
    return 0;
}
