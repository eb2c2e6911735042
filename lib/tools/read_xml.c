/* Fully digital XML (EInvoice) and the original_invoice.xml of older OFD files: the same facts under other names. */
#include "tools/read_own.h"

#include <string.h>

/* What a line has, and how formats call it. */
static const struct line_alias_t {
    const char *field, *names[3];
} line_aliases[] = {
    { "name", { "ItemName", "Item" } },           { "spec", { "SpecMod", "Specification" } },
    { "unit", { "MeaUnits", "MeasurementDimension" } }, { "quantity", { "Quantity" } },
    { "price", { "UnPrice", "Price" } },          { "net", { "Amount" } },
    { "rate", { "TaxRate", "TaxScheme" } },       { "tax", { "ComTaxAm", "TaxAmount" } },
};

static fpi_json_t *line_of(const fpi_xml_t *element, fpi_task_t *task)
{
    fpi_json_t *line = fpi_json_make_object(task);

    for (size_t i = 0; i < sizeof(line_aliases) / sizeof(*line_aliases); i++) {
        const char *text = NULL;

        for (const char *const *name = line_aliases[i].names; *name && !text; name++) {
            text = fpi_xml_find_text(element, *name, task);
        }
        if (text) {
            fpi_json_put_text(line, line_aliases[i].field, text);
        }
    }
    return line;
}

static void add_lines(read_t *read, fpi_json_t *evidence, const fpi_xml_t *root)
{
    fpi_json_t *lines = fpi_json_make_array(read->task);

    for (const fpi_xml_t *at = fpi_xml_walk(root, root); at; at = fpi_xml_walk(root, at)) {
        if ((fpi_xml_is(at, "IssuItemInformation") || fpi_xml_is(at, "GoodsInfo"))
            && fpi_json_size(lines) < FPI_READ_LINES) {
            fpi_json_add(lines, line_of(at, read->task));
        }
    }
    if (fpi_json_size(lines)) {
        fpi_json_put(evidence, "lines", lines);
    }
}

/* Where nothing but the code tells: 01 is special, 02 ordinary. The tax bureau's codes have paper's types there. */
static int64_t type_of_label(const char *code)
{
    return strcmp(code, "01") == 0 ? 27 : strcmp(code, "02") == 0 ? 26 : fpi_invoice_type_of_bureau(code);
}

/* By the labels of the header; what is special of it (vehicles) before what is general. */
static int64_t type_of(const fpi_xml_t *root, fpi_task_t *task)
{
    const fpi_xml_t *label = fpi_xml_seek(root, "InherentLabel");
    int64_t type = 0;

    for (const fpi_xml_t *at = label ? fpi_xml_walk(label, label) : NULL; at; at = fpi_xml_walk(label, at)) {
        int64_t told = fpi_xml_is(at, "LabelName") ? read_type_of_words(fpi_xml_text(at, task)) : 0;

        type = told > type ? told : type;
    }
    if (!type && label) {
        type = type_of_label(fpi_xml_text(fpi_xml_find(label, "GeneralOrSpecialVAT/LabelCode"), task));
    }
    return type ? type : read_type_of_words(fpi_xml_text(fpi_xml_seek(root, "TypeOfVoucher"), task));
}

fpi_err_t *read_xml(bool *is_read, read_t *read, const char *data, size_t len, int page, int invoice)
{
    const fpi_xml_t *xbrl;
    fpi_json_t *evidence;
    fpi_xml_t *root;

    *is_read = false;
    FPI_TRY(fpi_xml_parse(&root, data, len, read->task));
    xbrl = read_xbrl_find(root);
    if (xbrl) {
        *is_read = read_xbrl(read, xbrl, page, invoice);
        return NULL;
    }
    evidence = read_evidence_add(read, read_facts_of(root, read->task), FPI_SOURCE_XML, type_of(root, read->task), page,
                                 invoice);
    if (evidence) {
        *is_read = true;
        add_lines(read, evidence, root);
    }
    return NULL;
}
