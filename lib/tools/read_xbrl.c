/* Instances of the accounting standard for electronic vouchers: flat facts below xbrl, whose kind the namespaces and
 * the schema's name tell. */
#include "tools/read_own.h"

#include "base/text.h"
#include "model/said.h"

#include <string.h>

/* Ids of the standard's configurations; a longer one before what it contains. */
static const struct standard_t {
    const char *id;
    int64_t type;
} standards[] = {
    { "einv_spcl", 27 }, { "einv_ord", 26 }, { "inv_spcl", 2 }, { "inv_ord", 1 },
    { "rai_", 29 },      { "atr_", 28 },     { "efi", 25 },
};

const fpi_xml_t *read_xbrl_find(const fpi_xml_t *root)
{
    return fpi_xml_is(root, "xbrl") ? root : fpi_xml_seek(root, "xbrl");
}

static int64_t type_of_text(const char *text)
{
    for (size_t i = 0; i < sizeof(standards) / sizeof(*standards); i++) {
        if (strstr(text, standards[i].id)) {
            return standards[i].type;
        }
    }
    return 0;
}

static int64_t type_of(const fpi_xml_t *xbrl, read_facts_t *facts, fpi_task_t *task)
{
    const char *schema = fpi_xml_attribute(fpi_xml_seek(xbrl, "schemaRef"), NULL, "href", task);
    int64_t type = read_fact(facts, "ElectronicInvoiceRailwayETicketNumber") ? 29
                   : read_fact(facts, "ElectronicInvoiceAirTransportReceiptNumber") ? 28
                   : schema ? type_of_text(schema) : 0;

    for (const fpi_xml_t *at = fpi_xml_first(xbrl, NULL); at && !type; at = fpi_xml_next(at, NULL)) {
        type = type_of_text(fpi_xml_space(at));
    }
    return type ? type : read_type_of_words(read_fact(facts, "TypeOfVoucher"));
}

/* Amounts of tickets stand under names that mean something else on other vouchers. */
static void add_rail(read_t *read, fpi_json_t *evidence, read_facts_t *facts)
{
    read_say(read, evidence, "gross", read_fact(facts, "Fare"));
    read_say(read, evidence, "tax", read_fact(facts, "TaxAmount"));
    read_say(read, evidence, "seller_name", read_fact(facts, "IssueParty"));
    read_say(read, evidence, "seller_tax_no", read_fact(facts, "IssuePartyCode"));
}

/* What is taxed of a flight is fare and fuel; the airport's fee and other taxes are not. */
static void add_air(read_t *read, fpi_json_t *evidence, read_facts_t *facts)
{
    const char *fare = fpi_said_value(FPI_SAID_MONEY, read_fact(facts, "Fare"), read->task->pool);
    const char *fuel = fpi_said_value(FPI_SAID_MONEY, read_fact(facts, "FuelSurcharge"), read->task->pool);
    int64_t net = 0, more = 0;

    read_say(read, evidence, "gross", read_fact(facts, "TotalAmount"));
    if (!read_fact(facts, "NameOfSeller")) {
        read_say(read, evidence, "seller_name", read_fact(facts, "IssueParty"));
    }
    if (fare && fpi_fen_parse(&net, fare) && (!fuel || fpi_fen_parse(&more, fuel))
        && !__builtin_add_overflow(net, more, &net)) {
        read_say(read, evidence, "net", fpi_fen_format(read->task->pool, net));
    }
}

bool read_xbrl(read_t *read, const fpi_xml_t *xbrl, int page, int invoice)
{
    read_facts_t *facts = read_facts_of(xbrl, read->task);
    int64_t type = type_of(xbrl, facts, read->task);
    fpi_json_t *evidence = read_evidence_add(read, facts, FPI_SOURCE_XBRL, type, page, invoice);

    if (evidence && type == 29) {
        add_rail(read, evidence, facts);
    }
    if (evidence && type == 28) {
        add_air(read, evidence, facts);
    }
    return evidence != NULL;
}
